"""Which recurring payments a person's choices are about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Protocol, cast

from expenses.ledger.money import SCALE
from insights.models import RecurringChoice, RecurringPayment, RecurringVerdict
from insights.payments import Payment, payee_key
from insights.recurring import ConfirmedContract, RecurringDirection, RhythmName

#: Amounts up to so many times as much, or as little, are of the same contract.
BAND = Decimal("1.25")
PLACES = Decimal(1).scaleb(-SCALE)


class Chosen(Protocol):
    """What a choice may be about: found just now, or stored."""

    @property
    def payee(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def payments(self) -> Sequence[int]: ...


def band_of(*, low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """The amounts that are of the same contract as these."""
    return (low / BAND).quantize(PLACES, ROUND_HALF_UP), (high * BAND).quantize(PLACES, ROUND_HALF_UP)


def choices_of(
    ones: Sequence[Chosen], choices: Iterable[RecurringChoice], *, currency: str
) -> list[RecurringChoice | None]:
    """What was said of each of all that a ledger has, whose amounts are in the currency.

    A choice is about the one that most of its payments are of; only if they are of none any more, about the one whose
    payee and amount are likest. So what was said of one contract says nothing of another with the same payee.
    """
    found: list[RecurringChoice | None] = [None] * len(ones)
    for choice in sorted(choices, key=lambda choice: choice.version):
        place = _place_of(choice, ones, currency)
        if place is not None:
            found[place] = choice
    return found


def _place_of(choice: RecurringChoice, ones: Sequence[Chosen], currency: str) -> int | None:
    ids = set(choice.payments)
    shared = [len(ids.intersection(one.payments)) for one in ones]
    if any(shared):
        return shared.index(max(shared))
    like = [place for place, one in enumerate(ones) if _is_like(one, choice, currency)]
    middle = (choice.low + choice.high) / 2
    return min(like, key=lambda place: abs(ones[place].amount - middle), default=None)


def _is_like(one: Chosen, choice: RecurringChoice, currency: str) -> bool:
    is_same = (one.payee, one.kind, currency) == (choice.payee, choice.kind, choice.currency)
    return is_same and choice.low <= one.amount <= choice.high


def claims_of(
    choices: Sequence[RecurringChoice],
    stored: Sequence[RecurringPayment],
    payments: Mapping[int, Payment],
    *,
    currency: str,
) -> list[ConfirmedContract]:
    """What the search shall take for recurring: like the payments that it was said of, and those found with them since.

    `payments`: all, in the currency, which may be another one than when it was said.
    """
    since = dict(zip([row.pk for row in stored], choices_of(stored, choices, currency=currency), strict=True))
    claims: list[ConfirmedContract] = []
    for choice in choices:
        if choice.verdict == RecurringVerdict.CONFIRMED:
            chains = [row.payments for row in stored if since[row.pk] == choice]
            known = [payments[pk] for pk in dict.fromkeys([*choice.payments, *chain(*chains)]) if pk in payments]
            claims += _claims(choice, known, currency)
    return claims


def _claims(choice: RecurringChoice, known: Sequence[Payment], currency: str) -> Iterator[ConfirmedContract]:
    kind, rhythm = cast("RecurringDirection", choice.kind), cast("RhythmName", choice.rhythm)
    if known:
        amounts = [payment.amount for payment in known]
        low, high = band_of(low=min(amounts), high=max(amounts))
        yield ConfirmedContract(payee=payee_key(known[-1].payee), kind=kind, rhythm=rhythm, low=low, high=high)
    elif choice.currency == currency:
        yield ConfirmedContract(payee=choice.payee, kind=kind, rhythm=rhythm, low=choice.low, high=choice.high)

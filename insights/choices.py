"""Which recurring payments a person's choices are about."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol, cast

from expenses.money import SCALE
from insights.models import RecurringChoice, RecurringPayment, RecurringVerdict
from insights.recurring import Confirmed, Kind, RhythmName

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


def choice_of(one: Chosen, choices: Iterable[RecurringChoice], *, currency: str) -> RecurringChoice | None:
    """What was said of it: of most of its payments, else of its payee and amount; of several, the latest."""
    ids = set(one.payments)
    about = [
        (len(ids.intersection(choice.payments)), choice.version, choice)
        for choice in choices
        if ids.intersection(choice.payments) or _is_like(one, choice, currency)
    ]
    return max(about, key=lambda item: item[:2])[2] if about else None


def _is_like(one: Chosen, choice: RecurringChoice, currency: str) -> bool:
    is_same = (one.payee, one.kind, currency) == (choice.payee, choice.kind, choice.currency)
    return is_same and choice.low <= one.amount <= choice.high


def claims_of(
    choices: Sequence[RecurringChoice], stored: Iterable[RecurringPayment], *, currency: str
) -> list[Confirmed]:
    """What the search shall take for recurring. A band moves along with what was last found of its payments."""
    claims = {
        choice.pk: _claim(choice, payee=choice.payee, low=choice.low, high=choice.high)
        for choice in choices
        if choice.verdict == RecurringVerdict.CONFIRMED and choice.currency == currency
    }
    for one in stored:
        choice = choice_of(one, choices, currency=one.currency)
        if choice is not None and choice.verdict == RecurringVerdict.CONFIRMED and one.currency == currency:
            low, high = band_of(low=one.low, high=one.high)
            claims[choice.pk] = _claim(choice, payee=one.payee, low=min(low, choice.low), high=max(high, choice.high))
    return list(claims.values())


def _claim(choice: RecurringChoice, *, payee: str, low: Decimal, high: Decimal) -> Confirmed:
    kind, rhythm = cast("Kind", choice.kind), cast("RhythmName", choice.rhythm)
    return Confirmed(payee=payee, kind=kind, rhythm=rhythm, low=low, high=high)

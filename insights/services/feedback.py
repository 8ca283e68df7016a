"""Feedback of users on anomalies and recurring payments, and the later findings that it holds for.

Feedback outlives its finding. It holds for a finding of the same transactions, and otherwise for one that is like it:
of the same kind, payee or category, and currency, with an amount within a quarter.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import cast

from django.utils import timezone

from accounts.models import User
from expenses.hooks import ReferenceHook
from expenses.ledger.money import SCALE
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import ledger_write, remove_row
from insights.calendars import DAYS_OF_A_WEEK, WEEKS_OF_A_YEAR
from insights.models import (
    Anomaly,
    AnomalyFeedback,
    AnomalyKind,
    AnomalyVerdict,
    InsightState,
    RecurringChoice,
    RecurringPayment,
    RecurringVerdict,
)
from insights.payments import Payment, payee_key
from insights.recurring.detection import ConfirmedContract, Recurring, RecurringDirection
from insights.recurring.rhythms import RhythmName

#: Amounts up to so many times as much are alike.
BAND = Decimal("1.25")
PLACES = Decimal(1).scaleb(-SCALE)
#: Feedback on a week holds for so many weeks beside it in later years.
SEASON_WEEKS = 2
#: What feedback keeps of an anomaly.
ANOMALY_FIELDS = ("kind", "category_id", "is_overall", "payee", "day", "observed", "currency", "transactions")


def give_feedback(*, by: User, anomaly: Anomaly | AnomalyFeedback, verdict: AnomalyVerdict) -> AnomalyFeedback:
    """Keep the user's verdict on an anomaly, in place of an earlier one."""
    ledger_id = ledger_id_of(by)
    fields = {name: getattr(anomaly, name) for name in ANOMALY_FIELDS}
    with ledger_write(ledger_id) as version:
        fields |= {"verdict": verdict, "given_at": timezone.now(), "given_on": by.today(), "version": version}
        feedback: AnomalyFeedback
        feedback, _ = AnomalyFeedback.objects.update_or_create(ledger_id=ledger_id, key=anomaly.key, defaults=fields)
        _stay_fresh(ledger_id, version)
        return feedback


def choose(*, by: User, payment: RecurringPayment, verdict: RecurringVerdict, name: str) -> RecurringChoice:
    """Keep the user's verdict on a recurring payment, in place of an earlier one. Safe to repeat."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        low, high = band_of(low=payment.low, high=payment.high)
        choice = choices_by_payment(ledger_id=ledger_id).get(payment.pk) or RecurringChoice(ledger_id=ledger_id)
        choice.verdict, choice.name, choice.version = verdict, name, version
        choice.payee, choice.kind, choice.rhythm = payment.payee, payment.kind, payment.rhythm
        choice.low, choice.high, choice.currency = low, high, payment.currency
        choice.transactions, choice.given_at = payment.payments, timezone.now()
        choice.save()
        return choice


def take_back(*, by: User, feedback: AnomalyFeedback | RecurringChoice) -> None:
    """Delete feedback, as if it had never been given."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        remove_row(feedback, ledger_id=ledger_id, version=version)
        if isinstance(feedback, AnomalyFeedback):
            _stay_fresh(ledger_id, version)


def _stay_fresh(ledger_id: int, version: int) -> None:
    """Keep insights fresh that were fresh before this write: nothing is computed from feedback on anomalies."""
    InsightState.objects.filter(pk=ledger_id, version=version - 1).update(version=version)


def feedback_on(
    anomalies: Iterable[Anomaly], feedback: Sequence[AnomalyFeedback], *, today: dt.date
) -> list[tuple[Anomaly, AnomalyFeedback | None]]:
    """Return each anomaly with the feedback that holds for it today: its own, else that on one like it."""
    by_key = {one.key: one for one in feedback}
    found = []
    for anomaly in anomalies:
        own = by_key.get(anomaly.key) or next((one for one in feedback if _shares_transactions(one, anomaly)), None)
        if own is None or _has_expired(own, today):
            own = next((one for one in feedback if not _has_expired(one, today) and _silences(one, anomaly)), None)
        found.append((anomaly, own))
    return found


def _has_expired(one: AnomalyFeedback, today: dt.date) -> bool:
    return one.expires_on is not None and today > one.expires_on


def _shares_transactions(one: AnomalyFeedback, anomaly: Anomaly) -> bool:
    """Return True for the same anomaly with another key: weeks begin on another day, or the payee has a name now."""
    if one.kind != anomaly.kind or not one.transactions or not anomaly.transactions:
        return False
    if anomaly.kind == AnomalyKind.UNUSUAL_WEEK:
        return not set(one.transactions).isdisjoint(anomaly.transactions)
    return bool(one.transactions[-1] == anomaly.transactions[-1])


def _silences(one: AnomalyFeedback, anomaly: Anomaly) -> bool:
    """Return True if feedback on another anomaly holds for this one, too."""
    if one.kind != anomaly.kind or one.payee != anomaly.payee:
        return False
    if not one.payee and _subject_of(one.key) != _subject_of(anomaly.key):
        return False
    if one.expires_on is not None:
        return one.day <= anomaly.day <= one.expires_on
    is_more = anomaly.currency != one.currency or anomaly.observed > one.observed * BAND
    if one.verdict != AnomalyVerdict.NORMAL or is_more:
        return False
    days = (anomaly.day - one.day).days
    if one.kind != AnomalyKind.UNUSUAL_WEEK or abs(days) < DAYS_OF_A_WEEK:  # weeks may begin on another day now
        return True
    weeks = round(days / DAYS_OF_A_WEEK) % WEEKS_OF_A_YEAR
    return days > 0 and min(weeks, WEEKS_OF_A_YEAR - weeks) <= SEASON_WEEKS


def _subject_of(key: str) -> str:
    """Return the category of a key, which may be deleted by now, `all` or `none`."""
    return key.split("-")[1]


def band_of(*, low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """Return the least and the greatest amount of the same contract."""
    return (low / BAND).quantize(PLACES, ROUND_HALF_UP), (high * BAND).quantize(PLACES, ROUND_HALF_UP)


def choices_on(
    recurring: Sequence[Recurring | RecurringPayment], choices: Iterable[RecurringChoice]
) -> list[RecurringChoice | None]:
    """Return the choice that holds for each recurring payment of a ledger.

    A choice holds for the one with most of its transactions. Without any, it holds for the one with its payee whose
    amount is closest. A choice on one contract says nothing about another contract with the same payee.
    """
    found: list[RecurringChoice | None] = [None] * len(recurring)
    for choice in sorted(choices, key=lambda choice: choice.version):
        ids, middle = set(choice.transactions), (choice.low + choice.high) / 2
        shared = [len(ids.intersection(one.payments)) for one in recurring]
        if any(shared):
            found[shared.index(max(shared))] = choice
            continue
        alike = [
            place
            for place, one in enumerate(recurring)
            if (one.payee, one.kind, one.currency) == (choice.payee, choice.kind, choice.currency)
            and choice.low <= one.amount <= choice.high
        ]
        if alike:
            found[min(alike, key=lambda place: abs(recurring[place].amount - middle))] = choice
    return found


def choices_by_payment(*, ledger_id: int) -> dict[int, RecurringChoice]:
    """Return the choices by the id of the stored recurring payment that they hold for. Makes two queries."""
    rows = list(RecurringPayment.objects.filter(ledger_id=ledger_id).order_by("pk"))
    choices = list(RecurringChoice.objects.filter(ledger_id=ledger_id))
    found = choices_on(rows, choices)
    return {row.pk: choice for row, choice in zip(rows, found, strict=True) if choice is not None}


def confirmed_contracts(
    choices: Sequence[RecurringChoice],
    stored: Sequence[RecurringPayment],
    payments: Mapping[int, Payment],
) -> Iterator[ConfirmedContract]:
    """Yield what the search must take for recurring: the transactions of confirmed choices, and those found since.

    `payments` are all payments by id. The currency of a contract is that of its last payment.
    """
    chosen = choices_on(stored, choices)
    for choice in choices:
        if choice.verdict != RecurringVerdict.CONFIRMED:
            continue
        kind, rhythm = cast("RecurringDirection", choice.kind), cast("RhythmName", choice.rhythm)
        since = [pk for row, one in zip(stored, chosen, strict=True) if one == choice for pk in row.payments]
        known = [payments[pk] for pk in dict.fromkeys([*choice.transactions, *since]) if pk in payments]
        if known:
            currency = known[-1].currency
            amounts = [one.amount if one.own is None else one.own for one in known if one.currency == currency]
            low, high = band_of(low=min(amounts), high=max(amounts))
            yield ConfirmedContract(payee_key(known[-1].payee), kind, rhythm, low, high, currency)
        else:
            yield ConfirmedContract(choice.payee, kind, rhythm, choice.low, choice.high, choice.currency)


class FeedbackReferences(ReferenceHook):
    """Feedback on anomalies follows its category, which its key names, too. It never prevents a deletion."""

    name = "anomaly_feedback"

    def count(self, *, ledger_id: int, category: int) -> int:
        return 0

    def follow(self, *, ledger_id: int, category: int, into: int, version: int) -> int:
        rows = list(AnomalyFeedback.objects.filter(ledger_id=ledger_id, category=category))
        for row in rows:
            kind, about, day = row.key.split("-", 2)
            key = f"{kind}-{into}-{day}" if about == str(category) else row.key
            if key != row.key and AnomalyFeedback.objects.filter(ledger_id=ledger_id, key=key).exists():
                remove_row(row, ledger_id=ledger_id, version=version)  # feedback on the other category stays
            else:
                row.key, row.category_id, row.version = key, into, version
                row.save(update_fields=["key", "category", "version"])
        return len(rows)

    def forget(self, *, ledger_id: int, category: int, version: int) -> None:
        """Delete feedback on the category; feedback on a payee stays without one."""
        rows = AnomalyFeedback.objects.filter(ledger_id=ledger_id, category=category)
        for row in rows.filter(payee=""):
            remove_row(row, ledger_id=ledger_id, version=version)
        rows.update(category=None, version=version)

    def restamp(self, *, ledger_id: int, category: int, version: int) -> None:
        AnomalyFeedback.objects.filter(ledger_id=ledger_id, category=category).update(version=version)

    def follow_tag(self, *, ledger_id: int, name: str, into: str, version: int) -> None:
        """Do nothing: feedback names no tags."""

"""Computes and stores the recurring payments of a ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from expenses.ledger.money import format_amount
from expenses.models import Category
from insights.models import RecurringChoice, RecurringPayment, RecurringVerdict
from insights.models.recurring import PAYEE_LENGTH
from insights.recurring.detection import Recurring, find_recurring
from insights.services.feedback import choices_on, confirmed_contracts
from insights.services.refreshing import InsightPart, PaymentHistory

#: The part in settings.INSIGHT_PARTS.
PATH = "insights.services.recurring.RecurringPayments"
#: The fields that a computation writes.
FIELDS = [
    "payee", "kind", "rhythm", "currency", "amount", "low", "high", "payments", "first_on", "last_on", "next_on",
    "day_of_month", "window_days", "status", "confidence", "category_id", "missed", "raised", "is_varying", "doubled",
    "base_currency", "rate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundRecurring:
    """All recurring payments, and those that no user has rejected: other insights count on these."""

    everything: list[Recurring]
    counted: list[Recurring]


class RecurringPayments(InsightPart):
    """All recurring payments of a ledger, as of the last recorded day: a statement may end long ago."""

    def compute(self, history: PaymentHistory, found: dict[str, Any]) -> FoundRecurring:
        choices = list(RecurringChoice.objects.filter(ledger_id=history.ledger_id))
        stored = list(RecurringPayment.objects.filter(ledger_id=history.ledger_id)) if choices else []
        payments = {payment.id: payment for payment in history.payments.all}
        confirmed = list(confirmed_contracts(choices, stored, payments))
        known_until = history.recorded_until or history.today
        everything = find_recurring(history.payments.all, today=known_until, confirmed=confirmed)
        verdicts = choices_on(everything, choices)
        counted = [
            one
            for one, choice in zip(everything, verdicts, strict=True)
            if choice is None or choice.verdict != RecurringVerdict.REJECTED
        ]
        return FoundRecurring(everything, counted)

    def store(self, history: PaymentHistory, found: FoundRecurring) -> None:
        """Update the rows of payments that are found again, add new ones, and delete the others."""
        stored = list(RecurringPayment.objects.filter(ledger_id=history.ledger_id).order_by("pk"))
        categories = set(Category.objects.in_ledger(history.ledger_id).values_list("pk", flat=True))
        kept = _paired(found.everything, stored)
        rows = [_row(one, history, categories, pk=kept.get(place)) for place, one in enumerate(found.everything)]
        columns = [name.removesuffix("_id") for name in FIELDS]
        RecurringPayment.objects.filter(pk__in={row.pk for row in stored} - set(kept.values())).delete()
        RecurringPayment.objects.bulk_update([row for row in rows if row.pk], columns, batch_size=100)
        RecurringPayment.objects.bulk_create([row for row in rows if not row.pk], batch_size=500)


def counted_in(found: dict[str, Any]) -> list[Recurring]:
    """Return the payments that later parts may count on, among what the parts before them found."""
    everything: FoundRecurring = found[PATH]
    return everything.counted


def rejected_in(found: dict[str, Any]) -> list[Recurring]:
    """Return the payments that a user rejected as recurring; they were expected all the same."""
    everything: FoundRecurring = found[PATH]
    return [one for one in everything.everything if one not in everything.counted]


def _paired(found: Sequence[Recurring], stored: Sequence[RecurringPayment]) -> dict[int, int]:
    """Map places among the found to ids of the stored: by the payments they share, else by payee and amount."""
    by_payment = {pk: row for row in stored for pk in row.payments}
    by_look = {(row.payee, row.kind, row.rhythm, row.amount): row for row in reversed(stored)}
    pairs: dict[int, int] = {}
    for place, one in enumerate(found):
        sharing = [by_payment[pk].pk for pk in one.payments if pk in by_payment]
        free = [pk for pk in sharing if pk not in pairs.values()]
        if free:
            pairs[place] = max(sorted(set(free)), key=free.count)
    for place, one in enumerate(found):
        alike = by_look.get((one.payee[:PAYEE_LENGTH], one.kind, one.rhythm, one.amount))
        if place not in pairs and alike is not None and alike.pk not in pairs.values():
            pairs[place] = alike.pk
    return pairs


def _row(one: Recurring, history: PaymentHistory, categories: set[int], *, pk: int | None) -> RecurringPayment:
    own = {name: getattr(one, name) for name in FIELDS if hasattr(one, name)}
    raised, currency = None, one.currency or history.currency
    if one.raised is not None:
        before, after = (format_amount(amount, currency) for amount in (one.raised.before, one.raised.after))
        raised = {"from": before, "to": after, "on": one.raised.on.isoformat()}
    own |= {
        "payee": one.payee[:PAYEE_LENGTH],
        "currency": currency,
        "base_currency": history.currency,
        "category_id": one.category if one.category in categories else None,  # it may be deleted meanwhile
        "payments": list(one.payments),
        "missed": [day.isoformat() for day in one.missed],
        "raised": raised,
        "doubled": [list(pair) for pair in one.doubled],
    }
    return RecurringPayment(pk=pk, ledger_id=history.ledger_id, **own)

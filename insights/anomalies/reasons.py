"""Sentences that say what is unusual about an anomaly, and compared with what."""

from decimal import Decimal

from expenses.ledger.money import Money, format_amount
from insights.models import Anomaly, AnomalyKind


def reason_of(anomaly: Anomaly, *, name: str) -> str:
    """Return one or two sentences. `name` is the display name of the category or payee."""

    def money(amount: Decimal) -> str:
        return str(Money(amount, anomaly.currency))

    day, observed, expected = anomaly.day, money(anomaly.observed), money(anomaly.expected)
    match anomaly.kind:
        case AnomalyKind.MISSING_BILL:
            return f"{name} was due on {day} with about {expected}, as it came before, and nothing was paid."
        case AnomalyKind.PRICE_RISE:
            rise = anomaly.observed / anomaly.expected - 1
            return f"{name} takes {observed} since {day}, {expected} before: {rise:.0%} more."
        case AnomalyKind.DUPLICATE_CHARGE:
            return (
                f"{name} took {expected} twice within some days, the second time on {day}, "
                "which it does not do as a rule."
            )
        case AnomalyKind.NEW_MERCHANT:
            return (
                f"The first payment to {name}, on {day}, is a large one: {observed}. "
                f"First payments usually take up to {money(anomaly.high)}."
            )
    low = format_amount(anomaly.low, anomaly.currency)
    usual = f"{low} to {money(anomaly.high)}" if anomaly.high else "nothing"
    share = "all of the" if anomaly.severity >= 1 else f"{anomaly.severity:.0%} of the"
    reason = (
        f"{name}: {observed} in the week from {day}. Such weeks usually take {usual}, and "
        f"{share} {anomaly.parts.get('n_weeks', 0)} weeks before were more ordinary."
    )
    known_bills = Decimal(anomaly.parts.get("known_bills", 0))
    return f"{reason} Known bills of {money(known_bills)} are not counted." if known_bills > 0 else reason

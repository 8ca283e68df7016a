"""A month with every kind of figure, as the text of a month is given it."""

import datetime as dt
from decimal import Decimal
from typing import Any

from insights.narrative.figures import Comparison, MonthFigure, MonthFigures
from insights.reports.periods import Period

NAMES = {
    "category:1": "Housing", "category:2": "Dining", "category:3": "Travel",
    "payee:1": "Funknetz Mobil", "payee:2": "Turnhalle", "payee:3": "Gym",
}  # fmt: skip


def october(**fields: Any) -> MonthFigures:
    """Return October 2026, compared with September."""
    known: dict[str, Any] = {
        "month": Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31), "month"),
        "today": dt.date(2026, 11, 20),
        "currency": "EUR",
        "figures": [
            money("spending", "amount", "1200.00", ("1100.00", "100.00", "9.09")),
            money("income", "amount", "2400.00"),
            money("savings", "amount", "1200.00"),
            share("savings", "rate", "50.00"),
            money("category:1", "amount", "950.00", ("950.00", "0.00", "0.00")),
            share("category:1", "share", "79.17"),
            money("category:2", "amount", "250.00", ("0.00", "250.00", None)),
            share("category:2", "share", "20.83"),
            money("category:2", "usual", "20.00"),
            money("category:3", "amount", "0.00", ("150.00", "-150.00", "-100.00")),
            money("payee:1", "price", "22.99"),
            money("payee:1", "price_before", "18.99"),
            day("payee:1", "since", dt.date(2026, 10, 12)),
            money("payee:2", "charge", "39.00", currency="CHF"),
            day("payee:2", "charge_on", dt.date(2026, 10, 17)),
            money("payee:3", "missed", "39.00"),
            day("payee:3", "missed_on", dt.date(2026, 10, 15)),
            money("spending", "forecast", "1500.00"),
            money("spending", "per_day", "38.71"),
            money("recurring", "monthly", "1000.00"),
        ],
        "names": NAMES,
        "largest": ["category:1", "category:2"],
        "changed": ["category:2", "category:3"],
        "compared_through": dt.date(2026, 10, 31),
        "has_months_before": True,
        "n": 7,
    }
    return MonthFigures(**known | fields)


def money(
    subject: str, measure: str, value: str, compared: tuple[str, str, str | None] | None = None, currency: str = "EUR"
) -> MonthFigure:
    comparison = None
    if compared is not None:
        previous, change, percent = compared
        comparison = Comparison(Decimal(previous), Decimal(change), Decimal(percent) if percent else None)
    return MonthFigure(subject, measure, "", Decimal(value), currency=currency, comparison=comparison)


def share(subject: str, measure: str, value: str) -> MonthFigure:
    return MonthFigure(subject, measure, "", Decimal(value), "percent")


def day(subject: str, measure: str, value: dt.date) -> MonthFigure:
    return MonthFigure(subject, measure, "", value, "date")

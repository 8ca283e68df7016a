"""The figures of a printed report: the summary of a period, and lists beside it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import round_to_minor_units
from expenses.models import Account, Tag
from expenses.models.ledgers import ledger_id_of
from expenses.rates.book import RateBook, RateUsage
from expenses.reports.balances import Valuation, value_accounts
from expenses.reports.totals import convert_totals
from insights.calendars import Calendar
from insights.querysets import counted_rows
from insights.reports.periods import Period, buckets_of
from insights.reports.summaries import PeriodSummary, summarize
from insights.reports.sums import rounded_parts
from insights.reports.timeseries import BucketSums, rows_within, time_series

N_LARGEST = 12


@dataclass(frozen=True, slots=True)
class EarnedAmount:
    """Income of a category; `name` is None without one."""

    name: str | None
    amount: Decimal
    n: int


@dataclass(frozen=True, slots=True)
class LargePayment:
    """One of the largest payments. `worth` is its amount in the currency of the report."""

    day: dt.date
    text: str
    category: str | None
    amount: Decimal
    currency: str
    worth: Decimal


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Everything that a report shows. `steps` are the days of a month, or the months of a year."""

    summary: PeriodSummary
    steps: list[BucketSums]
    earned: list[EarnedAmount]
    largest: list[LargePayment]
    accounts: Valuation
    today: dt.date


def report_figures(*, user: User, period: Period, currency: str) -> ReportFigures:
    """Add up the period for a report in the currency. Takes about 20 queries, whatever was recorded."""
    ledger_id, today, catalog = ledger_id_of(user), user.today(), Catalog.load_for(user)
    calendar = Calendar(user.week_start, user.month_start)
    accounts = list(Account.objects.for_user(user))
    summary = summarize(
        ledger_id=ledger_id,
        period=period,
        calendar=calendar,
        today=today,
        to=currency,
        catalog=catalog,
        accounts={account.pk: account.name for account in accounts},
        tags=dict(Tag.objects.for_user(user).values_list("pk", "name")),
    )
    last = max(min(period.end, today), period.start)
    return ReportFigures(
        summary=summary,
        steps=summary.monthly or _days(ledger_id, period, calendar, currency),
        earned=_earned(ledger_id, period, currency, catalog),
        largest=_largest(ledger_id, period, currency, catalog),
        accounts=value_accounts(accounts, to=currency, day=last, ledger_id=ledger_id, on=last),
        today=today,
    )


def _days(ledger_id: int, period: Period, calendar: Calendar, currency: str) -> list[BucketSums]:
    rows, buckets = counted_rows(ledger_id), buckets_of("day", period, calendar) or []
    found = time_series(
        rows, ledger_id=ledger_id, bucket="daily", period=period, buckets=buckets, calendar=calendar, to=currency
    )
    return found.results


def _earned(ledger_id: int, period: Period, currency: str, catalog: Catalog) -> list[EarnedAmount]:
    """Return the income of each category, the largest first; amounts add up to the income of the summary."""
    rows = rows_within(counted_rows(ledger_id), period).filter(kind="income")
    totals, _ = convert_totals(rows, by=("category",), to=currency, ledger_id=ledger_id)
    amounts = rounded_parts([total.income for total in totals.values()], currency)
    found = [
        EarnedAmount(catalog.name(category) or None, amount, total.n)
        for ((category, _), total), amount in zip(totals.items(), amounts, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.amount, one.name or ""))


def _largest(ledger_id: int, period: Period, currency: str, catalog: Catalog) -> list[LargePayment]:
    """Return the largest expenses by their worth; those without a rate are left out. One query for each currency."""
    rows = rows_within(counted_rows(ledger_id), period).filter(kind="expense")
    columns = ("date", "merchant", "description", "category", "amount", "currency")
    found = [
        values
        for one in rows.order_by("currency").values_list("currency", flat=True).distinct()
        for values in rows.filter(currency=one).order_by("-amount", "date", "pk").values_list(*columns)[:N_LARGEST]
    ]
    currencies = {values[-1] for values in found}
    rates = RateUsage(
        RateBook.load(ledger_id=ledger_id, currencies=currencies, to=currency, start=period.start, end=period.end)
    )
    payments = []
    for day, merchant, description, category, amount, code in found:
        worth = amount if code == currency else rates.exact(amount, code, day)
        if worth is not None:
            text, name = merchant or description, catalog.name(category) or None
            payments.append(LargePayment(day, text, name, amount, code, round_to_minor_units(worth, currency)))
    return sorted(payments, key=lambda one: (-one.worth, one.day))[:N_LARGEST]

"""Tools of sums: a period with its parts, and two periods side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from heapq import nlargest
from typing import Any, cast

from django.db.models import Count, Max, Min
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import format_amount, round_to_minor_units
from expenses.models import Account, Tag, Transaction
from expenses.querysets import paid_to
from expenses.reports.totals import ConvertedTotal
from insights.payments import payee_name
from insights.querysets import counted_rows, is_person
from insights.reports.periods import Period, buckets_of
from insights.reports.summaries import PeriodSummary, Spent, summarize
from insights.reports.sums import AmountChange, Sums, rounded_sums
from insights.reports.timeseries import CategorySeries, rows_within, time_series
from insights.serializers.parameters import PeriodQuery, RowsQuery
from insights.tools.addresses import (
    INCOME,
    SPENDING,
    category_filters,
    counted_address,
    period_body,
    same_filters,
)
from insights.tools.base import Asker, Figure, Tool, ToolAnswer

#: Figures of one list.
MOST_LISTED = 10
#: Texts of the listed merchants, the newest, whose statements are looked at.
MOST_TEXTS = 500
NARROW = ("category", "account", "tag", "merchant")
NO_NAME = {"category": "Without a category", "account": "Without an account", "tag": "Without a tag", "merchant": "?"}


class CountedRowsInput(RowsQuery):
    """The rows that count, as a time series narrows them."""

    category = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="A name or id; those below it are included. `none`: without a category."
    )

    def validate_category(self, text: str) -> list[str]:
        """Return the list that a time series takes."""
        return [text]


class SummaryInput(CountedRowsInput, PeriodQuery, StrictSerializer):
    """A period, the rows that count, and what to list."""

    by = serializers.ChoiceField(
        choices=[*NARROW], required=False, help_text="Lists the spending in each, the largest first."
    )


class CompareInput(CountedRowsInput, PeriodQuery, StrictSerializer):
    """A period, and the one that it is compared with."""

    with_date = serializers.CharField(
        required=False, help_text="A day of the other period, or its name as 2026-10. The period before unless given."
    )
    with_start = serializers.CharField(required=False, help_text="The first day of the other period.")
    with_end = serializers.CharField(required=False, help_text="The last day of the other period.")


@dataclass(frozen=True, slots=True)
class PeriodTotals:
    """The sums of a period, narrowed or not, with the parts of the spending."""

    period: Period
    income: Decimal
    expense: Decimal
    n: int
    n_unconverted: int
    #: Key and name of a category, amount, number of rows.
    by_category: list[tuple[int | None, str, Decimal, int]]
    #: None for a month and less.
    per_month: Sums | None
    per_day: Sums | None
    #: None where something narrows.
    summary: PeriodSummary | None = None


def totals_of(asker: Asker, period: Period, query: Any) -> PeriodTotals:
    """Add up a period as its summary does, or as a time series if the valid query narrows the rows."""
    if not any(name in query.validated_data for name in NARROW):
        found = summarize_for(asker, period)
        parts = [(one.key, one.label.category_name or "", one.amount, one.n) for one in found.by_category]
        return PeriodTotals(
            period,
            found.income,
            found.expense,
            found.n,
            found.n_unconverted,
            parts,
            found.per_month,
            found.per_day,
            found,
        )
    rows = query.narrow(counted_rows(asker.ledger_id), user=asker.user, catalog=asker.catalog)
    series = time_series(
        rows,
        ledger_id=asker.ledger_id,
        bucket="yearly",
        period=period,
        buckets=buckets_of("year", period, asker.calendar) or [],
        calendar=asker.calendar,
        to=asker.currency,
        catalog=asker.catalog,
    )
    nothing = round_to_minor_units(Decimal(0), asker.currency)
    parts = [
        (one.label.category, one.label.category_name or "", one.expense, one.n)
        for one in cast("list[CategorySeries]", series.by_category)
    ]
    income, expense = (sum((getattr(one, name) for one in series.results), nothing) for name in ("income", "expense"))
    n = sum(one.n for one in series.results)
    total = ConvertedTotal(income=income, expense=expense, n=n, n_unconverted=series.n_unconverted)
    n_days = period.n_days_elapsed(asker.today)
    n_months = asker.calendar.months_between(period.start, min(asker.today, period.end)) if n_days else Fraction(0)
    per_month = Sums(**rounded_sums(total, asker.currency, divided_by=n_months)) if n_months > 1 else None
    per_day = Sums(**rounded_sums(total, asker.currency, divided_by=Fraction(n_days))) if n_days else None
    return PeriodTotals(period, income, expense, n, series.n_unconverted, parts, per_month, per_day)


def summarize_for(asker: Asker, period: Period) -> PeriodSummary:
    """Return the summary of a period as the API does."""
    return summarize(
        ledger_id=asker.ledger_id,
        period=period,
        calendar=asker.calendar,
        today=asker.today,
        to=asker.currency,
        catalog=asker.catalog,
        accounts=dict(Account.objects.for_user(asker.user).values_list("pk", "name")),
        tags=dict(Tag.objects.for_user(asker.user).values_list("pk", "name")),
    )


def read_summary(asker: Asker, query: Any) -> ToolAnswer:
    """Return the sums of a period, averages, and the parts of the spending that are asked for."""
    given = query.validated_data
    period = query.read_period(asker.calendar, today=asker.today)
    found = totals_of(asker, period, query)
    figures = _sums(asker, found, same_filters(given, asker=asker))
    figures += _averages(asker, found, same_filters(given, asker=asker))
    by = given.get("by")
    if by == "category":
        figures += _categories(asker, found, given)
    elif by and found.summary is None:
        detail = f"The list by {by} is of all rows: leave out {', '.join(one for one in NARROW if one in given)}."
        raise serializers.ValidationError({"by": detail}, code="contradictory")
    elif by:
        figures += _groups(asker, period, by, getattr(cast("PeriodSummary", found.summary), f"by_{by}"))
    body = period_body(period) | {"n": found.n, "is_over": period.end < asker.today}
    return ToolAnswer(tuple(figures), body=body).with_remarks(*remarks_on(asker, found))


def without_rate(n: int) -> str:
    """Return a sentence on transactions that no sum has; "" if there is none."""
    if not n:
        return ""
    return (
        f"{n} transactions have no exchange rate and are left out."
        if n > 1
        else ("1 transaction has no exchange rate and is left out.")
    )


def remarks_on(asker: Asker, found: PeriodTotals) -> Iterable[str]:
    """Yield sentences on what the sums lack."""
    yield without_rate(found.n_unconverted)
    if found.period.start <= asker.today < found.period.end:
        yield f"The period is not over: it ends on {found.period.end}."


def _sums(asker: Asker, found: PeriodTotals, filters: Mapping[str, Any] | None) -> list[Figure]:
    def figure(key: str, label: str, amount: Decimal, kinds: tuple[str, ...]) -> Figure:
        address = "" if filters is None else counted_address(found.period, kinds, **filters)
        return Figure(label, format_amount(amount, asker.currency), asker.currency, address, key)

    return [
        figure("income", "Income", found.income, INCOME),
        figure("expense", "Spending", found.expense, SPENDING),
        figure("savings", "Savings", found.income - found.expense, (*SPENDING, *INCOME)),
    ]


def _averages(asker: Asker, found: PeriodTotals, filters: Mapping[str, Any] | None) -> list[Figure]:
    """Return sums per month and day of the part of the period that has begun."""
    figures = []
    for key, label, sums in (("per_month", "per month", found.per_month), ("per_day", "per day", found.per_day)):
        if sums is None:
            continue
        for name, word, kinds in (
            ("expense", "Spending", SPENDING),
            ("income", "Income", INCOME),
            ("savings", "Savings", (*SPENDING, *INCOME)),
        ):
            own = key if name == "expense" else f"{name}_{key}"
            address = "" if filters is None else counted_address(found.period, kinds, **filters)
            amount = format_amount(getattr(sums, name), asker.currency)
            figures.append(Figure(f"{word} {label}", amount, asker.currency, address, own))
    return figures


def _categories(asker: Asker, found: PeriodTotals, given: Mapping[str, Any]) -> list[Figure]:
    filters = same_filters({name: given[name] for name in given if name != "category"}, asker=asker) or {}
    return [
        Figure(
            name or NO_NAME["category"],
            format_amount(amount, asker.currency),
            asker.currency,
            counted_address(found.period, SPENDING, **filters, **category_filters(category)),
            "category",
        )
        for category, name, amount, _ in found.by_category[:MOST_LISTED]
    ]


def _groups(asker: Asker, period: Period, by: str, groups: Iterable[Spent]) -> list[Figure]:
    """Return the first accounts, tags or merchants of a summary."""
    first = list(groups)[:MOST_LISTED]
    if by == "merchant":
        return merchant_figures(asker, period, first)
    figures = []
    for one in first:
        amount = format_amount(one.amount, asker.currency)
        name = one.key if by == "account" else one.label
        address = "" if one.key is None else counted_address(period, SPENDING, **{by: name})
        figures.append(Figure(str(one.label or NO_NAME[by]), amount, asker.currency, address, by))
    return figures


def merchant_figures(asker: Asker, period: Period, merchants: Sequence[Spent]) -> list[Figure]:
    """Return figures of merchants of a summary, in two queries.

    A merchant has an address only if one text selects just its rows, which is not so for a name in many spellings. It
    is a person if the last statement with any of its texts says so.
    """
    names = [one.key for one in merchants if one.key]
    rows = rows_within(counted_rows(asker.ledger_id), period).filter(kind__in=SPENDING).order_by()
    selected = {f"n_{place}": Count("pk", filter=paid_to(name)) for place, name in enumerate(names)}
    besides = {"last": Max("pk"), "text": Min("description"), "n": Count("*")} | selected
    ambiguous, last = set[str](), dict[int, str]()
    for merchant, match_text, pk, text, n, *n_selected in rows.values_list("merchant", "match_text").annotate(
        **besides
    ):
        own = payee_name(merchant=merchant, match_text=match_text, description=text).casefold()
        for name, found in zip(names, n_selected, strict=True):
            is_own = name.casefold() == own
            if found != (n if is_own else 0):
                ambiguous.add(name)
            if is_own:
                last[pk] = name
    newest = Transaction.objects.filter(pk__in=nlargest(MOST_TEXTS, last))
    persons = {last[row.pk] for row in newest.only("description", "raw_description", "iban") if is_person(row)}
    return [
        Figure(
            str(one.label) or NO_NAME["merchant"],
            format_amount(one.amount, asker.currency),
            asker.currency,
            counted_address(period, SPENDING, payee=one.key) if one.key and one.key not in ambiguous else "",
            "merchant",
            is_person=one.key in persons,
        )
        for one in merchants
    ]


def compare_periods(asker: Asker, query: Any) -> ToolAnswer:
    """Return the sums of two periods, their differences, and those of the categories that differ most.

    There are no differences if a row of either period has no rate: a remark says so.
    """
    given = query.validated_data
    period = query.read_period(asker.calendar, today=asker.today)
    other = _other_period(asker, query, period)
    now, then = totals_of(asker, period, query), totals_of(asker, other, query)
    filters = same_filters(given, asker=asker)
    figures = [
        Figure(f"{one.label}, {found.period.name}", one.value, one.currency, one.filter, f"{one.key}{when}")
        for found, when in ((now, ""), (then, "_before"))
        for one in _sums(asker, found, filters)
    ]
    if not (now.n_unconverted or then.n_unconverted):
        figures += _changes(asker, now, then, has_filters=bool(filters))
    body = period_body(period) | {"with": period_body(other), "is_over": period.end < asker.today}
    return ToolAnswer(tuple(figures), body=body).with_remarks(*remarks_on(asker, now), *remarks_on(asker, then))


def _changes(asker: Asker, now: PeriodTotals, then: PeriodTotals, *, has_filters: bool) -> list[Figure]:
    """Return the changes of income, of spending, and of the categories that differ most."""
    figures = []
    for field, label in (("income", "Change of income"), ("expense", "Change of spending")):
        difference = AmountChange.between(getattr(then, field), getattr(now, field))
        amount = format_amount(cast("Decimal", difference.amount), asker.currency)
        figures.append(Figure(label, amount, asker.currency, key=f"{field}_change"))
        if difference.percent is not None:
            figures.append(Figure(f"{label} in percent", str(difference.percent), key=f"{field}_percent"))
    amounts = {key: (name, amount) for key, name, amount, _ in then.by_category}
    changes = [(amount - amounts.pop(key, ("", Decimal(0)))[1], name, key) for key, name, amount, _ in now.by_category]
    changes += [(-amount, name, key) for key, (name, amount) in amounts.items()]
    changes = sorted((one for one in changes if one[0]), key=lambda one: (-abs(one[0]), one[1]))
    both = Period(min(now.period.start, then.period.start), max(now.period.end, then.period.end))
    is_adjacent = both.n_days == now.period.n_days + then.period.n_days
    for change, title, category in changes[:MOST_LISTED]:
        value = format_amount(change, asker.currency)
        has_address = is_adjacent and not has_filters
        address = counted_address(both, SPENDING, **category_filters(category)) if has_address else ""
        figures.append(Figure(title or NO_NAME["category"], value, asker.currency, address, "category_change"))
    return figures


def _other_period(asker: Asker, query: Any, period: Period) -> Period:
    given = query.validated_data
    wanted = ("with_date", "with_start", "with_end")
    names = {name.removeprefix("with_"): given[name] for name in wanted if name in given}
    if not names:
        return period.previous
    if "date" in names and period.unit is not None:
        names["period"] = period.unit
    other = PeriodQuery(data=names)
    try:
        other.is_valid(raise_exception=True)
        return other.read_period(asker.calendar, today=asker.today)
    except serializers.ValidationError as error:
        details = {f"with_{name}": detail for name, detail in cast("dict[str, Any]", error.detail).items()}
        raise serializers.ValidationError(details) from None


SUMMARY = Tool(
    "summary",
    "Income, spending and savings of a period; with `by`, the spending in each category, merchant, account or tag.",
    SummaryInput,
    read_summary,
)
COMPARE = Tool(
    "compare",
    "Compares the income and spending of two periods, in total and by category.",
    CompareInput,
    compare_periods,
)

"""The figures of a month for its text, from the services of reports, forecast, recurring payments and anomalies."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import round_to_minor_units
from expenses.models import Transaction
from expenses.models.ledgers import Ledger
from expenses.rates.book import RateBook, RateUsage
from insights.calendars import Calendar
from insights.models import Anomaly, AnomalyFeedback, InsightState, RecurringPayment, RecurringStatus, RecurringVerdict
from insights.narrative.figures import (
    INCOME,
    RECURRING,
    SAVINGS,
    SPENDING,
    Comparison,
    MonthFigure,
    MonthFigures,
    Unit,
    Value,
)
from insights.narrative.language import Language
from insights.narrative.template import UNCATEGORIZED
from insights.querysets import is_person, last_recorded, payee_of_row
from insights.reports.periods import Period
from insights.reports.summaries import PeriodSummary, summarize
from insights.reports.trends import Trend, Trends, find_trends
from insights.services.bills import known_bills
from insights.services.feedback import choices_by_payment, feedback_on
from insights.services.forecast import forecast_month
from insights.services.recurring_list import RecurringEntry, paid_to_persons, total_costs
from insights.tools.addresses import INCOME as EARNED
from insights.tools.addresses import SPENDING as SPENT
from insights.tools.addresses import category_filters, counted_address

#: Bills of each kind that a text may name; further ones are in their own lists.
N_BILLS = 3
ADDRESS = "/api/v1/"


@dataclass(slots=True)
class MonthReader:
    """Reads the figures of one month of a ledger, as its reader counts months."""

    ledger: Ledger
    user: User
    month: Period
    currency: str
    catalog: Catalog
    language: Language
    state: InsightState | None
    today: dt.date
    figures: list[MonthFigure] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    #: Payees of whom a statement says that they are persons.
    persons: set[str] = field(default_factory=set)

    def read(self) -> tuple[MonthFigures, PeriodSummary]:
        """Return the figures, and the summary that they are of."""
        calendar = Calendar(self.user.week_start, self.user.month_start)
        summary = summarize(
            ledger_id=self.ledger.pk,
            period=self.month,
            calendar=calendar,
            today=self.today,
            to=self.currency,
            catalog=self.catalog,
            accounts={},
            tags={},
        )
        trends = None
        if self.month.start <= self.today:
            trends = find_trends(
                ledger_id=self.ledger.pk,
                month=self.month,
                calendar=calendar,
                today=self.today,
                to=self.currency,
                catalog=self.catalog,
            )
        self._add_totals(summary, trends)
        self._add_categories(summary, trends)
        if trends is not None:
            self._add_anomalies()
            self._add_recurring()
            if not summary.is_over:
                self._add_outlook(calendar)
        subjects = {one.key: _subject(one.key) for one in summary.by_category}
        changed = [one for one in trends.results if one.direction in {"up", "down"}] if trends else []
        found = MonthFigures(
            month=self.month,
            today=self.today,
            currency=self.currency,
            figures=tuple(self.figures),
            names=dict(self.names),
            persons=frozenset(self.persons),
            largest=[subjects[one.key] for one in summary.by_category if one.key is not None and one.amount > 0],
            changed=[_subject(one.label.category) for one in changed if one.label],
            compared_through=trends.span.compared_through if trends and _is_comparable(trends) else None,
            has_months_before=bool(trends and trends.n_months_before),
            begins_on=trends.span.begins_on if trends else None,
            lacks_rates=bool(trends and trends.n_unconverted),
            n=summary.n,
            n_unconverted=summary.n_unconverted,
            converted=sorted(summary.rates["rates"]),
        )
        return found, summary

    def _add_totals(self, summary: PeriodSummary, trends: Trends | None) -> None:
        compared = trends if trends and _is_comparable(trends) else None
        text = self.language.texts
        money_out = self._rows(SPENT)
        self._add(SPENDING, "amount", text["label_spending"], summary.expense, address=money_out,
                  comparison=_comparison(compared.expense) if compared else None)  # fmt: skip
        self._add(INCOME, "amount", text["label_income"], summary.income, address=self._rows(EARNED),
                  comparison=_comparison(compared.income) if compared else None)  # fmt: skip
        address = self._address("insights/summary/", period="month", date=self.month.name, currency=self.currency)
        self._add(SAVINGS, "amount", text["label_savings"], summary.savings, address=address)
        if summary.savings_rate is not None:
            self._add(SAVINGS, "rate", text["label_rate"], summary.savings_rate, "percent", address=address)
        if summary.per_day is not None:
            self._add(SPENDING, "per_day", text["label_per_day"], summary.per_day.expense, address=address)
        if summary.n:
            self._add("transactions", "n", text["label_n"], summary.n, "count", address=self._rows((*SPENT, *EARNED)))

    def _add_categories(self, summary: PeriodSummary, trends: Trends | None) -> None:
        by_category = {one.key: one for one in summary.by_category}
        known = {one.label.category: one for one in trends.results if one.label} if trends else {}
        is_comparable = trends is not None and _is_comparable(trends)
        for key in [*by_category, *(key for key in known if key not in by_category)]:
            subject, spent, trend = _subject(key), by_category.get(key), known.get(key)
            name = self.language.texts["uncategorized"] if key is None else self.catalog.name(key)
            address = self._rows(SPENT, **category_filters(key))
            self.names[subject] = name
            text = self.language.texts
            self._add(subject, "amount", text["label_amount"], spent.amount if spent else Decimal("0.00"),
                      address=address, comparison=_comparison(trend) if trend and is_comparable else None)  # fmt: skip
            if spent is not None and spent.share is not None:
                self._add(subject, "share", text["label_share"], spent.share, "percent", address=address)
            usual = trend.median["3"] if trend else None
            if usual is not None and is_comparable and summary.is_over:
                trends_of = self._address("insights/trends/", month=self.month.name, currency=self.currency)
                self._add(subject, "usual", text["label_usual"], usual, address=trends_of)

    def _add_anomalies(self) -> None:
        """Add bills that were charged twice or are missing in the month, without those that feedback hides."""
        rows = Anomaly.objects.filter(
            ledger_id=self.ledger.pk, day__range=(self.month.start, self.month.end),
            kind__in=("duplicate_charge", "missing_bill"),
        ).order_by("day", "key")  # fmt: skip
        feedback = list(AnomalyFeedback.objects.filter(ledger_id=self.ledger.pk).order_by("-version"))
        shown = [one for one, own in feedback_on(rows, feedback, today=self.today) if not own or (own.expires_on is None
                 and own.verdict == "useful")]  # fmt: skip
        transactions = Transaction.objects.filter(ledger_id=self.ledger.pk).in_bulk(
            {pk for one in shown for pk in one.transactions}
        )
        for one in shown[:N_BILLS]:
            paid = [transactions[pk] for pk in one.transactions if pk in transactions]
            payee = self._payee(payee_of_row(paid[0]) if paid else one.payee, is_person=any(map(is_person, paid)))
            address = self._address("insights/anomalies/", kind=one.kind, start=one.week, end=one.week)
            first, on = ("charge", "charge_on") if one.kind == "duplicate_charge" else ("missed", "missed_on")
            self._add_payee(payee, first, *self._converted(one.expected, one.currency, one.day), address)
            self._add_payee(payee, on, one.day, None, address)

    def _add_recurring(self) -> None:
        """Add prices that rose in the month, and what all recurring payments cost in a month.

        The cost is that of today's prices, so a month before the latest payments has none.
        """
        choices = choices_by_payment(ledger_id=self.ledger.pk)
        rows = RecurringPayment.objects.filter(ledger_id=self.ledger.pk, kind="expense").order_by("-amount", "pk")
        entries = [RecurringEntry(row, choices.get(row.pk)) for row in rows]
        counted = [one for one in entries if one.verdict != RecurringVerdict.REJECTED]
        mature = [one for one in counted if one.status == RecurringStatus.MATURE]
        rates = {one.row.base_currency or one.row.currency for one in mature}
        is_of_month = all(one.row.first_on <= self.month.end and one.row.last_on <= self.month.end for one in mature)
        if mature and is_of_month and rates == {self.currency}:
            monthly = Decimal(total_costs(mature, currency=self.currency)["expense"]["month"])
            address = self._address("insights/recurring/", kind="expense", status="mature")
            self._add(RECURRING, "monthly", self.language.texts["label_monthly"], monthly, address=address)
        for one in [one for one in mature if _rose_in(one.row, self.month)][:N_BILLS]:
            raised: dict[str, str] = one.row.raised or {}
            last = one.row.payments[-1]
            paid = Transaction.objects.filter(ledger_id=self.ledger.pk, pk=last).first()
            name = one.name or (payee_of_row(paid) if paid else one.row.payee)
            payee = self._payee(name, is_person=paid is not None and is_person(paid))
            address = f"{ADDRESS}insights/recurring/{one.row.pk}/"
            since, paid_in = dt.date.fromisoformat(raised["on"]), one.row.currency
            for measure, amount in (("price", raised["to"]), ("price_before", raised["from"])):
                self._add_payee(payee, measure, *self._converted(Decimal(amount), paid_in, since), address)
            self._add_payee(payee, "since", since, None, address)

    def _add_outlook(self, calendar: Calendar) -> None:
        """Add the forecast and the next bills of the current month."""
        recorded_until = last_recorded(self.ledger.pk, today=self.today)
        version = (self.state.version if self.state else None) or 0
        known = known_bills(
            ledger_id=self.ledger.pk,
            currency=self.currency,
            today=self.today,
            recorded_until=recorded_until,
            version=version,
        )
        found = forecast_month(
            ledger_id=self.ledger.pk,
            currency=self.currency,
            calendar=calendar,
            catalog=self.catalog,
            as_of=self.today,
            today=self.today,
            recorded_until=recorded_until,
            known=known,
        )
        address = self._address("insights/forecast/", month=self.month.name)
        if found.forecast.months_used and recorded_until is not None and recorded_until >= self.month.start:
            predicted = found.forecast.total.predicted
            self._add(SPENDING, "forecast", self.language.texts["label_forecast"], predicted, address=address)
        coming = [one for one in found.still_to_come if not one.is_late][:N_BILLS]
        persons = paid_to_persons([one.bill.id for one in coming], ledger_id=self.ledger.pk)
        for due in coming:
            payee = self._payee(due.bill.name, is_person=due.bill.id in persons)
            if (payee, "due") not in {(one.subject, one.measure) for one in self.figures}:
                self._add_payee(payee, "due", due.bill.amount, self.currency, address)
                self._add_payee(payee, "due_on", due.due_on, None, address)

    def _converted(self, amount: Decimal, currency: str, day: dt.date) -> tuple[Decimal, str]:
        """Return an amount at the rate of a day, and its currency: its own without a rate. Takes up to two queries."""
        if currency == self.currency:
            return amount, currency
        ledger_id = self.ledger.pk
        book = RateBook.load(ledger_id=ledger_id, currencies={currency}, to=self.currency, start=day, end=day)
        found = RateUsage(book).exact(amount, currency, day)
        return (amount, currency) if found is None else (round_to_minor_units(found, self.currency), self.currency)

    def _payee(self, name: str, *, is_person: bool) -> str:
        """Return the subject of a payee, the same for each bill of the same name."""
        known = {called: subject for subject, called in self.names.items() if subject.startswith("payee:")}
        subject = known.get(name, f"payee:{len(known) + 1}")
        self.names[subject] = name
        if is_person:
            self.persons.add(subject)
        return subject

    def _add_payee(self, payee: str, measure: str, value: Value, currency: str | None, address: str) -> None:
        label = self.language.texts[f"label_{measure}"]
        unit: Unit = "date" if isinstance(value, dt.date) else "money"
        if not any((one.subject, one.measure) == (payee, measure) for one in self.figures):
            self._add(payee, measure, label, value, unit, currency=currency, address=address)

    def _add(
        self,
        subject: str,
        measure: str,
        label: str,
        value: Value,
        unit: Unit = "money",
        *,
        currency: str | None = None,
        address: str = "",
        comparison: Comparison | None = None,
    ) -> None:
        shown = currency or (self.currency if unit == "money" else None)
        label = label.format(name=self.names.get(subject, ""))
        self.figures.append(MonthFigure(subject, measure, label, value, unit, shown, address, comparison))

    def _rows(self, kinds: Iterable[str], **narrowed: Any) -> str:
        return counted_address(self.month, kinds, **narrowed)

    @staticmethod
    def _address(path: str, **query: object) -> str:
        return f"{ADDRESS}{path}?{urlencode(query, doseq=True)}"


def _is_comparable(trends: Trends) -> bool:
    """Return True if the month can be compared from its first day, and no rate is missing."""
    return trends.span.is_comparable and trends.span.start == trends.period.start and not trends.n_unconverted


def _subject(category: int | None) -> str:
    return UNCATEGORIZED if category is None else f"category:{category}"


def _comparison(trend: Trend) -> Comparison | None:
    change = trend.change
    return None if change.amount is None else Comparison(trend.previous, change.amount, change.percent)


def _rose_in(row: RecurringPayment, month: Period) -> bool:
    if not row.raised or Decimal(row.raised["to"]) <= Decimal(row.raised["from"]):
        return False
    return month.start <= dt.date.fromisoformat(row.raised["on"]) <= month.end

"""Tools of what comes: recurring payments, the forecast of a month, and balances of accounts."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import format_amount
from expenses.models import Account
from expenses.models.ledgers import membership_of
from expenses.reports.balances import value_accounts
from expenses.serializers.fields import AccountReference, DayField
from insights.models import RecurringKind, RecurringStatus
from insights.querysets import last_recorded
from insights.reports.periods import Period
from insights.serializers.freshness import FOR_RECURRING, describe_freshness
from insights.serializers.parameters import ForecastQuery
from insights.services.bills import known_bills
from insights.services.forecast import forecast_month
from insights.services.recurring_list import list_recurring, name_recurring, paid_to_persons, total_costs
from insights.services.refreshing import refresh_soon
from insights.tools.addresses import SPENDING, counted_address, period_body, rows_address
from insights.tools.base import Asker, Figure, Tool, ToolAnswer

MOST_RECURRING = 20


class RecurringInput(StrictSerializer):
    """The recurring payments to list."""

    kind = serializers.ChoiceField(choices=RecurringKind.choices, default=RecurringKind.EXPENSE)
    due_until = DayField(required=False, help_text="Payments that are due on this day or earlier.")


class ForecastInput(StrictSerializer):
    """The month of a forecast."""

    month = serializers.CharField(required=False, help_text="As 2026-11; this month unless given.")


class BalanceInput(StrictSerializer):
    """The account, and the day."""

    account = AccountReference(required=False, help_text="A name or id; all accounts unless given.")
    date = DayField(required=False, help_text="The balance at the end of this day; of all rows unless given.")


def find_recurring(asker: Asker, query: Any) -> ToolAnswer:
    """Return the recurring payments that can be counted on, the next due first, and their sums in a month and year."""
    given = dict(query.validated_data)
    ledger = membership_of(asker.user).ledger
    state = refresh_soon(ledger)
    fresh = describe_freshness(ledger, state, lack=FOR_RECURRING)
    entries = list_recurring(ledger_id=ledger.pk, query=given | {"status": RecurringStatus.MATURE})
    currency = fresh["currency"] or ledger.founder.base_currency
    costs = total_costs(entries, currency=currency)[given["kind"]]
    address = f"{reverse('recurring')}?kind={given['kind']}&status=mature"
    if "due_until" in given:
        address += f"&due_until={given['due_until']}"
    figures = [
        Figure("Number", str(len(entries)), None, address, "n"),
        Figure("In a month", costs["month"], currency, address, "per_month"),
        Figure("In a year", costs["year"], currency, address, "per_year"),
    ]
    subscriptions = asker.catalog.with_children(asker.catalog.system("subscriptions"))
    among = [one for one in entries if one.row.category_id in subscriptions]
    if among:
        costs = total_costs(among, currency=currency)[given["kind"]]
        own = f"{address}&category={among[0].row.category_id}"
        own = own if len({one.row.category_id for one in among}) == 1 else ""
        figures += [
            Figure("Subscriptions among them", str(len(among)), None, own, "n_subscriptions"),
            Figure("Subscriptions in a month", costs["month"], currency, own, "subscriptions_per_month"),
            Figure("Subscriptions in a year", costs["year"], currency, own, "subscriptions_per_year"),
        ]
    shown = entries[:MOST_RECURRING]
    persons = paid_to_persons([one.row.pk for one in shown], ledger_id=ledger.pk)
    for one in name_recurring(shown, catalog=asker.catalog):
        row = one.row
        own = reverse("recurring-detail", args=[row.pk])
        is_overdue = row.next_on is not None and row.next_on < asker.today
        due = f", {'overdue since' if is_overdue else 'next on'} {row.next_on}" if row.next_on else ""
        amount = format_amount(row.amount, row.currency)
        figures.append(
            Figure(
                f"{one.name}, {row.rhythm}{due}", amount, row.currency, own, "recurring",
                is_person=row.pk in persons, name=one.name, rhythm=row.rhythm, day=row.next_on,
            )
        )  # fmt: skip
    recorded_until = last_recorded(ledger.pk, today=asker.today)
    is_unknown = recorded_until is not None and any(
        one.row.next_on is not None and recorded_until < one.row.next_on < asker.today for one in shown
    )
    stale = "Something was written since; the list may change within seconds." if fresh["is_stale"] else ""
    return ToolAnswer(tuple(figures)).with_remarks(
        fresh["history"]["note"] or stale, f"Nothing is recorded after {recorded_until}." if is_unknown else ""
    )


def read_forecast(asker: Asker, query: Any) -> ToolAnswer:
    """Return the likely spending of a month, its interval, and the bills still to come."""
    days = ForecastQuery(data=dict(query.validated_data))
    days.is_valid(raise_exception=True)
    as_of = days.read_day(asker.calendar, today=asker.today)
    ledger = membership_of(asker.user).ledger
    state = refresh_soon(ledger)
    fresh = describe_freshness(ledger, state)
    recorded_until = last_recorded(ledger.pk, today=asker.today)
    known = known_bills(
        ledger_id=ledger.pk,
        currency=asker.currency,
        today=asker.today,
        recorded_until=recorded_until,
        version=(state.version if state else None) or 0,
    )
    found = forecast_month(
        ledger_id=ledger.pk,
        currency=asker.currency,
        calendar=asker.calendar,
        catalog=asker.catalog,
        as_of=as_of,
        today=asker.today,
        recorded_until=recorded_until,
        known=known,
        bills_computed_at=fresh["computed_at"],
        is_stale=fresh["is_stale"],
    )
    so_far = Period(found.month, min(found.known_until, found.end)) if found.known_until >= found.month else None
    spent = "" if so_far is None else counted_address(so_far, SPENDING)
    total, month = found.forecast.total, f"{reverse('forecast')}?month={found.name}"
    figures = [
        Figure("Spending so far", str(total.spent), asker.currency, spent, "spent"),
        Figure("Likely spending", str(total.predicted), asker.currency, month, "predicted"),
    ]
    if total.interval:
        low, high = total.interval
        figures += [
            Figure("At least, in 8 of 10 months", str(low), asker.currency, month, "low"),
            Figure("At most, in 8 of 10 months", str(high), asker.currency, month, "high"),
        ]
    overdue = [one for one in found.still_to_come if one.due_on < asker.today]
    to_come = [one for one in found.still_to_come if one.due_on >= asker.today]
    for label, key, bills in (
        ("Bills still to come", "still_to_come", to_come),
        ("Bills that were due and are not recorded", "not_recorded", overdue),
    ):
        amount = format_amount(sum((one.bill.amount for one in bills), total.spent * 0), asker.currency)
        if bills or key == "still_to_come":
            figures.append(Figure(label, amount, asker.currency, month, key))
    shown = found.still_to_come[:MOST_RECURRING]
    persons = paid_to_persons([one.bill.id for one in shown], ledger_id=ledger.pk)
    for one in shown:
        own = reverse("recurring-detail", args=[one.bill.id])
        name, is_overdue = one.bill.name or one.bill.payee, one.due_on < asker.today
        label = f"{name}, {'was due on' if is_overdue else 'due on'} {one.due_on}"
        figures.append(
            Figure(
                label, str(one.bill.amount), asker.currency, own, "overdue" if is_overdue else "due",
                is_person=one.bill.id in persons, name=name, day=one.due_on,
            )
        )  # fmt: skip
    body = period_body(Period(found.month, found.end)) | {"month": found.name, "is_over": found.is_over}
    return ToolAnswer(tuple(figures), body=body).with_remarks(found.explanation)


def read_balances(asker: Asker, query: Any) -> ToolAnswer:
    """Return the balance of each account in its own currency, and of all together in the base currency."""
    given = query.validated_data
    account, on = given.get("account"), given.get("date")
    accounts = [account] if account else Account.objects.for_user(asker.user).order_by("pk")
    found = value_accounts(accounts, to=asker.currency, day=on or asker.today, ledger_id=asker.ledger_id, on=on)
    until = {"end_date": on} if on else {}
    figures = []
    for one in found.balances:
        filters = {"account": one.account.pk, **until}
        for part in (one, *one.others):
            amount = format_amount(part.amount, part.currency)
            figures.append(Figure(one.account.name, amount, part.currency, rows_address(filters), "balance"))
    if not account:
        amount = format_amount(found.amount, asker.currency)
        address = reverse("account-balances") + (f"?date={on}" if on else "")
        figures.insert(0, Figure("All accounts", amount, asker.currency, address, "total"))
    without = ", ".join(one.base for one in found.missing)
    return ToolAnswer(tuple(figures)).with_remarks(f"There is no exchange rate for {without}." if without else "")


RECURRING = Tool(
    "recurring",
    "Recurring payments: subscriptions, bills and salaries, the next due day of each, and their cost in a year.",
    RecurringInput,
    find_recurring,
)
FORECAST = Tool(
    "forecast",
    "The likely spending of a month until its end, how sure it is, and the bills still to come.",
    ForecastInput,
    read_forecast,
)
BALANCE = Tool("balance", "Balances of accounts today or at the end of a day.", BalanceInput, read_balances)

"""Tools that read a ledger: their figures are those of the API's reports, and their addresses list the rows."""

import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from expenses.categorization.catalog import Catalog
from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from insights.calendars import later_month
from insights.services.refreshing import refresh
from insights.tools.base import MOST_BYTES, Asker
from insights.tools.registry import TOOLS, json_schema, run_tool
from providers.redaction import Redactor
from tests.api.reports import category_of, record, report
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

TODAY = dt.date(2024, 11, 20)
NOVEMBER = {"start": "2024-11-01", "end": "2024-11-30"}


def asker(api):
    return Asker(api.user, Catalog.load_for(api.user), TODAY)


def run(api, name, **arguments):
    return run_tool(asker(api), name, arguments)


def values(answer):
    return {one.key: one.value for one in answer.figures}


def listed(api, address):
    """The sum of spending, income and the number of rows at an address."""
    rows, url = [], f"{address}&page_size=500"
    while url:
        body = api.get(url).json()
        rows += body["results"]
        url = body["next"]
    return rows


def spent(rows):
    signs = {"expense": 1, "refund": -1}
    return sum((signs.get(one["kind"], 0) * Decimal(one["amount"]) for one in rows), Decimal(0))


def refused(api, name, **arguments):
    with pytest.raises(ValidationError) as error:
        run(api, name, **arguments)
    assert isinstance(error.value.detail, dict)
    details = error.value.detail.items()
    return {field: [str(one) for one in ([found] if isinstance(found, str) else found)] for field, found in details}


def test_a_summary_has_the_sums_of_a_period_and_addresses_of_their_rows(ana):
    record(ana, "1000.00", "Salary", "2024-11-01")
    record(ana, "60.00", "Dining", merchant="Luna")
    record(ana, "10.00", date="2024-11-03")
    found = run(ana, "summary", date="2024-11", by="category")
    dining = category_of(ana, "Dining")
    days = "start_date=2024-11-01&end_date=2024-11-30"
    counted = "is_split=false&is_excluded_from_budget=false"
    rows = "/api/v1/transactions/"
    assert [(one.key, one.label, one.value, one.currency, one.filter) for one in found.figures] == [
        ("income", "Income", "1000.00", "EUR", f"{rows}?kind=income&{days}&{counted}"),
        ("expense", "Spending", "70.00", "EUR", f"{rows}?kind=expense&kind=refund&{days}&{counted}"),
        ("savings", "Savings", "930.00", "EUR", f"{rows}?kind=expense&kind=refund&kind=income&{days}&{counted}"),
        ("per_day", "Spending per day", "3.50", "EUR", f"{rows}?kind=expense&kind=refund&{days}&{counted}"),
        ("income_per_day", "Income per day", "50.00", "EUR", f"{rows}?kind=income&{days}&{counted}"),
        (
            "savings_per_day", "Savings per day", "46.50", "EUR",
            f"{rows}?kind=expense&kind=refund&kind=income&{days}&{counted}",
        ),
        (
            "category", "Dining", "60.00", "EUR",
            f"{rows}?kind=expense&kind=refund&{days}&category={dining}&subcategories=false&{counted}",
        ),
        (
            "category", "Without a category", "10.00", "EUR",
            f"{rows}?kind=expense&kind=refund&{days}&uncategorized=true&{counted}",
        ),
    ]  # fmt: skip
    assert found.body == {"start": "2024-11-01", "end": "2024-11-30", "n": 3, "is_over": False}
    assert found.remarks == ("The period is not over: it ends on 2024-11-30.",)


def test_an_address_lists_a_category_without_those_below_it(ana):
    ana.post("categories/", {"name": "Sushi", "kind": "expense", "parent": "Dining"})
    record(ana, "60.00", "Dining")
    record(ana, "30.00", "Sushi")
    found = run(ana, "summary", by="category", **NOVEMBER)
    by_name = {one.label: one for one in found.figures if one.key == "category"}
    assert {name: one.value for name, one in by_name.items()} == {"Dining": "60.00", "Sushi": "30.00"}
    for one in by_name.values():
        assert spent(listed(ana, one.filter)) == Decimal(one.value)
    whole = run(ana, "summary", category="Dining", **NOVEMBER)
    assert values(whole)["expense"] == "90.00"
    assert spent(listed(ana, whole.figures[1].filter)) == Decimal(90)


def test_a_list_refuses_a_flag_that_is_none(ana):
    answer = ana.get("transactions/?category=Dining&subcategories=maybe")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"attr": "subcategories", "code": "invalid", "detail": "Give true or false."}]


def test_the_list_finds_a_payee_in_the_text_of_rows_that_name_no_merchant(ana):
    record(ana, "5.00", merchant="Luna Cafe")
    record(ana, "7.00", description="Cafe LUNA Köln 123")
    record(ana, "9.00", description="Luna", merchant="Other")
    rows = ana.get("transactions/?payee=luna").json()["results"]
    assert sorted(one["amount"] for one in rows) == ["5.00", "7.00"]


def test_a_merchant_in_several_spellings_has_no_address(ana):
    record(ana, "5.00", merchant="McDonald's")
    record(ana, "7.00", merchant="MCDONALDS 123")
    [merchant] = run(ana, "top", of="merchants", **NOVEMBER).figures
    assert (merchant.label, merchant.value) == ("McDonald's", "12.00")
    assert merchant.filter == ""


def test_the_largest_payments_are_compared_in_the_base_currency(ana):
    ana.post("rates/", {"base": "USD", "quote": "EUR", "rate": "0.5", "date": "2024-11-02"})
    ana.post("rates/", {"base": "CHF", "quote": "EUR", "rate": "2", "date": "2024-11-02"})
    record(ana, "100.00", "Dining", merchant="Euro")
    record(ana, "150.00", "Dining", merchant="Dollar", currency="USD")
    last = record(ana, "60.00", "Dining", merchant="Franc", currency="CHF")
    found = run(ana, "top", limit=3, **NOVEMBER)
    assert [(one.label, one.value, one.currency) for one in found.figures] == [
        ("Franc, 2024-11-02", "120.00", "EUR"),
        ("Euro, 2024-11-02", "100.00", "EUR"),
        ("Dollar, 2024-11-02", "75.00", "EUR"),
    ]
    assert found.figures[0].filter == f"/api/v1/transactions/{last['id']}/"
    assert found.transactions[0] == {
        "id": last["id"], "date": "2024-11-02", "kind": "expense", "description": "Row", "merchant": "Franc",
        "amount": "60.00", "currency": "CHF", "category_name": "Dining", "is_person": False,
    }  # fmt: skip
    smallest = run(ana, "top", limit=1, order="smallest", **NOVEMBER)
    assert smallest.figures[0].label == "Dollar, 2024-11-02"


def test_payments_in_other_currencies_are_read_in_small_parts(ana, monkeypatch):
    monkeypatch.setattr("insights.tools.payments.READ_AT_ONCE", 2)
    ana.post("rates/", {"base": "USD", "quote": "EUR", "rate": "0.5", "date": "2024-11-01"})
    for amount in ("10.00", "70.00", "30.00", "90.00", "50.00"):
        record(ana, amount, "Dining", merchant="Dollar", currency="USD")
    record(ana, "5.00", "Dining", merchant="Gold", currency="XAU")
    for order, amounts in (("largest", ["45.00", "35.00"]), ("smallest", ["5.00", "15.00"])):
        found = run(ana, "top", limit=2, order=order, **NOVEMBER)
        assert [one.value for one in found.figures] == amounts
        assert found.remarks[0] == "1 transaction has no exchange rate and is left out."


def test_a_search_that_finds_refunds_alone_calls_their_sum_refunds(ana):
    record(ana, "592.85", "Shopping", description="Gutschrift", kind="refund", direction="in")
    found = run(ana, "search", text="gutschrift")
    assert [(one.label, one.value) for one in found.figures][:2] == [("Transactions", "1"), ("Refunds", "592.85")]
    assert len(listed(ana, found.figures[1].filter)) == 1
    record(ana, "92.85", "Shopping", description="Gutschrift zu viel")
    found = run(ana, "search", text="gutschrift")
    figures = [(one.label, one.value) for one in found.figures][:2]
    assert figures == [("Transactions", "2"), ("Refunds less spending", "500.00")]
    assert len(listed(ana, found.figures[1].filter)) == 2


def test_a_part_of_an_unknown_name_proposes_no_short_one(ana):
    for name in ("CH", "DKB"):
        ana.post("accounts/", {"name": name})

    def refusal(name: str) -> str:
        with pytest.raises(ValidationError) as error:
            run(ana, "balance", account=name)
        details: Any = error.value.detail
        return str(details["account"][0])

    assert refusal("Nonesuch") == "There is no account “Nonesuch”."
    assert refusal("my DKB") == "There is no account “my DKB”. Did you mean DKB?"


def test_a_search_tells_number_sum_and_last_day_of_all(ana):
    for day in range(1, 29):
        record(ana, "2.00", "Dining", f"2024-11-{day:02}", merchant="Luna")
    found = run(ana, "search", merchant="luna", limit=20)
    assert values(found) == {"n": "28", "expense": "56.00", "last_on": "2024-11-28"}
    assert len(found.transactions) == 20
    assert len(listed(ana, found.figures[0].filter)) == 28
    assert found.figures[2].filter == f"/api/v1/transactions/{found.transactions[0]['id']}/"


def test_two_periods_are_compared_in_total_and_by_category(ana):
    record(ana, "80.00", "Dining", "2024-10-31")
    record(ana, "20.00", "Shopping", "2024-10-31")
    record(ana, "60.00", "Dining")
    found = run(ana, "compare", date="2024-11")
    assert [(one.key, one.label, one.value) for one in found.figures] == [
        ("income", "Income, 2024-11", "0.00"),
        ("expense", "Spending, 2024-11", "60.00"),
        ("savings", "Savings, 2024-11", "-60.00"),
        ("income_before", "Income, 2024-10", "0.00"),
        ("expense_before", "Spending, 2024-10", "100.00"),
        ("savings_before", "Savings, 2024-10", "-100.00"),
        ("income_change", "Change of income", "0.00"),
        ("expense_change", "Change of spending", "-40.00"),
        ("expense_percent", "Change of spending in percent", "-40.00"),
        ("category_change", "Dining", "-20.00"),
        ("category_change", "Shopping", "-20.00"),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "detail"),
    [
        ("summary", {"category": "Grocerys"}, {"category": [
            "There is no category “Grocerys”. Did you mean Groceries?"]}),
        ("summary", {"account": "Giro"}, {"account": ["There is no account “Giro”."]}),
        ("summary", {"tag": "x"}, {"tag": ["There is no tag “x”."]}),
        ("summary", {"month": "2024-11"}, {"month": [
            "There is no such field; known are category, account, tag, merchant, period, date, start, end, by."]}),
        ("summary", {"start": "2024-11-30", "end": "2024-11-01"}, {"end": [
            "The period ends before 2024-11-30, when it starts."]}),
        ("summary", {"by": "merchant", "category": "Dining"}, {"by": [
            "The list by merchant is of all rows: leave out category."]}),
        ("top", {"limit": 11}, {"limit": ["Write 10 or less."]}),
        ("search", {"category": "Dining,Shopping"}, {"category": ["Give one category."]}),
        ("compare", {"with_date": "soon"}, {"with_date": ["Give a day as 2026-11-20, or a month as 2026-11."]}),
        ("forecast", {"month": "2031-01"}, {"month": [
            "This month begins on 2031-01-01; give one that has begun."]}),
        ("balance", {"account": "Giro"}, {"account": ["There is no account “Giro”."]}),
        ("delete", {}, {"tool": [
            "There is no such tool; known are summary, top, search, compare, recurring, forecast, balance."]}),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_with_the_sentences_of_the_api(ana, name, arguments, detail):
    assert refused(ana, name, **arguments) == detail


def test_another_person_finds_nothing_of_mine(ana, ben):
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})
    record(ana, "60.00", "Dining", merchant="Luna", tags=["trip"])
    assert refused(ben, "summary", tag="trip") == {"tag": ["There is no tag “trip”."]}
    assert refused(ben, "balance", account="Giro") == {"account": ["There is no account “Giro”."]}
    assert values(run(ben, "search", text="luna")) == {"n": "0", "expense": "0.00"}
    for name in ("summary", "top", "compare", "recurring", "forecast", "balance"):
        found = run(ben, name)
        assert not any(one.currency and Decimal(one.value) for one in found.figures)
        assert found.transactions == ()


def test_balances_are_those_of_accounts(ana):
    giro = ana.post("accounts/", {"name": "Giro", "currency": "EUR", "opening_balance": "100.00"}).json()["id"]
    record(ana, "60.00", "Dining", account="Giro")
    found = run(ana, "balance")
    assert [(one.key, one.label, one.value, one.filter) for one in found.figures] == [
        ("total", "All accounts", "40.00", "/api/v1/accounts/balances/"),
        ("balance", "Giro", "40.00", f"/api/v1/transactions/?account={giro}"),
    ]
    body = ana.get("accounts/balances/").json()
    assert body["total"]["amount"] == "40.00"


def test_schemas_have_no_references_and_name_every_parameter():
    for name, tool in TOOLS.items():
        schema = json_schema(name)
        assert list(schema["properties"]) == list(tool.parameters().fields)
        assert schema["additionalProperties"] is False
        assert "$ref" not in json.dumps(schema)


def test_an_answer_for_a_model_is_redacted_and_bounded(ana):
    for day in range(1, 29):
        text = f"Miete DE89 3704 0044 0532 0130 00 {'übermäßig ' * 30}"
        record(ana, "2.00", "Housing", f"2024-11-{day:02}", description=text, merchant="Luna")
    found = run(ana, "search", text="miete", limit=20)
    text = found.for_model(Redactor())
    assert len(text.encode()) <= MOST_BYTES
    assert "3704" not in text
    assert "IBAN1" in text
    body = json.loads(text)
    assert body["left_out"] == 20 - len(body["transactions"])
    assert [one["value"] for one in body["figures"]] == ["28", "56.00", "2024-11-28"]
    assert "filter" not in text


def test_a_person_who_is_paid_each_month_is_hidden_from_a_model(ana):
    this = timezone.localdate().replace(day=1)
    text, iban = "SEPA Ueberweisung an Xiomara Quetzalko", "DE89370400440532013000"
    for number in range(1, 12):
        day = f"{later_month(this, -number)}"
        record(ana, "70.00", "Housing", day, description=text, merchant="Xiomara Quetzalko", iban=iban)
    refresh(ledger_id=ledger_id_of(ana.user), is_forced=True)
    later = Asker(ana.user, Catalog.load_for(ana.user), this)
    for name, key in (("recurring", "recurring"), ("forecast", "due")):
        found = run_tool(later, name, {})
        assert any("uetzalko" in one.label for one in found.figures if one.key == key)
        assert "uetzalko" not in found.for_model(Redactor())


def test_a_person_is_hidden_from_a_model_and_a_merchant_is_not(ana):
    text = "SEPA Ueberweisung an Katharina Hoffmeister Danke"
    record(ana, "70.00", "Other", description=text, iban="DE89370400440532013000")
    record(ana, "50.00", "Groceries", description="Rewe Markt", merchant="Rewe")
    sent = run(ana, "top", limit=2, **NOVEMBER).for_model(Redactor())
    assert "Hoffmeister" not in sent
    assert "Katharina" not in sent
    assert "is_person" not in sent
    assert "Rewe" in sent
    hidden = run(ana, "top", limit=2, **NOVEMBER).for_model(Redactor(names=("Rewe Markt",)))
    assert "Rewe Markt" not in hidden


def test_a_person_among_merchants_is_hidden_from_a_model(ana):
    text = "SEPA Ueberweisung an Xiomara Quetzalko"
    iban = "DE89370400440532013000"
    record(ana, "70.00", "Other", description=text, merchant="Xiomara Quetzalko", iban=iban)
    record(ana, "50.00", "Groceries", description="Rewe Markt", merchant="Rewe")
    for name, arguments in (("summary", {"by": "merchant"}), ("top", {"of": "merchants"})):
        found = run(ana, name, **arguments, **NOVEMBER)
        shown = [(one.label, one.is_person) for one in found.figures if one.key == "merchant"]
        assert shown == [("Xiomara Quetzalko", True), ("Rewe", False)]
        sent = found.for_model(Redactor())
        assert "uetzalko" not in sent
        assert "Rewe" in sent


def test_the_number_of_listed_merchants_does_not_change_the_number_of_queries(ana):
    run(ana, "top", of="merchants", **NOVEMBER)  # it reads what is kept in memory
    used = []
    for names in (["Luna"], ["Rewe", "Aldi", "Otter", "Moss"]):
        for name in names:
            record(ana, "5.00", "Dining", merchant=name)
        with CaptureQueriesContext(connection) as queries:
            found = run(ana, "top", of="merchants", limit=10, **NOVEMBER)
        used.append(len(queries))
    assert used[0] == used[1]
    assert [one.filter.count("payee=") for one in found.figures] == [1] * 5


def test_a_merchant_whose_name_is_in_another_has_no_address(ana):
    record(ana, "5.00", merchant="Otter")
    record(ana, "3.00", merchant="Otter Books")
    found = run(ana, "top", of="merchants", **NOVEMBER)
    assert [(one.label, bool(one.filter)) for one in found.figures] == [("Otter", False), ("Otter Books", True)]


def test_a_text_is_redacted_before_it_is_cut(ana):
    text = f"{'Miete ' * 12}DE89 3704 0044 0532 0130 00"
    record(ana, "70.00", "Housing", description=text)
    assert "3704" not in run(ana, "search").for_model(Redactor())
    assert "DE89" not in run(ana, "top", **NOVEMBER).for_model(Redactor())


ROWS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                (None, "out"),
                ("Dining", "out"),
                ("Dining", "in"),
                ("Sushi", "out"),
                ("Salary", "in"),
                ("Shopping", "out"),
            ]
        ),
        st.decimals("0.01", "999.99", places=2),
        st.dates(dt.date(2024, 10, 1), dt.date(2024, 12, 31)),
        st.sampled_from(["", "Luna", "Rewe", "luna"]),
        st.sampled_from([[], ["trip"], ["trip", "food"]]),
        st.sampled_from([None, "Giro", "Purse"]),
        st.booleans(),
    ),
    max_size=12,
)


@law(6)
@given(rows=ROWS)
def test_every_figure_is_the_number_of_the_report_and_of_the_rows_at_its_address(ana, rows):
    Transaction.objects.for_user(ana.user).delete()
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name, "currency": "EUR"})
    ana.post("categories/", {"name": "Sushi", "kind": "expense", "parent": "Dining"})
    for name in ("trip", "food"):
        ana.post("tags/", {"name": name})
    for (category, direction), amount, date, merchant, tags, account, is_excluded in rows:
        fields = {"merchant": merchant, "tags": tags, "account": account, "direction": direction}
        number = record(ana, str(amount), category, date.isoformat(), **fields)["id"]
        if is_excluded:
            ana.patch(f"transactions/{number}/", {"is_excluded_from_budget": True})
    for by in ("category", "merchant", "account", "tag"):
        summary, found = report(ana, "summary", **NOVEMBER), run(ana, "summary", by=by, **NOVEMBER)
        own = values(found)
        assert (own["income"], own["expense"], own["savings"]) == (
            summary["income"], summary["expense"], summary["savings"]
        )  # fmt: skip
        parts = [one for one in found.figures if one.key == by]
        assert [one.value for one in parts] == [one["amount"] for one in summary[f"by_{by}"]][:10]
        for one in [one for one in parts if one.filter]:
            assert spent(listed(ana, one.filter)) == Decimal(one.value)
    for narrow in (
        {"category": "Dining"},
        {"category": "none"},
        {"tag": "trip"},
        {"account": "Giro"},
        {"merchant": "luna"},
    ):
        series = report(ana, "timeseries", bucket="daily", **NOVEMBER, **narrow)["results"]
        found = run(ana, "summary", **NOVEMBER, **narrow)
        assert Decimal(values(found)["expense"]) == sum(Decimal(one["expense"]) for one in series)
        assert Decimal(values(found)["income"]) == sum(Decimal(one["income"]) for one in series)
        assert spent(listed(ana, found.figures[1].filter)) == Decimal(values(found)["expense"])
    found = run(ana, "search", **NOVEMBER)
    totals = ana.get("transactions/totals/", {"start_date": "2024-11-01", "end_date": "2024-11-30"}).json()["results"]
    assert int(values(found)["n"]) == sum(one["n"] for one in totals)
    told = values(found)  # money that came back on the whole is told as a refund, above zero
    expense = told["expense"] if "expense" in told else f"-{told.get('refund') or told['net_refund']}"
    assert Decimal(expense) == sum(Decimal(one["expense"]) for one in totals)
    compared, before = values(run(ana, "compare", date="2024-11")), report(ana, "summary", date="2024-10")
    assert (compared["expense"], compared["expense_before"]) == (summary["expense"], before["expense"])
    assert compared["expense_change"] == report(ana, "summary", date="2024-11")["change"]["expense"]["amount"]
    top = [Decimal(one.value) for one in run(ana, "top", limit=10, **NOVEMBER).figures]
    assert all(one >= other for one, other in pairwise(top))
    predicted = report(ana, "forecast", month="2024-11")["predicted_total"]
    later = Asker(ana.user, Catalog.load_for(ana.user), ana.user.today())
    assert values(run_tool(later, "forecast", {"month": "2024-11"}))["predicted"] == predicted

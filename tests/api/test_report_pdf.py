"""The printed report: its figures are those of `insights/summary/` to the cent, and every page can be read."""

import datetime as dt
import re
from decimal import Decimal
from io import BytesIO
from typing import Any

import pdfplumber
import pytest
from babel import Locale

from expenses.models import Account, Transaction
from expenses.models.ledgers import ledger_id_of
from insights.calendars import Calendar
from insights.pdf.report import write_report
from insights.pdf.sheet import HEIGHT, MARGIN, WIDTH
from insights.reports.periods import period_around
from insights.services.report_figures import report_figures
from tests.api.exported import record, record_odd_ledger
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")
POINTS = 72 / 25.4


def pdf(api: Api, query: str) -> bytes:
    answer = api.get(f"export/report.pdf?{query}")
    assert answer.status_code == 200, answer.content
    return bytes(answer.content)


def lines_of(data: bytes) -> list[str]:
    """Return the lines of all pages, as they are read from left to right."""
    with pdfplumber.open(BytesIO(data)) as document:
        return [line for page in document.pages for line in page.extract_text().splitlines()]


def assert_inside(data: bytes) -> None:
    """Check that no word leaves the margins of its page."""
    with pdfplumber.open(BytesIO(data)) as document:
        for page in document.pages:
            for word in page.extract_words():
                assert MARGIN * POINTS - 1 <= word["x0"] < word["x1"] <= (WIDTH - MARGIN) * POINTS + 1, word
                assert word["bottom"] <= (HEIGHT - 8) * POINTS, word


def plain(amount: str) -> str:
    """Return an amount of the API as the report writes it in English."""
    return f"{Decimal(amount):,}".replace("-", "\N{MINUS SIGN}")


def record_two_months(api: Api) -> None:
    """Record income, spending, a refund, a split and a row that budgets leave out, in two months."""
    record(api, "accounts/", name="Checking", currency="EUR", opening_balance="1000.00")
    record(api, "accounts/", name="Card", type="card", currency="EUR")
    for month in ("09", "10"):
        for day, amount, category, text in (
            ("01", "950.00", "Housing", "Rent"),
            ("03", "1234.56", "Travel", "Flight"),
            ("09", "45.50", "Groceries", "REWE"),
            ("12", "9.99", None, "Unknown shop"),
        ):
            more = {} if category is None else {"category": category}
            record(
                api,
                "expenses/",
                amount=amount,
                description=text,
                date=f"2026-{month}-{day}",
                account="Checking",
                **more,
            )
        record(api, "incomes/", amount="3500.00", description="Salary", date=f"2026-{month}-28", account="Checking")
    refund = {"kind": "refund", "amount": "20.00", "description": "REWE", "category": "Groceries"}
    record(api, "transactions/", date="2026-10-20", account="Card", **refund)
    parts = [{"amount": "30.00", "category": "Groceries"}, {"amount": "15.50", "category": "Kids"}]
    record(api, "expenses/", amount="45.50", description="Market", date="2026-10-21", account="Card", parts=parts)
    left_out = {"amount": "500.00", "description": "For work", "is_excluded_from_budget": True}
    record(api, "expenses/", date="2026-10-22", account="Card", category="Travel", **left_out)


@pytest.mark.parametrize(
    ("query", "summary", "title", "previous"),
    [
        ("month=2026-10", "period=month&date=2026-10", "October 2026", "September 2026"),
        ("year=2026", "period=year&date=2026", "Year 2026", "2025"),
    ],
)
def test_the_figures_are_those_of_the_summary(ana, query, summary, title, previous):
    record_two_months(ana)
    body = ana.get(f"insights/summary/?{summary}").json()
    data = pdf(ana, query)
    lines = lines_of(data)
    assert_inside(data)
    assert lines[0] == title
    before = body["previous"]
    assert (
        " ".join(plain(body[name]) for name in ("income", "expense", "savings")) + f" {body['savings_rate']}%" in lines
    )
    rate = f" {before['savings_rate']}% in {previous}" if before["savings_rate"] else ""
    compared = " ".join(f"{plain(before[name])} in {previous}" for name in ("income", "expense", "savings"))
    assert compared + rate in lines
    for item in body["by_category"]:
        name = item["category_name"] or "Uncategorized"
        share = f"{item['share']}%" if item["share"] else "\N{EN DASH}"
        assert f"{name} {plain(item['amount'])} {share} {item['n']}" in lines
    for item in body["by_merchant"]:
        share = f"{item['share']}%" if item["share"] else "\N{EN DASH}"
        assert f"{item['merchant']} {plain(item['amount'])} {share} {item['n']}" in lines
    n = sum(item["n"] for item in body["by_category"])
    assert f"Total {plain(body['expense'])} {n}" in lines
    excluded = "Transactions that budgets leave out are not counted: 500.00 EUR of spending, 0.00 EUR of income."
    assert excluded in lines


def test_it_shows_income_large_payments_and_the_balances_at_the_end_of_the_month(ana):
    record_two_months(ana)
    lines = lines_of(pdf(ana, "month=2026-09"))
    assert "Uncategorized 3,500.00 1" in lines
    assert [line for line in lines if line.startswith("Sep ")] == [
        "Sep 3, 2026 Flight Travel 1,234.56",
        "Sep 1, 2026 Rent Housing 950.00",
        "Sep 9, 2026 Rewe Groceries 45.50",
        "Sep 12, 2026 Unknown shop Uncategorized 9.99",
    ]
    assert "Accounts at the end of Sep 30, 2026" in lines
    (checking,) = (
        one
        for one in ana.get("accounts/balances/?date=2026-09-30").json()["results"]
        if one["account_name"] == "Checking"
    )
    assert f"Checking {plain(checking['balance'])} EUR {plain(checking['balance'])}" in lines
    assert f"Total {plain(ana.get('accounts/balances/?date=2026-09-30').json()['total']['amount'])}" in lines


def test_it_is_german_where_the_locale_is(ana):
    ana.user.locale = "de"
    ana.user.save()
    record_two_months(ana)
    lines = lines_of(pdf(ana, "month=2026-10"))
    assert lines[0] == "Oktober 2026"
    body = ana.get("insights/summary/?period=month&date=2026-10").json()
    share = next(one["share"] for one in body["by_category"] if one["category_name"] == "Travel").replace(".", ",")
    assert f"Travel 1.234,56 {share} % 1" in [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
    assert "Ausgaben nach Kategorien" in lines
    assert any(re.fullmatch(r"Outlay · ana · Erstellt am \d+\. \w+ \d{4} Seite 1 von 2", line) for line in lines)


def test_a_month_without_rows_says_so(ana):
    lines = lines_of(pdf(ana, "month=2026-10"))
    assert lines[:2] == [
        "October 2026",
        "All sums are in EUR; other currencies are converted at the rate of each day.",
    ]
    assert "Nothing is recorded in this period." in lines


def test_a_month_that_is_not_over_says_until_when_it_counts(ana):
    today = ana.user.today()
    lines = lines_of(pdf(ana, f"month={today:%Y-%m}"))
    assert lines[2].startswith("This period is not over: the figures are those until ")


def test_letters_that_the_fonts_lack_are_replaced_and_explained(ana):
    record_odd_ledger(ana)
    data = pdf(ana, "month=2026-10")
    lines = lines_of(data)
    assert_inside(data)
    assert lines.count("4 transactions have no exchange rate and are in no sum.") == 1
    assert "\ufffd stands for a character that the fonts of this report do not have." in lines
    assert "The total lacks balances without an exchange rate." in lines
    assert "Savings; rainy days \N{MINUS SIGN}3.10 EUR \N{MINUS SIGN}3.10" in lines
    assert "Dining \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Food: outside 18.70 18.39% 2" in lines


def test_long_names_large_amounts_and_many_lines_stay_inside_the_page(ana):
    long = "Überaus lange Bezeichnung mit vielen Worten " * 2
    for n in range(70):
        record(ana, "accounts/", name=f"{n} {long}"[:100], currency="EUR", opening_balance="99999999.99")
    for n in range(60):
        category = f"{n} {long}"[:100].strip()
        record(ana, "categories/", name=category, kind="expense", parent="Dining")
        more = {"description": f"{n} {long}", "category": category}
        record(ana, "expenses/", amount="99999999.99", date="2026-10-05", **more)
    data = pdf(ana, "month=2026-10")
    assert_inside(data)
    lines = lines_of(data)
    assert lines.count("Category Amount (EUR) Share Number") > 1, "the head comes again on each page"
    assert sum("99,999,999.99" in line for line in lines) >= 60 + 12 + 70
    n_pages = len([line for line in lines if re.search(r"Page \d+ of \d+$", line)])
    assert lines[-1].endswith(f"Page {n_pages} of {n_pages}")


def test_equal_figures_give_equal_bytes(ana):
    record_two_months(ana)
    at = dt.datetime(2026, 11, 2, 9, 30, tzinfo=dt.UTC)
    period = period_around("month", dt.date(2026, 10, 1), Calendar())
    made = [
        write_report(
            report_figures(user=ana.user, period=period, currency="EUR"), locale=Locale("en"), owner="ana", at=at
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_ten_thousand_rows_are_as_many_pages_as_a_hundred(ana):
    ledger_id = ledger_id_of(ana.user)
    record(ana, "accounts/", name="Checking", currency="EUR")
    account = Account.objects.get()
    rows = [
        Transaction(
            ledger_id=ledger_id, version=1, account=account, kind="expense", direction="out", amount=n % 97 + 1,
            currency="EUR", date=dt.date(2026, 10, 1 + n % 31), description=f"Shop {n % 300}",
            raw_description=f"Shop {n % 300}", merchant=f"Shop {n % 300}",
        )
        for n in range(10_000)
    ]  # fmt: skip
    Transaction.objects.bulk_create(rows, batch_size=500)
    body = ana.get("insights/summary/?period=month&date=2026-10").json()
    lines = lines_of(pdf(ana, "month=2026-10"))
    assert f"Uncategorized {plain(body['expense'])} 100.00% 10,000" in lines
    assert any(line.startswith("285 others ") for line in lines)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("month=2026-10&year=2026", ("year", "contradictory", "Give `month` or `year`.")),
        ("month=October", ("month", "invalid", "Give a month as 2026-11.")),
        ("year=26", ("year", "invalid", "Give a year as 2026.")),
        ("year=2199", ("year", "in_the_future", "This year begins on 2199-01-01; give one that has begun.")),
        ("month=2199-01", ("month", "in_the_future", "This month begins on 2199-01-01; give one that has begun.")),
    ],
)
def test_what_cannot_be_printed_is_refused(ana, query, error):
    answer = ana.get(f"export/report.pdf?{query}")
    assert answer.status_code == 400
    assert [(one["attr"], one["code"], one["detail"]) for one in answer.json()["errors"]] == [error]


def test_it_has_a_name_and_a_type_and_no_figure_of_a_stranger(ana, ben):
    record_two_months(ana)
    answer = ben.get("export/report.pdf?month=2026-10")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="outlay-2026-10.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert "Nothing is recorded in this period." in lines_of(answer.content)


def test_who_is_not_signed_in_gets_none(anyone):
    answer: Any = anyone.get("export/report.pdf")
    assert answer.status_code == 401

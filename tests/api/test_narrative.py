"""The text of a month: what its reader gets at once, in two languages, whatever the month is like."""

import datetime as dt
from urllib.parse import urlsplit

import pytest

from accounts.models import User
from tests.api.bodies import assert_problem
from tests.api.reports import category_of, record, report

pytestmark = pytest.mark.usefixtures("silent_chain")


@pytest.fixture
def twentieth(monkeypatch):
    """Today is 20 November 2024."""
    monkeypatch.setattr(User, "today", lambda self: dt.date(2024, 11, 20))


def read(api, month="2024-11", **query):
    return report(api, "narrative", month=month, **query)


def two_months(api):
    record(api, "950.00", "Housing", "2024-10-01")
    record(api, "50.00", "Dining", "2024-10-12")
    record(api, "2400.00", "Salary", "2024-11-01")
    record(api, "960.00", "Housing", "2024-11-01")
    record(api, "140.00", "Dining", "2024-11-16")
    record(api, "100.00", "Shopping", "2024-11-30")


def test_a_month_is_told_from_its_figures(ana):
    two_months(ana)
    body = read(ana)
    housing, dining, shopping = (category_of(ana, name) for name in ("Housing", "Dining", "Shopping"))
    rows = "start_date=2024-11-01&end_date=2024-11-30"
    counted = "is_split=false&is_excluded_from_budget=false"
    top = {"parent": None, "parent_name": None, "n": 1}

    def figure(name, label, value, address, unit="money", comparison=None):
        currency = "EUR" if unit == "money" else None
        return {
            "name": name, "label": label, "value": value, "unit": unit, "currency": currency,
            "comparison": comparison, "filter": address,
        }  # fmt: skip

    def compared(previous, change, percent):
        return {"previous": previous, "change": change, "percent": percent}

    def spent_on(category):
        return (
            f"/api/v1/transactions/?kind=expense&kind=refund&{rows}&category={category}&subcategories=false&{counted}"
        )

    summary = "/api/v1/insights/summary/?period=month&date=2024-11&currency=EUR"
    assert body == {
        "month": "2024-11", "start": "2024-11-01", "end": "2024-11-30", "is_over": True, "currency": "EUR",
        "language": "en", "source": "template", "model": "off", "reason": "No local model is configured.",
        "n_dropped": 0, "hint": "", "n_unconverted": 0,
        "summary": "In November 2024, you spent €1,200.00 and earned €2,400.00. That leaves €1,200.00, 50% of the "
        "income. Spending is €200.00 higher than in October 2024, 20% more. The largest category is Housing with "
        "€960.00, 80% of the spending.",
        "behavior": "In November 2024, you spent €100.00 on Shopping, and nothing in October 2024. You spent €90.00 "
        "more on Dining than in October 2024.",
        "tips": [
            "80% of the spending is for Housing: a change there counts most.",
            "You spent €40.00 a day on average: compare it with other months.",
            "4 transactions are recorded: import a statement if some are missing.",
        ],
        "top_categories": [
            {"category": housing, "category_name": "Housing", "amount": "960.00", "share": "80.00", **top},
            {"category": dining, "category_name": "Dining", "amount": "140.00", "share": "11.67", **top},
            {"category": shopping, "category_name": "Shopping", "amount": "100.00", "share": "8.33", **top},
        ],
        "sentences": [
            {"id": f"{part}-{place}", "part": part, "text": text, "source": "template", "figures": figures}
            for part, place, text, figures in [
                ("summary", 1, "In November 2024, you spent €1,200.00 and earned €2,400.00.",
                 ["spending-amount", "income-amount"]),
                ("summary", 2, "That leaves €1,200.00, 50% of the income.", ["savings-amount", "savings-rate"]),
                ("summary", 3, "Spending is €200.00 higher than in October 2024, 20% more.", ["spending-amount"]),
                ("summary", 4, "The largest category is Housing with €960.00, 80% of the spending.",
                 [f"category-{housing}-amount", f"category-{housing}-share"]),
                ("behavior", 1, "In November 2024, you spent €100.00 on Shopping, and nothing in October 2024.",
                 [f"category-{shopping}-amount"]),
                ("behavior", 2, "You spent €90.00 more on Dining than in October 2024.",
                 [f"category-{dining}-amount"]),
                ("tips", 1, "80% of the spending is for Housing: a change there counts most.",
                 [f"category-{housing}-share"]),
                ("tips", 2, "You spent €40.00 a day on average: compare it with other months.", ["spending-per_day"]),
                ("tips", 3, "4 transactions are recorded: import a statement if some are missing.",
                 ["transactions-n"]),
            ]
        ],
        "figures": [
            figure("spending-amount", "Spending", "1200.00",
                   f"/api/v1/transactions/?kind=expense&kind=refund&{rows}&{counted}",
                   comparison=compared("1000.00", "200.00", "20.00")),
            figure("income-amount", "Income", "2400.00", f"/api/v1/transactions/?kind=income&{rows}&{counted}",
                   comparison=compared("0.00", "2400.00", None)),
            figure("savings-amount", "Savings", "1200.00", summary),
            figure("savings-rate", "Savings in percent of the income", "50.00", summary, "percent"),
            figure("spending-per_day", "Spending a day", "40.00", summary),
            figure("transactions-n", "Transactions", "4",
                   f"/api/v1/transactions/?kind=expense&kind=refund&kind=income&{rows}&{counted}", "count"),
            figure(f"category-{housing}-amount", "Housing", "960.00", spent_on(housing),
                   comparison=compared("950.00", "10.00", "1.05")),
            figure(f"category-{housing}-share", "Housing in percent of the spending", "80.00", spent_on(housing),
                   "percent"),
            figure(f"category-{dining}-amount", "Dining", "140.00", spent_on(dining),
                   comparison=compared("50.00", "90.00", "180.00")),
            figure(f"category-{shopping}-amount", "Shopping", "100.00", spent_on(shopping),
                   comparison=compared("0.00", "100.00", None)),
        ],
    }  # fmt: skip


def test_the_rows_behind_a_figure_add_up_to_it(ana):
    two_months(ana)
    food = ana.post("categories/", {"name": "Sushi", "kind": "expense", "parent": "Dining"}).json()["id"]
    record(ana, "12.00", "Sushi", "2024-11-02")
    body = read(ana)
    assert f"category-{food}-amount" in {one["name"] for one in body["figures"]}
    for one in body["figures"]:
        address = urlsplit(one["filter"])
        answer = ana.get(f"{address.path}?{address.query}")
        assert answer.status_code == 200, one
        if one["name"].endswith("-amount") and "transactions/" in address.path:
            assert sum(float(row["amount"]) for row in answer.json()["results"]) == float(one["value"]), one


def test_german_readers_read_german(ana):
    ana.patch("users/me/", {"preferences": {"locale": "de-DE"}})
    two_months(ana)
    body = read(ana)
    assert body["language"] == "de"
    assert body["summary"] == (
        "Im November 2024 hast du 1.200,00\xa0€ ausgegeben und 2.400,00\xa0€ eingenommen. Es bleiben 1.200,00\xa0€, "
        "50\xa0% der Einnahmen. Die Ausgaben sind 200,00\xa0€ höher als im Oktober 2024, 20\xa0% mehr. Die größte "
        "Kategorie ist Housing mit 960,00\xa0€, 80\xa0% der Ausgaben."
    )
    assert body["behavior"] == (
        "Im November 2024 hast du 100,00\xa0€ für Shopping ausgegeben, und nichts im Oktober 2024. Für Dining hast du "
        "90,00\xa0€ mehr ausgegeben als im Oktober 2024."
    )
    assert body["tips"] == [
        "80\xa0% der Ausgaben sind für Housing: eine Änderung zählt dort am meisten.",
        "Du hast 40,00\xa0€ am Tag ausgegeben: vergleiche das mit anderen Monaten.",
        "4 Buchungen sind erfasst: importiere einen Kontoauszug, falls welche fehlen.",
    ]


@pytest.mark.parametrize(
    ("locale", "summary"),
    [
        ("en-GB", "In November 2024, you spent €5.00."),
        ("fr-FR", "In November 2024, you spent €5.00."),
        ("de-CH", "Im November 2024 hast du EUR\xa05.00 ausgegeben."),
    ],
)
def test_amounts_are_written_as_the_locale_does(ana, locale, summary):
    ana.patch("users/me/", {"preferences": {"locale": locale}})
    record(ana, "5.00", "Dining", "2024-11-02")
    assert read(ana)["sentences"][0]["text"] == summary


def test_an_empty_month_says_so(ana):
    body = read(ana)
    assert (body["summary"], body["behavior"], body["tips"]) == (
        "Nothing is recorded in November 2024.",
        "Changes are shown as soon as there are two months.",
        ["Import a statement or record transactions of November 2024 to see its figures."],
    )
    assert body["top_categories"] == []


@pytest.mark.usefixtures("twentieth")
def test_a_month_that_is_not_over_is_compared_with_as_many_days(ana):
    record(ana, "30.00", "Dining", "2024-10-02")
    record(ana, "500.00", "Dining", "2024-10-31")
    record(ana, "40.00", "Dining", "2024-11-05")
    record(ana, "1.00", "Dining", "2024-11-20")
    body = read(ana)
    assert body["is_over"] is False
    assert body["summary"] == (
        "In November 2024 so far, you spent €41.00. Spending is €11.00 higher than on the same days of October 2024, "
        "36.67% more. Days after November 20, 2024 are not compared. The largest category is Dining with €41.00, "
        "100% of the spending."
    )
    assert body["behavior"] == "You spent €11.00 more on Dining than on the same days of October 2024."


@pytest.mark.usefixtures("twentieth")
def test_a_future_month_has_nothing_to_tell(ana):
    two_months(ana)
    body = read(ana, "2025-02")
    assert body["summary"] == "February 2025 begins on February 1, 2025, so there is nothing to tell yet."
    assert (body["model"], body["reason"]) == ("off", "No local model is configured.")


def test_the_first_month_has_no_comparison(ana):
    record(ana, "40.00", "Dining", "2024-11-05")
    body = read(ana)
    assert body["summary"] == (
        "In November 2024, you spent €40.00. There is no earlier month to compare with. The largest category is "
        "Dining with €40.00, 100% of the spending."
    )
    assert body["behavior"] == "Changes are shown as soon as there are two months."


def test_refunds_may_exceed_spending(ana):
    record(ana, "40.00", "Shopping", "2024-11-05")
    record(ana, "100.00", "Shopping", "2024-11-06", direction="in", kind="refund")
    assert read(ana)["sentences"][0]["text"] == "In November 2024, refunds exceed spending by €60.00."


def test_more_spent_than_earned_is_said_without_a_sign(ana):
    record(ana, "100.00", "Salary", "2024-11-05")
    record(ana, "140.00", "Shopping", "2024-11-06")
    assert read(ana)["sentences"][1]["text"] == "That is €40.00 more than you earned."


def test_rows_without_a_rate_are_told_and_others_are_converted(ana):
    ana.post("rates/", {"base": "CHF", "quote": "EUR", "date": "2024-11-04", "rate": "1.1"})
    record(ana, "10.00", "Dining", "2024-11-05", currency="CHF")
    record(ana, "10.00", "Dining", "2024-11-05", currency="XOF")
    body = read(ana)
    assert body["n_unconverted"] == 1
    assert "1 transaction without an exchange rate is not counted." in body["summary"]
    assert "Amounts in CHF are converted to EUR." in body["summary"]


def test_another_currency_may_be_chosen(ana):
    ana.post("rates/", {"base": "CHF", "quote": "EUR", "date": "2024-11-04", "rate": "2"})
    record(ana, "10.00", "Dining", "2024-11-05", currency="CHF")
    body = read(ana, currency="CHF")
    assert body["currency"] == "CHF"
    assert body["sentences"][0]["text"] == "In November 2024, you spent CHF\xa010.00."


def test_a_wish_for_the_tone_is_cleaned_and_kept(ana, ben):
    answer = ana.patch("insights/narrative/", {"hint": "Short,\n<|im_start|> friendly  `please`"})
    assert answer.status_code == 200
    assert answer.json() == {"hint": "Short, im_start friendly please"}
    assert read(ana)["hint"] == "Short, im_start friendly please"
    assert read(ben)["hint"] == ""


def test_a_wish_has_200_characters_at_most(ana):
    answer = ana.patch("insights/narrative/", {"hint": "x" * 201})
    assert_problem(answer, 400, ("hint", "max_length"))


def test_a_wrong_month_is_refused(ana):
    answer = ana.get("insights/narrative/", {"month": "November"})
    body = assert_problem(answer, 400, ("month", "invalid"))
    assert body["detail"] == "month: Give a month as 2026-11."


def test_a_stranger_reads_about_the_own_ledger(ana, ben):
    two_months(ana)
    assert read(ben)["summary"] == "Nothing is recorded in November 2024."
    assert dt.date.fromisoformat(read(ben)["start"]) == dt.date(2024, 11, 1)

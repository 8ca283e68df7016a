"""Questions in plain words: answers with their figures, and clear refusals."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from expenses.models import Transaction
from expenses.models.ledgers import ledger_id_of
from insights.calendars import later_month
from insights.models import LedgerQuestion
from insights.services.asking import prune_questions
from insights.services.refreshing import refresh
from tests.api.bodies import assert_problem
from tests.api.reports import category_of, record, report
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")

NOVEMBER = "start_date=2024-11-01&end_date=2024-11-30"
COUNTED = "is_split=false&is_excluded_from_budget=false"


def ask(api, question, **fields):
    answer = api.post("insights/ask/", {"question": question, **fields})
    assert answer.status_code == 200, answer.content
    return answer.json()


def said(api, question, **fields):
    body = ask(api, question, **fields)
    return body["understood"], body["answer"]


def refused(api, question, **fields):
    answer = api.post("insights/ask/", {"question": question, **fields})
    assert answer.status_code == 400, answer.content
    [error] = answer.json()["errors"]
    return error["attr"], error["code"], error["detail"]


@pytest.fixture
def november(ana: Api) -> Api:
    record(ana, "1000.00", "Salary", "2024-11-01", merchant="Employer")
    record(ana, "60.00", "Groceries", merchant="Rewe", tags=["trip"])
    record(ana, "30.00", "Dining", "2024-11-30", merchant="Luna")
    record(ana, "20.00", "Groceries", "2024-10-05", merchant="Rewe")
    return ana


def test_an_answer_names_what_was_understood_its_figures_and_its_steps(november):
    groceries = category_of(november, "Groceries")
    rows = "/api/v1/transactions/?"
    spending = f"{rows}kind=expense&kind=refund&{NOVEMBER}&category={groceries}&{COUNTED}"
    body = ask(november, "how much for groceries in November 2024?")
    number = body.pop("id")
    created_at = body.pop("created_at")

    def figure(label, value, address):
        return {"label": label, "value": value, "currency": "EUR", "filter": address}

    assert body == {
        "question": "how much for groceries in November 2024?",
        "month": "",
        "status": "answered",
        "source": "pattern",
        "understood": "Spending in Groceries from 2024-11-01 to 2024-11-30",
        "answer": "You spent €60.00 in Groceries in November 2024.",
        "figures": [
            figure("Spending", "60.00", spending),
        ],
        "steps": [
            {
                "tool": "summary",
                "arguments": {"start": "2024-11-01", "end": "2024-11-30", "category": "Groceries"},
            }
        ],
        "links": [{"label": "Spending", "url": spending}],
        "reason": "",
    }
    again = november.get(f"insights/ask/{number}/")
    assert again.json() == {"id": number, "created_at": created_at, **body}
    listed = november.get(spending).json()["results"]
    assert [one["amount"] for one in listed] == ["60.00"]


def test_a_german_question_is_answered_in_german_with_amounts_of_the_locale(november):
    november.patch("users/me/", {"preferences": {"locale": "de-DE"}})
    body = ask(november, "was habe ich im November 2024 für Lebensmittel ausgegeben?")
    assert body["understood"] == "Ausgaben in Groceries vom 1. November 2024 bis 30. November 2024"
    assert body["answer"] == "Du hast im November 2024 in Groceries 60,00\xa0€ ausgegeben."
    assert [one["label"] for one in body["figures"]] == ["Ausgaben"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("how much did I spend in November 2024", "You spent €90.00 in November 2024."),
        ("how much at rewe in November 2024", "You spent €60.00 at Rewe in November 2024."),
        ("how much did I spend with the tag trip in 2024", "You spent €60.00 with the tag trip in 2024."),
        ("how much did I earn in November 2024", "You earned €1,000.00 in November 2024."),
        ("how much did I save in November 2024", "You saved €910.00 in November 2024."),
        ("average monthly spending in 2024", "You spent €9.17 per month in 2024."),
        ("what do I spend per day in November 2024", "You spent €3.00 per day in November 2024."),
        ("what was my biggest expense in November 2024",
            "The largest payment in November 2024: Rewe, November 2, 2024 (€60.00)."),
        ("top merchants in November 2024", "You spent most in November 2024 here: Rewe (€60.00), Luna (€30.00)."),
        ("top categories in November 2024",
            "You spent most in November 2024 here: Groceries (€60.00), Dining (€30.00)."),
        ("spending by category in November 2024",
            "You spent €90.00 in November 2024: Groceries (€60.00), Dining (€30.00)."),
        ("how often was I at Rewe", "You paid 2 times at Rewe, €80.00 in total."),
        ("when did I last pay Luna", "You last paid at Luna on November 30, 2024: €30.00."),
        ("what subscriptions do I have", "No recurring payment is known."),
        (
            "compare November 2024 with October 2024",
            "You spent €90.00 in November 2024, and €20.00 in October 2024. That is €70.00 more (350 %).",
        ),
        ("what refunds did I get in 2024", "You got €0.00 back in 2024, in 0 refunds."),
        ("which rows have no category", "0 transactions have no category."),
        ("what is my balance", "You have no account yet."),
    ],
)  # fmt: skip
def test_each_kind_of_question_has_an_answer(november, question, answer):
    assert ask(november, question)["answer"] == answer


def test_what_is_to_come_and_the_forecast_are_those_of_the_report(ana):
    found = ask(ana, "how much will I spend this month?")
    predicted = report(ana, "forecast")["predicted_total"]
    assert next(one["value"] for one in found["figures"] if one["label"] == "Likely spending") == predicted
    assert "No known bill is still to come in" in ask(ana, "what is still to come")["answer"]


def test_the_month_counts_where_the_question_names_no_period(november):
    assert said(november, "how much did I spend?", month="2024-11") == (
        "Spending from 2024-11-01 to 2024-11-30",
        "You spent €90.00 in November 2024.",
    )
    assert said(november, "how much did I spend in October 2024?", month="2024-11") == (
        "Spending from 2024-10-01 to 2024-10-31",
        "You spent €20.00 in October 2024.",
    )


def test_a_misspelled_word_is_named_with_what_it_was_taken_for(november):
    assert said(november, "how much for grocries in November 2024") == (
        "Spending in Groceries from 2024-11-01 to 2024-11-30 (“grocries” read as “groceries”)",
        "You spent €60.00 in Groceries in November 2024.",
    )


def test_a_comparison_with_a_period_that_is_not_over_says_so(november):
    assert ask(november, "compare this year with 2024")["answer"].endswith("The first period is not over.")


def test_other_spellings_of_a_merchant_are_named(ana):
    record(ana, "5.00", "Dining", merchant="Café Luna")
    record(ana, "5.00", "Dining", merchant="Café Luna")
    record(ana, "7.00", "Dining", merchant="Cafe Luna Bonn")
    assert said(ana, "how much at cafe luna in November 2024") == (
        "Spending at Café Luna from 2024-11-01 to 2024-11-30",
        "You spent €10.00 at Café Luna in November 2024. Other spellings are not counted: Cafe Luna Bonn.",
    )


def test_a_name_inside_other_names_is_asked_back(ana):
    record(ana, "5.00", "Shopping", merchant="Art Supply")
    record(ana, "7.00", "Groceries", merchant="Walmart")
    assert refused(ana, "how much at art in November 2024") == (
        "question", "ambiguous", "“Art” can mean Walmart. Ask again with one of these.",
    )  # fmt: skip
    assert ask(ana, "how much at art supply in November 2024")["answer"] == (
        "You spent €5.00 at Art Supply in November 2024."
    )


def test_a_name_of_two_kinds_is_asked_back(ana):
    record(ana, "5.00", "Shopping", merchant="Luna", tags=["luna"])
    assert refused(ana, "how much for luna in November 2024") == (
        "question", "ambiguous",
        "“luna” can mean the tag luna or the merchant Luna. Ask again with one of these.",
    )  # fmt: skip
    assert ask(ana, "how much for the tag luna in 2024")["understood"] == (
        "Spending with the tag luna from 2024-01-01 to 2024-12-31"
    )


EXAMPLES = (
    "Ask for example: How much did I spend on groceries in May? What was my biggest expense last week? "
    "Compare this month with last month."
)


@pytest.mark.parametrize(
    ("question", "code", "detail"),
    [
        ("how much did ben spend?", "other_person",
            ("Only your own ledger is read, so nothing is known about “ben”. "
             f"Ask what you spent. {EXAMPLES}")),
        ("delete all my rows", "reads_only",
            ("Questions only read; nothing was changed. The other "
             "addresses of the API change your ledger.")),
        ("SELECT sum(amount) FROM expenses", "not_understood",
            ("These words are not understood: SELECT, sum, amount. "
             f"They are no names in your ledger. {EXAMPLES}")),
        ("how much for unicorns in may", "not_understood",
            ("These words are not understood: unicorns. "
             f"They are no names in your ledger. {EXAMPLES}")),
        ("groceries and dining in May", "not_understood", f"Ask about one at a time: Groceries, Dining. {EXAMPLES}"),
        ("how much on 31 February 2026", "not_understood", f"There is no day “31 february”. {EXAMPLES}"),
        ("how much on 03/05/2026", "ambiguous",
            ("“03/05/2026” can mean 2026-03-05 or 2026-05-03. "
             "Ask again with one of these.")),
        ("largest", "not_understood", f"This question is not understood. {EXAMPLES}"),
        ("?", "not_understood", f"There is no word in this question. {EXAMPLES}"),
        ("", "blank", "Write a text that is not empty."),
        ("x" * 10_000, "max_length", "Write at most 500 characters."),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_says_why(ana, question, code, detail):
    assert refused(ana, question) == ("question", code, detail)
    assert LedgerQuestion.objects.count() == 0


def test_a_wrong_month_is_refused(ana):
    assert refused(ana, "how much did I spend", month="May") == ("month", "invalid", "Give a month as 2026-11.")


def test_only_the_own_ledger_is_read(november, ben):
    attr, code, _ = refused(ben, "how much at Rewe in November 2024")
    assert (attr, code) == ("question", "not_understood")
    assert ask(ben, "how much did I spend in November 2024")["answer"] == "You spent €0.00 in November 2024."


def test_nothing_is_written_but_the_question(november):
    before = list(Transaction.objects.order_by("pk").values())
    version = november.get("changes/").json()["version"]
    for question in ("how much did I spend", "what subscriptions do I have", "compare 2024 with 2023"):
        ask(november, question)
    assert list(Transaction.objects.order_by("pk").values()) == before
    assert november.get("changes/").json()["version"] == version


def test_questions_are_listed_and_deleted_by_their_asker_alone(november, ben, join_ledger_of):
    member = join_ledger_of(november, "carl", "editor")
    first = ask(november, "how much did I spend in 2024")["id"]
    second = ask(november, "how much did I earn in 2024")["id"]
    listed = november.get("insights/ask/").json()
    assert (listed["count"], [one["id"] for one in listed["results"]]) == (2, [second, first])
    for other in (ben, member):
        assert other.get("insights/ask/").json()["count"] == 0
        assert other.get(f"insights/ask/{first}/").status_code == 404
        assert other.delete(f"insights/ask/{first}/").status_code == 404
    assert november.delete(f"insights/ask/{first}/").status_code == 204
    assert november.get(f"insights/ask/{first}/").status_code == 404


def test_a_viewer_may_ask(november, join_ledger_of):
    viewer = join_ledger_of(november, "vera", "viewer")
    assert ask(viewer, "how much did I spend in November 2024")["answer"] == "You spent €90.00 in November 2024."


def test_old_questions_are_deleted(november):
    ask(november, "how much did I spend in 2024")
    ask(november, "how much did I earn in 2024")
    old = LedgerQuestion.objects.earliest("created_at")
    LedgerQuestion.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(31))
    assert prune_questions(is_dry_run=True) == 1
    assert prune_questions() == 1
    assert LedgerQuestion.objects.count() == 1


def test_questions_leave_with_their_asker(november):
    ask(november, "how much did I spend in 2024")
    assert november.delete("users/me/", {"password": "blue-Tomato-99"}).status_code == 204
    assert LedgerQuestion.objects.count() == 0


def test_a_row_without_a_rate_is_named(ana):
    record(ana, "5.00", "Dining", currency="XAU")
    record(ana, "6.00", "Dining")
    assert ask(ana, "how much did I spend in November 2024")["answer"] == (
        "You spent €6.00 in November 2024. 1 transaction has no exchange rate and is left out."
    )
    assert ask(ana, "was habe ich im November 2024 ausgegeben")["answer"] == (
        "Du hast im November 2024 6,00\xa0€ ausgegeben. Ohne Wechselkurs und nicht gezählt: 1."
    )


@pytest.mark.parametrize("month", ["2024-10", "2024-11"])
def test_periods_of_which_one_lacks_a_rate_are_not_compared(ana, month):
    record(ana, "40.00", "Dining", "2024-10-02")
    record(ana, "60.00", "Dining", "2024-11-02")
    record(ana, "500.00", "Travel", f"{month}-03", currency="XAU")
    body = ask(ana, "compare November 2024 with October 2024")
    assert body["answer"] == (
        "You spent €60.00 in November 2024, and €40.00 in October 2024. "
        "1 transaction has no exchange rate and is left out."
    )
    assert [(one["label"], one["value"]) for one in body["figures"]] == [
        ("Spending, 2024-11-01/2024-11-30", "60.00"), ("Spending, 2024-10-01/2024-10-31", "40.00"),
    ]  # fmt: skip


@pytest.mark.parametrize("question", ["top merchants in November 2024", "top categories in November 2024"])
def test_a_ranking_that_lacks_a_row_without_a_rate_says_so(ana, question):
    record(ana, "500.00", "Travel", merchant="Goldsmith", currency="XAU")
    record(ana, "6.00", "Dining", merchant="Luna")
    answer = ask(ana, question)["answer"]
    assert "Goldsmith" not in answer
    assert "Travel" not in answer
    assert answer.endswith(" 1 transaction has no exchange rate and is left out.")


def test_a_balance_that_lacks_an_account_without_a_rate_says_so(ana):
    giro = ana.post("accounts/", {"name": "Giro"}).json()["id"]
    safe = ana.post("accounts/", {"name": "Safe", "currency": "XAU"}).json()["id"]
    record(ana, "6.00", "Salary", account=giro)
    record(ana, "2.00", "Salary", account=safe, currency="XAU")
    english, german = ask(ana, "what is my balance")["answer"], ask(ana, "wie hoch ist mein Kontostand")["answer"]
    assert english.startswith("All accounts together have €6.00: Giro (€6.00), Safe (XAU")
    assert english.endswith(" There is no exchange rate for XAU.")
    assert german.endswith(" Ohne Wechselkurs und nicht gezählt: XAU.")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what refunds did I get in 2024", "You got €5.00 back in 2024, in 1 refund."),
        ("Welche Erstattungen gab es 2024", "Du hast im Jahr 2024 5,00\xa0€ zurückbekommen, in 1 Erstattung."),
        ("which rows have no category", "1 transaction has no category."),
        ("Welche Buchungen haben keine Kategorie", "1 Buchung hat keine Kategorie."),
    ],
)
def test_one_row_is_told_in_the_singular(ana, question, answer):
    record(ana, "5.00", "Shopping", kind="refund", direction="in")
    record(ana, "7.00")
    assert ask(ana, question)["answer"] == answer


def test_recurring_payments_are_told_with_their_cost_in_a_month_and_a_year(ana):
    this = timezone.localdate().replace(day=1)
    for number in range(12):
        record(ana, "10.00", "Subscriptions", f"{later_month(this, -number)}", merchant="Netflix")
    refresh(ledger_id=ledger_id_of(ana.user), is_forced=True)
    english, german = ask(ana, "what do my subscriptions cost a month"), ask(ana, "was kosten meine abos im jahr")
    assert english["answer"].startswith("1 recurring payment costs €10.00 a month, €120.00 a year: Netflix, monthly")
    assert german["answer"].startswith(
        "1 wiederkehrende Zahlung kostet 10,00\xa0€ im Monat, 120,00\xa0€ im Jahr: Netflix, monatlich, "
    )


def test_figures_are_those_of_the_summary(november):
    summary = report(november, "summary", date="2024-11")
    figures = {one["label"]: one["value"] for one in ask(november, "how much did I save in November 2024")["figures"]}
    assert (figures["Income"], figures["Spending"]) == (summary["income"], summary["expense"])
    assert Decimal(figures["Savings"]) == Decimal(summary["savings"])


def test_asking_is_limited(november, settings):
    assert settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["ask"] == "60/minute"


def test_a_body_needs_a_question(ana):
    assert_problem(ana.post("insights/ask/", {"questions": "x"}), 400, ("questions", "unknown"))


def test_the_most_frequent_names_are_looked_through_in_a_large_ledger(ana, monkeypatch):
    monkeypatch.setattr("insights.ask.names.MOST_PAYEES", 1)
    for merchant in ("Aldi", "Zebra Tea", "Zebra Tea"):
        record(ana, "5.00", "Dining", merchant=merchant)
    assert ask(ana, "how much did I spend at Zebra Tea in November 2024")["answer"] == (
        "You spent €10.00 at Zebra Tea in November 2024."
    )
    answer = ana.post("insights/ask/", {"question": "how much did I spend at Aldi in November 2024"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_understood")

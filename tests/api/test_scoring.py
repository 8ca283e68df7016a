"""The endpoint that scores one payment."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import Category, Transaction
from expenses.models.ledgers import ledger_id_of
from insights.models import InsightState
from insights.services.refreshing import refresh
from tests.conftest import Api

PATH = "insights/score-transaction/"
NETFLIX = {"description": "NETFLIX.COM 99887", "amount": "54.18", "date": "2026-10-01"}
UNKNOWN = {
    "score": None,
    "is_anomalous": False,
    "insufficient_history": True,
    "reasons": ["There is nothing to compare with yet: 0 payments of this kind in your ledger."],
    "n_history": 0,
    "expected": None,
    "compared_with": None,
    "duplicate_of": None,
    "is_left_out": None,
    "currency": "EUR",
    "computed_at": None,
    "is_stale": True,
}


@pytest.fixture
def paid(ana: Api, silent_chain: None) -> Api:
    """A year of one subscription and of meals, computed."""
    rows = [("NETFLIX.COM 12345", "12.90", 28 * n) for n in range(9)]
    rows += [(f"Cafe Luna {n}", f"{8 + n % 7}.50", 5 * n) for n in range(50)]
    record(ana, rows)
    recompute(ana)
    return ana


def recompute(api: Api) -> None:
    assert api.user is not None
    refresh(ledger_id=ledger_id_of(api.user))


def record(api: Api, rows: list[tuple[str, str, int]], **fields: object) -> list[int]:
    texts = [
        {"description": text, "amount": amount, "direction": "out", "category": "Dining"}
        | {"date": (dt.date(2026, 1, 1) + dt.timedelta(day)).isoformat()}
        | fields
        for text, amount, day in rows
    ]
    answer = api.post("transactions/bulk/", {"transactions": texts})
    assert answer.json()["errors"] == [], answer.json()
    return list(Transaction.objects.order_by("-pk").values_list("pk", flat=True)[: len(rows)])


def scored(api, body):
    answer = api.post(PATH, body)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_fourfold_price_is_unusual_with_reasons(paid):
    body = scored(paid, NETFLIX)

    state = InsightState.objects.get()
    n = round(1000 * (1 - body["score"]))
    assert body == UNKNOWN | {
        "score": body["score"],
        "is_anomalous": True,
        "insufficient_history": False,
        "reasons": [
            "4.2 times what this payee usually takes (12.90 EUR; 9 payments).",
            "More than this payee ever was at before: 12.90 EUR was the most.",
            f"Of 1,000 ordinary payments, about {n} would be as unusual.",
        ],
        "n_history": 9,
        "expected": {"usual": "12.90"} | {name: body["expected"][name] for name in ("low", "high")},
        "compared_with": "payee",
        "computed_at": str(state.computed_at and state.computed_at.isoformat()).replace("+00:00", "Z"),
        "is_stale": False,
    }
    assert 0.99 <= body["score"] <= 1


def test_the_usual_amount_is_not_unusual(paid):
    body = scored(paid, NETFLIX | {"amount": "12.90"})

    assert (body["is_anomalous"], body["compared_with"]) == (False, "payee")
    assert body["score"] < 0.9


@pytest.mark.parametrize(("amount", "ratio"), [("1.29", "0.1"), ("6.45", "0.5"), ("0.01", "0.00078")])
def test_less_than_usual_is_not_said_to_be_near_it(paid, amount, ratio):
    body = scored(paid, NETFLIX | {"amount": amount})

    assert body["is_anomalous"] is False
    assert body["reasons"] == [
        f"{ratio} times the median of this payee (12.90 EUR; 9 payments).",
        "Not unusual: it is less than the usual 12.90 EUR, and only payments that are too high are called unusual.",
    ]


@pytest.mark.parametrize("share", [0.009951, 0.01004, 0.010049, 0.01006])
def test_a_shown_score_of_99_in_100_is_unusual(paid, monkeypatch, share):
    monkeypatch.setattr("insights.anomalies.amount_scores.Calibration.chance", lambda *_: share)
    body = scored(paid, NETFLIX)

    assert body["is_anomalous"] is (body["score"] >= 0.99)
    assert any("Not unusual" in reason for reason in body["reasons"]) is not body["is_anomalous"]


def test_first_payment_is_compared_with_its_category_or_all(paid):
    new = {"description": "Ristorante Sole", "amount": "400", "date": "2026-10-01"}

    in_category, at_all = scored(paid, new | {"category": "Dining"}), scored(paid, new)

    assert (in_category["compared_with"], at_all["compared_with"]) == ("category", "all")
    assert in_category["is_anomalous"]
    assert in_category["n_history"] == 0
    assert in_category["reasons"][0] == "The first payment to this payee."
    assert in_category["reasons"][1].startswith("Payments in this category: eight of ten are expected from ")
    assert in_category["reasons"][1].endswith("; this is more than any so far.")


def test_transaction_is_compared_with_all_others(paid):
    (pk,) = record(paid, [("NETFLIX.COM 99887", "54.18", 270)])
    before = scored(paid, {"transaction": pk})
    recompute(paid)
    after = scored(paid, {"transaction": pk})

    assert (before["is_stale"], before["is_left_out"], before["n_history"]) == (True, True, 9)
    assert (after["is_stale"], after["is_left_out"], after["n_history"]) == (False, True, 9)
    usual = "4.2 times what this payee usually takes (12.90 EUR; 9 payments)."
    assert before["reasons"][0] == after["reasons"][0] == usual
    assert after["is_anomalous"]


def test_edited_transaction_may_not_be_left_out(paid):
    row = Transaction.objects.filter(match_text__startswith="netflix").first()
    paid.patch(f"expenses/{row.pk}/", {"amount": "54.18"})

    assert scored(paid, {"transaction": row.pk})["is_left_out"] is False


def test_only_payment_of_a_payee_is_a_first_one(paid):
    (pk,) = record(paid, [("Ristorante Sole", "400", 200)])
    recompute(paid)

    body = scored(paid, {"transaction": pk})
    assert body["n_history"] == 0
    assert body["reasons"][0].startswith("The first payment to this payee")


def test_doubled_charge_names_the_first(paid):
    (pk,) = record(paid, [("NETFLIX.COM 77", "12.90", 271)])
    recompute(paid)

    body = scored(paid, NETFLIX | {"amount": "12.90", "date": "2026-10-01"})
    assert body["duplicate_of"] == pk
    assert body["reasons"][0] == "The same payee took the same amount 2 days before."
    assert scored(paid, {"transaction": pk})["duplicate_of"] is None


def test_usual_repeat_is_no_doubled_charge(paid):
    record(paid, [("Kiosk", "2.00", n // 2) for n in range(60)])
    recompute(paid)

    assert scored(paid, {"description": "Kiosk", "amount": "2", "date": "2026-01-30"})["duplicate_of"] is None


def test_confirmed_text_finds_its_merchant(paid):
    record(paid, [("SQ 88 LUNABAR", "7", 3 * n) for n in range(6)], merchant="Bar Luna")
    recompute(paid)
    text = Transaction.objects.filter(merchant="Bar Luna").first().match_text

    assert scored(paid, {"description": text, "amount": "7"})["n_history"] == 6
    assert scored(paid, {"description": "?", "merchant": "bar luna", "amount": "7"})["n_history"] == 6


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("SPOTIFY.COM", "Spotify"),
        ("Spotify Stockholm", "Spotify"),
        ("MUELLER.DE", "M\u00fcller"),
        ("ZWIRNLADEN.COM/BESTELLUNG", "Zwirnladen"),
        ("ZWIRNLADEN.DE", "Zwirnladen"),
        ("ZWIRNLADEN.CO.UK", "Zwirnladen"),
    ],
)
def test_new_text_finds_its_payee_by_brand_or_address(paid, text, known):
    record(paid, [(known, "8.99", 20 * n) for n in range(6)])
    recompute(paid)

    body = scored(paid, {"description": text, "amount": "30", "date": "2026-10-01"})
    assert (body["n_history"], body["compared_with"], body["expected"]["usual"]) == (6, "payee", "8.99")


def test_payments_to_a_brand_count_together_however_they_are_written(paid):
    before = scored(paid, NETFLIX)["n_history"]
    record(paid, [("Netflix", "8.99", 20 * n) for n in range(6)])
    recompute(paid)

    assert scored(paid, NETFLIX)["n_history"] == before + 6


def test_doubled_charge_with_another_text_names_the_first(paid):
    (pk,) = record(paid, [("Netflix", "8.99", 271)])
    Transaction.objects.filter(match_text__startswith="netflix").exclude(pk=pk).delete()
    recompute(paid)

    assert (
        scored(paid, {"description": "NETFLIX GMBH.DE", "amount": "8.99", "date": "2026-10-01"})["duplicate_of"] == pk
    )


def test_other_currency_is_converted_or_names_its_rate(paid):
    chf = NETFLIX | {"currency": "CHF"}
    missing = paid.post(PATH, chf)
    assert missing.status_code == 400
    assert missing.json()["errors"][0]["attr"] == "currency"
    assert "No rate from CHF to EUR is known for 2026-10-01" in missing.json()["errors"][0]["detail"]

    paid.post("rates/", {"base": "CHF", "quote": "EUR", "date": "2026-10-01", "rate": "2"})
    body = scored(paid, chf)
    assert (body["currency"], body["reasons"][0]) == (
        "EUR",
        "8.4 times what this payee usually takes (12.90 EUR; 9 payments).",
    )


def test_income_is_compared_with_income(paid):
    record(paid, [("Employer", "2000", 30 * n) for n in range(9)], direction="in", category="Salary")
    recompute(paid)

    body = scored(paid, {"description": "Employer", "amount": "4000", "direction": "in"})
    times = {True: "2.0 times what this payee usually pays", False: "2.0 times the median of this payee"}
    assert body["reasons"][0] == f"{times[body['is_anomalous']]} (2000.00 EUR; 9 payments)."
    assert scored(paid, {"description": "Employer", "amount": "4000", "category": "Salary"})["n_history"] == 9
    assert scored(paid, {"description": "Employer", "amount": "4000"})["n_history"] == 0


def test_empty_ledger_gives_no_score(ana, silent_chain):
    assert scored(ana, NETFLIX) == UNKNOWN


def test_score_ignores_other_ledgers(paid, ben, anyone):
    pk = Transaction.objects.first().pk

    assert scored(ben, NETFLIX) == UNKNOWN
    assert ben.post(PATH, {"transaction": pk}).json()["errors"] == [
        {"code": "does_not_exist", "detail": f"There is no transaction {pk}.", "attr": "transaction"}
    ]
    assert anyone.post(PATH, NETFLIX).status_code == 401


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"amount", "description"}),
        ({"description": "x"}, {"amount"}),
        ({"description": "x", "amount": "0"}, {"amount"}),
        ({"description": "x", "amount": "-3"}, {"amount"}),
        ({"description": "x", "amount": "3", "date": "2026-02-30"}, {"date"}),
        ({"description": "x", "amount": "3", "currency": "XXZ"}, {"currency"}),
        ({"description": "x", "amount": "3", "category": "No such"}, {"category"}),
        ({"description": "x", "amount": "3", "direction": "up"}, {"direction"}),
        ({"description": "x", "amount": "3", "direction": "out", "category": "Salary"}, {"direction"}),
        ({"description": "x", "amount": "3", "colour": "red"}, {"colour"}),
        ({"transaction": 0}, {"transaction"}),
        ({"transaction": 2**80}, {"transaction"}),
        ({"transaction": "all"}, {"transaction"}),
        ({"transaction": 1, "amount": "3"}, {"transaction"}),
    ],
)
def test_bad_input_names_its_field(ana, body, fields):
    answer = ana.post(PATH, body)

    assert answer.status_code == 400
    assert {error["attr"] for error in answer.json()["errors"]} == fields


def test_transaction_with_other_fields_is_rejected(paid):
    answer = paid.post(PATH, {"transaction": Transaction.objects.first().pk, "amount": "3"})

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "amount")


def test_transfer_is_not_scored(paid):
    for name in ("Left", "Right"):
        paid.post("accounts/", {"name": name})
    paid.post("transfers/", {"from_account": "Left", "to_account": "Right", "amount": "5"})
    half = Transaction.objects.filter(kind="transfer").first()
    category = Category.objects.filter(kind="transfer").first()

    assert paid.post(PATH, {"transaction": half.pk}).json()["errors"][0]["code"] == "transfer"
    if category is not None:
        body = {"description": "x", "amount": "3", "category": category.pk}
        assert paid.post(PATH, body).json()["errors"][0]["code"] == "transfer"


def test_score_makes_constant_queries(paid):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            scored(paid, NETFLIX)
        return len(queries)

    scored(paid, NETFLIX)  # the first question of a day is written down
    before = n_queries()
    record(paid, [(f"Shop {n}", f"{n + 1}", n) for n in range(60)])
    recompute(paid)

    assert n_queries() == before

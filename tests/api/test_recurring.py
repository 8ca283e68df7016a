"""Recurring payments over HTTP: computed, and confirmed or rejected for good."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from expenses.models.ledgers import ledger_id_of
from insights.models import RecurringChoice, RecurringPayment
from insights.services.refreshing import refresh
from tests.api.bodies import assert_problem
from tests.api.spending import record, row

pytestmark = pytest.mark.usefixtures("silent_chain")

TODAY = dt.date(2026, 6, 10)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    noon = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: noon)


def months(text, amounts, *, day=5, category=None, **fields):
    """Record one payment a month until June 2026."""
    first = 7 - len(amounts)
    days = [dt.date(2026, first + place, day) for place in range(len(amounts))]
    return [row(day, amount, text, category, **fields) for day, amount in zip(days, amounts, strict=True)]


def stream(n=4, amount="9.99"):
    return months("Streamflix", [amount] * n, category="Entertainment")


def refreshed(api, **query):
    refresh(ledger_id=ledger_id_of(api.user))
    return listed(api, **query)


def listed(api, **query):
    answer = api.get("insights/recurring/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def payees(body):
    return [one["payee"] for one in body["results"]]


def choose(api, pk, verdict, **fields):
    answer = api.put(f"insights/recurring/{pk}/choice/", {"verdict": verdict, **fields})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_subscription_is_found_with_its_next_date(ana):
    record(ana, stream())
    body = refreshed(ana)
    [one] = body["results"]
    computed_at = body.pop("computed_at")
    pk, category = one["id"], one["category"]
    assert dt.datetime.fromisoformat(computed_at).tzinfo is not None
    assert body == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "id": pk,
                "name": "Streamflix",
                "payee": "Streamflix",
                "kind": "expense",
                "category": category,
                "category_name": "Entertainment",
                "rhythm": "monthly",
                "currency": "EUR",
                "amount": "9.99",
                "low": "9.99",
                "high": "9.99",
                "is_varying": False,
                "monthly_cost": "9.99",
                "in_base": {"currency": "EUR", "amount": "9.99", "low": "9.99", "high": "9.99", "monthly_cost": "9.99"},
                "status": "mature",
                "confidence": one["confidence"],
                "verdict": None,
                "first_on": "2026-03-05",
                "last_on": "2026-06-05",
                "next_on": "2026-07-05",
                "window_days": 4,
                "missed": [],
                "raised": None,
                "doubled": [],
                "n_payments": 4,
                "choice": None,
            }
        ],
        "totals": {"expense": {"month": "9.99", "year": "119.88"}, "income": {"month": "0.00", "year": "0.00"}},
        "currency": "EUR",
        "is_stale": False,
        "n_unconverted": 0,
        "rates_used": [],
        "rates_url": None,
        "history": {"weeks": 14, "is_sufficient": True, "note": None},
        "recorded_until": "2026-06-05",
    }
    assert 0.9 < one["confidence"] < 1


RATES = ["0.9010", "0.8625", "0.8710", "0.8925", "0.8800", "0.8925"]


def paid_in_dollars(api, amounts):
    """Record a bill of some dollars a month, at another rate each time."""
    for day, rate in zip(range(1, 7), RATES, strict=True):
        given = {"base": "USD", "quote": "EUR", "date": f"2026-{day:02}-05", "rate": rate}
        assert api.post("rates/", given).status_code == 201
    record(api, months("Cloud storage", amounts, category="Subscriptions", currency="USD"))


def test_a_bill_is_judged_in_its_own_currency(ana):
    paid_in_dollars(ana, ["4.00"] * 5)
    body = refreshed(ana)
    [one] = body["results"]
    names = ("currency", "amount", "low", "high", "is_varying", "monthly_cost", "raised", "status")
    assert {name: one[name] for name in names} == {
        "currency": "USD", "amount": "4.00", "low": "4.00", "high": "4.00", "is_varying": False, "monthly_cost": "4.00",
        "raised": None, "status": "mature",
    }  # fmt: skip
    assert one["in_base"] == {
        "currency": "EUR", "amount": "3.57", "low": "3.57", "high": "3.57", "monthly_cost": "3.57",
    }  # fmt: skip
    assert (body["currency"], body["totals"]["expense"]) == ("EUR", {"month": "3.57", "year": "42.84"})


def test_a_bill_without_a_rate_of_today_is_forecast_at_that_of_its_last_payment(ana, monkeypatch):
    paid_in_dollars(ana, ["4.00"] * 5)
    refreshed(ana)
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 7, 8, 12, tzinfo=dt.UTC))
    body = ana.get("insights/forecast/").json()
    assert [(one["due_on"], one["amount"]) for one in body["still_to_come"]] == [("2026-07-05", "3.57")]
    assert "left out" not in body["explanation"]


def test_a_raised_price_is_told_in_its_own_currency(ana):
    paid_in_dollars(ana, ["4.00", "4.00", "4.00", "4.00", "5.00", "5.00"])
    [one] = refreshed(ana)["results"]
    assert one["raised"] == {"from": "4.00", "to": "5.00", "on": "2026-05-05"}
    choose(ana, one["id"], "confirmed")
    refreshed(ana)
    [rise] = ana.get("insights/anomalies/", {"kind": "price_rise"}).json()["results"]
    assert {name: rise[name] for name in ("currency", "observed", "expected", "interval", "in_base", "reason")} == {
        "currency": "USD",
        "observed": "5.00",
        "expected": "4.00",
        "interval": ["4.00", "4.00"],
        "in_base": {"currency": "EUR", "observed": "4.40", "expected": "3.52"},
        "reason": "Cloud storage takes 5.00 USD since 2026-05-05, 4.00 USD before: 25% more.",
    }


def test_a_payee_that_is_paid_in_two_currencies_has_two_contracts(ana):
    paid_in_dollars(ana, ["4.00"] * 5)
    record(ana, months("Cloud storage", ["3.60"] * 5, day=20, category="Subscriptions"))
    body = refreshed(ana)
    assert {(one["currency"], one["amount"]) for one in body["results"]} == {("USD", "4.00"), ("EUR", "3.60")}


def test_a_verdict_on_a_bill_in_another_currency_holds(ana):
    paid_in_dollars(ana, ["4.00"] * 5)
    [one] = refreshed(ana)["results"]
    choice = choose(ana, one["id"], "confirmed", name="Storage")["choice"]
    assert (choice["currency"], choice["low"], choice["high"]) == ("USD", "3.20", "5.00")
    assert [(one["name"], one["verdict"]) for one in refreshed(ana)["results"]] == [("Storage", "confirmed")]


def test_the_detail_has_its_payments(ana):
    ids = record(ana, stream())
    [one] = refreshed(ana)["results"]
    answer = ana.get(f"insights/recurring/{one['id']}/").json()
    assert answer.pop("payments") == [
        {"id": pk, "date": f"2026-0{month}-05", "amount": "9.99", "currency": "EUR"}
        for pk, month in zip(ids, range(3, 7), strict=True)
    ]
    assert answer == one


def test_the_first_request_queues_a_computation(ana, run_tasks):
    record(ana, stream())
    before = listed(ana)
    assert (before["results"], before["computed_at"], before["is_stale"]) == ([], None, True)
    run_tasks()
    assert payees(listed(ana)) == ["Streamflix"]


NOT_YET = "Nothing is computed yet; a worker is at it. Ask again in a few seconds."
NOT_AGAIN_YET = "The ledger has changed since; a worker is at it. Ask again in a few seconds."
SHORT = (
    "insufficient_history: 1 week of transactions can show few recurring payments. A monthly one is found for sure "
    "after three payments."
)


def test_right_after_an_import_the_list_says_that_nothing_is_computed_yet(ana, run_tasks, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Giro"})
    lines = "".join(f"2026-0{month}-05;Streamflix;-9.99;EUR\n" for month in range(3, 7))
    file = SimpleUploadedFile("giro.csv", f"Date;Payee;Amount;Currency\n{lines}".encode())
    sent = {"file": file, "account": "Giro", "commit": True}
    assert ana.post("imports/", sent, format="multipart").json()["status"] == "committed"
    body = listed(ana)
    history = {"weeks": 0, "is_sufficient": False, "note": NOT_YET}
    fresh = {"count": 0, "computed_at": None, "is_stale": True, "history": history, "recorded_until": None}
    assert {name: body[name] for name in fresh} == fresh
    assert body["history"] == ana.get("insights/anomalies/").json()["history"]
    run_tasks()
    assert payees(listed(ana)) == ["Streamflix"]


def test_a_short_history_and_a_change_since_are_noted(ana):
    record(ana, [row(TODAY, "1.00", "Kiosk", None)])
    assert refreshed(ana)["history"] == {"weeks": 1, "is_sufficient": False, "note": SHORT}
    record(ana, [row(TODAY, "2.00", "Kiosk", None)])
    assert listed(ana)["history"] == {"weeks": 1, "is_sufficient": False, "note": NOT_AGAIN_YET}


def test_a_rise_and_a_doubled_payment_are_named(ana):
    rows = months("Streamflix", ["9.99", "9.99", "9.99", "11.99", "11.99"])
    ids = record(ana, [*rows, row(dt.date(2026, 6, 6), "11.99", "Streamflix", None)])
    [one] = refreshed(ana)["results"]
    assert one["raised"] == {"from": "9.99", "to": "11.99", "on": "2026-05-05"}
    assert one["doubled"] == [[ids[4], ids[5]]]
    assert (one["amount"], one["n_payments"]) == ("11.99", 5)


def test_a_bill_paid_twice_a_month_costs_twice(ana):
    record(ana, stream() + stream())
    body = refreshed(ana)
    assert [(one["monthly_cost"], one["doubled"]) for one in body["results"]] == [("9.99", [])] * 2
    assert body["totals"]["expense"]["month"] == "19.98"


def test_salaries_are_income(ana):
    record(ana, months("Employer", ["2500.00"] * 4, category="Salary", direction="in"))
    body = refreshed(ana)
    assert [(one["kind"], one["monthly_cost"]) for one in body["results"]] == [("income", "2500.00")]
    assert body["totals"]["income"] == {"month": "2500.00", "year": "30000.00"}


def test_the_list_is_narrowed(ana):
    rows = [
        *stream(),
        *months("Employer", ["2500.00"] * 4, day=1, direction="in"),
        *months("Power works", ["60", "80", "70", "55"], day=8),
        *[row(dt.date(2026, month, 3), "30", "Gym", None) for month in (1, 2, 3, 4)],
    ]
    record(ana, rows)
    assert payees(refreshed(ana)) == ["Employer", "Streamflix", "Power works", "Gym"]
    assert payees(listed(ana, kind="income")) == ["Employer"]
    assert payees(listed(ana, status="early")) == ["Power works"]
    assert payees(listed(ana, status="ended")) == ["Gym"]
    assert payees(listed(ana, category="Entertainment")) == ["Streamflix"]
    assert payees(listed(ana, due_until="2026-07-05")) == ["Employer", "Streamflix"]
    assert payees(listed(ana, rhythm="weekly")) == []
    assert payees(listed(ana, verdict="confirmed")) == []


def test_ended_payments_come_last(ana):
    gym = [row(dt.date(2025, month, 3), "30", "Gym", None) for month in range(1, 7)]
    record(ana, [*gym, *stream()])
    found = refreshed(ana)
    assert [(one["payee"], one["status"], one["next_on"]) for one in found["results"]] == [
        ("Streamflix", "mature", "2026-07-05"),
        ("Gym", "ended", None),
    ]
    assert found["totals"]["expense"]["month"] == "9.99"


def test_payments_due_after_the_last_record_are_not_missed(ana):
    record(ana, [row(dt.date(2025, month, 5), "9.99", "Gym", None) for month in (9, 10, 11, 12)])
    body = refreshed(ana)
    [gym] = body["results"]
    assert (gym["status"], gym["next_on"], gym["missed"]) == ("mature", "2026-01-05", [])
    assert (body["recorded_until"], body["totals"]["expense"]["month"]) == ("2025-12-05", "9.99")


def test_a_confirmed_maybe_is_mature_at_once_and_for_good(ana):
    record(ana, months("Power works", ["60", "80", "70", "55"], day=8))
    [one] = refreshed(ana)["results"]
    assert (one["status"], one["is_varying"]) == ("early", True)
    choose(ana, one["id"], "confirmed", name="Electricity")
    for body in (listed(ana), refreshed(ana, verdict="confirmed")):
        [said] = body["results"]
        assert (said["id"], said["status"], said["verdict"]) == (one["id"], "mature", "confirmed")
        assert (said["name"], said["payee"]) == ("Electricity", "Power works")
        assert body["totals"]["expense"]["month"] == one["monthly_cost"]


def test_a_rejected_payment_stays_away_when_found_again(ana):
    ids = record(ana, stream())
    [one] = refreshed(ana)["results"]
    said = choose(ana, one["id"], "rejected")
    assert said["verdict"] == "rejected"
    assert listed(ana)["results"] == []
    ana.delete("transactions/bulk/", {"ids": ids})
    assert refreshed(ana, verdict="rejected")["results"] == []
    record(ana, stream())
    assert refreshed(ana)["results"] == []
    [again] = listed(ana, verdict="rejected")["results"]
    assert again["choice"] == said["choice"]
    assert listed(ana, verdict="rejected")["totals"]["expense"]["month"] == again["monthly_cost"]


def test_a_choice_is_taken_back(ana):
    record(ana, stream())
    [one] = refreshed(ana)["results"]
    choose(ana, one["id"], "rejected")
    choice = f"insights/recurring/{one['id']}/choice/"
    assert ana.delete(choice).status_code == 204
    assert listed(ana)["results"] == [one]
    assert_problem(ana.delete(choice), 404, (None, "not_found"))


def test_a_choice_is_changed_in_place(ana):
    record(ana, stream())
    [one] = refreshed(ana)["results"]
    first = choose(ana, one["id"], "rejected")["choice"]
    second = choose(ana, one["id"], "confirmed", name="Films")["choice"]
    assert second["id"] == first["id"]
    assert (second["verdict"], second["name"]) == ("confirmed", "Films")
    assert RecurringChoice.objects.count() == 1


def test_a_choice_is_synced_to_clients(ana):
    record(ana, stream())
    [one] = refreshed(ana)["results"]
    before = ana.get("changes/", {"since": 0}).json()["version"]
    choice = choose(ana, one["id"], "confirmed")["choice"]
    news = ana.get("changes/", {"since": before}).json()
    assert news["recurring_choices"] == [choice]
    ana.delete(f"insights/recurring/{one['id']}/choice/")
    after = ana.get("changes/", {"since": news["version"]}).json()
    assert [(stone["type"], stone["id"]) for stone in after["deleted"]] == [("recurring_choice", choice["id"])]


def test_an_id_survives_another_payment(ana):
    record(ana, months("Streamflix", ["9.99"] * 4)[:3])
    [before] = refreshed(ana)["results"]
    record(ana, months("Streamflix", ["9.99"] * 4)[3:])
    [after] = refreshed(ana)["results"]
    assert (after["id"], after["n_payments"]) == (before["id"], 4)


def test_an_id_survives_rows_recorded_anew(ana):
    ids = record(ana, stream())
    [before] = refreshed(ana)["results"]
    ana.delete("transactions/bulk/", {"ids": ids})
    record(ana, stream())
    [after] = refreshed(ana)["results"]
    assert after["id"] == before["id"]


def test_a_confirmed_payment_is_followed_through_price_rises(ana):
    record(ana, months("Streamflix", ["9.99"] * 5)[:3])
    [one] = refreshed(ana)["results"]
    choose(ana, one["id"], "confirmed", name="Films")
    record(ana, months("Streamflix", ["11.99"] * 2))
    [after] = refreshed(ana)["results"]
    assert (after["id"], after["name"], after["amount"]) == (one["id"], "Films", "11.99")


def test_a_rejected_bill_is_never_missing(ana, monkeypatch):
    weekly = [row(dt.date(2025, 6, 2) + dt.timedelta(7 * week), "40", "Corner shop", None) for week in range(54)]
    rent = [row(dt.date(2025, 6 + month, 2), "800", "Rent Meyer", None) for month in range(6)]
    record(ana, [*weekly, *rent])
    [found] = [one for one in refreshed(ana)["results"] if one["payee"] == "Rent Meyer"]
    assert missing_bills(ana) == ["rent meyer"]
    choose(ana, found["id"], "rejected")
    refresh(ledger_id=ledger_id_of(ana.user))
    assert missing_bills(ana) == []


def missing_bills(api):
    answer = api.get("insights/anomalies/", {"kind": "missing_bill"})
    return [one["payee"].casefold() for one in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"status": "gone"}, ("status", "invalid_choice")),
        ({"verdict": "maybe"}, ("verdict", "invalid_choice")),
        ({"rhythm": "daily"}, ("rhythm", "invalid_choice")),
        ({"kind": "refund"}, ("kind", "invalid_choice")),
        ({"category": "Nothing like it"}, ("category", "does_not_exist")),
        ({"due_until": "soon"}, ("due_until", "invalid")),
        ({"colour": "red"}, ("colour", "unknown")),
        ({"cursor": ""}, ("cursor", "unknown")),
        ({"format": "svg"}, ("format", "unknown")),
    ],
)
def test_an_invalid_filter_is_refused(ana, query, error):
    assert_problem(ana.get("insights/recurring/", query), 400, error)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("verdict", "required")),
        ({"verdict": "maybe"}, ("verdict", "invalid_choice")),
        ({"verdict": "confirmed", "nick": "x"}, ("nick", "unknown")),
        ({"verdict": "confirmed", "name": "x" * 101}, ("name", "max_length")),
    ],
)
def test_an_invalid_choice_is_refused(ana, body, error):
    record(ana, stream())
    [one] = refreshed(ana)["results"]
    assert_problem(ana.put(f"insights/recurring/{one['id']}/choice/", body), 400, error)
    assert RecurringChoice.objects.count() == 0


def test_a_stranger_sees_and_writes_nothing(ana, ben):
    record(ana, stream())
    [one] = refreshed(ana)["results"]
    choose(ana, one["id"], "confirmed")
    detail = f"insights/recurring/{one['id']}/"
    assert refreshed(ben)["results"] == []
    assert_problem(ben.get(detail), 404, (None, "not_found"))
    assert_problem(ben.put(f"{detail}choice/", {"verdict": "rejected"}), 404, (None, "not_found"))
    assert_problem(ben.delete(f"{detail}choice/"), 404, (None, "not_found"))
    assert RecurringChoice.objects.get().verdict == "confirmed"


def test_a_viewer_reads_and_may_not_choose(ana, join_ledger_of):
    record(ana, stream())
    [one] = refreshed(ana)["results"]
    vera = join_ledger_of(ana, "vera", "viewer")
    assert listed(vera)["results"] == [one]
    choice = f"insights/recurring/{one['id']}/choice/"
    assert_problem(vera.put(choice, {"verdict": "rejected"}), 403, (None, "permission_denied"))
    assert_problem(vera.delete(choice), 403, (None, "permission_denied"))


def test_the_list_costs_the_same_for_many(ana):
    record(ana, stream())
    refreshed(ana)
    few = n_queries(ana)
    record(ana, [one for i in range(20) for one in months(f"Club {chr(97 + i)}", [str(20 + i)] * 4, day=1 + i % 9)])
    for one in refreshed(ana)["results"][:5]:
        choose(ana, one["id"], "confirmed")
    refreshed(ana)
    assert RecurringPayment.objects.count() == 21
    assert n_queries(ana) == few


def n_queries(api):
    with CaptureQueriesContext(connection) as queries:
        assert api.get("insights/recurring/").status_code == 200
    return len(queries)

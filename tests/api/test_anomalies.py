"""Anomalies are computed by a worker, explained, and hidden by feedback."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from expenses.models import Ledger
from insights.models import Anomaly, AnomalyFeedback
from tests.api.bodies import assert_problem
from tests.api.spending import FIRST, groceries, record, rents, row
from tests.queued import make_due

pytestmark = pytest.mark.usefixtures("silent_chain")

SPIKE_WEEK = FIRST + dt.timedelta(7 * 40)
KEY = "unusual_week-1-2025-10-13"


@pytest.fixture
def spike(ana, run_tasks):
    """Ana's year of groceries and rents, and a week with a large purchase; the id of that."""
    record(ana, [*groceries(52), *rents(12)])
    [pk] = record(ana, [row(SPIKE_WEEK + dt.timedelta(1), "420.00", "Corner shop", "Groceries")])
    refreshed(ana, run_tasks)
    return pk


def refreshed(api, run_tasks):
    """Return the list after a worker has refreshed it."""
    api.get("insights/anomalies/")
    run_tasks()
    make_due()  # soon after another time a worker rests
    run_tasks()
    answer = api.get("insights/anomalies/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def keys(body):
    return [one["key"] for one in body["results"]]


def say(api, key, verdict):
    answer = api.post(f"insights/anomalies/{key}/feedback/", {"verdict": verdict})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_unusual_week_is_listed_with_its_reason(ana, spike):
    answer = ana.get("insights/anomalies/").json()
    computed_at = answer.pop("computed_at")
    assert dt.datetime.fromisoformat(computed_at).tzinfo is not None
    assert answer == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "key": KEY,
                "kind": "unusual_week",
                "category": 1,
                "category_name": "Groceries",
                "is_overall": False,
                "payee": "",
                "day": "2025-10-13",
                "week": "2025-10-13",
                "currency": "EUR",
                "observed": "468.00",
                "expected": "50.08",
                "in_base": {"currency": "EUR", "observed": "468.00", "expected": "50.08"},
                "interval": ["48.08", "52.15"],
                "score": 16.69,
                "severity": 1.0,
                "reason": "Groceries: 468.00 EUR in the week from 2025-10-13. "
                "Such weeks usually take 48.08 to 52.15 EUR, and all of the 41 weeks before were more ordinary.",
                "method": "robust_level",
                "parts": {
                    "trend": "50.08",
                    "seasonal": "0.00",
                    "residual": "417.92",
                    "known_bills": "0.00",
                    "method": "robust_level",
                    "period_weeks": 13,
                    "weight": 0.0,
                },
                "also": [],
                "transactions": [
                    {
                        "id": spike,
                        "date": "2025-10-14",
                        "amount": "420.00",
                        "currency": "EUR",
                        "description": "Corner shop",
                        "merchant": "",
                    }
                ],
                "status": "open",
                "feedback": None,
            }
        ],
        "currency": "EUR",
        "is_stale": False,
        "n_unconverted": 0,
        "rates_used": [],
        "rates_url": None,
        "history": {"weeks": 53, "is_sufficient": True, "note": None},
    }


def test_a_season_that_adds_nothing_is_not_named(ana, run_tasks):
    """Let three years disagree about their weeks, so that no season counts."""
    first = dt.date(2023, 1, 2)
    spike = row(first + dt.timedelta(7 * 130 + 1), "420.00", "Corner shop", "Groceries")
    record(ana, [*groceries(150, first), spike])
    found = refreshed(ana, run_tasks)
    [one] = [one for one in found["results"] if one["week"] == str(first + dt.timedelta(7 * 130))]
    assert (one["parts"]["seasonal"], one["method"]) == ("0.00", "robust_level")
    assert one["parts"]["trend"] == one["expected"]


def test_a_season_that_counts_is_named(ana, run_tasks):
    first = dt.date(2023, 1, 2)
    rows = groceries(150, first)
    for n, one in enumerate(rows):
        if n % 52 in range(20, 26):
            one["amount"] = f"{200 + n % 5}.00"
    spike = row(first + dt.timedelta(7 * 124 + 1), "900.00", "Corner shop", "Groceries")
    record(ana, [*rows, spike])
    found = refreshed(ana, run_tasks)
    [one] = [one for one in found["results"] if one["week"] == str(first + dt.timedelta(7 * 124))]
    assert one["method"] == "seasonal_decompose"
    assert float(one["parts"]["seasonal"]) > 20
    expected = float(one["parts"]["trend"]) + float(one["parts"]["seasonal"])
    assert expected == pytest.approx(float(one["expected"]), abs=0.011)


def test_repeated_yearly_bill_is_no_anomaly(ana, run_tasks):
    bills = [
        row(dt.date(year, 3, 10 + year % 3), "640.00", "Harbor Insurance", "Insurance") for year in (2023, 2024, 2025)
    ]
    record(ana, [*groceries(140, dt.date(2023, 1, 2)), *bills])

    found = refreshed(ana, run_tasks)

    assert not [one for one in found["results"] if one["day"] > "2023-12-31"]


def test_missing_bill_is_listed(ana, run_tasks):
    rows = rents(12)
    record(ana, [*groceries(52), *rows[:7], *rows[8:]])

    [found] = refreshed(ana, run_tasks)["results"]

    assert (found["kind"], found["day"], found["expected"], found["payee"]) == (
        "missing_bill",
        "2025-08-02",
        "800.00",
        "Rent Meyer",
    )
    assert found["reason"] == (
        "Rent Meyer was due on 2025-08-02 with about 800.00 EUR, as it came before, and nothing was paid."
    )


def test_price_rise_is_listed(ana, run_tasks):
    record(ana, [*groceries(52), *rents(8), *rents(12, "880.00")[8:]])

    [found] = refreshed(ana, run_tasks)["results"]

    assert (found["kind"], found["day"], found["reason"]) == (
        "price_rise",
        "2025-09-02",
        "Rent Meyer takes 880.00 EUR since 2025-09-02, 800.00 EUR before: 10% more.",
    )
    assert [one["date"] for one in found["transactions"]] == ["2025-08-02", "2025-09-02"]


def test_normal_anomaly_stays_hidden_after_a_refresh(ana, spike, run_tasks):
    said = say(ana, KEY, "normal")
    assert said == {
        "id": said["id"],
        "key": KEY,
        "kind": "unusual_week",
        "category": 1,
        "is_overall": False,
        "payee": "",
        "day": "2025-10-13",
        "observed": "468.00",
        "currency": "EUR",
        "verdict": "normal",
        "given_at": said["given_at"],
        "until": None,
    }
    assert keys(ana.get("insights/anomalies/").json()) == []

    record(ana, [row(SPIKE_WEEK + dt.timedelta(2), "30.00", "Corner shop", "Groceries")])
    assert keys(refreshed(ana, run_tasks)) == []

    [found] = ana.get("insights/anomalies/", {"status": "normal"}).json()["results"]
    assert (found["observed"], found["status"], found["feedback"]) == ("498.00", "normal", said)


def test_normal_week_hides_the_season_of_later_years(ana, spike, run_tasks):
    say(ana, KEY, "normal")
    later = groceries(52, FIRST + dt.timedelta(7 * 52))
    again = row(SPIKE_WEEK + dt.timedelta(7 * 53), "430.00", "Corner shop", "Groceries")
    more = row(SPIKE_WEEK + dt.timedelta(7 * 30), "430.00", "Corner shop", "Groceries")
    record(ana, [*later, *rents(24)[12:], again, more])

    assert keys(refreshed(ana, run_tasks)) == ["unusual_week-1-2026-05-11"]
    silenced = ana.get("insights/anomalies/", {"status": "normal"}).json()
    assert keys(silenced) == ["unusual_week-1-2026-10-19", KEY]
    assert {one["feedback"]["key"] for one in silenced["results"]} == {KEY}


def test_what_is_dismissed_is_quiet_for_sixty_days(ana, spike):
    said = say(ana, KEY, "dismissed")
    given_on = dt.datetime.fromisoformat(said["given_at"]).date()
    assert said["until"] == str(given_on + dt.timedelta(60))
    assert keys(ana.get("insights/anomalies/").json()) == []
    assert keys(ana.get("insights/anomalies/", {"status": "dismissed"}).json()) == [KEY]

    AnomalyFeedback.objects.update(given_on=given_on - dt.timedelta(61))

    assert keys(ana.get("insights/anomalies/").json()) == [KEY]


def test_useful_anomaly_stays_listed(ana, spike):
    say(ana, KEY, "useful")
    [found] = ana.get("insights/anomalies/").json()["results"]
    assert found["status"] == "useful"
    assert keys(ana.get("insights/anomalies/", {"status": "open"}).json()) == []


def test_feedback_can_be_changed_and_deleted(ana, spike):
    first, second = say(ana, KEY, "normal"), say(ana, KEY, "useful")
    assert first["id"] == second["id"]

    assert ana.delete(f"insights/anomalies/{KEY}/feedback/").status_code == 204

    [found] = ana.get("insights/anomalies/").json()["results"]
    assert (found["status"], found["feedback"]) == ("open", None)
    assert_problem(ana.delete(f"insights/anomalies/{KEY}/feedback/"), 404, (None, "not_found"))


def test_feedback_is_part_of_changes(ana, spike):
    version = ana.get("changes/", {"limit": 5000}).json()["version"]
    said = say(ana, KEY, "normal")
    news = ana.get("changes/", {"since": version}).json()
    assert news["anomaly_feedback"] == [said]

    ana.delete(f"insights/anomalies/{KEY}/feedback/")

    later = ana.get("changes/", {"since": news["version"]}).json()
    assert later["deleted"] == [{"type": "anomaly_feedback", "id": said["id"]}]
    assert ana.get("changes/", {"limit": 5000}).json()["anomaly_feedback"] == []


def test_feedback_follows_a_merged_category(ana, spike, run_tasks):
    food = ana.post("categories/", {"name": "Food", "kind": "expense"}).json()["id"]
    own = ana.post("categories/", {"name": "Sweets", "kind": "expense"}).json()["id"]
    ana.patch(f"transactions/{spike}/", {"category": own})
    record(ana, [row(FIRST + dt.timedelta(7 * week), "5.00", "Sweet tooth", "Sweets") for week in range(30)])
    [found] = refreshed(ana, run_tasks)["results"]
    say(ana, found["key"], "normal")

    assert ana.post(f"categories/{own}/merge/", {"into": food}).json()["moved"]["anomaly_feedback"] == 1

    assert keys(refreshed(ana, run_tasks)) == []
    assert keys(ana.get("insights/anomalies/", {"status": "normal"}).json()) == [f"unusual_week-{food}-2025-10-13"]


def test_normal_week_stays_hidden_with_another_week_start(ana, spike, run_tasks):
    say(ana, KEY, "normal")
    assert ana.patch("users/me/", {"preferences": {"week_start": 7}}).status_code == 200
    assert keys(refreshed(ana, run_tasks)) == []
    assert keys(ana.get("insights/anomalies/", {"status": "normal"}).json()) == ["unusual_week-1-2025-10-12"]


def test_normal_payee_stays_hidden_after_a_rename(ana, run_tasks):
    record(ana, [*groceries(52), *rents(8), *rents(12, "880.00")[8:]])
    [found] = refreshed(ana, run_tasks)["results"]
    say(ana, found["key"], "normal")
    for one in ana.get("transactions/", {"search": "Rent", "page_size": 100}).json()["results"]:
        ana.patch(f"transactions/{one['id']}/", {"merchant": "Meyer & Sons"})
    assert keys(refreshed(ana, run_tasks)) == []


def test_deleted_category_deletes_its_feedback(ana, spike, run_tasks):
    own = ana.post("categories/", {"name": "Sweets", "kind": "expense"}).json()["id"]
    AnomalyFeedback.objects.create(
        ledger=Ledger.objects.get(), key=f"unusual_week-{own}-2025-01-06", verdict="normal", kind="unusual_week",
        category_id=own, day=FIRST, observed=9, currency="EUR", given_at=timezone.now(), given_on=FIRST, version=1,
    )  # fmt: skip
    version = ana.get("changes/", {"limit": 5000}).json()["version"]
    assert ana.delete(f"categories/{own}/").status_code == 204
    news = ana.get("changes/", {"since": version}).json()
    assert {one["type"] for one in news["deleted"]} == {"category", "anomaly_feedback"}


def test_feedback_keeps_insights_fresh(ana, spike):
    assert not ana.get("insights/anomalies/").json()["is_stale"]
    say(ana, KEY, "useful")
    ana.delete(f"insights/anomalies/{KEY}/feedback/")
    assert not ana.get("insights/anomalies/").json()["is_stale"]


def test_the_parts_of_a_split_are_no_double_charge(ana, spike, run_tasks):
    whole = row(SPIKE_WEEK + dt.timedelta(30), "180.00", "Hardware store", None)
    parts = [{"amount": "90.00", "category": "Housing"}, {"amount": "90.00", "category": "Groceries"}]
    assert ana.post("transactions/", whole | {"parts": parts}).status_code == 201
    assert keys(refreshed(ana, run_tasks)) == [KEY]


def test_strangers_and_viewers_give_no_feedback(ana, ben, spike, join_ledger_of):
    assert keys(ben.get("insights/anomalies/").json()) == []
    path = f"insights/anomalies/{KEY}/feedback/"
    assert_problem(ben.post(path, {"verdict": "normal"}), 404, (None, "not_found"))
    say(ana, KEY, "normal")
    assert_problem(ben.delete(path), 404, (None, "not_found"))
    viewer = join_ledger_of(ana, "vera", "viewer")
    assert keys(viewer.get("insights/anomalies/", {"status": "all"}).json()) == [KEY]
    assert_problem(viewer.post(path, {"verdict": "useful"}), 403, (None, "permission_denied"))


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"start": "2026-02-01", "end": "2026-01-01"}, "end", "ends_before_start"),
        ({"start": "1066-10-14"}, "start", "out_of_range"),
        ({"start": "tomorrow"}, "start", "invalid"),
        ({"kind": "odd"}, "kind", "invalid_choice"),
        ({"status": "loud"}, "status", "invalid_choice"),
        ({"category": "Nothing like it"}, "category", "does_not_exist"),
        ({"categroy": "Groceries"}, "categroy", "unknown"),
        ({"cursor": ""}, "cursor", "unknown"),
        ({"format": "gif"}, "format", "unknown"),
    ],
)
def test_bad_query_is_rejected(ana, query, field, code):
    assert_problem(ana.get("insights/anomalies/", query), 400, (field, code))


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "verdict", "required"),
        ({"verdict": "meh"}, "verdict", "invalid_choice"),
        ({"verdict": "normal", "x": 1}, "x", "unknown"),
    ],
)
def test_bad_feedback_is_rejected(ana, spike, body, field, code):
    assert_problem(ana.post(f"insights/anomalies/{KEY}/feedback/", body), 400, (field, code))


def test_list_is_filtered_by_period_kind_and_category(ana, spike):
    for query in ({"start": "2025-10-13"}, {"end": "2025-10-13"}, {"kind": "unusual_week"}, {"category": "Groceries"}):
        assert keys(ana.get("insights/anomalies/", query).json()) == [KEY]
    for query in ({"start": "2025-10-14"}, {"end": "2025-10-12"}, {"kind": "price_rise"}, {"category": "Dining"}):
        assert keys(ana.get("insights/anomalies/", query).json()) == []


def test_category_none_lists_uncategorized_anomalies(ana, spike):
    ledger, week = Ledger.objects.get(), SPIKE_WEEK
    amounts = {"observed": "9", "expected": "1", "low": "1", "high": "2", "score": 2.0, "severity": 0.9}
    about = {"ledger": ledger, "kind": "unusual_week", "day": week, "week": week, "currency": "EUR", **amounts}
    for key, is_overall in (("no-category", False), ("everything", True)):
        Anomaly.objects.create(key=key, is_overall=is_overall, parts={}, transactions=[], **about)
    for query in ({"category": "none"}, {"category": "None"}):
        assert keys(ana.get("insights/anomalies/", query).json()) == ["no-category"]
    assert len(keys(ana.get("insights/anomalies/").json())) == 3


def test_list_says_that_history_is_too_short(ana, run_tasks):
    record(ana, groceries(1))
    found = refreshed(ana, run_tasks)
    assert (found["results"], found["history"]) == (
        [],
        {
            "weeks": 1,
            "is_sufficient": False,
            "note": "insufficient_history: 1 week of transactions cannot show anomalies. 8 weeks are needed, and half "
            "a year gives good results.",
        },
    )


def test_list_says_that_nothing_is_computed_yet(ana):
    record(ana, groceries(1))
    found = ana.get("insights/anomalies/").json()
    assert (found["results"], found["computed_at"], found["is_stale"], found["history"]["note"]) == (
        [],
        None,
        True,
        "Nothing is computed yet; a worker is at it. Ask again in a few seconds.",
    )


def test_write_makes_the_list_stale_until_a_refresh(ana, spike, run_tasks):
    record(ana, [row(SPIKE_WEEK, "1.00", "Kiosk", "Groceries")])
    assert ana.get("insights/anomalies/").json()["is_stale"]
    run_tasks()
    make_due()
    run_tasks()
    assert not ana.get("insights/anomalies/").json()["is_stale"]


def test_refunds_beyond_spending_are_handled(ana, run_tasks):
    back = row(FIRST + dt.timedelta(7 * 30), "900.00", "Corner shop", "Groceries", direction="in")
    record(ana, [*groceries(40), back])
    assert keys(refreshed(ana, run_tasks)) == []


def test_amounts_without_a_rate_are_counted(ana, run_tasks):
    strange = row(FIRST + dt.timedelta(7 * 30), "90000.00", "Bazaar", "Groceries", currency="IRR")
    record(ana, [*groceries(40), strange])
    found = refreshed(ana, run_tasks)
    assert (keys(found), found["n_unconverted"]) == ([], 1)


def test_list_makes_constant_queries(ana, spike, run_tasks):
    with CaptureQueriesContext(connection) as one:
        ana.get("insights/anomalies/", {"status": "all"})
    record(
        ana,
        [*rents(12, "500.00", 2024), *rents(6, "560.00"), row(FIRST + dt.timedelta(7 * 20), "300.00", "X", "Dining")],
    )
    assert len(keys(refreshed(ana, run_tasks))) > 1
    with CaptureQueriesContext(connection) as many:
        ana.get("insights/anomalies/", {"status": "all"})
    assert len(many) == len(one)

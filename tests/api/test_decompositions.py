"""Weekly spending is decomposed by a worker, and anomalies take its season into account."""

import datetime as dt
from decimal import Decimal
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from expenses.models import Ledger
from insights.models import WeeklySpending
from tests.api.bodies import assert_problem
from tests.api.spending import FIRST, Row, groceries, record, row
from tests.api.test_anomalies import refreshed

pytestmark = pytest.mark.usefixtures("silent_chain")

SVG = "{http://www.w3.org/2000/svg}"
#: The weeks of each quarter in which more is spent.
PEAKS = (4, 5)
CANNOT = "cannot be decomposed. 26 weeks are needed, which are two quarters."


def quarters(n_weeks: int, odd: tuple[int, str] | None = None) -> list[Row]:
    """Return weeks of groceries whose amounts double in two weeks of each quarter, at shops that change."""
    chance, rows = np.random.default_rng(5), []
    for week in range(n_weeks):
        amount = chance.normal(200 if week % 13 in PEAKS else 80, 8)
        share = chance.uniform(0.3, 0.45)
        for day, part in ((1, share), (4, 1 - share)):
            text = f"Market {'abcdefghijklmnop'[int(chance.integers(16))]}"
            rows.append(row(FIRST + dt.timedelta(7 * week + day), f"{part * amount:.2f}", text, "Groceries"))
    if odd is not None:
        week, extra = odd
        rows.append(row(FIRST + dt.timedelta(7 * week + 3), extra, "Market a", "Groceries"))
    return rows


@pytest.fixture
def quarterly(ana, run_tasks):
    record(ana, quarters(52))
    refreshed(ana, run_tasks)
    return ana


def asked(api, address="insights/decomposition/?category=Groceries"):
    answer = api.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


def odd_weeks(body):
    """Return the unusual weeks by number."""
    weeks = [one for one in body["results"] if one["kind"] == "unusual_week"]
    return {(dt.date.fromisoformat(one["week"]) - FIRST).days // 7: one for one in weeks}


def test_an_ordinary_peak_of_a_quarter_is_no_anomaly_and_an_odd_week_beside_it_is(ana, run_tasks):
    record(ana, quarters(65, odd=(58, "200.00")))
    assert 58 % 13 not in PEAKS
    found = refreshed(ana, run_tasks)
    listed = odd_weeks(found)
    assert [week for week in listed if week >= 26] == [58]
    one = listed[58]
    parts = one["parts"]
    assert (one["method"], parts["method"], parts["period_weeks"]) == ("seasonal_decompose", "seasonal_decompose", 13)
    assert 0.5 < parts["weight"] <= 1
    assert Decimal(parts["seasonal"]) < -5
    trend, seasonal, expected = (Decimal(amount) for amount in (parts["trend"], parts["seasonal"], one["expected"]))
    assert trend + seasonal == pytest.approx(expected, abs=Decimal("0.011"))


def test_all_parts_of_each_week_are_returned(quarterly):
    body = asked(quarterly)
    weeks = body.pop("weeks")
    computed_at = body.pop("computed_at")
    assert dt.datetime.fromisoformat(computed_at).tzinfo is not None
    weight = body.pop("weight")
    assert 0.5 < weight <= 1
    assert body == {
        "category": 1,
        "category_name": "Groceries",
        "is_overall": False,
        "period_weeks": 13,
        "method": "seasonal_decompose",
        "currency": "EUR",
        "is_stale": False,
        "n_unconverted": 0,
        "rates_used": [],
        "rates_url": None,
        "history": {"weeks": 52, "is_sufficient": True, "note": None},
    }
    assert [one["week"] for one in weeks] == [str(FIRST + dt.timedelta(7 * week)) for week in range(52)]
    assert weeks[0].keys() == {"week", "observed", "trend", "seasonal", "residual", "known_bills"}
    for week, one in enumerate(weeks):
        parts = sum(Decimal(one[name]) for name in ("trend", "seasonal", "residual"))
        assert parts == pytest.approx(Decimal(one["observed"]), abs=Decimal("0.02"))
        assert one["seasonal"] == weeks[week % 13]["seasonal"]
        assert (Decimal(one["seasonal"]) > 50) is (week % 13 in PEAKS)


def test_all_spending_is_decomposed_without_known_bills(ana, run_tasks):
    rents = [row(dt.date(2025, month, 2), "800.00", "Rent Meyer", "Housing") for month in range(1, 13)]
    record(ana, [*quarters(52), *rents])
    refreshed(ana, run_tasks)
    body = asked(ana, "insights/decomposition/")
    assert (body["category"], body["category_name"], body["is_overall"]) == (None, None, True)
    by_week = {one["week"]: one for one in body["weeks"]}
    july = by_week["2025-06-30"]
    assert july["known_bills"] == "800.00"
    assert Decimal(july["observed"]) < 300
    assert max(Decimal(one["trend"]) for one in body["weeks"][13:]) < 200
    assert asked(ana, "insights/decomposition/?category=none")["weeks"] == []


def test_two_alike_years_are_decomposed_by_year(ana, run_tasks):
    first, chance = dt.date(2023, 1, 2), np.random.default_rng(3)
    rows = groceries(156, first)
    for week, one in enumerate(rows):
        one["amount"] = f"{chance.normal(220 if week % 52 in range(20, 26) else 50, 4):.2f}"
    record(ana, rows)
    refreshed(ana, run_tasks)
    body = asked(ana)
    assert (body["period_weeks"], body["method"]) == (52, "seasonal_decompose")
    assert body["weight"] > 0.5


def test_less_than_two_quarters_are_not_decomposed(ana, run_tasks):
    record(ana, quarters(25))
    refreshed(ana, run_tasks)
    body = asked(ana)
    assert (body["period_weeks"], body["method"], body["weight"]) == (None, "insufficient_history", None)
    assert len(body["weeks"]) == 25
    assert {(one["trend"], one["seasonal"], one["residual"]) for one in body["weeks"]} == {(None, None, None)}
    note = f"insufficient_history: 25 weeks of transactions {CANNOT}"
    assert body["history"] == {"weeks": 25, "is_sufficient": False, "note": note}
    record(ana, [row(FIRST + dt.timedelta(7 * 25 + 1), "80.00", "Market a", "Groceries")])
    refreshed(ana, run_tasks)
    assert asked(ana)["method"] == "seasonal_decompose"


def test_nothing_is_decomposed_in_a_request(ana, run_tasks):
    record(ana, quarters(30))
    body = asked(ana)
    assert (body["weeks"], body["computed_at"], body["is_stale"]) == ([], None, True)
    assert body["history"]["note"] == "Nothing is computed yet; a worker is at it. Ask again in a few seconds."
    run_tasks()
    assert len(asked(ana)["weeks"]) == 30
    record(ana, [row(FIRST + dt.timedelta(7 * 30), "80.00", "Market a", "Groceries")])
    stale = asked(ana)
    assert (len(stale["weeks"]), stale["is_stale"]) == (30, True)


def test_a_week_that_is_not_over_is_left_out(ana, run_tasks):
    today = ana.user.today()
    monday = today - dt.timedelta(today.weekday())
    rows = [row(monday - dt.timedelta(7 * week), "50.00", "Market a", "Groceries") for week in range(30)]
    record(ana, rows)
    refreshed(ana, run_tasks)
    assert asked(ana)["weeks"][-1]["week"] == str(monday - dt.timedelta(7) if today.weekday() < 6 else monday)


def test_a_stranger_gets_their_own_decomposition(ana, ben, run_tasks, quarterly):
    record(ben, [row(FIRST, "7.00", "Market a", "Groceries")])
    refreshed(ben, run_tasks)
    assert len(asked(ben)["weeks"]) == 1
    assert WeeklySpending.objects.filter(ledger__founder=ana.user).count() == 2
    assert Ledger.objects.count() == 2


def test_parameters_are_checked(ana):
    assert_problem(ana.get("insights/decomposition/?category=Nonsense"), 400, ("category", "does_not_exist"))
    assert_problem(ana.get("insights/decomposition/?week=1"), 400, ("week", "unknown"))
    assert_problem(ana.get("insights/decomposition/?category=Nonsense&format=svg"), 400, ("category", "does_not_exist"))


def test_a_picture_shows_all_parts(quarterly):
    answer = quarterly.get("insights/decomposition/?category=Groceries&format=svg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    title, description = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", "Groceries: spending by week in EUR")
    assert description.tag == f"{SVG}desc"
    assert (description.text or "").startswith("52 weeks from 2025-01-06 to 2025-12-29. The trend goes from ")
    assert " The season repeats after 13 weeks. It adds most, " in (description.text or "")
    assert len([child for child in root if child.tag == f"{SVG}svg"]) == 3
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert {"Observed", "Trend", "Season of 13 weeks, in EUR", "Residual in EUR", "2025-01-06"} <= texts
    picture = quarterly.get("insights/decomposition/?category=Groceries&format=png")
    assert picture["Content-Type"] == "image/png"
    assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(picture.content[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1800, 2 * (480 + 240 + 240))


def test_a_picture_of_too_few_weeks_says_so(ana, run_tasks):
    record(ana, quarters(9))
    refreshed(ana, run_tasks)
    root = ET.fromstring(ana.get("insights/decomposition/?format=svg").content)  # noqa: S314 - our own
    assert (root[0].text, root[1].text) == (
        "All spending: spending by week in EUR",
        f"insufficient_history: 9 weeks of transactions {CANNOT}",
    )
    assert {"Observed", "Trend"} & {element.text for element in root.iter(f"{SVG}text")} == set()
    for name in ("svg", "png"):
        assert ana.get(f"insights/decomposition/?category=none&format={name}").status_code == 200


def test_an_unchanged_decomposition_is_not_sent_again(quarterly):
    address = "insights/decomposition/?category=Groceries"
    tag = {"If-None-Match": quarterly.get(address)["ETag"]}
    assert quarterly.get(address, headers=tag).status_code == 304
    assert quarterly.get("insights/decomposition/", headers=tag).status_code == 200
    assert quarterly.get(f"{address}&format=svg", headers=tag).status_code == 200

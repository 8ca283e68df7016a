"""Anomalies are few: one ration of a year holds for all kinds, and pictures show what is listed."""

import datetime as dt
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from expenses.models import Ledger
from insights.models import AnomalyFeedback
from insights.services.refreshing import refresh
from tests.api.bodies import assert_problem
from tests.api.spending import Row, record, row
from tests.api.test_anomalies import refreshed

pytestmark = pytest.mark.usefixtures("silent_chain")

SVG = "{http://www.w3.org/2000/svg}"
FIRST = dt.date(2024, 1, 1)
CATEGORIES = ("Groceries", "Dining", "Transport", "Shopping", "Pets", "Travel")
N_WEEKS = 130
MONTH = 6 * 60 * 52 / 12


def lively(spikes: dict[int, float] | None = None) -> list[Row]:
    """Return 130 weeks in six categories with heavy tails, and extra payments by week."""
    chance, rows = np.random.default_rng(8), []
    for week in range(N_WEEKS):
        for place, category in enumerate(CATEGORIES):
            amount = 60 * float(chance.lognormal(0, 0.9))
            rows.append(
                row(FIRST + dt.timedelta(7 * week + place), f"{amount:.2f}", f"Shop {'abcdef'[place]}", category)
            )
    for week, extra in (spikes or {}).items():
        rows.append(row(FIRST + dt.timedelta(7 * week + 2), f"{extra:.2f}", "Shop a", "Groceries"))
    return rows


def test_at_most_a_handful_of_all_kinds_is_listed_in_any_year(ana, run_tasks):
    record(ana, lively())
    days = sorted(dt.date.fromisoformat(one["day"]) for one in refreshed(ana, run_tasks)["results"])
    assert days
    for day in days:
        assert len([one for one in days if day <= one < day + dt.timedelta(364)]) <= 8
    assert len(days) <= 6 * N_WEEKS / 52


def test_spike_of_a_third_of_a_month_is_listed_among_many_small_anomalies(ana, run_tasks):
    record(ana, lively({118: 0.35 * MONTH}))
    weeks = [one["week"] for one in refreshed(ana, run_tasks)["results"]]
    assert str(FIRST + dt.timedelta(7 * 118)) in weeks


def test_anomaly_stays_when_larger_ones_come(ana, run_tasks):
    record(ana, lively({100: 0.35 * MONTH}))
    before = {one["key"] for one in refreshed(ana, run_tasks)["results"]}
    more = [
        row(FIRST + dt.timedelta(7 * N_WEEKS + 7 * n), f"{3000 + 500 * n}.00", "Shop b", "Dining") for n in range(8)
    ]
    record(ana, more)
    after = {one["key"] for one in refreshed(ana, run_tasks)["results"]}
    assert before < after


def test_verdicts_move_later_anomalies_of_their_kind_and_category(ana, run_tasks):
    record(ana, lively())
    listed = [one for one in refreshed(ana, run_tasks)["results"] if one["kind"] == "unusual_week"]
    ledger = Ledger.objects.get()
    for number in range(8):
        AnomalyFeedback.objects.create(
            ledger=ledger, key=f"unusual_week-1-2024-0{number + 1}-01", kind="unusual_week", category_id=1,
            day=FIRST, observed=1, currency="EUR", verdict="useful", given_at=dt.datetime(2024, 3, 1, tzinfo=dt.UTC),
            given_on=dt.date(2024, 3, 1), version=1,
        )  # fmt: skip
    refresh(ledger_id=ledger.pk, is_forced=True)
    found = ana.get("insights/anomalies/?status=all").json()["results"]

    def n_groceries(results):
        return len([one for one in results if one["category_name"] == "Groceries" and one["kind"] == "unusual_week"])

    assert n_groceries(found) > n_groceries(listed)


def drawn(api, query=""):
    answer = api.get(f"insights/anomalies/?format=svg{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def texts_of(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def test_picture_marks_the_listed_anomalies_among_their_weeks(ana, run_tasks):
    rows = [row(FIRST + dt.timedelta(7 * week), f"{50 + week % 7}.00", "Shop a", "Groceries") for week in range(80)]
    record(ana, [*rows, row(FIRST + dt.timedelta(7 * 70 + 1), "400.00", "Shop a", "Groceries")])
    [one] = refreshed(ana, run_tasks)["results"]
    root = drawn(ana)
    assert [child.text for child in root[:2]] == [
        "All spending: anomalies by week in EUR",
        f"52 weeks from 2024-07-15 to 2025-07-07. 1 anomaly. {one['reason']}",
    ]
    assert {"Groceries", "Anomaly", "Without known bills", "2024-07-15"} <= set(texts_of(root))
    assert len(list(root.iter(f"{SVG}polygon"))) == 1
    assert drawn(ana, "&category=Groceries")[0].text == "Groceries: anomalies by week in EUR"
    early = drawn(ana, "&end=2024-12-30")
    assert early[1].text == "53 weeks from 2024-01-01 to 2024-12-30. 0 anomalies."
    assert "Groceries" not in texts_of(early)
    say = ana.post(f"insights/anomalies/{one['key']}/feedback/", {"verdict": "normal"})
    assert say.status_code == 200
    assert "1 anomaly" not in (drawn(ana)[1].text or "")
    picture = ana.get("insights/anomalies/?format=png").content
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"


def test_picture_of_nothing_is_a_picture(ana, anyone):
    for name in ("svg", "png"):
        assert ana.get(f"insights/anomalies/?format={name}").status_code == 200
        assert ana.get(f"insights/anomalies/?category=none&format={name}").status_code == 200
        assert_problem(ana.get(f"insights/anomalies/?start=x&format={name}"), 400, ("start", "invalid"))
        assert anyone.get(f"insights/anomalies/?format={name}").status_code == 401


def test_stranger_gets_a_picture_of_their_own(ana, ben, run_tasks):
    record(ana, lively())
    refreshed(ana, run_tasks)
    assert drawn(ben)[1].text == "0 weeks. 0 anomalies."

"""Charts of forecasts."""

import datetime as dt
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from expenses.models.ledgers import ledger_id_of
from insights.calendars import later_month
from insights.charts.reports import chart_forecast
from insights.services.refreshing import refresh
from tests.api.bodies import assert_problem
from tests.api.spending import record, row

pytestmark = pytest.mark.usefixtures("silent_chain")

ADDRESS = "insights/forecast/?month=2026-01&as_of=2026-01-10"
#: All of January is recorded.
THE_NEXT_MONTH = row(dt.date(2026, 2, 1), "5.00", "Interest", "Salary", direction="in")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def half_a_year(ana):
    """Record 40 on the 1st and 50 to 100 on the 21st of each month until December; 45 on the 2nd of January."""
    for month in range(7, 13):
        first = dt.date(2025, month, 1)
        late = row(first + dt.timedelta(20), f"{50 + 10 * (month % 6)}.00", "Market hall", "Groceries")
        record(ana, [row(first, "40.00", "Corner shop", "Groceries"), late])
    record(ana, [row(dt.date(2026, 1, 2), "45.00", "Corner shop", "Groceries"), THE_NEXT_MONTH])


def drawn(api, address=ADDRESS):
    answer = api.get(f"{address}&format=svg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def lines_of(api, address=ADDRESS):
    """Return the drawn points by name of their line: days and amounts."""
    chart = chart_forecast(api.get(f"{address}&curve=true").json())
    return {
        line.name: [(label, value) for label, value in zip(chart.labels, line.values, strict=True) if value is not None]
        for line in chart.lines
        if line.values
    }


@pytest.mark.usefixtures("half_a_year")
def test_a_forecast_chart_describes_itself(ana):
    body = ana.get(ADDRESS).json()
    total, (low, high) = body["predicted_total"], body["interval"]
    root = drawn(ana)
    assert root[0].text == f"2026-01: {total} EUR at the end, as of 2026-01-10"
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text == (
        f"Spent by 2026-01-10: 45.00; predicted by 2026-01-31: {total}; between {low} and {high} in four of five "
        f"months; in the end it was 45.00 EUR. {body['explanation']}"
    )
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"Spent", "Typical", "Expected", "Four of five months"} <= words


@pytest.mark.usefixtures("half_a_year")
def test_a_fan_leads_from_the_spent_sum_along_the_usual_course(ana):
    body, lines = ana.get(ADDRESS).json(), lines_of(ana)
    low, high = map(Decimal, body["interval"])
    predicted = Decimal(body["predicted_total"])
    assert low < predicted < high
    assert lines["Spent"][0] == ("01-01", Decimal("0.00"))
    assert lines["Spent"][-1] == lines["Expected"][0] == ("01-10", Decimal("45.00"))
    # Nothing is usually spent between the 10th and the 21st, and all of the rest on that day.
    assert lines["Expected"][10] == ("01-20", Decimal("45.00"))
    assert lines["Expected"][11] == ("01-21", predicted)
    assert lines["Expected"][-1] == ("01-31", predicted)
    assert lines["Typical"][-1] == ("01-31", Decimal("115.00"))
    fan = chart_forecast(ana.get(f"{ADDRESS}&curve=true").json()).fan
    assert fan is not None
    assert (fan.low[:9], fan.high[:9]) == ([None] * 9, [None] * 9)
    assert fan.low[9] == fan.high[9] == fan.low[19] == fan.high[19] == Decimal("45.00")
    assert (fan.low[-1], fan.high[-1]) == (low, high)
    assert [one.tag for one in drawn(ana).iter(f"{SVG}polygon")] == [f"{SVG}polygon"]


@pytest.mark.usefixtures("half_a_year")
def test_a_past_month_has_no_expected_line(ana):
    assert set(lines_of(ana, "insights/forecast/?month=2025-12")) == {"Spent", "Typical"}


def test_unrecorded_days_are_drawn_from_the_last_recorded_one(ana):
    days = [dt.date(2025, month, 21) for month in range(7, 13)]
    record(ana, [row(day, "40.00", "Corner shop", "Groceries") for day in (*days, dt.date(2026, 1, 10))])
    lines = lines_of(ana, "insights/forecast/?month=2026-01")
    assert lines["Spent"][-1] == lines["Expected"][0] == ("01-10", Decimal("40.00"))
    lines = lines_of(ana, "insights/forecast/?month=2026-02")
    assert "Spent" not in lines
    assert (lines["Expected"][0], lines["Expected"][-1]) == (("02-01", Decimal("0.00")), ("02-28", Decimal("40.00")))


def test_bills_to_come_are_marks_on_the_expected_line(ana):
    today = ana.user.today()
    first = today.replace(day=1)
    days = [later_month(first, -ago).replace(day=28) for ago in range(8, 0, -1)]
    record(ana, [row(day, "1800.00", "Rent Meyer", "Housing") for day in days])
    record(ana, [row(first, "10.00", "Corner shop", "Groceries")])
    refresh(ledger_id=ledger_id_of(ana.user))
    body = ana.get("insights/forecast/?curve=true").json()
    (due,) = body["still_to_come"]
    chart = chart_forecast(body)
    if due["due_on"] <= str(today):
        return  # the last days of a month
    (mark,) = (line for line in chart.lines if line.name == "Bills to come")
    place = chart.labels.index(due["due_on"][5:])
    assert [n for n, value in enumerate(mark.values) if value is not None] == [place]
    assert str(mark.values[place]) == body["curve"][place]["expected"]
    assert f"Bills to come: Rent Meyer 1800.00 EUR on {due['due_on']}." in chart.description
    assert "1,810.00 EUR at the end" in chart.title


def test_little_history_has_no_interval(ana):
    record(ana, [row(dt.date(2025, 12, 21), "30.00", "Market hall", "Groceries"), THE_NEXT_MONTH])
    assert set(lines_of(ana)) == {"Spent", "Expected"}
    assert "between" not in (drawn(ana)[1].text or "")


@pytest.mark.usefixtures("half_a_year")
def test_a_forecast_is_drawn_as_png(ana):
    for answer in (ana.get(f"{ADDRESS}&format=png"), ana.get(ADDRESS, headers={"Accept": "image/png"})):
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert answer.content.startswith(b"\x89PNG")


def test_a_forecast_of_nothing_is_drawn(ana):
    for name in ("svg", "png"):
        assert ana.get(f"insights/forecast/?format={name}").status_code == 200


def test_the_curve_is_in_the_body_on_request_only(ana):
    assert ana.get(f"{ADDRESS}&format=json").json()["curve"] is None


def test_an_error_is_json_in_every_format(ana, anyone):
    for name in ("svg", "png"):
        assert_problem(ana.get(f"insights/forecast/?month=x&format={name}"), 400, ("month", "invalid"))
        assert anyone.get(f"insights/forecast/?format={name}")["Content-Type"] == "application/problem+json"
    assert_problem(ana.get("insights/forecast/?format=gif"), 400, ("format", "unknown"))


def test_an_unchanged_chart_is_not_sent_again(ana):
    tag = {"If-None-Match": ana.get(f"{ADDRESS}&format=svg")["ETag"]}
    answer = ana.get(f"{ADDRESS}&format=svg", headers=tag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert ana.get(f"{ADDRESS}&format=png", headers=tag).status_code == 200
    record(ana, [row(dt.date(2026, 1, 5), "7.00", "Corner shop", "Groceries")])
    assert ana.get(f"{ADDRESS}&format=svg", headers=tag).status_code == 200


def test_a_stranger_gets_their_own_chart(ana, ben):
    record(ana, [row(dt.date(2026, 1, 5), "7.00", "Corner shop", "Groceries")])
    assert "7.00" in (drawn(ana)[1].text or "")
    assert "7.00" not in (drawn(ben)[1].text or "")

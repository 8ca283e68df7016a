"""Charts of forecasts."""

import datetime as dt
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from insights.charts.reports import chart_forecast
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
    assert {"Spent", "Typical", "Predicted", "At least", "At most"} <= words


@pytest.mark.usefixtures("half_a_year")
def test_lines_lead_from_the_spent_sum_to_the_interval(ana):
    body, lines = ana.get(ADDRESS).json(), lines_of(ana)
    low, high = body["interval"]
    ends = {"Predicted": body["predicted_total"], "At least": low, "At most": high}
    assert Decimal(low) < Decimal(body["predicted_total"]) < Decimal(high)
    for name, end in ends.items():
        assert lines[name] == [("01-10", Decimal("45.00")), ("01-31", Decimal(end))]
    assert lines["Spent"][0] == ("01-01", Decimal("0.00"))
    assert lines["Spent"][-1] == ("01-10", Decimal("45.00"))
    assert lines["Typical"][-1] == ("01-31", Decimal("115.00"))


@pytest.mark.usefixtures("half_a_year")
def test_a_past_month_has_no_predicted_line(ana):
    assert set(lines_of(ana, "insights/forecast/?month=2025-12")) == {"Spent", "Typical"}


def test_unrecorded_days_are_drawn_from_the_last_recorded_one(ana):
    days = [dt.date(2025, month, 21) for month in range(7, 13)]
    record(ana, [row(day, "40.00", "Corner shop", "Groceries") for day in (*days, dt.date(2026, 1, 10))])
    lines = lines_of(ana, "insights/forecast/?month=2026-01")
    assert lines["Spent"][-1] == lines["Predicted"][0] == ("01-10", Decimal("40.00"))
    lines = lines_of(ana, "insights/forecast/?month=2026-02")
    assert "Spent" not in lines
    assert lines["Predicted"] == [("02-01", Decimal("0.00")), ("02-28", Decimal("40.00"))]


def test_little_history_has_no_interval(ana):
    record(ana, [row(dt.date(2025, 12, 21), "30.00", "Market hall", "Groceries"), THE_NEXT_MONTH])
    assert set(lines_of(ana)) == {"Spent", "Predicted"}
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

"""Charts of reports."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from insights.charts.reports import chart_series, chart_summary, chart_trends
from tests.api.bodies import assert_problem
from tests.api.reports import record

pytestmark = pytest.mark.usefixtures("silent_chain")

REPORTS = {
    "insights/summary/?date=2024-11": "Spending 2024-11: 10.00 EUR",
    "insights/timeseries/?start=2024-10-01&end=2024-11-30": "Income and spending in EUR, monthly",
    "insights/timeseries/?start=2024-10-01&end=2024-11-30&by=category": "Spending in EUR, monthly",
    "insights/trends/?month=2024-11": "Spending 2024-11 and the month before, EUR",
}


@pytest.mark.parametrize("address", REPORTS)
def test_a_report_is_drawn(ana, address):
    ana.post("categories/", {"name": "<script>A & B</script>", "kind": "expense"})
    record(ana, "10.00", "<script>A & B</script>")
    answer = ana.get(f"{address}&format=svg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    assert (root[0].text, root[1].tag) == (REPORTS[address], "{http://www.w3.org/2000/svg}desc")
    assert "10.00" in (root[1].text or "")
    assert b"<script" not in answer.content
    assert answer["ETag"]


def test_a_report_is_drawn_as_png(ana):
    record(ana, "10.00", "Dining")
    answer = ana.get("insights/summary/?date=2024-11&format=png")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
    assert ana.get("insights/summary/?date=2024-11", headers={"Accept": "image/png"})["Content-Type"] == "image/png"


@pytest.mark.parametrize("address", REPORTS)
def test_a_report_of_nothing_is_drawn(ana, address):
    for name in ("svg", "png"):
        assert ana.get(f"{address}&format={name}").status_code == 200


def test_many_categories_are_drawn_with_one_bar_of_others(ana):
    names = [ana.post("categories/", {"name": f"Own {n}", "kind": "expense"}).json()["name"] for n in range(11)]
    for n, name in enumerate(["Dining", "Travel", *names]):
        record(ana, f"{n + 1}.00", name)
    address = "insights/timeseries/?start=2024-10-01&end=2024-11-30&by=category&format=svg"
    drawn = ana.get(address).content.decode()
    assert "Others" in drawn
    assert "Dining" not in drawn


def test_bars_of_a_summary_add_up_to_its_title(ana):
    names = ["Dining", "Travel", "Shopping", "Groceries", "Housing", "Utilities", "Pets", "Kids"]
    names += [ana.post("categories/", {"name": f"Own {n}", "kind": "expense"}).json()["name"] for n in range(6)]
    for n, name in enumerate(names):
        record(ana, f"{n + 2}.00", name)
    record(ana, "40.00")
    record(ana, "10.00", "Dining", direction="in")
    body = ana.get("insights/summary/?date=2024-11").json()
    chart = chart_summary(body)
    assert (len(chart.labels), chart.labels[0], chart.labels[-1]) == (13, "Others (3)", "Uncategorized")
    (line,) = chart.lines
    assert sum(value or 0 for value in line.values) == Decimal(body["expense"])
    assert f"Spending 2024-11: {body['expense']} EUR" == chart.title


def test_refunds_are_drawn_and_described(ana):
    record(ana, "10.00", "Dining")
    record(ana, "4.00", "Travel", direction="in")
    chart = chart_summary(ana.get("insights/summary/?date=2024-11").json())
    assert (chart.labels, chart.lines[0].values) == (["Travel", "Dining"], [Decimal("-4.00"), Decimal("10.00")])
    assert chart.description.endswith("Dining 10.00 EUR (100.00 %); Travel -4.00 EUR (refunded).")


def test_a_chart_of_too_many_buckets_is_refused(ana):
    address = "insights/timeseries/?bucket=daily&start=2024-01-01"
    for name in ("svg", "png"):
        assert ana.get(f"{address}&end=2024-04-29&format={name}").status_code == 200
        assert_problem(ana.get(f"{address}&end=2024-04-30&format={name}"), 400, ("format", "too_many"))
    assert len(ana.get(f"{address}&end=2024-04-30").json()["results"]) == 121


def test_an_error_is_json_in_every_format(ana, anyone):
    for name in ("svg", "png"):
        assert_problem(ana.get(f"insights/summary/?date=x&format={name}"), 400, ("date", "invalid"))
        assert anyone.get(f"insights/summary/?format={name}")["Content-Type"] == "application/problem+json"


def test_an_unchanged_chart_is_not_sent_again(ana):
    tag = {"If-None-Match": ana.get("insights/summary/?format=svg")["ETag"]}
    answer = ana.get("insights/summary/?format=svg", headers=tag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert ana.get("insights/summary/?format=png", headers=tag).status_code == 200


def colors_of(chart):
    """Return the color of each category that a chart shows."""
    if chart.shape == "ranking":
        return dict(zip(chart.labels, chart.lines[-1].colors, strict=True))
    return {line.name: line.color for line in chart.lines}


def test_a_category_keeps_its_color_in_every_chart(ana):
    own = ana.post("categories/", {"name": "Own", "kind": "expense"}).json()["name"]
    for n, name in enumerate(["Dining", own, "Travel"]):
        record(ana, f"{5 + 3 * n}.00", name, "2024-10-02")
        record(ana, f"{20 - 5 * n}.00", name)
    record(ana, "3.00")
    summary = "insights/summary/?date=2024-11"
    series = "insights/timeseries/?start=2024-10-01&end=2024-11-30&by=category"
    trends = "insights/trends/?month=2024-11"

    before = colors_of(chart_summary(ana.get(summary).json()))
    assert before["Uncategorized"] == "uncategorized"
    assert len(set(before.values())) == 4
    assert colors_of(chart_series(ana.get(series).json())) == before
    assert colors_of(chart_trends(ana.get(trends).json())) == before

    record(ana, "900.00", "Housing")
    after = colors_of(chart_summary(ana.get(summary).json()))
    assert {name: after[name] for name in before} == before
    assert after["Housing"] not in before.values()


def test_a_title_has_its_thousands_apart(ana):
    record(ana, "1234567.80", "Dining")
    root = ET.fromstring(ana.get("insights/summary/?date=2024-11&format=svg").content)  # noqa: S314 - our own
    assert root[0].text == "Spending 2024-11: 1,234,567.80 EUR"

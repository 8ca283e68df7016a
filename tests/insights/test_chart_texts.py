"""Texts and legends of charts: what lies where, and what a chart without data says."""

import datetime as dt
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from insights.charts.drawing import draw
from insights.charts.reports import chart_trends
from insights.charts.weeks import chart_anomalies, chart_decomposition

SVG = "{http://www.w3.org/2000/svg}"


def body(n: int = 40, *, marked: tuple[int, ...] = (), weight: float = 0.0) -> dict[str, Any]:
    """Return weeks of 100 EUR, of 400 EUR where they are marked."""
    weeks = [
        {
            "week": dt.date(2025, 1, 6) + dt.timedelta(7 * place),
            "observed": "400.00" if place in marked else "100.00",
            "low": "60.00", "high": "150.00", "trend": "100.00", "seasonal": f"{place % 13}.00", "residual": "1.00",
        }
        for place in range(n)
    ]  # fmt: skip
    found = [
        {"week": weeks[place]["week"], "payee": f"Payee {place}", "is_overall": False, "reason": "Much."}
        for place in marked
    ]
    return {"weeks": weeks, "currency": "EUR", "is_overall": True, "results": found, "period_weeks": 13,
            "weight": weight}  # fmt: skip


def texts(svg: bytes) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(f"{SVG}text"))  # noqa: S314 - our own


def test_the_legend_names_the_band_of_ordinary_weeks() -> None:
    assert "Four of five weeks" in {text.text for text in texts(draw(chart_anomalies(body())))}


@pytest.mark.parametrize("marked", [(0, 1, 2), (10, 30), (37, 38, 39)])
def test_names_of_anomalies_are_in_the_picture_and_apart(marked: tuple[int, ...]) -> None:
    found = [text for text in texts(draw(chart_anomalies(body(marked=marked)))) if text.get("class") == "label"]
    assert sorted(str(text.text) for text in found) == sorted(f"Payee {place}" for place in marked)
    places = [(float(text.get("x", "")), float(text.get("y", ""))) for text in found]
    assert all(0 <= x <= 800 for x, _ in places)
    for i, (x, y) in enumerate(places):
        assert all(abs(x - x_) > 40 or abs(y - y_) > 12 for x_, y_ in places[:i])


@pytest.mark.parametrize(("weight", "title"), [(0.0, "; nothing of it counts"), (0.6, "")])
def test_a_season_that_does_not_count_says_so(weight: float, title: str) -> None:
    found = {text.text for text in texts(draw(chart_decomposition(body(weight=weight))))}
    assert f"Season of 13 weeks, in EUR{title}" in found


def test_a_chart_without_weeks_says_that_data_are_missing() -> None:
    assert "Not enough data yet" in {text.text for text in texts(draw(chart_anomalies(body(0))))}
    assert "Not enough data yet" not in {text.text for text in texts(draw(chart_anomalies(body())))}


def test_the_legend_of_trends_has_the_colors_of_the_bars() -> None:
    results = [
        {"category": place, "category_name": f"Category {place}", "amount": "9.00", "previous": "8.00"}
        for place in (1, 2)
    ]
    month = {"name": "2026-11", "compared_from": "2026-11-01", "compared_through": None}
    svg = draw(chart_trends({"results": results, "currency": "EUR", "month": month, "note": None}))
    [legend] = [one for one in ET.fromstring(svg).iter(f"{SVG}g") if one.get("id") == "activate-serie-1"]  # noqa: S314
    classes = [str(box.get("class")) for box in legend.iter(f"{SVG}rect")]
    assert len(classes) == 2
    assert not any("ink" in one.split() for one in classes)

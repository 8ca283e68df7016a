"""Charts of weekly spending: its decomposition, and its anomalies. Each function makes a chart of a JSON body. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from insights.charts.drawing import Chart, Fan, Line


def chart_decomposition(body: Mapping[str, Any]) -> Chart:
    """Show observed spending and its trend; below, what the season adds, and what neither explains."""
    weeks, currency, name = body["weeks"], body["currency"] or "", _subject(body)
    labels = [str(week["week"]) for week in weeks]
    lines = [Line("Observed", _amounts(weeks, "observed"))]
    below: list[Chart] = []
    if body["period_weeks"] is None:
        description = body["history"]["note"] or f"{len(weeks)} weeks are too few to decompose them."
    else:
        lines.append(Line("Trend", _amounts(weeks, "trend")))
        seasonal, residual = ([Decimal(week[name]) for week in weeks] for name in ("seasonal", "residual"))
        title = f"Season of {body['period_weeks']} weeks, in {currency}"
        if not body["weight"]:
            title += "; nothing of it counts"
        below = [
            Chart(title, title, currency, labels, [Line("Seasonal", seasonal)], "lines"),
            Chart(f"Residual in {currency}", "", currency, labels, [Line("Residual", residual)], "lines"),
        ]
        period = seasonal[-body["period_weeks"] :]
        high = labels[len(labels) - len(period) + period.index(max(period))]
        low = labels[len(labels) - len(period) + period.index(min(period))]
        description = (
            f"{len(weeks)} weeks from {labels[0]} to {labels[-1]}. The trend goes from {weeks[0]['trend']} to "
            f"{weeks[-1]['trend']} {currency} a week. The season repeats after {body['period_weeks']} weeks. It adds "
            f"most, {max(period)} {currency}, in the week from {high}, and least, {min(period)} {currency}, in the "
            f"week from {low}. {body['weight']:.0%} of it counts when weeks are evaluated."
        )
    return Chart(
        title=f"{name}: spending by week in {currency}".removesuffix(" in "),
        description=description,
        currency=currency,
        labels=labels,
        lines=lines,
        shape="lines",
        below=below,
    )


def chart_anomalies(body: Mapping[str, Any]) -> Chart:
    """Show weekly spending with its expected range, and mark the weeks with anomalies."""
    weeks, currency = body["weeks"], body["currency"] or ""
    labels = [str(week["week"]) for week in weeks]
    observed, low, high = (_amounts(weeks, name) for name in ("observed", "low", "high"))
    marks: list[Decimal | None] = [None] * len(weeks)
    texts: dict[int, str] = {}
    for one in reversed(body["results"]):
        place = labels.index(str(one["week"]))
        marks[place], name = observed[place], one["payee"] or _subject(one)
        texts[place] = f"{texts[place]}, {name}" if place in texts else name
    fan = Fan("Four of five weeks", low, high) if any(low) else None
    parts = [f"{len(weeks)} weeks" + (f" from {labels[0]} to {labels[-1]}." if labels else ".")]
    parts.append(f"{len(body['results'])} {'anomaly' if len(body['results']) == 1 else 'anomalies'}.")
    return Chart(
        title=f"{_subject(body)}: anomalies by week in {currency}".removesuffix(" in "),
        description=" ".join([*parts, *(one["reason"] for one in reversed(body["results"]))]),
        currency=currency,
        labels=labels,
        lines=[
            Line("Without known bills", observed, color="first"),
            Line("Anomaly", marks, color="second", style="marks", texts=texts),
            *([Line(fan.name, [], fan.color)] if fan else []),
        ],
        shape="lines",
        fan=fan,
    )


def _subject(body: Mapping[str, Any]) -> str:
    return "All spending" if body["is_overall"] else str(body["category_name"] or "Uncategorized")


def _amounts(weeks: Sequence[Mapping[str, Any]], name: str) -> list[Decimal | None]:
    return [None if week[name] is None else Decimal(week[name]) for week in weeks]

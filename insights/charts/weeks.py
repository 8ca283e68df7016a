"""Charts of weekly spending: its decomposition, and its anomalies. Each function makes a chart of a JSON body. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from insights.charts.drawing import Chart, Line


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
        seasonal, residual = _amounts(weeks, "seasonal"), _amounts(weeks, "residual")
        title = f"Season of {body['period_weeks']} weeks, in {currency}"
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


def _subject(body: Mapping[str, Any]) -> str:
    return "All spending" if body["is_overall"] else str(body["category_name"] or "Uncategorized")


def _amounts(weeks: Sequence[Mapping[str, Any]], name: str) -> list[Decimal]:
    return [Decimal(week[name]) for week in weeks]

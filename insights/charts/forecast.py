"""What is drawn of a forecast: a body with its curve in, a chart out. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from insights.charts.drawing import Chart, Line

#: Of a day as 2026-11-30.
MONTH_AND_DAY = slice(5, None)

Amounts = list[Decimal | None]


def chart_forecast(body: Mapping[str, Any]) -> Chart:
    """What was spent by each day beside the usual course, and from there to the predicted end and its interval."""
    curve, currency = body["curve"], body["currency"]
    lines = [Line(name.capitalize(), _course(curve, name)) for name in ("spent", "typical")]
    if curve[-1]["spent"] is None:
        lines += [Line(name, _to_the_end(curve, body["spent"], end)) for name, end in _ends(body).items()]
    return Chart(
        title=f"{body['month']}: {body['predicted_total']} {currency} at the end, as of {body['as_of']}",
        description=_told(body),
        currency=currency,
        labels=[str(day["date"])[MONTH_AND_DAY] for day in curve],
        lines=[line for line in lines if any(value is not None for value in line.values)],
        shape="lines",
    )


def _course(curve: Sequence[Mapping[str, Any]], name: str) -> Amounts:
    return [None if day[name] is None else Decimal(day[name]) for day in curve]


def _ends(body: Mapping[str, Any]) -> dict[str, str]:
    """What the month comes to, by what that is called."""
    ends = {"Predicted": body["predicted_total"]}
    if body["interval"]:
        ends |= dict(zip(("At least", "At most"), body["interval"], strict=True))
    return ends


def _to_the_end(curve: Sequence[Mapping[str, Any]], spent: str, end: str) -> Amounts:
    """Two points; the line between them is drawn straight."""
    n_known = sum(day["spent"] is not None for day in curve)
    values: Amounts = [None] * len(curve)
    values[max(n_known - 1, 0)], values[-1] = Decimal(spent), Decimal(end)
    return values


def _told(body: Mapping[str, Any]) -> str:
    currency = body["currency"]
    parts = [f"Spent by {body['as_of']}: {body['spent']}; predicted by {body['end']}: {body['predicted_total']}"]
    if body["interval"]:
        parts.append("between {} and {} in four of five months".format(*body["interval"]))
    if body["actual_total"] is not None:
        parts.append(f"in the end it was {body['actual_total']}")
    return f"{'; '.join(parts)} {currency}. {body['explanation']}"

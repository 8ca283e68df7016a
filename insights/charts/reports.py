"""Charts of summaries, time series, trends and forecasts: each function makes a chart of a JSON body. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from insights.charts.drawing import Chart, Fan, Line
from insights.charts.palette import color_of

#: Bars beside names, and colors on top of one another; others are one bar or color more.
N_CATEGORIES, N_COLORS = 12, 11
OTHERS = "Others"


def chart_summary(body: Mapping[str, Any]) -> Chart:
    """Show where most was spent, and all other categories as one bar: bars add up to the sum of the title."""
    items = sorted(body["by_category"], key=lambda item: -Decimal(item["amount"]))
    rest = items[N_CATEGORIES:]
    if len(rest) > 1:
        amount, share = (sum((Decimal(item[name] or 0) for item in rest), Decimal(0)) for name in ("amount", "share"))
        others = {"category_name": f"{OTHERS} ({len(rest)})", "amount": f"{amount:f}", "share": f"{share:f}"}
        items = [*items[:N_CATEGORIES], others]
    currency, name = body["currency"], body["period"]["name"]
    shares = [f"{item['share']} %" if item["share"] else "refunded" for item in items]
    parts = [f"{_name(item)} {item['amount']} {currency} ({share})" for item, share in zip(items, shares, strict=True)]
    return Chart(
        title=f"Spending {name}: {_thousands(body['expense'])} {currency}",
        description=f"Income {body['income']}, spending {body['expense']} {currency}. {_sentence(parts)}",
        currency=currency,
        labels=[_name(item) for item in reversed(items)],
        lines=[
            Line("Spending", [Decimal(item["amount"]) for item in reversed(items)], colors=_colors(reversed(items)))
        ],
        shape="ranking",
    )


def chart_series(body: Mapping[str, Any]) -> Chart:
    """Show income and spending side by side; with categories, the spending of each on top of one another."""
    results, currency = body["results"], body["currency"]
    income, expense = ([Decimal(one[name]) for one in results] for name in ("income", "expense"))
    lines = [Line("Income", income), Line("Spending", expense)]
    is_split = "by_category" in body
    if is_split:
        lines = [
            Line(_name(one), [Decimal(value) for value in one["expenses"]], _color(one)) for one in body["by_category"]
        ]
        if len(lines) > N_COLORS:
            lines = lines[:N_COLORS]
            shown = [sum(values) for values in zip(*(line.values for line in lines), strict=True)]
            rest = [whole - part for whole, part in zip(expense, shown, strict=True)]
            lines.append(Line(OTHERS, rest, "others"))
    parts = [f"{one['name']}: income {one['income']}, spending {one['expense']}" for one in results]
    return Chart(
        title=f"{'Spending' if is_split else 'Income and spending'} in {currency}, {body['bucket']}",
        description=_sentence(parts),
        currency=currency,
        labels=[one["name"] for one in results],
        lines=lines,
        shape="stacked" if is_split else "bars",
    )


def chart_trends(body: Mapping[str, Any]) -> Chart:
    """Show this month beside the month before, where most has moved."""
    results, currency, month = body["results"][:N_CATEGORIES], body["currency"], body["month"]
    parts = [f"{_name(one)} {one['amount']}, before {one['previous']} {currency}" for one in results]
    days = f"From {month['compared_from']} through {month['compared_through']}, and the same days of the month before."
    notes = [days if month["compared_through"] else "", body["note"] or "", _sentence(parts)]
    return Chart(
        title=f"Spending {month['name']} and the month before, {currency}",
        description=" ".join(filter(None, notes)),
        currency=currency,
        labels=[_name(one) for one in reversed(results)],
        lines=[
            Line("Month before", [Decimal(one["previous"]) for one in reversed(results)], "others"),
            Line(
                month["name"], [Decimal(one["amount"]) for one in reversed(results)], "ink", _colors(reversed(results))
            ),
        ],
        shape="ranking",
    )


def chart_forecast(body: Mapping[str, Any]) -> Chart:
    """Show the spending by each day, the usual course, and from the last known day the expected one within its fan.

    Bills to come are marks on the expected line. The body must have its curve.
    """
    curve, currency, interval = body["curve"], body["currency"], body["interval"]
    values = {
        name: [None if day[name] is None else Decimal(day[name]) for day in curve]
        for name in ("spent", "typical", "expected", "low", "high")
    }
    lines = [
        Line("Typical", values["typical"], "uncategorized"),
        Line("Spent", values["spent"], "first"),
        Line("Expected", values["expected"], "second", style="broken"),
    ]
    fan = None
    if any(value is not None for value in values["low"]):
        fan = Fan("Four of five months", values["low"], values["high"])
        lines.append(Line(fan.name, [], fan.color))
    due = body["still_to_come"]
    if due:
        first = next(place for place, value in enumerate(values["expected"]) if value is not None)
        days = {str(day["date"]): place for place, day in enumerate(curve)}
        marked = {max(days.get(str(bill["due_on"]), 0), first) for bill in due}
        marks = [value if place in marked else None for place, value in enumerate(values["expected"])]
        lines.append(Line("Bills to come", marks, "ink", style="marks"))
    parts = [f"Spent by {body['as_of']}: {body['spent']}; predicted by {body['end']}: {body['predicted_total']}"]
    if interval:
        parts.append(f"{_range(*interval)} in four of five months")
    if body["actual_total"] is not None:
        parts.append(f"in the end it was {body['actual_total']}")
    notes = [f"{'; '.join(parts)} {currency}."]
    if due:
        bills = "; ".join(f"{bill['name']} {bill['amount']} {currency} on {bill['due_on']}" for bill in due)
        notes.append(f"Bills to come: {bills}.")
    return Chart(
        title=f"{body['month']}: {_thousands(body['predicted_total'])} {currency} at the end, as of {body['as_of']}",
        description=" ".join([*notes, body["explanation"]]),
        currency=currency,
        labels=[str(day["date"]).partition("-")[2] for day in curve],
        lines=[line for line in lines if not line.values or any(value is not None for value in line.values)],
        shape="lines",
        fan=fan,
    )


def _range(low: str, high: str) -> str:
    return low if low == high else f"between {low} and {high}"


def _name(item: Mapping[str, Any]) -> str:
    return str(item["category_name"] or "Uncategorized")


def _color(item: Mapping[str, Any]) -> str:
    """Return the color of a category; all others together have one of their own."""
    return color_of(item["category"]) if "category" in item else "others"


def _colors(items: Iterable[Mapping[str, Any]]) -> list[str]:
    return [_color(item) for item in items]


def _thousands(amount: str) -> str:
    """Return the amount with its thousands apart, as titles show it."""
    return f"{Decimal(amount):,}"


def _sentence(parts: Sequence[str]) -> str:
    return f"{'; '.join(parts)}." if parts else "Nothing was spent."

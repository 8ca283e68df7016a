"""What is drawn of summaries, time series and trends: bodies in, charts out. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from insights.charts.drawing import Chart, Line

N_CATEGORIES, N_COLORS = 12, 7
UNCATEGORIZED, OTHERS = "Uncategorized", "Others"


def chart_summary(body: Mapping[str, Any]) -> Chart:
    """Where most was spent; with the others, bars add up to what the title says."""
    items = _with_others(sorted(body["by_category"], key=lambda item: -Decimal(item["amount"])))
    currency, name = body["currency"], body["period"]["name"]
    told = [f"{_name(item)} {item['amount']} {currency} ({_share(item)})" for item in items]
    return Chart(
        title=f"Spending {name}: {body['expense']} {currency}",
        description=f"Income {body['income']}, spending {body['expense']} {currency}. {_sentence(told)}",
        currency=currency,
        labels=[_name(item) for item in reversed(items)],
        lines=[Line("Spending", [Decimal(item["amount"]) for item in reversed(items)])],
        shape="ranking",
    )


def chart_series(body: Mapping[str, Any]) -> Chart:
    """Income and spending side by side; with categories, what was spent in each on top of one another."""
    results, currency = body["results"], body["currency"]
    told = [f"{one['name']}: income {one['income']}, spending {one['expense']}" for one in results]
    income, expense = ([Decimal(one[name]) for one in results] for name in ("income", "expense"))
    is_split = "by_category" in body
    beside = [Line("Income", income), Line("Spending", expense)]
    return Chart(
        title=f"{'Spending' if is_split else 'Income and spending'} in {currency}, {body['bucket']}",
        description=_sentence(told),
        currency=currency,
        labels=[one["name"] for one in results],
        lines=_stacked(body["by_category"], expense) if is_split else beside,
        shape="stacked" if is_split else "bars",
    )


def chart_trends(body: Mapping[str, Any]) -> Chart:
    """This month beside the month before, where most has moved."""
    results, currency, month = body["results"][:N_CATEGORIES], body["currency"], body["month"]
    told = [f"{_name(one)} {one['amount']}, before {one['previous']} {currency}" for one in results]
    return Chart(
        title=f"Spending {month['name']} and the month before, {currency}",
        description=f"Through {month['compared_through']} and as many days before. {_sentence(told)}",
        currency=currency,
        labels=[_name(one) for one in reversed(results)],
        lines=[
            Line("Month before", [Decimal(one["previous"]) for one in reversed(results)]),
            Line(month["name"], [Decimal(one["amount"]) for one in reversed(results)]),
        ],
        shape="ranking",
    )


def _with_others(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those where most was spent, and what all the rest comes to, refunds taken off."""
    kept, rest = items[:N_CATEGORIES], items[N_CATEGORIES:]
    if len(rest) < 2:
        return [*items]
    amount, share = (sum((Decimal(item[name] or 0) for item in rest), Decimal(0)) for name in ("amount", "share"))
    return [*kept, {"category_name": f"{OTHERS} ({len(rest)})", "amount": f"{amount:f}", "share": f"{share:f}"}]


def _share(item: Mapping[str, Any]) -> str:
    """In percent; more came back than was spent where there is none."""
    return f"{item['share']} %" if item["share"] else "refunded"


def _stacked(items: Sequence[Mapping[str, Any]], expense: Sequence[Decimal]) -> list[Line]:
    lines = [Line(_name(item), [Decimal(value) for value in item["expenses"]]) for item in items]
    if len(lines) <= N_COLORS:
        return lines
    kept = lines[:N_COLORS]
    rest = [whole - sum(line.values[i] or 0 for line in kept) for i, whole in enumerate(expense)]
    return [*kept, Line(OTHERS, rest)]


def _name(item: Mapping[str, Any]) -> str:
    return str(item["category_name"] or UNCATEGORIZED)


def _sentence(parts: Sequence[str]) -> str:
    return f"{'; '.join(parts)}." if parts else "Nothing was spent."

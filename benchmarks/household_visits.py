"""Irregular spending of an invented household: shops, cash, travels, large purchases, moves and refunds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.household_days import YEAR, Days, InventedRow, amount_like, payee_named

#: Category → month → factor of spending.
SEASONS = {"shopping": {11: 1.3, 12: 1.8}, "gifts": {12: 5.0}, "leisure": {7: 1.3, 8: 1.3}, "home": {4: 1.6, 5: 1.5}}
#: Category → share of visits with a Pareto factor.
HEAVY = {"groceries": 0.01, "dining": 0.02, "cash": 0.01, "fees": 0.01}
COMMON_HEAVY = 0.05


@dataclass(frozen=True)
class Shop:
    """A payee with its own price style, visited from one day to another."""

    name: str
    style: str
    median: float
    spread: float
    points: tuple[float, ...]
    weight: float
    since: float
    until: float


def visits(days: Days) -> Iterator[InventedRow]:
    for category, usual, median in days.profile.visits:
        rate = usual * float(days.chance.lognormal(0, 0.3))
        shops = list(_shops(days, category, median * days.scale, rate))
        yield from _visits(days, category, rate, shops)


def _shops(days: Days, category: str, median: float, rate: float) -> Iterator[Shop]:
    """Return a few shops that are visited often and many that are visited seldom; some open or close."""
    chance = days.chance
    n = max(int(rate * days.n / 7 * chance.uniform(0.04, 0.16)), 3)
    for rank in range(n):
        since = -1.0 if chance.random() < 0.45 else chance.uniform(0, days.n)
        until = since + chance.exponential(500) + 20 if chance.random() < 0.6 else np.inf
        style = str(chance.choice(["log", "log", "log", "points", "round"]))
        own = median * float(chance.lognormal(0, 0.6))
        points = tuple(np.round(own * chance.lognormal(0, 0.7, int(chance.integers(1, 8)))) - 0.01)
        weight = float((rank + 1) ** -chance.uniform(0.6, 1.3))
        spread = float(chance.uniform(0.3, 1.25))
        yield Shop(payee_named(f"{category} shop", rank), style, own, spread, points, weight, since, until)


def _visits(days: Days, category: str, rate: float, shops: list[Shop]) -> Iterator[InventedRow]:
    chance = days.chance
    weekdays = 7 * chance.dirichlet(np.full(7, 0.9))
    offset = days.date(0).weekday()
    season = SEASONS.get(category, {})
    for day in range(days.n):
        expected = rate / 7 * weekdays[(day + offset) % 7] * days.spirits[day] * season.get(days.month(day), 1)
        for _ in range(chance.poisson(expected * (0.25 if days.away[day] else 1))):
            yield _visit(days, category, day, _choose(days, shops, day))


def _choose(days: Days, shops: list[Shop], day: int) -> Shop | None:
    """Return an open shop; None for a place that is visited once."""
    if days.chance.random() < 0.1:
        return None
    weights = np.array([shop.weight if shop.since <= day <= shop.until else 0.0 for shop in shops])
    return shops[days.chance.choice(len(shops), p=weights / weights.sum())] if weights.sum() else None


def _visit(days: Days, category: str, day: int, shop: Shop | None) -> InventedRow:
    chance = days.chance
    if shop is None:
        usual = next(median for name, _, median in days.profile.visits if name == category) * days.scale
        amount = amount_like(chance, usual, 0.9, heavy=COMMON_HEAVY)
        return InventedRow(
            day, amount * days.prices[day], category, payee_named(f"{category} place", int(chance.integers(10**6)))
        )
    payee = f"{shop.name} branch" if chance.random() < days.profile.aliases * 0.3 else shop.name
    if shop.style == "points":
        return InventedRow(day, float(chance.choice(shop.points)), category, payee)
    amount = amount_like(chance, shop.median, shop.spread, heavy=HEAVY.get(category, COMMON_HEAVY)) * days.prices[day]
    is_round = shop.style == "round" or category == "cash"
    return InventedRow(day, amount, category, "" if category == "cash" else payee, step=10.0 if is_round else 0.01)


def travels(days: Days) -> Iterator[InventedRow]:
    """Return tickets weeks ahead, a hotel, and many small payments to new payees."""
    starts = np.flatnonzero(days.away & ~np.roll(days.away, 1))
    for start in starts:
        chance, scale = days.chance, days.scale * days.prices[start] * float(days.chance.lognormal(0, 0.5))
        length = int(np.argmin(days.away[start:])) or days.n - start
        ahead = max(int(start) - int(chance.integers(3, 100)), 0)
        yield InventedRow(
            ahead, 170 * scale * chance.lognormal(0, 0.6), "travel", payee_named("airline", int(chance.integers(8)))
        )
        hotel = payee_named("hotel", int(chance.integers(10**6)))
        yield InventedRow(int(start), 55 * length * scale * chance.lognormal(0, 0.4), "travel", hotel)
        for _ in range(chance.poisson(1.6 * length)):
            day, kind = int(start + chance.integers(length)), str(chance.choice(["travel", "dining", "transport"]))
            payee = payee_named(f"{kind} abroad", int(chance.integers(10**6)))
            yield InventedRow(day, 19 * scale * chance.lognormal(0, 0.9), kind, payee)


def large_purchases(days: Days) -> Iterator[InventedRow]:
    """Return rare purchases of furniture, repairs and machines; some are paid in two or three parts."""
    chance = days.chance
    for day in np.flatnonzero(chance.random(days.n) < days.profile.large / YEAR):
        amount = min(amount_like(chance, 220 * days.scale, 0.8, heavy=0.2), 9000) * days.prices[day]
        category = str(chance.choice(["large", "home", "transport", "shopping", "health"]))
        payee = payee_named(f"{category} dealer", int(chance.integers(60)))
        for part in range(n := int(chance.choice([1, 1, 1, 1, 2, 3]))):
            yield InventedRow(int(day) + part * int(chance.integers(3, 25)), amount / n, category, payee)


def moving(days: Days) -> Iterator[InventedRow]:
    """Return deposit, van and furniture of each move."""
    for day in days.moves:
        yield InventedRow(day, days.profile.net * days.profile.rent * 2, "large", payee_named("deposit", day), step=50)
        yield InventedRow(day, 260 * days.scale, "home", payee_named("van", day), step=10)
        for _ in range(days.chance.poisson(9)):
            later = day + int(days.chance.exponential(20))
            amount = amount_like(days.chance, 70, 0.9, heavy=0.1)
            yield InventedRow(later, amount, "home", payee_named("home dealer", int(days.chance.integers(9))))


def refunds(days: Days, bought: list[InventedRow]) -> Iterator[InventedRow]:
    """Return later refunds of some purchases, in full or in part."""
    chance = days.chance
    kinds = [row for row in bought if row.category in ("shopping", "travel", "large", "home", "health", "leisure")]
    for _ in range(chance.poisson(days.profile.refunds * days.n / YEAR)):
        if kinds:
            row = kinds[int(chance.integers(len(kinds)))]
            share = 1.0 if chance.random() < 0.55 else chance.uniform(0.1, 0.9)
            day = row.day + int(chance.integers(2, 40))
            yield InventedRow(day, row.amount * share, row.category, row.payee, kind="refund", step=row.step)

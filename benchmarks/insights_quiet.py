"""Alarms of all kinds in three years of a person, and the spikes that are seen among them.

A spike is one payment of 0.3, 0.5 or 1 month's spending on a random day. Half go to a known payee, half to a new one.
Each is added alone. It is seen if it is shown when its week is the newest, by its payment, its category or overall. The
product is measured with and without seasons in the same run.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from statistics import fmean

import numpy as np

from benchmarks.household_profiles import PROFILES
from benchmarks.households import Household, invent_household, last_day
from benchmarks.insights_product_weeks import FINDINGS_STRIDE, FIRST_ID, find_with_and_without_seasons, in_order, names
from benchmarks.insights_tables import PRODUCT, WITHOUT, FigureBound, Figures, FigureTable
from benchmarks.weekly_series import EARLIEST, WEEK, Series, all_series
from insights.payments import Payment

YEARS_WEEKS = 156
SIZES = (0.3, 0.5, 1.0)
#: Spikes of each size in a household.
N_SPIKES, SEED = 8, 11
YEAR = 52.18
MEAN, WORST = "alarms a year", "worst person"
BOUNDS = (
    FigureBound(MEAN, "less", 9, 6, 5, is_absolute=True),
    FigureBound(WORST, "less", 14, 8, 6, is_absolute=True),
    FigureBound("seen, 0.3 month", "more", 0.79, 0.8, 0.9, is_absolute=True),
)


@dataclass
class QuietRecord:
    """Alarms a year of one household, by kind, and a flag for each spike of a size that was seen."""

    kinds: dict[str, float] = field(default_factory=dict)
    seen: dict[float, list[bool]] = field(default_factory=lambda: {size: [] for size in SIZES})

    @property
    def alarms(self) -> float:
        return sum(self.kinds.values())


def long_households() -> list[Household]:
    """Return a household of each profile with three years after its first half year."""
    found = []
    for profile in PROFILES:
        invented = (invent_household(profile, seed=seed) for seed in count())
        found.append(next(one for one in invented if _n_weeks(one) >= YEARS_WEEKS + EARLIEST))
    return found


def _n_weeks(household: Household) -> int:
    return (last_day(household.payments) - household.payments[0].day).days // 7


def measure(household: Household) -> Mapping[str, QuietRecord]:
    """Return the record of the product with and without seasons, over the last three years at most."""
    series = all_series(household)
    if not series or len(series[0].totals) <= EARLIEST + 13:
        return {}
    whole, n = series[0], len(series[0].totals)
    first = max(EARLIEST, n - YEARS_WEEKS)
    records = {PRODUCT: QuietRecord(), WITHOUT: QuietRecord()}
    shown: dict[str, set[str]] = {name: set() for name in records}
    for start in range(first, n, FINDINGS_STRIDE):
        today = whole.monday(min(start + FINDINGS_STRIDE, n)) - dt.timedelta(1)
        both = find_with_and_without_seasons(household.payments, today=today)
        for (name, record), findings in zip(records.items(), both, strict=True):
            for finding in findings:
                if finding.key not in shown[name] and finding.week >= whole.monday(first):
                    shown[name].add(finding.key)
                    record.kinds[finding.kind] = record.kinds.get(finding.kind, 0) + YEAR / (n - first)
    for size in SIZES:
        for spike in _spikes(household, whole, first, size):
            week = spike.day - dt.timedelta(spike.day.weekday())
            both = find_with_and_without_seasons(
                in_order([*household.payments, spike]), today=week + WEEK - dt.timedelta(1)
            )
            for record, findings in zip(records.values(), both, strict=True):
                now = [one for one in findings if one.week == week]
                record.seen[size].append(any(spike.id in one.payments or names(one, spike.category) for one in now))
    return records


def _spikes(household: Household, whole: Series, first: int, size: float) -> list[Payment]:
    """Return payments of `size` months' spending of the year before, in the category of a payment of that year."""
    chance = np.random.default_rng([SEED, int(size * 10), len(whole.totals)])
    found = []
    for number in range(N_SPIKES):
        monday = whole.monday(int(chance.integers(first, len(whole.totals))))
        year = [one for one in household.spending if monday - dt.timedelta(365) <= one.day < monday]
        bought = [one for one in year if one.kind == "expense"]
        if not bought:
            continue
        alike = bought[int(chance.integers(len(bought)))]
        amount = Decimal(str(round(size * sum(float(one.spent) for one in year) / 12, 2)))
        payee = alike.payee if number % 2 else "somebody new"
        day = monday + dt.timedelta(int(chance.integers(7)))
        if amount > 0:
            found.append(Payment(FIRST_ID, day, amount, "expense", payee, alike.category))
    return found


def summarize(results: Sequence[Mapping[str, QuietRecord]]) -> FigureTable:
    """Return the means over households, the worst of them, and the shares of all spikes."""
    rows = {name: _figures([result[name] for result in results if result]) for name in (PRODUCT, WITHOUT)}
    records = [result[PRODUCT] for result in results if result]
    kinds = sorted({kind for record in records for kind in record.kinds})
    notes = [", ".join(f"{kind} {fmean(one.kinds.get(kind, 0) for one in records):.1f}" for kind in kinds) + " a year"]
    return FigureTable("Three years of a person", {WITHOUT: rows[WITHOUT]}, rows[PRODUCT], BOUNDS, notes)


def _figures(records: Sequence[QuietRecord]) -> Figures:
    figures: dict[str, float | None] = {
        MEAN: fmean(one.alarms for one in records),
        WORST: max(one.alarms for one in records),
    }
    for size in SIZES:
        flags = [flag for one in records for flag in one.seen[size]]
        figures[f"seen, {size:g} month"] = fmean(flags) if flags else None
    return figures

"""Per person: how many alarms a year on untouched data, and how many material oddities are seen.

All series of a household together. An oddity of a category (see `benchmarks.weekly_series`) is material when it takes a
tenth of an ordinary month or more; it is seen when its week, as the newest, has an alarm of its category or overall.
Simple methods are told plainly, and gated: an excess of a tenth of an ordinary month, the highest total of half a year,
and three weeks of silence per series after an alarm. Every finding of the product counts as an alarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from benchmarks import insights_product_weeks
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, Bound, Figures, Table
from benchmarks.weekly_methods import WEEKLY_METHODS, Method, quiet_judge
from benchmarks.weekly_series import EARLIEST, Injection, Series, all_series, injections, ordinary_month

MATERIAL, RECORD, SILENCE = 0.10, 26, 3
#: Injections that are tried per household.
MOST, SEED = 5, 23
YEAR = 52.18
ALARMS, RECALL = "alarms a year", "recall, material"
BOUNDS = (Bound(ALARMS, "less", 8, 8, 6, is_absolute=True), Bound(RECALL, "more", 0.37, 0.40, 0.60))
QUICK = WEEKLY_METHODS[0], WEEKLY_METHODS[1], WEEKLY_METHODS[5]


@dataclass(frozen=True)
class Heard:
    """Alarms of one household, its years, and for each material injection whether it was seen."""

    n_alarms: int
    years: float
    seen: Sequence[bool]
    #: Alarms by kind, where there are kinds.
    kinds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Odd:
    """A material injection into a series."""

    series: Series
    injection: Injection


def material_injections(all_of: Sequence[Series]) -> list[Odd]:
    """Some of those that take a tenth of an ordinary month of the household."""
    overall = all_of[0]
    odd = (Odd(series, injection) for series in all_of[1:] for injection in injections(series, seed=SEED))
    found = [one for one in odd if one.injection.extra >= MATERIAL * ordinary_month(overall, one.injection.week)]
    chosen = np.random.default_rng(SEED).choice(len(found), min(MOST, len(found)), replace=False) if found else ()
    return [found[i] for i in sorted(chosen)]


def measure(household: Household) -> Mapping[str, Heard]:
    """What every method says of one household."""
    series = all_series(household)
    if not series or len(series[0].totals) <= EARLIEST + 13:
        return {}
    odd = material_injections(series)
    found = {}
    for method in QUICK:
        found[method.name] = _listen(method, series, odd, is_gated=False)
        found[f"{method.name}, gated"] = _listen(method, series, odd, is_gated=True)
    own = insights_product_weeks.listen(household, series[0], odd)
    if own is not None:
        years = (len(series[0].totals) - EARLIEST) / YEAR
        found[PRODUCT] = Heard(sum(own[0].values()), years, own[1], own[0])
    return found


def _listen(method: Method, all_of: Sequence[Series], odd: Sequence[Odd], *, is_gated: bool) -> Heard:
    weeks = {id(series): _alarm_weeks(method, series, all_of[0], is_gated=is_gated) for series in all_of}
    seen = []
    for one in odd:
        asked = (one.series, all_of[0])
        seen.append(any(_sees(method, s, all_of[0], one.injection, weeks[id(s)], is_gated=is_gated) for s in asked))
    return Heard(sum(map(len, weeks.values())), (len(all_of[0].totals) - EARLIEST) / YEAR, seen)


def _alarm_weeks(method: Method, series: Series, overall: Series, *, is_gated: bool) -> list[int]:
    alarms: list[int] = []
    for week in range(EARLIEST, len(series.totals)):
        if _sees(method, series, overall, Injection(week, ()), alarms, is_gated=is_gated):
            alarms.append(week)
    return alarms


def _sees(
    method: Method, series: Series, overall: Series, injection: Injection, alarms: Sequence[int], *, is_gated: bool
) -> bool:
    """Whether the week raises an alarm with the injection, after the alarms of untouched weeks."""
    week, past = injection.week, series.totals[: injection.week]
    value = float(series.totals[week]) + injection.extra
    if is_gated:
        is_silent = any(0 < week - alarm <= SILENCE for alarm in alarms)
        excess = value - float(np.median(past[-RECORD:]))
        is_small = excess < MATERIAL * ordinary_month(overall, week)
        if is_silent or is_small or value <= past[-RECORD:].max():
            return False
    return bool(quiet_judge(method, past, np.array([value]))[0] > method.threshold)


def summarize(results: Sequence[Mapping[str, Heard]]) -> Table:
    """Alarms are the mean over households, recall that of all injections; the best simple method is a quiet one."""
    names = dict.fromkeys(name for result in results for name in result)
    rows = {name: _figures([result[name] for result in results if name in result]) for name in names}
    own = rows.pop(PRODUCT, None)
    quiet = {name: row for name, row in rows.items() if (row[ALARMS] or 0) <= 11}
    anchor = max(quiet, key=lambda name: quiet[name][RECALL] or 0, default=None)
    n = sum(len(next(iter(result.values())).seen) for result in results if result)
    notes = [f"{n:,} material injections; held against: {anchor}", *_by_kind(results)]
    return Table("Per person, everything shown", rows, own, BOUNDS, notes, anchor)


def _by_kind(results: Sequence[Mapping[str, Heard]]) -> Iterator[str]:
    """The product's alarms a year by kind."""
    heard = [result[PRODUCT] for result in results if PRODUCT in result]
    for kind in sorted({kind for each in heard for kind in each.kinds}):
        yield f"{PRODUCT}: {kind} {fmean(each.kinds.get(kind, 0) / each.years for each in heard):.1f} a year"


def _figures(heard: Sequence[Heard]) -> Figures:
    seen = [one for each in heard for one in each.seen]
    return {
        ALARMS: fmean(each.n_alarms / each.years for each in heard),
        RECALL: fmean(seen) if seen else None,
    }

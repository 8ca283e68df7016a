"""Per person: alarms a year on untouched data, and share of material oddities that are seen.

All series of a household together. An oddity of a category (see `benchmarks.weekly_series`) is material if it takes a
tenth of an ordinary month or more. It is seen if its week, as the newest, has an alarm of its category or overall.
Simple methods are measured plainly and gated. A gated alarm needs an excess of a tenth of an ordinary month, the
highest total of half a year, and three weeks without an alarm in its series. Every finding of the product counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from benchmarks import insights_product_weeks
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, FigureBound, Figures, FigureTable
from benchmarks.weekly_methods import WEEKLY_METHODS, Method, quiet_judge
from benchmarks.weekly_series import EARLIEST, Injection, Series, all_series, injections, ordinary_month

MATERIAL, RECORD, SILENCE = 0.10, 26, 3
#: Injections that are tried per household.
MOST, SEED = 5, 23
YEAR = 52.18
ALARMS, RECALL = "alarms a year", "recall, material"
BOUNDS = (FigureBound(ALARMS, "less", 8, 8, 6, is_absolute=True), FigureBound(RECALL, "more", 0.37, 0.40, 0.60))
QUICK = WEEKLY_METHODS[0], WEEKLY_METHODS[1], WEEKLY_METHODS[5]


@dataclass(frozen=True)
class AlarmRecord:
    """Alarms of one household, its years, and a flag for each material injection that was seen."""

    n_alarms: int
    years: float
    seen: Sequence[bool]
    #: Alarms by kind, where there are kinds.
    kinds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MaterialOddity:
    """A material injection into a series."""

    series: Series
    injection: Injection


def material_injections(all_of: Sequence[Series]) -> list[MaterialOddity]:
    """Choose some injections that take a tenth of an ordinary month of the household."""
    overall = all_of[0]
    odd = (MaterialOddity(series, injection) for series in all_of[1:] for injection in injections(series, seed=SEED))
    found = [one for one in odd if one.injection.extra >= MATERIAL * ordinary_month(overall, one.injection.week)]
    chosen = np.random.default_rng(SEED).choice(len(found), min(MOST, len(found)), replace=False) if found else ()
    return [found[i] for i in sorted(chosen)]


def measure(household: Household) -> Mapping[str, AlarmRecord]:
    """Return the alarms of one household by method."""
    series = all_series(household)
    if not series or len(series[0].totals) <= EARLIEST + 13:
        return {}
    odd = material_injections(series)
    found = {}
    for method in QUICK:
        found[method.name] = _count_alarms(method, series, odd, is_gated=False)
        found[f"{method.name}, gated"] = _count_alarms(method, series, odd, is_gated=True)
    kinds, seen = insights_product_weeks.count_alarms(household, series[0], odd)
    found[PRODUCT] = AlarmRecord(sum(kinds.values()), (len(series[0].totals) - EARLIEST) / YEAR, seen, kinds)
    return found


def _count_alarms(
    method: Method, all_of: Sequence[Series], odd: Sequence[MaterialOddity], *, is_gated: bool
) -> AlarmRecord:
    weeks = {id(series): _alarm_weeks(method, series, all_of[0], is_gated=is_gated) for series in all_of}
    seen = []
    for one in odd:
        asked = (one.series, all_of[0])
        seen.append(any(_sees(method, s, all_of[0], one.injection, weeks[id(s)], is_gated=is_gated) for s in asked))
    return AlarmRecord(sum(map(len, weeks.values())), (len(all_of[0].totals) - EARLIEST) / YEAR, seen)


def _alarm_weeks(method: Method, series: Series, overall: Series, *, is_gated: bool) -> list[int]:
    alarms: list[int] = []
    for week in range(EARLIEST, len(series.totals)):
        if _sees(method, series, overall, Injection(week, ()), alarms, is_gated=is_gated):
            alarms.append(week)
    return alarms


def _sees(
    method: Method, series: Series, overall: Series, injection: Injection, alarms: Sequence[int], *, is_gated: bool
) -> bool:
    """Return True if the week raises an alarm with the injection, after the alarms of untouched weeks."""
    week, past = injection.week, series.totals[: injection.week]
    value = float(series.totals[week]) + injection.extra
    if is_gated:
        is_silent = any(0 < week - alarm <= SILENCE for alarm in alarms)
        excess = value - float(np.median(past[-RECORD:]))
        is_small = excess < MATERIAL * ordinary_month(overall, week)
        if is_silent or is_small or value <= past[-RECORD:].max():
            return False
    return bool(quiet_judge(method, past, np.array([value]))[0] > method.threshold)


def summarize(results: Sequence[Mapping[str, AlarmRecord]]) -> FigureTable:
    """Return mean alarms of households and recall of all injections, held against the best quiet simple method."""
    names = dict.fromkeys(name for result in results for name in result)
    rows = {name: _figures([result[name] for result in results if name in result]) for name in names}
    own = rows.pop(PRODUCT, None)
    quiet = {name: row for name, row in rows.items() if (row[ALARMS] or 0) <= 11}
    anchor = max(quiet, key=lambda name: quiet[name][RECALL] or 0, default=None)
    n = sum(len(next(iter(result.values())).seen) for result in results if result)
    notes = [f"{n:,} material injections; held against: {anchor}", *_by_kind(results)]
    return FigureTable("Per person, everything shown", rows, own, BOUNDS, notes, anchor)


def _by_kind(results: Sequence[Mapping[str, AlarmRecord]]) -> Iterator[str]:
    """Return the product's alarms a year by kind."""
    records = [result[PRODUCT] for result in results if PRODUCT in result]
    for kind in sorted({kind for each in records for kind in each.kinds}):
        yield f"{PRODUCT}: {kind} {fmean(each.kinds.get(kind, 0) / each.years for each in records):.1f} a year"


def _figures(records: Sequence[AlarmRecord]) -> Figures:
    seen = [one for each in records for one in each.seen]
    return {
        ALARMS: fmean(each.n_alarms / each.years for each in records),
        RECALL: fmean(seen) if seen else None,
    }

"""Weekly oddities: is an odd week seen when it is the newest, and how many untouched weeks raise an alarm?

Every week from the 27th on is judged by the weeks before it, as it was. Some are judged again with an injection (see
`benchmarks.weekly_series`). Injections stand alone, never in the history of another week. F1 assumes three oddities in
a year: precision follows from recall and the false alarms per week. Untouched weeks have oddities of their own, so that
false alarms are an upper bound.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks import insights_product_weeks
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, WITHOUT, FigureBound, FigureTable
from benchmarks.weekly_methods import WEEKLY_METHODS, Method, quiet_judge
from benchmarks.weekly_series import EARLIEST, Series, all_series, injections
from insights.anomalies.decomposition import PERIODS

GROUPS = ("overall", "dense", "sparse")
#: Oddities in a year, and false alarms in a year at the moved threshold.
ODDITIES, MOVED = 3, 4
WEEKS = 52
SEED = 7
BOUNDS = (
    FigureBound("F1 overall", "more", 0.37, 0.40, 0.50),
    FigureBound("F1 dense", "more", 0.41, 0.42, 0.50),
    FigureBound("F1 sparse", "more", 0.39, 0.40, 0.50),
)


@dataclass
class Scores:
    """Scores of untouched weeks and of weeks with an injection."""

    untouched: list[float] = field(default_factory=list)
    injected: list[float] = field(default_factory=list)

    def add(self, other: "Scores") -> None:
        self.untouched += other.untouched
        self.injected += other.injected


#: Method → group → scores.
Found = Mapping[str, Mapping[str, Scores]]


def measure(household: Household) -> Found:
    """Return the scores of one household."""
    names = [PRODUCT, WITHOUT, *(method.name for method in WEEKLY_METHODS)]
    found = {name: {group: Scores() for group in GROUPS} for name in names}
    series = [one for one in all_series(household) if len(one.totals) > EARLIEST]
    for one in series:
        for method in WEEKLY_METHODS:
            found[method.name][one.group].add(score(one, method))
    odd = {i: list(injections(s, seed=SEED)) for i, s in enumerate(series)}
    both = insights_product_weeks.score_weeks(household, series, odd, periods=(PERIODS, ()))
    for name, judged in zip((PRODUCT, WITHOUT), both, strict=True):
        for one, (untouched, injected) in zip(series, judged, strict=True):
            found[name][one.group].add(Scores(untouched, injected))
    return found


def score(series: Series, method: Method) -> Scores:
    """Score one series, walking forward."""
    odd = {injection.week: injection.extra for injection in injections(series, seed=SEED)}
    scores = Scores()
    for week in range(max(EARLIEST, method.earliest), len(series.totals)):
        is_looked_at = week % method.stride == 0
        if not is_looked_at and week not in odd:
            continue
        value = series.totals[week]
        values = [value] * is_looked_at + [value + odd.get(week, 0)] * (week in odd)
        judged = quiet_judge(method, series.totals[:week], np.array(values)).tolist()
        scores.untouched += judged[:is_looked_at]
        scores.injected += judged[is_looked_at:]
    return scores


def summarize(results: Sequence[Found]) -> FigureTable:
    """Return the table over all households together."""
    simple = {method.name: _figures(results, method.name, method.threshold) for method in WEEKLY_METHODS}
    own = _figures(results, PRODUCT, insights_product_weeks.WEEKLY_THRESHOLD)
    n = sum(len(found["rolling 26-week median + MAD"][group].injected) for found in results for group in GROUPS)
    note = (
        f"{n:,} injections; F1 and R(ecall) at {MOVED} false alarms per 52 weeks, in brackets at the default threshold"
    )
    plain = _figures(results, WITHOUT, insights_product_weeks.WEEKLY_THRESHOLD)
    notes = [note, *(f"F1 {_figures_text(row)}: {name}" for name, row in ((PRODUCT, own), (WITHOUT, plain)))]
    has_own = any(value is not None for value in own.values())
    return FigureTable("Weekly oddities, newest week, walk-forward", simple, own if has_own else None, BOUNDS, notes)


def _figures_text(row: Mapping[str, float | None]) -> str:
    return ", ".join(f"{group} {row[f'F1 {group}'] or 0:.3f}" for group in GROUPS)


def _figures(results: Sequence[Found], method: str, threshold: float) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    for group in GROUPS:
        scores = Scores()
        for found in results:
            scores.add(found[method][group])
        figures |= figures_of(scores, group, threshold)
    order = ("F1", "R", "(F1", "(FA")
    return {name: figures[name] for start in order for name in figures if name.split(" ")[0] == start}


def figures_of(scores: Scores, group: str, threshold: float) -> dict[str, float | None]:
    """Return the figures of one group, by name."""
    names = (f"F1 {group}", f"R {group}", f"(F1 {group})", f"(FA {group})")
    if not scores.untouched or not scores.injected:
        return dict.fromkeys(names)
    moved = threshold_for(scores.untouched, MOVED)
    recall, alarms = _shares(scores, moved)
    plain_recall, plain_alarms = _shares(scores, threshold)
    return dict(
        zip(names, (f1(recall, alarms), recall, f1(plain_recall, plain_alarms), plain_alarms * WEEKS), strict=True)
    )


def threshold_for(untouched: Iterable[float], alarms_a_year: float) -> float:
    """Return the threshold that so many untouched weeks of a year exceed."""
    ordered = np.sort(np.array(list(untouched)))[::-1]
    return float(ordered[min(int(len(ordered) * alarms_a_year / WEEKS), len(ordered) - 1)])


def _shares(scores: Scores, threshold: float) -> tuple[float, float]:
    """Return the shares of seen injections, and of untouched weeks with an alarm."""
    return float((np.array(scores.injected) > threshold).mean()), float((np.array(scores.untouched) > threshold).mean())


def f1(recall: float, alarms: float) -> float:
    """Return F1 with ODDITIES a year; `alarms` are per untouched week."""
    odd = ODDITIES / WEEKS
    return 2 * recall * odd / (recall * odd + alarms + odd) if recall else 0.0

"""Measure whether a young ledger can rely on what is sure, through the API.

    python -m benchmarks.evening [--ledgers N] [--seed S] [--only NAME] [--jobs N] [--show]

Plays invented ledgers of thirteen countries (`benchmarks.young_ledgers`) on fresh instances without a model. Each
imports the files of two banks. Its owner then answers the first groups of the review queue, up to 60 times. Half-way
and at the end, the owner adopts the thresholds of a backtest, and at last imports the next month ("next"). After each
answer, from the tenth on after each fifth, a worker learns and the rows are read. The exit code is 1 if a bound is
missed. `--only DE` plays the ledgers of which the name begins so. `--show` prints the wrong answers of each last point.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import fmean

from benchmarks.api_client import NO_LIMITS, register, run_tasks
from benchmarks.docs_tables import DOCS, write_table
from benchmarks.evening_play import ASKED_AT, Evening, Outcome, Point, Silence, play
from benchmarks.instance import fresh_instance
from benchmarks.young_ledgers import YoungLedger, invent_ledgers
from providers.calibration import JudgedAnswer, measure_reliability

#: Least share of right rows among automatic ones; below so many automatic rows, so many may be wrong.
LEAST_RIGHT, FEW, MOST_WRONG = 0.95, 40, 2
#: Most rows with the right category that one confirmation may cost.
MOST_LOST = 1
#: Most of the share that is right without asking at the beginning, which the next month may lack.
MOST_LESS = 0.05
MOST_NONSENSE = 0.05


def main(arguments: Sequence[str] | None = None) -> None:
    """Play all ledgers, print their figures, and exit with 1 if a bound is missed."""
    options = _read_options(arguments)
    ledgers = [one for one in invent_ledgers(options.ledgers, seed=options.seed) if one.name.startswith(options.only)]
    started = time.monotonic()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        evenings = list(processes.map(play_alone, ledgers))
    for evening in evenings:
        print_evening(evening)
        if options.show:
            print_wrong(evening.points[-1])
    print_totals(evenings)
    if options.write_docs:
        write_means(means_of(evenings))
    found = [fault for evening in evenings for fault in faults_of(evening)] + list(nonsense_faults(evenings))
    print(f"\n{len(evenings)} ledgers in {time.monotonic() - started:.0f} s")
    for fault in found:
        print(f"  MISSED: {fault}")
    sys.exit(1 if found else 0)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledgers", type=int, default=20, help="number of ledgers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="NAME", help="play ledgers of which the name begins so")
    parser.add_argument("--jobs", type=int, default=4, help="number of processes")
    parser.add_argument("--write-docs", action="store_true", help="write the means into docs/calibration.md")
    parser.add_argument("--show", action="store_true", help="print the wrong answers of the last points")
    return parser.parse_args(arguments)


def play_alone(ledger: YoungLedger) -> Evening:
    """Play a ledger on an instance of its own."""
    with fresh_instance(**NO_LIMITS):
        return play(ledger, api=register("owner"), run_tasks=run_tasks)


def faults_of(evening: Evening) -> Iterator[str]:
    """Yield a sentence for each bound that a ledger misses."""
    before = evening.points[0]
    for point in evening.points:
        lost = before.n_right - point.n_right
        if lost > MOST_LOST * (point.n - before.n):
            yield f"{evening.ledger}, N = {point.n}: {lost} right rows fewer than at {before.n}"
        yield from _faults_of_automatic(f"{evening.ledger}, N = {point.n}", point)
        before = point
    yield from _faults_of_automatic(f"{evening.ledger}, next month", evening.next_month)
    first, last = (point.n_automatic_right / point.n_rows for point in (evening.points[0], evening.next_month))
    if last < first - MOST_LESS:
        yield f"{evening.ledger}: {last:.0%} of the next month right without asking, {first:.0%} at the beginning"


def _faults_of_automatic(title: str, point: Point) -> Iterator[str]:
    n, n_right = len(point.automatic), point.n_automatic_right
    if n - n_right > MOST_WRONG if n < FEW else n_right < LEAST_RIGHT * n:
        yield f"{title}: {n_right} of {n} automatic rows are right"


def nonsense_faults(evenings: Sequence[Evening]) -> Iterator[str]:
    """Yield a sentence for each bound on texts that nobody can know."""
    n, n_automatic, n_suggested = _nonsense(evenings)
    if n_automatic:
        yield f"{n_automatic} of {n} texts without sense got a category"
    if n_suggested > MOST_NONSENSE * n:
        yield f"{n_suggested} of {n} texts without sense got a suggestion"


def _nonsense(evenings: Sequence[Evening]) -> Silence:
    total = Silence()
    for evening in evenings:
        for point in (*evening.points, evening.next_month):
            total = total.plus(point.nonsense)
    return total


def print_evening(evening: Evening) -> None:
    """Print a line for each point."""
    print(f"\n{evening.ledger}: {evening.points[0].n_rows} rows, thresholds {', '.join(evening.adopted) or 'none'}")
    print(
        "   N confirmed automatic    right  %right suggested %right   ECE  nonsense  private (automatic/suggested/all)"
    )
    for title, point in [*((str(point.n), point) for point in evening.points), ("next", evening.next_month)]:
        automatic = point.automatic
        suggested = [one for one in point.outcomes if not one.is_automatic]
        print(
            f"{title:>4} {point.n_confirmed:9} {len(automatic):9} {point.n_automatic_right:8} {_share(automatic):>7}"
            f" {len(suggested):9} {_share(suggested):>6} {_cell(_error(point.outcomes)):>5}"
            f"  {_counts(point.nonsense):>9} {_counts(point.private):>9}"
        )


def print_wrong(point: Point) -> None:
    """Print the wrong answers of a point, the automatic ones first."""
    wrong = Counter(one._replace(text=" ".join(one.text.split())) for one in point.outcomes if not one.is_right)
    for one, n in sorted(wrong.items(), key=lambda pair: (not pair[0].is_automatic, -pair[0].confidence)):
        status = "automatic" if one.is_automatic else "suggested"
        print(
            f"     {status} {one.answer} ({one.source} {one.confidence:.2f}), is {one.category}: {one.text}, {n} rows"
        )


def print_totals(evenings: Sequence[Evening]) -> None:
    """Print means over ledgers at some numbers of confirmations."""
    columns = means_of(evenings)
    titles = "".join(f"{title:>12}" for title in columns)
    print(f"\n{'confirmations':36}{titles}")
    for figure in next(iter(columns.values())):
        values = "".join(f"{_cell(figures[figure]):>12}" for figures in columns.values())
        print(f"  {figure:34}{values}")
    sources = Counter((one.source, one.is_right) for each in evenings for p in each.points for one in p.automatic)
    print("  automatic rows of all points by source, wrong of all:", end=" ")
    names = sorted({source for source, _ in sources})
    print(", ".join(f"{name} {sources[name, False]} of {sources[name, False] + sources[name, True]}" for name in names))
    nonsense = _nonsense(evenings)
    print(
        f"  nonsense of all points: {nonsense.n_automatic} automatic, {nonsense.n_suggested} suggested of {nonsense.n}"
    )


def write_means(columns: Mapping[str, Mapping[str, float | None]]) -> None:
    """Write the means over ledgers into the documentation."""
    figures = next(iter(columns.values()))
    lines = [[figure, *(_cell(column[figure]) for column in columns.values())] for figure in figures]
    write_table(DOCS / "calibration.md", "young ledgers", ["confirmations", *columns], lines)


def means_of(evenings: Sequence[Evening]) -> dict[str, dict[str, float | None]]:
    """Return the mean of each figure over ledgers, by the number of confirmations; "next month" is the last column."""
    points = {f"{n}": [point for one in evenings for point in one.points if point.n == n] for n in ASKED_AT}
    points["next month"] = [one.next_month for one in evenings]
    return {title: _means(found) for title, found in points.items()}


def _means(points: Sequence[Point]) -> dict[str, float | None]:
    lines: dict[str, Callable[[Point], float | None]] = {
        "taken without asking, of open rows": lambda p: _percent(len(p.automatic), p.n_rows - p.n_confirmed),
        "right of those": lambda p: _percent(p.n_automatic_right, len(p.automatic)),
        "shown, of open rows": lambda p: _percent(len(p.outcomes), p.n_rows - p.n_confirmed),
        "right of those shown": lambda p: _percent(sum(one.is_right for one in p.outcomes), len(p.outcomes)),
        "right category, of all rows": lambda p: _percent(p.n_right, p.n_rows),
        "ECE of what is shown": lambda p: _error(p.outcomes),
        "nonsense suggested": lambda p: _percent(p.nonsense.n_suggested, p.nonsense.n),
        "private names automatic": lambda p: _percent(p.private.n_automatic, p.private.n),
        "private names suggested": lambda p: _percent(p.private.n_suggested, p.private.n),
    }
    found = {title: [one for point in points if (one := figure(point)) is not None] for title, figure in lines.items()}
    return {title: fmean(values) if values else None for title, values in found.items()}


def _share(outcomes: Sequence[Outcome]) -> str:
    return _cell(_percent(sum(one.is_right for one in outcomes), len(outcomes)))


def _cell(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.1f}"


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _error(outcomes: Sequence[Outcome]) -> float | None:
    reliability = measure_reliability([JudgedAnswer(one.confidence, one.is_right) for one in outcomes])
    return 100 * reliability.ece if reliability else None


def _counts(silence: Silence) -> str:
    return f"{silence.n_automatic}/{silence.n_suggested}/{silence.n}"


if __name__ == "__main__":
    main()

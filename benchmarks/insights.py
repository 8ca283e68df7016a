"""Measure insights: the product beside simple methods, on invented households or on files.

    python -m benchmarks.insights [--quick] [--only NAME] [--files FOLDER]

Households come from `benchmarks.households`; `--files` reads CSV files (see `benchmarks.household_files`) instead.
Every evaluation walks forward: a day is judged by the days before it. The product must be ahead of the best simple
method of the same run by a margin. The exit code is 1 if it misses one. See docs/insights-figures.md.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.household_files import read_households
from benchmarks.households import Household, invent_households
from benchmarks.insights_tables import FigureTable, print_table

HOUSEHOLDS_EACH, QUICK_EACH = 3, 1
#: Slow evaluations take only so many invented households: two of each kind.
FEWER = {"people": 24}


@dataclass(frozen=True)
class InsightEvaluation:
    """Measurement of one household, in a process of its own, and the table over all households."""

    measure: Callable[[Household], Any]
    summarize: Callable[[Sequence[Any]], FigureTable]
    #: Invents its own households.
    invent: Callable[[], Sequence[Household]] | None = None


def evaluations() -> Mapping[str, InsightEvaluation]:
    from benchmarks import (
        insights_amounts,
        insights_bills,
        insights_month_end,
        insights_people,
        insights_quiet,
        insights_recurring,
        insights_weekly,
    )

    modules = {
        "weekly": insights_weekly,
        "people": insights_people,
        "bills": insights_bills,
        "amounts": insights_amounts,
        "month_end": insights_month_end,
        "recurring": insights_recurring,
    }
    found = {name: InsightEvaluation(module.measure, module.summarize) for name, module in modules.items()}
    found["quiet"] = InsightEvaluation(insights_quiet.measure, insights_quiet.summarize, insights_quiet.long_households)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the requested tables; return 1 if the product misses a bound."""
    sys.stdout.reconfigure(line_buffering=True)
    options = _read_options(arguments)
    n_each = QUICK_EACH if options.quick else HOUSEHOLDS_EACH
    households = read_households(options.files) if options.files else list(invent_households(n_each))
    missed = 0
    with multiprocessing.Pool(options.processes) as pool:
        for name, evaluation in evaluations().items():
            if options.only in (None, name):
                started = time.perf_counter()
                some = households[: None if options.files else FEWER.get(name)]
                if evaluation.invent is not None and not options.files:
                    some = evaluation.invent()
                table = evaluation.summarize(pool.map(evaluation.measure, some, chunksize=1))
                table.notes.append(f"{len(some)} households, {time.perf_counter() - started:.0f} s")
                print_table(table)
                missed += len(table.missed())
    if options.only in (None, "speed") and not options.files:
        from benchmarks import insights_speed

        missed += insights_speed.print_speed()
    return 1 if missed else 0


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, metavar="FOLDER_OR_FILE", help="measure on CSV files")
    parser.add_argument("--only", choices=(*evaluations(), "speed"), help="one evaluation")
    parser.add_argument("--quick", action="store_true", help="a third of the households")
    parser.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 2), metavar="N")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())

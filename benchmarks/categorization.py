"""Measure accuracy, confidence and speed of the provider chain, with 0 to 3,000 confirmed rows of a user.

    python -m benchmarks.categorization [FOLDER_OR_FILES…] [--renamed] [--only accuracy|lives|speed] [--write-docs]

The first N rows of each file (see `benchmarks.labeled_files`) are confirmed and the next 500 predicted. The chain is
that of `config.settings` without a model and rules, calibrated on the N rows. Simple methods are trained on the same
rows. All figures are percent; a row without an answer is not right; "-" means that fewer than 60 rows are
left. Without arguments the files of `shared/categorization` beside the project's folder are read, or the invented ones
of `benchmarks/samples`.

`--renamed` gives every category a name that the dictionary does not know. `--lives N` sets the number of invented
people with four years of rows (`benchmarks.long_lives`), who are measured apart. `--write-docs` writes the means into
the tables of `docs/learning.md`.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import scores
from benchmarks.accuracy_tables import write_accuracy
from benchmarks.baselines import BASELINES
from benchmarks.instance import fresh_instance
from benchmarks.labeled_files import LabeledFile, find_files, read_file
from benchmarks.long_lives import invent_lives
from benchmarks.scores import Figure

CONFIRMED = (0, 10, 30, 100, 300, 1000, 3000)
ACCURACY = f"{scores.PRODUCT}: {scores.ACCURACY}"
#: Figure → number of confirmed rows → required mean over files, and the goal.
TARGETS: Mapping[str, Mapping[int, tuple[float, float]]] = {
    ACCURACY: {0: (45, 55), 10: (66, 70), 30: (73, 77), 100: (79, 83), 300: (85, 88), 1000: (93, 94)},
    scores.BEST_MARGIN: {10: (3, 3), 30: (3, 3), 100: (3, 3), 300: (1, 1)},
    scores.DECIDED_PRECISION: {0: (90, 90)},
    scores.ACCEPTABLE: {300: (72, 80), 1000: (85, 90)},
    scores.PAST_PRECISION: {300: (94, 95), 1000: (94, 95)},
    scores.ECE: {300: (5, 3), 1000: (5, 3)},
}
_BASELINES = {f"  {name}" for name in BASELINES}
#: Figures to minimize.
FALLING = {scores.ECE}
#: Figures by the number of confirmed rows.
Table = Mapping[int, Mapping[str, Figure]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the requested figures."""
    options = _read_options(arguments)
    paths = find_files(options.files)
    with fresh_instance():
        if options.only in (None, "accuracy"):
            means = print_accuracy(paths, is_renamed=options.renamed)
            if options.write_docs:
                write_accuracy("accuracy on statements", means)
        if options.only in (None, "lives"):
            means = print_lives(options.lives)
            if options.write_docs:
                write_accuracy("accuracy over years", means)
        if options.only in (None, "speed"):
            from benchmarks.learning_speed import print_speed

            print_speed(paths)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FOLDER_OR_FILE")
    parser.add_argument("--renamed", action="store_true", help="give every category an unknown name")
    parser.add_argument("--only", choices=("accuracy", "lives", "speed"), help="measure only that")
    parser.add_argument("--lives", type=int, default=4, metavar="N", help="number of invented people")
    parser.add_argument("--write-docs", action="store_true", help="write the means into the documentation")
    return parser.parse_args(arguments)


def print_accuracy(paths: Sequence[Path], *, is_renamed: bool) -> Table:
    """Print a table of each file, the mean of all, and the targets. Return the mean."""
    tables = []
    for path in paths:
        file = read_file(path, is_renamed=is_renamed)
        tables.append(measure(file))
        n_texts, n_categories = len({row.text for row in file.rows}), len({row.category for row in file.rows})
        title = f"{file.name}: {len(file.rows)} rows, {n_texts} distinct normalized texts"
        print_table(f"{title}, {n_categories} categories in use", tables[-1])
    means = {n: _with_margin(scores.mean([table[n] for table in tables if n in table])) for n in CONFIRMED}
    print_table(f"mean over {len(tables)} files{' with renamed categories' if is_renamed else ''}", means)
    if not is_renamed:
        print_targets(means)
    return means


def print_lives(n_people: int) -> Table:
    """Print a table of each invented person, and the mean. Return the mean."""
    tables = []
    for life in invent_lives(n_people):
        tables.append(measure(life.file, life.sorts))
        print_table(f"{life.file.name}: {len(life.file.rows)} rows", tables[-1])
    means = {n: _with_margin(scores.mean([table[n] for table in tables if n in table])) for n in CONFIRMED}
    print_table(f"mean over {len(tables)} invented people", means)
    return means


def measure(file: LabeledFile, sorts: Sequence[str] = ()) -> dict[int, dict[str, Figure]]:
    """Return the figures of one file, for the numbers of confirmed rows that leave enough others.

    `sorts` has a word for each row of which the accuracy is measured apart (see `scores.by_sort`).
    """
    from benchmarks.predicting import predict

    predictions = {n: predict(file, n) for n in CONFIRMED}
    return {n: scores.score(found) | scores.by_sort(found, sorts) for n, found in predictions.items() if found}


def _with_margin(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return the figures with the chain's margin over the best simple method."""
    others = [value for name, value in figures.items() if name in _BASELINES and value is not None]
    own = figures.get(ACCURACY)
    return {**figures, scores.BEST_MARGIN: own - max(others) if own is not None and others else None}


def print_table(title: str, table: Table) -> None:
    """Print a line for each figure, with a column for each number of confirmed rows."""
    print(f"\n{title}\n{'confirmed rows':36}{''.join(f'{n:>8}' for n in CONFIRMED)}")
    for name in max(table.values(), key=len, default={}):
        print(f"{name:36}{''.join(_cell(table.get(n, {}).get(name)) for n in CONFIRMED)}")


def _cell(figure: Figure) -> str:
    return f"{'-' if figure is None else f'{figure:.1f}':>8}"


def print_targets(means: Table) -> None:
    """Print each target beside the mean."""
    print("\naims, and the means over files")
    for name, aims in TARGETS.items():
        for n, (required, goal) in aims.items():
            found = means.get(n, {}).get(name)
            print(f"  {name}, N = {n}: required {required}, goal {goal}: {_judge(name, found, required)}")


def _judge(name: str, found: Figure, required: float) -> str:
    if found is None:
        return "not measured"
    is_reached = found <= required if name in FALLING else found >= required
    return f"{found:.1f}{'' if is_reached else '  MISSED'}"


if __name__ == "__main__":
    main()

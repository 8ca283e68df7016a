"""Calibrate the links' confidences: shares of right answers, and the curves that turn a measure into one.

    python -m benchmarks.curves [FOLDER_OR_FILES…]

Replays the history of each file in steps of 10 through the chain of `config.settings`. A link is judged only on rows
that earlier links did not decide. Every file counts alike; files with fewer than 30 answers are left out. It prints the
values for BASE_CONFIDENCE in `expenses/categorization/history.py`, and for CURVE in the modules of the two classifiers.
"""

import argparse
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from benchmarks.instance import fresh_instance
from benchmarks.labeled_files import LabeledRow, find_files, read_file
from providers.calibration import log_odds
from providers.chain import Attempt, Verdict
from providers.grams import grams_of
from providers.interface import Suggestion
from providers.merchants.provider import KindCategories
from providers.name_classifier.provider import load_name_classifier

#: Rows of a file that are replayed.
MOST_ROWS = 1500
LEAST_POINTS = 30
HISTORY, LEARNED, RESEMBLANCE = "history", "learned", "resemblance"


class Point(NamedTuple):
    """One answer: its measures for the curve, and a flag if it was right."""

    measures: tuple[float, ...]
    is_right: bool


class FilePoints(NamedTuple):
    """Outcomes of one file by way of history, and its points for the two curves."""

    name: str
    ways: Mapping[str, list[bool]]
    learned: list[Point]
    resemblance: list[Point]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the shares and the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FOLDER_OR_FILE")
    paths = find_files(parser.parse_args(arguments).files)
    with fresh_instance():
        seen = [look_at(path.stem, read_file(path).rows[:MOST_ROWS]) for path in paths]
    print_ways(seen)
    print_curve("learned: intercept, of log-odds, of log lead", {one.name: one.learned for one in seen})
    print_curve("resemblance: intercept, of log-odds", {one.name: one.resemblance for one in seen})


def look_at(name: str, rows: Sequence[LabeledRow]) -> FilePoints:
    """Replay one history."""
    from benchmarks.predicting import product_chain
    from expenses.categorization.replay import replay

    replayed = replay(product_chain(), [row.confirmed for row in rows])
    verdicts = [(row, one.verdict) for row, one in zip(rows, replayed, strict=True)]
    ways: dict[str, list[bool]] = defaultdict(list)
    for row, _, suggestion in _answers(verdicts, HISTORY):
        for way in (suggestion.details["way"], _way(suggestion)):
            ways[way].append(suggestion.category in row.right)
    learned = [Point(_shares(said), said.category in row.right) for row, _, said in _answers(verdicts, LEARNED)]
    return FilePoints(name, ways, learned, list(_resemblances(verdicts)))


def _asked(verdicts: Sequence[tuple[LabeledRow, Verdict]], link: str) -> Iterator[tuple[LabeledRow, Attempt]]:
    """Return the rows that a link was asked about, with its attempts."""
    for row, verdict in verdicts:
        yield from ((row, attempt) for attempt in verdict.attempts if attempt.provider == link)


def _answers(
    verdicts: Sequence[tuple[LabeledRow, Verdict]], link: str
) -> Iterator[tuple[LabeledRow, Attempt, Suggestion]]:
    """Return the rows for which a link named a category, with its suggestions."""
    for row, attempt in _asked(verdicts, link):
        if attempt.suggestion is not None and attempt.suggestion.category is not None:
            yield row, attempt, attempt.suggestion


def _way(suggestion: Suggestion) -> str:
    """Describe how history found its answer: by which way, from how many choices, and if they were divided."""
    votes = min(suggestion.details["votes"], 3)
    counted = f", {votes}{' or more' if votes == 3 else ''} confirmed"
    divided = ", divided" if suggestion.alternatives else ""
    return f"{suggestion.details['way']}{counted}{divided}"


def _shares(suggestion: Suggestion) -> tuple[float, float]:
    """Return the log-odds of the best share, and its logarithmic lead over the second one.

    Alternatives hold the second share scaled to the rest of the confidence, so it is scaled back.
    """
    best = suggestion.score or 0.0
    scale = (1 - suggestion.confidence) / (1 - best + 1e-9)
    second = suggestion.alternatives[0][1] / scale if suggestion.alternatives and scale else 0.0
    return log_odds(best), math.log(max(best, 1e-4) / (second + 1e-4))


def _resemblances(verdicts: Sequence[tuple[LabeledRow, Verdict]]) -> Iterator[Point]:
    """Return the name classifier's best guess wherever the link was asked, even if the link withheld it."""
    asked = [row for row, _ in _asked(verdicts, RESEMBLANCE) if row.question.direction == "out" and row.text]
    if not asked:
        return
    sounds = load_name_classifier()
    for row, shares in zip(asked, sounds.probabilities([grams_of(row.text) for row in asked]), strict=True):
        best = int(shares.argmax())
        place = KindCategories.of(row.question).find(group=sounds.categories[best])
        if place:
            yield Point((log_odds(float(shares[best])),), place.category.id in row.right)


def print_ways(seen: Sequence[FilePoints]) -> None:
    """Print the right answers of each way in each file, and two summaries.

    These are the mean of the files' shares, and (right + 1) / (n + 2) of all answers together.
    """
    print(f"\n{'history':44}{''.join(f'{one.name[-14:]:>16}' for one in seen)}{'mean':>8}{'all':>8}")
    for way in sorted({way for one in seen for way in one.ways}):
        outcomes = [one.ways.get(way, []) for one in seen]
        parts = "".join(f"{f'{sum(found)} of {len(found)}':>16}" for found in outcomes)
        mean = fmean(fmean(found) for found in outcomes if found)
        smoothed = (sum(map(sum, outcomes)) + 1) / (sum(map(len, outcomes)) + 2)
        print(f"{way:44}{parts}{mean:8.3f}{smoothed:8.3f}")


def print_curve(title: str, points: Mapping[str, list[Point]]) -> None:
    """Print the curve over all files, and its error in each file."""
    counted = {name: found for name, found in points.items() if len(found) >= LEAST_POINTS}
    print(f"\n{title}")
    if not counted:
        print("  too few answers")
        return
    curve = fit_curve(list(counted.values()))
    print(f"  CURVE = ({', '.join(f'{value:.2f}' for value in curve)})")
    for name, found in counted.items():
        right, expected = fmean(point.is_right for point in found), fmean(_expect(curve, point) for point in found)
        print(f"  {name:32} n {len(found):5}   right {right:.3f}   by the curve {expected:.3f}")


def fit_curve(files: Sequence[Sequence[Point]]) -> tuple[float, ...]:
    """Return intercept and factors of the likeliest logistic curve, with equal weight for every file."""
    from sklearn.linear_model import LogisticRegression

    points = [point for found in files for point in found]
    total = len(points) / len(files)
    weights = [total / len(found) for found in files for _ in found]
    curve = LogisticRegression(C=1e6, max_iter=1000)
    measures = np.array([point.measures for point in points])
    curve.fit(measures, [point.is_right for point in points], sample_weight=weights)
    return float(curve.intercept_[0]), *map(float, curve.coef_[0])


def _expect(curve: Sequence[float], point: Point) -> float:
    score = curve[0] + sum(factor * measure for factor, measure in zip(curve[1:], point.measures, strict=True))
    return 1 / (1 + math.exp(-score))


if __name__ == "__main__":
    main()

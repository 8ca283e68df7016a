"""Accuracy in the documentation: the words for each figure of `benchmarks.categorization`."""

from collections.abc import Mapping

from benchmarks import scores
from benchmarks.docs_tables import DOCS, write_table
from benchmarks.long_lives import CHANGES, MOVES, WITHDRAWALS
from benchmarks.scores import Figure

_TITLES = {
    f"{scores.PRODUCT}: {scores.ACCURACY}": "**Outlay**",
    "  exact merchant memory": "memory of the exact merchant",
    "  naive Bayes": "naive Bayes on words",
    "  linear SVC": "linear support vector machine on words and characters",
    f"{scores.PRODUCT}: {scores.NEW_ACCURACY}": "Outlay, merchants never confirmed before",
    scores.DECIDED: "taken without asking, of all rows",
    scores.DECIDED_PRECISION: "right of those",
    scores.ECE: "expected calibration error of what is shown",
    scores.ACCEPTABLE: "could be taken at 95 % precision",
    scores.PAST_PRECISION: "right of what the threshold of the past takes",
    **{f"{sort}: right": f"right of {sort}" for sort in (WITHDRAWALS, CHANGES, MOVES)},
}


def write_accuracy(name: str, means: Mapping[int, Mapping[str, Figure]]) -> None:
    """Write the means by the number of confirmed rows into the table of this name; leave numbers without data out."""
    found = {n: figures for n, figures in means.items() if figures.get(scores.DECIDED) is not None}
    known = {name for figures in found.values() for name in figures}
    lines = [
        [title, *(_cell(figures.get(name)) for figures in found.values())]
        for name, title in _TITLES.items()
        if name in known
    ]
    write_table(DOCS / "learning.md", name, ["confirmed rows", *(f"{n:,}" for n in found)], lines)


def _cell(figure: Figure) -> str:
    return "-" if figure is None else f"{figure:.1f}"

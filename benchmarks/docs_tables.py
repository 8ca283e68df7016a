"""Tables of the documentation that benchmarks write, between a marker with their name and the end of the table."""

from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def write_table(page: Path, name: str, titles: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Replace the table that follows `<!-- table: NAME -->`; the first column is text. Raise ValueError without it."""
    marker = f"<!-- table: {name} -->\n"
    before, found, after = page.read_text().partition(marker)
    if not found:
        raise ValueError(f"{page} has no line {marker.strip()}.")
    rest = after.lstrip("\n").splitlines(keepends=True)
    while rest and rest[0].startswith("|"):
        del rest[0]
    table = [_line(titles), _line(["---"] * len(titles)), *map(_line, lines)]
    end = "" if not rest or rest[0] == "\n" else "\n"
    page.write_text(before + marker + "\n" + "".join(table) + end + "".join(rest))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"

"""A table of transactions with the reason of each category, and the counts of each source. Bodies of the API in."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from rich.table import Table
from rich.text import Text

Body = Mapping[str, Any]

#: The source of a row that no link and no user has answered.
NOBODY = "nobody"
#: Source whose rows all look alike → number of them to show.
N_PLAIN = {"user": 2, NOBODY: 3}


@dataclass(frozen=True, slots=True)
class Reason:
    """Source, category, confidence and explanation of a row. `is_open` until the user has taken a suggestion."""

    source: str
    category: str
    confidence: float | None
    explanation: str
    is_open: bool


def reason_of(body: Body) -> Reason:
    """Return the reason of a transaction's body, with the `attempts` of its explanation in it."""
    categorization, suggestion = body["categorization"], body["categorization"]["suggestion"]
    if suggestion is None:
        return Reason(
            categorization["source"] or NOBODY,
            body["category_name"] or "",
            categorization["confidence"],
            categorization["explanation"],
            body["category_name"] is None,
        )
    source = suggestion["source"]
    explanations = [a["explanation"] for a in body["attempts"] if a["provider"] == source]
    return Reason(source, suggestion["category_name"], suggestion["confidence"], explanations[-1], is_open=True)


def choose_rows(bodies: Sequence[Body], *, sources: Sequence[str], n: int) -> list[Body]:
    """Return at most `n` rows in this order of sources, as different from each other as possible."""
    by_source: dict[str, list[Body]] = defaultdict(list)
    for body in bodies:
        by_source[reason_of(body).source].append(body)
    n_plain = sum(N_PLAIN[source] for source in N_PLAIN if by_source[source])
    telling = [source for source in sources if by_source[source] and source not in N_PLAIN]
    each = (n - n_plain) // max(len(telling), 1)
    return [body for source in sources for body in _differing(by_source[source], N_PLAIN.get(source, each))]


def _differing(bodies: Sequence[Body], n: int) -> list[Body]:
    """Return both suggestions and sure answers, new categories before new explanations, in order of date."""
    kinds: dict[tuple[bool, str], list[Body]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for body in bodies:
        reason = reason_of(body)
        key = (reason.category, reason.explanation if reason.category else _text(body))
        if key not in seen:
            kinds[not reason.is_open, reason.category].append(body)
            seen.add(key)
    rounds = [body for same in zip_longest(*(kinds[kind] for kind in sorted(kinds))) for body in same if body]
    return sorted(rounds[:n], key=lambda body: (body["date"], body["id"]))


def _text(body: Body) -> str:
    return str(body["description"] if body["merchant"] in body["description"] else body["merchant"])


def table_of(bodies: Iterable[Body]) -> Table:
    """Return a table of 120 columns: sure answers in green, suggestions in yellow, the others dim."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold underline")
    table.add_column("Date", width=10)
    table.add_column("Amount", width=13, justify="right")
    table.add_column("Description", width=27, no_wrap=True)
    table.add_column("Category", width=17, no_wrap=True)
    table.add_column("Sure", width=4, justify="right")
    table.add_column("Why", width=39)
    for body in bodies:
        reason = reason_of(body)
        sign = "-" if body["direction"] == "out" else ""
        suggested = "?" if reason.is_open and reason.category else ""
        cells = (
            str(body["date"]),
            f"{sign}{body['amount']} {body['currency']}",
            _text(body),
            f"{reason.category}{suggested}" or "-",
            "" if reason.confidence is None else f"{reason.confidence:.0%}",
            f"{reason.source}: {reason.explanation}",
        )
        style = "dim" if reason.source == NOBODY else "yellow" if reason.is_open else "green"
        table.add_row(*map(Text, cells), style=style)
    return table


def count_sources(bodies: Sequence[Body], *, sources: Sequence[str]) -> Iterator[str]:
    """Yield a line for each source with its rows, their share, and those that wait for the user's approval."""
    reasons = [reason_of(body) for body in bodies]
    n_rows = Counter(reason.source for reason in reasons)
    n_open = Counter(reason.source for reason in reasons if reason.is_open)
    for source in sources:
        n = n_rows[source]
        waiting = f", {n_open[source]} of them suggestions" if n_open[source] and source != NOBODY else ""
        yield f"{source:<12}{n:>5} rows  {n / max(len(reasons), 1):>5.1%}{waiting}"

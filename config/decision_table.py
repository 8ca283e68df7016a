"""Rows and their reasons as text for a terminal of 120 columns. Pure: bodies of the API in, lines out."""

import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

Body = Mapping[str, Any]
Paint = Callable[[str], str]

DATE, AMOUNT, TEXT, CATEGORY, CONFIDENCE, WHY = 10, 13, 27, 17, 4, 39
WIDTH = DATE + AMOUNT + TEXT + CATEGORY + CONFIDENCE + WHY + 5 * 2
NOBODY = "nobody"
#: Sources whose rows all look alike, and how many of them are shown.
N_PLAIN = {"user": 2, NOBODY: 3}


@dataclass(frozen=True, slots=True)
class Reason:
    """Who answered a row, what, how surely and why. `is_open` while the person has not taken a suggestion."""

    source: str
    category: str
    confidence: float | None
    explanation: str
    is_open: bool


def reason_of(body: Body) -> Reason:
    """The reason of a transaction's body; `attempts` of its explanation tell where a suggestion comes from."""
    found, suggestion = body["categorization"], body["categorization"]["suggestion"]
    if suggestion is None:
        return Reason(
            found["source"] or NOBODY,
            body["category_name"] or "",
            found["confidence"],
            found["explanation"],
            body["category_name"] is None,
        )
    source = suggestion["source"]
    said = [a["explanation"] for a in body["attempts"] if a["provider"] == source]
    return Reason(source, suggestion["category_name"], suggestion["confidence"], said[-1], is_open=True)


def choose_rows(bodies: Sequence[Body], *, sources: Sequence[str], n: int) -> list[Body]:
    """At most `n` rows in this order of sources, as different from each other as there are; few of the plain ones."""
    by_source: dict[str, list[Body]] = defaultdict(list)
    for body in bodies:
        by_source[reason_of(body).source].append(body)
    n_plain = sum(N_PLAIN[source] for source in N_PLAIN if by_source[source])
    telling = [source for source in sources if by_source[source] and source not in N_PLAIN]
    each = (n - n_plain) // max(len(telling), 1)
    return [body for source in sources for body in _differing(by_source[source], N_PLAIN.get(source, each))]


def _differing(bodies: Sequence[Body], n: int) -> list[Body]:
    """Suggestions and sure answers, new categories before new explanations; in order of date."""
    kinds: dict[tuple[bool, str], list[Body]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for body in bodies:
        reason = reason_of(body)
        said = (reason.category, reason.explanation if reason.category else _text(body))
        if said not in seen:
            kinds[not reason.is_open, reason.category].append(body)
            seen.add(said)
    rounds = [body for same in zip_longest(*(kinds[kind] for kind in sorted(kinds))) for body in same if body]
    return sorted(rounds[:n], key=lambda body: (body["date"], body["id"]))


def format_rows(bodies: Iterable[Body], *, paint: Callable[[Reason], Paint]) -> Iterator[str]:
    """A heading, then each row in one line or more; `paint` colors a line by its reason."""
    yield _join("Date", f"{'Amount':>{AMOUNT}}", "Description", "Category", "Sure", "Why")
    yield "─" * WIDTH
    for body in bodies:
        reason = reason_of(body)
        yield from map(paint(reason), _row_lines(body, reason))


def _row_lines(body: Body, reason: Reason) -> Iterator[str]:
    sign = "-" if body["direction"] == "out" else ""
    amount = f"{sign}{body['amount']} {body['currency']}"
    category = f"{reason.category}?" if reason.is_open and reason.category else reason.category or "-"
    confidence = "" if reason.confidence is None else f"{reason.confidence:.0%}"
    why, *more = textwrap.wrap(f"{reason.source}: {reason.explanation}", WHY)
    yield _join(str(body["date"]), f"{amount:>{AMOUNT}}", _text(body), category, f"{confidence:>{CONFIDENCE}}", why)
    for line in more:
        yield _join("", "", "", "", "", line)


def _join(date: str, amount: str, text: str, category: str, confidence: str, why: str) -> str:
    cells = zip((date, amount, text, category, confidence), (DATE, AMOUNT, TEXT, CATEGORY, CONFIDENCE), strict=True)
    return "  ".join([*(f"{_cut(cell, width):{width}}" for cell, width in cells), why]).rstrip()


def _text(body: Body) -> str:
    return str(body["description"] if body["merchant"] in body["description"] else body["merchant"])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"


def count_sources(bodies: Sequence[Body], *, sources: Sequence[str]) -> Iterator[str]:
    """A line for each source: rows, their share, and how many of them wait for the person's yes."""
    reasons = [reason_of(body) for body in bodies]
    n_rows = Counter(reason.source for reason in reasons)
    n_open = Counter(reason.source for reason in reasons if reason.is_open)
    for source in sources:
        n = n_rows[source]
        waiting = f", {n_open[source]} of them suggestions" if n_open[source] and source != NOBODY else ""
        yield f"{source:<12}{n:>5} rows  {n / max(len(reasons), 1):>5.1%}{waiting}"

"""The size of a compiled pattern: whatever repeats at least once is copied, and copies of copies multiply.

Two dozen nested `(…)+` fill the memory of a server, so patterns are measured before they are compiled. Where the
library's reading of a pattern is hard to predict, the larger reading counts.
"""

import re
from math import prod

#: Most parts of a compiled pattern; so many take some hundredths of a second and a few megabytes.
MAX_SIZE = 5_000
#: Deeper groups may need more of Python's stack than is left when the pattern is compiled again.
MAX_DEPTH = 40
REPEAT = r"\+ | \{ (?P<least>\d+) (?:,\d*)? \}"
ONE_REPEAT = re.compile(REPEAT, re.VERBOSE | re.ASCII)
TOKEN = re.compile(
    rf"""
    \\.                                             # an escape
    | \(\?\#(?:\\.|[^)\\])*+\)                      # a comment
    | \[ \^? (?:\\.|[^\\]) (?:\\.|[^\]\\])*+ \]     # a set
    | (?P<repeat> {REPEAT} )
    | .
    """,
    re.DOTALL | re.VERBOSE | re.ASCII,
)
_GROUP = r"(?<!\\)(?:\\\\)*\(\?"
#: The flag x: spaces can stand anywhere.
SPACED = re.compile(_GROUP + r"[a-zA-Z0-9]*x")
#: `(?R)`, `(?1)`, `(?&name)`: a match fills 100 MB within its tenth of a second.
CALL = re.compile(_GROUP + r"(?:R|&|P[>&]|[+-]?\d)", re.ASCII)
#: The flag V: sets can lie in sets, so their ends are hard to find, as with `[[:alpha:]]`.
NESTED_SETS = re.compile(_GROUP + r"[a-zA-Z0-9]*V")


class Unsupported(ValueError):
    """A pattern that the library accepts and Outlay refuses; the message says what to do instead."""


def check_size(pattern: str) -> None:
    """Raise Unsupported if the pattern, or a match of it, could take too much memory."""
    if SPACED.search(pattern):
        raise Unsupported("The flag x is not supported; write the pattern without spaces and comments.")
    if CALL.search(pattern):
        raise Unsupported("Groups that call groups are not supported; write out what they stand for.")
    size, depth = measure(pattern)
    if depth > MAX_DEPTH:
        raise Unsupported(f"Its groups lie more than {MAX_DEPTH} deep; nest fewer of them.")
    if size > MAX_SIZE:
        raise Unsupported("Its repeats multiply to too large a pattern; repeat less often, or nest fewer repeats.")


def measure(pattern: str) -> tuple[int, int]:
    """Return the greatest possible number of parts of the compiled pattern, and depth of its groups."""
    nests_sets = NESTED_SETS.search(pattern) is not None
    if nests_sets or "[:" in pattern:
        copies = prod(_copies(repeat) for repeat in ONE_REPEAT.finditer(pattern))
        return len(pattern) * copies, pattern.count("(") + (pattern.count("[") if nests_sets else 0)
    sizes = [0]  # of the groups that are open
    last, depth = 0, 0  # `last` is the size of what a repeat would repeat
    for token in TOKEN.finditer(pattern):
        text = token[0]
        if token["repeat"]:
            sizes[-1] += last * (_copies(token) - 1)
            last *= _copies(token)
        elif text == "(":
            sizes.append(0)
        else:
            last = sizes.pop() + 1 if text == ")" and len(sizes) > 1 else len(text)
            sizes[-1] += last
        depth = max(depth, len(sizes) - 1)
    return sum(sizes), depth


def _copies(repeat: re.Match[str]) -> int:
    """Return the number of copies: the required ones, and the loop over the rest."""
    return int(repeat["least"] or 1) + 1

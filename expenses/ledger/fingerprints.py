"""Fingerprints of statement rows, by which the same row of another statement is recognized. Pure.

A row without an id of the bank has a digest of its day, amount, currency and texts. A row with one begins with `i`:
seven digits of the id, eight of the id with day, amount and currency, and the first half of the digest. So the row is
recognized when the bank changes its text, and under the digest that it had before ids were compared.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

#: What banks write in place of an id, in capital letters.
PLACEHOLDERS = {"NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "NONE", "NULL", "N/A", "NA", "UNKNOWN"}
_MARK = "i"
_ID_END, _MOVEMENT_END = 8, 16


def is_bank_id(text: str) -> bool:
    """Return True if the text can be an id: it is no placeholder, and not made of zeros and signs alone."""
    return text.strip().upper() not in PLACEHOLDERS and any(char.isalnum() and char != "0" for char in text)


def fingerprint_with_id(digest: str, *, bank_id: str, day: dt.date, amount: Decimal, currency: str) -> str:
    """Return the fingerprint of a row that has an id of the bank; `digest` has 32 digits. Signs of amounts count."""
    of_movement = _hash(f"{bank_id}\x1f{day}\x1f{amount.normalize()}\x1f{currency}")
    return f"{_MARK}{_hash(bank_id)[: _ID_END - 1]}{of_movement[: _MOVEMENT_END - _ID_END]}{digest[:_MOVEMENT_END]}"


def id_part(fingerprint: str | None) -> str:
    """Return the part that rows with one id of the bank share, or "" for a row without an id."""
    return fingerprint[:_ID_END] if fingerprint is not None and fingerprint.startswith(_MARK) else ""


def row_key(account: int | None, fingerprint: str | None) -> str:
    """Return what tells a row of a file from every other: two accounts may have equal rows."""
    return f"{account or ''}:{fingerprint or ''}"


def movement_part(fingerprint: str) -> str:
    """Return the part that rows with one id, day, amount and currency share, or "" for a row without an id."""
    return fingerprint[:_MOVEMENT_END] if fingerprint.startswith(_MARK) else ""


def shared_movements(fingerprints: Iterable[str]) -> set[str]:
    """Return the parts of movements that several rows of one file have, as payments of a batch may."""
    counts = Counter(filter(None, map(movement_part, fingerprints)))
    return {part for part, n in counts.items() if n > 1}


def find_known(
    fingerprints: Iterable[str], known: Mapping[str, int], *, shared: Collection[str] = ()
) -> dict[str, int]:
    """Return fingerprint → id of the row that stands for it, for fingerprints of one file that are `known`.

    Equal fingerprints come first. Then a row with an id of the bank is known by the digest alone, or by id, day, amount
    and currency, if only one row of the file and one that is left have these. No row stands for two. `shared` are parts
    of movements that several rows of the file have, where only some of its fingerprints are given.
    """
    wanted = list(fingerprints)
    found = {one: known[one] for one in wanted if one in known}
    left = [one for one in wanted if one.startswith(_MARK) and one not in found]
    if not left or not known:
        return found
    digests: dict[str, int] = {}
    movements: dict[str, list[int]] = {}
    for one, pk in known.items():
        if one in found:
            continue
        if one.startswith(_MARK):
            movements.setdefault(one[:_MOVEMENT_END], []).append(pk)
        else:
            digests[one[:_MOVEMENT_END]] = pk
    n_of_movement = Counter(one[:_MOVEMENT_END] for one in left)
    for one in left:
        by_digest = digests.get(one[_MOVEMENT_END:])
        same = movements.get(one[:_MOVEMENT_END], [])
        if by_digest is not None:
            found[one] = by_digest
        elif len(same) == n_of_movement[one[:_MOVEMENT_END]] == 1 and one[:_MOVEMENT_END] not in shared:
            found[one] = same[0]
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

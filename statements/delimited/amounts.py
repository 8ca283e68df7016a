"""Amounts as banks write them, read exactly or refused: a wrong amount is worse than none."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from statements.delimited.words import is_currency

MAX_INTEGER_DIGITS = 12
MAX_DECIMALS = 18
MAX_CELL = 60

_PLAIN = {
    ".": re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,18})?"),
    ",": re.compile(r"-?[0-9]{1,12}(?:,[0-9]{1,18})?"),
}
# No-break spaces and marks of writing direction separate currency from number; the many dashes all mean minus.
_CLEAN = str.maketrans(
    {
        **dict.fromkeys(
            "\u00a0\u202f\u2009\u2007\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2069\ufeff\t\r\n", " "
        ),
        **dict.fromkeys("\u2212\u2012\u2013\u2014\u00ad\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2019\u02bc\u0060\u00b4", "'"),
    }
)
_SHAPE = re.compile(
    r"(?P<open>\()?(?P<before>[^0-9()]*?)"
    r"(?P<number>[.,]?[0-9](?:[0-9.,'_ ]*[0-9])?[.,]?)"
    r"(?P<after>[^0-9()]*)(?P<close>\))?"
)
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<by>[.,'_ ])[0-9]{3}(?:(?P=by)[0-9]{3})*|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_DIGIT = re.compile(r"[0-9]")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_OTHER = {".": ",", ",": "."}
_MARKS = {"cr": False, "dr": True, "db": True}


class AmountError(ValueError):
    """A text that is no amount; the message ends a sentence that begins with the text."""


class Amount(NamedTuple):
    """A value and whether its sign is written: by plus, minus, parentheses, CR or DR."""

    value: Decimal
    marked: bool
    currency: str = ""


def parse_amount(text: str, decimal: str) -> Amount:
    """Return the amount in a cell, with `decimal` ("." or ",") between units and fractions. Raises `AmountError`."""
    if len(text) > MAX_CELL:  # before the cache, so that it never holds a field of megabytes
        raise AmountError("is too long for an amount")
    return _parsed(text, decimal)


@lru_cache(maxsize=32768)
def _parsed(text: str, decimal: str) -> Amount:
    if _PLAIN[decimal].fullmatch(text):
        return Amount(Decimal(text.replace(",", ".")), text[0] == "-")
    cleaned = " ".join(text.translate(_CLEAN).split())
    match = _SHAPE.fullmatch(cleaned)
    if match is None or bool(match["open"]) != bool(match["close"]):
        raise AmountError("is not an amount")
    before, number = match["before"], match["number"]
    if number[0] == "." and before[-1:].isalpha():  # the dot of an abbreviation: "Rs.500"
        before, number = before + ".", number[1:]
    negative, marked, currency = _surroundings(before, match["after"], number)
    value = _unsigned(number, decimal)
    if match["open"]:
        negative, marked = True, True
    return Amount(-value if negative else value, marked, currency)


def possible_decimals(text: str) -> str:
    """Return the decimal separators under which the text is an amount: "", ".", "," or ".,"."""
    return "" if len(text) > MAX_CELL else _possible(text)


@lru_cache(maxsize=32768)
def _possible(text: str) -> str:
    if not _DIGIT.search(text):
        return ""
    found = ""
    for decimal in ".,":
        try:
            parse_amount(text, decimal)
        except AmountError:
            continue
        found += decimal
    return found


def _surroundings(before: str, after: str, number: str) -> tuple[bool, bool, str]:
    """Return (negative, marked, currency text) from the text around the digits."""
    around = f"{before} {after}"
    signs = [char for char in around if char in "+-"]
    if len(signs) > 1 or (after.startswith("-") and number[-1] in ".,"):
        raise AmountError("has more than one sign")
    negative, marked, currency = signs == ["-"], bool(signs), ""
    for word in around.replace("+", " ").replace("-", " ").split():
        side = _MARKS.get(word.casefold().rstrip("."))
        if side is not None:
            negative, marked = negative != side, True
        elif is_currency(word):
            currency = word
        else:
            raise AmountError("holds text that is neither a sign nor a currency")
    return negative, marked, currency


def _unsigned(number: str, decimal: str) -> Decimal:
    whole, _, fraction = number.partition(decimal)
    whole = whole.strip()
    if whole and not whole.isdigit():
        if not _GROUPED.fullmatch(whole):
            raise AmountError("is not an amount")
        whole = "".join(filter(str.isdigit, whole))
    if (fraction and not fraction.isdigit()) or not (whole or fraction):
        raise AmountError("is not an amount")
    if len(whole.lstrip("0")) > MAX_INTEGER_DIGITS or len(fraction) > MAX_DECIMALS:
        raise AmountError(f"has more than {MAX_INTEGER_DIGITS} digits")
    return Decimal(f"{whole or '0'}.{fraction or '0'}" if fraction else whole)


def decimal_of(texts: Sequence[str]) -> tuple[str, bool]:
    """Return (decimal separator of a column, True if its cells leave no doubt); ("", False) if they prove nothing.

    A cell that reads under one separator only is proof. Where every separator stands before exactly three digits, those
    are taken for thousands; that is proven only by amounts below a thousand that have no separator.
    """
    proven = proven_decimal(texts)
    if proven:
        return proven, True
    found_separators = [separators(text) for text in texts]
    used = set().union(*found_separators)
    if len(used) != 1:
        return "", False
    plain = [text for text, found in zip(texts, found_separators, strict=True) if not found]
    return _OTHER[used.pop()], bool(plain) and not any(map(_FOUR_DIGITS.search, plain))


def proven_decimal(texts: Sequence[str]) -> str:
    """Return the separator under which more cells are an amount than under the other one, or ""."""
    possible = [possible_decimals(text) for text in texts]
    dots, commas = possible.count("."), possible.count(",")
    return "" if dots == commas else "." if dots > commas else ","


@lru_cache(maxsize=8192)
def separators(text: str) -> frozenset[str]:
    """Return the points and commas in the number that a text holds."""
    match = _SHAPE.fullmatch(" ".join(text.translate(_CLEAN).split())) if len(text) <= MAX_CELL else None
    return frozenset(match["number"]) & {".", ","} if match else frozenset()

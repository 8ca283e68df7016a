"""Finds numbers of accounts and cards, telephone numbers and references in a text.

Check digits decide where a number has some (python-stdnum knows them), labels and forms where it has none. What is
left of six digits or more is a reference. Every pattern begins at the edge of a word and never goes back, so that its
time grows with the length of the text alone.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from stdnum import iban, luhn, numdb
from stdnum.cz import bankaccount
from stdnum.es import ccc
from stdnum.no import kontonr

from providers.normalization import CHANNEL_WORDS, fold
from providers.redaction.parts import PrivatePart
from providers.redaction.vocabulary import words_of

#: Signs that may stand between the characters of an account number.
_SIGNS_INSIDE = " .-"
_WITHOUT_SIGNS = str.maketrans("", "", _SIGNS_INSIDE)
_IBAN_START = re.compile(r"(?<!\d)[A-Za-z]{2} ?\d{2}(?=(?:[ .-]?[A-Za-z0-9]){11})")
_LABELED_IBAN = re.compile(
    r"(?i)(?<![a-z])iban[ :.]{0,3}([a-z]{2}\d{2}(?: ?[a-z0-9*]{4}){1,7}(?: ?\d{1,3}(?![\w]))?|[a-z]{2}\d{2}[a-z0-9*]*)"
)
_LABELED_BIC = re.compile(
    r"(?i)(?<![a-z])(?:bic|swift)(?:[ -]?code)?[ :./]{1,3}([a-z]{6}[a-z0-9]{2}(?:[a-z0-9]{3})?)(?![a-z0-9])"
)
_BIC_BESIDE = re.compile(r"[ /,;|+-]{1,3}([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?![A-Za-z0-9])")
_BIC_BEFORE = re.compile(r"(?<![A-Za-z0-9])([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)[ /,;|+-]{1,3}$")
_LONGEST_BIC = 15

_CARD = re.compile(r"(?<!\d)[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?!\d)|(?<!\d)3\d{3}[ -]?\d{6}[ -]?\d{4,5}(?!\d)")
_MASKED_CARD = re.compile(
    r"(?<![A-Za-z*#•\d])(?:\d{4}(?:[ -]?\d{2})?[ -]?)?(?:[*#•]{2,}|[xX]{2,})"
    r"(?:[*#•xX]|[ -](?=[*#•xX\d]))*+\d{2,6}(?![A-Za-z0-9])"
)

_ACCOUNT_SHAPE = re.compile(
    r"(?<![\w.,/-])(?:\d{3}-\d{7}-\d{2}|\d{8}-\d{8}(?:-\d{8})?|\d{4}[. ]\d{2}[. ]\d{5}"
    r"|(?:\d{1,6}-)?\d{2,10}/\d{4}|\d{20}|\d{26}"
    r"|\d{4}[ -]\d{4}[ -]\d{2}[ -]\d{10}|\d{2}(?: \d{4}){6}|\d{2}-\d{2}-\d{2}[ ,/]{1,3}\d{8})(?![\w/-])"
)

_PHONE = re.compile(
    r"(?<![\w+])(?:(?:\+|00(?=[1-9]))\d{1,3}(?:[ ./()-]{0,2}\d){6,13}|\(\d{3}\) ?\d{3}[ .-]\d{4}"
    r"|(?:1[ .-])?\d{3}([.-])\d{3}\1?\d{4}"
    r"|0\d(?:([ .-])\d\d)(?:\2\d\d){3}|0\d{2,4}[ /-]{1,3}\d{3,8}(?:[ -]\d{1,6}){0,3}"
    r"|07\d{3} ?\d{6}|01[5-7]\d{8,9})(?![\w])"
)

_LABELS = {
    **dict.fromkeys(("eref", "mref", "kref", "cred", "debt", "endt", "iref", "pref", "reference"), "REF"),
    **dict.fromkeys(words_of("reference_labels"), "REF"),
    **dict.fromkeys(words_of("phone_labels"), "PHONE"),
    **dict.fromkeys(words_of("card_labels"), "CARD"),
    **dict.fromkeys(words_of("account_labels"), "ACCOUNT"),
}
_WORD_BEFORE_NUMBER = re.compile(
    r"(?<![^\W_])([^\W\d_]++)(?:[ .:#°º-]{0,3}(?:nr|no|num|code|number|nummer|numero|id|ending(?: in)?|endet auf))?"
    r"[ .:#°º*=-]{0,4}(?=[+(]?[A-Za-z]{0,6}[-/]?\d)",
    re.IGNORECASE,
)
_VALUES = {
    "REF": re.compile(r"[A-Za-z]{0,6}[-/]?\d[A-Za-z0-9]*+(?:[-/.][A-Za-z0-9]++)*+"),
    "PHONE": re.compile(r"\(?\+?\d(?:[ ./()-]{0,2}\d){4,14}"),
    "CARD": re.compile(r"\d{4}(?![\d.,/:])"),
    "ACCOUNT": re.compile(r"\d(?:[ ./-]?\d){4,29}"),
}
_SHORTEST_REFERENCE = 4
_SEPA = re.compile(r"(?:EREF|MREF|KREF|CRED|DEBT|ENDT|IREF|PREF)[+:]\s?((?:(?![A-Z]{4}\+)[^\s])++)")
_NO_REFERENCE = frozenset(("notprovided", "nonref", "not", "keine"))
_UUID = re.compile(r"(?<![\w-])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![\w-])")

#: A word of six characters or more with a digit, and groups of digits joined by signs or, from three on, by blanks.
_WORD_WITH_DIGIT = re.compile(r"(?<![^\W_])(?=[^\W_]{6})[^\W\d_]*+\d[^\W_]*+")
_GROUPS = re.compile(r"(?<![^\W_])\d++(?:[-/.:]\d++)++(?![^\W_])|(?<![^\W_])\d{3,}+(?: \d{3,}+){2,}(?![^\W_])")
_N_DIGITS = 6
#: What a text needs for several groups of digits, and for a word that is a reference.
_LONG_GROUPS = re.compile(r"\d[A-Fa-f]{0,7}[-/.: ]\d")
_WORD_OF_REFERENCE = re.compile(r"\d[^\W_]*\d[^\W_]*\d")
_DATE = re.compile(
    r"(?:(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:[012]?\d|3[01])|(?:[012]?\d|3[01])([-/.])(?:[012]?\d|3[01])\2(?:(?:19|20)\d\d|\d\d))(?!\d)"
)
_TIME = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3])[:.][0-5]\d(?:[:.][0-5]\d)?(?!\d)")
_COMPACT_DATE = re.compile(
    r"(?:(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d)"
)
_GROUPED_AMOUNT = re.compile(r"\d{1,3}(?:[.,'\u2019]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}[.,]\d{2}")
_MONTHS = CHANNEL_WORDS["months"].replace(" ", "|")
_NAMED_DATE = re.compile(rf"\d{{1,2}}(?:{_MONTHS})\w{{0,6}}?\d{{2,4}}|(?:{_MONTHS})\w{{0,6}}?\d{{2,4}}")
_PLACEHOLDER = re.compile(r"(?:IBAN|CARD|ACCOUNT|EMAIL|PHONE|ADDRESS|PERSON|REF)\d+")
_LETTERS_OF_A_NAME = 4
_LETTERS_INSIDE = re.compile(r"[^\W\d_]{4}")
_CURRENCIES = frozenset(["eur", "usd", "gbp", "chf", "pln", "czk", "sek", "nok", "dkk", "huf"])


#: What a text needs for a number with many digits, and for a card with hidden ones.
LONG_NUMBER = re.compile(r"\d(?:[ ./()-]{0,2}\d){6}")
MASKS = ("**", "xx", "XX", "Xx", "xX", "##", "••", "*#", "#*")


def find_ibans(text: str) -> Iterator[PrivatePart]:
    """Yield international account numbers, whole or cut off behind their label, and the bank codes beside them."""
    end = 0
    for start in _IBAN_START.finditer(text):
        if start.start() < end:
            continue
        if span := _iban_at(text, start.start()):
            end = span.end
            yield span
            if bic := _BIC_BESIDE.match(text, end):
                yield PrivatePart(bic.start(1), bic.end(1), "ACCOUNT")
            before = text[max(0, span.start - _LONGEST_BIC) : span.start]
            if bic := _BIC_BEFORE.search(before):
                first = span.start - len(before)
                yield PrivatePart(first + bic.start(1), first + bic.end(1), "ACCOUNT")
    lower = text.lower()
    for label in _LABELED_IBAN.finditer(text) if "iban" in lower else ():
        yield PrivatePart(*label.span(1), "IBAN")
    for label in _LABELED_BIC.finditer(text) if "bic" in lower or "swift" in lower else ():
        yield PrivatePart(*label.span(1), "ACCOUNT")


def _iban_at(text: str, start: int) -> PrivatePart | None:
    """Return the account number that begins there, of the length that its country has, if its check digits fit."""
    length = _length_of_iban(text[start : start + 2].upper())
    characters = text[start : start + 2 * length].translate(_WITHOUT_SIGNS)[:length].upper()
    if len(characters) < length or not length or not iban.is_valid(characters, check_country=False):
        return None
    place = start
    for _ in range(length):
        while text[place] in _SIGNS_INSIDE:
            place += 1
        place += 1
    return PrivatePart(start, place, "IBAN")


@cache
def _length_of_iban(country: str) -> int:
    """Return the length of a country's account numbers; 0 if it has none."""
    known = numdb.get("iban").info(country)[0][1]
    return 4 + sum(map(int, re.findall(r"(\d+)!", known["bban"]))) if "bban" in known else 0


def find_cards(text: str) -> Iterator[PrivatePart]:
    """Yield numbers of cards with a right check digit."""
    for found in _CARD.finditer(text):
        if luhn.is_valid(re.sub(r"[ -]", "", found[0])):
            yield PrivatePart(*found.span(), "CARD")


def find_masked_cards(text: str) -> Iterator[PrivatePart]:
    """Yield numbers of cards of which stars or the letter x hide a part."""
    for found in _MASKED_CARD.finditer(text):
        yield PrivatePart(*found.span(), "CARD")


def find_accounts(text: str) -> Iterator[PrivatePart]:
    """Yield national account numbers: with right check digits, or of a form that nothing else has."""
    for found in _ACCOUNT_SHAPE.finditer(text):
        if _is_account(found[0]):
            yield PrivatePart(*found.span(), "ACCOUNT")


def _is_account(number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    if "/" in number and len(number) - number.rindex("/") == 5:
        return bool(bankaccount.is_valid(number))
    if len(digits) == 11:
        return bool(kontonr.is_valid(digits))
    if len(digits) == 12:
        return int(digits[:-2]) % 97 in (int(digits[-2:]), int(digits[-2:]) % 97)
    if len(digits) == 20:
        return bool(ccc.is_valid(digits))
    if len(digits) == 26:
        return bool(iban.is_valid(f"PL{digits}"))
    return len(digits) in (14, 16, 24)


def find_phones(text: str) -> Iterator[PrivatePart]:
    """Yield telephone numbers in a form that nothing else has."""
    for found in _PHONE.finditer(text):
        if not _DATE.match(found[0]):
            yield PrivatePart(*found.span(), "PHONE")


def may_hold_label(folded: Sequence[str]) -> bool:
    """Return True if a folded word is a label of a number."""
    return not _LABELS.keys().isdisjoint(folded)


def find_labeled(text: str) -> Iterator[PrivatePart]:
    """Yield what stands behind a label such as "Konto", "account no.", "Tel" or "invoice"."""
    for found in _SEPA.finditer(text):
        if fold(found[1]).strip("./- ") not in _NO_REFERENCE and not _PLACEHOLDER.fullmatch(found[1]):
            yield PrivatePart(*found.span(1), "REF")
    for found in _WORD_BEFORE_NUMBER.finditer(text):
        kind = _LABELS.get(fold(found[1]), "")
        value = _VALUES[kind].match(text, found.end()) if kind else None
        if value and (_is_reference(value[0]) if kind == "REF" else not _DATE.match(value[0])):
            yield PrivatePart(*value.span(), kind)


def _is_reference(value: str) -> bool:
    if len(value) < _SHORTEST_REFERENCE or _PLACEHOLDER.fullmatch(value) or sum(map(str.isdigit, value)) < 3:
        return False
    return not (
        _DATE.match(value)
        or _NAMED_DATE.fullmatch(value.lower())
        or _GROUPED_AMOUNT.fullmatch(value)
        or _is_year(value)
    )


def _is_year(value: str) -> bool:
    return len(value) == 4 and value[:2] in ("19", "20")


def find_references(text: str) -> Iterator[PrivatePart]:
    """Yield numbers of six digits or more, and mixtures of letters and digits; no dates, amounts and short numbers."""
    if _LONG_GROUPS.search(text):
        for found in _UUID.finditer(text):
            yield PrivatePart(*found.span(), "REF")
        for found in _GROUPS.finditer(text):
            if _is_long_number(text, found):
                yield PrivatePart(*found.span(), "REF")
    for found in _WORD_WITH_DIGIT.finditer(text) if _WORD_OF_REFERENCE.search(text) else ():
        start = found.start() + _start_of_reference(found[0])
        if start < found.end() and not _is_amount_beside(text, found):
            yield PrivatePart(start, found.end(), "REF")


def _is_long_number(text: str, found: re.Match[str]) -> bool:
    rest = _TIME.sub("", _DATE.sub("", found[0]))
    if sum(map(str.isdigit, rest)) <= _N_DIGITS:
        return False
    is_amount = _GROUPED_AMOUNT.match(text, found.start())
    return not (is_amount and is_amount.end() >= found.end())


def _is_amount_beside(text: str, found: re.Match[str]) -> bool:
    """Return True if the number is the whole part of an amount with decimals: 100000.00."""
    amount = _GROUPED_AMOUNT.match(text, found.start()) if found[0].isdigit() else None
    return amount is not None and amount.end() > found.end() and not text[amount.end() : amount.end() + 1].isalnum()


def _start_of_reference(word: str) -> int:
    """Return where the reference begins in a word with a digit; its length if it holds none."""
    n_digits = sum(map(str.isdigit, word))
    if n_digits < 3 or _PLACEHOLDER.fullmatch(word):
        return len(word)
    lower = word.lower()
    if _COMPACT_DATE.fullmatch(word) or _NAMED_DATE.fullmatch(lower) or lower[-3:] in _CURRENCIES:
        return len(word)
    n_letters = next(place for place, character in enumerate(word) if character.isdigit())
    tail = word[n_letters:]
    is_mixed = sum(one.isdigit() != other.isdigit() for one, other in pairwise(word)) >= 3
    if n_letters >= _LETTERS_OF_A_NAME:
        is_mixed = is_mixed and _LETTERS_INSIDE.search(tail) is None
        return n_letters if len(tail) >= _N_DIGITS or (is_mixed and len(tail) > 2) else len(word)
    is_long = n_digits >= _N_DIGITS or (n_digits > 3 and len(word) > _N_DIGITS)
    return 0 if is_long or is_mixed else len(word)

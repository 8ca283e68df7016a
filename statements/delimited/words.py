"""The meaning of words in statements, in the languages of `words.toml`."""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
_NO_WORD = re.compile(r"[^\w+*-]+|_|(?<=\w)[-*](?=\w)|[-+*](?=\w)|(?<=\w)[-+*]")
#: Longer texts are sentences, not words of a header or label.
LONGEST = 100
#: Shorter phrases ("d", "c") count only as the whole header, shorter stems not as part of a compound.
_MIN_PHRASE, _MIN_STEM = 3, 5
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: A header that holds one of these beside a role's words is about something else: "Original amount", "Rate date".
_ELSEWHERE = frozenset(
    "original originalbetrag ursprungsbetrag foreign fee rate kurs taux converted puvodni".split()  # noqa: SIM905
)


class Meaning(NamedTuple):
    """The role of a header, how sure its words make it (1 exact, less for a part), and the languages that use them."""

    role: str
    weight: float
    languages: frozenset[str]


NO_MEANING = Meaning("", 0.0, frozenset())


def normalized(text: str) -> str:
    """Return lower case without accents and punctuation: "Währung/Datum" is "wahrung datum".

    A text longer than any phrase is "", so that no cache holds it.
    """
    return "" if len(text) > LONGEST else _normalized(text)


@lru_cache(maxsize=8192)
def _normalized(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("ø", "o").replace("đ", "d"))
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(_NO_WORD.sub(" ", bare).split())


def _by_phrase(table: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    phrases: dict[str, set[str]] = {}
    for language, words in table.items():
        for word in words:
            phrases.setdefault(normalized(word), set()).add(language)
    return {phrase: frozenset(languages) for phrase, languages in phrases.items()}


_ROLES = {role: _by_phrase(table) for role, table in _DATA["header"].items()}
#: Phrase → (place in the list of all phrases, role, languages) of each role that has it.
_PHRASES: dict[str, list[tuple[int, str, frozenset[str]]]] = {}
for _place, (_role, _phrase, _languages) in enumerate(
    (role, phrase, languages) for role, phrases in _ROLES.items() for phrase, languages in phrases.items()
):
    _PHRASES.setdefault(_phrase, []).append((_place, _role, _languages))
_VALUES = {name: frozenset(_by_phrase(table)) for name, table in _DATA["value"].items()}
_BALANCES = ("opening_balance", "closing_balance", "turnover")
#: First words of such labels: a cheap check before the whole text is looked at.
_BALANCE_STARTS = frozenset(phrase.split()[0] for name in _BALANCES for phrase in _VALUES[name])
_LONGEST_LABEL = 80
_LINKING = frozenset("am as at of on per au du le al del den til do na dne dnia the za".split())  # noqa: SIM905
_LONGEST_PHRASE = 5
_CODES = frozenset(_DATA["currency"]["codes"].split())
_TEXTS = {text.casefold(): code for text, code in _DATA["currency"]["texts"].items()}


def meaning(header: str) -> Meaning:
    """Return the most likely role of a header cell; `NO_MEANING` if no language knows it."""
    return NO_MEANING if len(header) > LONGEST else _meaning(header)


@lru_cache(maxsize=2048)
def _meaning(header: str) -> Meaning:
    """Return the role of the whole header, else of the best known phrase inside it.

    Every run of words, and every beginning and end of a word, is looked up; of equal weights the first role wins.
    """
    if exact := _exact(normalized(header)):
        return exact
    text = normalized(_CAMEL.sub(" ", header))
    words = text.split()
    if _ELSEWHERE.intersection(words):
        return Meaning("other", 0.6, frozenset())
    if exact := _exact(text):
        return exact
    found: dict[int, Meaning] = {}
    runs = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    for phrase in runs:
        if len(phrase) >= _MIN_PHRASE:
            weight = 0.4 + 0.3 * len(phrase) / len(text) + 0.1 * (text.startswith(phrase) or text.endswith(phrase))
            for place, role, languages in _PHRASES.get(phrase, ()):
                found[place] = Meaning(role, weight, languages)
    ends = {part for word in words for n in range(_MIN_STEM, len(word)) for part in (word[:n], word[-n:])}
    for stem in ends - runs:
        for place, role, languages in _PHRASES.get(stem, ()):
            found[place] = Meaning(role, 0.2 + 0.2 * len(stem) / len(text), languages)
    if {part.role for part in found.values()} >= {"debit", "credit", "amount"}:  # "Credit/Debit Amount" has both
        found = {place: part for place, part in found.items() if part.role == "amount"}
    return max((found[place] for place in sorted(found)), key=lambda part: part.weight, default=NO_MEANING)


def _exact(text: str) -> Meaning | None:
    """Return the role of the very phrase; one with a number behind it ("VWZ 7") is one of several such columns."""
    bare = text.rstrip("0123456789").rstrip()
    for role, phrases in _ROLES.items():
        if text in phrases:
            return Meaning(role, 1.0, phrases[text])
        if bare in phrases and len(bare) >= _MIN_PHRASE:
            return Meaning(role, 0.95, phrases[bare])
    return None


def means(text: str, name: str) -> bool:
    """Return True if a cell is a word of this kind (pending, total, money_in …) and nothing else."""
    return normalized(text) in _VALUES[name]


def begins_with(text: str, name: str) -> bool:
    """Return True if a cell is such a word, followed at most by a date, numbers and a currency.

    Such as "Saldo am 31.12.2020".
    """
    words = normalized(text).split()
    for size in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        if " ".join(words[:size]) in _VALUES[name]:
            return all(
                any(map(str.isdigit, word))
                or month_number(word) is not None
                or is_currency(word)
                or word in _LINKING
                or len(word) == 1
                for word in words[size:]
            )
    return False


def balance_label(text: str) -> str:
    """Return opening_balance, closing_balance or turnover if the text is the label of one, else ""."""
    if len(text) > _LONGEST_LABEL or normalized(text.split(" ", 1)[0]).split(" ", 1)[0] not in _BALANCE_STARTS:
        return ""
    return next((name for name in _BALANCES if begins_with(text, name)), "")


def mentions(text: str, name: str) -> bool:
    """Return True if a phrase of this kind stands anywhere in the text, as whole words."""
    return len(text) <= LONGEST and _mentions(text, name)


@lru_cache(maxsize=4096)
def _mentions(text: str, name: str) -> bool:
    padded = f" {normalized(_CAMEL.sub(' ', text))} "
    return any(f" {phrase} " in padded for phrase in _VALUES[name])


def is_currency(text: str) -> bool:
    """Return True if the text can stand beside an amount: an ISO code, a symbol, or a short word such as "kr"."""
    bare = text.strip(".").casefold()
    has_symbol = len(bare) <= 4 and any(unicodedata.category(char) == "Sc" for char in bare)
    is_foreign = 0 < len(bare) <= 6 and all(char == "." or (char.isalpha() and ord(char) > 0x58F) for char in bare)
    return bare.upper() in _CODES or bare in _TEXTS or has_symbol or is_foreign


def is_currency_code(text: str) -> bool:
    return text.upper() in _CODES


def currency_of(text: str) -> str:
    """Return the ISO code that a text beside an amount stands for, "" if none or several do."""
    bare = text.strip(".").casefold()
    return bare.upper() if bare.upper() in _CODES else _TEXTS.get(bare, "")


#: Symbols that several currencies have → those currencies.
SHARED_SYMBOLS = {symbol: frozenset(codes) for symbol, codes in _DATA["shared_symbols"].items()}


def _month_names() -> dict[str, int]:
    """Return months by name; a beginning of three or more letters counts unless it means two months."""
    full: dict[str, set[int]] = {}
    short: dict[str, set[int]] = {}
    for names in _DATA["months"].values():
        for number, name in enumerate(map(normalized, names), start=1):
            full.setdefault(name, set()).add(number)
            for size in range(3, len(name)):
                short.setdefault(name[:size], set()).add(number)
    return {name: min(months) for name, months in {**short, **full}.items() if len(months) == 1}


_MONTHS = _month_names()


def month_number(name: str) -> int | None:
    """Return 1 to 12 for a month's name or its beginning in any known language, else None."""
    return _MONTHS.get(normalized(name))

"""Checks each sentence of a model against the facts of the month. A sentence that cannot be read is dropped. Pure.

A sentence is read from left to right as words of a closed list, names of this month, and values of this month written
out in full. So no other number, name or word can be in it. Each clause then has one subject, its values and its marks
(such as “more” and “than in September”), which say what it claims. Each claim must be a fact.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from insights.narrative.figures import INCOME, RECURRING, SAVINGS, SPENDING, MonthFigure, MonthFigures
from insights.narrative.language import Language
from insights.narrative.template import compared_with, name_of

MAX_LENGTH = 300
#: Words that name a subject.
SUBJECTS = {"spending": SPENDING, "income": INCOME, "savings": SAVINGS, "recurring": RECURRING}
#: Verbs, and the subjects that they can have; the first one is meant where the clause names none.
VERBS = {"spent": (SPENDING, "category:"), "earned": (INCOME,), "left": (SAVINGS,)}
NUMBER_UNITS = ("date", "money", "percent")
_PUNCTUATION = re.compile(r"[,;:](?=\s)|\)?[.!]$|\)[,;:]?(?=\s|$)|\((?=\S)")
_LIST_MARK = re.compile(r"^\s*(?:[-*\u2022]|\d{1,2}[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")
_ORDINAL_END = re.compile(r"(?:^|\s)\d{1,2}\.$")


@dataclass(frozen=True, slots=True)
class Checked:
    """A true sentence of a model, and the figures that it stands on."""

    text: str
    figures: tuple[MonthFigure, ...]


class FactClaim(NamedTuple):
    """The measure that a shape of clause claims, and whether its value is above 0 (1), below (-1), or any but less."""

    measure: str
    sign: int = 0


class _Value(NamedTuple):
    unit: str
    value: Decimal | dt.date
    currency: str | None


@dataclass(slots=True)
class _Clause:
    subjects: list[str] = field(default_factory=list)
    values: list[_Value] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    @property
    def is_period(self) -> bool:
        """True if the clause only names a month, as “In October,” does."""
        return bool(self.marks) and not self.subjects and not self.values and set(self.marks) <= {"now", "prev"}

    @property
    def is_empty(self) -> bool:
        return not (self.subjects or self.values or self.marks)


_Shape = tuple[tuple[str, ...], frozenset[str]]
MONEY, PERCENT = ("money",), ("percent",)


def _shapes() -> dict[_Shape, tuple[FactClaim, ...]]:
    """Return what a clause claims, by the units of its values in order of the alphabet, and by its marks."""
    shapes: dict[_Shape, tuple[FactClaim, ...]] = {
        (MONEY, frozenset()): (FactClaim("amount"),),
        (MONEY, frozenset({"prev"})): (FactClaim("previous"),),
        (MONEY, frozenset({"overspent"})): (FactClaim("amount", -1),),
        (MONEY, frozenset({"refunded"})): (FactClaim("amount", -1),),
        (PERCENT, frozenset({"of_spending"})): (FactClaim("share"),),
        (PERCENT, frozenset({"of_income"})): (FactClaim("rate"),),
        ((), frozenset({"most"})): (FactClaim("rank"),),
        (MONEY, frozenset({"most"})): (FactClaim("rank"), FactClaim("amount")),
        (PERCENT, frozenset({"most", "of_spending"})): (FactClaim("rank"), FactClaim("share")),
        ((), frozenset({"zero"})): (FactClaim("zero"),),
        ((), frozenset({"zero", "prev"})): (FactClaim("zero_previous"),),
        (MONEY, frozenset({"usual"})): (FactClaim("usual"),),
        (("date", "money"), frozenset({"since"})): (FactClaim("since"), FactClaim("price")),
        (MONEY, frozenset({"before"})): (FactClaim("price_before"),),
        (MONEY, frozenset({"twice"})): (FactClaim("charge"),),
        (("date",), frozenset({"second"})): (FactClaim("charge_on"),),
        (("date", "money"), frozenset({"was_due"})): (FactClaim("missed_on"), FactClaim("missed")),
        (("date", "money"), frozenset({"is_due"})): (FactClaim("due_on"), FactClaim("due")),
        ((), frozenset({"missing"})): (FactClaim("missed"),),
        (MONEY, frozenset({"expected"})): (FactClaim("forecast"),),
        (MONEY, frozenset({"expected", "end_of_month"})): (FactClaim("forecast"),),
        (MONEY, frozenset({"per_day"})): (FactClaim("per_day"),),
        (MONEY, frozenset({"per_month"})): (FactClaim("monthly"),),
    }
    for direction, sign in (("more", 1), ("less", -1)):
        for marks in ({direction}, {direction, "compared"}):
            shapes[MONEY, frozenset(marks)] = (FactClaim("change", sign),)
            shapes[PERCENT, frozenset(marks)] = (FactClaim("percent", sign),)
            shapes[(), frozenset(marks)] = (FactClaim("change", sign),)
    return shapes


SHAPES = _shapes()
#: Subjects that clauses with these marks are about where they name none.
IMPLIED = {"overspent": SAVINGS, "refunded": SPENDING, "of_income": SAVINGS}


class Checker:
    """Reads sentences about one month in one language. `sent` are names as the model was given them, by subject."""

    def __init__(self, month: MonthFigures, language: Language, *, sent: Mapping[str, str] | None = None) -> None:
        self.month, self.language = month, language
        self.names = dict(sent if sent is not None else {one: name_of(month, one, language) for one in month.names})
        self._lexicon = self._read_lexicon()
        longest_first = sorted(self._lexicon, key=len, reverse=True)
        self._token = re.compile("|".join(map(re.escape, longest_first)))

    def read(self, text: str, *, most: int) -> tuple[list[Checked], int]:
        """Return the true sentences of a text, at most so many, and the number of all others.

        The last sentence has to end, since a model that may write no more stops within a sentence.
        """
        found, n_dropped = dict[str, Checked](), 0
        every = list(sentences_of(text, has_ordinals=self.language.code == "de"))
        for place, sentence in enumerate(every, 1):
            is_cut = place == len(every) and not sentence.rstrip().endswith((".", "!"))
            checked = None if is_cut else self.check(sentence)
            if checked is not None and len(found) < most and checked.text not in found:
                found[checked.text] = checked
            elif checked is None:
                n_dropped += 1
        return list(found.values()), n_dropped

    def check(self, sentence: str) -> Checked | None:
        """Return the sentence with its figures if everything in it is true, None otherwise."""
        text = " ".join(sentence.split())
        if not text or len(text) > MAX_LENGTH or text[0].islower():  # the end of a sentence is none
            return None
        clauses = self._clauses(text.casefold())
        figures = self._figures(clauses) if clauses else None
        if not figures:
            return None
        ended = text if text[-1] in ".!" else f"{text}."
        return Checked(ended, tuple(dict.fromkeys(figures)))

    def _clauses(self, text: str) -> list[_Clause] | None:
        """Read a text word by word; return None if anything in it is not in the lexicon."""
        clauses, place = [_Clause()], 0
        while place < len(text):
            if text[place] == " ":
                place += 1
                continue
            if mark := _PUNCTUATION.match(text, place):
                clauses.append(_Clause())
                place = mark.end()
                continue
            found = self._token.match(text, place)
            if found is None:
                return None
            place = found.end()
            if place < len(text) and text[place] != " " and not _PUNCTUATION.match(text, place):
                return None
            meaning = self._lexicon[found[0]]
            if meaning == "separator":
                clauses.append(_Clause())
            elif isinstance(meaning, _Value):
                clauses[-1].values.append(meaning)
            elif meaning.startswith("="):
                clauses[-1].subjects.append(meaning[1:])
            elif meaning == "ambiguous":
                return None
            elif meaning != "neutral":
                clauses[-1].marks.append(meaning)
        return _joined([clause for clause in clauses if not clause.is_empty])

    def _figures(self, clauses: Sequence[_Clause]) -> list[MonthFigure] | None:
        """Return the figures behind all clauses, None if one of them claims what is no fact."""
        tells_of_before = any("prev" in clause.marks for clause in clauses)
        subject: str | None = None
        figures: list[MonthFigure] = []
        for clause in clauses:
            if clause.marks == ["advice"] and not clause.subjects and not clause.values and figures:
                continue
            if tells_of_before and not {"now", "prev", "compared"} & set(clause.marks):
                return None  # it could be read as of the month before
            subject = self._subject_of(clause, subject)
            found = self._claimed(clause, subject) if subject is not None else None
            if found is None:
                return None
            figures += found
        return figures

    def _subject_of(self, clause: _Clause, before: str | None) -> str | None:
        """Return what a clause is about: what it names, what its verb implies, else what the clause before was about.

        Return None if that is not clear.
        """
        if len(clause.subjects) > 1 or len(set(clause.marks)) < len(clause.marks):
            return None
        verbs = [mark for mark in clause.marks if mark in VERBS]
        if len(verbs) > 1:
            return None
        own = clause.subjects[0] if clause.subjects else None
        implied = next((IMPLIED[mark] for mark in clause.marks if mark in IMPLIED), None)
        if implied is not None:
            return implied if own in {None, implied} else None
        if verbs:
            first, *others = VERBS[verbs[0]]
            if own is None:
                is_clear = before is None or before == first or verbs[0] != "spent"
                return first if is_clear else None
            return own if own == first or own.startswith(tuple(others)) else None
        return own or before

    def _claimed(self, clause: _Clause, subject: str) -> list[MonthFigure] | None:
        marks = frozenset(clause.marks).difference({"now"}, VERBS)
        if "prev" in clause.marks and "now" in clause.marks:
            return None
        values = sorted(clause.values, key=lambda value: value.unit)
        claims = SHAPES.get((tuple(value.unit for value in values), marks))
        if claims is None:
            return None
        figures, left = list[MonthFigure](), list(values)
        for claim in claims:
            figure = self._fact(claim, subject, left.pop(0) if left and claim.measure != "rank" else None)
            if figure is None:
                return None
            figures.append(figure)
        return figures

    def _fact(self, claim: FactClaim, subject: str, value: _Value | None) -> MonthFigure | None:
        """Return the figure behind one claim, None if it is no fact. Without a value, only its sign is claimed."""
        if claim.measure == "rank":
            first = next(iter(self.month.largest), None)
            fact = self.month.fact(subject, "amount")
            return fact.figure if fact is not None and subject == first else None
        is_zero = claim.measure.startswith("zero")
        measure = {"zero": "amount", "zero_previous": "previous"}.get(claim.measure, claim.measure)
        fact = self.month.fact(subject, measure)
        if fact is None:
            return None
        if isinstance(fact.value, Decimal):
            sign = (fact.value > 0) - (fact.value < 0)
            if is_zero:
                return fact.figure if not sign else None
            if sign != claim.sign and (claim.sign or sign < 0):
                return None
            if value is not None and value != (fact.unit, abs(fact.value), fact.currency):
                return None
        elif value is not None and value != (fact.unit, fact.value, fact.currency):
            return None
        return fact.figure

    def _read_lexicon(self) -> dict[str, "_Value | str"]:
        """Return the meaning of each text that a sentence may have: a mark, `=` and a subject, or a value."""
        lexicon: dict[str, _Value | str] = {}
        slots = compared_with(self.month, self.language)
        for mark, phrases in self.language.words.items():
            known = self._known_mark(mark)
            for phrase in phrases if known else ():
                for written in _filled(phrase, slots):
                    meaning = f"={SUBJECTS[known]}" if known in SUBJECTS else known
                    lexicon.setdefault(written.casefold(), meaning)
        for fact in self.month.facts().values():
            if fact.unit in NUMBER_UNITS and not isinstance(fact.value, int):
                value = abs(fact.value) if isinstance(fact.value, Decimal) else fact.value
                for way in self.language.ways(fact):
                    _add(lexicon, way, _Value(fact.unit, value, fact.currency))
        for subject, name in self.names.items():
            _add(lexicon, name, f"={subject}")
        return {text: meaning for text, meaning in lexicon.items() if text}

    def _known_mark(self, mark: str) -> str:
        """Return the mark that phrases have in this month, an empty text if they mean nothing in it."""
        if mark.startswith("prev"):
            is_part = mark.startswith("prev_part")
            if self.month.compared_through is None or is_part == self.month.is_whole:
                return ""
            return "compared" if mark.endswith("_compared") else "prev"
        if mark == "now_open":
            return "" if self.month.is_over else "neutral"
        return mark


def sentences_of(text: str, *, has_ordinals: bool) -> Iterator[str]:
    """Yield the sentences of a text without marks of lists. `has_ordinals`: “12. März” does not end one."""
    for line in text.splitlines():
        parts = _SENTENCE_END.split(_LIST_MARK.sub("", line.strip()))
        joined = parts[:1]
        for before, part in pairwise(parts):
            if has_ordinals and _ORDINAL_END.search(before):
                joined[-1] += f" {part}"
            else:
                joined.append(part)
        yield from filter(None, joined)


def _joined(clauses: list[_Clause]) -> list[_Clause] | None:
    """Put a month that stands alone into the clause after it."""
    found: list[_Clause] = []
    period: _Clause | None = None
    for clause in clauses:
        if period is not None:
            clause.marks = [*period.marks, *clause.marks]
            period = None
        if clause.is_period:
            period = clause
        else:
            found.append(clause)
    return None if period is not None else found


def _filled(phrase: str, slots: Mapping[str, str]) -> Iterator[str]:
    """Yield a phrase with its months, with and without their year."""
    if "{" not in phrase:
        yield phrase
        return
    yield phrase.format_map(slots)
    yield phrase.format_map({name: text.rpartition(" ")[0] or text for name, text in slots.items()})


def _add(lexicon: dict[str, _Value | str], text: str, meaning: _Value | str) -> None:
    """Add a text; one that has two meanings is never understood."""
    key = " ".join(text.split()).casefold()
    lexicon[key] = meaning if lexicon.get(key, meaning) == meaning else "ambiguous"

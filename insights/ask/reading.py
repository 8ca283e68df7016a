"""The meaning of a question: a tool and its arguments, or why the question cannot be answered.

A question is read only if every word of it is a word of `words.toml`, a period, or a name of the ledger. So a word that
changes the meaning, such as “except”, is never passed over.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from insights.ask.meanings import NotUnderstood, WordMeanings, question_language, understand
from insights.ask.names import Name, NameBook
from insights.ask.periods import UnclearDay
from insights.ask.tokens import tokens_of
from insights.querysets import rows_with_excluded
from insights.reports.periods import ONE_DAY, Period, period_around
from insights.tools.base import Asker

MONTHS_OF_AVERAGE = 12
#: One of these shortly before a period says that another one is compared with it: “more than in the last month”.
COMPARED_TO = {"than", "als", "to", "with", "mit", "zu", "zum", "zur", "vs", "versus", "against"}
WORDS_BEFORE = 3


@dataclass(frozen=True, slots=True)
class QuestionReading:
    """The meaning of a question."""

    kind: str
    tool: str
    arguments: dict[str, Any]
    language: str
    #: The days that it is about; None for all.
    period: Period | None = None
    other: Period | None = None
    names: tuple[Name, ...] = ()
    #: What is told of it: expense, income or savings.
    focus: str = "expense"
    #: Misspelled words, and what they were taken for.
    corrections: tuple[tuple[str, str], ...] = ()
    #: Merchants that have the name in another spelling and are not counted.
    not_counted: tuple[str, ...] = ()


def read_question(text: str, *, asker: Asker, month: Period | None = None) -> QuestionReading:
    """Return what a question means; `month` is what it is about if it names no period. Raises NotUnderstood."""
    tokens = tokens_of(text)
    language = question_language(tokens, locale=asker.user.locale)
    try:
        words = understand(tokens, asker, language)
        return _Reader(words, asker, month).read()
    except UnclearDay as error:
        code = "ambiguous" if error.readings else "not_understood"
        choices = [day.isoformat() for day in sorted(error.readings)]
        why = "" if choices else "no_such_day"
        raise NotUnderstood(code, words=[error.text], choices=choices, language=language, why=why) from None


class _Reader:
    """Chooses the kind of question by the meanings of its words."""

    def __init__(self, words: WordMeanings, asker: Asker, month: Period | None) -> None:
        self.words, self.asker, self.month = words, asker, month
        self.has, self.only = words.has, words.only

    def read(self) -> QuestionReading:
        """Return the reading. Raises NotUnderstood."""
        words = self.words
        if words.unknown:
            raise NotUnderstood(
                "not_understood", words=words.unknown, language=words.language, is_for_model=words.asks_something
            )
        if self.has("euros") and self.asker.currency != "EUR":
            raise self._refusal(words=["euro"])
        kinds = [name.kind for name in words.names]
        joined = any({"and", "or", "und", "oder", "&"} & {words.tokens[place].text} for place, _ in words.phrases)
        if len(set(kinds)) < len(kinds) or (joined and len(kinds) > 1):
            raise self._refusal(words=[name.name for name in words.names], why="several")
        if any(name.category is not None and name.category.kind == "transfer" for name in words.names):
            raise self._refusal(words=[name.name for name in words.names])
        for read in (
            self._uncategorized, self._balance, self._to_come, self._forecast, self._recurring, self._refunds,
            self._last_time, self._how_often, self._compare, self._average, self._top_merchants, self._top_categories,
            self._by_category, self._largest, self._savings, self._income, self._spending,
        ):  # fmt: skip
            found = read()
            if found is not None:
                return found
        raise self._refusal()

    def _refusal(self, *, words: Sequence[str] = (), why: str = "") -> NotUnderstood:
        return NotUnderstood("not_understood", words=words, language=self.words.language, why=why)

    def _make(self, kind: str, tool: str, period: Period | None = None, **fields: Any) -> QuestionReading:
        arguments = {} if period is None else {"start": period.start.isoformat(), "end": period.end.isoformat()}
        names = tuple(self.words.names)
        arguments |= {name.kind: name.name for name in names} | fields.pop("arguments", {})
        merchants = [name.name for name in names if name.kind == "merchant"]
        not_counted = tuple(one for name in merchants for one in NameBook(self.asker).not_counted(name))
        return QuestionReading(
            kind, tool, arguments, self.words.language, period, names=names, corrections=tuple(self.words.corrections),
            not_counted=not_counted, **fields,
        )  # fmt: skip

    def _period(self, *, default: Period | None = None) -> Period | None:
        """Return the only period. Raises NotUnderstood if there are several, or numbers that are none."""
        if self.words.numbers:
            raise self._refusal(words=[text for _, text in self.words.numbers])
        if len(self.words.spans) > 1:
            names = [f"{span.period.start} – {span.period.end}" for span in self.words.spans]  # noqa: RUF001 - a dash
            raise self._refusal(words=names, why="several")
        if self.words.spans:
            return self.words.spans[0].period
        return self.month or default

    @property
    def _this_month(self) -> Period:
        return period_around("month", self.asker.today, self.asker.calendar)

    def _uncategorized(self) -> QuestionReading | None:
        if not self.has("uncategorized") or self.words.names:
            return None
        if not self.only("uncategorized", "payments", "often", "how_much"):
            return None
        return self._make("uncategorized", "search", self._period(), arguments={"category": "none"})

    def _balance(self) -> QuestionReading | None:
        is_asked = self.has("balance") or (self.has("money") and self.has("have") and self.has("how_much"))
        if not is_asked or self.words.spans or self.words.numbers:
            return None
        if any(name.kind != "account" for name in self.words.names):
            return None
        if not self.only("balance", "how_much", "money", "have"):
            return None
        return self._make("balance", "balance")

    def _to_come(self) -> QuestionReading | None:
        is_asked = self.has("to_come") or (self.has("comes") and self.has("still"))
        if not is_asked or self.words.names or not self.only("to_come", "comes", "bills", "how_much", "payments"):
            return None
        period = self._period(default=self._this_month)
        if period != self._this_month:
            return None
        return self._make_forecast("to_come", self._this_month)

    def _forecast(self) -> QuestionReading | None:
        if (
            not self.has("forecast")
            or self.words.names
            or not self.only("forecast", "spend", "to_spend", "how_much", "payments")
        ):
            return None
        period = self._period(default=self._this_month)
        if period is None or period.unit != "month" or period.start > self.asker.today:
            return None
        return self._make_forecast("forecast", period)

    def _make_forecast(self, kind: str, period: Period) -> QuestionReading:
        found = self._make(kind, "forecast", arguments={"month": period.name})
        return QuestionReading(
            found.kind, found.tool, found.arguments, found.language, period, corrections=found.corrections
        )

    def _recurring(self) -> QuestionReading | None:
        if not self.has("recurring") or self.words.names or self.words.spans or self.words.numbers:
            return None
        if not self.only("recurring", "payments", "bills", "per_year", "per_month", "spend", "how_much", "have"):
            return None
        return self._make("recurring", "recurring")

    def _refunds(self) -> QuestionReading | None:
        if not self.has("refund") or not self.only("refund", "how_much", "payments"):
            return None
        return self._make("refunds", "search", self._period(), arguments={"kind": "refund"})

    def _last_time(self) -> QuestionReading | None:
        if not (self.has("when") and self.has("last_time") and self.words.names) or self.words.spans:
            return None
        if self.words.numbers or not self.only("when", "last_time", "payments", "spend", "visit"):
            return None
        return self._make("last_time", "search", arguments={"kind": "expense", "limit": 1})

    def _how_often(self) -> QuestionReading | None:
        if not self.has("often") or not self.only("often", "visit", "payments", "spend", "above", "below"):
            return None
        amounts = self._amounts()
        if not (self.words.names or self.has("payments")):
            return None
        return self._make("how_often", "search", self._period(), arguments={"kind": "expense", **amounts})

    def _amounts(self) -> dict[str, str]:
        """Return bounds such as “over 100 euros”, and take their numbers away. Raises NotUnderstood."""
        found = dict[str, str]()
        for name, meaning in (("min_amount", "above"), ("max_amount", "below")):
            for place, meanings in self.words.phrases:
                numbers = [text for at, text in self.words.numbers if 0 < at - place <= 2]
                if meaning in meanings and numbers:
                    if not re.fullmatch(r"\d+([.,]\d{1,2})?", numbers[0]):
                        raise self._refusal(words=numbers)
                    found[name] = numbers[0].replace(",", ".")
        if len(found) == len(self.words.numbers):
            self.words.numbers.clear()
        return found

    def _compare(self) -> QuestionReading | None:
        spans = self.words.spans
        if not self.has("compare") or not spans or len(spans) > 2 or self.words.numbers:
            return None
        if not self.only("compare", "more", "spend", "income", "how_much", "above", "below"):
            return None
        if self.has("spend") and self.has("income"):
            return None
        periods = [span.period for span in spans]
        texts = [token.text for token in self.words.tokens]
        is_other = [not COMPARED_TO.isdisjoint(texts[max(span.start - WORDS_BEFORE, 0) : span.start]) for span in spans]
        if len(periods) == 1 and is_other[0]:
            periods.insert(0, self._present_like(periods[0]) or periods[0])
        elif len(periods) == 1:
            periods.append(periods[0].previous)
        elif is_other[0] and not is_other[1]:
            periods.reverse()
        period, other = periods
        if period == other:
            return None
        arguments = {"with_start": other.start.isoformat(), "with_end": other.end.isoformat()}
        focus = "income" if self.has("income") else "expense"
        return self._make("compare", "compare", period, arguments=arguments, other=other, focus=focus)

    def _present_like(self, other: Period) -> Period | None:
        """Return this year, month, week or day, for comparison with an earlier one."""
        if other.unit is None or other.end >= self.asker.today:
            return None
        return period_around(other.unit, self.asker.today, self.asker.calendar)

    def _average(self) -> QuestionReading | None:
        if not self.has("average", "per_month", "per_day"):
            return None
        if not self.only("average", "per_month", "per_day", "spend", "income", "savings", "how_much"):
            return None
        if not (self.has("spend", "income", "savings") or self.words.names):
            return None
        is_daily = self.has("per_day")
        if (is_daily and (self.words.names or self.has("per_month"))) or sum(map(self.has, _FOCUSES)) > 1:
            return None
        period = self._period() or self._recorded_months()
        focus = next((focus for meaning, focus in _FOCUSES.items() if self.has(meaning)), "expense")
        if period is None or (not is_daily and self.asker.calendar.months_between(period.start, period.end) <= 1):
            return None
        return self._make("per_day" if is_daily else "per_month", "summary", period, focus=focus)

    def _recorded_months(self) -> Period | None:
        """Return the whole months before this one that are recorded, at most twelve; None if there is none."""
        rows = rows_with_excluded(self.asker.ledger_id).order_by("date").values_list("date", flat=True)
        first: dt.date | None = rows.first()
        this = self._this_month.start
        if first is None or first >= this:
            return None
        oldest = self._this_month
        for _ in range(MONTHS_OF_AVERAGE):
            oldest = oldest.previous
        start = max(oldest.start, self.asker.calendar.month_of(first))
        return Period(start, this - ONE_DAY)

    def _top_merchants(self) -> QuestionReading | None:
        if not (self.has("merchants", "where") and self.has("most", "top")) or self.words.names:
            return None
        if not self.only("merchants", "where", "most", "top", "spend", "how_much", "money"):
            return None
        return self._make_ranking("top_merchants", "merchants")

    def _top_categories(self) -> QuestionReading | None:
        if not (self.has("categories", "what_on") and self.has("most", "top")) or self.words.names:
            return None
        if not self.only("categories", "what_on", "most", "top", "spend", "how_much", "money"):
            return None
        return self._make_ranking("top_categories", "categories")

    def _make_ranking(self, kind: str, of: str) -> QuestionReading:
        limit = {"limit": self._limit(default=5)} if self.words.numbers else {}
        return self._make(kind, "top", self._period(default=self._this_month), arguments={"of": of, **limit})

    def _by_category(self) -> QuestionReading | None:
        if not (self.has("by_category") and self.has("spend")) or self.words.names:
            return None
        if not self.only("by_category", "spend", "how_much"):
            return None
        return self._make(
            "by_category", "summary", self._period(default=self._this_month), arguments={"by": "category"}
        )

    def _largest(self) -> QuestionReading | None:
        is_top = self.has("top") and self.has("payments")
        if not (self.has("largest", "smallest") or is_top) or (self.has("largest") and self.has("smallest")):
            return None
        if not self.has("payments", "spend", "income") or (self.has("income") and self.has("spend")):
            return None
        if not self.only("largest", "smallest", "top", "payments", "spend", "income", "how_much"):
            return None
        arguments: dict[str, Any] = {"limit": self._limit(default=5 if is_top else 1)}
        arguments |= {"order": "smallest"} if self.has("smallest") else {}
        arguments |= {"kind": "income"} if self.has("income") else {}
        focus = "income" if self.has("income") else "expense"
        return self._make("largest", "top", self._period(default=self._this_month), arguments=arguments, focus=focus)

    def _limit(self, *, default: int) -> int:
        """Return the number beside “largest” or “top”, and take it away. Raises NotUnderstood."""
        places = [place for place, found in self.words.phrases if found & {"largest", "smallest", "top"}]
        for number in self.words.numbers:
            if any(abs(number[0] - place) == 1 for place in places):
                self.words.numbers.remove(number)
                if not number[1].isdecimal() or not 1 <= int(number[1]) <= 10:
                    raise self._refusal(words=[number[1]])
                return int(number[1])
        return default

    def _savings(self) -> QuestionReading | None:
        if not self.has("savings") or self.words.names or not self.only("savings", "how_much", "money"):
            return None
        return self._make("savings", "summary", self._period(default=self._this_month), focus="savings")

    def _income(self) -> QuestionReading | None:
        if not self.has("income") or not self.only("income", "how_much", "payments", "money"):
            return None
        return self._make("income", "summary", self._period(default=self._this_month), focus="income")

    def _spending(self) -> QuestionReading | None:
        """Read “how much did I spend …”, and names alone if there is a period."""
        is_asked = self.has("spend") or (self.words.names and (self.has("how_much", "payments") or self.words.spans))
        if not is_asked or not self.only("spend", "how_much", "payments", "money"):
            return None
        category = next((name.category for name in self.words.names if name.category), None)
        focus = "income" if category is not None and category.kind == "income" else "expense"
        if focus == "income" and self.has("spend"):
            return None
        return self._make("spending", "summary", self._period(default=self._this_month), focus=focus)


#: Meaning → what is told.
_FOCUSES = {"spend": "expense", "income": "income", "savings": "savings"}

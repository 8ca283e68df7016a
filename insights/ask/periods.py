"""Days and periods in a question, English and German: “in May”, “last week”, “since March”, “vom 3.5. bis 10.5.2026”.

Months and weeks are those of the person's preferences. A month without a year is the latest one that has begun.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from babel import Locale

from expenses.ledger.dates import EARLIEST, LATEST
from insights.ask.tokens import QuestionWord, folds
from insights.calendars import Calendar, Unit, later
from insights.locales import LANGUAGES
from insights.reports.periods import ONE_DAY, Period, period_around

THIS = {
    "this",
    "current",
    "diese",
    "dieser",
    "diesen",
    "diesem",
    "dieses",
    "aktuelle",
    "aktuellen",
    "aktueller",
    "laufenden",
}
LAST = {
    "last", "previous", "past", "letzte", "letzter", "letzten", "letztem", "letztes", "vorige", "vorigen", "voriges",
    "vorigem", "vergangene", "vergangenen", "vergangener", "vergangenes",
}  # fmt: skip
UNITS: dict[str, str] = {
    "day": "day", "days": "day", "tag": "day", "tage": "day", "tagen": "day",
    "week": "week", "weeks": "week", "woche": "week", "wochen": "week",
    "month": "month", "months": "month", "monat": "month", "monats": "month", "monate": "month", "monaten": "month",
    "quarter": "quarter", "quarters": "quarter", "quartal": "quarter", "quartals": "quarter", "quartale": "quarter",
    "year": "year", "years": "year", "jahr": "year", "jahres": "year", "jahre": "year", "jahren": "year",
}  # fmt: skip
UNITS_BEFORE: dict[str, Unit] = {"vorwoche": "week", "vormonat": "month", "vorjahr": "year"}
NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12, "zwei": 2, "drei": 3, "vier": 4, "funf": 5,
    "fuenf": 5, "sechs": 6, "zwolf": 12, "zwoelf": 12,
}  # fmt: skip
SINGLE_DAYS = {"today": 0, "heute": 0, "yesterday": 1, "gestern": 1, "vorgestern": 2}
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "ersten": 1, "erstes": 1, "erste": 1, "zweiten": 2,
    "zweites": 2, "dritten": 3, "drittes": 3, "vierten": 4, "viertes": 4,
}  # fmt: skip
SINCE, UNTIL = {"since", "seit"}, {"to", "until", "till", "through", "bis", "and", "und"}
OPENING = {"from", "between", "vom", "von", "zwischen"}
ARTICLES = {"the", "of", "in", "on", "im", "am", "der", "den", "dem", "des", "das", "die", "zum"}
#: A count of units such as “the last 30 days” reaches so far at most.
MOST_UNITS = 366
MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True, slots=True)
class PeriodSpan:
    """A period and the tokens that name it: from `start` up to, but without, `end`."""

    period: Period
    start: int
    end: int


class UnclearDay(ValueError):
    """A day that can be read in two ways, or does not exist."""

    def __init__(self, text: str, readings: Sequence[dt.date] = ()) -> None:
        super().__init__(text)
        self.text, self.readings = text, readings


@cache
def month_names() -> dict[str, int]:
    """Return the number of a month by its folded name or abbreviation in both languages."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        months = Locale.parse(language).months["format"]
        for width in ("wide", "abbreviated"):
            for number, name in months[width].items():
                names |= dict.fromkeys(folds(name.rstrip(".")), number)
    return names | {"sept": 9}


@cache
def weekday_names() -> dict[str, int]:
    """Return the number of a weekday by its folded name in both languages; Monday is 0."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for number, name in Locale.parse(language).days["format"]["wide"].items():
            names |= dict.fromkeys(folds(name), number)
    return names


class PeriodReader:
    """Finds periods among the tokens of a question, as of today."""

    def __init__(
        self, tokens: Sequence[QuestionWord], *, calendar: Calendar, today: dt.date, splits_ranges: bool = False
    ) -> None:
        """Read tokens as of today; `splits_ranges`: “between A and B” are two periods, as in a comparison."""
        self.tokens, self.calendar, self.today = tokens, calendar, today
        self.opening = OPENING - {"between", "zwischen"} if splits_ranges else OPENING

    def find_all(self) -> list[PeriodSpan]:
        """Return all periods in order. Raises UnclearDay."""
        spans, place = list[PeriodSpan](), 0
        while place < len(self.tokens):
            span = self._range(place) or self._single(place)
            if span is None:
                place += 1
            else:
                spans.append(span)
                place = span.end
        return spans

    def _word(self, place: int) -> str:
        return self.tokens[place].text if place < len(self.tokens) else ""

    def _range(self, place: int) -> PeriodSpan | None:
        """Read “since March” or “from A to B”; A and B may be any periods."""
        if self._word(place) in SINCE:
            first = self._single(self._skip(place + 1))
            if first is None or first.period.start > self.today:
                return None
            return PeriodSpan(Period(first.period.start, self.today), place, first.end)
        opens = self._word(place) in self.opening
        start = self._skip(place + 1) if opens else place
        first = self._single(start) or self._day_of_same_month(start)
        if first is None or self._word(first.end) not in (UNTIL if opens else UNTIL - {"and", "und"}):
            return None
        last = self._single(self._skip(first.end + 1))
        if last is None or last.period.end < first.period.start:
            return None
        return PeriodSpan(Period(first.period.start, last.period.end), place, last.end)

    def _day_of_same_month(self, place: int) -> PeriodSpan | None:
        """Read the first day of “1. bis 15. Oktober”, in the month of the second."""
        number = re.fullmatch(r"(\d\d?)(?:\.|st|nd|rd|th)?", self._word(place))
        if number is None or self._word(place + 1) not in UNTIL:
            return None
        last = self._named_day(self._skip(place + 2))
        if last is None:
            return None
        month = last.period.start
        return self._one_day(_date(self._word(place), month.year, month.month, int(number[1])), place, place + 1)

    def _skip(self, place: int) -> int:
        """Skip articles and prepositions."""
        while self._word(place) in ARTICLES:
            place += 1
        return place

    def _single(self, place: int) -> PeriodSpan | None:
        for read in (self._day, self._relative, self._quarter, self._month, self._year):
            span = read(place)
            if span is not None and EARLIEST <= span.period.start <= span.period.end <= LATEST:
                return span
        return None

    def _around(self, unit: Unit, day: dt.date) -> Period:
        return period_around(unit, day, self.calendar)

    def _day(self, place: int) -> PeriodSpan | None:
        """Read one day in digits, with the name of its month, or by its weekday."""
        word = self._word(place)
        if word in SINGLE_DAYS:
            return self._one_day(self.today - dt.timedelta(SINGLE_DAYS[word]), place, place + 1)
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", word):
            return self._one_day(_date(word, *map(int, match.groups())), place, place + 1)
        if match := re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})?", word):
            day, month, year = match.groups()
            return self._one_day(self._dated(word, int(day), int(month), int(year or 0)), place, place + 1)
        if match := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4})", word):
            return self._one_day(_date_with_slashes(word, *map(int, match.groups())), place, place + 1)
        if word in weekday_names():
            return self._weekday(place)
        return self._named_day(place)

    def _weekday(self, place: int) -> PeriodSpan:
        """Return the latest such day before today; “last” before it means the same."""
        back = (self.today.weekday() - weekday_names()[self._word(place)]) % 7 or 7
        return self._one_day(self.today - dt.timedelta(back), place, place + 1)

    def _named_day(self, place: int) -> PeriodSpan | None:
        """Read “3 May 2026”, “3. Mai”, “the 3rd of May”, “May 3, 2026”."""
        day, months = re.compile(r"(\d\d?)(\.|st|nd|rd|th)?"), month_names()
        first, text = self._word(place), ""
        if match := day.fullmatch(first):
            end = place + 2 if self._word(place + 1) == "of" else place + 1
            number, month = int(match[1]), months.get(self._word(end))
            text = f"{first} {self._word(end)}"
        elif first in months and (match := day.fullmatch(self._word(place + 1))):
            end, number, month = place + 1, int(match[1]), months[first]
            text = f"{first} {self._word(place + 1)}"
        else:
            return None
        if month is None:
            return None
        end += 1
        year = re.fullmatch(r"\d{4}", self._word(end))
        return self._one_day(self._dated(text, number, month, int(year[0]) if year else 0), place, end + bool(year))

    def _dated(self, text: str, day: int, month: int, year: int) -> dt.date:
        """Return the day; without a year, the latest one until today."""
        if year:
            return _date(text, year, month, day)
        found = _date(text, self.today.year, month, day)
        return found if found <= self.today else _date(text, self.today.year - 1, month, day)

    def _one_day(self, day: dt.date, start: int, end: int) -> PeriodSpan:
        return PeriodSpan(Period(day, day, "day"), start, end)

    def _relative(self, place: int) -> PeriodSpan | None:
        """Read “this month”, “last week”, “the last 30 days”, “last Friday”, “last May”."""
        word, following = self._word(place), self._word(place + 1)
        if word in UNITS_BEFORE:
            return PeriodSpan(self._around(UNITS_BEFORE[word], self.today).previous, place, place + 1)
        if word not in THIS | LAST:
            return None
        if word in LAST and following in weekday_names():
            day = self._weekday(place + 1)
            return PeriodSpan(day.period, place, place + 2)
        n = int(following) if following.isdecimal() else NUMBERS.get(following, 0)
        if word in LAST and n and self._word(place + 2) in UNITS:
            period = self._last_n(n, UNITS[self._word(place + 2)])
            return None if period is None else PeriodSpan(period, place, place + 3)
        if following not in UNITS:
            return None
        unit = UNITS[following]
        period = self._quarter_around(self.today) if unit == "quarter" else self._around(cast("Unit", unit), self.today)
        if word in LAST:
            before = period.start - ONE_DAY
            period = self._quarter_around(before) if unit == "quarter" else self._around(cast("Unit", unit), before)
        return PeriodSpan(period, place, place + 2)

    def _last_n(self, n: int, unit: str) -> Period | None:
        """Return the last days including today, or as many whole weeks, months or years before the present one."""
        if not 0 < n <= MOST_UNITS or unit == "quarter":
            return None
        if unit == "day":
            return Period(self.today - dt.timedelta(n - 1), self.today)
        present = self.calendar.first_of(cast("Unit", unit), self.today)
        if unit == "year" and n > self.today.year - EARLIEST.year:
            return None
        return Period(later(cast("Unit", unit), present, -n), present - ONE_DAY)

    def _quarter(self, place: int) -> PeriodSpan | None:
        """Read “Q1 2026”, “the first quarter”, “1. Quartal 2026”. Without a year, the latest that has begun."""
        word = self._word(place)
        if match := re.fullmatch(r"q([1-4])", word):
            number, end = int(match[1]), place + 1
        elif UNITS.get(self._word(place + 1)) == "quarter":
            match = re.fullmatch(r"([1-4])(\.|st|nd|rd|th)", word)
            number, end = int(match[1]) if match else ORDINALS.get(word, 0), place + 2
        else:
            return None
        if not number:
            return None
        end = self._skip(end) if re.fullmatch(r"\d{4}", self._word(self._skip(end))) else end
        given = re.fullmatch(r"(?:19|20|21)\d\d", self._word(end))
        year = int(given[0]) if given else self.calendar.year_of(self.today).year
        first = self.calendar.month_named(year, MONTHS_OF_A_QUARTER * number - 2)
        if not given and first > self.today:
            first = later("year", first, -1)
        return PeriodSpan(self._quarter_around(first), place, end + bool(given))

    def _quarter_around(self, day: dt.date) -> Period:
        month = self.calendar.month_of(day)
        first = later("month", month, -((month.month - 1) % MONTHS_OF_A_QUARTER))
        return Period(first, later("month", first, MONTHS_OF_A_QUARTER) - ONE_DAY)

    def _month(self, place: int) -> PeriodSpan | None:
        """Read “2026-05”, “May”, “May 2026”, “May last year”, “last May”."""
        word = self._word(place)
        if match := re.fullmatch(r"(\d{4})-(\d\d)", word):
            if not 1 <= int(match[2]) <= 12 or not EARLIEST.year <= int(match[1]) <= LATEST.year:
                return None
            day = self.calendar.month_named(int(match[1]), int(match[2]))
            return PeriodSpan(self._around("month", day), place, place + 1)
        if word not in month_names():
            return None
        number, end = month_names()[word], place + 1
        after = self._skip(end)
        if re.fullmatch(r"(?:19|20|21)\d\d", self._word(after)):
            return PeriodSpan(
                self._around("month", self.calendar.month_named(int(self._word(after)), number)), place, after + 1
            )
        year = self.calendar.year_of(self.today).year
        if self._word(after) in THIS | LAST and UNITS.get(self._word(after + 1)) == "year":
            year -= self._word(after) in LAST
            return PeriodSpan(self._around("month", self.calendar.month_named(year, number)), place, after + 2)
        first = self.calendar.month_named(self.today.year, number)
        if first > self.today:
            first = later("year", first, -1)
        return PeriodSpan(self._around("month", first), place, end)

    def _year(self, place: int) -> PeriodSpan | None:
        """Read “2025” and “the year 2025”."""
        start = place
        if UNITS.get(self._word(place)) == "year":
            place += 1
        if not re.fullmatch(r"(?:19|20|21)\d\d", self._word(place)):
            return None
        return PeriodSpan(self._around("year", self.calendar.month_named(int(self._word(place)), 1)), start, place + 1)


def _date(text: str, year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise UnclearDay(text) from None


def _date_with_slashes(text: str, first: int, second: int, year: int) -> dt.date:
    """Return the only day that the text can mean. Raises UnclearDay if it can mean two."""
    readings = []
    for month, day in ((second, first), (first, second)):
        try:
            readings.append(_date(text, year, month, day))
        except UnclearDay:
            continue
    if len(set(readings)) != 1:
        raise UnclearDay(text, readings)
    return readings[0]

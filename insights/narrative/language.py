"""Writes amounts, percents, days and months as a locale does, and holds the words of each language. Pure."""

import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, get_currency_name

from expenses.ledger.money import minor_units
from insights.locales import locale_of
from insights.narrative.figures import Fact

_LETTER_BEFORE_DIGIT = re.compile(r"([A-Za-z])(\d)")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that Outlay writes, with the formats of a locale."""

    code: str
    locale: Locale

    @property
    def texts(self) -> dict[str, str]:
        """Sentences of the template by key."""
        found: dict[str, str] = _texts()[self.code]["sentences"]
        return found

    @property
    def words(self) -> dict[str, list[str]]:
        """Words that a checked sentence may have, by their mark."""
        found: dict[str, list[str]] = _texts()[self.code]["words"]
        return found

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount without its sign."""
        written = format_currency(abs(amount), currency, locale=self.locale)
        return _LETTER_BEFORE_DIGIT.sub("\\1\N{NO-BREAK SPACE}\\2", written)

    def percent(self, share: Decimal) -> str:
        """Return a percentage of at most two decimal places without its sign."""
        number = format_decimal(abs(share), format="#,##0.##", locale=self.locale)
        return f"{number}%" if self.code == "en" else f"{number}\N{NO-BREAK SPACE}%"

    def day(self, day: dt.date) -> str:
        """Return a day with its year."""
        return format_date(day, "long", locale=self.locale)

    def month(self, first: dt.date) -> str:
        """Return the name of a month with its year."""
        return format_skeleton("yMMMM", first, locale=self.locale)

    def written(self, fact: Fact) -> str:
        """Return a value as the template writes it."""
        if isinstance(fact.value, dt.date):
            return self.day(fact.value)
        if isinstance(fact.value, int):
            return format_decimal(fact.value, locale=self.locale)
        return self.percent(fact.value) if fact.unit == "percent" else self.money(fact.value, fact.currency or "")

    def ways(self, fact: Fact) -> set[str]:
        """Return every way to write a value that a sentence may use. Rounded values are none."""
        ways = {self.written(fact)}
        if isinstance(fact.value, dt.date):
            ways |= {fact.value.isoformat()} if self.code == "en" else set()
        elif isinstance(fact.value, Decimal) and fact.unit == "percent":
            number = format_decimal(abs(fact.value), format="#,##0.##", locale=self.locale)
            ways |= {f"{number}%", f"{number} %", f"{number} {'percent' if self.code == 'en' else 'Prozent'}"}
        elif isinstance(fact.value, Decimal) and fact.currency:
            ways |= self._ways_of_money(abs(fact.value), fact.currency)
        return {" ".join(way.split()) for way in ways}

    def _ways_of_money(self, amount: Decimal, currency: str) -> set[str]:
        places = "0" * minor_units(currency)
        numbers = {
            format_decimal(amount, format=f"{grouping}.{places}" if places else grouping, locale=self.locale)
            for grouping in ("#,##0", "0")
        }
        if amount == amount.to_integral_value():
            numbers |= {format_decimal(amount, format=grouping, locale=self.locale) for grouping in ("#,##0", "0")}
        symbol = format_currency(0, currency, format="¤", locale=self.locale).strip()
        name = get_currency_name(currency, count=2, locale=self.locale)
        ways = {f"{number} {sign}" for number in numbers for sign in {symbol, currency, name}}
        return ways | {f"{currency} {number}" for number in numbers} | {f"{symbol}{number}" for number in numbers}


@cache
def language_of(locale: str) -> Language:
    """Return the language of a user's `locale`: German for de*, English for all others."""
    known = locale_of(locale)
    return Language(known.language, known)


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))

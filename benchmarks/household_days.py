"""What a household's days are like before anybody pays: prices that rise, jobs that end, travels, weeks unwritten."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.household_lives import Life

EPOCH = dt.date(2016, 1, 4)
YEAR = 365.25
_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


@dataclass
class Row:
    """A payment before it has a number; `bill` says which regular bill it belongs to."""

    day: int
    amount: float
    category: str
    payee: str
    kind: str = "expense"
    bill: int | None = None
    #: The least part of money that the amount is rounded to.
    step: float = 0.01


@dataclass
class Days:
    """The days of one household, counted from its first, and the one source of chance for all that happens on them."""

    life: Life
    chance: np.random.Generator
    n: int
    #: Monday of the first week, days since EPOCH.
    first: int
    prices: np.ndarray = field(init=False)
    spirits: np.ndarray = field(init=False)
    jobless: np.ndarray = field(init=False)
    away: np.ndarray = field(init=False)
    moves: list[int] = field(init=False)
    #: How much smaller or larger this household's amounts are than its kind's.
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        self.scale = float(self.chance.lognormal(0, 0.25))
        self.prices = self._prices()
        self.jobless = self._spells(self.life.job_loss, 60, 300)
        self.away = self._spells(self.life.travels, 3, 18)
        self.spirits = self._spirits()
        self.moves = [day for day in range(40, self.n) if self.chance.random() < self.life.moving / YEAR]

    def date(self, day: int) -> dt.date:
        return EPOCH + dt.timedelta(self.first + int(day))

    def month(self, day: int) -> int:
        return self.date(day).month

    def day_of(self, date: dt.date) -> int:
        return (date - EPOCH).days - self.first

    def months(self) -> Iterator[tuple[int, int]]:
        """Year and month of all that the days touch."""
        day, last = self.date(0).replace(day=1), self.date(self.n - 1)
        while day <= last:
            yield day.year, day.month
            day = (day + dt.timedelta(32)).replace(day=1)

    def _prices(self) -> np.ndarray:
        """Inflation that differs by the year."""
        yearly = np.clip(self.chance.gamma(1.4, 0.022, self.n // 365 + 1), 0, 0.11)
        return np.exp(np.cumsum(np.repeat(yearly, 366)[: self.n] / YEAR))

    def _spells(self, per_year: float, shortest: int, longest: int) -> np.ndarray:
        inside, day = np.zeros(self.n, bool), 0
        while per_year > 0 and (day := day + int(self.chance.exponential(YEAR / per_year)) + 1) < self.n:
            length = int(self.chance.integers(shortest, longest))
            inside[day : day + length] = True
            day += length
        return inside

    def _spirits(self) -> np.ndarray:
        """How freely money is spent: a slow walk, weeks that are like the week before, and unwritten weeks (0)."""
        weeks = self.n // 7 + 2
        walk = np.cumsum(self.chance.normal(0, 0.035, weeks))
        near = np.zeros(weeks)
        for week in range(1, weeks):
            near[week] = 0.45 * near[week - 1] + self.chance.normal(0, 0.28)
        level = np.exp(np.clip(walk - walk.mean(), -0.9, 0.9) + near)
        level[self._unwritten(weeks)] = 0
        daily = np.repeat(level, 7)[: self.n]
        return daily * np.where(self.jobless, 0.62, 1.0)

    def _unwritten(self, weeks: int) -> np.ndarray:
        """Weeks without rows: single ones, and now and then a long gap."""
        silent = self.chance.random(weeks) < self.life.unrecorded
        if self.chance.random() < 0.2:
            start = int(self.chance.integers(weeks))
            silent[start : start + int(self.chance.integers(2, 9))] = True
        return silent

    def is_written(self, day: int) -> bool:
        return bool(self.spirits[day] > 0)


def amount_like(chance: np.random.Generator, median: float, spread: float, *, heavy: float) -> float:
    """Log-normal; with the chance `heavy` a Pareto factor that makes it many times as much."""
    amount = median * float(chance.lognormal(0, spread))
    return amount * float(1 + chance.pareto(1.6)) if chance.random() < heavy else amount


def payee_named(stem: str, number: int) -> str:
    """A payee's name of words alone: another number, another name."""
    number, word = number * 7919 + 4021, ""
    for _ in range(4):
        number, syllable = divmod(number, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return f"{stem} {word}"

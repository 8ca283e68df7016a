"""Days of an invented household: rising prices, lost jobs, travels, moves, and weeks without records."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.household_profiles import HouseholdProfile

EPOCH = dt.date(2016, 1, 4)
YEAR = 365.25
_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]


@dataclass
class InventedRow:
    """A payment without an id; `bill` is the number of its regular bill."""

    day: int
    amount: float
    category: str
    payee: str
    kind: str = "expense"
    bill: int | None = None
    #: Unit to which the amount is rounded.
    step: float = 0.01


@dataclass
class Days:
    """Days of one household, counted from its first, with its only random generator."""

    profile: HouseholdProfile
    chance: np.random.Generator
    n: int
    #: Monday of the first week, days since EPOCH.
    first: int
    prices: np.ndarray = field(init=False)
    spirits: np.ndarray = field(init=False)
    jobless: np.ndarray = field(init=False)
    away: np.ndarray = field(init=False)
    moves: list[int] = field(init=False)
    #: Factor of this household's amounts relative to its profile.
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        self.scale = float(self.chance.lognormal(0, 0.25))
        self.prices = self._prices()
        self.jobless = self._spells(self.profile.job_loss, 60, 300)
        self.away = self._spells(self.profile.travels, 3, 18)
        self.spirits = self._spirits()
        self.moves = [day for day in range(40, self.n) if self.chance.random() < self.profile.moving / YEAR]

    def date(self, day: int) -> dt.date:
        return EPOCH + dt.timedelta(self.first + int(day))

    def month(self, day: int) -> int:
        return self.date(day).month

    def day_of(self, date: dt.date) -> int:
        return (date - EPOCH).days - self.first

    def months(self) -> Iterator[tuple[int, int]]:
        """Return year and month of all months with a day of the household."""
        day, last = self.date(0).replace(day=1), self.date(self.n - 1)
        while day <= last:
            yield day.year, day.month
            day = (day + dt.timedelta(32)).replace(day=1)

    def _prices(self) -> np.ndarray:
        """Return price levels by day; inflation differs by year."""
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
        """Return the propensity to spend by day: a slow walk, autocorrelated weeks, and weeks without records (0)."""
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
        """Return the weeks without records: single ones, and sometimes a long gap."""
        silent = self.chance.random(weeks) < self.profile.unrecorded
        if self.chance.random() < 0.2:
            start = int(self.chance.integers(weeks))
            silent[start : start + int(self.chance.integers(2, 9))] = True
        return silent

    def is_written(self, day: int) -> bool:
        return bool(self.spirits[day] > 0)


def amount_like(chance: np.random.Generator, median: float, spread: float, *, heavy: float) -> float:
    """Return a log-normal amount, multiplied by a Pareto factor with the chance `heavy`."""
    amount = median * float(chance.lognormal(0, spread))
    return amount * float(1 + chance.pareto(1.6)) if chance.random() < heavy else amount


def payee_named(stem: str, number: int) -> str:
    """Return a payee's name without digits, different for each number."""
    number, word = number * 7919 + 4021, ""
    for _ in range(4):
        number, syllable = divmod(number, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return f"{stem} {word}"

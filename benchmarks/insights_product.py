"""The product's side of the figures: thin adapters, each None while the product cannot do it."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.households import Household
from benchmarks.simple_chains import Expected
from benchmarks.weekly_series import Injection, Series
from insights.payments import Payment

#: A weekly score above it is shown.
WEEKLY_THRESHOLD = 1.0


def score_weeks(
    household: Household, series: Sequence[Series], odd: Mapping[int, Sequence[Injection]]
) -> list[tuple[list[float], list[float]]] | None:
    """Of each series the scores of its untouched weeks, and of its injections."""
    return None


def score_amounts(household: Household, asked: Sequence[Payment], *, times: int) -> list[tuple[float, float]] | None:
    """Scores of each asked payment, by those before it: as it was, and with `times` the amount."""
    return None


def foresee_recurring(household: Household) -> tuple[list[Expected], list[Expected]] | None:
    """What was foretold of mature and of early chains, day by day."""
    try:
        from insights.recurring import find_recurring
    except ImportError:
        return None
    foretold: dict[str, list[Expected]] = {"mature": [], "early": []}
    told: dict[str, set[tuple[int, dt.date]]] = {"mature": set(), "early": set()}
    known: dict[str, set[int]] = {"mature": set(), "early": set()}
    for until, day in days_of(household.payments):
        for found in find_recurring(household.payments[:until], today=day):
            if found.status in foretold and found.next_on is not None:
                ids = [_id_of(one) for one in found.payments]
                if (ids[-1], found.next_on) not in told[found.status]:
                    told[found.status].add((ids[-1], found.next_on))
                    is_first = known[found.status].isdisjoint(ids)
                    known[found.status].update(ids)
                    foretold[found.status].append(
                        Expected(found.payee, found.kind, day, found.next_on, float(found.amount), is_first)
                    )
    return foretold["mature"], foretold["early"]


def days_of(payments: Sequence[Payment]) -> Iterator[tuple[int, dt.date]]:
    """Every day with payments, and how many there were until its end."""
    for place, payment in enumerate(payments, 1):
        if place == len(payments) or payments[place].day != payment.day:
            yield place, payment.day


def _id_of(payment: Payment | int) -> int:
    return payment if isinstance(payment, int) else payment.id


def forecast_months(
    household: Household, asked: Sequence[tuple[dt.date, int]]
) -> list[tuple[float, float, float] | None] | None:
    """Total, low and high of each asked month (its first day), as foretold at the end of that day of it."""
    return None


def flag_days(trial: Any) -> Mapping[str, bool] | None:
    """Of a trial of `benchmarks.insights_bills`: whether its weeks raise an alarm, by figure."""
    return None


def listen(household: Household, odd: Sequence[Any]) -> tuple[int, Sequence[bool]] | None:
    """Alarms on the untouched household from its 27th week on, and whether each injection was seen."""
    return None


def whole_worker(*, n_categories: int, n_weeks: int) -> Callable[[], object] | None:
    """What a worker does for a ledger of that size."""
    return None

"""How far the spending of each week is from what the weeks before it predict. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from insights.anomalies.baseline import WINDOW_WEEKS, active_weeks, weekly_baseline
from insights.anomalies.bills import known_bills
from insights.anomalies.decomposition import PERIODS, SeasonalForecast, predict_seasons
from insights.anomalies.weekly_series import Floats, Subject, WeeklySeries, weekly_series
from insights.calendars import Calendar
from insights.payments import Payment
from insights.recurring.detection import Recurring

#: The interval holds 80 % of the weeks.
SHARE_BELOW, SHARE_ABOVE = 0.1, 0.9
#: The same quantile of a normal distribution, used until enough errors are known.
NORMAL = 1.2816
#: How many of the latest errors the interval is learned from.
N_ERRORS = 104
Method = Literal["seasonal_decompose", "robust_level", "insufficient_history"]


@dataclass(frozen=True, slots=True)
class WeeklyEvaluation:
    """Prediction and score of each week of a series; NaN with too few weeks before it. Arrays have equal lengths.

    The expected amount is `trend` plus `seasonal`. `score` is the excess in units of the spread of ordinary weeks.
    """

    series: WeeklySeries
    trend: Floats
    seasonal: Floats
    spread: Floats
    score: Floats
    forecast: SeasonalForecast

    @property
    def expected(self) -> Floats:
        return self.trend + self.seasonal

    def method(self, i: int) -> Method:
        """Return how the week at index `i` was evaluated."""
        if np.isnan(self.trend[i]):
            return "insufficient_history"
        # A season that has made no prediction better adds exactly nothing.
        return "seasonal_decompose" if self.seasonal[i] else "robust_level"

    def interval(self, i: int) -> tuple[float, float]:
        """Return the amounts between which four of five such weeks lie, learned from the errors of earlier weeks."""
        errors = self.score[max(0, i - N_ERRORS) : i]
        errors = errors[np.isfinite(errors)]
        enough = len(errors) >= WINDOW_WEEKS
        low, high = np.quantile(errors, [SHARE_BELOW, SHARE_ABOVE]) if enough else (-NORMAL, NORMAL)
        expected, spread = float(self.expected[i]), float(self.spread[i])
        return max(expected + low * spread, 0.0), max(expected + high * spread, 0.0)


def evaluate_weeks(series: WeeklySeries, *, periods: Sequence[int] = PERIODS) -> WeeklyEvaluation:
    """Evaluate every week by the weeks before it: a later week changes nothing. `periods` are those of seasons."""
    active = active_weeks(series.spent + series.bills)
    forecast = predict_seasons(series.spent, *weekly_baseline(series.spent, active), periods=periods)
    weight = forecast.weight[:-1]
    trend, spread = weekly_baseline(series.spent, active, seasonal=forecast.seasonal[:-1], weight=weight)
    seasonal = weight * forecast.seasonal[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (np.maximum(series.spent, 0.0) - trend - seasonal) / spread
    return WeeklyEvaluation(series, trend, seasonal, spread, score, forecast)


@dataclass(frozen=True, slots=True)
class SpendingEvaluation:
    """All weekly series of a history, evaluated, and how much of each payment was known to come, by its id."""

    known: Mapping[int, float]
    #: Has the total under OVERALL; empty without payments.
    evaluations: Mapping[Subject, WeeklyEvaluation]


def evaluate_spending(
    payments: Sequence[Payment],
    bills: Iterable[Recurring],
    *,
    calendar: Calendar,
    today: dt.date,
    periods: Sequence[int] = PERIODS,
) -> SpendingEvaluation:
    """Take out known bills, and evaluate each category and all spending, up to the week of `today`."""
    known = known_bills(payments, bills)
    series = weekly_series(payments, known=known, calendar=calendar, until=today)
    return SpendingEvaluation(known, {subject: evaluate_weeks(one, periods=periods) for subject, one in series.items()})

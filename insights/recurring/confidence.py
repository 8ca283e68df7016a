"""How likely the next payment of a chain is on time and of the amount. Pure."""

import itertools
import math
from collections.abc import Sequence
from statistics import fmean

from insights.recurring.amounts import has_prices, usual_of
from insights.recurring.chains import LEAST_SHARE, Chain
from insights.recurring.schedules import Schedule, offsets_of

#: On time is so many days from the day due, with the amount so much from the usual one.
DAYS_ON_TIME, AMOUNT_ON_TIME = 4, 0.1
#: What payments that do keep a rhythm do next: contracts end, cards expire.
GENERAL, WEIGHT_OF_GENERAL = 0.9, 4.0
#: Only what it did lately counts.
N_JUDGED = 12
#: How many payees of the same look keep no rhythm for each that does: few contracts are paid by the week, and many
#: shops are visited so.
ODDS_AGAINST = 4.0
ODDS_AGAINST_RARE = {"weekly": 40.0, "biweekly": 20.0, "four_weekly": 10.0, "bimonthly": 10.0}
#: However equal, amounts say no more than this: many shops have one price.
CHANCE_OF_ONE_PRICE = 0.25
#: A few payments that agree do not prove that they always will: spreads at least taken for granted.
LEAST_SPREAD_DAYS, LEAST_SPREAD_AMOUNT = 1.5, 0.02


def confidence_of(chain: Chain, *, n_missed: int) -> float:
    """That the next comes on time and of the amount. `n_missed`: how many did not come since the last."""
    hits = [is_punctual and is_of_amount for is_punctual, is_of_amount in own_hits(chain)]
    by_amount = _within(AMOUNT_ON_TIME, _spread(_log_amounts(chain), LEAST_SPREAD_AMOUNT))
    return _smoothed(hits, n_missed, general=by_amount * _punctual_in_general(chain))


def punctuality_of(chain: Chain) -> float:
    """That the next comes on time, whatever its amount."""
    hits = [is_punctual for is_punctual, _ in own_hits(chain)]
    return _smoothed(hits, 0, general=_punctual_in_general(chain))


def _smoothed(hits: Sequence[bool], n_missed: int, *, general: float) -> float:
    """Its own hits, each predicted from the payments before it, and what chains of its look do in general."""
    n_judged = len(hits[-N_JUDGED:]) + n_missed
    return (sum(hits[-N_JUDGED:]) + WEIGHT_OF_GENERAL * general) / (n_judged + WEIGHT_OF_GENERAL)


def _punctual_in_general(chain: Chain) -> float:
    """Whether it is a rhythm and no chance, goes on, and how exact it is."""
    odds = ODDS_AGAINST_RARE.get(chain.rhythm.name, ODDS_AGAINST)
    is_real = 1 / (1 + odds * chance_of(chain))
    return GENERAL * is_real * _within(DAYS_ON_TIME + 0.5, _spread(_offsets(chain), LEAST_SPREAD_DAYS))


def own_hits(chain: Chain) -> list[tuple[bool, bool]]:
    """For each payment after the second: whether it came when those before it said, and of the amount. A gap is
    neither."""
    days, slots, amounts = chain.days, chain.slots, chain.amounts
    hits = []
    for i in range(max(2, len(days) - N_JUDGED), len(days)):
        schedule = Schedule.read(chain.rhythm, days[:i], slots[:i])
        hits += [(False, False)] * (slots[i] - slots[i - 1] - 1)
        usual = usual_of(amounts[:i])
        is_punctual = abs(days[i] - schedule.due(slots[i])) <= DAYS_ON_TIME
        hits.append((is_punctual, abs(amounts[i] - usual) <= AMOUNT_ON_TIME * usual))
    return hits


def chance_of(chain: Chain) -> float:
    """How many groups of the payee's payments would be as regular if their days were random.

    That n days are within a span by chance: n (span / length) ^ (n - 1). Each payment that is not of the chain is
    one more place where it might have been found, and says that the payee takes all kinds of payments.
    """
    offsets = _offsets(chain)
    n = len(offsets)
    within = (max(offsets) - min(offsets) + 1) / chain.rhythm.length
    by_day = min(1.0, n * within ** (n - 1))
    n_places = 1 + chain.n_of_payee - chain.n_held
    if chain.n_held >= LEAST_SHARE * chain.n_of_payee:
        return by_day * n_places * _chance_of_amounts(chain)
    has_price = has_prices(chain.amounts)
    return by_day * n_places * (1 if has_price else n_places)


def _chance_of_amounts(chain: Chain) -> float:
    """Two amounts of one shop are a factor of two apart or so; how often they come as close by chance."""
    logs = _log_amounts(chain)
    steps = [abs(a - b) for a, b in itertools.pairwise(logs)]
    return max(CHANCE_OF_ONE_PRICE, min(1.0, fmean(steps or [0.0])))


def _offsets(chain: Chain) -> list[float]:
    """Where in its week or month each of the last payments came."""
    return list(offsets_of(chain.rhythm, chain.days, chain.slots)[-N_JUDGED:])


def _log_amounts(chain: Chain) -> list[float]:
    """Of the last payments; where there is a price, of those that cost as much."""
    amounts = chain.amounts[-N_JUDGED:]
    if has_prices(amounts):
        usual = usual_of(amounts)
        amounts = [amount for amount in amounts if abs(amount - usual) <= AMOUNT_ON_TIME * usual]
    return [math.log(amount) for amount in amounts]


def _spread(values: Sequence[float], least: float) -> float:
    """The standard deviation to be expected of the next value, the mean being known as badly as it is."""
    mean = fmean(values)
    squares = sum((value - mean) ** 2 for value in values) + least**2
    return math.sqrt(squares / max(len(values) - 1, 1) * (1 + 1 / len(values)))


def _within(limit: float, spread: float) -> float:
    return math.erf(limit / spread / math.sqrt(2))

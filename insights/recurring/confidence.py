"""How likely the next payment of a chain is on time and of the amount. Pure."""

import itertools
import math
from collections.abc import Sequence
from statistics import fmean

from insights.recurring.chains import LEAST_SHARE, PaymentChain
from insights.recurring.prices import has_price, usual_amount
from insights.recurring.rhythms import Schedule

#: A payment is on time within four days of the day due, and of the amount within 10 % of the usual one.
DAYS_ON_TIME, AMOUNT_ON_TIME = 4, 0.1
#: The share of payments in rhythm that come next time: contracts end, cards expire. It weighs as much as four payments.
GENERAL, WEIGHT_OF_GENERAL = 0.9, 4.0
#: Only the last twelve payments are judged.
N_JUDGED = 12
#: How many payees of the same look keep no rhythm for each that does: few contracts are paid by the week, and many
#: shops are visited weekly.
ODDS_AGAINST = 4.0
ODDS_AGAINST_RARE = {"weekly": 40.0, "biweekly": 20.0, "four_weekly": 10.0, "bimonthly": 10.0}
#: However equal, amounts say no more than this: many shops have one price.
CHANCE_OF_ONE_PRICE = 0.25
#: Spreads taken for granted at least: a few payments that agree do not prove that all will.
LEAST_SPREAD_DAYS, LEAST_SPREAD_AMOUNT = 1.5, 0.02


def confidence_of(chain: PaymentChain, *, n_missed: int) -> float:
    """Return the probability that the next comes on time and of the amount. `n_missed`: due since the last."""
    hits = [is_punctual and is_of_amount for is_punctual, is_of_amount in _own_hits(chain)]
    by_amount = _within(AMOUNT_ON_TIME, _spread(_log_amounts(chain), LEAST_SPREAD_AMOUNT))
    return _smoothed(hits, n_missed, general=by_amount * _general_punctuality(chain))


def punctuality_of(chain: PaymentChain) -> float:
    """Return the probability that the next comes on time, whatever its amount."""
    hits = [is_punctual for is_punctual, _ in _own_hits(chain)]
    return _smoothed(hits, 0, general=_general_punctuality(chain))


def _own_hits(chain: PaymentChain) -> list[tuple[bool, bool]]:
    """Return for each payment whether those before it told its day, and its amount. A gap is neither."""
    days, slots, amounts = chain.days, chain.slots, chain.amounts
    hits = []
    for i in range(max(2, len(days) - N_JUDGED), len(days)):
        schedule = Schedule.read(chain.rhythm, days[:i], slots[:i])
        hits += [(False, False)] * (slots[i] - slots[i - 1] - 1)
        usual = usual_amount(amounts[:i])
        is_punctual = abs(days[i] - schedule.due(slots[i])) <= DAYS_ON_TIME
        hits.append((is_punctual, abs(amounts[i] - usual) <= AMOUNT_ON_TIME * usual))
    return hits


def _smoothed(hits: Sequence[bool], n_missed: int, *, general: float) -> float:
    """Mix the chain's own hits with what chains of its look do in general."""
    n_judged = len(hits[-N_JUDGED:]) + n_missed
    return (sum(hits[-N_JUDGED:]) + WEIGHT_OF_GENERAL * general) / (n_judged + WEIGHT_OF_GENERAL)


def _general_punctuality(chain: PaymentChain) -> float:
    """Return how likely the rhythm is no chance, goes on, and is met within the days on time."""
    offsets = list(chain.rhythm.offsets_of(chain.days, chain.slots)[-N_JUDGED:])
    odds = ODDS_AGAINST_RARE.get(chain.rhythm.name, ODDS_AGAINST)
    is_real = 1 / (1 + odds * _n_by_chance(chain, offsets))
    return GENERAL * is_real * _within(DAYS_ON_TIME + 0.5, _spread(offsets, LEAST_SPREAD_DAYS))


def _n_by_chance(chain: PaymentChain, offsets: Sequence[int]) -> float:
    """Return how many groups of the payee's payments would be as regular if their days were random.

    The probability that n days are within a span by chance is n (span / length) ^ (n - 1). Each payment outside of the
    chain is one more place where it might have been found, and says that the payee takes all kinds of payments.
    """
    n = len(offsets)
    within = (max(offsets) - min(offsets) + 1) / chain.rhythm.length
    n_places = 1 + chain.n_of_payee - chain.n_held
    by_day = min(1.0, n * within ** (n - 1)) * n_places
    if chain.n_held < LEAST_SHARE * chain.n_of_payee:
        return by_day * (1 if has_price(chain.amounts) else n_places)
    # Two amounts of one shop are a factor of two apart or so: how often they come as close by chance.
    steps = [abs(a - b) for a, b in itertools.pairwise(_log_amounts(chain))]
    return by_day * max(CHANCE_OF_ONE_PRICE, min(1.0, fmean(steps or [0.0])))


def _log_amounts(chain: PaymentChain) -> list[float]:
    """Return logarithms of the last amounts; of a chain with a price, only of those near it."""
    amounts = chain.amounts[-N_JUDGED:]
    if has_price(amounts):
        usual = usual_amount(amounts)
        amounts = [amount for amount in amounts if abs(amount - usual) <= AMOUNT_ON_TIME * usual]
    return [math.log(amount) for amount in amounts]


def _spread(values: Sequence[float], least: float) -> float:
    """Return the standard deviation to expect of the next value, the mean being uncertain itself."""
    mean = fmean(values)
    squares = sum((value - mean) ** 2 for value in values) + least**2
    return math.sqrt(squares / max(len(values) - 1, 1) * (1 + 1 / len(values)))


def _within(limit: float, spread: float) -> float:
    """Return the probability that a normal deviate is within the limit."""
    return math.erf(limit / spread / math.sqrt(2))

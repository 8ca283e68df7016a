"""How likely the next payment of a chain is on time and of the amount. Pure."""

import math
from collections.abc import Sequence
from statistics import fmean

from insights.recurring.amounts import has_prices, usual_of
from insights.recurring.chains import LEAST_SHARE, Chain
from insights.recurring.rhythms import Schedule, slots_of

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
    """Its own hits, each predicted from the payments before it, smoothed by what chains of its look do in general."""
    hits = own_hits(chain)[-N_JUDGED:]
    n_judged = len(hits) + n_missed
    return (sum(hits) + WEIGHT_OF_GENERAL * general_of(chain)) / (n_judged + WEIGHT_OF_GENERAL)


def general_of(chain: Chain) -> float:
    """Whether it is a rhythm and no chance, goes on, and how exact it is."""
    odds = ODDS_AGAINST_RARE.get(chain.rhythm.name, ODDS_AGAINST)
    is_real = 1 / (1 + odds * chance_of(chain))
    by_day = _within(DAYS_ON_TIME + 0.5, _spread(_offsets(chain), LEAST_SPREAD_DAYS))
    by_amount = _within(AMOUNT_ON_TIME, _spread(_log_amounts(chain), LEAST_SPREAD_AMOUNT))
    return GENERAL * is_real * by_day * by_amount


def own_hits(chain: Chain) -> list[bool]:
    """For each payment after the second: whether it came when and as those before it said. A gap is a miss."""
    days, amounts = chain.days, [member.amount for member in chain.members]
    slots = slots_of(chain.rhythm, days)
    hits = []
    for i in range(max(2, len(days) - N_JUDGED), len(days)):
        schedule = Schedule.read(chain.rhythm, days[:i], slots[:i])
        hits += [False] * (slots[i] - slots[i - 1] - 1)
        hits.append(_is_hit(days[i] - schedule.due(slots[i]), amounts[i], usual_of(amounts[:i])))
    return hits


def _is_hit(late: int, amount: float, usual: float) -> bool:
    return abs(late) <= DAYS_ON_TIME and abs(amount - usual) <= AMOUNT_ON_TIME * usual


def chance_of(chain: Chain) -> float:
    """How many groups of the payee's payments would be as regular if their days were random.

    That n days are within a span by chance: n (span / length) ^ (n - 1). Each payment that is not of the chain is
    one more place where it might have been found, and says that the payee takes all kinds of payments.
    """
    offsets = _offsets(chain)
    n = len(offsets)
    within = (max(offsets) - min(offsets) + 1) / chain.rhythm.length
    by_day = min(1.0, n * within ** (n - 1))
    n_others = chain.n_of_payee - chain.n_held
    is_mixed = chain.n_held < LEAST_SHARE * chain.n_of_payee
    return by_day * (1 + n_others) * (1.0 if is_mixed else _chance_of_amounts(chain))


def _chance_of_amounts(chain: Chain) -> float:
    """Two amounts of one shop are a factor of two apart or so; how often they come as close by chance."""
    logs = _log_amounts(chain)
    steps = [abs(a - b) for a, b in zip(logs, logs[1:], strict=False)]
    return max(CHANCE_OF_ONE_PRICE, min(1.0, fmean(steps or [0.0])))


def _offsets(chain: Chain) -> list[float]:
    """Where in its week or month each of the last payments came."""
    days = chain.days
    slots = slots_of(chain.rhythm, days)
    both = list(zip(days, slots, strict=True))[-N_JUDGED:]
    return [day - chain.rhythm.start_of(days[0], slot) for day, slot in both]


def _log_amounts(chain: Chain) -> list[float]:
    """Of the last payments; where there is a price, of those that cost what the last one did."""
    amounts = [member.amount for member in chain.members][-N_JUDGED:]
    if has_prices(amounts):
        amounts = [amount for amount in amounts if abs(amount - amounts[-1]) <= AMOUNT_ON_TIME * amounts[-1]]
    return [math.log(amount) for amount in amounts]


def _spread(values: Sequence[float], least: float) -> float:
    """The standard deviation to be expected of the next value, the mean being known as badly as it is."""
    mean = fmean(values)
    squares = sum((value - mean) ** 2 for value in values) + least**2
    return math.sqrt(squares / max(len(values) - 1, 1) * (1 + 1 / len(values)))


def _within(limit: float, spread: float) -> float:
    return math.erf(limit / spread / math.sqrt(2))

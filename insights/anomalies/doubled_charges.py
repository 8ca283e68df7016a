"""Payments that were probably charged twice: the same payee and amount, a few days apart. Pure.

Three signs count, and each finds doubled charges that the others miss: the payee seldom repeats a charge, the payee is
seldom paid, or a bill is paid twice for one due date.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from insights.anomalies.baseline import in_months
from insights.anomalies.detection import Detection
from insights.calendars import Calendar
from insights.payments import Payment, same_amount
from insights.recurring.detection import Recurring

#: A repeat within this many days is a doubled charge if the payee seldom repeats a charge.
WITHIN_DAYS = 3
#: The greatest chance of a repeat that counts as seldom (a judgment).
MOST_CHANCE = 0.05
#: For payees that are paid at most this often a year, the first repeat within more days counts, too.
MOST_A_YEAR, WITHIN_DAYS_IF_RARE = 13, 10
DAYS_OF_A_YEAR = 365
#: The severity of a doubled charge that a rhythm proves.
SURE = 0.9
#: The least amount that matters, as a share of an ordinary month: of a recurring bill, of any other payment.
MATERIAL_BILL, MATERIAL = 0.01, 0.03
#: A payee with more doubled charges repeats charges as a rule.
MOST_DOUBLES = 2
#: Habits of payees are unknown before this much history.
LEAST_HISTORY = dt.timedelta(weeks=8)
#: Prior of the chance: how many payments of all payees count beside a payee's own.
N_PRIOR = 4.0
#: Prior of the chance over all payees, and the number of payments it is worth.
CHANCE_OVERALL, N_PRIOR_OVERALL = 0.02, 50.0


def double_charges(
    payments: Sequence[Payment],
    recurring: Iterable[Recurring],
    *,
    calendar: Calendar,
    ordinary_month: Callable[[dt.date], float],
) -> Iterator[Detection]:
    """Yield the second of two equal payments a few days apart, unless the payee repeats charges as a rule.

    `payments` are in order and in one currency. Earlier payments alone make a detection; later ones only withdraw it,
    when the repeats have become a rule. `ordinary_month` returns the spending of a month around a day.
    """
    by_id = {payment.id: payment for payment in payments}
    # By id of the second payment: the first one, the severity, and the least amount that matters.
    doubles = {later.id: (earlier, severity, MATERIAL) for earlier, later, severity in _repeats(payments)}
    for bill in recurring:
        for pair in bill.doubled if bill.kind == "expense" else ():  # the second payments of a due date
            if by_id.keys() >= set(pair):
                earlier, later = sorted((by_id[pk] for pk in pair), key=lambda one: (one.day, one.id))
                doubles[later.id] = earlier, SURE, MATERIAL_BILL
    for pk, (earlier, _, _) in list(doubles.items()):
        if earlier.whole is not None and earlier.whole == by_id[pk].whole:  # parts of one split
            del doubles[pk]
    n_doubles = Counter(by_id[pk].payee for pk in doubles)
    for pk, (earlier, severity, least) in sorted(doubles.items()):
        later = by_id[pk]
        is_known = later.day - payments[0].day >= LEAST_HISTORY and n_doubles[later.payee] <= MOST_DOUBLES
        month = ordinary_month(later.day)
        if not is_known or float(later.amount) < least * month:
            continue
        yield Detection(
            kind="duplicate_charge",
            subject=later.category,
            payee=later.payee,
            day=later.day,
            week=calendar.week_of(later.day),
            observed=float(earlier.amount + later.amount),
            expected=float(earlier.amount),
            low=float(earlier.amount),
            high=float(earlier.amount),
            score=1.0,
            severity=severity,
            method="repeats",
            stake=in_months(float(later.amount), month),
            payments=(earlier.id, later.id),
        )


@dataclass(slots=True)
class _PayeeHistory:
    payments: list[Payment] = field(default_factory=list)
    #: The latest payment of each amount.
    latest: dict[Decimal, Payment] = field(default_factory=dict)
    n_repeats: int = 0
    has_close_pair: bool = False


def _repeats(payments: Iterable[Payment]) -> Iterator[tuple[Payment, Payment, float]]:
    """Yield unusual repeats: the earlier payment, the later one, and the severity by what was known that day."""
    histories: dict[str, _PayeeHistory] = defaultdict(_PayeeHistory)
    n_all, n_repeats_all = 0, 0
    for payment in payments:
        if payment.kind != "expense" or not payment.payee:
            continue
        known = histories[payment.payee]
        n, is_close = len(known.payments), _is_close_repeat(payment, known.payments)
        same = known.latest.get(payment.amount)
        is_repeat = same is not None and (payment.day - same.day).days <= WITHIN_DAYS
        if is_close and n > 1 and not known.has_close_pair:  # the second payment ever may be the second of many
            yield known.payments[-1], payment, SURE
        elif same is not None and is_repeat:
            chance = chance_of_repeat(n=n, n_repeats=known.n_repeats, n_all=n_all, n_repeats_all=n_repeats_all)
            if chance <= MOST_CHANCE:
                yield same, payment, 1 - chance
        known.payments.append(payment)
        known.latest[payment.amount] = payment
        known.n_repeats += is_repeat
        known.has_close_pair |= is_close
        n_all, n_repeats_all = n_all + 1, n_repeats_all + is_repeat


def _is_close_repeat(payment: Payment, before: Sequence[Payment]) -> bool:
    """Return True if a payee that is seldom paid repeats its latest charge within some days."""
    if not before or (payment.day - before[-1].day).days > WITHIN_DAYS_IF_RARE:
        return False
    is_rare = len(before) <= MOST_A_YEAR or (payment.day - before[-MOST_A_YEAR - 1].day).days > DAYS_OF_A_YEAR
    return is_rare and same_amount(before[-1].amount, payment.amount)


def chance_of_repeat(*, n: int, n_repeats: int, n_all: int, n_repeats_all: int) -> float:
    """Return the share of payments to a payee that repeat the amount of a few days before.

    The payee has `n` payments, of which `n_repeats` are repeats; `n_all` and `n_repeats_all` count all payees.
    """
    overall = (n_repeats_all + CHANCE_OVERALL * N_PRIOR_OVERALL) / (n_all + N_PRIOR_OVERALL)
    return (n_repeats + N_PRIOR * overall) / (n + N_PRIOR)

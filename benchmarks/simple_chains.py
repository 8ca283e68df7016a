"""The simple way to find recurring payments: chains of a payee's payments a month apart, at about the same amount."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from insights.payments import Payment


@dataclass(frozen=True)
class ChainRule:
    """What makes a chain: days between two payments, tolerated change of the amount, and when it is believed."""

    name: str
    hits: int
    tolerance: float = 0.10
    shortest: int = 25
    longest: int = 35
    #: Least share of the payee's payments so far that the chain holds.
    share: float = 0.0


CHAIN_RULES = (
    ChainRule(">= 2 hits, 25-35 days, 10 %", 2),
    ChainRule(">= 3 hits, 25-35 days, 10 %", 3),
    ChainRule(">= 3 hits, 2 %", 3, 0.02),
    ChainRule(">= 3 hits, 30 %", 3, 0.30),
    ChainRule(">= 3 hits, 80 % of the payee's", 3, share=0.8),
    ChainRule(">= 3 hits, 60 % of the payee's", 3, share=0.6),
    ChainRule(">= 2 hits, 60 % of the payee's", 2, share=0.6),
    ChainRule(">= 6 hits", 6),
)
BEST_RULE = CHAIN_RULES[4]


@dataclass
class Chain:
    """Payments that belong together; the newest last."""

    payments: list[Payment]
    is_believed: bool = False

    @property
    def last(self) -> Payment:
        return self.payments[-1]

    def takes(self, payment: Payment, rule: ChainRule) -> bool:
        days = (payment.day - self.last.day).days
        near = abs(payment.amount - self.last.amount) <= self.last.amount * type(self.last.amount)(str(rule.tolerance))
        return rule.shortest <= days <= rule.longest and near


@dataclass(frozen=True)
class Expected:
    """The next payment of a chain, as it was foreseen on a day; by one of these names its payee will be called."""

    payees: frozenset[str]
    kind: str
    told_on: dt.date
    on: dt.date
    amount: float
    is_first: bool = True


@dataclass
class Chains:
    """The greedy chains of one payee, which grow by a payment at a time."""

    rule: ChainRule
    chains: list[Chain] = field(default_factory=list)
    n_payments: int = 0

    def add(self, payment: Payment) -> Chain:
        """The chain that it went into."""
        self.n_payments += 1
        for chain in reversed(self.chains):
            if chain.takes(payment, self.rule):
                chain.payments.append(payment)
                return chain
        self.chains.append(Chain([payment]))
        return self.chains[-1]

    def is_believable(self, chain: Chain) -> bool:
        n = len(chain.payments)
        return n >= self.rule.hits and n >= self.rule.share * self.n_payments


def foresee(payments: Sequence[Payment], rule: ChainRule) -> Iterator[Expected]:
    """What each believed chain expects after each of its payments: the same day next month."""
    payees: dict[tuple[str, str], Chains] = {}
    for payment in payments:
        if payment.payee:
            chains = payees.setdefault((payment.payee, payment.kind), Chains(rule))
            chain = chains.add(payment)
            if chains.is_believable(chain):
                on = next_month(payment.day)
                is_first, chain.is_believed = not chain.is_believed, True
                yield Expected(
                    frozenset([payment.payee]), payment.kind, payment.day, on, float(payment.amount), is_first
                )


def next_month(day: dt.date) -> dt.date:
    """The same day of the next month, or its last."""
    first = (day.replace(day=1) + dt.timedelta(32)).replace(day=1)
    last = (first + dt.timedelta(32)).replace(day=1) - dt.timedelta(1)
    return last if day.day > last.day else first.replace(day=day.day)

"""Simple search for recurring payments: chains of a payee's payments a month apart with about the same amount."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from insights.payments import Payment


@dataclass(frozen=True)
class ChainRule:
    """Definition of a chain: days between payments, tolerated change of the amount, and when it is believed."""

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
class SimpleChain:
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
class ExpectedPayment:
    """Next payment of a chain, as predicted on a day; `payees` are the possible names of its payee."""

    payees: frozenset[str]
    kind: str
    told_on: dt.date
    on: dt.date
    amount: float
    is_first: bool = True


@dataclass
class PayeeChains:
    """Greedy chains of one payee, which grow payment by payment."""

    rule: ChainRule
    chains: list[SimpleChain] = field(default_factory=list)
    n_payments: int = 0

    def add(self, payment: Payment) -> SimpleChain:
        """Add a payment, and return its chain."""
        self.n_payments += 1
        for chain in reversed(self.chains):
            if chain.takes(payment, self.rule):
                chain.payments.append(payment)
                return chain
        self.chains.append(SimpleChain([payment]))
        return self.chains[-1]

    def is_believable(self, chain: SimpleChain) -> bool:
        n = len(chain.payments)
        return n >= self.rule.hits and n >= self.rule.share * self.n_payments


def foresee(payments: Sequence[Payment], rule: ChainRule) -> Iterator[ExpectedPayment]:
    """Return the expected next payments of believed chains: the same day of the next month."""
    payees: dict[tuple[str, str], PayeeChains] = {}
    for payment in payments:
        if payment.payee:
            chains = payees.setdefault((payment.payee, payment.kind), PayeeChains(rule))
            chain = chains.add(payment)
            if chains.is_believable(chain):
                on = next_month(payment.day)
                is_first, chain.is_believed = not chain.is_believed, True
                yield ExpectedPayment(
                    frozenset([payment.payee]), payment.kind, payment.day, on, float(payment.amount), is_first
                )


def next_month(day: dt.date) -> dt.date:
    """Return the same day of the next month, or its last day."""
    first = (day.replace(day=1) + dt.timedelta(32)).replace(day=1)
    last = (first + dt.timedelta(32)).replace(day=1) - dt.timedelta(1)
    return last if day.day > last.day else first.replace(day=day.day)

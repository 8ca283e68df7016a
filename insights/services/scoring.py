"""Scores of single payments, computed from stored statistics."""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from math import log
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from expenses.categorization.history import PREFIX_LENGTH
from expenses.ledger.money import Money, format_amount
from expenses.models import CategorizationStatus, Transaction
from expenses.models.ledgers import Ledger
from expenses.models.prepared_queries import PreparedQuery
from expenses.rates.book import RateBook
from insights.anomalies.amount_keys import LEVELS, TEXT_LENGTH, first_word
from insights.anomalies.amount_scores import Calibration, ComparedWith, score_amount
from insights.anomalies.amount_sketches import Sketch, without
from insights.anomalies.doubled_charges import MOST_CHANCE, WITHIN_DAYS, chance_of_repeat
from insights.anomalies.reasons import explain, same_amount_again
from insights.models import AmountCalibration, AmountGroup, InsightState
from insights.payments import payee_of
from insights.querysets import counted_rows
from insights.services.refreshing import is_fresh
from providers.merchants.provider import find_answer
from providers.normalization import normalize

#: A name, and the ending of an address with all that follows.
ADDRESS = re.compile(r"(.+?) (?:(?:com|net|org)\b.*|(?:co )?[a-z]{2})")
#: Levels without payments to a payee that was paid before.
LEVELS_OF_FIRST = ("first", "category_first")


@dataclass(frozen=True, slots=True)
class PaymentToScore:
    """A payment that may be in the ledger. `match_text` is its text as the ledger normalizes it."""

    kind: str
    amount: Money
    date: dt.date
    match_text: str
    merchant: str = ""
    category: int | None = None
    #: Its row in the ledger.
    row: Transaction | None = None


@dataclass(frozen=True, slots=True)
class PaymentScore:
    """How unusual a payment is, and why."""

    #: The share of ordinary payments that are less unusual; None with too little history.
    score: float | None
    is_anomalous: bool
    reasons: list[str]
    #: The number of payments to the same payee.
    n_history: int
    #: Amounts in `currency`: `usual`, `low` and `high`.
    expected: dict[str, str] | None
    compared_with: ComparedWith | None
    #: The id of a payment that this one may repeat by mistake.
    duplicate_of: int | None
    #: False if the row may be part of what it was compared with; None if the payment is no row.
    is_left_out: bool | None
    currency: str
    computed_at: dt.datetime | None
    is_stale: bool

    @property
    def insufficient_history(self) -> bool:
        return self.score is None


class StoredGroup(NamedTuple):
    """The columns of AmountGroup that a score looks at."""

    level: str
    text: str
    n: int
    n_repeats: int
    points: list[float]
    weights: list[float]


@PreparedQuery
def _calibrations(ledger: int) -> "QuerySet[AmountCalibration]":
    return AmountCalibration.objects.filter(pk=ledger)


@PreparedQuery
def _confirmed_merchants(ledger: int, text: str, prefix: str) -> "QuerySet[Transaction, tuple[str, int]]":
    """Return the most frequent merchant of the confirmed rows with a text, and their number."""
    rows = Transaction.objects.filter(ledger_id=ledger, match_prefix=prefix, match_text=text)
    confirmed = rows.filter(review_status=CategorizationStatus.CONFIRMED).order_by().values_list("merchant")
    found: QuerySet[Transaction, tuple[str, int]] = confirmed.annotate(n=Count("pk")).order_by("-n", "merchant")[:1]
    return found


@PreparedQuery
def _groups(ledger: int, kind: str, texts: list[str]) -> "QuerySet[AmountGroup, tuple[Any, ...]]":
    """Return the groups of these texts on all levels, each of which the index finds at once."""
    groups = AmountGroup.objects.filter(ledger_id=ledger, kind=kind, level__in=LEVELS, text__in=texts)
    return groups.values_list(*StoredGroup._fields)


@PreparedQuery
def _charges(ledger: int, since: dt.date, until: dt.date, amount: Decimal, currency: str) -> "QuerySet[Transaction]":
    """Return the expenses of an amount in a period, the newest first."""
    rows = counted_rows(ledger).filter(kind="expense", date__gte=since, date__lte=until)
    rows = rows.filter(amount=amount, currency=currency).order_by("-date", "-pk")
    return rows.only("date", "merchant", "match_text")


def score(ledger: Ledger, payment: PaymentToScore, *, state: InsightState | None) -> PaymentScore:
    """Score a payment, in the founder's currency while no statistics are stored. Raises MissingRate.

    Makes five queries at most, and two more for an amount in another currency.
    """
    stored = next(iter(_calibrations(ledger.pk)), None)
    currency = stored.currency if stored else ledger.founder.base_currency
    amount = _converted(payment, to=currency, ledger_id=ledger.pk)
    payee, groups = _groups_of(payment, _payee_names(payment, ledger_id=ledger.pk), ledger_id=ledger.pk)
    groups = groups if stored else {}

    known = {level: Sketch(tuple(group.points), tuple(group.weights)) for level, group in groups.items()}
    is_counted, is_left_out = False, None
    if payment.row is not None and state is not None:
        was_counted = _was_counted(payment.row, state)
        is_counted, is_left_out = bool(was_counted), was_counted is not None
    if is_counted:
        is_first = "payee" in known and known["payee"].n <= 1  # the only payment to a payee was a first one
        levels = [level for level in known if is_first or level not in LEVELS_OF_FIRST]
        known = {level: left for level in levels if (left := without(known[level], log(amount)))}
    if "payee" in known:
        known = {level: sketch for level, sketch in known.items() if level not in LEVELS_OF_FIRST}

    past = stored.log_odds if stored else []
    scored = score_amount(float(amount), known, Calibration(past, holds_itself=bool(past) and is_counted))
    reasons = explain(
        float(amount),
        scored,
        known,
        is_income=payment.kind != "expense",
        money=lambda value: str(Money(Decimal(value), currency)),
    )
    earlier = _earlier_charge(payment, payee, groups, ledger_id=ledger.pk)
    if earlier is not None:
        reasons.insert(0, same_amount_again((payment.date - earlier.date).days))
    usual = scored.expected
    return PaymentScore(
        score=scored.score,
        is_anomalous=scored.is_anomalous,
        reasons=reasons,
        n_history=scored.n_history,
        expected=None
        if usual is None
        else {
            "usual": format_amount(Decimal(usual.usual), currency),
            "low": format_amount(Decimal(usual.low), currency),
            "high": format_amount(Decimal(usual.high), currency),
        },
        compared_with=scored.compared_with,
        duplicate_of=earlier.pk if earlier else None,
        is_left_out=is_left_out,
        currency=currency,
        computed_at=state.computed_at if state else None,
        is_stale=not is_fresh(ledger, state),
    )


def _converted(payment: PaymentToScore, *, to: str, ledger_id: int) -> Decimal:
    currency, day = payment.amount.currency, payment.date
    if currency == to:
        return payment.amount.amount
    book = RateBook.load(ledger_id=ledger_id, currencies={currency}, to=to, start=day, end=day)
    return book.rate(currency, day).exact(payment.amount.amount)


def _payee_names(payment: PaymentToScore, *, ledger_id: int) -> list[str]:
    """Return the keys that the payee may have, the likeliest first, in one query.

    A row, and a payment with a merchant, have one key. A text has four: its name in the ledger's confirmed rows,
    itself, the brand that a new row would get as its merchant, and itself without the ending of an address ("netflix
    com" is Netflix).
    """
    text = payment.match_text
    if payment.merchant or payment.row is not None or not text:
        names = [payee_of(merchant=payment.merchant, match_text=text)]
    else:
        merchants = _confirmed_merchants(ledger_id, text, text[:PREFIX_LENGTH])
        answer = find_answer(text, "out" if payment.kind == "expense" else "in", "")
        brand = answer.brand.title if answer and answer.brand else ""
        address = ADDRESS.fullmatch(text)
        known = [*(merchant for merchant, _ in merchants), text, brand, normalize(brand)]
        names = [payee_of(merchant=name, match_text="") for name in [*known, address[1] if address else ""]]
    return list(dict.fromkeys(name[:TEXT_LENGTH] for name in names if name))


def _groups_of(payment: PaymentToScore, names: list[str], *, ledger_id: int) -> tuple[str, dict[str, StoredGroup]]:
    """Return the first name that the ledger knows, else the likeliest, and its groups by level, in one query."""
    category = str(payment.category or "")
    texts = {"", category, *names, *map(first_word, names)}
    groups = [StoredGroup(*values) for values in _groups(ledger_id, payment.kind, sorted(texts))]
    found = {(group.level, group.text): group for group in groups}
    payee = next((name for name in names if ("payee", name) in found), next(iter(names), ""))
    wanted = {"payee": payee, "word": first_word(payee), "all": "", "first": ""}
    return payee, {level: group for (level, text), group in found.items() if wanted.get(level, category) == text}


def _was_counted(row: Transaction, state: InsightState) -> bool | None:
    """Return True if the row as it is was part of the computation, None if an older form of it may have been."""
    if state.version is None or state.day is None or state.computed_at is None:
        return False
    if row.version > state.version:
        return False if row.created_at > state.computed_at else None
    return row.date <= state.day and not row.is_split and not row.is_excluded_from_budget


def _earlier_charge(
    payment: PaymentToScore, payee: str, groups: dict[str, StoredGroup], *, ledger_id: int
) -> Transaction | None:
    """Return a payment of the same amount a few days before, if the payee seldom repeats a charge."""
    if not payee or payment.kind != "expense":
        return None
    own, every = groups.get("payee"), groups.get("all")
    chance = chance_of_repeat(
        n=own.n if own else 0,
        n_repeats=own.n_repeats if own else 0,
        n_all=every.n if every else 0,
        n_repeats_all=every.n_repeats if every else 0,
    )
    if chance > MOST_CHANCE:
        return None
    since = payment.date - dt.timedelta(days=WITHIN_DAYS)
    for row in _charges(ledger_id, since, payment.date, payment.amount.amount, payment.amount.currency):
        is_earlier = payment.row is None or row.date < payment.date or row.pk < payment.row.pk
        if is_earlier and payee_of(merchant=row.merchant, match_text=row.match_text)[:TEXT_LENGTH] == payee:
            return row
    return None

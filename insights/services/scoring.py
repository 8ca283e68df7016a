"""Says of one payment whether it is unusual, from what is stored."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import log

from django.db.models import Q

from expenses.ledger.money import Money
from expenses.models import Transaction
from expenses.models.ledgers import Ledger
from expenses.rates.book import RateBook
from insights.amounts.calibration import Calibration
from insights.amounts.duplicates import MOST_USUAL, WITHIN_DAYS, chance_of_repeat
from insights.amounts.judging import Judgment, judge
from insights.amounts.keys import TEXT_LENGTH
from insights.amounts.reasons import explain, same_amount_again
from insights.amounts.sketches import Sketch, without
from insights.models import AmountCalibration, AmountGroup, Standing
from insights.payments import payee_of
from insights.querysets import counted_rows
from insights.services.naming import names_of
from providers.interface import Direction

#: Levels of which a payment to a payee that was paid before is no part.
_OF_FIRST = ("first", "category_first")


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment that is or is not in the ledger; `match_text` as the ledger reads its text."""

    kind: str
    amount: Money
    date: dt.date
    match_text: str
    merchant: str = ""
    category: int | None = None
    #: The row that it is.
    row: Transaction | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """Amounts of the judgment are in `currency`."""

    judgment: Judgment
    reasons: list[str]
    currency: str
    #: Another payment that this one may be a second charge of.
    duplicate_of: int | None
    #: Whether the row is no part of what it was compared with; None where it is no row.
    is_left_out: bool | None


def score(ledger: Ledger, asked: Asked, *, standing: Standing | None, currency: str) -> Scored:
    """`currency`: of the ledger while nothing is stored. Raises MissingRate.

    Five queries at most, and two more where the amount has another currency.
    """
    stored = AmountCalibration.objects.filter(pk=ledger.pk).first()
    currency = stored.currency if stored else currency
    amount = _converted(asked, to=currency, ledger_id=ledger.pk)
    payee, groups = _groups(asked, _names(asked, ledger_id=ledger.pk), ledger_id=ledger.pk)
    groups = groups if stored else {}
    known, is_left_out = _without_row(asked, amount, groups, standing)
    past = stored.oddities if stored else []
    holds_itself = bool(past and asked.row and standing and _is_counted(asked.row, standing))
    judgment = judge(float(amount), known, Calibration(past, holds_itself=holds_itself))
    reasons = explain(
        float(amount),
        judgment,
        known,
        is_income=asked.kind != "expense",
        money=lambda value: str(Money(Decimal(value), currency)),
    )
    twin = _twin(asked, payee, groups, ledger_id=ledger.pk)
    if twin is not None:
        reasons.insert(0, same_amount_again((asked.date - twin.date).days))
    return Scored(judgment, reasons, currency, twin.pk if twin else None, is_left_out)


def _converted(asked: Asked, *, to: str, ledger_id: int) -> Decimal:
    currency = asked.amount.currency
    if currency == to:
        return asked.amount.amount
    book = RateBook.load(ledger_id=ledger_id, currencies={currency}, to=to, start=asked.date, end=asked.date)
    return book.rate(currency, asked.date).exact(asked.amount.amount)


def _names(asked: Asked, *, ledger_id: int) -> list[str]:
    """Keys of payees; a row, and a payment whose merchant is named, have one."""
    if asked.merchant or asked.row is not None:
        names = [payee_of(merchant=asked.merchant, match_text=asked.match_text)]
    else:
        direction: Direction = "out" if asked.kind == "expense" else "in"
        names = names_of(asked.match_text, direction=direction, ledger_id=ledger_id)
    return [name[:TEXT_LENGTH] for name in names if name]


def _groups(asked: Asked, names: list[str], *, ledger_id: int) -> tuple[str, dict[str, AmountGroup]]:
    """The first of the names that the ledger knows, else the likeliest; and the groups by level, in one query."""
    wanted = Q(level__in=["all", "first"], text="")
    if asked.category is not None:
        wanted |= Q(level__in=["category", "category_first"], text=str(asked.category))
    wanted |= Q(level="payee", text__in=names) | Q(level="word", text__in={_first_word(name) for name in names})
    rows: Iterable[AmountGroup] = AmountGroup.objects.filter(wanted, ledger_id=ledger_id, kind=asked.kind)
    found = {(row.level, row.text): row for row in rows}
    payee = next((name for name in names if ("payee", name) in found), next(iter(names), ""))
    of_name = {"payee": payee, "word": _first_word(payee)}
    return payee, {level: row for (level, text), row in found.items() if of_name.get(level, text) == text}


def _first_word(payee: str) -> str:
    return payee.split(" ", 1)[0]


def _without_row(
    asked: Asked, amount: Decimal, groups: dict[str, AmountGroup], standing: Standing | None
) -> tuple[dict[str, Sketch], bool | None]:
    """What is known, less the row itself, and whether that is so."""
    known = {level: Sketch(tuple(group.points), tuple(group.weights)) for level, group in groups.items()}
    is_left_out = None
    if asked.row is not None and standing is not None:
        is_there = _is_counted(asked.row, standing)
        is_left_out = is_there is not None
        known = _less(known, log(amount)) if is_there else known
    if "payee" in known:
        known = {level: found for level, found in known.items() if level not in _OF_FIRST}
    return known, is_left_out


def _less(known: dict[str, Sketch], amount_log: float) -> dict[str, Sketch]:
    """If the row is the payee's only one, it was a first payment."""
    is_first = "payee" in known and known["payee"].n <= 1
    levels = [level for level in known if is_first or level not in _OF_FIRST]
    return {level: found for level in levels if (found := without(known[level], amount_log))}


def _is_counted(row: Transaction, standing: Standing) -> bool | None:
    """Whether the row as it is was among what was computed; None where it was, but may have been another then."""
    if standing.version is None or standing.day is None or standing.computed_at is None:
        return False
    if row.version > standing.version:
        return False if row.created_at > standing.computed_at else None
    return row.date <= standing.day and not row.is_split and not row.is_excluded_from_budget


def _twin(asked: Asked, payee: str, groups: dict[str, AmountGroup], *, ledger_id: int) -> Transaction | None:
    """An earlier payment of the same amount to the payee a few days before, if that is not usual."""
    if not payee or asked.kind != "expense" or not _is_rare(groups):
        return None
    since = asked.date - dt.timedelta(days=WITHIN_DAYS)
    rows = counted_rows(ledger_id).filter(kind="expense", date__gte=since, date__lte=asked.date)
    rows = rows.filter(amount=asked.amount.amount, currency=asked.amount.currency)
    if asked.row is not None:
        earlier = Q(date__lt=asked.date) | Q(pk__lt=asked.row.pk)
        rows = rows.filter(earlier).exclude(pk=asked.row.pk)
    return next((row for row in rows.order_by("-date", "-pk") if _payee_of_row(row) == payee), None)


def _is_rare(groups: dict[str, AmountGroup]) -> bool:
    payee, every = groups.get("payee"), groups.get("all")
    chance = chance_of_repeat(
        n=payee.n if payee else 0,
        n_repeats=payee.n_repeats if payee else 0,
        n_all=every.n if every else 0,
        n_repeats_all=every.n_repeats if every else 0,
    )
    return chance <= MOST_USUAL


def _payee_of_row(row: Transaction) -> str:
    return payee_of(merchant=row.merchant, match_text=row.match_text)[:TEXT_LENGTH]

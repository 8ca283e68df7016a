"""The columns of a statement by role: header words propose, the values and the running balance prove."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, pairwise, permutations
from typing import NamedTuple

from expenses.ledger.ibans import iban_in
from statements.delimited.amounts import parse_amount, possible_decimals
from statements.delimited.table import Column, SampleTable
from statements.delimited.words import currency_of, is_currency_code, means, mentions
from statements.importer import FileAccount

#: Longer cells, and cells with blanks, are texts that people wrote.
_MAX_LENGTH = 64


def _identifies(cells: Sequence[str]) -> bool:
    """Return True if every cell is filled, looks like an id, and differs from all others; row numbers are no ids.

    A wrong id would make the duplicate check take two rows for one.
    """
    are_ids = all(len(cell) <= _MAX_LENGTH and " " not in cell and any(map(str.isdigit, cell)) for cell in cells)
    if not cells or len(set(cells)) < len(cells) or not are_ids:
        return False
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return True
    numbers = sorted(map(int, cells))
    counts_rows = numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return not counts_rows  # such numbers begin again in each file


_MCC = re.compile(r"[0-9]{4}")
#: A person has few accounts, and each of them stands in several rows.
_OWN_ACCOUNTS, _ROWS_OF_EACH = 5, 4


def is_mcc(cell: str) -> bool:
    """Return True if the cell is a merchant category code of ISO 18245."""
    return _MCC.fullmatch(cell) is not None


def iban_columns(table: SampleTable) -> list[Column]:
    """Return the columns of the other side's account: those called so, else the one that holds many numbers.

    The account of the statement itself stands in many files, too, and must not be taken for the other side's.
    """
    holding = []
    for column in table.columns:
        n_ibans = sum(map(bool, map(iban_in, column.filled)))
        is_named = mentions(column.name, "other_account") or mentions(column.name, "iban")
        if n_ibans * 2 > len(column.filled) or (is_named and n_ibans):
            holding.append(column)
    named = [column for column in holding if mentions(column.name, "other_account")]
    varied = [column for column in holding if _is_varied(column) and not means(column.name, "own_account")]
    return named or (varied if len(varied) == 1 else [])


def _is_varied(column: Column) -> bool:
    """Return True if the column holds several accounts, and not just those of the statement's owner."""
    numbers = [iban for iban in map(iban_in, column.filled) if iban]
    n_distinct = len(set(numbers))
    are_own = n_distinct <= _OWN_ACCOUNTS and n_distinct * _ROWS_OF_EACH <= len(numbers) == len(column.cells)
    return n_distinct > 1 and not are_own


def own_accounts(table: SampleTable, columns: "Columns") -> list[FileAccount]:
    """Return the account that the statement is of: the one IBAN above the table, or the same in every row."""
    above = {iban for fields in table.preamble for cell in fields if (iban := _iban_within(cell))}
    if len(above) == 1:
        return [_own(iban=above.pop())]
    for column in table.columns:
        is_own = means(column.name, "own_account")
        is_likely = mentions(column.name, "iban") and table.height >= _ROWS_OF_EACH
        if not (is_own or is_likely) or column in columns.ibans or len(column.distinct) != 1 or column.fullness < 1:
            continue
        cell = column.filled[0]
        if iban := iban_in(cell):
            return [_own(iban=iban)]
        if is_own and _NUMBER.fullmatch(cell):
            return [_own(number="".join(cell.split()))]
    return []


_NUMBER = re.compile(r"[0-9xX*•/. -]{3,30}[0-9]{3,}")
_GROUPS = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{2,4}){3,8}")


def _own(*, iban: str = "", number: str = "") -> FileAccount:
    return FileAccount(key=iban or number, iban=iban, number=number)


def _iban_within(cell: str) -> str:
    """Return the IBAN in a cell such as “IBAN: DE89 3704 …”, "" if there is none."""
    return next((iban for text in _GROUPS.findall(cell[:200]) if (iban := iban_in(text))), "")


#: Balances in real files are at times stale or rounded in some rows; this share of steps must fit.
FIT = 0.6
#: A single step that fits by chance must not turn what the bank wrote around.
MIN_AGAINST = 2


class Proof(NamedTuple):
    """A proof by the running balance of which column holds the amounts, their sign, and how the rows run.

    `sign` is 1 when amounts add to the balance, -1 when they are subtracted; `direction` is 1 for oldest first.
    """

    sign: int
    direction: int
    n_pairs: int


def running_balance(amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> Proof | None:
    """Return how the balances follow from the amounts; None if they do not, or if two ways fit equally well."""
    steps = []  # (change of the balance, amount above, amount below) of neighboring rows whose balance changes
    for (above, before), (below, balance) in pairwise(zip(amounts, balances, strict=True)):
        if above is not None and before is not None and below is not None and balance not in (None, before):
            steps.append((balance - before, above, below))
    hits = {(sign, direction): 0 for sign in (1, -1) for direction in (1, -1)}
    for step, older, newer in steps:  # going down the file
        for sign in (1, -1):
            hits[sign, 1] += step == sign * newer
            hits[sign, -1] += -step == sign * older
    best = max(hits, key=lambda key: hits[key])
    if not steps or hits[best] < FIT * len(steps) or sorted(hits.values())[-2] == hits[best]:
        return None
    if best[0] < 0 and hits[best] < MIN_AGAINST:
        return None
    return Proof(*best, hits[best])


_MAX_UNNAMED = 2
#: Three letters in a row: account numbers and references have fewer.
_WORD = re.compile(r"[^\W\d_]{3}")
_DIGIT = re.compile(r"[0-9]")
#: Headers known less well than this are passed over where others are known better.
_WELL_KNOWN = 0.9


def merchant_columns(free: list[Column]) -> list[Column]:
    """Return the columns of the other party, best first; none if two stand side by side, payer and payee."""
    named = _well_known([c for c in free if c.role == "merchant" and (c.is_text or not c.filled)])
    filled = [c for c in named if c.filled]
    if len(filled) > 1 and any(all(cells) for cells in zip(*(c.cells for c in filled), strict=True)):
        return []
    return [c for c in named if not c.is_constant] or filled


def description_columns(table: SampleTable, free: list[Column], merchants: list[Column]) -> list[Column]:
    """Return the columns to join: those named so, else both parties, else the longest texts.

    A column of kinds is added where rows would have no text.
    """
    named = _well_known([c for c in free if c.role == "description" and not c.is_dates and not _is_flag(c)])
    named = [c for c in named if not c.filled or not c.is_constant] or named
    chosen = [c for c in named if c not in merchants]
    if not merchants:
        chosen += _well_known([c for c in free if c.role == "merchant" and c.is_text])
    if not chosen and not merchants:
        chosen = _longest(free)
    kinds = [c for c in free if c.role in {"type", "flag"} and c.is_text]
    others = _longest([c for c in free if c.role != "type"])
    spoken = [c for c in others if c.role == "external_id" and not any(map(_DIGIT.search, c.distinct))]
    for column in [*spoken, *kinds[:1], *others]:
        bare = [row for row in range(table.height) if not any(c.cells[row] for c in (*chosen, *merchants))]
        if column not in chosen and any(column.cells[row] for row in bare):
            chosen.append(column)
    return chosen


def _well_known(named: list[Column]) -> list[Column]:
    return [c for c in named if c.meaning.weight >= _WELL_KNOWN] or named


def _is_flag(column: Column) -> bool:
    """Return True if the column only says debit or credit."""
    return bool(column.filled) and all(means(word, "money_out") or means(word, "money_in") for word in column.distinct)


def _longest(free: list[Column]) -> list[Column]:
    texts = [c for c in free if c.role in {"", "external_id", "type"} and c.is_text and not _is_flag(c)]
    have_words = [c for c in texts if any(map(_WORD.search, c.distinct)) and not c.is_identifier]
    plain = [c for c in have_words if not all(map(is_currency_code, c.distinct))]
    varied = [c for c in plain if len(c.distinct) > 1] or plain
    return sorted(varied, key=lambda c: (-sum(map(len, c.filled)), c.index))[:_MAX_UNNAMED]


def text_columns(table: SampleTable, columns: "Columns") -> list[Column]:
    """Return the columns that may hold texts: those that play no part and have cells that differ and no number."""
    parts = (*columns.dates, *columns.money, columns.balance, columns.currency, columns.status, *columns.ibans)
    return [c for c in table.columns if c not in parts and c.is_text and any(map(_LETTER.search, c.distinct))]


_LETTER = re.compile(r"[^\W\d_]")


_FEW = 6
_MAX_DATES = 2
#: The weight of a header that is the very phrase, or that phrase with a number.
_SURE = 0.95


@dataclass(frozen=True)
class Columns:
    """The columns of a statement by role; a role that no column plays is None or empty."""

    dates: list[Column]
    amount: Column | None
    debit: Column | None
    credit: Column | None
    balance: Column | None = None
    descriptions: list[Column] = field(default_factory=list)
    merchants: list[Column] = field(default_factory=list)
    ibans: list[Column] = field(default_factory=list)
    mcc: Column | None = None
    currency: Column | None = None
    status: Column | None = None
    external_id: Column | None = None

    @property
    def money(self) -> list[Column]:
        return [column for column in (self.amount, self.debit, self.credit) if column is not None]


def find_columns(table: SampleTable) -> Columns:
    """Return the columns of a table. `dates` or `money` is empty if nothing can play the part."""
    dates = _dates(table)
    numbers = [c for c in table.columns if c.is_numeric and c not in dates]
    debit, credit = _pair(table)
    if not debit and not credit and not any(c.weight("amount") for c in numbers):
        debit, credit = _unnamed_pair(numbers)
    amount, balance = _amount(table, numbers)
    if debit or credit:
        amount, debit, credit = _amount_or_pair(amount, debit, credit)
    if amount is None:
        rest = [c for c in numbers if c not in (debit, credit) and c.role in {"", "balance"} and not c.is_identifier]
        balance = balance if balance in rest else next(iter(rest), None)
    free = [c for c in table.columns if c not in (*dates, amount, debit, credit, balance)]
    currency = _currency(free, amount or debit or credit)
    status = _status(free)
    texts = [c for c in free if c not in (currency, status)]
    merchants = merchant_columns(texts)
    ids = [c for c in texts if c.role == "external_id" and c.fullness == 1 and len(c.distinct) == table.height]
    ids = [c for c in ids if any(map(_DIGIT.search, c.distinct))]
    mccs = [c for c in table.columns if c.filled and mentions(c.name, "mcc")]
    return Columns(
        dates,
        amount,
        debit,
        credit,
        balance,
        descriptions=description_columns(table, [c for c in texts if c not in ids], merchants),
        merchants=merchants,
        ibans=iban_columns(table),
        mcc=next((c for c in mccs if sum(map(is_mcc, c.filled)) * 2 > len(c.filled)), None),
        currency=currency,
        status=status,
        external_id=next((c for c in ids if c.weight("external_id") == 1.0 and _identifies(c.cells)), None),
    )


def _dates(table: SampleTable) -> list[Column]:
    """Return booking or transaction date in the bank's order, value date last; filled columns before header words."""
    named = [c for c in table.columns if c.is_dates or (not table.height and c.role in {"date", "value_date"})]
    ranked = sorted(named, key=_date_rank)
    useful = [c for c in ranked if c.role != "other" and _date_rank(c)[0] < 3]
    return (useful or ranked)[:_MAX_DATES]


def _date_rank(column: Column) -> tuple[int, bool, int]:
    rank = {"date": 0, "value_date": 2, "": 1}.get(column.role, 3)
    return rank, 0 < column.meaning.weight < 1, column.index


def _pair(table: SampleTable) -> tuple[Column | None, Column | None]:
    """Return the columns called debit and credit, unless many rows fill both."""
    found: list[Column | None] = []
    for role in ("debit", "credit"):
        fitting = [c for c in table.columns if c.role == role and (c.is_numeric or not c.filled)]
        found.append(max(fitting, key=lambda c: (c.is_numeric, c.meaning.weight, -c.index), default=None))
    debit, credit = found
    if debit and credit:
        n_both = sum(1 for out, into in zip(debit.cells, credit.cells, strict=True) if _moves(out) and _moves(into))
        if n_both * 10 > len(debit.cells):
            return None, None
    return debit, credit


def _unnamed_pair(numbers: list[Column]) -> tuple[Column | None, Column | None]:
    """Return two columns of which every row fills exactly one, in the order of the file."""
    for out, into in combinations([c for c in numbers if c.role == ""], 2):
        moved = [(_moves(a), _moves(b)) for a, b in zip(out.cells, into.cells, strict=True)]
        if set(moved) == {(True, False), (False, True)}:
            return out, into
    return None, None


def _moves(cell: str) -> bool:
    return any(digit in cell for digit in "123456789")


def _amount_or_pair(
    amount: Column | None, debit: Column | None, credit: Column | None
) -> tuple[Column | None, Column | None, Column | None]:
    """Return a signed amount that fills more rows than the pair; an unsigned one leaves the sign to the pair."""
    if amount is None or amount in (debit, credit):
        return None, debit, credit
    pair_filled = sum(len(c.filled) for c in (debit, credit) if c)
    complete = debit is not None and credit is not None and pair_filled >= len(amount.filled)
    if amount.weight("amount") and (_is_signed(amount) or not complete):
        return amount, None, None
    return None, debit, credit


def _is_signed(column: Column) -> bool:
    return any(cell.lstrip()[:1] in "-\u2212(" or cell.endswith("-") for cell in column.filled)


def _amount(table: SampleTable, numbers: list[Column]) -> tuple[Column | None, Column | None]:
    """Return (amount, running balance)."""
    if not table.height:
        return _best_named(table, "amount"), _best_named(table, "balance")
    ranked = sorted(numbers, key=lambda c: (-_amount_score(c), c.index))
    if not ranked:
        return None, None
    best = ranked[0]
    if best.weight("amount") < 0.9:  # then look for a pair of which the second is the running sum of the first
        for first, second in permutations(ranked[:5], 2):
            proof = running_balance(values(first), values(second))
            if proof and proof.n_pairs >= 2:
                return first, second
    others = [c for c in numbers if c is not best and c.role != "other"]
    named = [c for c in others if c.role == "balance"]
    fitting = (c for c in named or others if running_balance(values(best), values(c)))
    balance = next(fitting, named[0] if named else None)
    return (best if _amount_score(best) > 0 else None), balance


def _best_named(table: SampleTable, role: str) -> Column | None:
    named = [c for c in table.columns if c.role == role]
    return max(named, key=lambda c: (c.meaning.weight, -c.index), default=None)


def _amount_score(column: Column) -> float:
    penalties = {"other": 6.0, "balance": 5.0, "external_id": 6.0, "status": 4.0, "currency": 3.0}
    score = 6 * column.weight("amount") - penalties.get(column.role, 0.0) * column.meaning.weight
    has_fractions = sum(1 for cell in column.filled if len(possible_decimals(cell)) == 1) * 2 >= len(column.filled)
    score += 2 * column.fullness + 1.5 * _is_signed(column) + 1.5 * has_fractions
    return score - 5 * column.is_identifier - 1.5 * column.is_constant - 3 * (not any(map(_moves, column.filled)))


def values(column: Column) -> list[Decimal | None]:
    """Return the cells as numbers, under the decimal separator that each allows; None for a cell that is no number."""
    return [parse_amount(cell, found[0]).value if (found := possible_decimals(cell)) else None for cell in column.cells]


def _currency(free: list[Column], money: Column | None) -> Column | None:
    """Return the column of currencies: filled before empty, named so before others, then the nearest to the amount."""
    fitting = [c for c in free if _tells_currency(c)]
    place = money.index if money else 0
    ranked = sorted(fitting, key=lambda c: (not c.filled, c.role != "currency", abs(c.index - place)))
    return next(iter(ranked), None)


def _tells_currency(column: Column) -> bool:
    """Return True if the header says so for sure, or most cells do; a column with another role needs all cells."""
    if column.role == "currency" and column.meaning.weight >= _SURE:
        # Numbers of currencies in ISO 4217 are refused row by row, with the reason.
        return not column.filled or column.is_text or all(len(cell) == 3 and cell.isdigit() for cell in column.filled)
    if column.role == "other" or not column.filled:
        return False
    n_codes = sum(map(is_currency_code, column.filled))
    if column.role == "currency":
        n_codes = sum(map(bool, map(currency_of, column.filled)))
    return n_codes * 2 > len(column.filled) if column.role in {"", "currency"} else n_codes == len(column.filled)


def _status(free: list[Column]) -> Column | None:
    """Return the column that calls rows pending, or that its header calls a status."""
    few = [c for c in free if len(c.distinct) <= _FEW and (c.is_text or not c.cells)]
    telling = [c for c in few if any(means(cell, "pending") for cell in c.distinct)]
    named = [c for c in few if c.weight("status") == 1.0 and not c.is_constant]
    named_any = [c for c in few if c.weight("status") == 1.0]
    return next(iter([*telling, *named, *named_any]), None)

"""Columns of amounts, and what they mean: the header proposes, and the balances that the bank prints prove."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, NamedTuple

from statements.delimited.amounts import AmountError, decimal_of, parse_amount
from statements.delimited.words import meaning
from statements.pdf.lines import PrintedAmount, TextLine

if TYPE_CHECKING:
    from statements.pdf.table import RowLines

_ROLES = ("amount", "debit", "credit", "balance")
#: Points by which a header may stand beside its amounts, and by which their right edges may differ.
_HEADER_REACH, _EDGE = 14.0, 16.0
_MAX_COLUMNS = 5
_PROVED_SHARE, _READ_SHARE = 0.9, 0.8


@dataclass
class AmountColumn:
    """A column of amounts by its box; `hint` is the role that the header gives it, or ""."""

    x0: float
    x1: float
    hint: str = ""
    n: int = 0

    def holds(self, amount: PrintedAmount) -> bool:
        """Return True if an amount ends where those of the column end."""
        return amount.x0 < self.x1 + 1 and amount.x1 > self.x0 - 1 and abs(amount.x1 - self.x1) <= _EDGE


def columns_of(rows: Sequence[TextLine], header: Sequence[tuple[str, float, float]]) -> list[AmountColumn]:
    """Return the columns from left to right. A column without a header needs amounts in a tenth of the rows."""
    found: list[AmountColumn] = []
    for line in rows:
        for amount in last_amounts(line):
            column = next((column for column in found if column.holds(amount)), None)
            if column is None:
                found.append(AmountColumn(amount.x0, amount.x1, n=1))
            else:
                column.x0, column.x1 = min(column.x0, amount.x0), max(column.x1, amount.x1)
                column.n += 1
    for text, x0, x1 in header:
        role = _role(text)
        near = [c for c in found if not c.hint and x0 < c.x1 + _HEADER_REACH and x1 > c.x0 - _HEADER_REACH]
        if role and near:
            min(near, key=lambda column: abs(column.x1 - x1)).hint = role
    kept = [column for column in found if column.hint or column.n * 10 >= len(rows)]
    kept = sorted(kept, key=lambda column: (bool(column.hint), column.n), reverse=True)[:_MAX_COLUMNS]
    return sorted(kept, key=lambda column: column.x1)


def _role(text: str) -> str:
    found = meaning(text).role
    if found not in _ROLES:
        found = next((role for word in text.split() if (role := meaning(word).role) in _ROLES), "")
    return found


def last_amounts(line: TextLine) -> list[PrintedAmount]:
    """Return the amounts at the end of a line from the right, else all: those before a text belong to it."""
    found: list[PrintedAmount] = []
    end = len(line.words) - 1
    for amount in reversed(line.amounts):
        if amount.last != end:
            break
        found.append(amount)
        end = amount.first - 1
    return found or list(line.amounts)


@dataclass
class PrintedBalances:
    """Balances that the bank prints, each with the count of rows above it, and its totals."""

    opening: list[PrintedAmount] = field(default_factory=list)
    closing: list[PrintedAmount] = field(default_factory=list)
    totals: list[PrintedAmount] = field(default_factory=list)
    above_rows: list[PrintedAmount] = field(default_factory=list)

    def add(self, label: str, amount: PrintedAmount, *, n_rows: int) -> None:
        (self.opening if label == "opening_balance" else self.closing).append(amount)
        if label == "closing_balance" and not n_rows:
            self.above_rows.append(amount)


class ColumnRoles(NamedTuple):
    """The column of each role, None where there is none."""

    amount: int | None
    debit: int | None
    credit: int | None
    balance: int | None


@dataclass(frozen=True)
class AmountReading:
    """The amounts of all rows under the best roles, None where one is unclear. `used` are the columns with a role.

    `contradiction` is a sentence if the rows do not add up to what the bank prints.
    """

    amounts: list[Decimal | None]
    used: frozenset[int]
    is_proved: bool
    is_signed: bool
    closing: Decimal | None = None
    contradiction: str = ""


def read_amounts(
    blocks: Sequence["RowLines"], columns: Sequence[AmountColumn], balances: PrintedBalances
) -> AmountReading:
    """Return the amounts under the roles that are proved, else under those that the header and the cells suggest."""
    texts = [amount.text for block in blocks for amount in block.values.values()]
    texts += [amount.text for amount in (*balances.opening, *balances.closing)]
    decimal = decimal_of(texts)[0] or "."
    for block in blocks:  # “12.30” beside amounts with a comma is a part of the text
        block.values = {i: amount for i, amount in block.values.items() if _value(amount.text, decimal) is not None}
    attempts = [_ColumnReading(blocks, columns, balances, roles, decimal) for roles in _possible_roles(len(columns))]
    attempts = [attempt for attempt in attempts if attempt.has_grounds]
    if not attempts:
        return AmountReading([None] * len(blocks), frozenset(), is_proved=False, is_signed=False)
    return max(attempts, key=lambda attempt: attempt.score).reading()


def _possible_roles(n: int) -> Iterator[ColumnRoles]:
    for balance in (None, *range(n)):
        rest = [index for index in range(n) if index != balance]
        for amount in rest:
            yield ColumnRoles(amount, None, None, balance)
        for debit, credit in permutations(rest, 2):
            yield ColumnRoles(None, debit, credit, balance)


def _value(text: str, decimal: str) -> Decimal | None:
    try:
        return parse_amount(text, decimal).value
    except AmountError:
        return None


class _ColumnReading:
    """The rows read under one choice of roles, and what speaks for it."""

    def __init__(
        self,
        blocks: Sequence["RowLines"],
        columns: Sequence[AmountColumn],
        balances: PrintedBalances,
        roles: ColumnRoles,
        decimal: str,
    ) -> None:
        self._blocks, self._columns, self._roles, self._decimal = blocks, columns, roles, decimal
        self._opening = self._values(balances.opening)
        self._closing = self._values(balances.closing)
        if not self._opening and len(set(self._closing)) > 1:
            # “Kontostand am 1.1.” and “Kontostand am 31.1.” are both called a closing balance
            self._opening = self._values(balances.above_rows) or self._closing[:1]
        self._totals = {abs(value) for value in self._values(balances.totals)}
        self._balances = [self._cell(block, roles.balance) for block in blocks]
        self._is_pair = roles.amount is None
        self.is_signed = self._is_pair
        self._amounts = self._signed() if roles.amount is not None else list(map(self._of_pair, blocks))
        self._known = [amount for amount in self._amounts if amount is not None]
        self._sum = sum(self._known, Decimal(0))
        self._running = self._running_share()

    def _values(self, amounts: Sequence[PrintedAmount]) -> list[Decimal]:
        return [value for amount in amounts if (value := _value(amount.text, self._decimal)) is not None]

    def _cell(self, block: "RowLines", index: int | None) -> Decimal | None:
        amount = block.values.get(index) if index is not None else None
        return _value(amount.text, self._decimal) if amount is not None else None

    def _of_pair(self, block: "RowLines") -> Decimal | None:
        out, into = self._cell(block, self._roles.debit), self._cell(block, self._roles.credit)
        if out and into:
            return None
        return abs(into) if into else -abs(out) if out else None

    def _signed(self) -> list[Decimal | None]:
        """Return the amounts of one column, with signs by their marks, else by section, else by the balance."""
        index = self._roles.amount
        texts = [block.values[index].text if index in block.values else "" for block in self._blocks]
        values = [self._cell(block, index) for block in self._blocks]
        n_minus, n_plus = sum(text.startswith("-") for text in texts), sum(text.startswith("+") for text in texts)
        if n_minus or n_plus:
            self.is_signed = True
            # Where only credits are marked, the others are money out.
            return [
                -value if value is not None and not n_minus and not text.startswith("+") else value
                for text, value in zip(texts, values, strict=True)
            ]
        if len({block.section for block in self._blocks}) > 1 or all(block.section for block in self._blocks):
            self.is_signed = True
            return [
                None if value is None else -value if block.section == "debit" else value
                for block, value in zip(self._blocks, values, strict=True)
            ]
        return self._by_balance(values)

    def _by_balance(self, values: list[Decimal | None]) -> list[Decimal | None]:
        """Return the amounts with the signs by which each balance follows from the one before, if nearly all do."""
        before: Decimal | None = self._opening[0] if self._opening else None
        signed: list[Decimal | None] = []
        n_matched = 0
        for value, balance in zip(values, self._balances, strict=True):
            difference = balance - before if balance is not None and before is not None else None
            if value is not None and difference is not None and abs(difference) == value:
                signed.append(difference)
                n_matched += 1
            else:
                signed.append(value if before is None else None)
            before = balance
        if len(values) > 1 and n_matched >= _PROVED_SHARE * (len(values) - (not self._opening)):
            self.is_signed = True
            if not self._opening and signed:
                signed[0] = None
            return signed
        return values

    def _running_share(self) -> float:
        """Return the share of balances that follow from the one before and the rows between, in either order."""
        if self._roles.balance is None or len(self._known) < 2:
            return 0.0
        return max(self._share(forward=True), self._share(forward=False))

    def _share(self, *, forward: bool) -> float:
        pairs = list(zip(self._amounts, self._balances, strict=True))
        steps: list[tuple[Decimal, Decimal]] = []  # (rows since the balance before, balance)
        since = Decimal(0)
        for amount, balance in pairs if forward else reversed(pairs):
            since += amount or 0
            if balance is not None:
                steps.append((since, balance))
                since = Decimal(0)
        if len(steps) < 2:
            return 0.0
        return sum(a + moved == b for (_, a), (moved, b) in pairwise(steps)) / (len(steps) - 1)

    @property
    def _adds_up(self) -> bool:
        """Return True if opening and closing balance, or the printed totals, are those of the rows."""
        if len(self._known) < len(self._amounts):
            return False
        if self._sum in self._differences:
            return True
        out, into = -sum(a for a in self._known if a < 0), sum(a for a in self._known if a > 0)
        wanted = {Decimal(value) for value in (out, into) if value}
        return len(wanted) == 2 and wanted <= self._totals

    @property
    def _differences(self) -> set[Decimal]:
        if not self._opening:  # the one balance of a new account, or of a card that was paid
            return set(self._closing[:1])
        found = {closing - opening for opening in self._opening for closing in self._closing}
        pairs = zip(self._opening, self._closing, strict=False)
        return found | {sum((closing - opening for opening, closing in pairs), Decimal(0))} if found else set()

    @property
    def _is_proved(self) -> bool:
        return self._adds_up or (self._running >= _PROVED_SHARE and sum(b is not None for b in self._balances) > 2)

    @property
    def has_grounds(self) -> bool:
        """Return True unless a column is taken for money in or out by its place alone."""
        names = {self._columns[i].hint: i for i in range(len(self._columns)) if self._columns[i].hint}
        sides = (("debit", self._roles.debit), ("credit", self._roles.credit))
        return not self._is_pair or self._is_proved or any(names.get(side) == index for side, index in sides)

    @property
    def score(self) -> tuple[bool, bool, float, float, float, float]:
        """Return what speaks for the roles, the strongest first.

        Proof, most rows read, hints of the header, rows read, balances that follow, few amounts left out.
        """
        used = {index: role for role, index in self._roles._asdict().items() if index is not None}
        hints = 0.0
        for index, column in enumerate(self._columns):
            if column.hint:
                hints += 1.0 if used.get(index) == column.hint else -1.0
        unused = sum(column.n for index, column in enumerate(self._columns) if index not in used)
        read = len(self._known) / max(1, len(self._amounts))
        is_proved = self._is_proved and self.is_signed
        return is_proved, read >= _READ_SHARE, hints, round(read, 2), self._running, -unused

    def reading(self) -> AmountReading:
        contradiction = ""
        has_enough = len(self._known) >= 2 or not self._running
        is_wrong = not self._is_proved and (self.is_signed or -self._sum not in self._differences)
        if is_wrong and self._opening and self._closing and has_enough:
            wanted = min(self._differences, key=lambda value: abs(value - self._sum))
            contradiction = f"The rows of the PDF add up to {self._sum}, but its balances differ by {wanted}."
        elif self._roles.balance is not None and self._running and self._running < _PROVED_SHARE:
            contradiction = "The balances beside the rows of the PDF do not follow from their amounts."
        closing = self._closing[-1] if self._closing and self._adds_up else None
        used = frozenset(index for index in self._roles if index is not None)
        return AmountReading(self._amounts, used, self._is_proved, self.is_signed, closing, contradiction)

"""Records become rows: movements of money are read exactly, everything else is named and skipped."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count, groupby, islice
from typing import TypeVar

from expenses.ledger.ibans import iban_in
from statements.delimited.amounts import AmountError, parse_amount
from statements.delimited.columns import is_mcc
from statements.delimited.profile import Layout, Positions
from statements.delimited.table import Record, RecordBlock, each_record, tidy
from statements.delimited.words import (
    balance_label,
    begins_with,
    currency_of,
    meaning,
    mentions,
    normalized,
)
from statements.importer import RowBlock, RowError, Skipped, StatementRow, UnreadableRecord

MAX_DESCRIPTION = 2000
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Row = TypeVar("Row")


def first_filled(fields: list[str], positions: Positions) -> str:
    """Return the first filled cell, or ""."""
    for position in positions:
        if position < len(fields) and (cell := tidy(fields[position])):
            return cell
    return ""


def joined(fields: list[str], positions: Positions) -> str:
    """Return the cells in order, blanks collapsed, without repetition."""
    parts = [collapsed(fields[position]) for position in positions if position < len(fields)]
    if len(parts) > 1:
        parts = [part for part in dict.fromkeys(parts) if part]
    return " ".join(parts)[:MAX_DESCRIPTION]


def collapsed(cell: str) -> str:
    """Return the cell with blanks collapsed, and without closing quotation marks that the bank failed to double."""
    text = " ".join(tidy(cell).split())
    if text[-1:] == '"' and text[0] != '"' and ' "' not in text:
        return text.replace('"', "")
    return text


Outcome = StatementRow | RowError | Skipped

_NOTHING = {"", "-", "--", "\u2013", "\u2014"}
_SHOWN = 80


def read_rows(rows: Iterable[Record], layout: Layout) -> Iterator[Outcome]:
    """Yield a row, an error or a skipped record for each record, in order."""
    interpreter, numbered = _Interpreter(layout), iter(rows)
    for number, record in enumerate(islice(numbered, _head_length(layout))):
        yield _above_rows(record, number, layout)
    if layout.continuation_rows:
        yield from _with_continuations(numbered, interpreter)
    else:
        yield from map(interpreter.outcome, numbered)


def read_blocks(blocks: Iterable[RecordBlock | Record], layout: Layout) -> Iterator[RowBlock | Outcome]:
    """Yield what `read_rows` yields for the records of blocks, with runs of plain rows in columns."""
    if layout.continuation_rows or not _PlainRows.fit(layout):
        yield from read_rows(each_record(blocks), layout)
        return
    interpreter, n_read, n_head = _Interpreter(layout), 0, _head_length(layout)
    plain = _PlainRows(interpreter)
    for block in blocks:
        if isinstance(block, Record):
            yield _above_rows(block, n_read, layout) if n_read < n_head else interpreter.outcome(block)
            n_read += 1
            continue
        above = block.rows[: max(n_head - n_read, 0)]
        for number, fields in enumerate(above):
            yield _above_rows(Record(block.line + number, fields), n_read + number, layout)
        n_read += len(block.rows)
        yield from plain.read(block.line + len(above), block.rows[len(above) :] if above else block.rows)


def _head_length(layout: Layout) -> int:
    return 0 if layout.header_row is None else layout.header_row + 1


def _above_rows(record: Record, number: int, layout: Layout) -> Skipped:
    """Return the header, or a record above it."""
    is_blank = not any(map(str.strip, record.fields))
    reason = "header" if number == layout.header_row else "blank" if is_blank else "preamble"
    return Skipped(record.line, reason, tuple(record.fields))


def _with_continuations(rows: Iterator[Record], interpreter: "_Interpreter") -> Iterator[Outcome]:
    """Hold each row back until no further line of its text can follow."""
    waiting: StatementRow | None = None
    for record in rows:
        more = interpreter.continuation(record) if waiting else ""
        if waiting and more:
            waiting = replace(waiting, description=f"{waiting.description} {more}".strip()[:MAX_DESCRIPTION])
            continue
        if waiting:
            yield waiting
        outcome = interpreter.outcome(record)
        waiting = outcome if isinstance(outcome, StatementRow) else None
        if waiting is None:
            yield outcome
    if waiting:
        yield waiting


class _Interpreter:
    """A reader of single records under one layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._header = [normalized(name) for name in layout.names]
        self._last_money = min(layout.amount) if layout.amount else max(layout.debit + layout.credit)

    def outcome(self, record: Record) -> Outcome:
        fields = record.fields
        if record.error:
            detail = f"Line {record.line} cannot be split into fields: {record.error}."
            return RowError(record.line, "line", "unsplittable", detail, tuple(fields))
        try:
            text = first_filled(fields, self.layout.date)
            day = self.layout.parse_date(text) if text else None
            return self._undated(record, text) if day is None else self._dated(record, day)
        except UnreadableRecord as error:
            return error.at(record.line, tuple(fields))

    def money(self, fields: list[str]) -> tuple[Decimal, str] | None:
        """Return the signed amount and the text of the currency beside it; None if the row has no amount or zero."""
        try:
            amount, currency = self._money(fields)
        except UnreadableRecord:
            return None
        return (amount, currency) if amount else None

    def currency(self, fields: list[str], beside: str) -> str | None:
        """Return the currency that the row names, "" for the account's, None for a value that could be any."""
        try:
            return self._currency(fields, beside)
        except UnreadableRecord:
            return None

    def texts(self, fields: list[str]) -> tuple[str, str, str, str]:
        """Return description, merchant, IBAN and merchant category code."""
        layout = self.layout
        merchant = collapsed(first_filled(fields, layout.merchant)) if layout.merchant else ""
        mcc = first_filled(fields, layout.mcc) if layout.mcc else ""
        iban = ""
        for position in layout.iban:
            if position < len(fields) and (iban := iban_in(tidy(fields[position]))):
                break
        return joined(fields, layout.description) or merchant, merchant, iban, mcc if mcc and is_mcc(mcc) else ""

    def continuation(self, record: Record) -> str:
        """Return the text of a record that holds nothing but more description, else ""."""
        filled = [index for index, cell in enumerate(record.fields) if cell.strip()]
        texts = self.layout.description
        if not filled or record.error or any(index not in texts for index in filled):
            return ""
        return joined(record.fields, texts)

    def _dated(self, record: Record, day: date) -> Outcome:
        fields, layout = record.fields, self.layout
        self._check_shape(record)
        amount, currency = self._money(fields)
        if amount is None:
            return self._without_amount(record)
        if not amount:
            return Skipped(record.line, "zero", tuple(fields), day)
        description, merchant, iban, mcc = self.texts(fields)
        status = first_filled(fields, layout.status) if layout.status else ""
        # A bank gives a row its first date when it books it; another date may stand in until then.
        lacks_booking_date = len(layout.date) > 1 and not first_filled(fields, layout.date[:1])
        pending = self._is_pending(status) or lacks_booking_date
        reason = balance_label(description)
        if not reason and status and mentions(status, "declined"):
            reason = "declined"
        elif not reason and pending and layout.leave_out_pending:
            reason = "pending"
        if reason:
            return Skipped(record.line, reason, tuple(fields))
        return StatementRow(
            record.line, day, amount, description, merchant, self._currency(fields, currency), tuple(fields),
            pending, first_filled(fields, layout.external_id), iban, mcc,
        )  # fmt: skip

    def _check_shape(self, record: Record) -> None:
        """Raise if the row is too long, or if the file ends within an amount: a part of it would pass for the whole."""
        fields, layout = record.fields, self.layout
        if layout.widths.are_exceeded(fields):
            mark = "comma" if layout.delimiter == "," else f"“{layout.delimiter}”"
            raise UnreadableRecord(
                "amount",
                "too_many_cells",
                f"the row has more cells than the table has columns. A {mark} inside a value must be quoted.",
            )
        if not record.is_open_ended:
            return
        last = len(fields) - 1
        if fields[last].rstrip().endswith((".", ",")) and last in (*layout.amount, *layout.debit, *layout.credit):
            raise UnreadableRecord(
                "amount",
                "cut_off",
                f"the file ends within the amount “{fields[last].strip()[:_SHOWN]}”. Download it again.",
            )

    def _without_amount(self, record: Record) -> Outcome:
        texts = [cell for cell in record.fields if cell.strip()]
        reason = next((found for text in texts if (found := balance_label(text))), "")
        if not reason and len(record.fields) <= self._last_money:
            raise UnreadableRecord("amount", "missing", "the row ends before its amount. The file may be cut off here.")
        return Skipped(record.line, reason or "text", tuple(record.fields))

    def _undated(self, record: Record, text: str) -> Skipped:
        """Skip what is plainly no movement, a pending row or a sum; raise for any other amount without a date."""
        fields, layout = record.fields, self.layout
        texts = [cell for cell in map(str.strip, fields) if cell]
        reason = self._reason(fields, texts)
        if reason:
            return Skipped(record.line, reason, tuple(fields))
        try:
            amount, _ = self._money(fields)
        except UnreadableRecord:
            return Skipped(record.line, "text", tuple(fields))
        if amount is None:
            return Skipped(record.line, "text", tuple(fields))
        if self._is_pending(text) or self._is_pending(first_filled(fields, layout.status)):
            return Skipped(record.line, "pending_without_date", tuple(fields))
        if not text and not joined(fields, layout.description + layout.merchant):
            return Skipped(record.line, "total", tuple(fields))
        if not text:
            raise UnreadableRecord("date", "missing", "the row has an amount but no date.")
        raise UnreadableRecord(
            "date", "unreadable", f"“{text[:_SHOWN]}” is not a date of the form {layout.date_format}."
        )

    def _reason(self, fields: list[str], texts: list[str]) -> str:
        """Return why an undated record is plainly no movement, else ""."""
        if not texts:
            return "blank"
        same = sum(1 for cell, name in zip(fields, self._header, strict=False) if name and normalized(cell) == name)
        repeats_names = same * 2 >= len(texts) and same >= 2
        if repeats_names or (len(texts) >= 3 and all(meaning(text).weight == 1.0 for text in texts)):
            return "repeated_header"
        words = [text for text in texts[:3] if not text[0].isdigit()]
        if any(begins_with(word, "total") for word in words):
            return "total"
        return next((found for word in words if (found := balance_label(word))), "")

    def _is_pending(self, text: str) -> bool:
        return bool(text) and (normalized(text) in self.layout.pending_when or mentions(text, "pending"))

    def _currency(self, fields: list[str], beside: str) -> str:
        """Return the currency that the row names, "" for the account's. A value that could be any is refused."""
        text = first_filled(fields, self.layout.currency) if self.layout.currency else ""
        if not text:
            return (currency_of(beside) if beside else "") or self.layout.currency_code
        code = currency_of(text)
        if not code:
            raise UnreadableRecord(
                "currency", "unknown_currency", f"“{text[:_SHOWN]}” is not a currency such as EUR or US$."
            )
        return code

    def _money(self, fields: list[str]) -> tuple[Decimal | None, str]:
        """Return (signed amount, or None if the row has none; text of the currency beside it)."""
        layout = self.layout
        if not layout.amount:
            out, into = first_filled(fields, layout.debit), first_filled(fields, layout.credit)
            if out in _NOTHING and into in _NOTHING:
                return None, ""
            debit, _, currency = (Decimal(0), False, "") if out in _NOTHING else _parsed(out, layout.decimal, "debit")
            credit, _, other = (Decimal(0), False, "") if into in _NOTHING else _parsed(into, layout.decimal, "credit")
            value = credit + debit if layout.debit_is_negative else credit - debit
            return (-value if layout.invert else value), currency or other
        text = first_filled(fields, layout.amount)
        if text in _NOTHING:
            return None, ""
        value, marked, currency = _parsed(text, layout.decimal, "amount")
        if layout.flag is not None:
            value = -value if self._is_flagged_out(fields) else value
        elif layout.unsigned_is_out and not marked:
            value = -value
        return (-value if layout.invert else value), currency

    def _is_flagged_out(self, fields: list[str]) -> bool:
        layout = self.layout
        text = fields[layout.flag].strip() if layout.flag is not None and layout.flag < len(fields) else ""
        word = normalized(text) or text
        if word in layout.negative_when:
            return True
        if word in layout.positive_when:
            return False
        if layout.negative_when and layout.positive_when:
            raise UnreadableRecord(
                "sign_flag", "unknown_flag", f"“{text[:_SHOWN]}” is in neither list of the sign flag."
            )
        return bool(layout.positive_when)


#: Distinct values of one column that are kept.
_MOST_KEPT = 20_000


class _PlainRows:
    """Movements whose cells hold what they should, in columns: each distinct value of a column is read once.

    Every other record is left to the interpreter, whose methods read the values.
    """

    def __init__(self, interpreter: "_Interpreter") -> None:
        layout = interpreter.layout
        self._interpreter, self._parse_date = interpreter, layout.parse_date
        [self._date] = layout.date
        money = layout.amount + layout.debit + layout.credit + _flag_of(layout)
        texts = layout.description + layout.merchant + layout.iban + layout.mcc
        self._money_at, self._texts_at, self._currency_at = money, texts, layout.currency
        self._ids = layout.external_id
        widths = layout.widths
        self._widest = min(widths.length, widths.filled, widths.named)
        self._narrowest = 1 + max(self._date, *money, *texts, *layout.currency)
        #: Stands for a row that is too long or too short: it has no date.
        self._blank = [""] * self._narrowest
        self._days: dict[str, date | None] = {}
        self._moneys: dict[Hashable, tuple[Decimal, str] | None] = {}
        self._texts: dict[Hashable, tuple[str, str, str, str] | None] = {}
        self._currencies: dict[Hashable, str | None] = {}

    @staticmethod
    def fit(layout: Layout) -> bool:
        """Return True if rows of the layout can be plain: a date and an amount each, and no status to heed."""
        return len(layout.date) == 1 and not layout.status

    def read(self, line: int, rows: list[list[str]]) -> Iterator[RowBlock | Outcome]:
        """Yield runs of plain rows in columns, and what the interpreter makes of each other one, from `line` on."""
        if not rows:
            return
        low, high = self._narrowest, self._widest
        fitting = [fields if low <= len(fields) <= high else self._blank for fields in rows]
        columns = list(zip(*fitting, strict=False))
        days = _values(self._days, columns[self._date], fitting, self._day)
        moneys = _values(self._moneys, _cells(columns, self._money_at), fitting, self._interpreter.money)
        texts = _values(self._texts, _cells(columns, self._texts_at), fitting, self._text)
        besides = [money[1] if money else "" for money in moneys]
        keys = list(zip(besides, _cells(columns, self._currency_at), strict=True))
        currencies = _values(self._currencies, keys, list(zip(besides, fitting, strict=True)), self._currency)
        is_plain = [None not in values for values in zip(days, moneys, texts, currencies, strict=True)]
        start = 0
        for is_block, run in groupby(is_plain):
            end = start + sum(1 for _ in run)
            part = slice(start, end)
            if is_block:
                ids = [first_filled(fields, self._ids) for fields in rows[part]] if self._ids else [""] * (end - start)
                amounts = [money[0] for money in moneys[part] if money]
                lines = range(line + start, line + end)
                yield RowBlock(lines, days[part], amounts, currencies[part], ids, texts[part], rows[part])  # type: ignore[arg-type]
            else:
                yield from map(self._interpreter.outcome, map(Record, count(line + start), rows[part]))
            start = end

    def _day(self, fields: list[str]) -> date | None:
        text = tidy(fields[self._date])
        return self._parse_date(text) if text else None

    def _currency(self, row: tuple[str, list[str]]) -> str | None:
        beside, fields = row
        return self._interpreter.currency(fields, beside)

    def _text(self, fields: list[str]) -> tuple[str, str, str, str] | None:
        texts = self._interpreter.texts(fields)
        return None if balance_label(texts[0]) else texts


def _values(
    known: dict[Key, Value], keys: Sequence[Key], rows: Sequence[Row], read: Callable[[Row], Value]
) -> list[Value]:
    """Return the value of each key. Keys that are not known are read from one of their rows, and kept for a while."""
    if len(known) >= _MOST_KEPT:
        known.clear()
    for key, row in zip(keys, rows, strict=True):
        if key not in known:
            known[key] = read(row)
    return [known[key] for key in keys]


def _flag_of(layout: Layout) -> Positions:
    return () if layout.flag is None else (layout.flag,)


def _cells(columns: Sequence[Sequence[str]], positions: Positions) -> Sequence[Hashable]:
    """Return for each row its cells at the positions."""
    if len(positions) == 1:
        return columns[positions[0]]
    return list(zip(*(columns[position] for position in positions), strict=True)) or [()] * len(columns[0])


def _parsed(text: str, decimal: str, attr: str) -> tuple[Decimal, bool, str]:
    try:
        return parse_amount(text, decimal)
    except AmountError as error:
        raise UnreadableRecord(attr, "unreadable", f"“{text[:_SHOWN]}” {error}.") from None

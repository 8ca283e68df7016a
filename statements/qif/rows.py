"""Records of QIF as rows, with categories, splits and transfers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from statements.delimited.amounts import AmountError, parse_amount
from statements.delimited.words import currency_of
from statements.importer import RowError, RowPart, Skipped, StatementRow, UnreadableRecord
from statements.qif.dates import read_date
from statements.qif.records import ACCOUNTS, OTHER_SECTIONS, QifRecord

Outcome = StatementRow | RowError | Skipped

_SHOWN = 40
_ACCOUNT = re.compile(r"\[(?P<name>[^\]]*)\]?(?:/(?P<tag>.*))?")
#: What Quicken writes in place of the category of a split record.
_SPLIT_MARKS = ("--split--", "|split|", "split")


@dataclass(frozen=True, slots=True)
class QifOptions:
    """How records are read: format of dates, separator of fractions, the currency where none is named."""

    date_format: str
    decimal: str
    currency: str = ""


def read_rows(records: Iterable[QifRecord], options: QifOptions) -> Iterator[Outcome]:
    """Yield a row, an error or a skipped record for each record, in the order of the file."""
    for record in records:
        raw = tuple(record.raw)
        reason = skip_reason(record)
        if reason:
            yield Skipped(record.line, reason, raw)
            continue
        try:
            yield _row(record, raw, options)
        except UnreadableRecord as error:
            yield error.at(record.line, raw)


def skip_reason(record: QifRecord) -> str:
    """Return why a record is no movement of money, "" if it is one."""
    if record.section == ACCOUNTS:
        return "account"
    kind = record.section.split(":", 1)[0]
    if not kind and not ("D" in record.fields and amount_text(record)):
        return "preamble"
    return OTHER_SECTIONS.get(kind, "")


def amount_text(record: QifRecord) -> str:
    return record.first("T") or record.first("U")


def amount_texts(record: QifRecord) -> list[str]:
    """Return the amounts of a record and of its parts, as they are written."""
    texts = (amount_text(record), *(split.get("$", "") for split in record.splits))
    return [text for text in texts if text]


def _row(record: QifRecord, raw: tuple[str, ...], options: QifOptions) -> StatementRow | Skipped:
    text = record.first("D")
    if not text:
        raise UnreadableRecord("date", "missing", "the record has no date (D).")
    day = read_date(text, options.date_format)
    if day is None:
        detail = f"“{text[:_SHOWN]}” is not a date of the form {options.date_format}."
        raise UnreadableRecord("date", "unreadable", detail)
    if record.is_cut:
        raise UnreadableRecord("amount", "cut_off", "the file ends within this amount. Export it again.")
    if len(record.fields.get("T", ())) > 1:
        raise UnreadableRecord("amount", "repeated", "the record has two amounts (T). A line “^” may be missing.")
    amount, currency = _amount(amount_text(record), options)
    if not amount:
        return Skipped(record.line, "zero", raw, day)
    category, tags, transfer = _category(record.first("L"))
    parts = parts_of(record, amount, options)
    if len(parts) == 1 and not category and not transfer:  # one split is the whole
        category, tags, transfer = _category(_splits(record)[0].get("S", ""))
    merchant = " ".join(record.first("P").split())
    description = " ".join(" ".join(record.fields.get("M", ())).split()) or merchant or _spare_text(record)
    return StatementRow(
        record.line,
        day,
        amount,
        description,
        merchant,
        currency or options.currency,
        raw,
        account=record.account,
        category=category,
        tags=tags,
        parts=parts if len(parts) > 1 else (),
        transfer_account="" if transfer == record.account else transfer,
    )


def _amount(text: str, options: QifOptions) -> tuple[Decimal, str]:
    """Return (signed amount, currency beside it). Raises if the text is no amount."""
    if not text:
        raise UnreadableRecord("amount", "missing", "the record has no amount (T).")
    try:
        amount = parse_amount(text, options.decimal)
    except AmountError as error:
        raise UnreadableRecord("amount", "unreadable", f"“{text[:_SHOWN]}” {error}.") from None
    return amount.value, currency_of(amount.currency) if amount.currency else ""


def parts_of(record: QifRecord, amount: Decimal, options: QifOptions) -> tuple[RowPart, ...]:
    """Return the splits of a record; none if they cannot be read or do not add up to the amount."""
    parts = []
    for split in _splits(record):
        text, share = split.get("$", ""), split.get("%", "").rstrip("%")
        try:
            value = (
                parse_amount(text, options.decimal).value
                if text
                else amount * parse_amount(share, options.decimal).value / 100
            )
        except AmountError:
            return ()
        category, _, transfer = _category(split.get("S", ""))
        notes = " ".join(filter(None, (f"[{transfer}]" if transfer else "", split.get("E", ""))))
        if value:
            parts.append(RowPart(value, category, notes))
    total = sum((part.amount for part in parts), Decimal(0))
    if total == -amount:  # some programs write the parts of money out without a minus
        return tuple(RowPart(-part.amount, part.category, part.notes) for part in parts)
    return tuple(parts) if total == amount else ()


def _splits(record: QifRecord) -> list[dict[str, str]]:
    """Return the splits; a memo alone is none."""
    return [split for split in record.splits if split.keys() != {"E"}]


def has_faulty_parts(record: QifRecord, options: QifOptions) -> bool:
    """Return True if the record has parts that cannot be kept, since they do not add up to its amount."""
    try:
        amount = parse_amount(amount_text(record), options.decimal).value
    except AmountError:
        return False
    return bool(_splits(record)) and bool(amount) and not parts_of(record, amount, options)


def _category(text: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return (category path, tags, account of a transfer) of a field such as `Food:Lunch/Holiday` or `[Savings]`."""
    text = " ".join(text.split())
    account = _ACCOUNT.fullmatch(text)
    if account is not None:
        tag = (account["tag"] or "").strip()
        return (), (tag,) if tag else (), account["name"].strip()
    if text.casefold() in _SPLIT_MARKS:
        return (), (), ""
    path, _, tag = text.partition("/")
    names = tuple(name for part in path.split(":") if (name := part.strip()))
    return names, (tag.strip(),) if tag.strip() else (), ""


def _spare_text(record: QifRecord) -> str:
    """Return what describes a record without payee and memo: address, or number of a check."""
    address = " ".join(" ".join(record.fields.get("A", ())).split())
    number = record.first("N")
    return address or (f"Check {number}" if number.isdigit() else number)

"""Actual: the archive of its export with the SQLite file in it, and the CSV file of its transactions."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from statements.archive.directory import names_of
from statements.importer import Profile, RowError, RowPart, StatementRow, UnreadableRecord
from statements.limits.parent import converted
from statements.migration.books import (
    BookImporter,
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    day_in,
    header_of,
    member_of,
)

DATABASE = "db.sqlite"
_CONVERSION = "statements.migration.actual_conversion"
_SQLITE = b"SQLite format 3\0"
_TAG = re.compile(r"(?<![#\w])#([^#\s]+)")
_SPLIT = re.compile(r"\(SPLIT INTO [0-9]+\)|\(SPLIT (?P<i>[0-9]+) OF (?P<n>[0-9]+)\)\s*")


class ActualImporter(BookImporter):
    """A budget of Actual with all of its accounts. Amounts have no currency: they are in that of the ledger."""

    format: ClassVar[str] = "actual"
    title: ClassVar[str] = "Actual"
    losses = {
        "budgets": "Budgets are not kept. Amounts of months in the file: {n}.",
        "schedules": "Schedules are not kept; Outlay finds what recurs by itself. Schedules in the file: {n}.",
        "rules": "Rules are left out; POST rules/import/ reads those of Actual. Rules in the file: {n}.",
        "closed": "Closed accounts are open here; PATCH each with is_active: false. Closed in the file: {n}.",
    }

    def recognizes(self, data: bytes) -> bool:
        return data.startswith(_SQLITE) or any(_is_database(name) for name in names_of(data))

    def n_rows(self, data: bytes) -> int:
        return len(_budget(data)["rows"])

    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        budget = _budget(data)
        notes.accounts.update(dict.fromkeys(budget["accounts"].values()))
        notes.losses.update(budget["losses"])
        parents = {row["id"] for row in budget["rows"] if row["is_parent"]}
        children: dict[str, list[dict[str, Any]]] = {}
        for row in budget["rows"]:
            if row["is_child"]:
                children.setdefault(row["parent"], []).append(row)
        for line, row in enumerate(budget["rows"], 1):
            if row["is_child"] and row["parent"] in parents:
                continue
            try:
                yield from _rows_of(line, row, children.get(row["id"], []) if row["is_parent"] else [], notes)
            except UnreadableRecord as error:
                yield RowError(line, error.attr, error.code, f"Row {line}: {error.detail}", ())
            except (ValueError, TypeError, ArithmeticError):
                detail = f"Row {line}: amount {row['amount']!r} or date {row['date']!r} cannot be read."
                yield RowError(line, "amount", "unreadable", detail, ())


class ActualTableImporter(BookTable):
    """The CSV file of one account of Actual, or of all, with splits below their row."""

    format: ClassVar[str] = "actual_csv"
    title: ClassVar[str] = "Actual"
    required = frozenset({"account", "date", "payee", "notes", "category", "amount", "cleared"})
    losses = {
        "splits": "The table does not say where splits belong. Parts that become rows of their own: {n}.",
        "table": "The table has no groups of categories. Upload the whole export of Actual to keep them.",
    }

    def recognizes(self, data: bytes) -> bool:
        return super().recognizes(data) and "outflow" not in header_of(data)

    def rows_of(self, line: BookLine, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        notes.losses["table"] |= ":" not in line["category"] and bool(line["category"])
        split = _SPLIT.match(line["notes"])
        if split is not None and split["i"] is None:
            return  # the sum of the parts that follow
        notes.losses["splits"] += split is not None
        text = line["notes"][split.end() :] if split else line["notes"]
        yield StatementRow(
            line.number, day_in(line["date"]), amount_in(line["amount"]), line["payee"], line["payee"], "", line.raw,
            account=line["account"], category=tuple(name.strip() for name in line["category"].split(": ") if name),
            tags=tuple(_TAG.findall(text)), notes=text,
        )  # fmt: skip


def _budget(data: bytes) -> dict[str, Any]:
    """Return the tables of the budget as `actual_conversion` has them. Raises `UnreadableFile`."""
    content = data if data.startswith(_SQLITE) else member_of(data, _is_database)
    found: dict[str, Any] = converted(content or b"", by=_CONVERSION)
    return found


def _rows_of(line: int, row: Mapping[str, Any], children: list[dict[str, Any]], notes: Notes) -> Iterator[StatementRow]:
    """Yield a row, and those of its parts that are transfers."""
    amount = _money(row["amount"])
    if row["is_opening"]:
        notes.open(row["account"], amount)
        return
    transfers = [child for child in children if child["transferred"]]
    rest = [child for child in children if not child["transferred"]]
    for child in transfers:
        yield _row(line, child, _money(child["amount"]), day=_day(row["date"]))
    if rest:
        amount = sum((_money(child["amount"]) for child in rest), Decimal(0))
    elif transfers:
        return
    parts = tuple(RowPart(_money(child["amount"]), tuple(child["category"]), child["notes"]) for child in rest)
    yield _row(line, row, amount, day=_day(row["date"]), parts=parts)


def _row(
    line: int, row: Mapping[str, Any], amount: Decimal, *, day: dt.date, parts: tuple[RowPart, ...] = ()
) -> StatementRow:
    pair = "actual-" + "-".join(sorted((str(row["id"]), str(row["transferred"])))) if row["transferred"] else ""
    text = row["text"] or row["payee"] or row["notes"] or row["other"]
    return StatementRow(
        line, day, amount, text, "" if pair else row["payee"], "",
        (), external_id=f"actual-{row['id']}", account=row["account"], parts=parts, notes=row["notes"],
        category=() if parts or pair else tuple(row["category"]), tags=tuple(_TAG.findall(row["notes"])),
        transfer_id=pair, transfer_account=row["other"] if pair else "",
    )  # fmt: skip


def _money(cents: Any) -> Decimal:
    return Decimal(int(cents)) / 100


def _day(number: Any) -> dt.date:
    return dt.datetime.strptime(str(int(number)), "%Y%m%d").date()  # noqa: DTZ007 - a calendar day


def _is_database(name: str) -> bool:
    return name == DATABASE or name.endswith("/" + DATABASE)

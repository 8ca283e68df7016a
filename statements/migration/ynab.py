"""YNAB: the register of its export, and of YNAB 4, as a table or in the archive that it comes in."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

from statements.archive.directory import names_of
from statements.importer import Profile, ReadingQuestion, RowPart, StatementRow, UnreadableFile, UnreadableRecord
from statements.migration.books import (
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    date_format_of,
    date_question,
    day_in,
    decimal_of,
    member_of,
    read_table,
)
from statements.migration.pairs import Pairing

_SPLIT = re.compile(r"\(?Split \(?(?P<i>[0-9]{1,4})/(?P<n>[0-9]{1,4})\)\s*", re.IGNORECASE)
#: “My Plan as of 2026-03-01 - Register.csv”; other files may be called “cash register.csv”, too.
_REGISTER = re.compile(r"(?:.*[\s/_-])?register\.[ct]sv", re.IGNORECASE)
_TRANSFER = re.compile(r"Transfer\s*:\s*(?P<account>.+)", re.IGNORECASE)
_STARTING = "starting balance"
#: What YNAB writes where other programs have a category of income.
INCOME = ("inflow", "income")


class YnabImporter(BookTable):
    """A register of YNAB: splits become parts of one row, transfers two halves."""

    format: ClassVar[str] = "ynab"
    title: ClassVar[str] = "YNAB"
    required = frozenset({"account", "date", "payee", "memo", "outflow", "inflow", "cleared"})
    amount_columns = ("outflow", "inflow")
    losses = {
        "flag": "Flags become tags. Rows with one: {n}.",
        "check number": "Check numbers are not kept. Rows with one: {n}.",
        "reconciled": "The mark “reconciled” is not kept. Rows that have it: {n}.",
        "inflow": "Money that is ready to be assigned has no category; Outlay finds one. Rows of it: {n}.",
        "budget": "The plan of the months is not kept. Files left out of the archive: {n}.",
    }

    def recognizes(self, data: bytes) -> bool:
        try:
            return super().recognizes(_register(data))
        except UnreadableFile:
            return False

    def amounts(self, data: bytes) -> Iterable[str]:
        return super().amounts(_register(data))

    def n_rows(self, data: bytes) -> int:
        return super().n_rows(_register(data))

    def suggest(self, data: bytes) -> tuple[dict[str, str], list[ReadingQuestion]]:
        lines = list(read_table(_register(data)))
        choice = date_format_of([line["date"] for line in lines], title=self.title)
        decimal = decimal_of([line[name] for line in lines for name in ("outflow", "inflow")])
        return {"date_format": choice.pattern, "decimal": decimal}, date_question(choice)

    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        notes.losses["budget"] += sum(not _is_register(name) for name in names_of(data))
        pairing = Pairing("ynab")
        open_split: list[StatementRow] = []
        last_part = 0
        for line in read_table(_register(data)):
            split = _SPLIT.match(line["memo"])
            part = int(split["i"]) if split else 0
            if part <= last_part:  # the end of the split above is not in this file, or cannot be read
                yield from open_split
                open_split = []
            last_part = part
            try:
                row = self._row(line, profile, notes, pairing)
            except UnreadableRecord as error:
                yield error.at(line.number, line.raw)
                continue
            if row is None:
                continue
            if split is None:
                yield row
                continue
            row = replace(row, notes=line["memo"][split.end() :].strip())
            if row.transfer_id:
                yield row
            else:
                open_split.append(row)
            if split["i"] == split["n"] and open_split:
                yield _joined(open_split)
                open_split = []
        yield from open_split

    def _row(self, line: BookLine, profile: Profile, notes: Notes, pairing: Pairing) -> StatementRow | None:
        decimal = profile["decimal"]
        out = amount_in(line["outflow"] or "0", decimal=decimal, attr="outflow")
        amount = amount_in(line["inflow"] or "0", decimal=decimal, attr="inflow") - out
        day, account, payee = day_in(line["date"], profile["date_format"]), line["account"], line["payee"]
        if payee.casefold() == _STARTING:
            notes.open(account, amount)
            return None
        notes.losses["flag"] += bool(line["flag"])
        notes.losses["check number"] += bool(line["check number"])
        notes.losses["reconciled"] += line["cleared"].casefold() in ("reconciled", "r")
        transfer = _TRANSFER.fullmatch(payee)
        other = transfer["account"].strip() if transfer else ""
        group = line["category group"] or line["master category"]
        path = () if transfer else tuple(name for name in (group, line["category"] or line["sub category"]) if name)
        if line["master category"]:  # of YNAB 4, whose column “Category” joins both
            path = tuple(name for name in (line["master category"], line["sub category"]) if name)
        if path and path[0].casefold() in INCOME:
            notes.losses["inflow"] += 1
            path = ()
        return StatementRow(
            line.number, day, amount, payee.replace(" : ", ": ", 1), "" if transfer else payee, "", line.raw,
            account=account, category=path, tags=(line["flag"],) if line["flag"] else (), notes=line["memo"],
            transfer_account=other, transfer_id=pairing.key(account, other, day, amount) if other else "",
        )  # fmt: skip


def _joined(rows: list[StatementRow]) -> StatementRow:
    """Return the one row of which these are the parts."""
    if len(rows) == 1:  # the other parts are transfers, which are rows of their own
        return rows[0]
    parts = tuple(RowPart(row.amount, row.category, row.notes) for row in rows)
    return replace(rows[0], amount=sum((row.amount for row in rows), Decimal(0)), category=(), notes="", parts=parts)


def _is_register(name: str) -> bool:
    return _REGISTER.fullmatch(name) is not None


def _register(data: bytes) -> bytes:
    """Return the table, out of the archive if it is in one. Raises `UnreadableFile`."""
    if not names_of(data):
        return data
    found = member_of(data, _is_register)
    if found is None:
        raise UnreadableFile("no_register", "This archive of YNAB has no register. Export the plan again.")
    return found

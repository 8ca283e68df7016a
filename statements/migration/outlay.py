"""Outlay's own CSV (`export/transactions.csv`), so that what one ledger writes another one reads."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from expenses.ledger.ibans import iban_in
from statements.delimited.columns import is_mcc
from statements.export.columns import TAG_SEPARATOR
from statements.export.comma_separated import COLUMNS, unguarded
from statements.importer import Profile, ReadingQuestion, RowPart, SourceRow, StatementRow, UnreadableRecord
from statements.migration.books import (
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    day_in,
    read_groups,
    split_tags,
)

#: The account of rows that name none.
WITHOUT_ACCOUNT = "No account"
_ID = re.compile(r"[0-9]{1,18}")


class OutlayImporter(BookTable):
    """Transactions of Outlay. Parts of a split one become one row again."""

    format: ClassVar[str] = "outlay"
    title: ClassVar[str] = "Outlay"
    required = frozenset(COLUMNS)
    losses = {
        "raw": "Only the description is kept, not the bank's text that it took the place of. Rows with both: {n}.",
        "payment_method": "Payment methods are not kept. Rows with one: {n}.",
        "external_id": "Ids of other programs only help to recognize rows in a later file. Rows with one: {n}.",
        "review": "Marks of a review are not kept. Rows with one: {n}.",
        "excluded_from_budget": "Rows that budgets leave out become ordinary ones. Rows of this kind: {n}.",
        "account": f"Rows without an account go into “{WITHOUT_ACCOUNT}”. Rows of this kind: {{n}}.",
        "split": "Split rows have the text of their first part, since their own is not in the file. Splits: {n}.",
        "openings": "Opening balances are not in the file, so accounts that the commit creates begin at 0.",
    }

    def suggest(self, data: bytes) -> tuple[dict[str, str], list[ReadingQuestion]]:
        # Files for Excel have semicolons where amounts have decimal commas.
        return {"decimal": "," if data.removeprefix(BOM_UTF8).startswith(b"id;") else "."}, []

    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        for _, lines in read_groups(data, "split"):
            try:
                yield self._row(lines, profile, notes)
            except UnreadableRecord as error:
                yield error.at(lines[0].number, lines[0].raw)

    def _row(self, lines: list[BookLine], profile: Profile, notes: Notes) -> StatementRow:
        first = lines[0]
        self._count_losses(lines, notes)
        amounts = [amount_in(line["amount"], decimal=str(profile["decimal"])) for line in lines]
        parts = [
            RowPart(amount, _category(line), _text(line, "notes"), _text(line, "description"))
            for amount, line in zip(amounts, lines, strict=True)
        ]
        origins = [
            SourceRow(int(line["id"]), amount, _text(line, "raw_description"))
            for amount, line in zip(amounts, lines, strict=True)
            if _ID.fullmatch(line["id"])
        ]
        is_split = len(parts) > 1
        notes.losses["split"] += is_split
        tags = dict.fromkeys(tag for line in lines for tag in split_tags(_text(line, "tags"), TAG_SEPARATOR.strip()))
        transfer = first["transfer"]
        return StatementRow(
            first.number,
            day_in(first["date"]),
            sum(amounts, Decimal(0)),
            _text(first, "description"),
            _text(first, "merchant"),
            first["currency"],
            first.raw,
            external_id=_text(first, "external_id"),
            iban=iban_in(first["iban"]),
            mcc=first["mcc"] if is_mcc(first["mcc"]) else "",
            account=_text(first, "account") or WITHOUT_ACCOUNT,
            category=() if is_split or transfer else parts[0].category,
            tags=tuple(tags),
            notes="" if is_split else parts[0].notes,
            parts=tuple(parts) if is_split else (),
            transfer_account=_text(first, "transfer_account"),
            transfer_id=f"outlay-{transfer}" if transfer else "",
            origins=tuple(origins) if len(origins) == len(lines) else (),
        )

    def _count_losses(self, lines: list[BookLine], notes: Notes) -> None:
        for line in lines:
            notes.losses["raw"] += line["raw_description"] != line["description"]
            notes.losses["payment_method"] += bool(line["payment_method"])
            notes.losses["external_id"] += bool(line["external_id"])
            notes.losses["review"] += bool(line["review"])
            notes.losses["excluded_from_budget"] += line["excluded_from_budget"] == "true"
            notes.losses["account"] += not line["account"]
            notes.losses["openings"] = 1


def _text(line: BookLine, name: str) -> str:
    return unguarded(line.cells.get(name, "")).strip()


def _category(line: BookLine) -> tuple[str, ...]:
    """Return the names from the root to the category."""
    return tuple(name for name in (_text(line, "parent_category"), _text(line, "category")) if name)

"""Firefly III: the CSV file of its transactions (Options → Export data)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

from expenses.ledger.ibans import iban_in
from statements.importer import Profile, RowPart, StatementRow, UnreadableRecord
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

#: Types of accounts that are the person's own. The others are shops and payers.
OWN = ("asset account", "default account", "cash account", "loan", "debt", "mortgage", "liability credit account")
OPENINGS = ("initial balance account", "liability credit")


class FireflyImporter(BookTable):
    """Transactions of Firefly III. Its splits become parts of one row, its transfers two halves."""

    format: ClassVar[str] = "firefly"
    title: ClassVar[str] = "Firefly III"
    required = frozenset({"journal_id", "source_name", "source_type", "destination_name", "destination_type", "type"})
    losses = {
        "budget": "Budgets are not kept. Rows that name one: {n}.",
        "bill": "Bills are not kept; Outlay finds what recurs by itself. Rows that name one: {n}.",
        "foreign": "A second amount in a foreign currency is not kept. Rows with one: {n}.",
        "reconciled": "The mark “reconciled” is not kept. Rows that have it: {n}.",
        "cash": "Cash without an account of its own gets an account. Rows that name one: {n}.",
    }

    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        for group, lines in read_groups(data, "group_id"):
            found: list[tuple[BookLine, list[StatementRow]]] = []
            for line in lines:
                try:
                    found.append((line, list(_halves(line, notes))))
                except UnreadableRecord as error:
                    yield error.at(line.number, line.raw)
            rows = [row for _, of in found for row in of]
            first = rows[0] if rows else None
            is_split = (
                len(rows) > 1
                and len(rows) == len(found) == len(lines)
                and all(
                    (row.account, row.date, row.currency, row.amount > 0)
                    == (rows[0].account, rows[0].date, rows[0].currency, rows[0].amount > 0)
                    for row in rows
                )
            )
            if first is None or not is_split:
                yield from rows
                continue
            title = lines[0]["group_title"] or first.description
            yield StatementRow(
                first.line, first.date, sum((row.amount for row in rows), Decimal(0)), title,
                first.merchant if len({row.merchant for row in rows}) == 1 else "", first.currency, first.raw,
                external_id=f"firefly-group-{group}", account=first.account,
                tags=tuple(dict.fromkeys(tag for row in rows for tag in row.tags)),
                notes="\n".join(dict.fromkeys(row.notes for row in rows if row.notes)),
                parts=tuple(RowPart(row.amount, row.category, row.description) for row in rows),
            )  # fmt: skip


def _halves(line: BookLine, notes: Notes) -> Iterator[StatementRow]:
    """Yield a row for each of the person's own accounts that the record moves money of. Raises `UnreadableRecord`."""
    source_type, destination_type = line["source_type"].casefold(), line["destination_type"].casefold()
    amount, currency = abs(amount_in(line["amount"])), line["currency_code"].upper()
    day = day_in(line["date"])
    is_own = (source_type in OWN, destination_type in OWN)
    if source_type in OPENINGS or destination_type in OPENINGS or line["type"].casefold() == "opening balance":
        name, sign = ("destination_name", 1) if is_own[1] else ("source_name", -1)
        notes.open(line[name], sign * amount, currency)
        return
    for side, is_side in zip(("source", "destination"), is_own, strict=True):
        if is_side and (iban := iban_in(line[f"{side}_iban"])):
            notes.ibans.setdefault(line[f"{side}_name"], iban)
    for name in ("budget", "bill"):
        notes.losses[name] += bool(line[name])
    notes.losses["reconciled"] += line["reconciled"].casefold() in ("1", "true")
    notes.losses["cash"] += "cash account" in (source_type, destination_type)
    foreign = line["foreign_amount"]
    common: dict[str, Any] = {
        "category": (line["category"],) if line["category"] else (),
        "tags": split_tags(line["tags"], ","),
        "notes": line["notes"],
    }
    if not any(is_own):
        raise UnreadableRecord(
            "account", "unknown_account", f"neither “{source_type}” nor “{destination_type}” is yours."
        )
    notes.losses["foreign"] += bool(foreign) and not all(is_own)
    source, destination = line["source_name"], line["destination_name"]
    pair = f"firefly-{line['journal_id']}" if all(is_own) else ""
    if is_own[0]:
        yield StatementRow(
            line.number, day, -amount, line["description"], "" if pair else destination, currency, line.raw,
            external_id=f"firefly-{line['journal_id']}", account=source, transfer_id=pair,
            iban="" if pair else iban_in(line["destination_iban"]), transfer_account=destination if pair else "",
            **common,
        )  # fmt: skip
    if is_own[1]:
        # The other half of a transfer between currencies has an amount of its own.
        into = abs(amount_in(foreign)) if pair and foreign and line["foreign_currency_code"] else amount
        code = line["foreign_currency_code"].upper() if into is not amount else currency
        yield StatementRow(
            line.number, day, into, line["description"], "" if pair else source, code, line.raw,
            external_id=f"firefly-{line['journal_id']}{'-in' if pair else ''}", account=destination, transfer_id=pair,
            iban="" if pair else iban_in(line["source_iban"]), transfer_account=source if pair else "",
            **common,
        )  # fmt: skip

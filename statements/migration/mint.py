"""Mint: the CSV file of its transactions, which many people kept when it closed."""

from collections.abc import Iterator
from typing import ClassVar

from statements.importer import Profile, ReadingQuestion, StatementRow, UnreadableRecord
from statements.migration.books import (
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    date_format_of,
    day_in,
    read_table,
)

#: What Mint writes where there is no category.
NONE = ("", "Uncategorized")
#: Its categories of money that stays with the person, in lower case.
TRANSFERS = ("transfer", "credit card payment", "transfer for cash spending")


class MintImporter(BookTable):
    """Transactions of Mint. It has amounts without a sign, and says debit or credit."""

    format: ClassVar[str] = "mint"
    title: ClassVar[str] = "Mint"
    required = frozenset({"date", "original description", "amount", "transaction type", "account name", "labels"})
    losses = {"transfers": "Mint does not say which rows are two halves of a transfer. Outlay looks for them itself."}

    def suggest(self, data: bytes) -> tuple[dict[str, str], list[ReadingQuestion]]:
        dates = [line["date"] for line in read_table(data)]
        pattern = date_format_of(dates, title=self.title).pattern
        return {"date_format": pattern.replace("%d/%m", "%m/%d")}, []  # Mint was American

    def rows_of(self, line: BookLine, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        kind = line["transaction type"].casefold()
        if kind not in ("debit", "credit"):
            raise UnreadableRecord("type", "unknown_type", f"“{kind[:40]}” is neither debit nor credit.")
        amount = amount_in(line["amount"])
        is_transfer = line["category"].casefold() in TRANSFERS
        notes.losses["transfers"] |= is_transfer
        category = () if is_transfer or line["category"] in NONE else (line["category"],)
        yield StatementRow(
            line.number, day_in(line["date"], profile["date_format"]), -amount if kind == "debit" else amount,
            line["original description"] or line["description"], line["description"], "", line.raw,
            account=line["account name"], category=category,
            is_transfer=is_transfer, tags=tuple(dict.fromkeys(line["labels"].split())), notes=line["notes"],
        )  # fmt: skip

"""ezBookkeeping: its export as CSV or TSV."""

from collections.abc import Iterator
from typing import Any, ClassVar

from statements.importer import Profile, StatementRow, UnreadableRecord
from statements.migration.books import (
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    day_in,
    split_tags,
)


class EzBookkeepingImporter(BookTable):
    """Transactions of ezBookkeeping, with categories of two levels. A transfer is one record of two halves."""

    format: ClassVar[str] = "ezbookkeeping"
    title: ClassVar[str] = "ezBookkeeping"
    required = frozenset({"time", "type", "sub category", "account", "amount", "account2"})
    losses = {
        "geographic location": "Places are not kept. Rows with one: {n}.",
        "time": "Times of day are not kept. Rows with one: {n}.",
    }

    def rows_of(self, line: BookLine, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        kind, account, currency = line["type"].casefold(), line["account"], line["account currency"].upper()
        amount, day = amount_in(line["amount"]), day_in(line["time"])
        if kind == "balance modification":
            notes.open(account, amount, currency)
            return
        if kind not in ("income", "expense", "transfer"):
            raise UnreadableRecord("type", "unknown_type", f"“{kind[:40]}” is no income, expense or transfer.")
        notes.losses["geographic location"] += bool(line["geographic location"])
        notes.losses["time"] += ":" in line["time"]
        pair = f"ezbookkeeping-{line.number}" if kind == "transfer" else ""
        common: dict[str, Any] = {
            "category": () if pair else tuple(name for name in (line["category"], line["sub category"]) if name),
            "tags": split_tags(line["tags"], ";"),
            "transfer_id": pair,
        }
        text = line["description"] or line["sub category"] or line["type"]
        yield StatementRow(
            line.number, day, amount if kind == "income" else -amount, text, "", currency, line.raw,
            account=account, transfer_account=line["account2"], **common,
        )  # fmt: skip
        if pair:
            into = amount_in(line["account2 amount"], attr="account2 amount") if line["account2 amount"] else amount
            yield StatementRow(
                line.number, day, into, text, "", line["account2 currency"].upper() or currency,
                line.raw, account=line["account2"], transfer_account=account, **common,
            )  # fmt: skip

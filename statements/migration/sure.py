"""Sure, and Maybe before it: the archive of its export, or the table of transactions in it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from statements.archive.directory import names_of
from statements.delimited.encoding import storable
from statements.importer import Profile, RowPart, StatementRow, UnreadableFile, UnreadableRecord
from statements.migration.books import (
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    day_in,
    member_of,
    split_tags,
)

EVERYTHING = "all.ndjson"


class SureImporter(BookTable):
    """Transactions of Sure. In its files, money out is positive."""

    format: ClassVar[str] = "sure"
    title: ClassVar[str] = "Sure"
    required = frozenset({"date", "account_name", "amount", "name", "category", "tags", "notes", "currency"})
    losses = {
        "Budget": "Budgets are not kept. Budgets in the file: {n}.",
        "Trade": "Trades of securities are not kept. Trades in the file: {n}.",
        "Holding": "Holdings are not kept. Holdings in the file: {n}.",
        "Valuation": "Valuations are not kept. Valuations in the file: {n}.",
        "Rule": "Rules are not kept; write them again, and test each before you save it. Rules in the file: {n}.",
        "RecurringTransaction": "Recurring payments are not kept; Outlay finds them by itself. In the file: {n}.",
        "excluded": "Rows that count in no total become ordinary ones. Rows of this kind: {n}.",
        "table": "The table of transactions has no tree of categories, no splits and no transfers. "
        "Upload the whole archive to keep them.",
    }  # fmt: skip

    def recognizes(self, data: bytes) -> bool:
        return super().recognizes(data) or EVERYTHING in names_of(data)

    def amounts(self, data: bytes) -> Iterable[str]:
        return () if _everything(data) is not None else super().amounts(data)

    def n_rows(self, data: bytes) -> int:
        return super().n_rows(_everything(data) or data)

    def rows(self, data: bytes, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        everything = _everything(data)
        if everything is not None:
            return _Archive(everything, notes).rows()
        notes.losses["table"] += 1
        return super().rows(data, profile, notes)

    def rows_of(self, line: BookLine, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        yield StatementRow(
            line.number, day_in(line["date"]), -amount_in(line["amount"]), line["name"], "",
            line["currency"].upper(), line.raw, account=line["account_name"],
            category=(line["category"],) if line["category"] else (), tags=split_tags(line["tags"], ","),
            notes=line["notes"],
        )  # fmt: skip


class _Archive:
    """The records of `all.ndjson` by their type."""

    def __init__(self, text: bytes, notes: Notes) -> None:
        self._notes = notes
        self._by_type: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self._lines: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line, object_hook=_storable)
                kind, data = str(record["type"]), dict(record["data"])
            except (ValueError, KeyError, TypeError, RecursionError):
                detail = f"Line {number} of {EVERYTHING} is not a record of Sure. Export the archive again."
                raise UnreadableFile("unreadable", detail) from None
            key = str(data.get("id") or number)
            self._by_type[kind][key] = data
            if kind == "Transaction":
                self._lines[key] = number
        for kind in SureImporter.losses:
            notes.losses[kind] += len(self._by_type.get(kind, ()))
        for account in self._by_type["Account"].values():
            notes.accounts.setdefault(str(account.get("name", "")))
            notes.currencies.setdefault(str(account.get("name", "")), str(account.get("currency") or ""))
        self._pairs = {
            str(transfer[side]): str(key)
            for key, transfer in self._by_type["Transfer"].items()
            for side in ("inflow_transaction_id", "outflow_transaction_id")
            if transfer.get(side)
        }

    def rows(self) -> Iterator[Outcome]:
        for key, one in self._by_type["Transaction"].items():
            try:
                yield self._row(key, one)
            except UnreadableRecord as error:
                yield error.at(self._lines[key], ())
            except (TypeError, AttributeError):  # a number where a list belongs
                yield UnreadableRecord("line", "unreadable", "the transaction is damaged.").at(self._lines[key], ())

    def _row(self, key: str, one: dict[str, Any]) -> StatementRow:
        self._notes.losses["excluded"] += bool(one.get("excluded"))
        account = self._by_type["Account"].get(str(one.get("account_id")))
        if account is None:
            raise UnreadableRecord("account", "unknown_account", "its account is not in the file.")
        tags = (self._by_type["Tag"].get(str(pk), {}).get("name") for pk in one.get("tag_ids") or ())
        merchant = self._by_type["Merchant"].get(str(one.get("merchant_id")), {}).get("name") or ""
        parts = tuple(
            RowPart(-_amount(part.get("amount")), self._path(part.get("category_id")), str(part.get("name") or ""))
            for part in one.get("split_lines") or ()
        )
        pair = self._pairs.get(key, "")
        return StatementRow(
            self._lines[key], day_in(str(one.get("date", ""))), -_amount(one.get("amount")), str(one.get("name") or ""),
            str(merchant), str(one.get("currency") or "").upper(), (),
            external_id=f"sure-{key}" if one.get("id") else "",
            account=str(account.get("name", "")), category=() if parts or pair else self._path(one.get("category_id")),
            tags=tuple(str(tag) for tag in tags if tag), notes=str(one.get("notes") or ""), parts=parts,
            transfer_id=f"sure-{pair}" if pair else "",
        )  # fmt: skip

    def _path(self, category: Any) -> tuple[str, ...]:
        """Return the names from the root to a category; a circle ends where it begins anew."""
        path: list[str] = []
        seen = set()
        while category is not None and str(category) not in seen:
            seen.add(str(category))
            found = self._by_type["Category"].get(str(category), {})
            if found.get("name"):
                path.insert(0, str(found["name"]))
            category = found.get("parent_id")
        return tuple(path)


def _storable(data: dict[str, Any]) -> dict[str, Any]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in data.items()}


def _everything(data: bytes) -> bytes | None:
    return member_of(data, lambda name: name == EVERYTHING) if names_of(data) else None


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise UnreadableRecord("amount", "unreadable", f"“{str(value)[:40]}” is not an amount.")
    return amount

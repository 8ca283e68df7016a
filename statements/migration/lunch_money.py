"""Lunch Money: the CSV file of its transactions."""

import re
from collections.abc import Iterator
from typing import ClassVar

from statements.importer import Profile, ProfileError, ReadingQuestion, StatementRow
from statements.migration.books import (
    BookLine,
    BookTable,
    Notes,
    Outcome,
    amount_in,
    day_in,
    header_of,
    read_table,
    split_tags,
)

#: Columns that no statement of a bank has. A file with two of them is of Lunch Money.
OWN = frozenset({
    "category_group", "category_group_name", "category_name", "exclude_from_totals", "exclude_from_budget", "is_income",
    "original_name", "asset_name", "account_name", "plaid_account_name", "to_base", "status",
})  # fmt: skip
SIGNS = ("positive", "negative")
#: Its categories of money that stays with the person, in lower case.
TRANSFERS = ("payment, transfer", "transfer", "transfers", "credit card payment")
#: Words of such categories that people named themselves; these count in no total.
_OF_TRANSFERS = re.compile(r"\b(transfers?|payments?)\b", re.IGNORECASE)


class LunchMoneyImporter(BookTable):
    """Transactions of Lunch Money. Its exports differ in the sign of money out, so it is asked."""

    format: ClassVar[str] = "lunch_money"
    title: ClassVar[str] = "Lunch Money"
    required = frozenset({"date", "payee", "amount", "currency", "notes"})
    losses = {
        "transfers": "Lunch Money does not say which rows are two halves of a transfer. Outlay looks for them itself.",
        "excluded": "Categories that count in no total become ordinary ones. Rows with one: {n}.",
        "recurring": "Recurring expenses are not kept; Outlay finds what recurs by itself. Rows of one: {n}.",
    }

    def recognizes(self, data: bytes) -> bool:
        names = set(header_of(data))
        return self.required <= names and len(names & OWN) >= 2

    def suggest(self, data: bytes) -> tuple[dict[str, str], list[ReadingQuestion]]:
        amounts = [line["amount"] for line in read_table(data)]
        n_minus = sum(text.startswith("-") for text in amounts)
        taken, other = SIGNS if n_minus * 2 < len(amounts) else SIGNS[::-1]
        detail = f"Most amounts are {taken}, so these are read as money out."
        if n_minus * 2 == len(amounts):
            detail = f"Half of the amounts are {taken}; these are read as money out."
        return {"money_out": taken}, [ReadingQuestion("money_out", "unknown_sign", detail, (taken, other))]

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        faults = super().check_profile(profile, data)
        if profile.get("money_out") not in SIGNS:
            detail = f"“money_out” must be {' or '.join(SIGNS)}: the sign of amounts that are money out."
            faults.append(ProfileError("money_out", "invalid", detail))
        return faults

    def rows_of(self, line: BookLine, profile: Profile, notes: Notes) -> Iterator[Outcome]:
        amount = amount_in(line["amount"])
        notes.losses["recurring"] += bool(line["recurring_id"] or line["recurring_payee"])
        category = line["category_name"] or line["category"]
        group = line["category_group_name"] or line["category_group"]
        is_excluded = line["exclude_from_totals"].casefold() in ("true", "1", "yes")
        of_transfers = _OF_TRANSFERS.search(f"{group} {category}") is not None
        is_transfer = category.casefold() in TRANSFERS or (is_excluded and of_transfers)
        notes.losses["transfers"] |= is_transfer
        notes.losses["excluded"] += is_excluded and not is_transfer
        yield StatementRow(
            line.number, day_in(line["date"]), -amount if profile["money_out"] == "positive" else amount,
            line["original_name"] or line["payee"], line["payee"], line["currency"].upper(), line.raw,
            pending=line["status"].casefold() == "pending", external_id=_id(line),
            account=_account(line), category=() if is_transfer else tuple(name for name in (group, category) if name),
            is_transfer=is_transfer, tags=split_tags(line["tags"], ","), notes=line["notes"],
        )  # fmt: skip


def _id(line: BookLine) -> str:
    return f"lunch-money-{line['id']}" if line["id"] else ""


def _account(line: BookLine) -> str:
    names = (line[name] for name in ("account_name", "account", "asset_name", "plaid_account_name"))
    return next((name for name in names if name), "Cash")

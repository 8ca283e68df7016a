"""Drafts of many transactions in columns, for rows of a statement that differ in little more than day and amount."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import compress
from typing import Any, Self

from expenses.models.transactions import TransactionDraft


@dataclass(frozen=True, slots=True)
class DraftColumns:
    """Drafts of one account, in columns of one length.

    A look is a draft that has all fields of a row but those with a column here; rows may share it.
    """

    looks: Sequence[TransactionDraft]
    dates: Sequence[dt.date]
    amounts: Sequence[Decimal]
    fingerprints: Sequence[str | None]

    @classmethod
    def of(cls, drafts: Sequence[TransactionDraft]) -> Self:
        """Return the columns of drafts."""
        dates, amounts = [draft.date for draft in drafts], [draft.amount for draft in drafts]
        return cls(drafts, dates, amounts, [draft.fingerprint for draft in drafts])

    @classmethod
    def joined(cls, parts: Sequence[Self | TransactionDraft]) -> Self:
        """Return the columns of all parts, one below the other."""
        columns: tuple[list[Any], ...] = [], [], [], []
        for part in parts:
            rows = cls.of([part]) if isinstance(part, TransactionDraft) else part
            for column, values in zip(columns, (rows.looks, rows.dates, rows.amounts, rows.fingerprints), strict=True):
                column.extend(values)
        return cls(*columns)

    def __len__(self) -> int:
        return len(self.looks)

    def where(self, wanted: Sequence[bool]) -> Self:
        """Return the columns of the rows that are wanted."""
        columns = (self.looks, self.dates, self.amounts, self.fingerprints)
        return type(self)(*(list(compress(column, wanted)) for column in columns))  # type: ignore[arg-type]

    def draft(self, index: int) -> TransactionDraft:
        """Return the draft at an index from 0."""
        date, amount, fingerprint = self.dates[index], self.amounts[index], self.fingerprints[index]
        look = self.looks[index]
        if look.fingerprint == fingerprint:
            return look
        return replace(look, date=date, amount=amount, fingerprint=fingerprint)

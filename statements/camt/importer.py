"""The importer of CAMT.052, 053 and 054: accounts, balances and rows of every version of the messages."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar
from xml.etree.ElementTree import Element

from expenses.ledger.ibans import iban_in
from statements.camt.document import STATEMENTS, StatementPart, document_encoding, document_parts
from statements.camt.entries import amount_of, date_of, rows_of, sign_of, text_at
from statements.importer import (
    FileAccount,
    Importer,
    Profile,
    ProfileError,
    Reading,
    RowError,
    Skipped,
    StatementRow,
    UnreadableRecord,
)
from statements.messages.accounts import AccountList, balance_warning, most_telling
from statements.messages.profile import message_profile, message_profile_faults, without_pending

FORMAT = "camt"
_HEAD_BYTES = 1 << 16
_NUL = b"\x00"
_ROOT = re.compile(
    rb"<(?:[A-Za-z0-9._-]{1,40}:)?Document[\s>/]|BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)|urn:iso:std:iso:20022"
)
_OPENING = ("OPBD", "PRCD")
_CLOSING = "CLBD"
_NOTIFICATION = (
    "This is a notification (camt.054). A statement of the account (camt.053) may list the same entries, perhaps as "
    "one sum; record one of the two."
)


class _Statement:
    """One statement while it is read: its account, and the balances that its booked entries must lead to."""

    def __init__(self, start: StatementPart) -> None:
        self._line = start.line
        self._account: FileAccount | None = None
        self._key = self._iban = self._owner = self._currency = ""
        self._balances: dict[str, tuple[Decimal, str, dt.date | None]] = {}
        self._booked: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._is_page = False

    def rows(self, part: StatementPart, accounts: AccountList) -> Iterator[StatementRow | RowError | Skipped]:
        """Take a part in, and yield the rows of an entry."""
        if part.name == "Acct":
            self._name(part.element, accounts)
        elif part.name == "Bal":
            self._add_balance(part.element)
        elif part.name == "Ntry":
            rows = rows_of(part, account=self._key, iban=self._iban, owner=self._owner, currency=self._currency)
            for row in rows:
                if isinstance(row, StatementRow) and not row.pending:
                    self._booked[row.currency] += row.amount
                yield row
        else:
            is_first = text_at(part.element, "PgNb") in ("", "1")
            self._is_page = not (is_first and text_at(part.element, "LastPgInd").lower() in ("true", "1"))

    def close(self, accounts: AccountList) -> str:
        """Give the account its closing balance; return the sentence about a difference, "" if there is none."""
        closing = self._balances.get(_CLOSING)
        if closing is None:
            return ""
        amount, currency, date = closing
        accounts.close(self._key, amount, date)
        opening = next((self._balances[code] for code in _OPENING if code in self._balances), None)
        if opening is None or self._is_page:
            return ""
        return (
            balance_warning(
                self._line,
                self._key,
                opening=opening[0],
                booked=self._booked[currency],
                closing=amount,
                currency=currency,
            )
            if opening[1] == currency
            else ""
        )

    def _name(self, element: Element, accounts: AccountList) -> None:
        number = text_at(element, "Id/IBAN") or text_at(element, "Id/Othr/Id") or text_at(element, "Id/Prtry/Id")
        number = "".join(number.split())
        self._iban, self._currency = iban_in(number), text_at(element, "Ccy")
        self._owner = text_at(element, "Ownr/Nm") or text_at(element, "Ownr/Pty/Nm")
        bank = "Svcr/FinInstnId"
        self._key = accounts.add(
            FileAccount(
                key=self._iban or number,
                name=text_at(element, "Nm"),
                iban=self._iban,
                number="" if self._iban else number,
                bank=next(filter(None, (text_at(element, f"{bank}/{name}") for name in ("BICFI", "BIC", "Nm"))), ""),
                currency=self._currency,
            )
        )

    def _add_balance(self, element: Element) -> None:
        code = (
            text_at(element, "Tp/CdOrPrtry/Cd") or text_at(element, "Tp/Cd") or text_at(element, "Tp/CdOrPrtry/Prtry")
        )
        amount = element.find("Amt")
        try:
            value, date = amount_of(amount) * sign_of(element), date_of(element.find("Dt"))
        except UnreadableRecord:
            return  # rows do not need it
        currency = (amount.get("Ccy") if amount is not None else "") or self._currency
        if code in _OPENING and code in self._balances:
            return  # the first one; a report may repeat balances
        self._balances[code] = (value, currency, date)


class CamtImporter(Importer):
    """CAMT.052, 053 and 054 of any version, with or without a namespace."""

    format: ClassVar[str] = FORMAT
    title: ClassVar[str] = "CAMT"

    def recognizes(self, data: bytes) -> bool:
        head = data[:_HEAD_BYTES].replace(_NUL, b"")  # two bytes a character
        return b"<" in head[:4096] and _ROOT.search(head) is not None

    def n_rows(self, data: bytes) -> int:
        text = data.replace(_NUL, b"")
        return max(text.count(b"Ntry>"), text.count(b"TxDtls>")) // 2  # those of a batch become rows of their own

    def detect(self, data: bytes) -> Reading:
        encoding = document_encoding(data)
        accounts = AccountList()
        warnings: list[str] = []
        for _ in _rows(data, encoding, accounts, warnings):
            pass
        profile = message_profile(FORMAT, encoding=encoding)
        return Reading(profile, [], accounts=accounts.found, warnings=most_telling(warnings))

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        encoding = str(profile.get("encoding") or document_encoding(data))
        rows = _rows(data, encoding, AccountList(), [])
        return without_pending(rows) if profile.get("leave_out_pending") else rows

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        return message_profile_faults(profile, data, format_name=FORMAT)


def _rows(
    data: bytes, encoding: str, accounts: AccountList, warnings: list[str]
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows of all statements; add to the accounts and warnings on the way. Raises UnreadableFile."""
    statement = None
    for part in document_parts(data, encoding):
        if part.name not in STATEMENTS:
            if statement is not None:
                yield from statement.rows(part, accounts)
            continue
        if statement is not None:
            warnings.append(statement.close(accounts))
        elif part.name == "Ntfctn":
            warnings.append(_NOTIFICATION)
        statement = _Statement(part)
    if statement is not None:
        warnings.append(statement.close(accounts))

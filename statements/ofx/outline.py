"""The outline of an OFX file: its accounts and balances, its faults, and how its amounts are written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from statements.delimited.amounts import AmountError, proven_decimal
from statements.importer import FileAccount, UnreadableFile
from statements.ofx.markup import Aggregate, StrayEnd
from statements.ofx.rows import (
    STATEMENTS,
    TRANSACTIONS,
    Place,
    account_of,
    default_currency,
    is_security,
    kind_of,
    own_currency,
    placed,
    read_amount,
    read_day,
)

#: What a file without a statement is instead.
_OTHERS = {
    "PROFRS": "a profile of the bank's server",
    "ACCTINFORS": "a list of accounts",
    "INTRARS": "the answer to a transfer",
    "PMTRS": "the answer to a payment",
    "STMTRQ": "a program's request for a statement",
    "CCSTMTRQ": "a program's request for a statement",
}
_MAX_SHOWN = 200


@dataclass(slots=True)
class OfxOutline:
    """`amounts` are the distinct texts of amounts; `refusal` is the bank's own first error, "" if it sent none.

    `debits` holds whether amounts of the type DEBIT are written with a minus: True, False, both or none.
    """

    accounts: dict[str, FileAccount] = field(default_factory=dict)
    amounts: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    n_statements: int = 0
    n_transactions: int = 0
    n_without_currency: int = 0
    n_securities: int = 0
    debits: set[bool] = field(default_factory=set)
    refusal: str = ""
    other: str = ""
    is_cut: bool = False

    def decimal(self) -> tuple[str, bool]:
        """Return (separator of fractions, True if the amounts leave no doubt). OFX itself knows no thousands."""
        texts = sorted(self.amounts)
        proven = proven_decimal(texts)
        if proven:
            return proven, True
        used = {char for text in texts for char in text if char in ".,"}
        return ("," if used == {","} else "."), not used

    def check(self) -> None:
        """Raise `UnreadableFile` if the file holds no statement, with what it is instead."""
        if self.n_statements or self.n_transactions:
            return
        if self.refusal:
            detail = f"The bank sent an error instead of a statement: {self.refusal}. Download the statement again."
            raise UnreadableFile("bank_error", detail)
        what = f"it is {self.other}" if self.other else "it has no list of transactions"
        detail = f"This OFX file holds no statement: {what}. Download the list of transactions of an account."
        raise UnreadableFile("no_statement", detail)

    def warnings(self) -> list[str]:
        """Return sentences about the whole file."""
        found = []
        if self.is_cut:
            found.append("The file ends before its last end tag. Later transactions may be missing: download it again.")
        if self.refusal:
            found.append(f"The bank sent an error for a part of the file: {self.refusal}.")
        if self.n_without_currency:
            found.append("The file names no currency for some transactions. They are taken in that of the account.")
        if self.n_securities:
            count = (
                f"{self.n_securities} movements of securities" if self.n_securities > 1 else "1 movement of securities"
            )
            found.append(f"The file holds {count}. They are left out, since they are no income or expense.")
        return found


def outline_of(aggregates: Iterable[Aggregate | StrayEnd]) -> OfxOutline:
    """Read the file once."""
    outline = OfxOutline()
    for movement, place in placed(_noted(aggregates, outline)):
        if movement.tag in TRANSACTIONS:
            outline.n_transactions += 1
        if isinstance(movement, StrayEnd):
            continue
        if is_security(movement):
            outline.n_securities += 1
        else:
            _add_transaction(outline, movement, place)
    return outline


def _add_transaction(outline: OfxOutline, transaction: Aggregate, place: Place) -> None:
    outline.n_without_currency += not (place.currency or own_currency(transaction))
    amount = transaction.fields.get("TRNAMT", "")[:60]
    outline.amounts.add(amount)
    if kind_of(transaction) == "DEBIT" and any("1" <= char <= "9" for char in amount):
        outline.debits.add(amount[0] in "-(\u2212" or amount[-1] == "-")
    account = place.account
    if account is not None and account.key not in outline.accounts:
        outline.accounts[account.key] = replace(account, currency=place.currency)


def _noted(aggregates: Iterable[Aggregate | StrayEnd], outline: OfxOutline) -> Iterator[Aggregate | StrayEnd]:
    """Pass the aggregates on, and note the statements, the bank's errors and what else the file may be."""
    for aggregate in aggregates:
        if isinstance(aggregate, Aggregate):
            outline.is_cut |= aggregate.is_open
            if aggregate.tag == "STATUS":
                outline.refusal = outline.refusal or _refusal(aggregate)
            elif aggregate.tag in STATEMENTS:
                _add_statement(outline, aggregate)
            elif aggregate.tag in _OTHERS:
                outline.other = outline.other or _OTHERS[aggregate.tag]
        yield aggregate


def _add_statement(outline: OfxOutline, statement: Aggregate) -> None:
    outline.n_statements += 1
    currency = default_currency(statement)
    outline.currencies.add(currency)
    account = account_of(statement)
    if account is None:
        return
    known = outline.accounts.get(account.key, account)
    balance = statement.parts.get("LEDGERBAL")
    text, date = (balance.fields.get("BALAMT", ""), balance.fields.get("DTASOF", "")) if balance else ("", "")
    if not text:  # OFC has it beside the transactions
        text, date = statement.fields.get("LEDGER", ""), statement.fields.get("DTEND", "")
    day = read_day(date)
    try:
        amount = read_amount(text, ".") if text else None
    except AmountError:
        amount = None
    if amount is not None and (known.balance_date is None or (day is not None and day >= known.balance_date)):
        known = replace(known, balance=amount, balance_date=day)
    outline.accounts[account.key] = replace(known, currency=known.currency or currency)


def _refusal(status: Aggregate) -> str:
    """Return the bank's message of an error, "" for success or a warning."""
    fields = status.fields
    code = fields.get("CODE", "")
    if fields.get("SEVERITY", "").upper() != "ERROR" or not code.strip("0"):
        return ""
    message = fields.get("MESSAGE", "")[:_MAX_SHOWN].rstrip(".")
    return f"“{message}” (code {code[:20]})" if message else f"code {code[:20]}"

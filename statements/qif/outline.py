"""The outline of a QIF file: its accounts, and what the user has to know before the rows are recorded."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from expenses.ledger.ibans import iban_in
from statements.delimited.amounts import AmountError, parse_amount
from statements.importer import FileAccount, UnreadableFile
from statements.qif.dates import read_date
from statements.qif.records import ACCOUNTS, QifRecord, is_opening_balance
from statements.qif.rows import QifOptions, has_faulty_parts, skip_reason


@dataclass(slots=True)
class QifOutline:
    """`named` are the accounts that lists of accounts describe, `used` those with transactions, in file order.

    `skipped` counts records by the reason; the others hold numbers of lines.
    """

    named: dict[str, FileAccount] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    openings: list[int] = field(default_factory=list)
    faulty_parts: list[int] = field(default_factory=list)
    has_header: bool = True

    def accounts(self) -> list[FileAccount]:
        return [self.named.get(name) or _account(name) for name in self.used]

    def warnings(self) -> list[str]:
        """Return sentences about the whole file."""
        found = ["QIF names no currency. All amounts are taken in that of the account."]
        if not self.has_header:
            found.append("The file has no header such as !Type:Bank. Its records are taken for those of one account.")
        n = self.skipped["security"]
        if n:
            count = f"{n} records about securities" if n > 1 else "1 record about securities"
            found.append(f"The file holds {count}. They are left out, since they are no income or expense.")
        if self.openings:
            found.append(
                f"{_lines(self.openings)}: an opening balance. Delete its row if the account has a balance already."
            )
        if self.faulty_parts:
            found.append(f"{_lines(self.faulty_parts)}: the parts do not add up to the amount. The row has no parts.")
        return found


def outline_of(records: Iterable[QifRecord], options: QifOptions) -> QifOutline:
    """Read the file once. Raises `UnreadableFile` if it holds lists alone."""
    outline = QifOutline()
    has_movements = False
    for record in records:
        reason = skip_reason(record)
        if reason:
            outline.skipped[reason] += 1
            if record.section == ACCOUNTS and (name := record.first("N")):
                account = _described_account(name, record, options)
                if name not in outline.named or account.balance is not None:  # it comes again without the balance
                    outline.named[name] = account
            continue
        has_movements = True
        outline.has_header &= bool(record.section)
        if record.account:
            outline.used[record.account] = None
        if is_opening_balance(record):
            outline.openings.append(record.line)
        if has_faulty_parts(record, options):
            outline.faulty_parts.append(record.line)
    lists = sorted(outline.skipped.keys() - {"preamble"})
    if lists and not has_movements and "security" not in lists:
        detail = f"This QIF file has no transactions, only lists ({', '.join(lists)}). Export those of an account."
        raise UnreadableFile("no_statement", detail)
    return outline


def _account(name: str) -> FileAccount:
    iban = iban_in(name)
    is_number = sum(map(str.isdigit, name)) * 2 > len(name)
    return FileAccount(name, name=name, iban=iban, number="".join(name.split()) if is_number and not iban else "")


def _described_account(name: str, record: QifRecord, options: QifOptions) -> FileAccount:
    """Return an account with the balance that a list of accounts gives."""
    account = _account(name)
    text = next((split["$"] for split in record.splits if "$" in split), "")
    try:
        balance = parse_amount(text, options.decimal).value if text else None
    except AmountError:
        balance = None
    day = read_date(record.first("/"), options.date_format) if balance is not None else None
    return FileAccount(
        account.key, name=name, iban=account.iban, number=account.number, balance=balance, balance_date=day
    )


def _lines(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:3]))
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return f"Line {shown}" if len(numbers) == 1 else f"Lines {shown}{more}"

"""OFX 2.2: one statement for each account and currency (Open Financial Exchange 2.2, sections 2 and 11).

The text is written by hand: libraries build the whole tree first, and a ledger may be larger than the memory.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from xml.sax.saxutils import escape

from expenses.models import Account, AccountType
from statements.export.columns import ExportRow
from statements.export.rows import flat

#: Characters that XML 1.0 forbids.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Lengths of the standard.
NAME_LENGTH, MEMO_LENGTH, ACCOUNT_LENGTH, BANK_LENGTH = 32, 255, 22, 9
HEADER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)
STATUS = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
N_JOINED = 500


@dataclass(frozen=True, slots=True)
class OfxStatement:
    """The rows of one account, None for those without, in one currency; `balance` is that at the end of `last`."""

    account: Account | None
    currency: str
    first: dt.date
    last: dt.date
    balance: Decimal
    read: Callable[[], Iterable[Sequence[ExportRow]]]


def write_ofx(statements: Sequence[OfxStatement], *, at: dt.datetime) -> Iterator[bytes]:
    """Yield the file in UTF-8: bank accounts, then cards. `at` is the time of the export."""
    yield (
        f"{HEADER}<OFX>\n<SIGNONMSGSRSV1><SONRS>{STATUS}<DTSERVER>{at:%Y%m%d%H%M%S}[0:GMT]</DTSERVER>"
        "<LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n"
    ).encode()
    cards = [one for one in statements if one.account and one.account.type == AccountType.CARD]
    banks = [one for one in statements if one not in cards]
    for found, messages, prefix in ((banks, "BANKMSGSRSV1", ""), (cards, "CREDITCARDMSGSRSV1", "CC")):
        if found:
            yield f"<{messages}>\n".encode()
            for nth, statement in enumerate(found, start=1):
                yield from _statement(statement, prefix, nth)
            yield f"</{messages}>\n".encode()
    yield b"</OFX>\n"


def _statement(statement: OfxStatement, prefix: str, nth: int) -> Iterator[bytes]:
    account = statement.account
    number = f"<ACCTID>{_number(account)}</ACCTID>"
    if not prefix:
        kind = "SAVINGS" if account and account.type == AccountType.SAVINGS else "CHECKING"
        number = f"<BANKID>OUTLAY</BANKID>{number}<ACCTTYPE>{kind}</ACCTTYPE>"
    who = f"{prefix or 'BANK'}ACCTFROM"
    yield (
        f"<{prefix}STMTTRNRS><TRNUID>{nth}</TRNUID>{STATUS}\n<{prefix}STMTRS><CURDEF>{statement.currency}</CURDEF>"
        f"<{who}>{number}</{who}>\n<BANKTRANLIST>{_day('DTSTART', statement.first)}{_day('DTEND', statement.last)}\n"
    ).encode()
    lines = []
    for _, same in groupby(flat(statement.read()), key=lambda row: row.whole or -row.id):
        lines.append(_movement(list(same)))
        if len(lines) >= N_JOINED:
            yield "".join(lines).encode()
            lines = []
    lines.append(
        f"</BANKTRANLIST>\n<LEDGERBAL><BALAMT>{statement.balance:f}</BALAMT>{_day('DTASOF', statement.last)}"
        f"</LEDGERBAL></{prefix}STMTRS></{prefix}STMTTRNRS>\n"
    )
    yield "".join(lines).encode()


def _movement(parts: list[ExportRow]) -> str:
    """Return a transaction; the parts of a split one are a single movement of money, as at the bank."""
    first = parts[0]
    amount = sum((Decimal(row.amount) for row in parts), Decimal(0))
    kind = "XFER" if first.kind == "transfer" else "CREDIT" if amount > 0 else "DEBIT"
    name = _text(first.merchant or first.raw_description)
    memo = _text(first.raw_description)
    known = first.external_id or f"outlay-{first.whole or first.id}"
    return (
        f"<STMTTRN><TRNTYPE>{kind}</TRNTYPE>{_day('DTPOSTED', dt.date.fromisoformat(first.day))}"
        f"<TRNAMT>{amount:f}</TRNAMT><FITID>{escape(_text(known))}</FITID><NAME>{escape(name[:NAME_LENGTH])}</NAME>"
        f"<MEMO>{escape(memo[:MEMO_LENGTH])}</MEMO></STMTTRN>\n"
    )


def _number(account: Account | None) -> str:
    """Return the number by which the next import recognizes the account."""
    if account is None:
        return "none"
    known = getattr(account, "iban", "") or getattr(account, "number", "")
    return escape(known) if 0 < len(known) <= ACCOUNT_LENGTH else f"outlay-{account.pk}"


def _day(tag: str, day: dt.date) -> str:
    """Return noon of the day, which is the same day in nearly every time zone."""
    return f"<{tag}>{day:%Y%m%d}120000[0:GMT]</{tag}>"


def _text(text: str) -> str:
    return " ".join(FORBIDDEN.sub("", text).split())

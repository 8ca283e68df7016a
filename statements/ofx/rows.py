"""Transactions of OFX as rows, with the account and the currency of the statement around them."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from expenses.ledger.ibans import iban_in
from statements.delimited.amounts import MAX_DECIMALS, AmountError, parse_amount, possible_decimals
from statements.delimited.columns import is_mcc
from statements.delimited.words import currency_of, is_currency
from statements.importer import FileAccount, RowError, Skipped, StatementRow, UnreadableRecord
from statements.ofx.markup import Aggregate, StrayEnd

Outcome = StatementRow | RowError | Skipped

TRANSACTIONS = frozenset({"STMTTRN", "STMTTRNP"})
#: Aggregates that hold the transactions of one account.
STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
ACCOUNTS = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "ACCTFROM")
#: What stands for a missing text: words for the types of transactions that say something.
_TYPES = {
    "INT": "Interest",
    "DIV": "Dividend",
    "FEE": "Fee",
    "SRVCHG": "Service charge",
    "DEP": "Deposit",
    "ATM": "ATM",
    "POS": "Point of sale",
    "XFER": "Transfer",
    "CHECK": "Check",
    "PAYMENT": "Payment",
    "CASH": "Cash",
    "DIRECTDEP": "Direct deposit",
    "DIRECTDEBIT": "Direct debit",
    "REPEATPMT": "Standing order",
}
_SHOWN = 40
#: The calendar day as the bank wrote it; a time of day and a zone after it do not move it.
_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})(?:[0-9:.,TZ+-]*)(?:[ \[].*)?")
_EMPTY_DAY = re.compile(r"[0: .-]*(?:\[.*)?")
_EXPONENT = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,18})?[eE][+-]?[0-9]{1,2}")
_USUAL = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,2})?")
#: More fractions than any ledger counts, as programs write that calculate in binary.
_LONG = re.compile(r"([+-]?)0*([0-9]{1,12})[.,]([0-9]{1,5000})")


@dataclass(frozen=True, slots=True)
class OfxOptions:
    """How transactions are read: the separator of fractions, the currency where none is named, pending ones or not.

    With `signs_by_type`, the type says whether money goes in or out, and the sign of the amount counts for nothing.
    """

    decimal: str = "."
    currency: str = ""
    leaves_out_pending: bool = False
    signs_by_type: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Account of the statement around a transaction, its currency ("" if none), and whether it lists pending ones."""

    account: FileAccount | None
    currency: str
    is_pending: bool


def read_rows(aggregates: Iterable[Aggregate | StrayEnd], options: OfxOptions) -> Iterator[Outcome]:
    """Yield a row, an error or a skipped record for each transaction, in the order of the file."""
    for movement, place in placed(aggregates):
        yield _outcome(movement, place, options)


def placed(aggregates: Iterable[Aggregate | StrayEnd]) -> Iterator[tuple[Aggregate | StrayEnd, Place]]:
    """Yield each transaction and each movement of securities with its place, in the order of the file."""
    waiting: list[Aggregate | StrayEnd] = []  # transactions before the account or the currency of their statement
    known: Place | None = None
    parent: Aggregate | None = None
    for aggregate in aggregates:
        if isinstance(aggregate, Aggregate) and aggregate.tag in STATEMENTS:
            yield from ((held, _place_of(held)) for held in waiting)
            waiting, known = [], None
        elif not is_movement(aggregate):
            continue
        elif waiting or isinstance(aggregate, StrayEnd):
            waiting.append(aggregate)
        else:
            if known is None or parent is not aggregate.parent:
                place, parent = _place_of(aggregate), aggregate.parent
                known = place if place.account is not None and place.currency else None
            if known is None:
                waiting.append(aggregate)
            else:
                yield aggregate, known
    yield from ((held, _place_of(held)) for held in waiting)


def _place_of(movement: Aggregate | StrayEnd) -> Place:
    if isinstance(movement, StrayEnd):
        return Place(None, "", is_pending=False)
    is_listed_as_pending = any(outer.tag == "BANKTRANLISTP" for outer in movement.around())
    return Place(account_of(movement), default_currency(movement), is_listed_as_pending)


def is_movement(aggregate: Aggregate | StrayEnd) -> bool:
    """Return True for a transaction, or a movement of securities."""
    return aggregate.tag in TRANSACTIONS or (isinstance(aggregate, Aggregate) and is_security(aggregate))


def is_security(aggregate: Aggregate) -> bool:
    """Return True for a purchase, sale or transfer of securities."""
    is_listed = aggregate.parent is not None and aggregate.parent.tag == "INVTRANLIST"
    return is_listed and aggregate.tag not in TRANSACTIONS and aggregate.tag != "INVBANKTRAN"


def is_pending(transaction: Aggregate, place: Place) -> bool:
    return place.is_pending or transaction.tag == "STMTTRNP" or kind_of(transaction) == "HOLD"


def account_of(aggregate: Aggregate) -> FileAccount | None:
    """Return the account that the aggregate belongs to, without a balance; None if the file names none."""
    for outer in (aggregate, *aggregate.around()):
        for tag in ACCOUNTS:
            if tag in outer.parts and outer.parts[tag].fields.get("ACCTID"):
                fields = outer.parts[tag].fields
                bank = fields.get("BANKID") or fields.get("BROKERID") or ""
                return _account(bank, fields.get("BRANCHID", ""), fields["ACCTID"], fields.get("ACCTTYPE", "").upper())
    return None


@lru_cache(maxsize=256)
def _account(bank: str, branch: str, number: str, kind: str) -> FileAccount:
    """Return an account. Banks give one number to several accounts, so that bank and type belong to the key."""
    compact = "".join(number.split())
    key = "/".join(filter(None, (bank, branch, compact, kind)))
    iban = iban_in(number)
    return FileAccount(key, iban=iban, number="" if iban else compact, bank=bank)


def default_currency(aggregate: Aggregate) -> str:
    """Return the currency of the statement around an aggregate, "" if the file names none."""
    for outer in (aggregate, *aggregate.around()):
        code = currency_of(outer.fields.get("CURDEF", ""))
        if code:
            return code
    return ""


def _outcome(aggregate: Aggregate | StrayEnd, place: Place, options: OfxOptions) -> Outcome:
    line = aggregate.line
    if isinstance(aggregate, StrayEnd):
        detail = f"Line {line}: a transaction ends here, but its beginning <{aggregate.tag}> is missing."
        return RowError(line, "line", "cut_off", detail, ())
    if is_security(aggregate):
        return Skipped(line, "security", _raw(aggregate))
    try:
        return _row(aggregate, place, options)
    except UnreadableRecord as error:
        return error.at(line, _raw(aggregate))


def _row(transaction: Aggregate, place: Place, options: OfxOptions) -> StatementRow | Skipped:
    if transaction.is_open:
        raise UnreadableRecord("line", "cut_off", "the file ends within this transaction. Download it again.")
    day, amount = _day(transaction), _amount(transaction, options)
    fields, line, raw = transaction.fields, transaction.line, _raw(transaction)
    pending = is_pending(transaction, place)
    if fields.get("CORRECTACTION", "").upper() == "DELETE":
        return Skipped(line, "correction", raw)
    if not amount:
        return Skipped(line, "zero", raw, day)
    if pending and options.leaves_out_pending:
        return Skipped(line, "pending", raw)
    merchant, description = _texts(transaction)
    code = fields.get("SIC", "")
    return StatementRow(
        line,
        day,
        amount,
        description,
        merchant,
        own_currency(transaction) or place.currency or options.currency,
        raw,
        pending,
        external_id=fields.get("FITID", ""),
        iban=_other_iban(transaction),
        mcc=code if is_mcc(code) else "",
        account=place.account.key if place.account else "",
    )


def _day(transaction: Aggregate) -> dt.date:
    """Return the day of posting; if it is empty, that of the transaction. Raises if there is none, or two."""
    for tag in ("DTPOSTED", "DTTRAN", "DTUSER"):
        text = transaction.fields.get(tag, "")
        if tag in transaction.repeated:
            raise UnreadableRecord("date", "repeated", f"the transaction has two different fields <{tag}>.")
        if not _EMPTY_DAY.fullmatch(text):
            day = read_day(text)
            if day is None:
                raise UnreadableRecord("date", "unreadable", f"“{text[:_SHOWN]}” is not a date of the form YYYYMMDD.")
            return day
    raise UnreadableRecord("date", "missing", "the transaction has no date.")


def read_day(text: str) -> dt.date | None:
    """Return the calendar day of a date as OFX writes it, None if it is not one."""
    match = _DAY.fullmatch(text)
    try:
        return dt.date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def _amount(transaction: Aggregate, options: OfxOptions) -> Decimal:
    text = transaction.fields.get("TRNAMT", "")
    if "TRNAMT" in transaction.repeated:
        raise UnreadableRecord("amount", "repeated", "the transaction has two different amounts.")
    if not text:
        raise UnreadableRecord("amount", "missing", "the transaction has no amount.")
    try:
        amount = read_amount(text, options.decimal)
    except AmountError as error:
        raise UnreadableRecord("amount", "unreadable", f"“{text[:_SHOWN]}” {error}.") from None
    kind = kind_of(transaction)
    if options.signs_by_type and kind in ("DEBIT", "CREDIT"):
        return -abs(amount) if kind == "DEBIT" else abs(amount)
    return amount


def kind_of(transaction: Aggregate) -> str:
    """Return the type of a transaction in capital letters, such as DEBIT."""
    return transaction.fields.get("TRNTYPE", "").upper()


def read_amount(text: str, decimal: str) -> Decimal:
    """Return a signed amount; `decimal` decides where a separator may mean two things. Raises `AmountError`."""
    if _USUAL.fullmatch(text):  # reads in one way only
        return Decimal(text.replace(",", "."))
    if _EXPONENT.fullmatch(text):
        return Decimal(f"{Decimal(text):f}")
    long = _LONG.fullmatch(text)
    if long and len(long[3]) > MAX_DECIMALS:
        shown = Decimal(f"{long[1]}{long[2]}.{long[3][: MAX_DECIMALS + 1]}")
        return shown.quantize(Decimal(10) ** -MAX_DECIMALS, ROUND_HALF_EVEN, Context(prec=40))
    if any(map(str.isalpha, text)) or is_currency(text.strip("+-0123456789., ")):
        raise AmountError("is not an amount")
    proven = possible_decimals(text)
    return parse_amount(text, proven if len(proven) == 1 else decimal).value


def own_currency(transaction: Aggregate) -> str:
    """Return the currency of the transaction's own amount. That of `<ORIGCURRENCY>` was converted already."""
    own = transaction.parts.get("CURRENCY")
    return currency_of(own.fields.get("CURSYM") or own.text) if own else ""


def _texts(transaction: Aggregate) -> tuple[str, str]:
    """Return (merchant, description)."""
    fields = transaction.fields
    payee = transaction.parts.get("PAYEE")
    name = fields.get("NAME", "") or (payee.fields.get("NAME", "") or payee.text if payee else "")
    merchant = fields.get("EXTDNAME") or name
    description = fields.get("MEMO") or merchant
    kind = _TYPES.get(kind_of(transaction), "")
    number = fields.get("CHECKNUM", "") if kind == "Check" else ""
    if number and number not in description and number not in merchant:
        description = f"{description} {kind} {number}".strip()
    return merchant, description or kind


def _other_iban(transaction: Aggregate) -> str:
    """Return the IBAN of the other side, "" if it has another number or none."""
    other = transaction.parts.get("BANKACCTTO")
    return iban_in(other.fields.get("ACCTID", "")) if other else ""


def _raw(aggregate: Aggregate) -> tuple[str, ...]:
    return tuple(f"{tag}: {text}" for tag, text in aggregate.fields.items() if text)

"""The importer of MT940 and MT942: accounts, balances and rows of every statement in a file."""

import re
from collections.abc import Iterator
from typing import ClassVar

from expenses.ledger.ibans import iban_in
from expenses.ledger.money import currency_codes
from statements.delimited.encoding import detect_encoding
from statements.importer import (
    FileAccount,
    Importer,
    Profile,
    ProfileError,
    Reading,
    RowError,
    Skipped,
    StatementRow,
    UnreadableFile,
    UnreadableRecord,
)
from statements.messages.accounts import AccountList, balance_warning, most_telling
from statements.messages.profile import message_profile, message_profile_faults, without_pending
from statements.mt940.details import Details, details_of
from statements.mt940.fields import Field, Mt940Statement, statements_of
from statements.mt940.movements import StatedBalance, StatementLine, balance_of, movement_of

FORMAT = "mt940"
MAX_DESCRIPTION = 2000
_HEAD_BYTES = 1 << 16
_BEGIN = rb"(?:\A|[\r\n}:\x01\xbf])[ \t]{0,3}:[ ]?"
_MOVEMENT = re.compile(_BEGIN + rb"61:\s?[0-9]{6}")
_FIRST = re.compile(_BEGIN + rb"20:")
_SECOND = re.compile(rb":(?:25P?|28C?|60[FM]|34F|62[FM]):", re.IGNORECASE)
_OPENING = ("60F", "60M", "60")
_CLOSING = ("62F", "62M", "62")
_INTERIM = ("34F", "90D", "90C")
#: A text after one of these belongs to the account, not to a movement.
_NOT_OF_MOVEMENT = frozenset(
    (*_OPENING, *_CLOSING, "64", "64F", "65", "65F", "90C", "90D", "20", "25", "25P", "28", "28C")
)
#: Balances of what is available come after the closing one, and a few banks write them alone.
_AFTER_CLOSING = ("64", "64F", "65", "65F")
#: A limit EURD100, a sum 3EUR10,00, a balance C200302EUR10,00.
_CURRENCY = re.compile(r"(?:[CD]?[0-9]+)?([A-Z]{3})")
_NO_REFERENCE = frozenset(("NONREF", "KREF+", "EREF", "EREF+", "NOREF", "NOTPROVIDED", "PREF", "MARF"))
_SUPPLEMENT_CODES = ("/OCMT/", "/CHGS/", "/EXCH/")
_LONG_ENOUGH = 8
_FEWEST_DIGITS = 4
_NS_CODE = re.compile(r"^[0-9]{2}")


class Mt940Importer(Importer):
    """MT940 statements and MT942 interim reports of SWIFT, with or without envelopes."""

    format: ClassVar[str] = FORMAT
    title: ClassVar[str] = "MT940"

    def recognizes(self, data: bytes) -> bool:
        head = data[:_HEAD_BYTES].replace(b"\x00", b"")  # two bytes a character
        return bool(_MOVEMENT.search(head) or (_FIRST.search(head) and _SECOND.search(head)))

    def n_rows(self, data: bytes) -> int:
        return data.count(b":61:")

    def detect(self, data: bytes) -> Reading:
        encoding = detect_encoding(data)
        accounts = AccountList()
        warnings: list[str] = []
        for _ in _rows(data, encoding, accounts, warnings):
            pass
        profile = message_profile(FORMAT, encoding=encoding)
        return Reading(profile, [], accounts=accounts.found, warnings=most_telling(warnings))

    def read(self, data: bytes, profile: Profile) -> Iterator[StatementRow | RowError | Skipped]:
        rows = _rows(data, str(profile.get("encoding") or detect_encoding(data)), AccountList(), [])
        return without_pending(rows) if profile.get("leave_out_pending") else rows

    def check_profile(self, profile: Profile, data: bytes) -> list[ProfileError]:
        return message_profile_faults(profile, data, format_name=FORMAT)


def _rows(
    data: bytes, encoding: str, accounts: AccountList, warnings: list[str]
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows of all statements; add to the accounts and warnings on the way. Raises UnreadableFile."""
    statement = None
    for statement in statements_of(data, encoding):
        yield from _rows_of(statement, accounts, warnings)
    if statement is None:
        raise UnreadableFile(
            "no_statement",
            "This MT940 file holds no statement. Download it from your bank again, and upload that file.",
        )
    _check_end(statement)


def _check_end(statement: Mt940Statement) -> None:
    """Refuse a file that was cut off: its last statement has begun and does not close. Raises UnreadableFile."""
    is_closed = statement.has(*_AFTER_CLOSING) or any(
        field.tag in _CLOSING and balance_of(field.text) for field in statement.fields
    )
    is_open = statement.has(*_OPENING) or statement.has(*_CLOSING) or statement.is_enveloped
    if is_open and not is_closed and not statement.is_ended:
        raise UnreadableFile(
            "cut_off",
            f"Line {statement.last_line}: the file ends in the middle of the statement from line {statement.line}, "
            "before its closing balance (:62F:). Download the file from your bank again.",
        )


def _rows_of(
    statement: Mt940Statement, accounts: AccountList, warnings: list[str]
) -> Iterator[StatementRow | RowError | Skipped]:
    opening = _balance(statement, _OPENING)
    closing = _balance(statement, _CLOSING, last=True)
    currency = _currency(statement, opening, closing)
    account = _account(statement, currency)
    key = accounts.add(account) if account else ""
    is_interim = statement.kind == "942" or (opening is None and closing is None and statement.has(*_INTERIM))
    for line, texts in _movements(statement):
        raw = tuple(text for field in (line, *texts) for text in field.lines)
        try:
            movement = movement_of(line.lines)
        except UnreadableRecord as error:
            yield error.at(line.line, raw)
            continue
        statement.booked += movement.amount
        details = _details(movement, texts)
        yield StatementRow(
            line=line.line,
            date=movement.date,
            amount=movement.amount,
            description=details.description[:MAX_DESCRIPTION],
            merchant=details.merchant,
            currency=currency,
            raw=raw,
            pending=is_interim or movement.is_expected,
            external_id=_bank_id(movement.bank_reference),
            iban="" if account and details.iban == account.iban else details.iban,
            account=key,
        )
    if closing is None or not statement.is_complete:
        return
    accounts.close(key, closing.amount, closing.date)
    if opening is not None:
        amounts = {"opening": opening.amount, "booked": statement.booked, "closing": closing.amount}
        warnings.append(balance_warning(statement.line, key, currency=currency, **amounts))


def _movements(statement: Mt940Statement) -> Iterator[tuple[Field, list[Field]]]:
    """Yield each statement line with the texts that belong to it."""
    line: Field | None = None
    texts: list[Field] = []
    for field in statement.fields:
        if field.tag == "61" or field.tag in _NOT_OF_MOVEMENT:
            if line is not None:
                yield line, texts
            line, texts = (field if field.tag == "61" else None), []
        elif field.tag in ("86", "NS") and line is not None:
            texts.append(field)
    if line is not None:
        yield line, texts


def _details(movement: StatementLine, texts: list[Field]) -> Details:
    """Return the details of the texts, completed by the references of the statement line."""
    found = [details_of(field.lines) for field in texts if field.tag == "86"]
    notes = [_NS_CODE.sub("", line) for field in texts if field.tag == "NS" for line in field.lines]
    supplement = "" if movement.supplement.startswith(_SUPPLEMENT_CODES) else movement.supplement
    customer = iban_in(movement.customer_reference)
    iban = next((one.iban for one in found if one.iban), "") or customer or iban_in("".join(supplement.split()))
    merchant = next((one.merchant for one in found if one.merchant), "")
    if customer and not merchant:  # some banks write the other side's account and name here
        merchant, supplement = supplement, ""
    description = " ".join(filter(None, (one.description for one in found))) or " ".join(" ".join(notes).split())
    if not description and not iban_in("".join(supplement.split())):
        description = supplement
    if not description and not customer and movement.customer_reference.upper() not in _NO_REFERENCE:
        description = movement.customer_reference
    return Details(description, merchant, iban)


def _bank_id(reference: str) -> str:
    """Return the bank's reference if it is long enough to be unique; some banks write words there."""
    is_id = (
        len(reference) >= _LONG_ENOUGH
        and sum(map(str.isdigit, reference)) >= _FEWEST_DIGITS
        and len(set(reference)) >= _FEWEST_DIGITS
        and " " not in reference
    )
    return reference if is_id else ""


def _balance(statement: Mt940Statement, tags: tuple[str, ...], *, last: bool = False) -> StatedBalance | None:
    found = [balance for field in statement.fields if field.tag in tags and (balance := balance_of(field.text))]
    return found[-1 if last else 0] if found else None


def _currency(statement: Mt940Statement, *balances: StatedBalance | None) -> str:
    """Return the currency of the balances, or of an interim report's limits and sums; "" if none is named."""
    named = [balance.currency for balance in balances if balance]
    named += [
        found[1]
        for field in statement.fields
        if field.tag in (*_INTERIM, "64", "65") and (found := _CURRENCY.match(field.text))
    ]
    return next((code for code in named if code in currency_codes()), next(filter(None, named), ""))


def _account(statement: Mt940Statement, currency: str) -> FileAccount | None:
    """Return the account of :25:, None without one. It holds an IBAN, or a bank and a number, at times a currency."""
    field = next((field for field in statement.fields if field.tag in ("25", "25P")), None)
    if field is None or not field.lines[0].strip():
        return None
    text = "".join(field.lines[0].split())
    bank = "".join(field.lines[1].split()) if field.tag == "25P" and len(field.lines) > 1 else ""
    if currency and text.endswith(currency) and text[: -len(currency)].rstrip("/")[-1:].isdigit():
        text = text[: -len(currency)].rstrip("/")
    iban = next((iban for part in (text, *text.split("/")) if (iban := iban_in(part))), "")
    before, _, number = text.strip("/").partition("/")
    if not number:
        before, number = "", text.strip("/")
    bank = bank or before
    key = iban or "/".join(filter(None, (bank, number)))
    return FileAccount(
        key=key, iban=iban, number="" if iban else number, bank="" if bank == iban else bank, currency=currency
    )

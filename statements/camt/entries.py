"""Entries of a CAMT statement as rows: one an entry, or one a transaction of a batch whose amounts add up to it."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from expenses.ledger.ibans import iban_in
from statements.camt.document import StatementPart
from statements.importer import RowError, Skipped, StatementRow, UnreadableRecord

MAX_DESCRIPTION = 2000
#: Both styles: BOOK as text, and as a code. INFO and FUTR move no money yet.
_PENDING = frozenset(("PDNG", "INFO", "FUTR"))
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,18}|,[0-9]{1,2})?|[+-]?\.[0-9]{1,18}")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9])")
_MCC = re.compile(r"[0-9]{4}")
#: What banks write into a mandatory field that they cannot fill.
_NOTHING = frozenset(("NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "NONE", "N/A", "UNKNOWN", "-"))
_SHORTEST_ID = 4
_SIGNS = {"CRDT": 1, "DBIT": -1}
_USTRD_LENGTH = 140
#: Texts of a batch that are shown with each of its transactions.
_RAW_OF_BATCH = 20


def rows_of(
    entry: StatementPart, *, account: str, iban: str, owner: str, currency: str
) -> Iterator[StatementRow | RowError | Skipped]:
    """Yield the rows of an entry of the account with the key, own IBAN, owner's name and currency."""
    raw = tuple(leaf_texts([entry.element]))
    try:
        sign = sign_of(entry.element)
        amount = entry.element.find("Amt")
        total = amount_of(amount) * sign
        is_pending = status_of(entry.element) in _PENDING
        date = _booking_date(entry)
    except UnreadableRecord as error:
        yield error.at(entry.line, raw)
        return
    if date is None:
        detail = f"Line {entry.line}: the entry has no booking date (BookgDt) and no value date (ValDt)."
        missing = RowError(entry.line, "date", "missing", detail, raw)
        yield Skipped(entry.line, "pending_without_date", raw) if is_pending else missing
        return
    code = (amount.get("Ccy", "") if amount is not None else "") or currency
    is_reversal = text_at(entry.element, "RvslInd").lower() in ("true", "1")
    shared = _Shared.of(entry.element)
    amounts = _amounts_of_batch(entry, total, code)
    batches = [[detail] for detail in entry.details] if amounts else [entry.details]
    for number, (signed, details) in enumerate(zip(amounts or [total], batches, strict=True), start=1):
        is_debtor = (signed < 0) != is_reversal  # the other side of a reversal is that of the first booking
        merchant, other = _other_side(details, is_debtor=is_debtor, iban=iban, owner=owner)
        yield StatementRow(
            line=entry.line,
            date=date,
            amount=signed,
            description=_description(shared, details, merchant),
            merchant=merchant,
            currency=code,
            raw=(*(raw[:_RAW_OF_BATCH] if amounts else raw), *leaf_texts(details)),
            pending=is_pending,
            external_id=_bank_id(shared, details, number if amounts else 0),
            iban=other,
            mcc=_mcc(shared, details),
            account=account,
        )


@dataclass(frozen=True, slots=True)
class _Shared:
    """Texts of an entry that its transactions share, looked up once."""

    information: str
    bank_id: str
    reference: str
    mcc: frozenset[str]

    @classmethod
    def of(cls, entry: Element) -> "_Shared":
        return cls(
            text_at(entry, "AddtlNtryInf"), text_at(entry, "AcctSvcrRef"), text_at(entry, "NtryRef"), _codes(entry)
        )


def sign_of(element: Element) -> int:
    """Return 1 for money in and -1 for money out. Raises UnreadableRecord."""
    mark = text_at(element, "CdtDbtInd")
    if mark.upper() not in _SIGNS:
        raise UnreadableRecord(
            "amount", "unknown_sign", f"the mark “{mark[:20]}” of credit or debit is not CRDT or DBIT."
        )
    return _SIGNS[mark.upper()]


def amount_of(element: Element | None) -> Decimal:
    """Return the unsigned amount of an element such as Amt. Raises UnreadableRecord."""
    text = (element.text or "").strip() if element is not None else ""
    if not _AMOUNT.fullmatch(text):
        raise UnreadableRecord("amount", "unreadable", f"“{text[:60]}” is not an amount.")
    # A few banks repeat the direction as a minus; the mark of credit or debit decides.
    return abs(Decimal(text.replace(",", ".")))


def status_of(element: Element) -> str:
    """Return BOOK, PDNG, INFO or FUTR; "" if the entry says none."""
    status = element.find("Sts")
    if status is None:
        return ""
    return (text_at(status, "Cd") or text_at(status, "Prtry") or (status.text or "").strip()).upper()


def date_of(element: Element | None) -> dt.date | None:
    """Return the local calendar day of an element that holds Dt or DtTm. Raises UnreadableRecord."""
    if element is None:
        return None
    text = text_at(element, "Dt") or text_at(element, "DtTm") or text_at(element, "Dt/Dt") or (element.text or "")
    if not text.strip():
        return None
    found = _DATE.match(text.strip())
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])) if found else _not_a_date(text)
    except ValueError:
        return _not_a_date(text)


def _not_a_date(text: str) -> dt.date:
    raise UnreadableRecord("date", "unreadable", f"“{text.strip()[:60]}” is not a date.")


def text_at(element: Element, path: str) -> str:
    """Return the text at the path, "" if there is none."""
    return (element.findtext(path) or "").strip()


def leaf_texts(elements: Iterable[Element]) -> Iterator[str]:
    """Yield the texts of the elements in order."""
    return (leaf.text for element in elements for leaf in element.iter() if leaf.text)


def _booking_date(entry: StatementPart) -> dt.date | None:
    for name in ("BookgDt", "ValDt"):
        date = date_of(entry.element.find(name))
        if date is not None:
            return date
    for detail in entry.details:
        for name in ("AccptncDtTm", "IntrBkSttlmDt", "TxDtTm"):
            date = date_of(detail.find(f"RltdDts/{name}"))
            if date is not None:
                return date
    return None


def _amounts_of_batch(entry: StatementPart, total: Decimal, currency: str) -> list[Decimal]:
    """Return the signed amounts of the transactions of a batch, or [] unless they add up to the entry.

    The amount is that of the transaction, in the currency of the account. Instructed amounts are not: charges and
    exchange come between.
    """
    if len(entry.details) < 2:
        return []
    amounts = []
    for detail in entry.details:
        amount = detail.find("Amt")
        if amount is None:
            amount = detail.find("AmtDtls/TxAmt/Amt")
        if amount is None or amount.get("Ccy", currency) != currency:
            return []
        try:
            sign = sign_of(detail) if detail.find("CdtDbtInd") is not None else sign_of(entry.element)
            amounts.append(amount_of(amount) * sign)
        except UnreadableRecord:
            return []
    return amounts if sum(amounts) == total else []


def _other_side(details: list[Element], *, is_debtor: bool, iban: str, owner: str) -> tuple[str, str]:
    """Return name and IBAN of the other side; "" where the transactions do not agree on one."""
    found = {_party(detail, is_debtor=is_debtor, iban=iban, owner=owner) for detail in details}
    return next(iter(found)) if len(found) == 1 else ("", "")


def _party(detail: Element, *, is_debtor: bool, iban: str, owner: str) -> tuple[str, str]:
    """Return name and IBAN of the other side of one transaction.

    The account's owner pays the creditor, or is paid by the debtor. Some banks write the other side into the wrong one
    of the two, and leave the right one empty.
    """
    parties = detail.find("RltdPties")
    if parties is None:
        return "", ""
    for role in ("Cdtr", "Dbtr") if is_debtor else ("Dbtr", "Cdtr"):
        name = _name(parties, role) or _name(parties, f"Ultmt{role}")
        number = text_at(parties, f"{role}Acct/Id/IBAN") or text_at(parties, f"{role}Acct/Id/Othr/Id")
        other = iban_in(number)
        is_own = bool(other and other == iban) or bool(not other and name and name == owner)
        if (name or other) and not is_own:
            return name, other
    return "", ""


def _name(parties: Element, role: str) -> str:
    for path in (f"{role}/Nm", f"{role}/Pty/Nm", f"{role}/Agt/FinInstnId/Nm"):
        name = " ".join(text_at(parties, path).split())
        if name and name.upper() not in _NOTHING:
            return name
    return ""


def _description(shared: _Shared, details: list[Element], merchant: str) -> str:
    """Return the remittance information, further texts of the bank, and a name that differs from the merchant."""
    kept: list[str] = []
    length = 0
    for text in (" ".join(text.split()) for text in _texts(shared, details, merchant)):
        if text and text.upper() not in _NOTHING and not any(text in other for other in kept):
            kept.append(text)
            length += len(text)
        if length > MAX_DESCRIPTION:
            break
    if not kept:
        ids = [text_at(detail, "Refs/EndToEndId") for detail in details[:1]]
        kept = [text for text in [*ids, shared.reference] if text and text.upper() not in _NOTHING][:1]
    return " ".join(kept)[:MAX_DESCRIPTION]


def _texts(shared: _Shared, details: list[Element], merchant: str) -> Iterator[str]:
    for detail in details:
        yield _joined_lines(line.text or "" for line in detail.iterfind("RmtInf/Ustrd"))
        for structured in detail.iterfind("RmtInf/Strd"):
            yield text_at(structured, "CdtrRefInf/Ref")
            for path in ("RfrdDocInf/Nb", "AddtlRmtInf"):
                yield from (line.text or "" for line in structured.iterfind(path))
        yield text_at(detail, "AddtlTxInf")
        parties = detail.find("RltdPties")
        if parties is not None:
            yield from (name for role in ("UltmtCdtr", "UltmtDbtr") if (name := _name(parties, role)) != merchant)
    yield shared.information


def _joined_lines(lines: Iterable[str]) -> str:
    """Join lines of remittance information; a line of full length was cut, at times in the middle of a word."""
    joined: list[str] = []
    for line in lines:
        is_cut = bool(joined) and len(joined[-1]) == _USTRD_LENGTH
        joined += [line] if is_cut else [" ", line]
    return "".join(joined)


def _bank_id(shared: _Shared, details: list[Element], number: int) -> str:
    """Return the bank's reference, with the number of the transaction in its batch; a batch of one has number 0."""
    own = [text_at(details[0], "Refs/AcctSvcrRef")] if len(details) == 1 else []
    if not number:
        return next((text for text in [shared.bank_id, *own] if _is_id(text)), "")
    numbered = [f"{shared.bank_id}/{number}"] if _is_id(shared.bank_id) else []
    return next((text for text in [*own, *numbered] if _is_id(text) and text != shared.bank_id), "")


def _is_id(text: str) -> bool:
    return len(text) >= _SHORTEST_ID and text.upper() not in _NOTHING and len(set(text)) > 1


def _mcc(shared: _Shared, details: list[Element]) -> str:
    codes = shared.mcc.union(*(_codes(detail) for detail in details))
    return next(iter(codes)) if len(codes) == 1 else ""


def _codes(element: Element) -> frozenset[str]:
    """Return the merchant category codes that stand anywhere in the element."""
    return frozenset(code.text for code in element.iter("MrchntCtgyCd") if code.text and _MCC.fullmatch(code.text))

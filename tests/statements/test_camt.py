"""Laws of CAMT: neither version nor prefix nor the way of a batch changes what is read."""

import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.camt.importer import CamtImporter
from statements.importer import RowError, StatementRow, UnreadableFile
from tests.statements.test_samples import FOLDER

SAMPLE = (FOLDER / "camt" / "german_batch.xml").read_text()
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


def rows_of(text):
    data = text if isinstance(text, bytes) else text.encode()
    importer = CamtImporter()
    return list(importer.read(data, importer.detect(data).profile))


def document(entries, *, root="Document", balances=""):
    account = "<Acct><Id><Othr><Id>77</Id></Othr></Id></Acct>"
    return f"<{root}><BkToCstmrStmt><Stmt>{account}{balances}{entries}</Stmt></BkToCstmrStmt></{root}>"


def entry(amount, details="", *, mark="DBIT", more=""):
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt>{more}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def transaction(amount, mark="DBIT"):
    return f'<TxDtls><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd></TxDtls>'


@pytest.mark.parametrize("kind", ["052", "053", "054"])
@pytest.mark.parametrize("version", range(1, 14))
def test_the_version_does_not_matter(kind, version):
    other = SAMPLE.replace("camt.053.001.08", f"camt.{kind}.001.{version:02}")
    assert rows_of(other) == rows_of(SAMPLE)


@pytest.mark.parametrize("namespace", ["", ' xmlns="urn:another"'])
def test_the_namespace_does_not_matter(namespace):
    other = SAMPLE.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', namespace)
    assert rows_of(other) == rows_of(SAMPLE)


def test_prefixes_do_not_matter():
    other = SAMPLE.replace("xmlns=", "xmlns_c=").replace("</", "\x00").replace("<", "<c:").replace("\x00", "</c:")
    other = other.replace("<c:?xml", "<?xml").replace("xmlns_c=", "xmlns:c=")
    assert rows_of(other) == rows_of(SAMPLE)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("UTF-16", "utf-8"), ("ISO-8859-1", "utf-8"), ("UTF-8", "cp1252"), ("klingon", "utf-8"), ("UTF-16", "utf-16")],
)
def test_a_wrong_declaration_of_the_encoding_does_not_matter(declared, encoding):
    text = SAMPLE.replace("Miete Whg", "Rückgabe für Müllabfuhr Straße Größe")
    assert rows_of(text.replace('"UTF-8"', f'"{declared}"').encode(encoding)) == rows_of(text)


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from(["DBIT", "CRDT"])), min_size=2, max_size=8))
def test_the_rows_of_a_batch_add_up_to_its_entry(transactions):
    total = sum((amount if mark == "CRDT" else -amount for amount, mark in transactions), Decimal(0))
    mark = "CRDT" if total > 0 else "DBIT"
    details = "".join(transaction(*one) for one in transactions)
    expanded = rows_of(document(entry(abs(total), details, mark=mark)))
    assert len(expanded) == len(transactions)
    assert sum(row.amount for row in expanded) == total
    kept = rows_of(document(entry(abs(total) + 1, details, mark=mark)))
    assert len(kept) == 1
    assert abs(kept[0].amount) == abs(total) + 1


@given(st.lists(AMOUNTS, max_size=6), AMOUNTS, st.sampled_from([0, 1]))
def test_a_warning_comes_if_and_only_if_the_balances_disagree(amounts, opening, error):
    closing = opening - sum(amounts) - error
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{abs(amount)}</Amt>"
        f"<CdtDbtInd>{'DBIT' if amount < 0 else 'CRDT'}</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    data = document("".join(map(entry, amounts)), balances=balances).encode()
    reading = CamtImporter().detect(data)
    assert len(reading.warnings) == error
    assert reading.accounts[0].balance == closing


@pytest.mark.parametrize("style", ["<Sts>{}</Sts>", "<Sts><Cd>{}</Cd></Sts>", "<Sts>\n  <Cd>\n{}</Cd></Sts>"])
@pytest.mark.parametrize(
    ("status", "pending"), [("BOOK", False), ("PDNG", True), ("INFO", True), ("FUTR", True), ("", False)]
)
def test_an_entry_that_is_not_booked_is_pending(style, status, pending):
    text = document(entry("1.00")).replace("<Sts>BOOK</Sts>", style.format(status))
    assert [row.pending for row in rows_of(text)] == [pending]


def test_pending_entries_are_no_part_of_the_balance():
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>5</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>"
        for code in ("OPBD", "CLBD")
    )
    text = document(entry("1.00").replace("BOOK", "PDNG"), balances=balances)
    assert CamtImporter().detect(text.encode()).warnings == []


def test_an_instructed_amount_is_not_the_amount():
    details = '<TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">11</Amt></InstdAmt></AmtDtls></TxDtls>'
    assert [(row.amount, row.currency) for row in rows_of(document(entry("10.00", details)))] == [
        (Decimal("-10.00"), "EUR")
    ]


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ("10.00", "12..3", "Line 1: “12..3” is not an amount."),
        ("10.00", "1,234", "Line 1: “1,234” is not an amount."),
        ("10.00", "NaN", "Line 1: “NaN” is not an amount."),
        ("DBIT", "OUT", "Line 1: the mark “OUT” of credit or debit is not CRDT or DBIT."),
        ("2026-03-02", "2026-02-30", "Line 1: “2026-02-30” is not a date."),
        ("<BookgDt><Dt>2026-03-02</Dt></BookgDt>", "",
         "Line 1: the entry has no booking date (BookgDt) and no value date (ValDt)."),
    ],
)  # fmt: skip
def test_an_unreadable_entry_says_why(old, new, detail):
    assert [row.detail for row in rows_of(document(entry("10.00")).replace(old, new))] == [detail]


@given(st.integers(0, len(SAMPLE)), st.integers(0, 400), st.text(max_size=5))
def test_a_damaged_file_is_refused_or_read_and_never_fails_otherwise(start, length, put):
    text = SAMPLE[:start] + put + SAMPLE[start + length :]
    try:
        rows = rows_of(text.encode("utf-8", "surrogatepass"))
    except UnreadableFile:
        return
    assert all(row.line >= 1 for row in rows)


def test_memory_does_not_grow_with_the_number_of_entries():
    def peak(n):
        data = document(entry("1.00", transaction("1.00")) * n).encode()
        tracemalloc.start()
        importer = CamtImporter()
        n_rows = sum(isinstance(row, StatementRow | RowError) for row in importer.read(data, {"encoding": "utf-8"}))
        assert n_rows == n
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    few = peak(2_000)
    assert peak(8_000) < few * 1.2


def test_transactions_of_a_batch_are_counted_in_any_encoding():
    text = document(entry("6.00", transaction("2.00") * 3))
    assert [CamtImporter().n_rows(text.encode(codec)) for codec in ("utf-8", "utf-16")] == [3, 3]
    assert CamtImporter().n_rows(document(entry("6.00") * 4).encode()) == 4

"""OFX: how leniently markup is read, how strictly amounts and dates, and what no file can do to us."""

import datetime as dt
import random
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from ofxtools import models
from ofxtools.header import make_header
from ofxtools.models import ofx as documents
from ofxtools.utils import UTC

from statements.formats import importer_for
from statements.importer import ProfileError, RowError, Skipped, StatementRow, UnreadableFile
from statements.ofx.importer import OfxImporter
from tests.laws import law

OFX = OfxImporter()
STATEMENT = """\
OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>100<ACCTID>42<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST>{}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def outcomes(data, **changes):
    data = data.encode() if isinstance(data, str) else data
    return list(OFX.read(data, {**OFX.detect(data).profile, **changes}))


def only(transaction, **changes):
    """What comes of one transaction."""
    [outcome] = outcomes(STATEMENT.format(f"<STMTTRN>{transaction}</STMTTRN>"), **changes)
    return outcome


def refusal(data):
    data = data.encode() if isinstance(data, str) else data
    with pytest.raises(UnreadableFile) as caught:
        list(OFX.read(data, OFX.detect(data).profile))
    return caught.value.code, caught.value.detail


def test_a_row_holds_everything_the_file_says():
    transaction = (
        "<TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-3.50<FITID>F-1<NAME>Caf&eacute; Luna<MEMO>Two  coffees<SIC>5812"
        "<BANKACCTTO><ACCTID>DE89370400440532013000</BANKACCTTO>"
    )
    raw = ("TRNTYPE: DEBIT", "DTPOSTED: 20260302", "TRNAMT: -3.50", "FITID: F-1", "NAME: Café Luna",
           "MEMO: Two coffees", "SIC: 5812")  # fmt: skip
    assert only(transaction) == StatementRow(
        6, dt.date(2026, 3, 2), Decimal("-3.50"), "Two coffees", "Café Luna", "EUR", raw, external_id="F-1",
        iban="DE89370400440532013000", mcc="5812", account="100/42/CHECKING",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["20260302", "20260302235959", "20260302235959.999[-11:SST]", "20260302000000[+14:LINT]", "20260302000000[0:GMT",
     "2026-03-02", "2026/03/02 10:00", "20260302 noon", "20260302120000:014", " 20260302 ", "20260302[-03:EST]"],
)  # fmt: skip
def test_a_date_is_the_day_as_the_bank_wrote_it(text):
    assert only(f"<DTPOSTED>{text}<TRNAMT>1").date == dt.date(2026, 3, 2)


@pytest.mark.parametrize("text", ["20260230", "2026", "02.03.2026", "20261301", "March", "2026030", "201120000000"])
def test_a_faulty_date_is_an_error_that_names_it(text):
    assert only(f"<DTPOSTED>{text}<TRNAMT>1<NAME>Shop") == RowError(
        6, "date", "unreadable", f"Line 6: “{text}” is not a date of the form YYYYMMDD.",
        (f"DTPOSTED: {text}", "TRNAMT: 1", "NAME: Shop"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amount"),
    [("-5", "-5"), ("+5.25", "5.25"), ("-.5", "-0.5"), ("-1,234.56", "-1234.56"), ("-1.234,56", "-1234.56"),
     ("12,50", "12.50"), ("+00000000001111.0000", "1111.0000"), ("-536.53479227500345", "-536.53479227500345"),
     ("1.5E3", "1500"), ("-2e-1", "-0.2"), ("- 7.00", "-7.00"), ("\u22127.00", "-7.00"), ("7.00-", "-7.00"),
     ("1'234.50", "1234.50"), ("0.1" + "0" * 300 + "1", "0.100000000000000000"), ("-1.000", "-1.000")],
)  # fmt: skip
def test_amounts_are_read_in_every_notation(text, amount):
    assert str(only(f"<DTPOSTED>20260302<TRNAMT>{text}").amount) == amount


@pytest.mark.parametrize(
    "text", [".", "$120", "120 EUR", "1.2.3", "--5", "five", "5%", "1,23,4", "0x10", "NaN", "9" * 70]
)
def test_a_faulty_amount_is_an_error_that_names_it(text):
    error = only(f"<DTPOSTED>20260302<TRNAMT>{text}")
    assert (error.attr, error.code) == ("amount", "unreadable")
    assert error.detail.startswith(f"Line 6: “{text[:40]}” ")


def test_a_separator_before_three_digits_is_that_of_the_other_amounts():
    rows = "<STMTTRN><DTPOSTED>20260302<TRNAMT>1,000</STMTTRN><STMTTRN><DTPOSTED>20260302<TRNAMT>-1,250.50</STMTTRN>"
    assert [row.amount for row in outcomes(STATEMENT.format(rows))] == [1000, Decimal("-1250.50")]


def test_it_is_asked_where_no_amount_shows_the_separator():
    data = STATEMENT.format("<STMTTRN><DTPOSTED>20260302<TRNAMT>1.000</STMTTRN>")
    [question] = OFX.detect(data.encode()).questions
    assert (question.attr, question.code, question.alternatives) == ("decimal", "unknown_decimal", (".", ","))
    assert question.detail == (
        "Amounts such as “1.000” may have fractions, as OFX has it, or thousands. They are read with fractions."
    )
    assert [row.amount for row in outcomes(data, decimal=",")] == [1000]
    assert OFX.detect(data.replace("EUR", "KWD").encode()).questions == []


TYPED = "<STMTTRN><TRNTYPE>{}<DTPOSTED>20260302<TRNAMT>{}</STMTTRN>"


@pytest.mark.parametrize("amounts", [("5", "7"), ("5", "-7")], ids=["without signs", "with the signs of the bank"])
def test_it_is_asked_where_all_debits_are_positive(amounts):
    data = STATEMENT.format(TYPED.format("DEBIT", amounts[0]) + TYPED.format("CREDIT", amounts[1]))
    [question] = OFX.detect(data.encode()).questions
    assert (question.attr, question.code, question.alternatives) == ("signs_by_type", "unknown_sign", (False, True))
    assert question.detail == (
        "Every transaction of the type DEBIT, which means money out, has an amount without a minus. They are read as "
        "money in, as the amounts say; let the types decide if that is wrong."
    )
    assert [str(row.amount) for row in outcomes(data)] == list(amounts)
    assert [row.amount for row in outcomes(data, signs_by_type=True)] == [-5, 7]


@pytest.mark.parametrize("amount", ["-5", "5-", "(5)", "\u22125"])
def test_it_is_not_asked_where_a_debit_is_negative(amount):
    data = STATEMENT.format(TYPED.format("DEBIT", amount) + TYPED.format("DEBIT", "7") + TYPED.format("POS", "7"))
    assert OFX.detect(data.encode()).questions == []


def test_pending_transactions_are_marked_and_can_be_left_out():
    data = STATEMENT.format("<STMTTRN><TRNTYPE>HOLD<DTPOSTED>20260302<TRNAMT>-2</STMTTRN>")
    assert OFX.detect(data.encode()).questions == []
    assert [row.pending for row in outcomes(data)] == [True]
    assert [row.reason for row in outcomes(data, leave_out_pending=True)] == ["pending"]


def test_the_same_id_with_different_amounts_loses_no_row():
    one = "<STMTTRN><DTPOSTED>20260302<TRNAMT>{}<FITID>0000000</STMTTRN>"
    rows = outcomes(STATEMENT.format("".join(map(one.format, ("-1", "-2", "-1")))))
    assert [row.amount for row in rows] == [-1, -2, -1]


def test_a_correction_that_takes_a_transaction_back_is_skipped():
    correction = only("<DTPOSTED>20260302<TRNAMT>-1<FITID>2<CORRECTFITID>1<CORRECTACTION>DELETE")
    assert (type(correction), correction.reason) == (Skipped, "correction")


def test_a_file_without_a_currency_takes_that_of_the_profile_and_says_so():
    data = STATEMENT.format("<STMTTRN><DTPOSTED>20260302<TRNAMT>1</STMTTRN>").replace("<CURDEF>EUR", "")
    assert OFX.detect(data.encode()).warnings == [
        "The file names no currency for some transactions. They are taken in that of the account."
    ]
    assert [row.currency for row in outcomes(data)] == [""]
    assert [row.currency for row in outcomes(data, currency_code="usd")] == ["USD"]


NEXT = "Download the list of transactions of an account."


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ("<SONRS><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Signon invalid.</STATUS></SONRS>", "bank_error",
         "The bank sent an error instead of a statement: “Signon invalid” (code 15500). Download the statement again."),
        ("<SIGNONMSGSRSV1><SONRS><STATUS><CODE>2000<SEVERITY>ERROR</STATUS></SONRS></SIGNONMSGSRSV1>", "bank_error",
         "The bank sent an error instead of a statement: code 2000. Download the statement again."),
        ("<PROFMSGSRSV1><PROFTRNRS><PROFRS><DTPROFUP>20260101</PROFRS></PROFTRNRS></PROFMSGSRSV1>", "no_statement",
         f"This OFX file holds no statement: it is a profile of the bank's server. {NEXT}"),
        ("<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>", "no_statement",
         f"This OFX file holds no statement: it has no list of transactions. {NEXT}"),
    ],
)  # fmt: skip
def test_a_file_without_a_statement_says_what_it_is(body, code, detail):
    assert refusal(f"<OFX>{body}</OFX>") == (code, detail)


def test_a_header_alone_is_no_statement():
    assert refusal("OFXHEADER:100\nDATA:OFXSGML\n")[0] == "no_statement"


def test_a_statement_without_transactions_is_read():
    assert outcomes(STATEMENT.format("")) == []


def test_an_error_beside_a_statement_is_a_warning():
    refused = "<STMTTRNRS><STATUS><CODE>2003<SEVERITY>ERROR<MESSAGE>Account not found</STATUS></STMTTRNRS>"
    data = STATEMENT.format("<STMTTRN><DTPOSTED>20260302<TRNAMT>1</STMTTRN>").replace(
        "<STMTTRNRS>", refused + "<STMTTRNRS>", 1
    )
    assert OFX.detect(data.encode()).warnings == [
        "The bank sent an error for a part of the file: “Account not found” (code 2003)."
    ]
    assert len(outcomes(data)) == 1


BOMB = """\
<?xml version="1.0"?>
<!DOCTYPE OFX [
<!ENTITY a "ha ha ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY file SYSTEM "file:///etc/passwd">
]>
"""


def test_entities_are_refused():
    data = BOMB + STATEMENT.format("<STMTTRN><DTPOSTED>20260302<TRNAMT>1<NAME>&b;&file;</STMTTRN>")
    assert importer_for(data.encode()).format == "ofx"
    code, detail = refusal(data)
    assert code == "entities"
    assert detail == (
        "Line 3 declares an entity of XML, which no statement needs and which can attack a server. "
        "Download the file from your bank again."
    )


def test_a_reference_to_an_entity_is_text():
    assert only("<DTPOSTED>20260302<TRNAMT>1<NAME>A &b; &copy; &copy &#0; AT&T").merchant == "A &b; © &copy \ufffd AT&T"


def test_deep_nesting_is_refused():
    deep = "".join(f"<A{n}>" for n in range(5000)) + "".join(f"</A{n}>" for n in reversed(range(5000)))
    assert refusal(f"<OFX>{deep}</OFX>") == (
        "too_deep", "Line 1: the elements are nested more than 64 deep, as in no statement.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "noise",
    ["<A>" * 200_000, "<" * 500_000, "<!--" * 200_000, "<![CDATA[" * 100_000, "</STMTTRN" * 100_000, "&" * 500_000,
     "<STMTTRN>" * 50_000, "&amp;" * 200_000, "<NAME " * 150_000, " " * 2_000_000 + "<", "<CURRENCY>" * 50_000],
    ids=["tags", "angles", "comments", "cdata", "ends", "ampersands", "transactions", "entities", "names", "blanks",
         "parts"],
)  # fmt: skip
def test_megabytes_of_markup_are_read_once(noise):
    data = STATEMENT.format(f"<STMTTRN><DTPOSTED>20260302<TRNAMT>1<MEMO>{noise}</STMTTRN>").encode()
    assert all(isinstance(outcome, (StatementRow, RowError, Skipped)) for outcome in outcomes(data))


def test_a_cut_file_is_read_up_to_the_cut():
    data = STATEMENT.format(
        "<STMTTRN><DTPOSTED>20260302<TRNAMT>-1.00</STMTTRN><STMTTRN><DTPOSTED>20260303<TRNAMT>-12.34"
    )
    cut = data[: data.index("12.34") + 3].encode()
    assert OFX.detect(cut).warnings == [
        "The file ends before its last end tag. Later transactions may be missing: download it again."
    ]
    row, error = outcomes(cut)
    assert row.amount == -1
    assert error.detail == "Line 6: the file ends within this transaction. Download it again."


KEYS = "currency_code, decimal, encoding, format, leave_out_pending, signs_by_type"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"encoding": "qq"}, ("encoding", "unknown_encoding", "“qq” is not an encoding. Try utf-8 or cp1252.")),
        ({"decimal": ";"}, ("decimal", "invalid", "The decimal separator must be “.” or “,”.")),
        ({"currency_code": "x"}, ("currency_code", "unknown_currency", "“x” is not an ISO 4217 code such as EUR.")),
        ({"leave_out_pending": 1}, ("leave_out_pending", "invalid", "“leave_out_pending” must be true or false.")),
        ({"format": "csv"}, ("format", "invalid", "The format of this file is “ofx”. Leave it as it is.")),
        ({"date": 1}, ("date", "unknown_key", f"“date” is not known. The keys are: {KEYS}.")),
    ],
)  # fmt: skip
def test_a_faulty_profile_names_the_key(changes, fault):
    data = STATEMENT.format("").encode()
    assert OFX.check_profile({**OFX.detect(data).profile, **changes}, data) == [ProfileError(*fault)]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("CHARSET:1252", "cp1252"), ("CHARSET:8859-1", "cp1252"), ("CHARSET:ISO-8859-15", "iso8859-15"),
     ("CHARSET:1251", "cp1251"), ("CHARSET:NONE", "cp1252"), ("CHARSET:UTF-16", "cp1252"), ("", "cp1252"),
     ('<?xml version="1.0" encoding="windows-1250"?>', "cp1250"), ("CHARSET:zip", "cp1252")],
)  # fmt: skip
def test_eight_bits_are_read_as_declared_unless_they_are_utf_8(declared, encoding):
    text = declared + "\n" + STATEMENT.format("<STMTTRN><DTPOSTED>20260302<TRNAMT>1<NAME>Žena</STMTTRN>")
    name = "Žena".encode()
    assert [row.merchant for row in outcomes(text.encode())] == ["Žena"]
    code = {"cp1251": "Ћ".encode("cp1251"), "cp1250": "Ž".encode("cp1250")}.get(encoding, "Ž".encode("cp1252"))
    letter = code.decode(encoding)
    [row] = outcomes(text.encode().replace(name, code + b"ena"))
    assert row.merchant == f"{letter}ena"


FIRST, LAST = dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
TRANSACTIONS = st.lists(
    st.builds(
        models.STMTTRN,
        trntype=st.sampled_from(["DEBIT", "CREDIT", "POS", "OTHER"]),
        dtposted=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
        trnamt=st.decimals(-99999, 99999, places=2),
        fitid=st.integers(1, 10**9).map(str),
        name=st.text("abc XYZ&<>éß", min_size=1, max_size=32).map(str.strip).filter(bool),
        memo=st.none() | st.text("abc &;<>ü", min_size=1, max_size=60).map(str.strip).filter(bool),
    ),
    min_size=1,
    max_size=6,
)


def written(transactions, *, version, closes_elements=True):
    """A statement as ofxtools writes it."""
    account = models.BANKACCTFROM(bankid="100", acctid="42", accttype="CHECKING")
    day = dt.datetime(2026, 1, 1, tzinfo=UTC)
    status = models.STATUS(code=0, severity="INFO")
    statement = models.STMTRS(
        curdef="EUR",
        bankacctfrom=account,
        banktranlist=models.BANKTRANLIST(*transactions, dtstart=day, dtend=day),
        ledgerbal=models.LEDGERBAL(balamt=Decimal("10.00"), dtasof=day),
    )
    signon = models.SIGNONMSGSRSV1(sonrs=models.SONRS(status=status, dtserver=day, language="ENG"))
    bank = models.BANKMSGSRSV1(models.STMTTRNRS(trnuid="1", status=status, stmtrs=statement))
    tree = documents.OFX(signonmsgsrsv1=signon, bankmsgsrsv1=bank).to_etree()
    body = ET.tostring(tree, encoding="unicode") if closes_elements else _unclosed(tree)
    return (str(make_header(version)) + body).encode()


def _unclosed(element):
    """The element in SGML, where a leaf has no end tag."""
    if len(element) == 0:
        text = (element.text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{element.tag}>{text}\n"
    return f"<{element.tag}>\n{''.join(map(_unclosed, element))}</{element.tag}>\n"


def found(data):
    rows = list(OFX.read(data, OFX.detect(data).profile))
    return [
        (row.date, row.amount, row.merchant, row.external_id, row.currency)
        if isinstance(row, StatementRow)
        else (isinstance(row, Skipped) and row.date, Decimal(0))
        for row in rows
    ]


@law(25)
@given(TRANSACTIONS)
def test_what_ofxtools_writes_is_read_back_in_every_syntax(transactions):
    expected = [
        (one.dtposted.date(), one.trnamt, " ".join(one.name.split()), one.fitid, "EUR")
        if one.trnamt
        else (one.dtposted.date(), Decimal(0))
        for one in transactions
    ]
    assert found(written(transactions, version=220)) == expected
    assert found(written(transactions, version=102)) == expected
    assert found(written(transactions, version=102, closes_elements=False)) == expected


@law(25)
@given(TRANSACTIONS, st.randoms(use_true_random=False))
def test_the_order_of_elements_changes_nothing(transactions, chance):
    data = written(transactions, version=220)
    start = data.index(b"<OFX>")
    root = fromstring(data[start:])
    for element in root.iter():
        if element.tag != "BANKTRANLIST":  # whose order is that of the rows
            chance.shuffle(children := list(element))
            element[:] = children
    shuffled = data[:start] + ET.tostring(root)
    assert found(shuffled) == found(data)
    assert OFX.detect(shuffled).accounts == OFX.detect(data).accounts


@law(60)
@given(TRANSACTIONS, st.randoms(use_true_random=False), st.booleans())
def test_a_damaged_file_gives_rows_or_a_known_error(transactions, chance, closes):
    data = bytearray(written(transactions, version=102, closes_elements=closes))
    for _ in range(chance.randrange(1, 6)):
        damage(data, chance)
    try:
        importer = importer_for(bytes(data))
        reading = importer.detect(bytes(data))
        assert importer.check_profile(reading.profile, bytes(data)) == []
        read = list(importer.read(bytes(data), reading.profile))
    except UnreadableFile:
        return
    keys = {"", *(account.key for account in reading.accounts)}
    for outcome in read:
        assert isinstance(outcome, (StatementRow, RowError, Skipped))
        assert not isinstance(outcome, StatementRow) or outcome.account in keys


def damage(data: bytearray, chance: random.Random) -> None:
    """Cut, swap, repeat or overwrite a part."""
    first = chance.randrange(len(data) + 1)
    last = min(len(data), first + chance.randrange(1, 80))
    part = bytes(data[first:last])
    new = chance.choice(
        [b"", part * 2, part[::-1], b"\xff\xfe", b"<", b">", b"&#x0;", "é".encode("cp1252"), b"\0", b"</OFX>"]
    )
    data[first:last] = new


def test_transactions_are_counted_in_any_encoding_and_with_prefixes():
    data = STATEMENT.format("<STMTTRN><TRNAMT>1</STMTTRN>" * 3)
    assert [OFX.n_rows(data.encode(codec)) for codec in ("utf-8", "utf-16")] == [3, 3]
    assert OFX.n_rows(data.replace("STMTTRN>", "o:stmttrnp >").encode()) == 3

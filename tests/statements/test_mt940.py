"""Laws of MT940: envelopes, line ends and broken lines do not change what is read; quirks of banks have one meaning."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.importer import RowError, StatementRow, UnreadableFile
from statements.mt940.details import Details, details_of
from statements.mt940.importer import Mt940Importer
from tests.statements.test_samples import FOLDER

SAMPLE = (FOLDER / "mt940" / "german_structure.sta").read_bytes().decode("cp1252")


def read(text, encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    importer = Mt940Importer()
    return list(importer.read(data, importer.detect(data).profile))


def statement(*lines, opening="C260227EUR500,00", closing="C260305EUR500,00"):
    fields = (":20:START", ":25:10050000/77", f":60F:{opening}", *lines, f":62F:{closing}", "-")
    return "\r\n".join(fields)


def only(*lines):
    rows = read(statement(*lines))
    assert len(rows) == 1
    return rows[0]


def content(rows):
    return [(row.date, row.amount, row.description, row.merchant) for row in rows if isinstance(row, StatementRow)]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_ends_do_not_matter(end):
    assert read(SAMPLE.replace("\r\n", end)) == read(SAMPLE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_does_not_matter(encoding):
    text = SAMPLE.replace("Storno Gebuehr", "Storno Gebühr für Bücher und Grüße")
    assert content(read(text, encoding)) == content(read(text))


def test_text_before_and_between_messages_does_not_matter():
    other = "Umsätze\r\n\r\n" + SAMPLE.replace("-\r\n:20:", "-\r\nSeite 2\r\n:20:") + "Ende\r\n"
    assert content(read(other)) == content(read(SAMPLE))


def test_envelopes_do_not_matter():
    wrapped = "{1:F01X}{2:I940XXXXN}{4:\r\n" + SAMPLE.replace("-\r\n:20:", "-}{5:}{1:F01X}{4:\r\n:20:")
    assert content(read(wrapped.rstrip().removesuffix("-") + "-}{5:{CHK:1}}")) == content(read(SAMPLE))


@given(st.text("abcdef gh/-.,", min_size=1, max_size=300), st.booleans())
def test_a_text_broken_after_65_signs_is_read_as_the_whole(text, counts_tag):
    value = f"Text {text}".strip()
    first = 61 if counts_tag else 65
    lines = [value[:first], *(value[i : i + 65] for i in range(first, len(value), 65))]
    assert details_of([line for line in lines if line]).description == " ".join(value.split())


@given(st.text("abcdef gh.,", min_size=1, max_size=270))
def test_a_purpose_cut_into_27_signs_is_read_as_the_whole(text):
    value = f"SVWZ+{text}"
    fields = "".join(f"?{20 + n}{value[27 * n : 27 * n + 27]}" for n in range(-(-len(value) // 27)))
    lines = [f"005?00POSTEN{fields}"]
    broken = [lines[0][i : i + 65] for i in range(0, len(lines[0]), 65)]
    assert details_of(broken) == details_of(lines)
    assert details_of(lines).description in (f"{' '.join(text.split())} POSTEN".strip(), "POSTEN")


@pytest.mark.parametrize(
    ("line", "date", "amount"),
    [
        ("2603020302DR45,50N005NONREF", dt.date(2026, 3, 2), "-45.50"),
        ("260302C45,N005NONREF", dt.date(2026, 3, 2), "45"),
        ("260302C45N005NONREF", dt.date(2026, 3, 2), "45"),
        ("260302    CD0,50N005NONREF", dt.date(2026, 3, 2), "0.50"),
        ("260302RC10,00N005", dt.date(2026, 3, 2), "-10.00"),
        ("260302RD10,00N005", dt.date(2026, 3, 2), "10.00"),
        ("260302RCR10,00N005", dt.date(2026, 3, 2), "-10.00"),
        ("260302d10,00N005", dt.date(2026, 3, 2), "-10.00"),
        ("260302D10.00N005", dt.date(2026, 3, 2), "-10.00"),
        ("260302D1.210,00N005", dt.date(2026, 3, 2), "-1210.00"),
        ("260302D000000000010,00N005", dt.date(2026, 3, 2), "-10.00"),
        ("260302D10,00 N005NONREF", dt.date(2026, 3, 2), "-10.00"),
        ("20260302D10,00N005", dt.date(2026, 3, 2), "-10.00"),
        ("2601021230D10,00N005", dt.date(2025, 12, 30), "-10.00"),
        ("2512300102D10,00N005", dt.date(2026, 1, 2), "-10.00"),
        ("2603021102D10,00N005", dt.date(2025, 11, 2), "-10.00"),
        ("260230D10,00N005", dt.date(2026, 2, 28), "-10.00"),
        ("240230D10,00N005", dt.date(2024, 2, 29), "-10.00"),
        ("2603020230D10,00N005", dt.date(2026, 2, 28), "-10.00"),
        ("991231D10,00N005", dt.date(1999, 12, 31), "-10.00"),
    ],
)
def test_a_statement_line_is_read(line, date, amount):
    row = only(f":61:{line}")
    assert (row.date, row.amount) == (date, Decimal(amount))


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("261302D10,00N005", "Line 4: “261302” is not a date of the form YYMMDD."),
        ("260431D10,00N005", "Line 4: “260431” is not a date of the form YYMMDD."),
        ("260302D1.210N005", "Line 4: “1.210” is not an amount."),
        ("260302D1,2,3N005", "Line 4: “1,2,3” is not an amount."),
        ("260302X10,00", "Line 4: “260302X10,00” is not a date, a mark of debit or credit and an amount."),
        ("", "Line 4: “” is not a date, a mark of debit or credit and an amount."),
    ],
)
def test_an_unreadable_statement_line_says_why(line, detail):
    row = only(f":61:{line}")
    assert isinstance(row, RowError)
    assert row.detail == detail


@pytest.mark.parametrize(
    ("reference", "bank_id"),
    [
        ("0724710343333453", "0724710343333453"),
        ("P4-2026.17", "P4-2026.17"),
        ("1234567", ""),
        ("GEBUEHR77", ""),
        ("0000000000", ""),
        ("12 345 678", ""),
        ("", ""),
    ],
)
def test_the_reference_of_the_bank_is_its_id_if_it_is_long_enough(reference, bank_id):
    assert only(f":61:260302D1,00NTRFNONREF//{reference}").external_id == bank_id


def test_expected_entries_and_interim_reports_are_pending():
    assert only(":61:260302EC10,00N005").pending
    rows = read(":20:A\n:25:77\n:34F:EURD0,\n:61:260302D1,00N005\n:90D:1EUR1,00\n-")
    assert [(row.pending, row.currency) for row in rows] == [(True, "EUR")]


@pytest.mark.parametrize(
    "text",
    [
        ":20:A\n:25:77\n:60F:C260227EUR500,00\n:61:260302D1,00N005",
        ":20:A\n:25:77\n:60F:C260227EUR500,00\n:61:260302D1,00N005\n:86:Bak",
        ":20:A\n:25:77\n:60F:C260227EUR500,00\n:61:260302D1,00N005\n:62F:C2603",
        "{1:F01X}{2:I942XXXXN}{4:\n:20:A\n:25:77\n:61:260302D1,00N005",
    ],
)
def test_a_file_that_was_cut_off_is_refused(text):
    with pytest.raises(UnreadableFile) as error:
        read(text)
    n_lines = text.count("\n") + 1
    assert error.value.detail.startswith(f"Line {n_lines}: the file ends in the middle of the statement from line ")


def test_a_statement_may_end_with_its_available_balance():
    rows = read(":20:A\n:25:77\n:60F:C260227EUR500,00\n:61:260302D1,00N005\n:65F:C260302EUR499,00")
    assert [row.amount for row in rows] == [Decimal("-1.00")]


def test_a_time_that_is_broken_at_its_colon_stays_in_the_text():
    first = "?20Kartenzahlung am Bahnhof?21 2026-03-02T16"
    row = only(":61:260302D1,00N005", f":86:106{first}", ":26:37 Folge 007", ":12:11")
    assert row.description == "Kartenzahlung am Bahnhof 2026-03-02T16:26:37 Folge 007:12:11"
    assert only(":61:260302D1,00N005", ":86:Karte 02.03. 16", ":20:37 Uhr").description == "Karte 02.03. 16 :20:37 Uhr"


def test_a_text_with_the_tag_of_the_account_is_no_new_account():
    data = statement(":61:260302D1,00N005", f":25:166?00GUTSCHRIFT?20{'Verwendung ' * 6}").encode()
    reading = Mt940Importer().detect(data)
    assert [account.key for account in reading.accounts] == ["10050000/77"]


def test_a_closing_balance_without_its_colon_is_found():
    text = statement(":61:260302D1,00N005", ":86:Bakery", closing="C260302EUR499,00").replace(":62F:", ":62F")
    assert [row.description for row in read(text)] == ["Bakery"]
    assert Mt940Importer().detect(text.encode()).warnings == []


def test_a_fragment_without_balances_is_read():
    assert [(row.amount, row.account) for row in read(":61:260302D1,00N005\n-")] == [(Decimal("-1.00"), "")]


@given(st.lists(st.decimals(0, 10**6, places=2), max_size=6), st.sampled_from([0, 1]))
def test_a_warning_comes_if_and_only_if_the_balances_disagree(amounts, error):
    lines = [f":61:260302D{amount}N005".replace(".", ",") for amount in amounts]
    closing = 500 - sum(amounts) - error
    mark = "D" if closing < 0 else "C"
    data = statement(*lines, closing=f"{mark}260305EUR{abs(closing)}".replace(".", ",")).encode()
    reading = Mt940Importer().detect(data)
    assert len(reading.warnings) == error
    assert reading.accounts[0].balance == closing


def test_a_long_statement_is_added_up_over_its_pieces():
    lines = [line for n in range(2500) for line in (":61:2603020302DR0,10N005", f":86:Row {n}", f"of {n}")]
    data = statement(*lines, closing="C260305EUR250,00").encode()
    rows = read(data)
    assert [row.description for row in rows] == [f"Row {n} of {n}" for n in range(2500)]
    assert {(row.account, row.currency) for row in rows} == {("10050000/77", "EUR")}
    reading = Mt940Importer().detect(data)
    assert reading.warnings == []
    assert reading.accounts[0].balance == 250


@given(st.integers(0, len(SAMPLE)), st.integers(0, 300), st.text(max_size=5))
def test_a_damaged_file_is_refused_or_read_and_never_fails_otherwise(start, length, put):
    text = SAMPLE[:start] + put + SAMPLE[start + length :]
    data = text.encode("utf-8", "surrogatepass")
    if not Mt940Importer().recognizes(data):
        return
    try:
        rows = read(data)
    except UnreadableFile:
        return
    assert all(row.line >= 1 for row in rows)


@pytest.mark.parametrize(
    ("text", "description", "merchant", "iban"),
    [
        ("/NAME/Bakkerij Bart/REMI/Brood en taart", "Brood en taart", "Bakkerij Bart", ""),
        ("/BENM//NAME/J. Smit/REMI//ISDT/2026-03-02", "", "J. Smit", ""),
        ("/BENM/300000000000133 /STADSWERKE /Mei 2026", "/BENM/300000000000133 /STADSWERKE /Mei 2026", "", ""),
        ("/OCMT/USD28,12/ INVOICE 77", "/OCMT/USD28,12/ INVOICE 77", "", ""),
        ("REK: NL81TRIO0987654326/NAAM: Slager Kees", "", "Slager Kees", "NL81TRIO0987654326"),
        ("03-12-2026 16:04 PAS: 1122 NAAM: Pomp 4", "03-12-2026 16:04", "Pomp 4", ""),
        ("EREF+NOTPROVIDED SVWZ+Miete IBAN+DE42200411330765432100 BIC+X", "Miete", "", "DE42200411330765432100"),
        ("106?00KARTE?20EREF: 77 SVWZ: Kaffee ABWA: Bar", "Kaffee KARTE Bar", "", ""),
        ("Paid to GB26MIDL40051512345674 by phone", "Paid to GB26MIDL40051512345674 by phone", "",
         "GB26MIDL40051512345674"),
        ("Was kostet?20 Euro", "Was kostet?20 Euro", "", ""),
    ],
)  # fmt: skip
def test_texts_of_many_banks_have_details(text, description, merchant, iban):
    assert details_of([text]) == Details(description, merchant, iban)


def test_half_a_million_blanks_are_read_in_one_go():
    row = only(":61:260302D1,00N005", f":86:{' ' * 500_000}Bakery{' ' * 500_000}")
    assert row.description == "Bakery"


@given(st.text(max_size=200))
def test_any_text_of_a_movement_has_details(text):
    assert details_of(text.split("\n")).description is not None

"""Zip archives: all members are read, none is unpacked to disk, and whatever is no statement is named."""

import zipfile
from decimal import Decimal

import pytest

from statements.formats import importer_for
from statements.importer import RowError, Skipped, StatementRow, UnreadableFile
from tests.statements.books import HEADER, archive, workbook
from tests.statements.printed import german

MAY = "Date,Payee,Amount\n2026-05-20,Kiosk,-3.50\n2026-05-31,Rent,-900.00\n"
JUNE = "Date;Payee;Amount\n2026-05-31;Rent;-900,00\n2026-06-02;Kiosk;-3,50\n2026-06-02;Kiosk;-3,50\n"


def read(data, **profile):
    importer = importer_for(data)
    reading = importer.detect(data)
    return reading, list(importer.read(data, reading.profile | profile))


def refusal(data):
    with pytest.raises(UnreadableFile) as refused:
        importer_for(data).detect(data)
    return refused.value.code, refused.value.detail


def rows_in(outcomes):
    return [(row.line, str(row.date), row.amount) for row in outcomes if isinstance(row, StatementRow)]


def test_all_members_are_read_and_what_two_of_them_repeat_counts_once():
    data = archive({"2026/may.csv": MAY, "2026/june.csv": JUNE, "__MACOSX/._may.csv": b"\0\1", ".DS_Store": b"\0"})
    reading, outcomes = read(data)
    assert list(reading.profile["files"]) == ["2026/may.csv", "2026/june.csv"]
    assert rows_in(outcomes) == [
        (2, "2026-05-20", Decimal("-3.50")),
        (3, "2026-05-31", Decimal("-900.00")),
        (3, "2026-06-02", Decimal("-3.50")),
        (4, "2026-06-02", Decimal("-3.50")),
    ]
    assert [(o.line, o.reason) for o in outcomes if isinstance(o, Skipped)] == [
        (1, "header"),
        (1, "header"),
        (2, "repeated"),
    ]


def test_members_may_have_different_formats():
    data = archive(
        {"a.csv": MAY, "b.xlsx": workbook({"A": [HEADER, ("2026-06-02", "Kiosk", -3.5)]}), "c.pdf": german()}
    )
    reading, outcomes = read(data)
    assert [profile["format"] for profile in reading.profile["files"].values()] == ["csv", "excel", "pdf"]
    assert len(rows_in(outcomes)) == 6
    assert [account.iban for account in reading.accounts] == ["DE89370400440532013000"]
    assert {row.account for row in outcomes if isinstance(row, StatementRow)} == {"", "DE89370400440532013000"}


def test_a_question_about_a_member_is_answered_by_its_own_key():
    data = archive({"may.csv": MAY, "card.csv": "Date,Payee,Amount\n03/04/2026,Kiosk,3.50\n"})
    reading, outcomes = read(data)
    attrs = [question.attr for question in reading.questions]
    assert attrs == ["files.card.csv.invert_sign", "files.card.csv.date_format"]
    assert reading.questions[1].detail.startswith("card.csv: Every date of the file can be read in more than one way")
    _, corrected = read(data, **{"files.card.csv.date_format": "%m/%d/%Y", "files.card.csv.invert_sign": True})
    assert rows_in(outcomes)[2:] == [(2, "2026-04-03", Decimal("3.50"))]
    assert rows_in(corrected)[2:] == [(2, "2026-03-04", Decimal("-3.50"))]


def test_errors_name_the_member():
    _, outcomes = read(archive({"may.csv": MAY.replace("-3.50", "-3..50")}))
    assert [o.detail for o in outcomes if isinstance(o, RowError)] == ["may.csv: Line 2: “-3..50” is not an amount."]


def test_faults_of_a_profile_name_the_member():
    data = archive({"may.csv": MAY})
    importer = importer_for(data)
    profile = importer.detect(data).profile
    wrong = {"files.may.csv.decimal": "x", "files.june.csv.decimal": ",", "sheet": 1, "format": "csv"}
    assert [tuple(fault) for fault in importer.check_profile(profile | wrong, data)] == [
        ("format", "invalid", "The format of this file is “zip”. Leave it as it is."),
        ("sheet", "unknown_key", "“sheet” is not known. The keys are: files, format."),
        ("files.june.csv", "unknown_file", "There is no file “june.csv” in the archive. The files are: may.csv."),
        ("files.may.csv.decimal", "invalid", "may.csv: The decimal separator must be “.” or “,”."),
    ]
    assert [tuple(fault) for fault in importer.check_profile({"format": "zip", "files": 3}, data)] == [
        ("files.may.csv", "invalid", "The profile of “may.csv” must have the format “csv”."),
    ]


def test_a_member_that_is_no_statement_is_named():
    assert refusal(archive({"may.csv": MAY, "readme.txt": "Thank you for banking with us."})) == (
        "no_table",
        refusal_of_text("readme.txt", b"Thank you for banking with us."),
    )


def refusal_of_text(name, text):
    with pytest.raises(UnreadableFile) as refused:
        importer_for(text)
    return f"{name}: {refused.value.detail}"


@pytest.mark.parametrize(
    "name", ["../may.csv", "/etc/may.csv", "a/../../may.csv", "C:/may.csv", "..\\may.csv", "a\nb.csv"]
)
def test_a_name_that_leads_out_of_the_archive_is_refused(name):
    assert refusal(archive({name: MAY})) == (
        "unsafe_name",
        "A file in the archive has a name that is unsafe or not unique. Pack the statements again.",
    )


def test_an_archive_in_an_archive_is_refused():
    assert refusal(archive({"inner.zip": archive({"may.csv": MAY})})) == (
        "nested_archive",
        "“inner.zip” is an archive within the archive. Unpack it, and upload the statements inside.",
    )


def test_an_archive_that_is_huge_when_unpacked_is_refused_before_it_is():
    assert refusal(archive({f"{n}.csv": b" " * (8 << 20) for n in range(9)})) == (
        "too_large",
        "The archive is larger than 64 MB unpacked. Upload fewer statements at once.",
    )


def test_a_member_whose_directory_lies_about_its_size_is_refused():
    data = bytearray(archive({"may.csv": MAY * 100}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    code, detail = refusal(bytes(data))
    assert (code, detail) == (
        "damaged",
        "“may.csv” cannot be unpacked. Download the archive again and upload that file.",
    )


def test_a_member_with_a_password_is_refused():
    data = bytearray(archive({"may.csv": MAY}, compression=zipfile.ZIP_STORED))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + flags] |= 1
    assert refusal(bytes(data)) == (
        "encrypted",
        "“may.csv” is protected by a password. Unpack it, and upload the statement inside.",
    )


def test_too_many_members_are_refused():
    data = archive({f"{n}.csv": b"" for n in range(2001)}, compression=zipfile.ZIP_STORED)
    assert refusal(data)[0] == "too_many_members"


NOTHING = "This archive holds no statements. Upload the files of your bank instead."
DOCUMENT = "This is a document, and no statement. Save its table as .xlsx or CSV and upload that file."
UNUSABLE = [
    ({"other.sqlite": b"x"}, "archive", NOTHING),
    ({".DS_Store": b"x"}, "archive", NOTHING),
    ({"mimetype": b"x"}, "document", DOCUMENT),
    ({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}, "document", DOCUMENT),
    ({}, "empty", "This zip archive is empty. Pack the statements again, and upload that file."),
]


@pytest.mark.parametrize(("members", "code", "detail"), UNUSABLE)
def test_documents_databases_and_empty_archives_are_no_statements(members, code, detail):
    assert refusal(archive(members)) == (code, detail)


@pytest.mark.parametrize("whole", [archive({"may.csv": MAY}), workbook({"A": [HEADER, ("2026-06-02", "Kiosk", -3.5)]})])
def test_a_file_that_is_cut_off_is_damaged(whole):
    assert refusal(whole[: len(whole) // 2]) == (
        "damaged",
        "This file is damaged, or a part of it is missing. Download it again and upload that file.",
    )


CAMT = (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>'
    "<Id>1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>{}</Stmt></BkToCstmrStmt>"
    "</Document>"
)
ENTRY = (
    '<Ntry><Amt Ccy="EUR">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>{}</Dt></BookgDt>'
    "<NtryDtls><TxDtls><RltdPties><Cdtr><Nm>{}</Nm></Cdtr></RltdPties></TxDtls></NtryDtls></Ntry>"
)


def messages(*rows):
    return CAMT.format("".join(ENTRY.format(*row) for row in rows))


TWICE = "Date,Payee,Amount\n2026-05-20,Kiosk,-3.50\n2026-05-20,Kiosk,-3.50\n2026-05-31,Rent,-900.00\n"
BOOKED = [("3.50", "2026-05-20", "KIOSK AM ECK"), ("900.00", "2026-05-31", "Landlord, rent of May")]


@pytest.mark.parametrize("names", [("a.csv", "b.xml"), ("b.xml", "a.csv")])
def test_a_movement_in_two_formats_counts_once(names):
    members = {"a.csv": TWICE, "b.xml": messages(*BOOKED)}
    _, outcomes = read(archive({name: members[name] for name in names}))
    kiosk, rent = ("2026-05-20", Decimal("-3.50")), ("2026-05-31", Decimal(-900))
    assert sorted((day, amount) for _, day, amount in rows_in(outcomes)) == [kiosk, kiosk, rent]
    assert [o.reason for o in outcomes if isinstance(o, Skipped)].count("repeated") == 2


@pytest.mark.parametrize(
    "row", [("3.50", "2026-05-21", "KIOSK"), ("3.51", "2026-05-20", "KIOSK"), ("3.50", "2026-05-20", "Bakery")]
)
def test_a_row_of_another_format_with_another_day_amount_or_text_is_another_row(row):
    _, outcomes = read(archive({"a.csv": MAY, "b.xml": messages(row)}))
    assert len(rows_in(outcomes)) == 3


def test_rows_without_an_account_are_compared_with_none_of_two():
    second = messages(*BOOKED).replace("DE89370400440532013000", "DE02120300000000202051")
    _, outcomes = read(archive({"a.csv": MAY, "b.xml": messages(BOOKED[0]), "c.xml": second}))
    assert len(rows_in(outcomes)) == 5

"""Statements as OFX and QIF, from upload to revert."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Transaction
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

OFX = """\
OFXHEADER:100
DATA:OFXSGML
VERSION:102
CHARSET:1252

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>37040044<ACCTID>DE89370400440532013000<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-45.50<FITID>A1<NAME>B\u00e4ckerei Sonne<MEMO>Karte 12</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-3.20<FITID>0<NAME>Kaffeehaus</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-3.20<FITID>0<NAME>Kaffeehaus</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260315<TRNAMT>2500.00<FITID>A2<NAME>Muster AG<SIC>7399</STMTTRN>
</BANKTRANLIST>
<LEDGERBAL><BALAMT>2948.10<DTASOF>20260331</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
QIF = """\
!Type:Bank
D13/03/2026
T-45.50
PB\u00e4ckerei Sonne
MKarte 12
LFood:Bread
^
D14/03/2026
T-10.00
PMarkt
SFood
ELunch
$-7.00
SHome
$-3.00
^
D15/03/2026
T-3.20
PKaffeehaus
^
D15/03/2026
T-3.20
PKaffeehaus
^
"""


@pytest.fixture(autouse=True)
def _giro(ana):
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})


def upload(api, content, **fields):
    file = SimpleUploadedFile("march", content if isinstance(content, bytes) else content.encode())
    return api.post("imports/", {"file": file, "account": "Giro", **fields}, format="multipart")


def rows_of(api):
    rows = api.get("transactions/?ordering=id").json()["results"]
    return [(row["date"], row["direction"], row["amount"], row["merchant"], row["description"]) for row in rows]


def test_an_ofx_file_is_shown_before_it_is_recorded(ana):
    answer = upload(ana, OFX.encode("cp1252"))
    assert answer.status_code == 201
    body = answer.json()
    (account,) = body["accounts"]
    assert (body["format"], body["profile"], body["questions"], body["warnings"]) == (
        "ofx",
        {
            "format": "ofx",
            "encoding": "cp1252",
            "decimal": ".",
            "currency_code": "",
            "leave_out_pending": False,
            "signs_by_type": False,
        },
        [],
        [],
    )
    assert (account["key"], account["iban"], account["number"], account["bank"], account["currency"]) == (
        "37040044/DE89370400440532013000/CHECKING",
        "DE89370400440532013000",
        "",
        "37040044",
        "EUR",
    )
    assert (account["balance"], account["balance_date"]) == ("2948.10", "2026-03-31")
    assert (body["n_rows"], body["n_errors"], body["n_skipped"]) == (4, 0, 0)
    assert body["totals"] == {"EUR": {"in": "2500.00", "out": "51.90", "sum": "2448.10"}}
    shown = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert [(row["line"], row["merchant"], row["description"], row["mcc"]) for row in shown] == [
        (9, "Bäckerei Sonne", "Karte 12", ""),
        (10, "Kaffeehaus", "Kaffeehaus", ""),
        (11, "Kaffeehaus", "Kaffeehaus", ""),
        (12, "Muster AG", "Muster AG", "7399"),
    ]
    assert Transaction.objects.count() == 0


@pytest.mark.parametrize(("content", "n_parts"), [(OFX, 0), (QIF, 2)], ids=["ofx", "qif"])
def test_a_file_is_recorded_once_and_taken_back(ana, ben, content, n_parts):
    body = upload(ana, content, commit="true").json()
    assert (body["status"], body["n_new"], body["n_duplicates"]) == ("committed", 4, 0)
    assert ben.get(f"imports/{body['id']}/").status_code == 404
    before = rows_of(ana)
    again = upload(ana, content, commit="true").json()
    assert (again["status"], again["n_new"], again["n_duplicates"]) == ("committed", 0, 4)
    assert rows_of(ana) == before
    assert ana.post(f"runs/{body['run']}/revert/").json()["counts"]["removed"] == 4 + n_parts
    assert rows_of(ana) == []
    assert upload(ana, content, commit="true").json()["n_new"] == 4
    assert rows_of(ana) == before


def test_an_ofx_file_in_xml_holds_the_same_rows_as_in_sgml(ana):
    upload(ana, OFX, commit="true")
    start = OFX.index("<OFX>")
    lines = OFX[start:].replace("<CURDEF>EUR", "<CURDEF>EUR</CURDEF>").replace("<FITID>A1", "<FITID>A1</FITID>")
    xml = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="220"?>\n' + lines
    assert upload(ana, xml, commit="true").json()["n_new"] == 0


def test_the_same_id_on_another_amount_is_another_row(ana):
    """Banks repeat a FITID in a file, and in the next one."""
    first = OFX.replace("<FITID>0", "<FITID>A1").replace("-3.20", "-3.30", 1)
    assert upload(ana, first, commit="true").json()["n_new"] == 4
    assert upload(ana, first.replace("-45.50", "-46.50"), commit="true").json()["n_new"] == 1
    assert Transaction.objects.count() == 5


def test_an_unreadable_transaction_names_its_line_and_reason(ana):
    body = upload(ana, OFX.replace("-45.50", "$120").replace("20260315", "20260230"), commit="true").json()
    assert (body["status"], body["n_new"], body["n_errors"]) == ("parsed", 2, 2)
    errors = ana.get(f"imports/{body['id']}/rows/?show=errors").json()["results"]
    assert [row["errors"] for row in errors] == [
        [{"attr": "amount", "code": "unreadable", "detail": "Line 9: “$120” is not an amount."}],
        [{"attr": "date", "code": "unreadable", "detail": "Line 12: “20260230” is not a date of the form YYYYMMDD."}],
    ]
    assert_problem(ana.post(f"imports/{body['id']}/commit/"), 409, (None, "unreadable_rows"))


@pytest.mark.parametrize(
    ("content", "code", "detail"),
    [
        ("<OFX><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Signon invalid</STATUS></OFX>", "bank_error",
         "The bank sent an error instead of a statement: “Signon invalid” (code 15500). Download the statement again."),
        ("<OFX></OFX>", "no_statement", "This OFX file holds no statement: it has no list of transactions. "  # noqa: ISC004
         "Download the list of transactions of an account."),
        ("!Type:Cat\nNFood\n^\n", "no_statement",
         "This QIF file has no transactions, only lists (category). Export those of an account."),
        ('<!DOCTYPE x [\n<!ENTITY a SYSTEM "file:///etc/passwd">]>\n' + OFX, "entities",
         "Line 2 declares an entity of XML, which no statement needs and which can attack a server. "  # noqa: ISC004
         "Download the file from your bank again."),
        (OFX + "!Type:Bank\n", "ambiguous_format",
         "This file has the marks of OFX and QIF. Upload one statement a file."),
    ],
    ids=["error", "nothing", "lists", "entities", "two formats"],
)  # fmt: skip
def test_a_file_without_a_statement_is_refused_and_not_stored(ana, content, code, detail):
    answer = upload(ana, content)
    assert_problem(answer, 400, ("file", code))
    assert answer.json()["errors"][0]["detail"] == detail
    assert ana.get("imports/").json()["count"] == 0


def test_a_cut_file_is_not_recorded_without_a_word(ana):
    body = upload(ana, OFX[: OFX.index("<SIC>")], commit="true").json()
    assert (body["status"], body["n_new"], body["n_errors"]) == ("parsed", 3, 1)
    assert body["warnings"] == [
        "The file ends before its last end tag. Later transactions may be missing: download it again."
    ]


def test_the_order_of_dates_in_qif_is_asked_and_answered(ana):
    text = QIF.replace("13/03", "03/04").replace("14/03", "04/05").replace("15/03", "05/06")
    body = upload(ana, text, commit="true").json()
    (question,) = body["questions"]
    assert (body["status"], question["attr"], question["code"]) == ("parsed", "date_format", "unknown_date_order")
    assert question["alternatives"] == ["%d/%m/%Y", "%m/%d/%Y"]
    answered = ana.patch(f"imports/{body['id']}/", {"profile": {"date_format": "%m/%d/%Y"}}).json()
    assert (answered["questions"], answered["period"]) == ([], {"from": "2026-03-04", "to": "2026-05-06"})


def test_a_faulty_profile_of_qif_is_refused_by_key(ana):
    body = upload(ana, QIF).json()
    answer = ana.patch(f"imports/{body['id']}/", {"profile": {"date_format": "%d/%m", "amount": "T"}})
    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == ["profile.amount", "profile.date_format"]


def test_categories_and_parts_of_qif_are_recorded(ana):
    food = ana.post("categories/", {"name": "Food", "kind": "expense"}).json()["id"]
    ana.post("categories/", {"name": "Bread", "kind": "expense", "parent": food})
    ana.post("categories/", {"name": "Home", "kind": "expense"})
    upload(ana, QIF, commit="true")
    rows = ana.get("transactions/?ordering=id").json()["results"]
    bread = next(row for row in rows if row["amount"] == "45.50")
    assert (bread["category_name"], bread["categorization"]["source"]) == ("Bread", "import")
    whole = Transaction.objects.get(description="Markt", parent=None)
    parts = ana.get(f"transactions/{whole.pk}/split/").json()["parts"]
    assert [(part["amount"], part["category_name"], part["notes"]) for part in parts] == [
        ("7.00", "Food", "Lunch"),
        ("3.00", "Home", ""),
    ]

"""CAMT and MT940 over HTTP: upload, look at the rows, commit, upload again, take back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Transaction
from tests.statements.test_samples import FOLDER

CAMT = (FOLDER / "camt" / "german_batch.xml").read_bytes()
MT940 = (FOLDER / "mt940" / "dutch_keys.txt").read_bytes()


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})


@pytest.fixture
def giro(ana):
    """Ana's account."""
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR", "country": "DE"}).json()


def upload(api, content, **fields):
    file = SimpleUploadedFile("statement", content if isinstance(content, bytes) else content.encode())
    return api.post("imports/", {"file": file, **fields}, format="multipart")


def refusal(api, content):
    answer = upload(api, content, account="Giro")
    assert answer.status_code == 400
    assert not Transaction.objects.exists()
    return [(error["code"], error["detail"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("content", "name", "n_rows", "total"),
    [(CAMT, "camt", 7, {"in": "2562.00", "out": "775.94", "sum": "1786.06"}),
     (MT940, "mt940", 4, {"in": "50.00", "out": "55.10", "sum": "-5.10"})],
    ids=["camt", "mt940"],
)  # fmt: skip
def test_a_file_is_recorded_once_and_can_be_taken_back(ana, giro, run_tasks, content, name, n_rows, total):
    body = upload(ana, content, account="Giro").json()
    assert (body["format"], body["n_rows"], body["n_errors"], body["questions"]) == (name, n_rows, 0, [])
    assert body["totals"] == {"EUR": total}
    assert body["profile"] == {"format": name, "encoding": "utf-8", "leave_out_pending": False}
    run = ana.post(f"imports/{body['id']}/commit/", {}).json()
    run_tasks()
    assert ana.get(f"runs/{run['id']}/").json()["counts"]["created"] == n_rows
    assert Transaction.objects.count() == n_rows
    again = upload(ana, content, account="Giro").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, n_rows)
    ana.post(f"runs/{run['id']}/revert/", {})
    run_tasks()
    assert not Transaction.objects.exists()


def test_rows_of_camt_hold_the_other_side_and_the_texts(ana, giro):
    body = upload(ana, CAMT, account="Giro").json()
    row = ana.get(f"imports/{body['id']}/rows/").json()["results"][0]
    assert {key: row[key] for key in ("line", "date", "amount", "direction", "merchant", "description", "iban")} == {
        "line": 26,
        "date": "2026-03-02",
        "amount": "2500.00",
        "direction": "in",
        "merchant": "Drachenwerk GmbH",
        "description": "Gehalt Maerz GEHALT/RENTE",
        "iban": "DE31370502990019283746",
    }


def test_pending_rows_are_left_out_on_request(ana, giro):
    body = upload(ana, CAMT, account="Giro").json()
    answer = ana.patch(f"imports/{body['id']}/", {"profile": {"leave_out_pending": True}}).json()
    assert (answer["n_rows"], answer["n_skipped"]) == (6, 1)


def test_a_key_that_the_profile_does_not_have_is_refused(ana, giro):
    body = upload(ana, MT940, account="Giro").json()
    answer = ana.patch(f"imports/{body['id']}/", {"profile": {"decimal": ","}})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == (
        "“decimal” is not known. The keys are: encoding, format, leave_out_pending."
    )


def test_an_unreadable_amount_names_its_line_and_records_nothing(ana, giro):
    content = CAMT.replace(b'<Amt Ccy="EUR">52.00', b'<Amt Ccy="EUR">fifty')
    body = upload(ana, content, account="Giro", commit="true").json()
    assert (body["status"], body["n_rows"], body["n_errors"]) == ("parsed", 6, 1)
    errors = ana.get(f"imports/{body['id']}/rows/?show=errors").json()["results"]
    assert errors[0]["errors"] == [
        {"attr": "amount", "code": "unreadable", "detail": "Line 85: “fifty” is not an amount."}
    ]
    assert not Transaction.objects.exists()


def test_a_file_that_was_cut_off_names_the_line(ana, giro):
    assert refusal(ana, MT940[: MT940.index(b":62F:")]) == [
        (
            "cut_off",
            (
                "Line 21: the file ends in the middle of the statement from line 4, before its closing balance "
                "(:62F:). Download the file from your bank again."
            ),
        )
    ]
    assert refusal(ana, CAMT[: CAMT.index(b"SAMMLER")]) == [
        (
            "malformed_xml",
            (
                "Line 70: the XML is damaged or cut off (no element found). "
                "Download the file from your bank again, and upload it as it is."
            ),
        )
    ]


BOMB = '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>\n<Document><Stmt>&b;</Stmt></Document>'
OUTSIDE = '<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<Document><Stmt>&a;</Stmt></Document>'


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, '<!DOCTYPE Document SYSTEM "http://localhost/a.dtd"><Document/>'])
def test_entities_and_document_types_are_refused(ana, giro, content):
    assert refusal(ana, content) == [
        (
            "forbidden_xml",
            (
                "Line 1: the XML declares a document type or entities, which no statement needs and which can be "
                "harmful. Download the file from your bank again."
            ),
        )
    ]


def test_elements_without_an_end_are_refused(ana, giro):
    content = "<Document>\n" + "<a>" * 100_000
    assert refusal(ana, content) == [
        (
            "too_deep",
            (
                "Line 2: elements are nested more than 64 deep, which no statement needs. "
                "Download the file from your bank again."
            ),
        )
    ]


def test_another_message_says_what_it_is(ana, giro):
    content = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn/></Document>'
    assert refusal(ana, content) == [
        (
            "not_a_statement",
            (
                "This is an order of credit transfers (pain.001), not a statement. "
                "Download the statement of your account as CAMT.053 (or CSV), and upload that file."
            ),
        )
    ]
    content = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt/></Document>'
    assert refusal(ana, content) == [
        (
            "no_statement",
            (
                "This document of ISO 20022 holds no statement (Stmt), report (Rpt) or notification (Ntfctn). "
                "Download the statement of your account as CAMT.053 (or CSV), and upload that file."
            ),
        )
    ]


def test_a_statement_without_entries_asks_what_to_do(ana, giro):
    content = "<Document><BkToCstmrStmt><Stmt><Id>1</Id></Stmt></BkToCstmrStmt></Document>"
    body = upload(ana, content, account="Giro", commit="true").json()
    assert [question["code"] for question in body["questions"]] == ["no_rows"]


def test_a_stranger_sees_nothing_of_it(ana, ben, giro):
    body = upload(ana, MT940, account="Giro").json()
    assert ben.get(f"imports/{body['id']}/rows/").status_code == 404

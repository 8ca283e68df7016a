"""PDFs through the API: what nothing in the file proves is asked, and a report of Outlay is no statement."""

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from statements.limits import parent
from tests.api.bodies import assert_problem
from tests.statements.printed import BALANCE, left, plain, printed, right

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

QUESTION = {
    "attr": "is_complete",
    "code": "unproved",
    "detail": (
        "Nothing in the PDF proves its rows and their signs. Compare rows and totals with the statement. "
        'To confirm this, PATCH the import with {"profile": {"is_complete": true}}.'
    ),
    "alternatives": [True],
}


def upload(api, data, **fields):
    content = SimpleUploadedFile("file.pdf", data)
    return api.post("imports/", {"file": content, "account": "Giro", "commit": "true", **fields}, format="multipart")


@pytest.fixture(autouse=True)
def _giro(ana):
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})


def test_rows_that_nothing_proves_are_recorded_once_a_person_has_confirmed_them(ana):
    body = upload(ana, plain()).json()
    assert (body["status"], body["questions"]) == ("parsed", [QUESTION])
    answered = ana.patch(f"imports/{body['id']}/", {"profile": {"is_complete": True}}).json()
    assert (answered["questions"], answered["profile"]["is_complete"]) == ([], True)


def test_a_saved_profile_does_not_confirm_the_rows_of_the_next_file(ana):
    first = upload(ana, plain()).json()
    ana.patch(f"imports/{first['id']}/", {"profile": {"is_complete": True}, "save_as": "My bank"})
    lines = [
        "Umsätze vom 01.03.2026 bis 31.03.2026",
        [left("Datum"), left("Empfänger", 40), right("Betrag (EUR)", BALANCE)],
        [left("03.03.2026"), left("Buchladen", 40), right("-9,90", BALANCE)],
    ]
    second = upload(ana, printed(lines)).json()
    assert (second["profile_name"], second["profile"]["is_complete"]) == ("My bank", False)
    assert (second["status"], second["questions"]) == ("parsed", [QUESTION])


def test_a_report_of_outlay_is_refused(ana):
    day = {"amount": "5.00", "description": "Kiosk", "account": "Giro", "date": "2026-03-02"}
    assert ana.post("expenses/", day).status_code == 201
    report = ana.get("export/report.pdf?month=2026-03")
    data = report.getvalue() if report.streaming else report.content
    answer = upload(ana, data)
    assert_problem(answer, 400, ("file", "own_report"))
    assert answer.json()["errors"][0]["detail"] == (
        "This PDF is a report that Outlay made, and no statement of a bank. Upload the bank's own file."
    )
    assert ana.get("imports/").json()["count"] == 0


@pytest.mark.logs_errors
def test_a_file_that_waits_too_long_for_others_is_sent_again(ana, monkeypatch):
    monkeypatch.setattr(parent, "_free", threading.BoundedSemaphore(1))
    monkeypatch.setattr(parent, "WAIT_S", 0.01)
    monkeypatch.setattr(parent, "_answers", type(parent._answers)())
    ana.client.raise_request_exception = False
    with parent._free:
        answer = upload(ana, plain())
    body = assert_problem(answer, 503, (None, "busy"))
    assert answer["Retry-After"] == "10"
    assert body["errors"][0]["detail"] == (
        "Other workbooks and PDFs are being read, and nothing of this was done; send it again in a moment."
    )
    assert upload(ana, plain()).status_code == 201

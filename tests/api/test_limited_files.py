"""Workbooks, PDFs and archives over HTTP, good ones and those that are made to do harm."""

import datetime as dt

import pytest

from statements.limits import parent as limits
from statements.models import Import
from tests.api.test_imports import errors_of, upload
from tests.statements.books import HEADER, archive, bomb, workbook
from tests.statements.printed import german, left, printed, right

BOOK = workbook({"May": [HEADER, (dt.date(2026, 5, 20), "Kiosk", -3.5), (dt.date(2026, 5, 31), "Rent", -900)]})


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _chain(silent_chain):
    """No link answers."""


@pytest.fixture
def giro(ana):
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR"}).json()


def refused(ana, data):
    """The code of the refusal and its sentence. Nothing is kept."""
    answer = upload(ana, data, account="Giro")
    assert answer.status_code == 400
    ((attr, code),) = errors_of(answer)
    assert attr == "file"
    assert Import.objects.count() == 0
    return code, answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("data", "kind", "n"),
    [(BOOK, "excel", 2), (german(), "pdf", 3), (archive({"may.xlsx": BOOK, "january.pdf": german()}), "zip", 5)],
)
def test_a_file_is_read_recorded_once_and_taken_back(ana, giro, run_tasks, data, kind, n):
    body = upload(ana, data, account="Giro").json()
    assert (body["format"], body["status"], body["n_rows"], body["n_errors"]) == (kind, "parsed", n, 0)
    assert ana.get(f"imports/{body['id']}/rows/").json()["count"] == n
    run = ana.post(f"imports/{body['id']}/commit/", {}).json()
    run_tasks()
    assert ana.get(f"runs/{run['id']}/").json()["counts"]["created"] == n
    again = upload(ana, data, account="Giro").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, n)
    assert ana.post(f"runs/{run['id']}/revert/", {}).status_code in (200, 202)
    run_tasks()
    assert ana.get("expenses/").json()["count"] == 0


def test_pages_of_a_preview_start_no_child(ana, giro, monkeypatch):
    body = upload(ana, BOOK, account="Giro").json()
    monkeypatch.setattr(limits, "_answer_of_child", None)
    for page, merchant in ((1, "Kiosk"), (2, "Rent")):
        (row,) = ana.get(f"imports/{body['id']}/rows/?page_size=1&page={page}").json()["results"]
        assert row["merchant"] == merchant


def test_another_sheet_is_chosen_by_a_patch(ana, giro):
    table = [("Booking date", "Merchant", "Value"), (dt.date(2026, 6, 1), "Kiosk", -4.5)]
    data = workbook({"Giro": [HEADER, ("2026-05-20", "Kiosk", -3.5), ("2026-05-31", "Rent", -9)], "Card": table})
    body = upload(ana, data, account="Giro").json()
    (question,) = body["questions"]
    assert question["code"] == "other_sheets"
    detail = "There is no sheet “Cards”. The sheets are: Giro, Card."
    answer = ana.patch(f"imports/{body['id']}/", {"profile": {"sheets": ["Cards"]}})
    assert answer.json()["errors"] == [{"code": "unknown_sheet", "detail": detail, "attr": "profile.sheets"}]


def test_a_workbook_that_is_a_bomb_is_refused(ana, giro):
    assert refused(ana, bomb(megabytes=257)) == (
        "too_large",
        "The workbook is larger than 256 MB unpacked. Download a shorter period.",
    )


def test_a_bomb_whose_directory_lies_is_stopped_by_the_limits(ana, giro, monkeypatch):
    data = bytearray(bomb(megabytes=257))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = data.rfind(mark)
        data[start + at : start + at + 4] = (1000).to_bytes(4, "little")
    code, _ = refused(ana, bytes(data))
    assert code in ("damaged", "too_much_memory", "no_table", "empty")


def test_an_archive_that_is_a_bomb_is_refused(ana, giro):
    members = {f"{n}.csv": b"0" * (32 << 20) for n in range(3)}
    assert refused(ana, archive(members)) == (
        "too_large",
        "The archive is larger than 64 MB unpacked. Upload fewer statements at once.",
    )


def test_a_cell_far_away_does_not_fill_the_memory(ana, giro, monkeypatch):
    monkeypatch.setattr(limits, "MEMORY_MB", 300)
    rows = {"A": [HEADER, *[()] * 1_000_000, (*[None] * 16_000, 1)]}
    assert refused(ana, workbook(rows)) == (
        "too_much_memory",
        "This file needs more than 300 MB to be read. Download a shorter period, or choose CSV.",
    )


def test_too_many_rows_of_a_workbook_are_refused(ana, giro, settings):
    settings.IMPORT_MAX_ROWS = 2
    assert refused(ana, BOOK) == (
        "too_many_rows",
        "The file has about 3 rows; at most 2 are read at once. Split it by year.",
    )


def test_a_form_of_two_gigabytes_is_refused_before_it_is_read(ana, giro):
    """The body that follows is short: whoever waited for two gigabytes would find the form cut off."""
    for headers in ({}, {"HTTP_IDEMPOTENCY_KEY": "2f6f1b8e-one"}):
        answer = ana.client.generic(
            "POST",
            "/api/v1/imports/",
            b"--x\r\n",
            content_type="multipart/form-data; boundary=x",
            CONTENT_LENGTH=str(2 << 30),
            **headers,
        )
        assert answer.status_code == 413
        assert errors_of(answer) == [(None, "body_too_large")]
    assert Import.objects.count() == 0


SCRIPT = b"<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>"


def test_scripts_in_a_pdf_are_never_run(ana, giro):
    data = german().replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction " + SCRIPT)
    assert SCRIPT in data
    assert upload(ana, data, account="Giro").json()["n_rows"] == 3


def test_a_pdf_of_five_thousand_pages_is_refused(ana, giro):
    assert refused(ana, printed(*[["x"]] * 5000)) == (
        "too_many_pages",
        "The PDF has 5000 pages; at most 200 are read. Download a shorter period, or CSV.",
    )


def test_a_pdf_with_a_password_is_refused(ana, giro):
    assert refused(ana, printed(["x"], password="secret"))[0] == "encrypted"


def test_a_pdf_whose_rows_are_not_clear_is_refused(ana, giro):
    assert refused(ana, german(closing="9.999,99")) == (
        "pdf_unclear",
        (
            "The rows of the PDF add up to 63.10, but its balances differ by 8999.99. "
            "Download the statement from your bank as CSV or Excel, and upload that file."
        ),
    )


def test_a_nul_in_a_csv_is_refused(ana, giro):
    assert refused(ana, b"Date,Payee,Amount\n2026-05-01,Ki\0osk,-3.50\n") == (
        "binary",
        "This is not a text file. Download the statement from your bank as CSV instead.",
    )


def test_a_csv_of_a_million_columns_is_refused(ana, giro):
    assert refused(ana, b"Date,Payee,Amount" + b"," * 1_000_000 + b"\n2026-05-01,Kiosk,-3.50\n") == (
        "too_many_columns",
        "The table has more than 4096 columns. Save the columns of the statement alone.",
    )


def test_formulas_in_a_csv_stay_text(ana, giro):
    body = upload(ana, 'Date,Payee,Amount\n2026-05-01,"=HYPERLINK(""http://x"")",-3.50\n', account="Giro").json()
    (row,) = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert row["merchant"] == '=HYPERLINK("http://x")'


def test_an_import_of_a_stranger_is_not_found(ana, ben, giro):
    body = upload(ana, BOOK, account="Giro").json()
    assert ben.get(f"imports/{body['id']}/rows/").status_code == 404


def test_a_scan_is_refused(ana, giro):
    assert refused(ana, printed([]))[0] == "picture"


def test_a_long_text_beside_a_statement_does_no_harm(ana, giro):
    lines = [[left(f"{n % 28 + 1:02}.02.2026"), left("Shop " * 9, 40), right("-5,00", 200)] for n in range(1, 50)]
    assert upload(ana, printed(lines), account="Giro").json()["n_rows"] == 49

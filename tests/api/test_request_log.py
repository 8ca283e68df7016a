"""Every answer has an id, and each refused write one line in the log that holds no content."""

import io
import json
import logging
import logging.config
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from rest_framework.settings import api_settings

from expenses.services import bulk_runs, transactions
from expenses.services.ledger_lock import Refusal
from statements.models import Import
from tests.api.attached_files import PDF, attach
from tests.api.bodies import assert_problem, with_key
from tests.api.bulk import edit, record

pytestmark = pytest.mark.usefixtures("silent_chain")

LOGGER = "outlay.refusals"
SECRET = "Dr Example, Oncology"
ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FIELDS = ("request_id", "user_id", "method", "path", "status", "type", "codes")


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture) -> Any:
    """Return the records of refusals so far, which are then forgotten."""
    caplog.set_level(logging.INFO, LOGGER)

    def take() -> list[dict[str, Any]]:
        found = [record.__dict__ for record in caplog.records if record.name == LOGGER]
        caplog.clear()
        return found

    return take


def given_id(text: str) -> dict[str, Any]:
    return {"headers": {"X-Request-ID": text}}


@pytest.mark.parametrize("text", ["a", "1c9f.2-B_7", "x" * 128])
def test_the_id_of_the_proxy_is_taken_over(ana, text):
    assert ana.get("expenses/", **given_id(text))["X-Request-ID"] == text
    assert ana.get("nowhere/", **given_id(text))["X-Request-ID"] == text


@pytest.mark.parametrize("text", ["", "x" * 129, "a b", "ü", "a\x7f", "a\n", 'a"b', "<b>", "a,b"], ids=ascii)
def test_a_malformed_id_is_replaced(ana, text):
    assert UUID.fullmatch(ana.get("expenses/", **given_id(text))["X-Request-ID"])


def test_every_answer_has_an_id_of_its_own(ana, anyone):
    row = ana.post("transactions/", ROW, **with_key())
    attachment = attach(ana, row.json()["id"], PDF).json()["id"]
    answers = [
        row,
        ana.post("transactions/", ROW, **with_key()),  # replayed
        ana.get("transactions/", HTTP_IF_NONE_MATCH=ana.get("transactions/")["ETag"]),
        ana.get(f"attachments/{attachment}/content/"),
        ana.get("rules/export/"),
        ana.delete(f"transactions/{row.json()['id']}/"),
        ana.get("docs/"),
        ana.get("/metrics"),
        ana.get("/"),
        ana.get("/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"),
        anyone.get("health/live/"),
        anyone.get("expenses/"),
        anyone.get("/nowhere/"),
        anyone.get("health/live/", HTTP_HOST="evil.example"),
        ana.request("options", "expenses/"),
        ana.put("expenses/"),
        ana.post("transactions/", ROW | {"amount": "6"}, **with_key()),
    ]
    assert [a.status_code for a in answers] == [
        201, 200, 304, 200, 200, 204, 200, 200, 302, 200, 200, 401, 404, 400, 200, 405, 422,
    ]  # fmt: skip
    for answer in answers:
        answer.close()  # some have an open file
    ids = [answer["X-Request-ID"] for answer in answers]
    assert all(UUID.fullmatch(number) for number in ids)
    assert len(set(ids)) == len(ids)


def test_a_problem_shows_the_id_of_its_request(ana, anyone):
    """The clients of the other tests take it out of the body, so this one has none of their help."""
    answers = [
        ana.post("expenses/", {}, **given_id("r-1")),
        ana.put("expenses/", **given_id("r-1")),
        anyone.get("expenses/", **given_id("r-1")),
        anyone.get("/nowhere/", **given_id("r-1")),
        anyone.get("health/live/", headers={"X-Request-ID": "r-1", "Host": "evil.example"}),
        ana.post("transactions/", ROW, headers={"X-Request-ID": "r-1", "Idempotency-Key": "a b"}),
    ]
    for answer in answers:
        assert list(json.loads(answer.content)) == ["type", "title", "status", "detail", "errors", "request_id"]
        assert json.loads(answer.content)["request_id"] == "r-1"


@pytest.mark.logs_errors
def test_a_crash_is_logged_once_with_its_traceback_and_id(ana, monkeypatch):
    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(transactions, "record_transaction", crash)
    ana.client.raise_request_exception = False
    answer, lines = logged(lambda: ana.post("transactions/", ROW | {"notes": SECRET}, **given_id("r-1")))
    assert_problem(answer, 500, (None, "error"))
    [line] = lines
    shown = {name: line[name] for name in ("level", "logger", "request_id", "method", "path", "status", "user_id")}
    assert shown == {
        "level": "ERROR",
        "logger": "django.request",
        "request_id": "r-1",
        "method": "POST",
        "path": "/api/v1/transactions/",
        "status": 500,
        "user_id": ana.user.pk,
    }
    assert "RuntimeError: a bug" in line["exc_info"]
    assert SECRET not in json.dumps(line)


def refused(ana: Any, ben: Any, anyone: Any, settings: Any) -> list[tuple[Any, Any, str, str, list[str]]]:
    """Make a refused write of each kind: user, answer, method, path and codes."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    row = ana.post("transactions/", ROW).json()
    path = f"transactions/{row['id']}/"
    ana.post("transactions/", ROW, **with_key("k-1"))
    ana.post("categories/", {"name": "Tea", "kind": "expense"})
    csv = SimpleUploadedFile("secret.csv", b"\x00\x01 no statement")
    return [
        (ana, ana.post("expenses/", {"description": SECRET, "amount": "0", "date": "x"}),
         "POST", "expenses/", ["invalid", "min_value"]),
        (ana, ana.post("expenses/?x=" + SECRET, ROW), "POST", "expenses/", ["unknown"]),
        (ana, ana.put("expenses/"), "PUT", "expenses/", ["method_not_allowed"]),
        (ana, ana.post("expenses/", b"{", content_type="application/json"), "POST", "expenses/", ["parse_error"]),
        (ana, ana.post("expenses/", b"x", content_type="text/plain"), "POST", "expenses/", ["unsupported_media_type"]),
        (ana, ana.post("expenses/", {"notes": "x" * 3000}), "POST", "expenses/", ["body_too_large"]),
        (ana, ana.post("categories/", {"name": "Tea", "kind": "expense"}), "POST", "categories/", ["unique"]),
        (ana, ana.patch(path, {"notes": "x"}, HTTP_IF_MATCH='"1-0"'), "PATCH", path, ["changed_meanwhile"]),
        (ben, ben.delete(path), "DELETE", path, ["not_found"]),
        (anyone, anyone.delete(path), "DELETE", path, ["not_authenticated"]),
        (ana, ana.post("imports/", {"file": csv}, format="multipart"), "POST", "imports/", ["binary"]),
        (ana, ana.post("transactions/", ROW | {"amount": "6"}, **with_key("k-1")),
         "POST", "transactions/", ["key_reused"]),
        (ana, ana.post("transactions/", ROW, **with_key("a b")), "POST", "transactions/", ["invalid"]),
        (anyone, ana.post("nowhere/"), "POST", "nowhere/", ["not_found"]),
        (anyone, ana.post("expenses/", HTTP_HOST="evil.example"), "POST", "expenses/", ["host_not_allowed"]),
    ]  # fmt: skip


def test_each_refused_write_is_logged_once_without_content(ana, ben, anyone, settings, refusals):
    expected = refused(ana, ben, anyone, settings)
    found = refusals()
    assert [{name: line[name] for name in FIELDS} for line in found] == [
        {
            "request_id": answer["X-Request-ID"],
            "user_id": api.user and api.user.pk,
            "method": method,
            "path": f"/api/v1/{path}",
            "status": answer.status_code,
            "type": "about:blank",
            "codes": codes,
        }
        for api, answer, method, path, codes in expected
    ]
    assert [line["status"] for line in found] == [
        400,
        400,
        405,
        400,
        415,
        413,
        400,
        412,
        404,
        401,
        400,
        422,
        400,
        404,
        400,
    ]
    for word in (SECRET, "Cafe Luna", "Tea", "secret.csv", "evil.example", "ana@", "Give"):
        assert word not in str([{name: line[name] for name in (*FIELDS, "msg", "args")} for line in found])


def test_a_throttled_write_is_logged(ana, settings, refusals):
    rates: dict[str, Any] = api_settings.DEFAULT_THROTTLE_RATES
    before, rates["suggest"] = rates["suggest"], "1/hour"
    try:
        for _ in range(2):
            answer = ana.post("categorization/suggest/", {"description": SECRET})
    finally:
        rates["suggest"] = before
    assert answer.status_code == 429
    assert [(line["status"], line["codes"]) for line in refusals()] == [(429, ["throttled"])]


def test_reads_and_successful_writes_are_not_logged(ana, refusals):
    ana.post("transactions/", ROW)
    ana.get("transactions/99999/")
    ana.get("transactions/?month=x")
    assert refusals() == []


@pytest.mark.parametrize("on_conflict", ["skip", "update"])
def test_refused_rows_of_a_bulk_are_logged_in_one_line_without_content(ana, refusals, on_conflict):
    rows = [ROW, ROW | {"amount": "0", "notes": SECRET}, {"description": SECRET}, ROW | {SECRET: "x"}, ROW]
    ana.post("transactions/bulk/", {"transactions": [ROW, ROW], "on_conflict": on_conflict})
    assert refusals() == []
    answer = ana.post("transactions/bulk/", {"transactions": rows, "on_conflict": on_conflict})
    assert (answer.status_code, [row["index"] for row in answer.json()["errors"]]) == (200, [1, 2, 3])
    [line] = refusals()
    assert {name: line[name] for name in ("user_id", "method", "path", "status", "rows", "codes")} == {
        "user_id": ana.user.pk,
        "method": "POST",
        "path": "/api/v1/transactions/bulk/",
        "status": 200,
        "rows": 3,
        "codes": ["min_value", "required", "unknown"],
    }
    shown = "Refused 3 rows of POST /api/v1/transactions/bulk/: codes=min_value,required,unknown user_id="
    assert line["msg"] % line["args"] == f"{shown}{ana.user.pk}"
    assert SECRET not in str(line)


def test_a_refused_row_of_a_bulk_has_the_id_of_its_request_in_the_log(ana):
    _, [line] = logged(lambda: ana.post("transactions/bulk/", {"transactions": [{}]}, **given_id("r-1")), "text")
    shown = f"Refused 1 row of POST /api/v1/transactions/bulk/: codes=required user_id={ana.user.pk}"
    assert line.partition(" INFO ")[2] == f"{LOGGER} [r-1] {shown}"


@pytest.mark.logs_errors
def test_a_busy_database_is_logged_by_django_alone(ana, monkeypatch, refusals):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(transactions, "record_transaction", refuse)
    ana.client.raise_request_exception = False
    answer, lines = logged(lambda: ana.post("transactions/", ROW))
    assert (answer.status_code, [line["logger"] for line in lines]) == (503, ["django.request"])
    assert refusals() == []


def test_a_file_that_a_worker_refuses_is_logged_once(ana, settings, tmp_path, run_tasks, refusals):
    settings.MEDIA_ROOT, settings.IMPORT_READ_AT_ONCE_BYTES = tmp_path, 10
    text = "Date;Description;Amount;Currency\n" + f"2026-10-30;{SECRET};-45.50;EUR\n" * 3
    upload = SimpleUploadedFile("secret.csv", text.encode())
    number = ana.post("imports/", {"file": upload}, format="multipart").json()["id"]
    statement = Import.objects.get(pk=number)
    Path(statement.file.path).write_text("another file\n")
    assert refusals() == []
    run_tasks()
    assert ana.get(f"imports/{number}/").json()["status"] == "failed"
    [line] = refusals()
    assert (line["import_id"], line["user_id"], line["codes"]) == (number, ana.user.pk, ["unknown_column"])
    assert line["msg"] % line["args"] == f"Refused import {number}: codes=unknown_column user_id={ana.user.pk}"


def test_a_run_that_a_worker_refuses_is_logged_once(ana, monkeypatch, run_tasks, refusals):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise Refusal(SECRET, code="gone")

    monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
    monkeypatch.setattr(bulk_runs, "editing", refuse)
    number = edit(ana, {"ids": record(ana, {})}, notes="x").json()["id"]
    run_tasks()
    assert ana.get(f"runs/{number}/").json()["status"] == "failed"
    [line] = refusals()
    assert {name: line[name] for name in ("run", "kind", "user_id", "codes")} == {
        "run": number,
        "kind": "bulk_edit",
        "user_id": ana.user.pk,
        "codes": ["gone"],
    }


def logged(act: Any, log_format: str = "json") -> tuple[Any, list[Any]]:
    """Return the answer of `act`, and what an operator's terminal shows meanwhile."""
    out = io.StringIO()
    config: dict[str, Any] = deepcopy(current.LOGGING)
    config["handlers"]["console"] |= {"formatter": log_format, "stream": out}
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        logging.config.dictConfig(config)
        answer = act()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    lines = out.getvalue().splitlines()
    return answer, [json.loads(line) for line in lines] if log_format == "json" else lines


def test_an_operator_reads_a_line_of_json(ana):
    answer, [line] = logged(lambda: ana.post("expenses/", {"amount": "0"}, **given_id("r-1")))
    assert answer.status_code == 400
    assert line.pop("time")
    assert line == {
        "level": "INFO",
        "logger": LOGGER,
        "message": f"Refused POST /api/v1/expenses/ 400: codes=min_value,required user_id={ana.user.pk}",
        "request_id": "r-1",
        "user_id": ana.user.pk,
        "method": "POST",
        "path": "/api/v1/expenses/",
        "status": 400,
        "type": "about:blank",
        "codes": ["min_value", "required"],
    }


def test_an_operator_reads_a_line_of_text(ana):
    _, [line] = logged(lambda: ana.post("expenses/", {"amount": "0"}, **given_id("r-1")), "text")
    shown = f"Refused POST /api/v1/expenses/ 400: codes=min_value,required user_id={ana.user.pk}"
    assert line.partition(" INFO ")[2] == f"{LOGGER} [r-1] {shown}"


def test_a_path_cannot_forge_a_line(ana):
    _, [line] = logged(lambda: ana.post("x%0AERROR root [-] forged/"), "text")
    assert "POST /api/v1/x%0AERROR%20root%20%5B-%5D%20forged/ 404" in line

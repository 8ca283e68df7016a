"""The child process: what it may use, what it sees, and what its end means."""

import json
import os
import subprocess
import sys
import threading

import pytest

from statements.importer import UnreadableFile
from statements.limits import parent as limits
from statements.limits.parent import converted

HERE = "tests.statements.conversions"


def refusal(data=b"x", *, by):
    with pytest.raises(UnreadableFile) as refused:
        converted(data, by=f"{HERE}.{by}")
    return refused.value.code, refused.value.detail


@pytest.fixture(autouse=True)
def _tight(monkeypatch):
    monkeypatch.setattr(limits, "MEMORY_MB", 200)
    monkeypatch.setattr(limits, "CPU_S", 1)
    monkeypatch.setattr(limits, "OUTPUT_MB", 1)
    monkeypatch.setattr(limits, "_answers", limits._answers.__class__())


def test_a_conversion_that_takes_too_much_memory_is_ended():
    wanted = "This file needs more than 200 MB to be read. Download a shorter period, or choose CSV."
    assert refusal(by="hungry") == ("too_much_memory", wanted)


def test_a_conversion_that_computes_for_too_long_is_ended():
    wanted = "This file needs more than 1 seconds to be read. Download a shorter period, or choose CSV."
    assert refusal(by="busy") == ("too_slow", wanted)


def test_a_conversion_that_sleeps_is_ended(monkeypatch):
    monkeypatch.setattr(limits, "DEADLINE_S", 1)
    assert refusal(by="sleepy")[0] == "too_slow"


def test_an_answer_that_is_too_long_is_refused():
    assert refusal(by="talkative")[0] == "too_much_memory"


def test_a_crash_is_no_lack_of_memory(caplog):
    wanted = "This file is damaged or of an unknown kind. Download it again, or choose CSV at your bank."
    assert refusal(by="crashing") == ("damaged", wanted)
    assert "crashing failed on a file of 1 bytes: the child ended with -11" in caplog.text


def test_a_library_that_aborts_without_memory_is_told_from_one_that_crashes():
    assert refusal(by="aborting")[0] == "too_much_memory"


def test_a_file_does_not_wait_for_others_without_end(monkeypatch):
    busy = threading.BoundedSemaphore(1)
    monkeypatch.setattr(limits, "_free", busy)
    monkeypatch.setattr(limits, "WAIT_S", 0.01)
    with busy, pytest.raises(limits.TooManyConversions):
        converted(b"x", by=f"{HERE}.curious")
    assert converted(b"x", by=f"{HERE}.curious")["django"] == []


def test_a_failure_is_logged_without_the_text_of_the_file(caplog):
    wanted = "This file is damaged or of an unknown kind. Download it again, or choose CSV at your bank."
    assert refusal(b"Secret payee", by="broken") == ("damaged", wanted)
    assert "broken failed on a file of 12 bytes: ValueError at broken.py:" in caplog.text
    assert "Secret" not in caplog.text


def test_the_child_sees_neither_django_nor_the_environment_of_the_server(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hidden")
    seen = converted(b"x", by=f"{HERE}.curious")
    assert seen["django"] == []
    assert set(seen["environment"]) <= {*limits._ENVIRONMENT, "LC_CTYPE"}


def test_the_same_file_is_converted_once(tmp_path):
    first = converted(b"x", by=f"{HERE}.curious")
    assert converted(b"x", by=f"{HERE}.curious") == first
    assert converted(b"y", by=f"{HERE}.curious")["pid"] != first["pid"]
    assert first["pid"] != os.getpid()
    assert json.loads(json.dumps(first)) == first


def test_the_server_loads_no_parser_of_workbooks_or_pdfs():
    code = (
        "import django, sys; django.setup(); import config.urls; "
        "print(*{'pdfplumber', 'pdfminer', 'python_calamine'} & {*sys.modules})"
    )
    command, environment = [sys.executable, "-c", code], os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(  # noqa: S603
        command, cwd=limits._ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def test_formats_load_no_models():
    code = "import sys, statements.formats; print(*(name for name in sys.modules if name.startswith('django.db')))"
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=limits._ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"

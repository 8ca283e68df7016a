"""An error says what to do next, in words of the API and not of its frameworks."""

import gettext
import io
import json
import re
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings

from tests.api.bodies import TITLES, summary_of

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}
WRITE_JSON = "Send JSON, and say so with the header `Content-Type: application/json`."


def problem(status: int, *errors: tuple[str | None, str, str]) -> dict[str, Any]:
    """The whole body of an error, of which `errors` are attr, code and detail."""
    told = [{"attr": attr, "code": code, "detail": detail} for attr, code, detail in errors]
    body = {"type": "about:blank", "title": TITLES[status], "status": status}
    return body | {"detail": summary_of(told), "errors": told}


def assert_answer(answer: Any, status: int, *errors: tuple[str | None, str, str]) -> None:
    assert (answer.status_code, answer.json()) == (status, problem(status, *errors))


def test_without_a_token_the_header_and_its_source_are_named(anyone):
    detail = "Send the header `Authorization: Token <token>`. POST /api/v1/auth/login/ gives you a token."
    for answer in (anyone.get("expenses/"), anyone.post("expenses/", ROW)):
        assert_answer(answer, 401, (None, "not_authenticated", detail))


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "Basic {}", "{}", "JWT {}"])
def test_another_scheme_is_told_the_right_one(ana, anyone, form):
    token = ana.client._credentials["HTTP_AUTHORIZATION"].removeprefix("Token ")
    detail = "Write your token as `Authorization: Token <token>`, with this word in front of it and no other."
    for key in ({}, {"Idempotency-Key": "k-1"}):
        answer = anyone.post("expenses/", ROW, headers={"Authorization": form.format(token), **key})
        assert_answer(answer, 401, (None, "not_authenticated", detail))
        assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_body_without_its_content_type_is_told_the_header(ana, method):
    number = ana.post("expenses/", ROW).json()["id"]
    address = "expenses/" if method == "post" else f"expenses/{number}/"
    for media_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = ana.request(method, address, json.dumps(ROW).encode(), content_type=media_type)
        assert_answer(answer, 415, (None, "unsupported_media_type", WRITE_JSON))


def test_a_json_body_where_a_form_is_read_is_told_so(ana):
    detail = "Send a form with the header `Content-Type: multipart/form-data`, as `curl -F` does."
    number = ana.post("expenses/", ROW).json()["id"]
    for address in ("imports/", f"transactions/{number}/attachments/"):
        assert_answer(ana.post(address, {"file": "x"}), 415, (None, "unsupported_media_type", detail))


@pytest.mark.parametrize("address", ["expenses/{}/", "accounts/{}/", "categories/{}/", "tags/{}/", "rates/{}/"])
def test_a_post_to_a_row_is_told_to_patch(ana, address):
    answer = ana.post(address.format(1), {})
    allowed = [name for name in answer["Allow"].split(", ") if name not in {"HEAD", "OPTIONS"}]
    detail = f"POST creates, and this is there already: use PATCH to change it. Allowed are {', '.join(allowed)}."
    assert_answer(answer, 405, (None, "method_not_allowed", detail))


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("delete", "expenses/", "GET or POST"),
        ("post", "insights/summary/", "GET"),
        ("get", "auth/login/", "POST"),
        ("put", "users/me/", "GET or PATCH or DELETE"),
    ],
)
def test_another_method_is_told_the_allowed_ones(ana, method, address, allowed):
    detail = f"{method.upper()} is not possible at this address; use {allowed}."
    assert_answer(ana.request(method, address), 405, (None, "method_not_allowed", detail))


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"amount": 5,}', "This is not JSON: look at line 1, character 14."),
        (b'{\n"amount": "5"\n"date": "x"}', "This is not JSON: look at line 3, character 1."),
        (b"amount=5", "This is not JSON: look at line 1, character 1."),
        (b'{"amount": NaN}', "This is not JSON: NaN, Infinity and very long numbers are not part of it."),
        (b'{"description": "\xe4"}', "Send the JSON in UTF-8."),
    ],
)
def test_a_body_that_is_no_json_is_told_where(ana, body, detail):
    answer = ana.post("expenses/", body, content_type="application/json")
    assert_answer(answer, 400, (None, "parse_error", detail))


def test_a_broken_form_is_told_what_to_send(ana):
    detail = "This form cannot be read: send it as multipart/form-data with its boundary, as `curl -F` does."
    for media_type in ("multipart/form-data", "multipart/form-data; boundary=ü"):
        answer = ana.post("imports/", b"no form", content_type=media_type)
        assert_answer(answer, 400, (None, "parse_error", detail))


@pytest.mark.parametrize(
    ("query", "status", "errors"),
    [
        ("page=x", 404, [(None, "not_found", "There is no such page; begin with page=1.")]),
        ("page=99", 404, [(None, "not_found", "There is no such page; begin with page=1.")]),
        ("account=x1", 400, [("account", "does_not_exist", "There is no account “x1”.")]),
        ("min_amount=x", 400, [("min_amount", "invalid", "Write a number.")]),
    ],
)
def test_a_wrong_parameter_of_a_list_is_told_what_to_write(ana, query, status, errors):
    assert_answer(ana.get(f"transactions/?{query}"), status, *errors)


def test_the_compiled_sentences_are_those_of_the_source():
    folder = settings.BASE_DIR / "config" / "locale" / "en" / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as source:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(source, locale="en"))
    compiled.seek(0)
    with (folder / "django.mo").open("rb") as committed:
        found = gettext.GNUTranslations(committed)._catalog  # type: ignore[attr-defined]
    expected = gettext.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]
    del found[""], expected[""]  # when it was compiled
    assert found == expected, "run: make sentences"


def test_the_sentences_for_clients_are_short():
    source = (settings.BASE_DIR / "config" / "locale" / "en" / "LC_MESSAGES" / "django.po").read_text()
    texts = re.findall(r'^msgstr(?:\[\d\])? "(.+)"$', source, re.MULTILINE)
    assert len(texts) > 50
    long = [s for text in texts for s in re.split(r"(?<=[.?:;]) ", text) if len(s.split()) > 20]
    assert long == []

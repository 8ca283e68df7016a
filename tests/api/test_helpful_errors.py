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

from tests.api.bodies import TITLES, assert_problem, summary_of
from tests.api.bulk import edit, record

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}
NO_CHOICE = "There is no such choice; known are"
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
        ("page=99", 404, [(None, "not_found", "There is no such page; begin with page=1.")]),
        ("account=x1", 400, [("account", "does_not_exist", "There is no account “x1”.")]),
        ("kind=expnse", 400, [("kind", "invalid_choice", f"{NO_CHOICE} expense, income, refund, transfer.")]),
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


DAYS = [
    ("02.11.2026", "Write 2026-11-02."),
    ("2.11.2026", "Write 2026-11-02."),
    ("31.12.2026", "Write 2026-12-31."),
    ("31/12/2026", "Write 2026-12-31."),
    ("12/31/2026", "Write 2026-12-31."),
    ("2026/11/02", "Write 2026-11-02."),
    ("20261102", "Write 2026-11-02."),
    ("2026-11-02T10:00:00Z", "Write 2026-11-02."),
    ("11/02/2026", "Write the day as YYYY-MM-DD, such as 2026-11-02."),
    ("02-11-2026", "Write the day as YYYY-MM-DD, such as 2026-11-02."),
    ("02.11.26", "Write the day as YYYY-MM-DD, such as 2026-11-02."),
    ("32.11.2026", "Write the day as YYYY-MM-DD, such as 2026-11-02."),
    ("yesterday", "Write the day as YYYY-MM-DD, such as 2026-11-02."),
    ("2026-13-01", "There is no such day; write it as YYYY-MM-DD."),
    ("2026-02-30", "There is no such day; write it as YYYY-MM-DD."),
]


@pytest.mark.parametrize(("text", "detail"), DAYS)
def test_a_day_in_another_form_is_told_the_right_one_wherever_days_are_read(ana, text, detail):
    rule = {"name": "x", "actions": [{"type": "set_category", "value": "Dining"}]}
    on = [{"field": "date", "op": "on", "value": text}]
    within = [{"field": "date", "op": "between", "value": [text, "2026-12-31"]}]
    answers = [
        (ana.post("expenses/", ROW | {"date": text}), "date"),
        (ana.post("rates/", {"base": "USD", "quote": "CHF", "date": text, "rate": "0.8"}), "date"),
        (ana.post("rules/", rule | {"conditions": on}), "conditions.0.value"),
        (ana.post("rules/", rule | {"conditions": within}), "conditions.0.value"),
        (ana.post("rules/apply/", {"start": text}), "start"),
        (ana.post("categorization/backtest/", {"from": text}), "from"),
        (ana.get("transactions/", {"start_date": text}), "start_date"),
        (ana.get("transactions/totals/", {"end_date": text}), "end_date"),
        (ana.get("rates/", {"start_date": text}), "start_date"),
        (ana.get("review/", {"end": text}), "end"),
        (ana.get("accounts/balances/", {"date": text}), "date"),
        (ana.get("insights/summary/", {"start": text, "end": "2026-12-31"}), "start"),
        (ana.get("insights/timeseries/", {"end": text}), "end"),
        (ana.get("insights/forecast/", {"as_of": text}), "as_of"),
    ]
    for answer, attr in answers:
        assert_answer(answer, 400, (attr, "invalid", detail))


def test_a_day_of_a_period_in_another_form_is_told_the_right_one(ana):
    answer = ana.get("insights/summary/", {"period": "week", "date": "02.11.2026"})
    assert_answer(answer, 400, ("date", "invalid", "Write 2026-11-02."))


NEAR_BERLIN = "Did you mean Europe/Berlin or Europe/Dublin or Europe/Belfast?"
NEAR = [
    ("post", "expenses/", ROW | {"category": "Grocery"}, "category", "does_not_exist",
     "There is no category “Grocery”. Did you mean Groceries?"),
    ("post", "expenses/", ROW | {"account": "Chekcing"}, "account", "does_not_exist",
     "There is no account “Chekcing”. Did you mean Checking?"),
    ("get", "transactions/", {"category": "Grocery"}, "category", "does_not_exist",
     "There is no category “Grocery”. Did you mean Groceries?"),
    ("get", "transactions/", {"account": "Chekcing"}, "account", "does_not_exist",
     "There is no account “Chekcing”. Did you mean Checking?"),
    ("get", "insights/timeseries/", {"category": "Grocery"}, "category", "does_not_exist",
     "There is no category “Grocery”. Did you mean Groceries?"),
    ("get", "insights/timeseries/", {"tag": "hollidays"}, "tag", "does_not_exist",
     "There is no tag “hollidays”. Did you mean holiday?"),
    ("post", "expenses/", ROW | {"currency": "EURO"}, "currency", "unknown_currency",
     "“EURO” is not an ISO 4217 currency code. Did you mean EUR?"),
    ("patch", "users/me/", {"preferences": {"time_zone": "Europe/Berln"}}, "preferences.time_zone",
     "unknown_time_zone",
     f"“Europe/Berln” is not a time zone name such as Europe/Berlin. {NEAR_BERLIN}"),
    ("post", "expenses/", ROW | {"kind": "expnse"}, "kind", "invalid_choice",
     "There is no such choice; known are expense, income, refund, transfer. Did you mean expense?"),
    ("post", "expenses/", ROW | {"category": "Zzyzx"}, "category", "does_not_exist",
     "There is no category “Zzyzx”."),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address", "data", "attr", "code", "detail"), NEAR)
def test_an_unknown_name_is_told_the_nearest_ones_of_its_owner(ana, ben, method, address, data, attr, code, detail):
    for name in ("Checking", "Savings"):
        ana.post("accounts/", {"name": name})
    ana.post("tags/", {"name": "holiday"})
    ben.post("categories/", {"name": "Groceryx", "kind": "expense"})
    ben.post("categories/", {"name": "Zzyzx", "kind": "expense"})
    ben.post("accounts/", {"name": "Chekcingx"})
    ben.post("tags/", {"name": "hollidaysx"})
    assert_answer(ana.request(method, address, data), 400, (attr, code, detail))


@pytest.mark.parametrize(
    ("value", "code", "detail"),
    [
        (95, "max_value", "Write 0.95."),
        ("95", "max_value", "Write 0.95."),
        (99.9, "max_value", "Write 0.999."),
        (100, "max_value", "Write 0.999 or less."),
        (1.5, "max_value", "Write 0.999 or less."),
        (0.1, "min_value", "Write 0.5 or more."),
    ],
)
def test_a_share_in_percent_is_told_its_number(ana, value, code, detail):
    answer = ana.post("categorization/backtest/", {"target_precision": value})
    assert_answer(answer, 400, ("target_precision", code, detail))


def test_a_threshold_in_percent_is_told_its_number(ana, use_chain):
    use_chain({"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95})
    answer = ana.patch("categorization/thresholds/", {"thresholds": {"history": 80}})
    assert_answer(answer, 400, ("thresholds.history", "max_value", "Write 0.8."))


@pytest.mark.parametrize(
    ("country", "detail"),
    [
        ("Germany", "Write DE."),
        ("germany", "Write DE."),
        ("Sweden", "Write SE."),
        ("SWE", "Write SE."),
        ("UK", "Write GB."),
        ("Österreich", "Write AT."),
        ("Swedn", "Give a two-letter country code, such as DE. Did you mean Sweden or Schweden?"),
        ("ZZ", "Give a two-letter country code, such as DE."),
        ("1", "Give a two-letter country code, such as DE."),
    ],
)
def test_the_name_of_a_country_is_told_its_code(ana, country, detail):
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    account = {"name": "Giro", "country": country}
    assert_answer(ana.post("accounts/", account), 400, ("country", "invalid", detail))
    assert ana.get("accounts/").json()["results"] == []


@pytest.mark.parametrize(("country", "kept"), [("de", "DE"), ("SE", "SE"), ("", ""), ("XK", "XK")])
def test_the_code_of_a_country_is_kept(ana, country, kept):
    assert ana.post("accounts/", {"name": "Giro", "country": country}).json()["country"] == kept


def test_all_faults_of_a_new_user_are_named_at_once(ana, anyone):
    body = {"username": "ana", "email": "nowhere", "password": "123", "confirm_password": "1234"}
    assert_answer(
        anyone.post("auth/register/", body),
        400,
        ("username", "unique", "This name is taken."),
        ("email", "invalid", "Write an address such as ana@example.org."),
        ("password", "password_too_short", "This password is too short. It must contain at least 8 characters."),
        ("password", "password_too_common", "This password is too common."),
        ("password", "password_entirely_numeric", "This password is entirely numeric."),
        ("confirm_password", "differs", "The two passwords differ; type the same password twice."),
    )


def test_a_password_like_a_wrong_name_is_refused(anyone):
    body = {"username": "no such name", "email": "tomato.soup@example.org", "password": "tomato.soup"}
    answer = anyone.post("auth/register/", body)
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == [
        ("username", "invalid"),
        ("password", "password_too_similar"),
    ]


def test_a_second_revert_has_a_code_of_its_own(ana):
    number = edit(ana, {"ids": record(ana, {})}, notes="x").json()["id"]
    assert ana.post(f"runs/{number}/revert/").status_code == 200
    detail = "This run is reverted already, so nothing is left to take back."
    assert_answer(ana.post(f"runs/{number}/revert/"), 409, (None, "already_reverted", detail))


def test_a_body_of_null_is_told_like_any_other_that_is_no_object(ana):
    for body in ("null", "[]", '"x"'):
        answer = ana.client.post("/api/v1/expenses/", body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["detail"] == "Send an object, in curly braces."


@pytest.mark.parametrize(
    ("query", "attr", "detail"),
    [
        ("start_date=2026-10-31&end_date=2026-10-01", "end_date", "It lies before `start_date`; swap the two."),
        ("start=2026-10-31&end=2026-10-01", "end", "It lies before `start`; swap the two."),
        ("min_amount=50&max_amount=5", "max_amount", "It lies before `min_amount`; swap the two."),
        ("categroy=Dining", "categroy", None),
    ],
)
def test_filters_that_no_row_can_pass_are_refused(ana, query, attr, detail):
    ana.post("expenses/", {"amount": "1", "description": "x", "tags": ["food"]})
    answer = ana.get(f"transactions/?{query}")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["attr"]) == (400, attr)
    assert error["detail"] == detail if detail else error["detail"].endswith("Did you mean category or category_id?")


def test_a_word_for_money_leads_to_the_list_of_currencies(ana):
    def said(code):
        return ana.post("expenses/", {"amount": "1", "description": "x", "currency": code}).json()["detail"]

    assert said("EURO") == "currency: “EURO” is not an ISO 4217 currency code. Did you mean EUR?"
    assert said("kronor").endswith(" Find it at GET /api/v1/currencies/?search=name.")


def test_a_body_that_is_sent_back_too_late_says_who_was_first(ana):
    body = ana.post("expenses/", {"amount": "1", "description": "x"}).json()
    ana.patch(f"expenses/{body['id']}/", {"notes": "n"})
    detail = "Another client was first: read the row again, and send your change with its new version."
    answer = ana.patch(f"expenses/{body['id']}/", {"notes": "m", "version": body["version"]})
    assert_problem(answer, 400, ("version", "read_only"))
    assert answer.json()["errors"][0]["detail"] == detail

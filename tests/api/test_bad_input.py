"""Hostile and mistaken bodies: always a problem that names the field, and nothing is stored."""

import json
from typing import Any

import pytest

from expenses.models import Account, Category, Tag, Transaction
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

GOOD = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}
LONE_SURROGATE = "\ud800"

BAD_FIELDS: list[tuple[str, Any, str]] = [
    ("amount", "0", "min_value"),
    ("amount", 0, "min_value"),
    ("amount", "0.00", "min_value"),
    ("amount", "-0", "min_value"),
    ("amount", "-5", "min_value"),
    ("amount", -5.5, "min_value"),
    ("amount", "NaN", "invalid"),
    ("amount", "sNaN", "invalid"),
    ("amount", "Infinity", "invalid"),
    ("amount", "-inf", "invalid"),
    ("amount", "1e400", "max_digits"),
    ("amount", "1e-400", "max_digits"),
    ("amount", "1e99999999999999999999", "invalid"),
    ("amount", "12345678901234567890", "max_digits"),
    ("amount", 12345678901234567890, "max_digits"),
    ("amount", "1000000000", "max_whole_digits"),
    ("amount", "9" * 1001, "max_string_length"),
    ("amount", "0.00001", "max_decimal_places"),
    ("amount", "5.501", "too_many_places"),
    ("amount", "5,50", "invalid"),
    ("amount", "5.50 EUR", "invalid"),
    ("amount", "", "invalid"),
    ("amount", None, "null"),
    ("amount", True, "invalid"),
    ("amount", [], "invalid"),
    ("amount", {}, "invalid"),
    ("amount", "\x00", "invalid"),
    ("currency", "EURO", "unknown_currency"),
    ("currency", "E", "unknown_currency"),
    ("currency", "XQX", "unknown_currency"),
    ("currency", "", "blank"),
    ("currency", None, "null"),
    ("currency", 978, "unknown_currency"),
    ("currency", ["EUR"], "invalid"),
    ("currency", "A" + LONE_SURROGATE + "B", "unknown_currency"),
    ("date", "2026-02-30", "invalid"),
    ("date", "0000-01-01", "invalid"),
    ("date", "0001-01-01", "out_of_range"),
    ("date", "1899-12-31", "out_of_range"),
    ("date", "2200-01-01", "out_of_range"),
    ("date", "12026-01-01", "invalid"),
    ("date", "02.11.2026", "invalid"),
    ("date", "2026-11-02T10:00:00Z", "invalid"),
    ("date", "yesterday", "invalid"),
    ("date", "", "invalid"),
    ("date", None, "null"),
    ("date", 20261102, "invalid"),
    ("date", ["2026-11-02"], "invalid"),
    ("description", "", "blank"),
    ("description", " \t\n ", "blank"),
    ("description", "x" * 501, "max_length"),
    ("description", "x" * 10_000, "max_length"),
    ("description", "a\x00b", "null_characters_not_allowed"),
    ("description", "a" + LONE_SURROGATE, "surrogate_characters_not_allowed"),
    ("description", None, "null"),
    ("description", True, "invalid"),
    ("description", ["Cafe"], "invalid"),
    ("description", {"text": "Cafe"}, "invalid"),
    ("merchant", "x" * 201, "max_length"),
    ("merchant", None, "null"),
    ("merchant", [], "invalid"),
    ("notes", "x" * 5001, "max_length"),
    ("notes", "\x00", "null_characters_not_allowed"),
    ("payment_method", "x" * 51, "max_length"),
    ("payment_method", {}, "invalid"),
    ("iban", "DE89370400440532013001", "wrong_check_digits"),
    ("iban", "DE98370400440532013000", "wrong_check_digits"),
    ("iban", "DE8937040044053201300", "wrong_check_digits"),
    ("iban", "GB82WEST1234569876543\u00b2", "invalid"),
    ("iban", "89370400440532013000", "invalid"),
    ("iban", "DE89-3704-0044-0532-0130-00", "invalid"),
    ("iban", "DE89" + "0" * 31, "invalid"),
    ("iban", "A\x00", "invalid"),
    ("iban", None, "null"),
    ("iban", ["DE89370400440532013000"], "invalid"),
    ("mcc", "541", "invalid"),
    ("mcc", "54110", "invalid"),
    ("mcc", "54 1", "invalid"),
    ("mcc", "\u0665\u0664\u0661\u0661", "invalid"),
    ("mcc", 541, "invalid"),
    ("mcc", None, "null"),
    ("mcc", [5411], "invalid"),
    ("review", "none", "invalid_choice"),
    ("review", "", "invalid_choice"),
    ("review", True, "invalid_choice"),
    ("is_excluded_from_budget", "perhaps", "invalid"),
    ("is_excluded_from_budget", None, "null"),
    ("external_id", "x" * 201, "max_length"),
    ("external_id", "", "blank"),
    ("external_id", [1], "invalid"),
    ("ai_classify", "perhaps", "invalid"),
    ("ai_classify", [], "invalid"),
    ("tags", "food", "not_a_list"),
    ("tags", None, "null"),
    ("tags", {}, "not_a_list"),
    ("tags", [f"tag {i}" for i in range(21)], "max_length"),
    ("tags", ["x" * 51], "max_length"),
    ("tags", [""], "blank"),
    ("tags", ["a\x00"], "null_characters_not_allowed"),
    ("tags", [1.5], "invalid"),
    ("tags", [True], "invalid"),
    ("tags", [["food"]], "invalid"),
    ("tags", [999_999], "does_not_exist"),
    ("tags", [2**63], "does_not_exist"),
    ("tags", [-1], "does_not_exist"),
    ("kind", "expenses", "invalid_choice"),
    ("kind", LONE_SURROGATE, "invalid_choice"),
    ("kind", None, "null"),
    ("kind", [], "invalid_choice"),
    ("direction", "up", "invalid_choice"),
    ("direction", {}, "invalid_choice"),
]
for _name in ("category", "account"):
    BAD_FIELDS += [
        (_name, "No such thing", "does_not_exist"),
        (_name, "", "does_not_exist"),
        (_name, "\x00", "does_not_exist"),
        (_name, LONE_SURROGATE, "does_not_exist"),
        (_name, 999_999, "does_not_exist"),
        (_name, 2**63, "does_not_exist"),
        (_name, 2**70, "does_not_exist"),
        (_name, str(2**63), "does_not_exist"),
        (_name, str(2**70), "does_not_exist"),
        (_name, -1, "does_not_exist"),
        (_name, "-1", "does_not_exist"),
        (_name, 0, "does_not_exist"),
        (_name, 1.5, "invalid"),
        (_name, True, "invalid"),
        (_name, ["Groceries"], "invalid"),
        (_name, {"id": 1}, "invalid"),
    ]


def stored() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Transaction, Tag, Account, Category))


def send(api: Any, body: str | bytes, content_type: str = "application/json") -> Any:
    return api.post("expenses/", body, content_type=content_type)


def blamed(answer: Any) -> str:
    """The one top-level field that all errors lie in."""
    (name,) = {str(error["attr"]).split(".")[0] for error in answer.json()["errors"]}
    return name


@pytest.mark.parametrize(("field", "value", "code"), BAD_FIELDS)
def test_a_bad_field_is_named_and_nothing_is_stored(ana, field, value, code):
    before = stored()
    answer = send(ana, json.dumps(GOOD | {field: value}))
    body = assert_problem(answer, 400, *((e["attr"], e["code"]) for e in answer.json()["errors"]))
    assert blamed(answer) == field
    assert code in {error["code"] for error in body["errors"]}
    assert stored() == before


@pytest.mark.parametrize(("field", "value", "code"), BAD_FIELDS)
def test_a_bad_field_of_an_edit_is_named_and_nothing_is_changed(ana, field, value, code):
    before = ana.post("expenses/", GOOD).json()
    changes = json.dumps({field: value})
    answer = ana.patch(f"expenses/{before['id']}/", changes, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert blamed(answer) == field
    assert code in {error["code"] for error in answer.json()["errors"]}
    assert ana.get(f"expenses/{before['id']}/").json() == before


@pytest.mark.parametrize(
    ("amount", "currency"), [("550.5", "JPY"), ("5.555", "EUR"), ("1.2345", "KWD"), ("0.00005", "CLF")]
)
def test_more_places_than_the_currency_has_are_refused(ana, amount, currency):
    answer = ana.post("expenses/", GOOD | {"amount": amount, "currency": currency})
    assert answer.status_code == 400
    assert blamed(answer) == "amount"
    assert stored()[0] == 0


def test_an_edit_of_the_currency_alone_looks_at_the_amount(ana):
    before = ana.post("expenses/", GOOD).json()
    answer = ana.patch(f"expenses/{before['id']}/", {"currency": "JPY"})
    assert_problem(answer, 400, ("amount", "too_many_places"))
    assert ana.get(f"expenses/{before['id']}/").json() == before


def test_ids_of_another_person_are_not_there(ana, ben):
    own = {
        "account": ben.post("accounts/", {"name": "Secret"}).json()["id"],
        "category": ben.post("categories/", {"name": "Secret", "kind": "expense"}).json()["id"],
    }
    ben.post("expenses/", GOOD | {"tags": ["secret"]})
    before = stored()
    for field, number in own.items():
        for value in (number, str(number), "Secret"):
            assert_problem(ana.post("expenses/", GOOD | {field: value}), 400, (field, "does_not_exist"))
    tag = Tag.objects.get(name="secret").pk
    assert_problem(ana.post("expenses/", GOOD | {"tags": [tag]}), 400, ("tags", "does_not_exist"))
    assert stored() == before


@pytest.mark.parametrize(
    "text",
    ["\U0001f35c ramen \U0001f468\u200d\U0001f469\u200d\U0001f467", "\u202eevil\u202c", "\u200f\u05e7\u05e4\u05d4",
     "<script>alert(1)</script>", "'; DROP TABLE expenses_transaction; --", "%s %(x)s {0}", "=cmd|' /C calc'!A0",
     "x" * 500, "e\u0301"],
)  # fmt: skip
def test_any_text_comes_back_as_it_was_sent(ana, text):
    sent = GOOD | {"description": text, "notes": text, "tags": [text[:50]]}
    body = ana.post("expenses/", sent).json()
    assert (body["description"], body["raw_description"], body["notes"]) == (text, text, text)
    assert body["tags"] == [text[:50]]
    assert ana.get(f"expenses/{body['id']}/").json() == body
    assert ana.get("expenses/", {"search": text[:100]}).json()["results"] == [body]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "parse_error"),
        (b"{'amount': 1}", "parse_error"),
        (b'{"amount": NaN}', "parse_error"),
        (b'{"amount": Infinity}', "parse_error"),
        (b'{"amount": ' + b"9" * 5000 + b"}", "parse_error"),
        (b'{"description": "\xff\xfe"}', "parse_error"),
        (b"\x00", "parse_error"),
        (b"[" * 100_000, "too_deep"),
        (b'{"tags":' * 900 + b"1" + b"}" * 900, "too_deep"),
        (b'{"tags":' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
        (b"null", "null"),
        (b"[]", "invalid"),
        (b"[1, 2]", "invalid"),
        (b'"text"', "invalid"),
        (b"5", "invalid"),
        (b"true", "invalid"),
    ],
)
def test_a_body_that_is_no_object_is_refused(ana, body, code):
    assert_problem(send(ana, body), 400, (None, code))
    assert stored()[0] == 0


@pytest.mark.parametrize("body", [b"{}", b""])
def test_an_empty_body_is_told_what_it_lacks(ana, body):
    assert_problem(send(ana, body), 400, ("amount", "required"), ("description", "required"))


def test_a_number_beyond_all_bounds_is_an_invalid_amount(ana):
    answer = send(ana, json.dumps(GOOD | {"amount": 1}).replace('"amount": 1', '"amount": 1e400').encode())
    assert_problem(answer, 400, ("amount", "invalid"))


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "nonsense",
    ],
)
def test_another_media_type_is_refused(ana, content_type):
    assert_problem(send(ana, b"amount=5&description=x", content_type), 415, (None, "unsupported_media_type"))


@pytest.mark.parametrize("charset", ["zlib", "base64", "idna", "utf-16", "no-such-charset"])
def test_another_charset_does_no_harm(ana, charset):
    answer = send(ana, json.dumps(GOOD).encode(), f"application/json; charset={charset}")
    assert answer.status_code in {201, 400}
    assert ana.get("expenses/", {"search": "x"}, CONTENT_TYPE=f"text/plain; charset={charset}").status_code in {
        200,
        400,
    }


def test_a_body_over_the_limit_is_refused(ana, anyone, settings):
    huge = json.dumps(GOOD | {"notes": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}).encode()
    assert_problem(send(ana, huge), 413, (None, "body_too_large"))
    assert_problem(anyone.post("auth/login/", huge, content_type="application/json"), 413, (None, "body_too_large"))
    assert_problem(ana.post("transactions/bulk/", huge, content_type="application/json"), 413, (None, "body_too_large"))
    assert stored()[0] == 0


def test_a_form_over_the_limit_is_refused(ana, settings):
    huge = {"account": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}
    assert_problem(ana.post("imports/", huge, format="multipart"), 413, (None, "body_too_large"))


def test_a_form_of_too_many_fields_is_refused(ana, settings):
    many = {f"field{i}": "x" for i in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert_problem(ana.post("imports/", many, format="multipart"), 400, (None, "parse_error"))


@pytest.mark.parametrize("number", ["0", str(2**63), str(2**70), "9" * 400])
def test_an_id_of_any_size_is_just_not_found(ana, number):
    for path in ("expenses", "transactions", "accounts", "categories", "runs", "rules", "imports"):
        assert_problem(ana.get(f"{path}/{number}/"), 404, (None, "not_found"))


@pytest.mark.parametrize("word", ["-1", "abc", "1.5", "%00", "1%0a", "\u0661"])
def test_an_address_that_is_no_id_is_not_found(ana, word):
    assert_problem(ana.get(f"expenses/{word}/"), 404, (None, "not_found"))

"""What a client misspells is named, rather than lost; what an answer shows may be sent back."""

from typing import Any

import pytest

from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna"}
PARTS = [{"amount": "2.50"}, {"amount": "3.00", "categori": "Dining"}]
CONDITION = {"field": "description", "op": "contains", "value": "cafe"}
ACTION = {"type": "set_category", "value": "Dining"}
RULE = {"name": "Cafes", "conditions": [CONDITION], "actions": [ACTION]}
PASSWORD = "blue-Tomato-99"
SIGN_UP = {"username": "carla", "email": "carla@example.org", "password": PASSWORD}

BODIES = {
    "expenses/": ROW,
    "accounts/": {"name": "Giro"},
    "categories/": {"name": "Tea", "kind": "expense"},
    "tags/": {"name": "hot"},
    "rates/": {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8"},
    "rules/": RULE,
}


@pytest.mark.parametrize(
    ("method", "address", "body", "attr"),
    [
        ("post", "expenses/", ROW | {"categori": "Dining"}, "categori"),
        ("post", "expenses/", ROW | {"parts": PARTS}, "parts.1.categori"),
        ("post", "accounts/", {"name": "Giro", "bic": "COBADEFF"}, "bic"),
        ("post", "categories/", {"name": "Tea", "kind": "expense", "colour": "red"}, "colour"),
        ("post", "tags/", {"name": "hot", "color": "red"}, "color"),
        ("post", "rules/", RULE | {"prio": 5}, "prio"),
        ("post", "rules/", RULE | {"conditions": [CONDITION | {"negated": True}]}, "conditions.0.negated"),
        ("post", "rates/", {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8", "x": 1}, "x"),
        ("put", "categorization/kinds/shop=pet/", {"category": "Pets", "kinds": []}, "kinds"),
        ("post", "auth/tokens/", {"name": "Wall", "scopes": "read"}, "scopes"),
        ("patch", "users/me/", {"password": "another-Tomato-98"}, "password"),
        ("patch", "users/me/", {"preferences": {"theme": "dark"}}, "preferences.theme"),
        ("post", "auth/register/", SIGN_UP | {"password_confirm": PASSWORD}, "password_confirm"),
        (
            "post",
            "auth/login/",
            {"username": "ana", "password": PASSWORD, "confirm_password": PASSWORD},
            "confirm_password",
        ),
        ("delete", "users/me/", {"password": PASSWORD, "yes": True}, "yes"),
    ],
)
def test_an_unknown_field_is_named_and_nothing_is_kept(ana, method, address, body, attr):
    before = ana.get("changes/").json()
    assert_problem(ana.request(method, address, body), 400, (attr, "unknown"))
    assert ana.get("changes/").json() == before


@pytest.mark.parametrize(
    ("address", "body", "attr"),
    [
        ("expenses/", ROW | {"id": 7}, "id"),
        ("expenses/", ROW | {"version": 1}, "version"),
        ("expenses/", ROW | {"category_name": "Dining"}, "category_name"),
        ("expenses/", ROW | {"parts": [{"amount": "2.50", "id": 7}, {"amount": "3.00"}]}, "parts.0.id"),
        ("accounts/", {"name": "Giro", "id": 7}, "id"),
        ("categories/", {"name": "Tea", "kind": "expense", "key": "tea"}, "key"),
        ("tags/", {"name": "hot", "id": 7}, "id"),
        ("rates/", {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8", "source": "ecb"}, "source"),
        ("rules/", RULE | {"id": 7}, "id"),
        ("transfers/", {"from_account": 1, "to_account": 2, "amount": "5", "id": 7}, "id"),
    ],
)
def test_a_field_that_the_server_sets_is_refused_in_a_new_row(ana, address, body, attr):
    before = ana.get("changes/").json()
    answer = ana.post(address, body)
    assert_problem(answer, 400, (attr, "unknown" if address == "transfers/" else "read_only"))
    assert ana.get("changes/").json() == before


def test_an_id_in_a_row_of_many_is_refused_and_the_others_are_recorded(ana):
    rows = [ROW | {"direction": "out", "id": 7}, ROW | {"direction": "out"}]
    answer = ana.post("transactions/bulk/", {"transactions": rows}).json()
    detail = "A row is found by its `external_id`; leave `id` out, or PATCH the transaction of this id."
    assert answer["errors"] == [{"index": 0, "errors": [{"attr": "id", "code": "not_an_identity", "detail": detail}]}]
    assert len(answer["created"]) == ana.get("transactions/").json()["count"] == 1


OTHER: dict[str, dict[str, Any]] = {
    "expenses/": {"id": 999, "version": 999, "category_name": "Dining", "created_at": "2020-01-01T00:00:00Z"},
    "accounts/": {"id": 999, "version": 999, "created_at": "2020-01-01T00:00:00Z"},
    "categories/": {"id": 999, "key": "tea", "is_system": True, "parent_name": "Food", "version": 999},
    "tags/": {"id": 999, "version": 999},
    "rates/": {"id": 999, "source": "ecb", "version": 999},
    "rules/": {"id": 999, "origin": "pack", "version": 999},
}


@pytest.mark.parametrize("address", OTHER)
def test_a_field_that_cannot_be_changed_is_named(ana, address):
    made = ana.post(address, BODIES[address]).json()
    row = f"{address}{made['id']}/"
    shown = ana.get(row).json()
    for name, value in OTHER[address].items():
        assert shown[name] != value
        body = assert_problem(ana.patch(row, {name: value}), 400, (name, "read_only"))
        fixed = "This field cannot be changed; leave it out, or send it as it is."
        late = "Another client was first: read the row again, and send your change with its new version."
        assert body["errors"][0]["detail"] == (late if name == "version" else fixed)
    assert ana.get(row).json() == shown


def test_a_part_of_a_split_is_sent_back_as_it_is_or_refused(ana):
    number = ana.post("expenses/", ROW | {"amount": "5.50"}).json()["id"]
    split = f"expenses/{number}/split/"
    assert ana.put(split, {"parts": [{"amount": "2.50"}, {"amount": "3.00"}]}).status_code == 200
    parts = ana.get(split).json()["parts"]
    assert_problem(
        ana.put(split, {"parts": [parts[0] | {"date": "2020-01-01"}, parts[1]]}), 400, ("parts.0.date", "read_only")
    )
    assert_problem(
        ana.put(split, {"parts": [parts[0], {"amount": "3.00", "id": 999}]}), 400, ("parts.1.id", "read_only")
    )
    assert ana.get(split).json()["parts"] == parts
    assert ana.put(split, {"parts": [part | {"notes": "x"} for part in parts]}).status_code == 200


@pytest.mark.parametrize(("name", "value"), [("username", "carla"), ("id", 999), ("roles", ["Admin"])])
def test_what_is_fixed_of_a_person_is_named(ana, name, value):
    before = ana.get("users/me/").json()
    assert_problem(ana.patch("users/me/", {name: value}), 400, (name, "read_only"))
    assert ana.patch("users/me/", before).json() == before


def test_a_password_may_be_typed_twice_to_register(anyone):
    differs = anyone.post("auth/register/", SIGN_UP | {"confirm_password": "blue-Tomato-98"})
    body = assert_problem(differs, 400, ("confirm_password", "differs"))
    assert body["errors"][0]["detail"] == "The two passwords differ; type the same password twice."
    assert anyone.post("auth/login/", {"username": "carla", "password": PASSWORD}).status_code == 400
    assert anyone.post("auth/register/", SIGN_UP | {"confirm_password": PASSWORD}).status_code == 201


@pytest.mark.parametrize(
    "address", ["auth/login/", "auth/register/", "auth/logoutall/", "transactions/bulk/", "expenses/"]
)
def test_a_body_of_unknown_names_alone_gets_a_short_answer(ana, address):
    answer = ana.post(address, {f"{n:06}" + "x" * 200: 0 for n in range(5_000)})
    assert answer.status_code == 400
    unknown = [error["attr"] for error in answer.json()["errors"] if error["code"] == "unknown"]
    assert unknown == [f"{n:06}" + "x" * 94 for n in range(10)]
    assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    "address", ["categories/", "tags/", "accounts/", "imports/", "runs/", "changes/", "transfers/"]
)
def test_a_misspelled_parameter_of_a_list_is_named(ana, address):
    body = assert_problem(
        ana.get(address, {"staus": "open", "foo": "1"}), 400, ("foo", "unknown"), ("staus", "unknown")
    )
    assert body["detail"] == "2 fields are wrong: foo, staus."


def test_the_known_parameters_are_told(ana):
    body = assert_problem(ana.get("tags/", {"foo": "1"}), 400, ("foo", "unknown"))
    assert body["errors"][0]["detail"] == "There is no such parameter; known are cursor, page, page_size."
    body = assert_problem(ana.get("users/me/", {"foo": "1"}), 400, ("foo", "unknown"))
    assert body["errors"][0]["detail"] == "It takes no parameter."


def test_an_unknown_format_is_refused_everywhere(ana):
    body = assert_problem(ana.get("tags/", {"format": "xml"}), 400, ("format", "unknown"))
    assert body["errors"][0]["detail"] == "There is no such format; known are json."
    assert ana.get("tags/", {"format": "json"}).status_code == 200


def test_who_may_not_ask_is_not_told_what_is_known(anyone, ana):
    assert_problem(anyone.get("tags/", {"foo": "1"}), 401, (None, "not_authenticated"))
    assert_problem(ana.post("tags/?foo=1"), 400, ("foo", "unknown"))


def test_an_unknown_field_is_named_in_bulk_and_the_others_are_recorded(ana):
    rows = [ROW | {"direction": "out"}, ROW | {"direction": "out", "memo": "x"}]
    answer = ana.post("transactions/bulk/", {"transactions": rows}).json()
    assert len(answer["created"]) == 1
    assert [(e["index"], e["errors"][0]["attr"], e["errors"][0]["code"]) for e in answer["errors"]] == [
        (1, "memo", "unknown")
    ]


@pytest.mark.parametrize("address", BODIES)
def test_what_an_answer_shows_can_be_sent_back(ana, address):
    made = ana.post(address, BODIES[address]).json()
    answer = ana.patch(f"{address}{made['id']}/", made)
    assert answer.status_code == 200, answer.json()
    moves = {"version", "updated_at", "categorization"}  # a null category is one that was taken away
    same = {name: value for name, value in answer.json().items() if name not in moves}
    assert same == {name: made[name] for name in same}


@pytest.mark.parametrize("question", ["tag=a&tag=b", "account=1&account=2", "month=1&month=2"])
def test_a_filter_that_is_given_twice_is_refused(ana, question):
    assert_problem(ana.get(f"transactions/?{question}"), 400, (question.partition("=")[0], "repeated"))


def test_the_currency_of_an_account_stays_while_anything_lies_in_it(ana):
    account = ana.post("accounts/", {"name": "Giro", "currency": "EUR"}).json()["id"]
    assert ana.patch(f"accounts/{account}/", {"currency": "USD"}).status_code == 200
    ana.post("expenses/", ROW | {"account": account})
    assert_problem(ana.patch(f"accounts/{account}/", {"currency": "CHF"}), 400, ("currency", "in_use"))
    assert ana.patch(f"accounts/{account}/", {"currency": "USD", "name": "Konto"}).status_code == 200


def test_an_accent_is_found_however_it_is_typed(ana):
    ana.post("expenses/", {"amount": "5", "description": "Cafe L\u00fcna"})
    ana.post("expenses/", {"amount": "5", "description": "Cafe Lu\u0308na"})
    for text in ("l\u00fcna", "LU\u0308NA"):
        assert ana.get("transactions/", {"search": text}).json()["count"] == 2

"""What a client misspells is named, rather than lost; what an answer shows may be sent back."""

import pytest

from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna"}
PARTS = [{"amount": "2.50"}, {"amount": "3.00", "categori": "Dining"}]
CONDITION = {"field": "description", "op": "contains", "value": "cafe"}
ACTION = {"type": "set_category", "value": "Dining"}
RULE = {"name": "Cafes", "conditions": [CONDITION], "actions": [ACTION]}


@pytest.mark.parametrize(
    ("method", "address", "body", "attr"),
    [
        ("post", "expenses/", ROW | {"categori": "Dining"}, "categori"),
        ("post", "expenses/", ROW | {"parts": PARTS}, "parts.1.categori"),
        ("post", "accounts/", {"name": "Giro", "iban": "DE02"}, "iban"),
        ("post", "categories/", {"name": "Tea", "kind": "expense", "colour": "red"}, "colour"),
        ("post", "tags/", {"name": "hot", "color": "red"}, "color"),
        ("post", "rules/", RULE | {"prio": 5}, "prio"),
        ("post", "rules/", RULE | {"conditions": [CONDITION | {"negated": True}]}, "conditions.0.negated"),
        ("post", "rates/", {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8", "x": 1}, "x"),
        ("put", "categorization/kinds/shop=pet/", {"category": "Pets", "kinds": []}, "kinds"),
        ("post", "auth/tokens/", {"name": "Wall", "scopes": "read"}, "scopes"),
        ("patch", "users/me/", {"password": "another-Tomato-98"}, "password"),
        ("patch", "users/me/", {"preferences": {"theme": "dark"}}, "preferences.theme"),
    ],
)
def test_an_unknown_field_is_named_and_nothing_is_kept(ana, method, address, body, attr):
    before = ana.get("changes/").json()
    assert_problem(ana.request(method, address, body), 400, (attr, "unknown"))
    assert ana.get("changes/").json() == before


def test_an_unknown_field_is_named_in_bulk_and_the_others_are_recorded(ana):
    rows = [ROW | {"direction": "out"}, ROW | {"direction": "out", "memo": "x"}]
    answer = ana.post("transactions/bulk/", {"transactions": rows}).json()
    assert len(answer["created"]) == 1
    assert [(e["index"], e["errors"][0]["attr"], e["errors"][0]["code"]) for e in answer["errors"]] == [
        (1, "memo", "unknown")
    ]


@pytest.mark.parametrize("address", ["expenses/", "accounts/", "categories/", "tags/", "rates/"])
def test_what_an_answer_shows_can_be_sent_back(ana, address):
    bodies = {
        "expenses/": ROW,
        "accounts/": {"name": "Giro"},
        "categories/": {"name": "Tea", "kind": "expense"},
        "tags/": {"name": "hot"},
        "rates/": {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8"},
    }
    made = ana.post(address, bodies[address]).json()
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

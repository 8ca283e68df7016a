"""Transactions of every kind: the kind follows direction and category where the client does not state it."""

import json

import pytest
from rest_framework.renderers import JSONRenderer

from expenses.models import Transaction
from expenses.serializers.transactions import CategorizationSerializer, TransactionBody
from tests.api.bodies import assert_problem, settled, transaction

pytestmark = pytest.mark.usefixtures("silent_chain")

PAYMENT = {"amount": "20.00", "description": "Shoe shop", "date": "2026-11-02"}


def record(api, **fields):
    answer = api.post("transactions/", PAYMENT | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def kind_of(body):
    return body["kind"], body["direction"], body["category_name"]


@pytest.mark.parametrize(
    ("direction", "category", "kind"),
    [
        ("out", "Shopping", "expense"),
        ("in", "Salary", "income"),
        ("in", "Shopping", "refund"),
        ("out", "Transfers", "transfer"),
        ("in", "Transfers", "transfer"),
        ("out", None, "expense"),
        ("in", None, "income"),
    ],
)
def test_the_kind_follows_direction_and_category(ana, direction, category, kind):
    recorded = record(ana, direction=direction)
    body = ana.patch(f"transactions/{recorded['id']}/", {"category": category}).json()
    assert kind_of(body) == (kind, direction, category)
    assert kind_of(record(ana, direction=direction, category=category)) == (
        kind if category else recorded["kind"],
        direction,
        category,
    )


@pytest.mark.parametrize(
    ("kind", "sent", "direction", "category"),
    [
        ("expense", {}, "out", "Shopping"),
        ("income", {}, "in", "Salary"),
        ("refund", {}, "in", "Shopping"),
        ("transfer", {}, "out", "Transfers"),
        ("transfer", {"direction": "in"}, "in", "Transfers"),
        ("refund", {"direction": "in"}, "in", "Shopping"),
    ],
)
def test_a_stated_kind_is_taken_with_and_without_category(ana, kind, sent, direction, category):
    assert kind_of(record(ana, kind=kind, **sent)) == (kind, direction, None)
    assert kind_of(record(ana, kind=kind, category=category, **sent)) == (kind, direction, category)


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({}, "kind", "required"),
        ({"kind": "gift"}, "kind", "invalid_choice"),
        ({"direction": "sideways"}, "direction", "invalid_choice"),
        ({"kind": "expense", "direction": "in"}, "direction", "wrong_direction"),
        ({"kind": "income", "direction": "out"}, "direction", "wrong_direction"),
        ({"kind": "refund", "direction": "out"}, "direction", "wrong_direction"),
        ({"kind": "expense", "category": "Salary"}, "category", "wrong_kind"),
        ({"kind": "expense", "category": "Transfers"}, "category", "wrong_kind"),
        ({"kind": "income", "category": "Shopping"}, "category", "wrong_kind"),
        ({"kind": "refund", "category": "Salary"}, "category", "wrong_kind"),
        ({"kind": "transfer", "category": "Shopping"}, "category", "wrong_kind"),
        ({"direction": "out", "category": "Salary"}, "category", "wrong_kind"),
    ],
)
def test_kind_direction_and_category_must_fit(ana, fields, attr, code):
    assert_problem(ana.post("transactions/", PAYMENT | fields), 400, (attr, code))
    assert ana.get("transactions/").json()["count"] == 0


def test_the_whole_body_of_a_refund(ana):
    body = settled(record(ana, kind="refund", notes="shoes were too small"))
    assert body == transaction(kind="refund", direction="in", notes="shoes were too small", **PAYMENT)


def test_turning_the_direction_lets_the_kind_follow(ana):
    number = record(ana, direction="out", category="Shopping")["id"]
    assert kind_of(ana.patch(f"transactions/{number}/", {"direction": "in"}).json()) == ("refund", "in", "Shopping")
    assert kind_of(ana.patch(f"transactions/{number}/", {"category": None}).json())[:2] == ("income", "in")
    assert kind_of(ana.patch(f"transactions/{number}/", {"direction": "out"}).json()) == ("expense", "out", None)
    answer = ana.put(f"transactions/{number}/", {**PAYMENT, "direction": "in", "category": "Transfers"})
    assert kind_of(answer.json()) == ("transfer", "in", "Transfers")
    assert kind_of(ana.get(f"transactions/{number}/").json()) == ("transfer", "in", "Transfers")


def test_turning_the_direction_is_refused_where_the_category_does_not_fit(ana):
    before = record(ana, direction="in", category="Salary")
    answer = ana.patch(f"transactions/{before['id']}/", {"direction": "out"})
    assert_problem(answer, 400, ("category", "wrong_kind"))
    assert ana.get(f"transactions/{before['id']}/").json() == before


def test_stating_another_kind_needs_a_category_that_fits(ana):
    number = record(ana, kind="expense", category="Shopping")["id"]
    address = f"transactions/{number}/"
    assert kind_of(ana.patch(address, {"kind": "refund"}).json()) == ("refund", "in", "Shopping")
    assert_problem(ana.patch(address, {"kind": "transfer"}), 400, ("category", "wrong_kind"))
    assert_problem(ana.patch(address, {"kind": "income"}), 400, ("category", "wrong_kind"))
    body = ana.patch(address, {"kind": "transfer", "category": "Transfers", "direction": "out"}).json()
    assert kind_of(body) == ("transfer", "out", "Transfers")
    assert kind_of(ana.patch(address, {"kind": "expense", "category": None}).json()) == ("expense", "out", None)


def test_a_stated_kind_stays_when_the_category_is_taken_away(ana):
    number = record(ana, kind="refund", category="Shopping")["id"]
    assert kind_of(ana.patch(f"transactions/{number}/", {"category": None}).json()) == ("refund", "in", None)


def test_a_machine_keeps_to_the_kind_that_was_stated_later(ana, model, run_tasks):
    model["Shoe"] = ("shopping", 0.95)
    stated, unstated = record(ana, direction="in")["id"], record(ana, direction="in")["id"]
    ana.patch(f"transactions/{stated}/", {"kind": "income"})
    run_tasks()
    assert ana.post(f"transactions/{unstated}/confirm/").status_code == 200
    assert_problem(ana.post(f"transactions/{stated}/confirm/"), 409, (None, "nothing_to_confirm"))
    assert kind_of(ana.get(f"transactions/{stated}/").json()) == ("income", "in", None)
    assert kind_of(ana.get(f"transactions/{unstated}/").json()) == ("refund", "in", "Shopping")


def test_an_answer_can_be_confirmed_and_nothing_cannot(ana, ben, model, run_tasks):
    model["Shoe"] = ("shopping", 0.6)
    unsure, unknown = record(ana, direction="out")["id"], record(ana, direction="out", description="???")["id"]
    run_tasks()
    row = ana.get(f"transactions/{unsure}/").json()
    assert (row["category"], row["categorization"]["status"]) == (None, "suggested")
    assert row["categorization"]["suggestion"] == {
        "category": row["categorization"]["suggestion"]["category"],
        "category_name": "Shopping",
        "confidence": 0.1477,
        "source": "model",
    }
    assert_problem(ben.post(f"transactions/{unsure}/confirm/"), 404, (None, "not_found"))
    answer = ana.post(f"transactions/{unsure}/confirm/")
    assert answer.status_code == 200
    assert answer.json()["category_name"] == "Shopping"
    assert answer.json()["categorization"]["status"] == "confirmed"
    assert answer.json()["categorization"]["suggestion"] is None
    assert ana.get(f"transactions/{unsure}/").json() == answer.json()
    assert_problem(ana.post(f"transactions/{unknown}/confirm/"), 409, (None, "nothing_to_confirm"))


def test_the_fast_body_is_that_of_the_declared_fields(ana):
    """The fields one by one render the same body as the function that lists use."""
    ana.post("accounts/", {"name": "Yen", "currency": "JPY"})
    record(ana, kind="expense", category="Shopping", tags=["warm", "blue"], merchant="Shoes", notes="Left and right")
    record(ana, direction="in", amount="1500", account="Yen", payment_method="card", mcc="5661", review="needed")
    gone = record(ana, direction="out", iban="GB82WEST12345698765432", external_id="till-1")
    assert ana.delete(f"transactions/{gone['id']}/").status_code == 204
    rows = list(Transaction.everything.with_related())
    assert len(rows) == 3
    for row in rows:
        fast, declared = TransactionBody(row).data, super(TransactionBody, TransactionBody(row)).to_representation(row)
        assert json.loads(JSONRenderer().render(fast)) == json.loads(JSONRenderer().render(declared))
        assert fast.keys() == TransactionBody().fields.keys()
        assert fast["categorization"].keys() == CategorizationSerializer().fields.keys()

"""Recording money earned: as expenses, with the kind fixed to income."""

import pytest

from tests.api.bodies import CHOSEN, assert_problem, settled, transaction

pytestmark = pytest.mark.usefixtures("silent_chain")

SALARY = {"amount": "3200.00", "description": "ACME payroll", "date": "2026-10-30"}


def test_an_income_is_money_in(ana):
    answer = ana.post("incomes/", {**SALARY, "category": "Salary"})
    assert answer.status_code == 201
    body = settled(answer.json())
    category = body.pop("category")
    assert type(category) is int
    expected = transaction(kind="income", direction="in", category_name="Salary", categorization=CHOSEN, **SALARY)
    del expected["category"]
    assert body == expected
    assert ana.get(f"incomes/{answer.json()['id']}/").json() == answer.json()
    assert ana.get("incomes/").json()["results"] == [answer.json()]


@pytest.mark.parametrize(
    ("field", "value", "attr", "code"),
    [
        ("kind", "expense", "kind", "wrong_kind"),
        ("direction", "out", "direction", "wrong_direction"),
        ("category", "Groceries", "category", "wrong_kind"),
        ("category", "Transfers", "category", "wrong_kind"),
    ],
)
def test_the_address_fixes_the_kind(ana, field, value, attr, code):
    assert_problem(ana.post("incomes/", {**SALARY, field: value}), 400, (attr, code))
    assert ana.get("incomes/").json()["count"] == 0


def test_an_income_is_edited_and_deleted(ana):
    number = ana.post("incomes/", SALARY).json()["id"]
    body = ana.patch(f"incomes/{number}/", {"category": "Interest", "amount": "12.5"}).json()
    assert (body["category_name"], body["amount"], body["kind"]) == ("Interest", "12.50", "income")
    body = ana.put(f"incomes/{number}/", {**SALARY, "merchant": "ACME"}).json()
    assert (body["merchant"], body["amount"]) == ("ACME", "3200.00")
    assert ana.delete(f"incomes/{number}/").status_code == 204
    assert ana.get("incomes/").json()["count"] == 0


def test_a_machine_finds_an_income_category_only(ana, model, run_tasks):
    model["ACME"] = ("salary", 0.95)
    number = ana.post("incomes/", SALARY).json()["id"]
    run_tasks()
    body = ana.get(f"incomes/{number}/").json()
    suggestion = body["categorization"]["suggestion"]
    assert (suggestion["category_name"], suggestion["source"]) == ("Salary", "model")
    assert body["categorization"] == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": "Not sure enough to take: The script says Salary.",
        "awaits_model": False,
        "suggestion": suggestion,
    }


def test_a_stranger_finds_nothing(ana, ben):
    number = ana.post("incomes/", SALARY).json()["id"]
    assert ben.get("incomes/").json()["results"] == []
    for answer in (
        ben.get(f"incomes/{number}/"),
        ben.patch(f"incomes/{number}/", {}),
        ben.delete(f"incomes/{number}/"),
    ):
        assert_problem(answer, 404, (None, "not_found"))
    assert ana.get(f"incomes/{number}/").status_code == 200

"""Recording expenses, and what comes back."""


def test_an_expense_with_a_category_is_confirmed(ana):
    answer = ana.post("expenses/", {"amount": "5.50", "description": "Cafe Luna", "category": "Dining"})
    assert answer.status_code == 201
    assert answer.json()["categorization"]["status"] == "confirmed"

"""Rules as requests save them, and the spending that they are asked about."""

from typing import Any

from tests.api.bodies import summary_of

CHAIN = [
    {"BACKEND": "rules.provider.RulesProvider"},
    {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85},
]


CAFE = {"field": "raw_description", "op": "contains", "value": "cafe"}


TO_DINING = {"type": "set_category", "value": "Dining"}


def rule(**fields: Any) -> dict[str, Any]:
    return {"name": "Coffee", "conditions": [CAFE], "actions": [TO_DINING]} | fields


def create(api, **fields: Any) -> Any:
    answer = api.post("rules/", rule(**fields))
    assert answer.status_code == 201, answer.json()
    return answer.json()


def spend(api, description: str = "CAFE LUNA", **fields: Any) -> Any:
    answer = api.post("expenses/", {"amount": "4.50", "description": description} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def category_id(api, name: str) -> Any:
    [found] = [c for c in api.get("categories/", {"page_size": 500}).json()["results"] if c["name"] == name]
    return found["id"]


def refusal(*errors: tuple[str, str, str]) -> dict[str, Any]:
    told = [{"attr": attr, "code": code, "detail": text} for attr, code, text in errors]
    detail = summary_of(told)
    return {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail, "errors": told}


def conditions(*items: Any) -> dict[str, Any]:
    return rule(conditions=list(items))


def text(**fields: Any) -> dict[str, Any]:
    return CAFE | fields


def actions(*items: Any) -> dict[str, Any]:
    return rule(actions=list(items))


NO_CHOICE = "There is no such choice; known are {}."


NO_FIELD = NO_CHOICE.format(
    "text, raw_description, description, merchant, amount, direction, currency, account, category, date, tags, "
    "payment_method, notes, iban, mcc, source"
)


TOO_DEEP = "Groups have one level; write deeper conditions as a separate rule."

"""Files of rules, and the requests that import and export them."""

import json
from typing import Any

from tests.conftest import Api


def simple(name: str, **fields: Any) -> dict[str, Any]:
    condition = {"field": "description", "op": "contains", "value": name.casefold()}
    return {"name": name, "conditions": [condition], "actions": [{"type": "set_category", "value": "Dining"}], **fields}


def created(api: Api, body: dict[str, Any]) -> Any:
    answer = api.post("rules/", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def exported(api: Api, query: str = "") -> Any:
    answer = api.get(f"rules/export/{query}")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def imported(api: Api, document: Any, query: str = "") -> Any:
    answer = api.post(f"rules/import/{query}", document)
    assert answer.status_code == 200, answer.content
    return answer.json()


def problems(answer: Any) -> list[tuple[str, str]]:
    return [(error["attr"], error["code"]) for error in answer.json()["errors"]]

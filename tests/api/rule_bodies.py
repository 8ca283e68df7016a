"""Rules as clients send them, and the requests that test and apply them."""

from typing import Any

from tests.api.bulk import contents


def text(value: Any = "luna", *, field: str = "raw_description", op: str = "contains", **more: Any) -> dict[str, Any]:
    """A condition about a text."""
    return {"field": field, "op": op, "value": value, **more}


def does(**actions: Any) -> list[dict[str, Any]]:
    """Actions by type, such as `set_category="Dining"`."""
    return [{"type": name, "value": value} for name, value in actions.items()]


def rule(*conditions: dict[str, Any], actions: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """A body that matches Cafe Luna and puts it into Dining, where nothing else is said; it does not end the list."""
    body = {"name": "Coffee", "stop_processing": False, "conditions": list(conditions) or [text()]}
    return {**body, "actions": actions or does(set_category="Dining"), **fields}


def save(api: Any, *conditions: dict[str, Any], **fields: Any) -> int:
    """The id of the rule that is saved then."""
    answer = api.post("rules/", rule(*conditions, **fields))
    assert answer.status_code == 201, answer.content
    number: int = answer.json()["id"]
    return number


def preview(api: Any, *conditions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What `rules/test/` says of a rule that is not saved."""
    answer = api.post("rules/test/", rule(*conditions, **fields))
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def apply(api: Any, number: int | None = None, **order: Any) -> dict[str, Any]:
    """The run that asks one rule, or all."""
    answer = api.post("rules/apply/" if number is None else f"rules/{number}/apply/", order)
    assert answer.status_code == 202, answer.content
    run: dict[str, Any] = answer.json()
    return run


def revert(api: Any, run: dict[str, Any]) -> dict[str, Any]:
    """The run that is taken back, with what was kept."""
    answer = api.post(f"runs/{run['id']}/revert/")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def left_alone(api: Any, run: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Row → code and sentence."""
    rows = api.get(f"runs/{run['id']}/errors/").json()["results"]
    return {row["transaction"]: (row["code"], row["detail"]) for row in rows}


def category_id(api: Any, name: str) -> int:
    """By its English name."""
    return int(next(c["id"] for c in api.get("categories/?page_size=500").json()["results"] if c["name"] == name))


def whole_ledger(api: Any) -> list[tuple[dict[str, Any], Any]]:
    """Every transaction but for stamps, each with why it has its category."""
    return [(row, api.get(f"transactions/{row['id']}/explanation/").json()) for row in contents(api)]

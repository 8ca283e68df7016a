"""Puts examples into the OpenAPI document: bodies that the API really read and gave (tests/api/test_examples.py)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Name of a component → an example of it.
EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text())


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: give every body of every operation its component's example."""
    for media in _bodies(result):
        component = media["schema"].get("$ref", "").rpartition("/")[2]
        if (example := _example(component)) is not None:
            media["example"] = example
    return result


def _example(component: str) -> Any:
    if component.startswith("Paginated"):
        item = EXAMPLES.get(component.removeprefix("Paginated").removesuffix("List"))
        return item and {"count": 1, "next": None, "previous": None, "results": [item]}
    return EXAMPLES.get(component)


def _bodies(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in result["paths"].values():
        for operation in operations.values():
            yield from operation.get("requestBody", {}).get("content", {}).values()
            for response in operation["responses"].values():
                yield from response.get("content", {}).values()

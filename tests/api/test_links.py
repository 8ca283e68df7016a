"""Links of the OpenAPI document lead to operations that find what they are given."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.api.permissions.ledger import fill
from tests.api.permissions.operations import BODIES, DESCRIBED, DOCUMENT, IN_ORDER, Operation, send
from tests.api.permissions.undoing import undone

BY_ID = {described["operationId"]: operation for operation, described in DESCRIBED.items()}
LINKS = DOCUMENT["components"]["links"]


class Linked(NamedTuple):
    """A link, and where it is."""

    source: Operation
    status: str
    name: str
    link: dict[str, Any]

    @property
    def target(self) -> Operation:
        return BY_ID[self.link["operationId"]]


def links() -> Iterator[Linked]:
    for operation, described in DESCRIBED.items():
        for status, answer in described["responses"].items():
            for name, reference in answer.get("links", {}).items():
                yield Linked(operation, status, name, LINKS[reference["$ref"].rpartition("/")[2]])


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The fields of a schema, with those of the schemas that it refers to."""
    if "$ref" in schema:
        return properties(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    found: dict[str, Any] = schema.get("properties", {})
    return found


def given(link: dict[str, Any], body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and fields that a link takes from an answer."""

    def value(expression: str) -> Any:
        found: Any = body
        for part in expression.removeprefix("$response.body#/").split("/"):
            found = found[int(part)] if part.isdigit() else found[part]
        return found

    parameters, fields = link.get("parameters", {}), link.get("requestBody", {})
    return {n: value(e) for n, e in parameters.items()}, {n: value(e) for n, e in fields.items()}


def test_every_link_names_an_operation_and_all_that_its_address_needs():
    for linked in links():
        target = DESCRIBED[linked.target]
        taken = {parameter["name"] for parameter in target.get("parameters", [])}
        needed = {p["name"] for p in target.get("parameters", []) if p["in"] == "path"}
        assert needed <= set(linked.link.get("parameters", {})) <= taken, linked
        if fields := linked.link.get("requestBody"):
            assert set(fields) <= set(properties(target["requestBody"]["content"]["application/json"]["schema"])), (
                linked
            )


@pytest.mark.parametrize(
    ("source", "status", "targets"),
    [
        ("imports_create", "201", {"imports_rows_list", "imports_partial_update", "imports_commit_create"}),
        (
            "imports_commit_create",
            "202",
            {"runs_retrieve", "runs_changes_list", "runs_errors_list", "runs_revert_create"},
        ),
        ("rules_apply_all", "202", {"runs_retrieve", "runs_cancel_create", "runs_resume_create"}),
        ("review_resolve_create", "202", {"runs_retrieve", "runs_revert_create"}),
        ("transactions_bulk_partial_update", "202", {"runs_retrieve", "runs_revert_create"}),
        ("expenses_create", "201", {"expenses_retrieve", "expenses_partial_update", "expenses_destroy"}),
        ("transactions_attachments_create", "201", {"attachments_content_retrieve", "attachments_destroy"}),
        ("rules_create", "201", {"rules_apply_create", "rules_test_create", "rules_update"}),
        ("rules_proposals_accept_create", "201", {"rules_retrieve", "rules_apply_create"}),
        ("anomalies_list", "200", {"anomaly_feedback"}),
        ("review_list", "200", {"review_resolve_create"}),
        ("categorization_backtest", "202", {"runs_retrieve", "categorization_thresholds_adopt"}),
    ],
)
def test_what_an_operation_answers_is_linked_to_what_needs_it(source, status, targets):
    assert targets <= {
        linked.link["operationId"] for linked in links() if (linked.source, linked.status) == (BY_ID[source], status)
    }


@pytest.mark.usefixtures("files", "silent_chain")
def test_every_link_that_an_answer_offers_leads_to_something_that_is_there(ana):
    ids, followed = fill(ana), set()
    # Deletions last, because files would not come back with the rows of the database.
    for linked in sorted(links(), key=lambda one: (one.target.method == "delete", IN_ORDER.index(one.source))):
        with undone():
            answer = send(ana, linked.source, ids)
            if str(answer.status_code) != linked.status:
                continue
            reached = follow(ana, linked, answer.json(), ids)
        assert reached < 500, linked
        assert reached != 404, linked
        followed.add(linked.target)
    assert followed == {linked.target for linked in links()}


def follow(api: Any, linked: Linked, body: dict[str, Any], ids: dict[str, int]) -> int:
    """The status of a request to the operation that a link leads to."""
    parameters, fields = given(linked.link, body)
    query: dict[str, Any] = {}
    path = linked.target.path
    for name, value in parameters.items():
        query |= {} if f"{{{name}}}" in path else {name: value}
        path = path.replace(f"{{{name}}}", str(value))
    sent = BODIES.get(linked.target)
    status: int = send(api, Operation(path, linked.target.method), ids, query=query, body=fields or sent).status_code
    return status

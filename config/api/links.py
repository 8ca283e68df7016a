"""Links of the OpenAPI document: what one operation answers, and which operations it can be given to."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

ROOT = "/api/v1/"
#: Bodies that are more than the body of the resource that they describe.
HOMES = {"Run": "runs/", "Resolved": "runs/", "AcceptedRule": "rules/"}


class OperationLink(NamedTuple):
    """An operation and status, and the operation that can come next with a part of the answer."""

    source: str
    status: str
    target: str
    parameters: dict[str, str] = {}
    body: dict[str, str] | None = None


FIRST_KEY, FIRST_ID = {"key": "$response.body#/results/0/key"}, {"id": "$response.body#/results/0/id"}
#: Links that do not follow from addresses.
OTHERS = (
    OperationLink("anomalies_list", "200", "anomaly_feedback", FIRST_KEY),
    OperationLink("anomalies_list", "200", "anomaly_feedback_destroy", FIRST_KEY),
    OperationLink("recurring_list", "200", "recurring_retrieve", FIRST_ID),
    OperationLink("recurring_list", "200", "recurring_choose", FIRST_ID),
    OperationLink("recurring_list", "200", "recurring_choice_destroy", FIRST_ID),
    OperationLink("review_list", "200", "review_resolve_create", body=FIRST_KEY),
    OperationLink("rules_proposals_list", "200", "rules_proposals_accept_create", FIRST_ID),
    OperationLink("rules_proposals_list", "200", "rules_proposals_narrow_create", FIRST_ID),
    OperationLink("rules_proposals_list", "200", "rules_proposals_never_create", FIRST_ID),
    OperationLink("import_profiles_list", "200", "import_profiles_retrieve", FIRST_ID),
    OperationLink("import_profiles_list", "200", "import_profiles_destroy", FIRST_ID),
    OperationLink("rules_create", "201", "rules_test_create", body={"id": "$response.body#/id"}),
    OperationLink("rules_retrieve", "200", "rules_test_create", body={"id": "$response.body#/id"}),
    OperationLink(
        "categorization_backtest", "202", "categorization_thresholds_adopt", body={"backtest": "$response.body#/id"}
    ),
    OperationLink(
        "categorization_backtest_latest",
        "200",
        "categorization_thresholds_adopt",
        body={"backtest": "$response.body#/id"},
    ),
    OperationLink("changes", "200", "changes", {"since": "$response.body#/version"}),
)


def add_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Link the answers of operations to the operations that need them. A hook of drf-spectacular."""
    answers = {
        (operation["operationId"], status): answer
        for operations in result["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
    }
    kept: dict[str, Any] = {}
    for link in (*_links_by_address(result), *OTHERS):
        described: dict[str, Any] = {"operationId": link.target}
        if link.parameters:
            described["parameters"] = link.parameters
        if link.body:
            described["requestBody"] = link.body
        name = link.target
        while kept.setdefault(name, described) != described:  # the same operation, given something else
            name += "_first" if FIRST_ID in (link.parameters, link.body) else "_next"
        answers[link.source, link.status].setdefault("links", {})[name] = {"$ref": f"#/components/links/{name}"}
    result["components"]["links"] = dict(sorted(kept.items()))
    return result


def _links_by_address(result: dict[str, Any]) -> Iterator[OperationLink]:
    """Yield links from a body with an `id` to the operations on that id: from `POST x/` to `x/{id}/` and below."""
    paths, schemas = result["paths"], result["components"]["schemas"]
    resources = {
        path.partition("{")[0].removeprefix(ROOT): _component(operations["get"], "200")
        for path, operations in paths.items()
        if path.endswith("}/") and "get" in operations
    }
    homes = {component: home for home, component in resources.items()} | HOMES
    for path, operations in paths.items():
        address, has_ids = path.removeprefix(ROOT), any(other.startswith(f"{path}{{") for other in paths)
        own = address.partition("{")[0]
        for method, operation in operations.items():
            for status in (code for code in operation["responses"] if code in {"200", "201", "202"}):
                component = _component(operation, status)
                home = address if has_ids else homes.get(component, "")
                if "{" in address and (home == own or component == resources.get(own)):
                    home = own if method == "get" and path.endswith("}/") else ""  # its id is known already
                if home and "id" in schemas.get(component, {}).get("properties", {}):
                    yield from _links_to(home, paths, source=operation["operationId"], status=status)


def _links_to(home: str, paths: Mapping[str, Any], *, source: str, status: str) -> Iterator[OperationLink]:
    """Yield a link to each operation on an id below this address."""
    for path, operations in paths.items():
        if path.startswith(f"{ROOT}{home}{{") and path.count("{") == 1:
            name = path.partition("{")[2].partition("}")[0]
            for operation in operations.values():
                if operation["operationId"] != source:
                    yield OperationLink(source, status, operation["operationId"], {name: "$response.body#/id"})


def _component(operation: Mapping[str, Any], status: str) -> str:
    """Return the name of the component that an answer's JSON body is, or an empty text."""
    answer = operation["responses"].get(status, {})
    reference: str = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2]

"""Which fields of requests hold ids, from the OpenAPI document: a field that no list here knows fails a test."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.api.permissions.operations import BODIES, DESCRIBED, DOCUMENT, PARTS, ROW, Operation, op

#: Fields that name a thing, and of which kind.
NAMES: dict[str, str] = {
    "account": "account",
    "backtest": "backtest",
    "from_account": "account",
    "to_account": "account",
    "category": "category",
    "parent": "category",
    "tags": "tag",
    "add_tags": "tag",
    "remove_tags": "tag",
    "outgoing": "expense",
    "incoming": "income",
    "ids": "expense",
    "profile": "profile",
    "transaction": "expense",
}
#: `into` is a thing of the kind that the address names.
INTO = {"categories": "category", "tags": "tag"}
LISTS = {"tags", "add_tags", "remove_tags", "ids"}
#: Fields in which ids may lie in several ways, which `open_ways` spells out.
OPEN_FIELDS = {"accounts", "filter", "actions.0.value", "conditions.0.value", "conditions.0.conditions"}
#: The action of a rule, and what its value names.
NAMING_ACTIONS = {"set_category": "category", "add_tags": "tag", "remove_tags": "tag"}
#: All others have a text or nothing.
ACTIONS = {
    "exclude_from_budget", "mark_reviewed", "needs_review", "set_description", "set_merchant", "set_notes",
    *NAMING_ACTIONS,
}  # fmt: skip
#: Fields of a rule's conditions that are compared with ids, and what these name.
CONDITIONS = {"account": ("in", "account"), "category": ("in", "category"), "tags": ("has_any", "tag")}
#: All others are compared with texts, numbers and days.
FIELDS = {
    "amount", "currency", "date", "description", "direction", "iban", "mcc", "merchant", "notes", "payment_method",
    "raw_description", "source", "text", *CONDITIONS,
}  # fmt: skip
#: `id` and `ids` of these name rules.
OF_RULES = {op("POST rules/test/"), op("POST rules/reorder/")}
#: Settings of a profile, and no reference to one.
NO_NAMES = {(op("PATCH imports/{id}/"), "profile"), (op("POST import-profiles/"), "profile")}
#: Fields that hold a text, a number or a choice, which nobody owns.
PLAIN = {
    "ai_classify", "also_similar", "amount", "amount_to", "apply", "base", "base_currency", "case_sensitive",
    "changes_only", "checksum", "color_token", "commit", "confirm_password", "country", "currency",
    "current_password", "date", "description", "direction", "dry_run", "email", "end", "expires_in_days", "exported_at",
    "evidence", "external_id", "field", "file", "force", "format", "format_version", "from", "group", "hint", "iban",
    "icon", "is_active", "is_excluded_from_budget", "is_hidden", "key", "keywords", "kind", "limit", "locale", "match",
    "mcc", "merchant", "mode", "month_start", "name", "negate", "new_password", "notes", "number", "on_conflict", "op",
    "opening_balance", "overwrite", "pack_version", "password", "payment_method", "position", "priority", "quote",
    "rate", "review", "rules", "save_as", "scope", "skip_errors", "start", "stop_processing", "target_precision",
    "text", "threshold", "thresholds", "time_zone", "to", "tolerance", "triggers", "type", "use_model", "username",
    "verdict", "week_start",
    "kept_days", "names", "question", "month", "columns", "export_version", "fingerprint",
}  # fmt: skip
#: The same for what stands behind the `?`.
FILTERS = {
    "account": "account",
    "backtest": "backtest",
    "category": "category",
    "category_id": "category",
    "ids": "rule",
    "import": "import",
    "parent": "split_expense",
    "replacement": "category",
    "tag": "tag",
    "transaction": "expense",
}
PLAIN_FILTERS = {
    "all_rates", "amount", "as_of", "awaits_model", "base", "bucket", "by", "convert_to", "create_missing", "currency",
    "cursor", "curve", "date", "direction", "dry_run", "due_until", "end", "end_date", "external_id", "format", "from",
    "group", "hidden", "iban", "is_active", "is_excluded_from_budget", "is_split", "kind", "limit", "mapped",
    "max_amount", "mcc", "merchant", "min_amount", "month", "on_conflict", "ordering", "origin", "pack",
    "pack_version", "page", "page_size", "period", "quote", "review", "rhythm", "search", "show", "since",
    "source", "start", "start_date", "status", "to", "type", "uncategorized", "verdict", "year",
    "before", "model", "outcome", "purpose", "until", "payee", "subcategories", "excel",
}  # fmt: skip

#: Lists of things → such a list with these fields in the first.
BESIDE: dict[str, Callable[[dict[str, Any]], list[dict[str, Any]]]] = {
    "parts": lambda part: [PARTS[0] | part, PARTS[1]],
    "transactions": lambda row: [ROW | row],
}


class Naming(NamedTuple):
    """An operation, a body in which one field names a thing of this kind, and the field."""

    operation: Operation
    field: str
    kind: str
    body: Any


def plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference leads to."""
    while "$ref" in schema or "allOf" in schema:
        one = schema if "$ref" in schema else schema["allOf"][0]
        schema = DOCUMENT["components"]["schemas"][one["$ref"].rpartition("/")[2]]
    return schema


def leaves(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Dotted paths of every field that holds no further fields; the first item of a list is 0."""
    schema = plain(schema)
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from leaves(inner, (*path, name))
    elif "items" in schema and "properties" in plain(schema["items"]):
        yield from leaves(schema["items"], (*path, "0"))
    else:
        yield ".".join(path)


def fields_of(operation: Operation) -> list[str]:
    content = DESCRIBED[operation]["requestBody"]["content"]
    return list(leaves(next(iter(content.values()))["schema"]))


def name_of(field: str) -> str:
    return field.rpartition(".")[2]


def is_plain(operation: Operation, field: str) -> bool:
    return name_of(field) in PLAIN or (operation, field) in NO_NAMES


def namings(ids: Mapping[str, int], operations: Iterable[Operation] = BODIES) -> Iterator[Naming]:
    """Every request whose body can name a thing, each with one of these ids."""
    for operation in operations:
        for field in fields_of(operation):
            if not is_plain(operation, field):
                yield from ways_of(operation, field, ids)


def ways_of(operation: Operation, field: str, ids: Mapping[str, int]) -> Iterator[Naming]:
    """Raises KeyError for a field that no list knows."""
    if field in OPEN_FIELDS:
        for blamed, kind, value in open_ways(field, ids):
            yield Naming(operation, blamed, kind, beside(operation, field) | value)
        return
    name = name_of(field)
    kind = kind_of(operation, name)
    value = [ids[kind]] if name in LISTS else ids[kind]
    yield Naming(operation, field, kind, beside(operation, field) | placed(field.split("."), value))


def kind_of(operation: Operation, name: str) -> str:
    """What a field names. Raises KeyError for one that no list knows."""
    if operation in OF_RULES and name in {"id", "ids"}:
        return "rule"
    return INTO[operation.path.split("/")[0]] if name == "into" else NAMES[name]


def open_ways(field: str, ids: Mapping[str, int]) -> Iterator[tuple[str, str, Any]]:
    """The field that is to be blamed, what it names, and what the body holds."""
    if field == "filter":
        for name, kind in FILTERS.items():
            if name not in {"backtest", "ids", "replacement", "transaction"}:  # those of no transactions
                yield f"filter.{name}", kind, {"filter": {name: ids[kind]}}
    elif field == "accounts":
        yield "accounts.key", "account", {"accounts": {"key": ids["account"]}}
    elif field == "actions.0.value":
        for action, kind in NAMING_ACTIONS.items():
            value = [ids[kind]] if kind == "tag" else ids[kind]
            yield field, str(kind), {"actions": [{"type": action, "value": value}]}
    else:
        yield from ways_of_conditions(field, ids)


def ways_of_conditions(field: str, ids: Mapping[str, int]) -> Iterator[tuple[str, str, Any]]:
    """The same for conditions, in a group where the field lies in one."""
    for compared, (test, kind) in CONDITIONS.items():
        condition = {"field": compared, "op": test, "value": [ids[kind]]}
        nested = [{"match": "any", "conditions": [condition]}] if field.count("conditions") > 1 else [condition]
        yield (field if field.endswith("value") else f"{field}.0.value"), kind, {"conditions": nested}


def beside(operation: Operation, field: str) -> dict[str, Any]:
    """The operation's body, without what may not stand beside the field."""
    first = field.split(".", maxsplit=1)[0]
    unfit = {"ids": {"filter", "key"}, "transactions": {"description"}, "outgoing": None, "incoming": None}.get(
        first, set()
    )
    return {name: value for name, value in BODIES[operation].items() if unfit is not None and name not in unfit}


def placed(path: list[str], value: Any) -> Any:
    """The value at the path, in rows and parts that lack nothing else."""
    if not path:
        return value
    inner = placed(path[1:], value)
    if path[0] != "0":
        return {path[0]: BESIDE[path[0]](inner[0]) if path[0] in BESIDE else inner}
    return [inner]

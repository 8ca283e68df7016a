"""Rules of every sort as clients send them, generated from the tables of fields and operators, and rows for them."""

from typing import Any

from hypothesis import strategies as st

from rules.operators import FIELD_TYPES, OPERATORS, FieldType, Shape
from tests.api.bulk import edit, record
from tests.api.rule_bodies import does, rule

WORDS = st.sampled_from(
    ["luna", "CAFE", "strasse", "ﬁne", "n", "m", "card", "EUR", "rule", "user", "in", "5812", "zoo"]
)
CENTS = st.sampled_from(["1.00", "5.50", "10.00", "12.34"])
DAYS = st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-30"])
TAGS = st.sampled_from(["A", "b", "Straße", "own"])
CATEGORIES = st.sampled_from(["Dining", "Travel", "Salary", "Transfers"])
VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: WORDS,
    FieldType.NUMBER: CENTS,
    FieldType.DATE: DAYS,
    FieldType.TAGS: TAGS,
}
NUMBERS = {"weekday": st.integers(1, 7), "day_of_month": st.integers(1, 3) | st.just(-1)}


def _values(field: str, op: str) -> st.SearchStrategy[Any]:
    if (field, op) == ("direction", "equals"):
        return st.sampled_from(["in", "OUT"])
    if FIELD_TYPES[field] is FieldType.ID:
        return CATEGORIES if field == "category" else st.sampled_from(["Giro", "Purse"])
    return NUMBERS[op] if op in NUMBERS else VALUES[FIELD_TYPES[field]]


def _condition(field: str, op: str) -> st.SearchStrategy[dict[str, Any]]:
    fixed: dict[str, Any] = {"field": st.just(field), "op": st.just(op)}
    values = _values(field, op)
    shapes: dict[Shape, dict[str, Any]] = {
        Shape.NONE: {},
        Shape.ONE: {"value": values},
        Shape.TWO: {"value": st.lists(values, min_size=2, max_size=2).map(sorted_range)},
        Shape.MANY: {"value": st.lists(values, min_size=1, max_size=2, unique=True)},
    }
    return st.fixed_dictionaries(fixed | shapes[OPERATORS[field][op].shape], optional={"negate": st.booleans()})


def sorted_range(values: list[str]) -> list[str]:
    """Days, or amounts of as many places."""
    return sorted(values, key=lambda value: (len(value), value))


TESTS = st.sampled_from([(field, op) for field, ops in OPERATORS.items() for op in ops]).flatmap(
    lambda named: _condition(*named)
)
GROUPS = st.fixed_dictionaries(
    {"match": st.sampled_from(["all", "any"]), "conditions": st.lists(TESTS, min_size=1, max_size=2)},
    optional={"negate": st.booleans()},
)
#: Most conditions hold for some rows: generated ones alone seldom do.
CONDITIONS = st.one_of(TESTS, GROUPS, st.just({"field": "direction", "op": "is_empty", "negate": True}))
ACTIONS = st.fixed_dictionaries(
    {},
    optional={
        "set_category": CATEGORIES,
        "add_tags": st.lists(st.sampled_from(["A", "b", "strasse", "New"]), min_size=1, max_size=2, unique=True),
        "remove_tags": st.lists(st.sampled_from(["own", "C", "never"]), min_size=1, max_size=2, unique=True),
        "set_merchant": st.sampled_from(["Luna", "m"]),
        "set_description": st.sampled_from(["Coffee", "cafe Luna"]),
        "set_notes": st.sampled_from(["n", "m"]),
        "exclude_from_budget": st.just(True),
    },
)
REVIEWS = st.sampled_from([{}, {"mark_reviewed": True}, {"needs_review": True}])
RULES = st.builds(
    lambda conditions, actions, review, **fields: rule(
        *conditions, actions=does(**actions, **review) or does(set_notes="n"), triggers=["manual"], **fields
    ),
    st.lists(CONDITIONS, min_size=1, max_size=2),
    ACTIONS,
    REVIEWS,
    match=st.sampled_from(["all", "any", "any"]),
    mode=st.sampled_from(["apply", "apply", "suggest"]),
    overwrite=st.sampled_from(["empty", "machine", "always"]),
    stop_processing=st.booleans(),
    priority=st.integers(1, 3),
)


def named(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules with names of their own."""
    return [{**body, "name": f"Rule {n}"} for n, body in enumerate(rules)]


def record_every_sort(api: Any) -> list[int]:
    """Rows of a ledger in every state that matters to rules."""
    for name in ("Giro", "Purse"):
        api.post("accounts/", {"name": name})
    rows: list[int] = record(
        api,
        {"description": "Cafe Luna", "account": "Giro", "mcc": "5812"},
        {"description": "CAFE Straße 5", "date": "2026-11-30", "payment_method": "card", "tags": ["own", "c"]},
        {"description": "ﬁne zoo", "category": "Travel", "notes": "m", "amount": "10.00"},
        {"description": "ACME", "direction": "in", "iban": "DE02120300000000202051", "date": "2026-11-03"},
        {"description": "Wages luna", "direction": "in", "kind": "income", "amount": "12.34"},
        {"description": "Kiosk", "merchant": "Luna", "notes": "n", "tags": ["Straße"]},
    )
    api.post("rules/", rule({"field": "amount", "op": "gte", "value": "10"}, name="before", overwrite="always",
                            actions=does(set_category="Travel", add_tags=["b", "own"], set_notes="n")))  # fmt: skip
    api.post("rules/apply/", {"force": True})
    api.delete(f"rules/{api.get('rules/').json()['results'][0]['id']}/")
    api.put(f"transactions/{rows[0]}/split/", {"parts": [{"amount": "2.50"}, {"amount": "3.00", "category": "Dining"}]})
    sent = {"from_account": "Giro", "to_account": "Purse", "amount": "5", "description": "Luna", "date": "2026-11-02"}
    api.post("transfers/", sent)
    edit(api, {"ids": rows[1:2]}, category="Dining")
    api.patch(f"transactions/{rows[1]}/", {"category": None, "notes": ""})
    return rows

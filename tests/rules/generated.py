"""Conditions, rules and subjects of every sort, written and generated, for the tests of the engine."""

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, compile_rule
from rules.operators import OPERATORS

CAFE = Movement(
    raw_description="CAFE Luna Straße 5",
    description="Lunch at Luna",
    merchant="Cafe Luna",
    amount=Decimal("12.50"),
    direction="out",
    currency="EUR",
    account=3,
    category=7,
    date=dt.date(2024, 2, 29),
    tags=frozenset({"food", "work"}),
    payment_method="card",
    notes="with Ben",
    iban="DE02120300000000202051",
    mcc="5812",
    source="model",
)


def condition(field: str, op: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A test of one field, as rules store it."""
    return {"field": field, "op": op, "value": value, "negate": False} | more


def holds(*conditions: dict[str, Any], match: str = "all", movement: Movement = CAFE) -> bool:
    """Return True if a rule of these conditions matches."""
    return compile_conditions(match, conditions).matches(movement)


YES, NO = condition("merchant", "contains", "luna"), condition("merchant", "contains", "sol")


def rule(name: str, *conditions: dict[str, Any], match: str = "all", **fields: Any) -> CompiledRule:
    """A compiled rule that matches CAFE where nothing else is said, and does not end the list."""
    return compile_rule(
        match=match, conditions=conditions or (YES,), **{"id": None, "name": name, "stops": False, **fields}
    )


#: Words that contain one another, and whose cases differ in length.
WORDS = st.sampled_from(["cafe", "CAFE Luna", "luna", "Straße", "STRASSE", "asse", "İstanbul", "ﬁne", "FINE", "x", "ß"])
TEXTS = st.one_of(st.just(""), WORDS, st.tuples(WORDS, WORDS).map(" ".join), st.tuples(WORDS, WORDS).map("".join))
TEXT_NAMES = st.sampled_from(["text", "raw_description", "description", "merchant", "notes"])
CENTS = st.integers(0, 2000).map(lambda cents: str(Decimal(cents) / 100))
DAYS = st.dates(dt.date(2024, 2, 26), dt.date(2024, 3, 2))
ISO_DAYS = DAYS.map(dt.date.isoformat)
IDS = st.integers(1, 4)
TAG_NAMES = st.sampled_from(["food", "Work", "straße"])


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=3)


def _range(values: st.SearchStrategy[str], key: Any = str) -> st.SearchStrategy[list[str]]:
    return st.tuples(values, values).map(lambda pair: sorted(pair, key=key))


NEGATE = st.booleans()
OF_TEXT = st.one_of(
    st.builds(
        condition,
        TEXT_NAMES,
        st.sampled_from(["equals", "contains", "starts_with", "ends_with", "regex"]),
        WORDS,
        case_sensitive=st.booleans(),
        negate=NEGATE,
    ),
    st.builds(
        condition,
        TEXT_NAMES,
        st.sampled_from(["contains_any", "contains_all"]),
        _some(WORDS),
        case_sensitive=st.booleans(),
        negate=NEGATE,
    ),
    st.builds(condition, TEXT_NAMES, st.just("fuzzy"), WORDS, threshold=st.sampled_from([50, 85]), negate=NEGATE),
    st.builds(condition, TEXT_NAMES, st.just("is_empty"), negate=NEGATE),
)
OF_VALUES = st.one_of(
    st.builds(condition, st.just("amount"), st.sampled_from(["eq", "lt", "lte", "gt", "gte"]), CENTS, negate=NEGATE),
    st.builds(condition, st.just("amount"), st.just("between"), _range(CENTS, Decimal), negate=NEGATE),
    st.builds(condition, st.just("amount"), st.just("approx"), CENTS, tolerance=st.just("10"), negate=NEGATE),
    st.builds(condition, st.just("date"), st.sampled_from(["on", "before", "after"]), ISO_DAYS, negate=NEGATE),
    st.builds(condition, st.just("date"), st.just("between"), _range(ISO_DAYS), negate=NEGATE),
    st.builds(condition, st.just("date"), st.just("weekday"), _some(st.integers(1, 7)), negate=NEGATE),
    st.builds(condition, st.sampled_from(["account", "category"]), st.just("in"), _some(IDS), negate=NEGATE),
    st.builds(condition, st.sampled_from(["account", "category"]), st.just("is_empty"), negate=NEGATE),
    st.builds(condition, st.just("tags"), st.sampled_from(["has_any", "has_all", "has_none"]), _some(TAG_NAMES)),
    st.builds(condition, st.just("source"), st.just("equals"), st.sampled_from(["rule", "user", "model"])),
)
SINGLES = st.one_of(OF_TEXT, OF_TEXT, OF_VALUES)
MATCHES = st.sampled_from(["all", "any"])
GROUPS = st.builds(
    lambda match, negate, conditions: {"match": match, "negate": negate, "conditions": conditions},
    MATCHES,
    NEGATE,
    _some(SINGLES),
)
CONDITIONS = st.one_of(SINGLES, GROUPS)
SUBJECTS = st.builds(
    Movement,
    raw_description=TEXTS,
    description=TEXTS,
    merchant=TEXTS,
    notes=TEXTS,
    amount=st.none() | CENTS.map(Decimal),
    account=st.none() | IDS,
    category=st.none() | IDS,
    date=st.none() | DAYS,
    tags=st.frozensets(TAG_NAMES.map(str.casefold)),
    source=st.sampled_from(["", "rule", "user", "model"]),
)
ACTIONS: dict[str, st.SearchStrategy[Any]] = {
    "category": IDS,
    "merchant": WORDS,
    "description": WORDS,
    "notes": WORDS,
    "review": st.sampled_from(["needed", "done"]),
    "is_excluded_from_budget": st.just(True),
}
RULES = st.builds(
    lambda conditions, match, tags, takes, **fields: rule(
        "generated",
        *conditions,
        match=match,
        add_tags=() if takes else tags,
        remove_tags=tags if takes else (),
        **fields,
    ),
    _some(CONDITIONS),
    MATCHES,
    st.lists(TAG_NAMES, max_size=2, unique=True).map(tuple),
    st.booleans(),
    writes=st.fixed_dictionaries({}, optional=ACTIONS),
    stops=st.booleans(),
    suggests_only=st.booleans(),
    overwrite=st.sampled_from(["empty", "machine", "always"]),
)
#: Every field with every operator that it knows.
FIELDS_AND_OPS = [(name, op) for name, ops in OPERATORS.items() for op in ops]

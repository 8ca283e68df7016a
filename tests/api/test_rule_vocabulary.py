"""`rules/schema/` agrees with the API about valid rules."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from rules.operators import OPERATORS, Shape
from rules.serializers.actions import ACTIONS
from rules.serializers.rule_schema import describe_rules
from tests.conftest import Api

DESCRIBED = describe_rules()
TESTS = [(field, operator) for field in DESCRIBED["fields"] for operator in field["operators"]]
SHOP = {"field": "description", "op": "contains", "value": "shop"}
MERCHANT = {"type": "set_merchant", "value": "Shop"}
NAMES = {"account": "Checking", "category": "Dining"}


def example(schema: dict[str, Any], field: str = "") -> Any:
    """A value that the schema allows."""
    if schema.get("type") == "null":
        return None
    if schema.get("type") == "array":
        return [example(schema["items"], field)] * schema["minItems"]
    if "oneOf" in schema:
        return NAMES.get(field, "Dining")
    return schema["examples"][0] if "examples" in schema else schema["enum"][0] if "enum" in schema else "Some text"


def is_fine(schema: dict[str, Any], value: Any) -> bool:
    checker = jsonschema.FormatChecker(["date"])
    return bool(jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(value))


def posted(api: Api, **fields: Any) -> Any:
    return api.post("rules/", {"name": "A rule", "conditions": [SHOP], "actions": [MERCHANT], **fields})


@pytest.fixture
def api(ana: Api) -> Api:
    assert ana.post("accounts/", {"name": "Checking"}).status_code == 201
    return ana


def test_everybody_who_is_signed_in_may_read_it(ana, anyone):
    assert ana.get("rules/schema/").json() == describe_rules()
    assert anyone.get("rules/schema/").status_code == 401


def test_it_names_every_field_operator_option_and_action():
    told = {f["name"]: {o["name"]: set(o["options"]) for o in f["operators"]} for f in DESCRIBED["fields"]}
    assert told == {name: {op: set(o.options) for op, o in ops.items()} for name, ops in OPERATORS.items()}
    assert {f["name"]: f["any_of"] for f in DESCRIBED["fields"] if "any_of" in f} == {
        "text": ["raw_description", "description", "merchant"]
    }
    assert [action["name"] for action in DESCRIBED["actions"]] == list(ACTIONS)
    assert DESCRIBED["conditions"] == {"max_conditions": 100, "max_values": 200, "levels_of_groups": 1}


@pytest.mark.parametrize(("field", "operator"), TESTS, ids=lambda part: part["name"])
def test_the_api_accepts_what_the_schema_allows_only(api, field, operator):
    right = example(operator["value"], field["name"])
    assert is_fine(operator["value"], right)
    condition = {"field": field["name"], "op": operator["name"], "value": right}
    options = {name: schema["default"] for name, schema in operator["options"].items()}
    assert posted(api, conditions=[condition | options]).status_code == 201
    wrongs: list[Any] = [{"a": 1}, "", [], [[]], 10**20, [right] * 201, "x" * 501]
    for wrong in wrongs:
        assert not is_fine(operator["value"], wrong), wrong
        answer = posted(api, name="Another", conditions=[condition | {"value": wrong}])
        assert answer.status_code == 400, wrong
        assert answer.json()["errors"][0]["attr"].startswith("conditions.0.value")


@pytest.mark.parametrize("action", DESCRIBED["actions"], ids=lambda action: action["name"])
def test_its_actions_are_taken_and_others_refused(api, action):
    right = example(action["value"])
    assert is_fine(action["value"], right)
    assert posted(api, actions=[{"type": action["name"], "value": right}]).status_code == 201
    without = posted(api, name="Bare", actions=[{"type": action["name"]}])
    assert without.status_code == (201 if action["value_may_be_left_out"] else 400)
    wrongs: list[Any] = [{"a": 1}, [], [[]], "x" * 5001, False]
    for wrong in wrongs:
        assert not is_fine(action["value"], wrong), wrong
        answer = posted(api, name="Another", actions=[{"type": action["name"], "value": wrong}])
        assert answer.status_code == 400, wrong
        assert answer.json()["errors"][0]["attr"].startswith("actions.0.value")


@pytest.mark.parametrize("name", ["threshold", "tolerance", "case_sensitive"])
def test_the_bounds_of_options_are_those_of_the_api(api, name):
    field, operator = next((f, o) for f, o in TESTS if name in o["options"] and o["value"] != {"type": "null"})
    schema = operator["options"][name]
    condition = {"field": field["name"], "op": operator["name"], "value": example(operator["value"])}
    bounds = [schema["minimum"], schema["maximum"]] if "minimum" in schema else [True, False]
    for i, bound in enumerate(bounds):
        assert posted(api, name=f"R{i}", conditions=[condition | {name: bound}]).status_code == 201
    for wrong in [bounds[0] - 1, bounds[1] + 1, "x"] if "minimum" in schema else ["x", 7]:
        assert posted(api, name="Wrong", conditions=[condition | {name: wrong}]).status_code == 400


@pytest.mark.parametrize("name", sorted(set(DESCRIBED["rule"]) - {"conditions", "actions"}))
def test_rule_fields_have_the_bounds_and_defaults_of_the_schema(api, name):
    schema = DESCRIBED["rule"][name]
    if "default" in schema:
        assert is_fine({key: value for key, value in schema.items() if key != "default"}, schema["default"])
        assert posted(api).json()[name] == schema["default"]
    for wrong in ({"a": 1}, "x" * 101, ["x"], [], *([] if schema.get("type") == "string" else [10**9])):
        assert not is_fine(schema, wrong)
        assert posted(api, **{"name": "Wrong", name: wrong}).status_code == 400, wrong


def test_every_shape_of_a_value_is_told_apart():
    lists = {o["name"]: o["value"] for _, o in TESTS if o["value"].get("type") == "array"}
    for name, operators in OPERATORS.items():
        for op, operator in operators.items():
            if operator.shape is Shape.TWO:
                assert (lists[op]["minItems"], lists[op]["maxItems"]) == (2, 2), name

"""Statistics of rules, their order, and their references."""

from typing import Any

import pytest

from rules.services import statistics


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})


CAFE = {"field": "raw_description", "op": "contains", "value": "cafe"}


def create(api, name: str = "Coffee", *, conditions: Any = None, actions: Any = None, **fields: Any) -> Any:
    to_dining = [{"type": "set_category", "value": "Dining"}]
    body = {"name": name, "conditions": conditions or [CAFE], "actions": actions or to_dining} | fields
    answer = api.post("rules/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def spend(api, description: str, **fields: Any) -> Any:
    answer = api.post("expenses/", {"amount": "4.50", "description": description, "date": "2026-11-02"} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def stats(api, rule: Any) -> Any:
    return api.get(f"rules/{rule['id']}/").json()["stats"]


NOTHING: dict[str, Any] = {
    "matched": 0, "applied": 0, "overridden": 0, "precision": None, "n": 0, "last_matched_at": None, "timeouts": 0,
}  # fmt: skip


def test_a_rule_that_nothing_matches_has_no_statistics(ana):
    assert create(ana)["stats"] == NOTHING


def test_matched_applied_overridden_and_precision_follow_the_transactions(ana):
    coffee = create(ana)
    rows = [spend(ana, f"CAFE LUNA {n}") for n in range(6)]
    spend(ana, "REWE")
    ana.post(f"transactions/{rows[0]['id']}/confirm/")
    ana.patch(f"transactions/{rows[1]['id']}/", {"category": "Groceries"})
    ana.patch(f"transactions/{rows[2]['id']}/", {"category": None})
    ana.patch(f"transactions/{rows[3]['id']}/", {"category": "Dining"})
    newest = ana.get(f"transactions/{rows[5]['id']}/").json()["created_at"]
    assert stats(ana, coffee) == NOTHING | {
        "matched": 6, "applied": 3, "overridden": 2, "precision": 0.5, "n": 4, "last_matched_at": newest,
    }  # fmt: skip
    ana.delete(f"transactions/{rows[1]['id']}/")
    assert stats(ana, coffee) == NOTHING | {
        "matched": 5, "applied": 3, "overridden": 1, "precision": 0.6667, "n": 3, "last_matched_at": newest,
    }  # fmt: skip


def test_a_suggestion_is_applied_only_once_it_is_confirmed(ana):
    coffee = create(ana, mode="suggest")
    rows = [spend(ana, f"CAFE LUNA {n}") for n in range(3)]
    before = NOTHING | {"matched": 3, "last_matched_at": rows[-1]["created_at"]}
    assert stats(ana, coffee) == before
    ana.post(f"transactions/{rows[0]['id']}/confirm/")
    assert stats(ana, coffee) == before | {"applied": 1, "precision": 1.0, "n": 1}


def test_a_reverted_run_leaves_no_trace_in_the_statistics(ana):
    row = spend(ana, "CAFE LUNA")
    coffee = create(ana)
    before = coffee["stats"]
    assert before == NOTHING | {"matched": 1, "last_matched_at": row["created_at"]}
    run = ana.post(f"rules/{coffee['id']}/apply/").json()["id"]
    assert stats(ana, coffee) == before | {"applied": 1}
    ana.post(f"runs/{run}/revert/")
    assert stats(ana, coffee) == before


def test_a_rule_after_a_stopping_one_counts_its_matches(ana):
    first, second = create(ana, "first", priority=1), create(ana, "second", priority=2)
    row = spend(ana, "CAFE LUNA")
    told = [rule["stats"] for rule in ana.get("rules/").json()["results"]]
    both = NOTHING | {"matched": 1, "last_matched_at": row["created_at"]}
    assert told == [both | {"applied": 1}, both]
    assert [stats(ana, first), stats(ana, second)] == told


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "amount", "op": "approx", "value": "4.60"},
        {"field": "date", "op": "day_of_month", "value": [2]},
        {"field": "tags", "op": "has_any", "value": ["FOOD"]},
        {"field": "payment_method", "op": "is_empty"},
        {"field": "account", "op": "is_empty"},
        {"field": "source", "op": "equals", "value": "user"},
    ],
    ids=lambda condition: condition["field"],
)
def test_every_sort_of_condition_is_counted(ana, condition):
    rule = create(ana, conditions=[condition])
    row = spend(ana, "KIOSK", tags=["food"], category="Dining")
    expected = NOTHING | {"matched": 1, "last_matched_at": row["created_at"]}
    assert stats(ana, rule) == expected


def test_patterns_without_time_give_null_instead_of_a_number(ana, monkeypatch):
    monkeypatch.setattr("rules.operators.patterns.TOTAL_S", 0.0)
    spend(ana, "CAFE LUNA", ai_classify=False)
    rule = create(ana, conditions=[{"field": "raw_description", "op": "regex", "value": "c.fe"}])
    plain = create(ana, "plain")
    assert rule["stats"]["matched"] is None
    assert plain["stats"]["matched"] == 1


def test_statistics_are_counted_once_per_ledger_version(ana, monkeypatch):
    create(ana)
    counted: list[int] = []
    count = statistics._count_decided
    monkeypatch.setattr(statistics, "_count_decided", lambda *args: counted.append(args[0]) or count(*args))  # type: ignore[func-returns-value]
    for _ in range(3):
        ana.get("rules/")
    assert len(counted) == 0
    spend(ana, "CAFE LUNA")
    for _ in range(3):
        ana.get("rules/")
    assert len(counted) == 1


def order(api) -> list[tuple[str, int]]:
    return [(rule["name"], rule["priority"]) for rule in api.get("rules/").json()["results"]]


def test_rules_are_put_into_another_order(ana):
    a, b, c, d = (create(ana, name, priority=5)["id"] for name in "abcd")
    answer = ana.post("rules/reorder/", {"ids": [d, a, c]})
    assert answer.status_code == 200
    assert [(rule["name"], rule["priority"]) for rule in answer.json()["results"]] == order(ana)
    assert order(ana) == [("d", 10), ("b", 20), ("a", 30), ("c", 40)]
    assert b not in (a, c, d)


def test_an_order_that_is_there_already_changes_no_rule(ana):
    ids = [create(ana, name, priority=10 * place)["id"] for place, name in enumerate("abc", 1)]
    before = ana.get("rules/").json()
    ana.post("rules/reorder/", {"ids": ids})
    assert ana.get("rules/").json() == before


def test_an_unchanged_order_rewrites_no_priorities(ana):
    ids = [create(ana, name, priority=5)["id"] for name in "abc"]
    before = ana.get("rules/").json()
    assert ana.post("rules/reorder/", {"ids": ids}).status_code == 200
    assert ana.post("rules/reorder/", {"ids": [ids[0], ids[2]]}).status_code == 200
    assert ana.get("rules/").json() == before
    assert order(ana) == [("a", 5), ("b", 5), ("c", 5)]


def test_an_order_names_each_rule_once_and_only_ones_own(ana, ben):
    mine, foreign = create(ana)["id"], create(ben)["id"]
    cases: list[tuple[list[int], str, str]] = [
        ([mine, mine], "repeated", "Name each rule once."),
        ([mine, foreign], "does_not_exist", f"There is no rule {foreign}."),
    ]
    for ids, code, detail in cases:
        answer = ana.post("rules/reorder/", {"ids": ids})
        errors = [{"attr": "ids", "code": code, "detail": detail}]
        summary = f"ids: {detail}"
        problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": summary, "errors": errors}
        assert (answer.status_code, answer.json()) == (400, problem)


def test_conditions_and_actions_follow_a_merged_category(ana):
    cafes = ana.post("categories/", {"name": "Cafes", "kind": "expense"}).json()["id"]
    bars = ana.post("categories/", {"name": "Bars", "kind": "expense"}).json()["id"]
    inner = {"field": "category", "op": "in", "value": [cafes, bars]}
    conditions = [{"field": "category", "op": "in", "value": ["Cafes"]}, {"match": "any", "conditions": [inner]}]
    rule = create(ana, conditions=conditions, actions=[{"type": "set_category", "value": "Cafes"}])
    assert ana.post(f"categories/{cafes}/merge/", {"into": bars}).status_code == 200
    after = ana.get(f"rules/{rule['id']}/").json()
    leaf = {"field": "category", "op": "in", "value": [bars], "negate": False}
    assert after["conditions"] == [leaf, {"match": "any", "negate": False, "conditions": [leaf]}]
    assert after["actions"] == [{"type": "set_category", "value": bars, "value_name": "Bars"}]
    assert after["version"] > rule["version"]


def test_conditions_and_actions_follow_a_renamed_tag(ana):
    tag = ana.post("tags/", {"name": "food"}).json()["id"]
    conditions = [{"field": "tags", "op": "has_none", "value": ["Food", "other"]}]
    rule = create(ana, conditions=conditions, actions=[{"type": "remove_tags", "value": ["FOOD"]}])
    ana.patch(f"tags/{tag}/", {"name": "meals"})
    after = ana.get(f"rules/{rule['id']}/").json()
    assert after["conditions"] == [{"field": "tags", "op": "has_none", "value": ["meals", "other"], "negate": False}]
    assert after["actions"] == [{"type": "remove_tags", "value": ["meals"]}]

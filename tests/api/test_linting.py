"""The linter over HTTP: each kind of finding with its verdicts, its sentence and its example."""

from typing import Any

import pytest

from rules.models import Rule


@pytest.fixture(autouse=True)
def _no_chain(use_chain):
    use_chain()


def says(op: str, value: Any = None, *, on: str = "raw_description", **more: Any) -> dict[str, Any]:
    return {"field": on, "op": op, "value": value} | more


def category(name: str) -> dict[str, Any]:
    return {"type": "set_category", "value": name}


def add(api, name: str, *conditions: dict[str, Any], actions: Any = None, **fields: Any) -> Any:
    body = {"name": name, "conditions": list(conditions), "actions": actions or [category("Groceries")]} | fields
    answer = api.post("rules/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()["id"]


def spend(api, description: str, amount: str = "4.50", **fields: Any) -> dict[str, Any]:
    answer = api.post("expenses/", {"amount": amount, "description": description, "date": "2026-11-20"} | fields)
    assert answer.status_code == 201, answer.json()
    row = answer.json()
    return {name: row[name] for name in ("id", "date", "amount", "currency", "description")}


def lint(api, **query: Any) -> Any:
    answer = api.get("rules/lint/", query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def found(kind: str, verdict: str, rules: dict[str, int], explanation: str, example: Any = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "verdict": verdict,
        "rules": list(rules.values()),
        "names": list(rules),
        "explanation": explanation,
        "example": example,
    }


def test_rules_without_fault_have_no_findings(ana):
    add(ana, "Rewe", says("contains", "rewe"))
    spend(ana, "REWE MARKT")
    assert lint(ana) == {"findings": [], "n_rows": 1, "complete": True}


def test_a_broader_stopping_rule_shadows_a_narrower_one(ana):
    rewe = add(ana, "Rewe", says("contains", "rewe"))
    cheap = add(
        ana, "Rewe cheap", says("contains", "REWE"), says("lt", "10", on="amount"), actions=[category("Dining")]
    )
    row = spend(ana, "REWE MARKT")
    why = "“Rewe cheap” never gets a turn: “Rewe” comes first, takes everything it would match, and stops."
    assert lint(ana) == {
        "findings": [found("shadowed", "proved", {"Rewe cheap": cheap, "Rewe": rewe}, why, row)],
        "n_rows": 1,
        "complete": True,
    }


def test_a_broader_rule_with_the_same_fields_shadows_a_narrower_one(ana):
    first = add(ana, "Shops", says("contains_any", ["rewe", "edeka"]), stop_processing=False)
    later = add(ana, "Edeka", says("starts_with", "edeka"), actions=[category("Dining")])
    why = "“Edeka” never gets to write anything: “Shops” comes first, takes everything it would match, "
    proofs = lint(ana, verdict="proved")["findings"]
    assert proofs[0] == found(
        "shadowed", "proved", {"Edeka": later, "Shops": first}, why + "and writes all that it would write."
    )


def test_a_rule_with_another_field_is_not_shadowed(ana):
    add(ana, "Shops", says("contains", "rewe"), stop_processing=False)
    add(ana, "Tag", says("contains", "rewe city"), actions=[{"type": "add_tags", "value": ["city"]}])
    assert lint(ana)["findings"] == []


def test_a_category_of_another_kind_casts_no_shadow(ana):
    """Rules of two kinds: incoming money has both on offer, outgoing money only one."""
    add(ana, "Refund", says("contains", "amazon"), actions=[category("Salary")], stop_processing=False)
    add(ana, "Order", says("contains", "amazon"), actions=[category("Shopping")], stop_processing=False)
    assert lint(ana)["findings"] == []


def test_two_rules_can_shadow_a_third_together(ana):
    rewe = add(ana, "Rewe", says("contains", "rewe"))
    lidl = add(ana, "Lidl", says("contains", "lidl"))
    both = add(ana, "Both", says("contains_any", ["rewe markt", "lidl"]), actions=[category("Dining")])
    why = "“Both” never gets a turn: “Rewe” and “Lidl” come first, and take everything it would match."
    assert lint(ana)["findings"] == [found("shadowed", "proved", {"Both": both, "Rewe": rewe, "Lidl": lidl}, why)]


def test_a_rule_with_other_triggers_casts_no_shadow(ana):
    add(ana, "Rewe", says("contains", "rewe"), triggers=["import"])
    add(ana, "Rewe cheap", says("contains", "rewe markt"), actions=[category("Dining")], triggers=["import", "create"])
    assert lint(ana)["findings"] == []


def test_a_rule_with_an_impossible_category_is_not_called_shadowed(ana):
    add(ana, "Salary", says("contains", "salary"), actions=[category("Salary")])
    spend(ana, "SALARY PAID BACK")
    assert "shadowed" not in kinds(lint(ana))


def test_a_rule_whose_rows_were_all_taken_may_be_shadowed(ana):
    markt = add(ana, "Markt", says("contains", "markt"))
    rewe = add(ana, "Rewe", says("contains", "rewe"), actions=[category("Dining")])
    spend(ana, "LIDL MARKT")
    spend(ana, "REWE MARKT")
    row = spend(ana, "REWE MARKT 2")
    why = "“Rewe” has not had a turn: it matches 2 transactions, all taken by rules before it."
    overlap = "“Markt” and “Rewe” both match this transaction, but want another category; “Markt” comes first."
    assert lint(ana)["findings"] == [
        found("shadowed", "undecided", {"Rewe": rewe, "Markt": markt}, why, row),
        found("contradictory", "undecided", {"Rewe": rewe, "Markt": markt}, overlap, row),
    ]


def test_a_row_that_a_rule_wins_disproves_its_shadow(ana):
    markt = add(ana, "Markt", says("contains", "markt"))
    rewe = add(ana, "Rewe", says("contains", "rewe"))
    spend(ana, "REWE MARKT")
    row = spend(ana, "REWE CITY")
    why = "“Rewe” gets a turn where “Markt” leaves it one."
    assert lint(ana)["findings"] == []
    assert (
        found("shadowed", "disproved", {"Rewe": rewe, "Markt": markt}, why, row)
        in lint(ana, verdict="disproved")["findings"]
    )


@pytest.mark.parametrize(
    ("conditions", "actions", "reason"),
    [
        (
            [says("gt", "10", on="amount"), says("lt", "5", on="amount")],
            None,
            "matches: no transaction can meet its conditions",
        ),
        (
            [says("contains", "salary"), says("equals", "out", on="direction")],
            [category("Salary")],
            "writes anything: its category is of money that comes in, and it asks for money that goes out",
        ),
    ],
)
def test_a_rule_without_possible_effect_is_dead(ana, conditions, actions, reason):
    dead = add(ana, "Dead", *conditions, actions=actions)
    spend(ana, "REWE")
    assert lint(ana)["findings"] == [found("dead", "proved", {"Dead": dead}, f"“Dead” never {reason}.")]


def test_a_rule_for_a_deleted_account_is_dead(ana):
    account = ana.post("accounts/", {"name": "Old card", "type": "card", "currency": "EUR"}).json()
    dead = add(ana, "Card", says("in", ["Old card"], on="account"))
    assert lint(ana)["findings"] == []
    assert ana.delete(f"accounts/{account['id']}/").status_code == 204
    why = "“Card” never matches: it asks for an account or a category that is gone."
    assert lint(ana)["findings"] == [found("dead", "proved", {"Card": dead}, why)]


def test_a_rule_with_a_hidden_category_is_dead(ana):
    dead = add(ana, "Pets", says("contains", "zoo"), actions=[category("Pets")])
    spend(ana, "ZOO")
    [pets] = [c for c in ana.get("categories/", {"page_size": 500}).json()["results"] if c["name"] == "Pets"]
    assert ana.patch(f"categories/{pets['id']}/", {"is_hidden": True}).status_code == 200
    why = "“Pets” never writes anything: the category that it sets is hidden or gone."
    assert lint(ana)["findings"] == [found("dead", "proved", {"Pets": dead}, why)]


def test_a_rule_without_matching_rows_may_be_dead(ana):
    idle = add(ana, "Lidl", says("contains", "lidl"))
    assert lint(ana) == {"findings": [], "n_rows": 0, "complete": True}
    spend(ana, "REWE")
    why = "“Lidl” matches none of the transactions that you have (1)."
    assert lint(ana)["findings"] == [found("dead", "undecided", {"Lidl": idle}, why)]


def test_an_equivalent_rule_is_a_duplicate(ana):
    one = add(ana, "Shops", says("contains_any", ["Rewe", "Lidl"]))
    other = add(ana, "Markets", says("contains", "lidl"), says("contains", "rewe"), match="any")
    row = spend(ana, "LIDL")
    why = "“Markets” asks for the same as “Shops”, and does the same."
    assert lint(ana)["findings"] == [found("duplicate", "proved", {"Markets": other, "Shops": one}, why, row)]


def test_rules_with_the_same_rows_may_be_duplicates(ana):
    one = add(ana, "Rewe", says("contains", "rewe"), stop_processing=False)
    other = add(ana, "Street", says("contains", "street 5"), stop_processing=False)
    for number in range(2):
        spend(ana, f"REWE street 5 {number}")
    assert "duplicate" not in kinds(lint(ana))
    row = spend(ana, "REWE street 5")
    why = "“Street” does the same as “Rewe”, and both match the same 3 transactions."
    assert found("duplicate", "undecided", {"Street": other, "Rewe": one}, why, row) in lint(ana)["findings"]
    row = spend(ana, "LIDL street 5")
    why = "“Street” and “Rewe” do the same, but not to the same transactions."
    assert "duplicate" not in kinds(lint(ana))
    assert (
        found("duplicate", "disproved", {"Street": other, "Rewe": one}, why, row)
        in lint(ana, verdict="disproved")["findings"]
    )


def kinds(report: dict[str, Any]) -> set[str]:
    return {finding["kind"] for finding in report["findings"]}


def test_equivalent_rules_with_different_values_are_contradictory(ana):
    one = add(ana, "Rewe", says("contains", "rewe"), stop_processing=False)
    other = add(ana, "Also Rewe", says("contains", "REWE"), actions=[category("Dining")])
    row = spend(ana, "REWE")
    why = "“Also Rewe” asks for the same as “Rewe”, but wants another category."
    assert found("contradictory", "proved", {"Also Rewe": other, "Rewe": one}, why, row) in lint(ana)["findings"]


def test_a_broader_earlier_rule_contradicts_a_narrower_one(ana):
    tag = [{"type": "add_tags", "value": ["food"]}]
    one = add(ana, "Rewe", says("contains", "rewe"), actions=tag, stop_processing=False)
    untag = [{"type": "remove_tags", "value": ["Food"]}, {"type": "set_merchant", "value": "Rewe City"}]
    other = add(ana, "Rewe City", says("contains", "rewe city"), actions=untag)
    why = "“Rewe” comes first, matches all that “Rewe City” does, and wants another say on the tag “food”."
    assert lint(ana)["findings"] == [found("contradictory", "proved", {"Rewe City": other, "Rewe": one}, why)]


def test_an_exception_before_the_rule_is_no_contradiction(ana):
    add(ana, "Rewe Cafe", says("contains", "rewe cafe"), actions=[category("Dining")])
    add(ana, "Rewe", says("contains", "rewe"))
    spend(ana, "REWE CAFE")
    spend(ana, "REWE")
    assert lint(ana)["findings"] == []


def test_rules_that_undo_each_other_go_in_circles(ana):
    one = add(ana, "There", says("in", ["Dining"], on="category"), says("contains", "cafe"))
    back = says("in", ["Groceries"], on="category")
    other = add(ana, "Back", back, says("contains", "cafe"), actions=[category("Dining")])
    why = "“There” and “Back” go in circles: each undoes what the other one did."
    assert found("contradictory", "proved", {"There": one, "Back": other}, why) in lint(ana)["findings"]
    row = spend(ana, "CAFE LUNA", category="Dining")
    assert "“There” and “Back” go in circles: each undoes what the other one did." in {
        finding["explanation"] for finding in lint(ana)["findings"]
    }
    assert row["description"] == "CAFE LUNA"


def test_bystanders_of_a_circle_are_not_listed(ana):
    innocent = [{"type": "set_notes", "value": "n"}]
    add(ana, "Innocent", says("contains", "cafe"), actions=innocent, priority=1, stop_processing=False)
    one = add(ana, "There", says("in", ["Dining"], on="category"), says("contains", "cafe"))
    back = says("in", ["Groceries"], on="category")
    other = add(ana, "Back", back, says("contains", "cafe"), actions=[category("Dining")])
    spend(ana, "CAFE LUNA", category="Dining")
    named = [finding["rules"] for finding in lint(ana)["findings"] if "circles" in finding["explanation"]]
    assert named == [[one, other]]


def test_a_pattern_that_ran_out_of_time_is_slow(ana):
    slow = add(ana, "Slow", says("regex", "(a+)+$"))
    Rule.objects.filter(pk=slow).update(n_timeouts=3)
    why = "“Slow” is slow: its pattern ran out of time 3 times, which counts as no match."
    assert found("slow", "proved", {"Slow": slow}, why) in lint(ana)["findings"]


def test_a_pattern_slow_for_a_made_text_may_be_slow(ana):
    slow = add(ana, "Slow", says("regex", "(a+)+$"))
    add(ana, "Quick", says("regex", "^re(we|al)"))
    why = "“Slow” may be slow: there are texts for which its pattern takes over a millisecond."
    assert lint(ana)["findings"] == [found("slow", "undecided", {"Slow": slow}, why)]


def test_inactive_rules_are_not_checked(ana):
    add(ana, "Rewe", says("contains", "rewe"))
    add(ana, "Again", says("contains", "rewe"), is_active=False)
    assert lint(ana)["findings"] == []


def test_an_unknown_verdict_is_refused(ana):
    answer = ana.get("rules/lint/", {"verdict": "maybe"})
    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == ["verdict"]


def test_an_unchanged_ledger_answers_304(ana):
    first = ana.get("rules/lint/")
    assert ana.get("rules/lint/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert ana.get("rules/lint/", {"verdict": "proved"}, headers={"If-None-Match": first["ETag"]}).status_code == 200
    spend(ana, "REWE")
    assert ana.get("rules/lint/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_stranger_sees_no_findings(ana, ben):
    add(ana, "Rewe", says("contains", "rewe"))
    add(ana, "Again", says("contains", "rewe"))
    spend(ana, "REWE")
    assert lint(ben) == {"findings": [], "n_rows": 0, "complete": True}
    assert kinds(lint(ana)) == {"duplicate"}


def test_findings_need_a_token(anyone):
    assert anyone.get("rules/lint/").status_code == 401

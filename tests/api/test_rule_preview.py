"""Previews of rules: values before and after, fields that stay, and today's winners."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from expenses.models import Transaction
from tests.api.bodies import assert_problem
from tests.api.bulk import contents, record
from tests.api.rule_bodies import apply, category_id, does, preview, rule, save, text

pytestmark = pytest.mark.usefixtures("silent_chain")

UNFIT = "The category does not go with the direction or kind of the transaction, or it is hidden."
HELD = "You wrote it yourself; a rule with overwrite “always” replaces that in a run with force."
EVERYTHING = does(
    set_category="Dining", add_tags=["Food", "New"], remove_tags=["old"], set_merchant="Luna",
    set_description="Coffee", set_notes="n", needs_review=True, exclude_from_budget=True,
)  # fmt: skip


def everything_stored():
    """Every row of every table."""
    return {
        model._meta.label: sorted(map(str, model._base_manager.values_list()))
        for model in apps.get_models()
        if model._meta.app_label in {"expenses", "rules", "statements", "accounts"}
    }


def spans(api, *conditions, **fields):
    """Field, start, end and text of what the only row matches on."""
    [result] = preview(api, *conditions, **fields)["results"]
    return [tuple(span.values()) for span in result["matched_on"]]


def test_a_preview_shows_all_changes_field_by_field(ana):
    (pk,) = record(ana, {"description": "CAFE LUNA 4711", "tags": ["food", "Old", "mine"], "amount": "12.5"})
    other, other_day = record(ana, {"description": "Zoo"}, {"date": "2026-11-03", "description": "Luna Park"})
    body = preview(ana, text("cafe luna"), actions=EVERYTHING)
    assert body == {
        "n_rows": 3,
        "matched": 1,
        "would_change": 1,
        "locked": 1,
        "timeouts": 0,
        "results": [
            {
                "transaction": pk,
                "date": "2026-11-02",
                "amount": "12.50",
                "currency": "EUR",
                "description": "CAFE LUNA 4711",
                "merchant": "",
                "direction": "out",
                "before": {
                    "merchant": "",
                    "description": "CAFE LUNA 4711",
                    "notes": "",
                    "review": None,
                    "is_excluded_from_budget": False,
                    "category": None,
                    "category_name": None,
                    "status": "none",
                    "suggestion": None,
                    "kind": "expense",
                    "tags": ["Old", "food", "mine"],
                },
                "after": {
                    "merchant": "Luna",
                    "description": "Coffee",
                    "notes": "n",
                    "review": "needed",
                    "is_excluded_from_budget": True,
                    "category": category_id(ana, "Dining"),
                    "category_name": "Dining",
                    "status": "automatic",
                    "suggestion": None,
                    "kind": "expense",
                    "tags": ["New", "Old", "food", "mine"],
                },
                "locked": {"tags: Old": HELD},
                "matched_on": [{"field": "raw_description", "start": 0, "end": 9, "text": "CAFE LUNA"}],
            }
        ],
        "conflicts": [],
    }
    assert {other, other_day}.isdisjoint(result["transaction"] for result in body["results"])


def test_only_the_fields_that_a_rule_is_about_are_shown(ana):
    record(ana, {})
    [result] = preview(ana, actions=does(set_notes="n"))["results"]
    assert (result["before"], result["after"]) == ({"notes": ""}, {"notes": "n"})
    [result] = preview(ana, actions=does(add_tags=["b", "a"]))["results"]
    assert (result["before"], result["after"]) == ({"tags": []}, {"tags": ["a", "b"]})


def test_a_rule_that_suggests_leaves_the_category_open(ana):
    record(ana, {})
    [result] = preview(ana, mode="suggest")["results"]
    none = {"category": None, "category_name": None, "kind": "expense"}
    assert result["before"] == {**none, "status": "none", "suggestion": None}
    assert result["after"] == {**none, "status": "suggested", "suggestion": "Dining"}


def test_the_kind_that_follows_the_category_is_shown(ana):
    (pk,) = record(ana, {"direction": "in", "merchant": "Luna"})
    [result] = preview(ana)["results"]
    assert (result["transaction"], result["merchant"], result["direction"]) == (pk, "Luna", "in")
    assert (result["before"]["kind"], result["after"]["kind"]) == ("income", "refund")


def test_a_category_that_cannot_be_is_locked_and_says_why(ana):
    record(ana, {"direction": "in", "kind": "income"})
    body = preview(ana, actions=does(set_category="Dining", set_notes="n"))
    [result] = body["results"]
    assert result["locked"] == {"category": UNFIT}
    assert (body["matched"], body["would_change"], body["locked"]) == (1, 1, 1)
    assert (result["after"]["category"], result["after"]["kind"], result["after"]["notes"]) == (None, "income", "n")


def test_changes_only_lists_rows_that_would_change(ana):
    same, changes, _ = record(ana, {"category": "Dining"}, {}, {"description": "Zoo"})
    counts = {"n_rows": 3, "matched": 2, "would_change": 1, "locked": 0}
    for said, shown in (
        ({}, {same, changes}),
        ({"changes_only": False}, {same, changes}),
        ({"changes_only": True}, {changes}),
    ):
        body = preview(ana, **said)
        assert {result["transaction"] for result in body["results"]} == shown
        assert {name: body[name] for name in counts} == counts
    [result] = preview(ana, changes_only=True, limit=1)["results"]
    assert result["transaction"] == changes
    assert_problem(ana.post("rules/test/", rule(changes_only="perhaps")), 400, ("changes_only", "invalid"))


def test_nothing_is_written(ana):
    record(ana, {"tags": ["a"]}, {"category": "Travel"})
    save(ana, text("cafe"), actions=does(set_category="Travel"))
    slow = text("(a+)+$", op="regex")
    record(ana, {"description": "a" * 400 + "!"})
    before = everything_stored()
    body = preview(ana, text(), slow, match="any", actions=EVERYTHING, overwrite="always", force=True)
    assert (body["matched"], body["timeouts"]) == (2, 1)
    assert everything_stored() == before
    assert ana.get("rules/").json()["count"] == 1


@pytest.mark.parametrize(
    ("description", "condition", "expected"),
    [
        ("Straße 5", text("ASSE"), [(3, 6, "aße")]),
        ("Straße 5", text("strasse 5", op="equals"), [(0, 8, "Straße 5")]),
        ("ﬁne Straße", text("strasse", op="ends_with"), [(4, 10, "Straße")]),
        ("ﬁne Straße", text("fine", op="starts_with"), [(0, 3, "ﬁne")]),
        ("ﬁne Straße", text("f", op="starts_with"), [(0, 1, "ﬁ")]),
        ("İstanbul x", text("X"), [(9, 10, "x")]),
        ("Cafe Luna", text("Luna", case_sensitive=True), [(5, 9, "Luna")]),
        ("Cafe Luna", text(["luna", "sol", "cafe"], op="contains_any"), [(5, 9, "Luna"), (0, 4, "Cafe")]),
        ("Cafe Luna", text(["una", "af"], op="contains_all"), [(6, 9, "una"), (1, 3, "af")]),
        ("Cafe 4711 Luna", text(r"\d+ l", op="regex"), [(5, 11, "4711 L")]),
        ("Cafe Luna", text("x*", op="regex"), []),
        ("Cafe Lvna Mitte", text("cafe luna", op="fuzzy"), [(0, 9, "Cafe Lvna")]),
        ("Cafe Luna", text("sol", negate=True), []),
        ("Cafe Luna", {"field": "notes", "op": "is_empty"}, []),
        ("Cafe Luna", {"field": "amount", "op": "gt", "value": "1"}, []),
        (
            "Cafe Luna",
            {"match": "any", "conditions": [text("sol"), text("una"), text("eur", field="currency")]},
            [(6, 9, "una"), (0, 3, "EUR")],
        ),
        ("Cafe Luna", {"match": "any", "negate": True, "conditions": [text("sol")]}, []),
        ("Cafe Luna", {"match": "all", "conditions": [text("una"), text("sol", negate=True)]}, [(6, 9, "una")]),
    ],
)
def test_it_says_where_in_the_texts_the_conditions_match(ana, description, condition, expected):
    record(ana, {"description": description})
    found = spans(ana, condition)
    assert [(start, end, part) for _, start, end, part in found] == expected


def test_any_text_finds_a_shop_wherever_it_stands_and_names_the_field(ana):
    told, typed, paid, _ = record(
        ana,
        {"description": "LUNA 17"},
        {"description": "Coffee", "merchant": "Cafe Luna"},
        {"description": "luna", "merchant": "Luna"},
        {"description": "Zoo", "notes": "Luna"},
    )
    body = preview(ana, text(field="text"))
    assert {name: body[name] for name in ("n_rows", "matched", "would_change", "locked", "conflicts")} == {
        "n_rows": 4, "matched": 3, "would_change": 3, "locked": 0, "conflicts": [],
    }  # fmt: skip
    found = {
        result["transaction"]: [(one["field"], one["start"], one["end"], one["text"]) for one in result["matched_on"]]
        for result in body["results"]
    }
    assert found == {
        told: [("raw_description", 0, 4, "LUNA"), ("description", 0, 4, "LUNA"), ("merchant", 0, 4, "Luna")],
        typed: [("merchant", 5, 9, "Luna")],
        paid: [("raw_description", 0, 4, "luna"), ("description", 0, 4, "luna"), ("merchant", 0, 4, "Luna")],
    }


def test_a_denied_any_text_asks_that_no_field_matches(ana):
    *_, zoo = record(ana, {"description": "Luna"}, {"description": "x", "merchant": "LUNA"}, {"description": "Zoo"})
    body = preview(ana, text(field="text", negate=True))
    assert [(result["transaction"], result["matched_on"]) for result in body["results"]] == [(zoo, [])]


def test_a_rule_on_any_text_does_what_its_test_showed(ana):
    record(ana, {"description": "Luna"}, {"description": "x", "merchant": "LUNA"}, {"description": "Zoo"})
    body = preview(ana, text(field="text"))
    number = save(ana, text(field="text"))
    run = apply(ana, number)
    assert run["counts"]["matched"] == body["matched"] == 2
    rows = {row["id"]: row["category_name"] for row in contents(ana)}
    assert {pk for pk, name in rows.items() if name == "Dining"} == {row["transaction"] for row in body["results"]}


def test_a_group_that_fails_has_no_matched_texts(ana):
    record(ana, {})
    group = {"match": "all", "conditions": [text("cafe"), text("sol")]}
    assert spans(ana, group, text("luna"), match="any") == [("raw_description", 5, 9, "Luna")]


def test_user_values_are_locked_without_overwrite_always_and_force(ana):
    (pk,) = record(ana, {"merchant": "Mine", "tags": ["own"]})
    ana.patch(f"transactions/{pk}/", {"category": "Travel", "notes": "mine", "tags": []})
    actions = does(set_category="Dining", set_merchant="Luna", set_notes="n", add_tags=["own"])
    for said in ({}, {"force": True}, {"overwrite": "always"}):
        body = preview(ana, actions=actions, **said)
        [result] = body["results"]
        assert result["locked"] == dict.fromkeys(["category", "merchant", "notes", "tags: own"], HELD)
        assert result["before"] == result["after"]
        assert (body["matched"], body["would_change"], body["locked"]) == (1, 0, 1)
    body = preview(ana, actions=actions, overwrite="always", force=True)
    [result] = body["results"]
    assert (body["would_change"], body["locked"], result["locked"]) == (1, 0, {})
    dining = {"category": category_id(ana, "Dining"), "category_name": "Dining", "status": "automatic"}
    assert result["after"] == {
        "merchant": "Luna", "notes": "n", **dining, "suggestion": None, "kind": "expense", "tags": ["own"],
    }  # fmt: skip


def test_a_held_field_with_the_wanted_value_is_not_locked(ana):
    record(ana, {"category": "Dining", "notes": "n"})
    body = preview(ana, actions=does(set_category="Dining", set_notes="n"))
    assert (body["matched"], body["would_change"], body["locked"]) == (1, 0, 0)


def test_confirmed_split_and_transferred_rows_keep_their_categories(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    sent = {"from_account": "Giro", "to_account": "Purse", "amount": "5", "description": "Luna", "date": "2026-11-09"}
    transfer = ana.post("transfers/", sent).json()
    out, into = (transfer[name]["id"] for name in ("outgoing", "incoming"))
    whole, cleared = record(ana, {}, {})
    parts = ana.put(f"transactions/{whole}/split/", {"parts": [{"amount": "2.50"}, {"amount": "3.00"}]})
    ana.patch(f"transactions/{cleared}/", {"category": "Travel"})
    ana.patch(f"transactions/{cleared}/", {"category": None})
    body = preview(ana, actions=does(set_category="Dining", add_tags=["a"]))
    told = {result["transaction"]: (result["locked"], result["after"]["tags"]) for result in body["results"]}
    split, pair = "It is split, so its parts have the categories.", "It is half of a transfer."
    assert told == {
        out: ({"category": pair}, ["a"]),
        into: ({"category": pair}, ["a"]),
        whole: ({"category": split}, ["a"]),
        cleared: ({"category": HELD}, ["a"]),
        **{part["id"]: ({}, ["a"]) for part in parts.json()["parts"]},
    }


def test_a_closed_edit_window_locks_the_whole_row(ana, settings):
    old, new = record(ana, {}, {})
    settings.EXPENSE_EDIT_WINDOW = timedelta(hours=72)
    Transaction.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(hours=100))
    body = preview(ana, actions=does(set_category="Dining", set_notes="n"), overwrite="always", force=True)
    closed = "It was recorded too long ago to be edited."
    told = {result["transaction"]: result["locked"] for result in body["results"]}
    assert told == {old: {"category": closed, "notes": closed}, new: {}}
    assert (body["matched"], body["would_change"], body["locked"]) == (2, 1, 1)

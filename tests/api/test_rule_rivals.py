"""A rule that is tested: on which rows, against which other rules, and by whom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.bodies import assert_problem
from tests.api.bulk import record
from tests.api.rule_bodies import does, preview, rule, save, text

pytestmark = pytest.mark.usefixtures("silent_chain")


def conflicts(api, *conditions, **fields):
    return [
        (found["transaction"], found["field"], found["wins_today"]["name"], found["would_win"])
        for found in preview(api, *conditions, **fields)["conflicts"]
    ]


def test_a_field_that_another_rule_writes_today_is_a_conflict(ana):
    (pk,) = record(ana, {})
    number = save(ana, text("cafe"), name="Cafes", actions=does(set_category="Travel", set_notes="n", add_tags=["a"]))
    body = preview(ana, actions=does(set_category="Dining", set_notes="n", remove_tags=["A"], set_merchant="Luna"))
    rival = {"wins_today": {"id": number, "name": "Cafes"}, "would_win": False}
    assert body["conflicts"] == [
        {"transaction": pk, "field": "category", **rival},
        {"transaction": pk, "field": "tags: A", **rival},
    ]  # both want the same notes, and nobody else a merchant


@pytest.mark.parametrize(("priority", "would_win"), [(99, True), (100, False), (101, False)])
def test_lower_priority_wins_then_the_older_rule(ana, priority, would_win):
    (pk,) = record(ana, {})
    save(ana, name="Cafes", actions=does(set_category="Travel"))
    assert conflicts(ana, priority=priority) == [(pk, "category", "Cafes", would_win)]


def test_a_stopping_rule_keeps_later_rules_from_winning(ana):
    (pk,) = record(ana, {})
    save(ana, name="Last", priority=5, actions=does(set_category="Travel"))
    save(ana, name="Stop", priority=1, actions=does(add_tags=["a"]), stop_processing=True)
    assert conflicts(ana, priority=2) == []  # neither is asked
    assert conflicts(ana, priority=0) == []
    assert conflicts(ana, priority=2, actions=does(remove_tags=["a"])) == [(pk, "tags: a", "Stop", False)]
    assert conflicts(ana, priority=0, actions=does(remove_tags=["a"])) == [(pk, "tags: a", "Stop", True)]


def test_rules_that_are_not_asked_together_are_no_rivals(ana):
    record(ana, {})
    save(ana, name="Off", is_active=False, actions=does(set_category="Travel"))
    save(ana, name="Elsewhere", triggers=["import"], actions=does(set_category="Travel"))
    save(ana, text("sol"), name="Other", actions=does(set_category="Travel"))
    save(ana, name="Salary", actions=does(set_category="Salary"))  # which no expense can have
    assert conflicts(ana, triggers=["create", "manual"]) == []
    assert [name for _, _, name, _ in conflicts(ana, triggers=["import"])] == ["Elsewhere"]


def test_a_saved_rule_is_no_rival_but_may_lose_fields(ana):
    (pk,) = record(ana, {})
    number = save(ana, name="Mine", priority=1)
    save(ana, name="Cafes", priority=50, actions=does(set_category="Travel"))

    def rivals(**fields):
        answer = ana.post("rules/test/", {"id": number, **fields})
        assert answer.status_code == 200, answer.content
        return [(one["wins_today"]["name"], one["would_win"]) for one in answer.json()["conflicts"]]

    assert rivals() == rivals(actions=does(set_category="Pets")) == []
    assert rivals(priority=99) == [("Mine", False)]
    ana.patch(f"rules/{number}/", {"priority": 99})
    assert rivals() == [("Cafes", False)]
    assert rivals(priority=2) == [("Cafes", True)]
    assert conflicts(ana, priority=70) == [(pk, "category", "Cafes", False)]


def test_omitted_fields_are_those_of_the_saved_rule(ana, ben):
    record(ana, {}, {"description": "Zoo"})
    number = save(ana, actions=does(set_notes="n"), mode="apply", overwrite="empty")
    for body in ({}, {"name": "Else", "is_active": False}, ana.get(f"rules/{number}/").json()):
        answer = ana.post("rules/test/", {**body, "id": number}).json()
        assert [result["after"] for result in answer["results"]] == [{"notes": "n"}]
    answer = ana.post("rules/test/", {"id": number, "conditions": [text("zoo")]}).json()
    assert [result["description"] for result in answer["results"]] == ["Zoo"]
    answer = ana.post("rules/test/", {"id": number, "actions": does(set_merchant="m")}).json()
    assert [result["after"] for result in answer["results"]] == [{"merchant": "m"}]
    assert ana.get(f"rules/{number}/").json()["actions"] == does(set_notes="n")
    assert_problem(ben.post("rules/test/", {"id": number}), 400, ("id", "does_not_exist"))
    assert_problem(ben.post("rules/test/", {"id": number, **rule()}), 400, ("id", "does_not_exist"))


def test_an_unsaved_rule_may_have_any_name_or_none(ana):
    record(ana, {})
    save(ana)
    body = rule()
    assert ana.post("rules/test/", body).status_code == 200
    del body["name"]
    answer = ana.post("rules/test/", body)
    assert (answer.status_code, answer.json()["matched"]) == (200, 1)


def test_days_narrow_the_rows_and_limit_narrows_the_list(ana):
    ids = record(ana, *[{"date": f"2026-11-0{day}"} for day in range(1, 6)])
    save(ana, name="Cafes", actions=does(set_category="Travel"))

    def shown(**options):
        body = preview(ana, **options)
        assert [found["transaction"] for found in body["conflicts"]] == [r["transaction"] for r in body["results"]]
        return body["n_rows"], body["matched"], body["would_change"], [r["transaction"] for r in body["results"]]

    assert shown() == (5, 5, 5, ids[::-1])
    assert shown(start="2026-11-02", end="2026-11-04") == (3, 3, 3, ids[3:0:-1])
    assert shown(start="2026-11-05", end=None) == (1, 1, 1, ids[4:])
    assert shown(limit=2) == (5, 5, 5, [ids[4], ids[3]])
    assert shown(limit=0) == (5, 5, 5, [])
    ana.delete(f"transactions/{ids[0]}/")
    assert shown(limit=1) == (4, 4, 4, ids[4:])


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("conditions", "required"), ("actions", "required")]),
        ([1], [(None, "invalid")]),
        ({**rule(), "limit": 501}, [("limit", "max_value")]),
        ({**rule(), "limit": -1}, [("limit", "min_value")]),
        ({**rule(), "start": "soon"}, [("start", "invalid")]),
        ({**rule(), "start": "2026-11-02", "end": "2026-11-01"}, [("end", "not_a_range")]),
        ({**rule(), "force": "perhaps"}, [("force", "invalid")]),
        ({**rule(), "colour": "red"}, [("colour", "unknown")]),
        ({**rule(), "id": "1"}, [("id", "invalid")]),
        ({**rule(), "id": True}, [("id", "invalid")]),
        ({**rule(), "id": None}, [("id", "null")]),
        (rule(text("(", op="regex")), [("conditions.0.value", "bad_pattern")]),
        (rule(actions=does(set_category="No such")), [("actions.0.value", "does_not_exist")]),
    ],
    ids=str,
)
def test_what_cannot_be_tested_is_named(ana, body, errors):
    save(ana)
    assert_problem(ana.post("rules/test/", body), 400, *errors)


def test_others_rows_and_rules_are_never_looked_at(ana, ben, anyone, join_ledger_of):
    record(ben, {})
    save(ben, name="Theirs", actions=does(set_category="Travel"))
    assert preview(ana)["n_rows"] == 0
    assert_problem(ana.post("rules/test/", {**rule(), "id": 10**30}), 400, ("id", "does_not_exist"))
    assert_problem(anyone.post("rules/test/", rule()), 401, (None, "not_authenticated"))


@pytest.mark.parametrize(
    "body",
    [
        rule(),
        rule(actions=does(set_category="Dining", add_tags=["new"])),
        rule({"field": "tags", "op": "has_none", "value": ["b"]}, text(["café", "luna"], op="contains_any")),
    ],
    ids=["category", "tags written", "tags read"],
)
def test_previews_of_1_and_200_rows_take_equal_queries(ana, body):
    def n_queries(method, *sent):
        with CaptureQueriesContext(connection) as queries:
            answer = getattr(ana, method)(*sent)
        assert answer.status_code == 200
        return len([query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]])

    save(ana, name="Rival", actions=does(set_category="Travel"))
    record(ana, {"tags": ["a"]})
    preview(ana)  # the rivals are compiled
    one = n_queries("post", "rules/test/", body)
    assert one <= n_queries("get", "transactions/?search=luna") + 2
    record(ana, *[{"tags": ["a", str(n)], "description": f"Luna {n}"} for n in range(199)])
    assert n_queries("post", "rules/test/", body) == one

"""Rules asked about rows that are there: what a run writes, what it leaves alone, and what it tells of both."""

import pytest

from expenses.models import Tag, Transaction
from tests.api.bodies import assert_problem
from tests.api.bulk import body_of, record
from tests.api.rule_bodies import apply, category_id, does, left_alone, save, text, whole_ledger

pytestmark = pytest.mark.usefixtures("silent_chain")

UNFIT = "The category does not go with the direction or kind of the transaction, or it is hidden."
HELD = "You wrote it yourself; a rule with overwrite “always” replaces that in a run with force."


def test_a_run_of_one_rule_reports_all_about_it(ana, ben):
    pk, zoo = record(ana, {"tags": ["old"]}, {"description": "Zoo"})
    Transaction.objects.update(held=[])  # as a statement's
    number = save(
        ana,
        actions=does(
            set_category="Dining", add_tags=["Food"], remove_tags=["old"], set_merchant="Luna", set_notes="n",
            set_description="Coffee", mark_reviewed=True, exclude_from_budget=True,
        ),
    )  # fmt: skip
    before = body_of(ana, pk)
    run = apply(ana, number)
    assert run == {
        "id": run["id"],
        "kind": "rules",
        "status": "succeeded",
        "progress": {"done": 2, "total": 2},
        "counts": {"matched": 1, "changed": 1, "left_alone": 0},
        "created_at": run["created_at"],
        "started_at": run["started_at"],
        "finished_at": run["finished_at"],
        "error": None,
        "note": None,
        "about": {"rules": [{"id": number, "name": "Coffee"}], "start": None, "end": None, "force": False},
    }
    assert ana.get(f"runs/{run['id']}/").json() == run
    dining = category_id(ana, "Dining")
    after = body_of(ana, pk)
    why = {"status": "automatic", "source": "rule", "confidence": 1.0, "awaits_model": False, "suggestion": None,
           "explanation": "Your rule “Coffee” says so."}  # fmt: skip
    written = {
        "category": dining,
        "category_name": "Dining",
        "categorization": why,
        "merchant": "Luna",
        "description": "Coffee",
        "notes": "n",
        "review": "done",
        "is_excluded_from_budget": True,
        "tags": ["Food"],
    }
    assert after == before | written | {"version": after["version"], "updated_at": after["updated_at"]}
    assert after["version"] > before["version"]
    assert after["updated_at"] > before["updated_at"]
    assert body_of(ana, zoo)["category"] is None
    told = [
        {"field": "description", "old": "Cafe Luna", "new": "Coffee"},
        {"field": "merchant", "old": "", "new": "Luna"},
        {"field": "notes", "old": "", "new": "n"},
        {"field": "review", "old": None, "new": "done"},
        {"field": "is_excluded_from_budget", "old": False, "new": True},
        {"field": "source", "old": "", "new": "rule"},
        {"field": "confidence", "old": None, "new": 1.0},
        {"field": "status", "old": "none", "new": "automatic"},
        {"field": "category", "old": None, "new": dining, "old_name": None, "new_name": "Dining"},
        {"field": "tags", "old": ["old"], "new": ["Food"]},
    ]
    changes = ana.get(f"runs/{run['id']}/changes/").json()
    at = changes["results"][0]["at"]
    assert changes["results"] == [
        {"transaction": pk, "action": "changed", "at": at, "version": after["version"], "fields": told}
    ]
    event = ana.get(f"transactions/{pk}/history/").json()["results"][0]
    assert event == {
        "action": "changed",
        "at": at,
        "version": after["version"],
        "source": "rule",
        "username": None,
        "run": run["id"],
        "fields": told,
    }
    explanation = ana.get(f"transactions/{pk}/explanation/").json()
    assert explanation == {
        "decision": {
            **why,
            "category": dining,
            "category_name": "Dining",
            "decided_at": explanation["decision"]["decided_at"],
        },
        "attempts": [
            {
                "provider": "rule",
                "version": "2",
                "outcome": "answered",
                "category_name": "Dining",
                "confidence": 1.0,
                "score": None,
                "explanation": "Your rule “Coffee” says so.",
                "duration_ms": 0.0,
                "details": {"rules": [{"id": number, "name": "Coffee"}], "run": run["id"]},
            }
        ],
        "model": None,
    }
    for name in ("", "changes/", "errors/"):
        assert ben.get(f"runs/{run['id']}/{name}").status_code == 404
    found = {"coffee": 1, "luna": 1, "cafe": 1, "zoo": 1, "tea": 0}
    assert {word: ana.get(f"transactions/?search={word}").json()["count"] for word in found} == found


def test_apply_all_applies_active_manual_rules_in_order(ana):
    cafe, zoo = record(ana, {}, {"description": "Zoo"})
    late = save(ana, name="late", priority=200, actions=does(set_category="Pets", set_notes="late"))
    early = save(ana, name="early", priority=1, actions=does(set_category="Dining"))
    save(ana, text("zoo"), name="zoo", actions=does(set_category="Entertainment"))
    save(ana, name="off", priority=0, is_active=False, actions=does(set_merchant="off"))
    save(ana, name="elsewhere", priority=0, triggers=["create", "import", "update"], actions=does(set_merchant="no"))
    run = apply(ana)
    assert run["counts"] == {"matched": 2, "changed": 2, "left_alone": 0}
    rows = [(row["category_name"], row["notes"], row["merchant"]) for row in (body_of(ana, cafe), body_of(ana, zoo))]
    assert rows == [("Dining", "late", ""), ("Entertainment", "", "")]
    assert ana.get(f"transactions/{cafe}/explanation/").json()["attempts"][0]["details"]["rules"] == [
        {"id": early, "name": "early"},
        {"id": late, "name": "late"},
    ]


def test_a_run_tells_its_subject_after_its_rules_change(ana):
    record(ana, {})
    late, early = save(ana, name="late", priority=200), save(ana, name="early", priority=1)
    save(ana, name="off", is_active=False)
    every = apply(ana, start="2026-11-01", force=True)
    one = apply(ana, late, end="2026-11-30")
    ana.patch(f"rules/{late}/", {"name": "renamed"})
    ana.delete(f"rules/{early}/")
    named = [{"id": early, "name": "early"}, {"id": late, "name": "late"}]
    assert [run["about"] for run in ana.get("runs/").json()["results"]] == [
        {"rules": named[1:], "start": None, "end": "2026-11-30", "force": False},
        {"rules": named, "start": "2026-11-01", "end": None, "force": True},
    ]
    assert (every["about"]["rules"], one["about"]["rules"]) == (named, named[1:])


def test_every_field_that_stays_is_named_with_its_reason(ana):
    whole, _ = record(ana, {}, {"description": "Zoo"})
    ana.put(f"transactions/{whole}/split/", {"parts": [{"amount": "2.50"}, {"amount": "3.00"}]})
    ana.patch(f"transactions/{whole}/", {"notes": "mine", "merchant": "mine"})
    run = apply(ana, save(ana, actions=does(set_category="Dining", set_notes="n", set_merchant="m", add_tags=["a"])))
    split = "category: It is split, so its parts have the categories."
    told = left_alone(ana, run)
    assert told == {whole: ("split", f"{split} notes, merchant: {HELD}")}


def test_what_is_switched_off_is_not_applied(ana, ben):
    number = save(ana, is_active=False)
    assert_problem(ana.post(f"rules/{number}/apply/"), 409, (None, "inactive"))
    save(ana, name="Create", triggers=["create"])
    record(ana, {})
    assert apply(ana)["counts"] == {"matched": 0, "changed": 0, "left_alone": 0}
    assert_problem(ben.post(f"rules/{number}/apply/"), 404, (None, "not_found"))
    assert ana.get("runs/").json()["count"] == 1


def test_one_rule_is_applied_whatever_its_triggers(ana):
    (pk,) = record(ana, {})
    apply(ana, save(ana, triggers=["import"]))
    assert body_of(ana, pk)["category_name"] == "Dining"


def test_a_run_reads_only_rows_of_the_ordered_days(ana):
    ids = record(ana, *[{"date": f"2026-11-0{day}"} for day in range(1, 6)])
    number = save(ana)
    run = apply(ana, number, start="2026-11-02", end="2026-11-03")
    assert (run["progress"], run["counts"]["changed"]) == ({"done": 2, "total": 2}, 2)
    assert [body_of(ana, pk)["category"] is not None for pk in ids] == [False, True, True, False, False]
    assert apply(ana, end="2026-11-02")["counts"] == {"matched": 2, "changed": 1, "left_alone": 0}
    assert apply(ana, start="2026-11-05")["counts"] == {"matched": 1, "changed": 1, "left_alone": 0}
    run = apply(ana, start="2027-01-01")
    assert (run["status"], run["progress"], run["counts"]) == ("succeeded", {"done": 0, "total": 0}, {})


@pytest.mark.parametrize(
    ("order", "errors"),
    [
        ({"start": "soon"}, ("start", "invalid")),
        ({"start": "2026-11-02", "end": "2026-11-01"}, ("end", "not_a_range")),
        ({"force": "perhaps"}, ("force", "invalid")),
        ({"from": "2026-11-02"}, ("from", "unknown")),
        ({"limit": 5}, ("limit", "unknown")),
    ],
    ids=str,
)
def test_an_order_that_makes_no_sense_is_refused(ana, order, errors):
    number = save(ana)
    for path in (f"rules/{number}/apply/", "rules/apply/"):
        assert_problem(ana.post(path, order), 400, errors)
    assert ana.get("runs/").json()["count"] == 0


@pytest.mark.parametrize(
    ("overwrite", "force", "expected"),
    [
        ("empty", False, {"empty"}),
        ("machine", False, {"empty", "machine"}),
        ("always", False, {"empty", "machine"}),
        ("empty", True, {"empty"}),
        ("machine", True, {"empty", "machine"}),
        ("always", True, {"empty", "machine", "own", "cleared"}),
    ],
)
def test_what_a_rule_may_replace(ana, overwrite, force, expected):
    first = save(
        ana, text("machine"), name="first", actions=does(set_category="Travel", set_notes="m", set_merchant="m")
    )
    names = ["empty", "machine", "own", "cleared"]
    ids = dict(zip(names, record(ana, *[{"description": f"Luna {name}"} for name in names]), strict=True))
    apply(ana, first)
    ana.patch(f"transactions/{ids['own']}/", {"category": "Travel", "notes": "mine", "merchant": "mine"})
    ana.patch(f"transactions/{ids['cleared']}/", {"category": "Travel", "notes": "mine", "merchant": "mine"})
    ana.patch(f"transactions/{ids['cleared']}/", {"category": None, "notes": "", "merchant": ""})
    number = save(ana, overwrite=overwrite, actions=does(set_category="Dining", set_notes="n", set_merchant="n"))
    run = apply(ana, number, force=force)
    told = {name: body_of(ana, pk) for name, pk in ids.items()}
    fields = {name: (row["category_name"], row["notes"], row["merchant"]) for name, row in told.items()}
    assert {name for name, found in fields.items() if found == ("Dining", "n", "n")} == expected
    kept = {"machine": ("Travel", "m", "m"), "own": ("Travel", "mine", "mine"), "cleared": (None, "", "")}
    assert {name: fields[name] for name in names if name not in expected} == {
        name: found for name, found in kept.items() if name not in expected
    }
    held = {"own", "cleared"} - expected
    assert run["counts"] == {"matched": 4, "changed": len(expected), "left_alone": len(held)}
    assert left_alone(ana, run) == {ids[name]: ("held", f"category, notes, merchant: {HELD}") for name in held}


def test_the_banks_description_counts_as_empty(ana):
    number = save(ana, overwrite="empty", actions=does(set_description="Coffee"))
    other = save(ana, name="other", overwrite="empty", actions=does(set_description="Tea"))
    (pk,) = record(ana, {})
    apply(ana, number)
    assert apply(ana, other)["counts"] == {"matched": 1, "changed": 0, "left_alone": 0}
    assert (body_of(ana, pk)["description"], body_of(ana, pk)["raw_description"]) == ("Coffee", "Cafe Luna")


def test_a_rule_that_suggests_decides_nothing_and_can_be_confirmed(ana):
    open_row, decided = record(ana, {}, {"category": "Travel"})
    run = apply(ana, save(ana, mode="suggest"))
    assert run["counts"] == {"matched": 2, "changed": 1, "left_alone": 0}
    suggestion = {
        "category": category_id(ana, "Dining"),
        "category_name": "Dining",
        "confidence": 1.0,
        "source": "rule",
    }
    assert body_of(ana, open_row)["category"] is None
    assert body_of(ana, open_row)["categorization"] == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": "Your rule “Coffee” suggests it.",
        "awaits_model": False,
        "suggestion": suggestion,
    }
    assert body_of(ana, decided)["category_name"] == "Travel"
    assert ana.post(f"transactions/{open_row}/confirm/").json()["category_name"] == "Dining"


def test_tags_are_added_and_removed_and_created_once(ana):
    both, one, held = record(ana, {"tags": ["FOOD", "old"]}, {}, {"tags": ["old"]})
    Transaction.objects.filter(pk__in=[both, one]).update(held=[])
    run = apply(ana, save(ana, actions=does(add_tags=["food", "Straße", "new"], remove_tags=["Old", "never"])))
    assert run["counts"] == {"matched": 3, "changed": 3, "left_alone": 1}
    assert [body_of(ana, pk)["tags"] for pk in (both, one, held)] == [
        ["FOOD", "Straße", "new"], ["FOOD", "Straße", "new"], ["FOOD", "Straße", "new", "old"],
    ]  # fmt: skip
    assert left_alone(ana, run) == {held: ("held", f"tag old: {HELD}")}
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["FOOD", "Straße", "new", "old"]


def test_incoming_money_in_an_expense_category_is_a_refund(ana):
    refund, stated = record(ana, {"direction": "in"}, {"direction": "in", "kind": "income"})
    run = apply(ana, save(ana))
    assert run["counts"] == {"matched": 2, "changed": 1, "left_alone": 1}
    assert left_alone(ana, run) == {stated: ("unfit", f"category: {UNFIT}")}
    assert [(row["kind"], row["category_name"]) for row in (body_of(ana, refund), body_of(ana, stated))] == [
        ("refund", "Dining"), ("income", None),
    ]  # fmt: skip


def test_rules_look_at_what_others_write(ana):
    (pk,) = record(ana, {})
    save(
        ana, text("luna bar", field="merchant", op="equals"), name="second", priority=1, actions=does(add_tags=["bar"])
    )
    save(ana, {"field": "tags", "op": "has_any", "value": ["BAR"]}, name="third", priority=2)
    save(ana, name="first", actions=does(set_merchant="Luna Bar"))
    assert apply(ana)["counts"] == {"matched": 1, "changed": 1, "left_alone": 0}
    row = body_of(ana, pk)
    assert (row["merchant"], row["tags"], row["category_name"]) == ("Luna Bar", ["bar"], "Dining")
    assert apply(ana)["counts"] == {"matched": 1, "changed": 0, "left_alone": 0}


def test_circling_rules_leave_rows_alone_and_are_named(ana):
    luna, zoo = record(ana, {}, {"description": "Zoo"})
    without, tagged = ({"field": "tags", "op": op, "value": ["t"]} for op in ("has_none", "has_any"))
    save(ana, text(), without, name="one", actions=does(add_tags=["t"], set_category="Dining"))
    save(ana, text(), tagged, name="two", actions=does(remove_tags=["T"]))
    save(ana, name="innocent", priority=1, actions=does(set_notes="n"))
    save(ana, text("zoo"), name="zoo", actions=does(set_notes="z"))
    before = whole_ledger(ana)[0]
    run = apply(ana)
    assert run["counts"] == {"matched": 2, "changed": 1, "left_alone": 1}
    assert whole_ledger(ana)[0] == before
    assert body_of(ana, zoo)["notes"] == "z"
    detail = "Your rules “one”, “two” undo each other here, so none of them counts."
    assert left_alone(ana, run) == {luna: ("circle", detail)}


def test_rows_without_anything_to_change_keep_their_versions(ana):
    record(ana, {}, {"description": "Zoo"})
    number = save(ana)
    apply(ana, number)
    before = ana.get("transactions/").json()
    run = apply(ana, number)
    assert run["counts"] == {"matched": 1, "changed": 0, "left_alone": 0}
    assert ana.get("transactions/").json() == before
    assert ana.get(f"runs/{run['id']}/changes/").json()["count"] == 0

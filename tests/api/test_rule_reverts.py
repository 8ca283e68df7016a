"""Runs of rules that are taken back, stopped and taken up, and what becomes of the ledger around them meanwhile."""

from typing import Any

import pytest

from expenses.models import Plan, Tag, Transaction
from expenses.services import bulk_runs, ledger_lock
from expenses.services.runs import add_counts, perform_run
from rules.models import Rule
from rules.services import evaluation_writer, runs
from tests.api.bodies import assert_problem
from tests.api.bulk import body_of, contents, edit, record
from tests.api.rule_bodies import apply, category_id, does, left_alone, revert, rule, save, text, whole_ledger

pytestmark = pytest.mark.usefixtures("silent_chain")

EVERYTHING = does(
    set_category="Dining", add_tags=["food"], remove_tags=["old"], set_merchant="Luna", set_description="Coffee",
    set_notes="n", needs_review=True, exclude_from_budget=True,
)  # fmt: skip
CHANGED = "It was changed since."
UNFIT = "category: The category does not go with the direction or kind of the transaction, or it is hidden."


@pytest.fixture
def waiting(monkeypatch):
    """Runs wait for a worker, and work in chunks of two."""
    monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
    monkeypatch.setattr(runs, "CHUNK", 2)


def columns():
    """Every row with all that it is, but for its stamps."""
    names = [f.attname for f in Transaction._meta.concrete_fields if f.name not in {"version", "updated_at"}]
    return list(Transaction.everything.order_by("pk").values_list(*names))


def test_a_revert_restores_values_explanations_and_holds(ana):
    ids = record(ana, {"tags": ["old"]}, {"category": "Travel", "notes": "mine"}, {}, {"direction": "in"})
    first = save(ana, name="first", actions=does(set_category="Pets", set_merchant="First"))
    apply(ana, first)
    Transaction.objects.filter(pk=ids[2]).update(review="done")
    before, stored = whole_ledger(ana), columns()
    run = apply(ana, save(ana, actions=EVERYTHING, overwrite="always"), force=True)
    assert run["counts"] == {"matched": 4, "changed": 4, "left_alone": 0}
    assert ana.get(f"transactions/{ids[0]}/explanation/").json() != before[0][1]
    body = revert(ana, run)
    assert body == {
        **run,
        "status": "reverted",
        "finished_at": body["finished_at"],
        "counts": {**run["counts"], "removed": 0, "restored": 4, "kept": 0},
        "kept": [],
    }
    assert (whole_ledger(ana), columns()) == (before, stored)
    assert_problem(ana.post(f"runs/{run['id']}/revert/"), 409, (None, "already_reverted"))


def test_what_was_edited_by_hand_since_is_kept_and_reported(ana):
    first, second, third = record(ana, {"notes": "was"}, {}, {})
    Transaction.objects.update(held=[])
    run = apply(ana, save(ana, actions=EVERYTHING))
    ana.patch(f"transactions/{first}/", {"notes": "by hand", "tags": ["food", "own"]})
    ana.patch(f"transactions/{second}/", {"category": "Travel"})
    body = revert(ana, run)
    assert body["kept"] == [
        {"transaction": second, "field": "review", "reason": CHANGED},
        {"transaction": second, "field": "category", "reason": CHANGED},
        {"transaction": first, "field": "notes", "reason": CHANGED},
        {"transaction": first, "field": "tags", "reason": CHANGED},
    ]
    assert body["counts"] == {"matched": 3, "changed": 3, "left_alone": 0, "removed": 0, "restored": 3, "kept": 4}
    listed = ana.get(f"runs/{run['id']}/errors/").json()["results"]
    assert listed == [
        {"transaction": one["transaction"], "code": "kept", "detail": f"{one['field']}: {CHANGED}"}
        for one in body["kept"]
    ]
    told = [
        (row["category_name"], row["notes"], row["tags"], row["merchant"], row["description"], row["review"])
        for row in (body_of(ana, pk) for pk in (first, second, third))
    ]
    assert told == [
        (None, "by hand", ["food", "own"], "", "Cafe Luna", None),
        ("Travel", "", [], "", "Cafe Luna", "done"),
        (None, "", [], "", "Cafe Luna", None),
    ]
    held = {tag.name: f"tag:{tag.pk}" for tag in Tag.objects.all()}
    kept = dict(Transaction.objects.values_list("pk", "held"))
    assert kept == {first: sorted(["notes", held["own"]]), second: ["review"], third: []}


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_two_runs_over_the_same_rows_revert_in_any_order(ana, is_newest_first):
    both, one = record(ana, {"description": "Luna Bar"}, {})
    before = whole_ledger(ana)
    runs = [
        apply(ana, save(ana, name="wide", actions=does(set_merchant="Luna", set_notes="wide", add_tags=["a"]))),
        apply(ana, save(ana, text("bar"), name="narrow", actions=does(set_merchant="Bar", set_category="Dining"))),
    ]
    kept = [revert(ana, run)["kept"] for run in (reversed(runs) if is_newest_first else runs)]
    if is_newest_first:
        assert (kept, whole_ledger(ana)) == ([[], []], before)
        return
    assert kept == [[{"transaction": both, "field": "merchant", "reason": CHANGED}], []]
    assert [body_of(ana, pk)["merchant"] for pk in (both, one)] == ["Luna", ""]
    before[0][0]["merchant"] = "Luna"
    assert whole_ledger(ana) == before


def test_a_ledger_is_gone_through_in_chunks_that_count_together(ana, monkeypatch):
    monkeypatch.setattr(runs, "CHUNK", 2)
    own, *_ = record(ana, {"category": "Travel"}, *[{} for _ in range(6)])
    run = apply(ana, save(ana, actions=does(set_category="Dining", add_tags=["new"])))
    assert (run["status"], run["progress"]) == ("succeeded", {"done": 7, "total": 7})
    assert run["counts"] == {"matched": 7, "changed": 7, "left_alone": 1}
    assert len({row["version"] for row in ana.get("transactions/").json()["results"]}) == 4
    assert [row["tags"] for row in contents(ana)] == [["new"]] * 7
    assert Tag.objects.count() == 1
    assert Transaction.objects.exclude(pk=own).values("decision").distinct().count() == 1
    changes = ana.get(f"runs/{run['id']}/changes/?page_size=500").json()
    assert changes["count"] == 7


def test_a_run_ignores_later_edits_of_its_rules(ana, waiting, run_tasks):
    (pk,) = record(ana, {})
    edited, deleted = save(ana), save(ana, name="Tagger", actions=does(add_tags=["a"]))
    number = apply(ana)["id"]
    ana.patch(f"rules/{edited}/", {"actions": does(set_category="Travel"), "conditions": [text("zoo")], "name": "New"})
    ana.delete(f"rules/{deleted}/")
    (late,) = record(ana, {})
    run_tasks()
    row = body_of(ana, pk)
    assert (row["category_name"], row["tags"], body_of(ana, late)["category"]) == ("Dining", ["a"], None)
    assert row["categorization"]["explanation"] == "Your rule “Coffee” says so."
    assert ana.get(f"runs/{number}/").json()["counts"] == {"matched": 1, "changed": 1, "left_alone": 0}
    assert Plan.objects.count() == 0


def test_a_hidden_or_deleted_category_is_passed_over(ana, waiting, run_tasks):
    hidden, gone, binned = record(ana, {}, {"description": "Tea"}, {})
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    save(ana, actions=does(set_category="Dining", set_notes="n"))
    save(ana, text("tea"), name="Tea", actions=does(set_category="Tea", set_notes="t"))
    number = apply(ana)["id"]
    ana.patch(f"categories/{category_id(ana, 'Dining')}/", {"is_hidden": True})
    assert ana.delete(f"categories/{own}/?replacement=Travel").status_code == 204
    ana.delete(f"transactions/{binned}/")
    run_tasks()
    assert [(row["category"], row["notes"]) for row in (body_of(ana, hidden), body_of(ana, gone))] == [
        (None, "n"), (None, "t"),
    ]  # fmt: skip
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"]) == ("succeeded", {"done": 3, "total": 3})
    assert run["counts"] == {"matched": 2, "changed": 2, "left_alone": 2}
    assert left_alone(ana, run) == dict.fromkeys([hidden, gone], ("unfit", UNFIT))


def test_a_canceled_run_stops_after_its_chunk_and_can_continue(ana, waiting, run_tasks, monkeypatch):
    record(ana, *[{}] * 5)
    number = apply(ana, save(ana))["id"]

    def cancel(run, counts):
        add_counts(run, counts)
        assert ana.post(f"runs/{number}/cancel/").json()["status"] == "canceled"

    with monkeypatch.context() as canceling:
        canceling.setattr(bulk_runs, "add_counts", cancel)
        perform_run(run_id=number)
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"]) == ("canceled", {"done": 2, "total": 5})
    assert run["counts"] == {"matched": 2, "changed": 2, "left_alone": 0}
    assert Transaction.objects.filter(category__key="dining").count() == 2
    Rule.objects.all().delete()
    assert ana.post(f"runs/{number}/resume/").status_code == 202
    run_tasks()
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"]) == ("succeeded", {"done": 5, "total": 5})
    assert run["counts"] == {"matched": 5, "changed": 5, "left_alone": 0}
    assert ana.get(f"runs/{number}/changes/").json()["count"] == 5


def test_a_run_that_was_canceled_half_way_is_taken_back(ana, waiting, monkeypatch):
    record(ana, *[{}] * 5)
    before = whole_ledger(ana)
    run = apply(ana, save(ana))
    ana.post(f"runs/{run['id']}/cancel/")
    assert revert(ana, run)["counts"] == {"removed": 0, "kept": 0}
    assert whole_ledger(ana) == before


def test_a_version_of_a_run_has_at_most_1000_rows(ana, monkeypatch):
    monkeypatch.setattr(evaluation_writer, "ROWS_OF_A_VERSION", 2)
    ids = record(ana, *[{}] * 5, {"description": "Zoo"})
    since = ana.get("changes/?since=0").json()["version"]
    apply(ana, save(ana, actions=does(set_category="Dining", add_tags=["new"])))
    pages: list[Any] = []
    version = since
    while not pages or pages[-1]["has_more"]:
        pages.append(ana.get(f"changes/?since={version}&limit=2").json())
        version = pages[-1]["version"]
    told = [row for page in pages for row in page["transactions"]]
    assert [row["id"] for row in told] == ids[:5]
    assert told == [body_of(ana, pk) for pk in ids[:5]]
    assert max(len(page["transactions"]) for page in pages) == 2
    assert [tag["name"] for page in pages for tag in page["tags"]] == ["new"]
    assert ledger_lock.ROWS_OF_A_VERSION == 1000


def test_a_run_changes_the_etag_of_changed_rows_only(ana):
    changed, same = record(ana, {}, {"description": "Zoo"})
    tags = {pk: ana.get(f"transactions/{pk}/")["ETag"] for pk in (changed, same)}
    apply(ana, save(ana, actions=does(add_tags=["a"])))
    assert ana.get(f"transactions/{same}/", HTTP_IF_NONE_MATCH=tags[same]).status_code == 304
    assert ana.get(f"transactions/{changed}/", HTTP_IF_NONE_MATCH=tags[changed]).status_code == 200
    answer = ana.patch(f"transactions/{changed}/", {"notes": "x"}, headers={"If-Match": tags[changed]})
    assert_problem(answer, 412, (None, "changed_meanwhile"))
    answer = ana.patch(f"transactions/{same}/", {"notes": "x"}, headers={"If-Match": tags[same]})
    assert answer.status_code == 200


def test_a_pending_row_takes_the_rule_and_waits_after_revert(ana, model, run_tasks):
    model["Bistro"] = ("travel", 0.95)
    pk = ana.post("expenses/", {"amount": "5", "description": "Bistro", "date": "2026-11-02"}).json()["id"]
    assert body_of(ana, pk)["categorization"]["status"] == "pending"
    run = apply(ana, save(ana, text("bistro"), triggers=["manual"]))
    run_tasks()
    assert body_of(ana, pk)["category_name"] == "Dining"
    assert revert(ana, run)["kept"] == []
    assert body_of(ana, pk)["categorization"]["status"] == "pending"
    run_tasks()
    assert body_of(ana, pk)["categorization"]["suggestion"]["category_name"] == "Travel"


def test_a_ledger_that_others_may_only_read_is_not_written(ana, join_ledger_of):
    record(ana, {})
    number = save(ana)
    viewer = join_ledger_of(ana, "vera", "viewer")
    for path in (f"rules/{number}/apply/", "rules/apply/"):
        assert viewer.post(path).status_code == 403
    editor = join_ledger_of(ana, "emil", "editor")
    assert apply(editor, number)["counts"]["changed"] == 1
    assert left_alone(ana, ana.get("runs/").json()["results"][0]) == {}


def test_a_revert_keeps_an_edit_made_after_the_run(ana):
    (pk,) = record(ana, {})
    number = save(ana, actions=does(set_notes="n"))
    run = apply(ana, number)
    edit(ana, {"ids": [pk]}, notes="by many")
    assert apply(ana, number)["counts"] == {"matched": 1, "changed": 0, "left_alone": 1}
    assert revert(ana, run)["kept"] == [{"transaction": pk, "field": "notes", "reason": CHANGED}]
    assert contents(ana)[0]["notes"] == "by many"
    assert ana.post("rules/test/", rule(actions=does(set_notes="n"))).json()["locked"] == 1

"""Who works on a run, how it ends, and how it goes on: canceled, failed, resumed, reverted."""

from contextlib import ExitStack

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from expenses.models import Change, Omission, Plan, Run, RunStatus, Transaction
from expenses.services import bulk_runs, reverts, runs
from expenses.services.edits import editing
from expenses.services.ledger_lock import ledger_write, lock_ledger
from expenses.services.life_signs import WORKER, find_held, hold, hold_claim
from expenses.services.runs import (
    ClaimLost,
    add_counts,
    advance,
    claim_run,
    perform_run,
    resume_interrupted,
    resume_runs,
)
from expenses.tasks import carry_out_run
from tests import queued
from tests.api.bodies import assert_problem
from tests.api.bulk import body_of, contents, edit, record

pytestmark = pytest.mark.usefixtures("silent_chain")

STOPPED = "Its worker was stopped. What it did stays, and the run goes on by itself."
NO_WORKER = (
    "No worker is running, and the run needs one. `make run` restarts its own; elsewhere, start `manage.py work`."
)


@pytest.fixture
def order(ana, monkeypatch):
    """Order an edit of rows in chunks of two, which waits for a worker; gives the run's id."""
    monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
    monkeypatch.setattr(bulk_runs, "CHUNK", 2)
    monkeypatch.setattr(reverts, "CHUNK", 2)

    def make(*rows, **changes):
        ids = record(ana, *(rows or [{}] * 5))
        return edit(ana, {"ids": ids}, **(changes or {"notes": "x"})).json()["id"]

    return make


def state(api, number):
    run = api.get(f"runs/{number}/").json()
    return run["status"], run["progress"]["done"]


def die_after(monkeypatch, number, chunks):
    """A worker does some chunks and dies in the middle of the next."""
    left = [chunks]

    def dying(*args, **kwargs):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return editing(*args, **kwargs)

    with monkeypatch.context() as killing:
        killing.setattr(bulk_runs, "editing", dying)
        with pytest.raises(KeyboardInterrupt):
            perform_run(run_id=number)


def test_a_run_is_worked_on_once_however_often_it_is_queued(ana, order, run_tasks):
    number = order()
    for _ in range(3):
        carry_out_run.enqueue(number)
    run_tasks()
    assert state(ana, number) == ("succeeded", 5)
    assert Change.objects.filter(run=number).count() == 5
    carry_out_run.enqueue(number)
    run_tasks()
    assert Change.objects.filter(run=number).count() == 5


def test_a_living_worker_keeps_its_run_however_slow_it_is(ana, order):
    number = order()
    with claim_run(number) as run:
        assert run is not None
        with claim_run(number) as other:
            assert other is None
        assert (queued.committed(resume_interrupted), queued.committed(resume_runs)) == (0, 0)
        assert state(ana, number) == ("running", 0)


def test_a_worker_that_lost_its_run_cannot_write_over_its_successor(ana, order):
    number = order()
    with claim_run(number) as first:
        ana.post(f"runs/{number}/cancel/")
        ana.post(f"runs/{number}/resume/")
        with claim_run(number) as successor:
            assert first is not None
            assert successor is not None
            with pytest.raises(ClaimLost):
                advance(first, n_rows=1)
            advance(successor, n_rows=1)
            runs.end_run(first, RunStatus.FAILED, error="too late")
            assert state(ana, number) == ("running", 1)


def test_a_chunk_of_a_worker_that_lost_its_run_leaves_no_trace(ana, order, monkeypatch):
    number = order()
    with ExitStack() as successor:

        def too_late(ledger_id):
            ana.post(f"runs/{number}/cancel/")
            ana.post(f"runs/{number}/resume/")
            assert successor.enter_context(claim_run(number)) is not None
            return ledger_write(ledger_id)

        monkeypatch.setattr(bulk_runs, "ledger_write", too_late)
        perform_run(run_id=number)
        assert state(ana, number) == ("running", 0)
        assert Change.objects.count() == 0


def test_a_killed_run_has_whole_rows_waits_when_somebody_looks_and_goes_on_by_itself(
    ana, ben, order, monkeypatch, run_tasks
):
    number = order()
    die_after(monkeypatch, number, 2)
    assert Transaction.objects.filter(notes="x").count() == Change.objects.filter(run=number).count() == 4
    queued.lose_all()
    ben.get("runs/")
    assert Run.objects.get(pk=number).status == "running"  # a look is for one's own runs
    with hold(WORKER):
        run = ana.get("runs/").json()["results"][0]
        assert run == {
            "id": number,
            "kind": "bulk_edit",
            "status": "pending",
            "progress": {"done": 4, "total": 5},
            "counts": {"changed": 4, "unchanged": 0, "left_alone": 0},
            "created_at": run["created_at"],
            "started_at": run["started_at"],
            "finished_at": None,
            "error": None,
            "note": STOPPED,
        }
    assert ana.get(f"runs/{number}/").json() == run | {"note": f"{STOPPED} {NO_WORKER}"}
    assert_problem(ana.post(f"runs/{number}/resume/"), 409, (None, "not_stopped"))
    assert_problem(ana.post(f"runs/{number}/revert/"), 409, (None, "not_ended"))
    run_tasks()
    ended = ana.get(f"runs/{number}/").json()
    assert ended == run | {
        "status": "succeeded",
        "progress": {"done": 5, "total": 5},
        "counts": {"changed": 5, "unchanged": 0, "left_alone": 0},
        "finished_at": ended["finished_at"],
        "note": None,
    }
    assert Change.objects.filter(run=number).count() == 5


def test_a_run_that_goes_on_says_that_it_was_interrupted(ana, order, monkeypatch):
    number = order()
    die_after(monkeypatch, number, 2)
    assert queued.committed(resume_interrupted) == 1
    with claim_run(number) as run:
        assert run is not None
        body = ana.get(f"runs/{number}/").json()
        assert (body["status"], body["error"], body["note"]) == ("running", None, STOPPED)


def test_an_interrupted_run_is_canceled_and_taken_back(ana, order, monkeypatch, run_tasks):
    number = order()
    before = [row | {"notes": ""} for row in contents(ana)]
    die_after(monkeypatch, number, 2)
    assert state(ana, number) == ("pending", 4)
    canceled = ana.post(f"runs/{number}/cancel/").json()
    assert (canceled["status"], canceled["note"]) == ("canceled", None)
    run_tasks()
    assert ana.post(f"runs/{number}/revert/").json()["counts"]["restored"] == 4
    assert contents(ana) == before


def test_a_run_that_stops_its_worker_three_times_fails_and_can_be_resumed(ana, order, run_tasks):
    number = order()
    for interrupted in (1, 1, 0):
        Run.objects.filter(pk=number).update(status="running", claim="gone")
        assert queued.committed(resume_interrupted) == interrupted
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["note"]) == ("failed", None)
    assert run["error"] == (
        "Its worker was stopped three times without progress, perhaps for want of memory. What it did stays. "
        "Resume the run to go on, or revert what it did."
    )
    run_tasks()
    assert state(ana, number) == ("failed", 0)
    assert ana.post(f"runs/{number}/resume/").json()["error"] is None
    Run.objects.filter(pk=number).update(status="running", claim="gone")
    assert queued.committed(resume_interrupted) == 1
    run_tasks()
    assert state(ana, number) == ("succeeded", 5)


def test_a_run_that_does_rows_before_each_stop_goes_on(ana, order, monkeypatch, run_tasks):
    number = order(*[{}] * 11)
    for done in (2, 4, 6, 8):
        die_after(monkeypatch, number, 1)
        assert state(ana, number) == ("pending", done)
    run_tasks()
    assert state(ana, number) == ("succeeded", 11)


def test_a_run_that_waits_says_when_no_worker_is_running(ana, order):
    number = order()
    assert ana.get(f"runs/{number}/").json()["note"] == NO_WORKER
    with hold(WORKER), hold(WORKER):
        assert ana.get(f"runs/{number}/").json()["note"] is None
    assert ana.get("runs/").json()["results"][0]["note"] == NO_WORKER


def test_a_name_is_held_until_its_last_process_lets_go(db):
    assert find_held([]) == set()
    with hold("first"), hold("second"):
        with hold("first"):
            assert find_held(["first", "second", "third"]) == {"first", "second"}
        assert find_held(["first"]) == {"first"}
    assert find_held(["first", "second"]) == set()
    with hold_claim() as claim:
        assert find_held([claim]) == {claim}
    assert find_held([claim]) == set()


def test_a_worker_that_starts_takes_up_what_waits_or_was_killed(ana, order, monkeypatch, run_tasks):
    waiting, killed, alive, refused = order(), order(), order(), order()
    die_after(monkeypatch, killed, 1)
    Run.objects.filter(pk=refused).update(status="failed", error="There is no such thing.")
    queued.lose_all()
    with claim_run(alive):
        assert queued.committed(resume_runs) == 2
        run_tasks()
        assert (state(ana, waiting), state(ana, killed)) == (("succeeded", 5), ("succeeded", 5))
        assert (state(ana, alive), state(ana, refused)) == (("running", 0), ("failed", 0))


def test_a_worker_takes_up_the_run_of_one_that_was_killed_beside_it(ana, order, monkeypatch, run_tasks):
    killed, waiting = order(), order()
    die_after(monkeypatch, killed, 1)
    queued.lose_all()
    assert [queued.committed(resume_interrupted) for _ in range(2)] == [1, 0]
    run_tasks()
    assert (state(ana, killed), state(ana, waiting)) == (("succeeded", 5), ("pending", 0))


@pytest.mark.logs_errors
def test_a_run_that_crashes_says_so_and_can_be_resumed(ana, order, monkeypatch, run_tasks):
    number = order()
    with monkeypatch.context() as breaking:
        breaking.setattr(bulk_runs, "obstacles_to_edit", lambda *_, **__: 1 / 0)
        run_tasks()
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"]["done"]) == ("failed", 0)
    assert run["error"].startswith("It failed; the server's log says how. Resume the run")
    ana.post(f"runs/{number}/resume/")
    run_tasks()
    assert state(ana, number) == ("succeeded", 5)


def test_canceling_stops_between_chunks_and_what_was_done_stays(ana, ben, order, monkeypatch, run_tasks):
    number = order()

    def cancel_after(run, counts):
        add_counts(run, counts)
        assert ana.post(f"runs/{number}/cancel/").json()["status"] == "canceled"

    with monkeypatch.context() as canceling:
        canceling.setattr(bulk_runs, "add_counts", cancel_after)
        run_tasks()
    assert state(ana, number) == ("canceled", 2)
    assert Transaction.objects.filter(notes="x").count() == 2
    assert_problem(ana.post(f"runs/{number}/cancel/"), 409, (None, "ended"))
    for act in ("cancel", "resume"):
        assert_problem(ben.post(f"runs/{number}/{act}/"), 404, (None, "not_found"))
    ana.post(f"runs/{number}/resume/")
    run_tasks()
    assert state(ana, number) == ("succeeded", 5)


def test_canceling_sees_what_the_holder_of_the_lock_wrote(ana, order, monkeypatch):
    number = order()

    def lock_after_its_end(ledger_id):
        Run.objects.filter(pk=number).update(status=RunStatus.SUCCEEDED)
        lock_ledger(ledger_id)

    with monkeypatch.context() as waiting:
        waiting.setattr(runs, "lock_ledger", lock_after_its_end)
        answer = ana.post(f"runs/{number}/cancel/")
    assert_problem(answer, 409, (None, "ended"))
    assert answer.json()["detail"] == "This run is succeeded; there is nothing left to cancel."


@pytest.mark.parametrize("is_killed", [False, True])
def test_no_file_of_a_claim_is_left(ana, order, run_tasks, settings, tmp_path, is_killed):
    settings.DATA_DIR = tmp_path
    number = order()
    if is_killed:  # at once, so that it cleans up nothing: its file is left, and nobody holds it
        with hold("killed"):
            Run.objects.filter(pk=number).update(status=RunStatus.RUNNING, claim="killed")
        assert queued.committed(resume_interrupted) == 1
    run_tasks()
    assert state(ana, number) == ("succeeded", 5)
    assert list(tmp_path.rglob("locks/*")) == []


def test_a_run_that_nobody_began_is_canceled_at_once(ana, order, run_tasks):
    number = order()
    assert ana.post(f"runs/{number}/cancel/").json()["status"] == "canceled"
    run_tasks()
    assert state(ana, number) == ("canceled", 0)
    assert ana.post(f"runs/{number}/revert/").json()["status"] == "reverted"
    assert_problem(ana.post(f"runs/{number}/resume/"), 409, (None, "not_stopped"))


def test_reverting_restores_every_field_exactly(ana, order, run_tasks):
    ana.post("accounts/", {"name": "Purse"})
    ana.post("rules/", {
        "name": "Cafes",
        "conditions": [{"field": "description", "op": "contains", "value": "luna"}],
        "actions": [{"type": "set_category", "value": "Groceries"}],
    })  # fmt: skip
    rows = [
        {}, {"tags": ["a", "b"], "category": "Dining"}, {"direction": "in"}, {"external_id": "e", "notes": "n"},
        {"kind": "refund", "direction": "in", "merchant": "m", "payment_method": "cash"},
        {"iban": "DE89370400440532013000", "mcc": "5411", "review": "needed", "is_excluded_from_budget": True},
    ]  # fmt: skip
    number = order(
        *rows, category="Shopping", tags=["c"], merchant="x", description="y", notes="z", account="Purse",
        payment_method=None, date="2026-01-01", iban="GB82WEST12345698765432", mcc="", review="done",
        is_excluded_from_budget=False,
    )  # fmt: skip
    before, touched = contents(ana), list(Transaction.objects.order_by("pk").values_list("is_touched", flat=True))
    run_tasks()
    assert contents(ana) != before
    body = ana.post(f"runs/{number}/revert/").json()
    assert (body["status"], body["kept"]) == ("reverted", [])
    counts = {"changed": 6, "unchanged": 0, "left_alone": 0, "restored": 6, "removed": 0, "kept": 0}
    assert body["counts"] == counts
    assert contents(ana) == before
    assert list(Transaction.objects.order_by("pk").values_list("is_touched", flat=True)) == touched
    assert ana.get("transactions/?search=cafe").json()["count"] == 6
    assert_problem(ana.post(f"runs/{number}/revert/"), 409, (None, "already_reverted"))
    row = Transaction.objects.order_by("pk")[0]
    event = ana.get(f"transactions/{row.pk}/history/").json()["results"][0]
    assert (event["source"], event["username"], event["run"]) == ("revert", "ana", number)
    assert ana.get(f"runs/{number}/changes/").json()["count"] == 6


def test_what_was_changed_since_stays_and_is_named(ana, order, run_tasks):
    number = order({}, {}, {"notes": "old"}, {"category": "Dining"}, {}, category="Shopping", notes="x")
    run_tasks()
    ids = list(Transaction.objects.order_by("pk").values_list("pk", flat=True))
    ana.patch(f"transactions/{ids[0]}/", {"notes": "mine"})
    ana.patch(f"transactions/{ids[1]}/", {"category": "Groceries"})
    ana.patch(f"transactions/{ids[2]}/", {"notes": "old"})  # taken back by hand already
    ana.patch(f"transactions/{ids[3]}/", {"merchant": "not the run's business"})
    ana.delete(f"transactions/{ids[4]}/")
    body = ana.post(f"runs/{number}/revert/").json()
    reason = "It was changed since."
    assert sorted(body["kept"], key=lambda kept: kept["transaction"]) == [
        {"transaction": ids[0], "field": "notes", "reason": reason},
        {"transaction": ids[1], "field": "category", "reason": reason},
    ]
    assert body["counts"]["kept"] == 2
    rows = [body_of(ana, pk) for pk in ids[:4]]
    assert [row["category_name"] for row in rows] == [None, "Groceries", None, "Dining"]
    assert [row["notes"] for row in rows] == ["mine", "", "old", ""]
    assert rows[3]["merchant"] == "not the run's business"
    assert ana.post(f"transactions/{ids[4]}/restore/").json()["category"] is None


def test_an_old_value_that_is_gone_cannot_come_back(ana, order, run_tasks):
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    number = order({"category": "Tea"}, {"account": "Giro", "external_id": "e"}, category="Dining", account="Purse")
    run_tasks()
    tea, moved = Transaction.objects.order_by("pk").values_list("pk", flat=True)
    ana.delete(f"categories/{own}/")
    record(ana, {"account": "Giro", "external_id": "e"})
    body = ana.post(f"runs/{number}/revert/").json()
    taken = "Another transaction of that account has the same external id or statement row now."
    assert sorted(body["kept"], key=lambda kept: kept["transaction"]) == [
        {"transaction": tea, "field": "category", "reason": "“Tea”, which it had before, is gone."},
        {"transaction": moved, "field": "account", "reason": taken},
    ]
    assert (body_of(ana, tea)["account"], body_of(ana, moved)["category"]) == (None, None)


def test_a_renamed_category_comes_back_all_the_same(ana, order, run_tasks):
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    number = order({"category": "Tea"}, category="Dining")
    run_tasks()
    ana.patch(f"categories/{own}/", {"name": "Hot drinks"})
    assert ana.post(f"runs/{number}/revert/").json()["kept"] == []
    assert body_of(ana, Transaction.objects.get().pk)["category_name"] == "Hot drinks"


def test_a_revert_that_was_killed_is_finished_by_another(ana, order, monkeypatch, run_tasks):
    number = order()
    before = [row | {"notes": ""} for row in contents(ana)]
    run_tasks()
    left = [2]

    def dying(run, counts):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        add_counts(run, counts)

    with monkeypatch.context() as killing:
        killing.setattr(reverts, "add_counts", dying)
        with pytest.raises(KeyboardInterrupt):
            ana.post(f"runs/{number}/revert/")
    assert state(ana, number) == ("succeeded", 5)
    assert Transaction.objects.filter(notes="x").count() == 3
    body = ana.post(f"runs/{number}/revert/").json()
    assert (body["status"], body["kept"], body["counts"]["restored"]) == ("reverted", [], 5)
    assert contents(ana) == before


def test_a_row_that_waited_for_the_model_waits_again(ana, model, order, run_tasks):
    model["Bistro"] = ("dining", 0.95)
    number = order({"description": "Bistro", "tags": ["a"]}, category="Shopping")
    perform_run(run_id=number)
    run_tasks()
    (row,) = contents(ana)
    assert (row["category_name"], row["categorization"]["status"]) == ("Shopping", "confirmed")
    ana.post(f"runs/{number}/revert/")
    assert contents(ana)[0]["categorization"]["status"] == "pending"
    run_tasks()
    [row] = contents(ana)
    assert (row["categorization"]["suggestion"]["category_name"], row["tags"]) == ("Dining", ["a"])


def test_what_a_run_was_to_do_is_kept_no_longer_than_it_can_go_on(ana, order, run_tasks):
    done, canceled = order(), order()
    ana.post(f"runs/{canceled}/cancel/")
    run_tasks()
    assert list(Plan.objects.values_list("run", flat=True)) == [canceled]
    ana.post(f"runs/{canceled}/revert/")
    assert Plan.objects.count() == 0
    assert ana.get(f"runs/{done}/").json()["progress"] == {"done": 5, "total": 5}


def test_a_run_whose_revert_has_begun_is_not_resumed(ana, order):
    number = order()
    Run.objects.filter(pk=number).update(status="failed", claim="lost", reverting_at=timezone.now())
    assert_problem(ana.post(f"runs/{number}/resume/"), 409, (None, "reverting"))
    assert queued.committed(resume_runs) == 0
    with claim_run(number) as run:
        assert run is None
    assert ana.post(f"runs/{number}/revert/").status_code == 200


def test_runs_are_taken_back_in_reverse_until_nothing_is_left_of_them(ana, order, run_tasks):
    first = order({"tags": ["a"]}, notes="1", category="Dining")
    before = [row | {"version": 0} for row in contents(ana)]
    run_tasks()
    ids = [row["id"] for row in contents(ana)]
    second = edit(ana, {"ids": ids}, notes="2", tags=["b"]).json()["id"]
    third = ana.delete("transactions/bulk/", {"ids": ids}).json()["id"]
    run_tasks()
    for number in (third, second, first):
        assert ana.post(f"runs/{number}/revert/").json()["kept"] == []
    assert [row | {"version": 0} for row in contents(ana)] == before
    assert Transaction.objects.get().is_touched is False


def test_a_viewer_cancels_resumes_and_reverts_nothing(ana, order, join_ledger_of):
    number = order()
    viewer = join_ledger_of(ana, "vera", "viewer")
    for act in ("cancel", "resume", "revert"):
        assert viewer.post(f"runs/{number}/{act}/").status_code == 403
    assert viewer.get(f"runs/{number}/changes/").json()["results"] == []


def test_omissions_are_written_once_even_when_a_chunk_was_killed(ana, order, monkeypatch, run_tasks):
    number = order({}, {"kind": "income", "direction": "in"}, {}, {"kind": "income", "direction": "in"}, {},
                   category="Dining")  # fmt: skip
    die_after(monkeypatch, number, 1)
    assert state(ana, number) == ("pending", 2)
    run_tasks()
    assert Omission.objects.filter(run=number).count() == 2
    assert ana.get(f"runs/{number}/").json()["counts"] == {"changed": 3, "unchanged": 0, "left_alone": 2}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite holds names by files, which need no connection.")
def test_a_name_that_was_lost_with_its_connection_is_noticed(db):
    with hold("lost") as require_hold:
        require_hold()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        with pytest.raises(OperationalError):
            require_hold()
        assert find_held(["lost"]) == set()

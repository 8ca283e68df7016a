"""A confirmed history is played again, and tells which thresholds a wanted precision needs."""

from datetime import datetime
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.categorization.replay import is_right, replay
from expenses.categorization.training_rows import read_confirmed
from expenses.models import BacktestResult, Change, Classifier, Ledger, Run, RunStatus
from expenses.services import backtests
from expenses.services.learning import learn
from expenses.services.runs import advance, claim_run, perform_run, resume_runs
from expenses.tasks import carry_out_run
from providers.chain import Outcome
from providers.loading import configured_chain
from tests import queued
from tests.api.bodies import assert_problem
from tests.api.generated_ledger import generated_rows, record
from tests.conftest import Api, make_user

ADDRESS = "categorization/backtest/"
ADOPT = "categorization/thresholds/adopt/"
FIGURES = {
    "asked", "answered", "coverage", "precision", "threshold", "threshold_for_target", "coverage_at_target",
    "precision_at_target",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(
        {"BACKEND": "rules.provider.RulesProvider"},
        {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95},
        {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.85},
    )


def order(api, **fields):
    answer = api.post(ADDRESS, fields)
    assert answer.status_code == 202, answer.json()
    return answer.json()


def backtest(api, run_tasks, **fields):
    """The run, once it has ended."""
    number = order(api, **fields)["id"]
    run_tasks()
    return api.get(f"runs/{number}/").json()


def ledger_of(api):
    return Ledger.objects.get(founder=api.user).pk


def test_it_is_a_run_with_a_result(ana, run_tasks):
    record(ana, generated_rows(120))
    ana.post("expenses/", {"amount": "1", "description": "Not confirmed"})
    version, before = ana.get("changes/").json()["version"], timezone.now()
    ordered = order(ana)
    about = {"from": None, "to": None, "target_precision": 0.95}
    assert (ordered["kind"], ordered["status"], ordered["about"]) == ("backtest", "pending", about)
    assert (ordered["progress"], ordered["result"]) == ({"done": 0, "total": 120}, None)
    run_tasks()
    run = ana.get(f"runs/{ordered['id']}/").json()
    assert (run["status"], run["progress"], run["counts"]) == ("succeeded", {"done": 120, "total": 120}, {})
    result = run["result"]
    assert (result["n"], result["from"], result["to"]) == (120, "2025-01-01", "2026-08-19")
    assert version <= result["ledger_version"] <= ana.get("changes/").json()["version"]  # tasks before it also write
    assert result["n_confirmed"] == 120
    assert before < datetime.fromisoformat(result["measured_at"]) < timezone.now()
    assert (result["target_precision"], list(result["links"])) == (0.95, ["rule", "history", "learned"])
    assert all(set(part) == FIGURES for part in [*result["links"].values(), result["chain"], result["new_merchants"]])
    assert result["chain"]["asked"] == 120 > result["new_merchants"]["asked"] > 30
    assert [result["links"][link]["threshold"] for link in result["links"]] == [0.0, 0.95, 0.85]
    assert ana.get(ADDRESS).json() == run


def test_a_result_of_an_earlier_release_does_not_say_as_of_when_it_is(ana, run_tasks):
    record(ana, generated_rows(40))
    undated = dict.fromkeys(("measured_at", "ledger_version", "n_confirmed", "n_since", "evidence"))
    result = backtest(ana, run_tasks)["result"]
    stored = {name: value for name, value in result.items() if name not in {*undated, "is_stale"}}
    BacktestResult.objects.update(body=stored)
    assert ana.get(ADDRESS).json()["result"] == stored | undated | {"is_stale": False}


def test_it_says_what_was_confirmed_since_and_whether_a_worker_has_yet_to_learn_that(ana, run_tasks):
    rows = generated_rows(43)
    record(ana, rows[:40])
    backtest(ana, run_tasks)

    def as_of():
        result, measured = ana.get(ADDRESS).json()["result"], ana.get("categorization/calibration/").json()
        assert (measured["n_since"], measured["is_stale"]) == (result["n_since"], result["is_stale"])
        return result["n_confirmed"], result["n_since"], result["is_stale"]

    assert as_of() == (40, 0, False)
    record(ana, rows[40:])
    assert as_of() == (40, 3, True)
    learn(ledger_id=ledger_of(ana))
    assert as_of() == (40, 3, False)


def test_the_same_order_again_is_the_same_run_until_it_has_ended(ana, run_tasks):
    record(ana, generated_rows(40))
    days = {"from": "2025-01-01", "target_precision": 0.9}
    first = order(ana, **days)
    assert [order(ana, **days, to=None) for _ in range(4)] == [first] * 4
    assert (Run.objects.count(), queued.n_waiting(carry_out_run.module_path)) == (1, 1)
    run_tasks()
    assert order(ana, **days)["id"] > first["id"]


def test_three_different_orders_wait_at_a_time(ana, ben):
    for api in (ana, ben):
        record(api, generated_rows(40))
    runs = [order(ana, target_precision=precision) for precision in (0.7, 0.8, 0.9)]
    assert len({run["id"] for run in runs}) == 3
    problem = ana.post(ADDRESS, {})
    assert_problem(problem, 409, (None, "too_many"))
    assert problem.json()["detail"] == "3 other backtests have not ended yet; wait for them, or cancel one."
    assert order(ana, target_precision=0.8) == runs[1]
    assert order(ben)["status"] == "pending"
    assert ana.post(f"runs/{runs[0]['id']}/cancel/").status_code == 200
    assert order(ana)["status"] == "pending"


def test_keywords_are_not_judged_by_the_rows_that_they_were_chosen_from(ana, run_tasks, use_chain):
    use_chain(
        {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95},
        {"BACKEND": "expenses.categorization.keywords.KeywordProvider", "MIN_CONFIDENCE": 0.95},
    )
    [dining] = [one["id"] for one in ana.get("categories/").json()["results"] if one["name"] == "Dining"]
    ana.patch(f"categories/{dining}/", {"keywords": ["krummer hund"]})
    ana.patch("categorization/thresholds/", {"evidence": {"keyword": 0.97}})
    first_words = ["QUAX", "BLORP", "ZINTH", "VROML", "DRASK", "FLOON", "GRENZ", "HOBAX"]
    for n in range(40):
        body = {"amount": "4", "description": f"{first_words[n % 8]} KRUMMER HUND", "category": dining}
        ana.post("expenses/", body | {"date": f"2026-01-{n % 28 + 1:02}"})

    result = backtest(ana, run_tasks)["result"]

    assert (result["n"], result["links"]["keywords"]["answered"]) == (40, 0)
    assert "keyword" not in result["evidence"]
    suggested = ana.post("categorization/suggest/", {"description": "UUMPF KRUMMER HUND", "use_model": False}).json()
    assert (suggested["category_name"], suggested["confidence"]) == ("Dining", 0.99)


def test_one_whose_worker_died_goes_on_and_is_given_again(ana, run_tasks):
    record(ana, generated_rows(40))
    number = order(ana)["id"]
    Run.objects.update(status=RunStatus.RUNNING, claim="x")
    assert order(ana)["id"] == number
    assert ana.get(f"runs/{number}/").json()["status"] == "pending"
    run_tasks()
    assert ana.get(f"runs/{number}/").json()["status"] == "succeeded"


def test_one_that_stops_its_worker_three_times_fails_however_far_it_came(ana):
    record(ana, generated_rows(40))
    number = order(ana)["id"]
    for status in ("pending", "pending", "failed"):
        with claim_run(number) as run:
            assert run is not None
            advance(run, n_rows=20)
        assert ana.get(f"runs/{number}/").json()["status"] == status


def test_it_is_worked_on_after_what_was_ordered_later_by_somebody_who_waits(ana, run_tasks):
    record(ana, generated_rows(120))
    number = order(ana)["id"]
    which = {"filter": {"all": True}, "set": {"notes": "x"}}
    edited = ana.patch("transactions/bulk/", which).json()
    assert edited["status"] == "pending"
    run_tasks()
    ended = Run.objects.order_by("started_at").values_list("pk", "status")
    assert list(ended) == [(edited["id"], "succeeded"), (number, "succeeded")]


def test_the_figures_are_what_the_chain_does_at_its_thresholds(ana, run_tasks):
    record(ana, generated_rows(150, noise=0.1))
    learn(ledger_id=ledger_of(ana), is_forced=True)
    ana.patch("categorization/thresholds/", {"thresholds": {"history": 0.7, "learned": 0.5}})
    found = backtest(ana, run_tasks)["result"]
    catalog = Catalog.load(ledger_of(ana))
    played = list(replay(configured_chain(), read_confirmed(catalog=catalog, trust=catalog.trust)))
    for link in ("history", "learned"):
        asked = [(a, one.confirmed) for one in played for a in one.verdict.attempts if a.provider == link]
        taken = [is_right(attempt, row) for attempt, row in asked if attempt.outcome is Outcome.ANSWERED]
        assert (found["links"][link]["asked"], found["links"][link]["answered"]) == (len(asked), len(taken))
        assert found["links"][link]["precision"] == round(sum(taken) / len(taken), 4)
    decided = [one for one in played if one.verdict.decided is not None]
    assert 0 < found["chain"]["answered"] == len(decided) < 150
    assert found["chain"]["precision"] == round(sum(one.is_right for one in decided) / len(decided), 4)


def test_a_classifier_that_is_of_no_use_learns_nothing(ana, run_tasks):
    record(ana, generated_rows(60))
    learn(ledger_id=ledger_of(ana), is_forced=True)
    result = backtest(ana, run_tasks)["result"]
    Classifier.objects.update(n_right=F("n_right_without") - 1, is_of_use=False)
    untaught = backtest(ana, run_tasks)["result"]
    assert list(untaught["links"]) == ["rule", "history", "learned"]
    taught = result["evidence"]["learned"]
    assert untaught["evidence"].get("learned", {"asked": 0})["asked"] < taught["asked"]


def test_days_narrow_what_is_asked_and_not_what_is_known(ana, run_tasks):
    twice = [{"direction": "out", "amount": "5", "description": f"{name} Ltd", "category": "Dining"}
             for name in ("Quill", "Brindle", "Thorn", "Marsh", "Otter") for _ in range(12)]  # fmt: skip
    days = [f"2026-0{1 + i % 2}-{1 + i // 2:02}" for i in range(len(twice) // 2)]
    record(ana, [row | {"date": day} for row, day in zip(twice[::2], days, strict=True)])
    record(ana, [row | {"date": "2026-05-01"} for row in twice[1::2]])
    result = backtest(ana, run_tasks, **{"from": "2026-03-01", "to": "2026-06-01"})["result"]
    assert (result["n"], result["from"], result["to"]) == (30, "2026-05-01", "2026-05-01")
    assert result["n_confirmed"] > 30
    assert (result["new_merchants"]["asked"], result["chain"]["coverage"], result["chain"]["precision"]) == (0, 1, 1)
    assert result["new_merchants"]["coverage"] is None


@pytest.mark.parametrize(
    ("n", "fields", "message"),
    [
        (29, {}, "and 29 transactions are confirmed: confirm more, such as those in review/."),
        (1, {}, "and 1 transaction is confirmed: confirm more, such as those in review/."),
        (0, {}, "and no transactions are confirmed: confirm more, such as those in review/."),
        (40, {"to": "2025-01-02"}, "and 1 transaction is confirmed in these days: confirm more, or name more days."),
    ],
)
def test_too_few_rows_fail_it_and_are_counted(ana, n, fields, message):
    record(ana, generated_rows(n))
    run = order(ana, **fields)
    assert (run["status"], run["result"]) == ("failed", None)
    assert run["error"] == f"A backtest needs 30 confirmed transactions, {message}"


def test_what_failed_can_be_resumed_when_there_are_enough(ana, run_tasks):
    rows = generated_rows(40)
    record(ana, rows[:20])
    number = order(ana)["id"]
    record(ana, rows[20:])
    assert ana.post(f"runs/{number}/resume/").status_code == 202
    run_tasks()
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"], run["error"]) == ("succeeded", {"done": 40, "total": 40}, None)


def test_it_changes_nothing_and_cannot_be_reverted(ana, run_tasks):
    record(ana, generated_rows(40))
    before, version = ana.get("transactions/?page_size=50").json(), Ledger.objects.get().version
    number = backtest(ana, run_tasks)["id"]
    assert (ana.get("transactions/?page_size=50").json(), Ledger.objects.get().version) == (before, version)
    assert not Change.objects.exists()
    assert_problem(ana.post(f"runs/{number}/revert/"), 409, (None, "nothing_to_revert"))
    nothing: dict[str, Any] = {"count": 0, "next": None, "previous": None, "results": []}
    assert ana.get(f"runs/{number}/changes/").json() == ana.get(f"runs/{number}/errors/").json() == nothing
    assert ana.get(f"runs/{number}/").json()["status"] == "succeeded"


def test_a_list_of_runs_shows_no_results(ana, run_tasks):
    record(ana, generated_rows(40))
    backtest(ana, run_tasks)
    [run] = ana.get("runs/").json()["results"]
    assert (run["kind"], "result" in run) == ("backtest", False)


def test_other_runs_have_no_result(ana):
    record(ana, generated_rows(1))
    number = ana.patch("transactions/bulk/", {"filter": {"all": True}, "set": {"notes": "x"}}).json()["id"]
    assert "result" not in ana.get(f"runs/{number}/").json()


def test_a_canceled_one_stops_and_has_no_result(ana, run_tasks):
    record(ana, generated_rows(40))
    number = order(ana)["id"]
    assert ana.post(f"runs/{number}/cancel/").json()["status"] == "canceled"
    run_tasks()
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["result"]) == ("canceled", None)
    assert_problem(ana.get(ADDRESS), 404, (None, "no_backtest"))
    assert ana.post(f"runs/{number}/resume/").status_code == 202
    run_tasks()
    assert ana.get(ADDRESS).json()["id"] == number


def test_one_that_is_canceled_while_it_works_stops(ana, run_tasks, monkeypatch):
    record(ana, generated_rows(60))
    number = order(ana)["id"]

    def cancel_at_the_25th(*args, **kwargs):
        for i, one in enumerate(replay(*args, **kwargs)):
            if i == 25:
                assert ana.post(f"runs/{number}/cancel/").status_code == 200
            yield one

    monkeypatch.setattr(backtests, "replay", cancel_at_the_25th)
    run_tasks()
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"], run["result"]) == ("canceled", {"done": 20, "total": 60}, None)


def test_one_whose_worker_died_begins_again(ana, run_tasks, monkeypatch):
    record(ana, generated_rows(60))
    number = order(ana)["id"]

    def die_at_the_second(run, *, n_rows):
        if run.done:
            raise KeyboardInterrupt
        advance(run, n_rows=n_rows)

    with monkeypatch.context() as killing:
        killing.setattr(backtests, "advance", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            perform_run(run_id=number)
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"]["done"], run["result"]) == ("pending", 20, None)
    queued.committed(resume_runs)
    run_tasks()
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["progress"], run["result"]["n"]) == ("succeeded", {"done": 60, "total": 60}, 60)


def test_a_stranger_finds_nothing(ana, ben, run_tasks):
    record(ana, generated_rows(40))
    number = backtest(ana, run_tasks)["id"]
    assert ben.get(f"runs/{number}/").status_code == 404
    assert_problem(ben.get(ADDRESS), 404, (None, "no_backtest"))
    assert_problem(ben.post(ADOPT, {"backtest": number}), 400, ("backtest", "does_not_exist"))
    assert order(ben)["status"] == "failed"


def test_whoever_may_only_look_orders_none(ana, run_tasks, join_ledger_of):
    record(ana, generated_rows(40))
    run = backtest(ana, run_tasks)
    eva = join_ledger_of(ana, "eva", "viewer")
    assert eva.get(ADDRESS).json() == run
    assert eva.post(ADDRESS, {}).status_code == 403


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"target_precision": 0.49}, "target_precision", "min_value"),
        ({"target_precision": 1}, "target_precision", "max_value"),
        ({"target_precision": "nan"}, "target_precision", "invalid"),
        ({"target_precision": None}, "target_precision", "null"),
        ({"from": "2026-02-30"}, "from", "invalid"),
        ({"to": "0999-01-01"}, "to", "out_of_range"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "to", "not_a_range"),
        ({"start": "2026-02-01"}, "start", "unknown"),
    ],
)
def test_a_wrong_order_is_refused(ana, fields, attr, code):
    assert_problem(ana.post(ADDRESS, fields), 400, (attr, code))
    assert not Run.objects.exists()


def test_what_a_link_that_only_the_worker_asks_says_takes_no_part(ana, run_tasks, model):
    record(ana, generated_rows(60))
    result = backtest(ana, run_tasks)["result"]
    assert list(result["links"]) == ["rule", "history"]
    assert list(result["evidence"]) == ["repeat", "leading_words"]


def test_what_is_adopted_is_what_the_chain_was_said_to_come_to(ana, run_tasks):
    """Played again with what was adopted, the chain answers as many as were promised, and is right as often."""
    record(ana, generated_rows(400, noise=0.02))
    learn(ledger_id=ledger_of(ana), is_forced=True)
    promised = backtest(ana, run_tasks, target_precision=0.9)["result"]["chain"]
    assert promised["coverage"] != promised["coverage_at_target"]
    assert ana.post(ADOPT, {}).status_code == 202
    kept = backtest(ana, run_tasks, target_precision=0.9)["result"]["chain"]
    assert (kept["coverage"], kept["precision"]) == (promised["coverage_at_target"], promised["precision_at_target"])
    assert kept["threshold_for_target"] == promised["threshold_for_target"]


def test_adopting_without_an_id_takes_the_latest(ana, run_tasks):
    record(ana, generated_rows(400))
    earlier = backtest(ana, run_tasks, target_precision=0.9)
    latest = backtest(ana, run_tasks, target_precision=0.8)
    assert ana.post(ADOPT, {}).json()["about"]["backtest"] == latest["id"]
    assert ana.post(ADOPT, {"backtest": earlier["id"]}).json()["about"]["backtest"] == earlier["id"]


def test_one_that_has_not_succeeded_is_not_adopted(ana):
    number = order(ana)["id"]
    assert_problem(ana.post(ADOPT, {"backtest": number}), 400, ("backtest", "does_not_exist"))
    assert not BacktestResult.objects.exists()


def test_adopted_thresholds_keep_their_promise_on_the_next_rows(run_tasks, db):
    """95 % of what is taken was surely right on the first 400 rows of two people; on the next 300 it is so, too."""
    n_taken = n_right = 0
    for seed in (1, 2):
        api = Api(make_user(f"person{seed}"))
        rows = generated_rows(700, noise=0.005, seed=seed)
        record(api, rows[:400])
        learn(ledger_id=ledger_of(api), is_forced=True)
        run = backtest(api, run_tasks)
        assert api.post(ADOPT, {"backtest": run["id"]}).status_code == 202
        asked = [{name: value for name, value in row.items() if name != "category"} for row in rows[400:]]
        for body, row in zip(record(api, asked), rows[400:], strict=True):
            n_taken += body["categorization"]["status"] == "automatic"
            n_right += body["category_name"] == row["category"]
    assert n_taken > 450
    assert n_right / n_taken >= 0.95

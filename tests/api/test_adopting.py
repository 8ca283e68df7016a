"""A backtest is adopted as a run: it sets a threshold for each kind of evidence, and judges open rows again."""

from typing import Any

import pytest

from expenses.models import BacktestResult, Run, RunStatus, TrackRecord, Transaction
from expenses.services import adoption, bulk_runs
from expenses.services.edits import editing
from expenses.services.runs import perform_run, resume_runs
from tests import queued
from tests.api.bodies import assert_problem
from tests.api.generated_ledger import record

BACKTEST = "categorization/backtest/"
THRESHOLDS = "categorization/thresholds/"
ADOPT = f"{THRESHOLDS}adopt/"
RULES = {"BACKEND": "rules.provider.RulesProvider"}
OUTSPOKEN = {"BACKEND": "tests.fakes.OutspokenProvider", "MIN_CONFIDENCE": 0.9}


@pytest.fixture
def outspoken(use_chain):
    """A link whose answers, with their evidence and confidence, stand in the texts; it takes them from 0.9."""
    use_chain(RULES, OUTSPOKEN)


def says(evidence, percent, n, *, first=0, **fields):
    """Rows of as many different texts, each with what the link says of it."""
    names = [
        f"quill{'abcdefghijkl'[i % 12]}{'mnopqrstuvwx'[i // 12 % 12]}{'yz'[i // 144]}" for i in range(first, first + n)
    ]
    row = {"direction": "out", "amount": "5.00", "date": "2026-10-01"} | fields
    return [row | {"description": f"{name} {evidence} {percent} dining"} for name in names]


def confirmed(evidence, percent, n, *, first=0, wrong=0):
    rows = says(evidence, percent, n, first=first)
    return [row | {"category": "Shopping" if i < wrong else "Dining"} for i, row in enumerate(rows)]


def work_on(number):
    """Do the run alone. Nothing is learned meanwhile, so confidences stay as they are said."""
    queued.committed(lambda: perform_run(run_id=number))


def backtest(api, **fields):
    number = api.post(BACKTEST, fields).json()["id"]
    work_on(number)
    run = api.get(f"runs/{number}/").json()
    assert run["status"] == "succeeded", run
    return run


def adopt(api, **fields):
    answer = api.post(ADOPT, fields)
    assert answer.status_code == 202, answer.json()
    return answer.json()


def own(api):
    """The ledger's own thresholds, of links and of evidence."""
    body = api.get(THRESHOLDS).json()
    links = {one["link"]: one["threshold"] for one in body["results"] if one["is_own"]}
    return links, {one["evidence"]: one["threshold"] for one in body["evidence"] if one["is_own"]}


def status_of(api, rows):
    found = [api.get(f"transactions/{row['id']}/").json() for row in rows]
    return [(row["categorization"]["status"], row["category_name"]) for row in found]


AUTOMATIC, SUGGESTED = ("automatic", "Dining"), ("suggested", None)


class TestTelling:
    def test_the_repeats_of_one_merchant_tell_nothing_of_others(self, ana, use_chain, run_tasks):
        use_chain(
            RULES,
            {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85},
            {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.85},
            {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.9},
        )
        names = ["Rewe Markt"] * 38 + ["Bolle Kiosk", "Hafen Sport", "Nordlicht Buch", "Ostwind Rad", "Kranich Tee"]
        record(ana, [
            {"direction": "out", "amount": "9.50", "date": f"2026-09-{1 + i % 28:02}", "description": f"{name} {i}",
             "category": "Groceries" if "Rewe" in name else "Shopping"} for i, name in enumerate(names)
        ])  # fmt: skip
        run_tasks()
        result = backtest(ana)["result"]
        assert result["n"] == 43
        assert {figures["threshold_for_target"] for figures in result["evidence"].values()} == {None}
        assert result["evidence"]["repeat"]["asked"] >= 30
        before = ana.get(THRESHOLDS).json()
        problem = ana.post(ADOPT, {})
        assert_problem(problem, 409, (None, "cannot_tell"))
        sentences = problem.json()["detail"].split(". ")
        assert sentences[0] == "No kind of evidence has enough confirmed rows for 0.95"
        assert "repeat: 56 more confirmed rows with other texts are missing" in problem.json()["detail"]
        assert_problem(ana.get(ADOPT), 409, (None, "cannot_tell"))
        assert ana.get(THRESHOLDS).json() == before
        assert own(ana) == ({}, {})
        for text in ("Qwertz", "Wilhelmine Bramkamp"):
            assert ana.post("expenses/", {"amount": "5", "description": text}).json()["category"] is None

    def test_each_kind_of_evidence_has_figures_of_its_own(self, ana, outspoken):
        record(ana, [*confirmed("name", 93, 60), *confirmed("learned", 60, 20, first=60, wrong=10),
                     *confirmed("repeat", 97, 43, first=80)])  # fmt: skip
        result = backtest(ana)["result"]
        new = {
            "asked": 60, "answered": 60, "coverage": 1.0, "precision": 1.0, "lower_bound": 0.9513, "texts": 60,
            "coverage_at_target": 1.0, "precision_at_target": 1.0, "missing": 0,
        }  # fmt: skip
        assert result["evidence"] == {
            "repeat": {
                "asked": 43, "answered": 43, "coverage": 1.0, "precision": 1.0, "lower_bound": 0.9327, "texts": 43,
                "coverage_at_target": 0.0, "precision_at_target": None, "missing": 16,
                "threshold": 0.9, "threshold_for_target": None, "links": ["merchants"], "new_merchants": None,
                "shortfall": None,
            },
            "name": new | {
                "threshold": 0.9, "threshold_for_target": 0.9, "links": ["merchants"], "new_merchants": new,
                "shortfall": None,
            },
            "learned": {
                "asked": 20, "answered": 0, "coverage": 0.0, "precision": None, "lower_bound": None, "texts": 20,
                "coverage_at_target": 0.0, "precision_at_target": None, "missing": None,
                "threshold": 0.9, "threshold_for_target": None, "links": ["merchants"],
                "new_merchants": {
                    "asked": 20, "answered": 0, "coverage": 0.0, "precision": None, "lower_bound": None, "texts": 20,
                    "coverage_at_target": 0.0, "precision_at_target": None, "missing": None,
                },
                "shortfall": None,
            },
        }  # fmt: skip

    def test_new_merchants_must_be_told_apart(self, ana, outspoken):
        """Each text comes three times: 20 texts tell how often names are right, and not how often new ones are."""
        record(ana, confirmed("name", 93, 20) * 3)
        found = backtest(ana)["result"]["evidence"]["name"]
        assert (found["asked"], found["texts"], found["missing"], found["threshold_for_target"]) == (60, 20, 0, None)
        assert (found["new_merchants"]["asked"], found["new_merchants"]["missing"]) == (20, 39)
        detail = (
            "No kind of evidence has enough confirmed rows for 0.95. "
            "name: 39 more confirmed rows of new merchants are missing."
        )
        assert ana.post(ADOPT, {}).json()["detail"] == detail

    def test_a_refusal_says_what_each_kind_of_evidence_lacks(self, ana, outspoken):
        record(ana, [*confirmed("name", 93, 58), *confirmed("learned", 60, 20, first=60, wrong=10),
                     *confirmed("repeat", 97, 43, first=80)])  # fmt: skip
        backtest(ana)
        problem = ana.post(ADOPT, {})
        assert_problem(problem, 409, (None, "cannot_tell"))
        assert problem.json()["detail"] == (
            "No kind of evidence has enough confirmed rows for 0.95. "
            "repeat: 16 more confirmed rows with other texts are missing. "
            "name: 1 more confirmed row of new merchants is missing. "
            "learned: It would not reach 0.95."
        )

    def test_an_unsure_answer_below_a_bad_one_is_not_adopted(self, ana, outspoken):
        """70 sure names are right, 20 less sure ones are wrong, and 80 still less sure ones are right by luck."""
        record(ana, [*confirmed("name", 95, 70), *confirmed("name", 80, 20, first=70, wrong=20),
                     *confirmed("name", 70, 80, first=90)])  # fmt: skip
        backtest(ana)
        adopt(ana)
        assert own(ana) == ({}, {"name": 0.9})

    def test_before_a_backtest_nothing_is_adopted(self, ana, outspoken):
        assert_problem(ana.post(ADOPT, {}), 409, (None, "no_backtest"))
        assert_problem(ana.get(ADOPT), 409, (None, "no_backtest"))

    def test_a_backtest_of_an_earlier_release_is_not_adopted(self, ana, outspoken):
        record(ana, confirmed("name", 93, 60))
        backtest(ana)
        stored = BacktestResult.objects.get()
        BacktestResult.objects.update(body={k: v for k, v in stored.body.items() if k != "evidence"}, outcomes=[])
        problem = ana.post(ADOPT, {})
        assert_problem(problem, 409, (None, "too_old"))
        assert problem.json()["detail"] == (
            "This backtest is of an earlier release, and knows no kinds of evidence: order another."
        )
        assert ana.get(THRESHOLDS).json()["measured"] is None
        assert ana.get(BACKTEST).json()["result"]["evidence"] is None


@pytest.fixture
def told(ana, outspoken):
    """Names hold 0.95 from 0.8 on, sounds from 0.97. Open rows wait at 0.84 and 0.79; a sound is taken at 0.92."""
    record(ana, [
        *confirmed("name", 80, 62), *confirmed("name", 60, 10, first=62, wrong=8),
        *confirmed("learned", 97, 60, first=72), *confirmed("learned", 92, 10, first=132, wrong=9),
    ])  # fmt: skip
    open_rows = record(ana, [
        *says("name", 84, 2, first=144, date="2026-10-02"), *says("name", 79, 1, first=146, date="2026-10-03"),
        *says("learned", 92, 1, first=147, date="2026-10-04"), *says("keyword", 84, 1, first=148, date="2026-10-05"),
    ])  # fmt: skip
    run = backtest(ana)
    assert status_of(ana, open_rows) == [SUGGESTED, SUGGESTED, SUGGESTED, AUTOMATIC, SUGGESTED]
    return run, open_rows


ADOPTED = [AUTOMATIC, AUTOMATIC, SUGGESTED, SUGGESTED, SUGGESTED]


def listed(row, evidence, percent):
    return {
        "transaction": row["id"], "date": row["date"], "description": row["description"], "amount": "5.00",
        "currency": "EUR", "category_name": "Dining", "source": "merchants", "evidence": evidence,
        "confidence": percent / 100,
    }  # fmt: skip


class TestRun:
    def test_a_preview_says_what_would_change(self, ana, told):
        run, rows = told
        assert ana.get(ADOPT).json() == {
            "backtest": run["id"],
            "target_precision": 0.95,
            "evidence": [
                {"evidence": "name", "before": None, "after": 0.8, "reason": None},
                {"evidence": "learned", "before": None, "after": 0.97, "reason": None},
            ],
            "links": [],
            "would_be_automatic": 2,
            "would_be_suggested": 1,
            "automatic": [listed(rows[1], "name", 84), listed(rows[0], "name", 84)],
            "suggested": [listed(rows[3], "learned", 92)],
        }
        assert own(ana) == ({}, {})
        assert ana.get(ADOPT, {"backtest": run["id"]}).json() == ana.get(ADOPT).json()

    def test_the_run_does_what_the_preview_said(self, ana, told):
        run, rows = told
        preview = ana.get(ADOPT).json()
        adopted = adopt(ana)
        assert {name: adopted[name] for name in ("kind", "status", "progress", "counts", "error", "about")} == {
            "kind": "thresholds",
            "status": "succeeded",
            "progress": {"done": 3, "total": 3},
            "counts": {"automatic": 2, "suggested": 1, "left_alone": 0},
            "error": None,
            "about": {
                "backtest": run["id"],
                "target_precision": 0.95,
                "evidence": {"name": {"before": None, "after": 0.8}, "learned": {"before": None, "after": 0.97}},
                "links": {},
            },
        }
        assert own(ana) == ({}, {"name": 0.8, "learned": 0.97})
        assert status_of(ana, rows) == ADOPTED
        changed = {one["transaction"] for one in ana.get(f"runs/{adopted['id']}/changes/").json()["results"]}
        assert changed == {one["transaction"] for one in [*preview["automatic"], *preview["suggested"]]}
        [newest, *_] = ana.get(f"transactions/{rows[0]['id']}/history/").json()["results"]
        assert (newest["run"], newest["source"]) == (adopted["id"], "thresholds")

    def test_the_next_rows_are_judged_by_the_adopted_thresholds(self, ana, told):
        adopt(ana)
        rows = record(ana, [*says("name", 80, 1, first=150), *says("name", 79, 1, first=151),
                            *says("learned", 96, 1, first=152), *says("learned", 97, 1, first=153)])  # fmt: skip
        assert status_of(ana, rows) == [AUTOMATIC, SUGGESTED, SUGGESTED, AUTOMATIC]

    def test_adopting_twice_changes_nothing_more(self, ana, told):
        _, rows = told
        adopt(ana)
        version = ana.get("changes/").json()["version"]
        again = adopt(ana)
        assert (again["status"], again["progress"]) == ("succeeded", {"done": 0, "total": 0})
        assert ana.get(f"runs/{again['id']}/changes/").json()["count"] == 0
        assert ana.get("changes/").json()["version"] == version
        assert (own(ana), status_of(ana, rows)) == (({}, {"name": 0.8, "learned": 0.97}), ADOPTED)

    def test_a_revert_gives_thresholds_and_rows_back(self, ana, told):
        _, rows = told
        ana.patch(THRESHOLDS, {"evidence": {"learned": 0.5, "keyword": 0.99}})
        kinds = [ana.get(f"transactions/{row['id']}/").json()["kind"] for row in rows]
        adopted = adopt(ana)
        later = record(ana, says("name", 84, 1, first=150))
        reverted = ana.post(f"runs/{adopted['id']}/revert/").json()
        assert (reverted["status"], reverted["kept"]) == ("reverted", [])
        assert own(ana) == ({}, {"learned": 0.5, "keyword": 0.99})
        assert status_of(ana, [*rows, *later]) == [SUGGESTED, SUGGESTED, SUGGESTED, AUTOMATIC, SUGGESTED, AUTOMATIC]
        assert [ana.get(f"transactions/{row['id']}/").json()["kind"] for row in rows] == kinds

    def test_a_revert_leaves_what_a_person_decided_since(self, ana, told):
        _, rows = told
        adopted = adopt(ana)
        ana.post(f"transactions/{rows[0]['id']}/confirm/")
        ana.patch(f"transactions/{rows[1]['id']}/", {"category": "Travel"})
        ana.patch(THRESHOLDS, {"evidence": {"name": 0.7}})
        reverted = ana.post(f"runs/{adopted['id']}/revert/").json()
        assert {kept["transaction"] for kept in reverted["kept"]} == {rows[0]["id"], rows[1]["id"]}
        assert own(ana) == ({}, {"name": 0.7})
        assert status_of(ana, rows[:2]) == [("confirmed", "Dining"), ("confirmed", "Travel")]

    def test_rows_decided_after_the_order_are_left_alone(self, ana, told, monkeypatch):
        _, rows = told
        monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
        adopted = adopt(ana)
        assert (adopted["status"], own(ana)) == ("pending", ({}, {}))
        ana.patch(f"transactions/{rows[1]['id']}/", {"category": "Travel"})
        work_on(adopted["id"])
        ended = ana.get(f"runs/{adopted['id']}/").json()
        assert ended["counts"] == {"automatic": 1, "suggested": 1, "left_alone": 1}
        assert ana.get(f"runs/{adopted['id']}/errors/").json()["results"] == [
            {
                "transaction": rows[1]["id"],
                "code": "decided",
                "detail": "Its category was chosen or confirmed, or it was split or paired, after the order.",
            }
        ]
        assert status_of(ana, rows[:2]) == [AUTOMATIC, ("confirmed", "Travel")]

    @pytest.mark.parametrize("n_chunks", [0, 1, 2])
    def test_one_that_is_killed_half_way_goes_on(self, ana, told, monkeypatch, n_chunks):
        _, rows = told
        monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
        monkeypatch.setattr(bulk_runs, "CHUNK", 1)
        number = adopt(ana)["id"]
        done: list[Any] = []

        def die(rows_, **kwargs):
            if len(done) == n_chunks:
                raise KeyboardInterrupt
            done.append(rows_)
            return editing(rows_, **kwargs)

        with monkeypatch.context() as killing:
            killing.setattr(adoption, "editing", die)
            with pytest.raises(KeyboardInterrupt):
                perform_run(run_id=number)
        assert Run.objects.get(pk=number).done == n_chunks
        assert ana.get(f"runs/{number}/").json()["status"] == "pending"
        queued.committed(resume_runs)
        work_on(number)
        ended = ana.get(f"runs/{number}/").json()
        assert (ended["status"], ended["progress"]) == ("succeeded", {"done": 3, "total": 3})
        assert ended["counts"] == {"automatic": 2, "suggested": 1, "left_alone": 0}
        assert (own(ana), status_of(ana, rows)) == (({}, {"name": 0.8, "learned": 0.97}), ADOPTED)

    def test_one_that_is_canceled_before_it_began_changes_nothing(self, ana, told, monkeypatch):
        _, rows = told
        monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
        number = adopt(ana)["id"]
        assert ana.post(f"runs/{number}/cancel/").json()["status"] == "canceled"
        work_on(number)
        assert own(ana) == ({}, {})
        assert ana.post(f"runs/{number}/revert/").json()["status"] == "reverted"
        assert own(ana) == ({}, {})
        assert status_of(ana, rows) == [SUGGESTED, SUGGESTED, SUGGESTED, AUTOMATIC, SUGGESTED]

    def test_a_hidden_category_is_not_taken(self, ana, told):
        dining = next(c for c in ana.get("categories/").json()["results"] if c["name"] == "Dining")
        ana.patch(f"categories/{dining['id']}/", {"is_hidden": True})
        adopted = adopt(ana)
        assert adopted["counts"] == {"automatic": 0, "suggested": 1, "left_alone": 2}
        [first, _] = ana.get(f"runs/{adopted['id']}/errors/").json()["results"]
        detail = "Its suggested category is hidden, or does not fit it any more."
        assert (first["code"], first["detail"]) == ("not_offered", detail)

    def test_thresholds_below_the_settings_go_back_where_nothing_tells_them(self, ana, outspoken):
        """An earlier release adopted 0.375 for all links, and somebody set 0.2 for keywords."""
        ana.patch(THRESHOLDS, {"thresholds": {"merchants": 0.375}, "evidence": {"keyword": 0.2}})
        record(ana, [*confirmed("name", 93, 60), *confirmed("keyword", 30, 20, first=60, wrong=15)])
        low = record(ana, [*says("keyword", 50, 1, first=80), *says("leading_words", 50, 1, first=81)])
        assert status_of(ana, low) == [AUTOMATIC, AUTOMATIC]
        backtest(ana)
        preview = ana.get(ADOPT).json()
        assert (preview["evidence"], preview["links"], preview["would_be_suggested"]) == (
            [
                {"evidence": "keyword", "before": 0.2, "after": None, "reason": "It would not reach 0.95."},
                {"evidence": "name", "before": None, "after": 0.9, "reason": None},
            ],
            [{"link": "merchants", "before": 0.375, "after": None}],
            2,
        )
        adopted = adopt(ana)
        assert adopted["counts"] == {"automatic": 0, "suggested": 2, "left_alone": 0}
        assert (own(ana), status_of(ana, low)) == (({}, {"name": 0.9}), [SUGGESTED, SUGGESTED])
        ana.post(f"runs/{adopted['id']}/revert/")
        assert own(ana) == ({"merchants": 0.375}, {"keyword": 0.2})
        assert status_of(ana, low) == [AUTOMATIC, AUTOMATIC]

    def test_a_hand_set_threshold_that_is_higher_stays(self, ana, told):
        ana.patch(THRESHOLDS, {"thresholds": {"merchants": 0.99}, "evidence": {"keyword": 0.99}})
        adopt(ana)
        assert own(ana) == ({"merchants": 0.99}, {"keyword": 0.99, "name": 0.8, "learned": 0.97})


class TestShortfall:
    """Names are taken at 0.93, and 23 of 28 were right: their upper bound, 0.9269, is below 0.95."""

    @pytest.fixture
    def failing(self, ana, outspoken):
        record(ana, [*confirmed("name", 93, 28, wrong=5), *confirmed("sound", 50, 30, first=30)])
        rows = record(ana, [*says("name", 93, 2, first=100), *says("learned", 93, 1, first=102)])
        assert status_of(ana, rows) == [AUTOMATIC, AUTOMATIC, AUTOMATIC]
        assert backtest(ana)["result"]["evidence"]["name"]["shortfall"] == {"answered": 28, "right": 23}
        return rows

    def test_evidence_that_misses_the_target_only_suggests(self, ana, failing):
        preview = ana.get(ADOPT).json()
        assert (preview["evidence"], preview["would_be_automatic"], preview["would_be_suggested"]) == (
            [
                {
                    "evidence": "name",
                    "before": None,
                    "after": 1.0,
                    "reason": "`name` was right in 23 of 28; it is only suggested from now on.",
                },
                {
                    "evidence": "sound",
                    "before": None,
                    "after": None,
                    "reason": "29 more confirmed rows of new merchants are missing.",
                },
            ],
            0,
            2,
        )
        adopted = adopt(ana)
        assert (adopted["status"], adopted["counts"]) == (
            "succeeded", {"automatic": 0, "suggested": 2, "left_alone": 0},
        )  # fmt: skip
        assert (own(ana), status_of(ana, failing)) == (({}, {"name": 1.0}), [SUGGESTED, SUGGESTED, AUTOMATIC])
        assert status_of(ana, record(ana, says("name", 99, 1, first=103))) == [SUGGESTED]
        ana.post(f"runs/{adopted['id']}/revert/")
        assert (own(ana), status_of(ana, failing)) == (({}, {}), [AUTOMATIC, AUTOMATIC, AUTOMATIC])

    def test_a_later_backtest_gives_a_threshold_again(self, ana, failing):
        adopt(ana)
        record(ana, confirmed("name", 97, 70, first=110))
        backtest(ana)
        adopt(ana)
        assert own(ana) == ({}, {"name": 0.97})

    @pytest.mark.parametrize(("n", "wrong"), [(28, 3), (9, 1), (1, 0)])
    def test_evidence_of_which_nothing_can_be_told_stays(self, ana, outspoken, n, wrong):
        record(ana, [*confirmed("name", 93, n, wrong=wrong), *confirmed("learned", 95, 60, first=50)])
        rows = record(ana, says("name", 93, 1, first=130))
        assert backtest(ana)["result"]["evidence"]["name"]["shortfall"] is None
        adopt(ana)
        assert (own(ana), status_of(ana, rows)) == (({}, {"learned": 0.9}), [AUTOMATIC])


class TestMeaning:
    def test_thresholds_say_how_often_what_they_take_was_right(self, ana, told):
        run, _ = told
        at = run["result"]["measured_at"]
        assert ana.get(THRESHOLDS).json()["measured"] == {
            "backtest": run["id"],
            "measured_at": at,
            "links": {"merchants": {"answered": 70, "precision": 0.8714}},
            "evidence": {
                "name": {"answered": 0, "precision": None}, "learned": {"answered": 70, "precision": 0.8714},
            },
        }  # fmt: skip
        answer = ana.patch(THRESHOLDS, {"thresholds": {"merchants": 0.5}, "evidence": {"learned": 0.95}}).json()
        assert answer["measured"] == {
            "backtest": run["id"],
            "measured_at": at,
            "links": {"merchants": {"answered": 132, "precision": 0.9394}},
            "evidence": {
                "name": {"answered": 72, "precision": 0.8889}, "learned": {"answered": 60, "precision": 1.0},
            },
        }  # fmt: skip

    def test_a_stranger_has_no_measures(self, ben, told):
        assert ben.get(THRESHOLDS).json()["measured"] is None


class TestOthers:
    def test_a_stranger_finds_nothing(self, ana, ben, told):
        run, _ = told
        adopted = adopt(ana)
        assert_problem(ben.post(ADOPT, {"backtest": run["id"]}), 400, ("backtest", "does_not_exist"))
        assert_problem(ben.get(ADOPT, {"backtest": run["id"]}), 400, ("backtest", "does_not_exist"))
        assert ben.get(f"runs/{adopted['id']}/").status_code == 404
        assert own(ben) == ({}, {})

    def test_who_may_only_look_previews_and_adopts_nothing(self, ana, told, join_ledger_of):
        eva = join_ledger_of(ana, "eva", "viewer")
        assert eva.get(ADOPT).json() == ana.get(ADOPT).json()
        assert eva.post(ADOPT, {}).status_code == 403
        assert own(ana) == ({}, {})

    @pytest.mark.parametrize(
        ("number", "code"),
        [(0, "min_value"), (-1, "min_value"), (2**63, "max_value"), ("x", "invalid"), (10**6, "does_not_exist")],
    )
    def test_a_backtest_that_is_not_there_is_refused_by_its_name(self, ana, outspoken, number, code):
        assert_problem(ana.get(ADOPT, {"backtest": number}), 400, ("backtest", code))
        assert_problem(ana.post(ADOPT, {"backtest": number}), 400, ("backtest", code))
        assert not TrackRecord.objects.exists()
        assert not Transaction.objects.exists()
        assert not Run.objects.filter(status=RunStatus.SUCCEEDED).exists()

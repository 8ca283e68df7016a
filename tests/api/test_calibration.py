"""How far each link can be believed, as measured on a person's own confirmed transactions."""

import pytest
from django.db.models import F

from expenses.categorization.catalog import Catalog
from expenses.categorization.comparison import sign_test
from expenses.categorization.replay import replay
from expenses.categorization.training_rows import read_confirmed
from expenses.models import Classifier, Decision, Ledger, TrackRecord, Transaction
from expenses.services.learning import learn
from providers.calibration import JudgedAnswer, fit_correction
from providers.loading import configured_chain
from tests.api.generated_ledger import generated_rows, record

ADDRESS = "categorization/calibration/"
NOTHING = {
    "measured_at": None,
    "ledger_version": None,
    "n_confirmed": 0,
    "n_since": 0,
    "is_stale": False,
    "together": None,
    "classifier": None,
}


@pytest.fixture
def chain(use_chain):
    use_chain(
        {"BACKEND": "rules.provider.RulesProvider"},
        {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95},
        {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.85},
    )


def learn_all(api):
    learn(ledger_id=Ledger.objects.get(founder=api.user).pk, is_forced=True)


def calibration(api):
    answer = api.get(ADDRESS)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_nothing_is_said_before_anything_is_measured(ana, chain):
    assert calibration(ana) == NOTHING | {"links": {"rule": None, "history": None, "learned": None}}


def as_of(api):
    body = calibration(api)
    return {name: body[name] for name in ("ledger_version", "n_confirmed", "n_since", "is_stale")}


def test_a_measurement_says_as_of_when_it_is_and_what_was_confirmed_since(ana, chain):
    rows = generated_rows(40)
    record(ana, rows[:38])
    unmeasured = {"ledger_version": None, "n_confirmed": 0, "n_since": 38, "is_stale": True}
    assert as_of(ana) == unmeasured
    version = ana.get("changes/").json()["version"]
    learn_all(ana)
    measured = {"ledger_version": version, "n_confirmed": 38, "n_since": 0, "is_stale": False}
    assert as_of(ana) == measured
    ana.post("expenses/", {"amount": "1", "description": "Not confirmed"})
    assert as_of(ana) == measured
    confirmed = record(ana, rows[38:])
    assert as_of(ana) == measured | {"n_since": 2, "is_stale": True}
    for row in confirmed:
        ana.delete(f"transactions/{row['id']}/")
    assert as_of(ana) == measured
    earlier = ana.get("transactions/", {"status": "confirmed"}).json()["results"][0]
    ana.delete(f"transactions/{earlier['id']}/")
    assert as_of(ana) == measured | {"is_stale": True}


def test_a_measurement_of_an_earlier_release_does_not_know_what_was_confirmed_since(ana, chain):
    rows = generated_rows(39)
    record(ana, rows[:38])
    learn_all(ana)
    TrackRecord.objects.update(measured_version=None)
    unversioned = {"ledger_version": None, "n_confirmed": 38, "n_since": None, "is_stale": False}
    assert as_of(ana) == unversioned
    record(ana, rows[38:])
    assert as_of(ana) == unversioned | {"is_stale": True}


def test_every_link_is_measured_on_what_was_confirmed(ana, chain):
    record(ana, generated_rows(120))
    learn_all(ana)
    body = calibration(ana)
    assert (body["n_confirmed"], list(body["links"])) == (120, ["rule", "history", "learned"])
    assert body["measured_at"] is not None
    assert body["links"]["rule"] is None
    history = body["links"]["history"]
    assert set(history) == {"n", "accuracy", "ece", "brier", "bins", "correction"}
    assert set(history["bins"][0]) == {"from", "to", "n", "mean_confidence", "accuracy"}
    assert set(history["correction"]) == {"intercept", "slope", "raises"}
    assert sum(one["n"] for one in history["bins"]) == history["n"] >= 30
    apart = sum(one["n"] * abs(one["mean_confidence"] - one["accuracy"]) for one in history["bins"])
    assert history["ece"] == pytest.approx(apart / history["n"], abs=0.001)
    assert all(one["from"] <= one["mean_confidence"] <= one["to"] for one in history["bins"])
    assert history["accuracy"] > 0.95


def test_the_answers_that_links_gave_together_are_measured_too(ana, chain):
    record(ana, generated_rows(120, noise=0.2))
    learn_all(ana)
    body, catalog = calibration(ana), Catalog.load(Ledger.objects.get(founder=ana.user).pk)
    kept = TrackRecord.objects.get().corrections["together"]
    played = replay(configured_chain(), read_confirmed(catalog=catalog))
    best = [(one, one.verdict.pooled) for one in played]
    # An answer to the very same text is the owner's own, not one of links together.
    pooled = [one for one, attempt in best if attempt and attempt.suggestion and "pooled" in attempt.suggestion.details]
    assert list(body["links"]) == ["rule", "history", "learned"]
    assert set(body["together"]) == set(body["links"]["history"])
    assert body["together"]["n"] == len(pooled) >= 30
    assert body["together"]["accuracy"] == round(sum(one.is_right for one in pooled) / len(pooled), 4)
    assert body["together"]["correction"] == {
        "intercept": round(kept[0], 4), "slope": round(kept[1], 4), "raises": kept[2],
    }  # fmt: skip


def test_fewer_than_30_answers_together_are_not_judged(ana, chain):
    record(ana, [{"direction": "out", "amount": "5", "description": "Quillwick", "category": "Dining"}] * 40)
    learn_all(ana)
    body = calibration(ana)
    assert (body["links"]["history"]["n"], body["together"]) == (39, None)


def test_the_classifier_is_shown_with_what_it_is_good_for(ana, chain):
    record(ana, generated_rows(120))
    learn_all(ana)
    kept = Classifier.objects.get()
    assert calibration(ana)["classifier"] == {
        "version": "2",
        "digest": kept.digest,
        "n_confirmed": 120,
        "trained_at": kept.trained_at.isoformat().replace("+00:00", "Z"),
        "in_use": True,
        "right_with": kept.n_right,
        "right_without": kept.n_right_without,
        "compared": 120,
        "only_right_with": kept.n_gained,
        "only_right_without": kept.n_lost,
        "p_value": round(sign_test(kept.n_gained or 0, kept.n_lost or 0), 4),
        "verdict": "helps",
    }
    assert (kept.n_right or 0) > (kept.n_right_without or 0) > 0
    assert (kept.n_gained or 0) - (kept.n_lost or 0) == (kept.n_right or 0) - (kept.n_right_without or 0)
    Classifier.objects.update(n_right=F("n_right_without") - 1, is_of_use=False)
    assert calibration(ana)["classifier"]["in_use"] is False


def test_a_classifier_that_changes_no_answer_does_no_harm_and_is_in_use(ana, chain):
    bills = [f"{name} rent" for name in ("Quill", "Brindle", "Thorn", "Marsh", "Otter")]
    kinds = ["Housing", "Insurance", "Kids", "Housing", "Insurance"]
    days = [f"2026-0{month}-{day:02}" for month in range(1, 6) for day in range(1, 26)]
    fixed = {"direction": "out", "amount": "5"}
    record(ana, [fixed | {"description": bills[i % 5], "category": kinds[i % 5], "date": day}
                 for i, day in enumerate(days)])  # fmt: skip
    learn_all(ana)
    found = calibration(ana)["classifier"]
    assert found["right_with"] == found["right_without"] > 100
    assert {name: found[name] for name in ("in_use", "verdict", "p_value")} == {
        "in_use": True, "verdict": "too_early", "p_value": 1.0,
    }  # fmt: skip


def test_a_classifier_that_harms_is_not_in_use(ana, chain):
    record(ana, generated_rows(120))
    learn_all(ana)
    Classifier.objects.update(n_gained=2, n_lost=12, is_of_use=False)
    found = calibration(ana)["classifier"]
    assert {name: found[name] for name in ("in_use", "verdict", "p_value")} == {
        "in_use": False, "verdict": "no_help", "p_value": 0.9991,
    }  # fmt: skip
    asked = ana.post("categorization/suggest/", {"description": "Willowmere pantry", "amount": "5.00"}).json()
    [learned] = [one for one in asked["attempts"] if one["provider"] == "learned"]
    assert (learned["outcome"], learned["explanation"]) == (
        "declined", "It has not learned from enough confirmed transactions yet, or was of no use.",
    )  # fmt: skip


def test_an_older_comparison_has_no_verdict(ana, chain):
    record(ana, generated_rows(60))
    learn_all(ana)
    Classifier.objects.update(n_gained=None, n_lost=None)
    found = calibration(ana)["classifier"]
    assert [found[name] for name in ("only_right_with", "only_right_without", "p_value", "verdict")] == [None] * 4


def test_a_link_with_few_answers_is_not_judged(ana, chain):
    record(ana, generated_rows(29))
    learn_all(ana)
    body = calibration(ana)
    assert (body["n_confirmed"], body["links"]) == (29, {"rule": None, "history": None, "learned": None})


def test_a_stranger_sees_their_own(ana, ben, chain):
    record(ana, generated_rows(60))
    learn_all(ana)
    assert calibration(ben) == NOTHING | {"links": {"rule": None, "history": None, "learned": None}}


def test_whoever_may_only_look_sees_it_too(ana, chain, join_ledger_of):
    record(ana, generated_rows(60))
    learn_all(ana)
    assert calibration(join_ledger_of(ana, "eva", "viewer")) == calibration(ana)


def test_a_token_is_needed(anyone):
    assert anyone.get(ADDRESS).status_code == 401


# What a model answers cannot be played again: it counts as it was recorded.


@pytest.fixture
def asked(ana, model, run_tasks):
    """Have the model answer so many texts, and say whether it is right about each."""

    def ask(name, n, *, right):
        model.update({name: ("dining", 0.9)})
        rows = [{"direction": "out", "amount": "5", "description": f"{name} {'x' * i}"} for i in range(1, n + 1)]
        ids = [row["id"] for row in record(ana, rows)]
        run_tasks()
        for number in ids[:right]:
            assert ana.post(f"transactions/{number}/confirm/").status_code == 200
        for number in ids[right:]:
            assert ana.patch(f"transactions/{number}/", {"category": "Shopping"}).status_code == 200
        return ids

    return ask


def all_outcomes(ids, *, right):
    return [JudgedAnswer(0.9, i < right) for i in range(len(ids))]


def test_what_the_model_said_is_held_against_what_is_confirmed_now(ana, asked, run_tasks):
    ids = asked("Wobbly", 40, right=28)
    learn_all(ana)
    found = calibration(ana)["links"]["model"]
    correction = fit_correction(all_outcomes(ids, right=28))
    assert (found["n"], found["accuracy"]) == (40, 0.7)
    shown = {"intercept": round(correction.intercept, 4), "slope": round(correction.slope, 4), "raises": False}
    assert found["correction"] == shown
    assert found["ece"] < 0.15  # corrected; the claims themselves were 0.2 apart
    run_tasks()


def test_the_next_answer_of_the_model_is_weighed_and_still_judged_by_what_it_claimed(ana, asked, model, run_tasks):
    ids = asked("Wobbly", 40, right=20)
    learn_all(ana)
    [later] = asked("Rickety", 1, right=1)
    said = Transaction.objects.get(pk=later).decision.attempts[-1]
    assert (said["provider"], said["details"]["claimed"], said["details"]["alone"]) == ("model", 0.9, 0.9)
    assert said["confidence"] == 0.1169  # it always says the same, so it tells nothing
    learn_all(ana)
    wanted = fit_correction([*all_outcomes(ids, right=20), JudgedAnswer(0.9, is_right=True)])
    assert TrackRecord.objects.get().corrections["model"] == pytest.approx(list(wanted))


def test_an_answer_that_was_confirmed_stays_right_when_its_category_is_renamed(ana, asked):
    asked("Wobbly", 40, right=30)
    for decision in Decision.objects.all():
        decision.attempts = [said | {"category_name": "As it was called"} for said in decision.attempts]
        decision.save()
    learn_all(ana)
    assert calibration(ana)["links"]["model"]["accuracy"] == 0.75

"""From which confidence on answers of a link, or of a kind of evidence, are taken is a ledger's own choice."""

import pytest

from expenses.models import TrackRecord
from tests.api.bodies import assert_problem

ADDRESS = "categorization/thresholds/"
CAFE = {"description": "Cafe Luna", "amount": "5", "direction": "out"}


@pytest.fixture(autouse=True)
def _chain(model):
    """Rules, history from 0.85, a model from 0.8."""


EVIDENCE = ("repeat", "leading_words", "keyword", "name", "learned", "sound", "model", "other")


def shown(history, model, *, own=(), **evidence):
    return {
        "results": [
            {"link": "history", "threshold": history, "default": 0.85, "is_own": "history" in own},
            {"link": "model", "threshold": model, "default": 0.8, "is_own": "model" in own},
        ],
        "evidence": [
            {"evidence": name, "threshold": evidence.get(name), "is_own": name in evidence} for name in EVIDENCE
        ],
        "measured": None,
    }


def put(api, **thresholds):
    answer = api.patch(ADDRESS, {"thresholds": thresholds})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_the_settings_hold_until_somebody_chooses_others(ana):
    assert ana.get(ADDRESS).json() == shown(0.85, 0.8)
    assert put(ana, history=0.99) == shown(0.99, 0.8, own=["history"])
    assert put(ana, model=1) == shown(0.99, 1.0, own=["history", "model"])
    assert ana.get(ADDRESS).json() == shown(0.99, 1.0, own=["history", "model"])
    assert put(ana, history=None) == shown(0.85, 1.0, own=["model"])
    assert put(ana) == shown(0.85, 1.0, own=["model"])


def test_the_chain_keeps_to_them_at_once(ana):
    ana.post("expenses/", {"description": "Cafe Luna", "amount": "5", "category": "Dining"})
    assert ana.post("categorization/suggest/", CAFE).json()["status"] == "automatic"
    put(ana, history=0.999)
    assert ana.post("categorization/suggest/", CAFE).json()["status"] != "automatic"
    assert ana.post("transactions/", CAFE).json()["category"] is None
    put(ana, history=None)
    assert ana.post("transactions/", CAFE).json()["category_name"] == "Dining"


def test_the_chain_shows_them_beside_the_settings(ana, ben):
    put(ana, history=0.5)

    def thresholds(api):
        links = api.get("categorization/chain/").json()["links"]
        return [(link["name"], link["min_confidence"], link["threshold"]) for link in links]

    assert thresholds(ana) == [("rule", 0.0, 0.0), ("history", 0.85, 0.5), ("model", 0.8, 0.8)]
    assert thresholds(ben) == [("rule", 0.0, 0.0), ("history", 0.85, 0.85), ("model", 0.8, 0.8)]


def test_a_stranger_sees_and_writes_their_own(ana, ben):
    put(ana, history=0.5)
    assert ben.get(ADDRESS).json() == shown(0.85, 0.8)
    assert put(ben, model=0.1) == shown(0.85, 0.1, own=["model"])
    assert ana.get(ADDRESS).json() == shown(0.5, 0.8, own=["history"])


@pytest.mark.parametrize(
    ("thresholds", "attr", "code"),
    [
        ({"history": 1.01}, "thresholds.history", "max_value"),
        ({"history": -0.01}, "thresholds.history", "min_value"),
        ({"history": "nan"}, "thresholds.history", "invalid"),
        ({"history": "inf"}, "thresholds.history", "invalid"),
        ({"history": True}, "thresholds.history", "invalid"),
        ({"history": "much"}, "thresholds.history", "invalid"),
        ({"history": [0.5]}, "thresholds.history", "invalid"),
        ({"rule": 0.5}, "thresholds.rule", "unknown"),
        ({"merchants": 0.5}, "thresholds.merchants", "unknown"),
        ([0.5], "thresholds", "not_a_dict"),
        (None, "thresholds", "null"),
    ],
)
def test_what_is_no_threshold_is_refused_by_its_name(ana, thresholds, attr, code):
    assert_problem(ana.patch(ADDRESS, {"thresholds": thresholds}), 400, (attr, code))
    assert not TrackRecord.objects.exclude(thresholds={}).exists()


def test_a_kind_of_evidence_has_a_threshold_that_comes_before_that_of_the_link(ana):
    ana.post("expenses/", {"description": "Cafe Luna", "amount": "5", "category": "Dining"})
    put(ana, history=0.999)
    assert ana.post("categorization/suggest/", CAFE).json()["status"] != "automatic"
    body = ana.patch(ADDRESS, {"evidence": {"repeat": 0.5}}).json()
    assert body == ana.get(ADDRESS).json() == shown(0.999, 0.8, own=["history"], repeat=0.5)
    assert ana.post("categorization/suggest/", CAFE).json()["status"] == "automatic"
    body = ana.patch(ADDRESS, {"thresholds": {"history": None}, "evidence": {"repeat": 1, "name": 0.7}}).json()
    assert body == shown(0.85, 0.8, repeat=1.0, name=0.7)
    assert ana.post("categorization/suggest/", CAFE).json()["status"] != "automatic"
    assert ana.patch(ADDRESS, {"evidence": {"repeat": None, "name": None}}).json() == shown(0.85, 0.8)
    assert ana.post("categorization/suggest/", CAFE).json()["status"] == "automatic"


@pytest.mark.parametrize(
    ("evidence", "attr", "code"),
    [
        ({"repeat": 1.01}, "evidence.repeat", "max_value"),
        ({"repeat": "much"}, "evidence.repeat", "invalid"),
        ({"rule": 0.5}, "evidence.rule", "unknown"),
        ({"history": 0.5}, "evidence.history", "unknown"),
        ([0.5], "evidence", "not_a_dict"),
    ],
)
def test_what_is_no_threshold_of_evidence_is_refused_by_its_name(ana, evidence, attr, code):
    assert_problem(ana.patch(ADDRESS, {"evidence": evidence}), 400, (attr, code))
    assert not TrackRecord.objects.exclude(evidence_thresholds={}).exists()


def test_unknown_and_missing_fields_are_refused(ana):
    problem = ana.patch(ADDRESS, {})
    assert_problem(problem, 400, ("thresholds", "required"))
    assert problem.json()["errors"][0]["detail"] == "Give `thresholds` of links, or of `evidence`."
    assert_problem(ana.patch(ADDRESS, {"thresholds": {}, "links": 1}), 400, ("links", "unknown"))
    assert ana.patch(ADDRESS, {"thresholds": {}}).json() == shown(0.85, 0.8)


def test_whoever_may_only_look_changes_none(ana, join_ledger_of):
    put(ana)
    eva = join_ledger_of(ana, "eva", "viewer")
    assert eva.get(ADDRESS).status_code == 200
    assert eva.patch(ADDRESS, {"thresholds": {"history": 0.5}}).status_code == 403
    assert eva.post(f"{ADDRESS}adopt/", {}).status_code == 403
    assert ana.get(ADDRESS).json() == shown(0.85, 0.8)


def test_learning_leaves_them_alone(ana, run_tasks):
    put(ana, history=0.5)
    row = ana.post("expenses/", {"description": "Cafe Luna", "amount": "5"}).json()["id"]
    ana.patch(f"expenses/{row}/", {"category": "Dining"})
    run_tasks()
    assert TrackRecord.objects.get().learned_from
    assert ana.get(ADDRESS).json() == shown(0.5, 0.8, own=["history"])


def test_a_token_is_needed(anyone):
    assert anyone.get(ADDRESS).status_code == 401
    assert anyone.patch(ADDRESS, {"thresholds": {}}).status_code == 401

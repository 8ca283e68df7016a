"""The links of the chain as the API shows them."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache

from providers.interface import ProviderUnavailable
from tests.fakes import ScriptedProvider

CLOSED = {"state": "closed", "n_failures": 0, "last_error": None, "next_try_at": None}


@pytest.fixture
def script(use_chain, monkeypatch):
    """A chain of three links; what its model says."""
    use_chain(
        {"BACKEND": "rules.provider.RulesProvider"},
        {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85},
        {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True},
    )
    monkeypatch.setattr(ScriptedProvider, "script", {"": ProviderUnavailable("The model is away.")})
    return ScriptedProvider


def model(api) -> Any:
    return api.get("categorization/chain/").json()["links"][-1]


def fail(api, run_tasks, times: int) -> None:
    """Let the model fail in the background."""
    for number in range(times):
        api.post("categorization/suggest/", {"description": f"Unknown {'abcdef'[number]}"})
        run_tasks()


def test_the_links_are_shown_in_order_with_thresholds_and_health(ana, script):
    cache.clear()
    answer = ana.get("categorization/chain/")
    assert answer.status_code == 200
    assert answer.json() == {
        "links": [
            {
                "name": "rule",
                "version": "2",
                "backend": "rules.provider.RulesProvider",
                "min_confidence": 0.0,
                "threshold": 0.0,
                "deferred": False,
                "health": "ok",
                "breaker": CLOSED,
                "record": None,
            },
            {
                "name": "history",
                "version": "2",
                "backend": "expenses.categorization.history.HistoryProvider",
                "min_confidence": 0.85,
                "threshold": 0.85,
                "deferred": False,
                "health": "ok",
                "breaker": CLOSED,
                "record": None,
            },
            {
                "name": "model",
                "version": "scripted",
                "backend": "tests.fakes.ScriptedProvider",
                "min_confidence": 0.8,
                "threshold": 0.8,
                "deferred": True,
                "health": "ok",
                "breaker": CLOSED,
                "record": {
                    "digest": "",
                    "n": 0,
                    "right": 0,
                    "right_without": 0,
                    "only_right_with": 0,
                    "only_right_without": 0,
                    "asked_one_in": 1,
                    "sentence": "None of its answers was confirmed or corrected yet, so it counts little.",
                },
            },
        ]
    }


@pytest.fixture
def clock(monkeypatch):
    """The breaker's time in seconds, which a test may change; it begins at 12:00 on 2 November 2026."""
    now = SimpleNamespace(seconds=1_793_620_800.0)
    monkeypatch.setattr("providers.loading.time", SimpleNamespace(time=lambda: now.seconds))
    return now


@pytest.mark.parametrize(("n_failures", "state"), [(1, "closed"), (2, "closed"), (3, "open"), (5, "open")])
def test_a_failing_link_shows_why_and_when_it_is_left_alone(ana, script, run_tasks, clock, n_failures, state):
    fail(ana, run_tasks, n_failures)
    shown = {
        "state": state,
        "n_failures": min(n_failures, 3),
        "last_error": "The model is away.",
        "next_try_at": None if state == "closed" else "2026-11-02T12:01:00Z",
    }
    assert (model(ana)["health"], model(ana)["breaker"]) == ("failing", shown)


def test_a_link_that_was_left_alone_is_tried_with_one_question(ana, script, run_tasks, clock):
    fail(ana, run_tasks, 3)
    n_asked = len(script.asked)
    clock.seconds += 60
    assert model(ana)["breaker"] == {
        "state": "half_open",
        "n_failures": 3,
        "last_error": "The model is away.",
        "next_try_at": "2026-11-02T12:01:00Z",
    }
    fail(ana, run_tasks, 6)  # three texts that it has not been asked about yet
    assert len(script.asked) == n_asked + 1
    assert model(ana)["breaker"] == {
        "state": "open",
        "n_failures": 4,
        "last_error": "The model is away.",
        "next_try_at": "2026-11-02T12:03:00Z",
    }


def test_a_link_that_works_again_is_well(ana, script, run_tasks):
    fail(ana, run_tasks, 2)
    script.script = {}
    fail(ana, run_tasks, 3)
    assert (model(ana)["health"], model(ana)["breaker"]) == ("ok", CLOSED)


def test_an_empty_chain_is_shown_as_such(ana, use_chain):
    use_chain()
    assert ana.get("categorization/chain/").json() == {"links": []}


def test_a_token_is_needed(anyone):
    assert anyone.get("categorization/chain/").status_code == 401


def test_the_chain_cannot_be_written_over_http(ana):
    assert ana.post("categorization/chain/", {}).status_code == 405

"""Answers of the link to the recorded replies of a real Ollama."""

import math
from dataclasses import replace
from typing import Any

import pytest

from providers.interface import Evidence, ProviderUnavailable, Suggestion
from providers.ollama.client import ModelWithoutTools, PullProgress, ServerStatus
from providers.ollama.letters import Reply
from providers.ollama.prompt import LETTERS, PROMPT_VERSION, PromptTooLong
from tests.providers.ollama_cassettes import cassette, recorded_calls
from tests.providers.ollama_scenarios import (
    CATEGORIES,
    FEW,
    HOST,
    MANY,
    MODEL,
    SCENARIOS,
    garden_row,
    provider,
    row,
)

pytestmark = pytest.mark.usefixtures("fresh_cache")


def about(number: float) -> Any:
    return pytest.approx(number)


def replay(name):
    with cassette(name) as tape:
        outcome = SCENARIOS[name]()
        assert tape.all_played
    return outcome


def paths(name):
    with cassette(name) as tape:
        return [request.path for request in tape.requests]


def distribution(answer, categories):
    """The shares of the letters among what the server listed, worked out by hand."""
    listed = {one["token"].strip(): one["logprob"] for one in reversed(answer["logprobs"][0]["top_logprobs"])}
    least = min(*listed.values(), math.log(1 - sum(map(math.exp, listed.values()))))
    weights = {
        category.name: math.exp(listed.get(letter, least))
        for letter, category in zip(LETTERS, categories, strict=False)
    }
    total = sum(weights.values())
    return {name: about(round(weight / total, 4)) for name, weight in weights.items()}


def digest(name):
    listed = [one for _, answer in recorded_calls(name) for one in answer.get("models", ())]
    [found] = {one["digest"] for one in listed if one["name"] == MODEL}
    return found


def test_a_suggestion_holds_choice_probability_and_details():
    *_, (request, answer) = recorded_calls("good_answer")
    [said] = replay("good_answer")
    assert (len(said.support), sum(share for _, share in said.support)) == (19, about(1))
    assert said.support[:4] == ((102, said.confidence), *said.alternatives)
    shares = {share["category"]: share["probability"] for share in said.details["distribution"]}
    assert shares == distribution(answer, CATEGORIES)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert [replace(said, support=())] == [
        Suggestion(
            category=102,
            confidence=about(0.705991078),
            evidence=Evidence.MODEL,
            explanation=f"The local model {MODEL} chose Dining among 19 categories.",
            score=about(0.705991078),
            alternatives=(
                (113, about(0.066419415)),
                (103, about(0.054190098)),
                (105, about(0.036803836)),
            ),
            details={
                "model": MODEL,
                "digest": digest("good_answer"),
                "prompt_version": PROMPT_VERSION,
                "questions": [{"prompt": request["messages"], "call": "", "is_remembered": False}],
                "distribution": said.details["distribution"],
                "n_prompt_tokens": answer["prompt_eval_count"],
                "duration_ms": answer["total_duration"] // 1_000_000,
            },
        )
    ]


def test_money_that_came_in_is_asked_about_as_money_received():
    [answer] = replay("money_received")
    assert answer.category in {category.id for category in FEW}
    *_, (request, _) = recorded_calls("money_received")
    assert request["messages"][-1]["content"] == (
        "<transaction>monthly pay from the school</transaction> (money received)\nLetter:"
    )


def test_the_request_asks_for_one_token_at_temperature_zero():
    *_, (request, _) = recorded_calls("good_answer")
    assert request.pop("messages")
    assert request == {
        "model": MODEL,
        "stream": False,
        "options": {"temperature": 0, "seed": 1, "num_ctx": 4096, "repeat_penalty": 1.0, "num_predict": 1},
        "keep_alive": "10m",
        "tools": [],
        "think": False,
        "logprobs": True,
        "top_logprobs": 20,
    }


def test_an_unloaded_model_is_looked_up_on_disk():
    answers = replay("cold_start")
    assert [answer.details["digest"] for answer in answers] == [digest("cold_start")] * 2
    assert paths("cold_start") == ["/api/ps", "/api/tags", "/api/show", "/api/chat", "/api/chat"]


def test_what_was_asked_once_is_not_asked_again():
    [first], [second] = replay("asked_twice")
    [asked], [remembered] = first.details["questions"], second.details["questions"]
    assert (asked["is_remembered"], remembered["is_remembered"]) == (False, True)
    assert replace(second, details=second.details | {"questions": [asked]}) == first
    assert remembered == asked | {"is_remembered": True}
    assert paths("asked_twice") == ["/api/ps", "/api/show", "/api/chat", "/api/ps"]


def test_case_blanks_and_long_numbers_make_no_new_question(fresh_cache):
    link = provider()
    assert link.key(row("Night bus 123456", FEW)) == link.key(row("NIGHT  BUS 654321", FEW, amount=3, account=7))
    with cassette("asked_twice"):
        asked, again = link.categorize_many([row("Night bus", FEW), row("NIGHT \t BUS", FEW, account=7)])
    assert isinstance(asked, Suggestion)
    assert isinstance(again, Suggestion)
    assert replace(again, details=asked.details) == asked


def test_a_known_answer_is_recalled_without_any_call():
    _, remembered = replay("asked_twice")
    recalled = provider().recall([row("Night bus", FEW), row("Tram", FEW), row("", FEW), row("night BUS", FEW)])
    assert recalled == [remembered[0], None, None, remembered[0]]


def test_nothing_is_recalled_of_another_model():
    assert provider().recall([row("Night bus", FEW)]) == [None]
    replay("asked_twice")
    assert provider("outlay-other").recall([row("Night bus", FEW)]) == [None]


def test_nothing_is_recalled_that_was_asked_with_other_options():
    replay("asked_twice")
    assert provider(num_ctx=2048).recall([row("Night bus", FEW)]) == [None]


def test_of_many_categories_a_short_list_is_offered_in_one_call():
    [answer] = replay("many_categories")
    assert paths("many_categories") == ["/api/ps", "/api/show", "/api/chat"]
    assert answer.explanation.endswith(" among 20 categories.")
    offered = [one["category"] for one in answer.details["distribution"]]
    assert len(offered) == 20
    assert {"Entertainment garden", "Pets garden"} <= set(offered)
    assert len(answer.alternatives) == 3
    [recalled] = provider().recall([garden_row()])
    assert recalled is not None
    assert (recalled.category, recalled.confidence) == (answer.category, answer.confidence)


def test_a_hint_is_asked_with_and_makes_another_question():
    plain, hinted = replay("hints")
    assert [said["questions"][0]["is_remembered"] for said in (plain.details, hinted.details)] == [False, False]
    constant = hinted.details["questions"][0]["prompt"][0]["content"]
    assert constant.endswith("\nRules of the house:\n- Paw Palace is Travel")
    assert constant.startswith(plain.details["questions"][0]["prompt"][0]["content"])


def test_a_missing_model_is_named_with_its_pull_command():
    for name in ("model_not_pulled", "model_removed_meanwhile"):
        error = replay(name)
        assert isinstance(error, ProviderUnavailable)
        assert str(error) == "The model “outlay-missing” is not pulled; run `ollama pull outlay-missing`."


def test_a_failing_pull_gives_the_servers_words():
    steps, error = replay("failing_pull")
    assert steps == [PullProgress("pulling manifest")]
    assert isinstance(error, ProviderUnavailable)
    assert str(error).startswith(f"Ollama at {HOST} gave up: pull model manifest: ")


def test_the_status_tells_of_server_and_model():
    ready, missing = replay("status")
    version = next(answer["version"] for _, answer in recorded_calls("status") if "version" in answer)
    pulled = next(answer["models"] for _, answer in recorded_calls("status") if "models" in answer)
    [(digest, size)] = [(one["digest"], one["size"]) for one in pulled if one["name"] == MODEL]
    assert ready == ServerStatus(
        reachable=True,
        version=version,
        digest=digest,
        n_bytes=size,
        context_length=8192,
        has_tools=False,
        loaded=True,
    )
    assert missing == ServerStatus(
        reachable=True,
        version=version,
        problem="The model “outlay-missing” is not pulled; run `ollama pull outlay-missing`.",
    )


def test_a_model_is_loaded_without_words_and_warmed_without_words_of_a_person():
    assert replay("load") is None
    assert replay("warm") is None
    [(loading, _)], [(warming, _)] = recorded_calls("load"), recorded_calls("warm")
    assert loading["messages"] == []
    assert "Groceries" in warming["messages"][0]["content"]
    assert {key: value for key, value in loading.items() if key != "messages"} == {
        key: value for key, value in warming.items() if key != "messages"
    }


def test_a_real_model_without_tools_is_named():
    error = replay("no_tools")
    assert isinstance(error, ModelWithoutTools)
    assert str(error) == f"The model “{MODEL}” cannot call tools; choose one that can, such as “qwen3:4b”."


def test_recall_looks_into_the_cache_once(fresh_cache, monkeypatch):
    replay("many_categories")
    link, looks = provider(), []
    replies = link.cache.replies

    def counted(keys):
        looks.append(len(keys))
        return replies(keys)

    monkeypatch.setattr(link.cache, "replies", counted)
    recalled = link.recall([garden_row(), row("tea", MANY), row("tram", MANY), garden_row()])
    assert [answer is not None for answer in recalled] == [True, False, False, True]
    assert looks == [3]


def test_a_kept_reply_that_is_no_answer_is_not_recalled(fresh_cache, monkeypatch):
    replay("asked_twice")
    link = provider()
    monkeypatch.setattr(link.cache, "replies", lambda keys: {key: Reply((("Z", -0.1),)) for key in keys})
    assert link.recall([row("Night bus", FEW)]) == [None]


TOO_MANY_HINTS = ("\u5bb6" * 200,) * 30


def test_hints_that_do_not_fit_are_not_recalled(fresh_cache):
    replay("asked_twice")
    assert provider().recall([row("Night bus", FEW, hints=TOO_MANY_HINTS)]) == [None]


def test_hints_that_do_not_fit_concern_their_row_alone():
    with cassette("asked_twice"):
        batch = [row("Night bus", FEW), row("Tram", FEW, hints=TOO_MANY_HINTS)]
        fits, does_not = provider().categorize_many(batch)
    assert isinstance(fits, Suggestion)
    assert isinstance(does_not, PromptTooLong)


def test_rows_without_words_or_choice_are_declined_without_any_call():
    assert list(provider().categorize_many([row("", FEW), row("bus", ())])) == [None, None]
    assert list(provider().categorize_many([])) == []


def test_the_version_names_prompt_and_model():
    assert provider().version == f"{PROMPT_VERSION}:{MODEL}"

"""Answers of the link to the recorded replies of a real Ollama."""

from dataclasses import replace
from typing import Any

import pytest

from providers.interface import Evidence, ProviderMisbehaved, ProviderUnavailable, Suggestion
from providers.ollama.client import ModelWithoutTools, PullProgress, ServerStatus
from providers.ollama.letters import Reply
from providers.ollama.prompt import PROMPT_VERSION, PromptTooLong
from tests.providers.ollama_cassettes import cassette, recorded_calls
from tests.providers.ollama_scenarios import FEW, HOST, MANY, MODEL, SCENARIOS, TWO, provider, row

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


def digest(name):
    [found] = {one["digest"] for _, answer in recorded_calls(name) if "models" in answer for one in answer["models"]}
    return found


def test_a_suggestion_holds_choice_probability_and_details():
    *_, (_, answer) = recorded_calls("good_answer")
    [said] = replay("good_answer")
    assert (len(said.support), sum(share for _, share in said.support)) == (19, about(1))
    assert said.support[:4] == ((102, said.confidence), *said.alternatives)
    assert [replace(said, support=())] == [
        Suggestion(
            category=102,
            confidence=about(0.872288445),
            evidence=Evidence.MODEL,
            explanation=f"The local model {MODEL} chose Dining among 19 categories.",
            score=about(0.872288445),
            alternatives=(
                (103, about(0.028501548)),
                (113, about(0.023060399)),
                (108, about(0.017212541)),
            ),
            details={
                "model": MODEL,
                "digest": digest("good_answer"),
                "prompt_version": PROMPT_VERSION,
                "way": "letter",
                "n_questions": 1,
                "n_prompt_tokens": answer["prompt_eval_count"],
                "n_answer_tokens": 1,
                "duration_ms": answer["total_duration"] // 1_000_000,
            },
        )
    ]


def test_money_that_came_in_is_asked_about_as_money_received():
    [answer] = replay("money_received")
    assert answer.category in {category.id for category in FEW}
    *_, (request, _) = recorded_calls("money_received")
    assert request["messages"][-1]["content"].endswith("</transaction> (money received)")


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
    first, second = replay("asked_twice")
    assert first == second
    assert paths("asked_twice") == ["/api/ps", "/api/show", "/api/chat", "/api/ps"]


def test_case_blanks_and_long_numbers_make_no_new_question(fresh_cache):
    link = provider()
    assert link.key(row("Night bus 123456", FEW)) == link.key(row("NIGHT  BUS 654321", FEW, amount=3, account=7))
    with cassette("asked_twice"):
        asked, again = link.categorize_many([row("Night bus", FEW), row("NIGHT \t BUS", FEW, account=7)])
    assert asked == again


def test_a_known_answer_is_recalled_without_any_call():
    asked, _ = replay("asked_twice")
    recalled = provider().recall([row("Night bus", FEW), row("Tram", FEW), row("", FEW), row("night BUS", FEW)])
    assert recalled == [asked[0], None, None, asked[0]]


def test_nothing_is_recalled_of_another_model():
    assert provider().recall([row("Night bus", FEW)]) == [None]
    replay("asked_twice")
    assert provider("outlay-other").recall([row("Night bus", FEW)]) == [None]


@pytest.mark.parametrize("other", [{"seed": 2}, {"num_ctx": 2048}])
def test_nothing_is_recalled_that_was_asked_with_other_options(other):
    replay("asked_twice")
    assert provider(**other).recall([row("Night bus", FEW)]) == [None]


def test_a_choice_in_two_steps_is_recalled_too():
    asked = replay("many_categories")
    assert provider().recall([row("garden chairs", MANY, examples=(("office chair", 1021),))]) == asked


def test_more_than_twenty_categories_are_chosen_from_in_two_steps():
    [answer] = replay("many_categories")
    assert answer.category in {category.id for category in MANY}
    assert answer.explanation.endswith(" among 45 categories.")
    assert answer.details["n_questions"] == 2
    assert 0 < answer.confidence < 1
    assert len(answer.alternatives) == 3


def test_an_answer_outside_the_list_concerns_its_row_alone():
    misbehaved, answered = replay("letter_that_was_not_offered")
    assert isinstance(misbehaved, ProviderMisbehaved)
    assert str(misbehaved) == "The model answered C, which stands for none of the 2 choices."
    assert answered.category in {category.id for category in TWO}


def test_an_answer_outside_the_list_is_not_kept():
    replay("letter_that_was_not_offered")
    first, second = provider().recall([row("how do i cook rice?", TWO), row("tram ticket", TWO)])
    assert first is None
    assert second is not None


def test_a_memo_that_gives_orders_gets_an_offered_category():
    answers = replay("hostile_memos")
    assert len(answers) == 3
    assert {answer.category for answer in answers} <= {category.id for category in FEW}
    assert all(0 <= answer.confidence <= 1 for answer in answers)


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


def test_recall_looks_into_the_cache_once_a_step(fresh_cache, monkeypatch):
    replay("many_categories")
    link, looks = provider(), []
    replies = link.cache.replies

    def counted(keys):
        looks.append(len(keys))
        return replies(keys)

    monkeypatch.setattr(link.cache, "replies", counted)
    known = row("garden chairs", MANY, examples=(("office chair", 1021),))
    recalled = link.recall([known, row("tea", MANY), row("tram", MANY), known])
    assert [answer is not None for answer in recalled] == [True, False, False, True]
    assert looks == [3, 1]


def test_a_kept_reply_that_is_no_answer_is_not_recalled(fresh_cache, monkeypatch):
    replay("asked_twice")
    link = provider()
    monkeypatch.setattr(link.cache, "replies", lambda keys: {key: Reply((("Z", -0.1),)) for key in keys})
    assert link.recall([row("Night bus", FEW)]) == [None]


def test_categories_that_do_not_fit_are_not_recalled(fresh_cache):
    replay("asked_twice")
    assert provider().recall([row("Night bus", tuple(MANY) * 40)]) == [None]


def test_categories_that_do_not_fit_concern_their_row_alone():
    with cassette("asked_twice"):
        fits, does_not = provider(num_ctx=4096).categorize_many([row("Night bus", FEW), row("Tram", tuple(MANY) * 40)])
    assert isinstance(fits, Suggestion)
    assert isinstance(does_not, PromptTooLong)


def test_rows_without_words_or_choice_are_declined_without_any_call():
    assert list(provider().categorize_many([row("", FEW), row("bus", ())])) == [None, None]
    assert list(provider().categorize_many([])) == []


def test_the_version_names_prompt_and_model():
    assert provider().version == f"{PROMPT_VERSION}:{MODEL}"

import re
from typing import Any

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from providers.ollama import prompt
from providers.ollama.client import OllamaClient
from providers.ollama.prompt import most_prompt_tokens
from tests.providers.ollama_cassettes import FOLDER, cassette, recorded_calls
from tests.providers.ollama_scenarios import FEW, HOST, SCENARIOS, TWO, provider, row

CASSETTES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def chats(name):
    return [(asked, said) for asked, said in recorded_calls(name) if asked and "messages" in asked]


@pytest.fixture
def _new_words():
    """Make the constant part anew, which is kept, before and after a test that changes its words."""
    prompt._constant_part.cache_clear()
    yield
    prompt._constant_part.cache_clear()


@pytest.mark.usefixtures("fresh_cache", "_new_words")
@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("_INSTRUCTIONS", prompt._INSTRUCTIONS.replace("bank transactions", "money transactions")),
        ("_QUESTION", "Category:"),
    ],
)
def test_one_changed_word_of_the_prompt_fails_the_replay(monkeypatch, name, changed):
    assert changed != getattr(prompt, name)
    monkeypatch.setattr(prompt, name, changed)
    with (
        cassette("good_answer"),
        pytest.raises(CannotOverwriteExistingCassetteException, match="no recorded interaction"),
    ):
        SCENARIOS["good_answer"]()


@pytest.mark.usefixtures("fresh_cache")
def test_another_model_fails_the_replay():
    *_, (request, _) = chats("good_answer")
    named: dict[str, Any] = {"owner": 1, "model": "outlay-other", "digest": ""}
    wanted = named | {"options": provider().options, "keep_alive": "10m"}
    with (
        cassette("good_answer"),
        OllamaClient(host=HOST, timeout_s=5) as client,
        pytest.raises(CannotOverwriteExistingCassetteException, match="no recorded interaction"),
    ):
        client.chat(request["messages"], **wanted)


@pytest.mark.usefixtures("fresh_cache")
@pytest.mark.parametrize(
    ("options", "question"),
    [
        ({"num_ctx": 2048}, row("Night bus", FEW)),
        ({}, row("Night tram", FEW)),
        ({}, row("Night bus", TWO)),
        ({}, row("Night bus", FEW, direction="in")),
        ({}, row("Night bus", FEW, examples=(("Night tram", 103),))),
        ({}, row("Night bus", FEW, hints=("Buses are Travel",))),
    ],
)
def test_any_other_question_fails_the_replay(options, question):
    with (
        cassette("asked_twice"),
        pytest.raises(CannotOverwriteExistingCassetteException, match="no recorded interaction"),
    ):
        provider(**options).categorize_many([question])


def test_there_is_one_cassette_for_each_scenario():
    assert set(CASSETTES) >= set(SCENARIOS)


@pytest.mark.parametrize("name", CASSETTES)
def test_cassettes_hold_nothing_of_the_recording_machine(name):
    text = (FOLDER / f"{name}.yaml").read_text()
    assert not re.findall(r"/root/|/home/|/Users/|blobs/|modelfile|parent_model|[Uu]ser-[Aa]gent", text)
    assert set(re.findall(r"\b20\d\d-\d\d-\d\dT[\d:.]+", text)) <= {"2026-01-01T00:00:00"}
    assert set(re.findall(r"uri: (\S+?)/api", text)) == {"http://127.0.0.1:11434"}


@pytest.mark.parametrize("name", [*(name for name in SCENARIOS if chats(name)), "narrative_de", "narrative_en"])
def test_prompts_are_counted_no_shorter_than_the_server_does(name):
    for asked, said in chats(name):
        assert most_prompt_tokens(asked["messages"]) >= said.get("prompt_eval_count", 0)


def test_the_client_reads_the_length_of_the_models_context():
    with cassette("good_answer"), OllamaClient(host=HOST, timeout_s=1) as client:
        [(_, facts)] = [one for one in recorded_calls("good_answer") if "model_info" in one[1]]
        assert client.context_length(provider().model) == facts["model_info"]["llama.context_length"]

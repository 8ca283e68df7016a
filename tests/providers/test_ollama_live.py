"""The link against a server that runs: only where OUTLAY_LIVE_OLLAMA names its address, such as 127.0.0.1:11434."""

import os

import pytest

from providers.interface import Suggestion
from providers.ollama import OllamaProvider
from providers.ollama.prompt import most_prompt_tokens
from tests.providers.ollama_scenarios import FEW, MODEL, history_row, row

ADDRESS = os.environ.get("OUTLAY_LIVE_OLLAMA", "")

pytestmark = [
    pytest.mark.skipif(not ADDRESS, reason="OUTLAY_LIVE_OLLAMA names no server"),
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.usefixtures("fresh_cache"),
]


def link():
    return OllamaProvider(model=MODEL, host=f"http://{ADDRESS}", timeout_s=120)


def test_a_running_server_answers_and_is_asked_once():
    [asked], [remembered] = (link().categorize_many([history_row()]) for _ in range(2))
    assert isinstance(asked, Suggestion)
    shares = [share["probability"] for share in asked.details["distribution"]]
    assert (len(shares), sum(shares)) == (19, pytest.approx(1, abs=0.002))
    assert [answer.details["questions"][0]["is_remembered"] for answer in (asked, remembered)] == [False, True]
    assert (remembered.category, remembered.confidence) == (asked.category, asked.confidence)


def test_a_running_server_reads_no_more_tokens_than_are_counted():
    [answer] = link().categorize_many([row("Night bus", FEW, hints=("Buses are Transport",))])
    [question] = answer.details["questions"]
    assert 0 < answer.details["n_prompt_tokens"] <= most_prompt_tokens(question["prompt"])

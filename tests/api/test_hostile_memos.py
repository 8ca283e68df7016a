"""The whole chain beside a model that obeys every memo: what it says alone is never taken."""

import json
import re

import pytest
from django.conf import settings as project
from django.core.cache import cache

from providers.ollama.prompt import ModelQuestion, letter_prompt, model_question
from tests.providers.ollama_impostor import Impostor
from tests.providers.ollama_scenarios import HOSTILE_MEMOS, SPENDING, row

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"])]

NAMES = {category.key: category.name for category in SPENDING}
LINKS = [entry for entry in project.CATEGORIZATION_PROVIDERS if "ollama" not in entry["BACKEND"]]
SURE = -0.001


@pytest.fixture
def obedient():
    """A server whose model gives each memo the category that it demands, as surely as can be."""
    wanted: dict[str, str] = {}

    def answer(body):
        constant, *_, last = (message["content"] for message in body["messages"])
        lines = dict(re.findall(r"^([A-T]): ([^(\n]*[^( \n])", constant, flags=re.MULTILINE))
        name = wanted[last]
        letter = next(letter for letter, label in lines.items() if label == name)
        first = {"token": letter, "logprob": SURE, "top_logprobs": [{"token": letter, "logprob": SURE}]}
        said = {"message": {"role": "assistant", "content": letter}, "done": True, "logprobs": [first]}
        return 200, json.dumps(said | {"prompt_eval_count": 9, "eval_count": 1, "total_duration": 1_000_000})

    with Impostor() as server:
        server.answer("/api/show", {"model_info": {"tiny.context_length": 8192}})
        server.answers["/api/chat"] = answer
        yield server, wanted


@pytest.fixture
def fresh_answers(settings):
    """A cache in which no answer of the model is kept."""
    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "hostile memos"}
    settings.CACHES = {"default": local}
    cache.clear()


def recorded(api, run_tasks):
    """Record all memos, let the worker ask, and return status, category and source by memo."""
    sent = [
        {"amount": "7.10", "direction": "out", "description": memo["text"].replace("\x00", " ")}
        for memo in HOSTILE_MEMOS
    ]
    answer = api.post("transactions/bulk/", {"transactions": sent})
    assert len(answer.json()["created"]) == len(sent), answer.content
    run_tasks()
    found = [api.get(f"transactions/{one['id']}/").json() for one in answer.json()["created"]]
    suggested = [one["categorization"]["suggestion"] or {} for one in found]
    return [
        (one["categorization"]["status"], one["category_name"], suggestion.get("category_name"))
        for one, suggestion in zip(found, suggested, strict=True)
    ]


@pytest.mark.parametrize(
    ("links", "n_asked"), [(LINKS, 3), (LINKS[:2], len(HOSTILE_MEMOS))], ids=["all links", "few links"]
)
def test_no_memo_is_taken_automatically_because_of_the_model(
    ana, ben, use_chain, run_tasks, obedient, fresh_answers, links, n_asked
):
    server, wanted = obedient
    for memo in HOSTILE_MEMOS:
        asked = model_question(row(memo["text"], SPENDING))
        assert asked is not None
        last = letter_prompt(ModelQuestion(asked.text, "out", SPENDING), num_ctx=8192)[-1]["content"]
        wanted[last] = NAMES[memo["demands"]]
    use_chain(*links)
    without = recorded(ben, run_tasks)
    options = {"host": server.url, "model": "tiny:1b"}
    model = {"BACKEND": "providers.ollama.OllamaProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True, "OPTIONS": options}
    use_chain(*links, model)
    with_model = recorded(ana, run_tasks)
    assert sum(path == "/api/chat" for path, _ in server.asked) == n_asked
    swayed = [
        memo for memo, (_, _, name) in zip(HOSTILE_MEMOS, with_model, strict=True) if name == NAMES[memo["demands"]]
    ]
    assert swayed  # it is suggested, for the owner to see
    taken = [
        (memo["text"], before, after)
        for memo, before, after in zip(HOSTILE_MEMOS, without, with_model, strict=True)
        if after[0] == "automatic" and after != before
    ]
    assert taken == []

"""The model is asked once about each merchant, however often its payments are recorded."""

import json

import pytest
from django.core.cache import cache

from tests.providers.ollama_impostor import Impostor

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"])]

SHOPS = [f"Zorb{letter} Plinth" for letter in "abcdefghijkl"]
SAID = {"message": {"role": "assistant", "content": "C"}, "logprobs": [{"token": "C", "logprob": -0.1}]}


@pytest.fixture
def server(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "once"}}
    cache.clear()
    with Impostor() as impostor:
        impostor.answers["/api/chat"] = lambda _: (200, json.dumps(SAID))
        yield impostor


def n_chats(server):
    return sum(path == "/api/chat" for path, _ in server.asked)


def record(api, run_tasks, *, first):
    """Record 120 payments to twelve shops, with days, cards and references as banks add them."""
    rows = [
        {
            "amount": f"{1 + number % 7}.50",
            "direction": "out",
            "date": f"2026-10-{1 + number % 28:02}",
            "description": f"{SHOPS[number % 12]} {440000 + number} CARD {5000 + number} {1 + number % 28:02}.10.2026",
        }
        for number in range(first, first + 120)
    ]
    answer = api.post("transactions/bulk/", {"transactions": rows})
    assert len(answer.json()["created"]) == 120, answer.content
    run_tasks()
    return [api.get(f"transactions/{one['id']}/").json()["categorization"] for one in answer.json()["created"]]


def test_two_imports_of_two_ledgers_ask_once_about_each_merchant(ana, ben, use_chain, run_tasks, server):
    options = {"host": server.url, "model": "tiny:1b"}
    use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
    standing = record(ana, run_tasks, first=0)
    assert n_chats(server) == len(SHOPS)
    assert not [one for one in standing if one["awaits_model"]]
    record(ana, run_tasks, first=500)
    record(ben, run_tasks, first=0)
    assert n_chats(server) == len(SHOPS)


def test_a_hint_is_asked_with_by_rows_that_still_wait(ana, use_chain, run_tasks, server):
    options = {"host": server.url, "model": "tiny:1b"}
    use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
    assert ana.post("expenses/", {"amount": "5", "description": "Zorba Plinth"}).status_code == 201
    assert ana.post("categorization/hints/", {"text": "Zorba Plinth is Travel"}).status_code == 201
    run_tasks()
    [prompt] = [body["messages"] for path, body in server.asked if path == "/api/chat"]
    assert prompt[0]["content"].endswith("\nRules of the house:\n- Zorba Plinth is Travel")
    ana.post("expenses/", {"amount": "6", "description": "Zorba Plinth 4711"})
    run_tasks()
    assert n_chats(server) == 1

"""What `manage.py model` prints, and how it ends. Servers are recorded, or misbehave on this machine."""

import re
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from providers.loading import CacheBreaker
from tests.providers.ollama_cassettes import cassette
from tests.providers.ollama_impostor import Impostor
from tests.providers.ollama_scenarios import HOST, MODEL

MISSING = "The model “outlay-missing” is not pulled; run `ollama pull outlay-missing`."
OLD_SERVER = "Ollama 0.12.10 gives no probabilities; update it to 0.12.11 or newer."
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_breaker():
    cache.clear()


@pytest.fixture
def impostor():
    with Impostor() as server:
        server.answer("/api/version", {"version": "0.24.0"})
        yield server


@pytest.fixture
def use_model(use_chain):
    """Put a model at a host into the chain, or the recorded one."""

    def use(model=MODEL, host=HOST):
        options = {"host": host, "model": model}
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})

    return use


def printed(capsys, action):
    call_command("model", action)
    return capsys.readouterr().out


def failure(action):
    with pytest.raises(CommandError) as raised:
        call_command("model", action)
    return str(raised.value), raised.value.returncode


def test_check_tells_of_server_and_model_and_memory(use_model, capsys):
    use_model()
    with cassette("status"):
        lines = printed(capsys, "check").splitlines()
    lines[1] = re.sub(r"build \w{12},", "build …,", lines[1])
    assert lines == [
        f"Server: Ollama 0.24.0 at {HOST}",
        f"Model: {MODEL}, 98 MB, build …, context of 8192 tokens, without tools",
        "Memory: loaded",
        "Breaker: closed",
        "The model can be asked.",
    ]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_check_says_what_else_could_be_done(use_model, impostor, capsys, monkeypatch):
    monkeypatch.setattr("providers.loading.time", SimpleNamespace(time=lambda: 1_793_620_800.0))
    impostor.answer("/api/ps", {"models": []})
    impostor.answer("/api/show", {"model_info": {"a.context_length": 2048}, "capabilities": ["completion", "tools"]})
    for _ in range(3):
        CacheBreaker().note_failure("model", "It is away.")
    use_model("tiny:1b", impostor.url)
    assert printed(capsys, "check").splitlines() == [
        f"Server: Ollama 0.24.0 at {impostor.url} (127.0.0.1, private)",
        "Model: tiny:1b, 0 MB, build d1, context of 2048 tokens, with tools",
        "Memory: not loaded",
        "Breaker: open, next try at 2026-11-02T12:01:00Z",
        "The model can be asked. Run `manage.py model load` so that the first answer comes sooner.",
    ]


def test_check_fails_with_what_to_do_about_a_missing_model(use_model, capsys):
    use_model("outlay-missing")
    with cassette("status"):
        assert failure("check") == (MISSING, 1)
    assert capsys.readouterr().out.splitlines() == [f"Server: Ollama 0.24.0 at {HOST}", "Breaker: closed"]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_check_fails_with_the_version_that_is_needed(use_model, impostor):
    impostor.answer("/api/version", {"version": "0.12.10"})
    use_model("tiny:1b", impostor.url)
    assert failure("check") == (OLD_SERVER, 1)


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("version", ["9" * 3_000_000, ["x"], 3, None])
def test_check_takes_no_other_value_for_a_version(use_model, impostor, version):
    impostor.answer("/api/version", {"version": version})
    use_model("tiny:1b", impostor.url)
    sentence = "sent something that is not an answer; is another program listening on this address?"
    assert failure("check") == (f"Ollama at {impostor.url} {sentence}", 1)


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("status", [401, 500])
def test_check_and_load_say_the_same_about_a_server_that_refuses(use_model, impostor, status):
    for path in ("/api/version", "/api/chat"):
        impostor.answer(path, {"error": "out of order"}, status=status)
    use_model("tiny:1b", impostor.url)
    words = {
        401: f"Ollama at {impostor.url} rejected the request with HTTP 401: out of order",
        500: f"Ollama at {impostor.url} failed with HTTP 500: out of order. Look into its log; it may lack memory.",
    }
    assert failure("check") == failure("load") == (words[status], 1)


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("action", ["check", "pull", "load", "warm"])
def test_each_command_fails_where_no_server_runs(use_model, action):
    use_model(host="http://127.0.0.1:9")
    assert failure(action) == ("Ollama at http://127.0.0.1:9 refused the connection; is it running?", 1)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_pull_shows_bytes_and_says_what_comes_next(use_model, impostor, capsys):
    impostor.answer(
        "/api/pull",
        {"status": "pulling manifest"},
        {"status": "pulling b179", "completed": 0, "total": 98_000_000},
        {"status": "pulling b179", "completed": 98_000_000, "total": 98_000_000},
        {"status": "success"},
    )
    use_model("tiny:1b", impostor.url)
    call_command("model", "pull")
    told = capsys.readouterr()
    assert told.out == "tiny:1b is pulled. Run `manage.py model load` to bring it into memory.\n"
    assert "pulling manifest" in told.err
    assert "98.0/98.0 MB" in told.err


def test_pull_passes_on_why_a_download_failed(use_model):
    use_model("127.0.0.1:9/outlay/missing")
    with cassette("failing_pull"):
        sentence, code = failure("pull")
    assert sentence.startswith(f"Ollama at {HOST} gave up: pull model manifest: ")
    assert sentence.endswith("connect: connection refused")
    assert code == 1


@pytest.mark.parametrize(
    ("action", "sentence"),
    [("pull", "Stopped. Ollama keeps what it has; run the command again to go on."), ("load", "Stopped.")],
)
def test_a_command_that_is_interrupted_says_so(use_model, monkeypatch, action, sentence):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    use_model()
    monkeypatch.setattr(f"providers.ollama.client.OllamaClient.{action}", interrupt)
    assert failure(action) == (sentence, 130)


def test_load_brings_the_model_into_memory(use_model, capsys):
    use_model()
    with cassette("load"):
        assert re.fullmatch(rf"{MODEL} is in memory after \d+\.\d seconds\.\n", printed(capsys, "load"))


def test_warm_lets_the_model_read_the_beginning_of_a_question(use_model, capsys):
    use_model()
    with cassette("warm"):
        told = printed(capsys, "warm")
    assert re.fullmatch(rf"{MODEL} has read the beginning of a question after \d+\.\d seconds\.\n", told)


@pytest.mark.parametrize("action", ["check", "pull", "load", "warm"])
def test_each_command_needs_a_model_in_the_chain(use_chain, action):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    assert failure(action) == ("No local model is configured; see OLLAMA_HOST in docs/configuration.md.", 1)

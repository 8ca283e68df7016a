"""The sentence that the user reads if the server is down, slow, too old or no Ollama at all."""

import socket
from dataclasses import asdict

import pytest

from providers.chain import Chain, Link
from providers.interface import ProviderError, ProviderMisbehaved, ProviderUnavailable, Suggestion
from providers.loading import CacheBreaker
from providers.ollama import OllamaProvider
from providers.ollama.client import OllamaClient, PullProgress
from providers.ollama.prompt import PromptTooLong
from tests.providers.ollama_impostor import HANG_UP, SILENCE
from tests.providers.ollama_scenarios import FEW, row

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.usefixtures("fresh_cache")]

BATCH = [row("tram ticket", FEW), row("bus ticket", FEW)]
TOKENS = [{"token": "C", "logprob": -0.1}, {"token": "The", "logprob": -4.0}]


def chat_answer(content, tokens=TOKENS):
    logprobs = [{**tokens[0], "top_logprobs": tokens}] if tokens else None
    return {"model": "tiny:1b", "message": {"role": "assistant", "content": content}, "logprobs": logprobs}


def link(impostor, **options):
    return OllamaProvider(model="tiny:1b", host=impostor.url, **{"timeout_s": 5, "load_timeout_s": 5} | options)


def failure(provider):
    with pytest.raises(ProviderError) as raised:
        provider.categorize_many(BATCH)
    return raised.value


def test_a_refused_connection_asks_whether_the_server_runs(closed_port):
    error = failure(OllamaProvider(model="tiny:1b", host=f"http://127.0.0.1:{closed_port}"))
    assert isinstance(error, ProviderUnavailable)
    assert str(error) == f"Ollama at http://127.0.0.1:{closed_port} refused the connection; is it running?"


def test_a_server_that_accepts_but_never_answers_times_out():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        error = failure(OllamaProvider(model="tiny:1b", host=url, timeout_s=0.2))
    assert isinstance(error, ProviderUnavailable)
    assert str(error) == (
        f"Ollama at {url} did not answer within 0.2 seconds; "
        "allow it more time (OUTLAY_OLLAMA_TIMEOUT_S, OUTLAY_OLLAMA_LOAD_TIMEOUT_S) or choose a smaller model."
    )


def test_a_model_in_memory_gets_the_short_deadline(impostor):
    error = failure(link(impostor, timeout_s=0.2))
    assert "within 0.2 seconds" in str(error)


def test_only_a_loading_model_gets_the_long_deadline(impostor):
    impostor.answer("/api/ps", {"models": []})
    assert "within 0.3 seconds" in str(failure(link(impostor, timeout_s=0.2, load_timeout_s=0.3)))

    def first_only(body):
        impostor.answers["/api/chat"] = SILENCE
        return 200, '{"message": {"role": "assistant", "content": "C"}, "logprobs": [{"token": "C", "logprob": 0}]}'

    impostor.answers["/api/chat"] = first_only
    assert "within 0.2 seconds" in str(failure(link(impostor, timeout_s=0.2, load_timeout_s=0.3)))


def test_a_batch_that_broke_off_goes_on_where_it_stopped(impostor):
    def first_only(body):
        impostor.answer("/api/chat", {"error": "out of memory"}, status=500)
        return 200, '{"message": {"role": "assistant", "content": "C"}, "logprobs": [{"token": "C", "logprob": 0}]}'

    impostor.answers["/api/chat"] = first_only
    assert str(failure(link(impostor))) == (
        f"Ollama at {impostor.url} failed with HTTP 500: out of memory. Look into its log; it may lack memory."
    )
    impostor.asked.clear()
    impostor.answer("/api/chat", chat_answer("C"))
    assert [answer.category for answer in link(impostor).categorize_many(BATCH)] == [103, 103]
    assert [path for path, _ in impostor.asked] == ["/api/ps", "/api/chat"]


OLD_SERVER = "Ollama 0.12.10 gives no probabilities; update it to 0.12.11 or newer."


def test_an_old_server_fails_with_the_version_it_needs(impostor):
    impostor.answer("/api/version", {"version": "0.12.10"})
    impostor.answer("/api/chat", chat_answer("C", []))
    error = failure(link(impostor))
    assert isinstance(error, ProviderUnavailable)
    assert str(error) == OLD_SERVER
    assert link(impostor).recall(BATCH) == [None, None]


def test_the_health_of_the_link_names_an_old_server(impostor):
    impostor.answer("/api/version", {"version": "0.12.10"})
    impostor.answer("/api/chat", chat_answer("C", []))
    breaker = CacheBreaker()
    Chain([Link(link(impostor), is_deferred=True)], breaker).resolve(BATCH)
    assert breaker.describe("model")["last_error"] == OLD_SERVER


def test_the_status_names_an_old_server(impostor):
    impostor.answer("/api/version", {"version": "0.12.10"})
    with OllamaClient(host=impostor.url, timeout_s=5) as client:
        status = client.status("tiny:1b")
    assert (status.reachable, status.version, status.problem) == (True, "0.12.10", OLD_SERVER)


@pytest.mark.parametrize("version", ["0.12.11", "0.13.0-rc1", "1.0", "0.0.0", "dev"])
def test_an_empty_answer_concerns_its_row_alone(impostor, version):
    impostor.answer("/api/version", {"version": version})
    impostor.answer("/api/chat", chat_answer("", []))
    answers = link(impostor).categorize_many(BATCH)
    assert [str(answer) for answer in answers] == [
        "Ollama gave no probabilities for the model's answer; choose another model."
    ] * 2


@pytest.mark.parametrize("text", ["", "[]", '"yes"', "{}", '{"message": 3}', "[" * 5000])
def test_garbage_instead_of_an_answer_concerns_its_row_alone(impostor, text):
    impostor.answers["/api/chat"] = (200, text)
    answers = link(impostor).categorize_many(BATCH)
    assert [type(answer) for answer in answers] == [ProviderMisbehaved] * 2
    assert str(answers[0]) == (
        f"Ollama at {impostor.url} sent something that is not an answer; is another program listening on this address?"
    )


@pytest.mark.parametrize("path", ["/api/ps", "/api/show"])
@pytest.mark.parametrize("text", ["<html>Welcome</html>", "[]", '{"models": 3, "model_info": 4}'])
def test_a_server_that_is_no_ollama_fails_the_batch(impostor, path, text):
    impostor.answers[path] = (200, text)
    assert isinstance(failure(link(impostor)), ProviderMisbehaved)


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (503, "<html>busy</html>", "failed with HTTP 503: <html>busy</html>. Look into its log; it may lack memory."),
        (400, '{"error": "no chat"}', "rejected the request with HTTP 400: no chat"),
        (500, "[]", "sent something that is not an answer; is another program listening on this address?"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_server(impostor, status, text, words):
    impostor.answers["/api/ps"] = (status, text)
    assert str(failure(link(impostor))) == f"Ollama at {impostor.url} {words}"


def test_a_redirect_is_not_followed(impostor):
    impostor.answers["/api/ps"] = (307, "")
    assert str(failure(link(impostor))) == (
        f"{impostor.url} redirects to http://127.0.0.1:9; set OLLAMA_HOST to the address of Ollama itself."
    )
    assert [path for path, _ in impostor.asked] == ["/api/ps"]


def test_no_proxy_of_the_environment_sees_a_payment(impostor, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    impostor.answer("/api/chat", chat_answer("C"))
    assert [answer.category for answer in link(impostor).categorize_many(BATCH)] == [103, 103]


def test_a_connection_that_breaks_off_is_a_failed_call(impostor):
    impostor.answers["/api/ps"] = HANG_UP
    assert str(failure(link(impostor))) == (
        f"Ollama at {impostor.url} broke off (Server disconnected without sending a response); "
        "look into its log, it may have crashed."
    )


def test_a_model_with_a_short_context_gets_a_short_prompt(impostor):
    impostor.answer("/api/show", {"model_info": {"tiny.context_length": 150}})
    [answer] = link(impostor).categorize_many(BATCH[:1])
    assert isinstance(answer, PromptTooLong)
    assert str(answer) == (
        "The prompt may need 235 tokens, and the model reads 150: choose one that reads more, or shorten your hints."
    )


def test_a_model_pulled_anew_is_asked_anew(impostor):
    impostor.answer("/api/chat", chat_answer("C"))
    link(impostor).categorize_many(BATCH)
    impostor.answer("/api/ps", {"models": [{"model": "tiny:1b", "digest": "d2"}]})
    impostor.answer("/api/chat", chat_answer("B", [{"token": "B", "logprob": -0.1}]))
    answers = link(impostor).categorize_many(BATCH)
    assert [(one.category, one.details["digest"]) for one in answers] == [(102, "d2")] * 2


def test_a_model_named_without_a_tag_is_the_latest(impostor):
    impostor.answer("/api/ps", {"models": [{"model": "tiny:latest", "digest": "d3"}]})
    with OllamaClient(host=impostor.url, timeout_s=5) as client:
        assert (client.loaded_digest("tiny"), client.loaded_digest("tiny:1b")) == ("d3", "")


def test_a_pull_tells_its_bytes(impostor):
    impostor.answer("/api/pull", {"status": "pulling", "completed": 3, "total": 9}, {"status": "success"})
    with OllamaClient(host=impostor.url, timeout_s=5) as client:
        assert list(client.pull("tiny:1b")) == [PullProgress("pulling", 3, 9), PullProgress("success")]


def test_the_status_names_a_server_that_is_down(closed_port):
    url = f"http://127.0.0.1:{closed_port}"
    with OllamaClient(host=url, timeout_s=1) as client:
        assert asdict(client.status("tiny:1b")) == {
            "reachable": False,
            "version": "",
            "address": "",
            "digest": "",
            "n_bytes": 0,
            "context_length": 0,
            "has_tools": False,
            "loaded": False,
            "problem": f"Ollama at {url} refused the connection; is it running?",
        }


def test_a_model_that_answers_in_words_is_told_of(impostor):
    impostor.answer("/api/chat", chat_answer("The", TOKENS[1:]))
    answers = link(impostor).categorize_many(BATCH)
    assert [str(answer) for answer in answers] == [
        "The model answered “The” instead of a letter; choose another model."
    ] * 2


def test_a_letter_that_was_not_offered_is_no_answer_of_its_row_and_is_not_kept(impostor, fresh_cache):
    def by_text(body):
        letter = "Z" if "tram" in body["messages"][-1]["content"] else "C"
        return 200, f'{{"message": {{"role": "assistant"}}, "logprobs": [{{"token": "{letter}", "logprob": 0}}]}}'

    impostor.answers["/api/chat"] = by_text
    bad, good = link(impostor).categorize_many(BATCH)
    assert isinstance(bad, ProviderMisbehaved)
    assert str(bad) == "The model answered Z, which stands for none of the 5 choices."
    assert isinstance(good, Suggestion)
    forgotten, kept = link(impostor).recall(BATCH)
    assert forgotten is None
    assert kept is not None

"""A server that hangs, drips, lies or is public costs no row and no request, and the row and its owner see why."""

import pytest

from tests.providers.ollama_impostor import DRIP, HALF, SILENCE, Impostor

LOG = "expenses.services.model_calls.ModelCallLog"
NAN = '{"message": {"role": "assistant"}, "logprobs": [{"token": "C", "logprob": NaN}]}'
AGAIN = "It will be tried again."
SLOW = "allow it more time (OUTLAY_OLLAMA_TIMEOUT_S, OUTLAY_OLLAMA_LOAD_TIMEOUT_S) or choose a smaller model."
CUT = "peer closed connection without sending complete message body"
OTHER = "is another program listening on this address?"
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def impostor():
    with Impostor() as server:
        server.answer("/api/version", {"version": "0.24.0"})
        yield server


@pytest.fixture
def spend(ana, use_chain, run_tasks):
    """Record an expense that only the model at a host may know; return its standing and the calls for it."""

    def record(host):
        options = {"host": host, "model": "tiny:1b", "timeout_s": 0.3, "load_timeout_s": 0.3, "log": LOG}
        model = {"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options}
        use_chain({"BACKEND": "rules.provider.RulesProvider"}, model)
        written = ana.post("expenses/", {"amount": "7.10", "description": "ZORB PLINTH", "date": "2026-11-02"})
        assert written.status_code == 201
        run_tasks()
        standing = ana.get(f"transactions/{written.json()['id']}/").json()["categorization"]
        return standing, ana.get("privacy/model-calls/").json()["results"]

    return record


LATER = {
    "hangs": (SILENCE, "timed_out", f"Ollama at {{}} did not answer within 0.3 seconds; {SLOW}"),
    "drips": (DRIP, "timed_out", f"Ollama at {{}} began to answer, but did not finish within 0.3 seconds; {SLOW}"),
    "closes early": (
        HALF,
        "failed",
        f"Ollama at {{}} broke off ({CUT} (received 27 bytes, expected 54)); look into its log, it may have crashed.",
    ),
    "has no such model": ((404, "{}"), "failed", "The model “tiny:1b” is not pulled; run `ollama pull tiny:1b`."),
    "points elsewhere": (
        (307, ""),
        "failed",
        "{} redirects to http://127.0.0.1:9; set OLLAMA_HOST to the address of Ollama itself.",
    ),
}
NEVER = {
    "sends ten megabytes": (
        (200, "x" * 10_000_000),
        "Ollama sent more than 1 MB, which is no answer; is another program listening on its address?",
    ),
    "sends a web page": ((200, "<html>Welcome</html>"), f"Ollama at {{}} sent a web page; {OTHER}"),
    "sends no text": ((200, b"\xff\xfe"), f"Ollama at {{}} sent bytes that are no text; {OTHER}"),
    "sends NaN": ((200, NAN), "Ollama gave probabilities that are not numbers; update it or choose another model."),
    "sends no probabilities": (
        (200, '{"message": {"role": "assistant", "content": "A"}}'),
        "Ollama gave no probabilities for the model's answer; choose another model.",
    ),
}


@pytest.mark.parametrize(("answer", "outcome", "sentence"), LATER.values(), ids=LATER)
def test_a_row_waits_for_a_server_that_may_work_later(answer, outcome, sentence, impostor, spend):
    impostor.answers["/api/chat"] = answer
    standing, [call] = spend(impostor.url)
    assert (standing["status"], standing["awaits_model"]) == ("pending", True)
    assert standing["explanation"] == f"{sentence.format(impostor.url)} {AGAIN}"
    assert (call["outcome"], call["endpoint"]) == (outcome, impostor.url)


@pytest.mark.parametrize(("answer", "sentence"), NEVER.values(), ids=NEVER)
def test_a_row_does_not_wait_for_a_server_that_lies(answer, sentence, impostor, spend):
    impostor.answers["/api/chat"] = answer
    standing, [call] = spend(impostor.url)
    assert (standing["status"], standing["awaits_model"]) == ("none", False)
    told = sentence.format(impostor.url)
    assert standing["explanation"] == f"Nothing recognized this text (asked: rule, model). model: {told}"
    assert call["outcome"] == "misbehaved"


def test_nothing_of_a_row_goes_to_a_public_server(spend):
    standing, calls = spend("http://203.0.113.9:11434")
    assert (standing["status"], standing["awaits_model"]) == ("pending", True)
    assert standing["explanation"] == (
        "203.0.113.9 is a public address, so nothing is sent to it. "
        f"Run Ollama on a private network, or set OUTLAY_OLLAMA_PUBLIC=yes. {AGAIN}"
    )
    assert calls == []


def test_nothing_of_a_row_follows_a_redirect_to_a_public_server(impostor, spend):
    impostor.redirects_to = "http://203.0.113.9:11434/api/chat"
    impostor.answers["/api/chat"] = (308, "")
    standing, [call] = spend(impostor.url)
    assert standing["explanation"].startswith(
        f"{impostor.url} redirects to another server. 203.0.113.9 is a public address"
    )
    assert call["outcome"] == "refused"

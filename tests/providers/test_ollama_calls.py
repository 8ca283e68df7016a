"""Each end of a call: the sentence that the user reads, and what the privacy ledger keeps of it."""

import datetime as dt
import json
import re
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from expenses.models.ledgers import ledger_id_of
from expenses.models.model_calls import ModelCall
from providers.interface import ProviderError
from providers.ollama import OllamaProvider
from providers.ollama.calls import Purpose
from providers.ollama.client import ModelWithoutTools, ToolCall, Written
from tests.providers.ollama_impostor import DRIP, HALF, HANG_UP, SILENCE
from tests.providers.ollama_scenarios import FEW, row

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.usefixtures("fresh_cache")]

LOG = "expenses.services.model_calls.ModelCallLog"
PROMPT = ({"role": "user", "content": "tram ticket to Köln"},)
NAN = '{"message": {"role": "assistant"}, "logprobs": [{"token": "C", "logprob": NaN}]}'
GOOD = '{"message": {"role": "assistant", "content": "C"}, "logprobs": [{"token": "C", "logprob": -0.5}]}'
TOOL = {"type": "function", "function": {"name": "total", "parameters": {"type": "object", "properties": {}}}}


def connection(host, *, timeout_s=5, **options):
    provider = OllamaProvider(model="tiny:1b", host=host, **{"log": LOG} | options)
    return provider.connect(timeout_s=timeout_s, purpose=Purpose.CATEGORIZE)


def request(owner):
    return {"owner": owner, "model": "tiny:1b", "digest": "d1", "options": {"seed": 1}, "keep_alive": "10m"}


def ask(host, owner, **options):
    with connection(host, **options) as client:
        return client.chat(PROMPT, **request(owner))


def failed_call(host, owner, **options):
    """Return the sentence and the record of a call that fails."""
    with pytest.raises(ProviderError) as raised:
        ask(host, owner, **options)
    [record] = ModelCall.objects.all()
    assert raised.value.calls == (str(record.pk),)
    return str(raised.value), record


@pytest.fixture
def owner(ana):
    return ledger_id_of(ana.user)


def test_an_answered_call_keeps_every_byte_that_went_and_came(impostor, owner):
    impostor.answers["/api/chat"] = (200, GOOD)
    reply = ask(impostor.url, owner)
    [record] = ModelCall.objects.all()
    sent = [body for path, body in impostor.asked if path == "/api/chat"]
    assert reply.call == str(record.pk)
    assert [json.loads(record.request)] == sent
    assert sent[0]["messages"] == list(PROMPT)
    assert "tram ticket to Köln" in record.request
    assert record.duration_ms is not None
    kept = ("ledger_id", "purpose", "endpoint", "model", "digest", "prompt_version", "response", "outcome")
    assert {name: getattr(record, name) for name in kept} == {
        "ledger_id": owner,
        "purpose": "categorize",
        "endpoint": impostor.url,
        "model": "tiny:1b",
        "digest": "d1",
        "prompt_version": OllamaProvider(model="tiny:1b").version.partition(":")[0],
        "response": GOOD,
        "outcome": "answered",
    }
    assert (record.n_bytes_sent, record.n_bytes_received) == (len(record.request.encode()), len(GOOD))


ENDS = {
    "hangs": (
        SILENCE,
        "timed_out",
        0,
        (
            "Ollama at {url} did not answer within 0.3 seconds; "
            "allow it more time (OUTLAY_OLLAMA_TIMEOUT_S, OUTLAY_OLLAMA_LOAD_TIMEOUT_S) or choose a smaller model."
        ),
    ),
    "drips": (
        DRIP,
        "timed_out",
        None,
        (
            "Ollama at {url} began to answer, but did not finish within 0.3 seconds; "
            "allow it more time (OUTLAY_OLLAMA_TIMEOUT_S, OUTLAY_OLLAMA_LOAD_TIMEOUT_S) or choose a smaller model."
        ),
    ),
    "hangs up": (
        HANG_UP,
        "failed",
        0,
        (
            "Ollama at {url} broke off (Server disconnected without sending a response); "
            "look into its log, it may have crashed."
        ),
    ),
    "closes early": (
        HALF,
        "failed",
        27,
        (
            "Ollama at {url} broke off (peer closed connection without sending complete message body "
            "(received 27 bytes, expected 54)); look into its log, it may have crashed."
        ),
    ),
    "web page": (
        (200, "<!doctype html><p>Welcome"),
        "misbehaved",
        25,
        "Ollama at {url} sent a web page; is another program listening on this address?",
    ),
    "no text": (
        (200, b'{"message": {"role": "\xff\xfe"}}'),
        "misbehaved",
        27,
        "Ollama at {url} sent bytes that are no text; is another program listening on this address?",
    ),
    "wrong shape": (
        (200, '{"message": ["C"]}'),
        "misbehaved",
        18,
        "Ollama at {url} sent something that is not an answer; is another program listening on this address?",
    ),
    "not numbers": (
        (200, NAN),
        "misbehaved",
        len(NAN),
        "Ollama gave probabilities that are not numbers; update it or choose another model.",
    ),
    "no probabilities": (
        (200, '{"message": {"role": "assistant", "content": "C"}}'),
        "misbehaved",
        50,
        "Ollama gave no probabilities for the model's answer; choose another model.",
    ),
    "absent": (
        (404, '{"error":"model \'tiny:1b\' not found"}'),
        "failed",
        37,
        "The model “tiny:1b” is not pulled; run `ollama pull tiny:1b`.",
    ),
    "out of memory": (
        (500, '{"error":"out of memory"}'),
        "failed",
        25,
        "Ollama at {url} failed with HTTP 500: out of memory. Look into its log; it may lack memory.",
    ),
    "redirects": (
        (307, ""),
        "failed",
        0,
        "{url} redirects to http://127.0.0.1:9; set OLLAMA_HOST to the address of Ollama itself.",
    ),
}


@pytest.mark.parametrize(("answer", "outcome", "n_bytes", "sentence"), ENDS.values(), ids=ENDS)
def test_each_failure_has_its_outcome_and_its_sentence(answer, outcome, n_bytes, sentence, impostor, owner):
    impostor.answer("/api/version", {"version": "0.24.0"})
    impostor.answers["/api/chat"] = answer
    told, record = failed_call(impostor.url, owner, timeout_s=0.3 if outcome == "timed_out" else 5)
    assert told == sentence.format(url=impostor.url)
    assert record.outcome == outcome
    assert record.n_bytes_received == (record.n_bytes_received if n_bytes is None else n_bytes)
    assert record.n_bytes_sent == len(record.request.encode())


def test_an_answer_of_ten_megabytes_is_not_read_to_its_end(impostor, owner):
    impostor.answers["/api/chat"] = (200, "x" * 10_000_000)
    told, record = failed_call(impostor.url, owner)
    assert told == "Ollama sent more than 1 MB, which is no answer; is another program listening on its address?"
    assert record.outcome == "misbehaved"
    assert 1_000_000 < record.n_bytes_received < 2_000_000
    assert record.response == "x" * 65536


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_answer_is_not_unpacked(encoding, impostor, owner, monkeypatch):
    send_response = impostor.RequestHandlerClass.send_response

    def compressed(self, status, message=None):
        send_response(self, status, message)
        self.send_header("Content-Encoding", encoding)

    monkeypatch.setattr(impostor.RequestHandlerClass, "send_response", compressed)
    impostor.answers["/api/chat"] = (200, b"\x1f\x8b" + b"\x00" * 50)
    told, record = failed_call(impostor.url, owner)
    assert told == (
        f"Ollama at {impostor.url} sent bytes that are no text; is another program listening on this address?"
    )
    assert (record.outcome, record.n_bytes_received) == ("misbehaved", 52)


class BrokenLog:
    """Cannot keep what its name says."""

    def begin(self, request):
        if request.owner != 2:
            raise OSError("The disk is full.")
        return "c1"

    def end(self, call, end):
        raise OSError("The disk is full.")


@pytest.mark.logs_errors
def test_a_call_that_cannot_be_recorded_is_not_made(impostor):
    with pytest.raises(ProviderError) as raised:
        ask(impostor.url, 1, log=f"{__name__}.BrokenLog")
    assert str(raised.value) == "The call could not be recorded, so nothing was sent."
    assert raised.value.calls == ()
    assert impostor.asked == []


def test_a_prompt_that_is_too_long_to_be_recorded_is_not_sent_and_says_so(impostor, owner):
    with connection(impostor.url) as client, pytest.raises(ProviderError) as raised:
        client.chat(({"role": "user", "content": "x" * 1_000_000},), **request(owner))
    assert re.fullmatch(
        r"The prompt has 1,000,\d{3} characters; a prompt of more than 1,000,000 is not sent\.", str(raised.value)
    )
    assert (impostor.asked, ModelCall.objects.exists()) == ([], False)


@pytest.mark.logs_errors
def test_an_answer_is_used_although_its_end_cannot_be_recorded(impostor):
    impostor.answers["/api/chat"] = (200, GOOD)
    assert ask(impostor.url, 2, log=f"{__name__}.BrokenLog").first_token == (("C", -0.5),)


@pytest.mark.logs_errors
@pytest.mark.django_db(transaction=True)
def test_a_call_for_a_ledger_that_has_gone_is_not_made(impostor):
    with pytest.raises(ProviderError, match=r"^The call could not be recorded, so nothing was sent\.$"):
        ask(impostor.url, 404)
    assert impostor.asked == []


def test_without_a_log_nothing_is_recorded(impostor, owner):
    impostor.answers["/api/chat"] = (200, GOOD)
    assert ask(impostor.url, owner, log="").call == ""
    assert not ModelCall.objects.exists()


def test_what_carries_no_text_of_a_person_is_not_recorded(impostor, owner):
    impostor.answer("/api/version", {"version": "0.24.0"})
    with connection(impostor.url) as client:
        client.status("tiny:1b")
    assert not ModelCall.objects.exists()


def test_a_closed_port_is_recorded_as_unreachable_with_nothing_sent(owner, closed_port):
    url = f"http://127.0.0.1:{closed_port}"
    told, record = failed_call(url, owner)
    assert told == f"Ollama at {url} refused the connection; is it running?"
    assert (record.outcome, record.n_bytes_sent, record.n_bytes_received) == ("unreachable", 0, 0)


def test_an_unknown_name_is_recorded_as_unreachable(owner, names):
    names["nas.example"] = []
    told, record = failed_call("http://nas.example:11434", owner)
    assert told == "The name nas.example has no address; check OLLAMA_HOST."
    assert (record.outcome, record.n_bytes_sent) == ("unreachable", 0)


PUBLIC = {
    "http://203.0.113.9:11434": "203.0.113.9",
    "http://[2001:db8::9]:11434": "2001:db8::9",
    "http://[::ffff:203.0.113.9]:11434": "::ffff:203.0.113.9",
    "http://[64:ff9b::cb00:7109]:11434": "64:ff9b::cb00:7109",
    "https://models.example": "models.example (203.0.113.9)",
}


@pytest.mark.parametrize(("host", "named"), PUBLIC.items())
def test_nothing_is_sent_to_a_public_address(host, named, owner, names):
    names["models.example"] = ["203.0.113.9", "2001:db8::9"]
    told, record = failed_call(host, owner)
    assert told == (
        f"{named} is a public address, so nothing is sent to it. "
        "Run Ollama on a private network, or set OUTLAY_OLLAMA_PUBLIC=yes."
    )
    assert (record.outcome, record.n_bytes_sent, record.n_bytes_received) == ("refused", 0, 0)
    with connection(host) as client:
        assert client.status("tiny:1b").problem == told


def test_a_name_with_private_and_public_addresses_uses_the_private_ones_alone(impostor, owner, names):
    impostor.answers["/api/chat"] = (200, GOOD)
    names["nas.example"] = ["203.0.113.9", "127.0.0.1"]
    host = impostor.url.replace("127.0.0.1", "nas.example")
    assert ask(host, owner).first_token == (("C", -0.5),)
    assert names.looked_up == ["nas.example"]


def test_the_server_sees_the_name_and_not_the_address(impostor, owner, names):
    impostor.answers["/api/chat"] = (200, GOOD)
    names["nas.example"] = ["127.0.0.1"]
    host = impostor.url.replace("127.0.0.1", "nas.example")
    ask(host, owner)
    assert impostor.hosts == [host.removeprefix("http://")]


def test_a_name_that_changes_to_a_public_address_is_refused_then(impostor, owner, names):
    impostor.answers["/api/chat"] = (200, GOOD)
    names["nas.example"] = ["127.0.0.1"]
    with connection(impostor.url.replace("127.0.0.1", "nas.example")) as client:
        client.chat(PROMPT, **request(owner))
        names["nas.example"] = ["203.0.113.9"]
        with pytest.raises(ProviderError, match=r"^nas\.example \(203\.0\.113\.9\) is a public address"):
            client.chat(PROMPT, **request(owner))
    assert len(impostor.asked) == 1


def test_a_public_address_is_used_where_the_operator_allows_it(impostor, owner, names, monkeypatch):
    monkeypatch.setattr("providers.ollama.transport.is_private", lambda address: False)
    impostor.answers["/api/chat"] = (200, GOOD)
    assert ask(impostor.url, owner, is_public_allowed=True).first_token == (("C", -0.5),)
    assert failed_call_outcomes(impostor.url, owner) == ["answered", "refused"]


def failed_call_outcomes(host, owner):
    with pytest.raises(ProviderError):
        ask(host, owner)
    return sorted(ModelCall.objects.values_list("outcome", flat=True))


def test_a_redirect_to_a_public_address_is_refused_and_not_followed(impostor, owner, names):
    names["models.example"] = ["203.0.113.9"]
    impostor.redirects_to = "https://models.example/api/chat?key=abc"
    impostor.answers["/api/chat"] = (308, "")
    told, record = failed_call(impostor.url, owner)
    assert told == (
        f"{impostor.url} redirects to another server. models.example (203.0.113.9) is a public address, "
        "so nothing is sent to it. Run Ollama on a private network, or set OUTLAY_OLLAMA_PUBLIC=yes."
    )
    assert (record.outcome, record.n_bytes_sent) == ("refused", len(record.request.encode()))


def test_a_text_is_written_and_recorded(impostor, owner):
    impostor.answer("/api/chat", {"message": {"role": "assistant", "content": "You spent less."}})
    with connection(impostor.url) as client:
        written = client.write(PROMPT, **request(owner), max_tokens=50, prompt_version="n1")
    [record] = ModelCall.objects.all()
    assert written == Written("You spent less.", (), str(record.pk))
    assert (record.prompt_version, record.outcome) == ("n1", "answered")
    assert json.loads(record.request)["options"] == {"seed": 1, "num_predict": 50}


def test_a_model_may_ask_for_tools(impostor, owner):
    wanted = [{"function": {"name": "total", "arguments": {"month": "2026-05"}}}]
    impostor.answer("/api/chat", {"message": {"role": "assistant", "content": "", "tool_calls": wanted}})
    with connection(impostor.url) as client:
        written = client.write(PROMPT, **request(owner), max_tokens=50, tools=[TOOL])
    assert (written.text, written.tool_calls) == ("", (ToolCall("total", {"month": "2026-05"}),))
    [(_, asked)] = impostor.asked
    assert asked["tools"][0]["function"]["name"] == "total"


def test_a_model_without_tools_is_named(impostor, owner):
    impostor.answer("/api/chat", {"error": "library/tiny:1b does not support tools"}, status=400)
    with connection(impostor.url) as client, pytest.raises(ModelWithoutTools) as raised:
        client.write(PROMPT, **request(owner), max_tokens=50, tools=[TOOL])
    [record] = ModelCall.objects.all()
    assert str(raised.value) == "The model “tiny:1b” cannot call tools; choose one that can, such as “qwen3:4b”."
    assert (record.outcome, raised.value.calls) == ("failed", (str(record.pk),))


def test_each_row_of_a_batch_has_a_call_of_its_own(impostor, owner):
    impostor.answers["/api/chat"] = (200, GOOD)
    provider = OllamaProvider(model="tiny:1b", host=impostor.url, log=LOG)
    provider.categorize_many([row("tram ticket", FEW, owner=owner), row("bus ticket", FEW, owner=owner)])
    assert list(ModelCall.objects.values_list("ledger_id", "outcome")) == [(owner, "answered")] * 2


@pytest.fixture
def secure(impostor, names, monkeypatch, tmp_path):
    """The impostor behind TLS, with a trusted certificate of nas.example; other.example leads to it, too."""
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nas.example")]), dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    draft = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    own_name = x509.SubjectAlternativeName([x509.DNSName("nas.example")])
    certificate = draft.add_extension(own_name, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    path = tmp_path / "certificate.pem"
    path.write_bytes(key.private_bytes(*plain[::-1]) + certificate.public_bytes(serialization.Encoding.PEM))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(path)
    trusting = ssl.create_default_context(cafile=path)
    monkeypatch.setattr("providers.ollama.transport._tls", lambda: trusting)
    monkeypatch.setattr(impostor, "get_request", lambda: secured(impostor, served))
    names |= {"nas.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    return f"https://{{}}:{impostor.server_address[1]}"


def secured(server, context):
    connection, address = server.socket.accept()
    return context.wrap_socket(connection, server_side=True), address


def test_tls_proves_the_name_and_not_the_address(secure, impostor, owner):
    impostor.answers["/api/chat"] = (200, GOOD)
    assert ask(secure.format("nas.example"), owner).first_token == (("C", -0.5),)


def test_nothing_is_sent_to_a_server_with_the_certificate_of_another_name(secure, impostor, owner):
    host = secure.format("other.example")
    told, record = failed_call(host, owner)
    assert told == f"The certificate of {host} is not valid for it; nothing was sent."
    assert (record.outcome, record.n_bytes_sent, impostor.asked) == ("unreachable", 0, [])
    with connection(host) as client:
        assert client.status("tiny:1b").problem == told

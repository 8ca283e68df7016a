from typing import Any

import pytest

from providers.ollama import OllamaProvider
from providers.ollama.addresses import is_private


def test_good_options_have_no_fault():
    assert OllamaProvider(model="qwen3:4b").check() == []
    assert OllamaProvider(model="qwen3:4b", host="https://models.example:8443/ollama", timeout_s=0.5).check() == []


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"model": " "}, "model is empty; name a model that Ollama has, such as “qwen3:4b”."),
        ({"model": None}, "model is empty; name a model that Ollama has, such as “qwen3:4b”."),
        (
            {"host": "127.0.0.1:11434"},
            "host is not a web address: '127.0.0.1:11434'; write it like “http://127.0.0.1:11434”.",
        ),
        ({"host": "ftp://here"}, "host is not a web address: 'ftp://here'; write it like “http://127.0.0.1:11434”."),
        ({"host": "http://a:b"}, "host is not a web address: 'http://a:b'; write it like “http://127.0.0.1:11434”."),
        ({"host": None}, "host is not a web address: None; write it like “http://127.0.0.1:11434”."),
        (
            {"host": "http://me:secret@here"},
            "host holds a user name, which Ollama's client would drop; put a proxy without a password before Ollama.",
        ),
        ({"timeout_s": 0}, "timeout_s must be a positive number of seconds, not 0."),
        ({"timeout_s": "30"}, "timeout_s must be a positive number of seconds, not '30'."),
        ({"load_timeout_s": float("nan")}, "load_timeout_s must be a positive number of seconds, not nan."),
        ({"num_ctx": 100}, "num_ctx must be a number of tokens, 512 or more, not 100."),
    ],
)
def test_each_faulty_option_is_named_with_what_to_write_instead(options, fault):
    assert OllamaProvider(**{"model": "qwen3:4b"} | options).check() == [fault]


def test_all_faults_are_told_at_once():
    options: dict[str, Any] = {"host": "", "timeout_s": -1, "load_timeout_s": -1, "num_ctx": 0}
    assert len(OllamaProvider(model="", **options).check()) == 5


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::9", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"])
def test_a_public_address_is_refused_before_the_server_is_ever_called(address):
    host = f"http://[{address}]:11434" if ":" in address else f"http://{address}:11434"
    [fault] = OllamaProvider(model="qwen3:4b", host=host).check()
    assert fault == (
        f"host: {address} is a public address, so nothing is sent to it. "
        "Run Ollama on a private network, or set OUTLAY_OLLAMA_PUBLIC=yes."
    )
    assert OllamaProvider(model="qwen3:4b", host=host, is_public_allowed=True).check() == []


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.178.20", "169.254.1.1",
    "100.64.0.1", "100.127.255.255", "::1", "fd00::5", "fc00::1", "fe80::1", "fe80::1%2", "::ffff:192.168.1.9",
    "64:ff9b::c0a8:109", "fd7a:115c:a1e0::1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "172.15.255.255", "172.32.0.1", "192.169.0.1", "100.63.255.255", "100.128.0.1", "0.0.0.0", "::",  # noqa: S104
    "224.0.0.1", "255.255.255.255", "2001:db8::1", "2606:4700::1111", "fec0::1", "ff02::1", "::ffff:8.8.8.8",
    "::ffff:8.8.8.8%2", "64:ff9b::808:808", "64:ff9b:1::c0a8:109", "2002:c0a8:109::1", "::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_own_networks_is_private(address):
    assert is_private(address)
    assert (
        OllamaProvider(model="qwen3:4b", host=f"http://{f'[{address}]' if ':' in address else address}").check() == []
    )


@pytest.mark.parametrize("address", PUBLIC)
def test_any_other_address_is_public(address):
    assert not is_private(address)

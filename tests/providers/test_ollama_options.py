from typing import Any

import pytest

from providers.ollama import OllamaProvider


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

from typing import Any

import pytest
from django.core.cache.backends.base import BaseCache
from django.test import override_settings

from providers.interface import Suggestion
from providers.ollama.cache import AnswerCache, Model
from providers.ollama.letters import Reply
from tests.providers.ollama_cassettes import cassette
from tests.providers.ollama_scenarios import FEW, history_row, provider, row

REPLY = Reply((("B", -0.25), ("食", -3.5)), 120, 1, 80)
MODEL = Model("tiny:1b", "d1", 2048)


class Broken(BaseCache):
    """A cache whose server is away."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get_many(self, *_args: Any, **_fields: Any) -> Any:
        raise ConnectionError

    def set(self, *_args: Any, **_fields: Any) -> None:
        raise ConnectionError


def test_replies_and_models_come_back_as_they_were_kept(fresh_cache):
    cache = AnswerCache()
    cache.keep_reply("one", REPLY)
    cache.keep_model(MODEL, host="http://here")
    assert cache.replies(["one", "two"]) == {"one": REPLY}
    assert cache.model(host="http://here", name="tiny:1b") == MODEL
    assert cache.model(host="http://there", name="tiny:1b") is None


@pytest.mark.parametrize("value", ["", "null", "[]", "{}", '{"first_token": 3}', '{"first_token": [], "extra": 1}', 7])
def test_a_spoiled_entry_counts_as_none(fresh_cache, value):
    fresh_cache.set("one", value)
    assert AnswerCache().replies(["one"]) == {}


def test_a_cache_that_is_broken_costs_no_answer():
    with override_settings(CACHES={"default": {"BACKEND": f"{__name__}.Broken"}}):
        link = provider()
        with cassette("good_answer"):
            [answer] = link.categorize_many([history_row()])
        assert isinstance(answer, Suggestion)
        assert answer.category == 102
        assert link.recall([history_row()]) == [None]


def test_no_words_of_a_transaction_are_kept_in_keys(fresh_cache):
    with cassette("asked_twice"):
        provider().categorize_many([row("Night bus", FEW)])
    kept = str(fresh_cache._cache)
    assert "ollama-reply-" in kept
    assert "night" not in kept.casefold()

"""Replies of the model are kept, so that nothing is asked twice and a batch that broke off continues.

The cache holds hashes of prompts, no texts. A cache that fails costs a question, never an answer.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache

from providers.ollama.letters import Reply
from providers.ollama.prompt import PROMPT_VERSION, Prompt

T = TypeVar("T")

logger = logging.getLogger(__name__)

_REPLY_KEPT_S = 30 * 24 * 3600
# Long enough to answer at once during a day's work, short enough to notice a new server.
_MODEL_KEPT_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class Model:
    """A model on its server: `digest` names its build, `context_length` is in tokens, 0 if unknown."""

    name: str
    digest: str
    context_length: int


class AnswerCache:
    """Replies by everything that can change them, and the model last seen on each server."""

    def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        """Return the replies kept under `keys`, in one look into the cache."""

        def read(fields: dict[str, Any]) -> Reply:
            likely = tuple((str(token), float(logprob)) for token, logprob in fields.pop("first_token"))
            return Reply(first_token=likely, **fields)

        return self._values(keys, read)

    def keep_reply(self, key: str, reply: Reply) -> None:
        """Keep the reply for 30 days."""
        self._keep(key, asdict(replace(reply, call="")), _REPLY_KEPT_S)

    def model(self, *, host: str, name: str) -> Model | None:
        """Return the model as a call within the last hours found it."""
        key = _model_key(host, name)
        return self._values([key], lambda one: Model(one["name"], one["digest"], one["context_length"])).get(key)

    def keep_model(self, model: Model, *, host: str) -> None:
        """Remember the model for some hours."""
        self._keep(_model_key(host, model.name), asdict(model), _MODEL_KEPT_S)

    def _values(self, keys: Iterable[str], read: Callable[[dict[str, Any]], T]) -> dict[str, T]:
        try:
            return {key: read(json.loads(text)) for key, text in cache.get_many(keys).items()}
        except Exception:
            logger.warning("The cache could not be read; the model is asked instead.", exc_info=True)
            return {}

    def _keep(self, key: str, value: Mapping[str, Any], kept_s: int) -> None:
        try:
            cache.set(key, json.dumps(value), kept_s)
        except Exception:
            logger.warning("The cache could not be written; nothing is lost.", exc_info=True)


class ForgetfulCache(AnswerCache):
    """Keeps no reply, so that every question is really asked."""

    def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return {}

    def keep_reply(self, key: str, reply: Reply) -> None:
        """Forget it."""


def reply_key(prompt: Prompt, *, host: str, model: Model, options: Mapping[str, Any]) -> str:
    """Return a key that changes with everything that can change the reply; the ledger is none of it."""
    return _hashed("reply", [PROMPT_VERSION, host, model.name, model.digest, dict(options), prompt])


def _model_key(host: str, name: str) -> str:
    return _hashed("model", [host, name])


def _hashed(kind: str, values: list[Any]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=True)
    return f"ollama-{kind}-{sha256(text.encode()).hexdigest()}"

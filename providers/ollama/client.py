"""The one place that speaks with Ollama: a deadline on every call, and no foreign exception gets out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import ollama

from providers.interface import ProviderError
from providers.ollama.failures import foreseen, not_pulled
from providers.ollama.prompt import Prompt, Reply

_CONNECT_TIMEOUT_S = 5.0
#: Ollama reports no more than this many likely tokens for each token of an answer.
_MOST_ALTERNATIVES = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a download: the server's word for it, and bytes where it tells them."""

    status: str
    n_bytes_done: int = 0
    n_bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """Whether the model can be asked; `problem` is a sentence for the user, or empty."""

    reachable: bool
    version: str = ""
    model_pulled: bool = False
    loaded: bool = False
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


class OllamaClient:
    """A connection to one server under one deadline; use it as a context manager so that it is closed.

    Every method raises ProviderUnavailable when the server cannot answer, ProviderMisbehaved when it answers nonsense.
    """

    def __init__(self, *, host: str, timeout_s: float) -> None:
        self.host = host
        self.timeout_s = timeout_s
        with foreseen(host=self.host, timeout_s=timeout_s):
            # Payments must not wander: no proxy from the environment, no redirect to another host.
            self._api = ollama.Client(host=host, timeout=self._deadline(), follow_redirects=False, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.close()  # type: ignore[no-untyped-call]

    def chat(
        self, question: Prompt, *, model: str, options: Mapping[str, Any], keep_alive: float | str | None
    ) -> Reply:
        """Put the question to the model."""
        by_letter = question.schema is None
        with self._foreseen(model):
            return _reply(
                self._api.chat(
                    model,
                    messages=question.messages,
                    think=False,
                    logprobs=by_letter,
                    top_logprobs=_MOST_ALTERNATIVES if by_letter else None,
                    format=question.schema,
                    options={**options, "num_predict": question.n_answer_tokens},
                    keep_alive=keep_alive,
                )
            )

    def loaded_digest(self, model: str) -> str:
        """Return the digest of the model if it is in memory now, else ""."""
        with self._foreseen():
            running = {_full_name(one.model or ""): one.digest or "" for one in self._api.ps().models}
        return running.get(_full_name(model), "")

    def pulled_digest(self, model: str) -> str:
        """Return the digest of the model on the server's disk. Raises ProviderUnavailable if it is not there."""
        with self._foreseen():
            pulled = {_full_name(one.model or ""): one.digest or "" for one in self._api.list().models}
        if _full_name(model) not in pulled:
            raise not_pulled(model)
        return pulled[_full_name(model)]

    def context_length(self, model: str) -> int:
        """Return how many tokens the model can read, or 0 where the server does not say."""
        with self._foreseen(model):
            facts = self._api.show(model).modelinfo or {}
            lengths = [int(value) for name, value in facts.items() if name.endswith(".context_length")]
        return min(lengths, default=0)

    def pull(self, model: str) -> Iterator[Progress]:
        """Download the model, step by step. Raises ProviderUnavailable with the server's words when it fails."""
        with self._foreseen():
            for part in self._api.pull(model, stream=True):
                yield Progress(part.status or "", part.completed or 0, part.total or 0)

    def version(self) -> str:
        """Return the server's version."""
        with self._foreseen(), httpx.Client(timeout=self._deadline(), trust_env=False) as plain:
            answer = plain.get(f"{self.host.rstrip('/')}/api/version")
            return str(answer.raise_for_status().json()["version"])

    def status(self, model: str) -> Status:
        """Tell whether the server answers and has the model, without raising."""
        reached: dict[str, Any] = {"reachable": False}
        try:
            reached = {"reachable": True, "version": self.version()}
            self.pulled_digest(model)
            return Status(**reached, model_pulled=True, loaded=bool(self.loaded_digest(model)))
        except ProviderError as error:
            return Status(**reached, problem=str(error))

    def _deadline(self) -> httpx.Timeout:
        return httpx.Timeout(self.timeout_s, connect=min(_CONNECT_TIMEOUT_S, self.timeout_s))

    def _foreseen(self, model: str = "") -> Any:
        return foreseen(host=self.host, model=model, timeout_s=self.timeout_s)


def _reply(answer: ollama.ChatResponse) -> Reply:
    first = answer.logprobs[0] if answer.logprobs else None
    likely = (first.top_logprobs or [first]) if first else []
    return Reply(
        content=answer.message.content or "",
        first_token=tuple((one.token, one.logprob) for one in likely),
        n_prompt_tokens=answer.prompt_eval_count or 0,
        n_answer_tokens=answer.eval_count or 0,
        duration_ms=(answer.total_duration or 0) // 1_000_000,
    )


def _full_name(model: str) -> str:
    name = model.rpartition("/")[2]
    return model if ":" in name else f"{model}:latest"

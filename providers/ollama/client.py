"""The one place that speaks with Ollama: every call has a deadline, every failure is a sentence for the user."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import ollama

from providers.interface import ProviderError, ProviderMisbehaved, ProviderUnavailable
from providers.ollama.letters import Reply
from providers.ollama.prompt import Prompt

#: The first release that gives log probabilities.
OLDEST_VERSION = (0, 12, 11)
#: Ollama reports no more than this many likely tokens for each token of an answer.
_MOST_ALTERNATIVES = 20


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a download: the server's word for it, and bytes where it tells them."""

    status: str
    n_bytes_done: int = 0
    n_bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The state of server and model; `problem` is a sentence for the user, or empty."""

    reachable: bool
    version: str = ""
    model_pulled: bool = False
    loaded: bool = False
    problem: str = ""


class OllamaClient:
    """A connection to one server under one deadline; use it as a context manager so that it is closed.

    Every method raises ProviderUnavailable if the server cannot answer, ProviderMisbehaved if it answers nonsense.
    """

    def __init__(self, *, host: str, timeout_s: float) -> None:
        self.host = host
        self.timeout_s = timeout_s
        self._deadline = httpx.Timeout(timeout_s, connect=min(5.0, timeout_s))
        with self._failures():
            # Payments must not wander: no proxy from the environment, no redirect to another host.
            self._api = ollama.Client(host=host, timeout=self._deadline, follow_redirects=False, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.close()  # type: ignore[no-untyped-call]

    def chat(self, prompt: Prompt, *, model: str, options: Mapping[str, Any], keep_alive: float | str | None) -> Reply:
        """Ask the model for one token. Raise ProviderUnavailable if the server is too old to weigh it."""
        with self._failures(model):
            answer = self._api.chat(
                model,
                messages=prompt,
                think=False,
                logprobs=True,
                top_logprobs=_MOST_ALTERNATIVES,
                options={**options, "num_predict": 1},
                keep_alive=keep_alive,
            )
            first = answer.logprobs[0] if answer.logprobs else None
            reply = Reply(
                first_token=tuple((one.token, one.logprob) for one in (first.top_logprobs or [first])) if first else (),
                n_prompt_tokens=answer.prompt_eval_count or 0,
                n_answer_tokens=answer.eval_count or 0,
                duration_ms=(answer.total_duration or 0) // 1_000_000,
            )
        if not reply.first_token:
            _refuse_old_server(self.version())
            raise ProviderMisbehaved("Ollama gave no probabilities for the model's answer; choose another model.")
        return reply

    def loaded_digest(self, model: str) -> str:
        """Return the digest of the model if it is in memory now, else ""."""
        with self._failures():
            running = {_full_name(one.model or ""): one.digest or "" for one in self._api.ps().models}
        return running.get(_full_name(model), "")

    def pulled_digest(self, model: str) -> str:
        """Return the digest of the model on the server's disk. Raise ProviderUnavailable if it is not there."""
        with self._failures():
            pulled = {_full_name(one.model or ""): one.digest or "" for one in self._api.list().models}
        if _full_name(model) not in pulled:
            raise _not_pulled(model)
        return pulled[_full_name(model)]

    def context_length(self, model: str) -> int:
        """Return how many tokens the model can read, or 0 where the server does not say."""
        with self._failures(model):
            facts = self._api.show(model).modelinfo or {}
            lengths = [int(value) for name, value in facts.items() if name.endswith(".context_length")]
        return min(lengths, default=0)

    def pull(self, model: str) -> Iterator[PullProgress]:
        """Download the model, step by step. Raise ProviderUnavailable with the server's words if it fails."""
        with self._failures():
            for part in self._api.pull(model, stream=True):
                yield PullProgress(part.status or "", part.completed or 0, part.total or 0)

    def version(self) -> str:
        """Return the server's version."""
        with self._failures(), httpx.Client(timeout=self._deadline, trust_env=False) as plain:
            answer = plain.get(f"{self.host.rstrip('/')}/api/version")
            return str(answer.raise_for_status().json()["version"])

    def status(self, model: str) -> ServerStatus:
        """Tell whether the server answers, is new enough and has the model, without raising."""
        reached: dict[str, Any] = {"reachable": False}
        try:
            reached = {"reachable": True, "version": self.version()}
            _refuse_old_server(reached["version"])
            self.pulled_digest(model)
            return ServerStatus(**reached, model_pulled=True, loaded=bool(self.loaded_digest(model)))
        except ProviderError as error:
            return ServerStatus(**reached, problem=str(error))

    @contextmanager
    def _failures(self, model: str = "") -> Iterator[None]:
        """Turn exceptions of the client library into ProviderUnavailable or ProviderMisbehaved."""
        try:
            yield
        except ollama.ResponseError as error:
            raise _refusal(error, host=self.host, model=model) from error
        except httpx.TimeoutException as error:
            raise ProviderUnavailable(
                f"Ollama at {self.host} did not answer within {self.timeout_s:g} seconds; "
                "allow it more time (timeout_s, load_timeout_s) or choose a smaller model."
            ) from error
        except (ConnectionError, httpx.ConnectError) as error:
            raise ProviderUnavailable(f"Ollama at {self.host} refused the connection; is it running?") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(
                f"The call to Ollama at {self.host} failed: {_shown(error)}. Try again."
            ) from error
        # The library reads answers without checking their shape; what it then trips over is not its caller's mistake.
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ProviderMisbehaved(
                f"Ollama at {self.host} sent something that is not an answer; "
                "is another program listening on this address?"
            ) from error


def _refuse_old_server(version: str) -> None:
    """Raise ProviderUnavailable for a release without log probabilities; a build without a number passes."""
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    if (0, 0, 0) < numbers < OLDEST_VERSION:
        oldest = ".".join(map(str, OLDEST_VERSION))
        raise ProviderUnavailable(f"Ollama {version} gives no probabilities; update it to {oldest} or newer.")


def _refusal(error: ollama.ResponseError, *, host: str, model: str) -> ProviderError:
    words = _shown(error.error)
    if error.status_code == httpx.codes.NOT_FOUND and model:
        return _not_pulled(model)
    if error.status_code == -1:
        return ProviderUnavailable(f"Ollama at {host} gave up: {words}")
    if httpx.codes.is_redirect(error.status_code):
        return ProviderUnavailable(f"{host} redirects elsewhere; set host to the address where Ollama itself answers.")
    if httpx.codes.is_server_error(error.status_code):
        return ProviderUnavailable(
            f"Ollama at {host} failed with HTTP {error.status_code}: {words}. Look into its log; it may lack memory."
        )
    return ProviderUnavailable(f"Ollama at {host} rejected the request with HTTP {error.status_code}: {words}")


def _not_pulled(model: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"The model “{model}” is not pulled; run `ollama pull {model}`.")


def _shown(error: object) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _full_name(model: str) -> str:
    name = model.rpartition("/")[2]
    return model if ":" in name else f"{model}:latest"

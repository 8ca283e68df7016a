"""The one place that speaks with Ollama: every call has a deadline, every failure is a sentence for the user.

Only chats carry text of a person, so only chats are recorded.
"""

import logging
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import ollama

from providers.interface import ProviderError, ProviderMisbehaved, ProviderUnavailable
from providers.ollama.calls import CallEnd, CallLog, CallOutcome, CallRequest, Purpose
from providers.ollama.letters import Reply
from providers.ollama.prompt import PROMPT_VERSION, Prompt
from providers.ollama.transport import MOST_BYTES, MOST_BYTES_OF_FACTS, Door, EndpointRefused, NameWithoutAddress

logger = logging.getLogger(__name__)

#: The first release that gives log probabilities.
OLDEST_VERSION = (0, 12, 11)
#: Ollama reports no more than this many likely tokens for each token of an answer.
_MOST_ALTERNATIVES = 20
#: Characters of a version; a program that is not Ollama may send megabytes.
_LONGEST_VERSION = 100
_NO_PROBABILITIES = "Ollama gave no probabilities for the model's answer; choose another model."
_NOT_NUMBERS = "Ollama gave probabilities that are not numbers; update it or choose another model."

KeepAlive = float | str | None


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a download: the server's word for it, and bytes where it tells them."""

    status: str
    n_bytes_done: int = 0
    n_bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The state of server and model; `problem` is a sentence for the user, or empty.

    `address` is the one that was connected to, `n_bytes` the model's size on disk, `context_length` in tokens.
    """

    reachable: bool
    version: str = ""
    address: str = ""
    digest: str = ""
    n_bytes: int = 0
    context_length: int = 0
    has_tools: bool = False
    loaded: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to have called."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A text of the model, or the tools that it wants; `call` is the id of the record, "" without a log."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    call: str


class ModelWithoutTools(ProviderUnavailable):
    """The model cannot call tools; another one may."""

    is_failure_of_link = False


class CallNotRecorded(ProviderUnavailable):
    """The log could not keep the call, for example because the database is locked, so nothing was sent."""

    is_failure_of_link = False


@dataclass(slots=True)
class _Call:
    """The call under way; `id` names its record, "" before it is made or without a log."""

    id: str = ""
    started_at: float = 0.0
    outcome: CallOutcome = CallOutcome.ANSWERED

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id,) if self.id else ()


class OllamaClient:
    """A connection to one server under one deadline; use it as a context manager so that it is closed.

    Every method raises ProviderUnavailable if the server cannot answer, ProviderMisbehaved if it answers nonsense.
    With a log, each chat is recorded before it is sent, and the exceptions of chats carry the ids of their records.
    """

    def __init__(
        self,
        *,
        host: str,
        timeout_s: float,
        purpose: Purpose = Purpose.CATEGORIZE,
        log: CallLog | None = None,
        is_public_allowed: bool = False,
    ) -> None:
        self.host = host
        self.timeout_s = timeout_s
        self.purpose = purpose
        self._log = log
        self._door = Door(is_public_allowed=is_public_allowed)
        # Payments must not wander: no proxy from the environment, no redirect to another host.
        settings: dict[str, Any] = {
            "timeout": httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            "transport": self._door,
            "follow_redirects": False,
            "trust_env": False,
            "headers": {"accept-encoding": "identity"},
        }
        with self._failures():
            self._api = ollama.Client(host=host, **settings)
            self._plain = httpx.Client(base_url=host, **settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.close()  # type: ignore[no-untyped-call]

    def chat(
        self, prompt: Prompt, *, owner: int, model: str, digest: str, options: Mapping[str, Any], keep_alive: KeepAlive
    ) -> Reply:
        """Ask the model for one token. Raise ProviderUnavailable if the server is too old to weigh it."""
        options = {**options, "num_predict": 1}
        asked: dict[str, Any] = {"messages": prompt, "options": options, "keep_alive": keep_alive}
        with self._recorded(owner=owner, model=model, digest=digest, prompt_version=PROMPT_VERSION) as call:
            answer = self._api.chat(model, **asked, think=False, logprobs=True, top_logprobs=_MOST_ALTERNATIVES)
            first = answer.logprobs[0] if answer.logprobs else None
            likely = tuple((one.token, one.logprob) for one in (first.top_logprobs or [first])) if first else ()
            if not all(math.isfinite(logprob) for _, logprob in likely):
                raise ProviderMisbehaved(_NOT_NUMBERS)
            if not likely:
                call.outcome = CallOutcome.MISBEHAVED
        if not likely:
            too_old = _too_old(self.version())
            problem = ProviderUnavailable(too_old) if too_old else ProviderMisbehaved(_NO_PROBABILITIES)
            problem.calls = call.ids
            raise problem
        return Reply(
            first_token=likely,
            n_prompt_tokens=answer.prompt_eval_count or 0,
            n_answer_tokens=answer.eval_count or 0,
            duration_ms=(answer.total_duration or 0) // 1_000_000,
            call=call.id,
        )

    def write(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        owner: int,
        model: str,
        digest: str,
        options: Mapping[str, Any],
        keep_alive: KeepAlive,
        max_tokens: int,
        tools: Sequence[Mapping[str, Any]] = (),
        prompt_version: str = "",
    ) -> Written:
        """Let the model write up to `max_tokens` tokens, or ask for some of `tools`, which are in Ollama's form.

        Raise ModelWithoutTools if there are tools and the model cannot call them.
        """
        with self._recorded(owner=owner, model=model, digest=digest, prompt_version=prompt_version) as call:
            options = {**options, "num_predict": max_tokens}
            answer = self._api.chat(
                model, messages=messages, tools=tools, think=False, options=options, keep_alive=keep_alive
            )
        wanted = [one.function for one in answer.message.tool_calls or ()]
        return Written(
            answer.message.content or "", tuple(ToolCall(one.name, one.arguments) for one in wanted), call.id
        )

    def loaded_digest(self, model: str) -> str:
        """Return the digest of the model if it is in memory now, else ""."""
        return self._running(model).digest or ""

    def memory(self, model: str) -> int:
        """Return the bytes of memory that the loaded model takes, 0 if it is not loaded."""
        return self._running(model).size or 0

    def pulled_digest(self, model: str) -> str:
        """Return the digest of the model on the server's disk. Raise ProviderUnavailable if it is not there."""
        return self._pulled(model).digest or ""

    def digest(self, model: str) -> str:
        """Return the digest of the model, loaded or not. Raise ProviderUnavailable if the server does not have it."""
        return self.loaded_digest(model) or self.pulled_digest(model)

    def context_length(self, model: str) -> int:
        """Return how many tokens the model can read, or 0 where the server does not say."""
        return self._facts(model)[0]

    def load(self, model: str, messages: Prompt = (), *, options: Mapping[str, Any], keep_alive: KeepAlive) -> None:
        """Bring the model into memory and let it read `messages`, which must hold no text of a person: unrecorded."""
        options = {**options, "num_predict": 1}
        with self._failures(model):
            self._api.chat(model, messages=messages, think=False, options=options, keep_alive=keep_alive)

    def pull(self, model: str) -> Iterator[PullProgress]:
        """Download the model, step by step. Raise ProviderUnavailable with the server's words if it fails."""
        self._door.is_download = True
        try:
            with self._failures():
                for part in self._api.pull(model, stream=True):
                    yield PullProgress(part.status or "", part.completed or 0, part.total or 0)
        finally:
            self._door.is_download = False

    def version(self) -> str:
        """Return the server's version."""
        with self._failures():
            answer = self._plain.get("/api/version")
            if not answer.is_success:
                raise ollama.ResponseError(answer.text, answer.status_code)
            version = answer.json()["version"]
            if not isinstance(version, str) or len(version) > _LONGEST_VERSION:
                raise ValueError("This is no version.")
            return version

    def status(self, model: str) -> ServerStatus:
        """Tell whether the server answers, is new enough and has the model, without raising."""
        known: dict[str, Any] = {"reachable": False}
        try:
            known = {"reachable": True, "version": self.version(), "address": self._door.network.address}
            if too_old := _too_old(known["version"]):
                return ServerStatus(**known, problem=too_old)
            pulled = self._pulled(model)
            known |= {"digest": pulled.digest or "", "n_bytes": int(pulled.size or 0)}
            known["context_length"], known["has_tools"] = self._facts(model)
            return ServerStatus(**known, loaded=bool(self.loaded_digest(model)))
        except ProviderError as error:
            return ServerStatus(**known, problem=str(error))

    def _running(self, model: str) -> ollama.ProcessResponse.Model:
        with self._failures():
            running = {_full_name(one.model or ""): one for one in self._api.ps().models}
        return running.get(_full_name(model), ollama.ProcessResponse.Model())

    def _pulled(self, model: str) -> ollama.ListResponse.Model:
        with self._failures():
            pulled = {_full_name(one.model or ""): one for one in self._api.list().models}
        if _full_name(model) not in pulled:
            raise _not_pulled(model)
        return pulled[_full_name(model)]

    def _facts(self, model: str) -> tuple[int, bool]:
        """Return the model's context length in tokens, 0 if unknown, and whether it can call tools."""
        with self._failures(model):
            shown = self._api.show(model)
            facts = shown.modelinfo or {}
            lengths = [int(value) for name, value in facts.items() if name.endswith(".context_length")]
        return min(lengths, default=0), "tools" in (shown.capabilities or ())

    @contextmanager
    def _recorded(self, *, owner: int, model: str, digest: str, prompt_version: str) -> Iterator[_Call]:
        """Keep the call in the log before it is sent, and its end afterwards. Exceptions carry the id of the record."""
        call = _Call()

        def begin(body: bytes) -> None:
            request = CallRequest(owner, self.purpose, self.host, model, digest, prompt_version, body.decode())
            try:
                call.id = self._log.begin(request) if self._log is not None else ""
            except ProviderError:
                raise
            except Exception as error:
                logger.exception("A call of the model could not be recorded")
                raise CallNotRecorded("The call could not be recorded, so nothing was sent.") from error
            call.started_at = time.perf_counter()

        self._door.before_sending, self._door.most_bytes = begin, MOST_BYTES
        try:
            with self._failures(model):
                yield call
        except ProviderError as error:
            error.calls, call.outcome = call.ids, _outcome(error)
            self._note_end(call)
            raise
        else:
            self._note_end(call)
        finally:
            self._door.before_sending, self._door.most_bytes = None, MOST_BYTES_OF_FACTS

    def _note_end(self, call: _Call) -> None:
        if self._log is None or not call.id:
            return
        door, duration_ms = self._door, round((time.perf_counter() - call.started_at) * 1000)
        received = door.received.decode("utf-8", "replace")
        try:
            self._log.end(call.id, CallEnd(call.outcome, received, door.n_bytes_received, duration_ms, door.was_sent))
        except Exception:
            logger.exception("The end of a call could not be recorded; its answer is used")

    @contextmanager
    def _failures(self, model: str = "") -> Iterator[None]:
        """Turn exceptions of the client library into ProviderUnavailable or ProviderMisbehaved."""
        try:
            yield
        except ollama.ResponseError as error:
            raise _refusal(error, host=self.host, model=model) from error
        except httpx.TimeoutException as error:
            has_begun = "began to answer, but did not finish" if self._door.has_begun else "did not answer"
            raise ProviderUnavailable(
                f"Ollama at {self.host} {has_begun} within {self.timeout_s:g} seconds; "
                "allow it more time (OUTLAY_OLLAMA_TIMEOUT_S, OUTLAY_OLLAMA_LOAD_TIMEOUT_S) or choose a smaller model."
            ) from error
        except (ConnectionError, httpx.ConnectError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in f"{error} {error.__context__}":
                raise ProviderUnavailable(
                    f"The certificate of {self.host} is not valid for it; nothing was sent."
                ) from error
            raise ProviderUnavailable(f"Ollama at {self.host} refused the connection; is it running?") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            words = _shown(error).rstrip(".")
            raise ProviderUnavailable(
                f"Ollama at {self.host} broke off ({words}); look into its log, it may have crashed."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(
                f"The call to Ollama at {self.host} failed: {_shown(error)}. Try again."
            ) from error
        # The library reads answers without checking their shape; what it then trips over is not its caller's mistake.
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ProviderMisbehaved(
                f"Ollama at {self.host} sent {_kind(self._door.received)}; "
                "is another program listening on this address?"
            ) from error


def _outcome(error: ProviderError) -> CallOutcome:
    """Return the end of a call that failed, as the exception behind the sentence tells it."""
    match error, error.__cause__:
        case EndpointRefused(), _:
            return CallOutcome.REFUSED
        case ProviderMisbehaved(), _:
            return CallOutcome.MISBEHAVED
        case _, httpx.TimeoutException():
            return CallOutcome.TIMED_OUT
        case (NameWithoutAddress(), _) | (_, OSError() | httpx.ConnectError()):
            return CallOutcome.UNREACHABLE
    return CallOutcome.FAILED


def _kind(received: bytes) -> str:
    """Name what came instead of an answer."""
    try:
        text = received.decode()
    except UnicodeDecodeError:
        return "bytes that are no text"
    return "a web page" if text.lstrip().startswith("<") else "something that is not an answer"


def _too_old(version: str) -> str:
    """Return the sentence for a release without log probabilities, "" for newer ones and builds without a number."""
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    oldest = ".".join(map(str, OLDEST_VERSION))
    is_old = (0, 0, 0) < numbers < OLDEST_VERSION
    return f"Ollama {version} gives no probabilities; update it to {oldest} or newer." if is_old else ""


def _refusal(error: ollama.ResponseError, *, host: str, model: str) -> ProviderError:
    words = _shown(error.error)
    if error.status_code == httpx.codes.BAD_REQUEST and "does not support tools" in words:
        return ModelWithoutTools(f"The model “{model}” cannot call tools; choose one that can, such as “qwen3:4b”.")
    if error.status_code == httpx.codes.NOT_FOUND and model:
        return _not_pulled(model)
    if error.status_code == -1:
        return ProviderUnavailable(f"Ollama at {host} gave up: {words}")
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

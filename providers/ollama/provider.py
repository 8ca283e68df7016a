"""The last link of the chain: asks a model on the user's own machine which of the offered categories fits."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from providers.interface import (
    Answer,
    Evidence,
    Provider,
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
    Question,
    Suggestion,
)
from providers.ollama.addresses import is_public_address, refusal
from providers.ollama.cache import AnswerCache, ForgetfulCache, Model, reply_key
from providers.ollama.calls import Purpose
from providers.ollama.letters import Reply, letter_probabilities
from providers.ollama.prompt import (
    LETTERS,
    PROMPT_VERSION,
    ModelQuestion,
    Prompt,
    PromptTooLong,
    letter_prompt,
    model_question,
)

if TYPE_CHECKING:
    from providers.ollama.client import OllamaClient

_FEWEST_TOKENS = 512
_N_ALTERNATIVES = 3


class OllamaProvider(Provider):
    """Asks for one letter and reads from its log probabilities how likely each category is.

    Times are in seconds, `num_ctx` in tokens. `log` is the dotted path of the CallLog that keeps each chat.
    """

    name = "model"
    hint = (
        "Change OLLAMA_HOST, or allow a public address with OUTLAY_OLLAMA_PUBLIC=yes; see docs/model.md#endpoints. "
        "Further options are in docs/model.md#options."
    )

    def __init__(
        self,
        *,
        model: str,
        host: str = "http://127.0.0.1:11434",
        timeout_s: float = 30,
        load_timeout_s: float = 300,
        num_ctx: int = 4096,
        keep_alive: float | str | None = "10m",
        log: str = "",
        is_public_allowed: bool = False,
    ) -> None:
        self.model = model
        self.host = host
        self.timeout_s = timeout_s
        self.load_timeout_s = load_timeout_s
        self.num_ctx = num_ctx
        self.keep_alive = keep_alive
        # The usual penalty on words of the prompt would be one on the names of the categories.
        self.options: dict[str, Any] = {"temperature": 0, "seed": 1, "num_ctx": num_ctx, "repeat_penalty": 1.0}
        self.cache = AnswerCache()
        self.purpose = Purpose.CATEGORIZE
        self.log = log
        self.is_public_allowed = is_public_allowed
        self.version = f"{PROMPT_VERSION}:{model}"

    def check(self) -> list[str]:
        """Say what is wrong with the options, before the server is ever called."""
        faults = []
        if not isinstance(self.model, str) or not self.model.strip():
            faults.append("model is empty; name a model that Ollama has, such as “qwen3:4b”.")
        try:
            address = urlsplit(str(self.host))
            is_address = address.scheme in {"http", "https"} and address.hostname and address.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            faults.append(f"host is not a web address: {self.host!r}; write it like “http://127.0.0.1:11434”.")
        elif address.username is not None:
            faults.append(
                "host holds a user name, which Ollama's client would drop; "
                "put a proxy without a password before Ollama."
            )
        elif is_public_address(address.hostname or "") and not self.is_public_allowed:
            faults.append(f"host: {refusal(address.hostname or '', address.hostname or '')}")
        for name, value in (("timeout_s", self.timeout_s), ("load_timeout_s", self.load_timeout_s)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                faults.append(f"{name} must be a positive number of seconds, not {value!r}.")
        if not isinstance(self.num_ctx, int) or self.num_ctx < _FEWEST_TOKENS:
            faults.append(f"num_ctx must be a number of tokens, {_FEWEST_TOKENS} or more, not {self.num_ctx!r}.")
        return faults

    def key(self, question: Question) -> Hashable:
        """Return all that the model sees: words, direction, categories, hints and examples."""
        return model_question(question)

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Ask each question. Raise ProviderUnavailable or ProviderMisbehaved if the server cannot be asked.

        Earlier answers of a batch that broke off are in the cache, so the same batch continues from there.
        """
        return list(self.categorize_in_turn(questions))

    def categorize_in_turn(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Yield each answer before the next question is asked. Raise as `categorize_many` does."""
        wanted = [model_question(question) for question in questions]
        if not any(wanted):
            yield from [None] * len(wanted)
            return
        with self.connect(timeout_s=self.timeout_s, purpose=self.purpose) as client:
            session = _Session(self, client)
            for words, whole in zip(wanted, questions, strict=True):
                yield session.answer(words, owner=whole.owner) if words else None

    def connect(self, *, timeout_s: float, purpose: Purpose = Purpose.CATEGORIZE) -> "OllamaClient":
        """Return a client of the server; the library behind it takes 16 MB, which a web process does without."""
        from providers.ollama.client import OllamaClient  # noqa: PLC0415

        return OllamaClient(
            host=self.host,
            timeout_s=timeout_s,
            purpose=purpose,
            log=resolve_name(self.log)() if self.log else None,
            is_public_allowed=self.is_public_allowed,
        )

    def for_measuring(self) -> "OllamaProvider":
        """Return a link like this one that really asks each question, and records its calls as measurements."""
        fresh = copy(self)
        fresh.cache, fresh.purpose = ForgetfulCache(), Purpose.BENCH
        return fresh

    def recall(self, questions: Sequence[Question]) -> Sequence[Suggestion | None]:
        """Answer what the model was asked before, for some hours after it was last met; no remote call."""
        model = self.cache.model(host=self.host, name=self.model)
        wanted = [model_question(question) for question in questions]
        if not model:
            return [None] * len(wanted)
        prompts: dict[ModelQuestion, Prompt] = {}
        for question in filter(None, dict.fromkeys(wanted)):
            with suppress(PromptTooLong):
                prompts[question] = self.prompt(question, model)
        keys = {question: self.key_of(prompt, model) for question, prompt in prompts.items()}
        known = self.cache.replies(keys.values()) if keys else {}
        suggestions: dict[ModelQuestion | None, Suggestion] = {}
        for question, key in keys.items():
            with suppress(ProviderMisbehaved):
                if key in known:
                    suggestions[question] = self.suggestion(question, prompts[question], known[key], model)
        return [suggestions.get(question) for question in wanted]

    def prompt(self, question: ModelQuestion, model: Model) -> Prompt:
        """Return the prompt within the context that both the options and the model allow. Raise PromptTooLong."""
        return letter_prompt(question, num_ctx=self.num_ctx, context_length=model.context_length)

    def key_of(self, prompt: Prompt, model: Model) -> str:
        """Return the key under which the reply to a prompt is kept."""
        return reply_key(prompt, host=self.host, model=model, options=self.options)

    def request(self, *, owner: int, digest: str) -> dict[str, Any]:
        """Return what every call of the client says besides its messages."""
        return {
            "owner": owner,
            "model": self.model,
            "digest": digest,
            "options": self.options,
            "keep_alive": self.keep_alive,
        }

    def suggestion(
        self, question: ModelQuestion, prompt: Prompt, reply: Reply, model: Model, *, is_remembered: bool = True
    ) -> Suggestion:
        """Return the likeliest category, with the next three as alternatives. Raise ProviderMisbehaved."""
        probabilities = letter_probabilities(reply.first_token, LETTERS[: len(question.categories)])
        ranking = sorted(zip(question.categories, probabilities, strict=True), key=lambda one: -one[1])
        (best, confidence), *others = ranking
        return Suggestion(
            category=best.id,
            confidence=confidence,
            explanation=f"The local model {self.model} chose {best.name} among {len(question.categories)} categories.",
            score=confidence,
            alternatives=tuple((category.id, probability) for category, probability in others[:_N_ALTERNATIVES]),
            details={
                "model": model.name,
                "digest": model.digest,
                "prompt_version": PROMPT_VERSION,
                "questions": [{"prompt": list(prompt), "call": reply.call, "is_remembered": is_remembered}],
                "distribution": [
                    {"category": category.name, "probability": round(probability, 4)}
                    for category, probability in ranking
                ],
                "n_prompt_tokens": reply.n_prompt_tokens,
                "duration_ms": reply.duration_ms,
            },
            evidence=Evidence.MODEL,
            support=tuple((category.id, probability) for category, probability in ranking),
        )


class _Session:
    """One batch of questions to a server. Raise ProviderUnavailable if the model cannot be asked.

    The first question of a model that is not in memory may wait as long as loading takes.
    """

    def __init__(self, provider: OllamaProvider, client: "OllamaClient") -> None:
        self._provider = provider
        self._client = client
        loaded = client.loaded_digest(provider.model)
        self._is_loaded = bool(loaded)
        digest = loaded or client.pulled_digest(provider.model)
        known = provider.cache.model(host=provider.host, name=provider.model)
        if known is None or known.digest != digest:
            known = Model(provider.model, digest, client.context_length(provider.model))
            provider.cache.keep_model(known, host=provider.host)
        self._model = known

    def answer(self, question: ModelQuestion, *, owner: int) -> Answer:
        """Ask unless the reply is known. An answer outside the offered categories concerns this question alone."""
        provider, reply = self._provider, None
        try:
            prompt = provider.prompt(question, self._model)
            key = provider.key_of(prompt, self._model)
            known = provider.cache.replies([key]).get(key)
            reply = known or self._ask(prompt, owner)
            suggestion = provider.suggestion(question, prompt, reply, self._model, is_remembered=known is not None)
        except ProviderUnavailable:
            raise
        except ProviderError as error:
            if reply is not None and reply.call:
                error.calls = (reply.call,)
            return error
        if known is None:
            provider.cache.keep_reply(key, reply)
        return suggestion

    def _ask(self, prompt: Prompt, owner: int) -> Reply:
        provider, model = self._provider, self._model
        request = provider.request(owner=owner, digest=model.digest)
        if self._is_loaded:
            return self._client.chat(prompt, **request)
        with provider.connect(timeout_s=provider.load_timeout_s, purpose=provider.purpose) as patient:
            reply = patient.chat(prompt, **request)
        self._is_loaded = True
        return reply

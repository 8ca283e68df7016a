"""The last link of the chain: asks a model on the user's own machine which of the offered categories fits."""

from collections.abc import Hashable, Sequence
from typing import Any

from providers.interface import Answer, Provider, ProviderMisbehaved, Question, Suggestion
from providers.ollama.asked import Asked, asked_about
from providers.ollama.cache import AnswerCache, Model, reply_key
from providers.ollama.choices import Choice, Conversation, Way, choose
from providers.ollama.client import OllamaClient
from providers.ollama.memory import remembered
from providers.ollama.options import faults
from providers.ollama.prompt import PROMPT_VERSION, Prompt, PromptTooLong, Reply
from providers.ollama.session import Request, Session

_N_ALTERNATIVES = 3


class OllamaProvider(Provider):
    """Asks for one letter and reads from its log probabilities how likely each category is.

    Times are in seconds, `num_ctx` in tokens. `way` "json" asks for a name at once instead, for a model that cannot do
    with letters. `cache_alias` names one of Django's CACHES.
    """

    name = "model"

    def __init__(
        self,
        *,
        model: str,
        host: str = "http://127.0.0.1:11434",
        timeout_s: float = 30,
        load_timeout_s: float = 300,
        num_ctx: int = 4096,
        keep_alive: float | str | None = "10m",
        seed: int = 1,
        way: Way = "letter",
        cache_alias: str = "default",
    ) -> None:
        self.model = model
        self.host = host
        self.timeout_s = timeout_s
        self.load_timeout_s = load_timeout_s
        self.num_ctx = num_ctx
        self.keep_alive = keep_alive
        self.way = way
        # The usual penalty on words of the prompt would be one on the names of the categories.
        self.options: dict[str, Any] = {"temperature": 0, "seed": seed, "num_ctx": num_ctx, "repeat_penalty": 1.0}
        self.cache = AnswerCache(cache_alias)
        self.version = f"{PROMPT_VERSION}:{model}"

    def check(self) -> list[str]:
        """Say what is wrong with the options."""
        times = {"timeout_s": self.timeout_s, "load_timeout_s": self.load_timeout_s}
        return faults(model=self.model, host=self.host, times=times, num_ctx=self.num_ctx, way=self.way)

    def key(self, transaction: Question) -> Hashable:
        """Return all that the model sees: cleaned text, direction, offered categories and examples."""
        return asked_about(transaction)

    def categorize_many(self, transactions: Sequence[Question]) -> Sequence[Answer]:
        """Ask for each transaction; raises ProviderUnavailable or ProviderMisbehaved when the server cannot be asked.

        What was answered until then is in the cache, so the same batch goes on from there.
        """
        asked = [asked_about(transaction) for transaction in transactions]
        if not any(asked):
            return [None] * len(asked)
        with OllamaClient(host=self.host, timeout_s=self.timeout_s) as client:
            request = Request(self.options, self.keep_alive, self.load_timeout_s)
            session = Session(client, self.cache, request, name=self.model)
            return [self._answer(one, session) if one else None for one in asked]

    def recall(self, transactions: Sequence[Question]) -> Sequence[Suggestion | None]:
        """Answer what the model was asked before, for some hours after it was last met; no remote call."""
        model = self.cache.model(host=self.host, name=self.model)
        asked = [asked_about(transaction) for transaction in transactions]
        if not model or not any(asked):
            return [None] * len(asked)

        def replies(questions: Sequence[Prompt]) -> list[Reply | None]:
            keys = [reply_key(question, model=model, options=self.options) for question in questions]
            return list(map(self.cache.replies(keys).get, keys))

        known = list(dict.fromkeys(one for one in asked if one))
        choices = remembered([self._conversation(one, model) for one in known], replies)
        said = {one: self._suggestion(choice, one, model) for one, choice in zip(known, choices, strict=True) if choice}
        return [said.get(one) if one else None for one in asked]

    def _answer(self, asked: Asked, session: Session) -> Answer:
        try:
            choice = session.hold(self._conversation(asked, session.model))
        except (ProviderMisbehaved, PromptTooLong) as error:
            return error
        if choice.way == "json" and self.way == "letter":
            session.forgo_letters()
        return self._suggestion(choice, asked, session.model)

    def _conversation(self, asked: Asked, model: Model) -> Conversation:
        n_tokens = min(self.num_ctx, model.context_length or self.num_ctx)
        by_letter = self.way == "letter" and model.gives_logprobs
        return choose(asked.options(), asked.subject, n_tokens=n_tokens, by_letter=by_letter)

    def _suggestion(self, choice: Choice, asked: Asked, model: Model) -> Suggestion:
        ranking = [(asked.categories[number], probability) for number, probability in choice.ranking]
        (best, confidence), *others = ranking
        return Suggestion(
            category=best.id,
            confidence=confidence,
            explanation=f"The local model {self.model} chose {best.name} among {len(asked.categories)} categories.",
            score=confidence,
            alternatives=tuple((category.id, probability) for category, probability in others[:_N_ALTERNATIVES]),
            details=_details(choice, model),
        )


def _details(choice: Choice, model: Model) -> dict[str, Any]:
    return {
        "model": model.name,
        "digest": model.digest,
        "prompt_version": PROMPT_VERSION,
        "way": choice.way,
        "n_questions": len(choice.replies),
        "n_prompt_tokens": sum(reply.n_prompt_tokens for reply in choice.replies),
        "n_answer_tokens": sum(reply.n_answer_tokens for reply in choice.replies),
        "duration_ms": sum(reply.duration_ms for reply in choice.replies),
    }

"""One batch's talk with the server: what it knows of the model, and a reply to each question from cache or model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.ollama.cache import AnswerCache, Model, reply_key
from providers.ollama.choices import Choice, Conversation
from providers.ollama.client import OllamaClient
from providers.ollama.prompt import Prompt, Reply


@dataclass(frozen=True, slots=True)
class Request:
    """What every question of a batch is asked with. Times are in seconds."""

    options: Mapping[str, Any]
    keep_alive: float | str | None
    load_timeout_s: float


class Session:
    """Asks one model. The first question waits as long as loading the model may take, if it is not loaded yet."""

    def __init__(self, client: OllamaClient, cache: AnswerCache, request: Request, *, name: str) -> None:
        """Find out about the model. Raises ProviderUnavailable if it cannot be asked."""
        self._client = client
        self._cache = cache
        self._request = request
        loaded = client.loaded_digest(name)
        self._is_loaded = bool(loaded)
        self.model = self._met(name, loaded or client.pulled_digest(name))

    def hold(self, conversation: Conversation) -> Choice:
        """Carry the conversation on to its choice, and keep each reply that turned out to be one.

        Raises what the client and the conversation raise.
        """
        question = next(conversation)
        while True:
            key = reply_key(question, model=self.model, options=self._request.options)
            reply = self._cache.replies([key]).get(key) or self._ask(question)
            try:
                following = conversation.send(reply)
            except StopIteration as end:
                self._keep(key, question, reply)
                choice: Choice = end.value
                return choice
            self._keep(key, question, reply)
            question = following

    def forgo_letters(self) -> None:
        """Remember for some hours that this server gives no log probabilities."""
        if self.model.gives_logprobs:
            self.model = replace(self.model, gives_logprobs=False)
            self._cache.keep_model(self.model, host=self._client.host)

    def _met(self, name: str, digest: str) -> Model:
        known = self._cache.model(host=self._client.host, name=name)
        if known and known.digest == digest:
            return known
        model = Model(name, digest, self._client.context_length(name))
        self._cache.keep_model(model, host=self._client.host)
        return model

    def _ask(self, question: Prompt) -> Reply:
        if self._is_loaded:
            return self._chat(self._client, question)
        with OllamaClient(host=self._client.host, timeout_s=self._request.load_timeout_s) as patient:
            reply = self._chat(patient, question)
        self._is_loaded = True
        return reply

    def _chat(self, client: OllamaClient, question: Prompt) -> Reply:
        return client.chat(
            question, model=self.model.name, options=self._request.options, keep_alive=self._request.keep_alive
        )

    def _keep(self, key: str, question: Prompt, reply: Reply) -> None:
        # A letter without log probabilities is no answer, and a newer server may give them tomorrow.
        if question.schema or reply.first_token:
            self._cache.keep_reply(key, reply)

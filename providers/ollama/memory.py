"""Holds conversations with the cache alone: what the model would say again is known without asking it."""

from collections.abc import Callable, Sequence

from providers.interface import ProviderError
from providers.ollama.choices import Choice, Conversation
from providers.ollama.prompt import Prompt, Reply

Replies = Callable[[Sequence[Prompt]], Sequence[Reply | None]]


def remembered(conversations: Sequence[Conversation], replies: Replies) -> list[Choice | None]:
    """Carry all conversations on side by side, with one call of `replies` for each step however many there are.

    A conversation that lacks a reply, or comes to no choice, gives None.
    """
    choices: list[Choice | None] = [None] * len(conversations)
    waiting = {number: _first(conversation) for number, conversation in enumerate(conversations)}
    while questions := {number: question for number, question in waiting.items() if question}:
        found = dict(zip(questions, replies(list(questions.values())), strict=True))
        waiting = {}
        for number, reply in found.items():
            if reply:
                waiting[number], choices[number] = _next(conversations[number], reply)
    return choices


def _first(conversation: Conversation) -> Prompt | None:
    try:
        return next(conversation)
    except ProviderError:
        return None


def _next(conversation: Conversation, reply: Reply) -> tuple[Prompt | None, Choice | None]:
    try:
        return conversation.send(reply), None
    except StopIteration as end:
        return None, end.value
    except ProviderError:
        return None, None

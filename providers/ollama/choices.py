"""How one category is chosen, as a conversation: it yields questions, is sent replies and returns a choice.

It neither knows nor cares whether a reply comes from the server or from the cache.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from providers.ollama.answers import letter_probabilities, named_option
from providers.ollama.prompt import LETTERS, Option, Prompt, Reply, Subject, letter_question, name_question

Way = Literal["letter", "json"]
Conversation = Generator[Prompt, Reply, "Choice"]

# A name without log probabilities says nothing about how sure the model is: even odds, until outcomes correct them.
_NAME_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """The options that may be right, the best first, as (number, probability); and the replies that led there."""

    ranking: tuple[tuple[int, float], ...]
    way: Way
    replies: tuple[Reply, ...]


class LogprobsMissing(Exception):
    """The server is older than Ollama 0.12.11 or leaves log probabilities out: letters cannot be weighed."""


def choose(options: Sequence[Option], subject: Subject, *, n_tokens: int, by_letter: bool) -> Conversation:
    """Choose by letter, or by name where letters are not wanted or the server gives no log probabilities.

    No prompt is longer than `n_tokens` tokens. Raises ProviderMisbehaved for an answer outside the options and
    PromptTooLong when the options do not fit.
    """
    if by_letter:
        try:
            return (yield from _choose_letter(options, subject, range(len(options)), n_tokens=n_tokens))
        except LogprobsMissing:
            pass
    return (yield from _choose_name(options, subject, n_tokens=n_tokens))


def _choose_letter(options: Sequence[Option], subject: Subject, among: range, *, n_tokens: int) -> Conversation:
    """Choose a part of `among`, then go on within it: p(option) = p(its part) · p(option | its part)."""
    parts = _parts(among)
    reply = yield letter_question(
        [_as_one(options, part) for part in parts], _within(subject, parts), n_tokens=n_tokens
    )
    if not reply.first_token:
        raise LogprobsMissing
    probabilities = letter_probabilities(reply.first_token, LETTERS[: len(parts)])
    ranking = sorted(zip(parts, probabilities, strict=True), key=lambda one: -one[1])
    best, probability = ranking[0]
    if len(best) == 1:
        return Choice(tuple((part[0], likely) for part, likely in ranking), "letter", (reply,))
    inner = yield from _choose_letter(options, subject, best, n_tokens=n_tokens)
    return Choice(
        tuple((number, probability * likely) for number, likely in inner.ranking), "letter", (reply, *inner.replies)
    )


def _choose_name(options: Sequence[Option], subject: Subject, *, n_tokens: int) -> Conversation:
    reply = yield name_question(options, subject, n_tokens=n_tokens)
    number = named_option(reply.content, [option.label for option in options])
    return Choice(((number, _NAME_CONFIDENCE),), "json", (reply,))


def _parts(among: range) -> list[range]:
    """Cut a range into single numbers if a letter for each is enough, else into as few even parts as letters allow."""
    most = len(LETTERS)
    n_parts = len(among) if len(among) <= most else min(most, -(-len(among) // most))
    bounds = [among.start + len(among) * part // n_parts for part in range(n_parts + 1)]
    return [range(start, end) for start, end in pairwise(bounds)]


def _as_one(options: Sequence[Option], part: range) -> Option:
    if len(part) == 1:
        return options[part[0]]
    return Option(options[part[0]].label, members=tuple(options[number].label for number in part))


def _within(subject: Subject, parts: Sequence[range]) -> Subject:
    place = {number: index for index, part in enumerate(parts) for number in part}
    examples = tuple((text, place[number]) for text, number in subject.examples if number in place)
    return replace(subject, examples=examples)

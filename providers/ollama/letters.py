"""One conversation with the model: it yields prompts, is sent replies, and returns the ranked options.

A reply may come from the server or from the cache. This module is pure: text and numbers in, probabilities out.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from string import ascii_uppercase

from providers.interface import ProviderMisbehaved
from providers.ollama.prompt import LETTERS, Option, Prompt, PromptSubject, letter_prompt


@dataclass(frozen=True, slots=True)
class Reply:
    """The likeliest first tokens of an answer with their natural log probabilities, and the cost of the answer.

    `call` is the id of the recorded call, "" for a reply from the cache or without a log.
    """

    first_token: tuple[tuple[str, float], ...]
    n_prompt_tokens: int = 0
    n_answer_tokens: int = 0
    duration_ms: int = 0
    call: str = ""


@dataclass(frozen=True, slots=True)
class RankedChoice:
    """The options that may be right as (number, probability), the best first, and the replies that ranked them."""

    ranking: tuple[tuple[int, float], ...]
    replies: tuple[Reply, ...]


Conversation = Generator[Prompt, Reply, RankedChoice]


def choose(
    options: Sequence[Option], subject: PromptSubject, *, n_tokens: int, among: range | None = None
) -> Conversation:
    """Choose one of the options by letter; more than 20 are grouped: p(option) = p(group) · p(option | group).

    No prompt is longer than `n_tokens` tokens. Raise ProviderMisbehaved for an answer outside the options and
    PromptTooLong if the options do not fit.
    """
    among = among or range(len(options))
    n_parts = len(among) if len(among) <= len(LETTERS) else min(len(LETTERS), math.ceil(len(among) / len(LETTERS)))
    parts = [
        range(start, end)
        for start, end in pairwise(among.start + len(among) * part // n_parts for part in range(n_parts + 1))
    ]
    offered = [
        options[part[0]]
        if len(part) == 1
        else Option(options[part[0]].label, members=tuple(options[number].label for number in part))
        for part in parts
    ]
    part_of = {number: index for index, part in enumerate(parts) for number in part}
    examples = tuple((text, part_of[number]) for text, number in subject.examples if number in part_of)
    reply = yield letter_prompt(offered, replace(subject, examples=examples), n_tokens=n_tokens)
    probabilities = letter_probabilities(reply.first_token, LETTERS[: len(parts)])
    ranking = sorted(zip(parts, probabilities, strict=True), key=lambda one: -one[1])
    best, probability = ranking[0]
    if len(best) == 1:
        return RankedChoice(tuple((part[0], likely) for part, likely in ranking), (reply,))
    inner = yield from choose(options, subject, n_tokens=n_tokens, among=best)
    return RankedChoice(
        tuple((number, probability * likely) for number, likely in inner.ranking), (reply, *inner.replies)
    )


def letter_probabilities(first_token: Sequence[tuple[str, float]], letters: str) -> list[float]:
    """Turn log probabilities of likely tokens into the probability of each of `letters`; they sum to 1.

    p(letter) = e^l / Σ e^l over the letters; spellings with and without a blank add up. The server lists only the
    likeliest tokens. An unlisted letter counts as much as it can: like the least likely listed one, or like the rest
    that the listed ones leave. Raise ProviderMisbehaved if no letter is listed, or if the likeliest token is a letter
    that stands for nothing.
    """
    likeliest = max(first_token, key=lambda one: one[1], default=("", 0.0))[0]
    printable = "".join(character if character.isprintable() else " " for character in likeliest)
    said = " ".join(printable.split())[:40]
    if said not in letters and said in ascii_uppercase:
        raise ProviderMisbehaved(f"The model answered {said}, which stands for none of the {len(letters)} choices.")
    listed = [(token.strip(), logprob) for token, logprob in first_token if math.isfinite(logprob)]
    offered = [(letter, logprob) for letter, logprob in listed if letter in set(letters)]
    if not offered:
        raise ProviderMisbehaved(f"The model answered “{said}” instead of a letter; choose another model.")
    left_over = 1 - math.fsum(math.exp(min(logprob, 0.0)) for _, logprob in listed)
    # Servers round log probabilities, so that the listed ones may seem to be all there is.
    unlisted = min(*(logprob for _, logprob in listed), math.log(max(left_over, 1e-9)))
    highest = max(logprob for _, logprob in offered)
    weights = dict.fromkeys(letters, 0.0)
    for letter, logprob in offered:
        weights[letter] += math.exp(logprob - highest)
    likely = [weights[letter] or math.exp(unlisted - highest) for letter in letters]
    total = math.fsum(likely)
    return [weight / total for weight in likely]

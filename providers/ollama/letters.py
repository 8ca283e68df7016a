"""Replies of the model, and the probabilities of letters that they hold. Pure: numbers in, probabilities out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from providers.interface import ProviderMisbehaved


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

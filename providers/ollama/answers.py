"""Reads the model's answers. Pure: text and numbers in, an option's number and probabilities out."""

import json
import math
import re
from collections.abc import Sequence
from string import ascii_uppercase

from providers.interface import ProviderMisbehaved

_WORDS_SHOWN = 40
# Servers round log probabilities, so that the listed ones may seem to be all there is.
_LEAST_LEFT_OVER = 1e-9
# An answer may be padded with blanks, wrapped in an object as many models like to, or cut before its closing quote.
_JSON_STRING = re.compile(r'\s*(?:\{\s*"\w*"\s*:\s*)?"((?:[^"\\]|\\.)*)("?)', re.DOTALL)


def letter_probabilities(first_token: Sequence[tuple[str, float]], letters: str) -> list[float]:
    """Turn log probabilities of likely tokens into the probability of each of `letters`; they sum to 1.

    p(letter) = e^l / Σ e^l over the letters. The server lists only the likeliest tokens; a letter that is not among
    them counts as the most it can be: like the least likely one listed, or what the listed ones leave over.
    Raises ProviderMisbehaved when none is listed, or when the likeliest token is a letter that stands for nothing.
    """
    found = _log_probabilities(first_token, letters)
    said = _shown(max(first_token, key=lambda one: one[1], default=("", 0.0))[0])
    if said not in letters and said in ascii_uppercase:
        raise ProviderMisbehaved(f"The model answered {said}, which stands for none of the {len(letters)} choices.")
    if not found:
        raise ProviderMisbehaved(f"The model answered “{said}” instead of a letter; choose another model.")
    unlisted = _most_unlisted([logprob for _, logprob in first_token if math.isfinite(logprob)])
    logprobs = [found.get(letter, unlisted) for letter in letters]
    highest = max(logprobs)
    weights = [math.exp(logprob - highest) for logprob in logprobs]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _log_probabilities(first_token: Sequence[tuple[str, float]], letters: str) -> dict[str, float]:
    """A letter comes with and without a blank before it: the probabilities of its spellings add up."""
    found: dict[str, float] = {}
    for token, logprob in first_token:
        letter = token.strip()
        if len(letter) == 1 and letter in letters and math.isfinite(logprob):
            found[letter] = _log_sum(found[letter], logprob) if letter in found else logprob
    return found


def _most_unlisted(listed: Sequence[float]) -> float:
    left_over = 1 - math.fsum(math.exp(min(logprob, 0.0)) for logprob in listed)
    return min(*listed, math.log(max(left_over, _LEAST_LEFT_OVER)))


def _log_sum(one: float, other: float) -> float:
    highest = max(one, other)
    return highest + math.log1p(math.exp(min(one, other) - highest))


def named_option(content: str, labels: Sequence[str]) -> int:
    """Return the number of the label that the JSON string `content` names, also when it is padded or cut.

    Raises ProviderMisbehaved when it names none of them, or could name more than one.
    """
    found = _JSON_STRING.match(content)
    if not found:
        raise _outside(content)
    said = _unescaped(found[1]).strip().casefold()
    numbers = [number for number, label in enumerate(labels) if label.casefold() == said]
    if not numbers and said and not found[2]:
        numbers = [number for number, label in enumerate(labels) if label.casefold().startswith(said)]
    if len(numbers) != 1:
        raise _outside(content)
    return numbers[0]


def _unescaped(inside: str) -> str:
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except ValueError:
        return inside


def _outside(content: str) -> ProviderMisbehaved:
    said = _shown(content)
    if not said:
        return ProviderMisbehaved("The model answered nothing; choose another model.")
    return ProviderMisbehaved(f"The model answered “{said}”, which is none of the offered categories.")


def _shown(said: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in said)
    return " ".join(printable.split())[:_WORDS_SHOWN]

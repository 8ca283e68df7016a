"""Loads what every question to the chain needs when a process starts, rather than with its first request."""

import gc

from providers.merchants.dictionary import load_dictionary
from providers.merchants.words import load_words
from providers.name_classifier.provider import load_name_classifier
from providers.towns import load_towns


def warm_up() -> None:
    """Load the dictionary and what goes with it, and have the garbage collector never look through it again.

    It holds some hundred thousand objects that stay for good; looking through them took a fifth of the chain's time.
    """
    load_dictionary().prepare()
    load_words()
    load_towns()
    load_name_classifier()
    gc.collect()
    gc.freeze()

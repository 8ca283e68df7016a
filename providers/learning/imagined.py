"""The weights of the dictionary's knowledge alone, shipped for ledgers that have confirmed too little to learn from."""

from functools import cache
from importlib.resources import files

from providers.learning.weights import Weights, digest_of
from providers.merchants.provider import known_groups

FILE = "imagined.npz"


@cache
def group_names() -> tuple[str, ...]:
    """Return the keys of the system's categories that the dictionary knows, in order."""
    return tuple(sorted(known_groups()))


@cache
def load_imagined() -> Weights:
    """Read the shipped weights, once per process; their categories are the places of `group_names`."""
    content = (files(__package__) / FILE).read_bytes()
    return Weights.from_bytes(content, digest=digest_of(content))

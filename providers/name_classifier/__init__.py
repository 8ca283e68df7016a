"""The resemblance link: guesses the category of an unknown name from its pieces, where other links are silent.

It uses the kinds and words of `providers.merchants`. Only `train`, which makes the shipped file, needs scikit-learn.
"""

from providers.name_classifier.provider import NameClassifierProvider

__all__ = ["NameClassifierProvider"]

"""The link that guesses: what a name sounds like that nobody knows, for suggestions where all other links are silent.

Uses the kinds and words of `providers.merchants`; scikit-learn only where `train` makes the file that ships.
"""

from providers.resemblance.provider import ResemblanceProvider

__all__ = ["ResemblanceProvider"]

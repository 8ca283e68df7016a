"""The record of a deferred link in one ledger, and what its answers weigh beside those of other links."""

from hashlib import sha256
from typing import NamedTuple

from providers.calibration import log_odds
from providers.normalization import normalize

#: Before there are outcomes, a link counts as if so many answers were known, and as often right as a tiny model is.
PRIOR_N = 20
PRIOR_ACCURACY = 0.3
#: The share of these that chance alone gets right; never less than one in the number of offered categories.
PRIOR_CHANCE = 0.1
#: A link that does not help is asked about one text in so many.
ASKED_ONE_IN = 10


class AnswerRecord(NamedTuple):
    """Outcomes of one deferred link, each text once: its right answers, and those of the chain without it.

    `digest` names the build of the model behind the link. `by_chance` is the share that chance would get right: if
    answers and right categories were as frequent as they are, and had nothing to do with each other (Cohen 1960).
    """

    link: str = ""
    digest: str = ""
    n: int = 0
    n_right: int = 0
    n_right_without: int = 0
    #: Texts for which only this link was right, and only the chain without it.
    n_gained: int = 0
    n_lost: int = 0
    by_chance: float = 0.0
    is_of_use: bool = True

    def evidence(self, *, n_offered: int) -> float:
        """Return the weight of evidence of a certain answer, in log-odds, among so many offered categories.

        It is the log-odds of being right (Nitzan and Paroush 1982) less those of being right by chance, both shrunk
        towards the prior. A link no better than chance weighs nothing.
        """
        chance = max(PRIOR_CHANCE, 1 / max(n_offered, 1))
        accuracy = _shrunk(self.n_right, self.n, PRIOR_ACCURACY)
        expected = _shrunk(self.by_chance * self.n, self.n, chance)
        return max(0.0, log_odds(accuracy) - log_odds(expected))

    def asks_about(self, text: str) -> bool:
        """Return True if the link is asked about a text: about every one, or about one in ten if it does not help."""
        if self.is_of_use:
            return True
        digest = sha256((normalize(text) or text.casefold()).encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:8], "big") % ASKED_ONE_IN == 0

    @property
    def asked_one_in(self) -> int:
        """Return of how many texts the link is asked about one."""
        return 1 if self.is_of_use else ASKED_ONE_IN

    @property
    def sentence(self) -> str:
        """Return what is known of its answers, and how often it is asked."""
        if not self.n:
            return "None of its answers was confirmed or corrected yet, so it counts little."
        answers = f"right {_times(self.n_right)} in {self.n} and the chain without it {_times(self.n_right_without)}"
        return (
            f"It was {answers}." if self.is_of_use else f"It is asked about one text in ten, because it was {answers}."
        )


NO_RECORD = AnswerRecord()


def _shrunk(n_right: float, n: int, prior: float) -> float:
    return (n_right + PRIOR_N * prior) / (n + PRIOR_N)


def _times(n: int) -> str:
    return "1 time" if n == 1 else f"{n} times"

"""Answers with the category that an unknown name sounds like, about half of the time rightly, and says so."""

from collections.abc import Hashable, Sequence

from providers.interface import Provider, Question, Suggestion
from providers.merchants.places import Place, Places
from providers.normalization import normalize
from providers.resemblance.classifier import Guess, guess_categories, load_resemblance

#: Below that nothing is said.
LEAST_CONFIDENCE = 0.3
_CODE_VERSION = "1"


class ResemblanceProvider(Provider):
    """Guesses by the pieces of a name: "Zahnarztpraxis Meier" is a dentist, whoever Meier is."""

    name = "resemblance"

    @property
    def version(self) -> str:  # type: ignore[override]
        """The version of the data and of this code."""
        return f"{_CODE_VERSION}+{load_resemblance().version}"

    def key(self, transaction: Question) -> Hashable:
        """As for the merchants' link: what a ledger offers and says is compared by identity."""
        t = transaction
        return normalize(t.text), t.direction, id(t.categories), id(t.kinds)

    def categorize_many(self, transactions: Sequence[Question]) -> list[Suggestion | None]:
        """Guess what money was spent on; None where the name says little, or money came in."""
        texts = [normalize(t.text) if t.direction == "out" else "" for t in transactions]
        places = {(id(t.categories), id(t.kinds)): Places(t.categories, t.kinds) for t in transactions}
        made: dict[Hashable, Suggestion | None] = {}
        answers: list[Suggestion | None] = []
        for guesses, text, t in zip(guess_categories(texts), texts, transactions, strict=True):
            offer = id(t.categories), id(t.kinds)
            key = (*offer, guesses)
            if text and key not in made:
                made[key] = _suggest(guesses, places[offer])
            answers.append(made[key] if text else None)
        return answers


def _suggest(guesses: Sequence[Guess], places: Places) -> Suggestion | None:
    placed = [(place, guess) for guess in guesses if (place := places.find(group=guess.category))]
    if not placed or placed[0][1].confidence < LEAST_CONFIDENCE:
        return None
    (place, guess), *others = placed
    return Suggestion(
        category=place.category.id,
        confidence=guess.confidence,
        explanation=f"Nobody by this name is known; it sounds like {_describe(place)}.",
        alternatives=tuple((p.category.id, g.confidence) for p, g in others if p.category.id != place.category.id),
    )


def _describe(place: Place) -> str:
    return f"what you put into {place.category.name}" if place.mapped else place.category.name

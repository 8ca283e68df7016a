"""What of a transaction is asked of the model: its words, never its amount, date, account or owner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from providers.interface import OfferedCategory, Question
from providers.ollama.plain_text import plain_text, without_long_numbers
from providers.ollama.prompt import Option, Subject

_TEXT_LENGTH = 200
_LABEL_LENGTH = 60
_DESCRIPTION_LENGTH = 120
_MOST_EXAMPLES = 8
_FEWEST_CATEGORIES = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A transaction as the model sees it; equal ones get equal answers. Numbers in examples count the categories."""

    subject: Subject
    categories: tuple[OfferedCategory, ...]

    def options(self) -> list[Option]:
        """Return the categories as options with different labels."""
        return list(_options(self.categories))


def asked_about(transaction: Question) -> Asked | None:
    """Reduce a transaction to what is asked, or to None where there is nothing to ask or to choose."""
    text = _text(_words(transaction))
    if not text or len(transaction.categories) < _FEWEST_CATEGORIES:
        return None
    numbers = {category.id: number for number, category in enumerate(transaction.categories)}
    examples = [
        (_text(description), numbers[category]) for description, category in transaction.examples if category in numbers
    ]
    kept = tuple(dict.fromkeys(example for example in examples if example[0]))[:_MOST_EXAMPLES]
    return Asked(Subject(text, transaction.direction, kept), transaction.categories)


def _words(transaction: Question) -> str:
    if transaction.merchant.casefold() in transaction.description.casefold():
        return transaction.description
    return " - ".join(filter(None, (transaction.merchant, transaction.description)))


def _text(raw: str) -> str:
    """Return text that is equal for rows that differ in case, blanks and long numbers only."""
    return without_long_numbers(plain_text(raw.casefold(), limit=_TEXT_LENGTH))


def _options(categories: Sequence[OfferedCategory]) -> Iterator[Option]:
    seen: set[str] = set()
    for category in categories:
        label = _new_label(plain_text(category.name, limit=_LABEL_LENGTH) or "unnamed", seen)
        seen.add(label.casefold())
        yield Option(label, plain_text(category.description, limit=_DESCRIPTION_LENGTH))


def _new_label(label: str, seen: set[str]) -> str:
    candidate, number = label, 2
    while candidate.casefold() in seen:
        candidate, number = f"{label} ({number})", number + 1
    return candidate

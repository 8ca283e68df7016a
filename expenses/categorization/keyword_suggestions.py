"""Keywords that a ledger's confirmed transactions suggest for a category."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Max

from expenses.categorization.catalog import Catalog
from expenses.categorization.keywords import fold_keyword
from expenses.models import Category, Transaction
from providers.merchants.dictionary import load_words
from providers.normalization import PLACE_WORDS, leading_words, load_towns

#: Confirmed transactions of the category that hold a suggested keyword, at least, and their share of all that hold it.
LEAST_ROWS, LEAST_SHARE = 2, 0.95
MOST_SUGGESTIONS, MOST_EXAMPLES = 20, 3
_SHORTEST = 4
_PHRASES = (3, 2)
_NAMES_AND_JOINTS = frozenset(f"{PLACE_WORDS['given_names']} {PLACE_WORDS['joining']}".split())


@dataclass(frozen=True, slots=True)
class KeywordSuggestion:
    """A word or the first words of texts, the number of confirmed transactions with it, and bank texts as examples."""

    keyword: str
    n: int
    #: The same in other categories.
    n_elsewhere: int
    examples: list[str]


def suggest_keywords(category: Category, *, catalog: Catalog) -> list[KeywordSuggestion]:
    """Suggest words and first words that nearly only the category's confirmed transactions have, the most first.

    General words, towns, given names and keywords of the ledger are left out, and so is what only repeats a longer
    suggestion. One query.
    """
    rows = Transaction.objects.filter(ledger_id=catalog.ledger_id, is_split=False).exclude(match_text="").confirmed()
    grouped = (
        rows.order_by().values_list("match_text", "category_id").annotate(n=Count("id"), text=Max("raw_description"))
    )
    inside: Counter[str] = Counter()
    everywhere: Counter[str] = Counter()
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for text, of_category, n, example in grouped:
        for candidate in set(_candidates(text)):
            everywhere[candidate] += n
            if of_category == category.pk:
                inside[candidate] += n
                texts[candidate][text] = example
    suggestions: list[KeywordSuggestion] = []
    covered: set[str] = set()
    for candidate, n in sorted(inside.items(), key=lambda item: (-item[1], -item[0].count(" "), item[0])):
        is_telling = n >= LEAST_ROWS and n / everywhere[candidate] >= LEAST_SHARE
        if not is_telling or texts[candidate].keys() <= covered or _holds_keyword(candidate, catalog):
            continue
        covered |= texts[candidate].keys()
        examples = sorted(texts[candidate].values())[:MOST_EXAMPLES]
        suggestions.append(KeywordSuggestion(candidate, n, everywhere[candidate] - n, examples))
        if len(suggestions) == MOST_SUGGESTIONS:
            break
    return suggestions


def _candidates(text: str) -> Iterator[str]:
    """Yield the first words of a normalized text, and each of its words that is neither short nor ordinary."""
    words = text.split(" ")
    for n in _PHRASES:
        if len(words) >= n and not all(map(_is_ordinary, words[:n])):
            yield leading_words(text, n)
    yield from (word for word in words if len(word) >= _SHORTEST and word.isalpha() and not _is_ordinary(word))


def _is_ordinary(word: str) -> bool:
    return word in load_words().single_words or word in _NAMES_AND_JOINTS or load_towns().is_town(word)


def _holds_keyword(candidate: str, catalog: Catalog) -> bool:
    padded = f" {fold_keyword(candidate)} "
    return any(f" {keyword} " in padded for keyword in catalog.keywords)

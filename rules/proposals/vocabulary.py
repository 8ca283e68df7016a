"""Which words name a merchant, and which occur with many: payment, card, a town."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from providers import channel_words
from providers.merchants.words import load_words
from providers.towns import load_towns

#: The words that name something have so many letters together, or the phrase would be found in other words.
LEAST_LETTERS = 4
#: Behind so many merchants, or in front of so many names, a word may still be part of one name.
MOST_NEIGHBORS = 2
#: What stands in front of many words is a brand where so large a part of its texts has one category; two words that
#: may name somebody seldom meet by chance.
AGREEMENT_OF_ONE, AGREEMENT_OF_MANY = 0.9, 0.7

_ARTICLES = "the of for in at on a an la le les el los las il lo der die das den de del di da do van von und y st"
_AROUND = (
    channel_words.CHANNEL,
    channel_words.LEGAL_FORMS,
    channel_words.PHRASES,
    channel_words.PROCESSORS,
    channel_words.LEADING_PROCESSORS,
    channel_words.MONTHS,
    channel_words.MONTH_NAMES,
    channel_words.CURRENCIES,
    channel_words.BEFORE_NUMBERS,
    channel_words.TELLING_PHRASES,
    _ARTICLES,
)
#: Of "apple pay" and "samsung pay"; by themselves they are shops.
_NAMES_IN_PHRASES = {"apple", "samsung"}
#: What stands around names in any bank's texts.
AROUND_NAMES = frozenset(" ".join(_AROUND).split()) - _NAMES_IN_PHRASES


@dataclass
class Vocabulary:
    """The words of one ledger's normalized texts. Add every text before asking."""

    _heads_before: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _texts: dict[str, list[tuple[list[str], int | None]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, texts: Iterable[tuple[str, int | None]]) -> "Vocabulary":
        """From distinct pairs of a normalized text and the category that a person confirmed for it, if one did."""
        vocabulary = cls()
        for text, category in texts:
            vocabulary._add(text.split(), category)
        return vocabulary

    def _add(self, words: list[str], category: int | None) -> None:
        if not words:
            return
        self._texts[words[0]].append((words, category))
        if words[0] not in AROUND_NAMES:
            for word in words[1:]:
                self._heads_before[word].add(words[0])

    def is_telling(self, phrase: Sequence[str]) -> bool:
        """Whether these words, with which normalized texts begin, name somebody."""
        naming = {word for word in phrase if self.may_name(word)}
        agreement = AGREEMENT_OF_MANY if len(naming) > 1 else AGREEMENT_OF_ONE
        is_long_enough = sum(map(str.isalpha, "".join(naming))) >= LEAST_LETTERS
        return is_long_enough and not self._is_town_alone(phrase) and not self._is_prefix(list(phrase), agreement)

    def may_name(self, word: str) -> bool:
        """Whether the word can tell one merchant from others: no word of payments or kinds of shop, and no place."""
        if word in AROUND_NAMES or word in load_words().single_words:
            return False
        return len(self._heads_before.get(word, frozenset()) - {word}) <= MOST_NEIGHBORS

    def _is_town_alone(self, phrase: Sequence[str]) -> bool:
        """It is a town, and no text goes on behind it: normalization leaves towns out where anything else is there."""
        is_town = len(phrase) == 1 and load_towns().is_town(phrase[0])
        return is_town and not any(len(words) > 1 for words, _ in self._texts.get(phrase[0], []))

    def _is_prefix(self, phrase: list[str], agreement: float) -> bool:
        """It stands in front of several names that are different things."""
        n = len(phrase)
        found = [(words, category) for words, category in self._texts.get(phrase[0], []) if words[:n] == phrase]
        votes = Counter(category for _, category in found if category is not None)
        if len({words[n] for words, _ in found if len(words) > n}) <= MOST_NEIGHBORS or not votes:
            return False
        return max(votes.values()) < agreement * votes.total()

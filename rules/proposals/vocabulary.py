"""The words that name a merchant, and those that occur with many: payment, card, a town."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from providers.merchants.dictionary import load_words
from providers.normalization import CHANNEL_WORDS, load_towns

#: Naming words have at least so many letters together; shorter phrases would occur inside other words.
LEAST_LETTERS = 4
#: Up to so many merchants before it, or names behind it, a word may still be part of one name.
MOST_NEIGHBORS = 2
#: A word in front of many names is a brand if so large a part of its texts has one category. Two words that may both
#: name a merchant seldom meet by chance, so they need less.
AGREEMENT_OF_ONE, AGREEMENT_OF_MANY = 0.9, 0.7

_ARTICLES = "the of for in at on a an la le les el los las il lo der die das den de del di da do van von und y st"
#: Parts of "apple pay" and "samsung pay" that are shops by themselves.
_NAMES_IN_PHRASES = {"apple", "samsung"}
#: Words around names in any bank's texts.
AROUND_NAMES = frozenset(" ".join([*CHANNEL_WORDS.values(), _ARTICLES]).split()) - _NAMES_IN_PHRASES


class Vocabulary:
    """The words of one ledger's normalized texts.

    `texts` are distinct pairs of a text and the category that a user confirmed for it, if any.
    """

    def __init__(self, texts: Iterable[tuple[str, int | None]] = ()) -> None:
        self._heads_before: dict[str, set[str]] = defaultdict(set)
        self._texts: dict[str, list[tuple[list[str], int | None]]] = defaultdict(list)
        for text, category in texts:
            words = text.split()
            if words:
                self._texts[words[0]].append((words, category))
                if words[0] not in AROUND_NAMES:
                    for word in words[1:]:
                        self._heads_before[word].add(words[0])

    def is_telling(self, phrase: Sequence[str]) -> bool:
        """Return True if these words, with which normalized texts begin, name one merchant."""
        naming = {word for word in phrase if self.may_name(word)}
        if sum(map(str.isalpha, "".join(naming))) < LEAST_LETTERS:
            return False
        texts = self._texts.get(phrase[0], [])
        # Normalization leaves towns out if anything else is there, so a town before other words is a name.
        is_town = len(phrase) == 1 and load_towns().is_town(phrase[0])
        if is_town and not any(len(words) > 1 for words, _ in texts):
            return False
        n = len(phrase)
        beginning = [(words, category) for words, category in texts if words[:n] == list(phrase)]
        votes = Counter(category for _, category in beginning if category is not None)
        if len({words[n] for words, _ in beginning if len(words) > n}) <= MOST_NEIGHBORS or not votes:
            return True
        agreement = AGREEMENT_OF_MANY if len(naming) > 1 else AGREEMENT_OF_ONE
        return max(votes.values()) >= agreement * votes.total()

    def may_name(self, word: str) -> bool:
        """Return True if the word can name a merchant: no word of payments, kinds of shop or places."""
        if word in AROUND_NAMES or word in load_words().single_words:
            return False
        return len(self._heads_before.get(word, frozenset()) - {word}) <= MOST_NEIGHBORS

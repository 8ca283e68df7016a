"""The link that remembers: what the owner confirmed for the same merchant before.

Banks put the merchant first, so the leading words are the best key; a fuzzy comparison is only for typed text. The base
confidences are measured: precision of each way over the statements of several people (docs/chain.md).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Count
from rapidfuzz import fuzz, process

from expenses.models import Transaction as Row
from providers.interface import Answer, Category, Direction, Provider, Suggestion, Transaction
from providers.normalization import leading_words, normalize

PREFIX_LENGTH = Row._meta.get_field("match_prefix").max_length or 0
TEXT_LENGTH = Row._meta.get_field("match_text").max_length or 0
MAX_PREFIXES = 500

EXACT, FUZZY = "the same text", "similar text"
#: Way of matching → share of right answers where it alone decided.
BASE_CONFIDENCE = {EXACT: 0.99, 3: 0.97, 2: 0.97, 1: 0.94, FUZZY: 0.87}
#: One word alone decides only where nearly all rows that begin with it agree.
ONE_WORD_AGREEMENT = 0.9
FUZZY_CUTOFF = 85

Votes = Counter[int]


@dataclass
class Memory:
    """Confirmed texts of one owner and one direction, with how often each category was chosen."""

    by_text: dict[str, Votes] = field(default_factory=lambda: defaultdict(Counter))
    #: By first letters too, since only texts that share them are loaded: what else is asked must not change an answer.
    by_words: dict[tuple[str, int, str], Votes] = field(default_factory=lambda: defaultdict(Counter))
    by_prefix: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, text: str, category: int, n: int) -> None:
        if text not in self.by_text:
            self.by_prefix[text[:PREFIX_LENGTH]].append(text)
        self.by_text[text][category] += n
        for n_words in (3, 2, 1):
            self.by_words[text[:PREFIX_LENGTH], n_words, leading_words(text, n_words)][category] += n

    def recall(self, text: str) -> tuple[Votes, str | int, str] | None:
        """Votes, way of matching and matched text of the best way that knows anything."""
        if votes := self.by_text.get(text):
            return votes, EXACT, text
        for n_words in (3, 2, 1):
            words = leading_words(text, n_words)
            votes = self.by_words.get((text[:PREFIX_LENGTH], n_words, words))
            if votes and (n_words > 1 or _is_telling(words, votes)):
                return votes, n_words, words
        return self._recall_similar(text)

    def _recall_similar(self, text: str) -> tuple[Votes, str | int, str] | None:
        candidates = self.by_prefix.get(text[:PREFIX_LENGTH], [])
        found = process.extractOne(text, candidates, scorer=fuzz.token_sort_ratio, score_cutoff=FUZZY_CUTOFF)
        return (self.by_text[found[0]], FUZZY, found[0]) if found else None


def _is_telling(word: str, votes: Votes) -> bool:
    return len(word) > 3 and votes.most_common(1)[0][1] / votes.total() >= ONE_WORD_AGREEMENT


class HistoryProvider(Provider):
    """Answers what the owner chose for the same merchant, less surely where their choices differ."""

    name = "history"
    version = "1"

    def key(self, transaction: Transaction) -> Hashable:
        text = normalize(transaction.text)
        return transaction.owner, transaction.direction, text, id(transaction.categories)

    def categorize_many(self, transactions: Sequence[Transaction]) -> Sequence[Answer]:
        texts = [normalize(t.text)[:TEXT_LENGTH] for t in transactions]
        memories = _load_memories(transactions, texts)
        return [
            _suggest(memories.get((t.owner, t.direction)), text, t.categories) if text else None
            for t, text in zip(transactions, texts, strict=True)
        ]


def _suggest(memory: Memory | None, text: str, categories: Sequence[Category]) -> Suggestion | None:
    recalled = memory.recall(text) if memory else None
    if recalled is None:
        return None
    votes, way, matched = recalled
    names = {category.id: category.name for category in categories}
    offered = Counter({category: n for category, n in votes.items() if category in names})
    if not offered:
        return None
    (winner, n), total = offered.most_common(1)[0], offered.total()
    share = n / total
    return Suggestion(
        category=winner,
        confidence=BASE_CONFIDENCE[way] * share,
        score=share,
        explanation=_explain(matched, names[winner], n, total),
        alternatives=tuple((c, BASE_CONFIDENCE[way] * k / total) for c, k in offered.most_common(4)[1:]),
        details={"matched": matched, "way": way if isinstance(way, str) else f"first {way} words", "votes": total},
    )


def _explain(matched: str, name: str, n: int, total: int) -> str:
    times = {1: "once", 2: "twice"}.get(n, f"{n} times")
    doubt = f", and something else {total - n} of {total} times" if n < total else ""
    return f"You put “{matched}” into {name} {times}{doubt}."


def _load_memories(transactions: Sequence[Transaction], texts: Sequence[str]) -> dict[tuple[int, Direction], Memory]:
    prefixes: dict[int, set[str]] = defaultdict(set)
    for transaction, text in zip(transactions, texts, strict=True):
        if text:
            prefixes[transaction.owner].add(text[:PREFIX_LENGTH])
    memories: dict[tuple[int, Direction], Memory] = defaultdict(Memory)
    for owner, wanted in prefixes.items():
        for direction, text, category, n in _confirmed(owner, wanted):
            memories[owner, direction].add(text, category, n)
    return memories


def _confirmed(owner: int, prefixes: set[str]) -> Sequence[tuple[Direction, str, int, int]]:
    """Distinct confirmed texts with their categories; one indexed query, or all of them when many are asked for."""
    rows = Row.objects.filter(ledger_id=owner).confirmed().exclude(match_text="")
    if len(prefixes) <= MAX_PREFIXES:
        rows = rows.filter(match_prefix__in=prefixes)
    counted = rows.values_list("direction", "match_text", "category_id").annotate(n=Count("id"))
    return list(counted.order_by("match_text", "category_id", "direction"))  # so that equal votes always end the same


def with_examples(questions: Sequence[Transaction], *, n: int = 4, among: int = 300) -> list[Transaction]:
    """The questions of one owner, each with the owner's recently confirmed rows most like it, best first.

    One query, however many questions.
    """
    if not questions:
        return []
    rows = Row.objects.filter(ledger_id=questions[0].owner).confirmed().order_by("-id")
    chosen: dict[str, int] = {}
    for description, category in rows.values_list("raw_description", "category_id")[:among]:
        chosen.setdefault(description, category)  # the latest choice for a text is what counts
    recent = {description: normalize(description) for description in chosen}
    nearest: dict[str, tuple[tuple[str, int], ...]] = {}
    for text in {question.text for question in questions}:
        found = process.extract(normalize(text), recent, scorer=fuzz.token_sort_ratio, limit=n)
        nearest[text] = tuple((description, chosen[description]) for _, _, description in found)
    return [replace(question, examples=nearest[question.text]) for question in questions]

"""The link that remembers the categories that the owner confirmed for the same merchant.

Banks put the merchant first, so the leading words are the best key; the link of keywords compares letters. The base
confidences are the measured precision of each way of matching on real statements (docs/chain.md).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from django.db import connection
from rapidfuzz import fuzz, process

from expenses.ledger.money import SCALE
from expenses.models import Hint, PrivacyChoices
from expenses.models import Transaction as Row
from providers.interface import (
    NO_EFFECTS,
    NOTHING_VARYING,
    Answer,
    Direction,
    Effects,
    Evidence,
    LabeledQuestion,
    Provider,
    Question,
    Suggestion,
    SupportWeight,
)
from providers.merchants.provider import known_name
from providers.normalization import GIVEN_NAMES, leading_words, normalize
from providers.redaction import tells_of_person

PREFIX_LENGTH = Row._meta.get_field("match_prefix").max_length or 0
TEXT_LENGTH = Row._meta.get_field("match_text").max_length or 0
MAX_PREFIXES = 500

EXACT = "the same text"
#: Way of matching → share of right answers when it alone decided.
BASE_CONFIDENCE = {EXACT: 0.99, 3: 0.90, 2: 0.80, 1: 0.80}
#: One word alone decides only if nearly all rows that begin with it agree.
ONE_WORD_AGREEMENT = 0.9
#: Days after which a choice has half the weight of a later one for the same text.
HALF_LIFE_DAYS = 180
#: Choices within this share of a half-life are of one day.
_SHORT = 1e-3
#: Factors of the weight of a choice with the same amount, and with the same account.
SAME_AMOUNT, SAME_ACCOUNT = 3.0, 2.0
#: Tolerance of the same amount, as a share.
AMOUNT_MARGIN = 0.1
#: The largest amount of a vote beside its least, so that a new amount can be the same as all of them.
WIDEST_SPAN = 1.25
#: More votes say no more.
MOST_VOTES = 50
AMOUNT = frozenset({"amount"})
#: Rows that count of one text, where another one only begins with the same words.
FACTS_OF_TEXT = 2
#: Recently confirmed rows that examples for the model are taken from.
EXAMPLES_AMONG = 300
#: So many times as many texts make a habit with the first word.
HABIT = 10

#: Written out, because nearly every write asks it and composing it took longer than answering it. Its order makes equal
#: votes give the same answer.
CONFIRMED = """
    SELECT direction, match_text, category_id, account_id, COUNT(*), MIN(date), MAX(date), MIN(amount), MAX(amount),
        MAX(CASE WHEN merchant <> '' AND CAST(held AS text) LIKE '%%"merchant"%%' THEN 1 ELSE 0 END)
    FROM expenses_transaction {by_history}
    WHERE ledger_id = %s AND review_status = 'confirmed' AND category_id IS NOT NULL AND deleted_at IS NULL
        AND match_text <> '' {narrowed}
    GROUP BY direction, match_text, category_id, account_id
    ORDER BY match_text, category_id, account_id, direction
"""

#: The merchants that the owner wrote, asked for only where there is one.
OWN_MERCHANTS = """
    SELECT direction, match_text, merchant, COUNT(*)
    FROM expenses_transaction {by_history}
    WHERE ledger_id = %s AND review_status = 'confirmed' AND category_id IS NOT NULL AND deleted_at IS NULL
        AND match_text <> '' AND merchant <> '' AND CAST(held AS text) LIKE '%%"merchant"%%' {narrowed}
    GROUP BY direction, match_text, merchant
"""

#: Whether there is any. SQLite takes an index of confirmed rows only if the status is written out.
ANY_CONFIRMED = """
    SELECT 1 FROM expenses_transaction {by_history}
    WHERE ledger_id = %s AND review_status = 'confirmed' AND category_id IS NOT NULL AND deleted_at IS NULL
    LIMIT 1
"""


class Vote(NamedTuple):
    """Confirmed rows of one text, category and account: their number, first and last day, least and largest amount.

    Amounts are in ten-thousandths, as they are stored.
    """

    category: int
    n: int
    account: int | None
    first: date | None
    last: date | None
    least: int | None
    most: int | None

    def joined_by(self, other: "Vote") -> "Vote":
        """Return the sum of two votes for the same category and account."""
        return self._replace(
            n=self.n + other.n,
            first=min(filter(None, (self.first, other.first)), default=None),
            last=max(filter(None, (self.last, other.last)), default=None),
            least=min((part for part in (self.least, other.least) if part is not None), default=None),
            most=max((part for part in (self.most, other.most) if part is not None), default=None),
        )

    def weight(self, question: Question, newest: date | None) -> float:
        """Return the weight beside votes for other categories."""
        weight = self.n * self._recency(newest)
        if question.account is not None and question.account == self.account:
            weight *= SAME_ACCOUNT
        if question.amount is not None and self.least is not None and self.most is not None:
            amount, is_narrow = _stored(question.amount), self.most <= self.least * WIDEST_SPAN
            if is_narrow and self.least * (1 - AMOUNT_MARGIN) <= amount <= self.most * (1 + AMOUNT_MARGIN):
                weight *= SAME_AMOUNT
        return weight

    def _recency(self, newest: date | None) -> float:
        """Return the mean weight of a choice, where choices are spread evenly from the first to the last day."""
        if not newest or not self.first or not self.last:
            return 1.0
        oldest_age, age = ((newest - day).days / HALF_LIFE_DAYS for day in (self.first, self.last))
        if oldest_age - age < _SHORT:
            return math.exp2(-age)
        return (math.exp2(-age) - math.exp2(-oldest_age)) / (math.log(2) * (oldest_age - age))


def _stored(amount: Decimal) -> int:
    return int(amount.scaleb(SCALE))


class HistoryMatch(NamedTuple):
    """The recalled votes, the way of matching, the matched text, and how many different texts begin with it."""

    votes: Sequence[Vote]
    way: str | int
    matched: str
    n_texts: int = 1


@dataclass
class Memory:
    """Confirmed texts of one owner and one direction, with what was chosen for each."""

    #: One vote for each category and account, however they were added.
    by_text: dict[str, dict[tuple[int, int | None], Vote]] = field(default_factory=lambda: defaultdict(dict))
    #: By first letters, too: only texts that share them are loaded, and an answer must not depend on other questions.
    by_words: dict[tuple[str, int, str], dict[int, int]] = field(default_factory=dict)
    #: Number of different texts that begin with these words.
    n_texts: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    #: By first word: what is not yet in `by_words` and `n_texts`, since most loaded texts begin with a word that nobody
    #: asks about. The flag is True for a new text.
    uncounted: dict[str, list[tuple[str, Vote, bool]]] = field(default_factory=lambda: defaultdict(list))
    #: The merchants that the owner wrote for a text, with their numbers of rows.
    merchants: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, text: str, vote: Vote) -> None:
        is_new = text not in self.by_text
        votes, key = self.by_text[text], (vote.category, vote.account)
        votes[key] = votes[key].joined_by(vote) if key in votes else vote
        self.uncounted[leading_words(text, 1)].append((text, vote, is_new))

    def recall(self, text: str) -> HistoryMatch | None:
        """Recall votes by the best way of matching that finds any."""
        if votes := self.by_text.get(text):
            return HistoryMatch(list(votes.values()), EXACT, text)
        self._count(leading_words(text, 1))
        found = [match for n_words in (3, 2, 1) if (match := self._recall_words(text, n_words))]
        if not found:
            return None
        longest, shortest = found[0], found[-1]
        # A habit with the first word outweighs a few texts that share more words, such as "cash <place>".
        is_habit = shortest.way == 1 and shortest.n_texts >= HABIT * longest.n_texts
        return shortest if is_habit else longest

    def _recall_words(self, text: str, n_words: int) -> HistoryMatch | None:
        words = leading_words(text, n_words)
        key = text[:PREFIX_LENGTH], n_words, words
        counted = self.by_words.get(key)
        if not counted or (n_words == 1 and not _is_telling(words, counted)):
            return None
        votes = [Vote(category, n, None, None, None, None, None) for category, n in counted.items()]
        return HistoryMatch(votes, n_words, words, self.n_texts[key])

    def _count(self, first_word: str) -> None:
        """Count the votes of texts that begin with this word."""
        for text, vote, is_new in self.uncounted.pop(first_word, ()):
            for n_words in (3, 2, 1):
                key = text[:PREFIX_LENGTH], n_words, leading_words(text, n_words)
                counted = self.by_words.setdefault(key, {})
                counted[vote.category] = counted.get(vote.category, 0) + vote.n
                if is_new:
                    self.n_texts[key] += 1


def _is_telling(word: str, counted: Mapping[int, int]) -> bool:
    """Return True if nearly all rows that begin with the word have one category, and it is no person's given name."""
    is_name_of_person = word in GIVEN_NAMES
    agreement = max(counted.values()) / sum(counted.values())
    return len(word) > 3 and not is_name_of_person and agreement >= ONE_WORD_AGREEMENT


Memories = dict[tuple[int, Direction], Memory]


class HistoryProvider(Provider):
    """Answers with the owner's choice for the same merchant, less surely if the choices differ."""

    name = "history"
    version = "2"
    support_weight = SupportWeight(1.3, 0.5)

    def looks_at(self, question: Question) -> frozenset[str]:
        """Return the amount once the owner has confirmed a row: it tells choices for one text apart."""
        with connection.cursor() as cursor:
            cursor.execute(_walking_history(ANY_CONFIRMED), [question.owner])
            return AMOUNT if cursor.fetchone() else NOTHING_VARYING

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        texts = [normalize(t.text)[:TEXT_LENGTH] for t in questions]
        memories = self._memories(questions, texts)
        # Rows of a text that was always put into one category get the same object, whatever their amounts.
        unanimous: dict[Hashable, Suggestion | None] = {}
        answers: list[Answer] = []
        for question, text in zip(questions, texts, strict=True):
            key = question.owner, question.direction, text, id(question.categories)
            if key in unanimous:
                answers.append(unanimous[key])
                continue
            memory = memories.get((question.owner, question.direction))
            answer = _suggest(memory, text, question) if memory and text else None
            if answer is None or not answer.alternatives:
                unanimous[key] = answer
            answers.append(answer)
        return answers

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "InMemoryHistoryProvider":
        return InMemoryHistoryProvider({}).learn(confirmed)

    def _memories(self, questions: Sequence[Question], texts: Sequence[str]) -> Memories:
        """Load the confirmed texts. One indexed query for each owner; it reads all texts if there are many prefixes.

        One more reads merchants, if the owner wrote one for any of these texts.
        """
        prefixes: dict[int, set[str]] = defaultdict(set)
        for question, text in zip(questions, texts, strict=True):
            if text:
                prefixes[question.owner].add(text[:PREFIX_LENGTH])
        memories: Memories = defaultdict(Memory)
        for owner, found in prefixes.items():
            wanted = sorted(found) if len(found) <= MAX_PREFIXES else []
            narrowed = f"AND match_prefix IN ({', '.join(['%s'] * len(wanted))})" if wanted else ""
            with connection.cursor() as cursor:
                cursor.execute(_walking_history(CONFIRMED, narrowed), [owner, *wanted])
                rows = cursor.fetchall()
                for direction, text, category, account, n, *days, least, most, _ in rows:
                    # SQLite returns text.
                    first, last = (date.fromisoformat(day) if isinstance(day, str) else day for day in days)
                    vote = Vote(category, n, account, first, last, least, most)
                    memories[owner, direction].add(text, vote)
                if any(has_merchant for *_, has_merchant in rows):
                    cursor.execute(_walking_history(OWN_MERCHANTS, narrowed), [owner, *wanted])
                    for direction, text, merchant, n in cursor.fetchall():
                        memories[owner, direction].merchants[text][merchant] = n
        return memories


def _walking_history(sql: str, narrowed: str = "") -> str:
    """Return a query with its condition, kept to the index of confirmed rows.

    Without statistics, SQLite would take the index of categories, and so read every row that has one.
    """
    by_history = "INDEXED BY transaction_history" if connection.vendor == "sqlite" else ""
    return sql.format(by_history=by_history, narrowed=narrowed)


class InMemoryHistoryProvider(HistoryProvider):
    """A history link over the rows that it was taught, instead of those of the ledger."""

    def __init__(self, memories: Memories) -> None:
        self._taught = memories

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "InMemoryHistoryProvider":
        """Learn in place and return itself, because its former state is never needed."""
        for question, category in confirmed:
            memory = self._taught.setdefault((question.owner, question.direction), Memory())
            amount = None if question.amount is None else _stored(question.amount)
            if text := normalize(question.text)[:TEXT_LENGTH]:
                memory.add(text, Vote(category, 1, question.account, question.date, question.date, amount, amount))
        return self

    def _memories(self, questions: Sequence[Question], texts: Sequence[str]) -> Memories:
        return self._taught


def _suggest(memory: Memory, text: str, question: Question) -> Suggestion | None:
    recalled = memory.recall(text)
    if recalled is None:
        return None
    names = {category.id: category.name for category in question.categories}
    votes = [vote for vote in recalled.votes if vote.category in names]
    if not votes:
        return None
    newest = max((vote.last for vote in votes if vote.last), default=None)
    parts: dict[int, list[float]] = defaultdict(list)
    for vote in votes:
        parts[vote.category].append(vote.weight(question, newest))
    weights = {category: math.fsum(found) for category, found in sorted(parts.items())}  # in any order of the votes
    total = sum(weights.values())
    (winner, weight), *others = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    base, share = BASE_CONFIDENCE[recalled.way], weight / total
    n, of = sum(vote.n for vote in votes if vote.category == winner), sum(vote.n for vote in votes)
    spellings = memory.merchants.get(recalled.matched)
    if spellings and known_name(recalled.matched, question.direction):
        spellings = None
    # Rows of one text are one fact about what its first words mean.
    n_facts = min(of, MOST_VOTES) if recalled.way == EXACT else min(of, FACTS_OF_TEXT * recalled.n_texts, MOST_VOTES)
    doubt = f", and something else {of - n} of {of} times" if n < of else ""
    return Suggestion(
        category=winner,
        confidence=base * share,
        score=share,
        effects=Effects(merchant=max(spellings, key=lambda name: (spellings[name], name))) if spellings else NO_EFFECTS,
        explanation=f"You put “{recalled.matched}” into {names[winner]} {times(n)}{doubt}.",
        alternatives=tuple((category, base * w / total) for category, w in others[:3]),
        details={
            "matched": recalled.matched,
            "way": recalled.way if isinstance(recalled.way, str) else f"first {recalled.way} words",
            "votes": of,
        },
        evidence=Evidence.REPEAT if recalled.way == EXACT else Evidence.LEADING_WORDS,
        support=tuple((category, n_facts * w / total) for category, w in weights.items()),
    )


def times(n: int) -> str:
    """Return a number of times in words."""
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def with_examples(
    questions: Sequence[Question], *, latest: Iterable[tuple[str, int, str]] | None = None, n: int = 4
) -> list[Question]:
    """Add what only deferred links need: hints, similar rows, hidden names, and whether a person is paid.

    Similar rows are the most similar of `latest`, the best first: descriptions, categories and IBANs, the latest first.
    Without it, they are the owner's recently confirmed rows. Rows that name a person are left out, since a name of no
    list could not be found in them. Three queries, however many questions.
    """
    if not questions:
        return []
    if latest is None:
        rows = Row.objects.filter(ledger_id=questions[0].owner).confirmed().order_by("-id")
        latest = rows.values_list("raw_description", "category_id", "iban")[:EXAMPLES_AMONG]
    chosen: dict[str, tuple[int, str]] = {}
    for description, category, iban in latest:
        chosen.setdefault(description, (category, iban))  # the latest choice for a text counts
    recent = {description: normalize(description) for description in chosen}
    nearest: dict[str, tuple[tuple[str, int], ...]] = {}
    for text in {question.text for question in questions}:
        found = process.extract(normalize(text), recent, scorer=fuzz.token_sort_ratio, limit=2 * n)
        similar = ((description, *chosen[description]) for _, _, description in found)
        public = ((row, category) for row, category, iban in similar if not tells_of_person(row, iban=iban))
        nearest[text] = tuple(islice(public, n))
    hints = tuple(Hint.objects.filter(ledger_id=questions[0].owner).values_list("text", flat=True))
    names = PrivacyChoices.objects.filter(ledger_id=questions[0].owner).values_list("names", flat=True).first() or ()
    return [
        replace(
            question,
            examples=nearest[question.text],
            hints=hints,
            hidden_names=tuple(names),
            is_person=tells_of_person(question.text, iban=question.iban),
        )
        for question in questions
    ]

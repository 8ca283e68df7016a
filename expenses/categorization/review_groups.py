"""Rows that need a review, grouped by merchant, so that one answer settles many. Pure."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from expenses.ledger.money import Money
from expenses.querysets import fold
from providers.merchants.names import shared_words, spelled, telling_words
from providers.merchants.provider import known_name
from providers.normalization import normalize

#: Number of leading words that name a group, besides articles and the like. Measured on labeled statements of four
#: kinds of payers: with two words, 95 to 100 % of the rows have their group's category; with one word, 88 to 99 %.
#: Three add up to a fifth more groups.
N_WORDS = 2
DIRECTIONS = ("in", "out")
REASONS = ("suggested", "uncategorized", "needs_review")
#: Number of rows whose texts are read for the name of a group.
N_SAMPLE = 20
#: Number of ids that a group lists; its `key` stands for all of them.
MAX_IDS = 500


class OpenRow(NamedTuple):
    """The columns of a transaction that grouping needs."""

    id: int
    direction: str
    merchant: str
    match_text: str
    amount: Decimal
    currency: str
    date: dt.date
    review_status: str
    review: str | None
    category_id: int | None
    suggested_category_id: int | None
    category_source: str
    category_confidence: float | None

    @property
    def words(self) -> str:
        """The merchant without numbers and ornaments, or else the first words of the text."""
        name = self.brand or self.merchant
        return normalize(name) or fold(name).strip() or telling_words(self.match_text, N_WORDS)

    @property
    def brand(self) -> str:
        """The name of the brand that the dictionary knows, "" if none."""
        return known_name(self.merchant or self.match_text, "in" if self.direction == "in" else "out")

    @property
    def key(self) -> str:
        """The name of the row's group; a row without words has a group of its own."""
        return f"{self.direction}:{self.words}" if self.words else f"{self.direction}#{self.id}"

    @property
    def answer(self) -> int | None:
        """The id of the machine's category; None if a user chose or removed a category."""
        return None if self.category_source == "user" else self.category_id or self.suggested_category_id

    @property
    def reasons(self) -> Iterator[str]:
        """The reasons for a review: at least one of `REASONS`."""
        if self.review_status == "suggested":
            yield "suggested"
        elif self.category_id is None and self.category_source != "user":
            yield "uncategorized"
        if self.review == "needed":
            yield "needs_review"


def direction_of(key: str) -> str | None:
    """Return the direction that a key begins with, None if it is no key."""
    return next((name for name in DIRECTIONS if key.startswith((f"{name}:", f"{name}#"))), None)


class CommonAnswer(NamedTuple):
    """The machine's answer for most rows of a group; `confidence` is the mean of those `n` rows."""

    category: int
    confidence: float | None
    source: str
    n: int


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """Rows of one merchant and direction, the newest first."""

    key: str
    rows: Sequence[OpenRow]

    def name(self, descriptions: Mapping[int, str]) -> str:
        """Return the brand, else the most common merchant, else the whole words that the texts of the rows share.

        `descriptions` are those of the sample, by row id.
        """
        if brand := self.rows[0].brand:
            return brand
        merchants = Counter(row.merchant for row in self.rows if row.merchant)
        if merchants:
            return merchants.most_common(1)[0][0]
        texts = [descriptions.get(row.id, "") for row in self.sample]
        return spelled(shared_words(row.match_text for row in self.rows), texts) or texts[0]

    @property
    def direction(self) -> str:
        return self.rows[0].direction

    @property
    def n(self) -> int:
        return len(self.rows)

    @property
    def first(self) -> dt.date:
        return self.rows[-1].date

    @property
    def last(self) -> dt.date:
        return self.rows[0].date

    @property
    def examples(self) -> Sequence[OpenRow]:
        return self.rows[:3]

    @property
    def sample(self) -> Sequence[OpenRow]:
        """The rows whose descriptions tell how the merchant is spelled."""
        return self.rows[:N_SAMPLE]

    @property
    def ids(self) -> list[int]:
        return [row.id for row in self.rows[:MAX_IDS]]

    @property
    def totals(self) -> list[Money]:
        """The sum of the amounts in each currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows:
            sums[row.currency] += row.amount
        return [Money(amount, currency) for currency, amount in sorted(sums.items())]

    @property
    def reasons(self) -> dict[str, int]:
        """The number of rows for each reason; a row may have two reasons."""
        counted = Counter(reason for row in self.rows for reason in row.reasons)
        return {name: counted[name] for name in REASONS}

    @property
    def suggestion(self) -> CommonAnswer | None:
        """The most common answer; of equally common answers the newest."""
        counted = Counter(row.answer for row in self.rows if row.answer is not None)
        if not counted:
            return None
        category, n = counted.most_common(1)[0]
        giving = [row for row in self.rows if row.answer == category]
        sure = [row.category_confidence for row in giving if row.category_confidence is not None]
        source = Counter(row.category_source for row in giving).most_common(1)[0][0]
        return CommonAnswer(category, round(sum(sure) / len(sure), 4) if sure else None, source, n)


def group_rows(rows: Iterable[OpenRow]) -> list[ReviewGroup]:
    """Group rows that come newest first. The largest group is first; of equally large groups, the newest."""
    found: dict[str, list[OpenRow]] = defaultdict(list)
    for row in rows:
        found[row.key].append(row)
    groups = [ReviewGroup(key, members) for key, members in found.items()]  # in the order of their newest rows
    return sorted(groups, key=lambda group: -len(group.rows))

"""The interface of a link of the chain, so that anyone can write one without touching Outlay.

A link is a subclass of `Provider` that answers batches of `Question` with `Suggestion` or None. It is named by its
dotted path in the setting CATEGORIZATION_PROVIDERS and must pass `providers.conformance`.
"""

import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

from providers.answer_record import NO_RECORD, AnswerRecord
from providers.calibration import Correction

Direction = Literal["in", "out"]


class ProviderError(Exception):
    """A failure that a link foresees; its message is shown to the user as the reason.

    `calls` are the ids of the recorded calls that it comes from.
    """

    calls: tuple[str, ...] = ()


class ProviderUnavailable(ProviderError):
    """The link cannot be asked now: a refused connection, a time-out, a model that is not there."""

    #: False if the reason lies outside of the link, so that its breaker does not count it.
    is_failure_of_link: ClassVar[bool] = True


class ProviderMisbehaved(ProviderError):
    """The link answered, but not with an answer: garbage, or a category that was not offered."""


@dataclass(frozen=True, slots=True)
class OfferedCategory:
    """A category that may be answered. `key` is set for the system's own and never translated, "" for a user's.

    `kind` is expense, income or transfer.
    """

    id: int
    name: str
    kind: str
    key: str = ""
    description: str = ""


#: The mapping of a ledger without mapped kinds.
NO_KINDS: Mapping[str, int | None] = MappingProxyType({})


class OwnKeyword(NamedTuple):
    """A keyword as its owner wrote it, and the id of its category."""

    text: str
    category: int


#: The keywords of a ledger without any.
NO_KEYWORDS: Mapping[str, OwnKeyword] = MappingProxyType({})


#: A threshold that no confidence reaches.
ONLY_SUGGESTS = 1.0


class Evidence(StrEnum):
    """The kind of knowledge that an answer rests on; a ledger's thresholds hold for one kind each."""

    RULE = "rule"
    #: The same text was confirmed before.
    REPEAT = "repeat"
    #: A text with the same first words was, which may be damaged here.
    LEADING_WORDS = "leading_words"
    #: The owner's keyword of a category.
    KEYWORD = "keyword"
    #: A brand or a general word of the dictionary, also damaged.
    NAME = "name"
    LEARNED = "learned"
    SOUND = "sound"
    MODEL = "model"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Trust:
    """The owner's own measurements and wishes.

    `corrections` turn the confidences that links claim into measured ones, by the name of the link. `thresholds` by the
    name of the link replace those of the setting; `evidence_thresholds` by kind of evidence replace both.
    `classifier` is the digest of the owner's useful trained classifier, "" if there is none.
    """

    corrections: Mapping[str, Correction] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    classifier: str = ""
    evidence_thresholds: Mapping[str, float] = field(default_factory=dict)
    #: Number of transactions that were confirmed, and the ids of the categories that they have.
    n_confirmed: int = 0
    used: frozenset[int] = frozenset()
    #: The digest of the owner's confirmed names, "" if there are none.
    names: str = ""
    #: The records of deferred links, a build of a model each; of each link, the one that answered last comes first.
    records: tuple[AnswerRecord, ...] = ()

    def record(self, link: str, *, digest: str | None = None) -> AnswerRecord:
        """Return the record of a link's build, or of the one that answered last. One that never answered has none."""
        of_link = (one for one in self.records if one.link == link)
        return next((one for one in of_link if digest in (None, one.digest)), NO_RECORD)

    def threshold(self, link: str, evidence: str, *, default: float) -> float:
        """Return the confidence from which an answer is taken: of its evidence, else of its link, else the default.

        What a name sounds like is only suggested by default, whatever link says so.
        """
        default = ONLY_SUGGESTS if evidence == Evidence.SOUND else default
        return self.evidence_thresholds.get(evidence, self.thresholds.get(link, default))


#: The trust of an unknown owner.
NO_TRUST = Trust()


@dataclass(frozen=True, slots=True)
class Question:
    """One movement of money as a link sees it: no model, no request.

    `amount` is positive, in units of `currency` (ISO 4217); `direction` says whether money came in or went out.
    `country` is an ISO 3166 alpha-2 code or "". `owner` is the id of the ledger whose rules and history count.
    """

    description: str
    categories: tuple[OfferedCategory, ...]
    owner: int
    direction: Direction = "out"
    merchant: str = ""
    amount: Decimal | None = None
    currency: str = ""
    date: dt.date | None = None
    account: int | None = None
    country: str = ""
    payment_method: str = ""
    notes: str = ""
    iban: str = ""
    mcc: str = ""
    tags: tuple[str, ...] = ()
    #: Names of EFFECT_FIELDS that the user wrote: effects leave them alone, as they do the tags.
    stated: frozenset[str] = frozenset()
    trigger: Literal["create", "import"] = "create"
    #: Kinds of shops, or keys of categories for all their kinds, with the id of the category that the user chose. That
    #: category need not be offered; None wants no answer. All questions of a batch share this object.
    kinds: Mapping[str, int | None] = field(default_factory=lambda: NO_KINDS, hash=False)
    #: The owner's keywords, folded. That category need not be offered. All questions of a batch share this object.
    keywords: Mapping[str, OwnKeyword] = field(default_factory=lambda: NO_KEYWORDS, hash=False, repr=False)
    #: All questions of a batch share this object.
    trust: Trust = field(default=NO_TRUST, hash=False, repr=False)
    #: The owner's confirmed rows most like this one, best first: (description, category id). Only for deferred links.
    examples: tuple[tuple[str, int], ...] = ()
    #: Names that the owner wants hidden from the model, as written. Only for deferred links.
    hidden_names: tuple[str, ...] = ()
    #: True if the statement says that the other side is a person. Only for deferred links.
    is_person: bool = False
    #: The owner's house rules in their order, as written. Only for deferred links.
    hints: tuple[str, ...] = ()
    #: Categories that the immediate links named, as (id, probability). Only for deferred links.
    candidates: tuple[tuple[int, float], ...] = ()

    @property
    def text(self) -> str:
        """The merchant, where it stands apart, and the description: the text for a link to read."""
        return matching_text(self.merchant, self.description)


#: Parts of a question that differ from row to row of a statement. `size` is the amount's, as `size_of` has it.
VARYING = frozenset({"amount", "size", "currency", "date"})
NOTHING_VARYING: frozenset[str] = frozenset()


@lru_cache(maxsize=16_384)
def size_of(amount: Decimal | None) -> int | None:
    """Return the power of two that the amount, in units of its currency and one more, reaches."""
    return None if amount is None else int(math.log2(float(amount) + 1))


class LabeledQuestion(NamedTuple):
    """A transaction and the id of the category that its owner says is right."""

    question: Question
    category: int


def matching_text(merchant: str, description: str) -> str:
    """Join merchant and description: the merchant comes first, as banks write it, and once."""
    if not merchant or description.casefold().startswith(merchant.casefold()):
        return description
    return f"{merchant} {description}"


#: The fields besides category and tags that a machine may write, in the order in which changes are listed.
EFFECT_FIELDS = ("merchant", "description", "notes", "review", "is_excluded_from_budget")


@dataclass(frozen=True, slots=True)
class Effects:
    """Values that a link wants written besides the category. Empty values change nothing.

    `merchant` is for a transaction that has none. `fields` are written whatever was there: pairs of one of
    EFFECT_FIELDS and its value, where `review` is "needed" or "done".
    """

    merchant: str = ""
    tags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str | bool], ...] = ()


NO_EFFECTS = Effects()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer of a link.

    `category` is the id of an offered category. None leaves the choice to the next link and keeps only the effects.
    `confidence` in [0, 1] is the probability that the category is right; `score` is the raw measure behind it.
    `explanation` is one sentence for the user; `details` are further JSON values. `final` lets a link answer below its
    threshold on purpose: the chain stops, but only suggests.
    """

    category: int | None
    confidence: float
    explanation: str
    score: float | None = None
    effects: Effects = NO_EFFECTS
    alternatives: tuple[tuple[int, float], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    final: bool = False
    #: The id of the rule, or of another part of the link, that gave the answer, for statistics.
    source_id: int | None = None
    #: The kind of knowledge behind the answer.
    evidence: Evidence = Evidence.OTHER
    #: Pairs of a category and how much the link speaks for it, in the link's own measure; (): by confidence alone.
    support: tuple[tuple[int, float], ...] = ()
    #: It never decides alone, however sure: it counts together with the answers of the other links.
    is_pooled: bool = False
    #: The name of a link that has this answer among its features: beside it, the answer fades while that link learns.
    covered_by: str = ""


#: The answer to one question. An error is data here: one bad answer does not spoil the rest of its batch.
Answer = Suggestion | ProviderError | None


class SupportWeight(NamedTuple):
    """Turns support into evidence: `factor` times log((support + floor) / floor).

    The factor halves at `half` confirmed transactions. `is_share`: the support is a share of all categories, so what
    is missing speaks for those that are not offered.
    """

    factor: float
    floor: float
    half: float = math.inf
    is_share: bool = False


class Provider(ABC):
    """One link. The constructor takes keyword arguments (OPTIONS of the setting) and does no I/O."""

    #: Shown to users as the source of an answer; one of the sources the ledger knows for the links that ship.
    name: ClassVar[str]
    #: Changes whenever answers may change; stored with every attempt.
    version: str = "1"
    #: Shown as the reason where it declines.
    silence: ClassVar[str] = "It knows nothing about this text."
    #: Its confidence is a probability, which its owner's outcomes may correct.
    is_measured: ClassVar[bool] = True
    #: What the support of its answers weighs; None: they count by their confidence.
    support_weight: ClassVar[SupportWeight | None] = None

    #: What to do about a fault that `check` finds, where the setting of the chain is not the place.
    hint: ClassVar[str] = ""

    @abstractmethod
    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer each transaction in the same order; None declines.

        A ProviderError in the list concerns that transaction alone; one that is raised concerns the whole batch.
        """

    def categorize_in_turn(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Yield what `categorize_many` returns. A slow link yields each answer at once, so a batch can end early."""
        yield from self.categorize_many(questions)

    def key(self, question: Question) -> Hashable:
        """Return a key that is equal for equal answers, so that the chain asks once; None is never equal."""
        return None

    def looks_at(self, question: Question) -> frozenset[str]:
        """Return which of VARYING its answers depend on, for questions of this owner and trust.

        Other fields always count. A link that leaves amounts out is asked once for each text of a statement.
        """
        return VARYING

    def recall(self, questions: Sequence[Question]) -> Sequence[Suggestion | None]:
        """Return answers known from before, without any remote call. A deferred link may keep some."""
        return [None] * len(questions)

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "Provider":
        """Return a provider like this one that also knows these transactions, oldest first.

        It knows nothing else of the ledger, so that a history can be played again; it asks neither database nor
        network. The link in the chain stays unchanged; a taught one may be taught more in place. A link that does not
        learn returns itself.
        """
        return self

    def check(self) -> list[str]:
        """Say what is wrong with the options, one sentence each. No network, no database."""
        return []

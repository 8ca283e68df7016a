"""Names of a ledger in a question: categories, tags, accounts and merchants, as their owner writes them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from django.db.models import Count

from expenses.models import Account, Category, Tag
from expenses.querysets import paid_to
from insights.ask.tokens import folds, tokens_of
from insights.ask.vocabulary import vocabulary
from insights.querysets import rows_with_excluded
from insights.tools.base import Asker

Kind = Literal["category", "tag", "account", "merchant"]
LEAST_LENGTH = 3
#: Distinct names and texts that are looked through, the most frequent first. Of 100,000 rows a tenth are distinct.
MOST_PAYEES = 30_000
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the ledger, as tools take it."""

    kind: Kind
    name: str
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Payee:
    """A merchant, or the words of a text that names none, and its rows' number."""

    text: str
    words: Words
    n: int


class NameBook:
    """All names of the asker's ledger, by their words."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker

    @cached_property
    def exact(self) -> dict[Words, list[Name]]:
        """Categories, tags and accounts by their folded words."""
        found = defaultdict[Words, list[Name]](list)
        for category in self.asker.catalog.categories.values():
            if category.is_hidden:
                continue
            others = vocabulary().categories.get(category.key, frozenset()) if category.key else frozenset()
            name = Name("category", category.display_name, category)
            for words in {*_forms(category.display_name), *(tuple(other.split()) for other in others)}:
                found[words].append(name)
        for kind, table in (("tag", Tag), ("account", Account)):
            for text in table.objects.for_user(self.asker.user).values_list("name", flat=True):
                for words in _forms(text):
                    found[words].append(Name(kind, text))  # type: ignore[arg-type]
        return dict(found)

    @cached_property
    def payees(self) -> list[Payee]:
        """The most frequent merchants, and texts that name none. Takes two queries."""
        rows = rows_with_excluded(self.asker.ledger_id)
        merchants, texts = (
            some.values_list(column).annotate(n=Count("*")).order_by("-n", column)[:MOST_PAYEES]
            for some, column in ((rows.exclude(merchant=""), "merchant"), (rows.filter(merchant=""), "match_text"))
        )
        return [Payee(text, words, n) for text, n in (*merchants, *texts) if text for words in _forms(text)]

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of all names, to which misspelled ones are corrected."""
        exact = {word for words in self.exact for word in words}
        return frozenset(exact | {word for payee in self.payees for word in payee.words if word.isalpha()})

    def find(self, words: Words, *, kinds: Iterable[str]) -> list[Name]:
        """Return the names that these words are; a merchant's name may have more words around them."""
        found = [name for name in self.exact.get(words, []) if name.kind in kinds]
        if "merchant" in kinds and len(" ".join(words)) >= LEAST_LENGTH:
            spellings = Counter[str]()
            for payee in self.payees:
                if spelling := _spelling(payee, words):
                    spellings[spelling] += payee.n
            if spellings:
                best = min(spellings, key=lambda one: (-spellings[one], one))
                found.append(Name("merchant", best))
        return list({(name.kind, name.name): name for name in found}.values())

    def others_with(self, merchant: str) -> list[str]:
        """Return merchants that have the text in the middle of a word: the sums of a merchant count them, too."""
        words = {*_forms(merchant)}
        rows = rows_with_excluded(self.asker.ledger_id).filter(paid_to(merchant))
        texts = rows.values_list("merchant", "match_text", "description").annotate(n=Count("*"))
        others = set()
        for name, text, description, _ in texts.order_by("-n", "merchant", "match_text", "description")[:MOST_PAYEES]:
            forms = {form for one in ((name,) if name else (text, description)) for form in _forms(one)}
            if not any(_contains(form, own) for form in forms for own in words):
                others.add(name or description)
        return sorted(others)

    def not_counted(self, merchant: str) -> list[str]:
        """Return merchants of the same words that are spelled with other accents: its sums lack them."""
        forms, folded = {*_forms(merchant)}, merchant.casefold()
        same = {p.text for p in self.payees if any(_contains(p.words, form) for form in forms)}
        return sorted(text for text in same if folded not in text.casefold())


def _forms(text: str) -> list[Words]:
    """Return the folded words of a name, in both spellings of umlauts."""
    return [tuple(token.text.lstrip("#") for token in tokens_of(form)) for form in sorted(folds(text))]


def _contains(words: Sequence[str], part: Sequence[str]) -> bool:
    n = len(part)
    return bool(n) and any(tuple(words[place : place + n]) == tuple(part) for place in range(len(words) - n + 1))


def _spelling(payee: Payee, part: Words) -> str:
    """Return the payee's own spelling of these words, "" if it does not have them."""
    if not _contains(payee.words, part):
        return ""
    tokens = tokens_of(payee.text)
    n = len(part)
    for place in range(len(tokens) - n + 1):
        own = tokens[place : place + n]
        if all(part[i] in folds(own[i].raw) for i in range(n)):
            start = payee.text.find(own[0].raw)
            end = payee.text.find(own[-1].raw, start) + len(own[-1].raw)
            return payee.text[start:end]
    return ""

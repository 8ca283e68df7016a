"""Whom money went to, added up by the database: merchants, and where none is named, whoever the text is of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Min, Q

from expenses.querysets import TransactionQuerySet
from expenses.reports.converted_totals import Group, group_rows
from insights.rows import payee_of
from providers.normalization import normalize


def payee_groups(rows: TransactionQuerySet, *, to: str) -> list[Group]:
    """Groups whose only key is the payee's name, as the ledger writes it. Two queries, four with other currencies.

    Rows of the same payee (`payee_of`) are of one name: that of its merchant which most rows have, else a description.
    What has neither a merchant nor a word is of an empty one. Asked in two queries, since the index of totals holds
    merchants but no texts.
    """
    named = group_rows(rows.exclude(merchant=""), by=("merchant",), to=to)
    unnamed = group_rows(rows.filter(merchant=""), by=("match_text",), to=to, label=Min("description"))
    names = dict(_texts(unnamed)) | _merchants(named)
    return [
        *(group._replace(key=(names[payee_of(merchant=group.key[0], match_text="")],)) for group in named),
        *(group._replace(key=(names[payee_of(merchant="", match_text=group.key[0])],)) for group in unnamed),
    ]


def named_so(text: str) -> Q:
    """Rows with the text in the name of their merchant, or where they have none, in what was written."""
    words = normalize(text)
    written = Q(description__icontains=text) | (Q(match_text__contains=words) if words else Q())
    return Q(merchant__icontains=text) | (Q(merchant="") & written)


def _merchants(groups: Iterable[Group]) -> dict[str, str]:
    """How each payee is written most often."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for group in groups:
        (merchant,) = group.key
        counts[payee_of(merchant=merchant, match_text="")][merchant] += group.n
    return {payee: max(spellings, key=lambda one: (spellings[one], one)) for payee, spellings in counts.items()}


def _texts(groups: Iterable[Group]) -> Iterator[tuple[str, str]]:
    """One description of each payee; of several days or currencies the first in their order."""
    for group in sorted(groups, key=lambda one: str(one.label), reverse=True):
        (text,) = group.key
        yield payee_of(merchant="", match_text=text), group.label if text else ""

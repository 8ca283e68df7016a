"""Querysets of the ledger, and the folded text that a search looks in. Reads for a user begin with `for_user`."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Coalesce, Greatest

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from providers.normalization import normalize

#: Open rows that the model is still to be asked about; the first two are the condition of their index.
AWAITING_MODEL = Q(awaits_model=True, category=None, review_status__in=["pending", "suggested"])
#: The same rows, as their misses see them.
TRANSACTION_AWAITS = Q(
    transaction__awaits_model=True,
    transaction__category=None,
    transaction__review_status__in=["pending", "suggested"],
    transaction__deleted_at=None,
)


def searchable(*, description: str, raw_description: str, merchant: str, notes: str) -> str:
    """Return the texts of a row, casefolded, one a line. A description that was never rewritten is there once."""
    texts = dict.fromkeys((description, raw_description, merchant, notes))
    return fold("\n".join(text for text in texts if text))


def fold(text: str) -> str:
    """Fold a text for comparison: equal in any case, and however an accent was typed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def paid_to(text: str) -> Q:
    """Select rows with the text in the merchant's name, or in the description where there is no merchant."""
    words = normalize(text)
    described = Q(description__icontains=text) | (Q(match_text__contains=words) if words else Q())
    return Q(merchant__icontains=text) | (Q(merchant="") & described)


def rows_beyond(order: Sequence[str], place: Sequence[Any], *, backwards: bool = False) -> Q:
    """Select the rows after a place in an order, or before it; the last column of the order is unique.

    `order` has names as `order_by` takes them, `place` a row's value of each. The first that differs decides.
    """
    found, same = Q(), Q()
    bound = "gte" if order[0].startswith("-") == backwards else "lte"
    for name, value in zip(order, place, strict=True):
        column = name.lstrip("-")
        comparison = "gt" if name.startswith("-") == backwards else "lt"
        found |= same & Q(**{f"{column}__{comparison}": value})
        same &= Q(**{column: value})
    # The first column is bounded once more, or the database would read its index from the beginning.
    return Q(**{f"{order[0].lstrip('-')}__{bound}": place[0]}) & found


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a ledger."""

    def for_user(self, user: User) -> Self:
        """Keep the rows of the ledger that the user works in."""
        return self.filter(ledger_id=ledger_id_of(user))


class AttachmentQuerySet(OwnedQuerySet):
    """Attachments. Those of a transaction in the bin are left out until it is restored."""

    def for_user(self, user: User) -> Self:
        return super().for_user(user).filter(transaction__deleted_at=None)


class TransferQuerySet(OwnedQuerySet):
    """Pairs of transactions."""

    def with_rows(self) -> Self:
        """Load both halves in the same query."""
        return self.select_related("outgoing", "incoming")

    def stated(self) -> Self:
        """Leave out pairs that are only suggested."""
        return self.exclude(status="suggested")

    def suggested(self) -> Self:
        """Keep suggestions whose rows are there, whole, and not paired otherwise."""
        free = {"deleted_at": None, "transfer": None, "parent": None, "is_split": False}
        return self.filter(
            status="suggested", **{f"{half}__{k}": v for half in ("outgoing", "incoming") for k, v in free.items()}
        )

    def of(self, ids: "Iterable[int] | models.QuerySet[Any]") -> Self:
        """Keep the pairs of transactions, rejected ones included; `ids` may be a query."""
        wanted = ids if isinstance(ids, models.QuerySet) else list(ids)
        return self.filter(Q(outgoing__in=wanted) | Q(incoming__in=wanted))


class DuplicateQuerySet(OwnedQuerySet):
    """Pairs of transactions that may be one movement."""

    def with_rows(self) -> Self:
        """Load both rows and their accounts in the same query."""
        return self.select_related("older__account", "newer__account")

    def open(self) -> Self:
        """Keep offers that stand: both rows are there, and neither is a part of a split."""
        there = {f"{row}__{name}": None for row in ("older", "newer") for name in ("deleted_at", "parent")}
        return self.filter(status="open", **there)


class CategoryQuerySet(models.QuerySet[Any]):
    """Categories: the system's and the ledger's own."""

    def for_user(self, user: User) -> Self:
        return self.in_ledger(ledger_id_of(user))

    def in_ledger(self, ledger_id: int) -> Self:
        """Add what the ledger adapts, and `seen_version`, which rises when it adapts a category."""
        adapted = FilteredRelation("in_ledgers", condition=Q(in_ledgers__ledger=ledger_id))
        rows = self.filter(Q(ledger_id=ledger_id) | Q(ledger_id=None)).annotate(adapted=adapted)
        return rows.annotate(
            is_hidden=Coalesce(F("adapted__is_hidden"), False),
            keywords=F("adapted__keywords"),
            own_description=F("adapted__description"),
            seen_version=Greatest(F("version"), Coalesce(F("adapted__version"), 0)),
        )


class TransactionQuerySet(OwnedQuerySet):
    """Transactions."""

    def with_related(self) -> Self:
        """Load what a body shows, in two queries for any number of rows, without the attempts of links."""
        return self.with_attempts().defer("decision__attempts")

    def with_attempts(self) -> Self:
        """Load what a body shows and the attempts of every link."""
        return self.select_related("account", "category", "suggested_category", "decision", "run").prefetch_related(
            "tags"
        )

    def in_bin(self) -> Self:
        """Keep rows that were deleted and can be restored."""
        return self.filter(deleted_at__isnull=False)

    def pairable(self) -> Self:
        """Keep rows that a machine may pair, as `Transaction.is_pairable` says."""
        is_open = Q(is_kind_stated=False) & ~Q(review_status="confirmed") & ~Q(category_source="user")
        whole = self.filter(account__isnull=False, parent__isnull=True, transfer__isnull=True, is_split=False)
        return whole.filter(Q(kind="transfer") | is_open)

    def between(self, start: date, end: date) -> Self:
        """Keep rows of a period, both days included."""
        return self.filter(date__gte=start, date__lte=end)

    def confirmed(self) -> Self:
        return self.filter(review_status="confirmed", category__isnull=False)

    def awaiting_model(self) -> Self:
        """Keep open rows that the model is still to be asked about, with a suggestion or without."""
        return self.filter(AWAITING_MODEL)

    def open_to_machines(self) -> Self:
        """Keep rows for which the chain had no sure answer, and that no user has decided since."""
        is_open = Q(review_status__in=["pending", "suggested"])
        is_open |= Q(review_status="none", category=None, decision__isnull=False)
        is_settled = Q(category_source="user") | Q(review="done")
        return self.filter(is_open, ~is_settled, is_split=False, transfer=None)

    def answered_by_machines(self) -> Self:
        """Keep rows with a machine's answer, taken or suggested, that no user has decided about since."""
        is_suggested = Q(review_status="suggested", suggested_category__isnull=False)
        is_taken = Q(review_status="automatic", category__isnull=False)
        is_settled = Q(category_source="user") | Q(review="done")
        return self.filter(is_suggested | is_taken, ~is_settled, is_split=False, transfer=None)

    def in_review(self) -> Self:
        """Keep rows that need a review: a suggestion, a missing category that no user took away, or a rule's request.

        Splits are reviewed by their parts, and pairs as transfers.
        """
        is_missing = Q(category=None, review_status__in=["none", "pending"]) & ~Q(category_source="user")
        is_asked_for = Q(review_status="suggested") | is_missing | Q(review="needed")
        return self.filter(is_asked_for, ~Q(review="done"), is_split=False, transfer=None)

    def search(self, text: str) -> Self:
        """Keep rows in which every word occurs in the description, the merchant or the notes, in any case."""
        found = self
        for word in fold(text).split():
            found = found.filter(search_text__contains=word)
        return found


class LiveManager(models.Manager.from_queryset(TransactionQuerySet)):  # type: ignore[misc]
    """Transactions that are not in the bin."""

    def get_queryset(self) -> TransactionQuerySet:
        rows: TransactionQuerySet = super().get_queryset().filter(deleted_at=None)
        return rows

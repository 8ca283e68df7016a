"""Reads from the journal which categories people chose that no machine had said, as far as they still stand."""

from collections.abc import Iterator, Set
from typing import Any

from django.db.models import Q, QuerySet

from expenses.categorization.history import PREFIX_LENGTH
from expenses.models import CategorizationStatus, Change
from rules.proposals.grouping import CorrectedRow

#: What the journal calls the writes by which a person chooses.
BY_A_PERSON = ("user", "bulk_edit", "review")
#: Beyond so many first letters all corrections of the ledger are read.
MAX_PREFIXES = 500
#: Of texts that people typed the latest are compared.
MAX_TYPED = 300
#: The head of texts that are only alike.
TYPED = ""

#: Links that say what they learned from their owner.
ECHOES = ["history", "learned"]
#: Another category, or one that a link had learned from an earlier correction, which its owner says again.
CHOSEN = Q(fields__has_key="category") | Q(fields__category_source__0__in=ECHOES, fields__category_source__1="user")

_COLUMNS = (
    "transaction_id",
    "transaction__match_text",
    "transaction__direction",
    "transaction__category_id",
    "transaction__fingerprint",
    "fields",
)


def touched_heads(*, ledger_id: int, since: int, until: int) -> frozenset[str]:
    """First words of the texts whose corrections may have come or gone; since < version <= until."""
    chosen = Q(source__in=[*BY_A_PERSON, "merge"]) & CHOSEN
    taken_away = Q(fields__category_source__0="user") | Q(fields__has_key="deleted_at")
    changes = Change.objects.filter(chosen | taken_away, ledger_id=ledger_id, version__gt=since, version__lte=until)
    rows = changes.order_by().values_list("transaction__match_text", "transaction__fingerprint").distinct()
    heads = set()
    for text, fingerprint in rows:
        heads |= {text.split(" ", 1)[0]} | ({TYPED} if fingerprint is None else set())
    return frozenset(heads)


def corrections_of(*, ledger_id: int, heads: Set[str]) -> list[CorrectedRow]:
    """The corrections of texts with these first words, in the order of their ids; with TYPED the latest typed ones."""
    named = {head for head in heads if head != TYPED}
    found: dict[int, CorrectedRow] = {}
    if named:
        found |= {row.id: row for row in _read(_beginning_with(_standing(ledger_id), named)) if row.head in named}
    if TYPED in heads:
        typed = _standing(ledger_id).filter(transaction__fingerprint=None).order_by("-transaction_id")
        found |= {row.id: row for row in _read(typed[:MAX_TYPED])}
    return [found[pk] for pk in sorted(found)]


def _standing(ledger_id: int) -> "QuerySet[Change]":
    """Choices of a category by a person whose row still has one that a person chose."""
    rows: QuerySet[Change] = Change.objects.filter(
        CHOSEN,
        ledger_id=ledger_id,
        source__in=BY_A_PERSON,
        transaction__ledger_id=ledger_id,
        transaction__deleted_at=None,
        transaction__is_split=False,
        transaction__transfer=None,
        transaction__review_status=CategorizationStatus.CONFIRMED,
        transaction__category_source="user",
    )
    return rows.order_by("transaction_id")


def _beginning_with(changes: "QuerySet[Change]", heads: Set[str]) -> "QuerySet[Change]":
    prefixes = {head[:PREFIX_LENGTH] for head in heads}
    if len(prefixes) > MAX_PREFIXES:
        return changes
    # A head of fewer letters is followed by a blank and the letters of the next word.
    short = {prefix for prefix in prefixes if len(prefix) < PREFIX_LENGTH}
    wanted = Q(transaction__match_prefix__in=prefixes)
    for prefix in short:
        wanted |= Q(transaction__match_prefix__startswith=f"{prefix} ")
    return changes.filter(wanted)


def _read(changes: "QuerySet[Change]") -> Iterator[CorrectedRow]:
    for pk, text, direction, category, fingerprint, fields in changes.values_list(*_COLUMNS):
        if _is_correction(fields):
            yield CorrectedRow(pk, text, direction, category, is_typed=fingerprint is None)


def _is_correction(fields: dict[str, Any]) -> bool:
    """Whether the machine had said something else, or an echo of the owner; taking what it suggested is none."""
    source, _ = fields.get("category_source", (None, None))
    if "category" not in fields or source in ECHOES:
        return True
    _, chosen = fields["category"]
    suggested, _ = fields.get("suggested_category", (None, None))
    return chosen is not None and (suggested is None or suggested[0] != chosen[0])

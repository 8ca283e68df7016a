"""Reads corrections from the journal: categories that users chose, unlike any machine, and that still hold."""

from collections.abc import Iterator, Set

from django.db.models import Q, QuerySet

from expenses.categorization.history import PREFIX_LENGTH
from expenses.models import CategorizationStatus, Change
from rules.proposals.grouping import CorrectedRow

#: Names of the journal for writes by which a user chooses.
BY_A_USER = ("user", "bulk_edit", "review")
#: For more prefixes than these, all corrections of the ledger are read.
MAX_PREFIXES = 500
#: Number of typed texts, the latest, that are compared.
MAX_TYPED = 300
#: The head of typed texts that are similar but begin differently.
TYPED = ""
#: Links that repeat what they learned from their owner.
ECHOES = ["history", "learned"]
#: Writes of another category, or of one that a link repeated from an earlier correction.
CHOSEN = Q(fields__has_key="category") | Q(fields__category_source__0__in=ECHOES, fields__category_source__1="user")


def touched_heads(*, ledger_id: int, since: int, until: int) -> frozenset[str]:
    """Return first words of texts whose corrections may have come or gone; since < version <= until."""
    chosen = Q(source__in=[*BY_A_USER, "merge"]) & CHOSEN
    taken_away = Q(fields__category_source__0="user") | Q(fields__has_key="deleted_at")
    changes = Change.objects.filter(chosen | taken_away, ledger_id=ledger_id, version__gt=since, version__lte=until)
    rows = changes.order_by().values_list("transaction__match_text", "transaction__fingerprint").distinct()
    heads = set()
    for text, fingerprint in rows:
        heads |= {text.split(" ", 1)[0]} | ({TYPED} if fingerprint is None else set())
    return frozenset(heads)


def corrections_of(*, ledger_id: int, heads: Set[str]) -> list[CorrectedRow]:
    """Return the corrections of texts with these first words, by id; for TYPED, the latest typed ones."""
    standing: QuerySet[Change] = Change.objects.filter(
        CHOSEN,
        ledger_id=ledger_id,
        source__in=BY_A_USER,
        transaction__ledger_id=ledger_id,
        transaction__deleted_at=None,
        transaction__is_split=False,
        transaction__transfer=None,
        transaction__review_status=CategorizationStatus.CONFIRMED,
        transaction__category_source="user",
    )
    named = {head for head in heads if head != TYPED}
    found: dict[int, CorrectedRow] = {}
    if named:
        changes = standing.order_by("transaction_id")
        prefixes = {head[:PREFIX_LENGTH] for head in named}
        if len(prefixes) <= MAX_PREFIXES:
            wanted = Q(transaction__match_prefix__in=prefixes)
            for prefix in prefixes:
                if len(prefix) < PREFIX_LENGTH:  # a blank and letters of the next word follow a short head
                    wanted |= Q(transaction__match_prefix__startswith=f"{prefix} ")
            changes = changes.filter(wanted)
        found |= {row.id: row for row in _read(changes) if row.head in named}
    if TYPED in heads:
        typed = standing.filter(transaction__fingerprint=None).order_by("-transaction_id")
        found |= {row.id: row for row in _read(typed[:MAX_TYPED])}
    return [found[pk] for pk in sorted(found)]


def _read(changes: "QuerySet[Change]") -> Iterator[CorrectedRow]:
    columns = ("match_text", "direction", "category_id", "fingerprint")
    rows = changes.values_list("transaction_id", *(f"transaction__{name}" for name in columns), "fields")
    for pk, text, direction, category, fingerprint, fields in rows:
        source, _ = fields.get("category_source", (None, None))
        if "category" in fields and source not in ECHOES:
            _, chosen = fields["category"]
            suggested, _ = fields.get("suggested_category", (None, None))
            if chosen is None or (suggested is not None and suggested[0] == chosen[0]):
                continue  # the user only accepted a suggestion, or took the category away
        yield CorrectedRow(pk, text, direction, category, is_typed=fingerprint is None)

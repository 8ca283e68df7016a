"""Changes of a ledger since a version, for clients that keep a copy."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from accounts.models import User
from expenses.hooks import sync_feeds
from expenses.models import (
    Account,
    Attachment,
    Category,
    ExchangeRate,
    Hint,
    KindMapping,
    Membership,
    PrivacyChoices,
    Tag,
    Tombstone,
    Transaction,
    Transfer,
)
from expenses.models.ledgers import Ledger, ledger_id_of
from expenses.services.thresholds import Thresholds, thresholds_of

#: Ledgers count from 1; the system's categories, and tags from before tags had versions, stand at 0.
BEFORE_ALL = -1


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything with since < its version <= `version`; the rows of one write are never parted."""

    version: int
    has_more: bool
    #: What `changes/` calls them → rows.
    lists: dict[str, list[Any]]
    #: The person, if a preference of theirs has changed.
    preferences: User | None
    #: All thresholds, if one has changed.
    thresholds: Thresholds | None
    #: The ledger's choices about privacy, if one has changed.
    privacy: PrivacyChoices | None


class UnknownVersion(Exception):
    """The ledger has not come so far: the client's copy is of another ledger, or of one that was set back."""

    def __init__(self, newest: int) -> None:
        super().__init__(f"The ledger is at version {newest}. Empty your copy and begin again with since=0.")


def changes_since(*, user: User, since: int, limit: int) -> Changes:
    """Return at most `limit` changed rows, unless the first write alone has more. Raises UnknownVersion.

    A version is visible only together with all rows that it was stamped on, and after every smaller one, because
    writes of a ledger wait for each other. Rows that change while this reads move to a version beyond `version`, so a
    client meets them next time. From 0 on, the system's own categories come on top of `limit`; later those that were
    hidden or shown again here, or that an upgrade changed. Preferences, thresholds and choices
    about privacy come on top, too.
    """
    ledger_id = ledger_id_of(user)
    newest, thresholds_version = Ledger.objects.values_list("version", "thresholds_version").get(pk=ledger_id)
    if since > newest:
        raise UnknownVersion(newest)
    tables = {
        "transactions": Transaction.objects.with_related(),
        "accounts": Account.objects.all(),
        "categories": Category.objects.select_related("parent"),
        "tags": Tag.objects.all(),
        "transfers": Transfer.objects.stated().with_rows(),
        "attachments": Attachment.objects.all(),
        "rates": ExchangeRate.objects.own(ledger_id),
        "kind_mappings": KindMapping.objects.select_related("category"),
        "hints": Hint.objects.all(),
        "deleted": Tombstone.objects.all(),
        **{feed.name: feed.rows() for feed in sync_feeds()},
    }
    rows = {name: table.for_user(user).order_by(_stamp_of(table), "pk") for name, table in tables.items()}
    versions = {name: _versions_of(table, since, newest, limit=limit) for name, table in rows.items()}
    version = _last_version(versions.values(), limit=limit) or newest
    after = since or BEFORE_ALL
    changed = {name: table for name, table in rows.items() if versions[name] or after == BEFORE_ALL}
    found = {name: list(_between(table, after, version)) for name, table in changed.items()}
    told = Membership.objects.filter(preferences_version__gt=after, preferences_version__lte=version)
    membership = told.filter(ledger=ledger_id, user=user).select_related("user").first()
    chosen = PrivacyChoices.objects.filter(pk=ledger_id, version__gt=after, version__lte=version)
    return Changes(
        version=version,
        has_more=version < newest,
        lists={name: found.get(name, []) for name in rows},
        preferences=membership.user if membership is not None else None,
        thresholds=thresholds_of(ledger_id) if after < thresholds_version <= version else None,
        privacy=chosen.first(),
    )


def _stamp_of(table: Any) -> str:
    return "seen_version" if table.model is Category else "version"


def _between(table: Any, since: int, version: int) -> Any:
    stamp = _stamp_of(table)
    return table.filter(**{f"{stamp}__gt": since, f"{stamp}__lte": version})


def _versions_of(table: Any, since: int, newest: int, *, limit: int) -> list[int]:
    """Return the versions of the table's first rows, one more than the limit, in order."""
    changed = _between(table, since, newest).select_related(None)
    return list(changed.values_list(_stamp_of(table), flat=True)[: limit + 1])


def _last_version(versions: Iterable[list[int]], *, limit: int) -> int | None:
    """Return the last version that fits as a whole, or else the first one. Return None if all fit."""
    first = list(islice(heapq.merge(*versions), limit + 1))
    if len(first) <= limit:
        return None
    return max((version for version in first if version < first[limit]), default=first[limit])

"""Which rows a time series counts, as the filters of the list of transactions name them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Account, Category, Tag
from expenses.querysets import TransactionQuerySet
from expenses.serializers.fields import as_id_or_name
from insights.lists import is_none
from insights.querysets import paid_to


def narrow(rows: TransactionQuerySet, asked: dict[str, Any], *, user: User, catalog: Catalog) -> TransactionQuerySet:
    """Those of the categories, the account, the tag and the merchant that are asked for. Raises ValidationError."""
    if texts := asked.get("category"):
        found = [one for text in texts for one in _categories(text, catalog)]
        within = {pk for one in found if one for pk in catalog.with_children(one)}
        rows = rows.filter(Q(category__in=within) | (Q(category=None) if None in found else Q()))
    if "account" in asked:
        rows = rows.filter(account=_own(Account, "account", asked["account"], user))
    if "tag" in asked:
        rows = rows.filter(tags=_own(Tag, "tag", asked["tag"], user))
    if "merchant" in asked:
        rows = rows.filter(paid_to(asked["merchant"]))
    return rows


def _categories(text: str, catalog: Catalog) -> Sequence[Category | None]:
    """One whose name has a comma, or those with commas between; None for what has none."""
    whole = None if is_none(text) else _category(text, catalog)
    return [whole] if whole else [_required(part, catalog) for part in text.split(",")]


def _required(text: str, catalog: Catalog) -> Category | None:
    if is_none(text):
        return None
    found = _category(text, catalog)
    if found is None:
        raise _unknown("category", text)
    return found


def _category(text: str, catalog: Catalog) -> Category | None:
    return catalog.find(_reference("category", text)) or catalog.find(text)


def _own(table: type[Account] | type[Tag], name: str, text: str, user: User) -> int:
    """The id of what is called so. In Python, since SQLite knows upper and lower case of A to Z alone."""
    rows = list(table.objects.for_user(user).values_list("pk", "name"))
    known: dict[int | str, int] = {called.casefold(): pk for pk, called in rows} | {pk: pk for pk, _ in rows}
    found = known.get(_reference(name, text), known.get(text.strip().casefold()))
    if found is None:
        raise _unknown(name, text)
    return found


def _reference(name: str, text: str) -> int | str:
    try:
        wanted = as_id_or_name(text)
    except serializers.ValidationError:
        raise _unknown(name, text) from None
    return wanted.casefold() if isinstance(wanted, str) else wanted


def _unknown(name: str, text: str) -> serializers.ValidationError:
    return serializers.ValidationError({name: f"There is no {name} “{text}”."}, code="does_not_exist")

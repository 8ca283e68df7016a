"""Addresses of the API that list the rows behind a figure."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from expenses.models import Tag
from insights.reports.periods import Period
from insights.serializers.parameters import is_none
from insights.tools.base import Asker

SPENDING, INCOME = ("expense", "refund"), ("income",)


def rows_address(filters: Mapping[str, Any]) -> str:
    """Return the address of the list of transactions with these filters."""
    return f"{reverse('transaction-list')}?{urlencode(dict(filters), doseq=True)}"


def counted_address(period: Period, kinds: Iterable[str], **filters: Any) -> str:
    """Return the address of the rows of a period that reports count. Filters are those of the list."""
    days = {"start_date": period.start, "end_date": period.end}
    return rows_address({"kind": [*kinds], **days, **filters, "is_split": "false", "is_excluded_from_budget": "false"})


def row_address(pk: int) -> str:
    """Return the address of one transaction."""
    return reverse("transaction-detail", args=[pk])


def category_filters(category: int | None) -> dict[str, Any]:
    """Return filters of the rows in a category, without those below it; None: of rows without a category."""
    return {"uncategorized": "true"} if category is None else {"category": category, "subcategories": "false"}


def same_filters(given: Mapping[str, Any], *, asker: Asker) -> dict[str, Any] | None:
    """Return filters of the list for the rows that a `RowsQuery` keeps; None if the list has none for them."""
    filters = {other: given[name] for name, other in (("account", "account"), ("merchant", "payee")) if name in given}
    if "tag" in given:
        text = str(given["tag"])
        named = Tag.objects.for_user(asker.user).filter(pk=text).first() if text.isdecimal() else None
        filters["tag"] = named.name if named else text
    if "category" in given:
        [text] = given["category"]
        found = None if is_none(text) else asker.catalog.find(int(text) if text.isdecimal() else text)
        if found is None and not is_none(text):
            return None  # several categories
        filters |= {"uncategorized": "true"} if found is None else {"category": found.pk}
    return filters


def period_body(period: Period) -> dict[str, str]:
    """Return the first and last day as JSON."""
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}

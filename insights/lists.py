"""What the lists of insights share: pages by number, and a category or none."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from expenses.models import Category
from expenses.serializers.fields import CategoryReference
from expenses.serializers.filters import LIST_PARAMETERS

#: How what has no category is asked for; a category that is called so has an id.
NO_CATEGORY = "none"
NO_CATEGORY_HELP = f"`{NO_CATEGORY}` is what has no category."
#: They are made of more than one table, so no cursor can say where one is.
SHOWN = frozenset(LIST_PARAMETERS - {"cursor"})
NO_CURSOR = OpenApiParameter("cursor", exclude=True)


def is_none(text: Any) -> bool:
    return isinstance(text, str) and text.strip().casefold() == NO_CATEGORY


class CategoryOrNone(CategoryReference):
    """An id or name of a category, or `none`, which is read as None."""

    def to_internal_value(self, data: Any) -> Category | None:  # type: ignore[override]
        return None if is_none(data) else super().to_internal_value(data)

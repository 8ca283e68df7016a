"""Categories, and how a ledger adapts the system's."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext

from expenses.models.ledgers import Ledger
from expenses.querysets import CategoryQuerySet, OwnedQuerySet


class Category(models.Model):
    """A use or source of money. The system's categories belong to no ledger and have a key."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, null=True, related_name="categories")
    key = models.CharField(max_length=32, blank=True, default="")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=[(k, k) for k in ("expense", "income", "transfer")])
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    icon = models.CharField(max_length=32, blank=True, default="")
    color_token = models.CharField(max_length=32, blank=True, default="")
    description = models.CharField(max_length=200, blank=True, default="")
    version = models.BigIntegerField(default=0)

    #: How one ledger sees it, on rows that a queryset of that ledger gives: whether it is hidden there, the version of
    #: what it shows there, and its keywords.
    is_hidden: bool
    seen_version: int
    #: The ledger's keywords as their owner wrote them; None if it never had any.
    keywords: list[str] | None
    #: The ledger's description of a system category; None if it has none of its own.
    own_description: str | None
    #: Whether that ledger has put kinds of shops into categories; on rows of a catalog alone.
    has_mappings: bool
    #: Whether its links were measured; the same.
    has_track_record: bool

    objects: ClassVar[Any] = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                "ledger", Lower("name"), name="category_name_unique", condition=models.Q(ledger__isnull=False)
            ),
            models.UniqueConstraint("key", name="category_key_unique", condition=models.Q(ledger__isnull=True)),
            models.CheckConstraint(
                condition=models.Q(ledger__isnull=True) ^ models.Q(key=""), name="category_is_system_or_own"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """A system category's name in the reader's language; a user's own as written."""
        return gettext(self.name) if self.key else self.name

    @property
    def seen_description(self) -> str:
        """The ledger's own description, else the shipped one."""
        return self.description if self.own_description is None else self.own_description


class KindMapping(models.Model):
    """The category of a ledger for a kind of shop, or for all kinds and words of a system category, by its key."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=64)
    #: None: the ledger wants no answer for it.
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="kind_mappings")
    version = models.BigIntegerField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["ledger", "version"], name="kind_mapping_version")]
        constraints = [models.UniqueConstraint(fields=["ledger", "kind"], name="kind_mapping_unique")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.category}"


class LedgerCategory(models.Model):
    """A category as one ledger has adapted it, the system's included: hidden or not, with keywords of its own.

    Of a system category, the ledger may have its own description, too.
    """

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    category = models.ForeignKey(Category, models.CASCADE, related_name="in_ledgers")
    is_hidden = models.BooleanField(default=False)
    #: Words and phrases as their owner wrote them.
    keywords = models.JSONField(default=list)
    #: Takes the place of a system category's description; null: the shipped one counts.
    description = models.CharField(max_length=200, null=True)  # noqa: DJ001 - "" is an own description, too
    version = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ledger", "category"], name="ledger_category_unique")]

    def __str__(self) -> str:
        return f"{self.category} in ledger {self.ledger_id}"

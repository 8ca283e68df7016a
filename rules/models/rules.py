"""A rule as it is stored: references by id, so that renaming a category or an account breaks nothing."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from expenses.models import Ledger
from expenses.querysets import OwnedQuerySet

MOST_PRIORITY = 1_000_000
#: Fields that a client writes, and that a file or a proposal holds.
RULE_FIELDS = (
    "name", "group", "is_active", "priority", "stop_processing", "mode", "triggers", "overwrite", "match",
    "conditions", "actions",
)  # fmt: skip
#: Rules apply to new rows of the API, rows of a statement, edited rows, and in runs over stored rows.
TRIGGERS = ["create", "import", "update", "manual"]


class Mode(models.TextChoices):
    """The force of a rule: it decides, or only suggests."""

    APPLY = "apply"
    SUGGEST = "suggest"


class Overwrite(models.TextChoices):
    """Values that a run may replace: none, those of a machine, or all."""

    EMPTY = "empty"
    MACHINE = "machine"
    ALWAYS = "always"


class Origin(models.TextChoices):
    """The origin of a rule."""

    USER = "user"
    LEARNED = "learned"
    IMPORTED = "imported"
    PACK = "pack"


class Rule(models.Model):
    """If the conditions hold, do the actions. Lower priority is asked first, ties by id."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="rules", db_index=False)
    name = models.CharField(max_length=100)
    group = models.CharField(max_length=50, blank=True, default="")
    is_active = models.BooleanField(default=True)
    priority = models.IntegerField(
        default=100, validators=[MinValueValidator(-MOST_PRIORITY), MaxValueValidator(MOST_PRIORITY)]
    )
    stop_processing = models.BooleanField(default=True)
    mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.APPLY)
    triggers = models.JSONField()
    overwrite = models.CharField(max_length=7, choices=Overwrite.choices, default=Overwrite.MACHINE)
    match = models.CharField(max_length=3, choices=[("all", "all"), ("any", "any")], default="all")
    conditions = models.JSONField()
    actions = models.JSONField()
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.USER)
    #: Matches of its patterns that took too long.
    n_timeouts = models.PositiveBigIntegerField(default=0)
    #: The pack that brought it, its last imported version, its name there, and its checksum at the time.
    pack = models.CharField(max_length=100, blank=True, default="")
    pack_version = models.CharField(max_length=40, blank=True, default="")
    pack_rule = models.CharField(max_length=100, blank=True, default="")
    pack_checksum = models.CharField(max_length=71, blank=True, default="")
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "id"]
        indexes = [
            models.Index(fields=["ledger", "priority", "id"], name="rule_order"),
            models.Index(fields=["ledger", "version"], name="rule_version"),
        ]
        constraints = [models.UniqueConstraint(fields=["ledger", "name"], name="rule_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def content(self) -> dict[str, Any]:
        """The fields that a client writes, as they are stored."""
        return {name: getattr(self, name) for name in RULE_FIELDS}

"""Rules made from corrections, which wait for the owner's answer or keep it."""

from typing import Any, ClassVar

from django.db import models

from expenses.models import Category, Ledger
from rules.models.rules import Rule
from rules.querysets import ProposalQuerySet

PHRASE_LENGTH = 200


class ProposalStatus(models.TextChoices):
    """The owner's answer: none yet, yes, or never again."""

    OPEN = "open"
    ACCEPTED = "accepted"
    NEVER = "never"


class Proposal(models.Model):
    """A proposed rule. It stays after the answer, so that it is not proposed again."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="proposals", db_index=False)
    #: The merchant as the texts write it, casefolded.
    phrase = models.CharField(max_length=PHRASE_LENGTH)
    direction = models.CharField(max_length=3)
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    #: The first word of its transactions' normalized texts; "" if the texts are only similar.
    head = models.CharField(max_length=PHRASE_LENGTH, blank=True, default="")
    #: Fields of a rule, as they would be saved.
    rule = models.JSONField()
    #: Ids of the corrected transactions, in order.
    evidence = models.JSONField()
    status = models.CharField(max_length=8, choices=ProposalStatus.choices, default=ProposalStatus.OPEN)
    #: The owner has narrowed it, so its conditions stay.
    is_narrowed = models.BooleanField(default=False)
    #: Any category was refused for the merchant.
    is_of_merchant = models.BooleanField(default=False)
    accepted_rule = models.ForeignKey(Rule, models.SET_NULL, null=True, related_name="+")
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    #: The ledger's version, from `as_seen`: the impact of a proposal depends on every transaction.
    seen_version: int
    #: Its evidence and impact, where they are read for an answer.
    evidence_rows: list[dict[str, Any]]
    impact: Any

    objects: ClassVar[Any] = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ledger", "version"], name="proposal_version")]
        constraints = [
            models.UniqueConstraint(
                fields=["ledger", "phrase", "direction", "category"], name="proposal_once_for_phrase_and_category"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phrase} ({self.status})"

    @property
    def key(self) -> tuple[str, str, int]:
        """The unique key within a ledger."""
        return self.phrase, self.direction, self.category_id

    @property
    def unsaved_rule(self) -> Rule:
        """The proposed rule, not saved."""
        return Rule(**self.rule)


class Attention(models.Model):
    """Progress of the task that proposes rules for a ledger."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: The ledger's version at the last look.
    looked_to = models.BigIntegerField(default=0)
    #: A task is queued; no other is queued before this instant.
    looking_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id} to version {self.looked_to}"

"""Rules that were made from corrections and wait for somebody's yes, and what was said of them."""

from typing import Any, ClassVar

from django.db import models

from expenses.models import Category, Ledger
from rules.models.rules import Rule
from rules.querysets import ProposalQuerySet

PHRASE_LENGTH = 200


class ProposalStatus(models.TextChoices):
    """What its owner has said: nothing yet, yes, or never again."""

    OPEN = "open"
    ACCEPTED = "accepted"
    NEVER = "never"


class Proposal(models.Model):
    """A rule that is not there yet. Whatever was said of it stays, so that it is not proposed again."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="proposals", db_index=False)
    #: What its conditions are about, casefolded: the merchant as the texts write it.
    phrase = models.CharField(max_length=PHRASE_LENGTH)
    direction = models.CharField(max_length=3)
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    #: The first word of its transactions' normalized texts; "" where these are only alike.
    head = models.CharField(max_length=PHRASE_LENGTH, blank=True, default="")
    #: Fields of a rule, as they would be saved.
    rule = models.JSONField()
    #: Ids of the corrected transactions, in order.
    evidence = models.JSONField()
    status = models.CharField(max_length=8, choices=ProposalStatus.choices, default=ProposalStatus.OPEN)
    #: Its owner has narrowed it, so its conditions stay as they are.
    is_narrowed = models.BooleanField(default=False)
    #: It was refused for the merchant, whatever the category.
    is_of_merchant = models.BooleanField(default=False)
    accepted_rule = models.ForeignKey(Rule, models.SET_NULL, null=True, related_name="+")
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    #: The ledger's version, from `as_seen`: the impact of a proposal depends on every transaction.
    seen_version: int
    #: Its reason, evidence and impact, where they are read for an answer.
    because: str
    evidence_rows: list[dict[str, Any]]
    impact: Any

    objects: ClassVar[Any] = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
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
    """How far a ledger's corrections have been looked at."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: The ledger's version then.
    looked_to = models.BigIntegerField(default=0)
    #: A task that looks is queued; nobody else queues one before this instant.
    looking_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id} to version {self.looked_to}"

"""Transactions, the reasons for their categories, and drafts of transactions to record."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from expenses.ledger.dates import Month
from expenses.models.accounts import Account
from expenses.models.categories import Category
from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import Ledger
from expenses.models.runs import Run
from expenses.models.tags import Tag
from expenses.querysets import LiveManager, TransactionQuerySet
from providers.interface import EFFECT_FIELDS, Direction

DESCRIPTION_LENGTH = 500


class Decision(models.Model):
    """The reason for a category: what every link said, as text that outlives the rule or the model.

    Rows of one batch that got the same answers share one decision.
    """

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+")
    source = models.CharField(max_length=32, blank=True, default="")
    #: What of the source gave the answer: of rules, which one. It may be gone.
    source_id = models.BigIntegerField(null=True)
    category_name = models.CharField(max_length=100, blank=True, default="")
    confidence = models.FloatField(null=True)
    #: The kind of knowledge behind the answer, of `providers.interface.Evidence`; "" in decisions of earlier releases.
    evidence = models.CharField(max_length=16, blank=True, default="")
    explanation = models.CharField(max_length=500)
    attempts = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["ledger", "source_id"],
                name="decision_source",
                condition=models.Q(source_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.explanation


class CategorizationStatus(models.TextChoices):
    """The status of a row's category; machines never overwrite `confirmed`.

    A row that is `pending` has no answer yet. One that is `suggested` may wait for the model, too.
    """

    CONFIRMED = "confirmed"
    AUTOMATIC = "automatic"
    SUGGESTED = "suggested"
    PENDING = "pending"
    NONE = "none"


#: Statuses of rows about which the model may still be asked.
AWAITING = (CategorizationStatus.PENDING, CategorizationStatus.SUGGESTED)


class Review(models.TextChoices):
    """A user's or rule's word on the review of a row, whatever its category."""

    NEEDED = "needed"
    DONE = "done"


class Transaction(models.Model):
    """One movement of money. `raw_description` is what the bank or client wrote, and is never rewritten."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="transactions", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="transactions", db_index=False)
    kind = models.CharField(max_length=8, choices=[(k, k) for k in ("expense", "income", "refund", "transfer")])
    direction = models.CharField(max_length=3, choices=[("in", "in"), ("out", "out")])
    amount = ExactDecimalField()
    currency = models.CharField(max_length=3)
    date = models.DateField()
    raw_description = models.CharField(max_length=DESCRIPTION_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_LENGTH)
    merchant = models.CharField(max_length=200, blank=True, default="")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="transactions", db_index=False)
    category_source = models.CharField(max_length=32, blank=True, default="")
    category_confidence = models.FloatField(null=True)
    review_status = models.CharField(
        max_length=9, choices=CategorizationStatus.choices, default=CategorizationStatus.NONE
    )
    #: The model is still to be asked, for as long as the row is open (`is_awaiting_model`).
    awaits_model = models.BooleanField(default=False)
    suggested_category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+", db_index=False)
    decision = models.ForeignKey(Decision, models.SET_NULL, null=True, related_name="transactions")
    payment_method = models.CharField(max_length=50, null=True)  # noqa: DJ001 - the API says null, not ""
    notes = models.TextField(blank=True, default="")
    tags = models.ManyToManyField(Tag, related_name="transactions")
    #: The account of whoever paid or was paid, as ISO 13616 writes it without spaces.
    iban = models.CharField(max_length=34, blank=True, default="")
    #: The merchant category code of a card payment, ISO 18245: four digits.
    mcc = models.CharField(max_length=4, blank=True, default="")
    #: Null: how its category stands says whether somebody should look at it.
    review = models.CharField(max_length=6, choices=Review.choices, null=True)  # noqa: DJ001 - the API says null
    is_excluded_from_budget = models.BooleanField(default=False)
    #: Fields, and `tag:<id>`, that a person wrote by hand: a machine leaves them alone.
    held = models.JSONField(default=list)
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null leaves the unique constraint
    #: Equal for the same row of two statements of one account that overlap; null for rows that no statement brought.
    fingerprint = models.CharField(max_length=32, null=True)  # noqa: DJ001 - the same
    #: The normalized text and its first letters: what history is looked up by.
    match_text = models.CharField(max_length=200, blank=True, default="")
    match_prefix = models.CharField(max_length=4, blank=True, default="")
    #: The client said what kind it is, so a machine keeps to it.
    is_kind_stated = models.BooleanField(default=False)
    #: Its owner changed or confirmed something since it was recorded, so no revert takes it away.
    is_touched = models.BooleanField(default=False)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="parts", db_index=False)
    #: Its parts count instead of it.
    is_split = models.BooleanField(default=False)
    #: The pair that it is one half of.
    transfer = models.ForeignKey(
        "expenses.Transfer", models.SET_NULL, null=True, related_name="transactions", db_index=False
    )
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="transactions")
    #: The member who recorded it; null: who ordered its run, else the ledger's founder.
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    #: Everything a search looks at, casefolded: SQLite knows upper and lower case of A to Z alone.
    search_text = models.TextField(blank=True, default="")
    #: In the bin since; only `everything` finds it.
    deleted_at = models.DateTimeField(null=True)
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = LiveManager()
    everything: ClassVar[Any] = TransactionQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-id"]
        base_manager_name = "everything"
        indexes = [
            # A column rather than a condition: SQLite counts rows in it without looking at the table.
            models.Index(fields=["ledger", "deleted_at", "-date", "-id"], name="transaction_date"),
            models.Index(fields=["ledger", "category", "date"], name="transaction_category"),
            models.Index(
                fields=["ledger", "deleted_at"],
                name="transaction_deleted",
                condition=models.Q(deleted_at__isnull=False),
            ),
            # Totals are added up from this alone, in its order; a query by days finds them at the end.
            models.Index(
                "ledger",
                Month("date"),
                "category",
                "currency",
                "kind",
                "direction",
                "account",
                "is_excluded_from_budget",
                "amount",
                "date",
                "merchant",
                name="transaction_totals",
                condition=models.Q(deleted_at__isnull=True, is_split=False),
            ),
            # Balances, and the register of an account in both directions.
            models.Index(
                fields=["account", "currency", "date", "id", "direction", "amount"],
                name="transaction_register",
                condition=models.Q(deleted_at__isnull=True, parent__isnull=True, account__isnull=False),
            ),
            models.Index(fields=["ledger", "version"], name="transaction_version"),
            models.Index(
                fields=["ledger", "match_prefix"],
                name="transaction_history",
                condition=models.Q(review_status=CategorizationStatus.CONFIRMED),
            ),
            # Deleting a row looks for its parts: without this, in the whole table.
            models.Index(fields=["parent"], name="transaction_parts", condition=models.Q(parent__isnull=False)),
            # Deleting a user looks for what they recorded in the ledgers of others.
            models.Index(
                fields=["recorded_by"],
                name="transaction_recorded_by",
                condition=models.Q(recorded_by__isnull=False),
            ),
            models.Index(fields=["transfer"], name="transaction_transfer", condition=models.Q(transfer__isnull=False)),
            # The other half of a transfer is looked for by its amount.
            models.Index(
                fields=["ledger", "amount", "date"],
                name="transaction_amount",
                condition=models.Q(
                    deleted_at__isnull=True, account__isnull=False, parent__isnull=True, transfer__isnull=True
                ),
            ),
            models.Index(
                fields=["ledger", "id"],
                name="transaction_awaiting",
                condition=models.Q(awaits_model=True, category__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="transaction_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(kind="expense", direction="out")
                | models.Q(kind__in=["income", "refund"], direction="in")
                | models.Q(kind="transfer"),
                name="transaction_kind_fits_direction",
            ),
            models.CheckConstraint(
                condition=~models.Q(review_status__in=[CategorizationStatus.AUTOMATIC, CategorizationStatus.CONFIRMED])
                | models.Q(category__isnull=False),
                name="transaction_status_has_category",
            ),
            models.UniqueConstraint(
                fields=["account", "external_id"],
                name="transaction_external_id_unique",
                # Rows of statements have none; that of a deleted row is free again.
                condition=models.Q(external_id__isnull=False, deleted_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["ledger", "external_id"],
                name="transaction_external_id_unique_without_account",
                condition=models.Q(account__isnull=True, external_id__isnull=False, deleted_at__isnull=True),
            ),
            models.UniqueConstraint(fields=["account", "fingerprint"], name="transaction_fingerprint_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.description}"

    @property
    def is_awaiting_model(self) -> bool:
        """Return True if the model will be asked about the row, as `awaiting_model()` selects."""
        return self.awaits_model and self.review_status in AWAITING

    @property
    def is_pairable(self) -> bool:
        """Return True if a machine may pair the row: it is whole, alone, and no user called it something else."""
        is_open = (
            not self.is_kind_stated
            and self.review_status != CategorizationStatus.CONFIRMED
            and self.category_source != "user"
        )
        is_whole = self.parent_id is None and self.transfer_id is None and not self.is_split
        return self.account_id is not None and is_whole and (self.kind == "transfer" or is_open)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """A transaction to record. `amount` is positive, in `currency`; `kind` is None unless the client stated it.

    With `asks_chain` None, the chain is asked if no category is given. A draft with `parts` has no category: its parts
    count instead.
    """

    amount: Decimal
    currency: str
    date: date
    description: str
    direction: Direction
    kind: str | None = None
    account: Account | None = None
    category: Category | None = None
    merchant: str = ""
    payment_method: str | None = None
    iban: str = ""
    mcc: str = ""
    review: str | None = None
    is_excluded_from_budget: bool = False
    notes: str = ""
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    fingerprint: str | None = None
    #: The bank has not booked it yet.
    is_pending: bool = False
    asks_chain: bool | None = None
    parts: tuple["TransactionDraft", ...] = ()

    @property
    def is_for_chain(self) -> bool:
        """Return True if the chain is to be asked."""
        if self.parts:
            return False
        return self.category is None if self.asks_chain is None else self.asks_chain

    @property
    def stated_fields(self) -> frozenset[str]:
        """Return the fields that the client wrote. The description of a new row is just the text that it came with."""
        return frozenset(name for name in EFFECT_FIELDS if name != "description" and getattr(self, name))

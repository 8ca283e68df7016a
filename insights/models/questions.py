"""Questions in plain words, and their answers."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from accounts.models import User
from expenses.models.ledgers import Ledger
from expenses.querysets import OwnedQuerySet

#: Questions are deleted after so many days.
KEPT_DAYS = 30
#: Characters of a question.
QUESTION_LENGTH = 500


class QuestionStatus(models.TextChoices):
    """Answered; the model works on it; it could not be answered."""

    ANSWERED = "answered"
    PENDING = "pending"
    FAILED = "failed"


class AnswerSource(models.TextChoices):
    """The source of an answer: patterns, or the model."""

    PATTERN = "pattern"
    MODEL = "model"


class QuestionQuerySet(OwnedQuerySet):
    """Questions; each is seen by its asker alone."""

    def for_user(self, user: User) -> "QuestionQuerySet":
        """Keep the questions that the user asked in the ledger they work in."""
        return super().for_user(user).filter(asked_by=user)


class LedgerQuestion(models.Model):
    """A question of one person about a ledger, with the answer, its figures, and the tools that were used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    question = models.CharField(max_length=QUESTION_LENGTH)
    #: The month that it is about if it names no period, as 2026-11; "" for this month.
    month = models.CharField(max_length=7, blank=True, default="")
    status = models.CharField(max_length=8, choices=QuestionStatus.choices)
    source = models.CharField(max_length=7, choices=AnswerSource.choices)
    understood = models.TextField(blank=True, default="")
    answer = models.TextField(blank=True, default="")
    figures = models.JSONField(default=list)
    steps = models.JSONField(default=list)
    links = models.JSONField(default=list)
    #: Why there is no answer.
    reason = models.TextField(blank=True, default="")
    #: The name that the worker holds which lets the model answer it; "" if none does.
    claim = models.CharField(max_length=32, blank=True, default="")
    #: How many workers were stopped while they had it.
    n_interruptions = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[Any] = QuestionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["ledger", "asked_by", "created_at", "id"], name="question_time"),
            models.Index(fields=["claim"], name="question_claim", condition=~models.Q(claim="")),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.status}"

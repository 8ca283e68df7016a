"""Results of learning from a ledger's confirmed rows: the reliability of each link, and a classifier."""

from django.db import models

from expenses.models.categories import Category
from expenses.models.ledgers import Ledger
from expenses.models.runs import Run
from expenses.models.transactions import Transaction


class TrackRecord(models.Model):
    """The links' reliability on a ledger's confirmed rows, and the owner's thresholds. One a ledger."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: Link, or "together" for the pool → {"n", "accuracy", "ece", "brier", "bins"}, where there are enough outcomes.
    links = models.JSONField(default=dict)
    #: Link, or "together" for the pool → [intercept, slope, raises] of `providers.calibration.Correction`.
    corrections = models.JSONField(default=dict)
    #: Link → the confidence at which its answer is taken; those that the owner chose alone.
    thresholds = models.JSONField(default=dict)
    #: Kind of evidence → the same; it comes before the threshold of the link.
    evidence_thresholds = models.JSONField(default=dict)
    #: Records of deferred links, each a list of the values of `providers.answer_record.AnswerRecord`; the build that
    #: answered last comes first.
    answer_records = models.JSONField(default=list)
    #: How many rows were confirmed when they were last learned from, and the ids of their categories.
    n_confirmed = models.PositiveIntegerField(default=0)
    used = models.JSONField(default=list)
    #: How many rows were confirmed when the links were last measured, and when that was.
    n_measured = models.PositiveIntegerField(default=0)
    measured_at = models.DateTimeField(null=True)
    #: The ledger's version before the rows were read; null if older than this column.
    measured_version = models.BigIntegerField(null=True)
    #: Which confirmed rows were last learned from: equal as long as none was added, changed or removed.
    learned_from = models.CharField(max_length=64, blank=True, default="")
    learned_at = models.DateTimeField(null=True)
    #: How long learning took.
    learned_for_s = models.FloatField(default=0)
    #: Open rows with smaller ids are still to be asked about again; null: all were.
    asking_before = models.BigIntegerField(null=True)
    #: When it was last begun with the latest row. A batch that began earlier does not say how far it came.
    asking_since = models.DateTimeField(null=True)
    #: A task that learns is queued; nobody else queues one before this instant.
    learning_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Ledger {self.ledger_id}, measured on {self.n_measured} rows"


class ModelAnswer(models.Model):
    """The answer of a deferred link about a transaction, and what the chain said without it. One a transaction."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="+", db_index=False)
    transaction = models.OneToOneField(Transaction, models.CASCADE, primary_key=True, related_name="model_answer")
    #: The name of the link, and what names the build of its model.
    link = models.CharField(max_length=32)
    digest = models.CharField(max_length=80)
    #: Null: it was of a category that is gone.
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    #: The probability that the link itself gave, in [0, 1].
    confidence = models.FloatField()
    #: Null: nothing, or a category that is gone.
    category_without = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ledger", "-answered_at"], name="model_answer_latest")]

    def __str__(self) -> str:
        return f"{self.link} about transaction {self.transaction_id}: category {self.category_id}"


class Classifier(models.Model):
    """Weights that were trained on a ledger's confirmed rows. One a ledger, the latest."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="classifier")
    #: SHA-256 of the content, in hexadecimal digits.
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    n_confirmed = models.PositiveIntegerField()
    #: Right answers of the chain with it and without it, of so many rows that were asked about again.
    n_right = models.PositiveIntegerField(null=True)
    n_right_without = models.PositiveIntegerField(null=True)
    n_compared = models.PositiveIntegerField(default=0)
    #: Rows that were right only with it, and only without it.
    n_gained = models.PositiveIntegerField(null=True)
    n_lost = models.PositiveIntegerField(null=True)
    #: It is asked if it helps (`expenses.categorization.comparison`).
    is_of_use = models.BooleanField(default=True)
    trained_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Trained on {self.n_confirmed} rows of ledger {self.ledger_id}"


class ConfirmedTexts(models.Model):
    """The texts of a ledger's confirmed rows. They are kept beside its track record, which is read more often."""

    ledger = models.OneToOneField(Ledger, models.CASCADE, primary_key=True, related_name="+")
    #: SHA-256 of the texts, in hexadecimal digits.
    digest = models.CharField(max_length=64)
    #: [direction, normalized text, id of the category, number of rows] of `expenses.categorization.own_names`.
    texts = models.JSONField()

    def __str__(self) -> str:
        return f"{len(self.texts)} texts of ledger {self.ledger_id}"


class BacktestResult(models.Model):
    """The result of a backtest. It is kept beside the run, because every list of transactions reads runs."""

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="backtest")
    #: The figures of `expenses.categorization.backtest_figures.measure_backtest`.
    body = models.JSONField()
    #: [link, evidence, confidence, answers, right ones] of the answers that thresholds take or leave.
    outcomes = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Of {self.body['n']} rows by run {self.run_id}"

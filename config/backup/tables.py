"""The tables and columns of a ledger's backup, read from the models, so that a new one is in by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import BigIntegerField, Field, ForeignKey, Model, QuerySet

from accounts.models import User
from expenses.models import Category, Ledger
from expenses.services.delete_account import tables_of_ledgers

#: Table → why no backup has it. Every other table that hangs on a ledger is in it.
TABLES_LEFT_OUT = {
    "accounts.GuessCount": "It counts wrong passwords of this instance.",
    "accounts.StoredAnswer": "It answers repeats of requests to this instance.",
    "accounts.Token": "Access is given again on each instance.",
    "accounts.User": "Passwords and addresses stay; preferences are a part of their own.",
    "accounts.User_groups": "Roles are given by the operator of an instance.",
    "accounts.User_user_permissions": "Rights are given by the operator of an instance.",
    "auth.Group": "Roles are those of the instance.",
    "auth.Group_permissions": "Roles are those of the instance.",
    "auth.Permission": "Rights are those of the instance.",
    "contenttypes.ContentType": "It lists the tables of the instance.",
    "django_tasks_database.DBTaskResult": "Tasks are queued again.",
    "expenses.Membership": "Access is given again on each instance.",
    "expenses.Tombstone": "It names rows that are gone to copies of clients, which know other ids.",
    "expenses.Classifier": "It is trained again from the confirmed rows.",
    "expenses.ConfirmedTexts": "They are collected again from the confirmed rows.",
    "insights.AmountCalibration": "It is computed again from the rows.",
    "insights.AmountGroup": "It is computed again from the rows.",
    "insights.Anomaly": "It is computed again from the rows; feedback on it is in the backup.",
    "insights.InsightState": "It tells how far insights were computed.",
    "insights.LedgerQuestion": "Only its asker sees it, for 30 days, and its answer lists rows of this instance.",
    "insights.RecurringPayment": "It is computed again from the rows; choices about it are in the backup.",
    "insights.WeeklySpending": "It is computed again from the rows.",
}
#: Column → why no backup has it. A restored row has the default.
COLUMNS_LEFT_OUT = {
    "expenses.Ledger.resolving_until": "It holds a task that is queued here.",
    "expenses.Run.claim": "It names a worker of this instance.",
    "expenses.TrackRecord.asking_before": "It tells how far a task has come.",
    "expenses.TrackRecord.asking_since": "It tells how far a task has come.",
    "expenses.TrackRecord.learned_from": "It names ids of this instance, and the classifier is trained again.",
    "expenses.TrackRecord.learning_until": "It holds a task that is queued here.",
    "insights.Narrative.claim": "It names a worker of this instance.",
    "insights.Narrative.claimed_until": "It holds a task that is queued here.",
    "rules.Attention.looking_until": "It holds a task that is queued here.",
}
#: Runs of this kind put a backup back; they tell about the instance, not about the ledger.
RESTORE_KIND = "restore"
#: Tables with one row a ledger that a backup replaces; and what was computed. A ledger with these alone is empty.
REPLACED = (
    "expenses.Classifier", "expenses.ConfirmedTexts", "expenses.PrivacyChoices", "expenses.TrackRecord",
    "insights.AmountCalibration", "insights.AmountGroup", "insights.Anomaly", "insights.InsightState",
    "insights.NarrativeChoices", "insights.Narrative", "insights.RecurringPayment", "insights.WeeklySpending",
    "rules.Attention",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the backup, and the way from its rows to the id of their ledger."""

    model: type[Model]
    way: str

    @property
    def name(self) -> str:
        return self.model._meta.label

    @property
    def is_silent(self) -> bool:
        """Return True if nobody counts its rows: the ledger itself, and tables between two others."""
        return self.model is Ledger or bool(self.model._meta.auto_created)

    @property
    def fields(self) -> list[Any]:
        """The columns of the backup: all but ids of rows and of the ledger, and what is left out."""
        return [
            field
            for field in self.model._meta.concrete_fields
            if f"{self.name}.{field.name}" not in COLUMNS_LEFT_OUT
            and not (field.primary_key and field.remote_field is None)
            and field.related_model is not Ledger
            and not (self.model is Ledger and field.name == "founder")
        ]

    def rows(self, ledger_id: int) -> "QuerySet[Model]":
        """Return the rows of a ledger in the order of their ids."""
        rows = self.model._base_manager.filter(**{self.way: ledger_id}).order_by("pk")  # noqa: SLF001 - no default hides rows from it
        if self.name == "expenses.Run":
            rows = rows.exclude(kind=RESTORE_KIND)
        return rows


@cache
def tables() -> dict[str, Table]:
    """Return the tables of a backup by their names; the ledger itself comes first."""
    found = [Table(model, way) for model, way in tables_of_ledgers() if model._meta.label not in TABLES_LEFT_OUT]
    return {table.name: table for table in found}


def is_version(field: "Field[Any, Any]") -> bool:
    """Return True if the column keeps a version of the ledger."""
    named = field.name in {"version", "looked_to"} or field.name.endswith("_version")
    return isinstance(field, BigIntegerField) and named


def version_columns() -> Iterator[tuple[Table, str]]:
    """Yield the columns that keep versions of the ledger, other than its present one."""
    for table in tables().values():
        for field in table.fields:
            if is_version(field) and not (table.model is Ledger and field.name == "version"):
                yield table, field.name


def reference_of(field: "Field[Any, Any]") -> str:
    """Return the name of the table that a column refers to; "" for a plain value, "accounts.User" for a person."""
    if not isinstance(field, ForeignKey):
        return ""
    label = field.related_model._meta.label
    if label not in tables() and field.related_model is not User:
        raise LookupError(f"{field} refers to {label}, which is in no backup: name the column in COLUMNS_LEFT_OUT.")
    return label


def system_categories() -> dict[int, str]:
    """Return the keys of the categories that belong to no ledger, by id."""
    return dict(Category.objects.filter(ledger=None).values_list("pk", "key"))


def plural(model: type[Model]) -> str:
    """Return what rows of a table are called, as `transactions`."""
    name = str(model._meta.verbose_name)
    if name.endswith(("choices", "feedback")):
        return name
    ending = {"y": "ies", "s": "ses"}.get(name[-1])
    return name[:-1] + ending if ending else f"{name}s"


def rows_there(ledger_id: int) -> list[str]:
    """Return what a ledger has that no backup may replace, such as `3 accounts`."""
    found = []
    for table in tables().values():
        if not table.is_silent and table.name not in REPLACED:
            n = table.rows(ledger_id).count()
            name = str(table.model._meta.verbose_name) if n == 1 else plural(table.model)
            found += [f"{n} {name}"] if n else []
    return found

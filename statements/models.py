"""Statements that were uploaded, and how files of each bank are to be read."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from expenses.models import Account, Ledger, Run, RunStatus
from expenses.querysets import OwnedQuerySet

#: The code of the question whether rows of other currencies go into the account.
OTHER_CURRENCY = "other_currency"
#: The code of the question what to do with a file without transactions.
NO_ROWS = "no_rows"
#: The code of the question which account it is that a file names.
UNKNOWN_ACCOUNT = "unknown_account"
#: The code of the question whether rows go into another account than the file says.
OTHER_ACCOUNT = "other_account"
#: The code of the question in which currency amounts are, where neither file nor account says it.
NO_CURRENCY = "no_currency"
#: Questions without whose answer nothing is recorded; the others are answered by the likelier reading.
BLOCKING = (OTHER_CURRENCY, NO_ROWS, UNKNOWN_ACCOUNT, OTHER_ACCOUNT, NO_CURRENCY)
STOPPED = (RunStatus.FAILED, RunStatus.CANCELED, RunStatus.REVERTED)


class ImportQuerySet(OwnedQuerySet):
    """Imports and profiles."""

    def standing(self, *statuses: str) -> Self:
        """Return imports of these statuses, as `stands` has them."""
        loose = Q(status=ImportStatus.COMMITTED, run__status=RunStatus.REVERTED)
        loose |= Q(status=ImportStatus.COMMITTING, run__status__in=STOPPED)
        found = self.filter(Q(status__in=statuses) & ~loose)
        return found | self.filter(loose) if ImportStatus.PARSED in statuses else found


def storage_path(upload: "Import", filename: str) -> str:
    """Return a path of our own: the client's file name never reaches the file system."""
    return f"imports/{upload.ledger_id}/{uuid.uuid4().hex}"


class ImportStatus(models.TextChoices):
    """The status of an import; only `parsed` ones can be changed or committed."""

    READING = "reading"
    PARSED = "parsed"
    COMMITTING = "committing"
    COMMITTED = "committed"
    FAILED = "failed"


class Import(models.Model):
    """One uploaded statement. Its rows are a pure function of the file and the profile, and are not stored twice."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="imports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="imports")
    file = models.FileField(upload_to=storage_path)
    filename = models.CharField(max_length=255)
    format = models.CharField(max_length=16)
    profile = models.JSONField()
    columns = models.JSONField(default=list)
    #: The profile that it is read by, saved or shipped; "" if it was found out from the file alone.
    profile_name = models.CharField(max_length=100, blank=True, default="")
    questions = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=ImportStatus.choices)
    n_rows = models.PositiveBigIntegerField(default=0)
    n_new = models.PositiveBigIntegerField(default=0)
    n_duplicates = models.PositiveBigIntegerField(default=0)
    n_errors = models.PositiveBigIntegerField(default=0)
    n_skipped = models.PositiveBigIntegerField(default=0)
    first_date = models.DateField(null=True)
    last_date = models.DateField(null=True)
    #: Currency → {"in", "out", "sum"}, decimal strings.
    totals = models.JSONField(default=dict)
    #: The accounts that the file names, as `services.file_accounts` keeps them.
    accounts = models.JSONField(default=list)
    #: `possible` and `booked`: `row_key` of a row → id of the transaction that may be the same movement, or of the
    #: pending row that it books. `shared`: keys of movements that several rows of the file have.
    matches = models.JSONField(default=dict)
    #: What a program's books need in the ledger, as `services.books` keeps it.
    book = models.JSONField(default=dict)
    #: Sentences about the whole file.
    warnings = models.JSONField(default=list)
    #: Sentences about what of the rows the ledger cannot record as the file has it.
    losses = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")
    #: Currencies other than the account's, in which its owner wants rows recorded there.
    confirmed_currencies = models.JSONField(default=list)
    #: Record the rows as soon as they are read, if nothing is left to ask.
    wants_commit = models.BooleanField(default=False)
    run = models.OneToOneField(Run, models.SET_NULL, null=True, related_name="statement")
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ledger", "version"], name="import_version")]

    def __str__(self) -> str:
        return self.filename

    @property
    def stands(self) -> str:
        """Return the status: `parsed` again if the rows were reverted or the worker that recorded them died."""
        ended = self.run.status if self.run is not None else None
        is_taken_back = self.status == ImportStatus.COMMITTED and ended == RunStatus.REVERTED
        is_stopped = self.status == ImportStatus.COMMITTING and ended in STOPPED
        return ImportStatus.PARSED if is_taken_back or is_stopped else self.status

    def asks(self, code: str, *, about: str) -> bool:
        """Return True if the question with this code about a field is open."""
        return any((question["code"], question["attr"]) == (code, about) for question in self.questions)

    def shared_movements(self, account: Account) -> set[str]:
        """Return the parts of movements in the account that several rows of the file have."""
        keys = (key.partition(":") for key in self.matches.get("shared", {}))
        return {part for pk, _, part in keys if pk == str(account.pk)}

    @property
    def lacks_account(self) -> bool:
        """Return True if the file names no account, at least of some rows, and the import has none."""
        n_named = sum(named["n_rows"] for named in self.accounts)
        return self.account_id is None and (not self.accounts or n_named < self.n_rows)

    @property
    def is_clear(self) -> bool:
        """Return True if every row was read, has an account, and the file left no question open."""
        is_open = self.n_errors or self.questions or self.lacks_account
        return self.status == ImportStatus.PARSED and not is_open


class Profile(models.Model):
    """A named way to read the files of one bank; files of the same fingerprint use it by themselves.

    The files of its account use it before others.
    """

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="profiles")
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="profiles")
    name = models.CharField(max_length=100)
    format = models.CharField(max_length=16)
    columns = models.JSONField()
    #: Of format, columns and shape, as `services.profiles.fingerprint_of` gives it; "" in profiles of earlier releases.
    fingerprint = models.CharField(max_length=32, blank=True, default="")
    profile = models.JSONField()
    version = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = "import profile"
        ordering = ["name"]
        indexes = [models.Index(fields=["ledger", "version"], name="profile_version")]
        constraints = [models.UniqueConstraint(fields=["ledger", "name"], name="profile_name_unique")]

    def __str__(self) -> str:
        return self.name

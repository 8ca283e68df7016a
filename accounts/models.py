"""Users with their preferences, their tokens, stored answers to their requests, and counts of wrong passwords."""

from datetime import date, datetime
from typing import Any, ClassVar, Self, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from knox.models import AbstractAuthToken
from knox.settings import CONSTANTS

from accounts.token_cache import forget_tokens

Row = TypeVar("Row", bound=models.Model)
#: What a user chooses for all their devices.
PREFERENCES = ("base_currency", "time_zone", "locale", "week_start", "month_start")


class CachedQuerySet(models.QuerySet[Row]):
    """Rows that the token cache holds copies of."""

    def update(self, **fields: Any) -> int:
        """Update the rows, and make every process forget its cached tokens."""
        n = super().update(**fields)
        forget_tokens()
        return n


class UserManager(DjangoUserManager["User"]):
    """Users, found by username or e-mail address in any case."""

    def get_queryset(self) -> "CachedQuerySet[User]":
        return CachedQuerySet(self.model, using=self._db)

    def get_by_login(self, login: str) -> "User | None":
        """Return the user whose username is `login`, else the one whose e-mail address it is."""
        found = self.filter(models.Q(username__iexact=login) | models.Q(email__iexact=login)).order_by("id")
        exact = [user for user in found if user.username.casefold() == login.casefold()]
        return next(iter(exact or found), None)


class User(AbstractUser):  # type: ignore[django-manager-missing]  # of auth_token_set: knox has no types
    """A user. The e-mail address is unique, and a username never looks like an e-mail address."""

    email = models.EmailField("e-mail address")

    base_currency = models.CharField(max_length=3, default="EUR")
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=16, default="en")
    week_start = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(7)], help_text="ISO 8601: 1 is Monday."
    )
    month_start = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(28)], help_text="Day of the month."
    )

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
        ]

    def save(self, *args: Any, keeps: "Token | None" = None, **kwargs: Any) -> None:
        """Save the row. A new password revokes the user's tokens, but for the one that `keeps` names."""
        raw_password: str | None = self._password  # type: ignore[attr-defined]  # Django keeps it until it is saved
        has_new_password = raw_password is not None and not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if has_new_password:
                self.auth_token_set.exclude(pk=keeps and keeps.pk).delete()

    def today(self) -> date:
        """Return the calendar day where the user lives."""
        return timezone.now().astimezone(ZoneInfo(self.time_zone)).date()


class StoredAnswer(models.Model):
    """The answer to the first request with a user's `Idempotency-Key`, for repeats of it.

    Without a status it is a claim: a process works on the first request, or died at it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stored_answers")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request, in hexadecimal.")
    claim = models.UUIDField(help_text="Made by each process that takes up the request.")
    claimed_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="stored_answer_key_unique")]
        indexes = [models.Index(fields=["claimed_at"], name="stored_answer_claimed")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'claimed'}"


class Scope(models.TextChoices):
    """The permissions of a token."""

    READ = "read"
    READ_WRITE = "read_write"


class TokenQuerySet(CachedQuerySet["Token"]):
    """Tokens."""

    def for_user(self, user: User) -> Self:
        """Return the user's tokens that have not expired."""
        return self.filter(models.Q(expiry=None) | models.Q(expiry__gt=timezone.now()), user=user)

    def update_silently(self, **fields: Any) -> int:
        """Update fields that no decision depends on, and leave the caches as they are."""
        return models.QuerySet.update(self, **fields)


class Token(AbstractAuthToken):  # type: ignore[misc]
    """A named token of a device or a program, for reading only or for writing too."""

    digest = models.CharField(max_length=CONSTANTS.DIGEST_LENGTH, unique=True)
    name = models.CharField(max_length=100, blank=True, default="")
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.READ_WRITE)
    #: Each use extends the expiry, unless the user chose it.
    is_renewed = models.BooleanField(default=True)
    last_used_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-id"]

    def __str__(self) -> str:
        return f"{self.name or 'token'} {self.pk}"

    def has_expired(self, *, at: datetime) -> bool:
        return self.expiry is not None and self.expiry <= at


class GuessCount(models.Model):
    """The number of wrong passwords for one login or from one address, under a keyed hash of it."""

    key = models.CharField(max_length=64, primary_key=True)
    n = models.PositiveIntegerField(default=0)
    #: The count is void from then on.
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.n} until {self.ends_at}"

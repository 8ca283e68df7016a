"""Who may sign in, how that person likes things shown, and what their requests were answered."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(DjangoUserManager["User"]):
    """Finds a user by either name of theirs, whatever the case."""

    def get_by_login(self, login: str) -> "User | None":
        """The user whose username is `login`, else the one whose e-mail address it is."""
        found = self.filter(models.Q(username__iexact=login) | models.Q(email__iexact=login)).order_by("id")
        exact = [user for user in found if user.username.casefold() == login.casefold()]
        return next(iter(exact or found), None)


class User(AbstractUser):
    """A person. The e-mail address is unique, and a username never looks like an e-mail address."""

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


class StoredAnswer(models.Model):
    """What the first request with a person's `Idempotency-Key` was answered, for whoever has to ask again.

    Without a status it is a claim: a process is at work on the first request, or died over it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stored_answers")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request, in hexadecimal.")
    claim = models.UUIDField(help_text="Made anew by each process that takes up the request.")
    claimed_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="stored_answer_key_unique")]
        indexes = [models.Index(fields=["claimed_at"], name="stored_answer_claimed")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'claimed'}"

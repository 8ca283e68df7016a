"""Ledgers, their members, and the ledger that a user works in."""

from django.conf import settings
from django.db import models, transaction

from accounts.models import User
from accounts.roles import ADMIN
from expenses.models.prepared_queries import PreparedQuery
from providers.normalization import VERSION

_MEMO = "_outlay_membership"


class Ledger(models.Model):
    """The books of one person or household.

    `version` rises with every write, under a lock on this row, and is stamped on what was written.
    """

    founder = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    version = models.BigIntegerField(default=0)
    #: A task that asks the model about pending rows is queued; nobody else queues one before this instant.
    resolving_until = models.DateTimeField(null=True)
    #: The version of `providers.normalization` that all its rows were read by; null if older than versions.
    normalization = models.PositiveSmallIntegerField(null=True)
    #: Its version when the owner last chose thresholds for the links of the chain.
    thresholds_version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Ledger {self.pk}"


class Role(models.TextChoices):
    """The rights of a member: everything, write, or read."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Membership(models.Model):
    """A user's access to a ledger. This table alone decides."""

    ledger = models.ForeignKey(Ledger, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    #: The ledger's version when the member last changed a preference.
    preferences_version = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ledger", "user"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} in {self.ledger} ({self.role})"

    @property
    def may_write(self) -> bool:
        return self.role != Role.VIEWER


@PreparedQuery
def _first_memberships(user: int) -> "models.QuerySet[Membership]":
    return Membership.objects.filter(user_id=user).select_related("ledger")[:1]


def membership_of(user: User) -> Membership:
    """Return the user's first membership. A user without one gets a ledger of their own.

    The answer is kept on the user object, which lives as long as the request.
    """
    found: Membership | None = getattr(user, _MEMO, None)
    if found is None:
        found = next(iter(_first_memberships(user.pk)), None) or _found_ledger(user)
        if found.ledger.founder_id == user.pk:
            found.ledger.founder = user
        setattr(user, _MEMO, found)
    return found


def work_in(ledger: Ledger, *, user: User, role: Role) -> None:
    """Let the person, for as long as this object of theirs lives, work in a ledger that is not theirs."""
    setattr(user, _MEMO, Membership(ledger=ledger, user=user, role=role))


def may_edit_as_admin(ledger_id: int) -> bool:
    """Return True if some admin can edit transactions of the ledger: by `as_user`, or as a member."""
    admins = User.objects.filter(groups__name=ADMIN, is_active=True)
    if settings.ADMIN_SEES_ALL:
        return admins.exists()
    members = admins.filter(memberships__ledger=ledger_id)
    works_in = [membership_of(admin) for admin in members.distinct()]
    return any(found.ledger_id == ledger_id and found.may_write for found in works_in)


def ledger_id_of(user: User) -> int:
    """Return the id of the ledger that the user works in."""
    return membership_of(user).ledger_id


def recorder_of(user: User) -> int | None:
    """Return the id that rows keep of who recorded them: none for the founder, who is meant where no id is kept."""
    return None if membership_of(user).ledger.founder_id == user.pk else user.pk


@transaction.atomic
def _found_ledger(user: User) -> Membership:
    """Create a ledger with its founder as owner. Two at once create one: one founder has one ledger."""
    ledger, _ = Ledger.objects.get_or_create(founder=user, defaults={"normalization": VERSION})
    membership, _ = Membership.objects.get_or_create(ledger=ledger, user=user, defaults={"role": Role.OWNER})
    return membership

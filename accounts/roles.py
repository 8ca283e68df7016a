"""The roles Admin and User: groups of these names."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.token_cache import forget_tokens

ADMIN, USER = "Admin", "User"
_CACHED = "_outlay_is_admin"


def is_admin(user: User) -> bool:
    """Return True if the user has the role Admin. For the sender of a request this takes no query."""
    found: bool | None = getattr(user, _CACHED, None)
    if found is None:
        found = user.groups.filter(name=ADMIN).exists()
        remember_admin(user, is_admin=found)
    return found


def remember_admin(user: User, *, is_admin: bool) -> None:
    """Cache the answer of `is_admin` on the object."""
    setattr(user, _CACHED, is_admin)


def admin_memberships(user_id: str) -> Exists:
    """Return a subquery that is true for admins. The outer query has the user's id under the given name."""
    return Exists(User.groups.through.objects.filter(user_id=OuterRef(user_id), group__name=ADMIN))


@transaction.atomic
def seed_roles(*, using: str = "default") -> int:
    """Create the groups, and give every user without a role the role User. Return how many users got it."""
    for name in (ADMIN, USER):
        Group.objects.using(using).get_or_create(name=name)
    ids = User.objects.using(using).exclude(groups__name__in=[ADMIN, USER]).values_list("pk", flat=True)
    return _add(list(ids), role=USER, using=using)


def give_role(*, user: User, role: str) -> None:
    """Give the user a role, and create its group where it is missing."""
    Group.objects.get_or_create(name=role)
    _add([user.pk], role=role)


def _add(user_ids: list[int], *, role: str, using: str = "default") -> int:
    group = Group.objects.using(using).get(name=role)
    through = User.groups.through
    rows = [through(user_id=user_id, group_id=group.pk) for user_id in user_ids]
    through._default_manager.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=500)
    if rows:
        forget_tokens()
    return len(rows)

"""Who is an admin and who is not. A role is a group of that name."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from accounts.revocations import announce

ADMIN, USER = "Admin", "User"
_MEMO = "_outlay_is_admin"


def is_admin(user: User) -> bool:
    """Whether the person has the role Admin. Costs no query for whoever sends a request."""
    found: bool | None = getattr(user, _MEMO, None)
    if found is None:
        found = user.groups.filter(name=ADMIN).exists()
        remember_admin(user, is_admin=found)
    return found


def remember_admin(user: User, *, is_admin: bool) -> None:
    """Keep the answer on the person, for as long as the object lives."""
    setattr(user, _MEMO, is_admin)


def admin_memberships(user_id: str) -> Exists:
    """For a query that knows a person's id by that name: whether they are an admin."""
    return Exists(User.groups.through.objects.filter(user_id=OuterRef(user_id), group__name=ADMIN))


def people_without_role(*, using: str = "default") -> QuerySet[User]:
    """Whoever was there before there were roles."""
    return User.objects.using(using).exclude(groups__name__in=[ADMIN, USER])


@transaction.atomic
def seed_roles(*, using: str = "default") -> int:
    """Make the groups, and a User of everybody without a role; safe to repeat. Returns how many people got one."""
    for name in (ADMIN, USER):
        Group.objects.using(using).get_or_create(name=name)
    ids = people_without_role(using=using).values_list("pk", flat=True)
    return _add(list(ids), role=USER, using=using)


def give_role(*, user: User, role: str) -> None:
    """Put the person into the group, which is made where it is missing."""
    Group.objects.get_or_create(name=role)
    _add([user.pk], role=role)


def _add(user_ids: list[int], *, role: str, using: str = "default") -> int:
    group = Group.objects.using(using).get(name=role)
    through = User.groups.through
    rows = [through(user_id=user_id, group_id=group.pk) for user_id in user_ids]
    through._default_manager.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=500)
    if rows:
        announce()
    return len(rows)

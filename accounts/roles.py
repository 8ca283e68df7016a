"""Who is an admin. A role is a group of that name."""

from accounts.models import User

ADMIN = "Admin"


def is_admin(user: User) -> bool:
    """Whether the person has the role Admin. One query."""
    return user.groups.filter(name=ADMIN).exists()

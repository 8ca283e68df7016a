"""Makes the roles, and somebody an admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from accounts.roles import ADMIN, give_role, seed_roles


class Command(BaseCommand):
    """`manage.py seed_roles`"""

    help = "Make the roles Admin and User, give User to everybody without a role; with --admin, make somebody an admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--admin", metavar="USERNAME", help="Give this person the role Admin.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    @transaction.atomic
    def handle(self, *args: Any, admin: str | None, dry_run: bool, **options: Any) -> None:
        n_people = seed_roles()
        if admin:
            give_role(user=_person(admin), role=ADMIN)
        transaction.set_rollback(dry_run)
        front = "Would be done: " if dry_run else ""
        self.stdout.write(f"{front}The roles Admin and User are there; {n_people} people got the role User.")
        if admin:
            self.stdout.write(f"{front}{admin} is an admin.")


def _person(username: str) -> User:
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise CommandError(f"There is nobody of the name {username}.")
    return user

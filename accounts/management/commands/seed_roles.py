"""Creates the roles, and makes a user an admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from accounts.roles import ADMIN, give_role, seed_roles


class Command(BaseCommand):
    """`manage.py seed_roles`"""

    help = "Create the roles Admin and User, and give User to users without a role. With --admin, make a user an admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--admin", metavar="USERNAME", help="Give this user the role Admin.")
        parser.add_argument("--dry-run", action="store_true", help="Print what would be done, and change nothing.")

    @transaction.atomic
    def handle(self, *args: Any, admin: str | None, dry_run: bool, **options: Any) -> None:
        n_users = seed_roles()
        if admin:
            user = User.objects.filter(username__iexact=admin).first()
            if user is None:
                raise CommandError(f"There is no user named {admin}.")
            give_role(user=user, role=ADMIN)
        transaction.set_rollback(dry_run)
        front = "Would be done: " if dry_run else ""
        self.stdout.write(f"{front}The roles Admin and User are there; {n_users} users got the role User.")
        if admin:
            self.stdout.write(f"{front}{admin} is an admin.")

"""Restores the whole instance."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.backup.instance import ArchiveFault, DatabaseFault, restore
from config.backup.progress import shown_progress


class Command(BaseCommand):
    """`manage.py restore`"""

    help = "Put an archive in the place of the instance, and upgrade its database. Stop the server first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--force", action="store_true", help="Replace an instance that has users.")

    def handle(self, *args: Any, archive: Path, force: bool, **options: Any) -> None:
        try:
            with shown_progress(self.stderr) as progress:
                manifest = restore(archive, is_forced=force, progress=progress)
        except (ArchiveFault, DatabaseFault, OSError) as error:
            raise CommandError(f"Nothing was restored. {error}") from None
        call_command("prepare")
        self.stdout.write(
            f"Restored {archive.name} of {manifest.created_at}: the database and {manifest.n_files} files."
        )

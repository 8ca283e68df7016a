"""Checks an archive of the instance."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.backup.instance import ArchiveFault, DatabaseFault, verify
from config.backup.progress import shown_progress


class Command(BaseCommand):
    """`manage.py verify`"""

    help = "Read every byte of an archive, and open its database. Nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path)

    def handle(self, *args: Any, archive: Path, **options: Any) -> None:
        try:
            with shown_progress(self.stderr) as progress:
                manifest = verify(archive, progress=progress)
        except (ArchiveFault, DatabaseFault) as error:
            raise CommandError(str(error)) from None
        about = f"Outlay {manifest.outlay} on {manifest.database}, {manifest.n_files} files, {manifest.created_at}"
        self.stdout.write(f"{archive.name} is whole: {about}.")

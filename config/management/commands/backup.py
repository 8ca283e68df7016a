"""Backs up the whole instance."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.backup.instance import DatabaseFault, back_up
from config.backup.progress import shown_progress


class Command(BaseCommand):
    """`manage.py backup`"""

    help = "Write database, files and key into one archive, while the server runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, help="Where to; OUTLAY_BACKUP_FOLDER by default.")

    def handle(self, *args: Any, folder: Path | None, **options: Any) -> None:
        try:
            with shown_progress(self.stderr) as progress:
                path = back_up(folder or settings.BACKUP_FOLDER, progress=progress)
        except (DatabaseFault, OSError) as error:
            raise CommandError(f"Nothing was backed up. {error}") from None
        self.stdout.write(f"{path}, {path.stat().st_size / 1024**2:.1f} MB.")

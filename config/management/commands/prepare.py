"""Brings the database up to date, for where web server and workers are started one by one."""

from typing import Any

from django.core.management.base import BaseCommand

from config.processes import serving


class Command(BaseCommand):
    """`manage.py prepare`"""

    help = "Migrate and seed the database. Any number of processes may do so at once; `serve` does it by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        serving.prepare()

"""Runs the web server alone, where workers run elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand

from config.processes import serving


class Command(BaseCommand):
    """`manage.py web`"""

    help = "Run the web server until Ctrl-C. The database must be up to date: `manage.py prepare`."

    def handle(self, *args: Any, **options: Any) -> None:
        serving.require_free_port()
        self.stdout.write(f"Listening at {serving.base_url()}")
        serving.supervise(serving.web_server())

"""Runs Outlay: web server and task workers on an up-to-date database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from rich.console import Console

from config.processes import serving

WELCOME = """
Outlay {version} is at   {url}
Documentation            {url}/api/v1/docs/
Your data                {data}

Get a token (once per device):
  curl {url}/api/v1/auth/register/ -H 'Content-Type: application/json' \\
    -d '{{"username": "ana", "email": "ana@example.org", "password": "choose-a-good-one"}}'

Ctrl-C stops it.
"""


class Command(BaseCommand):
    """`manage.py serve`"""

    help = "Migrate, then run the web server and the task worker until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        with serving.own_folder():
            serving.require_free_port()
            with Console(stderr=True).status("Bringing the database up to date"):  # shown in terminals alone
                serving.prepare()
            url = serving.base_url()
            self.stdout.write(WELCOME.format(version=settings.VERSION, url=url, data=settings.DATA_DIR))
            serving.supervise(serving.web_server(), *serving.workers())

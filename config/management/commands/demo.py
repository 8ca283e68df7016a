"""Runs Outlay with a year of invented statements, and shows how each row got its category."""

import secrets
import time
from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from accounts.models import User
from config.demo import year
from config.demo.table import NOBODY, Body, choose_rows, count_sources, reason_of, table_of
from config.processes import serving
from expenses.models import Transaction
from expenses.serializers.transactions import ExplanationSerializer, describe_transaction
from providers.loading import configured_chain

LEGEND = """
A category with a question mark is a suggestion: the link was not sure enough, and the row waits for your approval.
"""
NEXT = """
You are {username} with the password {password}. Documentation: {url}/api/v1/docs/
In another terminal:

  api={url}/api/v1 json='Content-Type: application/json'
  token='Authorization: Token {token}'

Why does a row have its category? Every link that was asked, and its answer:
  curl -H "$token" $api/transactions/{recalled}/explanation/
Which category would another text get?
  curl -H "$token" -H "$json" $api/categorization/suggest/ -d '{{"description": "KRUMMER HUND 2 BONN"}}'
Choose a category, and history knows it from then on:
  curl -H "$token" -H "$json" -X PATCH $api/transactions/{unknown}/ -d '{{"category": "Dining"}}'
Which links are there, and do they work?
  curl -H "$token" $api/categorization/chain/
"""


class Command(BaseCommand):
    """`manage.py demo`"""

    help = "Fill an empty data folder with a year of statements, show the category of each row, then serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="End after the table.")

    def handle(self, *args: Any, no_serve: bool, **options: Any) -> None:
        if not no_serve:
            serving.require_free_port()
        started = time.monotonic()
        self._say("Making the database.")
        serving.prepare()
        if User.objects.exists():
            raise CommandError("This data folder is in use. Give the demo one of its own: make demo")
        password = secrets.token_urlsafe(9)
        signed_in = year.import_year(password=password, say=self._say)
        rows = Transaction.objects.for_user(signed_in.user).with_attempts().order_by("date", "id")
        bodies: list[Body] = [
            describe_transaction(row) | {"attempts": ExplanationSerializer(row).data["attempts"]} for row in rows
        ]
        self._say(f"{len(bodies)} rows in {time.monotonic() - started:.1f} s.\n")
        sources = ["user", *(link.provider.name for link in configured_chain().links), NOBODY]
        console = Console(file=cast(IO[str], self.stdout), width=120, no_color=options["no_color"])
        console.print(table_of(choose_rows(bodies, sources=sources, n=30)))
        self._say(LEGEND)
        self._say("\n".join(count_sources(bodies, sources=sources)))
        example = {reason_of(body).source: body["id"] for body in reversed(bodies)}
        next_steps = NEXT.format(
            username=signed_in.user.username,
            password=password,
            url=serving.base_url(),
            token=signed_in.token,
            recalled=example.get("history", bodies[0]["id"]),
            unknown=example.get(NOBODY, bodies[0]["id"]),
        )
        self._say(next_steps)
        if not no_serve:
            self._say("Ctrl-C stops it.")
            serving.supervise(serving.web_server(), *serving.workers())

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

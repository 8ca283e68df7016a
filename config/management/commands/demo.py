"""Runs Outlay with a year of an invented person, and shows how each row got its category."""

import secrets
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services.users import SignedIn
from config import demo, serving
from config.decision_table import NOBODY, Body, Paint, Reason, choose_rows, count_sources, format_rows, reason_of
from expenses.models import Transaction
from expenses.serializers.transactions import ExplanationSerializer, describe_transaction
from providers.loading import configured_chain

N_SHOWN = 30
LEGEND = """
A category with a question mark is a suggestion: the link was not sure enough, and the row waits for your yes.
"""
NEXT = """
You are {username} with the password {password}. Documentation: {url}/api/v1/docs/
In another terminal:

  api={url}/api/v1 json='Content-Type: application/json'
  token='Authorization: Token {token}'

Why has a row its category? Every link that was asked, and what it said:
  curl -H "$token" $api/transactions/{recalled}/explanation/
What would another text get?
  curl -H "$token" -H "$json" $api/categorization/suggest/ -d '{{"description": "KRUMMER HUND 2 BONN"}}'
Say what a row is, and history knows from then on:
  curl -H "$token" -H "$json" -X PATCH $api/transactions/{unknown}/ -d '{{"category": "Dining"}}'
Which links are there, and are they well?
  curl -H "$token" $api/categorization/chain/
"""


class Command(BaseCommand):
    """`manage.py demo`"""

    help = "Fill an empty data folder with a year of statements, show what became of each row, then serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="End after the table.")

    def handle(self, *args: Any, no_serve: bool, **options: Any) -> None:
        if not no_serve:
            serving.require_free_port()
        started = time.monotonic()
        self._say("Making the database.")
        serving.prepare()
        if User.objects.exists():
            raise CommandError("People use this data folder. Give the demo one of its own: make demo")
        password = secrets.token_urlsafe(9)
        signed_in = demo.tell(password=password, say=self._say)
        bodies = self._bodies(signed_in.user)
        self._say(f"{len(bodies)} rows in {time.monotonic() - started:.1f} s.\n")
        self._show(bodies)
        self._say(_next_steps(signed_in, password, bodies))
        if not no_serve:
            self._say("Ctrl-C stops it.")
            serving.supervise(serving.web_server(), *serving.workers())

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _bodies(self, user: User) -> list[Body]:
        rows = Transaction.objects.for_user(user).with_attempts().order_by("date", "id")
        return [describe_transaction(row) | {"attempts": ExplanationSerializer(row).data["attempts"]} for row in rows]

    def _show(self, bodies: list[Body]) -> None:
        sources = ["user", *(link.provider.name for link in configured_chain().links), NOBODY]
        shown = choose_rows(bodies, sources=sources, n=N_SHOWN)
        self._say("\n".join(format_rows(shown, paint=self._paint)))
        self._say(LEGEND)
        self._say("\n".join(count_sources(bodies, sources=sources)))

    def _paint(self, reason: Reason) -> Paint:
        if reason.source == NOBODY:
            return self.style.HTTP_NOT_MODIFIED
        return self.style.WARNING if reason.is_open else self.style.SUCCESS


def _next_steps(signed_in: SignedIn, password: str, bodies: list[Body]) -> str:
    first = {reason_of(body).source: body["id"] for body in reversed(bodies)}
    return NEXT.format(
        username=signed_in.user.username,
        password=password,
        url=serving.base_url(),
        token=signed_in.token,
        recalled=first.get("history", bodies[0]["id"]),
        unknown=first.get(NOBODY, bodies[0]["id"]),
    )

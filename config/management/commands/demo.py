"""Runs Outlay with a year of invented statements, and shows how each row got its category."""

import secrets
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from accounts.models import User
from accounts.services.users import SignedIn
from config.demo import year
from config.demo.table import NOBODY, Body, choose_rows, count_sources, reason_of, table_of
from config.processes import serving
from expenses.garbage_collection import collection_paused
from expenses.models import Transaction
from expenses.serializers.transactions import ExplanationSerializer, describe_transaction
from providers.loading import configured_chain

LEGEND = """
A category with a question mark is a suggestion: the link was not sure enough, and the row waits for your approval.
"""
NEXT = """
You are {username} with the password {password}. Documentation: {url}/api/v1/docs/
Type this into another terminal, then try any of the commands below:

  api={url}/api/v1 json='Content-Type: application/json'
  token='Authorization: Token {token}'

What did {month} bring and cost? The sums, and every category of it:
  curl -s -H "$token" "$api/insights/summary/?period=month&date={month}" | python3 -m json.tool

The same for every month, as a picture to open:
  curl -s -H "$token" "$api/insights/timeseries/?bucket=monthly&by=category&start={start}&end={end}&format=png" \
-o year.png

Why does a row have its category? Every link that was asked, and its answer:
  curl -s -H "$token" $api/transactions/{recalled}/explanation/ | python3 -m json.tool

“{pub_text}” is a pub, which Outlay cannot know: it suggests {suggested}. Choose the right category:
  curl -s -H "$token" -H "$json" -X PATCH $api/transactions/{pub}/ -d '{{"category": "{pub_category}"}}' \
| python3 -m json.tool

From then on history knows the pub, also in another town:
  curl -s -H "$token" -H "$json" $api/categorization/suggest/ -d '{{"description": "{pub_again}"}}' \
| python3 -m json.tool

What else waits for your answer? Rows of one merchant are one question:
  curl -s -H "$token" "$api/review/?page_size=3" | python3 -m json.tool
"""


class Command(BaseCommand):
    """`manage.py demo`"""

    help = "Fill an empty data folder with a year of statements, show the category of each row, then serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="End after the table.")

    def handle(self, *args: Any, no_serve: bool, **options: Any) -> None:
        if not no_serve:
            serving.require_free_port()
        console = Console(file=cast(IO[str], self.stdout), width=120, no_color=options["no_color"])
        password = secrets.token_urlsafe(9)
        with collection_paused(), _steps(console, n=1 + year.N_STEPS) as say:
            started = time.monotonic()
            serving.prepare(with_rates=False)
            if User.objects.exists():
                raise CommandError("This data folder is in use. Give the demo one of its own: make demo")
            say(f"Made a database in {time.monotonic() - started:.1f} s.")
            started = time.monotonic()
            signed_in = year.import_year(password=password, say=say)
        rows = Transaction.objects.for_user(signed_in.user).with_attempts().order_by("date", "id")
        bodies: list[Body] = [
            describe_transaction(row) | {"attempts": ExplanationSerializer(row).data["attempts"]} for row in rows
        ]
        self._say(f"{len(bodies)} rows in {time.monotonic() - started:.1f} s, from empty accounts to categories.\n")
        sources = ["user", *(link.provider.name for link in configured_chain().links), NOBODY]
        console.print(table_of(choose_rows(bodies, sources=sources, n=30)))
        self._say(LEGEND)
        self._say("\n".join(count_sources(bodies, sources=sources)))
        with console.status("Adding exchange rates"):  # shown in terminals alone
            serving.prepare()
        self._say(_next_steps(bodies, signed_in=signed_in, password=password))
        if not no_serve:
            self._say("Ctrl-C stops it.")
            with serving.own_folder():
                serving.supervise(serving.web_server(), *serving.workers())

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


@contextmanager
def _steps(console: Console, *, n: int) -> Iterator[year.Say]:
    """Give a function that prints a line for each of the steps. A terminal also shows a bar."""
    columns = (TextColumn("[progress.description]{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("A year of statements", total=n)

        def say(text: str) -> None:
            console.print(text, highlight=False, soft_wrap=True)
            progress.advance(bar)

        yield say


def _next_steps(bodies: Sequence[Body], *, signed_in: SignedIn, password: str) -> str:
    """Return commands to try, each with the ids of rows that make it worth a look."""
    recalled = next(body for body in bodies if reason_of(body).source == "history")
    pub_id = year.find_row(signed_in.user, year.PUB).pk
    pub = next(body for body in bodies if body["id"] == pub_id)
    first, last = (bodies[place]["date"] for place in (0, -1))
    return NEXT.format(
        username=signed_in.user.username,
        password=password,
        url=serving.base_url(),
        token=signed_in.token,
        month=year.MONTH,
        start=first,
        end=last,
        recalled=recalled["id"],
        pub=pub_id,
        pub_text=year.PUB,
        pub_category=year.PUB_CATEGORY,
        pub_again=year.PUB_AGAIN,
        suggested=reason_of(pub).category,
    )

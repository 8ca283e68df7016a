"""Command that serves the tools of a ledger over the Model Context Protocol."""

import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from insights.mcp_server import HOST, serve_http, serve_stdio


class Command(BaseCommand):
    """The commands `manage.py mcp --user ana` and `manage.py mcp --http`."""

    help = "Let your own assistant on this machine read a ledger over the Model Context Protocol. It writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        way = parser.add_mutually_exclusive_group(required=True)
        way.add_argument("--user", help="serve this user's ledger to the program that starts the command (stdio)")
        way.add_argument("--http", action="store_true", help=f"listen at {HOST}; clients send a token of the API")
        parser.add_argument("--port", type=int, default=8765, help="the port of --http (8765)")

    def handle(self, *args: Any, user: str | None, port: int, **options: Any) -> None:
        if user is not None:
            found = User.objects.get_by_login(user)
            if found is None or not found.is_active:
                raise CommandError(f"There is no active user {user!r}.")
            serve_stdio(found)
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except (OSError, OverflowError) as error:
            raise CommandError(f"{HOST}:{port} cannot be used ({error}). Choose another: --port 8766") from None
        self.stdout.write(f"Assistants on this machine find the ledger at http://{HOST}:{port}/mcp. Ctrl-C stops it.")
        serve_http(listener)

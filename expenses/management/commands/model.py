"""Commands about the local model: look after it, download it, bring it into memory, and measure it."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import IO, Any, ClassVar, cast

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from expenses.ledger.default_categories import DEFAULT_CATEGORIES
from expenses.management.bench import run_bench
from providers.interface import OfferedCategory, ProviderError, Question
from providers.loading import CacheBreaker, configured_model
from providers.ollama import OllamaProvider
from providers.ollama.addresses import is_private
from providers.ollama.cache import Model
from providers.ollama.prompt import Prompt, model_question

MEGABYTE = 1_000_000


def constant_prompt(provider: OllamaProvider) -> Prompt:
    """Return a prompt without any person's text, which begins as those of a new ledger do."""
    spent = [category for category in DEFAULT_CATEGORIES if category.kind == "expense"]
    offered = tuple(
        OfferedCategory(number, category.name, category.kind, category.key, category.description)
        for number, category in enumerate(spent, start=1)
    )
    question = model_question(Question("first question", offered, owner=0))
    assert question is not None  # noqa: S101 - it has words and categories
    return provider.prompt(question, Model(provider.model, "", 0))


class Command(BaseCommand):
    """The commands `manage.py model check`, `pull`, `load`, `warm` and `bench`."""

    help = "Look after the local model that Ollama serves."
    actions: ClassVar[dict[str, str]] = {
        "check": "Say whether the model can be asked, and what to do if not.",
        "pull": "Download the model into Ollama.",
        "load": "Bring the model into memory.",
        "warm": "Let the model read the constant beginning of a question, so that the first answer comes sooner.",
        "bench": "Measure the model on what a user confirmed: right answers, time and memory.",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="action")
        parsers = {
            name: actions.add_parser(name, help=summary, description=summary) for name, summary in self.actions.items()
        }
        bench = parsers["bench"]
        bench.add_argument("--user", required=True, help="whose confirmed transactions the model is measured on")
        bench.add_argument("--n", type=int, default=100, help="number of texts to ask about, the latest (100)")
        bench.add_argument("--store", action="store_true", help="keep the answers as the model's record in the ledger")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        provider = configured_model()
        if provider is None:
            raise CommandError("No local model is configured; see OLLAMA_HOST in docs/configuration.md.")
        if action == "bench":
            console = Console(file=cast(IO[str], self.stdout), width=100, no_color=options["no_color"], highlight=False)
            run_bench(provider, username=options["user"], n=options["n"], is_stored=options["store"], console=console)
            return
        act: Callable[[OllamaProvider], None] = getattr(self, f"_{action}")
        try:
            act(provider)
        except ProviderError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            kept = " Ollama keeps what it has; run the command again to go on." if action == "pull" else ""
            raise CommandError(f"Stopped.{kept}", returncode=130) from None

    def _check(self, provider: OllamaProvider) -> None:
        with provider.connect(timeout_s=provider.timeout_s) as client:
            status = client.status(provider.model)
        if status.reachable:
            kind = "private" if status.address and is_private(status.address) else "public"
            where = f" ({status.address}, {kind})" if status.address else ""
            self.stdout.write(f"Server: Ollama {status.version} at {provider.host}{where}")
        if status.digest:
            tools = "with tools" if status.has_tools else "without tools"
            self.stdout.write(
                f"Model: {provider.model}, {status.n_bytes / MEGABYTE:.0f} MB, build {status.digest[:12]}, "
                f"context of {status.context_length} tokens, {tools}"
            )
            self.stdout.write(f"Memory: {'loaded' if status.loaded else 'not loaded'}")
        self.stdout.write(f"Breaker: {_breaker(provider.name)}")
        if status.problem:
            raise CommandError(status.problem)
        if not status.loaded:
            self.stdout.write(
                "The model can be asked. Run `manage.py model load` so that the first answer comes sooner."
            )
        else:
            self.stdout.write("The model can be asked.")

    def _pull(self, provider: OllamaProvider) -> None:
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        bars: dict[str, TaskID] = {}
        with (
            provider.connect(timeout_s=provider.load_timeout_s) as client,
            Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True)) as progress,
        ):
            for step in client.pull(provider.model):
                if step.n_bytes_total:
                    if step.status not in bars:
                        bars[step.status] = progress.add_task(step.status, total=step.n_bytes_total)
                    progress.update(bars[step.status], completed=step.n_bytes_done)
                elif step.status not in bars:
                    bars[step.status] = TaskID(-1)
                    progress.console.print(step.status)
        self.stdout.write(f"{provider.model} is pulled. Run `manage.py model load` to bring it into memory.")

    def _load(self, provider: OllamaProvider) -> None:
        took = self._let_read(provider, (), "Loading")
        self.stdout.write(f"{provider.model} is in memory after {took:.1f} seconds.")

    def _warm(self, provider: OllamaProvider) -> None:
        took = self._let_read(provider, constant_prompt(provider), "Reading")
        self.stdout.write(f"{provider.model} has read the beginning of a question after {took:.1f} seconds.")

    def _let_read(self, provider: OllamaProvider, prompt: Prompt, word: str) -> float:
        """Bring the model into memory and let it read a prompt. Return the seconds that it took."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        started = time.perf_counter()
        with (
            provider.connect(timeout_s=provider.load_timeout_s) as client,
            Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        ):
            progress.add_task(f"{word} {provider.model}", total=None)
            client.load(provider.model, prompt, options=provider.options, keep_alive=provider.keep_alive)
        return time.perf_counter() - started


def _breaker(name: str) -> str:
    """Return the breaker's state in words."""
    try:
        breaker = CacheBreaker().describe(name)
    except DatabaseError:
        return "unknown, because the database has no tables yet"
    next_try = f", next try at {breaker['next_try_at']}" if breaker["next_try_at"] else ""
    return str(breaker["state"]).replace("_", " ") + next_try

"""Presentation of `manage.py model bench`: a progress bar while the model is asked, then a table of right answers."""

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from expenses.services.model_bench import LEAST_TEXTS, Bench, BenchFigures
from providers.interface import ProviderError
from providers.ollama import OllamaProvider

MEGABYTE = 1_000_000


def run_bench(provider: OllamaProvider, *, username: str, n: int, is_stored: bool, console: Console) -> None:
    """Measure the model on the latest `n` texts that a user confirmed, and show the figures.

    `is_stored` keeps the answers as the model's record. An interruption keeps what is done. Raise CommandError if there
    is nothing to measure.
    """
    if n < LEAST_TEXTS:
        raise CommandError(f"--n is {n}; the model is measured on {LEAST_TEXTS} texts or more.")
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"Nobody is called {username!r}.")
    bench = Bench(ledger_id=ledger_id_of(user), n=n, provider=provider)
    if bench.n_texts < LEAST_TEXTS:
        raise CommandError(
            f"{username} has confirmed transactions of {bench.n_texts} different texts; {LEAST_TEXTS} are needed. "
            "Confirm some, for example by reviewing an import, and measure again."
        )
    problem = _measure(bench)
    if not bench.answers:
        raise CommandError(problem)
    if problem:
        console.print(f"{problem} What was measured until then counts.")
    console.print(_table(bench, provider.model))
    console.print(
        f"An answer takes {bench.seconds:.2f} s (median) for {bench.n_tokens} tokens. The model takes "
        f"{_memory(provider) / MEGABYTE:,.0f} MB of memory, with a context of {provider.num_ctx:,} tokens."
    )
    console.print(bench.record().sentence)
    if is_stored:
        console.print(f"Kept {bench.store()} answers as its record; the chain weighs it by them from now on.")
    else:
        console.print("Nothing was stored. With --store, the chain weighs the model by these answers.")


def _measure(bench: Bench) -> str:
    """Ask about all texts, with a progress bar. Return why it ended before, "" if it did not."""
    columns = TextColumn("Asking the model"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        try:
            for _ in progress.track(bench.measure(), total=len(bench.texts)):
                pass
        except KeyboardInterrupt:
            return "Stopped."
        except ProviderError as error:
            return str(error)
    return ""


def _table(bench: Bench, model: str) -> Table:
    all_texts, unsure = bench.figures(), bench.figures(is_open_only=True)
    table = Table(title=f"Right answers of {model}", title_justify="left")
    table.add_column("")
    table.add_column("all texts", justify="right")
    table.add_column("where the other links are unsure", justify="right")
    table.add_row("number of texts", str(all_texts.n), str(unsure.n))
    for name, place in (("the model alone", 1), ("the other links without it", 2), ("all together", 3)):
        table.add_row(name, _share(all_texts, place), _share(unsure, place))
    return table


def _memory(provider: OllamaProvider) -> int:
    """Return the bytes of memory that the model takes, 0 if the server does not say."""
    try:
        with provider.connect(timeout_s=provider.timeout_s) as client:
            return client.memory(provider.model)
    except ProviderError:
        return 0


def _share(figures: BenchFigures, place: int) -> str:
    return f"{figures[place] / figures.n:.0%}" if figures.n else "-"

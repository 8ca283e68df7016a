"""Measure the local model that Ollama serves, whatever it is.

    python -m benchmarks.model [--only accuracy|calls|posting] [--rows N] [FOLDER_OR_FILES…]

OLLAMA_HOST says where Ollama answers (http://127.0.0.1:11434), OUTLAY_OLLAMA_MODEL which model is asked. It must be
pulled. Each table has a function of its own in `TABLES`.

`accuracy`: of each labeled file (see `benchmarks.labeled_files`), the first 100 rows are confirmed and the model is
asked about the first rows of the next N distinct texts. Shown are the right answers of the model alone, of the chain
without it, and of both together: without a record, and with the record of the texts before.

`calls`: a statement of 10,000 rows is imported, then again into another account, then by another person. A server of
our own answers at once. Shown are the calls for 1,000 rows.

`posting`: `POST expenses/` without a model and while one hangs, in turns. Bound: 1.1 times.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.instance import fresh_instance
from benchmarks.labeled_files import LabeledRow, find_files, read_file
from benchmarks.model_load import print_calls, print_posting

if TYPE_CHECKING:
    from providers.chain import Verdict
    from providers.ollama import OllamaProvider

HOST, MODEL = "http://127.0.0.1:11434", "smollm2:135m"
#: Rows that are confirmed before the model is asked.
N_CONFIRMED = 100


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the requested tables."""
    options = _read_options(arguments)
    if options.only:
        TABLES[options.only](options)
        return
    given = sys.argv[1:] if arguments is None else list(arguments)
    for name in TABLES:  # each sets Django up with other settings, which a process can do once
        subprocess.run([sys.executable, "-m", "benchmarks.model", "--only", name, *given], check=True)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FOLDER_OR_FILE")
    parser.add_argument("--only", choices=list(TABLES), help="measure only that")
    parser.add_argument("--rows", type=int, default=60, metavar="N", help="texts of each file to ask about (60)")
    return parser.parse_args(arguments)


@contextmanager
def instance_with_model() -> Iterator["OllamaProvider"]:
    """Set Django up on an empty database with the model at hand. Exit if it cannot be asked."""
    environment = {
        "OLLAMA_HOST": os.environ.get("OLLAMA_HOST", HOST),
        "OUTLAY_OLLAMA_MODEL": os.environ.get("OUTLAY_OLLAMA_MODEL", MODEL),
    }
    with fresh_instance(**environment):
        from providers.loading import configured_model

        provider = configured_model()
        assert provider is not None
        with provider.connect(timeout_s=provider.timeout_s) as client:
            status = client.status(provider.model)
        if status.problem:
            raise SystemExit(status.problem)
        yield provider


@dataclass(frozen=True, slots=True)
class AskedRow:
    """Answers about one row, each right or not: `is_open` if the chain without the model is unsure."""

    is_right_alone: bool
    is_right_without: bool
    is_right_together: bool
    is_right_with_record: bool
    is_open: bool
    took_s: float


def print_accuracy(options: argparse.Namespace) -> None:
    """Print the right answers of the model at hand, alone and within the chain, for each file and in all."""
    with instance_with_model() as provider:
        from providers.interface import ProviderError

        print(f"\n{provider.model}: right answers in percent, after {N_CONFIRMED} confirmed rows")
        print(f"{'':28}{'texts':>7}{'alone':>8}{'without':>9}{'together':>10}{'with record':>13}{'s a text':>10}")
        all_rows: list[AskedRow] = []
        for path in find_files(options.files):
            file = read_file(path)
            asked: list[AskedRow] = []
            try:
                asked.extend(ask_about(file.rows, n=options.rows, provider=provider))
            except ProviderError as error:
                print(f"{file.name}: {error}")
            all_rows += asked
            _print_line(file.name, asked)
        _print_line("all", all_rows)
        _print_line("where the chain is unsure", [row for row in all_rows if row.is_open])


def ask_about(rows: Sequence[LabeledRow], *, n: int, provider: "OllamaProvider") -> Iterator[AskedRow]:
    """Ask about the first rows of `n` new texts; the record counts those before each that the chain is unsure about."""
    from benchmarks.predicting import train, trusting
    from expenses.categorization.history import EXAMPLES_AMONG, with_examples
    from expenses.categorization.model_record import ModelOutcome, record_of
    from expenses.categorization.questions import candidates_of
    from providers.chain import Verdict, digest_of_answer
    from providers.interface import Suggestion
    from providers.loading import configured_chain

    confirmed = rows[:N_CONFIRMED]
    known = {row.text for row in confirmed}
    new = {row.text: row for row in reversed(rows[N_CONFIRMED:]) if row.text and row.text not in known}
    asked = sorted(new.values(), key=rows.index)[:n]
    trained, chain = train(confirmed), configured_chain()
    [link] = chain.deferred
    measuring = provider.for_measuring()
    measuring.timeout_s = measuring.load_timeout_s  # the machine may be busy
    measuring.log = ""  # the rows are of no ledger that could keep a record of calls
    link = replace(link, provider=measuring)
    latest = [
        (row.question.description, row.category, row.question.iban) for row in reversed(confirmed[-EXAMPLES_AMONG:])
    ]
    outcomes: list[ModelOutcome] = []
    digest = ""
    for row in asked:
        [question] = trusting([row.question], trained.trust)
        [before] = trained.chain.decide([question])
        started = time.perf_counter()
        [said] = link.provider.categorize_many(
            with_examples([replace(question, candidates=candidates_of(before))], latest=latest)
        )
        took_s = time.perf_counter() - started
        attempt = link.attempt(said, question)
        record = record_of(outcomes, link=provider.name, digest=digest)
        trusted = replace(question, trust=replace(question.trust, records=(record,)))
        [together], [with_record] = (
            chain.hear([before], [Verdict((attempt,))], [asking]) for asking in (question, trusted)
        )
        alone = attempt.suggestion.category if attempt.suggestion else None
        if isinstance(said, Suggestion):
            digest = digest_of_answer(said, attempt.version)
        if before.decided is None:
            outcomes.append(ModelOutcome(row.category, alone, _category(before)))
        yield AskedRow(
            alone in row.right,
            _category(before) in row.right,
            _category(together) in row.right,
            _category(with_record) in row.right,
            before.decided is None,
            took_s,
        )


def _category(verdict: "Verdict") -> int | None:
    best = verdict.best
    return best.suggestion.category if best is not None and best.suggestion is not None else None


def _print_line(name: str, rows: Sequence[AskedRow]) -> None:
    if not rows:
        print(f"{name:28}{0:>7}")
        return
    shares = [
        100 * sum(flags) / len(rows)
        for flags in (
            [row.is_right_alone for row in rows],
            [row.is_right_without for row in rows],
            [row.is_right_together for row in rows],
            [row.is_right_with_record for row in rows],
        )
    ]
    alone, without, together, with_record = shares
    seconds = statistics.median(row.took_s for row in rows)
    print(f"{name:28}{len(rows):>7}{alone:>8.1f}{without:>9.1f}{together:>10.1f}{with_record:>13.1f}{seconds:>10.2f}")


#: Table → the function that prints it.
TABLES: dict[str, Callable[[argparse.Namespace], None]] = {
    "accuracy": print_accuracy,
    "calls": print_calls,
    "posting": print_posting,
}

if __name__ == "__main__":
    main()

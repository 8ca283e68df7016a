"""Speed of the learning chain: answers, one correction, training, measuring, and the cost of first use.

All figures are CPU time of one core, each beside an anchor of the same run; repeated actions give medians.
"""

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.baselines import machine
from benchmarks.instance import medians
from benchmarks.invented import insert, invent
from benchmarks.labeled_files import read_file
from providers.interface import Question
from providers.normalization import normalize

#: Distinct descriptions per second through the whole deterministic chain, and milliseconds until a correction counts.
LEAST_PER_SECOND, MOST_MS = 8_000, 50
MOST_LOADING_MS, MOST_LOADING_MB = 50, 40
ASKED = 5_000
SIZES = (1_000, 10_000)
_RESIDENT = """
import os, time
def resident():
    with open("/proc/self/statm" if os.path.exists("/proc/self/statm") else os.devnull) as file:
        return int((file.read().split() or [0, 0])[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
"""
_PRINT = "print((time.process_time() - started) * 1000, resident() - held)"


def print_speed(paths: Sequence[Path]) -> None:
    """Print all figures; needs an empty instance that is set up."""
    print("\nspeed, CPU time of one core")
    print_first_use()
    print_chain(paths)
    print_correction()
    print_learning()


def print_chain(paths: Sequence[Path]) -> None:
    """Measure the product's chain on distinct descriptions, against their normalization alone."""
    from config.processes.preload import preload
    from providers.loading import configured_chain

    user = _register("ana")
    insert(user, n=1_000)
    _learn(user)
    preload()  # as a web process does, which holds nothing of what learning needs
    labeled = {row.question.description: row.question for path in paths for row in read_file(path).rows}
    invented = {question.description: question for question, _ in invent(ASKED, seed=2)}
    distinct = {"rows of the files": [*labeled.values()][:ASKED], "invented rows": [*invented.values()]}
    for title, questions in distinct.items():
        asked = _offered(questions, user)
        seconds = _median_s(lambda asked=asked: configured_chain().decide(asked))
        anchor = _median_s(lambda asked=asked: [normalize(one.text) for one in asked])
        speed = len(asked) / seconds
        kept = "" if speed >= LEAST_PER_SECOND else "  MISSED"
        print(f"  chain, 1,000 confirmed rows, {len(asked)} distinct {title}: {speed:,.0f}/s,", end=" ")
        print(f"required {LEAST_PER_SECOND:,}{kept} ({seconds / anchor:.0f} times normalization alone)")


def _offered(questions: Sequence[Question], user: Any) -> list[Question]:
    """Return the questions with the user's ledger and the categories of the database."""
    from expenses.categorization.catalog import Catalog

    catalog = Catalog.load_for(user)
    return [
        replace(one, owner=catalog.ledger_id, categories=catalog.offered(one.direction, None), trust=catalog.trust)
        for one in questions
    ]


def _forget() -> None:
    """Clear the caches of texts, so that every description is new."""
    from providers.grams import grams_of
    from providers.merchants.provider import find_in_normalized

    find_in_normalized.cache_clear()
    normalize.cache_clear()
    grams_of.cache_clear()


def print_correction() -> None:
    """Measure one correction and one question that shows it, with 10,000 confirmed rows."""
    from django.db.models import Count

    from expenses.models import Category
    from expenses.models import Transaction as Row
    from expenses.services.transactions import edit_transaction

    user = _register("ben")
    insert(user, n=10_000)
    once = Row.objects.for_user(user).order_by().values("match_text").annotate(n=Count("id")).filter(n=1)
    rows = iter(Row.objects.for_user(user).filter(match_text__in=once.values("match_text")).order_by("id")[:60])

    def correct() -> None:
        row = next(rows)
        others = Category.objects.filter(ledger=None, kind="expense").exclude(pk=row.category_id)
        category = others.order_by("id").first()
        edit_transaction(by=user, transaction=row, changes={"category": category})
        _insist(user, row, category)

    def write() -> None:
        Row.objects.filter(pk=next(rows).pk).update(notes="a")

    found = medians({"correct": correct, "write": write}, rounds=15, n=1)
    kept = "" if found["correct"] <= MOST_MS else "  MISSED"
    print(
        f"  a correction counts, 10,000 confirmed rows: {found['correct']:.1f} ms, at most {MOST_MS}{kept}"
        f" ({found['correct'] / found['write']:.0f} times a bare update of one row)"
    )


def _insist(user: Any, row: Any, category: Any) -> None:
    """Ask about the same text; exit if the correction does not count yet."""
    from providers.loading import configured_chain

    (question,) = _offered([Question(row.raw_description, (), 0, amount=row.amount)], user)
    best = configured_chain().decide([question])[0].best
    if best is None or best.suggestion is None or best.suggestion.category != category.pk:
        raise SystemExit(f"A correction of {row.raw_description!r} did not count: {best}")


def print_learning() -> None:
    """Measure training of the classifier, and replay of the history as in `expenses.services.learning`."""
    from threadpoolctl import threadpool_limits

    from expenses.services.learning import measure
    from providers.learning.training import train

    for n in SIZES:
        confirmed = list(invent(n))
        texts, categories = [one.question.text for one in confirmed], [category for _, category in confirmed]
        with threadpool_limits(limits=1):
            anchor = _cpu_s(lambda texts=texts, categories=categories: machine().fit(texts, categories))
        training = _cpu_s(lambda confirmed=confirmed: train(confirmed))
        measuring = _cpu_s(lambda confirmed=confirmed: measure(confirmed, {}))
        print(
            f"  {n:,} confirmed rows: training {training:.2f} s ({training / anchor:.1f} times a linear SVC),", end=" "
        )
        print(f"measuring {measuring:.1f} s, {measuring / training:.0f} times training")


def print_first_use() -> None:
    """Print CPU time and memory of the first use, each in fresh processes."""
    parts = {
        "numpy": ("", "import numpy"),
        "dictionary": (
            "from providers.merchants import dictionary",
            "dictionary.load_dictionary(); dictionary.load_words()",
        ),
        "resemblance": ("from providers.name_classifier import provider", "provider.load_name_classifier()"),
    }
    for title, (before, action) in parts.items():
        ms, resident_mb, traced_mb = first_use(before, action)
        bound = f"; at most {MOST_LOADING_MS} ms and {MOST_LOADING_MB} MB" if title == "dictionary" else ""
        print(f"  first use of {title}: {ms:.0f} ms, {resident_mb:.0f} MB resident, {traced_mb:.1f} MB traced{bound}")


def first_use(before: str, action: str) -> tuple[float, float, float]:
    """Return CPU milliseconds of the statements `action`, growth of resident memory, and peak traced memory (MB).

    Resident memory is 0 where the system does not report it.
    """
    timed = f"{_RESIDENT}\n{before}\nheld, started = resident(), time.process_time()\n{action}\n{_PRINT}"
    traced = f"import tracemalloc as m\n{before}\nm.start()\n{action}\nprint(m.get_traced_memory()[1] / 1e6)"
    runs = [[float(value) for value in _run(timed).split()] for _ in range(5)]
    ms, resident = (statistics.median(values) for values in zip(*runs, strict=True))
    return ms, resident, float(_run(traced))


def _run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def _register(name: str) -> Any:
    from accounts.services.users import register_user

    return register_user(username=name, email=f"{name}@example.org", password="not-a-secret-1").user


def _learn(user: Any) -> None:
    """Learn as a worker does after a confirmation."""
    from expenses.models.ledgers import ledger_id_of
    from expenses.services.learning import learn

    learn(ledger_id=ledger_id_of(user), is_forced=True)


def _median_s(action: Callable[[], object], *, rounds: int = 5) -> float:
    """Return median CPU seconds with cold caches of texts."""
    taken = []
    for _ in range(rounds):
        _forget()
        gc.collect()
        taken.append(_cpu_s(action))
    return statistics.median(taken)


def _cpu_s(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started

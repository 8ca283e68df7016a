"""An instance in a throwaway folder, and the clock that benchmarks share."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def fresh_instance(**environment: str) -> Iterator[None]:
    """Set Django up on an empty SQLite database, without a model; import models only inside."""
    folder = tempfile.mkdtemp(prefix="outlay-benchmark-")
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {"OUTLAY_DATA_DIR": folder, "OLLAMA_HOST": "off", "DJANGO_SETTINGS_MODULE": "config.settings"}
    os.environ |= environment
    try:
        import django

        django.setup()
        from config.serving import prepare

        prepare()
        yield
    finally:
        shutil.rmtree(folder)


def cpu_ms(action: Callable[[], object], *, n: int) -> float:
    """CPU milliseconds of one call, from `n` calls in a row."""
    started = time.process_time()
    for _ in range(n):
        action()
    return (time.process_time() - started) * 1000 / n


def medians(actions: Mapping[str, Callable[[], object]], *, rounds: int, n: int) -> dict[str, float]:
    """Median CPU milliseconds of each action; all take turns, so that a noisy moment meets all of them."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(rounds):
        for name, action in actions.items():
            taken[name].append(cpu_ms(action, n=n))
    return {name: statistics.median(values) for name, values in taken.items()}

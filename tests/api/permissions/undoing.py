"""Takes back what a request did, so that the next finds everything as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """Files aside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

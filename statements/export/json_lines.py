"""JSON lines: the bodies of the list, one a line."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from rest_framework.renderers import JSONRenderer

from expenses.serializers.transactions import describe_transaction
from statements.export.rows import chunks


def write_json_lines(rows: QuerySet[Any]) -> Iterator[bytes]:
    """Yield a line for each row of a filtered and ordered list, which was read `with_related()`."""
    render = JSONRenderer().render
    for part in chunks(rows, read=list, place=getattr):
        yield b"".join([render(describe_transaction(row)) + b"\n" for row in part])

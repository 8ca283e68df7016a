"""Queries whose SQL is composed once per process: to compose it often takes longer than the database's answer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, update_wrapper
from inspect import signature
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections
from django.db.models import Expression, QuerySet
from django.db.models.fields import Field
from django.db.models.sql.compiler import SQLCompiler

from expenses.models.fields import as_stored

P = ParamSpec("P")
Row = TypeVar("Row")
#: Forms of one query in memory. A list of another length needs another form.
MAX_FORMS = 64


class _Argument(Expression):
    """The place of an argument, or of one member of a list, in a composed query."""

    def __init__(self, name: str, index: int | None = None) -> None:
        super().__init__(output_field=Field())
        self.name, self.index = name, index

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)

    def value(self, given: Mapping[str, Any]) -> Any:
        found = given[self.name] if self.index is None else given[self.name][self.index]
        match found:
            case date():
                return connection.ops.adapt_datefield_value(found)
            case Decimal():
                return as_stored(found)
        return found


class _Form(NamedTuple):
    rows: "QuerySet[Any]"
    compiler: SQLCompiler
    converters: Any
    sql: str
    parameters: Sequence[Any]


class PreparedQuery(Generic[P, Row]):
    """A function that returns a query set, called as one that returns its rows.

    The function is called once, with places instead of values. So it may only hand its arguments to filters. Values are
    whole numbers, texts, days, amounts, or lists of these. No change of data makes the SQL wrong: it depends on the
    models alone.
    """

    def __init__(self, make: "Callable[P, QuerySet[Any, Row]]") -> None:
        self._make = make
        self._names = tuple(signature(make).parameters)
        self._form = lru_cache(MAX_FORMS)(self._compose)
        update_wrapper(self, make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[Row]:
        """Return the rows, read by one statement and those of `prefetch_related`."""
        given: dict[str, Any] = dict(zip(self._names, args, strict=False)) | kwargs
        form = self._form(tuple(len(given[n]) if isinstance(given[n], list) else None for n in self._names))
        if form is None:
            return []
        rows, query, compiler = _twin(form.rows), _twin(form.rows.query), _twin(form.compiler)
        parameters = [part.value(given) if isinstance(part, _Argument) else part for part in form.parameters]
        compiler.connection = connections[rows.db]  # the connection of this thread
        compiler.execute_sql = lambda *_, **__: _fetch(form.sql, parameters)
        compiler.get_converters = lambda _: form.converters
        query.get_compiler = lambda *_, **__: compiler
        rows._query = query  # noqa: SLF001 - the property makes dictionaries of what should be tuples
        return list(rows)

    def _compose(self, lengths: tuple[int | None, ...]) -> _Form | None:
        places: dict[str, Any] = {
            name: _Argument(name) if n is None else [_Argument(name, i) for i in range(n)]
            for name, n in zip(self._names, lengths, strict=True)
        }
        rows: QuerySet[Any] = self._make(**places)  # type: ignore[call-arg]
        compiler = rows.query.get_compiler(rows.db)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:  # a filter by an empty list finds nothing
            return None
        converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
        return _Form(rows, compiler, converters, sql, parameters)


def _fetch(sql: str, parameters: Sequence[Any]) -> list[Any]:
    """Return all rows, as one chunk of them."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [cursor.fetchall()]


def _twin(given: Any) -> Any:
    """Return a shallow copy; copy.copy() takes ten times as long, and loads the rows of a query set."""
    twin = object.__new__(type(given))
    twin.__dict__.update(given.__dict__)
    return twin

"""Health checks: the server answers, and is ready to work. They ask nothing outside this machine."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queue import MODEL_QUEUE
from accounts.strict_view import StrictView
from config.backends import TASK_QUEUES
from config.backup.instance import age_of_newest
from expenses.services.life_signs import MODEL_LANE, find_held
from providers.loading import CacheBreaker, configured_chain


class PartFailed(Exception):
    """A part does not answer. The sentence may be shown to anyone."""


class LiveSerializer(serializers.Serializer[Any]):
    """The process answers."""

    status = serializers.ChoiceField(choices=["ok"])


class PartSerializer(serializers.Serializer[Any]):
    """One part: `ok`, or `failing` and why. Only a required part makes the whole fail."""

    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["ok", "failing", "off"])
    required = serializers.BooleanField()  # type: ignore[assignment]
    detail = serializers.CharField(allow_null=True)


class ReadySerializer(serializers.Serializer[Any]):
    """All parts; the status is failing when a required one fails."""

    status = serializers.ChoiceField(choices=["ok", "failing"])
    parts = PartSerializer(many=True)


class _OpenView(StrictView):
    """A view that needs no token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class LiveView(_OpenView):
    """Check that the server answers."""

    @extend_schema(operation_id="health_live", responses=LiveSerializer)
    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(_OpenView):
    """Check that the server is ready.

    Database, migrations, cache, tasks, model and scheduled backup each have a status. The answer is 503 when a required
    part fails.
    """

    @extend_schema(operation_id="health_ready", responses={200: ReadySerializer, 503: ReadySerializer})
    def get(self, request: Request) -> Response:
        parts = [_part(name, required=name not in {"tasks", "model", "backup"}) for name in CHECKS]
        failing = any(part["required"] and part["status"] == "failing" for part in parts)
        body = {"status": "failing" if failing else "ok", "parts": parts}
        return Response(body, status=status.HTTP_503_SERVICE_UNAVAILABLE if failing else status.HTTP_200_OK)


def _database() -> tuple[str, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok", None


def _migrations() -> tuple[str, str | None]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return ("failing", f"{len(missing)} migrations are not applied.") if missing else ("ok", None)


def _cache() -> tuple[str, str | None]:
    cache.set("health", 1, 10)
    return ("ok", None) if cache.get("health") == 1 else ("failing", "The cache forgets what it is given.")


def _tasks() -> tuple[str, str | None]:
    """Count the tasks that wait for more than two minutes, except for the model, which may take that long."""
    long_ago = timezone.now() - timedelta(minutes=2)
    has_lane = bool(configured_chain().deferred)
    ready = DBTaskResult.objects.ready().exclude(queue_name=MODEL_QUEUE if has_lane else "")
    n = ready.filter(run_after=get_date_max(), enqueued_at__lt=long_ago).count()
    n += ready.filter(run_after__lt=long_ago).count()
    if settings.RQ_QUEUES:
        from redis.exceptions import RedisError  # noqa: PLC0415 - slow, and the embedded queue needs no Redis

        from config.redis.worker import count_overdue  # noqa: PLC0415

        try:
            n += count_overdue(queues=TASK_QUEUES if has_lane else list(settings.RQ_QUEUES), since=long_ago)
        except RedisError as error:
            message = f"Redis does not answer ({type(error).__name__}); tasks are kept in the database."
            raise PartFailed(message) from error
    return ("failing", f"{n} tasks wait; is the worker running?") if n else ("ok", None)


def _model() -> tuple[str, str | None]:
    """Return what the last calls have shown; a call now could take seconds."""
    deferred = configured_chain().deferred
    if not deferred:
        return "off", "No local model is configured."
    if not find_held([MODEL_LANE]):
        return "failing", "No worker runs the tasks that ask the model; is a worker running?"
    last_error = CacheBreaker().describe(deferred[0].provider.name)["last_error"]
    return ("failing", str(last_error)) if last_error else ("ok", None)


def _backup() -> tuple[str, str | None]:
    """Return whether the scheduled backup was made; a folder cannot say whether other backups are."""
    if not settings.BACKUP_EVERY:
        return "off", "No backup is scheduled."
    age = age_of_newest(settings.BACKUP_FOLDER)
    if age is None:
        return "failing", "There is no backup yet; is a worker running?"
    hours = age // timedelta(hours=1)
    told = f"The newest backup is {hours} hours old."
    return ("failing" if age > 2 * settings.BACKUP_EVERY else "ok"), told


#: Name → check, which returns a status and a detail.
CHECKS: dict[str, Callable[[], tuple[str, str | None]]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "tasks": _tasks,
    "model": _model,
    "backup": _backup,
}


def _part(name: str, *, required: bool) -> dict[str, Any]:
    try:
        state, detail = CHECKS[name]()
    except DatabaseError as error:
        state, detail = "failing", type(error).__name__
    except PartFailed as error:
        state, detail = "failing", str(error)
    return {"name": name, "status": state, "required": required, "detail": detail}

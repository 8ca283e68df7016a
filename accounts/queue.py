"""The task queue for modules that stand below `tasks`: they name a task by its dotted path."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.module_loading import import_string

#: The queue of tasks that call the model. A task with `@task(queue_name=MODEL_QUEUE)` holds up no other while it waits.
MODEL_QUEUE = "model"


def enqueue(path: str, *args: Any, priority: int | None = None, run_after: datetime | None = None) -> None:
    """Queue the task at a dotted path, such as "expenses.tasks.carry_out_run", once the transaction is committed.

    After a commit, a queue that fails is logged, since the work stays. Outside a transaction the task is queued at
    once, and a queue that fails raises.
    """

    def send() -> None:
        import_string(path).using(priority=priority, run_after=run_after).enqueue(*args)

    transaction.on_commit(send, robust=transaction.get_connection().in_atomic_block)

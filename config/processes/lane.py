"""The lane of the model: a thread of a worker for the tasks that call the model.

A call takes minutes while a model loads or hangs, and no other task waits for it. A model answers one call at a time,
so all workers together have one lane: the next worker takes over when the first one ends.
"""

import logging
import threading

from django.conf import settings
from django.db import close_old_connections
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from accounts.queue import MODEL_QUEUE
from expenses.services.life_signs import MODEL_LANE, hold
from expenses.services.model_queue import forget_holding
from providers.loading import CacheBreaker, configured_chain

#: How often the lane looks for the next task.
LOOK_EVERY_S = 0.5
#: How long it rests after it failed.
REST_S = 5

logger = logging.getLogger(__name__)


def has_lane() -> bool:
    """Return True if tasks call a model, or another link that takes its time."""
    return bool(configured_chain().deferred)


def open_lane() -> None:
    """Run the tasks that call the model in a thread, as soon as no other worker does. It ends with the process."""
    threading.Thread(target=_keep_open, name="model lane", daemon=True).start()


def _keep_open() -> None:
    pause = threading.Event()
    while True:
        try:
            with hold(MODEL_LANE, is_alone=True) as require_hold:
                delete_killed_tasks()
                forget_holding()
                for link in configured_chain().deferred:
                    CacheBreaker().end_rest(link.provider.name)
                while True:
                    require_hold()
                    _run_due()
                    pause.wait(LOOK_EVERY_S)
        except Exception:
            logger.exception("The lane of the model failed; it is opened again.")
        finally:
            close_old_connections()
        pause.wait(REST_S)


def delete_killed_tasks() -> None:
    """Delete tasks of the model that were killed in the middle, and the texts in them, while this lane is alone.

    What they did not finish is known from the ledger, or asked for again by the client that waits for it.
    """
    DBTaskResult.objects.running().filter(queue_name=MODEL_QUEUE).delete()


def _run_due() -> None:
    """Run the tasks of the queue until none is due."""
    if settings.RQ_QUEUES:
        from config.redis.worker import run_model_tasks  # noqa: PLC0415 - slow, and the embedded queue needs no Redis

        run_model_tasks()
        return
    close_old_connections()
    if not DBTaskResult.objects.ready().filter(queue_name=MODEL_QUEUE).exists():  # the worker locks the database
        return
    worker = Worker(
        queue_names=[MODEL_QUEUE],
        excluded_queue_names=[],
        backend_name="default",
        worker_id=get_random_string(32),
        batch=True,
        interval=0,
        startup_delay=False,
        max_tasks=None,
    )
    worker.run()

"""Housekeeping of each worker beside its tasks: it deletes what is kept no longer, and takes up interrupted work.

It may be interrupted, and many processes may do it at once.
"""

import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections
from django.utils import timezone

from accounts.services.stored_answers import prune_answers
from config.backup.instance import back_up_if_due
from expenses.models import Attachment, Transaction
from expenses.services.deletion import KEPT, purge_deleted
from expenses.services.life_signs import WORKER, hold
from expenses.services.model_calls import prune_calls
from expenses.services.runs import resume_interrupted
from insights.services.asking import prune_questions, resume_abandoned_questions
from insights.services.narratives import delete_old_narratives, release_abandoned_narratives
from insights.services.refreshing import refresh_stale, refresh_written
from statements.models import Import

#: How often a worker looks for work whose workers were stopped, and for ledgers whose insights are old.
LOOK_EVERY_S = 2

logger = logging.getLogger(__name__)


def tidy(*, is_dry_run: bool = False) -> dict[str, int]:
    """Delete what was kept long enough, and return the number of each kind by its name."""
    before = timezone.now() - KEPT
    in_bin = Transaction.everything.filter(deleted_at__lt=before)
    orphans = list(_orphans())
    if not is_dry_run:
        if not settings.RQ_QUEUES:  # Redis deletes by itself
            call_command("prune_db_task_results", queue_name="*", min_age_days=7, verbosity=0)
        for path in orphans:
            path.unlink(missing_ok=True)
    return {
        "transactions out of the bin": in_bin.count() if is_dry_run else purge_deleted(before=before),
        "answers kept for repeats": prune_answers(is_dry_run=is_dry_run),
        "files that belong to nothing": len(orphans),
        "texts about months": delete_old_narratives(is_dry_run=is_dry_run),
        "calls of the model": prune_calls(is_dry_run=is_dry_run),
        "old questions": prune_questions(is_dry_run=is_dry_run),
    }


def _orphans() -> Iterator[Path]:
    """Yield files in the data folder that no row names. A new one may belong to a request that still runs."""
    root = Path(settings.MEDIA_ROOT)
    known = {*Attachment.objects.values_list("file", flat=True), *Import.objects.values_list("file", flat=True)}
    oldest = (datetime.now(UTC) - timedelta(days=1)).timestamp()
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if path.relative_to(root).as_posix() not in known and path.stat().st_mtime < oldest:
                yield path


def tidy_every_hour() -> None:
    """Tidy at once, then every hour in a thread, which also refreshes stale insights."""
    tidy()
    threading.Thread(target=_keep_tidy, name="housekeeping", daemon=True).start()


def _keep_tidy() -> None:
    pause = threading.Event()
    _back_up()
    while not pause.wait(3600):
        try:
            tidy()
            refresh_stale()
        except Exception:
            logger.exception("Tidying failed; it is tried again in an hour.")
        finally:
            close_old_connections()
        _back_up()


def _back_up() -> None:
    try:
        path = back_up_if_due()
    except Exception:
        logger.exception("The scheduled backup failed; it is tried again in an hour.")
    else:
        if path is not None:
            logger.info("Backed up the instance: %s", path)
    finally:
        close_old_connections()


def keep_watch() -> None:
    """Hold the name of a worker, and look for interrupted work and for ledgers with new rows, in a thread."""
    threading.Thread(target=_watch, name="watch", daemon=True).start()


def _watch() -> None:
    pause = threading.Event()
    while True:
        try:
            with hold(WORKER) as require_hold:
                while True:
                    require_hold()
                    resume_interrupted()
                    resume_abandoned_questions()
                    release_abandoned_narratives()
                    refresh_written()
                    pause.wait(LOOK_EVERY_S)
        except Exception:
            logger.exception("The look for interrupted work and new rows failed; it is tried again.")
        finally:
            close_old_connections()
        pause.wait(LOOK_EVERY_S)

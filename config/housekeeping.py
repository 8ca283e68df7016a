"""What has to be thrown away in time. Every part may be repeated and interrupted, and many may do it at once."""

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
from expenses.models import Attachment, Transaction
from expenses.services.deletion import KEPT, purge_deleted
from insights.services.refreshing import refresh_stale
from statements.models import Import

logger = logging.getLogger(__name__)

EVERY_S = 3600
FINISHED_TASKS_DAYS = 7
#: A file without a row is a request that is still at it, or one that died.
ORPHAN_AFTER = timedelta(days=1)


def tidy(*, is_dry_run: bool = False) -> dict[str, int]:
    """Throw away what was kept long enough; how many of each, in plain words."""
    before = timezone.now() - KEPT
    in_bin = Transaction.everything.filter(deleted_at__lt=before)
    orphans = list(_orphans())
    if not is_dry_run:
        if not settings.RQ_QUEUES:  # Redis forgets by itself
            call_command("prune_db_task_results", min_age_days=FINISHED_TASKS_DAYS, verbosity=0)
        for path in orphans:
            path.unlink(missing_ok=True)
    return {
        "transactions out of the bin": in_bin.count() if is_dry_run else purge_deleted(before=before),
        "answers kept for repeats": prune_answers(is_dry_run=is_dry_run),
        "files that belong to nothing": len(orphans),
    }


def tidy_now_and_then() -> None:
    """Tidy at once, then every hour in the background, for as long as the process lives; see to stale insights, too."""
    tidy()
    threading.Thread(target=_keep_tidy, name="housekeeping", daemon=True).start()


def _keep_tidy() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY_S):
        try:
            tidy()
            refresh_stale()
        except Exception:
            logger.exception("Tidying failed; it is tried again in an hour.")
        finally:
            close_old_connections()


def _orphans() -> Iterator[Path]:
    """Files in the data folder that no row names; other storages are left alone."""
    root = Path(settings.MEDIA_ROOT)
    known = {*Attachment.objects.values_list("file", flat=True), *Import.objects.values_list("file", flat=True)}
    oldest = (datetime.now(UTC) - ORPHAN_AFTER).timestamp()
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if path.relative_to(root).as_posix() not in known and path.stat().st_mtime < oldest:
                yield path

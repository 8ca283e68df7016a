"""How long people may edit, split and delete what was recorded: bookkeepers want closed months to stay closed."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.roles import is_admin
from expenses.models import Transaction
from expenses.services.ledger_lock import NotAllowed

CODE = "edit_window_closed"


def check_edit_window(rows: Iterable[Transaction], *, user: User) -> None:
    """Raises NotAllowed when the person cannot edit one of the rows any more. Call it under the ledger's lock."""
    for row in closed_rows(rows, user=user):
        raise NotAllowed(closed_detail(row), code=CODE)


def closed_rows(rows: Iterable[Transaction], *, user: User) -> list[Transaction]:
    """Those recorded longer ago than the edit window; none for an admin, or where there is no window."""
    if not settings.EXPENSE_EDIT_WINDOW:
        return []
    now = timezone.now()
    closed = [row for row in rows if now - recorded_at(row) > settings.EXPENSE_EDIT_WINDOW]
    return [] if closed and is_admin(user) else closed


def edit_window_bound(user: User) -> datetime | None:
    """What was recorded before cannot be edited by the person; None where there is no such bound."""
    if not settings.EXPENSE_EDIT_WINDOW or is_admin(user):
        return None
    return timezone.now() - settings.EXPENSE_EDIT_WINDOW


def closed_detail(row: Transaction) -> str:
    """Since when, and who can."""
    since = recorded_at(row) + settings.EXPENSE_EDIT_WINDOW
    hours = int(settings.EXPENSE_EDIT_WINDOW.total_seconds() // 3600)
    return (
        f"It was recorded more than {hours} hours ago, so it cannot be edited, split or deleted since "
        f"{since:%Y-%m-%d %H:%M} UTC. Ask an admin to do it."
    )


def recorded_at(row: Transaction) -> datetime:
    """A part of a split is as old as its whole."""
    whole = row.parent if row.parent_id is not None else row
    at: datetime = (whole or row).created_at
    return at

"""Recognition of statement rows that an account has already."""

import datetime as dt
from collections.abc import Collection, Iterable
from itertools import islice

from django.db import connection, models

from expenses.ledger.fingerprints import find_known, id_part
from expenses.models import Account, Run, StatementTrace, Transaction

FINGERPRINTS_OF_A_QUERY = 1000


def recognize_rows(
    fingerprints: Collection[str],
    *,
    account: Account,
    start: dt.date,
    end: dt.date,
    run: Run | None = None,
    shared: Collection[str] = (),
) -> dict[str, int]:
    """Return fingerprint → id of the transaction that stands for it, for rows of one file in a period of the account.

    Rows in the bin count, because what was deleted does not come back with the next statement. A row that the run
    itself has recorded is recognized by its own fingerprint alone. `shared` is that of `find_known`. It takes a query
    or two for each thousand rows.
    If the bank gives ids, it takes three, and reads the whole period.
    """
    rows = Transaction.everything.filter(account=account, fingerprint__isnull=False).order_by()
    traces = StatementTrace.objects.filter(account=account)
    known: dict[str, int] = {}
    has_ids = any(map(id_part, fingerprints))
    if has_ids:  # parts of fingerprints are compared, too
        rows = rows.between(start, end)
        known.update(rows.values_list("fingerprint", "pk"))
        known.update(traces.filter(date__gte=start, date__lte=end).values_list("fingerprint", "transaction"))
    else:
        known.update(_look_up(Transaction, "id", fingerprints, account))
        if traces.exists():
            known.update(_look_up(StatementTrace, "transaction_id", fingerprints, account))
    if not known:
        return {}
    if run is None or not has_ids:
        return find_known(fingerprints, known, shared=shared)
    own = set(rows.filter(run=run).values_list("fingerprint", flat=True))
    found = find_known(fingerprints, {one: pk for one, pk in known.items() if one not in own}, shared=shared)
    return found | {one: known[one] for one in fingerprints if one in own}


def _look_up(model: type[models.Model], column: str, fingerprints: Iterable[str], account: Account) -> dict[str, int]:
    """Return fingerprint → value of a column for rows of the account. Django would prepare each value for a while."""
    found: dict[str, int] = {}
    wanted, table = iter(fingerprints), connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        while part := list(islice(wanted, FINGERPRINTS_OF_A_QUERY)):
            marks = ", ".join(["%s"] * len(part))
            sql = f"SELECT fingerprint, {column} FROM {table} WHERE account_id = %s AND fingerprint IN ({marks})"  # noqa: S608
            cursor.execute(sql, [account.pk, *part])
            found.update(cursor.fetchall())
    return found

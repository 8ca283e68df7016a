"""Recognition of statement rows that an account has already."""

import datetime as dt
from collections.abc import Collection

from expenses.ledger.fingerprints import find_known, id_part
from expenses.models import Account, Run, StatementTrace, Transaction


def recognize_rows(
    fingerprints: Collection[str], *, account: Account, start: dt.date, end: dt.date, run: Run | None = None
) -> dict[str, int]:
    """Return fingerprint → id of the transaction that stands for it, for rows of one file in a period of the account.

    Rows in the bin count, because what was deleted does not come back with the next statement. A row that the run
    itself has recorded is recognized by its own fingerprint alone. It takes two queries, or three for rows with ids.
    """
    rows = Transaction.everything.filter(account=account, fingerprint__isnull=False).between(start, end).order_by()
    known: dict[str, int] = dict(rows.values_list("fingerprint", "pk"))
    traces = StatementTrace.objects.filter(account=account, date__gte=start, date__lte=end)
    known.update(traces.values_list("fingerprint", "transaction"))
    if not known:
        return {}
    if run is None or not any(map(id_part, fingerprints)):
        return find_known(fingerprints, known)
    own = set(rows.filter(run=run).values_list("fingerprint", flat=True))
    found = find_known(fingerprints, {one: pk for one, pk in known.items() if one not in own})
    return found | {one: known[one] for one in fingerprints if one in own}

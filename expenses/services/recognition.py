"""Recognition of statement rows that an account has already."""

import datetime as dt
from collections.abc import Collection
from itertools import islice

from expenses.ledger.fingerprints import find_known, id_part
from expenses.models import Account, Run, StatementTrace, Transaction

FINGERPRINTS_OF_A_QUERY = 1000


def recognize_rows(
    fingerprints: Collection[str], *, account: Account, start: dt.date, end: dt.date, run: Run | None = None
) -> dict[str, int]:
    """Return fingerprint → id of the transaction that stands for it, for rows of one file in a period of the account.

    Rows in the bin count, because what was deleted does not come back with the next statement. A row that the run
    itself has recorded is recognized by its own fingerprint alone. It takes two queries for each thousand rows. If the
    bank gives ids, it takes three, and reads the whole period.
    """
    rows = Transaction.everything.filter(account=account, fingerprint__isnull=False).order_by()
    traces = StatementTrace.objects.filter(account=account)
    known: dict[str, int] = {}
    if any(map(id_part, fingerprints)):  # parts of fingerprints are compared, too
        rows = rows.between(start, end)
        known.update(rows.values_list("fingerprint", "pk"))
        known.update(traces.filter(date__gte=start, date__lte=end).values_list("fingerprint", "transaction"))
    else:
        wanted = iter(fingerprints)
        while part := list(islice(wanted, FINGERPRINTS_OF_A_QUERY)):
            known.update(rows.filter(fingerprint__in=part).values_list("fingerprint", "pk"))
            known.update(traces.filter(fingerprint__in=part).values_list("fingerprint", "transaction"))
    if not known:
        return {}
    if run is None or not any(map(id_part, fingerprints)):
        return find_known(fingerprints, known)
    own = set(rows.filter(run=run).values_list("fingerprint", flat=True))
    found = find_known(fingerprints, {one: pk for one, pk in known.items() if one not in own})
    return found | {one: known[one] for one in fingerprints if one in own}

"""Measure POST insights/score-transaction/ in a ledger of 20,000 payments, against the POST of an empty view.

    python -m benchmarks.scoring

Both are called as WSGI applications in one process, with knox in front: server time, no network. The computation of
all statistics by a worker is measured first. Bound: 2 ms of CPU time.
"""

import datetime as dt
import random
import sys
import time
import types
from decimal import Decimal

from benchmarks.instance import caller, fresh_instance, medians

N = 20_000
BOUND_MS = 2


def install_empty():
    """Add an empty view beside the product's addresses."""
    from django.conf import settings
    from django.urls import include, path
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class EmptyView(APIView):
        def post(self, request):
            return Response({"n": len(request.data)})

    urls = types.ModuleType("benchmarks.emptied_urls")
    urls.urlpatterns = [path("", include("config.urls")), path("empty/", EmptyView.as_view())]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__


def seed(ledger_id):
    """Insert payments of ten years to 2,000 payees."""
    from expenses.models import Transaction

    made, today = random.Random(1), dt.datetime.now(tz=dt.UTC).date()
    rows = []
    for n in range(N):
        text = f"shop{int(2000 * made.random() ** 3)} town"
        amount, day = Decimal(f"{made.lognormvariate(3, 1) + 0.01:.2f}"), today - dt.timedelta(3650 * (N - n) // N)
        rows.append(
            Transaction(
                ledger_id=ledger_id, kind="expense", direction="out", amount=amount, currency="EUR", date=day,
                raw_description=text, description=text, match_text=text, match_prefix=text[:4], version=1,
            )
        )  # fmt: skip
    Transaction.objects.bulk_create(rows, batch_size=500)


def main():
    with fresh_instance():
        from django.core.wsgi import get_wsgi_application

        from accounts.services.users import register_user
        from expenses.models.ledgers import ledger_id_of
        from insights.services.refreshing import refresh

        install_empty()
        signed_in = register_user(username="ana", email="ana@example.org", password="not-a-secret-1")
        ledger_id = ledger_id_of(signed_in.user)
        seed(ledger_id)
        for name in ("all keys", "no key changed"):
            started = time.process_time()
            refresh(ledger_id=ledger_id, is_forced=True)
            print(f"{name:28s} {(time.process_time() - started) * 1000:7.0f} ms CPU of a worker, {N} payments")
        application = get_wsgi_application()
        body = {"description": "SHOP7 TOWN", "amount": "54.18"}
        found = medians(
            {
                "empty view": caller(application, "/empty/", signed_in.token, body=lambda: body),
                "score": caller(application, "/api/v1/insights/score-transaction/", signed_in.token, body=lambda: body),
            },
            rounds=45,
            n=8,
        )
    for name, ms in found.items():
        print(f"{name:28s} {ms:7.2f} ms CPU   {ms / found['empty view']:5.2f} x")
    print(f"\n{found['score']:.2f} ms, bound {BOUND_MS} ms: {'kept' if found['score'] <= BOUND_MS else 'BROKEN'}")
    return found["score"] > BOUND_MS


if __name__ == "__main__":
    sys.exit(main())

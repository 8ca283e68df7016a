"""Every index of transactions answers a query of the product; one that answers none would only slow inserts down."""

import re

import pytest
from django.db import connection

from expenses.models import Transaction
from tests.api.statement_files import comma_file, upload
from tests.conftest import make_user


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    use_chain({"BACKEND": "expenses.categorization.history.HistoryProvider"})


def indexes():
    """Return the names of the table's indexes, without those that hold a constraint."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Transaction._meta.db_table)
    held = {name for name, one in found.items() if one["index"] and not one["unique"]}
    return held - {"transaction_search"}  # only PostgreSQL has it, for searches in many rows


def indexes_used(action):
    """Return the names of the indexes of transactions in the plans of the queries that an action makes."""
    asked = {}

    def note(execute, sql, params, many, context):
        if not many and sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE")) and "expenses_transaction" in sql:
            asked[sql] = params
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        action()
    plans = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # as good as any other in a table of few rows
        for sql, params in asked.items():
            cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}", params)
            plans += [str(row) for row in cursor.fetchall()]
    names = re.findall(r"INDEX (\w+)|Index (?:Only )?Scan (?:Backward )?(?:using|on) (\w+)", "\n".join(plans))
    return set(map("".join, names))


READ = (
    "transactions/?cursor=", "transactions/?category=Dining&cursor=", "transactions/deleted/", "changes/?since=1",
    "transactions/totals/?by=month,category", "accounts/balances/", "categorization/queue/",
)  # fmt: skip


def live(ana):
    """Read lists and reports; suggest, import, revert, pair and delete."""
    for name in ("Giro", "Card"):
        ana.post("accounts/", {"name": name, "currency": "EUR"})
    day = {"date": "2026-11-02", "amount": "4.50", "category": "Dining"}
    dinner = ana.post("expenses/", {**day, "description": "Cafe Luna"}).json()
    moved = {**day, "amount": "70.00", "description": "Moved", "category": "Transfers", "ai_classify": False}
    out = ana.post("transactions/", {**moved, "direction": "out", "account": "Giro"}).json()
    into = ana.post("transactions/", {**moved, "direction": "in", "account": "Card", "date": "2026-11-12"}).json()
    for address in READ:
        assert ana.get(address).status_code == 200, address
    questions = [{"description": text, "direction": "out"} for text in ("Cafe", "Bakery", "Taxi", "Hotel", "Shell")]
    assert ana.post("categorization/suggest/", {"transactions": questions}).status_code == 200
    pair = ana.post("transfers/", {"outgoing": out["id"], "incoming": into["id"]})
    assert pair.status_code == 201, pair.content
    assert ana.delete(f"transfers/{pair.json()['id']}/").status_code == 204
    run = upload(ana, comma_file([("2026-11-02", "REWE", "-4.50")]))["run"]
    assert ana.post(f"runs/{run}/revert/").status_code == 200
    assert ana.delete(f"expenses/{dinner['id']}/").status_code == 204
    make_user("ben").delete()


@pytest.mark.skipif(
    connection.vendor == "postgresql", reason="PostgreSQL plans by statistics, which a table of few rows does not have."
)
def test_every_index_answers_a_query(ana):
    used = indexes_used(lambda: live(ana))
    assert indexes() - used == set()


def test_a_statement_of_many_texts_reads_confirmed_rows_alone(ana):
    """Without it, SQLite reads every row that has a category, so that a large ledger slows each statement down."""
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})
    ana.post("expenses/", {"date": "2026-11-02", "amount": "4.50", "category": "Dining", "description": "Cafe Luna"})
    texts = ("CAFE LUNA", "BAKERY", "TAXI", "HOTEL", "SHELL", "KINO")
    used = indexes_used(lambda: upload(ana, comma_file([("2026-11-02", text, "-4.50") for text in texts])))
    assert "transaction_history" in used
    assert "transaction_category" not in used

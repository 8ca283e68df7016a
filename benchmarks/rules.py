"""Measure rules on 100,000 transactions: matching, a whole run with its journal, testing one, reverting a run.

    python -m benchmarks.rules [--rows 100000]

Matching is compared with the plain test `word in text` for each condition and row. A run is compared with its own
UPDATE statements, repeated on a copy of the database. CPU time, medians.
"""

import argparse
import os
import shutil
import sqlite3
import statistics
import time
from pathlib import Path

from benchmarks.instance import cpu_ms, fresh_instance, medians

N_RULES = 50
#: Number of rows with the same text.
REPEATS = 20
NAMES = [f"{start}{end}" for start in ("rewe", "edek", "shel", "bahn", "ikea") for end in "abcdefghij"]


def texts(n, *, repeats):
    """Return bank texts, each `repeats` times; half of them begin with the name of a rule."""
    distinct = [f"{_name(i).upper()} SAGT DANKE {i * 31 % 9973} BERLIN DE" for i in range(n // repeats)]
    return [distinct[i % len(distinct)] for i in range(n)]


def _name(i):
    return NAMES[i % len(NAMES)] if i % 2 else f"shop{i * 7919 % 99991}"


def rule(number, word, category):
    """Return an unsaved rule that sets a category for a word."""
    from rules.models import Rule

    condition = {"field": "raw_description", "op": "contains", "value": word, "case_sensitive": False, "negate": False}
    return Rule(
        pk=number, name=f"rule {number}", conditions=[condition], triggers=["manual"],
        actions=[{"type": "set_category", "value": category}],
    )  # fmt: skip


def plain_tests(folded):
    """Look for every word in every text: the anchor."""
    for text in folded:
        for word in NAMES:
            word in text  # noqa: B015 - nothing but the test itself


def matching(n):
    """Match 50 rules against every text, and 50 plain tests."""
    from expenses.garbage_collection import collection_paused
    from rules.engine.compilation import compile_all
    from rules.engine.movements import Movement
    from rules.engine.rule_sets import Matcher, RuleSet

    rules = RuleSet(compile_all(rule(i, name, 1) for i, name in enumerate(NAMES)))

    def asked(found):
        matcher = Matcher(rules)
        for text in found:
            matcher.among((text,), lambda text=text: Movement(raw_description=text))

    for title, repeats in (("each text once", 1), (f"each text {REPEATS} times", REPEATS)):
        found = texts(n, repeats=repeats)
        folded = [text.casefold() for text in found]
        with collection_paused():  # as runs and previews do
            taken = medians(
                {"plain": lambda f=folded: plain_tests(f), "asked": lambda f=found: asked(f)}, rounds=5, n=1
            )
        each_ns = taken["asked"] * 1e6 / n / N_RULES
        print(f"  {title:22} {taken['asked']:8.0f} ms, {each_ns:5.1f} ns a condition and row   "
              f"plain {taken['plain']:6.0f} ms   {taken['asked'] / taken['plain']:.2f} x")  # fmt: skip


def many_rules():
    """Match 1,000 rules against 10,000 texts, while more and more rules can match any of them."""
    from rules.engine.compilation import compile_all
    from rules.engine.movements import Movement
    from rules.engine.rule_sets import Matcher, RuleSet

    found = texts(10_000, repeats=1)
    for n_able in (10, 100, 1000):
        words = [*(f"shop{i}" for i in range(n_able)), *(f"nobody{i:04}x" for i in range(1000 - n_able))]
        rules = RuleSet(compile_all(rule(i, word, 1) for i, word in enumerate(words)))

        def ask(rules=rules):
            matcher = Matcher(rules)
            for text in found:
                matcher.among((text,), lambda text=text: Movement(raw_description=text))

        taken = statistics.median(cpu_ms(ask, n=1) for _ in range(5))
        print(f"  1,000 rules, of which {n_able:5} can match, 10,000 texts: {taken:7.0f} ms")


def fill_ledger(user, n):
    """Insert transactions without a category, and 50 rules."""
    from django.db import connection
    from django.utils import timezone

    from expenses.models import Category, Transaction
    from expenses.models.bulk_insert import insert_ignoring_known
    from expenses.models.ledgers import ledger_id_of
    from expenses.services.accounts import open_account
    from rules.services.rules import create_rule

    ledger_id = ledger_id_of(user)
    account = open_account(by=user, fields={"name": "Checking", "currency": "EUR", "type": "checking"})
    fields = [field for field in Transaction._meta.concrete_fields if not field.primary_key]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    common = {field.column: field.get_default() for field in fields} | {
        "ledger_id": ledger_id, "account_id": account.pk, "kind": "expense", "direction": "out", "currency": "EUR",
        "held": "[]", "date": "2026-03-01", "amount": 125000, "created_at": now, "updated_at": now, "version": 1,
    }  # fmt: skip
    rows = (
        common | {"raw_description": text, "description": text, "search_text": text.casefold()}
        for text in texts(n, repeats=REPEATS)
    )
    columns = [field.column for field in fields]
    insert_ignoring_known(Transaction, columns, [[row[column] for column in columns] for row in rows])
    categories = list(Category.objects.filter(ledger=None, kind="expense").values_list("pk", flat=True))
    for i, name in enumerate(NAMES):
        unsaved = rule(None, name, categories[i % len(categories)])
        fields = {key: getattr(unsaved, key) for key in ("name", "conditions", "actions", "triggers")}
        create_rule(by=user, fields=fields | {"name": name})


def applying(user):
    """Measure a whole run, and its UPDATE statements alone."""
    from django.conf import settings
    from django.db import connection

    from expenses.models import Run
    from expenses.services.runs import perform_run
    from rules.services.runs import RunScope, order_rules

    path = Path(settings.DATABASES["default"]["NAME"])
    connection.close()
    before = path.with_name("before.sqlite3")
    with sqlite3.connect(path) as live:
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, before)

    updates = []

    def note(execute, sql, params, many, context):
        if sql.startswith('UPDATE "expenses_transaction"'):
            updates.append((sql.replace("%s", "?"), list(params)))
        return execute(sql, params, many, context)

    run = order_rules(by=user, scope=RunScope())
    started = time.process_time()
    with connection.execute_wrapper(note):
        perform_run(run_id=run.pk)
    whole = time.process_time() - started
    run = Run.objects.get(pk=run.pk)
    bare = statistics.median(_bare(before, updates) for _ in range(3))
    by_row = _bare(before, list(_one_by_one(updates)))
    print(f"  run of {run.total} rows, {run.status}: {run.counts}")
    print(f"  whole {whole:6.2f} s   its {len(updates)} UPDATEs alone {bare:5.2f} s, {whole / bare:.1f} x"
          f"   the same row by row {by_row:5.2f} s, {whole / by_row:.1f} x")  # fmt: skip
    return run


def _bare(before, updates):
    copy = before.with_name("bare.sqlite3")
    shutil.copy(before, copy)
    with sqlite3.connect(copy) as database:
        database.execute("PRAGMA foreign_keys = OFF")  # the decisions that they name are not there
        started = time.process_time()
        for sql, params in updates:
            database.execute(sql, params)
        database.commit()
        return time.process_time() - started


def _one_by_one(updates):
    for sql, params in updates:
        front, _, marks = sql.partition(" WHERE id IN ")
        n = marks.count("?")
        for pk in params[-n:]:
            yield f"{front} WHERE id = ?", [*params[:-n], pk]


def testing(user):
    """Test one unsaved rule on the whole ledger."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from expenses.categorization.catalog import Catalog
    from rules.services.previews import Preview, preview_rule
    from rules.services.runs import RunScope

    def test() -> Preview:
        catalog = Catalog.load_for(user)
        return preview_rule(by=user, rule=tested, scope=RunScope(), limit=50, changes_only=False, catalog=catalog)

    tested = rule(None, NAMES[3], 1)
    with CaptureQueriesContext(connection) as queries:
        preview = test()
    taken = statistics.median(cpu_ms(test, n=1) for _ in range(3))
    print(f"  {preview.n_matched} of {preview.n_rows} match: {taken:6.0f} ms, {len(queries)} queries")


def reverting(user, run):
    """Revert the run."""
    from expenses.services.reverts import revert_run

    started = time.process_time()
    reverted = revert_run(by=user, run=run)
    print(f"  {reverted.run.counts}: {time.process_time() - started:6.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    n = parser.parse_args().rows
    os.environ["OUTLAY_LOG_LEVEL"] = "WARNING"
    with fresh_instance():
        from accounts.models import User

        user = User.objects.create_user(username="bench", email="bench@example.org", password="blue-Tomato-99")
        print(f"matching, {N_RULES} rules, {n} rows")
        matching(n)
        print("many rules")
        many_rules()
        fill_ledger(user, n)
        print("rules/test/")
        testing(user)
        print("rules/apply/")
        run = applying(user)
        print("runs/…/revert/")
        reverting(user, run)


if __name__ == "__main__":
    main()

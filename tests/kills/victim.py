"""Processes that work on a ledger until they are killed, by SIGKILL, in the middle of a database transaction.

`python -m tests.kills.victim` loads Django once, and forks a process for each line that it reads. A line is JSON: the
`commands`, and the `database` (its name) and `folder` of their instance. It answers with a line that holds `code` and
`output`; the last line of the output holds the results of the commands as JSON.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from accounts.models import User  # noqa: E402
from config.backup import restoring  # noqa: E402
from config.backup.tables import tables  # noqa: E402
from expenses.models import (  # noqa: E402
    Change,
    Classifier,
    Decision,
    Omission,
    Run,
    Tombstone,
    TrackRecord,
    Transaction,
)
from expenses.models.ledgers import ledger_id_of  # noqa: E402
from expenses.services import bulk_runs, reverts  # noqa: E402
from expenses.tasks import resume_learning  # noqa: E402
from rules.services import runs  # noqa: E402
from statements.services import imports  # noqa: E402
from tests import queued  # noqa: E402
from tests.api.backups import fetch, send, undated  # noqa: E402
from tests.conftest import Api, make_user  # noqa: E402
from tests.kills.victim_size import CHUNK, N_ROWS, N_SENT  # noqa: E402

imports.CHUNK = restoring.CHUNK = bulk_runs.CHUNK = reverts.CHUNK = runs.CHUNK = CHUNK
#: What the run of a chunk begins with, whichever work it is.
CHUNK_BEGINS = 'UPDATE "expenses_run" SET "done"'
WRITE_BEGINS = 'UPDATE "expenses_ledger" SET version'


def kill_after(statement: str, *, in_part: int, that_begins: str) -> None:
    """Die right after such a statement was executed in the nth of the parts that begin so."""
    parts = 0

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal parts
        parts += sql.startswith(that_begins)
        done = run(sql, params, many, context)
        if parts == in_part and sql.startswith(statement):
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    connection.execute_wrappers.append(execute)


def person() -> Api:
    return Api(User.objects.get(username="ana"))


def rows() -> list[dict[str, Any]]:
    sorts: list[dict[str, Any]] = [
        {"direction": "out"},
        {"direction": "in"},
        {"direction": "out", "category": "Dining", "tags": ["a"]},
    ]
    fields = {"amount": "5.50", "date": "2026-11-02", "ai_classify": False}
    return [{**fields, **sorts[i % 3], "description": f"Cafe {i}", "external_id": str(i)} for i in range(N_ROWS)]


def fill() -> None:
    """An empty instance with one person, whose ledger has many rows."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    api = Api(make_user("ana"))
    api.post("accounts/", {"name": "Giro"})
    assert api.post("transactions/bulk/", {"transactions": rows()}).status_code == 200


def edit() -> None:
    api = person()
    changes = {"category": "Shopping", "add_tags": ["trip"], "notes": "x", "account": "Giro"}
    assert api.patch("transactions/bulk/", {"filter": {"all": True}, "set": changes}).status_code == 202
    work_and_die('INSERT INTO "expenses_change"')


def review() -> None:
    """Of any three rows one has a category already, and is left alone."""
    ids = list(Transaction.objects.order_by("pk").values_list("pk", flat=True))
    assert person().post("review/resolve/", {"ids": ids, "category": "Dining"}).status_code == 202
    work_and_die('INSERT INTO "expenses_change"')


def apply_rules() -> None:
    """Of any three rows one is in a category that its owner chose, and has a tag that they gave it."""
    api = person()
    actions = [
        {"type": "set_category", "value": "Shopping"},
        {"type": "add_tags", "value": ["trip"]},
        {"type": "remove_tags", "value": ["a"]},
        {"type": "set_notes", "value": "x"},
    ]
    condition = {"field": "raw_description", "op": "contains", "value": "cafe"}
    assert api.post("rules/", {"name": "All", "conditions": [condition], "actions": actions}).status_code == 201
    assert api.post("rules/apply/").status_code == 202
    work_and_die('INSERT INTO "expenses_omission"')


def backtest() -> None:
    """Of any three rows one is confirmed."""
    assert person().post("categorization/backtest/").status_code == 202
    work_and_die(CHUNK_BEGINS)


def learn() -> None:
    """Rows of a second category are confirmed, or there would be nothing to tell apart."""
    others = [{**row, "category": "Shopping", "external_id": f"other {i}"} for i, row in enumerate(rows()[::3])]
    assert person().post("transactions/bulk/", {"transactions": others}).status_code == 200
    trained = 'INSERT INTO "expenses_classifier"'
    kill_after(trained, in_part=1, that_begins=trained)
    call_command("work")


def learned() -> dict[str, Any]:
    """What is stored of what was learned, and whether a task for it is noted as queued."""
    record = TrackRecord.objects.get()
    return {
        "n_learned": list(Classifier.objects.values_list("n_confirmed", flat=True)),
        "is_stored": bool(record.learned_from),
        "is_queued": record.learning_until is not None,
    }


def resume_learned() -> dict[str, Any]:
    """As a worker does when it starts."""
    resume_learning()
    queued.run_due()
    return learned()


def delete() -> None:
    assert person().delete("transactions/bulk/", {"filter": {"all": True}}).status_code == 202
    work_and_die('INSERT INTO "expenses_change"')


def import_statement() -> None:
    lines = [f"2026-10-{i % 30 + 1:02};Shop {i};-{i}.50;EUR" for i in range(1, N_ROWS + 1)]
    file = SimpleUploadedFile("october.csv", "\n".join(["Date;Payee;Amount;Currency", *lines]).encode())
    statement = person().post("imports/", {"file": file, "account": "Giro"}, format="multipart").json()
    assert person().post(f"imports/{statement['id']}/commit/").status_code == 202
    work_and_die('INSERT INTO "expenses_transaction"')


def work_and_die(statement: str) -> None:
    kill_after(statement, in_part=2, that_begins=CHUNK_BEGINS)
    call_command("work")


def write_many() -> None:
    """A request that records many rows."""
    fresh = [{**row, "external_id": f"new {i}"} for i, row in enumerate(rows()[:N_SENT])]
    kill_after('INSERT INTO "expenses_transaction"', in_part=1, that_begins=WRITE_BEGINS)
    person().post("transactions/bulk/", {"transactions": fresh})


def repeat_write() -> dict[str, Any]:
    fresh = [{**row, "external_id": f"new {i}"} for i, row in enumerate(rows()[:N_SENT])]
    body = person().post("transactions/bulk/", {"transactions": fresh}).json()
    return {name: len(found) for name, found in body.items()}


def revert_and_die() -> None:
    kill_after('INSERT INTO "expenses_change"', in_part=2, that_begins=WRITE_BEGINS)
    person().post(f"runs/{Run.objects.latest('pk').pk}/revert/")


def restore_and_die() -> None:
    """Another person restores the backup of the first one."""
    ben = Api(make_user("ben"))
    assert send(ben, fetch(person())).status_code == 202
    insert = 'INSERT INTO "expenses_transaction"'
    kill_after(insert, in_part=2, that_begins=insert)
    call_command("work")


def restore_and_die_at_its_end() -> None:
    """Another person restores the backup. The worker dies when all rows have been committed."""
    user = make_user("ben")
    assert send(Api(user), fetch(person())).status_code == 202
    wrapper: Any = connection
    commit = wrapper._commit  # the moment at which everybody sees the rows
    is_there = Transaction.objects.filter(ledger_id=ledger_id_of(user)).exists

    def die_after() -> None:
        commit()
        if is_there():
            os.kill(os.getpid(), signal.SIGKILL)
        wrapper._rollback()  # PostgreSQL has begun a transaction to look

    wrapper._commit = die_after
    call_command("work")


def restored() -> dict[str, Any]:
    """What a restore has left, and the tables that differ from those of the ledger that was backed up.

    Both ledgers have learned since, each at a time of its own.
    """
    user = User.objects.get(username="ben")
    ben, ledger_id = Api(user), ledger_id_of(user)
    run = ben.get(f"runs/{Run.objects.get(kind='restore').pk}/").json()
    n_rows = sum([table.rows(ledger_id).count() for table in tables().values() if not table.is_silent])
    left, right = undated(fetch(ben))["data"], undated(fetch(person()))["data"]
    differing = sorted(name for name in left.keys() - {"expenses.TrackRecord"} if left[name] != right[name])
    return {"status": run["status"], "n_rows": n_rows, "differing": differing}


def go_on_restoring() -> dict[str, Any]:
    queued.run_due()
    return restored()


def look() -> dict[str, Any]:
    """What the dead worker left, before and after its death is noticed."""
    run = Run.objects.latest("pk")
    touched = Transaction.everything.filter(notes="x", category__key="shopping", account__name="Giro")
    found = {
        "status": run.status,
        "done": run.done,
        "n_changes": Change.objects.filter(run=run).count(),
        "n_deleted": Transaction.everything.in_bin().count(),
        "n_tombstones": Tombstone.objects.filter(type="transaction").count(),
        "n_created": Transaction.objects.filter(run=run).count(),
        "n_edited": touched.filter(tags__name="trip").count(),
        "n_partly_edited": Transaction.everything.filter(notes="x").count() - touched.count(),
        "n_omissions": Omission.objects.filter(run=run).count(),
        "n_decisions_of_nothing": Decision.objects.filter(transactions=None).count(),
    }
    return found | {"seen": person().get(f"runs/{run.pk}/").json()}


def go_on() -> dict[str, Any]:
    """The run goes on without an order: somebody has looked at it."""
    number = Run.objects.latest("pk").pk
    queued.run_due()
    return {"seen": person().get(f"runs/{number}/").json(), "n_changes": Change.objects.filter(run=number).count()}


def cancel() -> None:
    assert person().post(f"runs/{Run.objects.latest('pk').pk}/cancel/").status_code == 200


def revert() -> dict[str, Any]:
    return {"seen": person().post(f"runs/{Run.objects.latest('pk').pk}/revert/").json()}


def dump() -> dict[str, Any]:
    """The whole ledger, but for versions and for when a row was last written."""
    stamps = {"version", "updated_at"}
    columns = [field.attname for field in Transaction._meta.concrete_fields if field.name not in stamps]
    tags = Transaction.tags.through.objects.order_by("transaction_id", "tag__name")
    return {
        "transactions": [list(map(str, row)) for row in Transaction.everything.order_by("pk").values_list(*columns)],
        "tags": list(tags.values_list("transaction_id", "tag__name")),
        "tombstones": list(Tombstone.objects.order_by("type", "object_id").values_list("type", "object_id")),
    }


COMMANDS: dict[str, Callable[[], Any]] = {
    made.__name__: made
    for made in (
        fill, edit, review, apply_rules, backtest, delete, import_statement, write_many, repeat_write, revert_and_die,
        look, go_on, cancel, revert, dump, learn, learned, resume_learned,
        restore_and_die, restore_and_die_at_its_end, restored, go_on_restoring,
    )
}  # fmt: skip


def run_in_child(commands: list[str], *, database: str, folder: str) -> tuple[int, str]:
    """Run the commands in a forked process. Return its exit code, negative for a signal, and its output."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = database
                settings.DATA_DIR, settings.MEDIA_ROOT = Path(folder), Path(folder) / "files"
                print(json.dumps([COMMANDS[name]() for name in commands]), flush=True)  # noqa: T201
                code = 0
            except BaseException:  # noqa: BLE001 - the test shows it
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    for line in sys.stdin:
        order = json.loads(line)
        exit_code, said = run_in_child(order["commands"], database=order["database"], folder=order["folder"])
        print(json.dumps({"code": exit_code, "output": said}), flush=True)  # noqa: T201

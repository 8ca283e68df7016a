"""A backup is complete, and a restored ledger is the ledger that it was made of."""

import json
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from config.backup import writing
from config.backup.references import IDS, WITHOUT_IDS
from config.backup.tables import COLUMNS_LEFT_OUT, TABLES_LEFT_OUT, is_version, reference_of, tables
from expenses.models import Run
from expenses.models.fields import ExactDecimalField
from tests.api.backups import document_of, fetch, live_long, restore, shown, undated
from tests.conftest import Api, make_user


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path, use_chain: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    use_chain({"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 1.0})


@pytest.fixture
def far_ids(db: None) -> None:
    """Let ids begin at numbers that nothing else in a ledger has."""
    with connection.cursor() as cursor:
        for at, table in enumerate(tables().values(), 1):
            name, first = table.model._meta.db_table, 700_000_000 + at * 100_000
            if table.model._meta.pk.get_internal_type() != "BigAutoField":
                continue
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [name])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, first])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [name, first])


def test_every_table_is_in_the_backup_or_said_to_stay_out():
    everything = {m._meta.label for m in apps.get_models(include_auto_created=True) if m._meta.managed}
    assert everything == tables().keys() | TABLES_LEFT_OUT.keys()
    assert not tables().keys() & TABLES_LEFT_OUT.keys()
    assert all(reason.endswith(".") for reason in (TABLES_LEFT_OUT | COLUMNS_LEFT_OUT).values())


def test_every_column_is_in_the_backup_or_said_to_stay_out():
    for table in tables().values():
        inside = {field.name for field in table.fields}
        for field in table.model._meta.concrete_fields:
            is_id = field.primary_key and field.remote_field is None
            is_ledger = field.related_model is not None and field.related_model._meta.label == "expenses.Ledger"
            is_said = f"{table.name}.{field.name}" in COLUMNS_LEFT_OUT or field.name == "founder"
            assert (field.name in inside) != (is_id or is_ledger or is_said), field
    known = {f"{table.name}.{field.name}" for table in tables().values() for field in table.model._meta.concrete_fields}
    assert set(COLUMNS_LEFT_OUT) <= known


def test_every_column_that_may_hold_ids_is_looked_at():
    """Ids inside JSON and in plain numbers are other ones after a restore."""
    may_hold = {
        f"{table.name}.{field.name}"
        for table in tables().values()
        for field in table.fields
        if isinstance(field, models.JSONField | models.BigIntegerField)
        and not isinstance(field, ExactDecimalField)
        and not is_version(field)
        and not reference_of(field)
    }
    assert may_hold - IDS.keys() - WITHOUT_IDS == set()


def test_no_id_of_the_database_is_in_a_backup(ben, far_ids):
    live_long(ben)
    assert Run.objects.order_by("pk")[0].pk > 700_000_000
    parts = json.loads(fetch(ben))["data"]
    assert {
        (name, column, re.findall(r".{60}70\d{7}.{9}", str(value))[0])
        for name, part in parts.items()
        for row in part["rows"]
        for column, value in zip(part["columns"], row, strict=True)
        if re.search(r"70\d{7}", str(value))
    } == set()


@pytest.mark.parametrize("ending", ["json", "zip"])
def test_the_backup_of_a_restored_ledger_is_the_same(ben, far_ids, ending):
    live_long(ben)
    first = fetch(ben, ending)
    ana = Api(make_user("ana"))
    restore(ana, first)
    found = differences(undated(fetch(ana)), undated(fetch(ben)))
    assert found == []
    if ending == "zip":
        assert undated(document_of(fetch(ana, "zip"))) == undated(document_of(first))


def differences(left: Any, right: Any) -> list[Any]:
    """Return the rows that two backups differ in."""
    found: list[Any] = [
        (left[name], right[name]) for name in left.keys() - {"parts", "data"} if left[name] != right[name]
    ]
    for name, part in left["data"].items():
        other = right["data"][name]
        pairs = zip_longest(part["rows"], other["rows"])
        found += [(name, one, two) for one, two in pairs if one != two]
        found += [(name, part["columns"])] if part["columns"] != other["columns"] else []
    return found if found or left != right else []


def test_every_table_of_a_backup_was_filled(ben):
    """A table that is empty in these tests would be believed to be restored."""
    live_long(ben)
    found = json.loads(fetch(ben))
    assert {part["name"] for part in found["parts"] if not part["n"]} == {"people"}


def test_a_restored_ledger_answers_as_the_first_one_did(ben, far_ids):
    live_long(ben)
    Run.objects.filter(status="pending").update(status="canceled")
    before = shown(ben)
    assert len(before) > 100
    ana = Api(make_user("ana"))
    restore(ana, fetch(ben, "zip"))
    after = shown(ana)
    found = {name: (before[name], after.get(name)) for name in before if before[name] != after.get(name)}
    assert found == {}
    assert ana.get("users/me/").json()["preferences"] == ben.get("users/me/").json()["preferences"]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_backup_is_the_same_whatever_is_written_at_once(ben, monkeypatch, size):
    for number in range(6):
        ben.post("expenses/", {"amount": "5", "description": f"Cafe {number}"})
    whole = undated(fetch(ben))
    monkeypatch.setattr(writing, "CHUNK", size)
    assert undated(fetch(ben)) == whole
    restore(Api(make_user("ana")), fetch(ben))

"""What a backup is refused for, and that a refused or broken one leaves nothing behind."""

import json
import uuid
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings, strategies

from config.backup import reading, restoring
from expenses.models import Run, Transaction
from expenses.models.bulk_insert import insert_rows
from expenses.services.runs import perform_run
from tests import queued
from tests.api.attached_files import attach
from tests.api.backups import fetch, restore, rewritten, send, undated
from tests.api.bodies import assert_problem
from tests.conftest import Api, make_user

SAMPLE = Path(__file__).parent / "samples" / "backup-1.json"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path, use_chain: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    use_chain()


def live_shortly(api: Api) -> None:
    """Make a ledger of some rows, with an attachment and a rule."""
    api.post("accounts/", {"name": "Checking", "country": "DE"})
    row = {"amount": "5.50", "description": "Cafe Luna", "account": "Checking", "tags": ["food"]}
    number = api.post("expenses/", row | {"category": "Dining", "date": "2026-11-02"}).json()["id"]
    api.patch(f"expenses/{number}/", {"notes": "with Jo"})
    api.post("incomes/", {"amount": "1000", "description": "Salary", "date": "2026-11-01"})
    condition = {"field": "account", "op": "in", "value": ["Checking"]}
    action = {"type": "set_category", "value": "Dining"}
    api.post("rules/", {"name": "Cafes", "conditions": [condition], "actions": [action]})
    attach(api, number)


@pytest.fixture
def document(ben: Api) -> bytes:
    """The backup of a short ledger."""
    live_shortly(ben)
    return fetch(ben)


def known_kinds() -> set[str]:
    """The kinds of runs that a backup may hold."""
    return project.RUN_WORK.keys() - {"restore"}


def refused(api: Api, content: bytes, code: str) -> str:
    """Return why a backup is refused, after nothing was stored."""
    answer = send(api, content)
    assert_problem(answer, 400, ("file", code))
    assert api.user is not None
    assert not Run.objects.for_user(api.user).exists()
    assert not Transaction.everything.for_user(api.user).exists()
    detail: str = answer.json()["errors"][0]["detail"]
    return detail


def test_a_dry_run_says_what_is_in_a_backup_and_stores_nothing(ben, ana, document):
    answer = send(ana, document, dry_run=True)
    head = json.loads(document)
    counts = {
        "accounts": 1, "tags": 1, "track records": 1, "transactions": 2, "changes": 1, "attachments": 1, "rules": 1,
    }  # fmt: skip
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("counts") == counts
    assert body == {name: head[name] for name in ("created_at", "outlay", "parts")}
    assert not Run.objects.for_user(ana.user).exists()
    assert send(ben, document, dry_run=True).status_code == 200


def test_a_run_restores_a_backup(ana, document):
    answer = send(ana, document)
    head = json.loads(document)
    n = sum(part["n"] for part in head["parts"] if "." in part["name"])
    assert answer.status_code == 202
    body = answer.json()
    assert (body["kind"], body["status"], body["progress"]) == ("restore", "pending", {"done": 0, "total": 2 * n})
    queued.committed(perform_run, run_id=body["id"])
    after = ana.get(f"runs/{body['id']}/").json()
    assert (after["status"], after["progress"], after["error"]) == ("succeeded", {"done": 2 * n, "total": 2 * n}, None)
    assert [row["description"] for row in ana.get("transactions/").json()["results"]] == ["Cafe Luna", "Salary"]
    assert not default_storage.exists(f"restores/{Run.objects.get(pk=body['id']).ledger_id}/{body['id']}")


def test_only_an_empty_ledger_takes_a_backup(ben, document):
    answer = send(ben, document)
    assert_problem(answer, 409, (None, "not_empty"))
    assert answer.json()["errors"][0]["detail"] == (
        "Only an empty ledger takes a backup, and this one has 1 account, 1 tag, 2 transactions, "
        "1 attachment, 1 change, 1 rule. Restore as a new user."
    )


def test_a_ledger_that_was_written_in_meanwhile_stays_as_it_is(ana, document):
    number = send(ana, document).json()["id"]
    ana.post("expenses/", {"amount": "1", "description": "Meanwhile"})
    perform_run(run_id=number)
    run = ana.get(f"runs/{number}/").json()
    assert (run["status"], run["error"][:56]) == ("failed", "Only an empty ledger takes a backup, and this one has 1 ")
    assert [row["description"] for row in ana.get("transactions/").json()["results"]] == ["Meanwhile"]


def test_one_changed_byte_anywhere_is_refused_and_its_part_named(ana, document):
    head_ends = document.index(b'"people":{')
    for at in range(0, len(document), max(len(document) // 150, 1)):
        changed = bytearray(document)
        changed[at] ^= 1
        detail = refused(ana, bytes(changed), _code_at(document, at))
        named = {"head"} if at < head_ends else {_part_at(document, at), _part_at(document, at + 3)}
        assert any(f"The part {part} is not as it was written" in detail for part in named) or at < 60, (at, detail)


def _code_at(document: bytes, at: int) -> str:
    """The mark of the format comes first, and its version."""
    return "no_backup" if at < len('{"format":"outlay-ledger",') else "changed"


def _part_at(document: bytes, at: int) -> str:
    starts = {part["name"]: document.rindex(f'"{part["name"]}":{{"columns"'.encode()) for part in _parts(document)}
    name: str = max((start, name) for name, start in starts.items() if start <= max(at, min(starts.values())))[1]
    return name


def _parts(document: bytes) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = json.loads(document)["parts"]
    return parts


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.9, 0.9999])
def test_half_a_backup_is_refused(ana, document, share):
    code = "no_backup" if not share else "changed"
    refused(ana, document[: int(len(document) * share)], code)


def test_more_than_a_backup_is_refused(ana, document):
    assert refused(ana, document + b" ", "changed").startswith("The part expenses.")


def test_a_newer_format_is_refused_with_both_versions(ana, document):
    newer = rewritten(document, lambda found: found.update(version=2, outlay="9.1.0"))
    assert refused(ana, newer, "newer_version") == (
        "This backup has the format version 2, of Outlay 9.1.0. Outlay 0.1.0 reads versions up to 1: upgrade it first."
    )


def test_a_column_of_a_newer_release_is_refused(ana, document):
    def add(found: dict[str, Any]) -> None:
        found["outlay"] = "9.1.0"
        found["data"]["expenses.Account"]["columns"].append("mood")
        for row in found["data"]["expenses.Account"]["rows"]:
            row.append("good")

    assert refused(ana, rewritten(document, add), "newer_version") == (
        "This backup of Outlay 9.1.0 has expenses.Account.mood, which Outlay 0.1.0 does not know: upgrade it first."
    )


def test_a_column_that_an_older_release_did_not_have_takes_its_default(ana, document):
    def leave_out(found: dict[str, Any]) -> None:
        part = found["data"]["expenses.Account"]
        at = part["columns"].index("country")
        part["columns"].pop(at)
        for row in part["rows"]:
            row.pop(at)

    restore(ana, rewritten(document, leave_out))
    assert ana.get("accounts/").json()["results"][0]["country"] in {"", None}


def test_the_sample_of_this_format_can_be_restored(ana):
    """Backups are kept for years: each later release has to read this one."""
    content = SAMPLE.read_bytes()
    restore(ana, content)
    assert {row["description"] for row in ana.get("transactions/").json()["results"]} == {"Cafe Luna", "Salary"}
    assert ana.get("rules/").json()["results"][0]["actions"][0]["value"] is not None
    before, after = json.loads(content)["data"], json.loads(fetch(ana))["data"]
    for name, part in before.items():
        there = after[name]
        for row, other in zip(part["rows"], there["rows"], strict=True):
            told = dict(zip(there["columns"], other, strict=True))
            assert {key: told[key] for key in part["columns"]} == dict(zip(part["columns"], row, strict=True))


def test_a_backup_of_the_restored_ledger_differs_in_times_of_learning_alone(ana, ben, document, run_tasks):
    run_tasks()
    before = fetch(ben)
    restore(ana, before)
    run_tasks()
    left, right = undated(before)["data"], undated(fetch(ana))["data"]
    assert {name for name in left if left[name] != right[name]} <= {"expenses.TrackRecord"}
    columns = left["expenses.TrackRecord"]["columns"]
    [old], [new] = left["expenses.TrackRecord"]["rows"], right["expenses.TrackRecord"]["rows"]
    differing = {name for name, one, other in zip(columns, old, new, strict=True) if one != other}
    assert differing <= {"learned_at", "learned_for_s", "measured_at", "learning_until"}


def test_what_is_no_backup_is_refused(ana):
    detail = "This is no backup of a ledger: it does not begin as one."
    for content in (b"", b"{}", b"[" * 100_000, b"Date;Payee;Amount\n", b"\x00" * 100):
        assert refused(ana, content, "no_backup") == detail


def packed(entries: dict[str, bytes]) -> bytes:
    """A zip of these files, as a program of the user packs it."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_zip_brings_its_files(ben, ana):
    live_shortly(ben)
    content = fetch(ben, "zip")
    restore(ana, content)
    number = ana.get("transactions/?search=luna").json()["results"][0]["id"]
    attached = ana.get(f"transactions/{number}/attachments/").json()["results"][0]
    answer = ana.get(f"attachments/{attached['id']}/content/")
    assert b"".join(answer.streaming_content) == unpacked(content)["files/1"]


def test_a_zip_that_was_packed_again_is_taken(ben, ana):
    live_shortly(ben)
    restore(ana, packed(unpacked(fetch(ben, "zip"))))
    assert undated(unpacked(fetch(ana, "zip"))["backup.json"]) == undated(unpacked(fetch(ben, "zip"))["backup.json"])


def test_one_changed_byte_of_a_zip_is_refused(ben, ana):
    live_shortly(ben)
    content = fetch(ben, "zip")
    for at in range(4, len(content), max(len(content) // 100, 1)):
        changed = bytearray(content)
        changed[at] ^= 1
        refused(ana, bytes(changed), "changed")


def test_a_zip_with_a_changed_file_names_it(ben, ana):
    live_shortly(ben)
    entries = unpacked(fetch(ben, "zip"))
    entries["files/1"] = entries["files/1"][:-1] + b"?"
    assert "The part files/1 is not as it was written" in refused(ana, packed(entries), "changed")


def test_a_zip_with_more_or_less_than_it_names_is_refused(ben, ana):
    live_shortly(ben)
    entries = unpacked(fetch(ben, "zip"))
    detail = "The zip and its list of parts differ at ../evil."
    assert refused(ana, packed(entries | {"../evil": b"x"}), "changed") == detail
    del entries["files/1"]
    assert refused(ana, packed(entries), "changed") == "The zip and its list of parts differ at files/1."
    assert "send the whole zip" in refused(ana, entries["backup.json"], "needs_zip")


def test_a_bomb_is_refused_before_it_is_unpacked(ana, settings):
    settings.RESTORE_MAX_BYTES = 1024 * 1024
    bomb = packed({"backup.json": b"0" * 2 * 1024 * 1024})
    detail = "The backup has more than 1 MB; the operator can raise OUTLAY_RESTORE_MAX_MB."
    assert refused(ana, bomb, "too_large") == detail
    assert refused(ana, b"0" * 2 * 1024 * 1024, "too_large") == detail


def test_a_zip_that_lists_too_many_files_is_refused_before_its_list_is_read(ana, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_LIST", 200)
    few, many = ({f"{n}": b"" for n in range(most)} for most in (2, 5))
    assert refused(ana, packed(few), "no_backup") == "This is no backup of a ledger: the zip has no backup.json."
    assert refused(ana, packed(many), "no_backup") == "This is no backup of a ledger: the zip lists too many files."


def test_a_backup_with_a_key_may_be_as_large_as_one_without(ana, settings):
    settings.IMPORT_MAX_BYTES = settings.ATTACHMENT_MAX_BYTES = 1024
    for most, code in ((4 * 1024**2, "no_backup"), (2 * 1024**2, "too_large")):
        settings.RESTORE_MAX_BYTES = most
        upload = {"file": SimpleUploadedFile("backup", b"0" * 5 * 1024**2 if most < 4 * 1024**2 else b"0" * most)}
        for key in ({}, {"headers": {"Idempotency-Key": f"restore-{most}"}}):
            upload["file"].seek(0)
            answer = ana.post("restore/", upload, format="multipart", **key)
            if key and code == "too_large":
                assert_problem(answer, 413, (None, "body_too_large"))
            else:
                assert_problem(answer, 400, ("file", code))


def test_a_restore_that_fails_half_way_leaves_the_ledger_empty(ana, ben, monkeypatch, tmp_path):
    live_shortly(ben)
    number = send(ana, fetch(ben, "zip")).json()["id"]
    before = sorted(tmp_path.rglob("*"))
    calls = []

    def fail_late(*args: Any) -> None:
        calls.append(args)
        insert_rows(*args)
        if args[0].__name__ == "Rule":
            raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "insert_rows", fail_late)
    with pytest.raises(KeyboardInterrupt):
        perform_run(run_id=number)
    assert len(calls) > 3
    assert not Transaction.everything.for_user(ana.user).exists()
    assert ana.get("accounts/").json()["count"] == 0
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {path for path in before if path.is_file()}


VALUES = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(allow_nan=False, allow_infinity=False),
    strategies.text(alphabet=strategies.characters(), max_size=20),
    strategies.sampled_from(["@dining", "@nowhere", "../../etc/passwd", "files/1", "9" * 70, "\x00", "\ud800", "NaN"]),
    strategies.recursive(strategies.integers(0, 5), lambda inner: strategies.lists(inner, max_size=3), max_leaves=5),
    strategies.dictionaries(strategies.text(max_size=5), strategies.integers(), max_size=2),
)


@given(data=strategies.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_backup_that_somebody_forged_harms_nobody(ben, data):
    """With right checksums, and any value in any place: it is refused, or restored without touching other ledgers."""
    if not Transaction.everything.exists():
        live_shortly(ben)
    theirs = fetch(ben)

    def forge(found: dict[str, Any]) -> None:
        filled = [name for name, part in sorted(found["data"].items()) if part["rows"]]
        part = found["data"][data.draw(strategies.sampled_from(filled))]
        row = part["rows"][data.draw(strategies.integers(0, len(part["rows"]) - 1))]
        row[data.draw(strategies.integers(0, len(row) - 1))] = data.draw(VALUES)

    ana = Api(make_user(f"ana{uuid.uuid4().hex}"))
    answer = send(ana, rewritten(theirs, forge))
    assert answer.status_code in {202, 400}, answer.content
    if answer.status_code == 202:
        perform_run(run_id=answer.json()["id"])
        run = Run.objects.get(pk=answer.json()["id"])
        assert run.status in {"succeeded", "failed"}
        assert run.status == "succeeded" or "the backup contradicts itself" in run.error.lower()
    assert undated(fetch(ben)) == undated(theirs)


def test_a_file_that_is_missing_stays_out_of_a_zip(ben, tmp_path):
    live_shortly(ben)
    before = fetch(ben, "zip")
    for path in (tmp_path / "attachments").rglob("*"):
        if path.is_file():
            path.unlink()
    with zipfile.ZipFile(BytesIO(before)) as whole, zipfile.ZipFile(BytesIO(fetch(ben, "zip"))) as lacking:
        assert set(whole.namelist()) == {"backup.json", "files/1"}
        assert lacking.namelist() == ["backup.json"]
        assert {one.date_time for one in whole.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(one.compress_type == zipfile.ZIP_DEFLATED for one in whole.infolist())


def test_a_document_alone_brings_rows_without_their_files(ana, ben):
    live_shortly(ben)
    file = SimpleUploadedFile("one.csv", b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Sol;-2;EUR\n", "text/csv")
    ben.post("imports/", {"file": file, "account": "Checking", "commit": True}, format="multipart")
    restore(ana, fetch(ben))
    number = ana.get("transactions/?search=luna").json()["results"][0]["id"]
    attached = ana.get(f"transactions/{number}/attachments/").json()["results"][0]["id"]
    upload = ana.get("imports/").json()["results"][0]["id"]
    for path, name in ((f"attachments/{attached}/content/", "receipt.pdf"), (f"imports/{upload}/rows/", "one.csv")):
        answer = ana.get(path)
        assert_problem(answer, 404, (None, "no_file"))
        detail = answer.json()["errors"][0]["detail"]
        assert detail == f"The file {name} is not here: the backup came without files."
    assert ana.delete(f"attachments/{attached}/").status_code == 204


@pytest.mark.parametrize("kind", ["nothing", "restore", [], 5])
def test_a_run_that_no_worker_can_do_is_refused(ana, ben, kind):
    live_shortly(ben)
    ben.patch("transactions/bulk/", {"filter": {"all": True}, "set": {"notes": "x"}})

    def forge(found: dict[str, Any]) -> None:
        part = found["data"]["expenses.Run"]
        part["rows"][0][part["columns"].index("kind")] = kind

    assert refused(ana, rewritten(fetch(ben), forge), "invalid_backup") == (
        "The part expenses.Run cannot be restored: row 1 has no valid kind: "
        f"one of {', '.join(sorted(known_kinds()))} is needed."
    )


def test_a_run_at_work_waits_for_a_worker_after_a_restore(ana, ben):
    live_shortly(ben)
    ben.patch("transactions/bulk/", {"filter": {"all": True}, "set": {"notes": "x"}})
    Run.objects.update(status="running", claim="somebody")
    restore(ana, fetch(ben))
    found = {(run.kind, run.status, run.claim) for run in Run.objects.for_user(ana.user)}
    assert found == {("restore", "succeeded", ""), ("bulk_edit", "pending", "")}


def test_the_row_of_another_ledger_cannot_be_named(ana, ben):
    """An id where Outlay puts none would be taken for one: as a text, a number with a point, or in another shape."""
    live_shortly(ben)
    number = ben.get("transactions/").json()["results"][0]["id"]
    ben.patch(f"transactions/{number}/", {"category": "Salary"})
    for value in ([str(number)], [float(number)], {str(number): 1}, [[number]], [number + 10**6]):

        def forge(found: dict[str, Any], value: Any = value) -> None:
            part = found["data"]["rules.Rule"]
            action = {"type": "set_category", "value": value if isinstance(value, dict) else value[0]}
            part["rows"][0][part["columns"].index("actions")] = [action]

        assert "row 1 has no valid actions" in refused(ana, rewritten(fetch(ben), forge), "invalid_backup")


LONG = [{"field": "description", "op": "contains", "value": "x"}] * 101


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("conditions", [{"field": "description", "op": "regex", "value": "(", "case_sensitive": False}]),
        (
            "conditions",
            [{"field": "description", "op": "regex", "value": "(?:x{9999}){9999}", "case_sensitive": False}],
        ),
        ("conditions", [{"field": "description", "op": "fuzzy", "value": "x" * 10_000, "threshold": 85}]),
        ("conditions", [{"field": "colour", "op": "is_empty"}]),
        ("conditions", [{"conditions": [{"conditions": [LONG[0]]}]}]),
        ("conditions", [{"field": "tags", "op": "has_any", "value": [5]}]),
        ("conditions", [{"conditions": LONG[:100]}, LONG[0]]),
        ("conditions", LONG),
        ("actions", [{"type": "set_category", "value": "Dining"}]),
        ("actions", [{"type": "add_tags", "value": [1]}]),
        ("actions", [{"type": "add_tags", "value": [f"tag {n}" for n in range(1000)]}]),
        ("actions", [{"type": "mark_reviewed", "value": True}, {"type": "needs_review", "value": True}]),
        ("actions", [{"type": ["set_category"]}]),
        ("triggers", [["create"]]),
        ("triggers", 5),
    ],
)
def test_a_rule_that_no_client_could_write_is_refused(ana, document, column, value):
    """Each write of the ledger asks its rules: a pattern that nobody checked would stop all of them."""

    def forge(found: dict[str, Any]) -> None:
        part = found["data"]["rules.Rule"]
        part["rows"][0][part["columns"].index(column)] = value

    assert f"row 1 has no valid {column}" in refused(ana, rewritten(document, forge), "invalid_backup")


def test_an_id_of_thousands_of_digits_is_no_id(ana, ben):
    live_shortly(ben)
    document = fetch(ben)

    def forge(found: dict[str, Any]) -> None:
        part = found["data"]["expenses.Transaction"]
        part["rows"][0][part["columns"].index("held")] = ["tag:" + "9" * 5000]

    assert "row 1 has no valid held" in refused(ana, rewritten(document, forge), "invalid_backup")


def test_a_day_that_no_client_could_write_is_refused(ana, document):
    """Reports and exports count on days of their range: a day before 1900 is none in Excel."""

    def forge(found: dict[str, Any]) -> None:
        part = found["data"]["expenses.Transaction"]
        part["rows"][0][part["columns"].index("date")] = "0001-01-01"

    assert refused(ana, rewritten(document, forge), "invalid_backup") == (
        "The part expenses.Transaction cannot be restored: row 1 has no valid date: "
        "a day from 1900-01-01 to 2199-12-31 is needed."
    )

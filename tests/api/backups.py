"""Backups in tests: fetch one, send one, and change what is in it."""

import hashlib
import json
import re
import uuid
import zipfile
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Category, Decision, Ledger, ModelCall, Run
from expenses.services.learning import learn
from expenses.services.runs import perform_run
from insights.models import AnomalyFeedback, Narrative
from insights.services.refreshing import refresh
from statements.models import Import
from tests import queued
from tests.api.test_erasing import live
from tests.conftest import Api

TEXT = {"field": "description", "op": "contains", "value": "harbour"}
#: Addresses of lists and reports that show a ledger.
LISTS = (
    "accounts/?page_size=500", "accounts/balances/", "categories/?page_size=500", "tags/?page_size=500",
    "transactions/?page_size=500", "transfers/?page_size=500", "transactions/totals/", "rules/?page_size=500",
    "rules/proposals/", "categorization/hints/", "categorization/kinds/", "categorization/thresholds/",
    "categorization/backtest/", "privacy/", "privacy/model-calls/", "imports/", "import-profiles/",
    "rates/?source=manual", "review/", "insights/narrative/", "insights/forecast/",
    "insights/summary/?period=month&date=2026-11", "insights/timeseries/?bucket=weekly",
    "insights/recurring/", "insights/anomalies/",
)  # fmt: skip
#: Ids are above, in tests that ask for it.
FAR = 700_000_000
#: Keys of ids and of what counts on with each write.
IDS = {
    "id", "version", "account", "category", "parent", "run", "import", "transaction", "transfer", "subject", "rule",
    "transactions", "evidence", "user", "call", "calls", "link", "url", "decision", "to_account", "from_account",
    "username", "computed_at", "bills_computed_at", "backtest", "ledger_version", "ids", "alternatives",
}  # fmt: skip


def fetch(api: Api, ending: str = "json") -> bytes:
    """Return the backup of a ledger."""
    answer = api.get(f"export/backup.{ending}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def send(api: Api, content: bytes, **fields: Any) -> Any:
    """Send a backup, and return the answer."""
    file = SimpleUploadedFile("backup", content)
    return api.post("restore/", {"file": file, **fields}, format="multipart")


def document_of(archive: bytes) -> bytes:
    """Return the document of a zip."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return opened.read("backup.json")


def restore(api: Api, content: bytes) -> Run:
    """Restore a backup, and return its run, which has succeeded."""
    answer = send(api, content)
    assert answer.status_code == 202, answer.json()
    run_id = answer.json()["id"]
    queued.committed(perform_run, run_id=run_id)
    run = Run.objects.get(pk=run_id)
    assert (run.status, run.error) == ("succeeded", "")
    return run


def undated(content: bytes) -> dict[str, Any]:
    """Return a backup without what its time and age say."""
    found: dict[str, Any] = json.loads(content)
    del found["created_at"], found["sha256"]
    return found


def rewritten(content: bytes, change: Any) -> bytes:
    """Return a backup whose JSON was changed, with right checksums: as somebody makes it who means harm."""
    found = json.loads(content)
    change(found)
    parts, body = [], BytesIO()
    files = [part for part in found["parts"] if part["name"].startswith("files/")]
    for at, (name, data) in enumerate(found["data"].items()):
        head = f'{json.dumps(name)}:{{"columns":{json.dumps(data["columns"], separators=(",", ":"))},"rows":[\n'
        rows = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in data["rows"])
        text = (head + rows + ("\n" if rows else "") + "]}").encode("utf-8", "surrogatepass")
        parts.append({"name": name, "n": len(data["rows"]), "sha256": hashlib.sha256(text).hexdigest()})
        body.write((b",\n" if at else b"") + text)
    origin = {name: found[name] for name in ("format", "version", "created_at", "outlay")}
    first = "{" + ",".join(f'"{name}":{json.dumps(value)}' for name, value in origin.items()) + ",\n"
    above = (first + f'"parts":{json.dumps([*parts, *files], separators=(",", ":"))},\n').encode()
    end = f'"sha256":"{hashlib.sha256(above).hexdigest()}",\n"data":{{\n'.encode()
    return above + end + body.getvalue() + b"\n}}\n"


def live_long(api: Api) -> None:
    """Make what a ledger of some years has beside what `live` makes: rows that name others inside their values."""
    live(api)
    ledger = Ledger.objects.get(founder=api.user)
    ids = {row["name"]: row["id"] for row in api.get("accounts/").json()["results"]}
    food = api.post("categories/", {"name": "Food court", "kind": "expense"}).json()["id"]
    wanted = [
        {"field": "account", "op": "in", "value": ["Checking", "Purse"]},
        {"match": "any", "conditions": [{"field": "category", "op": "is_empty"}, TEXT]},
    ]
    action = {"type": "set_category", "value": food}
    rule = api.post("rules/", {"name": "Harbour", "conditions": wanted, "actions": [action]}).json()["id"]
    gone = api.post("rules/", {"name": "Gone", "conditions": [TEXT | {"value": "pier"}], "actions": [action]}).json()
    row = {"amount": "7.50", "currency": "EUR", "account": "Checking"}
    first = api.post("expenses/", row | {"description": "Harbour Grill"}).json()["id"]
    api.post("expenses/", row | {"description": "Pier Nine"})
    assert api.delete(f"rules/{gone['id']}/").status_code == 204
    for path in ("rules/apply/", f"rules/{rule}/apply/"):
        perform_run(run_id=api.post(path, {"force": True}).json()["id"])
    api.patch(f"expenses/{first}/", {"category": "Travel", "account": ids["Purse"], "amount": "8"})
    halves = [{"amount": "3", "category": "Food court"}, {"amount": "5", "category": "Travel"}]
    assert api.put(f"expenses/{first}/split/", {"parts": halves}).status_code == 200
    merged = api.post("categories/", {"name": "Snacks", "kind": "expense"}).json()["id"]
    api.patch(f"transactions/{first - 1}/", {"category": merged})
    assert api.post(f"categories/{merged}/merge/", {"into": "Food court"}).status_code == 200
    call = ModelCall.objects.filter(ledger=ledger).order_by("pk")[0]
    decision = Decision.objects.filter(ledger=ledger).order_by("pk")[0]
    said = {"calls": [str(call.pk), str(uuid.uuid4())], "questions": [{"call": str(call.pk)}]}
    decision.attempts = [attempt | {"details": attempt["details"] | said} for attempt in decision.attempts]
    decision.save()
    feedback = AnomalyFeedback.objects.get(ledger=ledger)
    feedback.pk, feedback.category_id, feedback.key = None, food, f"unusual_week-{food}-2026-11-09"
    feedback.save()
    dining = Category.objects.get(key="dining")
    feedback.pk, feedback.category_id, feedback.key = None, dining.pk, f"unusual_week-{dining.pk}-2026-11-16"
    feedback.save()
    upload = Import.objects.filter(ledger=ledger).order_by("pk")[0]
    sentence = f'Choose another account: PATCH the import with {{"account": {ids["Purse"]}}}.'
    question = {"attr": "account", "code": "other_currency", "detail": sentence, "alternatives": [ids["Purse"]]}
    Import.objects.filter(pk=upload.pk).update(questions=[question])
    order = {"filter": {"kind": "expense"}, "set": {"category": "Food court", "account": "Purse"}}
    assert api.patch("transactions/bulk/", order).json()["status"] == "pending"
    sentences = [
        {"part": "summary", "text": "You spent less.", "figures": ["spending-amount", f"category-{food}-share"]}
    ]
    Narrative.objects.filter(ledger=ledger).update(sentences=sentences, state="written")
    assert api.patch("users/me/", {"preferences": {"locale": "de", "time_zone": "Europe/Berlin"}}).status_code == 200


def shown(api: Api) -> dict[str, Any]:
    """Return what the API shows of a ledger, without ids and versions, which are other ones after a restore."""
    ledger_id = Ledger.objects.get(founder=api.user).pk
    learn(ledger_id=ledger_id, is_forced=True)
    refresh(ledger_id=ledger_id, is_forced=True)
    bodies: dict[str, Any] = {}
    for path in LISTS:
        answer = api.get(path)
        assert answer.status_code == 200, (path, answer.content)
        bodies[path] = without_ids(answer.json())
    rows = api.get("transactions/?page_size=500&ordering=id").json()["results"]
    for place, row in enumerate(rows):
        for kind in ("explanation", "history"):
            bodies[f"{kind} of {place}"] = without_ids(api.get(f"transactions/{row['id']}/{kind}/").json())
    for place, run in enumerate(Run.objects.filter(ledger=ledger_id).exclude(kind="restore").order_by("pk")):
        bodies[f"run {place}"] = without_ids(api.get(f"runs/{run.pk}/").json())
        bodies[f"changes of {place}"] = without_ids(api.get(f"runs/{run.pk}/changes/").json())
    for upload in Import.objects.filter(ledger=ledger_id).order_by("pk"):
        bodies[f"rows of {upload.filename}"] = without_ids(api.get(f"imports/{upload.pk}/rows/").json())
    return bodies


def without_ids(value: Any, key: str = "") -> Any:
    """Return a body without ids and versions, and without the names of people."""
    if isinstance(value, dict):
        return {name: without_ids(item, name) for name, item in value.items() if name not in IDS}
    if isinstance(value, list):
        return [without_ids(item, key) for item in value]
    if type(value) is int and (value > FAR or (key in {"old", "new"} and value == 0)):
        return "id"
    return re.sub(r"70\d{7}|/api/v1/\S+", "id", value) if isinstance(value, str) else value

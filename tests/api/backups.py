"""Backups in tests: fetch one, send one, and change what is in it."""

import hashlib
import json
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Run
from expenses.services.runs import perform_run
from tests.conftest import Api


def fetch(api: Api, ending: str = "json") -> bytes:
    """Return the backup of a ledger."""
    answer = api.get(f"export/backup.{ending}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def send(api: Api, content: bytes, **fields: Any) -> Any:
    """Send a backup, and return the answer."""
    file = SimpleUploadedFile("backup", content)
    return api.post("restore/", {"file": file, **fields}, format="multipart")


def restore(api: Api, content: bytes) -> Run:
    """Restore a backup, and return its run, which has succeeded."""
    answer = send(api, content)
    assert answer.status_code == 202, answer.json()
    run_id = answer.json()["id"]
    perform_run(run_id=run_id)
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

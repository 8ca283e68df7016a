"""Recorded calls of a real Ollama server: where they are, how they are matched, and what of them is never kept."""

import json
import re
from pathlib import Path
from typing import Any

import vcr

FOLDER = Path(__file__).resolve().parents[2] / "cassettes"
_ADDRESS = "http://127.0.0.1:11434"
_A_TIME = "2026-01-01T00:00:00Z"
_TIMES = {"created_at", "modified_at", "expires_at"}
# They fill pages, tell of the recording machine, and no code reads them.
_LEFT_OUT = {"tensors", "modelfile", "parent_model", "license", "template", "parameters"}


def cassette(name: str, *, record: bool = False) -> Any:
    """Return a context in which calls are answered by the cassette, or written in place of what is in it."""
    if record:
        (FOLDER / f"{name}.yaml").unlink(missing_ok=True)
    tape = vcr.VCR(
        cassette_library_dir=str(FOLDER),
        match_on=["method", "path", "body"],
        record_mode="all" if record else "none",
        before_record_request=_anonymous_request,
        before_record_response=_anonymous_response,
    )
    return tape.use_cassette(f"{name}.yaml")


def recorded_calls(name: str) -> list[tuple[Any, Any]]:
    """Return the JSON of each request (None without a body) and the JSON of its response."""
    with cassette(name) as tape:
        return [(json.loads(request.body or "null"), _json(response)) for request, response in tape.data]


def _json(response: Any) -> Any:
    lines = response["body"]["string"].decode().splitlines()
    return json.loads(lines[0]) if len(lines) == 1 else [json.loads(line) for line in lines]


def _anonymous_request(request: Any) -> Any:
    request.headers = {"Content-Type": "application/json"}
    request.uri = re.sub(r"^https?://[^/]+", _ADDRESS, request.uri)
    return request


def _anonymous_response(response: Any) -> Any:
    lines = response["body"]["string"].decode().splitlines()
    kept = "\n".join(json.dumps(_scrubbed(json.loads(line)), ensure_ascii=False) for line in lines)
    media_types = [value for name, value in response["headers"].items() if name.lower() == "content-type"]
    return {**response, "headers": {"Content-Type": media_types[0]}, "body": {"string": kept.encode()}}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, list):
        return [_scrubbed(one) for one in value]
    if isinstance(value, dict):
        return {
            name: _A_TIME if name in _TIMES else _scrubbed(one) for name, one in value.items() if name not in _LEFT_OUT
        }
    return value

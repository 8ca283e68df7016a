"""Parts of the server's health report."""

from typing import Any


def part(name: str, status: str = "ok", detail: str | None = None) -> dict[str, Any]:
    return {"name": name, "status": status, "required": name not in {"tasks", "model", "backup"}, "detail": detail}

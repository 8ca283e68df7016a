"""The committed table of who gets which status, docs/permissions.md."""

import os
from pathlib import Path

from django.conf import settings

from tests.api.permissions.operations import OPERATIONS, Operation

PATH = Path(settings.BASE_DIR) / "docs" / "permissions.md"
IS_RECORDED = bool(os.environ.get("OUTLAY_RECORD_PERMISSIONS"))
ROLES = ("anonymous", "stranger", "viewer", "editor", "owner", "admin", "admin looking", "read token")
Statuses = dict[Operation, int]


def read() -> dict[str, Statuses]:
    """Statuses of each role."""
    lines = PATH.read_text().splitlines() if PATH.exists() else []
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    table: dict[str, Statuses] = {role: {} for role in ROLES}
    for path, method, *statuses in rows:
        for role, status in zip(ROLES, statuses, strict=True):
            table[role][Operation(path, method.lower())] = int(status)
    return table


def write(table: dict[str, Statuses]) -> None:
    """Put the rows below the words that stand above them."""
    words = PATH.read_text().partition("\n| path |")[0]
    head = [["path", "method", *ROLES], ["---"] * (len(ROLES) + 2)]
    rows = [[f"`{o.path}`", o.method.upper(), *(str(table[r].get(o, 0)) for r in ROLES)] for o in OPERATIONS]
    PATH.write_text(words + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in head + rows))


def compare(role: str, statuses: Statuses) -> None:
    """Hold the role's column against the table, or record it there."""
    table = read()
    if IS_RECORDED:
        write(table | {role: statuses})
    assert statuses == read()[role], (
        "docs/permissions.md is stale; tests/api/permissions/test_roles.py tells how to record it"
    )

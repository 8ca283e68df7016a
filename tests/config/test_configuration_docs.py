"""docs/configuration.md names every variable that is read, with the default that it has."""

import ast
import re
from pathlib import Path

from django.conf import settings

READERS = {"text", "number", "flag", "probability", "rate", "items"}
NAME = re.compile(r"OUTLAY_[A-Z_]+|OLLAMA_HOST|DATABASE_URL|CACHE_URL|TASKS_URL|EXPENSE_EDIT_WINDOW_HOURS")


def sources():
    return [settings.BASE_DIR / "config" / name for name in ("environment.py", "backends.py", "settings.py")]


def documented():
    """Variable → the cell of its default."""
    page = (settings.BASE_DIR / "docs" / "configuration.md").read_text()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `") and NAME.match(line[3:])]
    return {row[0].strip("| `"): row[1] for row in rows}


def reads(path: Path):
    """Name and literal default of every call of a reader, where there is one."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            defaults = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
            if name in READERS and NAME.fullmatch(str(node.args[0].value)):
                yield node.args[0].value, defaults[0] if defaults else None


def in_words(default):
    """A literal default as an operator would write it."""
    return {True: "yes", False: "no"}.get(default) if isinstance(default, bool) else str(default)


def test_the_table_names_exactly_the_variables_that_are_read():
    named = {
        node.value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
    }
    assert set(documented()) == named


def test_the_table_gives_the_defaults_of_the_code():
    literal = {
        name: f"`{in_words(default.value)}`"
        for path in sources()
        for name, default in reads(path)
        if isinstance(default, ast.Constant)
    }
    assert len(literal) >= 10
    assert {name: documented()[name] for name in literal} == literal

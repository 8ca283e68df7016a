"""The words of the code: docstrings stand alone, texts for users are plain, and a name means one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import BASE_DIR

APPS = ("config", "accounts", "expenses", "rules", "providers", "statements", "insights")
#: A docstring that opens so needs the name above it to be understood.
OPENINGS = re.compile(r"(Of|That|Those|It|The same|What|Who|Whose|Which|Whether|None|As|So)\b")
#: Words that a user of the API stumbles over, and what to say instead.
ODD_WORDS = {
    "anew": "again",
    "besides": "also",
    "hereby": "",
    "nobody": "no one, or name the user",
    "oddity": "anomaly",
    "shall": "must, or will",
    "somebody": "a user, or name them",
    "thereof": "of it",
    "whatever": "any",
    "whichever": "any",
    "whoever": "the user who",
    "whose": "of which, or two sentences",
}
ODD = re.compile(rf"\b({'|'.join(ODD_WORDS)})\b", re.IGNORECASE)
Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the apps but their migrations."""
    for app in APPS:
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(BASE_DIR)), ast.parse(path.read_text())


def definitions(tree: ast.Module) -> Iterator[Definition]:
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            yield node


def sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string that reads like a sentence, docstrings aside."""
    docstrings = {id(node.body[0].value) for node in definitions(tree) if node.body and ast.get_docstring(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = node.value.strip()
            if " " in text and text.endswith((".", "?")):
                yield node.lineno, text


def test_docstrings_stand_alone():
    found = [
        f"{path}:{getattr(node, 'lineno', 1)}: {text.splitlines()[0]}"
        for path, tree in sources()
        for node in definitions(tree)
        if (text := ast.get_docstring(node)) and OPENINGS.match(text)
    ]
    assert found == [], "open with a verb (“Return …”) or a noun phrase"


def test_texts_for_users_use_plain_words():
    found = [
        f"{path}:{line}: “{match[0]}” in “{text[:100]}”: {ODD_WORDS[match[0].lower()]}"
        for path, tree in sources()
        for line, text in sentences(tree)
        if (match := ODD.search(text))
    ]
    assert found == []


def test_a_class_name_stands_for_one_class():
    places = defaultdict(list)
    for path, tree in sources():
        for node in definitions(tree):
            if isinstance(node, ast.ClassDef) and node.name not in {"Meta", "Command"}:
                places[node.name].append(path)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("app", APPS)
def test_an_app_has_few_files_at_its_root(app):
    files = [path.name for path in Path(BASE_DIR / app).glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= 12 or app == "config", sorted(files)

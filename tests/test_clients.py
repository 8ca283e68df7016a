"""Clients that are generated from the OpenAPI document work against a server. `make clients` runs this."""

import os
import subprocess
from pathlib import Path

import pytest

from config.environment import BASE_DIR
from tests.pages import blocks_of

DOCUMENT = BASE_DIR / "docs" / "openapi.yaml"
PYTHON = BASE_DIR / ".cache" / "clients" / "bin"
EXAMPLES = BASE_DIR / "examples" / "clients"
TYPESCRIPT = EXAMPLES / "typescript"
SAID = ["recorded 4.50 EUR, category Dining", "found 1: STARBUCKS 0815", "refused with 400: amount: "]
has_generators = pytest.mark.skipif(
    "OUTLAY_CLIENTS" not in os.environ, reason="make clients installs the generators, and runs this"
)


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What a command says. Raises AssertionError, with all that it says, if it fails or warns."""
    path = f"{PYTHON}:{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603
        list(map(str, command)),
        cwd=folder,
        env=os.environ | {"PATH": path} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout.lower()
    return done.stdout


def assert_said(lines: list[str]) -> None:
    assert len(lines) == len(SAID)
    assert all(line.startswith(said) for line, said in zip(lines, SAID, strict=True)), lines


@has_generators
@pytest.mark.usefixtures("socket_enabled")
def test_a_python_package_is_generated_without_a_warning_and_records_an_expense(live_server, tmp_path):
    generate: list[str | Path] = [
        "openapi-python-client",
        "generate",
        "--path",
        DOCUMENT,
        "--meta",
        "none",
        "--fail-on-warning",
    ]
    run(*generate, "--output-path", tmp_path / "outlay_client", folder=tmp_path)
    example = EXAMPLES / "python" / "first_expense.py"
    said = run(PYTHON / "python", example, live_server.url, folder=tmp_path, PYTHONPATH=str(tmp_path))
    assert_said(said.splitlines())


@has_generators
@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.skipif(not (TYPESCRIPT / "node_modules").exists(), reason="npm is not here, or could not install")
def test_typescript_types_are_generated_and_hold_strictly_for_a_client_that_records_an_expense(live_server):
    programs = TYPESCRIPT / "node_modules" / ".bin"
    run(programs / "openapi-typescript", DOCUMENT, "--output", "schema.d.ts", folder=TYPESCRIPT)
    run(programs / "tsc", folder=TYPESCRIPT)
    assert_said(run("node", "build/first_expense.js", live_server.url, folder=TYPESCRIPT).splitlines())


def test_the_pins_name_no_registry():
    locks = [TYPESCRIPT / "package-lock.json", EXAMPLES / "python" / "requirements.txt"]
    assert [lock.name for lock in locks if "resolved" in lock.read_text() or "--index-url" in lock.read_text()] == []


def test_the_page_shows_what_the_examples_do():
    programs = [(EXAMPLES / "python" / "first_expense.py").read_text(), (TYPESCRIPT / "first_expense.ts").read_text()]
    page = blocks_of((BASE_DIR / "docs" / "clients.md").read_text())
    for program, language in zip(programs, ("python", "ts"), strict=True):
        [shown] = [text for name, text in page if name == language]
        assert shown.strip() in program
    [said] = [text for name, text in page if name == "text"]
    assert_said(said.strip().splitlines())

"""Real statements of many banks are read without a hint, where their folder lies beside the project."""

import pytest

from benchmarks.statements import FOLDER, expectations, fault_of, read_file

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of real statements is not beside the project"),
]
EXPECTED = expectations(FOLDER) if FOLDER.is_dir() else {}


@pytest.mark.parametrize("name", [name for name, each in EXPECTED.items() if each["status"] != "ambiguous"] or ["none"])
def test_a_real_statement_is_read_without_a_hint(name):
    assert fault_of(read_file((FOLDER / name).read_bytes()), EXPECTED[name]) == ""


@pytest.mark.parametrize("name", [name for name, each in EXPECTED.items() if each["status"] == "ambiguous"] or ["none"])
def test_a_doubtful_statement_is_read_or_refused_with_a_sentence(name):
    found = read_file((FOLDER / name).read_bytes())
    assert found.n or found.refusal.endswith(".") or all(each.endswith(".") for each in found.errors)

"""Real statements of many banks, read without a hint; needs the folder of real statements beside the project."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from statements.formats import importer_for
from statements.importer import RowError, Skipped, StatementRow

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "statements"
HERE = (FOLDER / "EXPECTED.json").is_file()
FILES = json.loads((FOLDER / "EXPECTED.json").read_text(encoding="utf-8"))["files"] if HERE else {}
EXPECTED = {name: wanted for name, wanted in FILES.items() if wanted["format"] == "csv"}

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not HERE, reason="the folder of real statements is not here"),
]


def names(*, where=bool):
    """The files to test; one that is skipped with its reason when the folder is missing."""
    return sorted(name for name, wanted in EXPECTED.items() if where(wanted)) or ["no folder"]


#: Files that only come out right with the mapping given for them. None is left.
NEED_A_MAPPING: frozenset[str] = frozenset()
#: The date of a row that moves nothing counts as the bank counts it.
COUNTED = {"zero"}


def profile_from(mapping):
    """The profile that a person would write who reads the file as the mapping does."""
    flag = mapping.get("sign_flag_column")
    return {
        "encoding": mapping["encoding"],
        "delimiter": mapping["delimiter"],
        "header_row": mapping["header_row"],
        "decimal": mapping["decimal"],
        "date": mapping["date"],
        "date_format": mapping["date_format"].removesuffix(" (time may follow)"),
        "amount": mapping["amount"],
        "debit": mapping["debit"],
        "credit": mapping["credit"],
        "description": mapping["description"],
        "sign_flag": {
            "column": flag[0],
            "negative_when": mapping.get("negative_when"),
            "positive_when": mapping.get("positive_when"),
        }
        if flag
        else None,
    }


def found(outcomes):
    """(entries, sum, first date, last date, unreadable rows), with rows of zero counted as the bank counts them."""
    rows = [outcome for outcome in outcomes if isinstance(outcome, StatementRow)]
    zeros = [outcome for outcome in outcomes if isinstance(outcome, Skipped) and outcome.reason in COUNTED]
    days = sorted([row.date for row in rows] + [zero.date for zero in zeros if zero.date])
    first, last = (str(days[0]), str(days[-1])) if days else (None, None)
    errors = sum(isinstance(outcome, RowError) for outcome in outcomes)
    return len(days), sum((row.amount for row in rows), Decimal(0)), first, last, errors


def right(wanted):
    """Every answer that is right for a file; an unknown sign may be read either way."""
    total = Decimal(wanted["sum"])
    rest = (wanted["first_date"], wanted["last_date"], wanted.get("unreadable_rows", 0))
    sums = {total, -total} if "sign_ambiguous" in wanted else {total}
    return [(wanted["n_transactions"], value, *rest) for value in sums]


@pytest.mark.parametrize("name", sorted(set(names()) - NEED_A_MAPPING))
def test_a_real_statement_is_read_without_a_hint(name):
    data = (FOLDER / name).read_bytes()
    importer = importer_for(data)
    reading = importer.detect(data)
    assert found(list(importer.read(data, reading.profile))) in right(EXPECTED[name])


@pytest.mark.parametrize("name", names(where=lambda wanted: wanted["status"] == "ok"))
def test_a_real_statement_is_read_with_its_mapping(name):
    data = (FOLDER / name).read_bytes()
    profile = profile_from(EXPECTED[name]["mapping"])
    if EXPECTED[name].get("continuation_rows"):
        profile["continuation_rows"] = True
    assert found(list(importer_for(data).read(data, profile))) in right(EXPECTED[name])


@pytest.mark.parametrize("name", names(where=lambda wanted: "sign_ambiguous" in wanted))
def test_an_unknown_sign_is_asked_unless_the_file_marks_payments(name):
    data = (FOLDER / name).read_bytes()
    reading = importer_for(data).detect(data)
    assert reading.profile["sign_flag"] or [q.attr for q in reading.questions] == ["invert_sign"]

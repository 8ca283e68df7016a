"""Sample statements of invented banks, each with the profile and the rows that must come out beside it."""

import dataclasses
import json
from pathlib import Path

import pytest

from statements.formats import importer_for
from statements.importer import UnreadableFile

FOLDER = Path(__file__).parent / "samples"
SAMPLES = sorted(path for path in FOLDER.rglob("*.*") if path.suffix != ".json")
#: Fields that golden files leave out while they are empty.
SELDOM = ("account", "category", "tags", "notes", "parts", "transfer_account", "transfer_id", "is_transfer", "origins")


def as_json(outcome):
    """An outcome as the golden file holds it: without the raw cells, dates and amounts as text."""
    fields = dataclasses.asdict(outcome)
    fields = {key: value for key, value in fields.items() if key != "raw" and (value or key not in SELDOM)}
    return {"is": type(outcome).__name__, **json.loads(json.dumps(fields, default=str))}


def everything(data):
    importer = importer_for(data)
    reading = importer.detect(data)
    accounts = [dataclasses.asdict(account) for account in reading.accounts]
    for account in accounts:
        if account["opening_balance"] is None:
            del account["opening_balance"]  # which only books have
    rare = {"accounts": json.loads(json.dumps(accounts, default=str)), "warnings": reading.warnings}
    return {key: value for key, value in rare.items() if value} | {
        "profile": reading.profile,
        "columns": reading.columns,
        "questions": [{"attr": q.attr, "alternatives": list(q.alternatives)} for q in reading.questions],
        "outcomes": [as_json(outcome) for outcome in importer.read(data, reading.profile)],
    }


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_read_as_its_golden_file_says(path):
    assert everything(path.read_bytes()) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_detected_profile_survives_json_and_has_no_errors(path):
    data = path.read_bytes()
    importer = importer_for(data)
    profile = importer.detect(data).profile
    assert json.loads(json.dumps(profile)) == profile
    assert importer.check_profile(profile, data) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_reading_twice_gives_the_same_rows(path):
    data = path.read_bytes()
    importer = importer_for(data)
    profile = importer.detect(data).profile
    assert list(importer.read(data, profile)) == list(importer.read(data, profile))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_no_nul_reaches_a_row(path):
    """No database column can hold one, and old programs write one at the end of a file."""
    data = path.read_bytes()
    for damaged in (data + b"\0", data[: len(data) // 2] + b"\0" + data[len(data) // 2 :]):
        try:
            importer = importer_for(damaged)
            outcomes = list(importer.read(damaged, importer.detect(damaged).profile))
        except UnreadableFile:
            continue
        assert "\0" not in "".join(str(dataclasses.astuple(outcome)) for outcome in outcomes).replace("\\x00", "\0")

"""Statements in the layouts of banks around the world are read without a hint."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from statements.formats import importer_for
from statements.importer import RowError, StatementRow

LAYOUTS = tomllib.loads(Path(__file__).with_name("bank_layouts.toml").read_text(encoding="utf-8"))["layout"]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout["name"])
def test_a_bank_s_layout_is_read_without_a_hint(layout):
    data = layout["text"].encode(layout.get("encoding", "utf-8"))
    importer = importer_for(data)
    reading = importer.detect(data)
    outcomes = list(importer.read(data, reading.profile))
    rows = [outcome for outcome in outcomes if isinstance(outcome, StatementRow)]
    wanted = [line.split() for line in layout["rows"].splitlines()]
    facts = [(str(day), Decimal(amount), currency) for day, amount, currency, _ in wanted]
    assert [(str(row.date), row.amount, row.currency or "-") for row in rows] == facts
    texts = [f"{row.merchant} {row.description}" for row in rows]
    assert [text for text, words in zip(texts, wanted, strict=True) if words[3] not in text] == []
    assert [outcome for outcome in outcomes if isinstance(outcome, RowError)] == []
    assert [question.code for question in reading.questions] == layout.get("questions", [])

"""The Excel workbook: typed cells, no text that is a formula, and formulas that give the values that they hold."""

import datetime as dt
import re
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from defusedxml.ElementTree import fromstring
from python_calamine import CalamineWorkbook

from statements.export import workbook
from tests.api.exported import content, record, record_odd_ledger
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TERM = re.compile(r"SUMIFS\((.*?)\)")
RANGE = re.compile(r"'(?P<sheet>[^']+)'!\$(?P<column>[A-Z]+)\$(?P<first>\d+)(:\$(?P=column)\$(?P<last>\d+))?")


def read_sheets(data: bytes) -> dict[str, list[list[Any]]]:
    """Return the cells of each sheet, without the empty rows and columns around them."""
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def formulas(data: bytes) -> dict[str, tuple[str, Decimal]]:
    """Return the formula and the stored value of each cell of the sheet of sums."""
    with ZipFile(BytesIO(data)) as parts:
        root = fromstring(parts.read("xl/worksheets/sheet1.xml"))
    found = {}
    for cell in root.iter(f"{SPACE}c"):
        formula, value = cell.find(f"{SPACE}f"), cell.find(f"{SPACE}v")
        if formula is not None:
            found[cell.get("r")] = formula.text, Decimal(value.text)
    return found


def place(cell: str) -> tuple[int, int]:
    """Return row and column of a cell such as $AB$12, from 0."""
    letters, number = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", cell).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(number) - 1, column - 1


def calculated(formula: str, sheets: dict[str, list[list[Any]]]) -> Decimal:
    """Calculate a SUM of the sheet of sums, or a sum of SUMIFS over the other sheets."""
    sums = sheets["Sums"]
    if formula.startswith("SUM("):
        first, _, last = formula[4:-1].partition(":")  # a range of one cell is that cell
        (top, left), (bottom, right) = place(first), place(last or first)
        cells = [sums[row][column] for row in range(top, bottom + 1) for column in range(left, right + 1)]
        return sum((Decimal(str(cell)) for cell in cells), Decimal(0))
    total = Decimal(0)
    for term in TERM.findall(formula):
        amounts, *conditions = term.split(",")
        wanted = [(conditions[i], sums[place(conditions[i + 1])[0]][place(conditions[i + 1])[1]]) for i in (0, 2, 4)]
        for nth, amount in enumerate(column_of(amounts, sheets)):
            if all(column_of(cells, sheets)[nth] == value for cells, value in wanted):
                total += Decimal(str(amount))
    return total


def column_of(cells: str, sheets: dict[str, list[list[Any]]]) -> list[Any]:
    found = RANGE.fullmatch(cells)
    assert found is not None, cells
    column = place(f"{found['column']}1")[1]
    return [
        row[column] for row in sheets[found["sheet"]][int(found["first"]) - 1 : int(found["last"] or found["first"])]
    ]


def assert_sums_hold(api: Api, data: bytes, query: str = "") -> None:
    """Check each formula against its value, and the values against the totals of the API."""
    sheets = read_sheets(data)
    stored = formulas(data)
    assert stored
    for cell, (formula, value) in stored.items():
        assert round(calculated(formula, sheets), 4) == round(value, 4), cell
    head, *lines = sheets["Sums"]
    shown = {
        (line[0], line[1], f"{int(month)}"): Decimal(str(value))
        for line in lines
        if line[1]
        for month, value in zip(head[3:-1], line[3:-1], strict=True)
        if value
    }
    expected: dict[tuple[str, str, str], Decimal] = {}
    for total in api.get(f"transactions/totals/?by=month,category{query}").json()["results"]:
        amount = Decimal(total["income"]) - Decimal(total["expense"])
        amount += Decimal(total["transfers_in"]) - Decimal(total["transfers_out"])
        if amount:
            name = total["category_name"] or "Uncategorized"
            expected[name, total["currency"], total["month"].replace("-", "")] = amount
    assert shown == expected


def test_cells_are_numbers_dates_and_texts(ana):
    record(ana, "accounts/", name="Checking", currency="EUR")
    more = {"category": "Groceries", "merchant": "REWE", "tags": ["b", "a"], "mcc": "5411"}
    row = record(ana, "expenses/", amount="1234.50", description="=1+1", date="2026-11-02", account="Checking", **more)
    sheets = read_sheets(content(ana, "transactions.xlsx"))
    groceries = ana.get(f"transactions/{row}/").json()["category"]
    assert list(sheets) == ["Sums", "Transactions"]
    assert sheets["Transactions"] == [
        [title for title, _ in workbook.COLUMNS],
        [
            row, dt.date(2026, 11, 2), 202611, "expense", -1234.5, "EUR", "Checking", "Groceries", groceries, "",
            "REWE", "=1+1", "", "a; b", "", "", "5411", "", "", "", "", False,
        ],
    ]  # fmt: skip
    assert sheets["Sums"] == [
        ["Category", "Currency", "Category id", 202611, "Total"],
        ["Groceries", "EUR", groceries, -1234.5, -1234.5],
        ["Total EUR", "", "", -1234.5, -1234.5],
    ]


def test_formulas_hold_the_sums_of_the_api(ana):
    record_odd_ledger(ana)
    record(ana, "expenses/", amount="10.00", description="Earlier", date="2025-12-31", category="Groceries")
    assert_sums_hold(ana, content(ana, "transactions.xlsx"))
    assert_sums_hold(ana, content(ana, "transactions.xlsx?category=Dining"), "&category=Dining")


def test_rows_beyond_the_limit_of_a_sheet_continue_on_the_next(ana, monkeypatch):
    record_odd_ledger(ana)
    monkeypatch.setattr(workbook, "MAX_ROWS", 6)
    data = content(ana, "transactions.xlsx")
    sheets = read_sheets(data)
    assert list(sheets) == ["Sums", "Transactions", "Transactions 2", "Transactions 3", "Transactions 4"]
    assert [len(rows) for name, rows in sheets.items() if name != "Sums"] == [6, 6, 6, 2]
    assert_sums_hold(ana, data)


def test_only_the_sheet_of_sums_has_formulas(ana):
    for text in ("=cmd|' /C calc'!A0", "+1", "-1", "@x", "{=1}", "http://example.org"):
        record(ana, "expenses/", amount="1.00", description=text, date="2026-11-02", merchant=text)
    data = content(ana, "transactions.xlsx")
    with ZipFile(BytesIO(data)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet2.xml")
        assert b"hyperlink" not in parts.read("xl/worksheets/sheet2.xml")
    texts = {row[11] for row in read_sheets(data)["Transactions"][1:]}
    assert texts == {"=cmd|' /C calc'!A0", "+1", "-1", "@x", "{=1}", "http://example.org"}


def test_an_empty_ledger_and_a_note_longer_than_a_cell_are_a_workbook(ana):
    assert [len(rows) for rows in read_sheets(content(ana, "transactions.xlsx")).values()] == [1, 1]
    record(ana, "expenses/", amount="1.00", description="Long", date="2026-11-02", notes="x" * 5000)
    row = read_sheets(content(ana, "transactions.xlsx"))["Transactions"][1]
    assert row[12] == "x" * 5000

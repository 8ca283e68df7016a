"""Workbooks as texts of tables, one for each sheet. It runs in the child process, and loads its libraries there."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

import python_calamine
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from statements.archive.directory import MAGIC, members_of
from statements.delimited.amounts import proven_decimal
from statements.delimited.words import meaning
from statements.importer import UnreadableFile
from statements.workbook.markup import html_rows, xml_sheets

#: Bytes of a workbook when unpacked. The limits of the child hold where the directory lies.
_MAX_UNPACKED = 256 << 20
MAX_SHEETS = 200
_MAX_CELL = 4000
_SAMPLE = 20_000

Cell = Any
Rows = list[list[Cell]]


def convert(data: bytes) -> list[dict[str, Any]]:
    """Return name, visibility and text of each sheet with cells. A line of the text is a row, of cells between tabs.

    Raises `UnreadableFile` for a workbook that is locked, damaged or empty.
    """
    sheets = [
        {"name": name, "is_visible": is_visible, "text": text}
        for name, is_visible, rows in _sheets(data)
        if (text := _text_of(rows))
    ]
    if not sheets:
        raise UnreadableFile("empty", "The workbook is empty. Download it from your bank again and upload that file.")
    return sheets


def _sheets(data: bytes) -> Iterator[tuple[str, bool, Rows]]:
    if not data.startswith((MAGIC, b"\xd0\xcf\x11\xe0")):
        if b"urn:schemas-microsoft-com:office:spreadsheet" in data[:4000]:
            yield from ((name, True, rows) for name, rows in xml_sheets(data))
        else:
            yield "", True, html_rows(data)
        return
    if data.startswith(MAGIC) and sum(info.file_size for info in members_of(data)) > _MAX_UNPACKED:
        detail = f"The workbook is larger than {_MAX_UNPACKED >> 20} MB unpacked. Download a shorter period."
        raise UnreadableFile("too_large", detail)
    if b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in data:
        raise _locked()
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError:
        raise _locked() from None
    except (python_calamine.CalamineError, python_calamine.ZipError, python_calamine.XmlError, zipfile.BadZipFile):
        raise UnreadableFile(
            "damaged", "This is no workbook that can be read. Open it, save it as .xlsx or CSV, and upload that file."
        ) from None
    metadata = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    for sheet in metadata[:MAX_SHEETS]:
        # Empty rows above the table are among them, so that line numbers are those of the sheet.
        rows: Rows = list(map(list, workbook.get_sheet_by_name(sheet.name).iter_rows()))
        yield sheet.name.replace("\0", ""), sheet.visible == SheetVisibleEnum.Visible, _repaired(rows)


def _locked() -> UnreadableFile:
    detail = "The workbook is protected by a password. Open it, save it without the password, and upload that file."
    return UnreadableFile("encrypted", detail)


def _repaired(rows: Rows) -> Rows:
    """Return the rows with text that was read as cp1252, though it is UTF-16: such cells are full of NUL."""
    if not any(isinstance(cell, str) and "\0" in cell for row in rows for cell in row):
        return rows
    return [[_from_utf_16(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def _from_utf_16(cell: str) -> str:
    raw = b"".join(bytes([ord(char)]) if ord(char) < 256 else char.encode("cp1252", "replace") for char in cell)
    try:
        return raw.decode("utf-16-le")
    except UnicodeDecodeError:
        return cell.replace("\0", "")


def _text_of(rows: Rows) -> str:
    """Return the rows as text between tabs, "" if no cell is filled. All filled rows are of the same width."""
    widths = [max((n for n, cell in enumerate(row, start=1) if _is_filled(cell)), default=0) for row in rows]
    width = max(widths, default=0)
    height = max((n for n, filled in enumerate(widths, start=1) if filled), default=0)
    texts = (cell for row in rows for cell in row if isinstance(cell, str) and not cell.isalpha())
    # Numbers are written with the separator that the amounts written as text have.
    decimal = proven_decimal(list(islice(texts, _SAMPLE))) or "."
    serial_dates = _columns_of_serial_dates(rows)
    output = io.StringIO()
    writer = csv.writer(output, delimiter="\t", lineterminator="\n")
    for row, filled in zip(rows[:height], widths, strict=False):
        cells = [
            _date_of_serial(cell) if index in serial_dates and _is_serial(cell) else _plain(cell, decimal)
            for index, cell in enumerate(row[:width])
        ]
        writer.writerow(cells + [""] * (width - len(cells)) if filled else [])
    return output.getvalue()


def _is_filled(cell: Cell) -> bool:
    return cell not in ("", None)


def _plain(cell: Cell, decimal: str) -> str:
    """Return the cell as a bank would write it in CSV: dates by ISO 8601, numbers without rounding noise."""
    if isinstance(cell, str):
        return " ".join(cell.replace("\0", "")[:_MAX_CELL].split())
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return _number(cell, decimal)
    if isinstance(cell, dt.datetime):
        has_time = cell.time() != dt.time()
        return cell.isoformat(sep=" ", timespec="seconds") if has_time else cell.date().isoformat()
    return "" if cell is None else str(cell)


def _number(value: float, decimal: str) -> str:
    """Return the number with the 15 digits that Excel keeps. Three decimals become four: 1.234 could be thousands."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if number == number.to_integral_value():
        return f"{number.quantize(Decimal(1)):f}" if abs(number) < Decimal(10) ** 27 else f"{number:f}"
    text = f"{number.normalize():f}"
    fraction = len(text.partition(".")[2])
    return (f"{text}0" if fraction in (1, 3) else text).replace(".", decimal)


_FIRST_SERIAL, _LAST_SERIAL = 25_569, 73_050  # 1970 to 2099
_EPOCH = dt.date(1899, 12, 30)
_DATED = ("date", "value_date")


def _is_serial(cell: Cell) -> bool:
    is_number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
    return is_number and _FIRST_SERIAL <= cell < _LAST_SERIAL


def _date_of_serial(cell: float) -> str:
    return (_EPOCH + dt.timedelta(days=int(cell))).isoformat()


def _columns_of_serial_dates(rows: Rows) -> frozenset[int]:
    """Return the columns under a header for dates that hold numbers of days since 1900, and no other number."""
    found: set[int] = set()
    for number, row in enumerate(rows[:60]):
        for index, cell in enumerate(row[:200]):
            if isinstance(cell, str) and meaning(cell).role in _DATED and index not in found:
                below = list(_numbers(rows[number + 1 :], index))
                if below and all(map(_is_serial, below)):
                    found.add(index)
    return frozenset(found)


def _numbers(rows: Iterable[list[Cell]], index: int) -> Iterator[Cell]:
    for row in rows:
        cell = row[index] if index < len(row) else None
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            yield cell

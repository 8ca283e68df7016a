"""An Excel workbook: the rows with typed cells, and their sums by category and month with formulas.

XlsxWriter keeps one row in memory and writes the others to temporary files.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name, xl_range, xl_range_abs

from expenses.ledger.money import minor_units
from statements.export.columns import ExportRow
from statements.export.rows import ExportNames

#: Rows of a sheet, its header included, and letters of a cell: Excel's limits.
MAX_ROWS, MAX_LETTERS = 1_048_576, 32_767
SENT_BYTES = 1 << 16
#: Header and width in letters. The columns of sums are looked up by their places here.
COLUMNS = (
    ("Id", 9), ("Date", 11), ("Month", 9), ("Kind", 9), ("Amount", 12), ("Currency", 9), ("Account", 18),
    ("Category", 20), ("Category id", 11), ("Parent category", 18), ("Merchant", 22), ("Description", 44),
    ("Notes", 24), ("Tags", 18), ("Payment method", 15), ("IBAN", 24), ("MCC", 6), ("External id", 16),
    ("Transfer account", 18), ("Split", 9), ("Review", 8), ("Excluded from budget", 20),
)  # fmt: skip
SHEET, SUMS = "Transactions", "Sums"
UNCATEGORIZED = "Uncategorized"

#: Currency, category id (0: none) → month as 202611 → sum.
Sums = dict[tuple[str, int], dict[int, Decimal]]


def write_workbook(parts: Iterable[Sequence[ExportRow]], names: ExportNames, *, on: dt.date) -> Iterator[bytes]:
    """Yield the finished file. Money out is negative, and each currency has sums of its own.

    `on` is the day of the export. Apart from it, equal rows are equal bytes.
    """
    with TemporaryDirectory(prefix="outlay-export-") as folder:
        path = Path(folder) / "transactions.xlsx"
        book = Workbook(str(path), {"constant_memory": True, "tmpdir": folder, "default_date_format": "yyyy-mm-dd"})
        book.use_zip64()
        book.set_properties({"created": dt.datetime.combine(on, dt.time())})
        overview = book.add_worksheet(SUMS)
        sums, lengths = _write_rows(book, parts)
        _write_sums(book, overview, sums, lengths, names)
        book.close()
        with path.open("rb") as file:
            while data := file.read(SENT_BYTES):
                yield data


def _write_rows(book: Any, parts: Iterable[Sequence[ExportRow]]) -> tuple[Sums, list[int]]:
    """Write all rows into as many sheets as they need. Return their sums, and the number of rows of each sheet."""
    bold = book.add_format({"bold": True, "bottom": 1})
    month_format, day_format = (
        book.add_format({"num_format": '0000"-"00'}),
        book.add_format({"num_format": "yyyy-mm-dd"}),
    )
    money: dict[str, Any] = {}
    sums: Sums = defaultdict(lambda: defaultdict(Decimal))
    lengths: list[int] = []
    sheet: Any = None
    at = MAX_ROWS
    for part in parts:
        for row in part:
            if at >= MAX_ROWS:
                sheet, at = _new_sheet(book, bold, nth=len(lengths)), 1
                lengths.append(0)
            if row.currency not in money:
                money[row.currency] = _money_format(book, row.currency)
            month = int(row.day[:4] + row.day[5:7])
            sheet.write_number(at, 0, row.id)
            sheet.write_datetime(at, 1, dt.date.fromisoformat(row.day), day_format)
            sheet.write_number(at, 2, month, month_format)
            sheet.write_string(at, 3, row.kind)
            sheet.write_number(at, 4, float(row.amount), money[row.currency])
            sheet.write_string(at, 5, row.currency)
            sheet.write_number(at, 8, row.category_id or 0)
            texts = (
                (6, row.account), (7, row.category), (9, row.parent_category), (10, row.merchant),
                (11, row.description), (12, row.notes), (13, row.tags), (14, row.payment_method), (15, row.iban),
                (16, row.mcc), (17, row.external_id), (18, row.transfer_account), (20, row.review),
            )  # fmt: skip
            for column, text in texts:
                if text:
                    sheet.write_string(at, column, text[:MAX_LETTERS])
            if row.whole is not None:
                sheet.write_number(at, 19, row.whole)
            sheet.write_boolean(at, 21, row.is_excluded_from_budget)
            sums[row.currency, row.category_id or 0][month] += Decimal(row.amount)
            lengths[-1] += 1
            at += 1
    if sheet is None:
        _new_sheet(book, bold, nth=0)
    return sums, lengths


def _new_sheet(book: Any, bold: Any, *, nth: int) -> Any:
    sheet = book.add_worksheet(_sheet_name(nth))
    for place, (_, width) in enumerate(COLUMNS):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    for place, (title, _) in enumerate(COLUMNS):
        sheet.write_string(0, place, title, bold)
    return sheet


def _sheet_name(nth: int) -> str:
    return SHEET if nth == 0 else f"{SHEET} {nth + 1}"


def _money_format(book: Any, currency: str, **more: Any) -> Any:
    """Return the format of an amount: thousands apart, with the decimal places of the currency."""
    n = minor_units(currency)
    return book.add_format({"num_format": f"#,##0{'.' + '0' * n if n else ''}", **more})


def _write_sums(book: Any, sheet: Any, sums: Sums, lengths: Sequence[int], names: ExportNames) -> None:
    """Write a table for each currency: a line for each category, a column for each month, and totals."""
    bold = book.add_format({"bold": True})
    months = sorted({month for by_month in sums.values() for month in by_month})
    head = book.add_format({"bold": True, "bottom": 1, "align": "right", "num_format": '0000"-"00'})
    left = book.add_format({"bold": True, "bottom": 1})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 9)
    sheet.set_column(2, 2, None, None, {"hidden": True})  # ids of the categories, by which the formulas find them
    sheet.set_column(3, len(months) + 3, 12)
    sheet.freeze_panes(1, 3)
    for place, title in enumerate(("Category", "Currency", "Category id")):
        sheet.write_string(0, place, title, left)
    for place, month in enumerate(months, start=3):
        sheet.write_number(0, place, month, head)
    sheet.write_string(0, len(months) + 3, "Total", head)
    at = 1
    for currency in sorted({currency for currency, _ in sums}):
        money, total = _money_format(book, currency), _money_format(book, currency, bold=True, top=1)
        first, of_currency = at, [key for key in sums if key[0] == currency]
        for key in sorted(of_currency, key=lambda key: (_name(key[1], names), key[1])):
            sheet.write_string(at, 0, _name(key[1], names))
            sheet.write_string(at, 1, currency)
            sheet.write_number(at, 2, key[1])
            for place, month in enumerate(months, start=3):
                found = sums[key].get(month, Decimal(0))
                sheet.write_formula(at, place, _sum_of_rows(at, place, lengths), money, float(found))
            _write_total(sheet, at, len(months), sums[key], total)
            at += 1
        sheet.write_string(at, 0, f"Total {currency}", bold)
        by_month: dict[int, Decimal] = defaultdict(Decimal)
        for key in of_currency:
            for month, amount in sums[key].items():
                by_month[month] += amount
        for place, month in enumerate(months, start=3):
            column = xl_range(first, place, at - 1, place)
            sheet.write_formula(at, place, f"=SUM({column})", total, float(by_month[month]))
        _write_total(sheet, at, len(months), by_month, total)
        at += 2


def _write_total(sheet: Any, at: int, n_months: int, by_month: Mapping[int, Decimal], style: Any) -> None:
    line = xl_range(at, 3, at, n_months + 2)
    sheet.write_formula(at, n_months + 3, f"=SUM({line})", style, float(sum(by_month.values(), Decimal(0))))


def _sum_of_rows(at: int, place: int, lengths: Sequence[int]) -> str:
    """Return the formula that adds up the rows of a line's category and currency in the column's month."""
    terms = []
    for nth, length in enumerate(lengths):
        sheet = f"'{_sheet_name(nth)}'!"
        ranges = {
            name: sheet + xl_range_abs(1, column, length, column)
            for name, column in (("month", 2), ("amount", 4), ("currency", 5), ("category", 8))
        }
        line = f"$C{at + 1}", f"$B{at + 1}", f"{xl_col_to_name(place)}$1"
        terms.append(
            f"SUMIFS({ranges['amount']},{ranges['category']},{line[0]},{ranges['currency']},{line[1]},"
            f"{ranges['month']},{line[2]})"
        )
    return "=" + "+".join(terms)


def _name(category: int, names: ExportNames) -> str:
    return names.catalog.name(category) or UNCATEGORIZED

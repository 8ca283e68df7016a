"""Workbooks and archives that tests write."""

import io
import zipfile

import xlsxwriter

HEADER = ("Date", "Payee", "Amount")


def workbook(sheets, *, hidden=(), formats=None):
    """An .xlsx of name → rows. Dates become date cells, or what `formats` names for their column."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell, *((formats or {}).get(column, ())))
        if name in hidden:
            sheet.hide()
    book.close()
    return content.getvalue()


def archive(members, *, compression=zipfile.ZIP_DEFLATED):
    """A zip of name → content."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return content.getvalue()


def bomb(*, megabytes, name="xl/worksheets/sheet1.xml"):
    """An .xlsx whose sheet is that many megabytes of blanks, in a file of a thousandth of it."""
    return archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"", name: b" " * (megabytes << 20)})

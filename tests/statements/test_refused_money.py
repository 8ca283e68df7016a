"""What would be recorded as wrong money is refused, row by row, with a sentence that says why."""

from datetime import date
from decimal import Decimal

import pytest

from statements.formats import importer_for
from statements.importer import ProfileError, RowError, StatementRow


def outcomes(text):
    """What comes of a file that is read without a hint: (amount, currency) of rows, (attr, code, line) of errors."""
    data = text.encode()
    importer = importer_for(data)
    found = importer.read(data, importer.detect(data).profile)
    return [
        (outcome.amount, outcome.currency)
        if isinstance(outcome, StatementRow)
        else (outcome.attr, outcome.code, outcome.line)
        for outcome in found
        if isinstance(outcome, (StatementRow, RowError))
    ]


def with_currencies(*cells, header="Currency"):
    rows = "".join(f"{date(2026, 1, n)},Tea,-{n}.50,{cell}\n" for n, cell in enumerate(cells, start=1))
    return [found[1] for found in outcomes(f"Date,Description,Amount,{header}\n{rows}")]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("RMB", "CNY"),
        ("US$", "USD"),
        ("\u20ac", "EUR"),
        ("eur", "EUR"),
        ("z\u0142", "PLN"),
        ("US Dollar", "USD"),
        ("", ""),
    ],
)
def test_one_unusual_cell_leaves_the_currency_of_the_other_rows_alone(cell, code):
    assert with_currencies(*["USD"] * 9, cell) == ["USD"] * 9 + [code]


@pytest.mark.parametrize("cell", ["$", "-", "XQQ", "kr", "840"])
def test_a_currency_that_could_be_any_is_refused(cell):
    assert with_currencies(*["USD"] * 9, cell) == ["USD"] * 9 + ["unknown_currency"]


def test_a_column_headed_as_currency_is_believed_even_when_no_cell_can_be_read():
    assert with_currencies("840", "840", "978") == ["unknown_currency"] * 3


def test_a_column_of_mostly_codes_is_the_currency_under_any_header():
    assert with_currencies("USD", "EUR", "??", header="Zzz") == ["USD", "EUR", "unknown_currency"]


def test_a_currency_column_that_is_filled_late_counts_from_there_on():
    assert with_currencies(*[""] * 20, "USD") == [""] * 20 + ["USD"]
    rows = "".join(f"2026-01-02,Tea {n},-1.50,{'GBP' if n > 250 else ''}\n" for n in range(260))
    found = outcomes(f"Date,Description,Amount,Currency\n{rows}")
    assert [currency for _, currency in found] == [""] * 251 + ["GBP"] * 9


def test_the_refusal_of_a_currency_names_line_and_value():
    data = b"Date,Description,Amount,Currency\n2026-01-02,Tea,-1.50,USD\n2026-01-03,Tea,-2.50,XQQ\n"
    importer = importer_for(data)
    last = list(importer.read(data, importer.detect(data).profile))[-1]
    detail = "Line 3: \u201cXQQ\u201d is not a currency such as EUR or US$."
    assert last == RowError(3, "currency", "unknown_currency", detail, ("2026-01-03", "Tea", "-2.50", "XQQ"))


def test_the_header_of_the_amount_names_the_currency_when_the_column_is_empty():
    rows = "2026-01-02,Tea,-1.50,\n2026-01-03,Tea,-2.50,\n"
    expected = [(Decimal("-1.50"), "EUR"), (Decimal("-2.50"), "EUR")]
    assert outcomes(f"Date,Description,Amount EUR,Currency\n{rows}") == expected


TOO_MANY = ("amount", "too_many_cells")


@pytest.mark.parametrize(
    ("header", "good", "bad"),
    [
        ("Date,Description,Amount", "REWE,-7.25", "REWE,-5,50"),
        ("Date,Description,Amount", "REWE,-7.25,", "REWE,-5,50"),
        ("Date,Description,Amount,", "REWE,-7.25,", "REWE,-5,50"),
        ("Date,Description,Amount,Note", "REWE,-7.25,", "REWE,-5,50,"),
        ("Date,Description,Amount,Note", "REWE,-7.25,gift", "REWE,-5,50,gift"),
        ("Date,Description,Amount,Note", "REWE,-7.25,", "Shop, 12,-5.00,"),
        ("Date,Description,Amount", "REWE,-7.25", 'REWE,"-1",234.50'),
        ("Date,Amount,Description", "-7.25,REWE", "-5,50,REWE"),
    ],
)
def test_a_row_with_more_cells_than_the_others_is_refused(header, good, bad):
    rows = "".join(f"{day}.01.2026,{good}\n" for day in range(14, 20))
    found = outcomes(f"{header}\n{rows}13.01.2026,{bad}\n")
    assert found == [(Decimal("-7.25"), "")] * 6 + [(*TOO_MANY, 8)]


def test_every_row_is_refused_when_all_are_split_by_their_decimal_comma():
    rows = "13.01.2026,REWE,-5,50\n14.01.2026,REWE,-6,50\n"
    assert outcomes(f"Date,Description,Amount\n{rows}") == [(*TOO_MANY, 2), (*TOO_MANY, 3)]


def test_the_refusal_of_a_long_row_says_that_the_comma_must_be_quoted():
    data = b"Date,Description,Amount\n14.01.2026,REWE,-7.25\n13.01.2026,REWE,-5,50\n"
    importer = importer_for(data)
    last = list(importer.read(data, importer.detect(data).profile))[-1]
    detail = "Line 3: the row has more cells than the table has columns. A comma inside a value must be quoted."
    assert last == RowError(3, *TOO_MANY, detail, ("13.01.2026", "REWE", "-5", "50"))


@pytest.mark.parametrize("ending", [",", ",more", ",,"])
def test_rows_that_are_all_longer_than_the_header_are_read(ending):
    rows = f"13.01.2026,REWE,-5.50{ending}\n14.01.2026,REWE,-6.50{ending}\n"
    assert outcomes(f"Date,Description,Amount\n{rows}") == [(Decimal("-5.50"), ""), (Decimal("-6.50"), "")]


CUT = "Date,Description,Amount\n2026-01-02,Tea,-1.50\n2026-01-03,Coal,-12."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_amount_that_the_end_of_the_file_cuts_off_is_refused(encoding):
    data = CUT.encode(encoding)
    importer = importer_for(data)
    last = list(importer.read(data, importer.detect(data).profile))[-1]
    detail = "Line 3: the file ends within the amount \u201c-12.\u201d. Download it again."
    assert last == RowError(3, "amount", "cut_off", detail, ("2026-01-03", "Coal", "-12."))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "50"])
def test_an_amount_is_whole_when_its_line_or_its_digits_end(ending):
    assert outcomes(CUT + ending)[1][0] == (Decimal("-12.50") if ending == "50" else Decimal(-12))


@pytest.mark.parametrize(
    ("key", "value", "code", "detail"),
    [
        ("amount", 99, "unknown_column", "There is no column 99. The file has 3 columns, counted from 0."),
        ("date", ["Date", 3], "unknown_column", "There is no column 3. The file has 3 columns, counted from 0."),
        ("format", "ofx", "invalid", "The format of this file is \u201ccsv\u201d. Leave it as it is."),
    ],
)
def test_a_profile_that_does_not_fit_the_file_is_refused_by_key(key, value, code, detail):
    data = CUT.encode()
    importer = importer_for(data)
    profile = {**importer.detect(data).profile, key: value}
    assert importer.check_profile(profile, data) == [ProfileError(key, code, detail)]

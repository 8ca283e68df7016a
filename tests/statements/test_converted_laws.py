"""Laws of files that become tables: what was written is read, to the cent and to the day."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from statements.delimited.importer import DelimitedImporter
from statements.delimited.table import Dialect
from statements.importer import StatementRow
from statements.pdf.conversion import convert as convert_pdf
from statements.workbook.conversion import convert as convert_workbook
from tests.laws import law
from tests.statements.books import HEADER, workbook
from tests.statements.printed import BALANCE, SECOND, left, printed, right

CENTS = st.integers(1, 99_999_999).flatmap(lambda n: st.sampled_from((n, -n)))
WORDS = st.sampled_from(["Kiosk", "Rent May", "POS 12.30", "Salary", "Shop, Main St", 'The "Inn"', "Müller & Co"])
DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
ROWS = st.lists(st.tuples(DAYS, WORDS, CENTS), min_size=3, max_size=40)


def money(cents):
    return Decimal(cents) / 100


@law(25)
@given(ROWS)
def test_a_workbook_is_read_as_it_was_written(rows):
    data = workbook({"A": [HEADER, *((day, text, float(money(cents))) for day, text, cents in rows)]})
    ((_, _, text),) = [sheet.values() for sheet in convert_workbook(data)]
    importer = DelimitedImporter()
    profile = importer.detect(text.encode(), dialect=Dialect("\t", '"')).profile
    found = [o for o in importer.read(text.encode(), profile | {"invert_sign": False}) if isinstance(o, StatementRow)]
    assert [(row.date, row.merchant, row.amount) for row in found] == [(d, t, money(c)) for d, t, c in rows]


def formatted(value, *, german):
    text = f"{value:,.2f}"
    return text.translate(str.maketrans(",.", ".,")) if german else text


@law(15)
@given(ROWS, st.booleans(), st.booleans(), CENTS)
def test_a_printed_statement_with_balances_is_read_as_it_was_written(rows, german, in_pairs, opening):
    rows = sorted(rows)
    balance, lines = money(opening), []
    head = [left("Date"), left("Text", 35), right("Debit"), right("Credit", SECOND), right("Balance", BALANCE)]
    if not in_pairs:
        head = [left("Date"), left("Text", 35), right("Amount", SECOND), right("Balance", BALANCE)]
    first = [left("Opening balance", 35), right(formatted(balance, german=german), BALANCE)]
    for day, text, cents in rows:
        balance += money(cents)
        amount = abs(money(cents)) if in_pairs else money(cents)
        edge = SECOND if cents > 0 or not in_pairs else 150
        cells = [right(formatted(amount, german=german), edge), right(formatted(balance, german=german), BALANCE)]
        lines.append([left(day.strftime("%d.%m.%Y")), left(text, 35), *cells])
    last = [left("Closing balance", 35), right(formatted(balance, german=german), BALANCE)]
    found = convert_pdf(printed([head, first, *lines[:20]], [head, *lines[20:], last]))
    assert found["is_proved"]
    assert [(days[0], text, Decimal(amount)) for _, days, text, amount, *_ in found["rows"]] == [
        (day.isoformat(), text, money(cents)) for day, text, cents in rows
    ]

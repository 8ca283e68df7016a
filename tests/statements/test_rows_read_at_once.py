"""A law: rows whose values are read once for a column are those that are read one by one, errors included."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from statements.delimited import reader, table
from statements.delimited.importer import DelimitedImporter
from statements.importer import UnreadableFile

HEADER = ["Date", "Payee", "Description", "Amount", "Currency", "IBAN", "MCC", "Reference"]
CELLS = [
    st.sampled_from(["2026-01-03", " 2026-02-28 ", "2026-02-30", "", '="2026-03-04"', "total", "3 Jan"]),
    st.sampled_from(["Cafe Luna", "", " Bakery  Sol ", '="Kiosk"', "Opening balance"]),
    st.sampled_from(
        ["Coffee", "", "Saldo 31.12.2025", 'say "hi"', "two\nlines", "Coffee\u00a0to go", "Opening balance"]
    ),
    st.sampled_from(["-3.20", "12.00", "0.00", "", "-", "EUR 4.00", "(5.00)", "1.2.3", "abc", "7", '="8.10"']),
    st.sampled_from(["EUR", "", "eur", "€", "dollars", "CHF"]),
    st.sampled_from(["", "DE89370400440532013000", "DE00370400440532013000"]),
    st.sampled_from(["", "5411", "54"]),
    st.sampled_from(["", "A1", "A2", " A3 "]),
]
ROWS = st.lists(st.tuples(*CELLS).map(list) | st.lists(st.sampled_from(["x", "", "2026-01-03", "1.00"]), max_size=10))


def written(rows, *, quoting, end):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", quoting=quoting, lineterminator="\n")
    plain = [["2026-01-02", "Shop", "Bread", "-2.50", "EUR", "", "", "Z1"]] * 3
    writer.writerows([HEADER, *plain, *rows])
    text = file.getvalue()
    return (text if end else text.rstrip("\n")).encode()


def outcomes(data, profile):
    try:
        return list(DelimitedImporter().read(data, profile))
    except UnreadableFile as error:
        return [error.code, error.detail]


@given(
    rows=ROWS,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.booleans(),
    unclosed=st.booleans(),
    size=st.sampled_from([1, 2, 128]),
    changes=st.fixed_dictionaries({}, optional={"invert_sign": st.just(True), "unsigned_is": st.just("out")}),
)
def test_reading_at_once_gives_what_reading_one_by_one_gives(rows, quoting, end, unclosed, size, changes, monkeypatch):
    data = written(rows, quoting=quoting, end=end) + (b'2026-05-06;"open;x\n2026-05-07;a;b;1.00;EUR;;;\n' * unclosed)
    profile = DelimitedImporter().detect(written([], quoting=quoting, end=True)).profile | changes

    with monkeypatch.context() as here:
        here.setattr(table, "_FIRST_LINES", size)
        at_once = outcomes(data, profile)
    with monkeypatch.context() as here:
        here.setattr(table, "_rows_of_lines", lambda *_: None)
        here.setattr(reader._PlainRows, "fit", lambda _: False)
        one_by_one = outcomes(data, profile)

    assert at_once == one_by_one

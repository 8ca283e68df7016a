"""Rows that are read in columns are those that are read one at a time, and so are their fingerprints."""

from hypothesis import given
from hypothesis import strategies as st

from statements.delimited.importer import DelimitedImporter
from statements.delimited.profile import layout_of, records_under
from statements.delimited.reader import read_rows
from statements.entries import EntryBlock, Target, each_record, read_entries
from statements.importer import RowBlock, StatementRow, each_row

HEADER = "Date;Description;Amount;Currency;Note"
PLAIN = ("2026-03-01;Bakery;-3.20;EUR;", "2026-03-01;Bakery;-3.20;EUR;twice", "2026-03-02;Salary;1,900.00;EUR;")
OTHERS = (
    "",
    "2026-03-03;Too short",
    "2026-03-03;Bakery;-3.20;EUR;;;1",
    "not a day;Bakery;-3.20;EUR;",
    "2026-03-04;Nothing moved;0.00;EUR;",
    "2026-03-04;Bakery;-3.20;Blorf;",
    "2026-03-04;Bakery;-3.20;;",
    "2026-03-04;Closing balance;120.00;EUR;",
    "2026-03-04;Far too much;-99999999999999;EUR;",
    "1850-01-01;Long ago;-1.00;EUR;",
    ";Sum;-9.60;EUR;",
    HEADER,
)
IMPORTER = DelimitedImporter()
TARGETS = {"": Target(None, "EUR")}


def profile_of_rows():
    return {**IMPORTER.detect("\n".join([HEADER, *PLAIN]).encode()).profile, "external_id": None}


@given(st.lists(st.sampled_from(PLAIN * 4 + OTHERS), max_size=30), st.sampled_from(["\n", ""]))
def test_rows_in_columns_are_those_that_are_read_one_at_a_time(lines, end):
    data = ("\n".join([HEADER, *PLAIN, *lines]) + end).encode()
    profile = profile_of_rows()
    blocks = list(IMPORTER.read_blocks(data, profile))
    one_at_a_time = list(read_rows(records_under(profile, data), layout_of(profile, data)))
    assert list(each_row(blocks)) == one_at_a_time
    assert any(isinstance(block, RowBlock) and len(block) > 1 for block in blocks)
    assert list(each_record(read_entries(blocks, targets=TARGETS))) == list(
        read_entries(one_at_a_time, targets=TARGETS)
    )


def test_a_block_can_be_cut_and_keeps_its_rows():
    data = "\n".join([HEADER, *PLAIN, ""]).encode()
    [block] = [
        b
        for b in read_entries(IMPORTER.read_blocks(data, profile_of_rows()), targets=TARGETS)
        if isinstance(b, EntryBlock)
    ]
    whole = list(block.entries())
    assert [entry.row.description for entry in whole] == ["Bakery", "Bakery", "Salary"]
    assert len({entry.fingerprint for entry in whole}) == 3
    assert [*block[:1].entries(), *block[1:].entries()] == whole
    assert all(isinstance(row, StatementRow) for row in block.rows.rows())

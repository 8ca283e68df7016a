"""Reading under a profile: what becomes a row, what is skipped, what is an error, and what no file can do to us."""

from datetime import date
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.delimited.importer import DelimitedImporter
from statements.formats import importer_for
from statements.importer import ProfileError, RowError, Skipped, StatementRow, UnreadableFile
from tests.laws import law

HEADER = "Date,Text,Amount,Flag\n"
PROFILE = {
    "format": "csv",
    "encoding": "utf-8",
    "delimiter": ",",
    "header_row": 0,
    "decimal": ".",
    "date": ["Date"],
    "date_format": "%Y-%m-%d",
    "amount": "Amount",
    "description": ["Text"],
}
CSV = DelimitedImporter()


def read(body, **changes):
    """What comes of the records below the header."""
    return list(CSV.read((HEADER + body).encode(), {**PROFILE, **changes}))[1:]


def amounts(body, **changes):
    return [row.amount for row in read(body, **changes) if isinstance(row, StatementRow)]


def test_a_row_holds_everything_the_file_says():
    profile = {**PROFILE, "merchant": ["Flag"], "currency_code": "eur", "external_id": 3}
    [_, row] = CSV.read((HEADER + "2024-01-02, two  words ,-3.50,Shop\n").encode(), profile)
    raw = ("2024-01-02", "two  words ", "-3.50", "Shop")
    expected = StatementRow(2, date(2024, 1, 2), Decimal("-3.50"), "two words", "Shop", "EUR", raw, external_id="Shop")
    assert row == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",,,", "blank"),
        ("", "blank"),
        ("Date,Text,Amount,Flag", "repeated_header"),
        ("Total,,-3.50,", "total"),
        (",Total:,-3.50,", "total"),
        (",,-3.50,", "total"),
        ("2024-01-01,Opening balance,3.50,", "opening_balance"),
        ("2024-01-31,Saldo am 31.01.2024,3.50,", "closing_balance"),
        ("Closing balance,,3.50,", "closing_balance"),
        ("2024-01-31,Apyvarta,3.50,", "turnover"),
        ("2024-01-31,Interest rate changes to 2%,,", "text"),
        ("This statement is legally binding in 2 states.,,,", "text"),
        ("Pending,tea,3.50,", "pending_without_date"),
        ("2024-01-31,Notice,0.00,", "zero"),
    ],
)
def test_a_row_that_moves_no_money_is_skipped_with_its_reason(line, reason):
    assert [outcome.reason for outcome in read(f"{line}\n")] == [reason]


def test_a_zero_keeps_its_date():
    assert read("2024-01-31,Notice,0.00,\n") == [
        Skipped(2, "zero", ("2024-01-31", "Notice", "0.00", ""), date(2024, 1, 31))
    ]


@pytest.mark.parametrize("text", ["TOTAL filling station", "TOTAL", "Balance bikes for kids", "Turnover pastry"])
def test_a_dated_shop_with_a_telling_name_is_still_a_row(text):
    assert amounts(f"2024-01-02,{text},-3.50,\n") == [Decimal("-3.50")]


@pytest.mark.parametrize(
    ("line", "attr", "code", "detail"),
    [
        ("2024-01-02,tea,12..34,", "amount", "unreadable", "Line 2: “12..34” is not an amount."),
        ("2024-01-02,tea,NaN,", "amount", "unreadable", "Line 2: “NaN” is not an amount."),
        ("2024-13-02,tea,-3.50,", "date", "unreadable", "Line 2: “2024-13-02” is not a date of the form %Y-%m-%d."),
        (",tea,-3.50,", "date", "missing", "Line 2: the row has an amount but no date."),
        (
            "2024-01-02,te",
            "amount",
            "missing",
            "Line 2: the row ends before its amount. The file may be cut off here.",
        ),
    ],
)
def test_an_unreadable_row_is_an_error_that_names_line_and_value(line, attr, code, detail):
    [error] = read(f"{line}\n")
    assert (error.line, error.attr, error.code, error.detail) == (2, attr, code, detail)


def test_a_flag_says_which_way_the_money_went():
    flag = {"column": "Flag", "negative_when": ["D"], "positive_when": ["K"]}
    body = "2024-01-01,a,5.00,D\n2024-01-02,b,7.00,k\n2024-01-03,c,-1.00,D\n2024-01-04,d,2.00,X\n"
    outcomes = read(body, sign_flag=flag)
    assert [row.amount for row in outcomes[:3]] == [Decimal("-5.00"), Decimal("7.00"), Decimal("1.00")]
    assert (outcomes[3].attr, outcomes[3].code) == ("sign_flag", "unknown_flag")


def test_one_list_of_flags_is_enough():
    body = "2024-01-01,a,5.00,\n2024-01-02,b,7.00,CR\n"
    wanted = [Decimal("-5.00"), Decimal("7.00")]
    assert amounts(body, sign_flag={"column": 3, "positive_when": ["CR"]}) == wanted
    assert amounts(body, sign_flag={"column": 3, "negative_when": ["CR"]}) == [-amount for amount in wanted]


def test_signs_can_be_turned_and_unmarked_amounts_mean_out():
    body = "2024-01-01,a,5.00,\n2024-01-02,b,7.00 CR,\n"
    assert amounts(body, unsigned_is="out") == [Decimal("-5.00"), Decimal("7.00")]
    assert amounts(body, invert_sign=True) == [Decimal("-5.00"), Decimal("-7.00")]


@pytest.mark.parametrize(("negative", "expected"), [(False, ["5.00", "3.00"]), (True, ["-5.00", "3.00"])])
def test_a_debit_column_may_be_negative_already(negative, expected):
    profile = {**PROFILE, "amount": None, "debit": "Amount", "credit": "Flag", "debit_is_negative": negative}
    data = (HEADER + "2024-01-01,a,-5.00,\n2024-01-02,b,-,3.00\n").encode()
    rows = [outcome for outcome in CSV.read(data, profile) if isinstance(outcome, StatementRow)]
    assert [row.amount for row in rows] == list(map(Decimal, expected))


def test_further_lines_of_text_join_the_row_above():
    body = "2024-01-01,Card,-5.00,\n,Harbor Cafe,,\n,Table 4,,\n2024-01-02,Rent,-9.00,\n"
    assert [row.description for row in read(body, continuation_rows=True)] == ["Card Harbor Cafe Table 4", "Rent"]


def test_a_status_marks_what_is_pending_and_what_was_declined():
    statuses = ["Pending", "vorgemerkt", "DECLINED", "ok"]
    body = "".join(f"2024-01-0{n},shop,-{n}.00,{status}\n" for n, status in enumerate(statuses, start=1))
    rows = read(body, status="Flag")
    assert [row.pending for row in rows if isinstance(row, StatementRow)] == [True, True, False]
    assert rows[2].reason == "declined"


def test_the_profile_may_name_its_own_word_for_pending():
    [row] = read("2024-01-01,a,-5.00,Liminal\n", status="Flag", pending_when=["liminal"])
    assert row.pending


def test_pending_rows_are_left_out_where_the_profile_says_so():
    body = "2024-01-01,a,-5.00,Pending\n2024-01-02,b,-6.00,booked\n2024-01-03,c,-7.00,Liminal\n"
    outcomes = read(body, status="Flag", pending_when=["liminal"], leave_out_pending=True)
    assert [getattr(outcome, "reason", outcome.line) for outcome in outcomes] == ["pending", 3, "pending"]
    assert outcomes[0] == Skipped(2, "pending", ("2024-01-01", "a", "-5.00", "Pending"))


@pytest.mark.parametrize(("leave_out", "expected"), [(False, [True, False]), (True, ["pending", False])])
def test_a_row_without_its_first_date_is_pending(leave_out, expected):
    data = b"Date,Value,Text,Amount\n,2024-01-05,a,-5.00\n2024-01-06,2024-01-07,b,-6.00\n"
    outcomes = list(CSV.read(data, {**PROFILE, "date": ["Date", "Value"], "leave_out_pending": leave_out}))[1:]
    assert [getattr(o, "reason", None) or getattr(o, "pending", None) for o in outcomes] == expected


def test_the_second_date_column_stands_in_for_an_empty_first():
    data = b"Date,Value,Text,Amount\n,2024-01-05,a,-5.00\n2024-01-06,2024-01-07,b,-6.00\n"
    outcomes = CSV.read(data, {**PROFILE, "date": ["Date", "Value"]})
    assert [row.date for row in outcomes if isinstance(row, StatementRow)] == [date(2024, 1, 5), date(2024, 1, 6)]


def test_lines_are_counted_as_an_editor_shows_them():
    body = '2024-01-01,"two\nlines",-5.00,\n\n2024-01-02,b,-6.00,\n'
    assert [outcome.line for outcome in read(body)] == [2, 4, 5]


@pytest.mark.parametrize(
    ("changes", "attr", "code"),
    [
        ({"encoding": "klingon"}, "encoding", "unknown_encoding"),
        ({"encoding": "base64"}, "encoding", "unknown_encoding"),
        ({"encoding": "utf-16"}, "encoding", "undecodable"),
        ({"delimiter": ",,"}, "delimiter", "invalid"),
        ({"delimiter": '"'}, "delimiter", "invalid"),
        ({"header_row": -1}, "header_row", "invalid"),
        ({"decimal": "x"}, "decimal", "invalid"),
        ({"date_format": "%Q"}, "date_format", "invalid"),
        ({"date_format": "%d.%m.%Y" + " " * 33}, "date_format", "invalid"),
        ({"date_format": "%a %A %d %b %Y"}, "date_format", "invalid"),
        ({"date_format": None}, "date_format", "required"),
        ({"date": []}, "date", "required"),
        ({"date": "Day"}, "date", "unknown_column"),
        ({"amount": None}, "amount", "required"),
        ({"debit": "Flag"}, "amount", "conflict"),
        ({"amount": -1}, "amount", "invalid"),
        ({"description": [True]}, "description", "invalid"),
        ({"sign_flag": {"column": "Flag"}}, "sign_flag", "invalid"),
        ({"sign_flag": {"column": "No", "negative_when": ["D"]}}, "sign_flag", "unknown_column"),
        ({"currency_code": "XYZ"}, "currency_code", "unknown_currency"),
        ({"invert_sign": "yes"}, "invert_sign", "invalid"),
        ({"unsigned_is": "up"}, "unsigned_is", "invalid"),
        ({"pending_when": "soon"}, "pending_when", "invalid"),
        ({"leave_out_pending": "yes"}, "leave_out_pending", "invalid"),
        ({"colour": "red"}, "colour", "unknown_key"),
    ],
)
def test_a_wrong_profile_is_answered_key_by_key_and_never_used(changes, attr, code):
    data = (HEADER + "2024-01-01,café,-5.00,\n").encode()
    profile = {**PROFILE, **changes}
    [error] = CSV.check_profile(profile, data)
    assert (error.attr, error.code, error.detail.endswith(".")) == (attr, code, True)
    with pytest.raises(UnreadableFile) as refused:
        CSV.read(data, profile)
    assert ProfileError(refused.value.attr, refused.value.code, refused.value.detail) == error


def test_the_first_page_of_a_big_file_needs_no_more_than_its_beginning():
    data = (HEADER + "2024-01-01,tea,-5.00,\n" * 60 + "not a row at all\0\n" * 200_000).encode()
    assert len(list(islice(CSV.read(data, PROFILE), 51))) == 51


def test_a_field_without_end_is_an_error_of_its_row_alone():
    body = "2024-01-01," + "x" * 1_000_000 + ",-5.00,\n2024-01-02,tea,-6.00,\n"
    error, row = read(body)
    assert (error.line, error.code, len(error.raw[0])) == (2, "unsplittable", 200)
    assert row.amount == Decimal("-6.00")


def test_a_cell_of_kilobytes_where_a_date_should_stand_is_an_error_at_once():
    body = ("x y " * 10_500 + ",tea,-5.00,\n") * 50
    assert {(error.attr, error.code) for error in read(body, date_format="%a %b %Z %d %Y")} == {("date", "unreadable")}


def test_a_quotation_mark_that_never_closes_swallows_no_row():
    body = '2024-01-01,"tea,-5.00,\n' * 50 + "2024-01-02,cake,-6.00,\n" * 100
    assert len(amounts(body)) == 150


words = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\0'), min_size=1, max_size=20).map(str.strip)
entries = st.tuples(
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    words,
    st.decimals(-9999, 9999, places=2).filter(bool),
)


@given(st.lists(entries, max_size=20))
def test_reading_a_written_statement_gives_its_rows_back(rows):
    body = "".join(f'{day},"shop {text}",{amount},\n' for day, text, amount in rows)
    assert [(row.date, row.amount) for row in read(body)] == [(day, amount) for day, _, amount in rows]


@given(st.lists(entries, min_size=1, max_size=20), st.integers(0, 20))
def test_two_parts_of_a_file_hold_the_rows_of_the_whole(rows, cut):
    lines = [f'{day},"shop {text}",{amount},\n' for day, text, amount in rows]
    whole, first, second = (["".join(part)] for part in (lines, lines[:cut], lines[cut:]))
    assert amounts(*whole) == amounts(*first) + amounts(*second)


def outcomes_or_refusal(data):
    """Reads any bytes to the end; nothing but `UnreadableFile` may come out beside outcomes."""
    try:
        importer = importer_for(data)
        reading = importer.detect(data)
        return list(importer.read(data, reading.profile))
    except UnreadableFile as refusal:
        return refusal


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(data):
    outcomes_or_refusal(data)


SEED = """Datum;Text;"Betrag";Saldo
01.02.2024;"Brot; frisch";-3,00;97,00
02.02.2024;Käse;-1.004,50;92,50

Summe;;-7,50;
"""
edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=6)), max_size=8)


@law(60)
@given(edits, st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_no_damage_to_a_statement_crashes_the_reader(changes, encoding):
    data = SEED.encode(encoding)
    for place, length, inserted in changes:
        start = int(place * len(data))
        data = data[:start] + inserted + data[start + length :]
    result = outcomes_or_refusal(data)
    assert isinstance(result, UnreadableFile) or all(isinstance(o, StatementRow | RowError | Skipped) for o in result)

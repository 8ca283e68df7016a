"""Dates: what banks write, which format fits a column, and when the order of day and month must be asked."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.delimited.dates import (
    DateFormatError,
    FormatChoice,
    Hints,
    choose_format,
    date_parser,
    possible_formats,
)

ENGLISH = Hints(frozenset({"en"}))
FRENCH = Hints(frozenset({"fr"}))


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("2012:03:01", "%Y:%m:%d", date(2012, 3, 1)),
        ("2019.04.19.", "%Y.%m.%d", date(2019, 4, 19)),
        ("12-Dec-2019", "%d-%b-%Y", date(2019, 12, 12)),
        ("12Dec2019", "%d%b%Y", date(2019, 12, 12)),
        ("Dec 12, 2019", "%b %d, %Y", date(2019, 12, 12)),
        ("Mon, 12 Dec 2019", "%a, %d %b %Y", date(2019, 12, 12)),
        ("12. Dezember 2019", "%d. %b %Y", date(2019, 12, 12)),
        ("3 août 2020", "%d %b %Y", date(2020, 8, 3)),
        ("12 мая 2020", "%d %b %Y", date(2020, 5, 12)),
        ("04/17/2023 as of 04/15/2023", "%m/%d/%Y", date(2023, 4, 17)),
        ("2020-01-23 08:26:29", "%Y-%m-%d", date(2020, 1, 23)),
        ("2017-04-25T03:15:53+02:00", "%Y-%m-%d", date(2017, 4, 25)),
        ("2017-02-14-11.57.44.235044", "%Y-%m-%d", date(2017, 2, 14)),
        ("28.06.2013 00:00:30:989", "%d.%m.%Y", date(2013, 6, 28)),
        ("20200131", "%Y%m%d", date(2020, 1, 31)),
        ("20200131120000", "%Y%m%d", date(2020, 1, 31)),
        ("6/ 1/94", "%d/%m/%y", date(1994, 1, 6)),
        ("1. 2. 2020", "%d. %m. %Y", date(2020, 2, 1)),
    ],
)
def test_a_date_is_recognized_and_read(text, pattern, day):
    assert possible_formats(text)[0] == pattern
    assert date_parser(pattern)(text) == day


@pytest.mark.parametrize(
    "text", ["", "2020-02-30", "10:11:12", "12345678", "1-2-3", "192.168.1.10", "12 Foo 2020", "5.00"]
)
def test_what_is_no_date_has_no_format(text):
    assert possible_formats(text) == ()


@pytest.mark.parametrize(
    "pattern",
    ["", "%Y", "%d.%m", "%d.%m.%Q", "%Y%Y%m%d", "%a" * 15 + "%Y-%m-%d", "dd/mm/yyyy", "%a %A %d.%m.%Y", "%d %b %B %Y"],
)
def test_a_format_that_cannot_be_used_is_refused_in_a_sentence(pattern):
    with pytest.raises(DateFormatError, match=r"\.$"):
        date_parser(pattern)


def test_a_format_is_no_longer_than_forty_characters():
    assert date_parser("%d.%m.%Y".ljust(40, "x"))("01.02.2024" + "x" * 32) == date(2024, 2, 1)
    with pytest.raises(DateFormatError, match="longer than 40 characters"):
        date_parser("%d.%m.%Y".ljust(41, "x"))


HOSTILE_FORMATS = ["%A%Z%b%f%H%M%S%d%Y", "%Z%A%b%d%Y%f%p", "%a %b %Z %d %Y", "%H%M%S%f%d%m%Y"]
HOSTILE_CELLS = ["a" * 58, "1" * 58, " " * 57 + "x", "a1" * 29, "a" * 42_000, "1" * 42_000, " \n" * 21_000]


@pytest.mark.parametrize("pattern", HOSTILE_FORMATS)
@pytest.mark.parametrize("cell", HOSTILE_CELLS, ids=lambda cell: f"{cell[:2]!r} to {len(cell)}")
def test_a_hostile_cell_under_a_hostile_format_is_no_date_and_takes_no_time(pattern, cell):
    parse = date_parser(pattern)
    assert [parse(cell + str(n)) for n in range(50)] == [None] * 50


@pytest.mark.parametrize(
    ("cells", "related", "hints", "choice"),
    [
        (["03/04/2024", "13/04/2024"], [], ENGLISH, FormatChoice("%d/%m/%Y")),
        (["03/04/2024", "04/13/2024"], [], ENGLISH, FormatChoice("%m/%d/%Y")),
        (["03/04/2024"], ["03/28/2024"], ENGLISH, FormatChoice("%m/%d/%Y")),
        (["01/02/2024", "04/02/2024", "02/03/2024"], [], ENGLISH, FormatChoice("%d/%m/%Y")),
        (["02/01/2024", "02/04/2024", "03/02/2024"], [], ENGLISH, FormatChoice("%m/%d/%Y")),
        (["03/02/2024", "01/02/2024", "09/02/2024"], [], ENGLISH, FormatChoice("%d/%m/%Y")),
        (["03/04/2024", "05/06/2024"], [], ENGLISH, FormatChoice("%d/%m/%Y", ("%m/%d/%Y",))),
        (["3/4/2024", "5/6/2024"], [], ENGLISH, FormatChoice("%m/%d/%Y", ("%d/%m/%Y",))),
        (["03/04/2024", "05/06/2024"], [], Hints(frozenset({"en"}), "$"), FormatChoice("%m/%d/%Y", ("%d/%m/%Y",))),
        (["03/04/2024", "05/06/2024"], [], FRENCH, FormatChoice("%d/%m/%Y")),
        (["03.04.2024", "05.06.2024"], [], ENGLISH, FormatChoice("%d.%m.%Y")),
        (["10/10/2024"], [], ENGLISH, FormatChoice("%d/%m/%Y")),
        (["Pending", "03.04.24"], [], ENGLISH, FormatChoice("%d.%m.%y")),
        (["nothing"], [], ENGLISH, None),
    ],
)
def test_the_order_of_day_and_month_follows_the_evidence(cells, related, hints, choice):
    assert choose_format(cells, related, hints) == choice


def test_a_running_balance_that_says_which_way_the_rows_run_settles_the_order():
    cells = ["03/06/2024", "04/05/2024", "05/04/2024"]
    newest_first = Hints(frozenset({"en"}), direction=-1)
    assert choose_format(cells, [], newest_first) == FormatChoice("%d/%m/%Y")


FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y", "%d.%m.%y", "%B %d, %Y", "%Y:%m:%d"]


@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)), st.sampled_from(FORMATS))
def test_reading_a_written_date_gives_it_back(day, pattern):
    assert date_parser(pattern)(day.strftime(pattern)) == day


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%m-%y"]))
def test_a_month_of_days_in_order_tells_its_own_format(first, pattern):
    days = [first + timedelta(days=n) for n in range(31)]
    assert choose_format([day.strftime(pattern) for day in days], [], ENGLISH) == FormatChoice(pattern)


@given(st.text(max_size=80), st.sampled_from(FORMATS))
def test_any_text_is_a_date_or_nothing(text, pattern):
    assert isinstance(date_parser(pattern)(text), date | None)

"""QIF: dates in every order, splits, categories, accounts, and what no file can do to us."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.formats import importer_for
from statements.importer import ProfileError, RowError, RowPart, Skipped, StatementRow, UnreadableFile
from statements.qif.importer import QifImporter
from tests.laws import law

QIF = QifImporter()


def outcomes(text, **changes):
    data = text.encode() if isinstance(text, str) else text
    return list(QIF.read(data, {**QIF.detect(data).profile, **changes}))


def only(lines, **changes):
    """What comes of one record."""
    [outcome] = outcomes(f"!Type:Bank\n{lines}\n^\n", **changes)
    return outcome


def detect(text):
    return QIF.detect(text.encode())


def dated(*dates, head="!Type:Bank\n"):
    return head + "".join(f"D{date}\nT-1.00\n^\n" for date in dates)


def test_a_row_holds_everything_the_file_says():
    lines = "D2026-03-02\nT-3.50\nCX\nN17\nPCafe Luna\nMTwo  coffees\nLFood:Drinks/Holiday"
    raw = tuple(lines.split("\n"))
    assert only(lines) == StatementRow(
        2, dt.date(2026, 3, 2), Decimal("-3.50"), "Two coffees", "Cafe Luna", "", raw, category=("Food", "Drinks"),
        tags=("Holiday",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dates", "pattern", "first"),
    [
        (("6/ 1/94", "6/25'26"), "%m/%d/%y", dt.date(1994, 6, 1)),
        (("2/14'2026", "3/ 1'2026"), "%m/%d/%Y", dt.date(2026, 2, 14)),
        (("12/25/99", "1/ 2'2026"), "%m/%d/%Y", dt.date(1999, 12, 25)),
        (("2/13' 5",), "%m/%d/%y", dt.date(2005, 2, 13)),
        (("13/02/2026", "01/03/2026"), "%d/%m/%Y", dt.date(2026, 2, 13)),
        (("28.02'2026", "01.03'2026"), "%d.%m.%Y", dt.date(2026, 2, 28)),
        (("2026-02-28",), "%Y-%m-%d", dt.date(2026, 2, 28)),
        (("2026/2/28",), "%Y/%m/%d", dt.date(2026, 2, 28)),
        (("20260228",), "%Y%m%d", dt.date(2026, 2, 28)),
        (("28-Feb-26",), "%d-%b-%y", dt.date(2026, 2, 28)),
        (("1/ 1'00",), "%m/%d/%y", dt.date(2000, 1, 1)),
    ],
)
def test_one_order_of_dates_fits_every_record(dates, pattern, first):
    reading = detect(dated(*dates))
    assert (reading.profile["date_format"], reading.questions) == (pattern, [])
    assert outcomes(dated(*dates))[0].date == first


def test_it_is_asked_where_two_orders_fit():
    text = dated("03/04/26", "05/06/26")
    [question] = detect(text).questions
    assert (question.attr, question.code) == ("date_format", "unknown_date_order")
    assert question.alternatives == ("%d/%m/%y", "%m/%d/%y")
    assert question.detail == "Every date of the file can be read in more than one way; they were read as %d/%m/%y."
    assert [row.date.month for row in outcomes(text, date_format="%m/%d/%y")] == [3, 5]


@pytest.mark.parametrize(("order", "month"), [("MDY", 3), ("dmy", 4)])
def test_an_option_of_the_file_says_the_order(order, month):
    text = dated("03/04/26", "05/06/26", head=f"!Option:{order}\n!Type:Bank\n")
    assert detect(text).questions == []
    assert outcomes(text)[0].date.month == month


def test_a_date_that_fits_no_order_is_an_error():
    row, error = outcomes(dated("13/02/2026", "02/30/2026"))
    assert row.date == dt.date(2026, 2, 13)
    assert error == RowError(
        5, "date", "unreadable", "Line 5: “02/30/2026” is not a date of the form %d/%m/%Y.", ("D02/30/2026", "T-1.00")
    )


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [("-1,234.56", "-1234.56", ""), ("-1.234,56", "-1234.56", ""), ("1'234.50", "1234.50", ""), ("+5", "5", ""),
     ("-5", "-5", ""), ("€12.00", "12.00", "EUR"), ("-.50", "-0.50", "")],
)  # fmt: skip
def test_amounts_are_read_in_every_notation(text, amount, currency):
    row = only(f"D2026-03-02\nT{text}")
    assert (str(row.amount), row.currency) == (amount, currency)


@pytest.mark.parametrize("text", [".", "five", "1.2.3", "--5"])
def test_a_faulty_amount_is_an_error_that_names_it(text):
    error = only(f"D2026-03-02\nT{text}")
    assert (error.line, error.attr, error.code) == (2, "amount", "unreadable")
    assert error.detail.startswith(f"Line 2: “{text}” ")


def test_it_is_asked_whether_a_separator_means_thousands():
    [question] = detect("!Type:Bank\nD2026-03-02\nT-1,250\n^\n").questions
    assert (question.attr, question.code, question.alternatives) == ("decimal", "unknown_decimal", (".", ","))
    assert question.detail == (
        "Nothing in the file says whether the separator in “-1,250” is that of thousands or of fractions; “.” was "
        "taken as the decimal separator."
    )


def test_an_amount_of_zero_is_skipped_with_its_day():
    assert only("D2026-03-02\nT0.00") == Skipped(2, "zero", ("D2026-03-02", "T0.00"), dt.date(2026, 3, 2))


SPLIT = "D2026-03-02\nT{}\nSFood\nELunch\n${}\nS[Savings]\n${}"


def test_splits_are_parts_that_are_not_added_to_the_amount():
    row = only(SPLIT.format("-10.00", "-7.00", "-3.00"))
    assert row.amount == -10
    assert row.parts == (RowPart(Decimal("-7.00"), ("Food",), "Lunch"), RowPart(Decimal("-3.00"), (), "[Savings]"))


def test_splits_without_a_minus_take_the_sign_of_the_amount():
    row = only(SPLIT.format("-10.00", "7.00", "3.00"))
    assert [part.amount for part in row.parts] == [-7, -3]


def test_splits_that_do_not_add_up_are_dropped_with_a_warning():
    text = f"!Type:Bank\n{SPLIT.format('-10.00', '-7.00', '-4.00')}\n^\n"
    assert [row.parts for row in outcomes(text)] == [()]
    assert detect(text).warnings == [
        "QIF names no currency. All amounts are taken in that of the account.",
        "Line 2: the parts do not add up to the amount. The row has no parts.",
    ]


def test_shares_of_a_split_are_shares_of_the_amount():
    row = only("D2026-03-02\nT-10.00\nSFood\n%70%\nSHome\n%30%")
    assert row.parts == (RowPart(Decimal("-7.0"), ("Food",)), RowPart(Decimal("-3.0"), ("Home",)))


def test_one_split_gives_its_category_to_the_row():
    row = only("D2026-03-02\nT-10.00\nSFood:Lunch\n$-10.00")
    assert (row.category, row.parts) == (("Food", "Lunch"), ())


@pytest.mark.parametrize(
    ("text", "category", "tags", "account"),
    [("Food: Lunch", ("Food", "Lunch"), (), ""), ("[Savings]", (), (), "Savings"), ("--Split--", (), (), ""),
     ("[Savings]/Job", (), ("Job",), "Savings"), ("", (), (), ""), (":", (), (), ""), ("[Open", (), (), "Open")],
)  # fmt: skip
def test_a_category_is_a_path_or_a_transfer(text, category, tags, account):
    row = only(f"D2026-03-02\nT-10.00\nL{text}")
    assert (row.category, row.tags, row.transfer_account) == (category, tags, account)


@pytest.mark.parametrize(
    ("lines", "merchant", "description"),
    [("PShop\nMTea", "Shop", "Tea"), ("PShop", "Shop", "Shop"), ("MTea", "", "Tea"), ("N1044", "", "Check 1044"),
     ("NATM", "", "ATM"), ("AMain Street 3\nATown", "", "Main Street 3 Town"), ("C*", "", "")],
)  # fmt: skip
def test_texts_come_from_payee_memo_address_and_number(lines, merchant, description):
    row = only(f"D2026-03-02\nT-10.00\n{lines}")
    assert (row.merchant, row.description) == (merchant, description)


def test_each_account_has_its_rows_and_what_the_list_says_of_it():
    text = (
        "!Option:AutoSwitch\n!Account\nNGiro\nTBank\n$12.50\n/03/31/2026\n^\nNDE89 3704 0044 0532 0130 00\nTBank\n^\n"
        "N5500 1234 5678\nTCCard\n^\n!Clear:AutoSwitch\n!Type:Bank\nD03/30/2026\nT-1.00\n^\n"
        "!Account\nNGiro\n^\n!Type:Bank\nD03/30/2026\nT-2.00\n^\n"
        "!Account\nNDE89 3704 0044 0532 0130 00\n^\n!Type:Bank\nD03/30/2026\nT-3.00\n^\n"
        "!Account\nN5500 1234 5678\n^\n!Type:CCard\nD03/30/2026\nT-4.00\n^\n"
    )
    rows = [(str(row.amount), row.account) for row in outcomes(text) if isinstance(row, StatementRow)]
    iban_name, card_name = "DE89 3704 0044 0532 0130 00", "5500 1234 5678"
    assert rows == [("-1.00", ""), ("-2.00", "Giro"), ("-3.00", iban_name), ("-4.00", card_name)]
    giro, iban, card = detect(text).accounts
    assert (giro.key, giro.balance, giro.balance_date) == ("Giro", Decimal("12.50"), dt.date(2026, 3, 31))
    assert (iban.iban, iban.number) == ("DE89370400440532013000", "")
    assert (card.iban, card.number) == ("", "550012345678")


def test_a_file_of_lists_alone_is_refused():
    with pytest.raises(UnreadableFile) as caught:
        detect("!Type:Cat\nNFood\n^\n!Type:Class\nNHoliday\n^\n")
    assert (caught.value.code, caught.value.detail) == (
        "no_statement",
        "This QIF file has no transactions, only lists (category, class). Export those of an account.",
    )


def test_a_file_of_securities_alone_has_no_rows_and_a_warning():
    text = "!Type:Invst\nD2026-03-02\nNBuy\nYACME\nT100.00\n^\n"
    assert [outcome.reason for outcome in outcomes(text)] == ["security"]
    assert detect(text).warnings == [
        "QIF names no currency. All amounts are taken in that of the account.",
        "The file holds 1 record about securities. They are left out, since they are no income or expense.",
    ]


def test_an_empty_statement_is_read():
    assert outcomes("!Type:Bank\n^\n") == []


@pytest.mark.parametrize("change", [str.lower, lambda text: text.replace("!Type:", "! Type : "), str.upper])
def test_headers_are_found_in_any_spelling(change):
    header = change("!Type:Bank")
    data = f"{header}\nD2026-03-02\nT-1.00\n^\n".encode()
    assert importer_for(data).format == "qif"
    assert len(outcomes(data)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_end_of_line_is_read(encoding, end):
    text = "!Type:Bank\nD2026-03-02\nT-1.00\nPBäckerei Müller\n^\nD2026-03-03\nT-2.00\n^\n".replace("\n", end)
    data = text.encode(encoding)
    assert importer_for(data).format == "qif"
    assert [(row.amount, row.merchant) for row in outcomes(data)] == [(-1, "Bäckerei Müller"), (-2, "")]


@pytest.mark.parametrize("ending", ["^\n", "^", "", "\n^", "PShop"])
def test_the_last_end_of_a_record_may_be_missing(ending):
    assert [row.amount for row in outcomes(f"!Type:Bank\nT-12.34\nD2026-03-02\n{ending}")] == [Decimal("-12.34")]


def test_an_amount_at_the_cut_of_a_file_is_an_error():
    [error] = outcomes("!Type:Bank\nD2026-03-02\nT-12.3")
    assert error.detail == "Line 2: the file ends within this amount. Export it again."


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"date_format": "%d.%m"}, ("date_format", "invalid",
                                    "“%d.%m” must hold one day (%d), one month (%m or %b) and one year (%Y or %y).")),
        ({"date_format": None}, ("date_format", "required",
                                 "The format of dates is missing. Write it as in %d.%m.%Y.")),
        ({"decimal": "'"}, ("decimal", "invalid", "The decimal separator must be “.” or “,”.")),
        ({"encoding": "qq"}, ("encoding", "unknown_encoding", "“qq” is not an encoding. Try utf-8 or cp1252.")),
        ({"amount": "T"}, ("amount", "unknown_key", "“amount” is not known. The keys are: "  # noqa: ISC004
                           "currency_code, date_format, decimal, encoding, format.")),
    ],
)  # fmt: skip
def test_a_faulty_profile_names_the_key(changes, fault):
    data = dated("2026-03-02").encode()
    assert QIF.check_profile({**QIF.detect(data).profile, **changes}, data) == [ProfileError(*fault)]


NOISE = [
    "^",
    "\n",
    "^\n",
    "S\n",
    "D",
    "!",
    "!Account\nNX\n^\n!Type:Bank\n",
    " ",
    "T1\n",
    "[",
    "D1\nT1\n",
    "'",
    "S\n$1\n",
]


@pytest.mark.parametrize("noise", NOISE)
def test_megabytes_of_noise_are_read_once(noise):
    many = noise * (500_000 // len(noise))
    for text in (f"!Type:Bank\nD2026-03-02\nT-1.00\nM{many}\n^\n", f"!Type:Bank\n{many}\nD2026-03-02\nT-1.00\n^\n"):
        assert all(isinstance(one, (StatementRow, RowError, Skipped)) for one in outcomes(text))


ROWS = st.lists(
    st.tuples(
        st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31)),
        st.decimals(-999999, 999999, places=2).filter(bool),
        st.text("abc XYZ&<>éß", max_size=20).map(lambda text: " ".join(text.split())),
    ),
    min_size=1,
    max_size=8,
)


def written(rows, order, decimal=".", end="^\n"):
    """A statement of the rows, with the dates in an order."""
    lines = ["!Type:Bank\n"]
    for day, amount, payee in rows:
        text = f"{amount:,.2f}".translate(str.maketrans(",.", ".," if decimal == "," else ",."))
        lines.append(f"D{day.strftime(order)}\nT{text}\nP{payee}\n{end}")
    return "".join(lines)


@law(60)
@given(ROWS, st.sampled_from(["%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d"]), st.sampled_from(".,"))
def test_what_is_written_in_any_notation_is_read_back(rows, order, decimal):
    text = written(rows, order, decimal)
    read = outcomes(text, date_format=order)
    assert [(row.date, row.amount, row.merchant) for row in read] == rows
    taken = detect(text)
    patterns = [taken.profile["date_format"], *(p for q in taken.questions for p in q.alternatives)]
    days = [row[0] for row in rows]
    assert any([one.date for one in outcomes(text, date_format=pattern)] == days for pattern in patterns)


@law(60)
@given(ROWS)
def test_missing_ends_of_records_change_nothing(rows):
    assert outcomes(written(rows, "%Y-%m-%d", end="")) == [
        StatementRow(**{**{key: getattr(row, key) for key in row.__slots__}, "line": row.line - number})
        for number, row in enumerate(outcomes(written(rows, "%Y-%m-%d")))
    ]


@law(60)
@given(ROWS, st.randoms(use_true_random=False))
def test_a_damaged_file_gives_rows_or_a_known_error(rows, chance):
    data = bytearray(written(rows, "%d/%m/%Y").encode())
    for _ in range(chance.randrange(1, 6)):
        damage(data, chance)
    try:
        importer = importer_for(bytes(data))
        profile = importer.detect(bytes(data)).profile
        assert importer.check_profile(profile, bytes(data)) == []
        read = list(importer.read(bytes(data), profile))
    except UnreadableFile:
        return
    assert all(isinstance(outcome, (StatementRow, RowError, Skipped)) for outcome in read)


def damage(data: bytearray, chance: random.Random) -> None:
    """Cut, swap, repeat or overwrite a part."""
    first = chance.randrange(len(data) + 1)
    last = min(len(data), first + chance.randrange(1, 40))
    part = bytes(data[first:last])
    data[first:last] = chance.choice(
        [b"", part * 2, part[::-1], b"\xff\xfe", b"^", b"\nS\n$", b"!Type:Cat\n", b"!Account\n", b"\0", b"[", b"'"]
    )

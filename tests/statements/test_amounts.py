"""Amounts: a table of what banks write, what must be refused, and the law that reading undoes writing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.delimited.amounts import Amount, AmountError, decimal_of, parse_amount, possible_decimals

READ = [
    ("12.34", ".", "12.34"),
    ("-1.234,56", ",", "-1234.56"),
    ("1'234.56", ".", "1234.56"),
    ("1\u2019234.56", ".", "1234.56"),
    ("1\u202f234,56", ",", "1234.56"),
    ("1 234 567,8", ",", "1234567.8"),
    ("1,00,000.00", ".", "100000.00"),
    ("-,01", ",", "-0.01"),
    ("-.46", ".", "-0.46"),
    ("2200,", ",", "2200"),
    ("+ £1,100.00", ".", "1100.00"),
    ("- $220.00", ".", "-220.00"),
    ("$-5", ".", "-5"),
    ("\u22125,00", ",", "-5.00"),
    ("12.00-", ".", "-12.00"),
    ("(12.00)", ".", "-12.00"),
    ("($12.00)", ".", "-12.00"),
    ("12.00CR", ".", "12.00"),
    ("12.00 Dr.", ".", "-12.00"),
    ("Rs.500", ".", "500"),
    ("kr 5", ",", "5"),
    ("1 234,56 Kč", ",", "1234.56"),
    ("USD 5", ".", "5"),
    ("\u062f.\u0627.\u200f4.750", ".", "4.750"),
    ("  7 ", ".", "7"),
    ("999999999999.99", ".", "999999999999.99"),
]
REFUSED = [
    "", " ", ".", ",", "-", "12..34", "1,2,3", "1.2.3", "NaN", "Infinity", "1e400", "1e4", "0x10", "--5", "+-5", "12.-",
    "PO 5", "12.34.56", "1,23.4", "(5", "5)", "0,123.4", "1234567890123", "1" * 100, "12 May", "5 5", "½",
]  # fmt: skip


@pytest.mark.parametrize(("text", "decimal", "value"), READ)
def test_an_amount_is_read_exactly(text, decimal, value):
    assert parse_amount(text, decimal).value == Decimal(value)


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("decimal", [".", ","])
def test_what_is_no_amount_is_refused(text, decimal):
    with pytest.raises(AmountError):
        parse_amount(text, decimal)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5.00", Amount(Decimal("5.00"), marked=False)),
        ("+5.00", Amount(Decimal("5.00"), marked=True)),
        ("£5.00 CR", Amount(Decimal("5.00"), marked=True, currency="£")),
        ("(5.00)", Amount(Decimal("-5.00"), marked=True)),
    ],
)
def test_a_written_sign_is_told_from_none(text, amount):
    assert parse_amount(text, ".") == amount


@pytest.mark.parametrize(
    ("texts", "decimal", "sure"),
    [
        (["1,234.50", "7"], ".", True),
        (["1.234,50", "7"], ",", True),
        (["4.750", "93.210", "0.500"], ".", True),
        (["1,234", "500"], ".", True),
        (["1,234"], ".", False),
        (["3.900", "1.250", "7.480"], ",", False),
        (["1,234", "500", "1234"], ".", False),
        (["5", "7"], "", False),
        ([], "", False),
    ],
)
def test_the_decimal_separator_follows_from_all_cells(texts, decimal, sure):
    assert decimal_of(texts) == (decimal, sure)


amounts = st.decimals(-999_999_999_999, 999_999_999_999, places=2, allow_nan=False, allow_infinity=False)


@given(amounts, st.sampled_from([("", "."), (",", "."), ("", ","), (".", ","), ("'", "."), (" ", ",")]))
def test_reading_a_written_amount_gives_it_back(value, separators):
    group, decimal = separators
    written = f"{value:,.2f}".replace(",", "g").replace(".", decimal).replace("g", group)
    assert parse_amount(written, decimal).value == value
    assert decimal in possible_decimals(written)


@given(amounts)
def test_a_minus_may_stand_before_behind_or_around(value):
    plain = f"{abs(value):.2f}"
    assert {parse_amount(text, ".").value for text in (f"-{plain}", f"{plain}-", f"({plain})", f"- ${plain}")} == {
        -abs(value)
    }


@given(st.text(max_size=80), st.sampled_from([".", ","]))
def test_any_text_is_an_amount_or_refused(text, decimal):
    try:
        assert abs(parse_amount(text, decimal).value) < 10**12
    except AmountError:
        assert decimal not in possible_decimals(text)

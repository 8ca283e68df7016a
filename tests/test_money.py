"""Amounts: exact in Python, exact in the database, rounded in one place."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Max, Sum
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.money import (
    SCALE,
    Money,
    apportion,
    currency_codes,
    format_amount,
    has_minor_units,
    minor_units,
    round_to_minor_units,
)
from expenses.models import Account
from expenses.models.fields import ExactDecimalField
from expenses.models.ledgers import ledger_id_of

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=SCALE, allow_nan=False, allow_infinity=False)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "USD"])


@pytest.mark.parametrize(("currency", "places"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_minor_units_are_those_of_iso_4217(currency, places):
    assert minor_units(currency) == places
    assert currency in currency_codes()


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [
        ("5.50", "EUR", True),
        ("5.5000", "EUR", True),
        ("5.501", "EUR", False),
        ("550", "JPY", True),
        ("1E+2", "JPY", True),
        ("0.5", "JPY", False),
        ("1.234", "KWD", True),
        ("NaN", "EUR", False),
        ("Infinity", "EUR", False),
    ],
)
def test_an_amount_fits_the_places_of_its_currency_or_not(amount, currency, fits):
    assert has_minor_units(Decimal(amount), currency) is fits


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("0.005", "EUR", "0.01"),
        ("-0.005", "EUR", "-0.01"),
        ("2.675", "EUR", "2.68"),
        ("0.5", "JPY", "1"),
        ("1E+3", "EUR", "1000.00"),
        ("0", "EUR", "0.00"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_rounding_is_half_away_from_zero_without_an_exponent(amount, currency, shown):
    assert format_amount(Decimal(amount), currency) == shown


@given(AMOUNTS, CURRENCIES)
def test_formatting_and_reading_is_rounding(amount, currency):
    assert Decimal(format_amount(amount, currency)) == round_to_minor_units(amount, currency)


@given(AMOUNTS, CURRENCIES)
def test_rounding_twice_is_rounding_once_and_fits(amount, currency):
    rounded = round_to_minor_units(amount, currency)
    assert round_to_minor_units(rounded, currency) == rounded
    assert has_minor_units(rounded, currency)
    assert abs(rounded - amount) * 2 <= Decimal(1).scaleb(-minor_units(currency))


@given(AMOUNTS, AMOUNTS, CURRENCIES)
def test_money_of_one_currency_adds_up(left, right, currency):
    both = Money(left, currency) + Money(right, currency)
    assert both == Money(left + right, currency)
    assert both + -Money(right, currency) == Money(left, currency)


def test_money_of_two_currencies_does_not():
    with pytest.raises(ValueError, match="EUR and USD cannot be added without a rate"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


def test_money_is_read_with_its_currency():
    assert str(Money(Decimal("1234.5"), "EUR")) == "1234.50 EUR"


@given(AMOUNTS)
def test_the_column_gives_back_what_it_was_given(amount):
    field = ExactDecimalField()
    stored = field.get_prep_value(amount)
    assert type(stored) is int
    assert field.from_db_value(stored, None, connection) == amount


@given(AMOUNTS, AMOUNTS)
def test_the_column_keeps_the_order(left, right):
    scaled = [ExactDecimalField().get_prep_value(value) or 0 for value in (left, right)]
    assert (scaled[0] < scaled[1]) is (left < right)


@pytest.mark.parametrize("amount", ["0.00001", "1.23456", "-0.000001"])
def test_the_column_refuses_what_it_cannot_keep(amount):
    with pytest.raises(ValueError, match="has more than 4 decimal places"):
        ExactDecimalField().get_prep_value(Decimal(amount))


def make_accounts(user, *balances):
    ledger_id = ledger_id_of(user)
    Account.objects.bulk_create(
        Account(ledger_id=ledger_id, name=str(i), currency="EUR", version=1, opening_balance=Decimal(balance))
        for i, balance in enumerate(balances)
    )


def test_a_sum_in_the_database_is_exact(ana):
    make_accounts(ana.user, *["0.1"] * 10, "0.2", "999999999.9999")
    totals = Account.objects.aggregate(sum=Sum("opening_balance"), most=Max("opening_balance"))
    assert totals == {"sum": Decimal("1000000001.1999"), "most": Decimal("999999999.9999")}
    assert all(isinstance(value, Decimal) for value in totals.values())


def test_filters_compare_amounts_as_numbers(ana):
    make_accounts(ana.user, "9", "10", "-1")
    rows = Account.objects.order_by("opening_balance")
    assert [row.opening_balance for row in rows] == [Decimal(-1), Decimal(9), Decimal(10)]
    assert rows.filter(opening_balance__gt=Decimal("9.5")).count() == 1
    assert rows.filter(opening_balance="9.0").count() == 1


CENT = Decimal("0.01")


@given(st.lists(st.decimals(min_value=Decimal(-10_000), max_value=Decimal(10_000), places=4), max_size=40))
def test_rounded_parts_add_up_to_the_rounded_whole(amounts):
    found = apportion(amounts, unit=CENT)
    assert sum(found) == sum(amounts, Decimal(0)).quantize(CENT, rounding="ROUND_HALF_UP")
    assert all(abs(part - amount) <= CENT for part, amount in zip(found, amounts, strict=True))


@pytest.mark.parametrize(
    ("parts", "rounded"),
    [
        (["0.004", "0.009", "0.003"], ["0.01", "0.01", "0.00"]),
        (["0.3333"] * 3, ["0.34", "0.33", "0.33"]),
        (["-0.3333"] * 3, ["-0.33", "-0.33", "-0.34"]),
        ([], []),
    ],
)
def test_what_lost_most_gets_the_missing_cent(parts, rounded):
    assert [str(part) for part in apportion([Decimal(part) for part in parts], unit=CENT)] == rounded

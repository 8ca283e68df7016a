"""Converting by dated rates: which one counts, how it is rounded, and what is said when there is none."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from expenses.ledger.money import Money, minor_units
from expenses.rates.conversion import (
    ECB_MAX_AGE_DAYS,
    MANUAL_MAX_AGE_DAYS,
    Conversion,
    DatedRate,
    MissingRate,
    RateTable,
)

FRIDAY = dt.date(2026, 10, 30)
CODES = ["EUR", "USD", "JPY", "KWD", "CHF"]
AMOUNTS = st.decimals(min_value="0.01", max_value=10**6, places=2)
VALUES = st.decimals(min_value="0.001", max_value=10**5, places=6)
CURRENCIES = st.sampled_from(CODES)


def day(n):
    """The nth day after the Friday, or before it."""
    return FRIDAY + dt.timedelta(days=n)


def ecb(quote, value, date=FRIDAY):
    return DatedRate("EUR", quote, date, Decimal(value))


def own(base, quote, value, date=FRIDAY):
    return DatedRate(base, quote, date, Decimal(value))


ECB = [ecb("USD", "1.1172"), ecb("CHF", "0.9194"), ecb("JPY", "175.68"), ecb("CHF", "0.93", day(-1))]


def table(*manual, reference=ECB):
    return RateTable(manual=manual, ecb=reference)


def francs(of, date=FRIDAY, amount="12.50"):
    return of.convert(Money(Decimal(amount), "USD"), to="CHF", day=date)


def test_a_conversion_says_everything_that_it_rests_on():
    assert francs(table(), day(3)) == Conversion(
        original=Money(Decimal("12.50"), "USD"),
        day=day(3),
        money=Money(Decimal("10.29"), "CHF"),
        rate=Decimal("0.822950232724669"),
        rate_date=FRIDAY,
        source="ecb",
        path=("USD", "EUR", "CHF"),
    )


@pytest.mark.parametrize(
    ("amount", "base", "quote", "worth", "rate", "path"),
    [
        ("100", "EUR", "USD", "111.72", "1.1172", ("EUR", "USD")),
        ("100", "USD", "EUR", "89.51", "0.895094880057286", ("USD", "EUR")),
        ("1", "EUR", "JPY", "176", "175.68", ("EUR", "JPY")),
        ("0.01", "USD", "JPY", "2", "157.250268528464", ("USD", "EUR", "JPY")),
    ],
)
def test_other_pairs_go_by_way_of_the_euro(amount, base, quote, worth, rate, path):
    found = table().convert(Money(Decimal(amount), base), to=quote, day=FRIDAY)
    assert (found.money, found.rate, found.path) == (Money(Decimal(worth), quote), Decimal(rate), path)


def test_the_same_currency_needs_no_rate():
    found = table(reference=[]).convert(Money(Decimal("5.00"), "VND"), to="VND", day=FRIDAY)
    assert (found.money, found.rate, found.rate_date) == (Money(Decimal(5), "VND"), 1, FRIDAY)
    assert (found.source, found.path) == ("same", ("VND",))


def test_half_a_cent_is_rounded_away_from_zero_and_only_once():
    half = table(reference=[ecb("USD", "1.005")])
    assert half.convert(Money(Decimal(1), "EUR"), to="USD", day=FRIDAY).money.amount == Decimal("1.01")
    assert half.convert(Money(Decimal(-1), "EUR"), to="USD", day=FRIDAY).money.amount == Decimal("-1.01")
    nearly = table(own("CHF", "USD", "1.00500000000001"), own("USD", "JPY", "0.499999999999999"))
    assert nearly.convert(Money(Decimal(1), "CHF"), to="USD", day=FRIDAY).money.amount == Decimal("1.01")
    assert nearly.convert(Money(Decimal(1), "USD"), to="JPY", day=FRIDAY).money.amount == 0


def test_a_rate_of_the_ecb_counts_over_weekends_and_holidays_and_no_longer():
    assert francs(table(), day(ECB_MAX_AGE_DAYS)).rate_date == FRIDAY
    with pytest.raises(MissingRate):
        francs(table(), day(ECB_MAX_AGE_DAYS + 1))


def test_a_rate_of_tomorrow_does_not_count_today():
    with pytest.raises(MissingRate):
        table(own("USD", "CHF", "0.8", day(1)), reference=[ecb("USD", 1, day(1))]).rate("USD", "CHF", FRIDAY)


def test_both_rates_of_a_way_are_of_one_day():
    found = table(reference=[ecb("USD", "1.1"), ecb("USD", "2", day(1)), ecb("CHF", "0.9")]).rate("USD", "CHF", day(1))
    assert (found.date, found.numerator, found.denominator) == (FRIDAY, Decimal("0.9"), Decimal("1.1"))


@pytest.mark.parametrize("rate", [own("USD", "CHF", "0.8"), own("CHF", "USD", "1.25")])
def test_an_own_rate_of_the_pair_goes_before_the_ecbs_either_way_round(rate):
    found = francs(table(rate), day(1))
    assert (found.money.amount, found.rate, found.source) == (Decimal("10.00"), Decimal("0.8"), "manual")
    assert (found.rate_date, found.path) == (FRIDAY, ("USD", "CHF"))


def test_an_own_rate_counts_for_a_month_and_then_the_ecbs_again():
    rates = table(own("USD", "CHF", "0.8"), reference=[*ECB, *(ecb(c, 1, day(31)) for c in ("USD", "CHF"))])
    assert francs(rates, day(MANUAL_MAX_AGE_DAYS)).source == "manual"
    assert francs(rates, day(MANUAL_MAX_AGE_DAYS + 1)).source == "ecb"


def test_the_newest_own_rate_counts_and_one_in_the_asked_direction_goes_first():
    rates = table(own("USD", "CHF", "0.8", day(-2)), own("CHF", "USD", "2"), own("USD", "CHF", "0.7"))
    assert [francs(rates, day(n)).rate for n in (-1, 0)] == [Decimal("0.8"), Decimal("0.7")]
    assert francs(table(own("USD", "CHF", "0.8", day(-2)), own("CHF", "USD", "2"))).rate == Decimal("0.5")


def test_an_own_rate_of_another_pair_changes_nothing():
    assert francs(table(own("EUR", "USD", "9"), own("USD", "JPY", "9"))) == francs(table())


def test_a_missing_rate_names_pair_and_day_and_what_to_do():
    with pytest.raises(MissingRate) as missing:
        table().rate("VND", "EUR", FRIDAY)
    assert (missing.value.base, missing.value.quote, missing.value.day) == ("VND", "EUR", FRIDAY)
    assert str(missing.value) == (
        "No rate from VND to EUR is known for 2026-10-30: none of the ECB's of that day or the 31 before, and none of "
        'yours of that day or the 31 before. Add one: POST rates/ {"base": "VND", "quote": "EUR", '
        '"date": "2026-10-30", "rate": …}.'
    )


def rates_of(values, manual):
    reference = [ecb(code, value) for code, value in zip(CODES[1:], values, strict=True)]
    return table(*([own("USD", "CHF", manual)] if manual else []), reference=reference)


TABLES = st.builds(rates_of, st.lists(VALUES, min_size=4, max_size=4), st.none() | VALUES)


def half_unit(currency):
    """The most that rounding to minor units can change."""
    return Decimal(1).scaleb(-minor_units(currency)) / 2


@given(TABLES, AMOUNTS, CURRENCIES, CURRENCIES)
def test_there_and_back_is_the_same_within_rounding(rates, amount, there, back):
    money = Money(amount.quantize(Decimal(1).scaleb(-min(2, minor_units(back)))), back)
    abroad = rates.convert(money, to=there, day=FRIDAY)
    home = rates.convert(abroad.money, to=back, day=FRIDAY)
    applied = rates.rate(there, back, FRIDAY)
    lost = half_unit(there) * applied.numerator / applied.denominator if there != back else 0
    assert abs(home.money.amount - money.amount) <= lost + half_unit(back) + Decimal("1e-12")


@given(TABLES, CURRENCIES, CURRENCIES, CURRENCIES)
def test_the_ecbs_rates_are_free_of_detours(rates, one, two, three):
    legs = [rates.rate(*pair, FRIDAY) for pair in ((one, two), (two, three), (one, three))]
    assume("manual" not in {leg.source for leg in legs})
    first, second, direct = legs
    detour = first.numerator * second.numerator * direct.denominator
    assert detour == direct.numerator * first.denominator * second.denominator


@given(TABLES, AMOUNTS, CURRENCIES, CURRENCIES)
def test_the_amount_is_the_nearest_to_amount_times_rate(rates, amount, base, quote):
    found = rates.convert(Money(amount, base), to=quote, day=FRIDAY)
    error = abs(found.money.amount - amount * found.rate)
    assert error <= half_unit(quote) + amount * found.rate * Decimal("1e-14")


@given(TABLES, st.lists(AMOUNTS, min_size=1, max_size=10), CURRENCIES, CURRENCIES)
def test_parts_add_up_to_the_whole_within_their_rounding(rates, amounts, base, quote):
    parts = sum(rates.convert(Money(amount, base), to=quote, day=FRIDAY).money.amount for amount in amounts)
    whole = rates.convert(Money(sum(amounts, Decimal(0)), base), to=quote, day=FRIDAY).money.amount
    assert abs(parts - whole) <= half_unit(quote) * (len(amounts) + 1)

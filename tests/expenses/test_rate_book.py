"""The rates of a report, from the database in a few queries."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.money import Money
from expenses.models import ExchangeRate
from expenses.models.ledgers import ledger_id_of
from expenses.rates.book import RateBook
from expenses.rates.conversion import MissingRate
from tests.conftest import make_user
from tests.laws import law

START, END = dt.date(2026, 10, 1), dt.date(2026, 10, 31)
#: What the API takes: at most 15 significant digits and as many decimal places.
RATES = st.integers(1, 10**15 - 1).flatmap(
    lambda digits: st.integers(0, 15).map(lambda places: Decimal(digits).scaleb(-places))
)


@pytest.fixture
def ledger(db):
    return ledger_id_of(make_user("ana"))


def reference(quote, rate, date=END):
    return ExchangeRate.objects.create(base="EUR", quote=quote, rate=Decimal(rate), date=date, source="ecb")


def own(ledger, base, quote, rate, date=END):
    fields = {"base": base, "quote": quote, "rate": Decimal(rate), "date": date, "source": "manual"}
    return ExchangeRate.objects.create(ledger_id=ledger, **fields)


def book(ledger, *currencies, to="CHF", start=START, end=END):
    return RateBook.load(ledger_id=ledger, currencies=currencies, to=to, start=start, end=end)


def test_a_book_converts_every_row_of_its_period_in_two_queries(ledger):
    for n in range(1, 32):
        reference("USD", "1.25", dt.date(2026, 10, n))
        reference("CHF", "0.5", dt.date(2026, 10, n))
    own(ledger, "VND", "CHF", "0.00003", dt.date(2026, 9, 30))
    with CaptureQueriesContext(connection) as queries:
        rates = book(ledger, "USD", "EUR", "VND", "CHF")
        worth = {
            code: {rates.convert(Money(Decimal(100), code), START + dt.timedelta(n)).money.amount for n in range(30)}
            for code in ("USD", "EUR", "VND", "CHF")
        }
    assert len(queries) == 2
    assert worth == {"USD": {Decimal(40)}, "EUR": {Decimal(50)}, "VND": {Decimal(0)}, "CHF": {Decimal(100)}}


def test_a_book_of_one_currency_asks_nothing(ledger, django_assert_num_queries):
    with django_assert_num_queries(0):
        rates = book(ledger, "CHF")
        assert rates.convert(Money(Decimal(5), "CHF"), END + dt.timedelta(days=9)).source == "same"


@pytest.mark.parametrize(("currency", "days"), [("JPY", 0), ("USD", 1), ("USD", -31)])
def test_what_was_not_loaded_is_not_answered(ledger, currency, days):
    for quote in ("USD", "JPY", "CHF"):
        reference(quote, "1.5")
    rates = book(ledger, "USD")
    assert rates.rate("USD", END).value == 1
    with pytest.raises(ValueError, match=f"Rates of {currency} on .* were not loaded"):
        rates.rate(currency, END + dt.timedelta(days=days))


@pytest.mark.parametrize(("age", "is_known"), [(0, True), (31, True), (32, False)])
def test_the_days_before_the_first_are_loaded_as_far_as_they_count(ledger, age, is_known):
    for quote in ("USD", "CHF"):
        reference(quote, "1.5", START - dt.timedelta(days=age))
    if is_known:
        assert book(ledger, "USD", end=START).rate("USD", START).source == "ecb"
    else:
        with pytest.raises(MissingRate):
            book(ledger, "USD", end=START).rate("USD", START)


@pytest.mark.parametrize(("age", "is_known"), [(0, True), (31, True), (32, False)])
def test_own_rates_are_loaded_as_far_as_they_count(ledger, age, is_known):
    own(ledger, "CHF", "USD", "2", START - dt.timedelta(days=age))
    if is_known:
        assert book(ledger, "USD").rate("USD", START).value == Decimal("0.5")
    else:
        with pytest.raises(MissingRate):
            book(ledger, "USD").rate("USD", START)


def test_a_strangers_rate_is_not_in_the_book(ledger):
    own(ledger_id_of(make_user("ben")), "USD", "CHF", "2")
    with pytest.raises(MissingRate):
        book(ledger, "USD").rate("USD", END)


@given(st.lists(RATES, min_size=1, max_size=20))
@law(12)
def test_the_database_gives_a_rate_back_as_it_was_written(ledger, rates):
    ExchangeRate.objects.all().delete()
    days = [END + dt.timedelta(days=n) for n in range(len(rates))]
    for day, rate in zip(days, rates, strict=True):
        if rate < 10**9:
            own(ledger, "USD", "CHF", rate, day)
    kept = dict(ExchangeRate.objects.values_list("date", "rate"))
    assert kept == {day: rate for day, rate in zip(days, rates, strict=True) if rate < 10**9}

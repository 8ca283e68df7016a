"""The ECB's rates come from the installed package, once, without internet."""

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from expenses.models import ExchangeRate
from expenses.rates.seeding import SeedingResult, reference_rates, seed_reference_rates

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("seeding")]


@pytest.fixture(scope="module")
def file():
    return reference_rates()


def seeded_text(*args, **options):
    out = StringIO()
    call_command("seed_rates", *args, stdout=out, **options)
    return out.getvalue()


def test_the_file_starts_in_1999_and_has_a_rate_where_one_was_quoted(file):
    known = {(rate.quote, rate.date): rate.rate for rate in file}
    assert len(known) == len(file) > 221_000
    assert file[0].date == dt.date(1999, 1, 4)
    assert file[-1].date >= dt.date(2026, 10, 30)
    assert known["USD", dt.date(1999, 1, 4)] == "1.1789"
    assert known["TRL", dt.date(2004, 12, 31)] == "1836200"
    assert ("TRY", dt.date(2004, 12, 31)) not in known
    assert ("USD", dt.date(2026, 10, 31)) not in known
    assert {quote for quote, _ in known}.isdisjoint({"", "EUR", "DEM"})


def test_every_rate_has_fewer_digits_than_the_column_keeps(file):
    assert max(len(Decimal(rate.rate).as_tuple().digits) for rate in file) <= 15
    assert all(Decimal(rate.rate) > 0 for rate in file)


def test_the_command_adds_all_and_a_second_time_nothing(file):
    through, n = file[-1].date, len(file)
    *progress, last = seeded_text(verbosity=2).splitlines()
    assert (progress[0], progress[-1]) == (f"20,000 of {n:,} rates", f"{n:,} of {n:,} rates")
    assert last == f"{n:,} of {n:,} rates were added; they end with {through}."
    rows = ExchangeRate.objects.filter(date=through).values_list("base", "quote", "date", "rate", "source", "ledger")
    wanted = {("EUR", r.quote, r.date, Decimal(r.rate), "ecb", None) for r in file if r.date == through}
    assert set(rows) == wanted
    assert seeded_text() == f"0 of {n:,} rates were added; they end with {through}.\n"
    assert ExchangeRate.objects.count() == n


def test_a_dry_run_says_what_would_be_added_and_adds_nothing(file):
    n = f"{len(file):,}"
    assert seeded_text("--dry-run") == f"{n} of {n} rates would be added; they end with {file[-1].date}.\n"
    assert not ExchangeRate.objects.exists()


@pytest.fixture
def of_2026(file):
    return [rate for rate in file if rate.date.year == 2026]


def test_a_newer_file_adds_what_is_missing_and_changes_nothing(of_2026):
    older = [rate for rate in of_2026 if rate.date.month < 10]
    seed_reference_rates(rates=older)
    ExchangeRate.objects.filter(quote="USD", date="2026-09-30").update(rate=Decimal(9))
    ExchangeRate.objects.filter(quote="CHF", date="2026-09-30").delete()
    through, n = of_2026[-1].date, len(of_2026)
    assert seed_reference_rates(rates=of_2026) == SeedingResult(n, n - len(older) + 1, through)
    assert ExchangeRate.objects.count() == n
    assert ExchangeRate.objects.get(quote="USD", date="2026-09-30").rate == 9


def test_an_older_file_takes_nothing_away(of_2026):
    seed_reference_rates(rates=of_2026)
    assert seed_reference_rates(rates=of_2026[:100]) == SeedingResult(100, 0, of_2026[99].date)
    assert ExchangeRate.objects.count() == len(of_2026)


def test_seeding_makes_known_at_once_which_currencies_have_rates(ana, of_2026):
    assert ana.get("currencies/?search=CHF").json()["results"][0]["has_rates"] is False
    seed_reference_rates(rates=of_2026)
    assert ana.get("currencies/?search=CHF").json()["results"][0]["ecb_from"] == "2026-01-02"

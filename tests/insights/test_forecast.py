"""The arithmetic of forecasts, without a database."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.calendars import Calendar, later_month
from insights.forecast.bills import KnownBill, after_payment, seen_from, still_to_come
from insights.forecast.curve import curve_of
from insights.forecast.methods import band_of
from insights.forecast.month import PastError, forecast
from tests.laws import law

NOVEMBER = dt.date(2026, 11, 1)
FOOD, HOME, FUN = 1, 2, 3


def months_before(n, *, of=NOVEMBER):
    return [later_month(of, -i) for i in range(n, 0, -1)]


def spending(*rows):
    """Add up rows of day, category and amount."""
    found: dict[Any, Decimal] = {}
    for day, category, amount in rows:
        found[day, category] = found.get((day, category), Decimal(0)) + Decimal(amount)
    return found


def foretell(spent, *, today=dt.date(2026, 11, 10), month=None, bills=(), calendar=None, places=2):
    days = {day for day, _ in spent}
    calendar = calendar or Calendar()
    month = month or calendar.month_of(today)
    return forecast(spent, recorded=days, bills=bills, month=month, calendar=calendar, today=today, places=places)


def steady(n, *, early="40", late="60"):
    """Return n months with food early and late in each."""
    found: dict[Any, Decimal] = {}
    for month in months_before(n):
        found |= spending((month, FOOD, early), (month + dt.timedelta(20), FOOD, late))
    return found


def rent(**fields):
    paid = tuple((month.replace(day=15), Decimal(800)) for month in months_before(6))
    known = {
        "id": 7, "payee": "landlord", "name": "Rent", "category": HOME, "amount": Decimal(800), "low": Decimal(800),
        "high": Decimal(800), "step_days": 0, "step_months": 1, "due_on": dt.date(2026, 11, 15), "patience": 5,
        "paid": paid,
    }  # fmt: skip
    return KnownBill(**{**known, **fields})


def test_steady_spending_is_forecast_to_go_on():
    found = foretell(steady(12) | spending((NOVEMBER, FOOD, "40")))
    assert (found.total.spent, found.total.predicted) == (Decimal("40.00"), Decimal("100.00"))
    assert (found.total.low, found.total.high) == (Decimal("100.00"), Decimal("100.00"))
    assert (found.total.method, found.months_used, found.day) == ("combined", 12, 10)
    assert found.past_error == PastError(0, 10)


def test_the_last_day_leaves_no_remainder():
    spent = steady(12) | {
        (month + dt.timedelta(30), FOOD): Decimal(9) for month in months_before(12) if month.month in {1, 3}
    }
    found = foretell(spent | spending((NOVEMBER, FOOD, "40")), today=dt.date(2026, 11, 30))
    assert found.total.predicted == found.total.high == Decimal("40.00")


def test_one_large_purchase_of_last_year_is_not_expected_again():
    spent = steady(12) | spending((dt.date(2026, 3, 21), FOOD, "5000"))
    assert foretell(spent).total.predicted < 150


def test_a_forecast_follows_a_new_rent():
    spent = steady(12)
    for month in months_before(12):
        spent |= spending((month + dt.timedelta(24), HOME, "1500" if month >= dt.date(2026, 7, 1) else "500"))
    by_category = {one.category: one for one in foretell(spent).categories}
    assert by_category[HOME].predicted > 900


def test_months_begin_on_the_users_day():
    calendar = Calendar(month_start=25)
    spent: dict[Any, Decimal] = {}
    for month in months_before(6, of=dt.date(2026, 10, 25)):
        spent |= spending((month, FOOD, "10"), (later_month(month, 1) - dt.timedelta(1), FOOD, "90"))
    found = foretell(spent, calendar=calendar, today=dt.date(2026, 11, 3))
    assert (found.day, found.months_used) == (10, 6)
    assert found.total.predicted == Decimal("90.00")


def test_months_are_compared_by_the_day_of_the_calendar():
    calendar = Calendar(month_start=25)
    spent: dict[Any, Decimal] = {}
    for month in months_before(6, of=dt.date(2026, 10, 25)):
        spent |= spending((later_month(month.replace(day=3), 1), HOME, "700"))
    assert foretell(spent, calendar=calendar, today=dt.date(2026, 11, 3)).total.predicted == 0
    assert foretell(spent, calendar=calendar, today=dt.date(2026, 11, 2)).total.predicted == Decimal("700.00")


@pytest.mark.parametrize(
    ("n_months", "method", "predicted", "has_interval"),
    [
        (0, "insufficient_history", "40.00", False),
        (1, "last_month", "100.00", False),
        (2, "last_month", "100.00", False),
        (3, "combined", "100.00", False),
        (4, "combined", "100.00", True),
    ],
)
def test_little_history_has_a_method_of_its_own(n_months, method, predicted, has_interval):
    found = foretell(steady(n_months) | spending((NOVEMBER, FOOD, "40")))
    assert (found.total.method, str(found.total.predicted)) == (method, predicted)
    assert (found.total.low is not None) == has_interval


def test_no_spending_is_forecast_as_zero():
    found = foretell({})
    assert (found.total.spent, found.total.predicted, found.total.low, found.total.high) == (0, 0, None, None)
    assert (found.categories, found.total.method) == ([], "insufficient_history")


def test_the_ledgers_first_month_counts_if_begun_by_this_day():
    late = {key: amount for key, amount in steady(4).items() if key[0] > dt.date(2026, 7, 15)}
    assert foretell(late).months_used == 3
    assert foretell(late, today=dt.date(2026, 11, 25)).months_used == 4


def test_months_without_statements_are_left_out():
    gap = {key: amount for key, amount in steady(8).items() if key[0].month != 9}
    found = foretell(gap | spending((NOVEMBER, FOOD, "40")))
    assert (found.months_used, found.total.predicted) == (7, Decimal("100.00"))


def test_later_days_change_no_forecast():
    spent = steady(12) | spending((NOVEMBER, FOOD, "40"))
    later = spending((dt.date(2026, 11, 11), FOOD, "999"), (dt.date(2026, 12, 1), FUN, "5"))
    assert foretell(spent | later) == foretell(spent)


def test_a_forecast_never_falls_below_what_was_spent_unless_by_refunds():
    chance = random.Random(3)  # noqa: S311 - not a secret
    spent: dict[Any, Decimal] = {}
    for month in months_before(14):
        spent |= spending((month + dt.timedelta(20), FOOD, chance.choice(["0", "0", "300"])))
    found = foretell(spent | spending((NOVEMBER, FOOD, "40")))
    assert found.total.low == Decimal("40.00")
    refunded = spent | spending((dt.date(2026, 8, 25), FOOD, "-500"))
    assert foretell(refunded | spending((NOVEMBER, FOOD, "40"))).total.low < 40


def test_refunds_may_be_more_than_was_spent():
    found = foretell(steady(12) | spending((NOVEMBER, FOOD, "-75.50")))
    assert (found.total.spent, found.total.predicted) == (Decimal("-75.50"), Decimal("-15.50"))


def test_a_bill_that_is_due_is_added_and_named():
    bill = rent()
    spent = steady(6)
    for day, amount in bill.paid:
        spent |= spending((day, HOME, amount))
    found = foretell(spent | spending((NOVEMBER, FOOD, "40")), bills=[bill])
    assert [(due.bill.name, due.on) for due in found.still_to_come] == [("Rent", dt.date(2026, 11, 15))]
    assert found.total.predicted == Decimal("900.00")


def test_a_bill_that_came_early_is_not_expected_again():
    bill = rent(due_on=dt.date(2026, 12, 9))
    paid = (*bill.paid, (dt.date(2026, 11, 9), Decimal(800)))
    spent = steady(6)
    for day, amount in paid:
        spent |= spending((day, HOME, amount))
    without = foretell(spent).total.predicted
    known = foretell(spent, bills=[rent(due_on=dt.date(2026, 12, 9), paid=paid)]).total.predicted
    assert (known, without) == (Decimal("860.00"), Decimal("1660.00"))


def test_a_bill_may_be_the_first_of_its_category():
    found = foretell(steady(6), bills=[rent(paid=(), category=FUN)])
    assert {one.category: one.predicted for one in found.categories} == {FOOD: Decimal("60.00"), FUN: Decimal("800.00")}


def test_a_late_bill_is_expected_and_a_missed_one_not():
    late, until = rent(due_on=dt.date(2026, 11, 8)), dt.date(2026, 11, 30)
    assert [due.on for due in still_to_come([late], today=dt.date(2026, 11, 10), until=until)] == [late.due_on]
    assert still_to_come([late], today=dt.date(2026, 11, 14), until=until) == []


def test_bills_are_due_weekly_and_on_the_last_of_short_months():
    weekly = rent(step_days=7, step_months=0, due_on=dt.date(2026, 11, 12))
    days = still_to_come([weekly], today=dt.date(2026, 11, 10), until=dt.date(2026, 11, 30))
    assert [due.on.day for due in days] == [12, 19, 26]
    monthly = rent(due_on=dt.date(2026, 1, 31))
    days = still_to_come([monthly], today=dt.date(2026, 1, 30), until=dt.date(2026, 2, 28))
    assert [due.on for due in days] == [dt.date(2026, 1, 31), dt.date(2026, 2, 28)]


def test_a_past_day_knows_only_earlier_payments():
    bill = rent()
    seen = seen_from(bill, dt.date(2026, 8, 1))
    assert seen is not None
    assert (len(seen.paid), seen.due_on) == (3, dt.date(2026, 8, 15))
    assert seen_from(bill, dt.date(2026, 7, 1)) is None


@pytest.mark.parametrize("seed", range(25))
def test_the_categories_add_up_to_the_total(seed):
    chance = random.Random(seed)  # noqa: S311 - not a secret
    spent: dict[Any, Decimal] = {}
    for month in [*months_before(chance.randrange(20)), NOVEMBER]:
        for _ in range(chance.randrange(30)):
            day = month + dt.timedelta(chance.randrange(28))
            amount = Decimal(chance.randrange(-20_000, 100_000)) / chance.choice([100, 3000])
            spent |= spending((day, chance.choice([FOOD, HOME, FUN, None]), amount))
    bills = [rent(amount=Decimal("12.345"))] if seed % 2 else []
    found = foretell(spent, bills=bills, places=seed % 3)
    for name in ("spent", "predicted"):
        parts = [getattr(one, name) for one in found.categories]
        assert sum(parts) == getattr(found.total, name)
        assert all(part == round(part, seed % 3) for part in parts)
    for one in [*found.categories, found.total]:
        assert one.low is None or one.low <= one.predicted <= one.high


def test_four_of_five_months_lie_in_the_interval():
    chance, n_within, n = random.Random(1), 0, 300  # noqa: S311 - not a secret
    for _ in range(n):
        spent: dict[Any, Decimal] = {}
        for month in [*months_before(24), NOVEMBER]:
            late = str(round(chance.lognormvariate(5, 0.8), 2))
            spent |= spending((month, FOOD, "50"), (month + dt.timedelta(20), FOOD, late))
        found = foretell(spent)
        n_within += found.total.low <= spent[NOVEMBER, FOOD] + spent[dt.date(2026, 11, 21), FOOD] <= found.total.high
    assert 0.75 <= n_within / n <= 0.88


def test_few_errors_have_a_stretched_interval():
    assert band_of([1.0]) is None
    assert band_of([-1.0, 0.0, 1.0]) == (-2.6, 2.6)
    assert band_of([float(i) for i in range(1, 10)]) == (1.0, 9.0)


def curve_until(today, by_day, *, bills=(), month=NOVEMBER, calendar=None):
    """Return the curve of a month along its own forecast."""
    calendar = calendar or Calendar()
    found = forecast(
        {(day, FOOD): amount for day, amount in by_day.items()},
        recorded=by_day, bills=bills, month=month, calendar=calendar, today=today, places=2,
    )  # fmt: skip
    return curve_of(
        by_day, recorded=by_day, found=found, bills=bills, month=month, calendar=calendar, today=today, places=2
    )


@law(25)
@given(
    st.dictionaries(
        st.integers(0, 420), st.integers(1, 90_000).map(lambda cents: Decimal(cents) / 100), min_size=1, max_size=120
    ),
    st.integers(0, 30),
    st.sampled_from([1, 25]),
)
def test_a_curve_leads_from_what_was_spent_to_the_forecast(rows, n_days, month_start):
    calendar = Calendar(month_start=month_start)
    month = dt.date(2026, 11, month_start)
    by_day = {month + dt.timedelta(30 - ago): amount for ago, amount in rows.items()}
    today = min(month + dt.timedelta(n_days - 1), later_month(month, 1) - dt.timedelta(1))
    by_day = {day: amount for day, amount in by_day.items() if day <= today}
    found = forecast(
        {(day, FOOD): amount for day, amount in by_day.items()},
        recorded=by_day, bills=(), month=month, calendar=calendar, today=today, places=2,
    )  # fmt: skip

    curve = curve_until(today, by_day, month=month, calendar=calendar)

    assert [day.day for day in curve] == [month + dt.timedelta(n) for n in range(len(curve))]
    ahead = [day for day in curve if day.expected is not None]
    if today == curve[-1].day:
        assert ahead == []
        return
    assert [day.day for day in ahead] == [day.day for day in curve if day.day >= today]
    assert ahead[-1].expected == found.total.predicted
    assert (ahead[-1].low, ahead[-1].high) == (found.total.low, found.total.high)
    if today >= month:
        assert ahead[0].expected == ahead[0].spent == found.total.spent
    expected = [day.expected for day in ahead]
    assert expected == sorted(expected)
    assert all(day.low <= day.expected <= day.high for day in ahead if day.low is not None)
    highs = [day.high for day in ahead]
    assert highs[0] is None or highs == sorted(highs)


def test_a_curve_follows_the_usual_course_and_steps_on_the_day_of_a_bill():
    by_day: dict[Any, Decimal] = {}
    for month in months_before(6):
        by_day |= {month: Decimal(30), month.replace(day=15): Decimal(800), month.replace(day=21): Decimal(70)}
    by_day[NOVEMBER] = Decimal(30)
    curve = curve_until(dt.date(2026, 11, 10), by_day, bills=[rent(category=FOOD)])
    assert [curve[day - 1].expected for day in (9, 10, 11, 14, 15, 20, 21, 30)] == [
        None, Decimal("30.00"), Decimal("30.00"), Decimal("30.00"), Decimal("830.00"), Decimal("830.00"),
        Decimal("900.00"), Decimal("900.00"),
    ]  # fmt: skip


def test_a_curve_without_past_months_rises_evenly():
    curve = curve_until(dt.date(2026, 11, 10), {NOVEMBER: Decimal(30)}, bills=[rent(category=FOOD)])
    assert [curve[day - 1].expected for day in (10, 14, 15, 30)] == [
        Decimal("30.00"), Decimal("30.00"), Decimal("830.00"), Decimal("830.00"),
    ]  # fmt: skip
    assert {day.low for day in curve} == {None}


def by_chance(seed, n_months, *, categories=(FOOD, HOME, FUN)):
    """Return random spending of some categories, some of it refunded."""
    chance = random.Random(seed)  # noqa: S311 - made up
    rows = []
    for month in [*months_before(n_months), NOVEMBER]:
        for category in categories:
            n = chance.randrange(0, 6)
            rows += [
                (month + dt.timedelta(chance.randrange(28)), category, f"{chance.uniform(-40, 300):.2f}")
                for _ in range(n)
            ]
    return spending(*rows)


@pytest.mark.parametrize("seed", range(40))
def test_no_interval_of_a_category_reaches_further_than_that_of_the_total(seed):
    spent = by_chance(seed, 4 + seed % 12)
    found = foretell(spent)
    assert found.total.low is not None
    for one in found.categories:
        assert one.low <= one.predicted <= one.high
    if all(amount >= 0 for amount in spent.values()):
        for one in found.categories:
            others = found.total.spent - one.spent
            assert one.low + others <= found.total.low
            assert one.high + others <= found.total.high


@pytest.mark.parametrize("seed", range(40))
def test_parts_fit_into_the_whole_without_refunds(seed):
    spent = {key: abs(amount) for key, amount in by_chance(seed, 4 + seed % 12).items()}
    found = foretell(spent)
    assert sum(one.predicted for one in found.categories) == found.total.predicted
    for one in found.categories:
        others = found.total.spent - one.spent
        assert one.spent <= one.low <= one.predicted <= one.high
        assert one.low + others <= found.total.low
        assert one.high + others <= found.total.high


def test_months_without_rows_before_a_month_widen_its_interval():
    chance = random.Random(4)  # noqa: S311 - made up
    spent: dict[Any, Decimal] = {}
    for month in months_before(14):
        late = f"{40 + chance.randrange(60)}"
        spent |= spending((month, FOOD, "100"), (month + dt.timedelta(20), FOOD, late))
    spent |= spending((NOVEMBER + dt.timedelta(8), FOOD, "5"))
    whole = foretell(spent)
    assert whole.gap is None

    lacking = {key: amount for key, amount in spent.items() if not dt.date(2026, 7, 1) <= key[0] < NOVEMBER}
    found = foretell(lacking)

    assert found.gap == (dt.date(2026, 7, 1), dt.date(2026, 10, 31))
    assert (found.total.low, found.total.high) != (None, None)
    assert found.total.high - found.total.predicted > 90  # the 100 of the first days may not be recorded
    assert found.total.high - found.total.low > whole.total.high - whole.total.low
    assert len(spent) > len(lacking)


def test_after_a_long_gap_too_few_forecasts_tell_an_interval():
    spent = {key: amount for key, amount in steady(9).items() if key[0] < dt.date(2026, 7, 1)}
    found = foretell(spent | spending((NOVEMBER, FOOD, "5")))
    assert (found.months_used, found.total.interval, found.past_error) == (5, None, None)


def test_a_curve_has_every_day_beside_the_usual_month():
    by_day: dict[Any, Decimal] = {}
    for month in months_before(3):
        by_day |= {month: Decimal(10), month + dt.timedelta(1): Decimal(month.month)}
    by_day[NOVEMBER] = Decimal(7)
    curve = curve_until(dt.date(2026, 11, 2), by_day)
    assert len(curve) == 30
    assert [(day.spent, day.typical) for day in curve[:3]] == [
        (Decimal("7.00"), Decimal("10.00")),
        (Decimal("7.00"), Decimal("19.00")),
        (None, Decimal("19.00")),
    ]


def test_a_paid_bill_is_due_again_on_its_usual_day():
    bill = rent(due_on=dt.date(2026, 11, 16))
    paid = after_payment(bill, (dt.date(2026, 11, 12), Decimal(790)))
    assert (paid.due_on, paid.paid) == (dt.date(2026, 12, 15), (*bill.paid, (dt.date(2026, 11, 12), Decimal(790))))
    assert after_payment(rent(due_on=None), None) == rent(due_on=None)
    assert after_payment(bill, None).paid == bill.paid


def test_a_future_month_is_an_ordinary_one_with_its_bills():
    bill = rent(due_on=dt.date(2026, 10, 15))
    spent = steady(12) | {(day, HOME): amount for day, amount in bill.paid if day < dt.date(2026, 10, 1)}
    found = foretell(spent, today=dt.date(2026, 10, 10), month=NOVEMBER, bills=[bill])
    assert [due.on for due in found.still_to_come] == [dt.date(2026, 11, 15)]
    assert (found.day, found.total.spent, found.total.predicted) == (0, Decimal("0.00"), Decimal("900.00"))

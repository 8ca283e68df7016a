"""The forecast of a month's end over HTTP, for months of 2025 and 2026 that are over."""

import datetime as dt
from decimal import Decimal

import pytest

from expenses.categorization.catalog import Catalog
from expenses.models import Category, ExchangeRate
from expenses.models.ledgers import ledger_id_of
from insights.calendars import Calendar, later_month
from insights.forecast.bills import KnownBill
from insights.serializers.forecast import ForecastSerializer
from insights.services.bills import KnownBills
from insights.services.forecast import forecast_month
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")
JANUARY = dt.date(2026, 1, 1)


def id_of(name):
    return Category.objects.get(name=name, ledger=None).pk


def record(api, day, amount, category="Groceries", direction="out", **fields):
    row = {"amount": amount, "direction": direction, "description": "Row", "date": str(day), "category": category}
    answer = api.post("transactions/", row | fields)
    assert answer.status_code == 201, answer.content


def live(api, n_months, *, until=JANUARY, **fields):
    """Record n months with 40 for groceries on the 1st, and 60 for them and 30 for dining on the 21st."""
    for i in range(n_months, 0, -1):
        month = later_month(until, -i)
        record(api, month, "40", **fields)
        record(api, month + dt.timedelta(20), "60", **fields)
        record(api, month + dt.timedelta(20), "30", "Dining", **fields)


def ask(api, **query):
    answer = api.get("insights/forecast/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def day_of(date, spent, typical, expected):
    """Return a day of the curve of a month that is surely like all others."""
    return {"date": date, "spent": spent, "typical": typical, **dict.fromkeys(("expected", "low", "high"), expected)}


def test_a_past_day_has_its_forecast_beside_the_actual_total(ana):
    live(ana, 6)
    record(ana, "2026-02-01", "5", "Salary", "in")
    record(ana, "2026-01-05", "45.50")
    record(ana, "2026-01-25", "70")
    record(ana, "2026-01-26", "12", "Travel")
    assert ask(ana, month="2026-01", as_of="2026-01-10") == {
        "month": "2026-01",
        "start": "2026-01-01",
        "end": "2026-01-31",
        "as_of": "2026-01-10",
        "recorded_until": "2026-02-01",
        "day": 10,
        "is_over": True,
        "currency": "EUR",
        "spent": "45.50",
        "predicted_total": "135.50",
        "interval": ["135.50", "135.50"],
        "actual_total": "127.50",
        "method": "combined",
        "months_used": 6,
        "past_error": {"percent": 0.0, "n_months": 4},
        "explanation": "This adds the spending so far, known bills, and what usually followed after this day in the "
        "last 6 months. The same forecasts of the last 4 months were off by 0% on average.",
        "by_category": [
            {
                "category": id_of("Groceries"),
                "category_name": "Groceries",
                "spent": "45.50",
                "predicted": "105.50",
                "interval": ["105.50", "105.50"],
                "method": "combined",
                "actual": "115.50",
            },
            {
                "category": id_of("Dining"),
                "category_name": "Dining",
                "spent": "0.00",
                "predicted": "30.00",
                "interval": ["30.00", "30.00"],
                "method": "combined",
                "actual": "0.00",
            },
            {
                "category": id_of("Travel"),
                "category_name": "Travel",
                "spent": "0.00",
                "predicted": "0.00",
                "interval": None,
                "method": "insufficient_history",
                "actual": "12.00",
            },
        ],
        "still_to_come": [],
        "bills_computed_at": None,
        "is_stale": True,
        "curve": None,
        "is_complete": True,
        "n_unconverted": 0,
        "n_missing": 0,
        "missing": [],
        "rates_used": [],
        "rates_url": None,
    }


def test_a_past_month_ends_with_its_actual_total(ana):
    live(ana, 6)
    body = ask(ana, month="2025-12")
    assert (body["as_of"], body["is_over"], body["months_used"]) == ("2025-12-31", True, 5)
    assert body["spent"] == body["predicted_total"] == body["actual_total"] == "130.00"


def test_this_month_is_forecast_from_todays_rows(ana):
    today = ana.user.today()
    live(ana, 4, until=today.replace(day=1))
    body = ask(ana)
    assert body == ask(ana, month=f"{today:%Y-%m}") == ask(ana, as_of=str(today))
    assert (body["as_of"], body["day"], body["months_used"]) == (str(today), today.day, 4)
    assert (body["is_over"], body["actual_total"], body["by_category"][0]["actual"]) == (False, None, None)


def test_days_after_the_last_record_are_unknown_not_empty(ana):
    live(ana, 6)
    record(ana, "2026-01-05", "45")
    body = ask(ana, as_of="2026-01-25")
    assert (body["as_of"], body["recorded_until"], body["day"]) == ("2026-01-25", "2026-01-05", 25)
    assert (body["spent"], body["predicted_total"], body["actual_total"]) == ("45.00", "135.00", None)
    assert body["explanation"].endswith(
        "Nothing is recorded after 2026-01-05, so spending since then is not yet known."
    )
    whole = ask(ana, month="2026-01")
    assert (whole["is_over"], whole["predicted_total"], whole["actual_total"]) == (True, "135.00", None)


def test_an_unrecorded_month_is_forecast_as_a_future_one(ana):
    live(ana, 6)
    record(ana, "2026-01-05", "500")
    body = ask(ana, month="2026-03", curve="true")
    assert (body["recorded_until"], body["spent"], body["predicted_total"]) == ("2026-01-05", "0.00", "130.00")
    assert (body["months_used"], body["interval"], body["actual_total"]) == (6, ["130.00", "130.00"], None)
    assert body["explanation"].startswith(
        "This adds known bills and what else was usually spent in the last 6 months. "
    )
    assert (body["curve"][0], body["curve"][30]) == (
        day_of("2026-03-01", None, "40.00", "40.00"),
        day_of("2026-03-31", None, "130.00", "130.00"),
    )


def test_an_unrecorded_month_is_forecast_whole_with_any_month_start(ana):
    assert ana.patch("users/me/", {"preferences": {"month_start": 25}}).status_code == 200
    for month in (9, 10, 11, 12):
        record(ana, f"2025-{month}-26", "10")
        record(ana, f"2025-{month}-24", "90")
    record(ana, "2026-01-24", "90")
    body = ask(ana, month="2026-01")
    assert (body["start"], body["spent"], body["predicted_total"]) == ("2026-01-25", "0.00", "100.00")


def test_a_month_recorded_as_far_as_others_is_whole(ana):
    live(ana, 6)
    body = ask(ana, month="2025-12")
    assert (body["recorded_until"], body["predicted_total"], body["actual_total"]) == ("2025-12-21", "130.00", "130.00")
    assert "not yet known" not in body["explanation"]
    assert ask(ana, month="2026-01")["months_used"] == 6


def test_an_empty_ledger_is_forecast_as_zero(ana):
    body = ask(ana, month="2026-01", as_of="2026-01-10")
    assert (body["spent"], body["predicted_total"], body["interval"]) == ("0.00", "0.00", None)
    assert (body["method"], body["months_used"], body["past_error"]) == ("insufficient_history", 0, None)
    assert (body["by_category"], body["still_to_come"]) == ([], [])
    assert body["explanation"].startswith(
        "There is no past month yet, so only the spending so far and known bills are counted."
    )


def test_one_past_month_is_repeated_without_an_interval(ana):
    live(ana, 1)
    record(ana, "2026-02-01", "5", "Salary", "in")
    body = ask(ana, as_of="2026-01-10")
    assert (body["method"], body["predicted_total"], body["interval"]) == ("last_month", "90.00", None)
    assert (
        body["explanation"]
        == "There are fewer than three past months, so the rest of the month is taken from the last one."
    )


def test_one_past_forecast_is_told_in_the_singular(ana):
    live(ana, 3)
    record(ana, "2026-02-01", "5", "Salary", "in")
    body = ask(ana, as_of="2026-01-10")
    assert (body["months_used"], body["past_error"]["n_months"]) == (3, 1)
    assert body["explanation"] == (
        "This adds the spending so far, known bills, and what usually followed after this day in the last 3 months. "
        "The same forecast of the last month was off by 0%."
    )


def test_transfers_income_splits_and_excluded_rows_are_no_spending(ana):
    live(ana, 3)
    record(ana, "2026-01-02", "2500", "Salary", "in")
    record(ana, "2026-01-03", "99", "Transfers")
    record(ana, "2026-01-04", "88", is_excluded_from_budget=True)
    record(ana, "2026-01-05", "10", "Groceries", "in")
    body = ask(ana, as_of="2026-01-10")
    assert (body["spent"], body["predicted_total"]) == ("-10.00", "80.00")


def test_months_begin_on_the_users_day(ana):
    assert ana.patch("users/me/", {"preferences": {"month_start": 25}}).status_code == 200
    for month in (9, 10, 11, 12):
        record(ana, f"2025-{month}-26", "10")
        record(ana, f"2025-{month}-24", "90")
        record(ana, f"2025-{month}-03", "5")
    record(ana, "2026-01-20", "7")
    body = ask(ana, month="2025-12", as_of="2026-01-02")
    assert (body["start"], body["end"], body["day"]) == ("2025-12-25", "2026-01-24", 9)
    assert (body["spent"], body["predicted_total"], body["actual_total"]) == ("10.00", "105.00", "17.00")
    assert ask(ana, month="2025-12", as_of="2026-01-03")["predicted_total"] == "100.00"
    assert ask(ana, month="2025-12", as_of="2025-12-28")["predicted_total"] == "105.00"


def test_rows_take_their_days_rate_and_missing_rates_are_named(ana):
    live(ana, 3)
    ExchangeRate.objects.create(base="EUR", quote="USD", date="2025-12-19", rate=Decimal("1.25"), source="ecb")
    ExchangeRate.objects.create(base="EUR", quote="USD", date="2026-01-02", rate=Decimal("1.6"), source="ecb")
    record(ana, "2025-12-21", "100", currency="USD")
    record(ana, "2026-01-03", "16", currency="USD")
    record(ana, "2026-01-04", "16", currency="CHF")
    body = ask(ana, as_of="2026-01-10", curve="true")
    assert (body["spent"], body["is_complete"], body["n_unconverted"]) == ("10.00", False, 1)
    assert (body["n_missing"], body["missing"]) == (1, [{"base": "CHF", "quote": "EUR", "date": "2026-01-04"}])
    usd = {"from": "USD", "to": "EUR", "source": "ecb"}
    assert (body["rates_used"], body["rates_url"]) == (
        [usd | {"day": "2026-01-02", "rate": "0.625"}, usd | {"day": "2025-12-19", "rate": "0.8"}], None,
    )  # fmt: skip
    assert body["curve"][2] == day_of("2026-01-03", "10.00", "40.00", None)
    assert ask(ana, as_of="2025-12-31")["spent"] == "210.00"


def test_the_curve_is_shown_on_request(ana):
    live(ana, 3)
    record(ana, "2026-01-02", "45")
    record(ana, "2026-02-01", "5", "Salary", "in")
    curve = ask(ana, as_of="2026-01-10", curve="true")["curve"]
    assert [day["date"] for day in curve] == [f"2026-01-{i:02}" for i in range(1, 32)]
    assert [(curve[i]["spent"], curve[i]["typical"]) for i in (0, 1, 9, 10, 20, 30)] == [
        ("0.00", "40.00"),
        ("45.00", "40.00"),
        ("45.00", "40.00"),
        (None, "40.00"),
        (None, "130.00"),
        (None, "130.00"),
    ]
    ahead = [(curve[i]["expected"], curve[i]["low"], curve[i]["high"]) for i in (8, 9, 19, 20, 30)]
    nothing = (None, None)
    assert ahead == [
        (None, *nothing), ("45.00", *nothing), ("45.00", *nothing), ("135.00", *nothing), ("135.00", *nothing),
    ]  # fmt: skip


def test_a_gap_before_the_month_is_named_and_widens_the_interval(ana):
    live(ana, 9, until=dt.date(2025, 9, 1))
    record(ana, "2026-01-09", "5.00")
    record(ana, "2026-02-09", "5.00", "Salary", "in")
    body = ask(ana, as_of="2026-01-10")
    assert (body["spent"], body["predicted_total"]) == ("5.00", "95.00")
    # The 130 of an ordinary month may all be missing yet.
    assert body["interval"] == ["95.00", "130.00"]
    assert body["explanation"] == (
        "This adds the spending so far, known bills, and what usually followed after this day in the last 9 months. "
        "The same forecasts of the last 3 months were off by 0% on average. Nothing is recorded from 2025-09-01 to "
        "2025-12-31, so this month may lack transactions, too. The interval is wide enough for a month of which "
        "nothing is recorded yet."
    )


def test_after_a_gap_with_little_before_there_is_no_interval(ana):
    live(ana, 5, until=dt.date(2025, 9, 1))
    record(ana, "2026-01-09", "5.00")
    body = ask(ana, as_of="2026-01-09")
    assert (body["interval"], body["past_error"]) == (None, None)
    assert body["explanation"].endswith(
        "There are too few past forecasts to say how sure that is. Nothing is recorded from 2025-09-01 to 2025-12-31, "
        "so this month may lack transactions, too."
    )


def test_a_known_bill_is_named_and_counted(ana):
    live(ana, 6)
    for i in range(6, 0, -1):
        record(ana, later_month(JANUARY, -i) + dt.timedelta(14), "800", "Housing")
    paid = tuple((later_month(JANUARY, -i) + dt.timedelta(14), Decimal(800)) for i in range(6, 0, -1))
    bill = KnownBill(
        id=7, payee="landlord", name="Rent", category=id_of("Housing"), amount=Decimal(810), low=Decimal(800),
        high=Decimal(820), step_days=0, step_months=1, due_on=dt.date(2026, 1, 9), patience=5, paid=paid,
    )  # fmt: skip
    as_of = dt.date(2026, 1, 10)
    end = forecast_month(
        ledger_id=ledger_id_of(ana.user),
        currency="EUR",
        calendar=Calendar(),
        catalog=Catalog.load_for(ana.user),
        as_of=as_of,
        today=as_of,
        recorded_until=as_of,
        known=KnownBills([bill]),
    )
    body = ForecastSerializer(end).data
    assert body["predicted_total"] == "900.00"
    assert body["still_to_come"] == [
        {
            "recurring": 7,
            "payee": "landlord",
            "name": "Rent",
            "amount": "810.00",
            "low": "800.00",
            "high": "820.00",
            "due_on": "2026-01-09",
            "is_late": True,
            "category": id_of("Housing"),
            "category_name": "Housing",
        }
    ]


def test_a_forecast_is_unchanged_until_a_write(ana):
    live(ana, 1)
    tag = ana.get("insights/forecast/", {"as_of": "2026-01-10"})["ETag"]
    assert ana.get("insights/forecast/", {"as_of": "2026-01-10"}, headers={"if-none-match": tag}).status_code == 304
    record(ana, "2026-01-02", "45")
    assert ana.get("insights/forecast/", {"as_of": "2026-01-10"}, headers={"if-none-match": tag}).status_code == 200


def test_a_stranger_gets_their_own_forecast(ana, ben):
    live(ana, 3)
    assert ask(ben, as_of="2026-01-10")["predicted_total"] == "0.00"


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ({"month": "2026-13"}, "month", "invalid"),
        ({"month": "November"}, "month", "invalid"),
        ({"month": "0001-01"}, "month", "out_of_range"),
        ({"month": "2026-01", "as_of": "2026-02-01"}, "as_of", "out_of_range"),
        ({"month": "2026-02", "as_of": "2026-01-31"}, "as_of", "out_of_range"),
        ({"as_of": "2026-02-30"}, "as_of", "invalid"),
        ({"curve": "perhaps"}, "curve", "invalid"),
        ({"day": "10"}, "day", "unknown"),
        ({"format": "gif"}, "format", "unknown"),
    ],
)
def test_an_impossible_forecast_is_refused(ana, query, name, code):
    assert_problem(ana.get("insights/forecast/", query), 400, (name, code))


def test_a_future_month_is_refused(ana):
    tomorrow = ana.user.today() + dt.timedelta(1)
    later = later_month(tomorrow.replace(day=1), 2)
    for query, name in (({"as_of": str(tomorrow)}, "as_of"), ({"month": f"{later:%Y-%m}"}, "month")):
        assert_problem(ana.get("insights/forecast/", query), 400, (name, "in_the_future"))

"""Bills of a forecast: computed, rejected, confirmed and named, as they were known on a day."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from expenses.models import Category, ExchangeRate
from expenses.models.ledgers import ledger_id_of
from insights.models import RecurringPayment
from insights.services.refreshing import refresh
from tests.api.spending import record, row
from tests.queued import n_waiting

pytestmark = pytest.mark.usefixtures("silent_chain")

TODAY = dt.date(2026, 6, 10)
REFRESHING = "insights.tasks.refresh_insights"


@pytest.fixture(autouse=True)
def _today(at):
    at(TODAY)


@pytest.fixture
def at(monkeypatch):
    """Make a day today."""

    def travel(day):
        noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
        monkeypatch.setattr(timezone, "now", lambda: noon)

    return travel


@pytest.fixture
def rates():
    """Set a dollar to 80 cents all year."""
    for month in range(1, 7):
        for day in (15, 20):
            on = dt.date(2026, month, day)
            ExchangeRate.objects.create(base="EUR", quote="USD", date=on, rate=Decimal("1.25"), source="ecb")


def monthly(text, amounts, *, day, first=1, category=None, **fields):
    """Record one payment a month of 2026."""
    days = [dt.date(2026, first + place, day) for place in range(len(amounts))]
    return [row(day, amount, text, category, **fields) for day, amount in zip(days, amounts, strict=True)]


def rent(n=5, day=15, **fields):
    """Record a rent from January on."""
    return monthly("Rent Meyer", ["800.00"] * n, day=day, category="Housing", **fields)


def stream(n=5, **fields):
    return monthly("Streamflix", ["9.99"] * n, day=20, category="Entertainment", **fields)


def electricity(n=5):
    """Record a bill that is too irregular to count on."""
    return monthly("Power works", ["60", "80", "70", "55", "65"][:n], day=18, category="Utilities")


def income(day):
    """Record an income; everything is recorded until then."""
    return row(day, "5.00", "Interest", "Salary", direction="in")


def ask(api, **query):
    answer = api.get("insights/forecast/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refreshed(api, **query):
    refresh(ledger_id=ledger_id_of(api.user))
    body = ask(api, **query)
    parts = [Decimal(one["predicted"]) for one in body["by_category"]]
    assert sum(parts) == Decimal(body["predicted_total"])
    return body


def coming(body):
    return [(one["name"], one["due_on"], one["amount"]) for one in body["still_to_come"]]


def choose(api, payee, verdict, **fields):
    found = api.get("insights/recurring/").json()["results"]
    [pk] = [one["id"] for one in found if one["payee"] == payee]
    answer = api.put(f"insights/recurring/{pk}/choice/", {"verdict": verdict, **fields})
    assert answer.status_code == 200, answer.content
    return pk


def test_a_computed_bill_is_still_to_come(ana):
    record(ana, [*rent(), *stream()])
    body = refreshed(ana)
    [found, _] = ana.get("insights/recurring/").json()["results"]
    housing = Category.objects.get(name="Housing", ledger=None)
    assert body["still_to_come"][0] == {
        "recurring": found["id"],
        "payee": "Rent Meyer",
        "name": "Rent Meyer",
        "amount": "800.00",
        "low": "800.00",
        "high": "800.00",
        "due_on": "2026-06-15",
        "is_late": False,
        "category": housing.pk,
        "category_name": "Housing",
    }
    assert coming(body) == [("Rent Meyer", "2026-06-15", "800.00"), ("Streamflix", "2026-06-20", "9.99")]
    assert (body["spent"], body["predicted_total"], body["is_stale"]) == ("0.00", "809.99", False)
    assert {one["category_name"]: one["predicted"] for one in body["by_category"]} == {
        "Housing": "800.00",
        "Entertainment": "9.99",
    }


def test_a_paid_bill_is_no_more_to_come(ana, at):
    record(ana, [*rent(), *stream()])
    refreshed(ana)
    at(dt.date(2026, 6, 16))
    record(ana, rent(6)[5:])
    body = refreshed(ana)
    assert coming(body) == [("Streamflix", "2026-06-20", "9.99")]
    assert (body["spent"], body["predicted_total"]) == ("800.00", "809.99")


def test_an_early_payment_is_no_more_to_come(ana):
    record(ana, [*rent(), *stream(), row(TODAY, "800.00", "Rent Meyer", "Housing")])
    body = refreshed(ana)
    assert coming(body) == [("Streamflix", "2026-06-20", "9.99")]
    assert body["predicted_total"] == "809.99"


def test_a_late_bill_is_still_to_come(ana, at):
    record(ana, [*rent(), *stream()])
    at(dt.date(2026, 6, 17))
    body = refreshed(ana)
    assert [(one["payee"], one["is_late"]) for one in body["still_to_come"]] == [
        ("Rent Meyer", True),
        ("Streamflix", False),
    ]
    assert body["predicted_total"] == "809.99"
    at(dt.date(2026, 6, 22))
    record(ana, [income(dt.date(2026, 6, 22))])
    body = refreshed(ana)
    assert [(one["payee"], one["is_late"]) for one in body["still_to_come"]] == [("Streamflix", True)]
    assert body["predicted_total"] == "9.99"


def test_a_rejected_payment_is_no_bill(ana):
    record(ana, [*rent(), *stream()])
    refreshed(ana)
    choose(ana, "Rent Meyer", "rejected")
    for body in (ask(ana), refreshed(ana)):
        assert coming(body) == [("Streamflix", "2026-06-20", "9.99")]
        assert coming(ask(ana, as_of="2026-05-10")) == [("Streamflix", "2026-05-20", "9.99")]


def test_a_maybe_is_a_bill_once_it_is_confirmed(ana):
    record(ana, electricity())
    assert coming(refreshed(ana)) == []
    pk = choose(ana, "Power works", "confirmed", name="Electricity")
    for body in (ask(ana), refreshed(ana)):
        [due] = body["still_to_come"]
        assert (due["recurring"], due["name"], due["payee"]) == (pk, "Electricity", "Power works")
        assert due["due_on"] == "2026-06-18"
        assert body["predicted_total"] == due["amount"]


def test_a_bill_has_the_name_its_user_gave(ana):
    record(ana, stream())
    refreshed(ana)
    choose(ana, "Streamflix", "confirmed", name="Films")
    [due] = ask(ana)["still_to_come"]
    assert (due["name"], due["payee"]) == ("Films", "Streamflix")


def test_salaries_are_no_bills(ana):
    record(ana, monthly("Employer", ["2500.00"] * 5, day=25, category="Salary", direction="in"))
    assert coming(refreshed(ana)) == []


def test_a_past_day_knows_no_later_bill(ana):
    record(ana, [*rent(5), *stream(3, first=3)])
    refreshed(ana)
    assert coming(ask(ana, as_of="2026-02-20")) == []
    assert coming(ask(ana, as_of="2026-03-10")) == []
    assert coming(ask(ana, as_of="2026-04-10")) == [("Rent Meyer", "2026-04-15", "800.00")]
    assert coming(ask(ana, as_of="2026-05-10")) == [("Rent Meyer", "2026-05-15", "800.00")]


def test_a_past_day_has_the_bills_of_then(ana):
    dear = monthly("Rent Meyer", ["880.00"] * 2, day=17, first=4, category="Housing")
    record(ana, [*rent(3), *dear, *stream()])
    refreshed(ana)
    body = ask(ana, as_of="2026-04-16")
    [due, _] = body["still_to_come"]
    assert (due["due_on"], due["is_late"]) == ("2026-04-15", True)
    assert (due["amount"], due["low"], due["high"]) == ("800.00", "800.00", "800.00")
    assert (body["predicted_total"], body["actual_total"]) == ("809.99", "889.99")
    assert coming(ask(ana, as_of="2026-05-12"))[0] == ("Rent Meyer", "2026-05-15", "880.00")
    assert coming(ask(ana, month="2026-05")) == []


def test_the_last_of_the_month_is_due_in_february_too(ana):
    days = [dt.date(2026, 1, 31), dt.date(2026, 2, 28), dt.date(2026, 3, 31), dt.date(2026, 4, 30)]
    before = [dt.date(2025, 11, 30), dt.date(2025, 12, 31)]
    record(ana, [row(day, "800.00", "Rent Meyer", "Housing") for day in (*before, *days)])
    refreshed(ana)
    for due in ("2026-02-28", "2026-03-31", "2026-04-30"):
        assert coming(ask(ana, as_of=f"{due[:7]}-10")) == [("Rent Meyer", due, "800.00")]


def test_a_weekend_moves_one_payment_only(ana):
    days = [dt.date(2026, 1, 2), dt.date(2026, 2, 2), dt.date(2026, 3, 2), dt.date(2026, 4, 4)]
    record(ana, [row(day, "800.00", "Rent Meyer", "Housing") for day in days])
    refreshed(ana)
    assert coming(ask(ana, as_of="2026-05-01")) == [("Rent Meyer", "2026-05-02", "800.00")]


def test_an_ended_bill_was_still_to_come_before_its_end(ana):
    record(ana, [*monthly("Gym", ["30.00"] * 3, day=25, category="Shopping"), *stream(), income(TODAY)])
    refreshed(ana)
    assert coming(ask(ana)) == [("Streamflix", "2026-06-20", "9.99")]
    assert coming(ask(ana, as_of="2026-04-22")) == [("Gym", "2026-04-25", "30.00")]


def test_a_foreign_bill_costs_its_converted_payment(ana, rates):
    record(ana, [*rent(), *stream(currency="USD")])
    body = refreshed(ana)
    assert coming(body) == [("Rent Meyer", "2026-06-15", "800.00"), ("Streamflix", "2026-06-20", "7.99")]
    assert body["predicted_total"] == "807.99"
    assert coming(ask(ana, as_of="2026-04-10")) == [
        ("Rent Meyer", "2026-04-15", "800.00"),
        ("Streamflix", "2026-04-20", "7.99"),
    ]


def test_bills_in_another_currency_take_todays_rate(ana, rates, join_ledger_of):
    record(ana, rent())
    assert coming(refreshed(ana)) == [("Rent Meyer", "2026-06-15", "800.00")]
    vera = join_ledger_of(ana, "vera", "viewer")
    assert coming(ask(vera)) == coming(ask(ana))
    assert vera.patch("users/me/", {"preferences": {"base_currency": "USD"}}).status_code == 200
    body = ask(vera)
    assert (body["currency"], coming(body)) == ("USD", [("Rent Meyer", "2026-06-15", "1000.00")])
    assert body["predicted_total"] == "1000.00"
    ExchangeRate.objects.create(base="EUR", quote="USD", date=TODAY, rate=Decimal(2), source="ecb")
    body = ask(vera)
    assert (coming(body), body["predicted_total"]) == ([("Rent Meyer", "2026-06-15", "1600.00")], "1600.00")


def test_bills_without_a_rate_are_left_out_and_counted(ana, join_ledger_of):
    record(ana, rent())
    refreshed(ana)
    vera = join_ledger_of(ana, "vera", "viewer")
    assert "left out" not in ask(vera)["explanation"]
    assert vera.patch("users/me/", {"preferences": {"base_currency": "USD"}}).status_code == 200
    body = ask(vera)
    assert (coming(body), body["is_complete"]) == ([], False)
    assert body["explanation"].endswith("1 known bill is left out, because there is no rate for the day.")


def test_a_new_payment_pays_its_bill_before_any_computation(ana):
    record(ana, [*rent(), *stream()])
    refreshed(ana)
    record(ana, [row(TODAY, "820.00", "Rent Meyer", "Housing")])
    body = ask(ana)
    assert (body["is_stale"], coming(body)) == (True, [("Streamflix", "2026-06-20", "9.99")])
    assert (body["spent"], body["predicted_total"]) == ("820.00", "829.99")


def test_a_new_payment_pays_one_contract_of_two(ana, at):
    small = monthly("Telco", ["10.00"] * 5, day=12, category="Utilities")
    large = monthly("Telco", ["11.90"] * 5, day=14, category="Utilities")
    record(ana, [*small, *large])
    assert len(coming(refreshed(ana))) == 2
    record(ana, [row(TODAY, "11.90", "Telco", None)])
    assert coming(ask(ana)) == [("Telco", "2026-06-12", "10.00")]
    at(dt.date(2026, 7, 1))
    record(ana, [row(dt.date(2026, 6, 12), "10.00", "Telco", "Utilities"), income(dt.date(2026, 7, 1))])
    assert coming(ask(ana)) == [("Telco", "2026-07-12", "10.00"), ("Telco", "2026-07-14", "11.90")]


@pytest.mark.parametrize(
    "paid",
    [
        row(TODAY, "80.00", "Rent Meyer", "Housing"),
        row(TODAY, "800.00", "Hardware store", "Housing"),
        row(TODAY, "800.00", "Rent Meyer", "Housing", direction="in"),
        row(dt.date(2026, 6, 2), "800.00", "Rent Meyer", "Housing"),
    ],
)
def test_another_payment_leaves_the_bill_to_come(ana, paid):
    record(ana, rent())
    refreshed(ana)
    record(ana, [paid])
    assert coming(ask(ana)) == [("Rent Meyer", "2026-06-15", "800.00")]


def test_a_doubled_payment_pays_no_later_turn(ana):
    record(ana, [*rent(), row(dt.date(2026, 5, 16), "800.00", "Rent Meyer", "Housing"), income(TODAY)])
    assert coming(refreshed(ana)) == [("Rent Meyer", "2026-06-15", "800.00")]


def test_bills_after_the_last_statement_are_late_not_missed(ana, at):
    record(ana, [*rent(day=2), *stream()])
    at(dt.date(2026, 7, 4))
    body = refreshed(ana)
    assert (body["recorded_until"], body["spent"], body["predicted_total"]) == ("2026-05-20", "0.00", "809.99")
    assert [(one["payee"], one["due_on"], one["is_late"]) for one in body["still_to_come"]] == [
        ("Rent Meyer", "2026-07-02", True),
        ("Streamflix", "2026-07-20", False),
    ]


def test_a_forecast_before_the_first_computation_has_no_bills(ana, run_tasks):
    record(ana, rent())
    body = ask(ana)
    assert (body["still_to_come"], body["bills_computed_at"], body["is_stale"]) == ([], None, True)
    assert body["predicted_total"] == "800.00"
    assert n_waiting(REFRESHING) == 1
    run_tasks()
    body = ask(ana)
    assert (coming(body), body["is_stale"]) == ([("Rent Meyer", "2026-06-15", "800.00")], False)
    assert dt.datetime.fromisoformat(body["bills_computed_at"]).date() == TODAY


def test_a_write_makes_bills_stale(ana):
    record(ana, rent())
    assert not refreshed(ana)["is_stale"]
    record(ana, [row(TODAY, "5.00", "Kiosk", "Groceries")])
    assert ask(ana)["is_stale"]
    assert not refreshed(ana)["is_stale"]


def test_the_etag_tells_bills_from_none(ana):
    record(ana, rent())
    tag = ana.get("insights/forecast/")["ETag"]
    refresh(ledger_id=ledger_id_of(ana.user))
    again = ana.get("insights/forecast/", headers={"If-None-Match": tag})
    assert coming(again.json()) == [("Rent Meyer", "2026-06-15", "800.00")]
    assert ana.get("insights/forecast/", headers={"If-None-Match": again["ETag"]}).status_code == 304


def test_the_etag_changes_with_bills_computed_at_the_same_time(ana):
    record(ana, [*rent(), *stream()])
    refreshed(ana)
    tag = ana.get("insights/forecast/")["ETag"]
    RecurringPayment.objects.filter(payee="streamflix").update(amount=Decimal("12.99"), high=Decimal("12.99"))
    again = ana.get("insights/forecast/", headers={"If-None-Match": tag})
    assert coming(again.json())[1] == ("Streamflix", "2026-06-20", "12.99")


def test_a_stranger_sees_only_their_own_bills(ana, ben):
    record(ana, rent())
    refreshed(ana)
    assert coming(refreshed(ben)) == []

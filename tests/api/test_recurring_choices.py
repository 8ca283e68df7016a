"""A choice on one contract leaves others alone, and holds when payments are found anew."""

import datetime as dt

import pytest

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from insights.services.refreshing import refresh
from tests.api.spending import record, row

pytestmark = pytest.mark.usefixtures("silent_chain")

PATH = "insights/recurring/"


def computed(api):
    """Compute insights and return the list."""
    refresh(ledger_id=ledger_id_of(api.user), is_forced=True)
    return listed(api)


def listed(api):
    return api.get(PATH).json()["results"]


def say(api, one, **said):
    answer = api.put(f"{PATH}{one['id']}/choice/", said)
    assert answer.status_code == 200, answer.content


@pytest.fixture
def two(ana):
    """Record two contracts with one payee and near prices; return the cheaper one first."""
    for day, amount in ((1, "10.00"), (15, "11.90")):
        record(ana, [row(dt.date(2026, month, day), amount, "Telco", "Utilities") for month in range(1, 7)])
    return sorted(computed(ana), key=lambda one: float(one["amount"]))


def test_rejecting_one_of_two_contracts_leaves_the_other(ana, two):
    say(ana, two[0], verdict="rejected")
    assert [one["amount"] for one in listed(ana)] == ["11.90"]
    assert [one["amount"] for one in computed(ana)] == ["11.90"]


def test_a_name_is_of_one_contract_of_two(ana, two):
    say(ana, two[0], verdict="confirmed", name="Phone")
    say(ana, two[1], verdict="confirmed", name="Internet")
    assert {one["amount"]: one["name"] for one in computed(ana)} == {"10.00": "Phone", "11.90": "Internet"}


def test_taking_one_choice_back_leaves_the_other(ana, two):
    say(ana, two[0], verdict="confirmed", name="Phone")
    assert ana.delete(f"{PATH}{two[1]['id']}/choice/").status_code == 404
    say(ana, two[1], verdict="confirmed", name="Internet")
    assert ana.delete(f"{PATH}{two[1]['id']}/choice/").status_code == 204
    assert {one["amount"]: one["name"] for one in listed(ana)} == {"10.00": "Phone", "11.90": "Telco"}


def test_a_confirmed_payment_outlives_a_new_base_currency(ana):
    days = ["2026-01-05", "2026-02-09", "2026-03-03", "2026-04-08", "2026-05-05", "2026-06-07"]
    amounts = ["30", "95", "52", "70", "41", "88"]
    rows = [
        row(dt.date.fromisoformat(day), amount, "Power", "Utilities") for day, amount in zip(days, amounts, strict=True)
    ]
    record(ana, rows)
    for day in days:
        ana.post("rates/", {"base": "EUR", "quote": "USD", "date": day, "rate": "1.5"})
    [one] = computed(ana)
    say(ana, one, verdict="confirmed", name="Power bill")
    assert [(one["status"], one["currency"]) for one in computed(ana)] == [("mature", "EUR")]

    User.objects.update(base_currency="USD")

    [one] = computed(ana)
    assert (one["name"], one["status"], one["currency"], one["in_base"]["currency"]) == (
        "Power bill", "mature", "EUR", "USD",
    )  # fmt: skip

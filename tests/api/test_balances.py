"""Balances of accounts, and the registers that lead to them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from config.api.pagination import forget_counts
from expenses.rates.conversion import MissingRate
from tests.api.bodies import assert_problem
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

CENT = Decimal("0.01")
SAME = {"rate": "1", "rate_date": "2026-11-02", "source": "same"}


@pytest.fixture
def checking(ana):
    return ana.post("accounts/", {"name": "Checking", "currency": "EUR", "opening_balance": "100.00"}).json()["id"]


def record(api, amount: str, direction: str = "out", **fields: Any) -> int:
    row = {"amount": amount, "description": "Row", "account": "Checking", "date": "2026-11-02", "direction": direction}
    answer = api.post("transactions/", row | fields)
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def balance(api, **query):
    (only,) = api.get("accounts/balances/", query).json()["results"]
    return only


def no_rate(currency: str) -> dict[str, str | None]:
    said = str(MissingRate(base=currency, quote="EUR", day=dt.date(2026, 11, 2)))
    return {"currency": "EUR", "amount": None, "rate": None, "rate_date": None, "source": None, "missing": said}


def register(api, account, **query):
    return [(row["signed_amount"], row["balance"]) for row in pages(api, account, **query)]


def pages(api, account, **query) -> list[dict[str, Any]]:
    rows, address = [], f"accounts/{account}/register/"
    answer = api.get(address, {"cursor": "", "page_size": 500} | query).json()
    rows += answer["results"]
    while answer["next"]:
        answer = api.get(answer["next"].removeprefix("http://testserver")).json()
        rows += answer["results"]
    return rows


def test_a_balance_is_what_was_there_and_what_came_and_went(ana, checking):
    record(ana, "12.34")
    record(ana, "1000.01", "in")
    record(ana, "3.00", currency="USD")
    record(ana, "5.00", "in", currency="USD")
    record(ana, "700", currency="JPY")
    ana.delete(f"transactions/{record(ana, '50.00')}/")
    answer = ana.get("accounts/balances/", {"date": "2026-11-02"})
    assert answer.status_code == 200
    assert answer.json() == {
        "date": "2026-11-02",
        "total": {
            "currency": "EUR",
            "date": "2026-11-02",
            "amount": "1087.67",
            "is_complete": False,
            "missing": [no_rate("JPY")["missing"], no_rate("USD")["missing"]],
        },
        "results": [
            {
                "account": checking,
                "account_name": "Checking",
                "is_active": True,
                "currency": "EUR",
                "opening_balance": "100.00",
                "balance": "1087.67",
                "n_transactions": 2,
                "in_base": {"currency": "EUR", "amount": "1087.67", "missing": None, **SAME},
                "other_currencies": [
                    {
                        "currency": "JPY",
                        "amount": "-700",
                        "n_transactions": 1,
                        "in_base": no_rate("JPY"),
                    },
                    {
                        "currency": "USD",
                        "amount": "2.00",
                        "n_transactions": 2,
                        "in_base": no_rate("USD"),
                    },
                ],
            }
        ],
        "rates_used": [],
        "rates_url": None,
    }


def test_an_account_without_rows_has_what_it_began_with(ana, ben, checking):
    assert balance(ana)["balance"] == "100.00"
    assert ben.get("accounts/balances/").json()["results"] == []


def test_a_balance_as_of_a_day_counts_that_day(ana, checking):
    record(ana, "1.00", date="2026-10-31")
    record(ana, "2.00", date="2026-11-01")
    assert [balance(ana, date=f"2026-{day}")["balance"] for day in ("10-30", "10-31", "11-01")] == [
        "100.00", "99.00", "97.00",
    ]  # fmt: skip
    assert ana.get("accounts/balances/", {"date": "2026-11-01"}).json()["date"] == "2026-11-01"
    assert_problem(ana.get("accounts/balances/", {"date": "soon"}), 400, ("date", "invalid"))


def test_balances_are_not_sent_again_while_nothing_changes(ana, checking):
    tag = ana.get("accounts/balances/")["ETag"]
    assert ana.get("accounts/balances/", headers={"If-None-Match": tag}).status_code == 304
    record(ana, "1.00")
    assert ana.get("accounts/balances/", headers={"If-None-Match": tag}).status_code == 200


def test_a_register_runs_by_day_and_id_both_ways(ana, checking):
    later = record(ana, "10.00", date="2026-11-05")
    first = record(ana, "1.00", date="2026-11-01")
    second = record(ana, "2.50", "in", date="2026-11-01")
    record(ana, "9.99", currency="USD", date="2026-11-02")
    rows = ana.get(f"accounts/{checking}/register/", {"ordering": "date"}).json()
    assert [row["id"] for row in rows["results"]] == [first, second, later]
    assert rows["count"] == 3
    assert register(ana, checking, ordering="date") == [("-1.00", "99.00"), ("2.50", "101.50"), ("-10.00", "91.50")]
    assert register(ana, checking) == [("-10.00", "91.50"), ("2.50", "101.50"), ("-1.00", "99.00")]
    row = rows["results"][0]
    assert row == ana.get(f"transactions/{first}/").json() | {"signed_amount": "-1.00", "balance": "99.00"}


def test_a_register_of_another_currency_begins_with_nothing(ana, checking):
    record(ana, "9.99", currency="USD", date="2026-11-02")
    record(ana, "1.00")
    assert register(ana, checking, currency="usd") == [("-9.99", "-9.99")]


def test_a_part_of_a_register_carries_on_from_what_was_before(ana, checking):
    for day in range(1, 6):
        record(ana, "1.00", date=f"2026-11-0{day}")
    assert register(ana, checking, start="2026-11-02", end="2026-11-03") == [("-1.00", "97.00"), ("-1.00", "98.00")]


def test_a_stranger_finds_no_register_and_bad_words_are_named(ana, ben, checking):
    address = f"accounts/{checking}/register/"
    assert_problem(ben.get(address), 404, (None, "not_found"))
    assert_problem(ana.get(address, {"ordering": "amount"}), 400, ("ordering", "invalid_choice"))
    assert_problem(ana.get(address, {"start": "soon"}), 400, ("start", "invalid"))
    assert_problem(ana.get(address, {"currency": "XQX"}), 400, ("currency", "unknown_currency"))


ROW = st.tuples(
    st.sampled_from(["in", "out"]),
    st.decimals(min_value=CENT, max_value=Decimal(999_999_999), places=2),
    st.integers(min_value=1, max_value=9),
    st.sampled_from(["kept", "deleted", "restored", "changed"]),
)


@law(6)
@given(rows=st.lists(ROW, max_size=7), size=st.integers(min_value=1, max_value=4), backwards=st.booleans())
def test_the_balance_is_the_last_of_the_register_and_the_sum_of_its_rows(ana, rows, size, backwards):
    name = f"Account {ana.get('accounts/').json()['count']}"
    opening = Decimal("-17.05")
    account = ana.post("accounts/", {"name": name, "currency": "EUR", "opening_balance": str(opening)}).json()["id"]
    for direction, amount, day, fate in rows:
        pk = record(ana, str(amount), direction, account=account, date=f"2026-11-0{day}")
        if fate in {"deleted", "restored"}:
            ana.delete(f"transactions/{pk}/")
        if fate == "restored":
            ana.post(f"transactions/{pk}/restore/")
        if fate == "changed":
            ana.patch(f"transactions/{pk}/", {"amount": str(amount + CENT), "date": "2026-11-05"})
    ordering = "-date" if backwards else "date"
    found = pages(ana, account, ordering=ordering, page_size=size)
    found = found[::-1] if backwards else found
    running = opening
    for row in found:
        running += Decimal(row["signed_amount"])
        assert Decimal(row["balance"]) == running
    assert len(found) == len([fate for *_, fate in rows if fate != "deleted"])
    results = {one["account"]: one for one in ana.get("accounts/balances/").json()["results"]}
    assert Decimal(results[account]["balance"]) == running
    assert results[account]["n_transactions"] == len(found)


def test_an_account_and_its_register_name_what_lies_in_other_currencies(ana, ben, checking):
    account = ana.get(f"accounts/{checking}/")
    record(ana, "10.00")
    record(ana, "3.00", currency="USD")
    record(ana, "5.00", "in", currency="USD", date="2026-11-03")
    record(ana, "700", currency="JPY")
    ana.delete(f"transactions/{record(ana, '9.00', currency='CHF')}/")
    yen, dollars = {"currency": "JPY", "balance": "-700", "n": 1}, {"currency": "USD", "balance": "2.00", "n": 2}
    shown = ana.get(f"accounts/{checking}/", headers={"If-None-Match": account["ETag"]})
    assert (shown.status_code, shown["ETag"]) == (200, account["ETag"])
    assert shown.json() == account.json() | {"other_currencies": [yen, dollars]}
    assert ana.get("accounts/").json()["results"] == [shown.json()]
    (fed,) = ana.get("changes/").json()["accounts"]
    copied = f'"{fed["id"]}-{fed["version"]}"'
    renamed = {"name": "Giro"}
    answer = ana.patch(f"accounts/{checking}/", renamed, headers={"If-Match": copied})
    assert answer.json() == shown.json() | renamed | {"version": answer.json()["version"]}
    assert answer["ETag"] == f'"{checking}-{answer.json()["version"]}"'
    assert ana.patch(f"accounts/{checking}/", renamed, headers={"If-Match": copied}).status_code == 412
    (fed,) = ana.get("changes/").json()["accounts"]
    assert fed | {"other_currencies": [yen, dollars]} == answer.json()
    page = ana.get(f"accounts/{checking}/register/").json()
    (row,) = page["results"]
    assert page == {"count": 1, "next": None, "previous": None, "results": [row], "other_currencies": [yen, dollars]}
    euros = {"currency": "EUR", "balance": "90.00", "n": 1}
    page = ana.get(f"accounts/{checking}/register/", {"currency": "USD", "cursor": ""}).json()
    assert ([row["balance"] for row in page["results"]], page["other_currencies"]) == (["2.00", "-3.00"], [euros, yen])
    assert ben.get(f"accounts/{checking}/register/").status_code == 404


def test_parts_of_a_split_count_once_in_other_currencies(ana, checking):
    parts = [{"amount": "1.00"}, {"amount": "2.00"}]
    record(ana, "3.00", currency="USD", parts=parts)
    expected = [{"currency": "USD", "balance": "-3.00", "n": 1}]
    assert ana.get(f"accounts/{checking}/").json()["other_currencies"] == expected
    assert ana.get(f"accounts/{checking}/register/").json()["other_currencies"] == expected


@law(15)
@given(
    st.lists(
        st.tuples(st.sampled_from(["EUR", "USD", "CHF"]), st.integers(1, 10_000), st.sampled_from(["in", "out"])),
        max_size=6,
    )
)
def test_registers_and_other_currencies_leave_nothing_out(ana, checking, rows):
    with transaction.atomic():
        for currency, cents, direction in rows:
            record(ana, str(cents * CENT), direction, currency=currency)
        forget_counts()  # a rollback gives versions again
        page = ana.get(f"accounts/{checking}/register/").json()
        (whole,) = ana.get("accounts/balances/").json()["results"]
        expected = [
            {"currency": one["currency"], "balance": one["amount"], "n": one["n_transactions"]}
            for one in whole["other_currencies"]
        ]
        assert page["other_currencies"] == ana.get(f"accounts/{checking}/").json()["other_currencies"] == expected
        assert page["count"] + sum(one["n"] for one in page["other_currencies"]) == len(rows)
        transaction.set_rollback(True)

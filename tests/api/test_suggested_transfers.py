"""Transfers between accounts in two currencies are suggested by the rate of the day, and never made by a machine."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.transfer_matching import RATE_TOLERANCE, Half, match_across_currencies
from expenses.models import Transfer
from tests.api.bodies import assert_problem
from tests.api.statement_files import comma_file, upload


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    use_chain()


@pytest.fixture
def accounts(ana):
    """Two accounts in euros and one in francs; a euro is worth 0.95 francs."""
    for name, currency in (("Giro", "EUR"), ("Savings", "EUR"), ("Konto", "CHF")):
        assert ana.post("accounts/", {"name": name, "currency": currency}).status_code == 201
    rate = {"base": "EUR", "quote": "CHF", "date": "2026-03-01", "rate": "0.95"}
    assert ana.post("rates/", rate).status_code == 201


def suggested(api):
    answer = api.get("transfers/?status=suggested")
    assert answer.status_code == 200
    return answer.json()["results"]


def send_money(api, arrives="950.00", day="2026-03-06"):
    upload(api, comma_file([("2026-03-05", "TO MY ACCOUNT IN ZURICH", "-1000.00"), ("2026-03-05", "REWE", "-5.00")]))
    return upload(api, comma_file([(day, "EINGANG", f"+{arrives}"), (day, "COOP", "-7.00")]), account="Konto")


def test_a_transfer_into_another_currency_is_suggested(ana, accounts):
    send_money(ana)
    (pair,) = suggested(ana)
    assert pair.pop("created_at")
    outgoing, incoming = pair["outgoing"], pair["incoming"]
    assert (outgoing["amount"], outgoing["currency"], outgoing["date"]) == ("1000.00", "EUR", "2026-03-05")
    assert (incoming["amount"], incoming["currency"], incoming["date"]) == ("950.00", "CHF", "2026-03-06")
    assert (pair["status"], set(pair)) == ("suggested", {"id", "status", "outgoing", "incoming", "version"})
    for half in (outgoing, incoming):
        row = ana.get(f"transactions/{half['id']}/").json()
        assert (row["transfer"], row["category"]) == (None, None)
    assert ana.get("transfers/").json()["count"] == 0
    assert ana.get("changes/?since=0").json()["transfers"] == []


@pytest.mark.parametrize(("arrives", "n"), [("931.00", 1), ("969.00", 1), ("930.99", 0), ("969.01", 0)])
def test_the_amount_that_arrives_is_within_two_percent_of_the_days_rate(ana, accounts, arrives, n):
    send_money(ana, arrives)
    assert len(suggested(ana)) == n


@pytest.mark.parametrize(("day", "n"), [("2026-03-02", 1), ("2026-03-08", 1), ("2026-03-09", 0)])
def test_money_is_under_way_for_three_days(ana, accounts, day, n):
    send_money(ana, day=day)
    assert len(suggested(ana)) == n


def test_without_a_rate_nothing_is_suggested(ana, accounts):
    ana.delete(f"rates/{ana.get('rates/?source=manual').json()['results'][0]['id']}/")
    send_money(ana)
    assert suggested(ana) == []


def test_a_pair_in_one_currency_is_made_and_not_suggested(ana, accounts):
    upload(ana, comma_file([("2026-03-05", "TO SAVINGS", "-1000.00"), ("2026-03-05", "REWE", "-5.00")]))
    upload(ana, comma_file([("2026-03-05", "FROM GIRO", "+1000.00"), ("2026-03-05", "X", "-1.00")]), account="Savings")
    upload(ana, comma_file([("2026-03-06", "EINGANG", "+950.00"), ("2026-03-06", "COOP", "-7.00")]), account="Konto")
    assert suggested(ana) == []
    assert [pair["status"] for pair in ana.get("transfers/").json()["results"]] == ["automatic"]


def test_a_row_with_a_category_of_another_kind_is_not_suggested(ana, accounts):
    upload(ana, comma_file([("2026-03-05", "TO MY ACCOUNT IN ZURICH", "-1000.00"), ("2026-03-05", "REWE", "-5.00")]))
    row = ana.get("transactions/?search=zurich").json()["results"][0]["id"]
    ana.patch(f"transactions/{row}/", {"category": "Travel"})
    upload(ana, comma_file([("2026-03-06", "EINGANG", "+950.00"), ("2026-03-06", "COOP", "-7.00")]), account="Konto")
    assert suggested(ana) == []


def test_a_confirmed_suggestion_is_a_transfer_that_can_be_deleted(ana, accounts):
    send_money(ana)
    (pair,) = suggested(ana)
    before = [ana.get(f"transactions/{pair[half]['id']}/").json() for half in ("outgoing", "incoming")]
    answer = ana.post(f"transfers/{pair['id']}/confirm/")
    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (200, pair["id"], "confirmed")
    for half in ("outgoing", "incoming"):
        row = ana.get(f"transactions/{pair[half]['id']}/").json()
        assert (row["kind"], row["category_name"], row["transfer"]) == ("transfer", "Transfers", pair["id"])
        assert row["categorization"]["status"] == "confirmed"
    assert suggested(ana) == []
    assert [one["id"] for one in ana.get("changes/?since=0").json()["transfers"]] == [pair["id"]]
    ana.delete(f"transfers/{pair['id']}/")
    after = [ana.get(f"transactions/{pair[half]['id']}/").json() for half in ("outgoing", "incoming")]
    for was, now in zip(before, after, strict=True):
        assert {k: now[k] for k in ("kind", "category", "transfer")} == {
            k: was[k] for k in ("kind", "category", "transfer")
        }


def test_a_rejected_suggestion_does_not_come_again(ana, accounts):
    run = send_money(ana)["run"]
    (pair,) = suggested(ana)
    before = ana.get(f"transactions/{pair['outgoing']['id']}/").json()
    assert ana.post(f"transfers/{pair['id']}/reject/").json()["status"] == "rejected"
    assert ana.get(f"transactions/{pair['outgoing']['id']}/").json() == before
    upload(ana, comma_file([("2026-03-07", "Y", "-1.00"), ("2026-03-07", "Z", "-2.00")]), account="Konto")
    assert suggested(ana) == []
    assert run


def test_a_suggestion_whose_row_is_gone_or_paired_is_not_listed_and_refused(ana, accounts):
    send_money(ana)
    (pair,) = suggested(ana)
    outgoing = pair["outgoing"]["id"]
    ana.delete(f"transactions/{outgoing}/")
    assert suggested(ana) == []
    answer = ana.post(f"transfers/{pair['id']}/confirm/")
    assert_problem(answer, 409, (None, "gone"))
    assert answer.json()["detail"] == (
        "One of the two transactions was deleted meanwhile; restore it first, or reject the suggestion."
    )
    ana.post(f"transactions/{outgoing}/restore/")
    parts = [{"amount": "600"}, {"amount": "400"}]
    ana.put(f"transactions/{outgoing}/split/", {"parts": parts})
    assert suggested(ana) == []
    assert_problem(ana.post(f"transfers/{pair['id']}/confirm/"), 409, (None, "split"))
    ana.delete(f"transactions/{outgoing}/split/")
    ana.patch(f"transactions/{outgoing}/", {"account": "Konto"})
    answer = ana.post(f"transfers/{pair['id']}/confirm/")
    assert_problem(answer, 409, (None, "changed"))
    assert answer.json()["detail"] == (
        "One of the two was changed meanwhile, so they are no transfer between two accounts; reject it."
    )
    ana.patch(f"transactions/{outgoing}/", {"account": "Giro"})
    new = {"direction": "in", "amount": "1000", "description": "In", "date": "2026-03-05", "account": "Savings"}
    ana.post("transactions/", new)
    assert suggested(ana) == []
    assert_problem(ana.post(f"transfers/{pair['id']}/confirm/"), 409, (None, "paired"))


def test_reverting_the_import_takes_its_suggestions_away(ana, accounts):
    run = send_money(ana)["run"]
    ana.post(f"runs/{run}/revert/")
    assert (suggested(ana), Transfer.objects.count()) == ([], 0)


def test_a_stranger_finds_no_suggestion(ana, ben, accounts):
    send_money(ana)
    number = suggested(ana)[0]["id"]
    assert suggested(ben) == []
    for action in ("confirm", "reject"):
        assert ben.post(f"transfers/{number}/{action}/").status_code == 404


HALVES = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["in", "out"]), st.integers(90, 110), st.integers(1, 6), st.booleans()
    ),
    max_size=12,
)


@given(rows=HALVES)
def test_each_row_is_in_one_pair_that_fits_the_rate(rows):
    currency = {1: "EUR", 2: "CHF", 3: "CHF"}
    halves = [
        Half(n, account, way, Decimal(amount), currency[account], dt.date(2026, 3, day))
        for n, (account, way, amount, day, _) in enumerate(rows)
    ]
    fresh = {n for n, row in enumerate(rows) if row[-1]}
    pairs = match_across_currencies(halves, fresh=fresh, rate=lambda *_: Decimal(1))
    ends = [pk for pair in pairs for pk in pair]
    assert len(set(ends)) == len(ends)
    for out, into in pairs:
        going, coming = halves[out], halves[into]
        assert (going.direction, coming.direction) == ("out", "in")
        assert going.currency != coming.currency
        assert abs((going.date - coming.date).days) <= 3
        assert abs(going.amount - coming.amount) <= going.amount * RATE_TOLERANCE
        assert {out, into} & fresh

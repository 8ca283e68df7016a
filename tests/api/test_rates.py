"""Exchange rates: the ECB's for everybody to read, one's own to write."""

import datetime as dt
from decimal import Decimal

import pytest

from expenses.models import ExchangeRate
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

OWN = {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8"}
#: A Friday, and the day before; the last days of the ECB's that these tests know.
ECB = {
    "2026-10-29": {"USD": "1.1186", "CHF": "0.9201"},
    "2026-10-30": {"USD": "1.1172", "CHF": "0.9194", "JPY": "175.68"},
}


@pytest.fixture(autouse=True)
def ecb(db):
    for day, rates in ECB.items():
        for quote, rate in rates.items():
            ExchangeRate.objects.create(base="EUR", quote=quote, date=day, rate=Decimal(rate), source="ecb")


def number_of(**fields):
    return ExchangeRate.objects.get(**fields).pk


def listed(api, **filters):
    rows = api.get("rates/", filters).json()["results"]
    return [(row["date"], row["base"], row["quote"], row["rate"], row["source"]) for row in rows]


def test_an_own_rate_is_added_listed_and_read(ana):
    answer = ana.post("rates/", {**OWN, "base": "usd", "rate": "0.80"})
    assert answer.status_code == 201
    body = answer.json()
    assert body == {"id": body["id"], **OWN, "source": "manual", "version": body["version"]}
    assert ana.get(f"rates/{body['id']}/").json() == body
    mine = ana.get("rates/", {"source": "manual"}).json()
    assert mine == {"count": 1, "next": None, "previous": None, "results": [body]}


def test_an_own_rate_is_edited_and_deleted(ana):
    before = ana.post("rates/", OWN).json()
    address = f"rates/{before['id']}/"
    after = ana.patch(address, {"rate": "0.81", "date": "2026-11-03"}).json()
    assert after == before | {"rate": "0.81", "date": "2026-11-03", "version": after["version"]}
    assert after["version"] > before["version"]
    assert ana.delete(address).status_code == 204
    assert_problem(ana.get(address), 404, (None, "not_found"))


def test_rates_come_newest_first_and_can_be_narrowed(ana):
    ana.post("rates/", OWN)
    newest = ("2026-11-02", "USD", "CHF", "0.8", "manual")
    dollars = [("2026-10-30", "EUR", "USD", "1.1172", "ecb"), ("2026-10-29", "EUR", "USD", "1.1186", "ecb")]
    assert listed(ana)[0] == newest
    assert len(listed(ana)) == 6
    assert listed(ana, base="usd") == [newest]
    assert listed(ana, base="EUR", quote="usd") == listed(ana, source="ecb", quote="USD") == dollars
    assert listed(ana, quote="USD", start_date="2026-10-30") == dollars[:1]
    assert listed(ana, quote="USD", end_date="2026-10-29") == dollars[1:]


def test_all_rates_are_read_by_cursor(ana):
    page, found = ana.get("rates/?cursor=&page_size=2").json(), []
    while page["next"]:
        found += page["results"]
        page = ana.get(page["next"].removeprefix("http://testserver")).json()
    assert [row["id"] for row in found + page["results"]] == [row["id"] for row in ana.get("rates/").json()["results"]]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("base", "XQX", "unknown_currency"),
        ("quote", "Dollar", "unknown_currency"),
        ("source", "bank", "invalid_choice"),
        ("start_date", "yesterday", "invalid"),
        ("currency", "USD", "unknown"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(ana, name, value, code):
    assert_problem(ana.get("rates/", {name: value}), 400, (name, code))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("base", "XQX", "unknown_currency"),
        ("base", "DOLLAR", "unknown_currency"),
        ("base", None, "null"),
        ("quote", "", "blank"),
        ("quote", "USD", "same_currency"),
        ("quote", "usd", "same_currency"),
        ("date", "2026-02-30", "invalid"),
        ("date", "02.11.2026", "invalid"),
        ("date", "2199-01-01", "future"),
        ("date", "1899-12-31", "out_of_range"),
        ("rate", "0", "out_of_range"),
        ("rate", "-0.8", "out_of_range"),
        ("rate", "0.0000000001", "out_of_range"),
        ("rate", "1000000000", "max_whole_digits"),
        ("rate", "999999999.1", "out_of_range"),
        ("rate", "0.1234567890123456", "max_decimal_places"),
        ("rate", "1.123456789012345", "too_many_digits"),
        ("rate", "1e400", "max_digits"),
        ("rate", "NaN", "invalid"),
        ("rate", "Infinity", "invalid"),
        ("rate", "0,8", "invalid"),
        ("rate", "1_0", "invalid"),
        ("rate", True, "invalid"),
        ("rate", None, "null"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_kept(ana, field, value, code):
    assert_problem(ana.post("rates/", OWN | {field: value}), 400, (field, code))
    assert not ExchangeRate.objects.filter(source="manual").exists()
    before = ana.post("rates/", OWN).json()
    assert_problem(ana.patch(f"rates/{before['id']}/", {field: value}), 400, (field, code))
    assert ana.get(f"rates/{before['id']}/").json() == before


@pytest.mark.parametrize("field", OWN)
def test_every_field_is_needed(ana, field):
    assert_problem(
        ana.post("rates/", {name: value for name, value in OWN.items() if name != field}), 400, (field, "required")
    )


def test_a_rate_of_today_is_taken_where_the_person_lives(ana):
    ana.patch("users/me/", {"preferences": {"time_zone": "Pacific/Kiritimati"}})  # the first to have a new day
    there = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)).date()
    assert ana.post("rates/", OWN | {"date": str(there)}).status_code == 201


def test_a_rate_before_the_euro_is_taken(ana):
    assert ana.post("rates/", {"base": "DEM", "quote": "CHF", "date": "1997-06-02", "rate": "0.83"}).status_code == 201
    question = {"amount": "100.00", "from": "DEM", "to": "CHF", "date": "1997-06-05"}
    assert ana.get("rates/convert/", question).json()["amount"] == "83.00"


@pytest.mark.parametrize(("base", "quote"), [("USD", "CHF"), ("CHF", "USD")])
def test_a_pair_has_one_rate_a_day_either_way_round(ana, base, quote):
    first = ana.post("rates/", OWN).json()
    again = {**OWN, "base": base, "quote": quote, "rate": "0.9"}
    problem = assert_problem(ana.post("rates/", again), 400, ("date", "unique"))
    wanted = f"date: You have a rate from USD to CHF of 2026-11-02; change that one: rates/{first['id']}/."
    assert problem["detail"] == wanted
    other = ana.post("rates/", again | {"date": "2026-11-01"}).json()
    assert_problem(ana.patch(f"rates/{other['id']}/", {"date": "2026-11-02"}), 400, ("date", "unique"))
    assert ana.patch(f"rates/{other['id']}/", {"date": "2026-11-01"}).status_code == 200


@pytest.mark.parametrize(("method", "body"), [("patch", {"rate": "9"}), ("delete", None)])
def test_a_rate_of_the_ecb_cannot_be_changed(ana, method, body):
    address = f"rates/{number_of(quote='JPY')}/"
    before = ana.get(address).json()
    assert_problem(ana.request(method, address, body), 403, (None, "reference_rate"))
    assert ana.get(address).json() == before


def test_a_stranger_sees_the_ecbs_rates_and_no_others(ana, ben):
    mine = ana.post("rates/", OWN).json()
    address = f"rates/{mine['id']}/"
    for answer in (ben.get(address), ben.patch(address, {"rate": "9"}), ben.delete(address)):
        assert_problem(answer, 404, (None, "not_found"))
    assert {row["source"] for row in ben.get("rates/").json()["results"]} == {"ecb"}
    assert ben.post("rates/", OWN | {"rate": "0.5"}).status_code == 201
    assert ana.get(address).json() == mine


def converted(api, **question):
    return api.get("rates/convert/", {"amount": "12.50", "from": "USD", "to": "CHF", "date": "2026-11-02"} | question)


def test_a_conversion_names_rate_day_source_and_way(ana):
    assert converted(ana).json() == {
        "amount": "10.29",
        "currency": "CHF",
        "date": "2026-11-02",
        "original": {"amount": "12.50", "currency": "USD"},
        "rate": "0.822950232724669",
        "rate_date": "2026-10-30",
        "source": "ecb",
        "path": ["USD", "EUR", "CHF"],
    }


def test_ones_own_rate_goes_first_and_no_strangers(ana, ben):
    ben.post("rates/", OWN | {"rate": "9"})
    assert converted(ana).json()["source"] == "ecb"
    ana.post("rates/", {"base": "CHF", "quote": "USD", "date": "2026-11-01", "rate": "1.25"})
    assert converted(ana).json() == {
        "amount": "10.00",
        "currency": "CHF",
        "date": "2026-11-02",
        "original": {"amount": "12.50", "currency": "USD"},
        "rate": "0.8",
        "rate_date": "2026-11-01",
        "source": "manual",
        "path": ["USD", "CHF"],
    }


def test_the_own_currency_and_today_are_what_is_meant_unless_said(ana):
    body = ana.get("rates/convert/", {"amount": "5", "from": "EUR"}).json()
    today = str(dt.datetime.now(dt.UTC).date())
    assert body == {
        "amount": "5.00",
        "currency": "EUR",
        "date": today,
        "original": {"amount": "5.00", "currency": "EUR"},
        "rate": "1",
        "rate_date": today,
        "source": "same",
        "path": ["EUR"],
    }


@pytest.mark.parametrize(
    ("question", "pair", "day"),
    [
        ({"from": "VND", "amount": "12"}, "VND to CHF", "2026-11-02"),
        ({"date": "2026-12-01"}, "USD to CHF", "2026-12-01"),
        ({"date": "1998-12-31"}, "USD to CHF", "1998-12-31"),
        ({"date": "2100-01-01"}, "USD to CHF", "2100-01-01"),
        ({"date": "2026-10-29", "to": "JPY"}, "USD to JPY", "2026-10-29"),
    ],
)
def test_a_missing_rate_is_said_and_never_guessed(ana, question, pair, day):
    problem = assert_problem(converted(ana, **question), 404, (None, "rate_missing"))
    assert problem["detail"].startswith(f"No rate from {pair} is known for {day}: ")
    assert "POST rates/" in problem["detail"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount", "", "invalid"),
        ("amount", "abc", "invalid"),
        ("amount", "0", "min_value"),
        ("amount", "-5", "min_value"),
        ("amount", "1000000000", "max_whole_digits"),
        ("amount", "0.005", "too_many_places"),
        ("from", "XQX", "unknown_currency"),
        ("from", "", "blank"),
        ("to", "XQX", "unknown_currency"),
        ("date", "tomorrow", "invalid"),
        ("date", "1899-12-31", "out_of_range"),
        ("date", "2200-01-01", "out_of_range"),
        ("too", "CHF", "unknown"),
    ],
)
def test_a_question_that_makes_no_sense_is_named(ana, field, value, code):
    assert_problem(converted(ana, **{field: value}), 400, (field, code))


def test_a_viewer_converts_and_writes_no_rate(ana, join_ledger_of):
    ana.post("rates/", OWN)
    viewer = join_ledger_of(ana, "vera", "viewer")
    assert converted(viewer).json()["source"] == "manual"
    assert viewer.post("rates/", OWN | {"date": "2026-11-01"}).status_code == 403


def test_a_rate_that_was_changed_meanwhile_is_not_changed_unseen(ana):
    answer = ana.post("rates/", OWN)
    address, seen = f"rates/{answer.json()['id']}/", {"if-match": answer["ETag"]}
    assert ana.patch(address, {"rate": "0.81"}, headers=seen).status_code == 200
    assert ana.patch(address, {"rate": "0.82"}, headers=seen).status_code == 412
    assert ana.get(address).json()["rate"] == "0.81"

"""Narrowing, ordering and paging of lists."""

import pytest
from django.test import override_settings

from tests.api.bodies import assert_problem
from tests.conftest import Api, make_user

pytestmark = pytest.mark.usefixtures("silent_chain")

ROWS = [
    {"description": "rent", "kind": "expense", "amount": "900", "date": "2026-10-01", "category": "Housing",
     "account": "Checking", "tags": ["fixed"], "merchant": "Landlord Ltd",
     "iban": "DE89370400440532013000", "review": "done"},
    {"description": "rewe", "kind": "expense", "amount": "45.50", "date": "2026-11-02", "category": "Groceries",
     "account": "Checking", "tags": ["food", "fixed"], "merchant": "REWE", "external_id": "b-1", "mcc": "5411"},
    {"description": "luna", "kind": "expense", "amount": "5.50", "date": "2026-11-30", "category": "Espresso",
     "account": "Purse", "notes": "with Tim 100% nice_day", "review": "needed",
     "is_excluded_from_budget": True},
    {"description": "mystery", "kind": "expense", "amount": "5.49", "date": "2025-11-15"},
    {"description": "acme", "kind": "income", "amount": "3200", "date": "2026-10-30", "category": "Salary",
     "account": "Checking"},
    {"description": "back", "kind": "refund", "amount": "20", "date": "2026-11-03", "category": "Groceries"},
    {"description": "moved", "kind": "transfer", "amount": "100", "date": "2026-12-01", "category": "Transfers"},
]  # fmt: skip


@pytest.fixture(scope="module")
def filled_ledger(module_database):
    """Seven rows of Mia's, and some of Leo's that look the same."""
    with module_database(), override_settings(CATEGORIZATION_PROVIDERS=[]):
        mia, leo = Api(make_user("mia")), Api(make_user("leo"))
        for api in (mia, leo):
            for name in ("Checking", "Purse"):
                api.post("accounts/", {"name": name})
            api.post("categories/", {"name": "Espresso", "kind": "expense", "parent": "Dining"})
            answer = api.post("transactions/bulk/", {"transactions": ROWS})
            assert answer.json()["errors"] == []
    return mia


@pytest.fixture
def ledger(filled_ledger, db):
    return filled_ledger


def found(api, path="transactions/", **parameters):
    answer = api.get(path, parameters)
    assert answer.status_code == 200, answer.content
    assert answer.json()["count"] == len(answer.json()["results"])
    return [row["description"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "moved luna back rewe acme rent mystery"),
        ({"start_date": "2026-11-02"}, "moved luna back rewe"),
        ({"end_date": "2026-10-30"}, "acme rent mystery"),
        ({"start_date": "2026-10-30", "end_date": "2026-11-02"}, "rewe acme"),
        ({"year": "2025"}, "mystery"),
        ({"month": "2026-11"}, "luna back rewe"),
        ({"month": "11"}, "luna back rewe mystery"),
        ({"month": "11", "year": "2026"}, "luna back rewe"),
        ({"month": "2"}, ""),
        ({"category": "Groceries"}, "back rewe"),
        ({"category": "groceries", "kind": "expense"}, "rewe"),
        ({"category": "Dining"}, "luna"),
        ({"category": "Espresso"}, "luna"),
        ({"category": "Income"}, "acme"),
        ({"category": "Pets"}, ""),
        ({"tag": "fixed"}, "rewe rent"),
        ({"tag": "FOOD"}, "rewe"),
        ({"tag": "nothing"}, ""),
        ({"min_amount": "100"}, "moved acme rent"),
        ({"max_amount": "5.50"}, "luna mystery"),
        ({"min_amount": "5.495", "max_amount": "45.50"}, "luna back rewe"),
        ({"search": "REWE"}, "rewe"),
        ({"search": "tim luna"}, "luna"),
        ({"search": "landlord"}, "rent"),
        ({"search": "100%"}, "luna"),
        ({"search": "nice_day"}, "luna"),
        ({"search": "niceXday"}, ""),
        ({"search": "tim rewe"}, ""),
        ({"merchant": "land"}, "rent"),
        ({"account": "Checking"}, "rewe acme rent"),
        ({"account": "purse"}, "luna"),
        ({"kind": "refund"}, "back"),
        ({"kind": ["refund", "transfer"]}, "moved back"),
        ({"status": "confirmed"}, "moved luna back rewe acme rent"),
        ({"status": "none"}, "mystery"),
        ({"status": ["none", "pending"]}, "mystery"),
        ({"source": "user"}, "moved luna back rewe acme rent"),
        ({"source": "rule"}, ""),
        ({"uncategorized": "true"}, "mystery"),
        ({"uncategorized": "false"}, "moved luna back rewe acme rent"),
        ({"external_id": "b-1"}, "rewe"),
        ({"review": "needed"}, "luna"),
        ({"review": ["needed", "done"]}, "luna rent"),
        ({"review": "none"}, "moved back rewe acme mystery"),
        ({"review": ["none", "done"]}, "moved back rewe acme rent mystery"),
        ({"is_excluded_from_budget": "true"}, "luna"),
        ({"is_excluded_from_budget": "false"}, "moved back rewe acme rent mystery"),
        ({"iban": "DE89370400440532013000"}, "rent"),
        ({"iban": "de89 3704 0044 0532 0130 00"}, "rent"),
        ({"iban": "GB82WEST12345698765432"}, ""),
        ({"mcc": "5411"}, "rewe"),
        ({"mcc": "541"}, ""),
        ({"ordering": "date"}, "mystery rent acme rewe back luna moved"),
        ({"ordering": "-date"}, "moved luna back rewe acme rent mystery"),
        ({"ordering": "amount"}, "mystery luna back rewe moved rent acme"),
        ({"ordering": "-amount"}, "acme rent moved rewe back luna mystery"),
        ({"ordering": "id"}, "rent rewe luna mystery acme back moved"),
        ({"ordering": "-id"}, "moved back acme mystery luna rewe rent"),
        ({"ordering": "created_at"}, "rent rewe luna mystery acme back moved"),
        ({"month": "2026-11", "ordering": "amount", "kind": "expense"}, "luna rewe"),
    ],
)
def test_a_filter_finds_its_rows_in_order(ledger, parameters, expected):
    assert found(ledger, **parameters) == expected.split()


def test_ids_are_accepted_by_filters_too(ledger):
    row = next(r for r in ledger.get("transactions/").json()["results"] if r["description"] == "luna")
    assert found(ledger, category=row["category"]) == ["luna"]
    assert found(ledger, account=row["account"]) == ["luna"]


def test_the_address_filters_by_kind(ledger):
    assert found(ledger, "expenses/") == ["luna", "rewe", "rent", "mystery"]
    assert found(ledger, "incomes/") == ["acme"]
    assert found(ledger, "expenses/", kind="income") == []


def test_equal_values_are_ordered_by_id_in_the_same_direction(ana):
    for name in "abc":
        ana.post("expenses/", {"description": name, "amount": "1", "date": "2026-11-02"})
    assert found(ana, ordering="date") == ["a", "b", "c"]
    assert found(ana, ordering="-date") == ["c", "b", "a"]
    assert found(ana, ordering="date,-id") == ["c", "b", "a"]
    assert found(ana, ordering="-amount,id") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("start_date", "2026-02-30"),
        ("end_date", "soon"),
        ("year", "abc"),
        ("year", "0"),
        ("year", "10000"),
        ("year", "2026.5"),
        ("month", "13"),
        ("month", "0"),
        ("month", "2026-13"),
        ("month", "0000-01"),
        ("month", "\u0661\u0661"),
        ("category", "No such thing"),
        ("category", "999999"),
        ("category", str(2**70)),
        ("category", "-1"),
        ("account", "No such thing"),
        ("account", "999999"),
        ("account", str(2**63)),
        ("min_amount", "abc"),
        ("min_amount", "NaN"),
        ("max_amount", "Infinity"),
        ("max_amount", "1e400"),
        ("max_amount", "0.00001"),
        ("kind", "gift"),
        ("status", "sure"),
        ("uncategorized", "perhaps"),
        ("ordering", "category"),
        ("ordering", "ledger__founder__password"),
        ("search", "a\x00b"),
        ("search", "x" * 201),
        ("merchant", "\x00"),
        ("tag", "\x00"),
    ],
)
def test_a_bad_filter_is_named(ledger, parameter, value):
    answer = ledger.get("transactions/", {parameter: value})
    assert answer.status_code == 400, answer.content
    assert {error["attr"] for error in answer.json()["errors"]} == {parameter}
    assert_problem(answer, 400, *((e["attr"], e["code"]) for e in answer.json()["errors"]))


def test_names_of_another_persons_things_filter_nothing(ana, ben):
    account = ben.post("accounts/", {"name": "Secret"}).json()["id"]
    category = ben.post("categories/", {"name": "Secret", "kind": "expense"}).json()["id"]
    for parameter, number in (("account", account), ("category", category)):
        for value in (number, "Secret"):
            assert_problem(ana.get("transactions/", {parameter: value}), 400, (parameter, "does_not_exist"))


def test_a_search_of_as_many_words_as_fit_is_answered(ledger):
    assert found(ledger, search="e " * 100) == ["moved", "luna", "rewe", "acme", "rent", "mystery"]
    assert found(ledger, search="e z " * 50) == []


def record_many(api, n, **fields):
    rows = [
        {"kind": "expense", "amount": "1", "date": "2026-11-02", "description": f"row {i}", **fields} for i in range(n)
    ]
    answer = api.post("transactions/bulk/", {"transactions": rows})
    return [row["id"] for row in answer.json()["created"]]


def test_numbered_pages_link_to_each_other(ana):
    ids = record_many(ana, 5)
    first = ana.get("expenses/", {"page_size": 2}).json()
    assert (first["count"], first["previous"]) == (5, None)
    second = ana.get(first["next"].removeprefix("http://testserver")).json()
    third = ana.get(second["next"].removeprefix("http://testserver")).json()
    assert third["next"] is None
    pages = [first, second, third]
    assert [row["id"] for page in pages for row in page["results"]] == ids[::-1]
    assert ana.get(third["previous"].removeprefix("http://testserver")).json() == second


def test_a_page_that_is_not_there_is_not_found(ana):
    for page in ("2", "9" * 30):
        assert_problem(ana.get("expenses/", {"page": page}), 404, (None, "not_found"))


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["0", "-1", "abc", "", "1.5", "last", "\u0664"])
@pytest.mark.parametrize("address", ["expenses/", "tags/", "currencies/", "review/", "insights/recurring/"])
def test_a_page_and_its_size_are_numbers_from_one(ana, address, name, value):
    body = assert_problem(ana.get(address, {name: value}), 400, (name, "invalid"))
    assert body["errors"][0]["detail"] == "Give a whole number, at least 1."


def test_the_size_of_a_page_by_cursor_is_a_number_from_one(ana):
    assert_problem(ana.get("expenses/", {"cursor": "", "page_size": "abc"}), 400, ("page_size", "invalid"))


def test_a_page_is_given_by_its_number_or_by_a_cursor(ana):
    assert_problem(ana.get("expenses/", {"cursor": "", "page": "2"}), 400, ("page", "contradictory"))


@pytest.mark.parametrize("order", ["amuont", "-amuont", "date,amuont", "merchant", "--date"])
def test_an_unknown_order_is_refused(ana, order):
    assert_problem(ana.get("expenses/", {"ordering": order}), 400, ("ordering", "invalid_choice"))


def test_a_page_holds_500_rows_at_most(ana):
    record_many(ana, 501)
    assert len(ana.get("expenses/", {"page_size": 100_000}).json()["results"]) == 500
    assert len(ana.get("expenses/").json()["results"]) == 50


def follow(api, link, key="next"):
    """Every page from here on."""
    while link:
        answer = api.get(link.removeprefix("http://testserver"))
        assert answer.status_code == 200, answer.content
        yield answer.json()
        link = answer.json()[key]


@pytest.mark.parametrize("ordering", ["", "date", "-amount", "-created_at", "id"])
def test_a_cursor_gives_every_row_once_while_rows_are_added_and_deleted(ana, ordering):
    ids = set(record_many(ana, 30)) | set(record_many(ana, 10, date="2026-11-03", amount="2"))
    removed, seen = None, []
    for page in follow(ana, f"/api/v1/expenses/?cursor=&page_size=7&ordering={ordering}"):
        assert page["count"] is None
        seen += [row["id"] for row in page["results"]]
        record_many(ana, 3, date="2026-11-02")
        record_many(ana, 1, date="2026-11-04", amount="0.5")
        if removed is None:
            removed = seen[3]
            ana.delete(f"expenses/{removed}/")
        if len(seen) > 150:
            break
    assert len(seen) == len(set(seen))
    assert ids <= set(seen)


def test_a_cursor_goes_back_the_way_it_came(ana):
    record_many(ana, 10)
    forth = list(follow(ana, "/api/v1/expenses/?cursor=&page_size=3"))
    assert [len(page["results"]) for page in forth] == [3, 3, 3, 1]
    back = list(follow(ana, forth[-1]["previous"], "previous"))
    assert [page["results"] for page in back] == [page["results"] for page in forth[-2::-1]]
    assert forth[0]["previous"] is None
    assert back[-1]["previous"] is None


def test_a_cursor_passes_more_rows_of_one_day_than_any_offset(ana):
    rows = record_many(ana, 1000) + record_many(ana, 300)
    pages = follow(ana, "/api/v1/expenses/?cursor=&page_size=500")
    seen = [row["id"] for _, page in zip(range(4), pages, strict=False) for row in page["results"]]
    assert seen == rows[::-1]


@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "cD0yMDI2LTAyLTMw", "\x00", "\u2603", "W10:1abc:zzzz", "a" * 5000])
def test_a_cursor_of_somebody_elses_making_is_refused(ana, cursor):
    assert_problem(ana.get("expenses/", {"cursor": cursor}), 404, (None, "invalid_cursor"))


def test_a_cursor_belongs_to_one_order(ana):
    record_many(ana, 5)
    link = ana.get("expenses/?cursor=&page_size=2").json()["next"].removeprefix("http://testserver")
    assert_problem(ana.get(link.replace("page_size=2", "ordering=amount")), 404, (None, "invalid_cursor"))


@pytest.mark.parametrize("path", ["accounts/", "categories/", "runs/", "rules/", "imports/", "import-profiles/"])
def test_every_list_can_be_paged_both_ways(ana, path):
    if path == "accounts/":
        for name in ("Checking", "Purse", "Card"):
            ana.post("accounts/", {"name": name})
    numbered = ana.get(path, {"page_size": 2}).json()
    pages = list(follow(ana, f"/api/v1/{path}?cursor=&page_size=2"))
    assert pages[0]["results"] == numbered["results"]
    assert sum(len(page["results"]) for page in pages) == numbered["count"]


@pytest.mark.parametrize("number", ["-1e1000000", "1e1000000", "1.5", "0", "1" * 40])
def test_a_number_that_is_no_import_is_refused_at_once(ana, number):
    answer = ana.get(f"transactions/?import={number}")
    assert (answer.status_code, {error["attr"] for error in answer.json()["errors"]}) == (400, {"import"})


SECOND_NAMES = [
    ("category_id", "category", "Groceries"),
    ("type", "kind", "expense"),
    ("start", "start_date", "2026-11-02"),
    ("end", "end_date", "2026-10-30"),
]


@pytest.mark.parametrize("address", ["transactions/", "expenses/", "incomes/", "transactions/totals/"])
@pytest.mark.parametrize(("other", "name", "value"), SECOND_NAMES)
def test_the_second_name_of_a_filter_finds_the_same(ledger, address, other, name, value):
    expected = ledger.get(address, {name: value}).json()
    assert ledger.get(address, {other: value}).json() == expected
    assert expected != ledger.get(address).json() or address in {"expenses/", "incomes/"}


def test_second_names_find_what_they_say(ledger):
    assert found(ledger, category_id="Groceries") == ["back", "rewe"]
    assert found(ledger, type=["income", "refund"]) == ["back", "acme"]
    assert found(ledger, start="2026-10-30", end="2026-11-02") == ["rewe", "acme"]


@pytest.mark.parametrize("address", ["transactions/", "expenses/", "incomes/", "transactions/totals/"])
@pytest.mark.parametrize(("other", "name", "value"), SECOND_NAMES)
def test_both_names_of_a_filter_are_refused(ledger, address, other, name, value):
    body = assert_problem(ledger.get(address, {name: value, other: value}), 400, (other, "contradictory"))
    assert body["errors"][0]["detail"] == f"It is another name of `{name}`; give one of the two."


def test_a_wrong_value_of_a_second_name_is_named_by_it(ledger):
    assert_problem(ledger.get("transactions/", {"category_id": "nowhere"}), 400, ("category_id", "does_not_exist"))
    assert_problem(ledger.get("transactions/", {"type": "gift"}), 400, ("type", "invalid_choice"))
    assert_problem(ledger.get("transactions/", {"start": "soon"}), 400, ("start", "invalid"))

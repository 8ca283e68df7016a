"""What a request costs does not depend on how many rows there are."""

import json

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.categorization.shop_kinds import shop_kinds
from expenses.models import Account, BacktestResult, ExchangeRate, KindMapping, Run, RunStatus, Tag
from tests.conftest import Api

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "account": "Checking"}
#: Their ledger; the token is remembered.
SIGN_IN = 1
CACHE = int("DatabaseCache" in settings.CACHES["default"]["BACKEND"])
IS_POSTGRESQL = int(connection.vendor == "postgresql")


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(
        {"BACKEND": "rules.provider.RulesProvider"}, {"BACKEND": "expenses.categorization.history.HistoryProvider"}
    )


@pytest.fixture
def ledger(ana):
    for name in ("Checking", "Purse"):
        ana.post("accounts/", {"name": name})
    record(ana, 1)
    return ana


def record(api: Api, n: int) -> None:
    tagged = [
        {**ROW, "direction": "out", "category": "Dining", "tags": [f"tag {i}", "all"], "external_id": f"{n}-{i}"}
        for i in range(n)
    ]
    answer = api.post("transactions/bulk/", {"transactions": tagged})
    assert len(answer.json()["created"]) == n


def add_one_of_each(api: Api, name: str) -> None:
    kind = list(shop_kinds())[KindMapping.objects.count()]
    assert api.put(f"categorization/kinds/{kind}/", {"category": "Dining"}).status_code == 200
    api.post("expenses/", {**ROW, "description": f"Cafe {name}", "ai_classify": False})
    api.post("accounts/", {"name": name})
    api.post("categories/", {"name": name, "kind": "expense", "parent": "Dining"})
    api.post("incomes/", {**ROW, "category": "Salary", "tags": [name]})
    rule = {"conditions": [{"field": "description", "op": "contains", "value": name}],
            "actions": [{"type": "set_category", "value": "Dining"}]}  # fmt: skip
    assert api.post("rules/", {"name": name, **rule}).status_code == 201
    rate = {"base": "USD", "quote": "CHF", "date": f"2026-01-{1 + ExchangeRate.objects.count()}", "rate": "0.8"}
    assert api.post("rates/", rate).status_code == 201
    assert api.user is not None
    run = {"ledger": Account.objects.get(name=name).ledger, "user": api.user}
    Run.objects.create(**run, kind="import")
    backtest = Run.objects.create(**run, kind="backtest", status=RunStatus.SUCCEEDED)
    BacktestResult.objects.create(run=backtest, body={"n": 30, "links": {}})


def n_queries(api: Api, method: str, path: str, data: object = None) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(api, method)(path, data)
    assert answer.status_code < 300, answer.content
    return len([q for q in queries.captured_queries if "SAVEPOINT" not in q["sql"]])


#: What each list costs.
LISTS = {
    "expenses/": SIGN_IN + 3,  # count, rows, tags
    "transactions/?cursor=": SIGN_IN + 2,
    "transactions/?category=Dining&tag=all&account=Checking&search=cafe": SIGN_IN + 6,
    "incomes/": SIGN_IN + 3,
    "categories/": SIGN_IN + 2,  # count, rows
    "accounts/": SIGN_IN + 3,  # count, rows, sums in other currencies
    "accounts/{account}/": SIGN_IN + 2,  # the row, sums in other currencies
    "tags/": SIGN_IN + 2,
    "accounts/balances/": SIGN_IN + 3,  # the newest rate, accounts, sums
    "accounts/balances/?currency=CHF": SIGN_IN + 5,  # and rates: one's own, the ECB's
    "accounts/{account}/register/": SIGN_IN + 7,  # account, count, rows, tags, what was before, the window
    "accounts/{account}/register/?cursor=": SIGN_IN + 6,
    "transactions/totals/?by=month,category": SIGN_IN + 2,  # sums, categories
    "transactions/totals/?by=month,category,account,tag": SIGN_IN + 4,
    # The newest rate, sums, categories, bills, what was said of them; how fresh they are, the queue.
    "insights/forecast/": SIGN_IN + 9,
    "insights/forecast/?month=2026-11&curve=true": SIGN_IN + 10,
    "transactions/totals/?by=month,category&convert_to=CHF": SIGN_IN + 6,  # and by day, and rates
    # The newest rate, tags, accounts, categories; the period, the one before, merchants, tags; of a year, its months.
    "insights/summary/?date=2026-11": SIGN_IN + 9,
    "insights/summary/?period=year&date=2026": SIGN_IN + 10,
    "insights/summary/?date=2026-11&currency=CHF": SIGN_IN + 14,  # and each by day, and rates
    "insights/timeseries/?start=2026-11-01&end=2026-11-30": SIGN_IN + 3,
    "insights/timeseries/?start=2026-11-01&end=2026-11-30&category=Dining&tag=all&account=Checking": SIGN_IN + 5,
    "insights/trends/?month=2026-11": SIGN_IN + 6,  # and the oldest and newest day, and the month before
    "categorization/kinds/": SIGN_IN + 2,  # categories, kinds that were put into some
    # What was measured, the classifier, whether it is asked, rows confirmed since.
    "categorization/calibration/": SIGN_IN + 5,
    "categorization/backtest/": SIGN_IN + 3,
    "categorization/thresholds/": SIGN_IN + 2,
    # Thresholds; and of each of two links whether it fails, where the cache is in the database.
    "categorization/chain/": SIGN_IN + 1 + 2 * CACHE,
    "categorization/kinds/?mapped=true": SIGN_IN + 2,
    "review/": SIGN_IN + 3,  # rows, examples, categories
    "review/?account=Checking&search=cafe": SIGN_IN + 4,
    "rules/": SIGN_IN + 8,  # and the categories that they name; version, rules, decided, matched, newest for statistics
    "runs/": SIGN_IN + 3 + IS_POSTGRESQL,  # which also tells what living workers hold; SQLite looks at files
    "rates/": SIGN_IN + 2,
}


def test_a_list_costs_the_same_for_1_and_for_20_rows(ledger):
    def costs() -> dict[str, int]:
        return {path: n_queries(ledger, "get", path.format(account=account)) for path in LISTS}

    account = Account.objects.get(name="Checking").pk
    add_one_of_each(ledger, "first")
    for _ in range(2):  # the first one calls a worker, the second writes down that somebody asks
        ledger.get("insights/forecast/")
    assert costs() == LISTS
    record(ledger, 20)
    for i in range(19):
        add_one_of_each(ledger, str(i))
    assert costs() == LISTS


def test_rows_are_counted_once_until_something_is_written(ledger):
    first, second = (n_queries(ledger, "get", "transactions/?page_size=1") for _ in range(2))
    assert second == first - 1
    assert ledger.get("transactions/?page_size=1").json()["count"] == 1
    record(ledger, 2)
    assert ledger.get("transactions/?page_size=1").json()["count"] == 3
    assert ledger.get("transactions/?category=Dining").json()["count"] == 3
    assert ledger.get("transactions/?category=Travel").json()["count"] == 0


def test_one_row_costs_the_same_among_many(ledger):
    number = ledger.get("expenses/").json()["results"][0]["id"]
    paths = [f"expenses/{number}/", f"transactions/{number}/explanation/"]
    before = [n_queries(ledger, "get", path) for path in paths]
    record(ledger, 20)
    assert before == [n_queries(ledger, "get", path) for path in paths] == [SIGN_IN + 2, SIGN_IN + 2]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"category": "Dining"}, 0),
        ({"category": None}, 0),
        ({"tags": ["a", "b", "c"]}, 0),
    ],
)
def test_a_write_costs_the_same_in_a_full_ledger(ledger, fields, expected):
    def cost() -> int:
        return n_queries(ledger, "post", "expenses/", ROW | fields)

    cost()
    one = cost()
    record(ledger, 20)
    assert cost() == one


def test_kinds_of_shops_cost_a_write_nothing_while_there_are_none_and_one_query_however_many(ledger):
    def cost() -> int:
        return n_queries(ledger, "post", "expenses/", ROW)

    cost()
    without, costs = cost(), []
    for kind in ("shop=pet", "shop=tea", "groceries"):
        ledger.put(f"categorization/kinds/{kind}/", {"category": "Dining"})
        costs.append(cost())
    assert costs == [without + 1] * 3


def test_an_edit_costs_the_same_in_a_full_ledger(ledger):
    number = ledger.get("expenses/").json()["results"][0]["id"]

    def cost() -> int:
        return n_queries(ledger, "patch", f"expenses/{number}/", {"notes": "x", "tags": ["all"], "external_id": "z"})

    cost()
    one = cost()
    record(ledger, 20)
    assert cost() == one


def test_a_bulk_write_costs_the_same_for_2_and_for_200_rows(ledger):
    def cost(n: int) -> int:
        rows = [{**ROW, "direction": "out", "tags": ["all", "some"], "description": f"Shop {n} {i}"} for i in range(n)]
        return n_queries(ledger, "post", "transactions/bulk/", {"transactions": rows})

    cost(2)
    n_batches = 200 // 25  # SQLite takes 999 values at a time
    assert cost(200) <= cost(2) + n_batches


def test_similar_rows_cost_the_same_queries_however_many_there_are(ledger):
    def cost() -> int:
        number = ledger.post("expenses/", ROW | {"ai_classify": False}).json()["id"]
        body = {"ids": [number], "category": "Dining", "also_similar": True}
        return n_queries(ledger, "post", "review/resolve/", body)

    cost()  # the first of a ledger notes that its corrections are to be looked at
    one = cost()
    for i in range(20):
        ledger.post("expenses/", ROW | {"description": f"Bar {i}", "ai_classify": False})
    assert cost() == one


def test_tags_by_id_cost_one_query_however_many(ledger):
    record(ledger, 20)
    ids = list(Tag.objects.values_list("pk", flat=True))

    def cost(n: int) -> int:
        return n_queries(ledger, "post", "expenses/", ROW | {"tags": ids[:n]})

    cost(1)
    assert cost(2) == cost(20)


def test_a_refused_list_of_tags_costs_nothing(ledger):
    body = json.dumps(ROW | {"tags": [1] * 100_000})
    with CaptureQueriesContext(connection) as queries:
        answer = ledger.post("expenses/", body, content_type="application/json")
    assert answer.status_code == 400
    assert len(queries) <= SIGN_IN + 3

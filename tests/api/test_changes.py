"""What a client that keeps a copy is told: everything, in whole writes, and nothing of anybody else."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.ledger.default_categories import DEFAULT_CATEGORIES
from expenses.models import Category, Ledger, Transaction
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, ledger_write, restamp
from providers.interface import ProviderUnavailable
from tests.api.bodies import assert_problem, settled, transaction
from tests.api.copies import Copy, ledger_of

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
NOTHING: dict[str, Any] = {
    "transactions": [],
    "accounts": [],
    "categories": [],
    "tags": [],
    "attachments": [],
    "transfers": [],
    "rates": [],
    "kind_mappings": [],
    "hints": [],
    "rules": [],
    "proposals": [],
    "imports": [],
    "import_profiles": [],
    "anomaly_feedback": [],
    "recurring_choices": [],
    "preferences": None,
    "thresholds": None,
    "evidence_thresholds": None,
    "privacy": None,
    "deleted": [],
}


def record(api, **fields):
    answer = api.post("transactions/", ROW | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def record_many(api, n, **fields):
    answer = api.post("transactions/bulk/", {"transactions": [ROW | fields] * n})
    assert len(answer.json()["created"]) == n, answer.content
    return answer.json()["created"]


def version_of(api):
    return api.get("changes/", {"since": 0, "limit": 5000}).json()["version"]


def beginning(api):
    """What a page since 0 names of a ledger that holds nothing."""
    thresholds = api.get("categorization/thresholds/").json()
    return NOTHING | {
        "categories": api.get("categories/", {"page_size": 500}).json()["results"],
        "preferences": api.get("users/me/").json()["preferences"],
        "thresholds": thresholds["results"],
        "evidence_thresholds": thresholds["evidence"],
    }


def news(api, since, **query):
    answer = api.get("changes/", {"since": since, **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_empty_ledger_has_the_systems_categories_and_nothing_else(ana):
    assert news(ana, 0) == beginning(ana) | {"version": 0, "has_more": False}


def test_each_write_is_told_once_as_the_lists_show_it(ana):
    since = record(ana)["version"]
    account = ana.post("accounts/", {"name": "Checking"}).json()
    category = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = record(ana, account="Checking", category="Tea", tags=["hot"])
    told = news(ana, since)
    (tag,) = told["tags"]
    assert account.pop("other_currencies") == []  # a copy adds up its transactions
    assert tag == {"id": tag["id"], "name": "hot", "version": row["version"]}
    assert told == NOTHING | {
        "version": row["version"],
        "has_more": False,
        "transactions": [row],
        "accounts": [account],
        "categories": [category],
        "tags": [tag],
    }
    assert ana.get(f"transactions/{row['id']}/").json() == row
    assert news(ana, row["version"]) == NOTHING | {"version": row["version"], "has_more": False}


def test_the_copy_shows_a_created_row_to_the_letter(ana):
    row = record(ana, tags=["hot", "Äpfel"], notes="with milk", external_id="till-1")
    (copied,) = Copy(ana).pull().tables["transactions"].values()
    assert copied == row
    assert settled(copied) == transaction(
        amount="5.50", date="2026-11-02", tags=["hot", "Äpfel"], notes="with milk", external_id="till-1"
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 500])
def test_pages_never_part_a_write(ana, limit):
    record_many(ana, 5)
    record(ana)
    record_many(ana, 3, tags=["a", "b"])
    copy = Copy(ana, limit=limit)
    pages: list[Any] = []
    while not pages or pages[-1]["has_more"]:
        pages.append(copy.pull_page())
    versions = [{row["version"] for row in page["transactions"]} for page in pages]
    assert sum(len(found) for found in versions) == len(set().union(*versions)) == 3
    assert copy.tables == ledger_of(ana)
    biggest = 5  # of one write: three rows and two tags, or five rows
    stamped = [len(page["transactions"]) + len(page["tags"]) for page in pages]
    assert max(stamped) <= max(limit, biggest)
    assert len(pages) == {1: 3, 2: 3, 3: 3, 7: 2, 500: 1}[limit]


def test_a_write_with_more_rows_than_the_limit_is_one_page(ana):
    since = version_of(ana)
    rows = record_many(ana, 20)
    page = news(ana, since, limit=3)
    assert (page["transactions"], page["has_more"]) == (rows, False)


def test_the_first_page_of_small_steps_holds_the_systems_categories_and_no_ledger(ana):
    first = record(ana)
    for _ in range(5):
        record(ana)
    page = news(ana, 0, limit=1)
    assert (page["transactions"], page["version"], page["has_more"]) == ([first], first["version"], True)
    assert len(page["categories"]) == len(DEFAULT_CATEGORIES)
    assert news(ana, page["version"], limit=1)["categories"] == []


def test_a_huge_write_is_told_in_parts_of_a_thousand(ana):
    """Bulk edits may touch every row of a ledger: no page has to hold all of them."""
    account = ana.post("accounts/", {"name": "Checking"}).json()
    for _ in range(3):
        record_many(ana, 800, account="Checking")
    since = version_of(ana)
    assert ana.patch(f"accounts/{account['id']}/", {"name": "Giro"}).status_code == 200
    copy = Copy(ana, limit=1)
    copy.version = since
    pages: list[Any] = []
    while not pages or pages[-1]["has_more"]:
        pages.append(copy.pull_page())
    assert [len(page["transactions"]) for page in pages] == [0, 1000, 1000, 400]
    assert ROWS_OF_A_VERSION == 1000
    assert {row["account_name"] for row in copy.tables["transactions"].values()} == {"Giro"}


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ({"since": "-1"}, "since", "min_value"),
        ({"since": "soon"}, "since", "invalid"),
        ({"since": "1.5"}, "since", "invalid"),
        ({"since": str(2**63)}, "since", "max_value"),
        ({"limit": "0"}, "limit", "min_value"),
        ({"limit": "5001"}, "limit", "max_value"),
        ({"limit": "all"}, "limit", "invalid"),
    ],
)
def test_what_is_no_version_or_limit_is_refused(ana, query, attr, code):
    assert_problem(ana.get("changes/", query), 400, (attr, code))


def test_a_version_that_the_ledger_has_not_reached_is_refused_with_what_to_do(ana):
    newest = record(ana)["version"]
    body = assert_problem(ana.get("changes/", {"since": newest + 1}), 400, ("since", "unknown_version"))
    assert body["detail"] == f"since: The ledger is at version {newest}. Empty your copy and begin again with since=0."


def test_a_new_name_reaches_the_rows_that_show_it(ana):
    account = ana.post("accounts/", {"name": "Checking"}).json()
    category = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    named = [record(ana, account="Checking"), record(ana, category="Tea")]
    other = record(ana)
    copy = Copy(ana).pull()
    account = ana.patch(f"accounts/{account['id']}/", {"name": "Giro"}).json()
    category = ana.patch(f"categories/{category['id']}/", {"name": "Tisane"}).json()
    page = copy.pull_page()
    assert account.pop("other_currencies") == []
    assert (page["accounts"], page["categories"], page["tags"], page["deleted"]) == ([account], [category], [], [])
    assert sorted(row["id"] for row in page["transactions"]) == [row["id"] for row in named]
    assert copy.tables == ledger_of(ana)
    shown = copy.tables["transactions"]
    assert [shown[named[0]["id"]]["account_name"], shown[named[1]["id"]]["category_name"]] == ["Giro", "Tisane"]
    assert shown[other["id"]] == other
    for row in named:
        assert ana.get(f"transactions/{row['id']}/", headers={"If-None-Match": etag(row)}).status_code == 200


def etag(row):
    return f'"{row["id"]}-{row["version"]}"'


def test_the_new_name_of_a_suggested_category_reaches_the_suggestion(ana, model):
    model["LUNA"] = ("dining", 0.5)
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = record(ana, description="LUNA", ai_classify=True)
    Transaction.objects.filter(pk=row["id"]).update(suggested_category=own["id"], review_status="suggested")
    copy = Copy(ana).pull()
    ana.patch(f"categories/{own['id']}/", {"name": "Tisane"})
    copy.pull()
    assert copy.tables == ledger_of(ana)
    (shown,) = copy.tables["transactions"].values()
    assert shown["categorization"]["suggestion"]["category_name"] == "Tisane"


def test_the_new_name_of_a_parent_reaches_the_categories_below_it(ana):
    parent = ana.post("categories/", {"name": "Drinks", "kind": "expense"}).json()
    child = ana.post("categories/", {"name": "Tea", "kind": "expense", "parent": "Drinks"}).json()
    copy = Copy(ana).pull()
    ana.patch(f"categories/{parent['id']}/", {"name": "Beverages"})
    copy.pull()
    assert copy.tables == ledger_of(ana)
    assert copy.tables["categories"][child["id"]]["parent_name"] == "Beverages"
    told = ana.get(f"categories/{child['id']}/", headers={"If-None-Match": etag(child)})
    assert (told.status_code, told.json()["parent_name"]) == (200, "Beverages")


def test_what_is_deleted_is_named(ana):
    account = ana.post("accounts/", {"name": "Checking"}).json()
    category = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = record(ana)
    copy = Copy(ana).pull()
    for address in (f"accounts/{account['id']}/", f"categories/{category['id']}/", f"transactions/{row['id']}/"):
        assert ana.delete(address).status_code == 204
    page = copy.pull_page()
    deleted = [
        {"type": "account", "id": account["id"]},
        {"type": "category", "id": category["id"]},
        {"type": "transaction", "id": row["id"]},
    ]
    assert page == NOTHING | {"version": copy.version, "has_more": False, "deleted": deleted}
    assert copy.tables == ledger_of(ana)


def test_a_suggestion_of_a_deleted_category_goes_from_the_copy(ana, model):
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = record(ana)
    Transaction.objects.filter(pk=row["id"]).update(suggested_category=own["id"], review_status="suggested")
    copy = Copy(ana).pull()
    assert ana.delete(f"categories/{own['id']}/").status_code == 204
    copy.pull()
    assert copy.tables == ledger_of(ana)
    assert copy.tables["transactions"][row["id"]]["categorization"]["suggestion"] is None


def test_nothing_is_told_of_other_ledgers(ana, ben):
    ana.post("accounts/", {"name": "Checking"})
    ana.post("categories/", {"name": "Tea", "kind": "expense"})
    row = record(ana, tags=["hot"])
    ana.delete(f"transactions/{row['id']}/")
    record(ana)
    assert news(ben, 0) == beginning(ben) | {"version": 0, "has_more": False}


def test_members_of_a_ledger_are_told_the_same(ana, join_ledger_of):
    record(ana, tags=["hot"])
    for role in ("viewer", "editor"):
        assert Copy(join_ledger_of(ana, role, role)).pull().tables == Copy(ana).pull().tables


def test_later_answers_of_the_model_reach_the_copy(ana, model, run_tasks):
    model["LUNA"] = ("dining", 0.95)
    row = record(ana, description="LUNA", ai_classify=True)
    copy = Copy(ana).pull()
    run_tasks()
    copy.pull()
    assert copy.tables == ledger_of(ana)
    suggestion = copy.tables["transactions"][row["id"]]["categorization"]["suggestion"]
    assert suggestion["category_name"] == "Dining"


def test_a_new_reason_to_wait_reaches_the_copy_and_the_etag(ana, model, use_chain, run_tasks):
    """The model is asked once about equal rows; the reason is stored once, and every one of them shows it."""
    use_chain({"BACKEND": "tests.fakes.RecallingProvider", "DEFERRED": True})
    model["LUNA"] = ProviderUnavailable("The model is not there; it is asked again.")
    rows = [record(ana, description="LUNA", ai_classify=True) for _ in range(2)]
    copy = Copy(ana).pull()
    run_tasks()
    copy.pull()
    assert copy.tables == ledger_of(ana)
    for row in rows:
        told = copy.tables["transactions"][row["id"]]["categorization"]["explanation"]
        assert "The model is not there" in told
        answer = ana.get(f"transactions/{row['id']}/", headers={"If-None-Match": etag(row)})
        assert answer.status_code == 200


def test_a_category_of_the_system_that_an_upgrade_changes_reaches_copies(ana, ben):
    row = record(ana, category="Dining")
    record(ana, category="Groceries")
    copy, untouched = Copy(ana).pull(), ben.get("categories/").headers["ETag"]
    dining = Category.objects.get(key="dining")
    Category.objects.filter(pk=dining.pk).update(name="Eating out")  # as an older release had it
    call_command("migrate", verbosity=0)
    page = copy.pull_page()
    assert [shown["id"] for shown in page["transactions"]] == [row["id"]]
    assert copy.tables == ledger_of(ana)
    before = {"If-None-Match": f'"{dining.pk}-{dining.version}"'}
    assert ana.get(f"categories/{dining.pk}/", headers=before).status_code == 200
    assert ben.get("categories/", headers={"If-None-Match": untouched}).status_code == 200
    seen = list(Ledger.objects.order_by("pk").values_list("version", flat=True))
    call_command("migrate", verbosity=0)
    assert list(Ledger.objects.order_by("pk").values_list("version", flat=True)) == seen


def test_a_page_costs_the_same_however_much_is_in_it(ana):
    account = ana.post("accounts/", {"name": "Checking"}).json()
    costs = []
    for n in (1, 40):
        since = version_of(ana)
        record_many(ana, n, account=account["id"], category="Dining", tags=[f"tag {n}"])
        with CaptureQueriesContext(connection) as queries:
            assert len(news(ana, since)["transactions"]) == n
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("since", [0, 1])
def test_the_work_follows_what_has_changed_not_what_is_there(ana, since):
    """Both queries of transactions walk the index of versions, in its order, and stop at the limit."""
    record(ana)
    record_many(ana, 3)
    with CaptureQueriesContext(connection) as queries:
        news(ana, since, limit=1)
    asked = [q["sql"] for q in queries if 'FROM "expenses_transaction"' in q["sql"] and "version" in q["sql"]]
    assert len(asked) == 2  # where to stop, and the rows
    for sql in asked:
        assert_walks_versions(sql)


def assert_walks_versions(sql):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):  # as good as any other in a table of three rows
                cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "transaction_version" in plan, plan
    assert "USE TEMP B-TREE" not in plan, plan
    assert ("Sort Key" in plan) == ("Presorted Key" in plan), plan  # but for the rows of one version


def test_versions_of_a_ledger_never_share_rows_with_a_write_under_way(ana):
    """A write that is rolled back leaves its version unused, and no gap that a client would wait for."""
    record(ana)
    since = version_of(ana)
    with pytest.raises(ZeroDivisionError), ledger_write(Ledger.objects.get(founder=ana.user).pk):
        _ = 1 / 0
    assert news(ana, since) == NOTHING | {"version": since, "has_more": False}
    restamp(Transaction.objects.all(), ledger_id=Ledger.objects.get(founder=ana.user).pk)
    assert len(news(ana, since)["transactions"]) == 1

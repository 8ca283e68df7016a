"""A deleted transaction is out of sight, not gone: for a month its owner can have it back."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from expenses.models import Change, Decision, Tombstone, Transaction
from expenses.services.deletion import KEPT, purge_deleted
from tests.api.bodies import assert_problem
from tests.api.copies import Copy, ledger_of

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
STATEMENT = b"Date;Payee;Amount;Currency\n2026-11-02;Cafe Luna;-5.50;EUR\n2026-11-03;Book shop;-12.00;EUR\n"


def record(api, **fields):
    answer = api.post("transactions/", ROW | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def delete(api, row):
    answer = api.delete(f"transactions/{row['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")


def restore(api, row):
    return api.post(f"transactions/{row['id']}/restore/")


def in_bin(api, **filters):
    answer = api.get("transactions/deleted/", filters)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def age(row, *, days):
    """Have a row lie in the bin as long as that."""
    Transaction.everything.filter(pk=row["id"]).update(deleted_at=timezone.now() - timedelta(days=days))


def purge():
    """Empty the bin, as the worker does every hour. Returns how many rows went."""
    return purge_deleted(before=timezone.now() - KEPT)


def test_what_is_deleted_is_in_the_bin_and_nowhere_else(ana):
    kept, row = record(ana), record(ana, tags=["hot"], category="Dining")
    delete(ana, row)
    assert ana.get("transactions/").json()["results"] == ana.get("expenses/").json()["results"] == [kept]
    for method, sent in (("get", None), ("patch", ROW), ("put", ROW), ("delete", None)):
        answer = ana.request(method, f"transactions/{row['id']}/", sent)
        assert_problem(answer, 404, (None, "not_found"))
    assert_problem(ana.post(f"transactions/{row['id']}/confirm/"), 404, (None, "not_found"))
    assert_problem(ana.get(f"transactions/{row['id']}/explanation/"), 404, (None, "not_found"))
    (binned,) = in_bin(ana)
    changed = {name: binned[name] for name in ("deleted_at", "updated_at", "version")}
    assert (binned, binned["version"] > row["version"]) == (row | changed, True)
    assert binned["deleted_at"] is not None


def test_what_is_restored_is_as_it_was(ana):
    row = record(ana, tags=["hot"], category="Dining", external_id="till-1")
    delete(ana, row)
    answer = restore(ana, row)
    changed = {name: answer.json()[name] for name in ("updated_at", "version")}
    assert (answer.status_code, answer.json()) == (200, row | changed)
    assert changed["version"] == row["version"] + 2
    assert ana.get(f"transactions/{row['id']}/").json() == answer.json()
    assert in_bin(ana) == []


def test_restoring_twice_is_restoring_once(ana):
    row = record(ana)
    delete(ana, row)
    first = restore(ana, row)
    assert (restore(ana, row).json(), restore(ana, row).status_code) == (first.json(), 200)


@pytest.mark.parametrize("account", [None, "Checking"])
def test_an_external_id_is_free_again_and_its_first_row_stays_out(ana, account):
    ana.post("accounts/", {"name": "Checking"})
    first = record(ana, external_id="till-1", account=account)
    delete(ana, first)
    second = record(ana, external_id="till-1", account=account)
    assert second["id"] != first["id"]
    before = ana.get("transactions/").json(), in_bin(ana)
    body = assert_problem(restore(ana, first), 409, (None, "duplicate"))
    assert body["detail"] == "Another transaction of that account has its external id now."
    assert (ana.get("transactions/").json(), in_bin(ana)) == before
    delete(ana, second)
    assert restore(ana, first).status_code == 200
    assert_problem(restore(ana, second), 409, (None, "duplicate"))


def test_the_same_external_id_elsewhere_stops_no_return(ana, ben):
    for name in ("Checking", "Card"):
        ana.post("accounts/", {"name": name})
    row = record(ana, external_id="till-1", account="Checking")
    delete(ana, row)
    record(ana, external_id="till-1", account="Card")
    record(ana, external_id="till-1")
    record(ben, external_id="till-1")
    assert restore(ana, row).status_code == 200


def test_the_bin_has_the_filters_of_the_list(ana):
    ana.post("accounts/", {"name": "Checking"})
    tea = record(ana, description="Green tea", amount="3", account="Checking", tags=["hot"], date="2026-10-01")
    pay = record(ana, description="Wages", amount="900", direction="in", category="Salary")
    record(ana, description="Green tea")  # stays
    for row in (tea, pay):
        delete(ana, row)

    def found(**filters):
        return [row["id"] for row in in_bin(ana, **filters)]

    assert found() == [pay["id"], tea["id"]]
    assert found(ordering="amount") == [tea["id"], pay["id"]]
    for filters in ({"search": "GREEN"}, {"account": "Checking"}, {"tag": "hot"}, {"month": "2026-10"},
                    {"uncategorized": "true"}, {"max_amount": "3"}, {"kind": "expense"}):  # fmt: skip
        assert found(**filters) == [tea["id"]]
    assert found(category="Salary") == [pay["id"]]
    assert [row["id"] for row in ana.get("incomes/deleted/").json()["results"]] == [pay["id"]]
    assert_problem(ana.get("transactions/deleted/", {"colour": "red"}), 400, ("colour", "unknown"))


def test_the_bin_comes_in_pages(ana):
    rows = [record(ana) for _ in range(5)]
    for row in rows:
        delete(ana, row)
    body = ana.get("transactions/deleted/", {"page_size": 2, "page": 2}).json()
    assert ([row["id"] for row in body["results"]], body["count"]) == ([rows[2]["id"], rows[1]["id"]], 5)
    assert ana.get("transactions/deleted/", {"cursor": "", "page_size": 2}).json()["next"] is not None


def test_a_stranger_finds_no_bin_and_restores_nothing(ana, ben):
    row = record(ana)
    delete(ana, row)
    assert in_bin(ben) == []
    assert_problem(restore(ben, row), 404, (None, "not_found"))
    assert in_bin(ana) != []


def test_the_copy_follows_into_the_bin_out_of_it_and_beyond(ana):
    row = record(ana)
    stay, kept = Copy(ana).pull(), record(ana)
    gone = {"type": "transaction", "id": row["id"]}
    stay.pull()
    delete(ana, row)
    page = stay.pull_page()
    assert (page["deleted"], page["transactions"]) == ([gone], [])
    restored = restore(ana, row).json()
    page = stay.pull_page()
    assert (page["deleted"], page["transactions"]) == ([], [restored])
    delete(ana, row)
    stay.pull()
    age(row, days=31)
    assert purge() == 1
    page = stay.pull_page()
    assert (page["deleted"], page["transactions"]) == ([], [])
    assert stay.tables == ledger_of(ana) == Copy(ana).pull().tables
    assert list(stay.tables["transactions"]) == [kept["id"]]
    assert ana.get("changes/", {"since": row["version"]}).json()["deleted"] == [gone]


def test_a_copy_that_slept_through_delete_and_restore_has_the_row(ana):
    row = record(ana)
    copy = Copy(ana).pull()
    delete(ana, row)
    restore(ana, row)
    assert copy.pull_page()["deleted"] == []
    assert copy.tables == ledger_of(ana)


def test_after_thirty_days_the_row_is_gone_for_good(ana):
    ana.post("accounts/", {"name": "Checking"})
    rows = [record(ana, account="Checking", tags=["hot"]) for _ in range(3)]
    old, recent, live = rows
    for row in (old, recent):
        delete(ana, row)
    age(old, days=31)
    age(recent, days=29)
    tag = ana.get("transactions/deleted/").headers["ETag"]
    assert len(in_bin(ana)) == 2
    assert purge() == 1
    assert purge() == 0
    answer = ana.get("transactions/deleted/", headers={"If-None-Match": tag})
    assert (answer.status_code, [row["id"] for row in answer.json()["results"]]) == (200, [recent["id"]])
    assert_problem(restore(ana, old), 404, (None, "not_found"))
    assert_problem(ana.get(f"transactions/{old['id']}/history/"), 404, (None, "not_found"))
    assert not Change.objects.filter(transaction_id=old["id"]).exists()
    assert Tombstone.objects.filter(type="transaction", object_id=old["id"]).exists()
    assert restore(ana, recent).status_code == 200
    assert [row["id"] for row in ana.get("transactions/").json()["results"]] == [live["id"], recent["id"]]
    assert KEPT.days == 30


def test_reasons_go_with_their_last_row(ana, model, run_tasks):
    model["LUNA"] = ("dining", 0.95)
    rows = ana.post("transactions/bulk/", {"transactions": [ROW | {"description": "LUNA"}] * 2}).json()["created"]
    assert Decision.objects.count() == 1
    for row, left in zip(rows, (1, 0), strict=True):
        delete(ana, row)
        age(row, days=31)
        purge()
        assert Decision.objects.count() == left


def test_what_is_restored_while_the_bin_is_emptied_stays(ana):
    """The rows to remove are looked up under the ledger's lock: a list from before it would hold the restored row."""
    old, other = record(ana), record(ana)
    for row in (old, other):
        delete(ana, row)
        age(row, days=31)
    with CaptureQueriesContext(connection) as queries:
        purge()
    asked = [q["sql"] for q in queries]
    locked = next(i for i, sql in enumerate(asked) if sql.startswith("UPDATE") and "version = version + 1" in sql)
    listed = next(i for i, sql in enumerate(asked) if sql.startswith("SELECT") and '"id" FROM' in sql.split("WHERE")[0])
    assert locked < listed


def test_a_purge_costs_one_ledger_nothing_of_another(ana, ben):
    mine, theirs = record(ana), record(ben)
    delete(ana, mine)
    age(mine, days=31)
    before = ben.get("transactions/").headers["ETag"]
    purge()
    assert ben.get("transactions/").headers["ETag"] == before
    assert ben.get(f"transactions/{theirs['id']}/").json() == theirs


def test_a_statement_does_not_bring_back_what_was_deleted(ana, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Checking"})

    def upload(**fields):
        file = SimpleUploadedFile("november.csv", STATEMENT)
        return ana.post("imports/", {"file": file, "account": "Checking", **fields}, format="multipart").json()

    assert upload(commit=True)["n_new"] == 2
    book, luna = ana.get("transactions/").json()["results"]
    delete(ana, luna)
    seen = upload()
    assert (seen["n_new"], seen["n_duplicates"]) == (0, 2)
    assert upload(commit=True)["n_new"] == 0
    assert ana.get("transactions/").json()["results"] == [book]
    assert restore(ana, luna).status_code == 200
    assert ana.get("transactions/").json()["count"] == 2


def test_the_account_of_a_row_in_the_bin_can_be_deleted(ana):
    account = ana.post("accounts/", {"name": "Checking"}).json()
    row = record(ana, account="Checking")
    delete(ana, row)
    assert ana.delete(f"accounts/{account['id']}/").status_code == 204
    assert in_bin(ana)[0]["account"] is None
    body = restore(ana, row).json()
    assert (body["account"], body["account_name"]) == (None, None)
    assert Copy(ana).pull().tables == ledger_of(ana)


def test_the_category_of_a_row_in_the_bin_can_be_deleted(ana):
    category = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = record(ana, category="Tea")
    delete(ana, row)
    assert ana.delete(f"categories/{category['id']}/").status_code == 204
    body = restore(ana, row).json()
    assert (body["category"], body["categorization"]["status"]) == (None, "none")
    assert Copy(ana).pull().tables == ledger_of(ana)


def test_a_suggestion_in_the_bin_does_not_outlive_its_category(ana):
    category = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = record(ana)
    Transaction.objects.filter(pk=row["id"]).update(suggested_category=category["id"], review_status="suggested")
    delete(ana, row)
    assert ana.delete(f"categories/{category['id']}/").status_code == 204
    standing = restore(ana, row).json()["categorization"]
    assert (standing["status"], standing["suggestion"]) == ("none", None)

"""The history of a transaction stays readable after everything that it names is gone."""

from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import Category, Transaction
from tests.api.bodies import assert_problem

ROW = {"amount": "5.50", "description": "LUNA", "date": "2026-11-02", "direction": "out"}
STATEMENT = b"Date;Payee;Amount;Currency\n2026-11-02;Cafe Luna;-5.50;EUR\n"


@pytest.fixture
def row(ana, silent_chain):
    """A transaction as it was created, with an account, a category and a tag of its owner's."""
    ana.post("accounts/", {"name": "Checking"})
    ana.post("categories/", {"name": "Tea", "kind": "expense"})
    return ana.post("transactions/", ROW | {"account": "Checking", "category": "Tea", "tags": ["hot"]}).json()


def address(row, action=""):
    return f"transactions/{row['id']}/{action}"


def history(api, row):
    """The events, the newest first, without when and at which version, which are looked at here."""
    answer = api.get(address(row, "history/"))
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"results"}
    events = answer.json()["results"]
    instants = [datetime.fromisoformat(event.pop("at")) for event in events]
    versions = [event.pop("version") for event in events]
    assert instants == sorted(instants, reverse=True)
    assert versions.pop() is None
    assert versions == sorted(versions, reverse=True)
    return events


def event(action, *fields, source="user", username="ana", run=None):
    return {"action": action, "source": source, "username": username, "run": run, "fields": list(fields)}


def field(name, old, new, *names):
    named = dict(zip(("old_name", "new_name"), names, strict=True)) if names else {}
    return {"field": name, "old": old, "new": new} | named


def sorted_fields(event):
    return event | {"fields": sorted(event["fields"], key=lambda change: change["field"])}


CREATED = event("created")


def test_a_new_row_has_its_creation_alone(ana, row):
    assert history(ana, row) == [CREATED]
    assert ana.get(address(row, "history/")).json()["results"][0]["at"] == row["created_at"]


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({"amount": "6"}, [field("amount", "5.50", "6.00")]),
        ({"currency": "JPY", "amount": "600"}, [field("amount", "5.50", "600"), field("currency", "EUR", "JPY")]),
        ({"date": "2026-11-03"}, [field("date", "2026-11-02", "2026-11-03")]),
        ({"description": "Tea"}, [field("description", "LUNA", "Tea")]),
        ({"merchant": "Luna bar"}, [field("merchant", "Luna", "Luna bar")]),
        ({"notes": "with milk"}, [field("notes", "", "with milk")]),
        ({"payment_method": "cash"}, [field("payment_method", None, "cash")]),
        ({"iban": "GB82 WEST 1234 5698 7654 32"}, [field("iban", "", "GB82WEST12345698765432")]),
        ({"mcc": "5812"}, [field("mcc", "", "5812")]),
        ({"review": "needed"}, [field("review", None, "needed")]),
        ({"is_excluded_from_budget": True}, [field("is_excluded_from_budget", False, True)]),
        ({"external_id": "till-1"}, [field("external_id", None, "till-1")]),
        ({"direction": "in"}, [field("direction", "out", "in"), field("kind", "expense", "refund")]),
        ({"tags": ["cold", "hot"]}, [field("tags", ["hot"], ["cold", "hot"])]),
        ({"tags": []}, [field("tags", ["hot"], [])]),
    ],
    ids=str,
)
def test_an_edit_names_each_field_before_and_after(ana, row, sent, changed):
    edited = ana.patch(address(row), sent)
    assert edited.status_code == 200, edited.content
    newest, *rest = history(ana, row)
    assert (sorted_fields(newest), rest) == (event("changed", *changed), [CREATED])
    assert ana.get(address(row, "history/")).json()["results"][0]["version"] == edited.json()["version"]


def test_an_edit_that_changes_nothing_is_no_event(ana, row):
    ana.patch(address(row), {"notes": "", "tags": ["hot"], "amount": "5.5"})
    ana.put(address(row), {**ROW, "account": "Checking", "category": "Tea", "tags": ["hot"]})
    assert history(ana, row) == [CREATED]


def test_names_are_those_of_their_time(ana, row):
    tea, account = row["category"], row["account"]
    dining = Category.objects.get(key="dining").pk
    ana.patch(f"categories/{tea}/", {"name": "Tisane"})
    ana.patch(address(row), {"category": "Dining", "account": None})
    ana.patch(f"accounts/{account}/", {"name": "Giro"})
    for gone in (f"categories/{tea}/", f"accounts/{account}/"):
        assert ana.delete(gone).status_code == 204
    newest, *rest = history(ana, row)
    moved = field("account", account, None, "Checking", None)
    chosen = field("category", tea, dining, "Tisane", "Dining")
    assert (sorted_fields(newest), rest) == (event("changed", moved, chosen), [CREATED])


def test_taking_the_category_away_says_what_became_of_it(ana, row):
    ana.patch(address(row), {"category": None})
    newest, _ = history(ana, row)
    cleared = field("category", row["category"], None, "Tea", None)
    assert sorted_fields(newest) == event("changed", cleared, field("status", "confirmed", "none"))


def test_a_suggestion_that_goes_with_its_category_is_told(ana, model, run_tasks):
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = ana.post("transactions/", ROW | {"ai_classify": False}).json()
    Transaction.objects.filter(pk=row["id"]).update(suggested_category=own["id"], review_status="suggested")
    ana.delete(f"categories/{own['id']}/")
    newest, _ = history(ana, row)
    dropped = field("status", "suggested", "none"), field("suggestion", own["id"], None, "Tea", None)
    assert sorted_fields(newest) == event("changed", *dropped, source="deletion")


def test_the_bin_is_told_as_what_it_is(ana, row):
    ana.delete(address(row))
    assert history(ana, row) == [event("deleted"), CREATED]
    ana.post(address(row, "restore/"))
    ana.post(address(row, "restore/"))  # it is there already
    assert history(ana, row) == [event("restored"), event("deleted"), CREATED]


def test_a_later_answer_of_the_model_is_told_and_then_confirmed(ana, model, run_tasks):
    model["LUNA"] = ("dining", 0.6)
    row = ana.post("transactions/", ROW).json()
    assert row["categorization"]["status"] == "pending"
    run_tasks()
    dining = Category.objects.get(key="dining").pk
    answered, created = history(ana, row)
    suggested = event(
        "changed",
        field("confidence", None, 0.1477),
        field("source", "", "model"),
        field("status", "pending", "suggested"),
        field("suggestion", None, dining, None, "Dining"),
        source="model",
        username=None,
    )
    assert (sorted_fields(answered), created) == (suggested, CREATED)
    ana.post(address(row, "confirm/"))
    confirmed = event(
        "changed",
        field("category", None, dining, None, "Dining"),
        field("status", "suggested", "confirmed"),
        field("suggestion", dining, None, "Dining", None),
    )
    newest, *rest = history(ana, row)
    assert (sorted_fields(newest), rest) == (confirmed, [answered, created])


def test_a_row_that_nothing_recognized_in_the_end_says_that_the_chain_gave_up(ana, model, run_tasks):
    row = ana.post("transactions/", ROW).json()
    run_tasks()
    newest, created = history(ana, row)
    gave_up = event("changed", field("status", "pending", "none"), source="chain", username=None)
    assert (newest, created) == (gave_up, CREATED)


def test_an_imported_row_names_its_run(ana, silent_chain, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Checking"})
    file = SimpleUploadedFile("november.csv", STATEMENT)
    statement = ana.post("imports/", {"file": file, "account": "Checking", "commit": True}, format="multipart").json()
    (row,) = ana.get("transactions/").json()["results"]
    created = event("created", source="import", run=statement["run"])
    assert history(ana, row) == [created]
    ana.patch(address(row), {"notes": "with milk"})
    assert history(ana, row) == [event("changed", field("notes", "", "with milk")), created]


def test_each_member_is_named_and_all_may_read(ana, join_ledger_of, row):
    eva, vera = join_ledger_of(ana, "eva", "editor"), join_ledger_of(ana, "vera", "viewer")
    eva.patch(address(row), {"notes": "with milk"})
    told = [event("changed", field("notes", "", "with milk"), username="eva"), CREATED]
    assert history(ana, row) == history(eva, row) == history(vera, row) == told


def test_every_way_to_record_a_row_names_who_recorded_it(ana, join_ledger_of, silent_chain, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for name in ("Checking", "Purse"):
        ana.post("accounts/", {"name": name})
    eva = join_ledger_of(ana, "eva", "editor")
    for api, username in ((ana, "ana"), (eva, "eva")):
        typed = api.post("transactions/", ROW).json()
        (bulk,) = api.post("transactions/bulk/", {"transactions": [ROW]}).json()["created"]
        transfer = api.post("transfers/", {"from_account": "Checking", "to_account": "Purse", "amount": "5"}).json()
        whole = api.post("transactions/", ROW | {"parts": [{"amount": "5.00"}, {"amount": "0.50"}]}).json()
        parts = api.get(f"transactions/{whole['id']}/split/").json()["parts"]
        created = event("created", username=username)
        for row in (typed, bulk, whole, *parts, transfer["outgoing"], transfer["incoming"]):
            assert history(ana, row)[-1] == created
        file = SimpleUploadedFile("november.csv", STATEMENT.replace(b"Luna", username.encode()))
        sent = {"file": file, "account": "Checking", "commit": True}
        statement = api.post("imports/", sent, format="multipart").json()
        (imported,) = ana.get("transactions/", {"import": statement["id"]}).json()["results"]
        assert history(ana, imported) == [event("created", source="import", username=username, run=statement["run"])]


def test_who_splits_the_row_of_another_made_its_parts(ana, join_ledger_of, silent_chain, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Checking"})
    eva = join_ledger_of(ana, "eva", "editor")
    sent = {"file": SimpleUploadedFile("november.csv", STATEMENT), "account": "Checking", "commit": True}
    run = eva.post("imports/", sent, format="multipart").json()["run"]
    (row,) = ana.get("transactions/").json()["results"]
    for api, username in ((ana, "ana"), (eva, "eva")):
        parts = api.put(address(row, "split/"), {"parts": [{"amount": "5.00"}, {"amount": "0.50"}]}).json()["parts"]
        assert [history(ana, part) for part in parts] == [[event("created", username=username)]] * 2
    assert history(ana, row)[-1] == event("created", source="import", username="eva", run=run)


def test_what_a_member_did_who_has_left_stays_under_the_founders_name(ana, join_ledger_of, silent_chain):
    ana.get("transactions/")
    eva = join_ledger_of(ana, "eva", "editor")
    row = eva.post("transactions/", ROW).json()
    eva.patch(address(row), {"notes": "with milk"})
    told = [event("changed", field("notes", "", "with milk"), username="eva"), event("created", username="eva")]
    assert history(ana, row) == told
    assert eva.delete("users/me/", {"password": "blue-Tomato-99"}).status_code == 204
    assert history(ana, row) == [event("changed", field("notes", "", "with milk")), CREATED]


def test_a_stranger_finds_no_history(ana, ben, row):
    assert_problem(ben.get(address(row, "history/")), 404, (None, "not_found"))
    ana.delete(address(row))
    assert_problem(ben.get(address(row, "history/")), 404, (None, "not_found"))


def test_a_long_history_costs_as_many_queries_as_a_short_one(ana, row):
    costs = []
    for n in (1, 9):
        for i in range(n):
            ana.patch(address(row), {"notes": f"{n} {i}"})
        with CaptureQueriesContext(connection) as queries:
            history(ana, row)
        costs.append(len(queries))
    assert (costs[0], len(history(ana, row))) == (costs[1], 11)

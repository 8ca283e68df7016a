"""Transfers: two transactions that are one movement, found or said, and taken apart again."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from expenses.models import Tombstone, Transaction, Transfer
from expenses.services.deletion import purge_deleted
from tests.api.bodies import CHOSEN, assert_problem, settled, transaction
from tests.api.copies import Copy, ledger_of

GOING = {
    "amount": "250.00",
    "description": "To savings",
    "date": "2026-11-02",
    "account": "Checking",
    "direction": "out",
}
COMING = {"amount": "250.00", "description": "From giro", "date": "2026-11-04", "account": "Savings", "direction": "in"}
FOUND = {
    "status": "automatic",
    "source": "transfers",
    "confidence": None,
    "explanation": "The same amount went out of one of your accounts and into another within three days.",
    "awaits_model": False,
    "suggestion": None,
}
NEW = {"from_account": "Checking", "to_account": "Savings", "amount": "250.00", "date": "2026-11-02"}


@pytest.fixture(autouse=True)
def accounts(ana, ben, silent_chain):
    """The ids of Ana's accounts by name; Ben has one, too."""
    ben.post("accounts/", {"name": "Secret"})
    made = [("Checking", "EUR"), ("Savings", "EUR"), ("Dollars", "USD")]
    return {name: ana.post("accounts/", {"name": name, "currency": code}).json()["id"] for name, code in made}


def record(api, row, **fields):
    answer = api.post("transactions/", row | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def read(api, row):
    return api.get(f"transactions/{row['id']}/").json()


def pair(api, going=GOING, coming=COMING):
    """The bodies of two rows before they were paired, and the transfer that they became."""
    before = record(api, going, date="2026-10-01"), record(api, coming)
    ids = [row["id"] for row in before]
    answer = api.post("transfers/", {"outgoing": ids[0], "incoming": ids[1]})
    assert answer.status_code == 201, answer.content
    return *before, answer.json()


def found(api, **fields):
    """Two rows that were found to be one movement, as recorded, and the transfer."""
    going = record(api, GOING, **fields)
    coming = record(api, COMING)
    assert coming["transfer"] is not None
    return going, coming, api.get(f"transfers/{coming['transfer']}/").json()


def without_stamps(body):
    return {name: value for name, value in body.items() if name not in {"version", "updated_at"}}


def half(row):
    return {name: row[name] for name in ("id", "account", "amount", "currency", "date")}


def test_the_second_half_finds_the_first(ana):
    going, coming, transfer = found(ana)
    category = coming["category"]
    now = read(ana, going)
    for row, text, direction in ((now, GOING, "out"), (coming, COMING, "in")):
        assert settled(row) == transaction(
            kind="transfer", direction=direction, amount="250.00", description=text["description"], date=text["date"],
            account=row["account"], account_name=text["account"], category=category, category_name="Transfers",
            transfer=transfer["id"], categorization=FOUND,
        )  # fmt: skip
    assert going["version"] < now["version"] == coming["version"] == transfer["version"]
    assert settled(transfer) == {"status": "automatic", "outgoing": half(now), "incoming": half(coming)}
    assert read(ana, coming) == coming
    listed = {"count": 1, "next": None, "previous": None, "results": [transfer]}
    assert ana.get("transfers/").json() == ana.get("transfers/?status=automatic").json() == listed
    assert ana.get("transfers/?status=rejected").json()["count"] == 0


def test_the_journal_says_who_paired_them(ana):
    going, _, transfer = found(ana)
    event = ana.get(f"transactions/{going['id']}/history/").json()["results"][0]
    assert (event["action"], event["source"], event["username"]) == ("changed", "transfers", None)
    fields = {field["field"]: (field["old"], field["new"]) for field in event["fields"]}
    assert fields["transfer"] == (None, transfer["id"])
    assert fields["kind"] == ("expense", "transfer")


@pytest.mark.parametrize(
    ("going", "coming"),
    [
        ({}, {"account": "Checking"}),
        ({}, {"account": None}),
        ({}, {"amount": "250.01"}),
        ({}, {"currency": "USD"}),
        ({}, {"date": "2026-11-06"}),
        ({}, {"direction": "out"}),
        ({}, {"category": "Salary"}),
        ({"category": "Housing"}, {}),
        ({"kind": "expense"}, {}),
        ({}, {"kind": "income"}),
        ({"parts": [{"amount": "200"}, {"amount": "50"}]}, {}),
    ],
)
def test_what_is_not_one_movement_is_left_alone(ana, going, coming):
    record(ana, GOING, **going)
    assert record(ana, COMING, **coming)["transfer"] is None
    assert ana.get("transfers/").json()["count"] == 0


def test_rows_that_meet_by_an_edit_or_in_two_currencies_are_paired_by_their_owner_alone(ana):
    going, late = record(ana, GOING), record(ana, COMING, date="2026-11-09")
    edited = ana.patch(f"transactions/{late['id']}/", {"date": "2026-11-04"}).json()
    arrived = record(ana, COMING, account="Dollars", currency="USD")
    assert (edited["transfer"], arrived["transfer"]) == (None, None)
    pair = ana.post("transfers/", {"outgoing": going["id"], "incoming": arrived["id"]}).json()
    assert (pair["status"], pair["outgoing"]["currency"], pair["incoming"]["currency"]) == ("confirmed", "EUR", "USD")


def test_what_its_owner_called_a_transfer_keeps_its_category(ana):
    ana.post("categories/", {"name": "Nest egg", "kind": "transfer"})
    going = record(ana, GOING, category="Nest egg")
    coming = record(ana, COMING)
    now = read(ana, going)
    assert without_stamps(now) == without_stamps(going) | {"transfer": coming["transfer"]}
    assert now["categorization"] == CHOSEN


def test_rows_of_one_bulk_are_paired_nearest_first(ana):
    rows = [GOING, COMING, COMING | {"date": "2026-11-03"}, GOING | {"date": "2026-11-05"}, GOING | {"amount": "9"}]
    ids = [row["id"] for row in ana.post("transactions/bulk/", {"transactions": rows}).json()["created"]]
    pairs = [(t["outgoing"]["id"], t["incoming"]["id"]) for t in ana.get("transfers/").json()["results"]]
    assert sorted(pairs) == [(ids[0], ids[2]), (ids[3], ids[1])]


def test_another_persons_rows_are_no_halves(ana, ben):
    record(ana, GOING)
    assert record(ben, COMING, account="Secret")["transfer"] is None


def test_finding_nothing_costs_one_query(ana):
    def cost(row):
        with CaptureQueriesContext(connection) as queries:
            record(ana, row)
        return len([q for q in queries.captured_queries if "SAVEPOINT" not in q["sql"]])

    cost(GOING)
    assert cost(GOING) == cost(GOING | {"account": None}) + 2  # the other one looks the account up


def test_a_transfer_is_written_at_once(ana, accounts):
    answer = ana.post("transfers/", NEW | {"description": "Nest egg", "notes": "monthly"})
    assert answer.status_code == 201
    transfer = answer.json()
    assert answer["ETag"] == f'"{transfer["id"]}-{transfer["version"]}"'
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert settled(transfer) == {"status": "confirmed", "outgoing": half(rows[0]), "incoming": half(rows[1])}
    for row, account, direction in ((rows[0], "Checking", "out"), (rows[1], "Savings", "in")):
        assert settled(row) == transaction(
            kind="transfer", direction=direction, amount="250.00", description="Nest egg", date="2026-11-02",
            notes="monthly", account=accounts[account], account_name=account, category=row["category"],
            category_name="Transfers", transfer=transfer["id"], categorization=CHOSEN,
        )  # fmt: skip


def test_a_transfer_between_currencies_says_what_arrives(ana):
    answer = ana.post("transfers/", NEW | {"to_account": "Dollars", "amount_to": "289.10"})
    assert [answer.json()[name]["amount"] for name in ("outgoing", "incoming")] == ["250.00", "289.10"]
    assert [answer.json()[name]["currency"] for name in ("outgoing", "incoming")] == ["EUR", "USD"]


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"to_account": "Checking"}, "to_account", "same_account"),
        ({"to_account": "Nowhere"}, "to_account", "does_not_exist"),
        ({"to_account": "Secret"}, "to_account", "does_not_exist"),
        ({"from_account": None}, "from_account", "null"),
        ({"amount": "0"}, "amount", "min_value"),
        ({"amount": "-5"}, "amount", "min_value"),
        ({"amount": "1.005"}, "amount", "too_many_places"),
        ({"amount_to": "249.00"}, "amount_to", "unequal"),
        ({"to_account": "Dollars"}, "amount_to", "required"),
        ({"to_account": "Dollars", "amount_to": "1.005"}, "amount_to", "too_many_places"),
        ({"date": "2026-02-30"}, "date", "invalid"),
        ({"date": "1066-10-14"}, "date", "out_of_range"),
        ({"outgoing": 10**30}, "outgoing", "does_not_exist"),
        ({"outgoing": True}, "outgoing", "does_not_exist"),
        ({"outgoing": "x"}, "outgoing", "does_not_exist"),
    ],
)
def test_a_bad_transfer_is_named_and_nothing_is_written(ana, fields, attr, code):
    assert_problem(ana.post("transfers/", NEW | fields), 400, (attr, code))
    assert not Transaction.objects.exists()


def test_what_a_transfer_needs(ana):
    assert_problem(
        ana.post("transfers/", {}), 400, *((n, "required") for n in ("from_account", "to_account", "amount"))
    )
    row = record(ana, GOING)
    assert_problem(ana.post("transfers/", {"outgoing": row["id"]}), 400, ("incoming", "required"))


def test_rows_that_a_machine_pairs_keep_their_open_review(ana):
    rows = [record(ana, GOING, review="needed"), record(ana, COMING, review="needed")]
    assert [read(ana, row)["kind"] for row in rows] == ["transfer", "transfer"]
    assert [read(ana, row)["review"] for row in rows] == ["needed", "needed"]
    number = ana.get("transfers/").json()["results"][0]["id"]
    assert ana.post(f"transfers/{number}/reject/").status_code == 200
    assert [read(ana, row)["review"] for row in rows] == ["needed", "needed"]


def test_two_rows_are_paired_by_their_owner(ana):
    going, coming, transfer = pair(ana)
    rows = read(ana, going), read(ana, coming)
    assert settled(transfer) == {"status": "confirmed", "outgoing": half(rows[0]), "incoming": half(rows[1])}
    for row in rows:
        assert (row["kind"], row["category_name"], row["transfer"]) == ("transfer", "Transfers", transfer["id"])
        assert row["categorization"] == CHOSEN


def test_rows_that_cannot_be_one_movement_are_not_paired(ana, ben):
    going, coming = record(ana, GOING), record(ana, COMING, date="2026-10-01")
    secret = record(ben, COMING, account="Secret")

    def answer(out, into):
        return ana.post("transfers/", {"outgoing": out["id"], "incoming": into["id"]})

    assert_problem(answer(going, secret), 400, ("incoming", "does_not_exist"))
    assert_problem(answer(secret, coming), 400, ("outgoing", "does_not_exist"))
    assert_problem(answer(coming, going), 400, ("outgoing", "wrong_direction"))
    assert_problem(answer(going, going), 400, ("incoming", "wrong_direction"))
    assert_problem(answer(going, record(ana, COMING, account="Checking")), 400, ("incoming", "same_account"))
    assert_problem(answer(going, record(ana, COMING, account=None)), 400, ("incoming", "no_account"))
    assert_problem(answer(going, record(ana, COMING, amount="249")), 400, ("incoming", "unequal"))
    parts = [{"amount": "200"}, {"amount": "50"}]
    split = record(ana, COMING, parts=parts)
    assert_problem(answer(going, split), 409, (None, "split"))
    mixed = {"outgoing": going["id"], "incoming": coming["id"], "amount": "5"}
    assert_problem(ana.post("transfers/", mixed), 400, ("amount", "mixed"))
    assert answer(going, coming).status_code == 201
    assert_problem(answer(going, coming), 409, (None, "paired"))
    ana.delete(f"transactions/{coming['id']}/")
    assert_problem(answer(going, coming), 400, ("incoming", "does_not_exist"))


def test_a_part_is_no_half(ana):
    split = record(ana, COMING, parts=[{"amount": "200"}, {"amount": "50"}])
    part = ana.get(f"transactions/{split['id']}/split/").json()["parts"][0]
    going = record(ana, GOING, amount="200")
    answer = ana.post("transfers/", {"outgoing": going["id"], "incoming": part["id"]})
    assert_problem(answer, 409, (None, "part"))


def test_a_half_is_not_split(ana):
    going, _, _ = found(ana)
    answer = ana.put(f"transactions/{going['id']}/split/", {"parts": [{"amount": "200"}, {"amount": "50"}]})
    assert_problem(answer, 409, (None, "paired"))


def test_a_pair_that_was_found_is_confirmed(ana):
    going, coming, transfer = found(ana)
    answer = ana.post(f"transfers/{transfer['id']}/confirm/")
    body = answer.json()
    assert body == transfer | {"status": "confirmed", "version": body["version"]}
    assert body["version"] > transfer["version"]
    for row in (going, coming):
        now = read(ana, row)
        assert now["categorization"] == FOUND | {
            "status": "confirmed", "explanation": f"You confirmed Transfers: {FOUND['explanation']}",
        }  # fmt: skip


def test_a_rejected_pair_stands_as_before_and_is_not_found_again(ana, model, run_tasks):
    model["savings"] = ("housing", 0.95)
    going = record(ana, GOING)
    run_tasks()
    before = read(ana, going)
    assert before["categorization"]["suggestion"]["category_name"] == "Housing"
    coming = record(ana, COMING)
    ana.post(f"transfers/{coming['transfer']}/confirm/")
    body = ana.post(f"transfers/{coming['transfer']}/reject/").json()
    assert body["status"] == "rejected"
    assert ana.get(f"transfers/{body['id']}/").json() == body
    after = read(ana, going)
    assert without_stamps(after) == without_stamps(before)
    assert body["version"] == after["version"] > before["version"]
    now = read(ana, coming)
    assert (now["kind"], now["category"], now["transfer"]) == ("income", None, None)
    assert now["categorization"]["status"] == "pending"
    for action in ("reject", "confirm"):
        assert_problem(ana.post(f"transfers/{body['id']}/{action}/"), 409, (None, "rejected"))
    assert record(ana, COMING)["transfer"] is not None


def test_its_owner_may_pair_again_what_was_rejected(ana):
    going, coming, transfer = found(ana)
    ana.post(f"transfers/{transfer['id']}/reject/")
    again = ana.post("transfers/", {"outgoing": going["id"], "incoming": coming["id"]}).json()
    assert again["status"] == "confirmed"
    assert ana.get("transfers/").json()["results"] == [again]
    assert Tombstone.objects.filter(type="transfer", object_id=transfer["id"]).exists()


def test_a_deleted_pair_is_forgotten_and_its_rows_stand_as_before(ana):
    going, coming, transfer = pair(ana)
    tag = f'"{transfer["id"]}-{transfer["version"]}"'
    assert ana.delete(f"transfers/{transfer['id']}/", headers={"If-Match": '"1-1"'}).status_code == 412
    assert ana.delete(f"transfers/{transfer['id']}/", headers={"If-Match": tag}).status_code == 204
    for row in (going, coming):
        assert without_stamps(read(ana, row)) == without_stamps(row)
    assert_problem(ana.get(f"transfers/{transfer['id']}/"), 404, (None, "not_found"))


def test_a_stranger_finds_no_transfer(ana, ben):
    _, _, transfer = found(ana)
    address = f"transfers/{transfer['id']}/"
    for answer in (
        ben.get(address),
        ben.delete(address),
        ben.post(f"{address}confirm/"),
        ben.post(f"{address}reject/"),
    ):
        assert_problem(answer, 404, (None, "not_found"))
    assert ben.get("transfers/").json()["count"] == 0
    assert ana.get(address).json() == transfer


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"amount": "249.00"}, "expense"),
        ({"account": "Dollars"}, "expense"),
        ({"account": None}, "expense"),
        ({"currency": "USD"}, "expense"),
        ({"direction": "in"}, "income"),
        ({"date": "2026-10-31"}, "expense"),
        ({"category": "Housing"}, "expense"),
        ({"category": None}, "expense"),
        ({"kind": "expense", "category": None}, "expense"),
    ],
)
def test_a_half_that_becomes_something_else_leaves_its_pair(ana, changes, kind):
    going, coming, transfer = found(ana)
    answer = ana.patch(f"transactions/{going['id']}/", changes)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["transfer"] is None
    assert body["category_name"] == changes.get("category")
    assert body["kind"] == kind
    other = read(ana, coming)
    assert (other["kind"], other["category"], other["transfer"]) == ("income", None, None)
    assert ana.get("transfers/").json()["count"] == 0
    assert Tombstone.objects.filter(type="transfer", object_id=transfer["id"]).exists()


def test_a_direction_that_turns_takes_the_category_of_before_away_where_it_does_not_fit(ana, model, run_tasks):
    model["giro"] = ("salary", 0.95)
    coming = record(ana, COMING)
    run_tasks()
    assert read(ana, coming)["categorization"]["suggestion"]["category_name"] == "Salary"
    assert record(ana, GOING)["transfer"] is not None
    body = ana.patch(f"transactions/{coming['id']}/", {"direction": "out"}).json()
    assert (body["kind"], body["direction"], body["category"]) == ("expense", "out", None)


def test_a_half_that_stays_the_movement_keeps_its_pair(ana):
    going, coming, transfer = found(ana)
    body = ana.patch(f"transactions/{going['id']}/", {"date": "2026-11-01", "amount": "250.0", "notes": "x"}).json()
    assert body["transfer"] == transfer["id"]
    now = ana.get(f"transfers/{transfer['id']}/").json()
    assert now == transfer | {"version": body["version"], "outgoing": half(body)}
    assert ana.put(f"transactions/{coming['id']}/", COMING | {"category": "Transfers"}).json()["transfer"] is not None


def test_a_half_that_is_deleted_leaves_its_pair_and_comes_back_alone(ana):
    going, coming, transfer = found(ana)
    since = ana.get("changes/").json()["version"]
    ana.delete(f"transactions/{going['id']}/")
    other = read(ana, coming)
    assert (other["kind"], other["category"], other["transfer"]) == ("income", None, None)
    changes = ana.get("changes/", {"since": since}).json()
    assert changes["transactions"] == [other]
    gone = {(stone["type"], stone["id"]) for stone in changes["deleted"]}
    assert gone == {("transaction", going["id"]), ("transfer", transfer["id"])}
    back = ana.post(f"transactions/{going['id']}/restore/").json()
    assert without_stamps(back) == without_stamps(going)


def test_a_rejection_is_remembered_through_the_bin_until_a_half_is_purged(ana):
    going, coming, transfer = found(ana)
    rejected = ana.post(f"transfers/{transfer['id']}/reject/").json()
    copy = Copy(ana).pull()
    ana.delete(f"transactions/{going['id']}/")
    assert ana.get("transfers/").json()["results"] == [rejected]
    ana.post(f"transactions/{going['id']}/restore/")
    ana.patch(f"transactions/{coming['id']}/", {"notes": "n"})
    assert ana.get("transfers/").json()["results"] == [rejected]
    assert [read(ana, row)["transfer"] for row in (going, coming)] == [None, None]
    other = record(ana, GOING)
    assert (other["transfer"], read(ana, going)["transfer"]) == (read(ana, coming)["transfer"], None)
    ana.delete(f"transactions/{going['id']}/")
    purge_deleted(before=timezone.now())
    assert ana.get(f"transfers/{transfer['id']}/").status_code == 404
    assert copy.pull().tables == ledger_of(ana)


def test_a_rejected_pair_shows_that_the_account_of_a_half_in_the_bin_is_gone(ana):
    going, _, transfer = found(ana)
    ana.post(f"transfers/{transfer['id']}/reject/")
    copy = Copy(ana).pull()
    ana.delete(f"transactions/{going['id']}/")
    assert ana.delete(f"accounts/{going['account']}/").status_code == 204
    assert ana.get(f"transfers/{transfer['id']}/").json()["outgoing"]["account"] is None
    assert copy.pull().tables == ledger_of(ana)


def test_changes_tell_of_transfers(ana):
    since = ana.get("changes/").json()["version"]
    going, coming, transfer = found(ana)
    changes = ana.get("changes/", {"since": since}).json()
    assert changes["transfers"] == [transfer]
    assert {row["id"]: row for row in changes["transactions"]} == {r["id"]: r for r in (read(ana, going), coming)}


STATEMENT = (
    b"Date;Payee;Amount;Currency\n2026-11-04;Giro;250.00;EUR\n2026-11-05;Cafe;-5.50;EUR\n2026-11-06;Giro;80.00;EUR\n"
)


@pytest.fixture
def imported(ana, settings, tmp_path, run_tasks):
    """A row that was there before, and the run of a statement that brought its other half."""
    settings.MEDIA_ROOT = tmp_path
    going = record(ana, GOING)
    file = SimpleUploadedFile("savings.csv", STATEMENT, content_type="text/csv")
    statement = ana.post("imports/", {"file": file, "account": "Savings"}, format="multipart").json()
    run = ana.post(f"imports/{statement['id']}/commit/").json()
    run_tasks()
    return going, ana.get(f"runs/{run['id']}/").json()


def test_an_import_finds_the_halves_that_were_there(ana, imported):
    going, run = imported
    assert run["status"] == "succeeded"
    now = read(ana, going)
    [transfer] = ana.get("transfers/").json()["results"]
    assert now["transfer"] == transfer["id"]
    assert (transfer["status"], transfer["incoming"]["amount"]) == ("automatic", "250.00")
    event = ana.get(f"transactions/{going['id']}/history/").json()["results"][0]
    assert (event["source"], event["run"]) == ("transfers", run["id"])


def test_taking_an_import_back_takes_its_pairs_apart(ana, imported):
    going, run = imported
    transfer = ana.get("transfers/").json()["results"][0]["id"]
    body = ana.post(f"runs/{run['id']}/revert/").json()
    assert (body["status"], body["kept"], body["counts"]["removed"]) == ("reverted", [], 3)
    assert without_stamps(read(ana, going)) == without_stamps(going)
    assert not Transfer.objects.exists()
    assert Tombstone.objects.filter(type="transfer", object_id=transfer).exists()


def test_a_split_row_of_an_import_stays_with_its_parts_when_it_is_taken_back(ana, imported):
    _, run = imported
    cafe = ana.get("transactions/?search=cafe").json()["results"][0]
    parts = [{"amount": "5.00"}, {"amount": "0.50"}]
    made = ana.put(f"transactions/{cafe['id']}/split/", {"parts": parts}).json()["parts"]
    assert {part["import"] for part in made} == {cafe["import"]}
    body = ana.post(f"runs/{run['id']}/revert/").json()
    assert [kept["transaction"] for kept in body["kept"]] == [cafe["id"]]
    assert ana.get(f"transactions/?import={cafe['import']}&is_split=false").json()["count"] == 2

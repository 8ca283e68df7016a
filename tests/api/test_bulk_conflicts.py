"""Rows of a bulk that are known already: what differs is named, and taken over on request."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from config.api.pagination import forget_counts
from expenses.models import Ledger, Transaction
from tests.api.bodies import CHOSEN, CLEARED, assert_problem, settled
from tests.api.bodies import transaction as body_of_row
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out", "external_id": "a"}
NOTHING: dict[str, list[object]] = {"created": [], "updated": [], "duplicates": [], "errors": []}


def send(api, *rows, **fields):
    answer = api.post("transactions/bulk/", {"transactions": list(rows), **fields})
    assert answer.status_code == 200, answer.content
    return answer.json()


def update(api, *rows):
    return send(api, *rows, on_conflict="update")


def create(api, **fields):
    (row,) = send(api, ROW | fields)["created"]
    return row


def error(index, attr, code, detail):
    return {"index": index, "errors": [{"attr": attr, "code": code, "detail": detail}]}


def stored(api, row):
    return api.get(f"transactions/{row['id']}/").json()


def version_of(api):
    assert api.user is not None
    return Ledger.objects.get(memberships__user=api.user).version


def test_known_rows_stay_and_every_difference_is_named(ana):
    ana.post("accounts/", {"name": "Purse"})
    row = create(ana, account="Purse", category="Dining", tags=["b", "a"], notes="one")
    before = version_of(ana)
    sent = {
        "amount": "7", "description": "Bar Sol", "date": "2026-11-03", "category": "Groceries", "tags": ["c", "a"],
        "notes": "two", "merchant": "Sol", "payment_method": "card", "iban": "DE89370400440532013000", "mcc": "5812",
        "review": "needed", "is_excluded_from_budget": True, "currency": "USD",
    }  # fmt: skip
    body = send(ana, ROW | sent | {"account": "Purse"}, ROW | {"account": "Purse"})
    groceries = next(one["id"] for one in ana.get("categories/").json()["results"] if one["name"] == "Groceries")
    differences = [
        ("amount", "5.50", "7.00"),
        ("currency", "EUR", "USD"),
        ("date", "2026-11-02", "2026-11-03"),
        ("description", "Cafe Luna", "Bar Sol"),
        ("merchant", "", "Sol"),
        ("category", row["category"], groceries),
        ("tags", ["a", "b"], ["a", "c"]),
        ("payment_method", None, "card"),
        ("notes", "one", "two"),
        ("iban", "", "DE89370400440532013000"),
        ("mcc", "", "5812"),
        ("review", None, "needed"),
        ("is_excluded_from_budget", False, True),
    ]
    named = [{"field": name, "stored": old, "sent": new} for name, old, new in differences]
    assert body == NOTHING | {"duplicates": [{**row, "differences": named}, {**row, "differences": []}]}
    assert stored(ana, row) == row
    assert version_of(ana) == before


def test_update_takes_over_only_the_fields_that_are_sent(ana):
    row = create(ana, notes="one", tags=["a"], merchant="Luna")
    sent = {"external_id": "a", "amount": "7", "notes": "two"}
    body = update(ana, sent)
    (updated,) = body["updated"]
    assert body == NOTHING | {"updated": [updated]}
    expected = body_of_row(
        amount="7.00", date="2026-11-02", notes="two", tags=["a"], merchant="Luna", external_id="a"
    )  # fmt: skip
    assert settled(updated) == expected
    assert (updated["id"], stored(ana, row)) == (row["id"], updated)
    assert updated["version"] == version_of(ana) > row["version"]
    history = ana.get(f"transactions/{row['id']}/history/").json()["results"]
    assert [(event["action"], event["source"], event["username"], event["version"]) for event in history] == [
        ("changed", "user", "ana", updated["version"]), ("created", "user", "ana", None)
    ]  # fmt: skip
    assert history[0]["fields"] == [
        {"field": "notes", "old": "one", "new": "two"}, {"field": "amount", "old": "5.50", "new": "7.00"}
    ]  # fmt: skip
    before = version_of(ana)
    assert update(ana, sent) == NOTHING | {"duplicates": [{**updated, "differences": []}]}
    assert (version_of(ana), stored(ana, row)) == (before, updated)


def test_new_rows_and_wrong_ones_go_beside_updates(ana):
    row = create(ana)
    wrong = {"external_id": "a", "category": "Salary"}
    body = update(ana, {**ROW, "external_id": "b"}, wrong, {**ROW, "notes": "x"}, {"external_id": "c"})
    assert [one["external_id"] for one in body["created"]] == ["b"]
    assert [(one["id"], one["notes"]) for one in body["updated"]] == [(row["id"], "x")]
    misfit = "“Salary” is a category of kind income, which does not fit money out."
    required = {"code": "required", "detail": "This field is missing: send a value."}
    assert body["errors"] == [
        error(1, "category", "wrong_kind", misfit),
        {"index": 3, "errors": [{"attr": "amount", **required}, {"attr": "description", **required}]},
    ]


def test_the_second_of_two_rows_meets_the_first(ana):
    rows = [{**ROW, "notes": notes} for notes in ("one", "two", "two")]
    body = send(ana, *rows)
    (created,) = body["created"]
    differences = [{"field": "notes", "stored": "one", "sent": "two"}]
    assert body == NOTHING | {"created": [created], "duplicates": [{**created, "differences": differences}] * 2}
    Transaction.objects.all().delete()
    body = update(ana, *rows)
    (created,) = body["created"]
    assert created["notes"] == "two"
    assert body == {
        "created": [created], "updated": [created], "duplicates": [{**created, "differences": []}], "errors": []
    }  # fmt: skip


def test_a_category_of_an_update_is_the_users_own_choice(ana, model, run_tasks):
    model["Cafe"] = ("dining", 0.95)
    row = create(ana)
    run_tasks()
    row = stored(ana, row)
    assert row["categorization"]["suggestion"]["category_name"] == "Dining"
    had_said = "The link model had said Dining: The script says Dining."
    chosen = CHOSEN | {"explanation": f"You chose this category. {had_said}"}
    (updated,) = update(ana, {**ROW, "category": "Dining"})["updated"]
    assert updated["categorization"] == chosen
    assert update(ana, {**ROW, "category": "Dining"})["duplicates"][0]["differences"] == []
    (updated,) = update(ana, {**ROW, "category": "Groceries"})["updated"]
    assert (updated["category_name"], updated["categorization"]) == ("Groceries", chosen)
    (updated,) = update(ana, {**ROW, "category": None})["updated"]
    cleared = CLEARED | {"explanation": f"You took the category away. {had_said}"}
    assert (updated["category_name"], updated["categorization"]) == (None, cleared)


def test_what_a_row_leaves_blank_belongs_to_machines(ana, model, run_tasks):
    model["Cafe"] = ("dining", 0.95)
    rule = {
        "name": "Cafes",
        "conditions": [{"field": "raw_description", "op": "contains", "value": "cafe"}],
        "actions": [
            {"type": "set_merchant", "value": "Luna"}, {"type": "set_notes", "value": "by rule"},
            {"type": "set_description", "value": "Coffee"}, {"type": "add_tags", "value": ["coffee"]},
            {"type": "needs_review"}, {"type": "exclude_from_budget"},
        ],
    }  # fmt: skip
    assert ana.post("rules/", rule).status_code == 201
    sent = {
        **ROW, "merchant": "", "notes": "", "category": None, "tags": ["own"], "review": None,
        "is_excluded_from_budget": False,
    }  # fmt: skip
    (row,) = send(ana, sent)["created"]
    run_tasks()
    row = stored(ana, row)
    assert (row["merchant"], row["notes"], row["description"]) == ("Luna", "by rule", "Coffee")
    assert (row["tags"], row["review"]) == (["coffee", "own"], "needed")
    assert row["categorization"]["suggestion"]["category_name"] == "Dining"
    for known in (send(ana, sent), update(ana, sent)):
        assert known == NOTHING | {"duplicates": [{**row, "differences": []}]}
    (updated,) = update(ana, {**sent, "tags": ["new"], "notes": "mine"})["updated"]
    assert (updated["tags"], updated["notes"], updated["merchant"]) == (["coffee", "new"], "mine", "Luna")
    assert (updated["category_name"], updated["categorization"]) == (None, row["categorization"])
    (updated,) = update(ana, {**sent, "tags": []})["updated"]
    assert (updated["tags"], updated["notes"]) == (["coffee"], "")


def test_an_id_in_a_row_is_refused(ana):
    row = create(ana)
    detail = "A row is found by its `external_id`; leave `id` out, or PATCH the transaction of this id."
    refused = error(0, "id", "not_an_identity", detail)
    for body in (send(ana, row), update(ana, row), update(ana, {**ROW, "id": 1, "external_id": "b"})):
        assert body == NOTHING | {"errors": [refused]}
    assert ana.get("transactions/").json()["results"] == [row]


@pytest.mark.parametrize("choice", ["replace", None, 1, ["update"]])
def test_another_word_for_on_conflict_is_refused(ana, choice):
    answer = ana.post("transactions/bulk/", {"transactions": [ROW], "on_conflict": choice})
    assert_problem(answer, 400, ("on_conflict", "null" if choice is None else "invalid_choice"))
    assert ana.get("transactions/").json()["count"] == 0


def test_wrong_fields_beside_the_rows_are_named_with_what_was_meant(ana):
    answer = ana.post("transactions/bulk/", {"transactions": [ROW] * 1001, "on_conflict": "updates"})
    body = assert_problem(answer, 400, ("transactions", "max_length"), ("on_conflict", "invalid_choice"))
    assert [one["detail"] for one in body["errors"]] == [
        "1001 rows are too many; send at most 1000 at a time.",
        "There is no such choice; known are skip, update. Did you mean update?",
    ]
    assert ana.get("transactions/").json()["count"] == 0


def test_a_split_holds_its_fields_and_its_parts_are_compared(ana):
    parts = [{"amount": "2.00", "category": "Dining"}, {"amount": "3.50", "category": "Groceries"}]
    row = create(ana, parts=parts)
    for known in (send(ana, ROW | {"parts": parts}), update(ana, ROW | {"parts": parts})):
        assert known == NOTHING | {"duplicates": [{**row, "differences": []}]}
    other = [{"amount": "1.50", "category": "Dining"}, {"amount": "4.00", "category": "Groceries"}]
    (known,) = send(ana, ROW | {"parts": other})["duplicates"]
    ids = [part["category"] for part in ana.get(f"transactions/{row['id']}/split/").json()["parts"]]
    shown = [
        [{"amount": amount, "category": pk} for amount, pk in zip(amounts, ids, strict=True)]
        for amounts in (("2.00", "3.50"), ("1.50", "4.00"))
    ]
    assert known["differences"] == [{"field": "parts", "stored": shown[0], "sent": shown[1]}]
    body = update(ana, ROW | {"parts": other}, ROW | {"amount": "9"}, ROW | {"date": "2026-11-09"})
    held = "Its parts make up its amount; change the parts by split/, or take the split back first."
    assert body["errors"] == [
        error(0, "parts", "use_split", "Change the parts at split/."), error(1, None, "split", held)
    ]  # fmt: skip
    assert [one["date"] for one in body["updated"]] == ["2026-11-09"]
    split = ana.get(f"transactions/{row['id']}/split/").json()
    assert [part["date"] for part in split["parts"]] == ["2026-11-09"] * 2
    assert [part["amount"] for part in split["parts"]] == ["2.00", "3.50"]


def test_another_amount_takes_a_transfer_apart(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    going = ROW | {"account": "Giro", "amount": "50"}
    coming = ROW | {"account": "Purse", "amount": "50", "direction": "in"}
    first, second = send(ana, going, coming)["created"]
    assert first["transfer"] == second["transfer"] is not None
    assert [one["differences"] for one in update(ana, going, coming)["duplicates"]] == [[], []]
    (updated,) = update(ana, {**going, "amount": "51"}, coming)["updated"]
    assert (updated["transfer"], updated["kind"], updated["amount"]) == (None, "expense", "51.00")
    assert stored(ana, second)["transfer"] is None


@pytest.fixture
def halves(ana):
    """Return two rows that are halves of a transfer, as they were sent."""
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    going = ROW | {"account": "Giro", "amount": "50"}
    return going, {**ROW, "account": "Purse", "amount": "50", "direction": "in", "external_id": "b"}


def assert_as_stored(api, body):
    """Each row of the answer is shown as its own address shows it. Return these rows by their external ids."""
    for row in [*body["created"], *body["updated"], *body["duplicates"]]:
        assert {name: row[name] for name in row if name != "differences"} == stored(api, row)
    return {row["external_id"]: row for row in api.get("transactions/").json()["results"]}


def test_the_other_half_of_a_broken_transfer_is_shown_as_it_is_now(ana, halves):
    going, coming = halves
    first, second = send(ana, going, coming)["created"]
    body = update(ana, {**going, "amount": "51"}, coming)
    rows = assert_as_stored(ana, body)
    assert (rows["a"]["kind"], rows["b"]["kind"], rows["b"]["transfer"]) == ("expense", "income", None)
    assert rows["b"]["version"] > second["version"]
    assert (first["id"], second["id"]) == (rows["a"]["id"], rows["b"]["id"])
    assert body == NOTHING | {"updated": [rows["a"]], "duplicates": [{**rows["b"], "differences": []}]}


def test_a_second_edit_meets_the_other_half_of_a_broken_transfer(ana, halves):
    going, coming = halves
    send(ana, going, coming)
    body = update(ana, {**going, "amount": "51"}, coming, {**coming, "notes": "x", "category": "Salary"})
    rows = assert_as_stored(ana, body)
    assert body == NOTHING | {
        "updated": [rows["a"], rows["b"]], "duplicates": [{**rows["b"], "differences": []}]
    }  # fmt: skip
    shown = [rows["b"][name] for name in ("kind", "transfer", "category_name", "notes")]
    assert shown == ["income", None, "Salary", "x"]
    assert ana.get("transfers/").json()["results"] == []


@pytest.mark.parametrize("on_conflict", ["skip", "update"])
def test_a_known_row_that_a_new_one_makes_a_transfer_is_shown_as_one(ana, halves, on_conflict):
    going, coming = halves
    (known,) = send(ana, coming)["created"]
    assert (known["kind"], known["transfer"]) == ("income", None)
    body = send(ana, going, coming, on_conflict=on_conflict)
    rows = assert_as_stored(ana, body)
    assert rows["a"]["transfer"] == rows["b"]["transfer"] is not None
    assert (rows["b"]["id"], rows["b"]["kind"]) == (known["id"], "transfer")
    assert body == NOTHING | {"created": [rows["a"]], "duplicates": [{**rows["b"], "differences": []}]}


def test_the_sixth_row_of_one_external_id_is_refused(ana):
    ana.post("accounts/", {"name": "Purse"})
    rows = [{**ROW, "notes": str(i)} for i in range(7)]
    body = update(ana, *rows, {**ROW, "account": "Purse"}, {**ROW, "external_id": None})
    detail = "5 rows before it have this `external_id`; send this one in another request."
    created = sorted(ana.get("transactions/").json()["results"], key=lambda row: row["id"])
    assert body == NOTHING | {
        "created": created, "updated": [created[0]] * 4,
        "errors": [error(i, "external_id", "repeated_too_often", detail) for i in (5, 6)],
    }  # fmt: skip
    assert [(row["external_id"], row["account_name"], row["notes"]) for row in created] == [
        ("a", None, "4"), ("a", "Purse", ""), (None, None, "")
    ]  # fmt: skip
    assert [len(rows) for rows in send(ana, *rows).values()] == [0, 0, 7, 0]


def test_many_repeats_cost_no_more_queries_than_a_few(ana):
    def cost(n: int) -> int:
        sent = [{**ROW, "external_id": f"of {n}", "notes": str(i)} for i in range(n)]
        with CaptureQueriesContext(connection) as queries:
            body = ana.client.post("/api/v1/transactions/bulk/", {"transactions": sent, "on_conflict": "update"}).json()
        assert [len(rows) for rows in body.values()] == [1, 4, 0, n - 5]
        return len(queries)

    cost(6)
    assert cost(300) <= cost(10)


def test_a_closed_account_keeps_its_rows_open_to_updates(ana):
    ana.post("accounts/", {"name": "Purse"})
    row = create(ana, account="Purse")
    assert ana.patch(f"accounts/{row['account']}/", {"is_active": False}).status_code == 200
    body = update(ana, {**ROW, "account": "Purse", "notes": "x"}, {**ROW, "account": "Purse", "external_id": "b"})
    closed = "“Purse” is closed; open it again (is_active: true), or name another account."
    assert [one["notes"] for one in body["updated"]] == ["x"]
    assert body["errors"] == [error(1, "account", "closed", closed)]


def test_rows_outside_of_the_edit_window_are_errors_and_the_others_go_on(ana, settings):
    row = create(ana)
    create(ana, external_id="b")
    settings.EXPENSE_EDIT_WINDOW = timedelta(hours=72)
    Transaction.objects.filter(pk=row["id"]).update(created_at=timezone.now() - timedelta(hours=100))
    body = update(ana, {**ROW, "notes": "x"}, {**ROW, "external_id": "b", "notes": "x"}, ROW)
    assert [(one["index"], one["errors"][0]["code"]) for one in body["errors"]] == [(0, "edit_window_closed")]
    assert [one["external_id"] for one in body["updated"]] == ["b"]
    assert [one["id"] for one in body["duplicates"]] == [row["id"]]


def test_a_stranger_updates_rows_of_their_own(ana, ben):
    row = create(ana)
    body = update(ben, {**ROW, "notes": "x"})
    assert [len(body[name]) for name in ("created", "updated", "duplicates", "errors")] == [1, 0, 0, 0]
    assert stored(ana, row) == row


def test_rules_for_updates_follow(ana):
    rule = {
        "name": "Bars", "triggers": ["update"],
        "conditions": [{"field": "notes", "op": "contains", "value": "bar"}],
        "actions": [{"type": "set_category", "value": "Dining"}],
    }  # fmt: skip
    assert ana.post("rules/", rule).status_code == 201
    create(ana)
    (updated,) = update(ana, {**ROW, "notes": "a bar"})["updated"]
    assert (updated["category_name"], updated["categorization"]["source"]) == ("Dining", "rule")


def test_an_update_costs_the_same_queries_for_2_and_for_100_rows(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})

    def rows(n: int, **fields):
        plain = [{**ROW, "external_id": f"{i}", "tags": [f"tag {i % 20}"], "category": "Dining"} for i in range(n)]
        parts = [{"amount": "2"}, {"amount": "3.50"}]
        split = [{**ROW, "external_id": f"s{i}", "parts": parts} for i in range(n)]
        halves = [
            {**ROW, "amount": f"{100 + i}", "external_id": f"{account}{i}", "account": account, "direction": direction}
            for i in range(n)
            for account, direction in (("Giro", "out"), ("Purse", "in"))
        ]
        return [row | fields for row in plain + split + halves]

    def cost(n: int, *, day: str, tag: str) -> int:
        sent = rows(n, tags=[tag], date=day)
        with CaptureQueriesContext(connection) as queries:
            body = ana.client.post("/api/v1/transactions/bulk/", {"transactions": sent, "on_conflict": "update"}).json()
        assert (len(body["updated"]), body["errors"]) == (4 * n, [])
        return len([query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]])

    send(ana, *rows(100))
    assert ana.get("transfers/").json()["count"] == 100
    cost(2, day="2026-11-03", tag="x")
    cost(100, day="2026-11-04", tag="y")
    assert cost(100, day="2026-11-05", tag="z") <= cost(2, day="2026-11-06", tag="w") + 8


FIELDS = st.fixed_dictionaries(
    {"external_id": st.sampled_from(["a", "b", "c"])},
    optional={
        "amount": st.sampled_from(["5.50", "7", "0"]),
        "description": st.sampled_from(["Cafe Luna", "Bar Sol"]),
        "date": st.sampled_from(["2026-11-02", "2026-11-03"]),
        "direction": st.sampled_from(["in", "out"]),
        "kind": st.sampled_from(["expense", "income"]),
        "category": st.sampled_from(["Dining", "Salary", None]),
        "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "notes": st.sampled_from(["", "x", "y"]),
        "merchant": st.sampled_from(["", "Luna"]),
        "review": st.sampled_from([None, "needed", "done"]),
        "is_excluded_from_budget": st.booleans(),
    },
)
WHOLE = st.builds(lambda fields, row: row | fields, FIELDS, st.just({k: ROW[k] for k in ROW if k != "external_id"}))
MADE_UP = {"id", "version", "created_at", "updated_at"}


def contents(api):
    forget_counts()  # a rollback gives versions again
    rows = sorted(api.get("transactions/").json()["results"], key=lambda row: str(row["external_id"]))
    return [{name: value for name, value in row.items() if name not in MADE_UP} for row in rows]


@law(25)
@given(first=st.lists(WHOLE, max_size=3), second=st.lists(FIELDS, max_size=4))
def test_an_update_that_is_sent_again_changes_nothing(ana, first, second):
    with transaction.atomic():
        send(ana, *first)
        body = update(ana, *second)
        assert sum(len(rows) for rows in body.values()) == len(second)
        before, version, distinct = contents(ana), version_of(ana), len({row["external_id"] for row in second})
        again = update(ana, *second)
        if distinct == len(second):
            assert again["created"] == again["updated"] == []
            assert [row["differences"] for row in again["duplicates"]] == [[]] * len(again["duplicates"])
            assert version_of(ana) == version
            assert contents(ana) == before
        transaction.set_rollback(True)


@law(25)
@given(first=st.lists(WHOLE, max_size=2), second=st.lists(st.one_of(FIELDS, WHOLE), max_size=4))
def test_one_request_does_what_a_request_for_each_row_does(ana, ben, first, second):
    with transaction.atomic():
        for api in (ana, ben):
            send(api, *first)
        body, bodies = update(ana, *second), [update(ben, row) for row in second]
        for name in NOTHING:
            assert len(body[name]) == sum(len(one[name]) for one in bodies)
        assert contents(ana) == contents(ben)
        transaction.set_rollback(True)

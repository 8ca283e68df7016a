"""How long what was recorded can be edited, split or deleted, where the operator wants that to end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import ADMIN, give_role
from expenses.models import Transaction
from expenses.services.edits import check_edit_window
from expenses.services.ledger_lock import NotAllowed
from tests.api.bodies import CHOSEN, assert_problem
from tests.api.bulk import body_of, edit, record

pytestmark = pytest.mark.usefixtures("silent_chain")


@pytest.fixture
def rows(ana, settings):
    """An old row and a new one, in a ledger whose window is three days."""
    settings.EXPENSE_EDIT_WINDOW = timedelta(hours=72)
    old, new = record(ana, {}, {})
    Transaction.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(hours=100))
    return old, new


def test_an_old_row_is_neither_edited_nor_deleted(ana, rows):
    old, new = rows
    closed_at = timezone.now() - timedelta(hours=28)
    before = body_of(ana, old)
    for answer in (ana.patch(f"expenses/{old}/", {"notes": "x"}), ana.delete(f"transactions/{old}/")):
        body = assert_problem(answer, 403, (None, "edit_window_closed"))
        assert body["detail"].startswith("It was recorded more than 72 hours ago")
        assert f"since {closed_at:%Y-%m-%d}" in body["detail"]
        assert body["detail"].endswith(" UTC. The operator can change EXPENSE_EDIT_WINDOW_HOURS.")
    assert body_of(ana, old) == before
    assert ana.patch(f"expenses/{new}/", {"notes": "x"}).status_code == 200
    assert ana.delete(f"transactions/{new}/").status_code == 204


def test_an_admin_may_in_a_ledger_of_their_own(ana, rows):
    give_role(user=ana.user, role=ADMIN)
    assert ana.patch(f"transactions/{rows[0]}/", {"notes": "x"}).status_code == 200
    assert edit(ana, {"ids": list(rows)}, notes="y").json()["counts"]["changed"] == 2
    assert ana.delete(f"transactions/{rows[0]}/").status_code == 204


def test_without_a_window_everything_stays_open(ana, rows, settings):
    settings.EXPENSE_EDIT_WINDOW = timedelta(0)
    assert ana.patch(f"transactions/{rows[0]}/", {"notes": "x"}).status_code == 200


def test_bulk_runs_leave_closed_rows_alone_and_name_them(ana, rows):
    old, new = rows
    run = edit(ana, {"ids": [old, new]}, notes="x").json()
    assert run["counts"] == {"changed": 1, "unchanged": 0, "left_alone": 1}
    (error,) = ana.get(f"runs/{run['id']}/errors/").json()["results"]
    assert (error["transaction"], error["code"]) == (old, "edit_window_closed")
    run = ana.delete("transactions/bulk/", {"ids": [old, new]}).json()
    assert run["counts"] == {"deleted": 1, "left_alone": 1}


def test_saying_that_a_machine_was_right_is_no_edit(ana, rows, model, run_tasks):
    model["Bistro"] = ("dining", 0.5)
    (pk,) = record(ana, {"description": "Bistro"})
    run_tasks()
    Transaction.objects.filter(pk=pk).update(created_at=timezone.now() - timedelta(hours=100))
    assert ana.post(f"transactions/{pk}/confirm/").json()["category_name"] == "Dining"


def test_what_was_deleted_in_time_comes_back_later(ana, rows):
    _, new = rows
    ana.delete(f"transactions/{new}/")
    Transaction.everything.filter(pk=new).update(created_at=timezone.now() - timedelta(hours=100))
    assert ana.post(f"transactions/{new}/restore/").status_code == 200


def test_a_run_is_taken_back_whatever_the_window(ana, rows):
    _, new = rows
    run = edit(ana, {"ids": [new]}, notes="x").json()
    Transaction.objects.filter(pk=new).update(created_at=timezone.now() - timedelta(hours=100))
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    assert body_of(ana, new)["notes"] == ""


def test_a_part_is_as_old_as_its_whole(ana, rows):
    old, new = rows
    Transaction.objects.filter(pk=new).update(parent=old)
    assert_problem(ana.patch(f"transactions/{new}/", {"notes": "x"}), 403, (None, "edit_window_closed"))
    with pytest.raises(NotAllowed):
        check_edit_window([Transaction.objects.get(pk=new)], user=User.objects.get(username="ana"))


ASK_AN_ADMIN = "Ask an admin to do it."
ASK_THE_OPERATOR = "The operator can change EXPENSE_EDIT_WINDOW_HOURS."


@pytest.fixture
def ada(ben, settings):
    """An admin, whom the operator lets into other ledgers."""
    give_role(user=ben.user, role=ADMIN)
    settings.ADMIN_SEES_ALL = True
    return ben


def ways_out(api, pk):
    """How the refusals of an edit, a bulk edit and a bulk record end."""
    refused = assert_problem(api.patch(f"transactions/{pk}/", {"notes": "x"}), 403, (None, "edit_window_closed"))
    run = edit(api, {"ids": [pk]}, notes="x").json()
    (omission,) = api.get(f"runs/{run['id']}/errors/").json()["results"]
    assert (omission["code"], omission["detail"]) == ("edit_window_closed", refused["detail"])
    return refused["detail"].partition(" UTC. ")[2]


def test_the_refusal_names_who_can_help(ana, ben, rows, settings, join_ledger_of):
    old, _ = rows
    assert ways_out(ana, old) == ASK_THE_OPERATOR
    settings.ADMIN_SEES_ALL = True
    assert ways_out(ana, old) == ASK_THE_OPERATOR  # there is no admin
    give_role(user=ben.user, role=ADMIN)
    assert ways_out(ana, old) == ASK_AN_ADMIN
    User.objects.filter(pk=ben.user.pk).update(is_active=False)
    assert ways_out(ana, old) == ASK_THE_OPERATOR
    User.objects.filter(pk=ben.user.pk).update(is_active=True)
    settings.ADMIN_SEES_ALL = False
    assert ways_out(ana, old) == ASK_THE_OPERATOR
    for name, role, way_out in (("vera", "viewer", ASK_THE_OPERATOR), ("eva", "editor", ASK_AN_ADMIN)):
        give_role(user=join_ledger_of(ana, name, role).user, role=ADMIN)
        assert ways_out(ana, old) == way_out


def test_an_admin_edits_and_deletes_what_is_closed_in_another_ledger(ana, ada, rows):
    old, _ = rows
    before = ana.get(f"transactions/{old}/")
    categories = ana.get("categories/", {"page_size": 500}).json()["results"]
    groceries = next(one["id"] for one in categories if one["name"] == "Groceries")
    stale = {"headers": {"If-Match": '"1-999"'}}
    assert_problem(ada.patch(f"expenses/{old}/?as_user=ana", {"notes": "x"}, **stale), 412, (None, "changed_meanwhile"))
    current = {"headers": {"If-Match": before["ETag"], "Idempotency-Key": "k-1"}}
    answer = ada.patch(f"expenses/{old}/?as_user=ana", {"category": "Groceries"}, **current)
    assert answer.status_code == 200
    body = answer.json()
    changed = {
        "category": groceries, "category_name": "Groceries", "categorization": CHOSEN, "version": body["version"],
        "updated_at": body["updated_at"],
    }  # fmt: skip
    assert body == before.json() | changed == body_of(ana, old)
    assert body["version"] > before.json()["version"]
    again = ada.patch(f"expenses/{old}/?as_user=ana", {"category": "Groceries"}, **current)
    assert (again["Idempotency-Replayed"], again.json()) == ("true", body)
    assert ana.patch(f"expenses/{old}/", {"notes": "y"}, headers={"Idempotency-Key": "k-1"}).status_code == 403
    changed_by = [event["username"] for event in ana.get(f"transactions/{old}/history/").json()["results"]]
    assert changed_by == ["ben", "ana"]
    assert ada.delete(f"transactions/{old}/?as_user=ana").status_code == 204
    assert ana.get(f"transactions/{old}/").status_code == 404
    assert ada.post(f"transactions/{old}/restore/?as_user=ana").json() == body_of(ana, old)
    assert_problem(ada.patch(f"expenses/{old}/", {"notes": "x"}), 404, (None, "not_found"))


def test_an_admin_splits_and_edits_many_in_another_ledger(ana, ada, rows, run_tasks):
    old, new = rows
    parts = {"parts": [{"amount": "2.00", "category": "Dining"}, {"amount": "3.50", "category": "Groceries"}]}
    split = ada.put(f"transactions/{old}/split/?as_user=ana", parts)
    assert split.json() == ana.get(f"transactions/{old}/split/").json()
    assert ada.delete(f"transactions/{old}/split/?as_user=ana").json() == body_of(ana, old)
    order = {"ids": [old, new], "set": {"notes": "y", "category": "Dining"}}
    run = ada.patch("transactions/bulk/?as_user=ana", order).json()
    assert run["counts"] == {"changed": 2, "unchanged": 0, "left_alone": 0}
    assert ana.get(f"runs/{run['id']}/").json() == run
    assert [body_of(ana, pk)["notes"] for pk in rows] == ["y", "y"]
    run = ada.delete("transactions/bulk/?as_user=ana", {"ids": [old, new]}).json()
    assert run["counts"] == {"deleted": 2, "left_alone": 0}
    assert ana.get("transactions/").json()["count"] == 0
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    assert ana.get("transactions/").json()["count"] == 2


def test_an_admin_writes_nothing_else_in_another_ledger(ana, ada, rows):
    old, _ = rows
    before = body_of(ana, old)
    writes = [
        ("post", "transactions/", before), ("post", "expenses/", before), ("post", "transactions/bulk/", {}),
        ("post", f"transactions/{old}/confirm/", None), ("post", "accounts/", {"name": "Purse"}),
        ("post", "rules/", {}),
        ("post", "review/resolve/", {"ids": [old], "category": "Dining"}), ("post", "rates/", {}),
    ]  # fmt: skip
    for method, path, body in writes:
        assert_problem(ada.request(method, f"{path}?as_user=ana", body), 403, (None, "permission_denied"))
    assert body_of(ana, old) == before


def test_an_admin_writes_in_no_other_ledger_without_the_operators_word(ana, ada, rows, settings):
    settings.ADMIN_SEES_ALL = False
    old, _ = rows
    writes = [("patch", f"expenses/{old}/"), ("delete", f"transactions/{old}/"), ("patch", "transactions/bulk/")]
    for method, path in writes:
        assert_problem(ada.request(method, f"{path}?as_user=ana", {}), 403, (None, "as_user_refused"))
    assert body_of(ana, old)["notes"] == ""


def test_who_is_no_admin_edits_nothing_by_as_user(ana, ben, rows, settings):
    settings.ADMIN_SEES_ALL = True
    assert_problem(ben.patch(f"expenses/{rows[0]}/?as_user=ana", {"notes": "x"}), 403, (None, "as_user_refused"))

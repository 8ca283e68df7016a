"""How long what was recorded can be edited, split or deleted, where the operator wants that to end."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from expenses.models import Transaction
from expenses.services.edits import check_edit_window
from expenses.services.ledger_lock import NotAllowed
from tests.api.bodies import assert_problem
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
        assert body["detail"].endswith("Ask an admin to do it.")
    assert body_of(ana, old) == before
    assert ana.patch(f"expenses/{new}/", {"notes": "x"}).status_code == 200
    assert ana.delete(f"transactions/{new}/").status_code == 204


def test_an_admin_may(ana, rows):
    assert ana.user is not None
    ana.user.groups.add(Group.objects.get_or_create(name="Admin")[0])
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

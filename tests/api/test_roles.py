"""Roles are groups; an admin sees no more than others unless the operator says so, and then only looks."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import ADMIN, give_role, is_admin
from tests.api.bodies import assert_problem
from tests.conftest import Api, make_user

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna"}


def seed(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("seed_roles", *arguments, stdout=out)
    return out.getvalue().splitlines()


def roles() -> dict[str, list[str]]:
    return {user.username: sorted(g.name for g in user.groups.all()) for user in User.objects.all()}


@pytest.fixture
def ada(ben, settings) -> Api:
    """An admin, on a server that lets admins look."""
    settings.ADMIN_SEES_ALL = True
    user = make_user("ada")
    give_role(user=user, role=ADMIN)
    return Api(user)


@pytest.mark.django_db
def test_the_roles_are_there_whenever_there_is_a_database():
    assert sorted(Group.objects.values_list("name", flat=True)) == ["Admin", "User"]


def test_seeding_gives_everybody_a_role_and_may_be_repeated(ana, ben):
    first = seed("--admin", "ANA")
    assert first == ["The roles Admin and User are there; 2 users got the role User.", "ANA is an admin."]
    assert seed() == ["The roles Admin and User are there; 0 users got the role User."]
    seed("--admin", "ana")
    assert roles() == {"ana": ["Admin", "User"], "ben": ["User"]}
    assert ana.get("users/me/").json()["roles"] == ["Admin", "User"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(ana):
    Group.objects.all().delete()
    said = seed("--dry-run", "--admin", "ana")
    assert said == [
        "Would be done: The roles Admin and User are there; 1 users got the role User.",
        "Would be done: ana is an admin.",
    ]
    assert (roles(), Group.objects.count()) == ({"ana": []}, 0)


def test_an_admin_who_does_not_exist_is_refused_and_nothing_is_done(ana):
    with pytest.raises(CommandError, match="There is no user named zoe"):
        seed("--admin", "zoe")
    assert roles() == {"ana": []}


def test_registering_makes_a_user_even_where_the_group_was_deleted(anyone):
    Group.objects.all().delete()
    body = {"username": "carla", "email": "carla@example.org", "password": "blue-Tomato-99"}
    assert anyone.post("auth/register/", body).json()["user"]["roles"] == ["User"]


def test_whoever_sends_a_request_is_known_to_be_an_admin_without_asking(ada, ana):
    ada.get("users/me/")
    with CaptureQueriesContext(connection) as queries:
        ada.get("accounts/", {"as_user": "ana"})
        ada.get("accounts/")
    assert [q["sql"] for q in queries if "auth_group" in q["sql"]] == []
    assert ana.user is not None
    assert (is_admin(ada.user), is_admin(ana.user)) == (True, False)


def test_an_admin_looks_into_another_ledger_and_records_nothing(ana, ada):
    row = ana.post("expenses/", ROW).json()
    assert ada.get("expenses/").json()["count"] == 0
    assert ada.get("expenses/", {"as_user": "Ana"}).json()["results"] == [row]
    assert ada.get(f"expenses/{row['id']}/?as_user=ana").json() == row
    assert ada.get(f"expenses/{row['id']}/").status_code == 404
    writes = [
        ("post", "expenses/", ROW),
        ("post", f"expenses/{row['id']}/confirm/", {}),
        ("post", "rules/", {}),
        ("post", "imports/", {}),
    ]
    for method, path, body in writes:
        assert_problem(ada.request(method, f"{path}?as_user=ana", body), 403, (None, "permission_denied"))
    assert ana.get("expenses/").json()["results"] == [row]


def test_an_admin_who_looks_in_converts_with_the_persons_own_rates(ana, ada):
    ana.post("rates/", {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.5"})
    question = {"amount": "2", "from": "USD", "to": "CHF", "date": "2026-11-02", "as_user": "ana"}
    assert ada.get("rates/convert/", question).json()["amount"] == "1.00"


@pytest.mark.parametrize("name", ["zoe", "", "a\x00"])
def test_looking_into_nobodys_ledger_is_not_found(ada, name):
    assert_problem(ada.get(f"expenses/?as_user={name}"), 404, (None, "no_such_person"))


def test_who_is_no_admin_may_not_look(ana, ben, ada):
    ana.post("expenses/", ROW)
    for name in ("ana", "zoe"):
        body = assert_problem(ben.get("expenses/", {"as_user": name}), 403, (None, "as_user_refused"))
        assert "OUTLAY_ADMIN_SEES_ALL" in body["detail"]


def test_by_default_an_admin_may_not_look_either(ana, ada, settings):
    settings.ADMIN_SEES_ALL = False
    assert_problem(ada.get("expenses/", {"as_user": "ana"}), 403, (None, "as_user_refused"))


def test_who_is_no_admin_any_more_sees_nothing_at_once(ana, ada):
    assert ada.get("expenses/", {"as_user": "ana"}).status_code == 200
    ada.user.groups.clear()
    assert ada.get("expenses/", {"as_user": "ana"}).status_code == 403

"""A person's password, changed over HTTP or by the operator. Every token but the one in use is revoked."""

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import Scope, Token, User
from accounts.services.tokens import issue_token
from tests.api.bodies import assert_problem, with_key
from tests.conftest import Api

PASSWORD, NEW = "blue-Tomato-99", "green-Kettle-42"
ADDRESS = "users/me/password/"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}


def signed_in(anyone: Api, password: str, login: str = "ana") -> int:
    status: int = anyone.post("auth/login/", {"username": login, "password": password}).status_code
    return status


def test_a_new_password_replaces_the_old_one(ana, anyone):
    answer = ana.post(ADDRESS, CHANGE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [signed_in(anyone, password) for password in (PASSWORD, NEW)] == [400, 200]


def test_every_other_token_of_the_person_is_revoked_and_this_one_stays(ana, ben):
    phone, reader = Api(ana.user), Api(None)
    _, secret = issue_token(user=ana.user, name="Wall display", scope=Scope.READ)
    reader.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    everybody = (ana, phone, reader, ben)
    assert [api.get("users/me/").status_code for api in everybody] == [200] * 4  # a process has cached them now
    assert ana.post(ADDRESS, CHANGE).status_code == 204
    assert [api.get("users/me/").status_code for api in everybody] == [200, 401, 401, 200]
    assert ana.get("auth/tokens/").json()["count"] == 1


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({"new_password": NEW}, "current_password", "required"),
        ({"current_password": PASSWORD}, "new_password", "required"),
        (CHANGE | {"current_password": "not-hers-at-all"}, "current_password", "wrong_password"),
        (CHANGE | {"current_password": 7}, "current_password", "wrong_password"),
        (CHANGE | {"current_password": None}, "current_password", "null"),
        (CHANGE | {"current_password": f" {PASSWORD}"}, "current_password", "wrong_password"),
        (CHANGE | {"new_password": ""}, "new_password", "blank"),
        (CHANGE | {"new_password": "xk7-q"}, "new_password", "password_too_short"),
        (CHANGE | {"new_password": "ana@example"}, "new_password", "password_too_similar"),
        (CHANGE | {"new_password": "password123"}, "new_password", "password_too_common"),
        (CHANGE | {"new_password": "7395018264"}, "new_password", "password_entirely_numeric"),
        (CHANGE | {"new_password": PASSWORD}, "new_password", "unchanged"),
        (CHANGE | {"new_password": "x" * 1001}, "new_password", "max_length"),
        (CHANGE | {"password": PASSWORD}, "password", "unknown"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(ana, anyone, body, attr, code):
    phone = Api(ana.user)
    assert_problem(ana.post(ADDRESS, body), 400, (attr, code))
    assert phone.get("users/me/").status_code == 200
    assert signed_in(anyone, PASSWORD) == 200


def test_wrong_guesses_count_and_lock_the_name(ana, anyone, settings):
    settings.LOCKOUT_AFTER = 3
    wrong = CHANGE | {"current_password": "not-hers-at-all"}
    for _ in range(3):
        assert_problem(ana.post(ADDRESS, wrong), 400, ("current_password", "wrong_password"))
    locked = ana.post(ADDRESS, CHANGE)
    assert_problem(locked, 429, (None, "locked_out"))
    assert int(locked["Retry-After"]) > 0
    assert signed_in(anyone, PASSWORD) == 429
    assert ana.get("users/me/").status_code == 200


def test_the_rate_of_signing_in_holds(ana, settings, monkeypatch):
    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "login", "2/minute")
    wrong = CHANGE | {"new_password": "xk7-q"}
    statuses = [ana.post(ADDRESS, wrong).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_a_read_token_and_a_stranger_change_nothing(ana, anyone, ben):
    _, secret = issue_token(user=ana.user, scope=Scope.READ)
    reader = Api(None)
    reader.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert_problem(reader.post(ADDRESS, CHANGE), 403, (None, "read_only_token"))
    assert_problem(anyone.post(ADDRESS, CHANGE), 401, (None, "not_authenticated"))
    assert ben.post(ADDRESS, CHANGE).status_code == 204  # his own
    assert [signed_in(anyone, PASSWORD, "ana"), signed_in(anyone, NEW, "ben")] == [200, 200]


def test_a_repeat_is_refused_whatever_its_key(ana):
    assert ana.post(ADDRESS, CHANGE, **with_key()).status_code == 204
    repeat = ana.post(ADDRESS, CHANGE, **with_key())
    assert_problem(repeat, 400, ("current_password", "wrong_password"))
    assert "Idempotency-Replayed" not in repeat
    assert not ana.user.stored_answers.exists()


def test_a_wrong_guess_with_a_key_counts_too(ana, settings):
    settings.LOCKOUT_AFTER = 1
    wrong = CHANGE | {"current_password": "not-hers-at-all"}
    assert ana.post(ADDRESS, wrong, **with_key()).status_code == 400
    assert_problem(ana.post(ADDRESS, CHANGE, **with_key()), 429, (None, "locked_out"))


def test_a_password_that_the_operator_changes_revokes_every_token(ana, ben, anyone, monkeypatch):
    phone = Api(ana.user)
    assert [api.get("users/me/").status_code for api in (ana, phone, ben)] == [200] * 3
    monkeypatch.setattr("getpass.getpass", lambda **_: NEW)
    call_command("changepassword", "ana", verbosity=0)
    assert [api.get("users/me/").status_code for api in (ana, phone, ben)] == [401, 401, 200]
    assert signed_in(anyone, NEW) == 200


def test_a_hash_that_is_made_anew_at_sign_in_revokes_no_token(ana, anyone, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    User.objects.filter(pk=ana.user.pk).update(password=make_password(PASSWORD, hasher="md5"))
    assert signed_in(anyone, PASSWORD) == 200
    assert User.objects.get(pk=ana.user.pk).password.startswith("pbkdf2_")
    assert ana.get("users/me/").status_code == 200


def test_no_token_is_issued_to_who_gave_the_password_before_it_changed(ana):
    before = User.objects.get(pk=ana.user.pk)
    assert ana.post(ADDRESS, CHANGE).status_code == 204
    with pytest.raises(AuthenticationFailed, match="sign in with the new one"):
        issue_token(user=before)
    assert Token.objects.filter(user=before).count() == 1

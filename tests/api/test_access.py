"""Signing up, in and out, and the person's own page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Token, User
from tests.api.bodies import assert_problem
from tests.conftest import Api

PASSWORD = "blue-Tomato-99"
PREFERENCES = {"base_currency": "EUR", "time_zone": "UTC", "locale": "en", "week_start": 1, "month_start": 1}


def register(anyone: Api, **changes: str):
    fields = {"username": "carla", "email": "carla@example.org", "password": PASSWORD}
    return anyone.post("auth/register/", fields | changes)


def signed_in_as(key: str) -> Api:
    api = Api(None)
    api.client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return api


def test_registering_answers_the_user_and_a_first_token(anyone):
    answer = register(anyone)
    assert answer.status_code == 201
    body = answer.json()
    token, expiry, number = body.pop("token"), datetime.fromisoformat(body.pop("expiry")), body["user"].pop("id")
    me = {"username": "carla", "email": "carla@example.org", "preferences": PREFERENCES, "roles": ["User"]}
    assert body == {"user": me}
    assert timedelta(days=29) < expiry - datetime.now(UTC) <= timedelta(days=30)
    assert signed_in_as(token).get("users/me/").json() == {"id": number, **me}


@pytest.mark.parametrize("login", [{"username": "ana"}, {"username": "ANA"}, {"email": "Ana@Example.org"},
                                   {"username": "ana@example.org"}, {"email": "ana"}])  # fmt: skip
def test_login_takes_username_or_email_in_any_case(ana, anyone, login):
    answer = anyone.post("auth/login/", {**login, "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json()) == {"user", "token", "expiry"}
    assert answer.json()["user"] == ana.get("users/me/").json()
    assert signed_in_as(answer.json()["token"]).get("users/me/").json()["username"] == "ana"


def test_login_does_not_say_which_part_was_wrong(ana, anyone):
    wrong_password = anyone.post("auth/login/", {"username": "ana", "password": "not-hers-at-all"})
    unknown_name = anyone.post("auth/login/", {"username": "nobody", "password": PASSWORD})
    assert_problem(wrong_password, 400, (None, "authorization"))
    assert wrong_password.json() == unknown_name.json()


def test_an_inactive_person_gets_the_same_answer_as_a_stranger(ana, anyone):
    User.objects.filter(username="ana").update(is_active=False)
    assert_problem(anyone.post("auth/login/", {"username": "ana", "password": PASSWORD}), 400, (None, "authorization"))
    assert_problem(ana.get("users/me/"), 401, (None, "authentication_failed"))


@pytest.mark.parametrize(
    ("body", "attr"),
    [({"password": PASSWORD}, "username"), ({"username": "ana"}, "password"), ({}, "password")],
)
def test_login_names_the_missing_part(anyone, body, attr):
    assert_problem(anyone.post("auth/login/", body), 400, (attr, "required"))


def test_logout_forgets_this_token_and_keeps_the_others(ana):
    other = Api(ana.user)
    answer = ana.post("auth/logout/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert ana.get("users/me/").status_code == 401
    assert other.get("users/me/").status_code == 200


def test_logoutall_forgets_every_token_of_the_person_alone(ana, ben):
    other = Api(ana.user)
    assert ana.post("auth/logoutall/").status_code == 204
    assert [api.get("users/me/").status_code for api in (ana, other, ben)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("changes", "attr", "code"),
    [
        ({"username": "ana"}, "username", "unique"),
        ({"username": "ANA"}, "username", "unique"),
        ({"email": "ana@example.org"}, "email", "unique"),
        ({"email": "ANA@EXAMPLE.ORG"}, "email", "unique"),
        ({"email": "no address"}, "email", "invalid"),
        ({"username": "ana@example.org"}, "username", "invalid"),
        ({"username": "with blank"}, "username", "invalid"),
        ({"username": ""}, "username", "blank"),
        ({"username": "a" * 151}, "username", "max_length"),
        ({"username": "\uff41na"}, "username", "invalid"),  # a wide “a”, which Django would fold into a plain one
        ({"username": "\ufdfa" * 20}, "username", "invalid"),  # one letter that folds into eighteen
        ({"password": "xk7-q"}, "password", "password_too_short"),
        ({"password": "carla-example"}, "password", "password_too_similar"),
        ({"password": "password123"}, "password", "password_too_common"),
        ({"password": "7395018264"}, "password", "password_entirely_numeric"),
        ({"password": "a\x00bcdefghijkl"}, "password", "null_characters_not_allowed"),
    ],
)
def test_registering_names_the_wrong_field(ana, anyone, changes, attr, code):
    people = User.objects.count()
    assert_problem(register(anyone, **changes), 400, (attr, code))
    assert User.objects.count() == people


def test_an_address_is_taken_in_whatever_way_its_domain_is_written(anyone):
    assert register(anyone, email="carla@b\xfccher.example").status_code == 201
    again = register(anyone, username="carla2", email="carla@B\xdcCHER.example")
    assert_problem(again, 400, ("email", "unique"))


def test_closed_registration_is_refused_with_its_reason(anyone, settings):
    settings.REGISTRATION_OPEN = False
    body = assert_problem(register(anyone), 403, (None, "registration_closed"))
    assert body["detail"] == "Registration is closed on this server."
    assert not User.objects.exists()


def test_neither_password_nor_token_is_stored_readable(anyone):
    token = register(anyone).json()["token"]
    stored = Token.objects.get()
    assert token not in {stored.digest, stored.token_key}
    assert len(stored.digest) >= 64
    password = User.objects.get().password
    assert PASSWORD not in password
    assert password.count("$") >= 2


def test_an_expired_token_is_refused(ana):
    Token.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    answer = ana.get("expenses/")
    assert_problem(answer, 401, (None, "authentication_failed"))
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Token 0123456789abcdef", "authentication_failed"),
        ("Token", "authentication_failed"),
        ("Token two parts", "authentication_failed"),
        ("Token \xff\xfe", "authentication_failed"),
        ("Token " + "z" * 5000, "authentication_failed"),
        ("Bearer 0123456789abcdef", "not_authenticated"),
        ("\xff", "not_authenticated"),
        ("", "not_authenticated"),
    ],
)
def test_a_garbage_token_is_refused(anyone, header, code):
    answer = anyone.get("expenses/", HTTP_AUTHORIZATION=header)
    assert_problem(answer, 401, (None, code))
    assert answer["WWW-Authenticate"] == "Token"


def test_a_token_with_one_letter_changed_is_refused(anyone):
    token = register(anyone).json()["token"]
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert signed_in_as(changed).get("users/me/").status_code == 401
    assert signed_in_as(changed + "zz").get("users/me/").status_code == 401


def test_preferences_are_changed_one_at_a_time(ana, ben):
    answer = ana.patch("users/me/", {"preferences": {"time_zone": "Europe/Berlin", "base_currency": "chf"}})
    assert answer.status_code == 200
    preferences = {**PREFERENCES, "time_zone": "Europe/Berlin", "base_currency": "CHF"}
    assert answer.json()["preferences"] == preferences
    assert ana.get("users/me/").json()["preferences"] == preferences
    assert ben.get("users/me/").json()["preferences"] == PREFERENCES


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("base_currency", "chf", "CHF"),
        ("time_zone", "Pacific/Chatham", "Pacific/Chatham"),
        ("locale", "de_AT", "de-AT"),
        ("locale", "zh_hant_tw", "zh-Hant-TW"),
        ("week_start", 1, 1),
        ("week_start", 7, 7),
        ("month_start", 1, 1),
        ("month_start", 28, 28),
    ],
)
def test_a_preference_is_kept_in_one_spelling(ana, name, value, kept):
    answer = ana.patch("users/me/", {"preferences": {name: value}})
    assert answer.json()["preferences"] == PREFERENCES | {name: kept}
    assert ana.get("users/me/").json() == answer.json()


def test_the_email_address_can_be_changed_and_the_username_cannot(ana, ben):
    refused = ana.patch("users/me/", {"email": "New@Example.ORG", "username": "queen", "roles": ["Admin"]})
    assert_problem(refused, 400, ("roles", "read_only"), ("username", "read_only"))
    assert ana.get("users/me/").json()["email"] == "ana@example.org"
    answer = ana.patch("users/me/", {"email": "New@Example.ORG", "username": "ana", "roles": []})
    assert answer.status_code == 200
    assert (answer.json()["username"], answer.json()["email"]) == ("ana", "New@example.org")
    assert answer.json()["roles"] == []
    assert_problem(ana.patch("users/me/", {"email": "BEN@example.org"}), 400, ("email", "unique"))
    assert ana.patch("users/me/", {"email": "new@example.org"}).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("base_currency", "XXQ", "unknown_currency"),
        ("base_currency", "", "blank"),
        ("base_currency", "XXX", "unknown_currency"),
        ("base_currency", None, "null"),
        ("time_zone", "Berlin", "unknown_time_zone"),
        ("time_zone", "../../etc/passwd", "unknown_time_zone"),
        ("time_zone", "europe/berlin", "unknown_time_zone"),
        ("time_zone", "localtime", "unknown_time_zone"),
        ("time_zone", "x" * 65, "max_length"),
        ("locale", "xx-YY-zz", "unknown_locale"),
        ("locale", "root", "unknown_locale"),
        ("locale", "", "blank"),
        ("week_start", 0, "min_value"),
        ("week_start", 8, "max_value"),
        ("week_start", 1.5, "invalid"),
        ("week_start", True, "invalid"),
        ("month_start", 0, "min_value"),
        ("month_start", 29, "max_value"),
        ("month_start", "first", "invalid"),
    ],
)
def test_a_wrong_preference_is_named_and_none_is_changed(ana, name, value, code):
    answer = ana.patch("users/me/", {"preferences": {"locale": "de", "month_start": 5, name: value}})
    assert_problem(answer, 400, (f"preferences.{name}", code))
    assert ana.get("users/me/").json()["preferences"] == PREFERENCES


def test_users_me_cannot_be_replaced(ana):
    assert_problem(ana.put("users/me/", {}), 405, (None, "method_not_allowed"))

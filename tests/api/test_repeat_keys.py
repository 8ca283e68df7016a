"""What a key may be, whose it is, and how long it is kept."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import StoredAnswer
from accounts.services.stored_answers import KeyInUse, claim_key, free_key
from expenses.models import Ledger
from tests import queued
from tests.api.bodies import assert_problem, with_key

pytestmark = pytest.mark.usefixtures("silent_chain")

HEADER = "Idempotency-Key"
ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
IN_USE = "A request with this key is being worked on; send it again in a moment to get its answer."
REUSED = (
    "This key came with another request before. Send the same request as then to get its answer, or a new key "
    "with a new request."
)


def versions() -> list[int]:
    return list(Ledger.objects.order_by("id").values_list("version", flat=True))


def test_a_key_with_another_request_is_refused(ana):
    ana.post("transactions/", ROW, **with_key())
    before = versions()
    others = [
        ana.post("transactions/", ROW | {"amount": "6"}, **with_key()),
        ana.post("transactions/?x=1", ROW, **with_key()),
        ana.post("expenses/", ROW, **with_key()),
        ana.put("transactions/", ROW, **with_key()),
    ]
    for answer in others:
        assert assert_problem(answer, 422, (HEADER, "key_reused"))["detail"] == f"{HEADER}: {REUSED}"
    assert (ana.get("transactions/").json()["count"], versions()) == (1, before)


def test_a_key_in_quotes_is_the_key_within(ana):
    assert ana.post("transactions/", ROW, **with_key('"k-1"')).status_code == 201
    assert ana.post("transactions/", ROW, **with_key("k-1")).status_code == 200


@pytest.mark.parametrize("text", ["", '""', "a b", "ü", "x" * 256, "a\tb", "\x7f"], ids=ascii)
def test_a_key_is_visible_ascii_of_at_most_255_characters(ana, text):
    assert_problem(ana.post("transactions/", ROW, **with_key(text)), 400, (HEADER, "invalid"))
    assert ana.get("transactions/").json()["count"] == 0


@pytest.mark.parametrize("text", ["x", "x" * 255, "!~", '"'])
def test_any_other_key_will_do(ana, text):
    assert [ana.post("transactions/", ROW, **with_key(text)).status_code for _ in range(2)] == [201, 200]


def test_the_keys_of_two_people_never_meet(ana, ben):
    first = ana.post("transactions/", ROW, **with_key()).json()
    other = ben.post("transactions/", ROW, **with_key())
    assert (other.status_code, "Idempotency-Replayed" in other) == (201, False)
    assert other.json()["id"] != first["id"]
    assert ben.post("transactions/", ROW, **with_key()).json() == other.json()


def test_without_a_valid_token_nothing_is_told_or_kept(ana, anyone):
    ana.post("transactions/", ROW, **with_key())
    assert_problem(anyone.post("transactions/", ROW, **with_key()), 401, (None, "not_authenticated"))
    anyone.client.credentials(HTTP_AUTHORIZATION="Token nonsense")
    assert_problem(anyone.post("transactions/", ROW, **with_key("other")), 401, (None, "authentication_failed"))
    assert StoredAnswer.objects.count() == 1


def test_a_refused_request_may_be_mended_under_its_key(ana):
    wrong = ana.post("transactions/", ROW | {"amount": "0"}, **with_key())
    assert_problem(wrong, 400, ("amount", "min_value"))
    assert not StoredAnswer.objects.exists()
    assert ana.post("transactions/", ROW, **with_key()).status_code == 201


def test_tokens_are_never_kept(ana, anyone):
    body = {"username": "ana", "password": "blue-Tomato-99"}
    tokens = {anyone.post("auth/login/", body, **with_key()).json()["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert ana.post("auth/logout/", **with_key()).status_code == 204
    assert not StoredAnswer.objects.exists()


def test_reading_takes_no_key(ana):
    assert ana.get("transactions/", **with_key()).status_code == 200
    assert not StoredAnswer.objects.exists()


def test_a_key_is_free_again_after_a_day(ana):
    ana.post("transactions/", ROW, **with_key())
    age_by(timedelta(hours=23, minutes=59))
    assert ana.post("transactions/", ROW, **with_key()).status_code == 200
    age_by(timedelta(minutes=2))
    assert ana.post("transactions/", ROW | {"amount": "6"}, **with_key()).status_code == 201
    assert StoredAnswer.objects.count() == 1


def test_what_is_kept_no_longer_goes_with_the_next_key(ana, ben):
    for api in (ana, ben):
        api.post("transactions/", ROW, **with_key("old"))
    age_by(timedelta(hours=25))
    ana.post("transactions/", ROW, **with_key("new"))
    assert set(StoredAnswer.objects.values_list("user__username", "key")) == {("ana", "new"), ("ben", "old")}


def test_the_command_removes_what_is_kept_no_longer(ana):
    ana.post("transactions/", ROW, **with_key("old"))
    age_by(timedelta(hours=25))
    ana.client.credentials(HTTP_AUTHORIZATION="")
    StoredAnswer.objects.create(user=ana.user, key="new", fingerprint="", claim="0" * 32)
    said = StringIO()
    call_command("tidy", dry_run=True, stdout=said)
    assert StoredAnswer.objects.count() == 2
    call_command("tidy", stdout=said)
    call_command("tidy", stdout=said)
    assert [line for line in said.getvalue().splitlines() if "answers" in line] == [
        "1 answers kept for repeats would be removed.",
        "1 answers kept for repeats removed.",
        "0 answers kept for repeats removed.",
    ]
    assert StoredAnswer.objects.get().key == "new"


def age_by(time: timedelta) -> None:
    for row in StoredAnswer.objects.all():
        row.claimed_at -= time
        row.save()


def test_while_the_first_is_worked_on_a_repeat_is_told_to_wait(ana):
    ana.post("transactions/", ROW, **with_key())
    StoredAnswer.objects.update(status=None, claimed_at=timezone.now() - timedelta(seconds=59))
    answer = ana.post("transactions/", ROW, **with_key())
    assert assert_problem(answer, 409, (HEADER, "key_in_use"))["detail"] == f"{HEADER}: {IN_USE}"
    assert answer["Retry-After"] == "1"
    assert_problem(ana.post("transactions/", ROW | {"amount": "6"}, **with_key()), 422, (HEADER, "key_reused"))


def test_a_key_whose_process_died_is_taken_over(ana):
    StoredAnswer.objects.create(
        user=ana.user, key="k-1", fingerprint="", claim="0" * 32, claimed_at=timezone.now() - timedelta(seconds=61)
    )
    assert [ana.post("transactions/", ROW, **with_key()).status_code for _ in range(2)] == [201, 200]


def test_who_was_taken_for_dead_does_nothing(ana):
    def lose_the_claim(execute, sql, *rest):
        if sql.startswith("SELECT") and '"accounts_storedanswer"."status" IS NULL' in sql:
            StoredAnswer.objects.update(claim=uuid.uuid4())
        return execute(sql, *rest)

    with connection.execute_wrapper(lose_the_claim):
        answer = ana.post("transactions/", ROW, **with_key())
    assert_problem(answer, 409, (HEADER, "key_in_use"))
    assert ana.get("transactions/").json()["count"] == 0


def test_the_first_does_not_give_back_what_another_took_over(ana):
    claim = {"by": ana.user, "key": "k-1", "fingerprint": "f"}
    first = claim_key(**claim)
    age_by(timedelta(seconds=61))
    second = claim_key(**claim)
    free_key(answer=first)
    assert StoredAnswer.objects.get() == second
    with pytest.raises(KeyInUse):
        claim_key(**claim)


def test_a_worker_that_starts_removes_what_is_kept_no_longer(ana, monkeypatch):
    monkeypatch.setattr(queued.WORKER_LOOP, lambda *_, **__: None)
    monkeypatch.setattr("config.management.commands.work.keep_watch", lambda: None)
    ana.post("transactions/", ROW, **with_key())
    age_by(timedelta(hours=25))
    call_command("work")
    assert not StoredAnswer.objects.exists()

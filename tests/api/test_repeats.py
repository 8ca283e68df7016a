"""A request that is sent again with its Idempotency-Key gets the first answer, and changes nothing."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import StoredAnswer, User
from config.idempotency import IdempotencyMiddleware
from expenses.models import Ledger, Transaction
from statements.models import Import
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

HEADER = "Idempotency-Key"
ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
STATEMENT = b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n"
IN_USE = "A request with this key is being worked on; send it again in a moment to get its answer."
REUSED = (
    "This key came with another request before. Send the same request as then to get its answer, or a new key "
    "with a new request."
)


def key(text: str = "k-1") -> dict[str, Any]:
    return {"headers": {HEADER: text}}


def versions() -> list[int]:
    return list(Ledger.objects.order_by("id").values_list("version", flat=True))


def test_a_repeated_create_answers_200_with_the_first_body(ana):
    first = ana.post("transactions/", ROW, **key())
    assert (first.status_code, "Idempotency-Replayed" in first) == (201, False)
    before = versions()
    again = ana.post("transactions/", ROW, **key())
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])
    assert ana.get("transactions/").json()["count"] == 1
    assert versions() == before


def test_the_first_answer_stays_though_the_row_changed_since(ana):
    first = ana.post("transactions/", ROW, **key()).json()
    ana.patch(f"transactions/{first['id']}/", {"notes": "lunch"})
    assert ana.post("transactions/", ROW, **key()).json() == first


def test_other_answers_keep_their_status(ana):
    row = ana.post("transactions/", ROW).json()
    address = f"transactions/{row['id']}/"
    changed = ana.patch(address, {"notes": "x"}, **key("a"))
    ana.patch(address, {"notes": "y"})
    again = ana.patch(address, {"notes": "x"}, **key("a"))
    assert (again.status_code, again.json()) == (200, changed.json())
    assert ana.get(address).json()["notes"] == "y"
    gone = [ana.delete(address, **key("b")) for _ in range(2)]
    assert [(answer.status_code, answer.content, answer.get("Content-Type")) for answer in gone] == [
        (204, b"", None),
        (204, b"", None),
    ]
    assert "Idempotency-Replayed" in gone[1]


def test_a_repeated_bulk_records_its_rows_once(ana):
    first, again = (ana.post("transactions/bulk/", {"transactions": [ROW, ROW]}, **key()) for _ in range(2))
    assert (again.status_code, again.json()) == (200, first.json())
    assert ana.get("transactions/").json()["count"] == 2


def upload(api, content=STATEMENT, name="one.csv", **fields):
    file = SimpleUploadedFile(name, content, "text/csv")
    return api.post("imports/", {"file": file, "account": "Checking", **fields}, format="multipart", **key())


@pytest.mark.parametrize("n_rows", [1, 50_000], ids=["in memory", "in a file"])
def test_a_form_is_the_same_whatever_stands_between_its_fields(ana, settings, tmp_path, monkeypatch, n_rows):
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Checking"})
    content = STATEMENT + STATEMENT.splitlines(keepends=True)[1] * (n_rows - 1)
    first = upload(ana, content)
    monkeypatch.setattr("rest_framework.renderers.MultiPartRenderer.BOUNDARY", "another")
    monkeypatch.setattr(
        "rest_framework.renderers.MultiPartRenderer.media_type", "multipart/form-data; boundary=another"
    )
    again = upload(ana, content)
    assert again.wsgi_request.content_params["boundary"] == "another" != first.wsgi_request.content_params["boundary"]
    assert again.json() == first.json()
    assert (first.status_code, again.status_code) == ((201, 200) if n_rows == 1 else (202, 202))
    assert Import.objects.count() == len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


@pytest.mark.parametrize(
    "other", [{"content": STATEMENT + b"x"}, {"name": "two.csv"}, {"account": "Cash"}, {"commit": "true"}], ids=str
)
def test_a_form_with_another_field_or_file_is_another_request(ana, settings, tmp_path, other):
    settings.MEDIA_ROOT = tmp_path
    ana.post("accounts/", {"name": "Checking"})
    assert upload(ana).status_code == 201
    assert_problem(upload(ana, **other), 422, (HEADER, "key_reused"))


def test_a_key_with_another_request_is_refused(ana):
    ana.post("transactions/", ROW, **key())
    before = versions()
    others = [
        ana.post("transactions/", ROW | {"amount": "6"}, **key()),
        ana.post("transactions/?x=1", ROW, **key()),
        ana.post("expenses/", ROW, **key()),
        ana.put("transactions/", ROW, **key()),
    ]
    for answer in others:
        assert assert_problem(answer, 422, (HEADER, "key_reused"))["detail"] == REUSED
    assert (ana.get("transactions/").json()["count"], versions()) == (1, before)


def test_a_key_in_quotes_is_the_key_within(ana):
    assert ana.post("transactions/", ROW, **key('"k-1"')).status_code == 201
    assert ana.post("transactions/", ROW, **key("k-1")).status_code == 200


@pytest.mark.parametrize("text", ["", '""', "a b", "ü", "x" * 256, "a\tb", "\x7f"], ids=ascii)
def test_a_key_is_visible_ascii_of_at_most_255_characters(ana, text):
    assert_problem(ana.post("transactions/", ROW, **key(text)), 400, (HEADER, "invalid"))
    assert ana.get("transactions/").json()["count"] == 0


@pytest.mark.parametrize("text", ["x", "x" * 255, "!~", '"'])
def test_any_other_key_will_do(ana, text):
    assert [ana.post("transactions/", ROW, **key(text)).status_code for _ in range(2)] == [201, 200]


def test_the_keys_of_two_people_never_meet(ana, ben):
    first = ana.post("transactions/", ROW, **key()).json()
    other = ben.post("transactions/", ROW, **key())
    assert (other.status_code, "Idempotency-Replayed" in other) == (201, False)
    assert other.json()["id"] != first["id"]
    assert ben.post("transactions/", ROW, **key()).json() == other.json()


def test_without_a_valid_token_nothing_is_told_or_kept(ana, anyone):
    ana.post("transactions/", ROW, **key())
    assert_problem(anyone.post("transactions/", ROW, **key()), 401, (None, "not_authenticated"))
    anyone.client.credentials(HTTP_AUTHORIZATION="Token nonsense")
    assert_problem(anyone.post("transactions/", ROW, **key("other")), 401, (None, "authentication_failed"))
    assert StoredAnswer.objects.count() == 1


def test_a_refused_request_may_be_mended_under_its_key(ana):
    wrong = ana.post("transactions/", ROW | {"amount": "0"}, **key())
    assert_problem(wrong, 400, ("amount", "min_value"))
    assert not StoredAnswer.objects.exists()
    assert ana.post("transactions/", ROW, **key()).status_code == 201


def test_errors_name_what_they_name_without_a_key(ana):
    for kwargs in ({"content_type": "multipart/form-data"}, {"content_type": "text/plain"}):
        plain = ana.post("imports/", b"--x", **kwargs)
        keyed = ana.post("imports/", b"--x", **kwargs, **key())
        assert (keyed.status_code, keyed.json()) == (plain.status_code, plain.json())
        plain = ana.post("transactions/", b"--x", **kwargs)
        assert ana.post("transactions/", b"--x", **kwargs, **key()).json() == plain.json()
    form = {"a": "b"}
    assert_problem(
        ana.post("transactions/bulk/", form, format="multipart", **key()), 415, (None, "unsupported_media_type")
    )


def test_a_body_that_is_too_large_is_refused_as_ever(ana, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    row = ROW | {"notes": "x" * 100}
    plain, keyed = ana.post("transactions/", row), ana.post("transactions/", row, **key())
    assert assert_problem(keyed, 413, (None, "body_too_large")) == plain.json()


def test_tokens_are_never_kept(ana, anyone):
    body = {"username": "ana", "password": "blue-Tomato-99"}
    tokens = {anyone.post("auth/login/", body, **key()).json()["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert ana.post("auth/logout/", **key()).status_code == 204
    assert not StoredAnswer.objects.exists()


def test_reading_takes_no_key(ana):
    assert ana.get("transactions/", **key()).status_code == 200
    assert not StoredAnswer.objects.exists()


def test_a_key_is_free_again_after_a_day(ana):
    ana.post("transactions/", ROW, **key())
    age_by(timedelta(hours=23, minutes=59))
    assert ana.post("transactions/", ROW, **key()).status_code == 200
    age_by(timedelta(minutes=2))
    assert ana.post("transactions/", ROW | {"amount": "6"}, **key()).status_code == 201
    assert StoredAnswer.objects.count() == 1


def test_what_is_kept_no_longer_goes_with_the_next_key(ana, ben):
    for api in (ana, ben):
        api.post("transactions/", ROW, **key("old"))
    age_by(timedelta(hours=25))
    ana.post("transactions/", ROW, **key("new"))
    assert set(StoredAnswer.objects.values_list("user__username", "key")) == {("ana", "new"), ("ben", "old")}


def test_the_command_removes_what_is_kept_no_longer(ana):
    ana.post("transactions/", ROW, **key("old"))
    age_by(timedelta(hours=25))
    ana.client.credentials(HTTP_AUTHORIZATION="")
    StoredAnswer.objects.create(user=ana.user, key="new", fingerprint="", claim="0" * 32)
    said = StringIO()
    call_command("prune_answers", dry_run=True, stdout=said)
    assert StoredAnswer.objects.count() == 2
    call_command("prune_answers", stdout=said)
    call_command("prune_answers", stdout=said)
    assert said.getvalue().splitlines() == [
        "1 answers are to be removed.",
        "1 answers were removed.",
        "0 answers were removed.",
    ]
    assert StoredAnswer.objects.get().key == "new"


def age_by(time: timedelta) -> None:
    for row in StoredAnswer.objects.all():
        row.claimed_at -= time
        row.save()


def test_while_the_first_is_worked_on_a_repeat_is_told_to_wait(ana):
    ana.post("transactions/", ROW, **key())
    StoredAnswer.objects.update(status=None, claimed_at=timezone.now() - timedelta(seconds=59))
    answer = ana.post("transactions/", ROW, **key())
    assert assert_problem(answer, 409, (HEADER, "key_in_use"))["detail"] == IN_USE
    assert answer["Retry-After"] == "1"
    assert_problem(ana.post("transactions/", ROW | {"amount": "6"}, **key()), 422, (HEADER, "key_reused"))


def test_a_key_whose_process_died_is_taken_over(ana):
    StoredAnswer.objects.create(
        user=ana.user, key="k-1", fingerprint="", claim="0" * 32, claimed_at=timezone.now() - timedelta(seconds=61)
    )
    assert [ana.post("transactions/", ROW, **key()).status_code for _ in range(2)] == [201, 200]


def test_tasks_are_queued_once(ana, model):
    for status in (201, 200):
        answer = ana.post("transactions/", ROW | {"ai_classify": True}, **key())
        assert (answer.status_code, DBTaskResult.objects.count()) == (status, 1)


def test_what_ends_in_an_error_is_undone_and_its_tasks_are_not_queued(ana, model, rf):
    def write_and_fail(_):
        assert ana.client.post("/api/v1/transactions/", ROW).status_code == 201
        return HttpResponse(status=500)

    assert send(rf, ana, write_and_fail).status_code == 500
    assert [model.objects.count() for model in (Transaction, DBTaskResult, StoredAnswer)] == [0, 0, 0]


def send(rf: RequestFactory, api, view):
    authorization = api.client._credentials["HTTP_AUTHORIZATION"]
    headers = {"Authorization": authorization, HEADER: "k-1"}
    return IdempotencyMiddleware(view)(rf.post("/api/v1/something/", headers=headers))


def test_a_stream_is_sent_but_not_kept(ana, rf):
    assert b"".join(send(rf, ana, lambda _: StreamingHttpResponse([b"a", b"b"]))) == b"ab"
    assert not StoredAnswer.objects.exists()


def test_where_the_answer_is_found_is_kept(ana, rf):
    first, again = (
        send(rf, ana, lambda _: HttpResponse(b"{}", status=201, headers={"Location": "/x/", "ETag": '"1"', "X-Y": "z"}))
        for _ in range(2)
    )
    assert first.status_code == 201
    assert {**again.headers} == {
        "Content-Type": "text/html; charset=utf-8",
        "Location": "/x/",
        "ETag": '"1"',
        "Idempotency-Replayed": "true",
    }


def test_a_person_who_removes_themselves_is_answered(ana, rf):
    def leave(_):
        ana.user.delete()
        return HttpResponse(status=204)

    assert send(rf, ana, leave).status_code == 204
    assert [model.objects.count() for model in (User, StoredAnswer)] == [0, 0]


def test_a_process_that_is_told_to_end_gives_the_key_back(ana, rf):
    def stop(_):
        User.objects.update(first_name="half done")
        raise SystemExit

    with pytest.raises(SystemExit):
        send(rf, ana, stop)
    assert not StoredAnswer.objects.exists()
    assert not User.objects.filter(first_name="half done").exists()


def test_a_request_without_a_key_costs_no_query(ana, rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = IdempotencyMiddleware(lambda _: HttpResponse())(rf.post("/api/v1/transactions/"))
    assert answer.status_code == 200

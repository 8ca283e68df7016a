"""A request that is sent again with its Idempotency-Key gets the first answer, and changes nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from accounts.models import StoredAnswer, User
from config.api.middleware import IdempotencyMiddleware
from expenses.models import Ledger, Transaction
from statements.models import Import
from tests import queued
from tests.api.bodies import assert_problem, with_key

pytestmark = pytest.mark.usefixtures("silent_chain")

HEADER = "Idempotency-Key"
ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
STATEMENT = b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n"


def versions() -> list[int]:
    return list(Ledger.objects.order_by("id").values_list("version", flat=True))


def test_a_repeated_create_answers_200_with_the_first_body(ana):
    first = ana.post("transactions/", ROW, **with_key())
    assert (first.status_code, "Idempotency-Replayed" in first) == (201, False)
    before = versions()
    again = ana.post("transactions/", ROW, **with_key())
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])
    assert ana.get("transactions/").json()["count"] == 1
    assert versions() == before


def test_the_first_answer_stays_though_the_row_changed_since(ana):
    first = ana.post("transactions/", ROW, **with_key()).json()
    ana.patch(f"transactions/{first['id']}/", {"notes": "lunch"})
    assert ana.post("transactions/", ROW, **with_key()).json() == first


def test_other_answers_keep_their_status(ana):
    row = ana.post("transactions/", ROW).json()
    address = f"transactions/{row['id']}/"
    changed = ana.patch(address, {"notes": "x"}, **with_key("a"))
    ana.patch(address, {"notes": "y"})
    again = ana.patch(address, {"notes": "x"}, **with_key("a"))
    assert (again.status_code, again.json()) == (200, changed.json())
    assert ana.get(address).json()["notes"] == "y"
    gone = [ana.delete(address, **with_key("b")) for _ in range(2)]
    assert [(answer.status_code, answer.content, answer.get("Content-Type")) for answer in gone] == [
        (204, b"", None),
        (204, b"", None),
    ]
    assert "Idempotency-Replayed" in gone[1]


def test_a_repeated_bulk_records_its_rows_once(ana):
    first, again = (ana.post("transactions/bulk/", {"transactions": [ROW, ROW]}, **with_key()) for _ in range(2))
    assert (again.status_code, again.json()) == (200, first.json())
    assert ana.get("transactions/").json()["count"] == 2


def upload(api, content=STATEMENT, name="one.csv", **fields):
    file = SimpleUploadedFile(name, content, "text/csv")
    return api.post("imports/", {"file": file, "account": "Checking", **fields}, format="multipart", **with_key())


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


def test_errors_name_what_they_name_without_a_key(ana):
    for kwargs in ({"content_type": "multipart/form-data"}, {"content_type": "text/plain"}):
        plain = ana.post("imports/", b"--x", **kwargs)
        keyed = ana.post("imports/", b"--x", **kwargs, **with_key())
        assert (keyed.status_code, keyed.json()) == (plain.status_code, plain.json())
        plain = ana.post("transactions/", b"--x", **kwargs)
        assert ana.post("transactions/", b"--x", **kwargs, **with_key()).json() == plain.json()
    form = {"a": "b"}
    assert_problem(
        ana.post("transactions/bulk/", form, format="multipart", **with_key()), 415, (None, "unsupported_media_type")
    )


def test_a_body_that_is_too_large_is_refused_as_ever(ana, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    row = ROW | {"notes": "x" * 100}
    plain, keyed = ana.post("transactions/", row), ana.post("transactions/", row, **with_key())
    assert assert_problem(keyed, 413, (None, "body_too_large")) == plain.json()


def test_tasks_are_queued_once(ana, model):
    for status in (201, 200):
        answer = ana.post("transactions/", ROW | {"ai_classify": True}, **with_key())
        assert (answer.status_code, queued.n_waiting()) == (status, 1)


def test_what_ends_in_an_error_is_undone_and_its_tasks_are_not_queued(ana, model, rf):
    def write_and_fail(_):
        assert ana.client.post("/api/v1/transactions/", ROW).status_code == 201
        return HttpResponse(status=500)

    assert send(rf, ana, write_and_fail).status_code == 500
    assert [model.objects.count() for model in (Transaction, StoredAnswer)] == [0, 0]
    assert queued.everything() == []


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

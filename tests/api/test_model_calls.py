"""The privacy ledger lists every call of the model, and lets go of it when its owner says so."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.processes.housekeeping import tidy
from expenses.models import ModelCall, Transaction
from expenses.services.model_calls import MAX_RESPONSE, ModelCallLog, note_rows
from providers.interface import ProviderError
from providers.ollama.calls import CallEnd, CallOutcome, CallRequest, Purpose
from tests.api.bodies import assert_problem
from tests.api.model_calls import body_of_call, ledger_id_of, record_call

pytestmark = pytest.mark.usefixtures("silent_chain")

CALLS = "privacy/model-calls/"
COFFEE = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}
KNOWN = "before, cursor, model, outcome, page, page_size, purpose, search, since, transaction, until"
MOMENT = "Write a day as 2026-11-02, or an instant with its offset as 2026-11-02T09:30:00Z."


@pytest.fixture
def row(ana):
    return ana.post("expenses/", COFFEE).json()["id"]


def ids_at(api, address=CALLS):
    return [call["id"] for call in api.get(address).json()["results"]]


def test_a_call_shows_the_exact_text_that_was_sent_and_received(ana, row):
    call = record_call(ana, rows=(row,), at="2026-11-02 09:30:00")
    body = body_of_call(call, transactions=[row])
    assert ana.get(CALLS).json() == {"count": 1, "next": None, "previous": None, "results": [body]}
    assert ana.get(f"{CALLS}{call}/").json() == body


def test_a_call_whose_end_is_unknown_is_listed_as_sent(ana):
    request = CallRequest(ledger_id_of(ana), Purpose.ASK, "http://10.0.0.7:11434", "quill:1b", "", "", "{}")
    call = ModelCallLog().begin(request)
    [shown] = ana.get(CALLS).json()["results"]
    assert shown == body_of_call(
        call,
        created_at=shown["created_at"],
        purpose="ask",
        endpoint="http://10.0.0.7:11434",
        digest="",
        prompt_version="",
        request="{}",
        response="",
        n_bytes_sent=2,
        n_bytes_received=0,
        duration_ms=None,
        outcome="sent",
    )


def test_a_refused_call_has_sent_no_bytes(ana):
    call = record_call(ana, outcome=CallOutcome.REFUSED, response="")
    shown = ana.get(f"{CALLS}{call}/").json()
    assert (shown["outcome"], shown["n_bytes_sent"], shown["n_bytes_received"]) == ("refused", 0, 0)


def test_the_newest_calls_come_first_by_cursor_without_gaps(ana):
    calls = [record_call(ana, at=f"2026-11-02 09:{minute:02}:00") for minute in (1, 2, 2, 2, 3)]
    assert ids_at(ana)[0] == calls[-1]
    found, address = [], f"{CALLS}?cursor=&page_size=2"
    while address:
        page = ana.get(address).json()
        found += [call["id"] for call in page["results"]]
        address = page["next"] and page["next"].replace("http://testserver", "")
    assert sorted(found) == sorted(calls)
    assert found == ids_at(ana)


@pytest.fixture
def several(ana, row):
    """Four calls by the name of what sets them apart."""
    return {
        "first": record_call(ana, at="2026-11-01 08:00:00", rows=(row,)),
        "asked": record_call(ana, at="2026-11-02 12:00:00", purpose=Purpose.ASK, request="Wieviel für Müll?"),
        "late": record_call(ana, at="2026-11-03 08:00:00", outcome=CallOutcome.TIMED_OUT, response=""),
        "other": record_call(ana, at="2026-11-04 23:30:00", model="plinth:3b", response="GROCERIES 100%"),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("purpose=ask", ["asked"]),
        ("purpose=ask&purpose=categorize", ["other", "late", "asked", "first"]),
        ("outcome=timed_out", ["late"]),
        ("model=plinth:3b", ["other"]),
        ("model=nobody", []),
        ("transaction={row}", ["first"]),
        ("since=2026-11-03", ["other", "late"]),
        ("until=2026-11-02", ["asked", "first"]),
        ("since=2026-11-02&until=2026-11-02", ["asked"]),
        ("before=2026-11-02", ["first"]),
        ("since=2026-11-02T12:00:00Z&until=2026-11-03T08:00:00Z", ["late", "asked"]),
        ("since=2026-11-02T13:00:01%2B01:00", ["other", "late"]),
        ("since=2026-11-02T13:00:00+01:00", ["other", "late", "asked"]),
        ("before=2026-11-02T12:00:00Z", ["first"]),
        ("search=MÜLL", ["asked"]),
        ("search=müll wieviel", ["asked"]),
        ("search=groceries 100%", ["other"]),
        ("search=.*", []),
        ("search=luna quill:1b", ["other", "late", "first"]),
    ],
)
def test_each_filter_narrows_the_list(ana, several, row, query, found):
    assert ids_at(ana, f"{CALLS}?{query.format(row=row)}") == [several[name] for name in found]


def test_a_day_is_that_of_the_users_time_zone(ana, several):
    ana.patch("users/me/", {"preferences": {"time_zone": "Europe/Berlin"}})
    assert ids_at(ana, f"{CALLS}?since=2026-11-05") == [several["other"]]
    assert ids_at(ana, f"{CALLS}?until=2026-11-04&since=2026-11-04") == []


@pytest.mark.parametrize(
    ("query", "attr", "code", "detail"),
    [
        (
            "purpose=spy",
            "purpose",
            "invalid_choice",
            "There is no such choice; known are categorize, narrate, ask, bench, mcp.",
        ),
        (
            "outcome=lost",
            "outcome",
            "invalid_choice",
            "There is no such choice; known are sent, answered, refused, unreachable, timed_out, failed, misbehaved.",
        ),
        ("since=yesterday", "since", "invalid", MOMENT),
        ("until=2026-02-30", "until", "invalid", MOMENT),
        ("before=2026-11-02T09:30:00", "before", "invalid", MOMENT),
        ("since=1066-10-14", "since", "out_of_range", "Give a day from 1900-01-01 to 2199-12-31."),
        ("since=2026-11-03&until=2026-11-02", "until", "ends_before_start", "It lies before `since`; swap the two."),
        ("since=2026-11-03&before=2026-11-02", "before", "ends_before_start", "It lies before `since`; swap the two."),
        ("transaction=4711", "transaction", "does_not_exist", "There is no transaction 4711."),
        ("transaction=x", "transaction", "invalid", "Write a number."),
        ("search=%00", "search", "null_characters_not_allowed", "Leave out the null character."),
        ("search=a b c d e f g h i j k", "search", "too_many_words", "Search for 10 words at most."),
        ("seach=x", "seach", "unknown", f"There is no such parameter; known are {KNOWN}. Did you mean search?"),
    ],
)
def test_a_wrong_filter_is_named_and_deletes_nothing(ana, several, query, attr, code, detail):
    for method in ("get", "delete"):
        body = assert_problem(ana.request(method, f"{CALLS}?{query}"), 400, (attr, code))
        detail = detail if method == "get" else detail.replace("cursor, ", "").replace("page, page_size, ", "")
        assert body["errors"] == [{"attr": attr, "code": code, "detail": detail}]
    assert ModelCall.objects.count() == 4


def test_a_filter_by_the_row_of_somebody_else_is_refused(ana, ben, several, row):
    assert_problem(ben.get(f"{CALLS}?transaction={row}"), 400, ("transaction", "does_not_exist"))


@pytest.mark.parametrize("wrong", ["7", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_id_that_is_none_is_not_found(ana, wrong):
    for method in ("get", "delete"):
        assert ana.request(method, f"{CALLS}{wrong}/").status_code == 404


def test_a_stranger_sees_and_deletes_nothing(ana, ben, row):
    call = record_call(ana, rows=(row,))
    assert ben.get(CALLS).json()["results"] == []
    for method in ("get", "delete"):
        assert_problem(ben.request(method, f"{CALLS}{call}/"), 404, (None, "not_found"))
    assert ben.delete(CALLS).json() == {"deleted": 0}
    assert b"".join(ben.get(f"{CALLS}export/").streaming_content) == b""
    assert ids_at(ana) == [call]


def test_a_viewer_reads_and_does_not_delete(ana, join_ledger_of):
    call = record_call(ana)
    viewer, editor = join_ledger_of(ana, "vera", "viewer"), join_ledger_of(ana, "eva", "editor")
    assert ids_at(viewer) == [call]
    assert viewer.delete(f"{CALLS}{call}/").status_code == viewer.delete(CALLS).status_code == 403
    assert editor.delete(f"{CALLS}{call}/").status_code == 204


def test_deleting_calls_says_how_many_and_leaves_the_rows(ana, several, row):
    before = ana.get(f"expenses/{row}/").json()
    assert ana.delete(f"{CALLS}{several['first']}/").status_code == 204
    assert ana.delete(f"{CALLS}?before=2026-11-03").json() == {"deleted": 1}
    assert ids_at(ana) == [several["other"], several["late"]]
    assert ana.delete(f"{CALLS}?outcome=timed_out").json() == {"deleted": 1}
    assert ana.delete(CALLS).json() == {"deleted": 1}
    assert ana.delete(CALLS).json() == {"deleted": 0}
    assert ana.get(f"expenses/{row}/").json() == before


def test_calls_of_one_row_can_be_deleted_by_it(ana, several, row):
    other = ana.post("expenses/", COFFEE).json()["id"]
    record_call(ana, rows=(row, other))
    assert ana.delete(f"{CALLS}?transaction={row}").json() == {"deleted": 2}
    assert len(ids_at(ana)) == 3


def test_a_row_in_the_bin_is_not_named_and_its_call_outlives_it(ana, row):
    call = record_call(ana, rows=(row,), at="2026-11-02 09:30:00")
    ana.delete(f"expenses/{row}/")
    assert ana.get(f"{CALLS}{call}/").json() == body_of_call(call)
    ana.post(f"expenses/{row}/restore/")
    assert ana.get(f"{CALLS}{call}/").json() == body_of_call(call, transactions=[row])
    ana.delete(f"expenses/{row}/")
    Transaction.everything.filter(pk=row).update(deleted_at=timezone.now() - timedelta(days=31))
    assert tidy()["transactions out of the bin"] == 1
    assert not Transaction.everything.filter(pk=row).exists()
    assert ana.get(f"{CALLS}{call}/").json() == body_of_call(call)


def test_a_person_who_leaves_takes_all_calls_along(ana, ben, row):
    record_call(ana, rows=(row,))
    record_call(ana, purpose=Purpose.NARRATE)
    ana.patch("privacy/", {"names": ["Quentin Quill"]})
    kept = record_call(ben)
    assert ana.delete("users/me/", {"password": "blue-Tomato-99"}).status_code == 204
    with connection.cursor() as cursor:
        for table, n in (("expenses_modelcall", 1), ("expenses_modelcall_rows", 0), ("expenses_privacychoices", 0)):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert cursor.fetchone() == (n,), table
    assert ids_at(ben) == [kept]


def test_the_export_has_each_call_on_a_line_the_oldest_first(ana, row):
    first = record_call(ana, rows=(row,), at="2026-11-01 09:30:00", request="two\nlines")
    others = [record_call(ana, at="2026-11-02 09:30:00") for _ in range(120)]
    answer = ana.get(f"{CALLS}export/")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="model-calls.jsonl"'
    lines = b"".join(answer.streaming_content).splitlines()
    calls = [json.loads(line) for line in lines]
    assert calls[0] == body_of_call(
        first, created_at="2026-11-01T09:30:00Z", request="two\nlines", n_bytes_sent=9, transactions=[row]
    )
    assert sorted(call["id"] for call in calls[1:]) == sorted(others)


def test_the_number_of_queries_does_not_depend_on_the_number_of_calls(ana, row):
    def n_queries(address):
        with CaptureQueriesContext(connection) as queries:
            assert ana.get(address).status_code == 200
        return len(queries)

    record_call(ana, rows=(row,))
    ana.get(CALLS)
    few = [n_queries(CALLS), n_queries("privacy/")]
    for _ in range(20):
        record_call(ana, rows=(row,))
    assert [n_queries(CALLS), n_queries("privacy/")] == few


# The log itself.


def request_of(api, **fields):
    given = {"purpose": Purpose.CATEGORIZE, "endpoint": "http://127.0.0.1:11434", "model": "quill:1b", "digest": ""}
    return CallRequest(owner=ledger_id_of(api), prompt_version="2", **({"body": "{}"} | given | fields))


def test_a_call_within_a_transaction_is_refused_since_its_record_could_be_taken_back(ana):
    request = request_of(ana)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        ModelCallLog().begin(request)
    assert not ModelCall.objects.exists()


def test_a_prompt_that_is_too_long_to_be_kept_is_not_sent(ana):
    with pytest.raises(ProviderError) as refused:
        ModelCallLog().begin(request_of(ana, body="x" * 1_000_001))
    assert str(refused.value) == "The prompt has 1,000,001 characters; a prompt of more than 1,000,000 is not sent."
    assert not ModelCall.objects.exists()


def test_texts_that_no_database_takes_are_kept_with_marks_in_their_place(ana):
    call = ModelCallLog().begin(request_of(ana, body="a\x00b", model="q\ud800"))
    ModelCallLog().end(call, CallEnd(CallOutcome.MISBEHAVED, "x\x00y\udfffz", 10, 5))
    shown = ana.get(f"{CALLS}{call}/").json()
    assert (shown["request"], shown["model"], shown["response"]) == ("a\ufffdb", "q\ufffd", "x\ufffdy\ufffdz")


def test_a_long_answer_is_cut_and_its_bytes_are_counted(ana):
    call = ModelCallLog().begin(request_of(ana))
    ModelCallLog().end(call, CallEnd(CallOutcome.MISBEHAVED, "x" * (MAX_RESPONSE + 1), 10**7, 5))
    shown = ana.get(f"{CALLS}{call}/").json()
    assert (len(shown["response"]), shown["n_bytes_received"]) == (MAX_RESPONSE, 10**7)


def test_a_call_under_way_stays_listed_until_it_has_ended(ana, row):
    call = ModelCallLog().begin(request_of(ana))
    assert ana.delete(CALLS).json() == {"deleted": 0}
    body = assert_problem(ana.delete(f"{CALLS}{call}/"), 409, (None, "under_way"))
    assert body["detail"] == "This call is still under way. Delete it when it has ended."
    ana.patch("privacy/", {"kept_days": 0})
    assert (tidy(is_dry_run=True)["calls of the model"], tidy()["calls of the model"]) == (0, 0)
    assert ids_at(ana) == [call]
    ModelCallLog().end(call, CallEnd(CallOutcome.ANSWERED, "A", 1, 5))
    note_rows(ledger_id=ledger_id_of(ana), calls={row: [call]})
    assert ana.get(f"{CALLS}{call}/").json()["transactions"] == [row]
    assert ana.delete(CALLS).json() == {"deleted": 1}


def test_a_call_whose_process_was_killed_can_be_deleted_after_ten_minutes(ana):
    call = ModelCallLog().begin(request_of(ana))
    age(call, minutes=11)
    assert ana.delete(f"{CALLS}{call}/").status_code == 204


def test_rows_are_noted_once_and_only_those_of_the_ledger_that_are_there(ana, ben, row):
    call, foreign = record_call(ana), ben.post("expenses/", COFFEE).json()["id"]
    for _ in range(2):
        note_rows(ledger_id=ledger_id_of(ana), calls={row: [call, call], foreign: [call], 4711: [call]})
    note_rows(ledger_id=ledger_id_of(ben), calls={foreign: [call]})
    assert ana.get(f"{CALLS}{call}/").json()["transactions"] == [row]
    assert ModelCall.transactions.through.objects.count() == 1


# Retention.


def age(call, **ago):
    ModelCall.objects.filter(pk=call).update(created_at=timezone.now() - timedelta(**ago))


def test_calls_are_deleted_after_90_days_unless_their_owner_decides_otherwise(ana, ben, row):
    recent, old = record_call(ana), record_call(ana, rows=(row,))
    age(recent, days=89)
    age(old, days=91)
    age(record_call(ben), days=31)
    ben.patch("privacy/", {"kept_days": 30})
    assert tidy(is_dry_run=True)["calls of the model"] == 2
    assert ModelCall.objects.count() == 3
    assert tidy()["calls of the model"] == 2
    assert (ids_at(ana), ids_at(ben)) == ([recent], [])
    assert tidy()["calls of the model"] == 0


def test_null_keeps_calls_for_ever(ana):
    age(record_call(ana), days=5000)
    assert ana.patch("privacy/", {"kept_days": None}).json()["kept_days"] is None
    assert tidy()["calls of the model"] == 0


def test_0_days_keep_no_text_beyond_the_call_and_the_rest_until_the_next_tidying(ana):
    ana.patch("privacy/", {"kept_days": 0})
    call = record_call(ana, at="2026-11-02 09:30:00")
    assert ana.get(f"{CALLS}{call}/").json() == body_of_call(call, request="", response="")
    assert tidy()["calls of the model"] == 1
    assert ids_at(ana) == []

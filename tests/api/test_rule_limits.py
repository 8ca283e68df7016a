"""Rules that take too long, and ledgers that change while they are asked."""

import time
from contextlib import contextmanager

import pytest
from django.db import connection

from expenses.models import Tag
from rules.models import Rule
from rules.services import applying
from tests.api.rule_bodies import apply, does, preview, rule, save, text
from tests.api.test_bulk_edit import body_of, edit, record

pytestmark = pytest.mark.usefixtures("silent_chain")

SLOW = {"description": "a" * 400 + "!"}
#: What matching may take in a request, and twice that for a machine that does other things.
REQUEST_S = 1.5 * 2


def slow(n=1):
    """A pattern that does not end; each n is another one."""
    return text(f"(a+){{{n},}}$", op="regex")


@contextmanager
def within(limit_s):
    started = time.process_time()
    yield
    assert time.process_time() - started < limit_s


def test_matches_that_take_too_long_are_none_and_are_counted(ana):
    fast, endless = record(ana, {}, SLOW)
    number = save(ana, slow(), text(), match="any")
    assert preview(ana, slow(), text(), match="any")["timeouts"] == 1
    assert ana.get(f"rules/{number}/").json()["stats"]["timeouts"] == 0
    run = apply(ana, number)
    assert (run["status"], run["counts"]) == (
        "succeeded", {"matched": 1, "changed": 1, "left_alone": 0, "timeouts": 1},
    )  # fmt: skip
    assert (body_of(ana, fast)["category_name"], body_of(ana, endless)["category"]) == ("Dining", None)
    assert Rule.objects.get().n_timeouts == 1


def test_of_a_rule_that_is_tested_only_its_own_patterns_are_counted(ana):
    record(ana, SLOW)
    save(ana, slow(), name="Rival", actions=does(set_category="Travel"))
    assert preview(ana, text("aaa"))["timeouts"] == 0


@pytest.mark.parametrize("send", ["apply", "test", "patch", "bulk edit"])
def test_a_request_ends_soon_however_many_patterns_do_not(ana, send):
    patterns = [slow(n) for n in range(2, 27)]
    for n, pattern in enumerate(patterns):
        save(ana, pattern, name=f"Rule {n}")
    ids = record(ana, *[{"description": f"{'a' * (400 + n)}!"} for n in range(6)])
    with within(REQUEST_S + 2):
        if send == "apply":
            assert apply(ana)["status"] == "succeeded"
        elif send == "test":
            assert ana.post("rules/test/", rule(*patterns, match="any")).json()["matched"] == 0
        elif send == "patch":
            assert ana.patch(f"transactions/{ids[0]}/", {"notes": "n"}).status_code == 200
        else:
            assert edit(ana, {"ids": ids}, notes="n").json()["status"] == "succeeded"


def test_a_run_without_timeouts_does_not_speak_of_them(ana):
    record(ana, {})
    counts = apply(ana, save(ana, text("^cafe", op="regex")))["counts"]
    assert counts == {"matched": 1, "changed": 1, "left_alone": 0}


def test_a_worker_has_more_time(ana, run_tasks, monkeypatch):
    monkeypatch.setattr("expenses.tasks.AT_ONCE", 0)
    for n in range(2, 8):
        save(ana, slow(n), name=f"Rule {n}")
    save(ana, text("^zoo$", op="regex"), name="Last", priority=999)
    record(ana, *[{"description": f"{'a' * (400 + n)}!"} for n in range(4)], {"description": "Zoo"})
    assert apply(ana)["status"] == "pending"
    run_tasks()
    assert ana.get("runs/").json()["results"][0]["counts"] == {
        "matched": 1, "changed": 1, "left_alone": 0, "timeouts": 24,
    }  # fmt: skip
    assert applying.REGEX_S_OF_CHUNK > REQUEST_S


def test_a_tag_that_goes_while_a_rule_is_tested_is_none(ana):
    record(ana, {"tags": ["gone", "there"]})
    is_gone = False

    def remove_first(execute, sql, params, many, context):
        nonlocal is_gone
        if 'FROM "expenses_tag"' in sql and not is_gone:
            is_gone = True
            Tag.objects.get(name="gone").delete()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remove_first):
        [result] = preview(ana, actions=does(add_tags=["new"]))["results"]
    assert is_gone
    assert (result["before"], result["after"]) == ({"tags": ["there"]}, {"tags": ["new", "there"]})

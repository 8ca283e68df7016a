"""Rules that take too long, and ledgers that change while they are asked."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from expenses.models import Tag
from rules.models import Rule
from rules.operators.patterns import pattern_budget
from rules.services import runs
from tests.api.bulk import body_of, edit, record
from tests.api.rule_bodies import apply, does, preview, rule, save, text

pytestmark = pytest.mark.usefixtures("silent_chain", "short_patterns")

SLOW = {"description": "a" * 400 + "!"}
#: What matching may take in a request.
AT_MOST_S = 2


def slow(n=1):
    """A pattern that does not end; each n is another one."""
    return text(f"(a+){{{n},}}$", op="regex")


@pytest.fixture
def spent(monkeypatch):
    """Seconds of the processor that each request has spent on patterns."""
    seconds: list[float] = []

    @contextmanager
    def noted():
        with pattern_budget() as limit:
            had = limit.left_s
            yield limit
            seconds.append(had - limit.left_s)

    monkeypatch.setattr("config.api.middleware.pattern_budget", noted)
    return seconds


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


def test_a_preview_counts_timeouts_of_its_own_patterns_only(ana):
    record(ana, SLOW)
    save(ana, slow(), name="Rival", actions=does(set_category="Travel"))
    assert preview(ana, text("aaa"))["timeouts"] == 0


SENDS: dict[str, Callable[[Any, list[int], list[Any]], Any]] = {
    "apply": lambda api, ids, patterns: api.post("rules/apply/"),
    "test": lambda api, ids, patterns: api.post("rules/test/", rule(*patterns, match="any")),
    "save": lambda api, ids, patterns: api.post("rules/", rule(*patterns, match="any")),
    "list": lambda api, ids, patterns: api.get("rules/"),
    "lint": lambda api, ids, patterns: api.get("rules/lint/"),
    "patch": lambda api, ids, patterns: api.patch(f"transactions/{ids[0]}/", {"notes": "n"}),
    "bulk edit": lambda api, ids, patterns: edit(api, {"ids": ids}, notes="n"),
    "resolve": lambda api, ids, patterns: api.post("review/resolve/", {"ids": ids, "category": "Dining"}),
    "propose": lambda api, ids, patterns: api.post(f"transactions/{ids[0]}/propose-rule/", {"category": "Dining"}),
}


@pytest.mark.parametrize("send", SENDS.values(), ids=SENDS.keys())
def test_many_endless_patterns_cost_a_request_little_time(ana, spent, short_patterns, send):
    patterns = [slow(n) for n in range(2, 27)]
    for n, pattern in enumerate(patterns):
        save(ana, pattern, name=f"Rule {n}")
    ids = record(ana, *[{"description": f"{'a' * (400 + n)}!"} for n in range(6)])
    spent.clear()
    answer = send(ana, ids, patterns)
    assert answer.status_code in {200, 201, 202, 409}, answer.content
    assert len(spent) == 1
    assert spent[0] < AT_MOST_S * short_patterns


def test_a_run_without_timeouts_does_not_speak_of_them(ana):
    record(ana, {})
    counts = apply(ana, save(ana, text("^cafe", op="regex")))["counts"]
    assert counts == {"matched": 1, "changed": 1, "left_alone": 0}


def test_a_worker_has_more_time(ana, run_tasks, monkeypatch):
    monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
    for n in range(2, 8):
        save(ana, slow(n), name=f"Rule {n}")
    save(ana, text("^zoo$", op="regex"), name="Last", priority=999)
    record(ana, *[{"description": f"{'a' * (400 + n)}!"} for n in range(4)], {"description": "Zoo"})
    assert apply(ana)["status"] == "pending"
    run_tasks()
    assert ana.get("runs/").json()["results"][0]["counts"] == {
        "matched": 1, "changed": 1, "left_alone": 0, "timeouts": 24,
    }  # fmt: skip
    assert runs.REGEX_S_OF_CHUNK > AT_MOST_S


def test_a_tag_deleted_during_a_preview_is_left_out(ana):
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

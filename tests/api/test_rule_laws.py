"""Laws of testing, applying and reverting rules, whatever they ask and do.

What `rules/test/` shows is what a run does; a run that is reverted leaves the ledger as it was, but for what was edited
by hand since; a run does nothing the second time; rules without a row do nothing, and without a common row their order
does not matter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from config.api.pagination import forget_counts
from expenses.models import Transaction
from rules.engine.compilation import forget_rules
from rules.services.statistics import forget_statistics
from tests.api.bulk import contents, record
from tests.api.generated_rules import CATEGORIES, RULES, named, record_every_sort
from tests.api.rule_bodies import apply, does, left_alone, revert, rule, text, whole_ledger
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

few = law(4)
ORDERS = st.fixed_dictionaries(
    {"force": st.booleans()}, optional={"start": st.just("2026-11-02"), "end": st.just("2026-11-03")}
)
SEVERAL = st.lists(RULES, min_size=2, max_size=4).map(named)
#: What revert takes back or keeps together.
GROUPS = {"category": ("category", "category_name", "categorization", "kind")}
STAMPS = {"version", "updated_at"}


@pytest.fixture
def rows(ana):
    """Ids of rows that are in every state."""
    return record_every_sort(ana)


@contextmanager
def one_example() -> Iterator[None]:
    """The ledger is as it was afterwards, and what is kept of its versions is forgotten, since they come again."""
    for forget in (forget_rules, forget_counts, forget_statistics):
        forget()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def save_all(api: Any, rules: list[dict[str, Any]]) -> list[int]:
    answers = [api.post("rules/", body) for body in rules]
    assert [answer.status_code for answer in answers] == [201] * len(rules), [answer.content for answer in answers]
    return [answer.json()["id"] for answer in answers]


def stored() -> list[Any]:
    columns = [field.attname for field in Transaction._meta.concrete_fields if field.name not in STAMPS]
    return list(Transaction.everything.order_by("pk").values_list(*columns))


def as_tested(row: dict[str, Any], names: Any) -> dict[str, Any]:
    """A row's body, in the words of `rules/test/`."""
    standing = row["categorization"]
    suggestion = standing["suggestion"] and standing["suggestion"]["category_name"]
    known = {**row, "status": standing["status"], "suggestion": suggestion}
    return {name: known[name] for name in names}


@few
@given(body=RULES, order=ORDERS)
def test_what_a_test_shows_is_what_a_run_does(ana, rows, body, order):
    with one_example():
        before = {row["id"]: row for row in contents(ana)}
        [number] = save_all(ana, [body])
        answer = ana.post("rules/test/", {**body, **order, "limit": 500})
        assert answer.status_code == 200, answer.content
        shown = answer.json()
        assert ana.post("rules/test/", {"id": number, **order, "limit": 500}).json() == shown
        run = apply(ana, number, **order)
        after = {row["id"]: row for row in contents(ana)}
        told = {result["transaction"]: result for result in shown["results"]}
        for pk, result in told.items():
            assert result["before"] == as_tested(before[pk], result["before"])
            assert result["after"] == as_tested(after[pk], result["after"])
        changed = {pk for pk, row in after.items() if row != before[pk]}
        assert changed == {pk for pk, result in told.items() if result["before"] != result["after"]}
        assert left_alone(ana, run).keys() == {pk for pk, result in told.items() if result["locked"]}
        counts = {"matched": len(told), "changed": len(changed), "left_alone": shown["locked"]}
        assert (run["counts"] or dict.fromkeys(counts, 0)) == counts
        assert (shown["matched"], shown["would_change"]) == (len(told), len(changed))
        assert shown["n_rows"] == run["progress"]["total"]


@few
@given(rules=SEVERAL, order=ORDERS)
def test_runs_that_are_reverted_leave_the_ledger_as_it_was(ana, rows, rules, order):
    with one_example():
        states, runs = [(whole_ledger(ana), stored())], []
        for number in [*save_all(ana, rules), None]:
            runs.append(apply(ana, number, **order))
            states.append((whole_ledger(ana), stored()))
        for run in reversed(runs):
            assert (whole_ledger(ana), stored()) == states.pop()
            assert revert(ana, run)["kept"] == []
        assert (whole_ledger(ana), stored()) == states.pop()


EDITS = st.fixed_dictionaries(
    {},
    optional={
        "category": CATEGORIES.filter(lambda name: name in {"Dining", "Travel"}) | st.none(),
        "notes": st.sampled_from(["n", "by hand"]),
        "merchant": st.sampled_from(["Luna", "by hand", ""]),
        "tags": st.sampled_from([[], ["own"], ["A", "by hand"]]),
    },
).filter(bool)


def labels_of(row: dict[str, Any]) -> dict[str, Any]:
    """The body's fields, those together that are kept together.

    The sentence about a choice also says what links had said. A revert takes back what its rules said. That a user took
    the category away is a choice that stays: a row without a category that nobody touched has another state.
    """
    standing = row["categorization"]
    is_taken_away = (standing["explanation"] or "").startswith("You took the category away.")
    told = row | {"categorization": standing | {"explanation": None, "is_taken_away": is_taken_away}}
    grouped = {label: tuple(told[name] for name in names) for label, names in GROUPS.items()}
    return {name: value for name, value in row.items() if name not in GROUPS["category"]} | grouped


#: A rule that overwrites whatever was written by hand.
OVERWRITING = rule({"field": "direction", "op": "is_empty", "negate": True}, actions=does(set_category="Dining"),
                   overwrite="always", triggers=["manual"])  # fmt: skip


@few
@example(rules=[OVERWRITING], order={"force": True}, edits=[(1, {"category": None})])
@given(rules=SEVERAL, order=ORDERS, edits=st.lists(st.tuples(st.integers(0, 5), EDITS), min_size=1, max_size=3))
def test_a_revert_keeps_exactly_what_was_edited_by_hand_since(ana, rows, rules, order, edits):
    with one_example():
        before = [labels_of(row) for row in contents(ana)]
        save_all(ana, rules)
        run = apply(ana, **order)
        applied = [labels_of(row) for row in contents(ana)]
        for place, fields in edits:
            answer = ana.patch(f"transactions/{rows[place]}/", fields)
            assert answer.status_code in {200, 400, 409}, answer.content
        edited = [labels_of(row) for row in contents(ana)]
        kept = {(one["transaction"], one["field"]) for one in revert(ana, run)["kept"]}
        expected = [
            {name: value if value != then[name] else was[name] for name, value in row.items()}
            for was, then, row in zip(before, applied, edited, strict=True)
        ]
        assert [labels_of(row) for row in contents(ana)] == expected
        differing = {
            (row["id"], name)
            for was, then, row in zip(before, applied, edited, strict=True)
            for name in row
            if len({str(body[name]) for body in (was, then, row)}) == 3
        }
        assert kept == differing


@few
@given(rules=SEVERAL, order=ORDERS)
def test_a_run_does_nothing_the_second_time(ana, rows, rules, order):
    with one_example():
        for number in [save_all(ana, rules)[0], None]:
            first = apply(ana, number, **order)
            before = ana.get("transactions/?page_size=500").json()
            again = apply(ana, number, **order)
            assert again["counts"] == {**first["counts"], "changed": 0, "matched": again["counts"]["matched"],
                                       "left_alone": again["counts"]["left_alone"]}  # fmt: skip
            assert ana.get("transactions/?page_size=500").json() == before


@few
@given(rules=SEVERAL, order=ORDERS)
def test_rules_that_match_nothing_change_nothing(ana, rows, rules, order):
    nothing = {"field": "amount", "op": "gt", "value": "1000000"}
    with one_example():
        for body in rules:
            never = [{"match": body["match"], "conditions": body["conditions"]}] if _is_flat(body) else []
            body |= {"match": "all", "conditions": [nothing, *never]}
        save_all(ana, rules)
        before = ana.get("transactions/?page_size=500").json()
        assert [ana.post("rules/test/", {**body, **order}).json()["matched"] for body in rules] == [0] * len(rules)
        assert apply(ana, **order)["counts"] == {"matched": 0, "changed": 0, "left_alone": 0}
        assert ana.get("transactions/?page_size=500").json() == before


def _is_flat(body: dict[str, Any]) -> bool:
    return not any("conditions" in condition for condition in body["conditions"])


@few
@given(rules=SEVERAL, places=st.permutations([0, 1, 2, 3]))
def test_rules_without_shared_rows_may_come_in_any_order(ana, rules, places):
    with one_example():
        record(ana, *[{"description": f"Shop {n}", "tags": ["own"]} for n in range(len(rules))])
        Transaction.objects.update(held=[])
        for n, body in enumerate(rules):
            body |= {"match": "all", "conditions": [text(f"shop {n}"), {"field": "amount", "op": "gt", "value": "1"}]}
        numbers = save_all(ana, rules)
        run = apply(ana)
        once = contents(ana)
        assert run["counts"]["matched"] == len(rules)
        assert revert(ana, run)["kept"] == []
        ids = [numbers[place] for place in places if place < len(numbers)]
        assert ana.post("rules/reorder/", {"ids": ids}).status_code == 200
        apply(ana)
        assert contents(ana) == once


def test_rules_that_feed_each_other_finish_in_one_run(ana, rows):
    """Each of three rules waits for what the next one writes."""
    chain = [("description", "Cafe Luna", "a"), ("notes", "a", "b"), ("merchant", "b", "c")]
    written = ["set_notes", "set_merchant", "add_tags"]
    with one_example():
        for place, ((field, wanted, value), action) in enumerate(zip(chain, written, strict=True)):
            actions = does(**{action: [value] if action == "add_tags" else value})
            sent = {"name": action, "priority": 9 - place, "conditions": [text(wanted, field=field, op="equals")],
                    "actions": actions, "stop_processing": False}  # fmt: skip
            assert ana.post("rules/", sent).status_code == 201
        apply(ana)
        row = next(row for row in contents(ana) if row["description"] == "Cafe Luna" and row["is_split"])
        assert (row["notes"], row["merchant"], row["tags"]) == ("a", "b", ["c"])
        assert apply(ana)["counts"]["changed"] == 0

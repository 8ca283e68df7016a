"""The review queue by merchant, and the one answer that settles a group."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from expenses.models import Ledger, Plan, Run, Transaction
from expenses.services.runs import AT_ONCE
from tests.api.bodies import assert_problem
from tests.api.bulk import body_of, contents, record

pytestmark = pytest.mark.usefixtures("silent_chain")


def groups(api, query=""):
    answer = api.get(f"review/{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def resolve(api, **body):
    return api.post("review/resolve/", body)


def left_alone(api, run):
    return {row["transaction"]: row["code"] for row in api.get(f"runs/{run['id']}/errors/").json()["results"]}


def category_id(api, name):
    return next(row["id"] for row in api.get("categories/?page_size=500").json()["results"] if row["name"] == name)


def suggest(api, ids, name, confidence=0.6, source="history"):
    """A machine answers, but is not sure."""
    fields = {"review_status": "suggested", "category_source": source, "category_confidence": confidence}
    Transaction.objects.filter(pk__in=ids).update(suggested_category=category_id(api, name), **fields)


def ask_for(*ids):
    """A rule says that somebody should look."""
    Transaction.objects.filter(pk__in=ids).update(review="needed")
    Ledger.objects.update(version=F("version") + 1)  # as every write does


def test_a_group_tells_everything_that_a_decision_needs(ana, ben):
    first, second = record(
        ana,
        {"description": "CAFE LUNA 4711 BERLIN", "date": "2026-10-02", "amount": "4.50"},
        {"description": "Cafe Luna Potsdam", "date": "2026-11-02", "amount": "5.50"},
    )
    third, fourth = record(
        ana,
        {"merchant": "Cafe Luna", "description": "Card", "date": "2026-11-03", "currency": "CHF", "amount": "7"},
        {"description": "cafe luna", "date": "2026-11-03", "amount": "1"},
    )
    (refund,) = record(ana, {"description": "Cafe Luna", "direction": "in"})
    suggest(ana, [first, third], "Dining", 0.6)
    suggest(ana, [second], "Dining", 0.7, "merchants")
    ask_for(first)
    answer = ana.get("review/")
    assert answer.json() == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {
                "key": "out:cafe luna",
                "merchant": "Cafe Luna",
                "direction": "out",
                "n": 4,
                "totals": [{"currency": "CHF", "amount": "7.00"}, {"currency": "EUR", "amount": "11.00"}],
                "first": "2026-10-02",
                "last": "2026-11-03",
                "reasons": {"suggested": 3, "uncategorized": 1, "needs_review": 1},
                "suggestion": {
                    "category": category_id(ana, "Dining"),
                    "category_name": "Dining",
                    "confidence": 0.6333,
                    "source": "history",
                    "n": 3,
                },
                "examples": [
                    {
                        "id": fourth,
                        "date": "2026-11-03",
                        "amount": "1.00",
                        "currency": "EUR",
                        "description": "cafe luna",
                    },
                    {"id": third, "date": "2026-11-03", "amount": "7.00", "currency": "CHF", "description": "Card"},
                    {
                        "id": second,
                        "date": "2026-11-02",
                        "amount": "5.50",
                        "currency": "EUR",
                        "description": "Cafe Luna Potsdam",
                    },
                ],
                "ids": [fourth, third, second, first],
            },
            {
                "key": "in:cafe luna",
                "merchant": "Cafe Luna",
                "direction": "in",
                "n": 1,
                "totals": [{"currency": "EUR", "amount": "5.50"}],
                "first": "2026-11-02",
                "last": "2026-11-02",
                "reasons": {"suggested": 0, "uncategorized": 1, "needs_review": 0},
                "suggestion": None,
                "examples": [
                    {
                        "id": refund,
                        "date": "2026-11-02",
                        "amount": "5.50",
                        "currency": "EUR",
                        "description": "Cafe Luna",
                    }
                ],
                "ids": [refund],
            },
        ],
    }  # fmt: skip
    assert groups(ben) == []


def test_what_nobody_needs_to_look_at_stays_out(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    ana.post("transfers/", {"from_account": "Giro", "to_account": "Purse", "amount": "5", "description": "Cash"})
    chosen, cleared, reviewed, binned, whole, sure = record(ana, *[{"description": f"Shop {c}"} for c in "abcdef"])
    ana.patch(f"transactions/{chosen}/", {"category": "Dining"})
    ana.patch(f"transactions/{cleared}/", {"category": None})
    Transaction.objects.filter(pk=reviewed).update(review="done")
    ana.delete(f"transactions/{binned}/")
    parts = [{"amount": "2.50", "category": "Dining"}, {"amount": "3.00"}]
    open_part = ana.put(f"transactions/{whole}/split/", {"parts": parts}).json()["parts"][1]["id"]
    Transaction.objects.filter(pk=sure).update(review_status="automatic", category=category_id(ana, "Dining"))
    assert [group["ids"] for group in groups(ana)] == [[open_part]]
    ask_for(chosen, cleared, sure)
    assert {pk for group in groups(ana) for pk in group["ids"]} == {open_part, chosen, cleared, sure}


def test_the_largest_group_comes_first_and_of_equals_the_one_with_the_newest_row(ana):
    record(ana, {"description": "Kiosk A", "date": "2026-11-05"}, {"description": "Bar B", "date": "2026-11-09"})
    record(ana, {"description": "Zoo C", "date": "2026-10-01"}, {"description": "Zoo C", "date": "2026-10-02"})
    assert [group["key"] for group in groups(ana)] == ["out:zoo c", "out:bar b", "out:kiosk a"]
    page = ana.get("review/?page_size=1&page=2").json()
    assert (page["count"], [group["key"] for group in page["results"]]) == (3, ["out:bar b"])


def test_rows_without_words_are_never_answered_together(ana):
    one, other = record(ana, {"description": "4711"}, {"description": "0815"})
    shown = {group["key"]: (group["merchant"], group["ids"]) for group in groups(ana)}
    assert shown == {f"out#{one}": ("4711", [one]), f"out#{other}": ("0815", [other])}
    run = resolve(ana, ids=[one], category="Dining", also_similar=True).json()
    assert (run["similar"], run["rule"], body_of(ana, other)["category"]) == (0, None, None)


def test_filters_narrow_the_rows_that_are_grouped(ana):
    ana.post("accounts/", {"name": "Purse"})
    old, cash, paid = record(
        ana,
        {"description": "Kiosk", "date": "2026-01-05"},
        {"description": "Kiosk", "account": "Purse", "notes": "ice"},
        {"description": "Kiosk", "direction": "in"},
    )
    expected = {
        "?direction=in": [[paid]],
        "?account=purse": [[cash]],
        "?search=ICE": [[cash]],
        "?end=2026-01-05": [[old]],
        "?start=2026-01-06&direction=out": [[cash]],
    }
    assert {query: [group["ids"] for group in groups(ana, query)] for query in expected} == expected
    refused = {"direction=up": "invalid_choice", "start=soon": "invalid", "account=None": "does_not_exist",
               "color=red": "unknown"}  # fmt: skip
    for query, code in refused.items():
        assert_problem(ana.get(f"review/?{query}"), 400, (query.partition("=")[0], code))


def test_the_queue_is_told_again_only_when_something_was_written(ana):
    record(ana, {})
    tag = ana.get("review/")["ETag"]
    known = {"HTTP_IF_NONE_MATCH": tag}
    assert ana.get("review/", **known).status_code == 304
    resolve(ana, key="out:cafe luna", category="Dining")
    assert ana.get("review/", **known).json()["results"] == []


def test_one_call_corrects_a_group_and_offers_the_rule(ana, ben):
    ids = record(ana, {"description": "Cafe Luna 1"}, {"description": "Cafe Luna 2"}, {"description": "Zoo"})
    suggest(ana, ids[:1], "Travel")
    ask_for(ids[1])
    answer = resolve(ana, key="out:cafe luna", category="Dining")
    run, dining = answer.json(), category_id(ana, "Dining")
    assert answer.status_code == 200
    assert run == {
        "id": run["id"],
        "kind": "review",
        "status": "succeeded",
        "progress": {"done": 2, "total": 2},
        "counts": {"resolved": 2, "left_alone": 0},
        "created_at": run["created_at"],
        "started_at": run["started_at"],
        "finished_at": run["finished_at"],
        "error": None,
        "note": None,
        "similar": 0,
        "rule": {
            "name": "Cafe Luna",
            "group": "",
            "is_active": True,
            "priority": 100,
            "stop_processing": False,
            "mode": "apply",
            "triggers": ["create", "import", "update", "manual"],
            "overwrite": "machine",
            "match": "all",
            "conditions": [
                is_text("raw_description", "starts_with", "cafe luna"),
                is_text("direction", "equals", "out"),
            ],
            "actions": [{"type": "set_category", "value": dining, "value_name": "Dining"}],
        },
    }
    for pk in ids[:2]:
        row = body_of(ana, pk)
        assert (row["category_name"], row["categorization"]["status"], row["categorization"]["source"]) == (
            "Dining", "confirmed", "user",
        )  # fmt: skip
    assert [group["ids"] for group in groups(ana)] == [ids[2:]]
    assert [row.review for row in Transaction.objects.order_by("pk")] == [None, "done", None]
    assert ben.get(f"runs/{run['id']}/").status_code == 404
    event = ana.get(f"transactions/{ids[0]}/history/").json()["results"][0]
    assert (event["source"], event["username"], event["run"]) == ("review", "ana", run["id"])


def is_text(field: str, op: str, value: str) -> dict[str, object]:
    return {"field": field, "op": op, "value": value, "negate": False, "case_sensitive": False}


def test_the_offered_rule_can_be_saved_as_it_is_and_is_not_offered_again(ana, use_chain):
    record(ana, {}, {"description": "Cafe Luna Upstairs"})
    rule = resolve(ana, key="out:cafe luna", category="Dining").json()["rule"]
    assert ana.post("rules/", rule).status_code == 201
    (pk,) = record(ana, {})
    assert resolve(ana, ids=[pk], category="Dining").json()["rule"] is None
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    assert ana.post("expenses/", {"amount": "3", "description": "CAFE LUNA 99"}).json()["category_name"] == "Dining"


@pytest.mark.parametrize(
    ("rows", "condition"),
    [
        ([{"description": "Café Luna"}], ("starts_with", "café luna")),  # as it is written
        ([{"description": "Card payment"}], None),  # words of payments
        ([{"description": "BAR"}], None),  # too short
        ([{"description": "Supermarket"}], None),  # names nobody
        ([{"description": "Cafe Luna"}, {"description": "Zoo"}], None),  # two merchants
        ([{"merchant": "Luna Ltd", "description": "Luna card"}], ("starts_with", "luna")),
        ([{"merchant": "Luna", "description": "Card"}], ("starts_with", "luna")),  # of the merchant
    ],
    ids=str,
)
def test_a_rule_is_offered_only_where_it_says_what_the_person_said(ana, rows, condition):
    rule = resolve(ana, ids=record(ana, *rows), category="Dining").json()["rule"]
    assert (rule and (rule["conditions"][0]["op"], rule["conditions"][0]["value"])) == condition


def test_without_a_category_each_row_keeps_what_the_machine_said_of_it(ana):
    sure, other, nothing, automatic = record(ana, *[{}] * 4)
    suggest(ana, [sure], "Dining", 0.7)
    suggest(ana, [other], "Travel", 0.6, "merchants")
    Transaction.objects.filter(pk=automatic).update(
        review_status="automatic",
        category=category_id(ana, "Gifts & Donations"),
        category_source="rule",
        review="needed",
    )
    run = resolve(ana, ids=[sure, other, nothing, automatic], category=None).json()
    assert (run["counts"], run["rule"]) == ({"resolved": 3, "left_alone": 1}, None)
    assert left_alone(ana, run) == {nothing: "nothing_to_confirm"}
    told = {pk: (row["category_name"], row["categorization"]) for pk in (sure, other, automatic)
            for row in [body_of(ana, pk)]}  # fmt: skip
    assert {pk: (name, told["status"], told["source"], told["confidence"]) for pk, (name, told) in told.items()} == {
        sure: ("Dining", "confirmed", "history", 0.7),
        other: ("Travel", "confirmed", "merchants", 0.6),
        automatic: ("Gifts & Donations", "confirmed", "rule", None),
    }
    assert Transaction.objects.get(pk=automatic).review == "done"


def test_accepting_what_a_machine_says_of_all_rows_offers_the_rule_for_it(ana):
    ids = record(ana, {}, {})
    suggest(ana, ids, "Dining")
    assert resolve(ana, ids=ids).json()["rule"]["name"] == "Cafe Luna"


def test_similar_rows_are_taken_from_the_queue_alone(ana):
    named, similar, refund = record(
        ana, {"description": "Cafe Luna 1"}, {"description": "CAFE LUNA Potsdam"}, {"direction": "in"}
    )
    chosen, cleared = record(ana, {"category": "Travel"}, {"category": "Travel"})
    ana.patch(f"transactions/{cleared}/", {"category": None})
    run = resolve(ana, ids=[named], category="Dining", also_similar=True).json()
    assert (run["similar"], run["counts"]) == (1, {"resolved": 2, "left_alone": 0})
    names = [body_of(ana, pk)["category_name"] for pk in (named, similar, refund, chosen, cleared)]
    assert names == ["Dining", "Dining", None, "Travel", None]


def test_a_second_answer_finds_nothing_to_do_and_says_so(ana):
    ids = record(ana, {}, {})
    resolve(ana, ids=ids, category="Dining")
    before = contents(ana)
    for body in ({"ids": ids, "category": "Travel"}, {"ids": ids}):
        run = resolve(ana, **body, also_similar=True).json()
        assert (run["counts"], run["rule"]) == ({"resolved": 0, "left_alone": 2}, None)
        assert left_alone(ana, run) == dict.fromkeys(ids, "decided")
    assert contents(ana) == before


@pytest.mark.parametrize("key", ["out:cafe luna", "out:cafe lnua", "in:cafe luna", "out#7"])
def test_a_key_of_no_group_in_review_is_refused(ana, key):
    ids = record(ana, {}, {})
    resolve(ana, ids=ids, category="Dining")
    before = contents(ana), ana.get("runs/").json()
    body = assert_problem(resolve(ana, key=key, category="Travel"), 400, ("key", "does_not_exist"))
    assert body["errors"][0]["detail"] == "No transaction in review has this key; read review/ again."
    assert (contents(ana), ana.get("runs/").json()) == before


def test_an_expense_category_makes_money_that_came_in_a_refund(ana):
    """An edit of one row takes it, too."""
    text = {"description": "Kinderladen Storno", "amount": "5.50"}
    first, alone = (ana.post("incomes/", text).json()["id"] for _ in range(2))
    stated, free = record(ana, text | {"direction": "in", "kind": "income"}, text | {"direction": "in"})
    assert ana.patch(f"transactions/{alone}/", {"category": "Shopping"}).json()["kind"] == "refund"
    [key] = {group["key"] for group in groups(ana)}
    run = resolve(ana, key=key, category="Shopping").json()
    assert run["counts"] == {"resolved": 3, "left_alone": 0}
    rows = [ana.get(f"transactions/{pk}/").json() for pk in (first, stated, free, alone)]
    shown = {(row["kind"], row["category_name"], row["categorization"]["status"]) for row in rows}
    assert shown == {("refund", "Shopping", "confirmed")}
    ana.post(f"runs/{run['id']}/revert/")
    assert {ana.get(f"transactions/{pk}/").json()["kind"] for pk in (first, stated, free)} == {"income"}


def test_rows_that_cannot_take_the_answer_are_left_alone_and_named(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    sent = {"from_account": "Giro", "to_account": "Purse", "amount": "5", "description": "Cash"}
    half = ana.post("transfers/", sent).json()["outgoing"]["id"]
    fine, whole, stated, binned, chosen, sure, reviewed = record(
        ana, {}, {}, {"direction": "in", "kind": "income"}, {}, {"category": "Travel"}, {}, {}
    )
    ana.put(f"transactions/{whole}/split/", {"parts": [{"amount": "2.50"}, {"amount": "3.00"}]})
    ana.delete(f"transactions/{binned}/")
    ask_for(chosen)
    Transaction.objects.filter(pk=sure).update(review_status="automatic", category=category_id(ana, "Travel"))
    Transaction.objects.filter(pk=reviewed).update(review="done")
    before = {row["id"]: row for row in contents(ana)}
    run = resolve(ana, ids=[fine, whole, half, stated, binned, chosen, sure, reviewed], category="Dining").json()
    assert run["counts"] == {"resolved": 2, "left_alone": 6}
    assert left_alone(ana, run) == {
        whole: "split", half: "transfer", binned: "gone", chosen: "decided", sure: "not_open", reviewed: "not_open",
    }  # fmt: skip
    after = {row["id"]: row for row in contents(ana)}
    assert [pk for pk in before if before[pk] != after[pk]] == [fine, stated]
    assert after[stated]["kind"] == "refund"


def test_money_out_is_never_income(ana):
    came, went = record(ana, {"direction": "in"}, {})
    run = resolve(ana, ids=[came, went], category="Salary").json()
    assert (run["counts"], left_alone(ana, run)) == ({"resolved": 1, "left_alone": 1}, {went: "wrong_kind"})


def test_what_a_person_chose_is_reviewed_by_accepting_it(ana):
    chosen, cleared = record(ana, {"category": "Travel"}, {"category": "Travel"})
    ana.patch(f"transactions/{cleared}/", {"category": None})
    ask_for(chosen, cleared)
    before = contents(ana)
    assert [group["suggestion"] for group in groups(ana)] == [None]
    run = resolve(ana, ids=[chosen, cleared]).json()
    assert run["counts"] == {"resolved": 2, "left_alone": 0}
    assert (groups(ana), contents(ana)) == ([], [row | {"review": "done"} for row in before])


def test_the_edit_window_closes_corrections_but_not_confirmations(ana, settings):
    settings.EXPENSE_EDIT_WINDOW = timedelta(hours=1)
    old, new = record(ana, {}, {})
    suggest(ana, [old], "Dining")
    Transaction.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(hours=2))
    run = resolve(ana, ids=[old, new], category="Travel").json()
    assert (run["counts"], left_alone(ana, run)) == ({"resolved": 1, "left_alone": 1}, {old: "edit_window_closed"})
    assert ana.patch(f"transactions/{old}/", {"notes": "x"}).status_code == 403
    assert resolve(ana, ids=[old]).json()["counts"] == {"resolved": 1, "left_alone": 0}  # as confirm/ does


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "ids", "required"),
        ({"ids": [1], "key": "out:cafe luna"}, "ids", "required"),
        ({"ids": []}, "ids", "empty"),
        ({"ids": [1] * 1001}, "ids", "max_length"),
        ({"ids": ["x"]}, "ids.0", "invalid"),
        ({"ids": [2**63]}, "ids.0", "max_value"),
        ({"ids": [999999]}, "ids", "does_not_exist"),
        ({"key": "cafe luna"}, "key", "invalid"),
        ({"key": ""}, "key", "blank"),
        ({"key": "out:cafe luna", "category": "No such thing"}, "category", "does_not_exist"),
        ({"key": "out:cafe luna", "category": "Salary"}, "category", "wrong_kind"),
        ({"key": "out:cafe luna", "also_similar": "perhaps"}, "also_similar", "invalid"),
        ({"key": "out:cafe luna", "make_rule": True}, "make_rule", "unknown"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_answer_is_refused_before_anything_is_done(ana, body, attr, code):
    record(ana, {})
    assert_problem(ana.post("review/resolve/", body), 400, (attr, code))
    assert (Run.objects.count(), Plan.objects.count()) == (0, 0)


def test_nobody_else_s_rows_are_resolved(ana, ben, join_ledger_of):
    (hers,), (his,) = record(ana, {}), record(ben, {})
    assert_problem(resolve(ben, ids=[his, hers], category="Dining"), 400, ("ids", "does_not_exist"))
    assert resolve(ben, ids=[his], category="Dining", also_similar=True).json()["similar"] == 0
    assert_problem(resolve(ben, key="out:cafe luna", category="Dining"), 400, ("key", "does_not_exist"))
    viewer = join_ledger_of(ana, "vera", "viewer")
    assert [group["ids"] for group in groups(viewer)] == [[hers]]
    assert resolve(viewer, ids=[hers], category="Dining").status_code == 403
    assert body_of(ana, hers)["category"] is None


def test_a_large_group_is_resolved_in_the_background(ana, run_tasks):
    ids = record(ana, *[{}] * 520)
    (group,) = groups(ana)
    assert (group["n"], len(group["ids"])) == (520, 500)
    answer = resolve(ana, key=group["key"], category="Dining")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert answer.json()["progress"] == {"done": 0, "total": 520}
    ana.patch(f"transactions/{ids[0]}/", {"category": "Travel"})
    run_tasks()
    run = ana.get(f"runs/{answer.json()['id']}/").json()
    assert (run["status"], run["counts"]) == ("succeeded", {"resolved": 519, "left_alone": 1})
    assert left_alone(ana, run) == {ids[0]: "decided"}
    assert (groups(ana), Plan.objects.count(), AT_ONCE < 520) == ([], 0, True)


def test_a_revert_puts_rows_back_into_the_queue_and_keeps_what_was_edited_since(ana):
    suggested, edited, asked = record(ana, {}, {}, {})
    suggest(ana, [suggested], "Travel")
    ask_for(asked)
    before, queue = contents(ana), groups(ana)
    run = resolve(ana, key="out:cafe luna", category="Dining").json()
    ana.patch(f"transactions/{edited}/", {"category": "Shopping"})
    reverted = ana.post(f"runs/{run['id']}/revert/").json()
    assert (reverted["status"], reverted["counts"]["restored"]) == ("reverted", 2)
    assert reverted["kept"] == [{"transaction": edited, "field": "category", "reason": "It was changed since."}]
    assert [row for row in contents(ana) if row["id"] != edited] == [row for row in before if row["id"] != edited]
    assert body_of(ana, edited)["category_name"] == "Shopping"
    assert groups(ana)[0]["ids"] == [pk for pk in queue[0]["ids"] if pk != edited]
    assert Transaction.objects.get(pk=asked).review == "needed"
    assert Transaction.objects.get(pk=asked).held == []


def test_accepting_and_reverting_is_as_if_nothing_had_been(ana):
    ids = record(ana, {}, {})
    suggest(ana, ids, "Dining")
    ask_for(*ids)
    before, queue = contents(ana), groups(ana)
    run = resolve(ana, ids=ids).json()
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    assert (contents(ana), groups(ana)) == (before, queue)

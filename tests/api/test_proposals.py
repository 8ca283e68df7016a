"""Rules that are proposed before they exist: made of corrections, and told with what they would do."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import Ledger
from rules.models import Attention, Proposal
from rules.services.proposals import propose_rules
from rules.tasks import resume_looking
from tests import queued
from tests.api.bodies import assert_problem
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")

HERON = ["BLUE HERON 12 OSLO", "BLUE HERON 31 BERGEN", "Blue Heron 7 Moss"]


def spend(api: Api, description: str, **fields: Any) -> Any:
    answer = api.post("expenses/", {"amount": "4.50", "date": "2026-11-02", "description": description} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def choose(api: Api, row: Any, category: Any) -> None:
    answer = api.patch(f"transactions/{row['id']}/", {"category": category})
    assert answer.status_code == 200, answer.json()


@pytest.fixture
def correct(ana, run_tasks):
    """Record texts without a category, put each into one, and let the worker look."""

    def do(*texts: str, category: str = "Dining", **fields: Any) -> list[Any]:
        rows = [spend(ana, text, **fields) for text in texts]
        for row in rows:
            choose(ana, row, category)
        run_tasks()
        return rows

    return do


def proposals(api: Api, **query: str) -> list[Any]:
    answer = api.get("rules/proposals/", query)
    assert answer.status_code == 200, answer.json()
    found: list[Any] = answer.json()["results"]
    return found


def phrases(api: Api, **query: str) -> list[str]:
    return [body["rule"]["conditions"][0]["value"] for body in proposals(api, **query)]


def post(api: Api, proposal: Any, what: str, body: Any = None, status: int = 200, **kwargs: Any) -> Any:
    answer = api.post(f"rules/proposals/{proposal['id']}/{what}/", body, **kwargs)
    assert answer.status_code == status, answer.json()
    return answer.json()


def category_id(api: Api, name: str) -> Any:
    [found] = [c for c in api.get("categories/", {"page_size": 500}).json()["results"] if c["name"] == name]
    return found["id"]


def text(value: str, op: str = "starts_with", **fields: Any) -> dict[str, Any]:
    condition = {"field": "raw_description", "op": op, "value": value, "negate": False, "case_sensitive": False}
    return condition | fields


OUT = {"field": "direction", "op": "equals", "value": "out", "negate": False, "case_sensitive": False}


def rule_body(api: Api, **fields: Any) -> dict[str, Any]:
    dining = {"type": "set_category", "value": category_id(api, "Dining"), "value_name": "Dining"}
    return {
        "name": "Blue Heron",
        "group": "",
        "is_active": True,
        "priority": 100,
        "stop_processing": False,
        "mode": "apply",
        "triggers": ["create", "import", "update", "manual"],
        "overwrite": "machine",
        "match": "all",
        "conditions": [text("blue heron"), OUT],
        "actions": [dining],
    } | fields


def line(row: Any, **fields: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "date", "description")} | fields


def test_three_equal_corrections_make_a_proposal_with_its_impact(ana, ben, correct):
    waiting = spend(ana, "Blue Heron 99 Voss", date="2026-11-05")
    rows = correct(*HERON)
    [body] = proposals(ana)
    expected = {
        "id": body["id"],
        "status": "open",
        "rule": rule_body(ana),
        "evidence": [line(row) for row in rows],
        "because": "You put 3 transactions with “blue heron” into Dining, which no machine had said.",
        "transactions": [row["id"] for row in rows],
        "blast_radius": {
            "touches": 1,
            "agree": 3,
            "disagree": 0,
            "examples": [line(waiting, category_name=None)],
            "counterexamples": [],
        },
        "accepted_rule": None,
        "created_at": body["created_at"],
        "version": body["version"],
    }
    assert body == expected
    answer = ana.get(f"rules/proposals/{body['id']}/")
    assert (answer.json(), answer["ETag"]) == (expected, f'"{body["id"]}-{body["version"]}"')
    assert ana.get(f"rules/proposals/{body['id']}/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert ana.get("rules/").json()["count"] == 0
    assert proposals(ben) == []
    assert_problem(ben.get(f"rules/proposals/{body['id']}/"), 404, (None, "not_found"))
    for what in ("accept", "narrow", "never"):
        assert_problem(ben.post(f"rules/proposals/{body['id']}/{what}/"), 404, (None, "not_found"))


def test_nothing_is_proposed_within_the_request(ana):
    for row in [spend(ana, name) for name in HERON]:
        choose(ana, row, "Dining")
    assert proposals(ana) == []
    assert queued.n_waiting("rules.tasks.look_at_corrections") == 1


def test_two_corrections_are_too_few_unless_the_operator_says_so(ana, correct, settings):
    correct(*HERON[:2])
    assert proposals(ana) == []
    settings.PROPOSAL_AFTER = 2
    correct("TIN WHISTLE 1", "TIN WHISTLE 2")
    assert phrases(ana) == ["tin whistle"]


def test_an_operator_may_want_no_proposals(ana, correct, settings):
    settings.PROPOSAL_AFTER = 0
    correct(*HERON)
    assert proposals(ana) == []
    assert queued.n_waiting() == 0


def test_corrections_by_a_bulk_edit_count(ana, run_tasks):
    ids = [spend(ana, name)["id"] for name in HERON]
    assert ana.patch("transactions/bulk/", {"ids": ids, "set": {"category": "Dining"}}).status_code == 202
    run_tasks()
    assert phrases(ana) == ["blue heron"]


@pytest.mark.parametrize("threshold", [0.8, 1])
def test_saying_again_what_history_learned_from_a_correction_counts(ana, use_chain, run_tasks, threshold):
    use_chain({"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": threshold})
    for text in HERON:
        choose(ana, spend(ana, text), "Dining")
    run_tasks()
    assert phrases(ana) == ["blue heron"]


def test_first_choices_and_confirmations_are_no_corrections(ana, use_chain, correct, run_tasks):
    for name in HERON:
        spend(ana, name, category="Dining")
    use_chain({"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 1})
    rows = [spend(ana, "Blue Heron Restaurant 12 OSLO") for _ in range(6)]
    assert {row["categorization"]["status"] for row in rows} == {"suggested"}
    for row in rows[:3]:
        assert ana.post(f"transactions/{row['id']}/confirm/").status_code == 200
    for row in rows[3:]:
        choose(ana, row, "Dining")
    run_tasks()
    assert proposals(ana) == []


def test_a_category_that_was_taken_away_proposes_nothing(ana):
    row = spend(ana, HERON[0], category="Dining")
    choose(ana, row, None)
    propose_rules(ledger_id=Ledger.objects.get().pk)
    assert proposals(ana) == []


def test_corrections_to_several_categories_make_none(ana, correct):
    correct(*HERON[:2])
    correct(HERON[2], category="Travel")
    assert proposals(ana) == []


def test_payments_towns_and_kinds_of_shop_make_none(ana, correct):
    for shop in ("Tin Whistle", "Quillbox", "Rideon"):
        spend(ana, f"{shop} Bergen", category="Travel")
    correct("Card payment 1", "Card payment 2", "Card payment 3")
    correct("Restaurant 1", "Restaurant 2", "Restaurant 3")
    correct("Bergen 17", "Bergen 18", "Bergen 19")
    assert proposals(ana) == []


def test_a_name_of_different_things_makes_one_proposal_each(ana, correct):
    correct("HALDEN STORES 1", "HALDEN STORES 2", "HALDEN STORES 3", category="Groceries")
    correct("HALDEN PETROL 1", "HALDEN PETROL 2", "HALDEN PETROL 3", category="Transport")
    assert sorted(phrases(ana)) == ["halden petrol", "halden stores"]


def test_typed_texts_may_be_alike(ana, correct):
    correct("Sunday brunch with Martha", "Sundy brunch with Martha", "Sunday brunch w Martha")
    [body] = proposals(ana)
    assert body["rule"]["conditions"] == [text("sunday brunch with martha", "fuzzy", threshold=85), OUT]


def test_most_confirmed_rows_against_it_leave_it_unmade(ana, correct):
    for number in range(4):
        spend(ana, f"Blue Heron Books {number}", category="Education")
    rows = correct("Blue Heron 1", "Blue Heron 2", "Blue Heron 3")
    assert proposals(ana) == []
    assert len(rows) == 3


def test_the_account_is_a_condition_where_that_spares_confirmed_rows(ana, correct):
    accounts = {name: ana.post("accounts/", {"name": name}).json()["id"] for name in ("Card", "Cash")}
    spend(ana, "Blue Heron 5", category="Gifts & Donations", account="Cash")
    correct(*HERON, account="Card")
    [body] = proposals(ana)
    in_card = {"field": "account", "op": "in", "value": [accounts["Card"]], "negate": False}
    assert body["rule"]["conditions"] == [text("blue heron"), OUT, in_card]
    assert body["blast_radius"]["disagree"] == 0


def test_whoever_changes_their_mind_sees_the_proposal_go(ana, correct, run_tasks):
    rows = correct(*HERON)
    choose(ana, rows[0], "Travel")
    run_tasks()
    assert proposals(ana) == []


def test_more_corrections_are_more_evidence(ana, correct):
    correct(*HERON)
    before = proposals(ana)[0]
    correct("BLUE HERON 44")
    [body] = proposals(ana)
    assert (body["id"], len(body["evidence"])) == (before["id"], 4)
    assert body["because"].startswith("You put 4 transactions")


def test_a_rule_that_does_it_takes_the_proposal_away(ana, correct, run_tasks):
    correct(*HERON)
    conditions = [{"field": "description", "op": "contains", "value": "heron"}]
    rule = {"name": "Herons", "conditions": conditions, "actions": [{"type": "set_category", "value": "Dining"}]}
    assert ana.post("rules/", rule).status_code == 201
    run_tasks()
    assert proposals(ana) == []
    correct("BLUE HERON 8", "BLUE HERON 9")
    assert proposals(ana) == []


def test_an_accepted_proposal_applies_to_the_next_transaction(ana, correct, use_chain):
    waiting = spend(ana, "Blue Heron 99")
    correct(*HERON)
    [body] = proposals(ana)
    answer = ana.post(f"rules/proposals/{body['id']}/accept/")
    assert answer.status_code == 201
    rule = answer.json()
    own = {name: rule[name] for name in ("id", "version", "created_at", "updated_at")}
    saved = ana.get(f"rules/{rule['id']}/")
    assert rule == saved.json() | {"run": None}
    assert {name: rule[name] for name in rule_body(ana)} == rule_body(ana)
    assert (rule["origin"], answer["ETag"]) == ("learned", f'"{own["id"]}-{own["version"]}"')
    assert ana.get(f"transactions/{waiting['id']}/").json()["category"] is None
    [told] = proposals(ana)
    assert told == body | {
        "status": "accepted", "accepted_rule": rule["id"], "blast_radius": None, "version": told["version"]
    }  # fmt: skip
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    assert spend(ana, "blue heron 100")["category_name"] == "Dining"
    assert_problem(ana.post(f"rules/proposals/{body['id']}/accept/"), 409, (None, "accepted"))
    assert_problem(ana.post(f"rules/proposals/{body['id']}/never/"), 409, (None, "accepted"))
    assert_problem(ana.post(f"rules/proposals/{body['id']}/narrow/"), 409, (None, "accepted"))


def test_accepted_with_apply_a_run_changes_what_it_said(ana, correct):
    waiting = spend(ana, "Blue Heron 99")
    correct(*HERON)
    [body] = proposals(ana)
    answer = post(ana, body, "accept", {"apply": True, "name": "Herons", "priority": 7}, 201)
    assert (answer["name"], answer["priority"], answer["run"]["kind"]) == ("Herons", 7, "rules")
    assert answer["run"]["counts"]["changed"] == body["blast_radius"]["touches"] == 1
    assert ana.get(f"transactions/{waiting['id']}/").json()["category_name"] == "Dining"


def test_what_is_changed_on_accepting_is_checked_as_any_rule(ana, correct):
    correct(*HERON)
    [body] = proposals(ana)
    path = f"rules/proposals/{body['id']}/accept/"
    assert_problem(ana.post(path, {"colour": "red"}), 400, ("colour", "unknown"))
    wrong = [{"field": "raw_description", "op": "resembles", "value": "x"}]
    assert_problem(ana.post(path, {"conditions": wrong}), 400, ("conditions.0.op", "invalid_choice"))
    assert_problem(ana.post(path, {"apply": "perhaps"}), 400, ("apply", "invalid"))
    assert proposals(ana, status="open") == [body]


def test_a_name_that_is_taken_gets_a_number(ana, correct):
    conditions = [{"field": "description", "op": "contains", "value": "grey"}]
    rule = {"conditions": conditions, "actions": [{"type": "set_category", "value": "Dining"}]}
    for name in ("Blue Heron", "Blue Heron 2"):
        assert ana.post("rules/", rule | {"name": name}).status_code == 201
    correct(*HERON)
    assert post(ana, proposals(ana)[0], "accept", status=201)["name"] == "Blue Heron 3"


def test_narrowed_it_keeps_away_from_what_speaks_against_it(ana, correct, run_tasks):
    books = spend(ana, "Blue Heron Books", category="Education")
    rows = correct("Blue Heron Inn 1", "Blue Heron Cellar 2", "Blue Heron Deck 3")
    [body] = proposals(ana)
    assert body["blast_radius"]["disagree"] == 1
    assert body["blast_radius"]["counterexamples"] == [line(books, category_name="Education")]
    narrowed = post(ana, body, "narrow")
    assert narrowed["rule"]["conditions"] == [text("blue heron"), OUT, text("books", "contains", negate=True)]
    assert narrowed["blast_radius"] == {
        "touches": 0, "agree": 3, "disagree": 0, "examples": [], "counterexamples": []
    }  # fmt: skip
    assert_problem(ana.post(f"rules/proposals/{body['id']}/narrow/"), 409, (None, "nothing_against"))
    correct("Blue Heron Attic 4")
    [body] = proposals(ana)
    assert body["rule"] == narrowed["rule"]
    assert len(body["evidence"]) == len(rows) + 1


def test_where_nothing_tells_them_apart_it_says_so(ana, correct):
    spend(ana, "Blue Heron 5", category="Education")
    correct("Blue Heron 5", "Blue Heron 5", "Blue Heron 5")
    [body] = proposals(ana)
    problem = assert_problem(ana.post(f"rules/proposals/{body['id']}/narrow/"), 409, (None, "not_narrower"))
    assert "say never" in problem["detail"]


def test_narrowed_by_hand_it_must_match_less(ana, correct):
    spend(ana, "Grey Heron")
    correct(*HERON)
    [body] = proposals(ana)
    wider = {"conditions": [{"field": "raw_description", "op": "contains", "value": "heron"}]}
    problem = assert_problem(ana.post(f"rules/proposals/{body['id']}/narrow/", wider), 409, (None, "wider"))
    assert "“Grey Heron” of 2026-11-02" in problem["detail"]
    closer = {"conditions": [text("blue heron 12")]}
    narrowed = post(ana, body, "narrow", closer)
    assert (narrowed["rule"]["match"], narrowed["rule"]["conditions"]) == ("all", [text("blue heron 12")])
    assert narrowed["blast_radius"]["agree"] == 1
    assert_problem(ana.post(f"rules/proposals/{body['id']}/narrow/", {"match": "any"}), 400, ("conditions", "required"))
    assert_problem(
        ana.post(f"rules/proposals/{body['id']}/narrow/", {"conditions": [{"field": "colour"}]}),
        400,
        ("conditions.0.field", "invalid_choice"),
    )


def test_never_is_for_every_category_of_the_merchant(ana, correct):
    correct(*HERON)
    [body] = proposals(ana)
    refused = post(ana, body, "never")
    assert refused == body | {"status": "never", "blast_radius": None, "version": refused["version"]}
    assert post(ana, body, "never")["status"] == "never"
    correct("Blue Heron Inn 1", "Blue Heron Inn 2", "Blue Heron Inn 3", category="Travel")
    correct("Tin Whistle 1", "Tin Whistle 2", "Tin Whistle 3")
    assert phrases(ana, status="open") == ["tin whistle"]
    assert_problem(ana.post(f"rules/proposals/{body['id']}/accept/"), 409, (None, "never"))


def test_never_may_be_for_this_proposal_alone(ana, correct):
    correct(*HERON)
    [body] = proposals(ana)
    post(ana, body, "never", {"scope": "proposal"})
    correct("Blue Heron Inn 1", "Blue Heron Inn 2", "Blue Heron Inn 3", category="Travel")
    correct("Blue Heron 9")
    assert phrases(ana, status="open") == ["blue heron inn"]
    assert_problem(
        ana.post(f"rules/proposals/{body['id']}/never/", {"scope": "world"}), 400, ("scope", "invalid_choice")
    )


def test_a_proposal_is_answered_as_it_was_seen(ana, correct):
    correct(*HERON)
    [body] = proposals(ana)
    seen = {"If-Match": f'"{body["id"]}-{body["version"]}"'}
    spend(ana, "Blue Heron 99")
    for what in ("accept", "narrow", "never"):
        answer = ana.post(f"rules/proposals/{body['id']}/{what}/", headers=seen)
        assert_problem(answer, 412, (None, "changed_meanwhile"))
    now = ana.get(f"rules/proposals/{body['id']}/")["ETag"]
    assert ana.post(f"rules/proposals/{body['id']}/accept/", headers={"If-Match": now}).status_code == 201


def test_the_list_filters_by_status_at_constant_queries(ana, correct):
    correct(*HERON)
    correct("Tin Whistle 1", "Tin Whistle 2", "Tin Whistle 3")
    with CaptureQueriesContext(connection) as two:
        proposals(ana, status="open")
    post(ana, proposals(ana)[0], "never")
    with CaptureQueriesContext(connection) as one:
        assert len(proposals(ana, status="open")) == 1
    assert len(one) == len(two)
    assert_problem(ana.get("rules/proposals/", {"status": "maybe"}), 400, ("status", "invalid_choice"))


def test_a_merged_category_takes_its_proposals_along(ana, correct, run_tasks):
    ana.post("categories/", {"name": "Pubs", "kind": "expense"})
    correct(*HERON, category="Pubs")
    pubs = category_id(ana, "Pubs")
    assert ana.post(f"categories/{pubs}/merge/", {"into": "Dining"}).status_code == 200
    [body] = proposals(ana)
    assert body["rule"]["actions"] == rule_body(ana)["actions"]
    run_tasks()
    assert [p["id"] for p in proposals(ana)] == [body["id"]]


def test_looking_twice_changes_nothing_and_costs_next_to_nothing(ana, correct, run_tasks):
    correct(*HERON)
    before = proposals(ana)
    Attention.objects.update(looking_until="2026-11-02T00:00Z")
    assert resume_looking() == 1
    with CaptureQueriesContext(connection) as queries:
        run_tasks()
    asked = [q["sql"] for q in queries.captured_queries if "expenses_transaction" in q["sql"]]
    assert len(asked) <= 2
    assert proposals(ana) == before


def test_the_next_correction_queues_a_lost_task_again(ana, run_tasks):
    for row in [spend(ana, name) for name in HERON]:
        choose(ana, row, "Dining")
    queued.lose_all()
    run_tasks()
    assert proposals(ana) == []
    Attention.objects.update(looking_until="2026-11-02T00:00Z")
    choose(ana, spend(ana, "Grey Heron"), "Dining")
    run_tasks()
    assert phrases(ana) == ["blue heron"]


def test_rows_of_statements_count_as_any(ana, run_tasks):
    lines = "".join(f"2026-11-1{n};BLUE HERON {n}{n} OSLO;-5.50;EUR\n" for n in range(3))
    file = SimpleUploadedFile("a.csv", f"Date;Payee;Amount;Currency\n{lines}".encode(), "text/csv")
    account = ana.post("accounts/", {"name": "Giro"}).json()["id"]
    sent = ana.post("imports/", {"file": file, "account": account, "commit": True}, format="multipart")
    assert sent.status_code == 201
    run_tasks()
    for row in ana.get("transactions/").json()["results"]:
        choose(ana, row, "Dining")
    run_tasks()
    assert len(proposals(ana)) == 1


def test_a_rule_is_made_of_one_transaction_on_request(ana, ben):
    row = spend(ana, "PAYPAL *QUILLBOX 4029357733", category="Dining")
    like = spend(ana, "Quillbox Order 5")
    answer = ana.post(f"transactions/{row['id']}/propose-rule/")
    assert answer.status_code == 200
    assert answer.json() == rule_body(ana, name="Quillbox", conditions=[text("quillbox", "contains"), OUT]) | {
        "because": "It has “quillbox”, which names whom it was paid to or by, and belongs to Dining.",
        "blast_radius": {
            "touches": 1,
            "agree": 1,
            "disagree": 0,
            "examples": [line(like, category_name=None)],
            "counterexamples": [],
        },
    }
    assert (Proposal.objects.count(), ana.get("rules/").json()["count"]) == (0, 0)
    assert_problem(ben.post(f"transactions/{row['id']}/propose-rule/"), 404, (None, "not_found"))


def test_a_rule_made_of_one_transaction_can_be_saved(ana):
    row = spend(ana, "Quillbox 12", category="Dining")
    body = ana.post(f"transactions/{row['id']}/propose-rule/").json()
    assert ana.post("rules/", body).status_code == 201


def test_a_rule_of_one_transaction_may_set_another_category(ana):
    row = spend(ana, "Quillbox 12")
    path = f"transactions/{row['id']}/propose-rule/"
    body = ana.post(path, {"category": "Travel"}).json()
    assert [action["value_name"] for action in body["actions"]] == ["Travel"]
    assert_problem(ana.post(path), 400, ("category", "required"))
    assert_problem(ana.post(path, {"category": "Salary"}), 400, ("category", "wrong_kind"))
    assert_problem(ana.post(path, {"category": "Nonsense"}), 400, ("category", "does_not_exist"))
    assert_problem(ana.post(path, {"name": "x"}), 400, ("name", "unknown"))


@pytest.mark.parametrize("description", ["Card payment", "Transfer 4711", "4711", "The bar", "BP"])
def test_of_a_text_that_names_nobody_no_rule_is_made(ana, description):
    row = spend(ana, description, category="Dining")
    problem = assert_problem(ana.post(f"transactions/{row['id']}/propose-rule/"), 409, (None, "names_nobody"))
    assert "Write the rule yourself" in problem["detail"]

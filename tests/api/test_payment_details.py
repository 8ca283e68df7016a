"""Who was paid (IBAN, MCC), whether somebody should look at it, and whether budgets count it."""

import pytest

from expenses.models import Tag, Transaction
from tests.api.bodies import UNASKED, assert_problem, settled, transaction

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
IBAN, OTHER_IBAN = "DE89370400440532013000", "GB82WEST12345698765432"
SENT = {"iban": "de89 3704 0044 0532 0130 00", "mcc": "5812", "review": "needed", "is_excluded_from_budget": True}
KEPT = {**SENT, "iban": IBAN}
NOTHING = {"iban": "", "mcc": "", "review": None, "is_excluded_from_budget": False}


def record(api, **fields):
    answer = api.post("transactions/", ROW | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def details(body):
    return {name: body[name] for name in NOTHING}


def body_of(api, pk):
    return api.get(f"transactions/{pk}/").json()


def edit(api, *rows, **changes):
    """The body of the run that changes rows by id."""
    answer = api.patch("transactions/bulk/", {"ids": list(rows), "set": changes})
    assert answer.status_code == 202, answer.content
    return answer.json()


def held(pk):
    """What machines leave alone of a row, tags by name."""
    names = {f"tag:{tag.pk}": f"tag {tag.name}" for tag in Tag.objects.all()}
    return [names.get(name, name) for name in Transaction.everything.get(pk=pk).held]


def test_details_are_kept_and_shown_wherever_the_row_is(ana):
    body = record(ana, **SENT)
    expected = transaction(amount="5.50", date="2026-11-02", categorization=UNASKED, **KEPT)
    assert settled(body) == expected
    assert ana.get("transactions/").json()["results"] == [body]
    assert ana.get("changes/?since=0").json()["transactions"] == [body]
    ana.delete(f"transactions/{body['id']}/")
    assert details(ana.get("transactions/deleted/").json()["results"][0]) == KEPT


def test_a_bulk_keeps_them_row_by_row(ana):
    answer = ana.post("transactions/bulk/", {"transactions": [ROW | SENT, ROW, ROW | {"iban": "DE00"}]})
    assert [details(row) for row in answer.json()["created"]] == [KEPT, NOTHING]
    (wrong,) = answer.json()["errors"]
    assert (wrong["index"], [error["attr"] for error in wrong["errors"]]) == (2, ["iban"])


@pytest.mark.parametrize("method", ["patch", "put"])
def test_an_edit_changes_them_and_takes_them_away(ana, method):
    address = f"transactions/{record(ana, mcc='5411')['id']}/"
    send, rest = getattr(ana, method), {} if method == "patch" else ROW
    assert details(send(address, rest | SENT).json()) == KEPT
    assert details(send(address, rest | {"review": "done"}).json()) == KEPT | {"review": "done"}
    assert details(send(address, rest | NOTHING).json()) == NOTHING


@pytest.mark.parametrize("address", ["transactions/bulk/", "transactions/{}/"])
def test_an_edit_with_a_wrong_value_is_refused_by_its_field(ana, address):
    pk = record(ana, **SENT)["id"]
    is_bulk = "bulk" in address
    for name, value, code in (
        ("iban", "DE89370400440532013001", "wrong_check_digits"),
        ("iban", "Ana's account", "invalid"),
        ("mcc", "541", "invalid"),
        ("review", "later", "invalid_choice"),
        ("is_excluded_from_budget", None, "null"),
    ):
        body = {"ids": [pk], "set": {name: value}} if is_bulk else {name: value}
        assert_problem(ana.patch(address.format(pk), body), 400, (f"set.{name}" if is_bulk else name, code))
    assert details(body_of(ana, pk)) == KEPT


def test_a_wrong_account_number_is_told_what_is_wrong(ana):
    wrong = ana.post("transactions/", ROW | {"iban": "DE89 3704 0044 0532 0130 01"})
    assert assert_problem(wrong, 400, ("iban", "wrong_check_digits"))["errors"][0]["detail"] == (
        "The check digits of DE89370400440532013001 do not fit; look for a letter or digit that is wrong, missing or "
        "swapped."
    )


def test_many_get_the_same_and_a_revert_gives_the_old_ones_back(ana):
    first, second = record(ana, mcc="5411", review="done")["id"], record(ana)["id"]
    run = edit(ana, first, second, **SENT)
    assert [details(body_of(ana, pk)) for pk in (first, second)] == [KEPT, KEPT]
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    old = NOTHING | {"mcc": "5411", "review": "done"}
    assert [details(body_of(ana, pk)) for pk in (first, second)] == [old, NOTHING]


def test_parts_share_the_payee_and_have_reviews_of_their_own(ana):
    whole = record(ana, **SENT)["id"]
    parts = [{"amount": "2.50", "review": "done", "is_excluded_from_budget": False}, {"amount": "3.00"}]
    split = ana.put(f"transactions/{whole}/split/", {"parts": parts}).json()
    assert details(split["parent"]) == KEPT
    assert [details(part) for part in split["parts"]] == [
        KEPT | {"review": "done", "is_excluded_from_budget": False},
        KEPT | {"review": None},
    ]
    recorded = record(ana, **SENT, parts=parts)["id"]
    shown = ana.get(f"transactions/{recorded}/split/").json()
    assert [details(part) for part in shown["parts"]] == [details(part) for part in split["parts"]]


def test_the_payee_flows_from_the_whole_and_the_rest_stays(ana):
    whole = record(ana)["id"]
    split = ana.put(f"transactions/{whole}/split/", {"parts": [{"amount": "2.50"}, {"amount": "3.00"}]}).json()
    part, other = (part["id"] for part in split["parts"])
    assert details(ana.patch(f"transactions/{whole}/", SENT).json()) == KEPT
    flowed = NOTHING | {"iban": IBAN, "mcc": "5812"}
    assert [details(body_of(ana, pk)) for pk in (part, other)] == [flowed, flowed]
    for name, said in (("iban", "IBAN"), ("mcc", "MCC")):
        refused = ana.patch(f"transactions/{part}/", {name: OTHER_IBAN if name == "iban" else "5411"})
        assert assert_problem(refused, 409, (None, "part"))["detail"] == (
            f"The {said} of a part is changed at its parent, by split/."
        )
    own = {"review": "done", "is_excluded_from_budget": True}
    assert details(ana.patch(f"transactions/{part}/", own).json()) == flowed | own
    assert details(body_of(ana, other)) == flowed
    assert edit(ana, whole, part, iban=OTHER_IBAN)["counts"] == {"changed": 0, "unchanged": 0, "left_alone": 2}


def test_a_category_that_somebody_chooses_ends_the_review_unless_they_say_otherwise(ana):
    first, second = record(ana, review="needed")["id"], record(ana, review="needed")["id"]
    assert ana.patch(f"transactions/{first}/", {"category": "Dining"}).json()["review"] == "done"
    both = {"category": "Travel", "review": "needed"}
    assert ana.patch(f"transactions/{first}/", both).json()["review"] == "needed"
    assert record(ana, **both)["review"] == "needed"
    edit(ana, first, second, category="Dining")
    assert [body_of(ana, pk)["review"] for pk in (first, second)] == ["done", "done"]
    edit(ana, first, second, **both)
    assert [body_of(ana, pk)["review"] for pk in (first, second)] == ["needed", "needed"]


def test_totals_count_what_budgets_do_not(ana):
    record(ana, is_excluded_from_budget=True)
    record(ana, amount="4.00")
    assert ana.get("transactions/totals/").json()["results"][0]["expense"] == "9.50"
    only = ana.get("transactions/totals/", {"is_excluded_from_budget": "false"}).json()
    assert only["results"][0]["expense"] == "4.00"


def test_insights_leave_out_what_budgets_do_not_count_and_balances_count_it(ana):
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})
    spent = {"account": "Giro", "date": "2026-10-05", "category": "Dining"}
    record(ana, **spent, amount="9.00", is_excluded_from_budget=True)
    record(ana, **spent, amount="4.00", is_excluded_from_budget=False)
    summary = ana.get("insights/summary/?period=month&date=2026-10").json()
    assert (summary["expense"], summary["excluded"]["expense"]) == ("4.00", "9.00")
    (bucket,) = ana.get("insights/timeseries/?bucket=monthly&start=2026-10-01&end=2026-10-31").json()["results"]
    assert bucket["expense"] == "4.00"
    assert ana.get("insights/trends/?month=2026-10").json()["expense"]["amount"] == "4.00"
    assert ana.get("insights/forecast/?month=2026-10").json()["spent"] == "4.00"
    assert ana.get("accounts/balances/").json()["results"][0]["balance"] == "-13.00"
    assert ana.get("transactions/totals/").json()["results"][0]["expense"] == "13.00"


def test_nobody_else_sees_or_changes_them(ana, ben):
    pk = record(ana, **SENT)["id"]
    assert ben.get("transactions/", {"iban": IBAN}).json()["results"] == []
    assert_problem(ben.patch(f"transactions/{pk}/", NOTHING), 404, (None, "not_found"))
    assert details(body_of(ana, pk)) == KEPT


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, []),
        ({"iban": IBAN, "mcc": "5812", "payment_method": "card", "category": "Dining"}, []),
        ({"merchant": "Luna", "notes": "n"}, ["merchant", "notes"]),
        ({"review": "done", "is_excluded_from_budget": True}, ["is_excluded_from_budget", "review"]),
        ({"review": None, "is_excluded_from_budget": False, "notes": ""}, []),
        ({"tags": ["trip"]}, ["tag trip"]),
    ],
    ids=str,
)
def test_what_a_client_records_is_held(ana, sent, expected):
    assert held(record(ana, **sent)["id"]) == expected


CHANGES = [
    ({"merchant": "Luna"}, ["merchant"]),
    ({"description": "Coffee"}, ["description"]),
    ({"notes": "n"}, ["notes"]),
    ({"review": "needed"}, ["review"]),
    ({"is_excluded_from_budget": True}, ["is_excluded_from_budget"]),
    ({"tags": ["trip"]}, ["tag trip"]),
    ({"merchant": "Luna", "notes": "n", "tags": ["trip"]}, ["merchant", "notes", "tag trip"]),
    ({"iban": IBAN, "mcc": "5812"}, []),
    ({"description": "Cafe Luna", "notes": "", "review": None, "is_excluded_from_budget": False}, []),
]


@pytest.mark.parametrize(("sent", "expected"), CHANGES, ids=str)
def test_what_an_edit_changes_is_held(ana, sent, expected):
    pk = record(ana)["id"]
    assert ana.patch(f"transactions/{pk}/", sent).status_code == 200
    assert held(pk) == expected


@pytest.mark.parametrize(("sent", "expected"), CHANGES, ids=str)
def test_what_a_bulk_edit_changes_is_held_until_it_is_reverted(ana, sent, expected):
    pk = record(ana)["id"]
    run = edit(ana, pk, **sent)
    assert held(pk) == expected
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    assert held(pk) == []


def test_a_tag_that_was_taken_away_is_held_too(ana):
    pk = record(ana, tags=["trip"])["id"]
    Transaction.objects.filter(pk=pk).update(held=[])
    edit(ana, pk, remove_tags=["trip"])
    assert (body_of(ana, pk)["tags"], held(pk)) == ([], ["tag trip"])


def test_a_revert_lets_go_only_of_what_the_run_held(ana):
    pk = record(ana, merchant="Luna")["id"]
    run = edit(ana, pk, merchant="Cafe", notes="n", review="done")
    ana.patch(f"transactions/{pk}/", {"notes": "mine"})
    reverted = ana.post(f"runs/{run['id']}/revert/").json()
    assert [entry["field"] for entry in reverted["kept"]] == ["notes"]
    body = body_of(ana, pk)
    assert (body["merchant"], body["notes"], body["review"]) == ("Luna", "mine", None)
    assert held(pk) == ["merchant", "notes"]


def test_a_rule_leaves_alone_what_the_client_said(ana, use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    rule = {
        "name": "Cafes",
        "conditions": [{"field": "mcc", "op": "equals", "value": "5812"}],
        "actions": [{"type": "needs_review", "value": True}, {"type": "exclude_from_budget", "value": True}],
    }
    assert ana.post("rules/", rule).status_code == 201
    by_rule = {"review": "needed", "is_excluded_from_budget": True}
    assert details(record(ana, mcc="5812")) == NOTHING | {"mcc": "5812"} | by_rule
    said = record(ana, mcc="5812", review="done")
    assert (said["review"], said["is_excluded_from_budget"]) == ("done", True)
    assert (held(said["id"]), details(record(ana))) == (["review"], NOTHING)

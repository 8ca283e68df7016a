"""A category that goes, and the one that takes its place everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.models import Category, Change, Tombstone, Transaction
from expenses.services.categories import create_category, merge_category
from tests.api.bodies import assert_problem
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

CUP = {"amount": "3.20", "description": "Tea house", "category": "Tea"}
RULE = {
    "name": "Tea houses",
    "conditions": [{"field": "description", "op": "contains", "value": "tea"}],
    "actions": [{"type": "set_category", "value": "Tea"}, {"type": "add_tags", "value": ["hot"]}],
}


@pytest.fixture
def tea(ana):
    return ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()


@pytest.fixture
def coffee(ana):
    return ana.post("categories/", {"name": "Coffee", "kind": "expense"}).json()


def test_a_merge_moves_rows_children_suggestions_and_rules(ana, tea, coffee):
    row = ana.post("expenses/", CUP).json()
    child = ana.post("categories/", {"name": "Green tea", "kind": "expense", "parent": "Tea"}).json()
    rule = ana.post("rules/", RULE).json()
    other = ana.post(
        "rules/", RULE | {"name": "Dinner", "actions": [{"type": "set_category", "value": "Dining"}]}
    ).json()
    suggested = ana.post("expenses/", CUP | {"category": None}).json()["id"]
    Transaction.objects.filter(pk=suggested).update(
        suggested_category=tea["id"], review_status="suggested", category_source="model", category_confidence=0.5
    )
    binned = ana.post("expenses/", CUP).json()["id"]
    ana.delete(f"expenses/{binned}/")
    answer = ana.post(f"categories/{tea['id']}/merge/", {"into": "coffee"})
    assert answer.status_code == 200
    moved = {
        "transactions": 1,
        "suggestions": 1,
        "categories": 1,
        "kinds": 0,
        "keywords": 0,
        "rules": 1,
        "anomaly_feedback": 0,
    }
    assert answer.json() == coffee | {"moved": moved}
    assert answer["ETag"] == ana.get(f"categories/{coffee['id']}/")["ETag"]
    assert ana.get(f"categories/{tea['id']}/").status_code == 404
    after = ana.get(f"expenses/{row['id']}/").json()
    assert (after["category"], after["category_name"]) == (coffee["id"], "Coffee")
    assert after["categorization"] == row["categorization"]
    assert after["version"] > row["version"]
    below = ana.get(f"categories/{child['id']}/").json()
    assert below == child | {"parent": coffee["id"], "parent_name": "Coffee", "version": below["version"]}
    assert below["version"] > child["version"]
    suggestion = ana.get(f"expenses/{suggested}/").json()["categorization"]
    assert suggestion["status"] == "suggested"
    assert suggestion["suggestion"]["category_name"] == "Coffee"
    followed = ana.get(f"rules/{rule['id']}/").json()
    assert followed["actions"][0] == {"type": "set_category", "value": coffee["id"], "value_name": "Coffee"}
    assert followed["actions"][1] == rule["actions"][1]
    assert followed["version"] > rule["version"]
    assert ana.get(f"rules/{other['id']}/").json() == other | {"stats": followed["stats"]}
    assert ana.post(f"expenses/{binned}/restore/").json()["category_name"] == "Coffee"


def test_a_merge_is_told_in_the_history_of_each_row(ana, tea, coffee):
    row = ana.post("expenses/", CUP).json()["id"]
    ana.post(f"categories/{tea['id']}/merge/", {"into": coffee["id"]})
    event = ana.get(f"expenses/{row}/history/").json()["results"][0]
    assert (event["action"], event["source"], event["username"]) == ("changed", "merge", "ana")
    assert event["fields"] == [
        {"field": "category", "old": tea["id"], "old_name": "Tea", "new": coffee["id"], "new_name": "Coffee"}
    ]
    assert event["version"] == ana.get(f"expenses/{row}/").json()["version"]


def test_a_client_that_keeps_a_copy_learns_of_a_merge(ana, tea, coffee):
    row = ana.post("expenses/", CUP).json()["id"]
    since = ana.get("changes/").json()["version"]
    ana.post(f"categories/{tea['id']}/merge/", {"into": "Coffee"})
    changes = ana.get("changes/", {"since": since}).json()
    assert [one["id"] for one in changes["transactions"]] == [row]
    assert changes["deleted"] == [{"type": "category", "id": tea["id"]}]
    assert changes["categories"] == []


def test_a_deletion_with_a_replacement_is_a_merge(ana, tea, coffee):
    row = ana.post("expenses/", CUP).json()["id"]
    answer = ana.delete(f"categories/{tea['id']}/?replacement=Coffee")
    assert (answer.status_code, answer.content) == (204, b"")
    assert ana.get(f"expenses/{row}/").json()["category"] == coffee["id"]
    assert Tombstone.objects.filter(type="category", object_id=tea["id"]).count() == 1


def test_a_category_that_a_rule_names_is_in_use(ana, tea):
    ana.post("rules/", RULE)
    detail = assert_problem(ana.delete(f"categories/{tea['id']}/"), 409, (None, "in_use"))["detail"]
    assert detail == (
        "“Tea” is in use (rules: 1). Say what takes its place: "
        "DELETE with ?replacement= and the id or name of another category of kind expense."
    )


def test_what_lies_in_the_bin_alone_loses_a_deleted_category(ana, tea):
    row = ana.post("expenses/", CUP).json()["id"]
    ana.delete(f"expenses/{row}/")
    assert ana.delete(f"categories/{tea['id']}/").status_code == 204
    body = ana.post(f"expenses/{row}/restore/").json()
    assert (body["category"], body["categorization"]["status"]) == (None, "none")
    event = ana.get(f"expenses/{row}/history/").json()["results"][1]
    assert event["source"] == "deletion"
    assert {field["field"] for field in event["fields"]} == {"category", "status", "source"}


@pytest.mark.parametrize(
    ("into", "code"),
    [
        ("Tea", "itself"),
        ("Green tea", "below"),
        ("Salary", "wrong_kind"),
        ("Transfers", "wrong_kind"),
        ("Espresso", "not_a_parent"),
        ("No such thing", "does_not_exist"),
        (2**70, "does_not_exist"),
        (True, "invalid"),
        (None, "null"),
    ],
)
def test_what_cannot_take_its_place_is_named(ana, tea, coffee, into, code):
    ana.post("categories/", {"name": "Green tea", "kind": "expense", "parent": "Tea"})
    ana.post("categories/", {"name": "Espresso", "kind": "expense", "parent": "Coffee"})
    assert_problem(ana.post(f"categories/{tea['id']}/merge/", {"into": into}), 400, ("into", code))
    if isinstance(into, str):
        answer = ana.delete(f"categories/{tea['id']}/?replacement={into}")
        assert_problem(answer, 400, ("replacement", code))
    assert ana.get(f"categories/{tea['id']}/").json() == tea


def test_a_strangers_category_takes_no_place(ana, ben, tea):
    stranger = ben.post("categories/", {"name": "Ben's", "kind": "expense"}).json()["id"]
    for into in (stranger, "Ben's"):
        assert_problem(ana.post(f"categories/{tea['id']}/merge/", {"into": into}), 400, ("into", "does_not_exist"))
    assert_problem(ben.post(f"categories/{tea['id']}/merge/", {"into": stranger}), 404, (None, "not_found"))


def test_one_can_merge_into_a_category_of_the_system(ana, ben, tea):
    ben_row = ben.post("expenses/", CUP | {"category": "Dining"}).json()
    row = ana.post("expenses/", CUP).json()["id"]
    body = ana.post(f"categories/{tea['id']}/merge/", {"into": "Dining"}).json()
    assert (body["name"], body["is_system"], body["moved"]["transactions"]) == ("Dining", True, 1)
    assert ana.get(f"expenses/{row}/").json()["category_name"] == "Dining"
    assert ben.get(f"expenses/{ben_row['id']}/").json() == ben_row


def test_a_merge_keeps_to_what_the_client_knew(ana, tea, coffee):
    old = ana.get(f"categories/{tea['id']}/")["ETag"]
    ana.patch(f"categories/{tea['id']}/", {"name": "Teas"})
    answer = ana.post(f"categories/{tea['id']}/merge/", {"into": "Coffee"}, headers={"If-Match": old})
    assert answer.status_code == 412
    assert ana.get(f"categories/{tea['id']}/").json()["name"] == "Teas"


def test_a_large_merge_stamps_at_most_a_thousand_rows_with_a_version(ana, tea, coffee):
    first = ana.post("expenses/", CUP).json()["id"]
    fields = Transaction.objects.filter(pk=first).values().get()
    del fields["id"]
    Transaction.objects.bulk_create([Transaction(**fields) for _ in range(2100)], batch_size=500)
    body = ana.post(f"categories/{tea['id']}/merge/", {"into": "Coffee"}).json()
    assert body["moved"]["transactions"] == 2101
    versions = list(Transaction.objects.values_list("version", flat=True))
    counts = sorted(versions.count(version) for version in set(versions))
    assert counts == [101, 1000, 1000]
    assert Change.objects.filter(source="merge").count() == 2101
    assert not Transaction.objects.filter(category=tea["id"]).exists()


@law(5)
@given(choices=st.lists(st.sampled_from(["Tea", "Coffee", "Dining", None]), max_size=8))
def test_a_merge_changes_no_row_but_by_its_category(ana, choices):
    for name in ("Tea", "Coffee"):
        if not Category.objects.filter(name=name).exists():
            create_category(by=ana.user, fields={"name": name, "kind": "expense"})
    ids = [ana.post("expenses/", CUP | {"category": name}).json()["id"] for name in choices]
    before = {pk: ana.get(f"expenses/{pk}/").json() for pk in ids}
    tea, coffee = (Category.objects.get(name=name) for name in ("Tea", "Coffee"))
    gone = tea.pk
    merge_category(by=ana.user, category=tea, into=coffee)
    for pk, body in before.items():
        new = {"category": coffee.pk, "category_name": "Coffee"} if body["category"] == gone else {}
        after = ana.get(f"expenses/{pk}/").json()
        same = {name: after[name] for name in ("version", "updated_at")} if new else {}
        assert after == body | new | same

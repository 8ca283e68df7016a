"""Tags as things of their own."""

import pytest

from expenses.models import Tombstone, Transaction
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

CUP = {"amount": "3.20", "description": "Tea house"}
RULE = {
    "name": "Tea houses",
    "conditions": [{"field": "description", "op": "contains", "value": "zzz"}],
    "actions": [{"type": "add_tags", "value": ["HOT", "Drinks"]}],
}


def named(api, name):
    return {tag["name"]: tag for tag in api.get("tags/").json()["results"]}[name]


def test_tags_are_created_by_use_or_by_hand_and_listed_by_name(ana, ben):
    ana.post("expenses/", CUP | {"tags": ["sweet", "hot"]})
    answer = ana.post("tags/", {"name": " New "})
    assert answer.status_code == 201
    body = answer.json()
    assert body == {"id": body["id"], "name": "New", "version": body["version"]}
    assert ana.get(f"tags/{body['id']}/").json() == body
    assert [tag["name"] for tag in ana.get("tags/").json()["results"]] == ["New", "hot", "sweet"]
    assert ben.get("tags/").json()["results"] == []
    assert_problem(ben.get(f"tags/{body['id']}/"), 404, (None, "not_found"))


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "blank"), (None, "null"), ("x" * 51, "max_length"), ("HOT", "unique"), ("\xd6KO", "unique"), ([], "invalid")],
)
def test_a_bad_name_is_refused(ana, name, code):
    ana.post("expenses/", CUP | {"tags": ["hot", "\xf6ko", "other"]})
    assert_problem(ana.post("tags/", {"name": name}), 400, ("name", code))
    assert_problem(ana.patch(f"tags/{named(ana, 'other')['id']}/", {"name": name}), 400, ("name", code))


def test_a_new_name_shows_on_every_row_and_in_rules(ana):
    row = ana.post("expenses/", CUP | {"tags": ["hot"]}).json()
    rule = ana.post("rules/", RULE).json()
    before = named(ana, "hot")
    after = ana.patch(f"tags/{before['id']}/", {"name": "Warm"}).json()
    assert after == before | {"name": "Warm", "version": after["version"]}
    assert after["version"] > before["version"]
    shown = ana.get(f"expenses/{row['id']}/").json()
    assert shown["tags"] == ["Warm"]
    assert shown["version"] > row["version"]
    followed = ana.get(f"rules/{rule['id']}/").json()
    assert followed["actions"] == [{"type": "add_tags", "value": ["Warm", "Drinks"]}]
    assert followed["version"] > rule["version"]
    assert ana.patch(f"tags/{before['id']}/", {"name": "WARM"}).json()["name"] == "WARM"


def test_a_deleted_tag_is_taken_off_every_row_and_that_is_written_down(ana):
    row = ana.post("expenses/", CUP | {"tags": ["hot", "sweet"]}).json()
    binned = ana.post("expenses/", CUP | {"tags": ["hot"]}).json()["id"]
    ana.delete(f"expenses/{binned}/")
    tag = named(ana, "hot")["id"]
    answer = ana.delete(f"tags/{tag}/")
    assert (answer.status_code, answer.content) == (204, b"")
    after = ana.get(f"expenses/{row['id']}/").json()
    assert after["tags"] == ["sweet"]
    assert after["version"] > row["version"]
    event = ana.get(f"expenses/{row['id']}/history/").json()["results"][0]
    assert (event["source"], event["username"], event["version"]) == ("deletion", "ana", after["version"])
    assert event["fields"] == [{"field": "tags", "old": ["hot", "sweet"], "new": ["sweet"]}]
    assert ana.post(f"expenses/{binned}/restore/").json()["tags"] == []
    assert Tombstone.objects.get(type="tag").object_id == tag


def test_a_merge_leaves_each_row_the_other_tag_once(ana):
    ids = [ana.post("expenses/", CUP | {"tags": tags}).json()["id"] for tags in (["hot"], ["hot", "warm"], ["warm"])]
    rule = ana.post("rules/", RULE | {"actions": [{"type": "add_tags", "value": ["warm", "Hot"]}]}).json()
    old = ana.get(f"expenses/{ids[2]}/").json()
    warm = named(ana, "warm")
    answer = ana.post(f"tags/{named(ana, 'hot')['id']}/merge/", {"into": "WARM"})
    assert answer.status_code == 200
    assert answer.json() == warm | {"moved": {"transactions": 2}}
    assert [ana.get(f"expenses/{pk}/").json()["tags"] for pk in ids] == [["warm"]] * 3
    assert ana.get(f"expenses/{ids[2]}/").json() == old
    fields = [ana.get(f"expenses/{pk}/history/").json()["results"][0]["fields"] for pk in ids[:2]]
    assert [one[0]["old"] for one in fields] == [["hot"], ["hot", "warm"]]
    assert [one[0]["new"] for one in fields] == [["warm"], ["warm"]]
    assert ana.get(f"rules/{rule['id']}/").json()["actions"][0]["value"] == ["warm"]
    assert [tag["name"] for tag in ana.get("tags/").json()["results"]] == ["warm"]
    assert Transaction.objects.filter(tags=warm["id"]).count() == 3


@pytest.mark.parametrize(
    ("into", "code"), [("hot", "itself"), ("cold", "does_not_exist"), (10**12, "does_not_exist"), (None, "null")]
)
def test_a_merge_into_what_cannot_be_is_refused(ana, ben, into, code):
    ana.post("expenses/", CUP | {"tags": ["hot"]})
    ben.post("tags/", {"name": "cold"})
    tag = named(ana, "hot")
    assert_problem(ana.post(f"tags/{tag['id']}/merge/", {"into": into}), 400, ("into", code))
    assert_problem(ben.post(f"tags/{tag['id']}/merge/", {"into": "cold"}), 404, (None, "not_found"))
    assert named(ana, "hot") == tag


def test_changes_bring_new_and_renamed_tags(ana):
    ana.post("expenses/", CUP | {"tags": ["hot"]})
    since = ana.get("changes/").json()["version"]
    renamed = ana.patch(f"tags/{named(ana, 'hot')['id']}/", {"name": "warm"}).json()
    changes = ana.get("changes/", {"since": since}).json()
    assert changes["tags"] == [renamed]
    assert [row["tags"] for row in changes["transactions"]] == [["warm"]]

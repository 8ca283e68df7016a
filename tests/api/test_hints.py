"""House rules for the local model: written, read, ordered, changed and deleted, in one ledger alone."""

import pytest

from expenses.models import Hint
from tests.api.bodies import assert_problem, with_key
from tests.api.copies import Copy, ledger_of

pytestmark = pytest.mark.usefixtures("silent_chain")

HINTS = "categorization/hints/"
IKEA = "IKEA food court is Dining"
DOG = "Paw Palace is for the dog: Pets"


def add(api, text=IKEA, **fields):
    answer = api.post(HINTS, {"text": text, **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def listed(api):
    return api.get(HINTS).json()["results"]


def etag(hint):
    return f'"{hint["id"]}-{hint["version"]}"'


def test_a_hint_is_written_read_changed_and_deleted(ana):
    answer = ana.post(HINTS, {"text": f"  {IKEA} "})
    hint = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, etag(hint))
    assert hint == {"id": hint["id"], "text": IKEA, "position": 1, "version": hint["version"]}
    address = f"{HINTS}{hint['id']}/"
    assert ana.get(address).json() == hint
    changed = ana.patch(address, {"text": DOG}).json()
    assert changed == hint | {"text": DOG, "version": changed["version"]}
    assert changed["version"] > hint["version"]
    assert listed(ana) == [changed]
    answer = ana.delete(address)
    assert (answer.status_code, answer.content, listed(ana)) == (204, b"", [])


def test_hints_stand_in_the_order_of_their_positions_the_older_first_among_equals(ana):
    first, second, third = (add(ana, text) for text in (IKEA, DOG, "Rent goes to Housing"))
    assert [hint["position"] for hint in (first, second, third)] == [1, 2, 3]
    ana.patch(f"{HINTS}{third['id']}/", {"position": 1})
    assert [hint["id"] for hint in listed(ana)] == [first["id"], third["id"], second["id"]]
    assert add(ana, "Gym is Healthcare", position=900)["position"] == 900
    assert add(ana, "Last but one")["position"] == 901


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "text", "required"),
        ({"text": "ab"}, "text", "min_length"),
        ({"text": "x" * 201}, "text", "max_length"),
        ({"text": "<<<|>>>"}, "text", "invalid"),
        ({"text": "a\x00bcd"}, "text", "null_characters_not_allowed"),
        ({"text": None}, "text", "null"),
        ({"text": ["abc"]}, "text", "invalid"),
        ({"text": IKEA, "position": 0}, "position", "min_value"),
        ({"text": IKEA, "position": 1001}, "position", "max_value"),
        ({"text": IKEA, "position": "first"}, "position", "invalid"),
        ({"text": IKEA, "category": "Dining"}, "category", "unknown"),
    ],
)
def test_a_faulty_hint_is_refused(ana, body, attr, code):
    assert_problem(ana.post(HINTS, body), 400, (attr, code))
    assert listed(ana) == []


def test_a_hint_of_signs_is_refused_with_a_sentence(ana):
    body = assert_problem(ana.post(HINTS, {"text": "<<<|>>>"}), 400, ("text", "invalid"))
    assert body["detail"] == "text: A hint has at least 3 letters or digits: the model reads no other signs."


def test_the_same_hint_is_refused_in_any_case(ana, ben):
    hint, dog = add(ana), add(ana, DOG)
    same = f" {IKEA.upper().replace(' ', '  ')}"
    for answer in (ana.post(HINTS, {"text": same}), ana.patch(f"{HINTS}{dog['id']}/", {"text": same})):
        body = assert_problem(answer, 400, ("text", "unique"))
        assert body["detail"] == "text: Another hint says the same: change that one."
    assert listed(ana) == [hint, dog]
    assert ana.patch(f"{HINTS}{hint['id']}/", {"text": IKEA.upper()}).json()["text"] == IKEA.upper()
    assert add(ben)["text"] == IKEA


@pytest.mark.parametrize("body", [{}, {"text": IKEA}, {"text": IKEA, "position": 1}])
def test_a_change_of_nothing_keeps_the_version(ana, body):
    hint = add(ana)
    copy = Copy(ana).pull()
    answer = ana.patch(f"{HINTS}{hint['id']}/", body, headers={"If-Match": etag(hint)})
    assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, hint, etag(hint))
    assert copy.pull_page()["hints"] == []


def test_a_number_is_read_as_its_digits_as_in_every_text_of_the_api(ana):
    assert add(ana, 4711)["text"] == "4711"
    assert ana.post("tags/", {"name": 4711}).json()["name"] == "4711"
    assert ana.post("accounts/", {"name": 4711}).json()["name"] == "4711"
    assert ana.patch("insights/narrative/", {"hint": 4711}).json() == {"hint": "4711"}
    category = ana.post("categories/", {"name": "Sushi", "kind": "expense", "description": 4711})
    assert category.json()["description"] == "4711"
    row = {"amount": "5.00", "description": 4711, "direction": "out"}
    assert ana.post("transactions/", row).json()["description"] == "4711"


def test_a_ledger_has_at_most_thirty_hints(ana):
    hints = [add(ana, f"Shop number {number} is Dining") for number in range(30)]
    body = assert_problem(ana.post(HINTS, {"text": IKEA}), 400, (None, "max_length"))
    assert body["detail"] == "A ledger has at most 30 hints: delete one, or say two things in one."
    assert ana.patch(f"{HINTS}{hints[0]['id']}/", {"text": DOG}).status_code == 200
    ana.delete(f"{HINTS}{hints[0]['id']}/")
    assert add(ana)["position"] == 31


def test_a_stranger_sees_and_changes_no_hint(ana, ben):
    hint = add(ana)
    assert listed(ben) == []
    for method in ("get", "patch", "delete"):
        assert getattr(ben, method)(f"{HINTS}{hint['id']}/").status_code == 404
    assert listed(ana) == [hint]


def test_a_write_with_an_old_etag_is_refused(ana):
    hint = add(ana)
    address = f"{HINTS}{hint['id']}/"
    new = ana.patch(address, {"position": 7}, headers={"If-Match": etag(hint)}).json()
    assert_problem(
        ana.patch(address, {"position": 8}, headers={"If-Match": etag(hint)}), 412, (None, "changed_meanwhile")
    )
    assert_problem(ana.delete(address, headers={"If-Match": etag(hint)}), 412, (None, "changed_meanwhile"))
    assert ana.get(address, headers={"If-None-Match": etag(new)}).status_code == 304
    assert listed(ana) == [new]


def test_a_repeated_request_with_its_key_writes_one_hint(ana):
    first, again = (ana.post(HINTS, {"text": IKEA}, **with_key()) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert listed(ana) == [first.json()]


def test_changes_tell_of_hints_and_of_their_deletion(ana):
    copy = Copy(ana).pull()
    hint = add(ana)
    assert copy.pull_page()["hints"] == [hint]
    ana.delete(f"{HINTS}{hint['id']}/")
    assert copy.pull_page()["deleted"] == [{"type": "hint", "id": hint["id"]}]
    assert copy.tables == ledger_of(ana)


def test_hints_leave_with_their_owner(ana, ben):
    add(ana)
    add(ben, DOG)
    assert ana.delete("users/me/", {"password": "blue-Tomato-99"}).status_code == 204
    assert [hint.text for hint in Hint.objects.all()] == [DOG]

"""Two clients do not overwrite each other, and nobody fetches what they have (RFC 9110, conditional requests)."""

import pytest

from expenses.models import Change
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
STALE = "It was changed meanwhile: read it again, and repeat your change if it still makes sense."
LISTS = ["transactions/", "expenses/", "incomes/", "transactions/deleted/", "accounts/", "categories/"]


@pytest.fixture
def things(ana):
    """Address → body of one of each thing that has an ETag."""
    account = ana.post("accounts/", {"name": "Checking"}).json()
    category = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()
    row = ana.post("transactions/", ROW).json()
    return {
        f"accounts/{account['id']}/": account,
        f"categories/{category['id']}/": category,
        f"transactions/{row['id']}/": row,
        f"expenses/{row['id']}/": row,
    }


@pytest.fixture
def row(ana):
    """A transaction as it was created."""
    return ana.post("transactions/", ROW).json()


def etag(body):
    return f'"{body["id"]}-{body["version"]}"'


def address(row, action=""):
    return f"transactions/{row['id']}/{action}"


def send(api, method, path, data=None, **headers):
    return api.request(method, path, data, headers={name.replace("_", "-"): value for name, value in headers.items()})


def assert_stale(answer):
    body = assert_problem(answer, 412, (None, "changed_meanwhile"))
    assert body["detail"] == STALE


def test_every_body_comes_with_its_strong_tag(ana, things):
    for path, body in things.items():
        answer = ana.get(path)
        assert (answer.json(), answer.headers["ETag"]) == (body, etag(body))


def test_a_write_answers_with_the_tag_for_the_next_write(ana):
    created = ana.post("transactions/", ROW)
    assert created.headers["ETag"] == etag(created.json())
    path = address(created.json())
    edited = send(ana, "patch", path, {"notes": "with milk"}, If_Match=created.headers["ETag"])
    assert edited.headers["ETag"] == etag(edited.json()) != created.headers["ETag"]
    replaced = send(ana, "put", path, ROW, If_Match=edited.headers["ETag"])
    assert (replaced.status_code, replaced.headers["ETag"]) == (200, etag(replaced.json()))
    assert send(ana, "delete", path, If_Match=replaced.headers["ETag"]).status_code == 204


def test_a_repeated_create_has_the_tag_of_the_row_that_is_there(ana):
    first = ana.post("transactions/", ROW | {"external_id": "till-1"})
    again = ana.post("transactions/", ROW | {"external_id": "till-1"})
    assert (again.status_code, again.json(), again.headers["ETag"]) == (200, first.json(), first.headers["ETag"])


def test_an_edit_that_changes_nothing_keeps_the_tag(ana, row):
    answer = ana.patch(address(row), {"notes": row["notes"]})
    assert (answer.json(), answer.headers["ETag"]) == (row, etag(row))


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_a_weak_tag_which_spares_it_until_something_is_written(ana, things, path):
    tag = ana.get(path).headers["ETag"]
    assert tag.startswith('W/"')
    spared = send(ana, "get", path, If_None_Match=tag)
    assert (spared.status_code, spared.content, spared.headers["ETag"]) == (304, b"", tag)
    assert send(ana, "get", path, If_None_Match=f'"x", {tag}').status_code == 304
    assert send(ana, "get", path, If_None_Match="*").status_code == 304
    ana.post("transactions/", ROW)
    again = send(ana, "get", path, If_None_Match=tag)
    assert (again.status_code, again.headers["ETag"] != tag) == (200, True)
    assert again.json() == ana.get(path).json()


def test_lists_of_two_people_have_different_tags(ana, ben):
    ana.post("transactions/", ROW)
    ben.post("transactions/", ROW)
    assert ana.get("transactions/").headers["ETag"] != ben.get("transactions/").headers["ETag"]


def test_a_weak_tag_never_meets_if_match(ana, row):
    tag = ana.get("transactions/").headers["ETag"]
    assert_stale(send(ana, "get", "transactions/", If_Match=tag))
    assert_stale(send(ana, "get", address(row), If_Match=f"W/{etag(row)}"))


def test_a_body_that_the_client_has_is_spared(ana, things):
    accounts = {path for path in things if path.startswith("accounts/")}  # transactions change what they show
    for path in accounts:
        answer = send(ana, "get", path, If_None_Match=etag(things[path]))
        assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, things[path], etag(things[path]))
    for path in things.keys() - accounts:
        body = things[path]
        for known in (etag(body), f"W/{etag(body)}", f'"1-0", {etag(body)}', "*"):
            answer = send(ana, "get", path, If_None_Match=known)
            assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag(body))
        for other in ('"1-0"', f'"{body["id"]}-{body["version"] + 1}"', "no tag"):
            answer = send(ana, "get", path, If_None_Match=other)
            assert (answer.status_code, answer.json()) == (200, body)


#: Method, action and body of everything that writes one row; all begin with a live transaction.
WRITES = [
    ("patch", "", {"notes": "with milk"}),
    ("put", "", ROW | {"notes": "with milk"}),
    ("delete", "", None),
    ("post", "confirm/", None),
    ("post", "restore/", None),
]


@pytest.mark.parametrize(("method", "action", "data"), WRITES)
@pytest.mark.parametrize(
    "header",
    [
        {"If_Match": '"1-0"'},
        {"If_Match": '"1-0", "2-0"'},
        {"If_Match": "weak"},
        {"If_None_Match": "tag"},
        {"If_None_Match": "weak"},
        {"If_None_Match": "*"},
    ],
    ids=str,
)
def test_a_write_whose_condition_does_not_hold_changes_nothing(ana, row, method, action, data, header):
    row = ana.patch(address(row), {"category": "Dining"}).json()
    before = Change.objects.count(), ana.get("transactions/").headers["ETag"]
    known = {"weak": f"W/{etag(row)}", "tag": etag(row)}
    assert_stale(send(ana, method, address(row, action), data, **{k: known.get(v, v) for k, v in header.items()}))
    assert ana.get(address(row)).json() == row
    assert (Change.objects.count(), ana.get("transactions/").headers["ETag"]) == before


@pytest.mark.parametrize(("method", "action", "data"), WRITES)
@pytest.mark.parametrize("tags", ["{}", '"1-0", {}', "*"])
def test_a_write_whose_condition_holds_is_done(ana, row, method, action, data, tags):
    row = ana.patch(address(row), {"category": "Dining"}).json()
    answer = send(ana, method, address(row, action), data, If_Match=tags.format(etag(row)), If_None_Match='"1-0"')
    assert answer.status_code in {200, 204}


@pytest.mark.parametrize(("method", "action", "data"), WRITES)
def test_a_condition_that_cannot_be_read_is_refused_rather_than_ignored(ana, row, method, action, data):
    for header in ("If-Match", "If-None-Match"):
        for value in (f"{row['id']}-{row['version']}", "", '"half'):
            answer = send(ana, method, address(row, action), data, **{header: value})
            body = assert_problem(answer, 400, (header, "invalid"))
            assert body["detail"] == f'{header}: Send the ETag as it was given, with its quotes: "91-118".'
    assert ana.get(address(row)).json() == row


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ['"1-0"', "*", "no tag"])
def test_what_is_not_there_is_not_found_whatever_the_condition(ana, ben, row, header, value):
    for method, action, data in [("get", "", None), *WRITES]:
        assert_problem(send(ben, method, address(row, action), data, **{header: value}), 404, (None, "not_found"))
    ana.delete(address(row))
    assert_problem(send(ana, "patch", address(row), {}, **{header: value}), 404, (None, "not_found"))
    assert_problem(send(ana, "delete", "accounts/999/", **{header: value}), 404, (None, "not_found"))


def test_accounts_and_categories_are_guarded_as_well(ana, things):
    for path, body in things.items():
        if path.startswith(("transactions", "expenses")):
            continue
        renamed = send(ana, "patch", path, {"name": "Second"}, If_Match=etag(body)).json()
        for method, data in (("patch", {"name": "Third"}), ("delete", None)):
            assert_stale(send(ana, method, path, data, If_Match=etag(body)))
        assert ana.get(path).json() == renamed
        assert send(ana, "delete", path, If_Match=etag(renamed)).status_code == 204


def test_the_tag_of_a_row_in_the_bin_guards_its_return(ana, row):
    ana.delete(address(row))
    (binned,) = ana.get("transactions/deleted/").json()["results"]
    assert_stale(send(ana, "post", address(row, "restore/"), If_Match=etag(row)))
    answer = send(ana, "post", address(row, "restore/"), If_Match=etag(binned))
    assert (answer.status_code, answer.headers["ETag"]) == (200, etag(answer.json()))


def test_the_second_of_two_clients_reads_again_and_repeats(ana, row):
    tag = ana.get(address(row)).headers["ETag"]
    assert send(ana, "patch", address(row), {"notes": "with milk"}, If_Match=tag).status_code == 200
    assert_stale(send(ana, "patch", address(row), {"merchant": "Luna"}, If_Match=tag))
    tag = ana.get(address(row)).headers["ETag"]
    body = send(ana, "patch", address(row), {"merchant": "Luna"}, If_Match=tag).json()
    assert (body["notes"], body["merchant"]) == ("with milk", "Luna")

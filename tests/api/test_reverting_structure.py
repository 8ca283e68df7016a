"""Reverting keeps what belongs together together: wholes with their parts, pairs, attachments."""

import pytest

from expenses.services import reverts
from tests.api.attached_files import attach
from tests.api.bulk import body_of, contents, edit, record
from tests.api.copies import Copy, ledger_of

pytestmark = pytest.mark.usefixtures("silent_chain")

TAKEN = "Another transaction of that account has the same external id or statement row now."


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Where attachments lie."""
    settings.MEDIA_ROOT = tmp_path / "files"


def split(api, pk, *amounts):
    """Gives the ids of the parts."""
    answer = api.put(f"transactions/{pk}/split/", {"parts": [{"amount": amount} for amount in amounts]})
    assert answer.status_code == 200, answer.content
    return [part["id"] for part in answer.json()["parts"]]


def delete(api, *ids):
    return api.delete("transactions/bulk/", {"ids": list(ids)}).json()["id"]


def revert(api, run):
    answer = api.post(f"runs/{run}/revert/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def totals(api):
    return api.get("transactions/totals/").json()


def open_accounts(api, *names):
    for name in names:
        api.post("accounts/", {"name": name})


def test_parts_stay_in_the_bin_with_their_whole(ana):
    (whole,) = record(ana, {"external_id": "x"})
    parts = split(ana, whole, "2.50", "3.00")
    run = delete(ana, whole)
    record(ana, {"external_id": "x"})
    before, sums = contents(ana), totals(ana)
    body = revert(ana, run)
    with_whole = "It is a part of a split, and comes back only together with the whole."
    assert sorted(body["kept"], key=lambda kept: kept["transaction"]) == [
        {"transaction": whole, "field": "deleted_at", "reason": TAKEN},
        *({"transaction": part, "field": "deleted_at", "reason": with_whole} for part in parts),
    ]
    assert body["counts"] == {"deleted": 1, "left_alone": 0, "restored": 0, "removed": 0, "kept": 3}
    assert (contents(ana), totals(ana)) == (before, sums)
    assert Copy(ana).pull().tables == ledger_of(ana)


@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_a_whole_comes_back_with_its_parts_whatever_chunks_they_fall_into(ana, monkeypatch, chunk):
    monkeypatch.setattr(reverts, "CHUNK", chunk)
    first, second = record(ana, {}, {"external_id": "y"})
    split(ana, first, "2.50", "3.00")
    split(ana, second, "0.50", "5.00")
    before, sums = contents(ana), totals(ana)
    run = delete(ana, first, second)
    assert contents(ana) == []
    assert revert(ana, run)["kept"] == []
    assert (contents(ana), totals(ana)) == (before, sums)


def test_parts_of_an_older_split_stay_in_the_bin(ana):
    (whole,) = record(ana, {})
    split(ana, whole, "2.50", "3.00")
    run = delete(ana, whole)
    ana.post(f"transactions/{whole}/restore/")
    split(ana, whole, "1.50", "4.00")
    before, sums = contents(ana), totals(ana)
    revert(ana, run)
    assert (contents(ana), totals(ana)) == (before, sums)


def test_two_that_became_the_same_in_the_bin_do_not_both_come_back(ana):
    open_accounts(ana, "Giro", "Purse")
    ids = record(ana, {"account": "Giro", "external_id": "x"}, {"account": "Purse", "external_id": "x"})
    run = delete(ana, *ids)
    for account in ana.get("accounts/").json()["results"]:
        assert ana.delete(f"accounts/{account['id']}/").status_code == 204
    body = revert(ana, run)
    assert body["kept"] == [{"transaction": ids[0], "field": "deleted_at", "reason": TAKEN}]
    assert [row["id"] for row in contents(ana)] == ids[1:]


def test_attachments_come_back_with_the_rows_for_every_copy(ana):
    (row,) = record(ana, {})
    attached = attach(ana, row).json()
    copy = Copy(ana).pull()
    run = delete(ana, row)
    seen = copy.pull_page()["version"]
    revert(ana, run)
    delta = ana.get("changes/", {"since": seen}).json()
    assert delta["attachments"] == [attached | {"version": delta["attachments"][0]["version"]}]
    assert ana.get("changes/").json()["deleted"] == []
    assert ana.get(f"attachments/{attached['id']}/").json() == delta["attachments"][0]


def test_what_was_split_since_keeps_what_its_parts_have(ana):
    (whole,) = record(ana, {})
    open_accounts(ana, "Purse")
    changes = {"account": "Purse", "date": "2026-10-01", "payment_method": "cash", "category": None, "notes": "n"}
    run = edit(ana, {"ids": [whole]}, **changes).json()["id"]
    split(ana, whole, "2.50", "3.00")
    before, sums = contents(ana), totals(ana)
    body = revert(ana, run)
    split_now = "It is split now, and its parts depend on that."
    assert body["kept"] == [
        {"transaction": whole, "field": name, "reason": split_now} for name in ("payment_method", "account", "date")
    ]
    assert contents(ana) == [row | ({"notes": ""} if row["id"] == whole else {}) for row in before]
    assert totals(ana) == sums


def test_what_was_paired_since_stays_a_transfer_between_two_accounts(ana):
    open_accounts(ana, "Giro", "Purse")
    going, coming = record(ana, {"account": "Giro"}, {"account": "Giro", "direction": "in"})
    run = edit(ana, {"ids": [going]}, account="Purse", date="2026-10-01", notes="n").json()["id"]
    pair = ana.post("transfers/", {"outgoing": going, "incoming": coming}).json()
    body = revert(ana, run)
    reason = "It is half of a transfer now, which its old value would break."
    assert body["kept"] == [{"transaction": going, "field": "account", "reason": reason}]
    now = ana.get(f"transfers/{pair['id']}/")
    assert now.json() == pair | {
        "version": now.json()["version"],
        "outgoing": pair["outgoing"] | {"date": "2026-11-02"},
    }
    assert now.json()["version"] == body_of(ana, going)["version"] > pair["version"]


def test_a_date_that_moved_with_its_transfer_goes_back_unless_that_breaks_it(ana):
    open_accounts(ana, "Giro", "Purse")
    near, far = (record(ana, {"account": "Giro"}, {"account": "Purse", "direction": "in"}) for _ in range(2))
    run = edit(ana, {"ids": [near[0], far[0]]}, date="2026-11-04").json()["id"]
    ana.patch(f"transactions/{far[1]}/", {"date": "2026-11-07"})
    copy = Copy(ana).pull()
    body = revert(ana, run)
    reason = "It is half of a transfer now, which its old value would break."
    assert body["kept"] == [{"transaction": far[0], "field": "date", "reason": reason}]
    assert [body_of(ana, pk)["date"] for pk in (near[0], far[0])] == ["2026-11-02", "2026-11-04"]
    assert copy.pull().tables == ledger_of(ana)


def test_an_old_category_does_not_come_back_to_a_row_that_was_turned_since(ana):
    first, second = record(ana, {"category": "Dining"}, {"direction": "in", "category": "Salary"})
    moved = edit(ana, {"ids": [first]}, category="Transfers").json()["id"]
    cleared = edit(ana, {"ids": [second]}, category=None).json()["id"]
    ana.patch(f"transactions/{first}/", {"direction": "in"})
    ana.patch(f"transactions/{second}/", {"direction": "out"})
    before = contents(ana)
    reason = "It does not fit the direction or kind that it has now."
    for row, run in ((first, moved), (second, cleared)):
        assert revert(ana, run)["kept"] == [{"transaction": row, "field": "category", "reason": reason}]
    assert contents(ana) == before


@pytest.mark.parametrize("verdict", ["reject", "confirm"])
def test_pairs_of_edited_rows_get_a_new_version_with_what_they_show(ana, verdict):
    open_accounts(ana, "Giro", "Purse", "Cash")
    going, coming = record(ana, {"account": "Giro"}, {"account": "Purse", "direction": "in"})
    pair = ana.post(f"transfers/{body_of(ana, going)['transfer']}/{verdict}/").json()
    copy = Copy(ana).pull()
    edit(ana, {"ids": [going]}, date="2026-11-03", notes="n")
    now = ana.get(f"transfers/{pair['id']}/")
    version = body_of(ana, going)["version"]
    assert now.json() == pair | {"version": version, "outgoing": pair["outgoing"] | {"date": "2026-11-03"}}
    assert copy.pull().tables == ledger_of(ana)
    edit(ana, {"ids": [going, coming]}, notes="m")
    assert ana.get(f"transfers/{pair['id']}/")["ETag"] == now["ETag"]


APART = "Its transfer was taken apart by the run; pair the two again by POST transfers/."


@pytest.mark.parametrize("deletes", [True, False])
def test_a_transfer_that_the_run_took_apart_is_named(ana, deletes):
    open_accounts(ana, "Giro", "Purse")
    going, coming = record(ana, {"account": "Giro"}, {"account": "Purse", "direction": "in"})
    assert body_of(ana, going)["transfer"] is not None
    run = delete(ana, going) if deletes else edit(ana, {"ids": [going]}, category="Dining").json()["id"]
    body = revert(ana, run)
    assert body["kept"] == [{"transaction": pk, "field": "transfer", "reason": APART} for pk in (going, coming)]
    assert body["counts"]["kept"] == 2
    assert [body_of(ana, pk)["transfer"] for pk in (going, coming)] == [None, None]
    assert ana.post("transfers/", {"outgoing": going, "incoming": coming}).status_code == 201


def test_a_transfer_that_was_paired_again_is_not_named(ana):
    open_accounts(ana, "Giro", "Purse")
    going, coming = record(ana, {"account": "Giro"}, {"account": "Purse", "direction": "in"})
    run = edit(ana, {"ids": [going]}, category="Dining", notes="n").json()["id"]
    ana.post("transfers/", {"outgoing": going, "incoming": coming})
    kept = revert(ana, run)["kept"]
    assert kept == [{"transaction": going, "field": "category", "reason": "It was changed since."}]

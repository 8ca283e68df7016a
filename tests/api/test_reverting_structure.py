"""Reverting keeps what belongs together together: wholes with their parts, pairs, attachments."""

import pytest

from expenses.services import reverting
from tests.api.copies import Copy, ledger_of
from tests.api.test_attachments import attach
from tests.api.test_bulk_edit import contents, record

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
    monkeypatch.setattr(reverting, "CHUNK", chunk)
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

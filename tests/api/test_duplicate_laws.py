"""Laws of importing: twice is once, overlapping halves are the whole, no row is offered twice, a merge goes back."""

import datetime as dt
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expenses.models import Duplicate, Transaction
from tests.api.statement_files import comma_file, ledger_of, semicolon_file, upload
from tests.laws import law

DAY = dt.date(2026, 3, 1)
TEXTS = ["CAFE LUNA", "REWE MARKT", "BAKERY NORD", "TRATTORIA SOLE"]
ROWS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(TEXTS), st.sampled_from(["-3.20", "-5.50", "+2500.00"])),
    min_size=2,
    max_size=14,
).map(sorted)
NUMBERS = count()


def dated(rows, status="Booked"):
    return [(str(DAY + dt.timedelta(day)), text, amount, status) for day, text, amount in rows]


def account(api):
    """Make a new account, so that examples do not meet."""
    name = f"Account {next(NUMBERS)}"
    assert api.post("accounts/", {"name": name, "currency": "EUR"}).status_code == 201
    return name


def rows_of(api, name):
    body = api.get("transactions/", {"account": name, "page_size": 500}).json()
    return sorted((row["date"], row["description"], row["direction"], row["amount"]) for row in body["results"])


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    use_chain()


@law(8)
@given(rows=ROWS)
def test_importing_twice_is_importing_once(ana, rows):
    name, text = account(ana), comma_file(dated(rows))
    upload(ana, text, account=name)
    once = rows_of(ana, name)
    again = upload(ana, text, account=name)
    assert (again["n_new"], again["n_possible_duplicates"]) == (0, 0)
    assert rows_of(ana, name) == once
    assert len(once) == len(rows)


@law(12)
@given(rows=ROWS, cuts=st.tuples(st.integers(0, 20), st.integers(0, 20)), late=st.integers(1, 5), names=st.booleans())
def test_two_overlapping_halves_are_the_whole_with_pending_rows_at_the_seam(ana, rows, cuts, late, names):
    """The first half ends on a day whose rows are pending; the second begins there or before, and has them booked."""
    begin, seam = sorted(cuts)
    renamed = {text: f"CARD {text} BERLIN" if names else text for text in TEXTS}
    is_pending = {day for day, _, _ in rows if day == seam}
    booked = [(day + late * (day in is_pending), renamed[text] if day in is_pending else text, amount)
              for day, text, amount in rows]  # fmt: skip
    halves = [
        dated(row for row in rows if row[0] < seam) + dated((row for row in rows if row[0] == seam), "Pending"),
        dated(after for row, after in zip(rows, booked, strict=True) if row[0] >= begin),
    ]
    whole, apart = account(ana), account(ana)
    upload(ana, comma_file(dated(booked)), account=whole)
    for half in halves:
        if half:
            upload(ana, comma_file(half), account=apart)
    assert rows_of(ana, apart) == rows_of(ana, whole)


@law(8)
@given(mine=ROWS, theirs=ROWS)
def test_no_row_is_offered_twice_and_a_merge_goes_back(ana, mine, theirs):
    name = account(ana)
    for day, text, amount in mine:
        body = {"amount": amount.strip("+-"), "description": text.title(), "date": str(DAY + dt.timedelta(day))}
        body |= {"direction": "out" if amount.startswith("-") else "in", "account": name}
        assert ana.post("transactions/", body).status_code == 201
    before = rows_of(ana, name)
    body = upload(ana, comma_file(dated(theirs)), account=name)
    offers = list(Duplicate.objects.filter(newer__account__name=name).order_by("pk"))
    assert len(offers) == body["n_possible_duplicates"]
    ends = [pk for offer in offers for pk in (offer.older_id, offer.newer_id)]
    assert len(set(ends)) == len(ends)
    after = rows_of(ana, name)
    runs = [ana.post(f"duplicates/{offer.pk}/merge/").json()["run"] for offer in offers]
    assert len(rows_of(ana, name)) == len(mine) + len(theirs) - len(offers)
    assert upload(ana, comma_file(dated(theirs)), account=name)["n_new"] == 0
    for run in reversed(runs):
        assert ana.post(f"runs/{run}/revert/").json()["kept"] == []
    assert rows_of(ana, name) == after
    for offer in offers:
        ana.post(f"duplicates/{offer.pk}/dismiss/")
    Transaction.objects.filter(run__subject=body["id"]).update(is_touched=False)
    ana.post(f"runs/{body['run']}/revert/")
    assert rows_of(ana, name) == before
    assert ledger_of(ana) is not None


STEPS = ["import A", "import B", "merge", "revert A", "revert B", "revert merge"]


@law(40)
@given(
    steps=st.one_of(st.permutations(STEPS), st.lists(st.sampled_from(STEPS), min_size=6, max_size=14)),
    is_pending=st.booleans(),
)
def test_a_purchase_counts_as_often_as_the_standing_statements_say(ana, steps, is_pending):
    """Two statements have one purchase. With `is_pending`, A calls it pending, and its booking in B has a tip."""
    name, tip = account(ana), "-9.00" if is_pending else "-8.00"
    if is_pending:
        files = {
            "A": comma_file([("2026-03-11", "HOTEL ADLON", "-8.00", "Pending"), ("2026-03-09", "SHELL", "-40.00")]),
            "B": comma_file([("2026-03-14", "HOTEL ADLON BERLIN", tip), ("2026-03-20", "LIDL", "-9.99")]),
        }
    else:
        files = {
            "A": comma_file([("2026-03-11", "HOTEL ADLON", "-8.00"), ("2026-03-09", "SHELL", "-40.00")]),
            "B": semicolon_file([("2026-03-12", "HOTEL ADLON BERLIN", tip), ("2026-03-20", "LIDL", "-9.99")]),
        }
    runs = dict[str, int]()
    for step in steps:
        what, _, of = step.partition(" ")
        if what == "import":
            body = upload(ana, files[of], account=name)
            assert body["n_new"] == (0 if of in runs else 2)
            runs.setdefault(of, body["run"])
        elif what == "merge":
            for offer in ana.get("duplicates/").json()["results"]:
                assert runs.keys() == {"A", "B"}
                runs["merge"] = ana.post(f"duplicates/{offer['id']}/merge/").json()["run"]
        elif of in runs:
            answer = ana.post(f"runs/{runs.pop(of)}/revert/").json()
            assert (answer["status"], answer["kept"]) == ("reverted", [])
            if of != "merge" and "merge" in runs:
                again = ana.post(f"runs/{runs.pop('merge')}/revert/").json()
                assert again["detail"] == "This run is reverted already, so nothing is left to take back."
        hotels = [amount for _, text, _, amount in rows_of(ana, name) if "HOTEL" in text]
        standing = {"A": "8.00", "B": tip.strip("-")}
        expected = sorted(amount for one, amount in standing.items() if one in runs)
        if "merge" in runs:
            expected = [standing["B" if is_pending else "A"]]
        assert sorted(hotels) == expected
        n_others = sum(one in runs for one in "AB")
        assert len(rows_of(ana, name)) == len(expected) + n_others
    for offer in ana.get("duplicates/").json()["results"]:
        ana.post(f"duplicates/{offer['id']}/dismiss/")

"""A pending row and its booking are one row, which keeps what the user wrote on it."""

import pytest

from expenses.models import StatementTrace, Transaction
from statements.services import imports
from statements.services.duplicates import find_booked
from tests.api.statement_files import Row, comma_file, ledger_of, upload

PENDING: list[Row] = [
    ("2026-03-09", "AUTH 4711 CAFE LUNA", "-3.20", "Pending"),
    ("2026-03-08", "REWE MARKT", "-45.50", "Booked"),
]
BOOKED: list[Row] = [
    ("2026-03-11", "CARD PAYMENT CAFE LUNA BERLIN DE", "-3.20", "Booked"),
    ("2026-03-08", "REWE MARKT", "-45.50", "Booked"),
]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    use_chain()


@pytest.fixture
def giro(ana):
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR"}).json()["id"]


def the_coffee(api):
    row = api.get("transactions/?search=luna").json()["results"]
    assert len(row) == 1
    return row[0]


def test_a_booking_takes_the_place_of_its_pending_row(ana, giro):
    upload(ana, comma_file(PENDING))
    was = the_coffee(ana)
    ana.patch(f"transactions/{was['id']}/", {"category": "Dining", "notes": "with Jo"})
    preview = upload(ana, comma_file(BOOKED), commit=False)
    assert (preview["n_new"], preview["n_duplicates"]) == (0, 2)
    rows = ana.get(f"imports/{preview['id']}/rows/").json()["results"]
    assert (rows[0]["status"], rows[0]["duplicate_of"]) == ("duplicate", was["id"])
    body = upload(ana, comma_file(BOOKED))
    assert (body["n_new"], body["n_duplicates"], body["n_possible_duplicates"]) == (0, 2, 0)
    row = the_coffee(ana)
    wanted = {
        "id": was["id"],
        "date": "2026-03-11",
        "description": "CARD PAYMENT CAFE LUNA BERLIN DE",
        "raw_description": "CARD PAYMENT CAFE LUNA BERLIN DE",
        "category_name": "Dining",
        "notes": "with Jo",
    }
    assert {name: row[name] for name in wanted} == wanted
    event = ana.get(f"transactions/{row['id']}/history/").json()["results"][0]
    assert (event["source"], event["run"]) == ("import", body["run"])
    assert [(change["field"], change["old"], change["new"]) for change in event["fields"]] == [
        ("description", "AUTH 4711 CAFE LUNA", "CARD PAYMENT CAFE LUNA BERLIN DE"),
        ("raw_description", "AUTH 4711 CAFE LUNA", "CARD PAYMENT CAFE LUNA BERLIN DE"),
        ("date", "2026-03-09", "2026-03-11"),
    ]


def test_neither_the_pending_row_nor_its_booking_comes_again(ana, giro):
    upload(ana, comma_file(PENDING))
    upload(ana, comma_file(BOOKED))
    there = ledger_of(ana)
    for rows in (PENDING, BOOKED, PENDING, BOOKED):
        again = upload(ana, comma_file(rows))
        assert (again["n_new"], again["n_duplicates"], again["n_possible_duplicates"]) == (0, 2, 0)
        assert ledger_of(ana) == there


def test_a_revert_makes_the_row_pending_again(ana, giro):
    upload(ana, comma_file(PENDING))
    before = ledger_of(ana)
    run = upload(ana, comma_file(BOOKED))["run"]
    answer = ana.post(f"runs/{run}/revert/").json()
    assert (answer["status"], answer["kept"]) == ("reverted", [])
    assert ledger_of(ana) == before
    upload(ana, comma_file(BOOKED))
    assert the_coffee(ana)["date"] == "2026-03-11"


def test_a_booking_with_the_same_day_and_text_leaves_nothing_pending(ana, giro):
    upload(ana, comma_file(PENDING))
    day, text, amount = PENDING[0][:3]
    upload(ana, comma_file([(day, text, amount, "Booked"), ("2026-03-01", "X", "-1.00", "Booked")]))
    upload(ana, comma_file([("2026-03-12", text, amount, "Booked"), ("2026-03-01", "X", "-1.00", "Booked")]))
    assert sorted(row[0] for row in ledger_of(ana) if "LUNA" in row[1]) == ["2026-03-09", "2026-03-12"]


def test_a_row_that_is_still_pending_is_not_booked_by_another(ana, giro):
    upload(ana, comma_file(PENDING))
    upload(ana, comma_file([PENDING[0], ("2026-03-10", "AUTH 4711 CAFE LUNA", "-3.20", "Booked")]))
    assert sorted(row[0] for row in ledger_of(ana) if "LUNA" in row[1]) == ["2026-03-09", "2026-03-10"]


def test_two_equal_pending_rows_become_two_bookings(ana, giro):
    upload(ana, comma_file([PENDING[0], PENDING[0], PENDING[1]]))
    ids = set(Transaction.objects.values_list("pk", flat=True))
    upload(ana, comma_file([BOOKED[0], BOOKED[0], BOOKED[1]]))
    assert set(Transaction.objects.values_list("pk", flat=True)) == ids
    assert sorted(row[0] for row in ledger_of(ana) if "LUNA" in row[1]) == ["2026-03-11", "2026-03-11"]


def test_of_two_bookings_one_is_new(ana, giro):
    upload(ana, comma_file(PENDING))
    again = ("2026-03-13", "CARD PAYMENT CAFE LUNA BERLIN DE", "-3.20")
    body = upload(ana, comma_file([BOOKED[0], again, BOOKED[1]]))
    assert (body["n_new"], body["n_duplicates"]) == (1, 2)
    assert sorted(row[0] for row in ledger_of(ana) if "LUNA" in row[1]) == ["2026-03-11", "2026-03-13"]


def test_a_booking_with_a_wholly_other_text_is_one_if_there_is_no_other(ana, giro):
    upload(ana, comma_file([("2026-03-09", "AUTHORIZATION 000417", "-18.90", "Pending"), PENDING[1]]))
    body = upload(ana, comma_file([("2026-03-10", "TRATTORIA SOLE", "-18.90", "Booked"), PENDING[1]]))
    assert (body["n_new"], body["n_duplicates"]) == (0, 2)


def test_an_ambiguous_booking_is_offered(ana, giro):
    upload(ana, comma_file([("2026-03-09", "AUTHORIZATION 000417", "-18.90", "Pending"), PENDING[1]]))
    two: list[Row] = [("2026-03-10", "TRATTORIA SOLE", "-18.90"), ("2026-03-11", "BLUMEN NORD", "-18.90"), PENDING[1]]
    body = upload(ana, comma_file(two))
    assert (body["n_new"], body["n_possible_duplicates"]) == (2, 1)
    (offer,) = ana.get("duplicates/").json()["results"]
    assert (offer["newer"]["description"], offer["days_apart"]) == ("TRATTORIA SOLE", 1)
    assert offer["reasons"] == [{"code": "pending", "detail": "The bank called the older one pending."}]


def test_a_tip_changes_the_amount_and_is_offered(ana, giro):
    upload(ana, comma_file([("2026-03-09", "TRATTORIA SOLE", "-40.00", "Pending"), PENDING[1]]))
    body = upload(ana, comma_file([("2026-03-11", "TRATTORIA SOLE BERLIN", "-46.00", "Booked"), PENDING[1]]))
    assert (body["n_new"], body["n_possible_duplicates"]) == (1, 1)
    (offer,) = ana.get("duplicates/").json()["results"]
    assert [reason["code"] for reason in offer["reasons"]] == ["pending", "similar_text"]
    before = ledger_of(ana)
    merged = ana.post(f"duplicates/{offer['id']}/merge/").json()
    kept = ana.get(f"transactions/{merged['kept']}/").json()
    assert (merged["kept"], kept["amount"], kept["date"]) == (offer["older"]["id"], "46.00", "2026-03-11")
    assert ana.post(f"runs/{merged['run']}/revert/").json()["kept"] == []
    assert ledger_of(ana) == before


def test_a_booking_after_more_than_a_week_is_another_payment(ana, giro):
    upload(ana, comma_file(PENDING))
    body = upload(ana, comma_file([("2026-03-17", "CARD PAYMENT CAFE LUNA BERLIN DE", "-3.20"), BOOKED[1]]))
    assert (body["n_new"], body["n_possible_duplicates"]) == (1, 0)


def test_a_row_that_no_bank_called_pending_is_not_changed(ana, giro):
    upload(ana, comma_file(BOOKED))
    body = upload(ana, comma_file([("2026-03-13", "CARD PAYMENT CAFE LUNA", "-3.20", "Booked"), BOOKED[1]]))
    assert (body["n_new"], body["n_duplicates"]) == (1, 1)


def test_a_booking_that_was_pending_in_another_account_is_new(ana, giro):
    ana.post("accounts/", {"name": "Card", "currency": "EUR"})
    upload(ana, comma_file(PENDING))
    assert upload(ana, comma_file(BOOKED), account="Card")["n_new"] == 2


def test_the_first_imports_revert_leaves_what_the_second_booked(ana, giro):
    first = upload(ana, comma_file(PENDING))["run"]
    upload(ana, comma_file(BOOKED))
    answer = ana.post(f"runs/{first}/revert/").json()
    assert answer["kept"] == [
        {"transaction": the_coffee(ana)["id"], "reason": "It was changed, confirmed or booked since."}
    ]


def test_a_pending_row_without_a_category_is_asked_about_again(ana, giro, use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    condition = {"field": "raw_description", "op": "contains", "value": "card payment cafe"}
    actions = [{"type": "set_category", "value": "Dining"}]
    ana.post("rules/", {"name": "Cafes", "triggers": ["import"], "conditions": [condition], "actions": actions})
    upload(ana, comma_file(PENDING))
    assert the_coffee(ana)["category_name"] is None
    upload(ana, comma_file(BOOKED))
    assert the_coffee(ana)["category_name"] == "Dining"


def test_a_pending_row_that_was_deleted_does_not_hold_its_booking_back(ana, giro):
    upload(ana, comma_file(PENDING))
    ana.delete(f"transactions/{the_coffee(ana)['id']}/")
    assert upload(ana, comma_file(BOOKED))["n_new"] == 1
    assert StatementTrace.objects.filter(kind="booked").count() == 0


@pytest.mark.parametrize("account", [None, "Card"])
def test_a_pending_row_that_was_moved_is_booked_where_it_is(ana, giro, account):
    ana.post("accounts/", {"name": "Card", "currency": "EUR"})
    upload(ana, comma_file(PENDING))
    was = the_coffee(ana)
    assert ana.patch(f"transactions/{was['id']}/", {"account": account}).status_code == 200
    day, text, amount = PENDING[0][:3]
    for _ in range(2):
        body = upload(ana, comma_file([(day, text, amount, "Booked"), BOOKED[1]]))
        assert (body["n_new"], body["n_duplicates"]) == (0, 2)
    assert (the_coffee(ana)["id"], the_coffee(ana)["account_name"]) == (was["id"], account)
    assert list(StatementTrace.objects.order_by("pk").values_list("kind", "account")) == [
        ("pending", giro),
        ("booked", giro),
    ]


@pytest.mark.parametrize("happens", ["booked", "deleted"])
def test_a_booking_whose_pending_row_is_gone_meanwhile_is_recorded(ana, giro, monkeypatch, happens):
    """Another commit, or a user, is first, after this commit has looked for pending rows."""
    upload(ana, comma_file(PENDING))
    was = the_coffee(ana)
    found = find_booked

    def find_and_wait(*args):
        matches = found(*args)
        monkeypatch.setattr(imports, "find_booked", found)
        if happens == "booked":
            upload(ana, comma_file([("2026-03-10", "CAFE LUNA BERLIN", "-3.20", "Booked")]))
        else:
            ana.delete(f"transactions/{was['id']}/")
        return matches

    monkeypatch.setattr(imports, "find_booked", find_and_wait)
    body = upload(ana, comma_file(BOOKED))
    assert (body["n_new"], body["n_duplicates"]) == (1, 1)
    days = {"booked": ["2026-03-10", "2026-03-11"], "deleted": ["2026-03-11"]}
    assert [row[0] for row in ledger_of(ana) if "LUNA" in row[1]] == days[happens]

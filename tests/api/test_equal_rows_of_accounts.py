"""One file with equal rows of two accounts: each account has its own, whatever becomes of the other's."""

import pytest

from expenses.services.runs import perform_run
from tests.api.books import books

__all__ = ["books"]
pytestmark = pytest.mark.usefixtures("silent_chain", "files")

GIRO, CARD = "account|giro|iban=DE89370400440532013000", "account|card|iban=DE02120300000000202051"
#: The same subscription, paid from both accounts on one day.
STREAMBOX = "2026-03-02|-9.99|Streambox"


@pytest.fixture(autouse=True)
def _accounts(ana):
    for name, iban in (("Giro", "DE89370400440532013000"), ("Card", "DE02120300000000202051")):
        ana.post("accounts/", {"name": name, "currency": "EUR", "iban": iban})


def record(api, books, *lines):
    """Upload a book and record its rows. Return the preview and the finished import."""
    preview = books(api, *lines).json()
    perform_run(run_id=api.post(f"imports/{preview['id']}/commit/").json()["id"])
    return preview, api.get(f"imports/{preview['id']}/").json()


def ledger(api):
    rows = api.get("transactions/?ordering=id").json()["results"]
    return sorted((row["account_name"], row["date"]) for row in rows)


def test_a_booking_in_one_account_leaves_the_equal_row_of_the_other_alone(ana, books):
    record(ana, books, GIRO, f"row|giro|{STREAMBOX}|pending=yes")
    preview, done = record(ana, books, GIRO, CARD, f"row|giro|{STREAMBOX}", f"row|card|{STREAMBOX}")
    assert (preview["n_new"], preview["n_duplicates"]) == (1, 1)
    assert (done["n_new"], done["n_duplicates"]) == (1, 1)
    assert ledger(ana) == [("Card", "2026-03-02"), ("Giro", "2026-03-02")]


def test_a_later_booking_of_equal_rows_is_recorded_in_both_accounts(ana, books):
    pending = "2026-03-01|-9.99|Streambox pending"
    record(ana, books, GIRO, CARD, f"row|giro|{pending}|pending=yes", f"row|card|{pending}|pending=yes")
    preview, done = record(ana, books, GIRO, CARD, f"row|giro|{STREAMBOX}", f"row|card|{STREAMBOX}")
    assert (preview["n_new"], preview["n_duplicates"]) == (0, 2)
    assert [(named["n_new"], named["n_duplicates"]) for named in preview["accounts"]] == [(0, 1), (0, 1)]
    assert (done["n_new"], done["n_duplicates"]) == (0, 2)
    assert ledger(ana) == [("Card", "2026-03-02"), ("Giro", "2026-03-02")]


def test_a_row_is_pending_in_its_own_account_alone(ana, books):
    record(ana, books, GIRO, CARD, f"row|card|{STREAMBOX}", f"row|giro|{STREAMBOX}|pending=yes")
    record(ana, books, CARD, "row|card|2026-03-05|-9.99|Streambox")
    assert ledger(ana) == [("Card", "2026-03-02"), ("Card", "2026-03-05"), ("Giro", "2026-03-02")]


def test_a_possible_duplicate_is_shown_at_the_row_of_its_account(ana, books):
    by_hand = {"amount": "9.99", "description": "Streambox", "date": "2026-03-01", "account": "Card"}
    expense = ana.post("expenses/", by_hand).json()["id"]
    lines = GIRO, CARD, f"row|giro|{STREAMBOX}", f"row|card|{STREAMBOX}"
    preview = books(ana, *lines).json()
    shown = ana.get(f"imports/{preview['id']}/rows/").json()["results"]
    assert [(row["account_name"], row["possible_duplicate_of"]) for row in shown] == [("Giro", None), ("Card", expense)]
    preview, done = record(ana, books, *lines)
    assert [body["n_possible_duplicates"] for body in (preview, done)] == [1, 1]
    (offer,) = ana.get("duplicates/").json()["results"]
    assert (offer["older"]["id"], offer["newer"]["account_name"]) == (expense, "Card")

"""Rows of files that keep books: their categories, tags, notes and parts are recorded as the file has them."""

import pytest

from expenses.services.runs import perform_run
from tests.api.books import books

__all__ = ["books"]
pytestmark = pytest.mark.usefixtures("silent_chain", "files")

OTHER_WAY = (
    "Rows whose category is for money that goes the other way: 1, such as “Income”. The chain looks for another one."
)
UNEVEN = (
    "Rows whose parts do not add up, run in both directions or are more than 50: 3, the first in line 3. "
    "They are recorded whole."
)
CREATE = "Create it and PATCH the import with {}; otherwise the chain looks for one."


@pytest.fixture
def food(ana):
    """Ana's account, and her categories Food and below it Fruit."""
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})
    food = ana.post("categories/", {"name": "Food", "kind": "expense"}).json()
    return food, ana.post("categories/", {"name": "Fruit", "kind": "expense", "parent": food["id"]}).json()


def recorded(api):
    return api.get("transactions/?ordering=id").json()["results"]


def test_a_category_that_the_ledger_has_is_the_owner_s_choice(ana, books, food, run_tasks):
    rows = [
        "row||2026-03-02|-3.00|Apples|category=food/FRUIT",
        "row||2026-03-03|-4.00|Pears|category=Fruit",
        "row||2026-03-04|5.00|Pears back|category=Food/Fruit",
    ]
    body = books(ana, *rows, account="Giro").json()
    assert body["warnings"] == []
    shown = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    wanted = {
        "status": "confirmed",
        "source": "import",
        "confidence": None,
        "explanation": "The imported file names this category.",
        "awaits_model": False,
        "suggestion": None,
    }
    assert [(row["category_name"], row["categorization"]) for row in shown] == [("Fruit", wanted)] * 3
    ana.post(f"imports/{body['id']}/commit/")
    run_tasks()
    assert [(row["kind"], row["category_name"], row["categorization"]) for row in recorded(ana)] == [
        ("expense", "Fruit", wanted),
        ("expense", "Fruit", wanted),
        ("refund", "Fruit", wanted),
    ]
    assert ana.get("transactions/?source=import").json()["count"] == 3
    run = ana.get(f"imports/{body['id']}/").json()["run"]
    assert ana.post(f"runs/{run}/revert/").json()["counts"]["removed"] == 3


def test_categories_that_are_not_here_are_counted_and_the_chain_is_asked(ana, books, food, use_chain):
    use_chain({"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8})
    rows = [
        "row||2026-03-02|-3.00|LIDL|category=Supplies/Weekly",
        "row||2026-03-03|-4.00|LIDL|category=Drinks",
        "row||2026-03-04|-4.00|LIDL|category=Drinks",
        "row||2026-03-05|9.00|Interest|category=Income",
        "row||2026-03-06|-9.00|Zzyx|category=Income",
    ]
    body = books(ana, *rows, account="Giro", commit="true").json()
    assert (body["status"], body["warnings"]) == (
        "committed",
        [
            "Rows with a category that is not here: 3, such as “Supplies:Weekly”, “Drinks”. " + CREATE,
            OTHER_WAY,
        ],
    )
    found = [(row["category_name"], row["categorization"]["source"]) for row in recorded(ana)]
    assert found == [("Groceries", "merchants")] * 3 + [("Income", "import"), (None, None)]


def test_a_category_that_was_created_since_is_taken_after_a_patch(ana, books, food):
    body = books(ana, "row||2026-03-02|-3.00|Tea|category=Drinks", account="Giro").json()
    assert body["warnings"][0].startswith("Rows with a category that is not here: 1,")
    ana.post("categories/", {"name": "Drinks", "kind": "expense"})
    assert ana.patch(f"imports/{body['id']}/", {}).json()["warnings"] == []
    (row,) = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert row["category_name"] == "Drinks"


def test_tags_and_notes_are_recorded_beside_those_of_rules(ana, books, food):
    condition = {"field": "raw_description", "op": "contains", "value": "market"}
    actions = [{"type": "add_tags", "value": ["weekly"]}, {"type": "set_notes", "value": "by rule"}]
    ana.post("rules/", {"name": "M", "triggers": ["import"], "conditions": [condition], "actions": actions})
    rows = ["row||2026-03-02|-3.00|Market|tags=trip,Rome|notes=with Jo", "row||2026-03-03|-4.00|Kiosk|tags=trip"]
    body = books(ana, *rows, account="Giro").json()
    shown = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert [(row["tags"], row["notes"]) for row in shown] == [(["trip", "Rome"], "with Jo"), (["trip"], "")]
    books(ana, *rows, account="Giro", commit="true")
    assert [(sorted(row["tags"]), row["notes"]) for row in recorded(ana)] == [
        (["Rome", "trip"], "with Jo"),
        (["trip"], ""),
    ]


def test_parts_make_a_split(ana, books, food, use_chain):
    use_chain({"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8})
    row = "row||2026-03-02|-10.00|LIDL|notes=all|tags=trip|parts=-6.00:Food/Fruit:pears;-3.00:Unknown;-1.00:;0:Food"
    body = books(ana, row, account="Giro").json()
    assert body["warnings"] == ["Rows with a category that is not here: 1, such as “Unknown”. " + CREATE]
    (shown,) = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    fruit = food[1]["id"]
    assert shown["parts"] == [
        {"amount": "6.00", "category": fruit, "category_name": "Fruit", "notes": "pears"},
        {"amount": "3.00", "category": None, "category_name": None, "notes": ""},
        {"amount": "1.00", "category": None, "category_name": None, "notes": ""},
    ]
    committed = books(ana, row, account="Giro", commit="true").json()
    assert (committed["status"], committed["n_new"]) == ("committed", 1)
    assert ana.get(f"runs/{committed['run']}/").json()["counts"]["created"] == 1
    (whole,) = [row for row in recorded(ana) if row["is_split"]]
    assert (whole["amount"], whole["category"], whole["notes"]) == ("10.00", None, "all")
    parts = ana.get(f"transactions/{whole['id']}/split/").json()["parts"]
    facts = [(p["amount"], p["category_name"], p["categorization"]["source"], p["notes"], p["tags"]) for p in parts]
    assert facts == [
        ("6.00", "Fruit", "import", "pears", ["trip"]),
        ("3.00", "Groceries", "merchants", "", ["trip"]),
        ("1.00", "Groceries", "merchants", "", ["trip"]),
    ]
    again = books(ana, row, account="Giro", commit="true").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, 1)
    ana.post(f"runs/{committed['run']}/revert/")
    assert recorded(ana) == []


def test_one_part_is_no_split_and_uneven_parts_are_recorded_whole(ana, books, food):
    rows = [
        "row||2026-03-02|-10.00|One|parts=-10.00:Food/Fruit",
        "row||2026-03-03|-10.00|Both ways|parts=-12.00:Food/Fruit;2.00:Food",
        "row||2026-03-04|-10.00|Gap|parts=-6.00:Food/Fruit;-3.00:Food",
        "row||2026-03-05|-5.10|Many|parts=" + ";".join(["-0.10:Food"] * 51),
        "row||2026-03-06|-5.00|Not too many|parts=" + ";".join(["-0.10:Food"] * 50),
    ]
    body = books(ana, *rows, account="Giro", commit="true").json()
    assert body["warnings"] == [UNEVEN]
    rows = ana.get("transactions/?ordering=id&page_size=100").json()["results"]
    parts = [row for row in rows if row["parent"]]
    wholes = [row for row in rows if not row["parent"]]
    assert [(row["description"], row["category_name"], row["is_split"]) for row in wholes] == [
        ("One", "Fruit", False),
        ("Both ways", None, False),
        ("Gap", None, False),
        ("Many", None, False),
        ("Not too many", None, True),
    ]
    assert [row["category_name"] for row in parts] == ["Food"] * 50


def test_a_transfer_of_the_file_is_a_transfer_and_its_halves_are_paired(ana, books, food):
    ana.post("accounts/", {"name": "Savings", "currency": "EUR"})
    rows = [
        "account|a|number=11111111",
        "account|b|number=22222222",
        "row|a|2026-03-02|-10.00|Save|transfer_account=b",
        "row|b|2026-03-02|10.00|Saved|transfer_account=a",
        "row|a|2026-03-05|-7.00|To cash|transfer_account=Purse",
    ]
    body = books(ana, *rows).json()
    address = f"imports/{body['id']}/"
    ana.patch(address, {"accounts": {"a": "Giro", "b": "Savings"}})
    perform_run(run_id=ana.post(f"{address}commit/").json()["id"])
    out, cash, into = recorded(ana)
    assert [row["kind"] for row in (out, into, cash)] == ["transfer"] * 3
    assert out["transfer"] == into["transfer"] is not None
    assert cash["transfer"] is None

"""Moving here from another program: accounts, categories, tags, splits, transfers and notes, and all of it back."""

import io
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.bodies import assert_problem

SAMPLES = Path(__file__).parents[1] / "statements" / "samples" / "migration"
pytestmark = pytest.mark.usefixtures("silent_chain", "files")


def upload(api, data, **fields):
    content = data if isinstance(data, bytes) else (SAMPLES / data).read_bytes()
    return api.post("imports/", {"file": SimpleUploadedFile("export", content), **fields}, format="multipart")


def move_in(api, run_tasks, data, **correction):
    """Upload a file, look at nothing, and commit it. Return the bodies of the import and of its run."""
    body = upload(api, data).json()
    if correction:
        body = api.patch(f"imports/{body['id']}/", {"profile": correction}).json()
    assert body["status"] == "parsed", body
    answer = api.post(f"imports/{body['id']}/commit/", {"skip_errors": True})
    assert answer.status_code == 202, answer.json()
    run_tasks()
    run = api.get(f"runs/{answer.json()['id']}/").json()
    assert run["status"] == "succeeded", run
    return body, run


def rows(api):
    """What matters of every row, by account, day and amount."""
    found = api.get("transactions/?page_size=100").json()["results"]
    return sorted(
        (
            row["account_name"],
            row["date"],
            ("" if row["direction"] == "in" else "-") + row["amount"],
            row["category_name"] or "",
            tuple(row["tags"]),
            row["notes"],
        )
        for row in found
    )


def own_categories(api):
    """Parent and name of the categories that are not the system's."""
    found = api.get("categories/").json()
    listed = found["results"] if isinstance(found, dict) else found
    return sorted((one["parent_name"] or "", one["name"], one["kind"]) for one in listed if not one["is_system"])


def accounts(api):
    return {one["name"]: (one["currency"], one["opening_balance"]) for one in listed(api, "accounts/")}


def listed(api, path):
    found = api.get(path).json()
    return found["results"] if isinstance(found, dict) else found


def transfers(api):
    """Accounts and amounts of every transfer."""
    names = {one["id"]: one["name"] for one in listed(api, "accounts/")}
    return sorted(
        tuple(
            value for half in ("outgoing", "incoming") for value in (names[one[half]["account"]], one[half]["amount"])
        )
        for one in listed(api, "transfers/?page_size=100")
    )


def everything(api):
    return accounts(api), own_categories(api), rows(api), transfers(api)


NOTHING: tuple[dict[str, object], list[object], list[object], list[object]] = ({}, [], [], [])


def take_back(api, run_tasks, run):
    assert api.post(f"runs/{run['id']}/revert/").status_code in (200, 202)
    run_tasks()


def test_a_dry_run_says_what_a_move_from_firefly_creates_and_loses_and_writes_nothing(ana):
    body = upload(ana, "firefly.csv").json()
    assert (body["format"], body["n_rows"], body["n_errors"], body["questions"]) == ("firefly", 5, 1, [])
    assert body["warnings"] == [
        "Budgets are not kept. Rows that name one: 1.",
        "The mark “reconciled” is not kept. Rows that have it: 1.",
        "Accounts that the commit creates: “Everyday”, “Zurich”.",
        "Categories that the commit creates: “Health”.",
    ]
    [everyday, zurich] = body["accounts"]
    assert (everyday["iban"], everyday["opening_balance"], everyday["account"]) == (
        "DE02120300000000202051", "1500.00", None,
    )  # fmt: skip
    assert (zurich["currency"], zurich["matched_by"]) == ("CHF", None)
    split = ana.get(f"imports/{body['id']}/rows/").json()["results"][1]
    assert split["parts"] == [
        {"amount": "12.50", "category": 10, "category_name": "Personal Care", "notes": "Shampoo"},
        {"amount": "7.40", "category": None, "category_name": "Health", "notes": "Plasters"},
    ]
    assert everything(ana) == NOTHING


def test_books_of_firefly_move_in_and_out_again(ana, run_tasks):
    body, run = move_in(ana, run_tasks, "firefly.csv")
    assert run["counts"] == {"created": 5, "duplicates": 0, "confirmed": 4, "none": 1}
    assert everything(ana) == (
        {"Everyday": ("EUR", "1500.00"), "Zurich": ("CHF", "0.00")},
        [("", "Health", "expense")],
        [
            ("Everyday", "2026-01-03", "-42.10", "Groceries", ("home", "weekly"), ""),
            ("Everyday", "2026-01-05", "-12.50", "Personal Care", (), "Shampoo"),
            ("Everyday", "2026-01-05", "-19.90", "", (), "For the first-aid box"),
            ("Everyday", "2026-01-05", "-7.40", "Health", (), "Plasters"),
            ("Everyday", "2026-01-10", "-200.00", "Transfers", (), ""),
            ("Everyday", "2026-01-15", "2400.00", "Salary", (), ""),
            ("Zurich", "2026-01-10", "190.00", "Transfers", (), ""),
        ],
        [("Everyday", "200.00", "Zurich", "190.00")],
    )
    [everyday] = [one for one in listed(ana, "accounts/") if one["name"] == "Everyday"]
    assert everyday["iban"] == "DE02120300000000202051"
    created = [one["matched_by"] for one in ana.get(f"imports/{body['id']}/").json()["accounts"]]
    assert created == ["created", "created"]
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING


def test_the_same_books_again_add_nothing(ana, run_tasks):
    move_in(ana, run_tasks, "firefly.csv")
    before = everything(ana)
    body, run = move_in(ana, run_tasks, "firefly.csv")
    assert (body["n_new"], body["n_duplicates"]) == (0, 5)
    assert run["counts"]["created"] == 0
    assert everything(ana) == before
    take_back(ana, run_tasks, run)
    assert everything(ana) == before


def test_books_move_into_accounts_and_categories_of_the_same_names(ana, run_tasks):
    own = ana.post("accounts/", {"name": "everyday", "currency": "EUR"}).json()
    ana.post("categories/", {"name": "health", "kind": "expense"})
    body = upload(ana, "firefly.csv").json()
    assert body["accounts"][0]["account"] == own["id"]
    assert body["accounts"][0]["matched_by"] == "name"
    assert body["warnings"][2:] == [
        "Accounts that the commit creates: “Zurich”.",
        "Opening balances of accounts that you have already are left out: “Everyday”.",
    ]
    _, run = move_in(ana, run_tasks, "firefly.csv")
    assert set(accounts(ana)) == {"everyday", "Zurich"}
    take_back(ana, run_tasks, run)
    assert set(accounts(ana)) == {"everyday"}
    assert own_categories(ana) == [("", "health", "expense")]


def test_what_a_move_created_and_somebody_uses_since_stays(ana, run_tasks):
    _, run = move_in(ana, run_tasks, "firefly.csv")
    [health] = [one for one in listed(ana, "categories/") if one["name"] == "Health"]
    ana.post("transactions/", {"amount": "3", "description": "Own", "date": "2026-02-01", "account": "Zurich",
                               "currency": "CHF", "category": health["id"], "direction": "out"})  # fmt: skip
    take_back(ana, run_tasks, run)
    assert accounts(ana) == {"Zurich": ("CHF", "0.00")}
    assert own_categories(ana) == [("", "Health", "expense")]
    assert [row[:4] for row in rows(ana)] == [("Zurich", "2026-02-01", "-3.00", "Health")]


def test_a_register_of_ynab_keeps_its_splits_flags_and_transfers(ana, run_tasks):
    body, run = move_in(ana, run_tasks, "ynab_register.csv")
    assert body["warnings"] == [
        "Flags become tags. Rows with one: 1.",
        "The mark “reconciled” is not kept. Rows that have it: 1.",
        "Money that is ready to be assigned has no category; Outlay finds one. Rows of it: 1.",
        "Accounts that the commit creates: “Checking”, “Savings”.",
        "Categories that the commit creates: “Home:Tools”.",
        "Categories that the ledger has in another place: “Everyday:Groceries → Groceries”.",
    ]
    assert everything(ana) == (
        {"Checking": ("EUR", "900.00"), "Savings": ("EUR", "0.00")},
        [("", "Home", "expense"), ("Home", "Tools", "expense")],
        [
            ("Checking", "2026-02-03", "-4.20", "Groceries", ("Red",), "rolls"),
            ("Checking", "2026-02-13", "-12.00", "Tools", (), ""),
            ("Checking", "2026-02-13", "-30.00", "Groceries", (), "food"),
            ("Checking", "2026-02-13", "-42.00", "", (), ""),
            ("Checking", "2026-02-13", "-8.00", "Transfers", (), "piggy bank"),
            ("Checking", "2026-02-14", "5.00", "Transfers", (), "back"),
            ("Checking", "2026-02-28", "1800.00", "", (), ""),
            ("Savings", "2026-02-13", "8.00", "Transfers", (), "piggy bank"),
            ("Savings", "2026-02-14", "-5.00", "Transfers", (), "back"),
        ],
        [("Checking", "8.00", "Savings", "8.00"), ("Savings", "5.00", "Checking", "5.00")],
    )
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING


def test_the_archive_of_ynab_is_read_as_its_register(ana, run_tasks):
    register = (SAMPLES / "ynab_register.csv").read_bytes()
    data = zipped({"My Plan as of 2026-03-01 - Register.csv": register, "My Plan as of 2026-03-01 - Plan.csv": b"x"})
    body, _ = move_in(ana, run_tasks, data)
    assert "The plan of the months is not kept. Files left out of the archive: 1." in body["warnings"]
    assert len(rows(ana)) == 9


def test_transactions_of_mint(ana, run_tasks):
    body, _ = move_in(ana, run_tasks, "mint.csv", currency_code="EUR")
    assert body["n_errors"] == 1
    assert everything(ana)[1:3] == (
        [
            ("", "Coffee Shops", "expense"),
            ("", "Paycheck", "income"),
        ],
        [
            ("CHECKING", "2024-01-05", "-4.75", "Coffee Shops", ("reimbursable", "work"), ""),
            ("CHECKING", "2024-01-12", "1500.00", "Paycheck", (), "January"),
            ("CHECKING", "2024-01-13", "-250.00", "Transfers", (), ""),
        ],
    )


def test_transactions_of_ezbookkeeping(ana, run_tasks):
    move_in(ana, run_tasks, "ezbookkeeping.csv")
    assert everything(ana) == (
        {"Wallet": ("EUR", "80.00"), "Bank": ("EUR", "0.00"), "Dollars": ("USD", "0.00")},
        [
            ("", "Food & Drink", "expense"),
            ("", "Occupation", "income"),
            ("Food & Drink", "Lunch", "expense"),
            ("Occupation", "Wages", "income"),
            ("Shopping", "Clothes", "expense"),
        ],
        [
            ("Bank", "2026-03-05", "1200.00", "Wages", (), ""),
            ("Bank", "2026-03-06", "-100.00", "Transfers", (), ""),
            ("Dollars", "2026-03-06", "108.50", "Transfers", (), ""),
            ("Wallet", "2026-03-02", "-20.00", "Clothes", (), ""),
            ("Wallet", "2026-03-02", "-9.50", "Lunch", ("team", "work"), ""),
            ("Wallet", "2026-03-03", "20.00", "Clothes", (), ""),
        ],
        [("Bank", "100.00", "Dollars", "108.50")],
    )


def test_lunch_money_asks_which_sign_means_money_out(ana, run_tasks):
    body = upload(ana, "lunch_money.csv").json()
    assert body["questions"] == [
        {
            "attr": "money_out",
            "code": "unknown_sign",
            "detail": (
                "Most amounts are positive, so these are read as money out. To confirm this, PATCH the import with "
                '{"profile": {"money_out": "positive"}}; to change it, with {"profile": {"money_out": "negative"}}.'
            ),
            "alternatives": ["positive", "negative"],
        }
    ]
    move_in(ana, run_tasks, "lunch_money.csv", money_out="positive")
    assert [row[:5] for row in rows(ana)] == [
        ("Card", "2026-04-03", "-40.00", "Fuel", ()),
        ("Main Checking", "2026-04-01", "-23.40", "Groceries", ("veg", "weekly")),
        ("Main Checking", "2026-04-02", "2100.00", "Paycheck", ()),
        ("Main Checking", "2026-04-04", "-100.00", "Transfers", ()),
    ]


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def record(kind, **data):
    return json.dumps({"type": kind, "data": data})


SURE = "\n".join([
    record("Account", id="a1", name="Giro", currency="EUR"),
    record("Account", id="a2", name="Savings", currency="EUR"),
    record("Category", id="c1", name="Free time"),
    record("Category", id="c2", name="Cinema", parent_id="c1"),
    record("Tag", id="t1", name="friends"),
    record("Merchant", id="m1", name="Lantern Cinema"),
    record("Transaction", id="x1", account_id="a1", date="2026-05-01", amount="24.0", currency="EUR",
           name="LANTERN 0042", category_id="c2", merchant_id="m1", tag_ids=["t1"], notes="two tickets"),
    record("Transaction", id="x2", account_id="a1", date="2026-05-02", amount="100.0", currency="EUR", name="Out"),
    record("Transaction", id="x3", account_id="a2", date="2026-05-03", amount="-100.0", currency="EUR", name="In"),
    record("Transaction", id="x4", account_id="a1", date="2026-05-04", amount="30.0", currency="EUR", name="Hall",
           split_lines=[{"amount": "10.0", "category_id": "c1", "name": "Darts"},
                        {"amount": "20.0", "category_id": "c2", "name": "Film"}]),
    record("Transfer", id="r1", outflow_transaction_id="x2", inflow_transaction_id="x3", status="confirmed"),
    record("Budget", id="b1"),
])  # fmt: skip


def test_the_archive_of_sure(ana, run_tasks):
    body, _ = move_in(ana, run_tasks, zipped({"all.ndjson": SURE, "transactions.csv": "date\n"}))
    assert body["warnings"] == [
        "Budgets are not kept. Budgets in the file: 1.",
        "Accounts that the commit creates: “Giro”, “Savings”.",
        "Categories that the commit creates: “Free time:Cinema”, “Free time”.",
    ]
    assert everything(ana) == (
        {"Giro": ("EUR", "0.00"), "Savings": ("EUR", "0.00")},
        [("", "Free time", "expense"), ("Free time", "Cinema", "expense")],
        [
            ("Giro", "2026-05-01", "-24.00", "Cinema", ("friends",), "two tickets"),
            ("Giro", "2026-05-02", "-100.00", "Transfers", (), ""),
            ("Giro", "2026-05-04", "-10.00", "Free time", (), "Darts"),
            ("Giro", "2026-05-04", "-20.00", "Cinema", (), "Film"),
            ("Giro", "2026-05-04", "-30.00", "", (), ""),
            ("Savings", "2026-05-03", "100.00", "Transfers", (), ""),
        ],
        [("Giro", "100.00", "Savings", "100.00")],
    )


@pytest.mark.parametrize(
    ("data", "code", "detail"),
    [
        (zipped({"all.ndjson": "{"}), "unreadable", "Line 1 of all.ndjson is not a record of Sure. "),
        (zipped({"db.sqlite": b"SQLite format 3\0" + b"x" * 200}), "unreadable", "This is not a budget of Actual "),
        (zipped({"db.sqlite": b"nothing"}), "unreadable", "This is not a budget of Actual that can be read: "),
    ],
)
def test_broken_archives_are_refused_with_the_reason(ana, data, code, detail):
    body = assert_problem(upload(ana, data), 400, ("file", code))
    assert body["errors"][0]["detail"].startswith(detail)
    assert listed(ana, "imports/") == []


#: The tables of a budget as Actual creates them, as far as they matter here.
ACTUAL = """
    CREATE TABLE accounts (id TEXT, name TEXT, offbudget INTEGER, closed INTEGER, tombstone INTEGER);
    CREATE TABLE category_groups (id TEXT, name TEXT, tombstone INTEGER);
    CREATE TABLE categories (id TEXT, name TEXT, is_income INTEGER, cat_group TEXT, tombstone INTEGER);
    CREATE TABLE category_mapping (id TEXT, transferId TEXT);
    CREATE TABLE payees (id TEXT, name TEXT, transfer_acct TEXT, tombstone INTEGER);
    CREATE TABLE payee_mapping (id TEXT, targetId TEXT);
    CREATE TABLE rules (id TEXT, tombstone INTEGER);
    CREATE TABLE zero_budgets (id TEXT, amount INTEGER);
    CREATE TABLE transactions (id TEXT, isParent INTEGER DEFAULT 0, isChild INTEGER DEFAULT 0, acct TEXT, category TEXT,
        amount INTEGER, description TEXT, notes TEXT, date INTEGER, financial_id TEXT, imported_description TEXT,
        starting_balance_flag INTEGER DEFAULT 0, transferred_id TEXT, sort_order REAL, tombstone INTEGER DEFAULT 0,
        parent_id TEXT);
    INSERT INTO accounts VALUES ('a1', 'Giro', 0, 0, 0), ('a2', 'House', 1, 1, 0), ('a3', 'Gone', 0, 0, 1);
    INSERT INTO category_groups VALUES ('g1', 'Everyday', 0), ('g2', 'Income', 0);
    INSERT INTO categories VALUES ('c1', 'Food', 0, 'g1', 0), ('c2', 'Pay', 1, 'g2', 0), ('c3', 'Old food', 0, 'g1', 1),
        ('c4', 'Fees', 0, 'g1', 0);
    INSERT INTO category_mapping VALUES ('c1', 'c1'), ('c2', 'c2'), ('c3', 'c1'), ('c4', 'c4');
    INSERT INTO payees VALUES ('p1', 'Harvest Hall', NULL, 0), ('p2', 'Employer', NULL, 0), ('p3', '', 'a2', 0),
        ('p4', '', 'a1', 0), ('p5', 'HARVEST', NULL, 1);
    INSERT INTO payee_mapping VALUES ('p1', 'p1'), ('p2', 'p2'), ('p3', 'p3'), ('p4', 'p4'), ('p5', 'p1');
    INSERT INTO rules VALUES ('r1', 0), ('r2', 1);
    INSERT INTO zero_budgets VALUES ('2026-06', 5000), ('2026-07', 0);
    INSERT INTO transactions (id, acct, category, amount, description, notes, date, starting_balance_flag,
        transferred_id, isParent, isChild, parent_id, imported_description, tombstone) VALUES
        ('t0', 'a1', 'c2', 90000, 'p2', NULL, 20260601, 1, NULL, 0, 0, NULL, NULL, 0),
        ('t1', 'a1', 'c3', -1234, 'p5', 'apples #fruit', 20260602, 0, NULL, 0, 0, NULL, 'HARVEST HALL 12', 0),
        ('t2', 'a1', NULL, -50000, 'p3', 'rate', 20260603, 0, 't3', 0, 0, NULL, NULL, 0),
        ('t3', 'a2', NULL, 50000, 'p4', 'rate', 20260603, 0, 't2', 0, 0, NULL, NULL, 0),
        ('t4', 'a1', NULL, -3000, 'p1', NULL, 20260604, 0, NULL, 1, 0, NULL, NULL, 0),
        ('t5', 'a1', 'c1', -2000, 'p1', 'bread', 20260604, 0, NULL, 0, 1, 't4', NULL, 0),
        ('t6', 'a1', 'c4', -1000, 'p1', 'fee', 20260604, 0, NULL, 0, 1, 't4', NULL, 0),
        ('t7', 'a1', 'c2', 250000, 'p2', NULL, 20260630, 0, NULL, 0, 0, NULL, NULL, 0),
        ('t8', 'a1', 'c1', -99, 'p1', NULL, 20260701, 0, NULL, 0, 0, NULL, NULL, 1),
        ('t9', 'a3', 'c1', -99, 'p1', NULL, 20260701, 0, NULL, 0, 0, NULL, NULL, 0);
"""


@pytest.fixture
def budget_of_actual():
    with sqlite3.connect(":memory:") as database:
        database.executescript(ACTUAL)
        return database.serialize()


def test_a_budget_of_actual(ana, run_tasks, budget_of_actual):
    body, run = move_in(
        ana, run_tasks, zipped({"db.sqlite": budget_of_actual, "metadata.json": "{}"}), currency_code="EUR"
    )
    assert body["warnings"] == [
        "Budgets are not kept. Amounts of months in the file: 1.",
        "Rules are left out; POST rules/import/ reads those of Actual. Rules in the file: 1.",
        "Closed accounts are open here; PATCH each with is_active: false. Closed in the file: 1.",
        "Accounts that the commit creates: “Giro”, “House”.",
        "Categories that the commit creates: “Everyday:Food”, “Everyday:Fees”, “Income:Pay”.",
    ]
    assert everything(ana) == (
        {"Giro": ("EUR", "900.00"), "House": ("EUR", "0.00")},
        [
            ("", "Everyday", "expense"),
            ("Everyday", "Fees", "expense"),
            ("Everyday", "Food", "expense"),
            ("Income", "Pay", "income"),
        ],
        [
            ("Giro", "2026-06-02", "-12.34", "Food", ("fruit",), "apples #fruit"),
            ("Giro", "2026-06-03", "-500.00", "Transfers", (), "rate"),
            ("Giro", "2026-06-04", "-10.00", "Fees", (), "fee"),
            ("Giro", "2026-06-04", "-20.00", "Food", (), "bread"),
            ("Giro", "2026-06-04", "-30.00", "", (), ""),
            ("Giro", "2026-06-30", "2500.00", "Pay", (), ""),
            ("House", "2026-06-03", "500.00", "Transfers", (), "rate"),
        ],
        [("Giro", "500.00", "House", "500.00")],
    )
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING


def test_a_sqlite_file_of_something_else_is_refused(ana):
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE notes (text TEXT)")
        data = database.serialize()
    body = assert_problem(upload(ana, data), 400, ("file", "unreadable"))
    assert body["errors"][0]["detail"].startswith("This is not a budget of Actual that can be read: no such table")

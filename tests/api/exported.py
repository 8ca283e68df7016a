"""A ledger whose names try every mark of the exported formats, and the files that are read from it."""

from typing import Any

from tests.conftest import Api


def content(api: Api, path: str, **headers: Any) -> bytes:
    """Return the whole file of an export."""
    answer = api.get(f"export/{path}", **headers)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def record(api: Api, path: str, **body: Any) -> int:
    answer = api.post(path, body)
    assert answer.status_code in {200, 201}, answer.content
    found: int = answer.json()["id"]
    return found


#: Names with marks of ledger, beancount, CSV or XML.
ACCOUNTS = [
    {"name": "Checking", "currency": "EUR", "opening_balance": "1200.50"},
    {"name": "Savings: rainy  days", "type": "savings", "currency": "EUR"},
    {"name": "Savings; rainy days", "type": "savings", "currency": "EUR", "opening_balance": "-3.10"},
    {"name": "1. Karte „Grün“ & <Söhne>", "type": "card", "currency": "CHF"},
    {"name": "財布", "type": "cash", "currency": "JPY", "opening_balance": "5000"},
    {"name": "☂", "currency": "KWD"},
]
CATEGORIES = [
    {"name": "Food: outside", "kind": "expense", "parent": "Dining"},
    {"name": "Food outside", "kind": "expense", "parent": "Dining"},
    {"name": "2nd job; evenings", "kind": "income"},
    {"name": '"Quoted" \\ 50%', "kind": "expense"},
]
ROWS: list[dict[str, Any]] = [
    {"amount": "45.50", "description": "REWE; SAGT | DANKE", "merchant": "REWE", "date": "2026-10-02",
     "account": "Checking", "category": "Groceries", "tags": ["food", "two words"], "external_id": "bank-1"},
    {"amount": "3.20", "description": "=SUM(A1:A9)", "date": "2026-10-03", "account": "Checking",
     "category": "Food: outside", "notes": "+49 30\nsecond; line: date:x"},
    {"amount": "8.80", "description": "(void) * ! lunch", "merchant": "-Cafe", "date": "2026-10-03",
     "account": "1. Karte „Grün“ & <Söhne>", "currency": "CHF", "category": "Food outside"},
    {"amount": "700", "description": "ラーメン \"大盛\" \\", "date": "2026-10-04", "account": "財布", "currency": "JPY",
     "category": '"Quoted" \\ 50%'},
    {"amount": "1.234", "description": "Bus", "date": "2026-10-05", "account": "☂", "currency": "KWD",
     "category": "Transport"},
    {"amount": "12.00", "description": "In dollars", "date": "2026-10-05", "account": "Checking", "currency": "USD",
     "category": "Groceries"},
    {"amount": "6.00", "description": "No account", "date": "2026-10-06", "category": "Groceries"},
    {"amount": "7.00", "description": "Nothing known", "date": "2026-10-06", "account": "Checking"},
]  # fmt: skip


def record_odd_ledger(api: Api) -> dict[str, int]:
    """Record the accounts, categories and rows, a refund, an income, a split, two transfers and a deleted row."""
    for account in ACCOUNTS:
        record(api, "accounts/", **account)
    for category in CATEGORIES:
        record(api, "categories/", **category)
    for row in ROWS:
        record(api, "expenses/", ai_classify=False, **row)
    refund = {"kind": "refund", "amount": "5.50", "description": "Bottles", "category": "Groceries"}
    record(api, "transactions/", date="2026-10-07", account="Checking", **refund)
    income = {"amount": "300.00", "description": "@evening", "category": "2nd job; evenings", "account": "Checking"}
    record(api, "incomes/", date="2026-10-08", **income)
    parts = [
        {"amount": "30.00", "category": "Groceries", "tags": ["food"]},
        {"amount": "15.50", "category": "Food: outside", "description": "Crayons", "notes": "for school"},
    ]
    split = {"amount": "45.50", "description": "Market hall", "date": "2026-10-09", "account": "Checking"}
    whole = record(api, "expenses/", parts=parts, **split)
    one = {"from_account": "Checking", "to_account": "Savings: rainy  days", "amount": "100.00"}
    record(api, "transfers/", date="2026-10-10", description="Nest egg", **one)
    other = {"from_account": "Checking", "to_account": "1. Karte „Grün“ & <Söhne>", "amount": "50.00"}
    record(api, "transfers/", date="2026-10-11", description="To the card", amount_to="47.35", **other)
    gone = record(api, "expenses/", amount="99.99", description="Deleted", date="2026-10-12", account="Checking")
    assert api.delete(f"transactions/{gone}/").status_code == 204
    return {"whole": whole, "deleted": gone}

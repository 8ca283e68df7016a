"""Texts for hledger, beancount and OFX: other programs read them, and find the balances and sums of the API."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import data as beans
from ofxtools.Parser import OFXTree

from tests.api.exported import content, record, record_odd_ledger
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")
#: Name in a text → currency → sum.
Balances = dict[str, dict[str, Decimal]]


def balances_of_accounts(api: Api) -> dict[tuple[str, str], Decimal]:
    """Return the balance of each account of the API by name and currency; zeros are left out."""
    found = {}
    for one in api.get("accounts/balances/").json()["results"]:
        found[one["account_name"], one["currency"]] = Decimal(one["balance"])
    for account in api.get("accounts/").json()["results"]:
        for other in account["other_currencies"]:
            found[account["name"], other["currency"]] = Decimal(other["balance"])
    return {key: amount for key, amount in found.items() if amount}


def sums_of_categories(api: Api, query: str = "") -> dict[tuple[str, str], Decimal]:
    """Return expense less income of each category of the API by name and currency, transfers included."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for total in api.get(f"transactions/totals/?by=category{query}").json()["results"]:
        amount = Decimal(total["expense"]) - Decimal(total["income"])
        amount += Decimal(total["transfers_out"]) - Decimal(total["transfers_in"])
        found[total["category_name"] or "Uncategorized", total["currency"]] += amount
    return {key: amount for key, amount in found.items() if amount}


def opening_balances(api: Api) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for account in api.get("accounts/").json()["results"]:
        found[account["currency"]] -= Decimal(account["opening_balance"])
    return {currency: amount for currency, amount in found.items() if amount}


def hledger(data: bytes, folder: Path) -> Balances:
    """Return what `hledger bal` says of a journal that its strictest checks accept."""
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("hledger is not installed: apt-get install hledger")
    path = folder / "journal.ledger"
    path.write_bytes(data)
    run(program, "-f", path, "check", "--strict")
    said = json.loads(run(program, "-f", path, "bal", "--flat", "--no-total", "-O", "json"))
    found: Balances = {}
    for name, _, _, amounts in said[0]:
        found[name] = {
            one["acommodity"]: Decimal(one["aquantity"]["decimalMantissa"]).scaleb(-one["aquantity"]["decimalPlaces"])
            for one in amounts
        }
    return found


def beancount(data: bytes, folder: Path) -> Balances:
    """Return the sums of a text that `bean-check` accepts."""
    path = folder / "ledger.beancount"
    path.write_bytes(data)
    run(Path(sys.executable).parent / "bean-check", path)
    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    found: Balances = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        if isinstance(entry, beans.Transaction):
            for posting in entry.postings:
                assert posting.units is not None
                assert posting.units.number is not None
                found[posting.account][posting.units.currency] += posting.units.number
    return {name: {c: n for c, n in sums.items() if n} for name, sums in found.items()}


def run(*command: Any) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def flat(found: Balances, names: dict[str, str]) -> dict[tuple[str, str], Decimal]:
    """Return sums by our own names, those of zero left out."""
    return {
        (names[name], currency): amount
        for name, sums in found.items()
        for currency, amount in sums.items()
        if amount and name in names
    }


HLEDGER_ACCOUNTS = {
    "Assets:Checking": "Checking",
    "Assets:Savings rainy days": "Savings: rainy  days",
    "Assets:Savings rainy days 2": "Savings; rainy days",
    "Liabilities:1. Karte „Grün“ & <Söhne>": "1. Karte „Grün“ & <Söhne>",
    "Assets:財布": "財布",
    "Assets:☂": "☂",
}
HLEDGER_CATEGORIES = {
    "Expenses:Groceries": "Groceries",
    "Expenses:Transport": "Transport",
    "Expenses:Dining:Food outside": "Food: outside",
    "Expenses:Dining:Food outside 2": "Food outside",
    'Expenses:"Quoted" \\ 50%': '"Quoted" \\ 50%',
    "Expenses:Uncategorized": "Uncategorized",
    "Income:2nd job evenings": "2nd job; evenings",
    "Equity:Transfers": "Transfers",
}
BEANCOUNT_ACCOUNTS = {
    "Assets:Checking": "Checking",
    "Assets:Savings-rainy-days": "Savings: rainy  days",
    "Assets:Savings-rainy-days-2": "Savings; rainy days",
    "Liabilities:1-Karte-Grün-Söhne": "1. Karte „Grün“ & <Söhne>",
    "Assets:X-財布": "財布",
    "Assets:X": "☂",
}
BEANCOUNT_CATEGORIES = {
    "Expenses:Groceries": "Groceries",
    "Expenses:Transport": "Transport",
    "Expenses:Dining:Food-outside": "Food: outside",
    "Expenses:Dining:Food-outside-2": "Food outside",
    "Expenses:Quoted-50": '"Quoted" \\ 50%',
    "Expenses:Uncategorized": "Uncategorized",
    "Income:2nd-job-evenings": "2nd job; evenings",
    "Equity:Transfers": "Transfers",
}


def test_hledger_finds_the_balances_and_sums_of_the_api(ana, tmp_path):
    record_odd_ledger(ana)
    found = hledger(content(ana, "transactions.ledger"), tmp_path)
    assert flat(found, HLEDGER_ACCOUNTS) == balances_of_accounts(ana)
    assert flat(found, HLEDGER_CATEGORIES) == sums_of_categories(ana)
    assert found["Equity:Opening balances"] == opening_balances(ana)
    assert found["Assets:No account"] == {"EUR": Decimal("-6.00")}
    assert set(found) - {"Equity:Opening balances", "Assets:No account"} == {*HLEDGER_ACCOUNTS, *HLEDGER_CATEGORIES}


def test_beancount_finds_the_balances_and_sums_of_the_api(ana, tmp_path):
    record_odd_ledger(ana)
    found = beancount(content(ana, "transactions.beancount"), tmp_path)
    assert flat(found, BEANCOUNT_ACCOUNTS) == balances_of_accounts(ana)
    assert flat(found, BEANCOUNT_CATEGORIES) == sums_of_categories(ana)
    assert found["Equity:Opening-balances"] == opening_balances(ana)


@pytest.mark.parametrize("query", ["kind=expense", "start=2026-10-05", "category=Groceries", "tag=food"])
def test_a_filtered_text_has_the_sums_of_the_filter_and_no_opening_balances(ana, tmp_path, query):
    record_odd_ledger(ana)
    sums = sums_of_categories(ana, f"&{query}")
    in_hledger = hledger(content(ana, f"transactions.ledger?{query}"), tmp_path)
    in_beancount = beancount(content(ana, f"transactions.beancount?{query}"), tmp_path)
    assert flat(in_hledger, HLEDGER_CATEGORIES) == sums
    assert flat(in_beancount, BEANCOUNT_CATEGORIES) == sums
    assert "Equity:Opening balances" not in in_hledger
    assert "Equity:Opening-balances" not in in_beancount


def test_one_account_until_a_day_begins_with_its_opening_balance(ana, tmp_path):
    record_odd_ledger(ana)
    found = hledger(content(ana, "transactions.ledger?account=Checking&end=2026-10-03"), tmp_path)
    assert found["Assets:Checking"] == {"EUR": Decimal("1200.50") - Decimal("45.50") - Decimal("3.20")}
    assert found["Equity:Opening balances"] == {"EUR": Decimal("-1200.50")}


def test_an_empty_ledger_is_a_text_that_the_programs_accept(ana, tmp_path):
    assert hledger(content(ana, "transactions.ledger"), tmp_path) == {}
    assert beancount(content(ana, "transactions.beancount"), tmp_path) == {}


def test_an_entry_shows_payee_description_tags_notes_and_each_part(ana):
    record_odd_ledger(ana)
    text = content(ana, "transactions.ledger").decode()
    assert (
        "2026-10-02 * (1) REWE | REWE, SAGT / DANKE\n    ; tags: food two words\n"
        "    Assets:Checking  -45.50 EUR\n    Expenses:Groceries  45.50 EUR\n\n"
    ) in re.sub(r"\(\d+\) REWE", "(1) REWE", text)
    assert (
        "Market hall\n    ; tags: food\n    ; for school\n    Assets:Checking  -45.50 EUR\n"
        "    Expenses:Groceries  30.00 EUR\n    Expenses:Dining:Food outside  15.50 EUR\n\n"
    ) in text
    beans_text = content(ana, "transactions.beancount").decode()
    assert '2026-10-02 * "REWE" "REWE; SAGT | DANKE" #food\n' in beans_text
    assert '  tags: "two words"\n' in beans_text
    assert '  notes: "+49 30 second; line: date:x"\n' in beans_text
    assert '2026-10-04 * "ラーメン \\"大盛\\" \\\\"\n' in beans_text
    assert '2026-10-01 open Assets:Savings-rainy-days-2\n  name: "Savings; rainy days"\n' in beans_text


def parsed_ofx(data: bytes) -> Any:
    """Return the tree of a file that ofxtools accepts, with each field checked against the standard."""
    tree = OFXTree()
    tree.parse(BytesIO(data))
    return tree.convert()


def test_ofx_has_a_statement_for_each_account_and_currency_with_its_balance(ana):
    record_odd_ledger(ana)
    accounts = {f"outlay-{one['id']}": one["name"] for one in ana.get("accounts/").json()["results"]}
    statements = parsed_ofx(content(ana, "transactions.ofx")).statements
    found = {
        (accounts.get(one.account.acctid, ""), one.curdef): (
            one.ledgerbal.balamt,
            [(f"{row.dtposted:%Y-%m-%d}", row.trntype, row.trnamt, row.name) for row in one.transactions],
        )
        for one in statements
    }
    balances = balances_of_accounts(ana)
    assert {key: balance for key, (balance, _) in found.items() if key[0]} == {
        key: amount for key, amount in balances.items() if key[0] != "Savings; rainy days"
    }
    assert found["Checking", "EUR"][1] == [
        ("2026-10-02", "DEBIT", Decimal("-45.50"), "REWE"),
        ("2026-10-03", "DEBIT", Decimal("-3.20"), "=SUM(A1:A9)"),
        ("2026-10-06", "DEBIT", Decimal("-7.00"), "Nothing known"),
        ("2026-10-07", "CREDIT", Decimal("5.50"), "Bottles"),
        ("2026-10-08", "CREDIT", Decimal("300.00"), "@evening"),
        ("2026-10-09", "DEBIT", Decimal("-45.50"), "Market hall"),
        ("2026-10-10", "XFER", Decimal("-100.00"), "Nest egg"),
        ("2026-10-11", "XFER", Decimal("-50.00"), "To the card"),
    ]
    assert found["", "EUR"] == (Decimal("-6.00"), [("2026-10-06", "DEBIT", Decimal("-6.00"), "No account")])


def test_ids_of_ofx_are_those_of_the_bank_else_ours_and_stay(ana):
    record_odd_ledger(ana)
    ids = [[row.fitid for row in one.transactions] for one in parsed_ofx(content(ana, "transactions.ofx")).statements]
    assert [one for of_account in ids for one in of_account if not one.startswith("outlay-")] == ["bank-1"]
    assert all(re.fullmatch(r"outlay-\d+|bank-1", one) for of_account in ids for one in of_account)
    again = parsed_ofx(content(ana, "transactions.ofx")).statements
    assert [[row.fitid for row in one.transactions] for one in again] == ids


def test_parts_are_one_movement_of_ofx_in_any_order(ana):
    """Two movements with one id would be one after the next import, and the money of the other lost."""
    parts = [{"amount": "1.00", "category": "Groceries"}, {"amount": "30.00", "category": "Kids"}]
    ana.post("expenses/", {"amount": "31.00", "description": "Market", "date": "2026-10-09", "parts": parts})
    ana.post("expenses/", {"amount": "10.00", "description": "Between", "date": "2026-10-09"})
    for order in ("amount", "-amount", "-date"):
        (statement,) = parsed_ofx(content(ana, f"transactions.ofx?ordering={order}")).statements
        assert [row.trnamt for row in statement.transactions] == [Decimal("-31.00"), Decimal("-10.00")]


def test_ofx_of_an_empty_ledger_and_of_long_and_odd_texts_is_accepted(ana):
    assert parsed_ofx(content(ana, "transactions.ofx")).statements == []
    record(ana, "accounts/", name="Checking", currency="EUR")
    text = "&<>]]>" + 60 * "ü " + "end"
    record(ana, "expenses/", amount="1.00", description=text, date="2026-11-02", account="Checking", merchant=text[:90])
    (statement,) = parsed_ofx(content(ana, "transactions.ofx")).statements
    (row,) = statement.transactions
    assert (row.name, row.memo) == (text[:32].strip(), " ".join(text.split())[:255])

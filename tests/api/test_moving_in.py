"""What a person who moves in from another program relies on: currencies, transfers, refunds, and no row twice."""

import pytest

from tests.api.bodies import assert_problem
from tests.api.test_migration import (
    NOTHING,
    accounts,
    everything,
    listed,
    move_in,
    own_categories,
    rows,
    take_back,
    transfers,
    upload,
)

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

FIREFLY = (
    "group_id,journal_id,type,amount,currency_code,date,description,source_name,source_type,"
    "destination_name,destination_type,category\n"
)
LUNCH_MONEY = "date,payee,amount,currency,notes,category,account_name,exclude_from_totals\n"
YNAB = "Account,Flag,Date,Payee,Category Group,Category,Memo,Outflow,Inflow,Cleared\n"


def test_a_statement_of_an_unknown_account_promises_no_new_account(ana):
    ofx = (
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>4711<ACCTTYPE>CHECKING"
        "</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260301<TRNAMT>-3.20<FITID>a1<NAME>Cafe"
        "</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    body = upload(ana, ofx.encode()).json()
    assert (body["format"], body["n_rows"], body["warnings"]) == ("ofx", 1, [])


def test_a_category_with_refunds_alone_goes_into_the_expenses_of_its_name(ana, run_tasks):
    line = "{0},{0},{1},{2},EUR,2026-03-0{0},x,{3},{4},Giro,Asset account,{5}\n"
    data = FIREFLY + line.format(1, "Deposit", "20.00", "Shop", "Revenue account", "Shopping")
    body, _ = move_in(ana, run_tasks, data.encode())
    assert body["warnings"] == ["Accounts that the commit creates: “Giro”."]
    assert (rows(ana)[0][2:4], own_categories(ana)) == (("20.00", "Shopping"), [])


def test_the_warning_names_what_the_commit_creates(ana, run_tasks):
    line = "{0},{0},Withdrawal,-20.00,EUR,2026-03-0{0},x,Giro,Asset account,Shop,Expense account,{1}\n"
    data = FIREFLY + line.format(1, "Salary") + line.format(2, "Pottery")
    body, _ = move_in(ana, run_tasks, data.encode())
    assert body["warnings"][1:] == ["Categories that the commit creates: “Salary (2)”, “Pottery”."]
    assert own_categories(ana) == [("", "Pottery", "expense"), ("", "Salary (2)", "expense")]


DOLLARS = YNAB + "Checking,,15/01/2026,Shop,Everyday,Food,m,$10.00,$0.00,Cleared\n"
QUESTION = {
    "attr": "currency_code",
    "code": "no_currency",
    "detail": (
        "The file names no currency, or has a symbol that several share, such as $. Amounts are shown in EUR. "
        'To confirm this, PATCH the import with {"profile": {"currency_code": "EUR"}}; '
        "otherwise send another code of ISO 4217."
    ),
    "alternatives": ["EUR"],
}


def test_a_budget_in_dollars_is_not_recorded_in_euros_without_asking(ana, run_tasks):
    body = upload(ana, DOLLARS.encode(), commit="true").json()
    assert (body["status"], body["questions"], body["profile"]["currency_code"]) == ("parsed", [QUESTION], "")
    path = f"imports/{body['id']}/"
    problem = assert_problem(ana.post(f"{path}commit/"), 409, (None, "no_currency"))
    assert problem["errors"][0]["detail"] == QUESTION["detail"]
    faulty = assert_problem(
        ana.patch(path, {"profile": {"currency_code": "US"}}), 400, ("profile.currency_code", "unknown_currency")
    )
    assert faulty["errors"][0]["detail"] == "“US” is not an ISO 4217 code such as EUR."
    answered = ana.patch(path, {"profile": {"currency_code": "USD"}}).json()
    assert (answered["questions"], answered["totals"].keys()) == ([], {"USD"})
    assert ana.post(f"{path}commit/").status_code == 202
    run_tasks()
    assert accounts(ana) == {"Checking": ("USD", "0.00")}
    assert {row["currency"] for row in listed(ana, "transactions/")} == {"USD"}


@pytest.mark.parametrize(
    ("symbol", "code"),
    [("€", "EUR"), ("£", "GBP"), ("zł", "PLN"), ("$", ""), ("kr", ""), ("¥", ""), ("", "")],
)
def test_a_symbol_that_one_currency_has_tells_it(ana, symbol, code):
    body = upload(ana, DOLLARS.replace("$", symbol).encode()).json()
    asks = [question["code"] for question in body["questions"]]
    assert (body["profile"]["currency_code"], asks) == (code, [] if code else ["no_currency"])
    assert body["totals"].keys() == {code or "EUR"}


def test_symbols_of_two_currencies_tell_none(ana):
    more = "Checking,,16/01/2026,Shop,Everyday,Food,m,€1.00,£0.00,Cleared\n"
    body = upload(ana, (YNAB + more).encode()).json()
    assert [question["code"] for question in body["questions"]] == ["no_currency"]


def test_the_currency_of_an_account_of_the_name_counts(ana, run_tasks):
    ana.post("accounts/", {"name": "checking", "currency": "USD"})
    for data in (DOLLARS, DOLLARS.replace("$", "€")):
        body = upload(ana, data.encode()).json()
        assert (body["questions"], body["totals"].keys()) == ([], {"USD"})


@pytest.mark.parametrize("file", ["mint.csv", "actual_all_accounts.csv"])
def test_books_without_symbols_are_asked_for_their_currency(ana, file):
    assert upload(ana, file).json()["questions"] == [QUESTION]


BANK = b"Date,Description,Amount\n2026-03-01,REWE MARKT,-10.00\n2026-03-13,SHELL,-20.00\n2026-03-14,Foo bar,-1.00\n"


def own_file(api):
    return b"".join(api.get("export/transactions.csv").streaming_content)


@pytest.fixture
def own_ledger(ana, run_tasks):
    """Rows of a statement, rows by hand with and without an account, two equal ones, a split and a transfer."""
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})
    ana.post("accounts/", {"name": "Savings", "currency": "EUR", "opening_balance": "50"})
    answer = upload(ana, BANK, account="Giro", commit="true").json()
    run_tasks()
    by_hand = {"account": "Giro", "date": "2026-03-02"}
    ana.post("expenses/", {"amount": "5", "description": "Kiosk"} | by_hand)
    ana.post("expenses/", {"amount": "5", "description": "Kiosk"} | by_hand)
    ana.post("expenses/", {"amount": "7", "description": "Cash", "date": "2026-03-03"})
    for account, direction in (("Giro", "out"), ("Savings", "in")):
        ana.post("transactions/", {"amount": "90", "description": "Put by", "direction": direction, "account": account,
                                   "date": "2026-03-04", "currency": "EUR"})  # fmt: skip
    whole = ana.post("expenses/", {"amount": "30", "description": "Store"} | by_hand).json()
    parts = [
        {"amount": "20", "category": "Groceries", "description": "Supermarket"},
        {"amount": "10", "category": "Shopping", "description": "Socks"},
    ]
    assert ana.put(f"transactions/{whole['id']}/split/", {"parts": parts}).status_code == 200
    assert answer["status"] == "committed"
    return ana


def whole_ledger(api):
    """Everything that a second copy of a row would change."""
    pages = ("transactions/?page_size=100", "accounts/", "categories/", "tags/", "transfers/", "accounts/balances/")
    return [api.get(page).json() for page in pages]


def test_the_own_file_adds_nothing_to_its_ledger(own_ledger, run_tasks):
    before = whole_ledger(own_ledger)
    body = upload(own_ledger, own_file(own_ledger), commit="true").json()
    run_tasks()
    assert (body["status"], body["n_rows"], body["n_new"], body["n_duplicates"]) == ("committed", 9, 0, 9)
    assert body["questions"] == []
    assert whole_ledger(own_ledger) == before
    shown = listed(own_ledger, f"imports/{body['id']}/rows/?page_size=100")
    assert {row["status"] for row in shown} == {"duplicate"}


@pytest.mark.parametrize("query", ["?excel=true", "?ordering=amount", "?category=Groceries"])
def test_any_own_file_adds_nothing_to_its_ledger(own_ledger, run_tasks, query):
    data = b"".join(own_ledger.get(f"export/transactions.csv{query}").streaming_content)
    before = whole_ledger(own_ledger)
    body = upload(own_ledger, data, commit="true").json()
    run_tasks()
    assert (body["status"], body["n_new"]) == ("committed", 0)
    assert whole_ledger(own_ledger) == before


def test_the_own_file_adds_new_rows_alone_after_edits(own_ledger, run_tasks):
    data = own_file(own_ledger)
    giro, savings = listed(own_ledger, "accounts/")
    own_ledger.patch(f"accounts/{savings['id']}/", {"name": "Nest egg"})
    for row in listed(own_ledger, "transactions/?search=Kiosk"):
        own_ledger.patch(f"transactions/{row['id']}/", {"description": "Corner shop", "category": "Shopping"})
    before = [row["id"] for row in listed(own_ledger, "transactions/?page_size=100")]
    more = data.splitlines()[1].split(b",")
    more[0], more[1] = b"", b"2026-03-20"
    body = upload(own_ledger, data + b",".join(more) + b"\r\n", commit="true").json()
    run_tasks()
    assert (body["n_new"], body["n_duplicates"]) == (1, 9)
    assert {row["date"] for row in listed(own_ledger, "transactions/?page_size=100") if row["id"] not in before} == {
        "2026-03-20"
    }
    assert {one["name"] for one in listed(own_ledger, "accounts/")} == {giro["name"], "Nest egg"}


def test_the_own_file_of_another_ledger_finds_rows_of_the_same_statement(own_ledger, ben, run_tasks):
    ben.post("accounts/", {"name": "Giro", "currency": "EUR"})
    upload(ben, BANK, account="Giro", commit="true")
    run_tasks()
    for n_new, n_duplicates in ((6, 3), (0, 9)):
        body, _ = move_in(ben, run_tasks, own_file(own_ledger))
        assert (body["n_new"], body["n_duplicates"]) == (n_new, n_duplicates)
    texts = sorted((row["amount"], row["description"]) for row in listed(ben, "transactions/?page_size=100"))
    assert texts == [
        ("1.00", "Foo bar"),
        ("10.00", "REWE MARKT"),
        ("10.00", "Socks"),
        ("20.00", "SHELL"),
        ("20.00", "Supermarket"),
        ("30.00", "Socks"),
        ("5.00", "Kiosk"),
        ("5.00", "Kiosk"),
        ("7.00", "Cash"),
        ("90.00", "Put by"),
        ("90.00", "Put by"),
    ]


def test_the_own_file_says_that_it_has_no_opening_balances(own_ledger, ben):
    body = upload(ben, own_file(own_ledger)).json()
    assert body["warnings"] == [
        "Rows without an account go into “No account”. Rows of this kind: 1.",
        "Split rows have the text of their first part, since their own is not in the file. Splits: 1.",
        "Opening balances are not in the file, so accounts that the commit creates begin at 0.",
        "Accounts that the commit creates: “Giro”, “Savings”, “No account”.",
    ]


def test_taking_a_move_back_removes_the_tags_that_it_created_and_nothing_uses(ana, run_tasks):
    ana.post("tags/", {"name": "weekly"})
    _, run = move_in(ana, run_tasks, "firefly.csv")
    assert {tag["name"] for tag in listed(ana, "tags/")} == {"home", "weekly"}
    take_back(ana, run_tasks, run)
    assert [tag["name"] for tag in listed(ana, "tags/")] == ["weekly"]
    _, run = move_in(ana, run_tasks, "firefly.csv")
    ana.post("expenses/", {"amount": "1", "description": "Own", "date": "2026-02-01", "tags": ["home"]})
    take_back(ana, run_tasks, run)
    assert [tag["name"] for tag in listed(ana, "tags/")] == ["home", "weekly"]


MINT = (
    "Date,Description,Original Description,Amount,Transaction Type,Category,Account Name,Labels,Notes\n"
    "1/13/2024,Payment,ONLINE PAYMENT,250.00,debit,Credit Card Payment,Checking,,\n"
    "1/15/2024,Thank you,PAYMENT RECEIVED,250.00,credit,Credit Card Payment,Card,,\n"
    "1/16/2024,To savings,TRANSFER 12,80.00,debit,Transfer,Checking,,\n"
    "1/20/2024,Cash,ATM 4,60.00,debit,Transfer for Cash Spending,Checking,,\n"
    "1/21/2024,Cafe,CAFE 7,4.00,debit,Coffee Shops,Checking,,\n"
)
LUNCH_TRANSFERS = (
    LUNCH_MONEY
    + '2024-01-13,Payment,250.00,eur,,"Payment, Transfer",Checking,true\n'
    + '2024-01-15,Thank you,-250.00,eur,,"Payment, Transfer",Card,true\n'
    + "2024-01-16,To savings,80.00,eur,,My transfers,Checking,true\n"
    + "2024-01-20,Cash,60.00,eur,,Transfer,Checking,false\n"
    + "2024-01-21,Cafe,4.00,eur,,Coffee Shops,Checking,false\n"
)


@pytest.mark.parametrize(
    ("data", "title", "answer"),
    [(MINT, "Mint", {"currency_code": "EUR"}), (LUNCH_TRANSFERS, "Lunch Money", {"money_out": "positive"})],
    ids=["mint", "lunch_money"],
)
def test_transfers_of_a_program_that_does_not_join_them_are_joined(ana, run_tasks, data, title, answer):
    body, run = move_in(ana, run_tasks, data.encode(), **answer)
    assert body["warnings"] == [
        f"{title} does not say which rows are two halves of a transfer. Outlay looks for them itself.",
        "Accounts that the commit creates: “Checking”, “Card”.",
        "Categories that the commit creates: “Coffee Shops”.",
    ]
    assert own_categories(ana) == [("", "Coffee Shops", "expense")]
    assert [row[2:4] for row in rows(ana)] == [
        ("250.00", "Transfers"),
        ("-250.00", "Transfers"),
        ("-80.00", "Transfers"),
        ("-60.00", "Transfers"),
        ("-4.00", "Coffee Shops"),
    ]
    assert transfers(ana) == [("Checking", "250.00", "Card", "250.00")]
    totals = ana.get("transactions/totals/?by=kind").json()["results"]
    assert [(total["kind"], total["income"], total["expense"]) for total in totals] == [
        ("expense", "0.00", "4.00"),
        ("transfer", "0.00", "0.00"),
    ]
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING


def test_lunch_money_counts_signs_truly(ana):
    line = "2026-04-0{0},Shop,{1},eur,,Groceries,Giro,false\n"
    data = LUNCH_MONEY + line.format(1, "-1.00") + line.format(2, "2.00")
    [question] = upload(ana, data.encode()).json()["questions"]
    assert question["detail"].startswith("Half of the amounts are negative; these are read as money out. To confirm")


def test_the_lines_of_a_group_of_firefly_may_stand_apart(ana, run_tasks):
    line = "{0},{1},Withdrawal,{2},EUR,2026-03-05,{3},Giro,Asset account,Shop,Expense account,{4}\n"
    data = FIREFLY + "".join(
        [
            line.format(7, 1, "-10.00", "Bread", "Groceries"),
            line.format("", 2, "-3.00", "Alone", "Groceries"),
            line.format(8, 3, "-4.00", "Other", "Groceries"),
            line.format(7, 4, "-5.00", "Soap", "Shopping"),
            line.format("", 5, "-6.00", "Alone too", "Groceries"),
        ]
    )
    body, _ = move_in(ana, run_tasks, data.encode())
    assert body["n_rows"] == 4
    assert sorted(row[2:4] for row in rows(ana)) == sorted(
        [
            ("-10.00", "Groceries"),
            ("-15.00", ""),
            ("-3.00", "Groceries"),
            ("-4.00", "Groceries"),
            ("-5.00", "Shopping"),
            ("-6.00", "Groceries"),
        ]
    )
    assert upload(ana, data.encode()).json()["n_new"] == 0

"""Books of other programs that are damaged, odd or hostile, and moves that stop half-way."""

import sqlite3

import pytest

from expenses.models.ledgers import Membership
from expenses.services.ledger_lock import Refusal
from statements.export.comma_separated import COLUMNS
from tests.api.bodies import assert_problem
from tests.api.test_migration import (
    ACTUAL,
    NOTHING,
    accounts,
    everything,
    listed,
    move_in,
    own_categories,
    record,
    rows,
    take_back,
    upload,
    zipped,
)

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

YNAB = "Account,Flag,Date,Payee,Category Group,Category,Memo,Outflow,Inflow,Cleared\n"
OUTLAY = {
    "date": "2026-03-01", "amount": "-3.20", "currency": "EUR", "description": "Cafe", "account": "Giro",
    "iban": "XX00" * 12, "mcc": "58141",
}  # fmt: skip


def sure_record(**fields):
    common = {"id": "x1", "account_id": "a1", "date": "2026-05-01", "amount": "24.0", "currency": "EUR", "name": "Inn"}
    return record("Transaction", **common | fields)


def sure(*records):
    return zipped({"all.ndjson": "\n".join([record("Account", id="a1", name="Giro", currency="EUR"), *records])})


def actual(script=""):
    with sqlite3.connect(":memory:") as database:
        database.executescript(ACTUAL + script)
        return database.serialize()


def errors(api, body):
    return [row["errors"][0]["detail"] for row in listed(api, f"imports/{body['id']}/rows/?show=errors")]


def stop_commit(api, run_tasks, monkeypatch, body):
    """Commit an import that stops before its first row. Return the run."""

    def stop(statement):
        raise Refusal("stopped", code="stopped")

    with monkeypatch.context() as patch:
        patch.setattr("statements.services.imports.surroundings_of", stop)
        run = api.post(f"imports/{body['id']}/commit/", {"skip_errors": True}).json()
        run_tasks()
    return run


def test_a_move_that_stopped_is_taken_back_also_if_its_file_was_read_again(ana, run_tasks, monkeypatch):
    body = upload(ana, "firefly.csv").json()
    run = stop_commit(ana, run_tasks, monkeypatch, body)
    assert (ana.get(f"runs/{run['id']}/").json()["status"], len(accounts(ana))) == ("failed", 2)
    again = ana.patch(f"imports/{body['id']}/", {}).json()
    assert [one["matched_by"] for one in again["accounts"]] == ["name", "name"]
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING


def test_deleting_an_import_removes_what_a_stopped_move_created(ana, run_tasks, monkeypatch):
    body = upload(ana, "firefly.csv").json()
    stop_commit(ana, run_tasks, monkeypatch, body)
    assert len(accounts(ana)) == 2
    assert ana.delete(f"imports/{body['id']}/").status_code == 204
    assert everything(ana) == NOTHING


def test_after_a_move_the_rows_of_its_file_show_the_categories_that_it_created(ana, run_tasks):
    body, _ = move_in(ana, run_tasks, "firefly.csv")
    [health] = [one["id"] for one in listed(ana, "categories/") if one["name"] == "Health"]
    split = listed(ana, f"imports/{body['id']}/rows/")[1]
    assert split["parts"][1]["category"] == health


def test_a_move_is_taken_back_also_after_its_author_has_left_the_ledger(ana, join_ledger_of, run_tasks):
    assert accounts(ana) == {}  # the first look founds the ledger
    eva = join_ledger_of(ana, "eva", "editor")
    _, run = move_in(eva, run_tasks, "firefly.csv")
    Membership.objects.filter(user=eva.user).delete()
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING
    gone = ana.get("changes/?since=0").json()["deleted"]
    assert {"account", "category"} <= {one["type"] for one in gone}


def test_a_category_in_its_place_is_not_said_to_be_elsewhere(ana):
    above = ana.post("categories/", {"name": "Everyday", "kind": "expense"}).json()
    ana.post("categories/", {"name": "Bread", "kind": "expense", "parent": above["id"]})
    data = YNAB + "Giro,,2026-02-03,Baker,Everyday,Bread,,4.20,,Cleared\n"
    assert upload(ana, data.encode()).json()["warnings"] == ["Accounts that the commit creates: “Giro”."]


def test_long_names_of_categories_that_begin_alike_are_told_apart(ana, run_tasks):
    long = "Cost-" * 20
    data = YNAB + "".join(f"Giro,,2026-02-0{n},Baker,Home,{long}{n},,4.20,,Cleared\n" for n in range(1, 5))
    move_in(ana, run_tasks, data.encode(), currency_code="EUR")
    cut = [name for _, name, _ in own_categories(ana) if name.startswith("Cost")]
    assert cut == sorted([long, long[:93] + " (Home)", long[:96] + " (2)", long[:96] + " (3)"])
    assert len({row[3] for row in rows(ana)}) == 4


def test_a_split_of_ynab_without_its_end_does_not_take_in_the_next_one(ana, run_tasks):
    data = YNAB + (
        "Giro,,2026-02-03,Baker,Home,Bread,Split (1/3) one,1.00,,Cleared\n"
        "Giro,,2026-02-03,Baker,Home,Bread,Split (2/3) two,2.00,,Cleared\n"
        "Giro,,2026-02-03,Baker,Home,Bread,Split (3/3) three,many,,Cleared\n"
        "Savings,,2026-02-09,Grocer,Home,Bread,Split (1/2) a,10.00,,Cleared\n"
        "Savings,,2026-02-09,Grocer,Home,Cake,Split (2/2) b,20.00,,Cleared\n"
    )
    body = upload(ana, data.encode()).json()
    found = listed(ana, f"imports/{body['id']}/rows/?page_size=100")
    assert [(row["account_name"], row["date"], row["amount"], len(row["parts"])) for row in found if row["date"]] == [
        (None, "2026-02-03", "1.00", 0),
        (None, "2026-02-03", "2.00", 0),
        (None, "2026-02-09", "30.00", 2),
    ]
    assert errors(ana, body) == ["Line 4: “many” is not an amount."]


def test_a_zip_with_a_statement_called_register_is_no_export_of_ynab(ana):
    statement = "Date,Description,Amount\n2026-03-01,Cafe,-3.20\n2026-03-14,Inn,-9.00\n"
    for name in ("Cash register.csv", "Handelsregister.csv", "register.csv"):
        assert upload(ana, zipped({name: statement})).json()["format"] == "zip"


def test_rows_of_an_archive_are_counted_before_they_are_read(ana, settings):
    settings.IMPORT_MAX_ROWS = 3
    row = "Giro,,2026-02-03,Baker,Home,Bread,,4.20,,Cleared\n"
    for data in (zipped({"Register.csv": YNAB + row * 4}), sure(*[sure_record()] * 4)):
        assert_problem(upload(ana, data), 400, ("file", "too_many_rows"))


def test_records_of_sure_with_fields_of_another_kind_are_errors(ana):
    data = sure(
        sure_record(),
        sure_record(id="x2", split_lines=7),
        sure_record(id="x3", tag_ids=7),
        sure_record(id="x4", split_lines=[3]),
    )
    body = upload(ana, data).json()
    assert (body["n_rows"], errors(ana, body)) == (
        1,
        [f"Line {number}: the transaction is damaged." for number in (3, 4, 5)],
    )


def test_characters_that_no_database_holds_are_left_out_of_the_texts_of_sure(ana, run_tasks):
    move_in(ana, run_tasks, sure(sure_record(name="Inn\0 \ud83d of \ud83c\udf1f", notes="\0")))
    assert [(row["description"], row["notes"]) for row in listed(ana, "transactions/")] == [("Inn \ufffd of 🌟", "")]


def test_a_budget_of_actual_with_odd_values_is_read(ana):
    script = """
        UPDATE accounts SET name = 5 WHERE id = 'a1';
        UPDATE categories SET name = 7 WHERE id = 'c1';
        UPDATE payees SET name = 9 WHERE id = 'p1';
        UPDATE transactions SET notes = 11, imported_description = 12 WHERE id = 't1';
        UPDATE transactions SET notes = CAST(x'61006263ff' AS TEXT) WHERE id = 't7';
    """
    body = upload(ana, actual(script)).json()
    found = listed(ana, f"imports/{body['id']}/rows/")
    assert (body["n_rows"], body["n_errors"], body["accounts"][0]["name"]) == (5, 0, "5")
    assert [found[0][name] for name in ("description", "merchant", "category_name", "notes")] == ["12", "9", "7", "11"]
    assert found[4]["notes"] == "abc�"


def test_two_accounts_of_one_name_in_actual_stay_two(ana, run_tasks):
    move_in(ana, run_tasks, actual("UPDATE accounts SET name = 'Giro' WHERE id = 'a2';"), currency_code="EUR")
    assert accounts(ana) == {"Giro": ("EUR", "900.00"), "Giro (2)": ("EUR", "0.00")}


def test_a_part_whose_whole_is_gone_is_a_row_of_its_own(ana):
    body = upload(ana, actual("UPDATE transactions SET tombstone = 1 WHERE id = 't4';")).json()
    found = listed(ana, f"imports/{body['id']}/rows/")
    assert [row["amount"] for row in found if row["date"] == "2026-06-04"] == ["20.00", "10.00"]


@pytest.mark.parametrize(
    ("file", "profile", "code", "detail"),
    [
        ("lunch_money.csv", {"money_out": "red"}, "invalid",
         "“money_out” must be positive or negative: the sign of amounts that are money out."),
        ("mint.csv", {"decimal": ","}, "unknown_key",
         "“decimal” is not known. The keys are: currency_code, date_format, format."),
        ("ynab_register.csv", {"decimal": "x"}, "invalid", "The decimal separator must be “.” or “,”."),
        ("firefly.csv", {"format": "mint"}, "invalid", "The format of this file is “firefly”. Leave it as it is."),
    ],
)  # fmt: skip
def test_faulty_profiles_are_refused(ana, file, profile, code, detail):
    body = upload(ana, file).json()
    answer = ana.patch(f"imports/{body['id']}/", {"profile": profile})
    found = assert_problem(answer, 400, (f"profile.{next(iter(profile))}", code))
    assert found["errors"][0]["detail"] == detail


def test_numbers_of_a_file_of_outlay_that_are_none_are_left_out(ana, run_tasks):
    data = "\n".join([",".join(COLUMNS), ",".join(OUTLAY.get(name, "") for name in COLUMNS)])
    move_in(ana, run_tasks, data.encode())
    [row] = listed(ana, "transactions/")
    assert (row["amount"], row["iban"], row["mcc"]) == ("3.20", "", "")


def withdrawal(day, currency, name="Giro"):
    cells = {
        "journal_id": day[-2:], "type": "Withdrawal", "amount": "-5.00", "currency_code": currency, "date": day,
        "description": "x", "source_name": name, "source_type": "Asset account", "destination_name": "Shop",
        "destination_type": "Expense account",
    }  # fmt: skip
    return ",".join(cells), ",".join(cells.values())


def test_an_account_gets_no_currency_that_is_none(ana, run_tasks):
    header, first = withdrawal("2026-01-01", "EURO")
    move_in(ana, run_tasks, "\n".join([header, first, withdrawal("2026-01-02", "EUR")[1]]).encode())
    assert accounts(ana) == {"Giro": ("EUR", "0.00")}


def test_an_account_without_a_name_gets_one_and_is_found_again(ana, run_tasks):
    data = "\n".join(withdrawal("2026-01-01", "EUR", name="")).encode()
    body, _ = move_in(ana, run_tasks, data)
    assert body["warnings"] == ["Accounts that the commit creates: “Account”."]
    assert upload(ana, data).json()["n_new"] == 0


def test_a_category_without_a_name_is_not_created(ana, run_tasks):
    move_in(ana, run_tasks, sure(record("Category", id="c1", name=" "), sure_record(category_id="c1")))
    assert own_categories(ana) == []


def test_an_opening_balance_that_is_too_large_is_an_error(ana):
    body = upload(ana, actual("UPDATE transactions SET amount = 9223372036854775807 WHERE id = 't0';")).json()
    assert errors(ana, body) == ["Row 1: 92233720368547758.07 is too large; amounts are less than 1000000000."]
    data = YNAB + "Giro,,2026-02-03,Starting Balance,,,,,1000000000,Cleared\n"
    body = upload(ana, data.encode()).json()
    assert errors(ana, body) == ["Line 2: 1000000000 is too large; amounts are less than 1000000000."]


def test_an_opening_balance_has_the_fractions_of_its_currency(ana, run_tasks):
    ana.patch("users/me/", {"preferences": {"base_currency": "JPY"}})
    data = YNAB + "Giro,,2026-02-03,Starting Balance,,,,,12.60,Cleared\nGiro,,2026-02-04,Inn,,,,1,,Cleared\n"
    move_in(ana, run_tasks, data.encode(), currency_code="JPY")
    assert accounts(ana) == {"Giro": ("JPY", "13")}


def test_a_category_that_was_deleted_since_the_file_was_read_is_created_again(ana, run_tasks):
    own = ana.post("categories/", {"name": "health", "kind": "expense"}).json()
    body = upload(ana, "firefly.csv").json()
    assert ana.delete(f"categories/{own['id']}/").status_code == 204
    run = ana.post(f"imports/{body['id']}/commit/", {"skip_errors": True}).json()
    run_tasks()
    assert [row[3] for row in rows(ana) if row[5] == "Plasters"] == ["health"]
    take_back(ana, run_tasks, run)
    assert everything(ana) == NOTHING

"""Whose account numbers are kept: the other side's, never those of the account that the statement is of."""

import pytest

from statements.formats import importer_for
from statements.importer import StatementRow

OWN, SAVINGS = "DE89370400440532013000", "DE75512108001245126199"
LANDLORD, SHOP, BOSS = "GB82WEST12345698765432", "FR1420041010050500013M02606", "NO9386011117947"


def statement(header, *cells):
    """A file whose third column has this header and these cells."""
    rows = [f"2026-03-{day:02};Text {day};{cell};-{day}.50" for day, cell in enumerate(cells, 1)]
    return "\n".join([f"Date;Description;{header};Amount", *rows]).encode()


def kept(data, name="iban", **corrections):
    """What is kept of each row, under the detected profile."""
    importer = importer_for(data)
    rows = importer.read(data, importer.detect(data).profile | corrections)
    return [getattr(row, name) for row in rows if isinstance(row, StatementRow)]


def profile_of(data):
    return importer_for(data).detect(data).profile


@pytest.mark.parametrize(
    "header",
    [
        "Counterparty IBAN", "Tegenrekening", "Tegenrekening IBAN/BBAN", "Gegenkonto", "Partner Iban", "partnerIban",
        "IBAN Zahlungsbeteiligter", "Protiúčet", "Číslo protiúčtu", "IBAN contrepartie", "Cuenta contraparte",
        "Conto controparte", "Rachunek kontrahenta", "Ellenoldali számlaszám", "Motkonto", "Saaja/maksja konto",
    ],
)  # fmt: skip
def test_a_header_that_says_whose_it_is_is_believed(header):
    data = statement(header, LANDLORD, LANDLORD, LANDLORD, "")
    assert kept(data) == [LANDLORD] * 3 + [""]
    assert profile_of(data)["iban"] == [header]


@pytest.mark.parametrize(
    "header", ["IBAN", "Kontonummer/IBAN", "Auftraggeber-IBAN", "IBAN beneficiario", "Account number", "Nummer", "Zed"]
)
def test_a_header_that_leaves_it_open_is_judged_by_its_numbers(header):
    assert kept(statement(header, LANDLORD, SHOP, BOSS, LANDLORD)) == [LANDLORD, SHOP, BOSS, LANDLORD]
    assert kept(statement(header, *[OWN] * 4)) == [""] * 4


def test_the_own_accounts_of_a_file_of_several_are_not_taken():
    assert set(kept(statement("IBAN", *[OWN, SAVINGS] * 5))) == {""}
    assert set(kept(statement("Rekening", OWN, SAVINGS, OWN))) == {""}


def test_the_own_account_stands_beside_the_other_side_s():
    header = "IBAN;Tegenrekening"
    data = statement(header, f"{OWN};{LANDLORD}", f"{SAVINGS};{SHOP}", f"{OWN};")
    assert profile_of(data)["iban"] == ["Tegenrekening"]
    assert kept(data) == [LANDLORD, SHOP, ""]


def test_of_payer_and_payee_nobody_knows_which_is_the_other_side():
    data = statement("Payer IBAN;Payee IBAN", f"{OWN};{LANDLORD}", f"{BOSS};{OWN}", f"{OWN};{SHOP}")
    assert (profile_of(data)["iban"], set(kept(data))) == ([], {""})


def test_a_column_without_a_header_is_judged_by_its_numbers():
    data = b"\n".join(statement("x", LANDLORD, SHOP, "", BOSS).splitlines()[1:])
    assert profile_of(data)["iban"] == [2]
    assert kept(data) == [LANDLORD, SHOP, "", BOSS]


@pytest.mark.parametrize(
    "cell", ["DE89370400440532013001", "NL", "123456789/0100", "n/a", "IBAN of the other", "x" * 3000, "DE89\u00b2"]
)
def test_what_is_no_account_number_is_not_kept_and_hinders_nothing(cell):
    assert kept(statement("Counterparty IBAN", LANDLORD, cell)) == [LANDLORD, ""]


def test_spaces_small_letters_and_spreadsheets_quotes_are_left_out():
    cells = "gb82 west 1234 5698 7654 32", f'="{SHOP}"', " NO93 8601 1117 947 "
    assert kept(statement("IBAN", *cells)) == [LANDLORD, SHOP, BOSS]


@pytest.mark.parametrize(
    "header", ["MCC", "MCC Code", "Merchant Category Code", "merchantCategoryCode", "Código MCC", "Code MCC", "Код MCC"]
)
def test_merchant_category_codes_are_kept(header):
    data = statement(header, "5411", "5812", "", "0742")
    assert kept(data, "mcc") == ["5411", "5812", "", "0742"]
    assert (profile_of(data)["mcc"], profile_of(data)["amount"]) == (header, "Amount")


def test_what_is_no_merchant_category_code_is_not_kept():
    assert kept(statement("MCC", "5411", "5812", "0742", "54", "Food"), "mcc") == ["5411", "5812", "0742", "", ""]
    assert kept(statement("MCC", "Grocery", "Fuel"), "mcc") == ["", ""]
    assert kept(statement("Points", "5411", "5812"), "mcc") == ["", ""]


def test_a_profile_names_the_columns_by_hand():
    data = statement("Own;Mine;Kind", f"{OWN};;5411", f"{OWN};{SHOP};")
    assert kept(data, iban=["Mine", "Own"]) == [OWN, SHOP]
    assert kept(data, "mcc", mcc="Kind") == ["5411", ""]
    assert kept(data, iban=[]) == ["", ""]
    (error,) = importer_for(data).check_profile(profile_of(data) | {"iban": "Yours"}, data)
    assert (error.attr, error.code) == ("iban", "unknown_column")


def test_a_row_is_the_same_row_whether_its_account_number_is_read_or_not():
    data = statement("IBAN", LANDLORD, SHOP)
    known, unknown = (statement_rows(data, iban=column) for column in (["IBAN"], []))
    assert [(row.description, row.merchant, row.external_id) for row in known] == [
        (row.description, row.merchant, row.external_id) for row in unknown
    ]


def statement_rows(data, **corrections):
    importer = importer_for(data)
    outcomes = importer.read(data, importer.detect(data).profile | corrections)
    return [outcome for outcome in outcomes if isinstance(outcome, StatementRow)]

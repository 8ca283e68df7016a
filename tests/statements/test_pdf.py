"""Statements printed as PDF: rows that the balances prove are read, everything unclear is refused with a reason."""

import datetime as dt
from decimal import Decimal

import pytest

from statements.formats import importer_for
from statements.importer import RowError, Skipped, StatementRow, UnreadableFile
from tests.statements.printed import BALANCE, LAYOUTS, SECOND, german, left, plain, printed, right

#: Layout → (line, date, amount, description) of each row.
ROWS = {
    "german": [
        (6, "2025-12-29", "-56.90", "Kartenzahlung BAECKEREI KORN, MUSTERSTADT Karte 4711 vom 27.12."),
        (9, "2026-01-02", "1320.00", "Gutschrift Lohn Dezember"),
        (11, "2026-01-03", "-1200.00", "Dauerauftrag Miete"),
    ],
    "british": [
        (5, "2026-01-02", "-12.40", "CARD PAYMENT CORNER SHOP"),
        (6, "2026-01-05", "2000.00", "SALARY ACME LTD"),
        (12, "2026-01-09", "-80.00", "DIRECT DEBIT POWER CO"),
        (13, "2026-01-28", "-100.00", "CASH 28JAN HIGH ST"),
    ],
    "american": [
        (11, "2026-01-02", "2000.00", "Payroll Example Corp"),
        (12, "2026-01-20", "150.00", "Mobile Deposit"),
        (16, "2026-01-05", "-1200.00", "Rent Maple Street"),
        (17, "2026-01-13", "-110.25", "Grocery Barn"),
    ],
    "french": [
        (5, "2026-01-03", "-4.20", "CARTE BOULANGERIE"),
        (6, "2026-01-15", "2310.55", "VIREMENT SALAIRE"),
        (7, "2026-01-20", "-1000.00", "LOYER JANVIER"),
    ],
    "swiss": [
        (3, "2026-01-03", "100.00", "Anfang"),
        (4, "2026-01-10", "-25.50", "Migration Kiosk"),
        (5, "2026-01-12", "4000.00", "Lohn"),
        (6, "2026-01-25", "-1800.00", "Miete"),
    ],
    "card": [
        (7, "2025-12-20", "-5.25", "COFFEE HOUSE"),
        (8, "2026-01-02", "200.00", "PAYMENT THANK YOU"),
        (9, "2026-01-10", "-70.00", "BOOK STORE"),
    ],
    "plain": [
        (3, "2026-02-03", "-19.90", "Buchladen"),
        (4, "2026-02-10", "2100.00", "Gehalt"),
        (5, "2026-02-11", "-85.00", "Strom"),
    ],
    "american_checks": [
        (7, "2026-03-03", "400.00", "Paycheck"),
        (9, "2026-03-09", "-90.00", "1051"),
        (10, "2026-03-20", "-150.00", "1053*"),
    ],
    "swedish": [
        (3, "2026-03-25", "28500.00", "Lön"),
        (4, "2026-03-12", "-9800.00", "Hyra"),
        (5, "2026-03-02", "-249.50", "Livs 24"),
    ],
    "irish": [
        (4, "2026-02-03", "-12.30", "POS 4711 12.30 SHOP"),
        (5, "2026-02-09", "-400.00", "RENT"),
        (6, "2026-02-27", "1500.00", "WAGES"),
    ],
    "bold": [(2, "2026-02-03", "-19.90", "Buchladen")],
}
NEXT_STEP = "Download the statement from your bank as CSV or Excel, and upload that file."


def read(data, **profile):
    importer = importer_for(data)
    reading = importer.detect(data)
    return reading, list(importer.read(data, reading.profile | profile))


def rows_in(outcomes):
    assert not [outcome for outcome in outcomes if isinstance(outcome, RowError)]
    rows = [outcome for outcome in outcomes if isinstance(outcome, StatementRow)]
    return [(row.line, str(row.date), str(row.amount), row.description) for row in rows]


def refusal(data):
    with pytest.raises(UnreadableFile) as refused:
        importer_for(data).detect(data)
    return refused.value.code, refused.value.detail


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_printed_statement_is_read(name):
    _, outcomes = read(LAYOUTS[name]())
    assert rows_in(outcomes) == ROWS[name]


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_only_a_statement_without_balances_gets_a_warning(name):
    reading, _ = read(LAYOUTS[name]())
    warning = "No balance in the PDF proves that all its rows were found. Compare the totals with the statement."
    assert reading.warnings == ([warning] if name in ("plain", "bold") else [])
    asked = {"card": ["invert_sign"], "plain": ["is_complete"], "bold": ["is_complete"]}
    assert [question.attr for question in reading.questions] == asked.get(name, [])


def test_what_is_no_row_is_shown_with_its_reason():
    _, outcomes = read(german())
    assert [(o.line, o.reason, o.raw[0]) for o in outcomes if isinstance(o, Skipped)] == [
        (1, "text", "Musterbank eG, Musterstadt"),
        (2, "text", "Kontoauszug Nr. 1 IBAN DE89 3704 0044 0532 0130 00"),
        (3, "text", "Zeitraum 01.12.2025 bis 31.01.2026"),
        (4, "text", "Buchung Wert Text Betrag EUR"),
        (5, "opening_balance", "alter Kontostand vom 30.11.2025 1.000,00 H"),
        (12, "closing_balance", "neuer Kontostand vom 31.01.2026 1.063,10 H"),
        (13, "text", "Bitte prüfen Sie diesen Auszug."),
    ]


def test_the_account_of_a_statement_has_its_balance():
    reading, outcomes = read(german())
    (account,) = reading.accounts
    assert (account.iban, account.currency) == ("DE89370400440532013000", "EUR")
    assert (account.balance, account.balance_date) == (Decimal("1063.10"), dt.date(2026, 1, 31))
    assert {row.account for row in outcomes if isinstance(row, StatementRow)} == {"DE89370400440532013000"}
    assert {row.currency for row in outcomes if isinstance(row, StatementRow)} == {"EUR"}


def test_the_sign_of_a_card_is_asked_and_may_be_turned():
    reading, outcomes = read(LAYOUTS["card"](), invert_sign=False)
    (question,) = reading.questions
    assert question.detail == (
        "The PDF does not say which rows are money out. Amounts without a minus were read as money out."
    )
    assert question.alternatives == (True, False)
    assert [row[2] for row in rows_in(outcomes)] == ["5.25", "-200.00", "70.00"]


def test_rows_that_contradict_the_balances_are_refused():
    assert refusal(german(closing="1.063,11")) == (
        "pdf_unclear",
        f"The rows of the PDF add up to 63.10, but its balances differ by 63.11. {NEXT_STEP}",
    )


def test_a_letter_is_refused():
    assert refusal(printed(["Dear customer,", "on 01.02.2026 we changed our terms.", "Yours, the bank"])) == (
        "pdf_unclear",
        f"No line of the PDF begins with a date and holds an amount. {NEXT_STEP}",
    )


def test_days_without_a_year_anywhere_are_refused():
    assert refusal(printed([[left("03.02."), left("Buchladen", 40), right("-19,90")]])) == (
        "no_year",
        f"The dates of the PDF have no year, and it names no period. {NEXT_STEP}",
    )


def test_days_that_could_be_months_are_asked():
    lines = [[left(day), left("Shop", 40), right("-5.00")] for day in ("03/04/2026", "05/06/2026", "01/02/2026")]
    reading, outcomes = read(printed(lines))
    question, _ = reading.questions
    assert (question.attr, question.alternatives) == ("date_format", ("%d/%m/%Y", "%m/%d/%Y"))
    assert [row[1] for row in rows_in(outcomes)] == ["2026-04-03", "2026-06-05", "2026-02-01"]
    _, turned = read(printed(lines), date_format="%m/%d/%Y")
    assert [row[1] for row in rows_in(turned)] == ["2026-03-04", "2026-05-06", "2026-01-02"]


def test_unsigned_amounts_without_any_proof_are_asked():
    lines = [[left(f"0{n}.02.2026"), left("Shop", 40), right("5,00")] for n in range(1, 4)]
    reading, outcomes = read(printed(lines))
    assert [(q.attr, q.alternatives) for q in reading.questions] == [
        ("invert_sign", (False, True)),
        ("is_complete", (True,)),
    ]
    assert [row[2] for row in rows_in(outcomes)] == ["5.00"] * 3


LONG = "Supermarkt mit einem langen Namen"


@pytest.mark.parametrize("header", [[], ["Datum Text Betrag"], ["Datum Text Soll Haben"]])
def test_the_place_of_an_amount_says_nothing_about_its_sign_without_columns(header):
    lines = [*header, "02.03.2026 Lohn 2.500,00", f"05.03.2026 {LONG} 23,45", "06.03.2026 Miete 900,00"]
    reading, outcomes = read(printed(lines))
    assert [row[2:] for row in rows_in(outcomes)] == [("2500.00", "Lohn"), ("23.45", LONG), ("900.00", "Miete")]
    assert [question.code for question in reading.questions] == ["unknown_sign", "unproved"]


@pytest.mark.parametrize("marks", [("H", "S"), ("CR", "DR"), ("C", "D"), ("+", "-")])
def test_marks_behind_amounts_count_without_columns(marks):
    into, out = marks
    lines = [f"02.03.2026 Lohn 2.500,00 {into}", f"05.03.2026 {LONG} 23,45 {out}", f"06.03.2026 Miete 900,00 {out}"]
    reading, outcomes = read(printed(lines))
    assert [row[2] for row in rows_in(outcomes)] == ["2500.00", "-23.45", "-900.00"]
    assert [question.code for question in reading.questions] == ["unproved"]


def test_no_row_without_columns_is_lost():
    lines = [f"{day:02}.03.2026 {'x' * (4 * day)} 1,{day:02} {'SH'[day % 2]}" for day in range(1, 29)]
    _, outcomes = read(printed(lines))
    signed = [f"{'' if day % 2 else '-'}1.{day:02}" for day in range(1, 29)]
    assert [row[2] for row in rows_in(outcomes)] == signed


def test_two_columns_without_a_header_are_in_and_out_if_the_balances_prove_it():
    rows = [
        [left("02.03.2026"), left("Lohn", 40), right("2.500,00", SECOND)],
        [left("05.03.2026"), left("Markt", 40), right("23,45")],
        [left("06.03.2026"), left("Miete", 40), right("900,00")],
    ]
    opens = [left("Alter Kontostand"), right("100,00", BALANCE)]
    reading, outcomes = read(printed([opens, *rows, [left("Neuer Kontostand"), right("1.676,55", BALANCE)]]))
    assert [row[2] for row in rows_in(outcomes)] == ["2500.00", "-23.45", "-900.00"]
    assert reading.questions == []
    unproved, outcomes = read(printed(rows))
    assert [row[2] for row in rows_in(outcomes)] == ["2500.00", "23.45", "900.00"]
    assert [question.code for question in unproved.questions] == ["unknown_sign", "unproved"]


@pytest.mark.parametrize("closing", ["$53.55", "$60.00"])
def test_one_balance_proves_rows_that_add_up_to_it_and_contradicts_no_others(closing):
    lines = [
        "Blue Card, credit card statement, 03/31/2026",
        [left("Date"), left("Description", 60), right("Amount", BALANCE)],
        [left("03/02/2026"), left("COFFEE HOUSE", 60), right("23.45", BALANCE)],
        [left("03/13/2026"), left("BOOK STORE", 60), right("80.10", BALANCE)],
        [left("03/15/2026"), left("PAYMENT THANK YOU", 60), right("-50.00", BALANCE)],
        [left("New balance"), right(closing, BALANCE)],
    ]
    reading, outcomes = read(printed(lines))
    assert [row[2] for row in rows_in(outcomes)] == ["-23.45", "-80.10", "50.00"]
    proof = ["unproved"] if closing == "$60.00" else []
    assert [question.code for question in reading.questions] == ["unknown_sign", *proof]


def test_rows_without_signs_that_differ_from_the_balances_are_refused():
    opens, closes = [left("Alter Kontostand"), right("100,00")], [left("Neuer Kontostand"), right("1.676,55")]
    lines = [[left(f"0{n}.03.2026"), left("Markt", 40), right("5,00")] for n in range(1, 4)]
    assert refusal(printed([opens, *lines, closes])) == (
        "pdf_unclear",
        f"The rows of the PDF add up to 15.00, but its balances differ by 1576.55. {NEXT_STEP}",
    )


def test_a_row_with_debit_and_credit_is_an_error_that_names_its_line():
    head = [left("Date"), left("Text", 40), right("Debit", SECOND), right("Credit", BALANCE)]
    lines = [[left(f"0{n}.02.2026"), left("Shop", 40), right("5,00", SECOND)] for n in range(1, 9)]
    both = [left("09.02.2026"), left("Odd", 40), right("5,00", SECOND), right("6,00", BALANCE)]
    _, outcomes = read(printed([head, *lines, both]))
    (error,) = [outcome for outcome in outcomes if isinstance(outcome, RowError)]
    assert (error.line, error.code) == (10, "unclear")
    assert error.detail == "Line 10: the sign or the column of “5,00” is unclear."


def test_faults_of_a_profile_are_named():
    data = plain()
    faults = importer_for(data).check_profile(
        {"format": "csv", "date_format": "%d", "invert_sign": 1, "currency_code": "EURO", "sheet": 1}, data
    )
    assert [tuple(fault) for fault in faults] == [
        (
            "sheet",
            "unknown_key",
            "“sheet” is not known. The keys are: currency_code, date_format, format, invert_sign, is_complete.",
        ),
        ("format", "invalid", "The format of this file is “pdf”. Leave it as it is."),
        ("invert_sign", "invalid", "“invert_sign” must be true or false."),
        ("currency_code", "unknown_currency", "“EURO” is not an ISO 4217 code such as EUR."),
        ("date_format", "invalid", "The dates can be read as: %Y-%m-%d."),
    ]


def test_pages_of_pictures_are_refused():
    assert refusal(printed([])) == (
        "picture",
        "The PDF holds pictures of pages, and no text. Download the statement from your bank as CSV or Excel.",
    )


def test_a_password_is_refused():
    assert refusal(printed(["01.02.2026"], password="secret")) == (
        "encrypted",
        "The PDF is protected by a password. Open it, print it into a new PDF, and upload that file.",
    )


def test_a_damaged_file_is_refused():
    assert refusal(b"%PDF-1.7 and nothing more") == (
        "damaged",
        "The PDF is damaged. Download it from your bank again and upload that file.",
    )


def test_too_many_pages_are_refused():
    assert refusal(printed(*[["x"]] * 201)) == (
        "too_many_pages",
        "The PDF has 201 pages; at most 200 are read. Download a shorter period, or CSV.",
    )

"""Workbooks: cells become text as a bank would write it, and the sheets with transactions are found."""

import datetime as dt
from decimal import Decimal

import pytest

from statements.formats import importer_for
from statements.importer import RowError, StatementRow, UnreadableFile
from tests.statements.books import HEADER, bomb, workbook


def read(data, **profile):
    importer = importer_for(data)
    reading = importer.detect(data)
    outcomes = list(importer.read(data, reading.profile | profile))
    return reading, outcomes


def rows_of(data, **profile):
    """(line, date, amount, description) of each row."""
    outcomes = read(data, **profile)[1]
    assert not [outcome for outcome in outcomes if isinstance(outcome, RowError)]
    return [(row.line, str(row.date), row.amount, row.description) for row in outcomes if isinstance(row, StatementRow)]


def refusal(data):
    with pytest.raises(UnreadableFile) as refused:
        importer_for(data).detect(data)
    return refused.value.code, refused.value.detail


def test_numbers_lose_the_noise_of_floating_point():
    data = workbook({"A": [HEADER, (dt.date(2026, 5, 1), "Fee", -0.1 - 0.2), (dt.date(2026, 5, 2), "Salary", 2100)]})
    assert rows_of(data) == [(2, "2026-05-01", Decimal("-0.30"), "Fee"), (3, "2026-05-02", Decimal(2100), "Salary")]


def test_three_decimals_of_a_number_are_no_thousands():
    data = workbook({"A": [HEADER, (dt.date(2026, 5, 1), "Fuel", -41.234), (dt.date(2026, 5, 2), "Fuel", -3.9)]})
    reading, _ = read(data)
    assert reading.questions == []
    assert [row[2] for row in rows_of(data)] == [Decimal("-41.234"), Decimal("-3.9")]


def test_numbers_follow_the_decimal_comma_of_amounts_that_are_text():
    rows = [("Datum", "Empfänger", "Betrag"), ("01.05.2026", "Kiosk", "-1.204,50 €"), ("02.05.2026", "Lohn", 2100.5)]
    assert [row[2] for row in rows_of(workbook({"A": rows}))] == [Decimal("-1204.50"), Decimal("2100.5")]


def test_days_since_1900_under_a_header_for_dates_are_dates():
    data = workbook({"A": [HEADER, (46143, "Kiosk", -3.5), (46144, "Lohn", 2100.75)]})
    assert [row[1] for row in rows_of(data)] == ["2026-05-01", "2026-05-02"]


def test_a_time_of_day_a_truth_value_and_a_formula_are_read():
    header = ("Date", "Payee", "Amount", "Checked")
    noon = dt.datetime(2026, 5, 1, 13, 45)  # noqa: DTZ001 - cells of workbooks have no time zone
    data = workbook({"A": [header, (noon, "Kiosk", -3.5, True), (dt.date(2026, 5, 2), "=1+1", 5, False)]})
    _, outcomes = read(data)
    assert [outcome.raw for outcome in outcomes[1:]] == [
        ("2026-05-01 13:45:00", "Kiosk", "-3.50", "true"),
        ("2026-05-02", "0", "5", "false"),
    ]


def test_a_table_far_down_and_to_the_right_keeps_the_lines_of_its_sheet():
    rows = [()] * 9 + [(None,) * 5 + HEADER, (None,) * 5 + ("2026-05-01", "Kiosk", -3.5), (None,) * 7 + (-3.5,)]
    assert rows_of(workbook({"A": rows})) == [(11, "2026-05-01", Decimal("-3.5"), "Kiosk")]


def test_a_sheet_a_thousand_columns_wide_is_read():
    rows = [("Date", "Payee", "Amount", *[None] * 1020, "x"), (dt.date(2026, 5, 1), "Kiosk", -3.5)]
    assert rows_of(workbook({"A": rows})) == [(2, "2026-05-01", Decimal("-3.5"), "Kiosk")]


def test_the_sheet_with_transactions_is_found_and_a_hidden_one_left_out():
    table = [HEADER, (dt.date(2026, 5, 1), "Kiosk", -3.5)]
    data = workbook({"Notes": [("Hello",)], "Old": [*table, *table[1:]], "May": table}, hidden=("Old",))
    reading, outcomes = read(data)
    assert reading.profile["sheets"] == ["May"]
    assert sum(isinstance(outcome, StatementRow) for outcome in outcomes) == 1


def test_sheets_of_the_same_columns_are_read_together():
    data = workbook(
        {
            "April": [HEADER, (dt.date(2026, 4, 1), "Kiosk", -3.5), (dt.date(2026, 4, 2), "Rent", -900)],
            "May": [HEADER, (dt.date(2026, 5, 1), "Kiosk", -4.5), (dt.date(2026, 5, 2), "Rent", "12..5")],
        }
    )
    reading, outcomes = read(data)
    assert (reading.profile["sheets"], reading.questions) == (["April", "May"], [])
    assert [outcome.amount for outcome in outcomes if isinstance(outcome, StatementRow)] == [
        Decimal("-3.50"), Decimal(-900), Decimal("-4.50"),
    ]  # fmt: skip
    (error,) = [outcome for outcome in outcomes if isinstance(outcome, RowError)]
    assert error.detail == "Sheet “May”: Line 3: “12..5” is not an amount."


def test_sheets_of_other_columns_are_asked_about():
    data = workbook(
        {
            "Giro": [HEADER, (dt.date(2026, 4, 1), "Kiosk", -3.5), (dt.date(2026, 4, 2), "Rent", -900)],
            "Card": [("Booking date", "Merchant", "Value"), (dt.date(2026, 5, 1), "Kiosk", -4.5)],
        }
    )
    reading, _ = read(data)
    (question,) = reading.questions
    assert (question.attr, question.code, question.alternatives) == ("sheets", "other_sheets", (["Giro"], ["Card"]))
    assert question.detail == "Further sheets hold transactions in other columns, and are not read: “Card”."


def test_sheets_of_expenses_and_of_income_are_not_mixed():
    spent = [HEADER, ("2026-04-01", "Kiosk", 3.5), ("2026-04-02", "Rent", 900)]
    reading, outcomes = read(workbook({"Income": [HEADER, ("2026-04-03", "Salary", 2100)], "Expenses": spent}))
    assert [(question.code, question.alternatives) for question in reading.questions] == [
        ("unknown_sign", (True, False)),
        ("other_sheets", (["Expenses"], ["Income"])),
    ]
    assert reading.questions[0].detail == (
        "Positive amounts were taken as money out, as the name of the sheet “Expenses” says."
    )
    assert [outcome.amount for outcome in outcomes if isinstance(outcome, StatementRow)] == [
        Decimal("-3.50"),
        Decimal(-900),
    ]


def test_an_unknown_sheet_is_refused_with_the_names_of_all():
    data = workbook({"Giro": [HEADER, (dt.date(2026, 4, 1), "Kiosk", -3.5)], "Notes": [("Hello",)]})
    importer = importer_for(data)
    profile = importer.detect(data).profile
    faults = [tuple(fault) for fault in importer.check_profile(profile | {"sheets": ["Gyro"]}, data)]
    assert faults == [("sheets", "unknown_sheet", "There is no sheet “Gyro”. The sheets are: Giro, Notes.")]
    (fault,) = importer.check_profile(profile | {"encoding": "utf-8"}, data)
    assert (
        fault.detail
        == "The format of this file is “excel”. It has no encoding, delimiter or quotechar: leave them out."
    )


def test_a_workbook_without_a_table_is_refused():
    assert refusal(workbook({"A": [("Hello",)]})) == (
        "no_table",
        (
            "No sheet of this workbook holds a table with a date and an amount. "
            "Download the list of transactions from your bank, and upload that file."
        ),
    )
    assert refusal(workbook({"A": []})) == (
        "empty",
        "The workbook is empty. Download it from your bank again and upload that file.",
    )


def test_a_workbook_with_a_password_is_refused():
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    assert refusal(data) == (
        "encrypted",
        "The workbook is protected by a password. Open it, save it without the password, and upload that file.",
    )


def test_a_damaged_workbook_is_refused():
    damaged = (
        "damaged",
        "This is no workbook that can be read. Open it, save it as .xlsx or CSV, and upload that file.",
    )
    assert refusal(b"\xd0\xcf\x11\xe0rest") == damaged


def test_a_workbook_that_is_huge_when_unpacked_is_refused_before_it_is():
    code, detail = refusal(bomb(megabytes=257))
    assert (code, detail) == (
        "too_large",
        "The workbook is larger than 256 MB unpacked. Download a shorter period.",
    )

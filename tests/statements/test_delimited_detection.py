"""Detection: where the header is, which column is which, and what the file leaves open."""

import pytest

from statements.delimited.header import find_header
from statements.delimited.records import records
from statements.delimited.words import meaning
from statements.formats import importer_for, importer_named
from statements.importer import Question, Skipped, UnreadableFile


def profile_of(text):
    data = text.encode()
    return importer_for(data).detect(data).profile


def questions_of(text):
    data = text.encode()
    return importer_for(data).detect(data).questions


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Withdrawals (SGD)", "debit"),
        ("Zaúčtovaná částka", "amount"),
        ("D/K", "flag"),
        ("Amount (fee)", "other"),
        ("MerchantName", "merchant"),
        ("Beguenstigter/Zahlungspflichtiger", "merchant"),
        ("VWZ12", "description"),
        ("Original amount in EUR", "other"),
        ("Сумма операции", "amount"),
        ("Kontobuchungsdatum", "date"),
        ("Könyvelés dátuma", "date"),
        ("Quux", ""),
        ("x" * 500, ""),
    ],
)
def test_a_header_says_its_role_in_many_languages(header, role):
    assert meaning(header).role == role


@pytest.mark.parametrize("n_lines", [0, 1, 7, 15])
def test_a_header_is_found_below_a_preamble_of_any_length(n_lines):
    text = "Account;Invented bank\n" * n_lines + "Datum;Text;Betrag\n01.02.2024;Brot;-3,00\n"
    assert find_header(list(records(text.encode(), encoding="utf-8", delimiter=";"))) == n_lines


def test_a_header_in_an_unknown_language_is_known_by_its_shape():
    profile = profile_of("Uku;Nini;Kiasi\n2024-01-01;mkate;-3,00\n2024-01-02;samaki;-9,50\n")
    assert (profile["header_row"], profile["date"], profile["amount"]) == (0, ["Uku"], "Kiasi")
    assert profile["description"] == ["Nini"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_rows(delimiter):
    text = 'Date,Text,Amount\n2024-01-01,"a; b | c",-3.00\n'.replace(",", delimiter)
    assert profile_of(text)["delimiter"] == delimiter


def test_a_column_of_balances_is_no_amount_even_without_a_header():
    text = "".join(f"2024-01-0{n},shop {n},{100 - n * (n + 1) // 2}.00,-{n}.00\n" for n in range(1, 8))
    assert profile_of(text)["amount"] == 3


def test_a_flag_that_repeats_a_written_minus_is_not_applied_twice():
    rows = "".join(f"2024-01-{n:02},pay,{n}.50,credit\n" for n in range(1, 21)) + "2024-01-22,tea,-3.00,debit\n"
    assert profile_of("Date,Text,Amount,Type\n" + rows)["sign_flag"] is None
    flagged = rows.replace("-3.00", "3.00")
    assert profile_of("Date,Text,Amount,Type\n" + flagged)["sign_flag"] == {
        "column": "Type",
        "negative_when": ["debit"],
        "positive_when": ["credit"],
    }


def test_two_columns_without_names_that_take_turns_are_debit_and_credit():
    rows = ["01/16/2023,coffee,4.50,,995.50", "01/15/2023,pay,,1000.00,1000.00", "01/14/2023,grocer,25.00,,0.00"]
    profile = profile_of("\n".join(rows))
    assert (profile["amount"], profile["debit"], profile["credit"], profile["invert_sign"]) == (None, 2, 3, False)
    assert questions_of("\n".join(rows)) == []
    turned = "\n".join(
        row.replace("995.50", "-995.50").replace(",1000.00,1000.00", ",1000.00,-1000.00") for row in rows
    )
    assert profile_of(turned)["invert_sign"] is True


def test_two_columns_that_take_turns_without_a_balance_leave_the_sign_open():
    text = "2024-01-15,coffee,4.50,\n2024-01-16,pay,,1000.00\n"
    assert [question.attr for question in questions_of(text)] == ["invert_sign"]


def test_a_running_balance_turns_the_sign_of_a_list_of_charges():
    text = "Date,Text,Amount,Balance\n2024-01-01,a,5.00,95.00\n2024-01-02,b,7.00,88.00\n2024-01-03,c,-20.00,108.00\n"
    assert profile_of(text)["invert_sign"] is True
    assert questions_of(text) == []


def test_a_signed_amount_is_preferred_to_its_debit_and_credit_columns():
    text = "Datum;Bedrag;Credit;Debet\n01/02/2024;-5,00;;-5,00\n13/02/2024;8,00;8,00;\n"
    profile = profile_of(text)
    assert (profile["amount"], profile["debit"], profile["credit"]) == ("Bedrag", None, None)


def test_debit_and_credit_are_preferred_to_an_amount_without_sign():
    text = "Date,Amount,Debit,Credit\n2024-01-01,5.00,5.00,\n2024-01-02,8.00,,8.00\n"
    profile = profile_of(text)
    assert (profile["amount"], profile["debit"], profile["credit"]) == (None, "Debit", "Credit")


def test_a_column_whose_name_stands_twice_is_named_by_its_number():
    text = "Date,Amount,Currency,Amount\n2024-01-01,,EUR,-5.25\n2024-01-02,,EUR,7.30\n"
    assert profile_of(text)["amount"] == 3


def test_payer_and_payee_side_by_side_both_go_into_the_description():
    text = "Date,From,To,Amount\n2024-01-01,Ada,Shop,-5.00\n2024-01-02,Work,Ada,9.00\n"
    profile = profile_of(text)
    assert (profile["merchant"], profile["description"]) == ([], ["From", "To"])


def test_a_late_day_past_the_twelfth_settles_the_order_of_a_long_file():
    text = "Date,Text,Amount\n" + "03/04/2024,tea,-3.00\n" * 400 + "25/04/2024,tea,-3.00\n"
    assert profile_of(text)["date_format"] == "%d/%m/%Y"
    assert questions_of(text) == []


def test_positive_amounts_alone_leave_the_sign_open():
    [question] = questions_of("Date,Text,Amount\n2024-01-01,a,5.00\n2024-01-02,b,7.00\n")
    assert (question.attr, question.code, question.alternatives) == ("invert_sign", "unknown_sign", (False, True))


def test_thousands_that_may_be_fractions_leave_the_separator_open():
    asked = questions_of("Date;Text;Amount\n2024-01-01;a;-1.234\n2024-01-02;b;5.678\n")
    assert asked == [
        Question(
            "decimal",
            "unknown_decimal",
            "The amounts hold too few separators to tell; “,” was taken as the decimal separator.",
            (",", "."),
        )
    ]


def test_a_statement_without_rows_is_read_as_empty():
    data = b"Statement of an invented bank\nDate,Description,Amount\n"
    importer = importer_for(data)
    assert list(importer.read(data, importer.detect(data).profile)) == [
        Skipped(1, "preamble", ("Statement of an invented bank",)),
        Skipped(2, "header", ("Date", "Description", "Amount")),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (b"%PDF-1.7", "pdf"),
        (b"\x89PNG\r\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"\x1f\x8b\x08", "archive"),
        (b"a,b\0c\n1,2\n", "binary"),
        (b"Dear customer, thank you.\nYours, the bank\n", "no_table"),
        (b"<html><table><tr><td>2024-01-01,5.00</td></tr></table>", "no_table"),
        (b"OFXHEADER:100\n", "no_table"),
        (b":20:START,2024-01-01,5.00\n", "no_table"),
        (b"name,phone\nAda,555\n", "no_table"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_code_and_a_next_step(data, code):
    with pytest.raises(UnreadableFile) as refused:
        importer_for(data)
    assert (refused.value.attr, refused.value.code) == ("file", code)
    assert refused.value.detail.endswith(".")


def test_an_importer_is_found_by_the_format_of_a_stored_profile():
    assert importer_named("csv").format == "csv"
    with pytest.raises(UnreadableFile) as refused:
        importer_named("floppy")
    assert (refused.value.attr, refused.value.code) == ("format", "unknown_format")

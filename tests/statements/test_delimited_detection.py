"""Detection: where the header is, which column is which, and what the file leaves open."""

import pytest

from statements.delimited.table import find_header, records
from statements.delimited.words import meaning
from statements.formats import importer_for, importer_named
from statements.importer import ReadingQuestion, Skipped, UnreadableFile


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


def decimal_and_question(text):
    """The separator taken, and whether it is asked about."""
    return profile_of(text)["decimal"], "decimal" in [question.attr for question in questions_of(text)]


def test_thousands_that_may_be_fractions_leave_the_separator_open():
    asked = questions_of("Date;Text;Amount\n2024-01-01;a;-1.234\n2024-01-02;b;5.678\n")
    assert asked == [
        ReadingQuestion(
            "decimal",
            "unknown_decimal",
            "Nothing in the file says whether the separator in “-1.234” is that of thousands or of fractions; "
            "“,” was taken as the decimal separator.",
            (",", "."),
        )
    ]


@pytest.mark.parametrize(("amounts", "decimal"), [(["-3,900", "7,480"], "."), (["-3.900", "7.480"], ",")])
def test_a_currency_without_fractions_tells_thousands(amounts, decimal):
    rows = "".join(f"2024-01-0{n};tea;{amount};JPY\n" for n, amount in enumerate(amounts, start=1))
    assert decimal_and_question("Date;Text;Amount;Currency\n" + rows) == (decimal, False)


@pytest.mark.parametrize(
    ("amounts", "currency", "decimal"),
    [
        (["-45.000", "-12.500", "-120.000", "900.000"], "IDR", ","),
        (["-3.900"], "EUR", ","),
        (["-3.900", "-1.250", "-7.480"], "EUR", ","),
        (["-3,900", "-1,250", "7,480"], "USD", "."),
        (["-3.900", "-1,250"], "EUR", "."),
        (["-3.900", "-1.250", "-1250"], "EUR", ","),
        (["-45.000", "-3.000"], "KWD", "."),
        (["-3.900", "-1.250"], "", ","),
    ],
)
def test_three_digits_behind_the_only_separator_are_thousands_until_the_user_says_otherwise(amounts, currency, decimal):
    rows = "".join(f"2024-01-0{n};tea;{amount};{currency}\n" for n, amount in enumerate(amounts, start=1))
    assert decimal_and_question("Date;Text;Amount;Currency\n" + rows) == (decimal, True)


@pytest.mark.parametrize(
    ("amounts", "currency", "balances", "decimal"),
    [
        (["-45.000", "-12.50"], "IDR", ["", ""], "."),
        (["-45.000", "-1.250,50"], "EUR", ["", ""], ","),
        (["-45.000", "-1.250.000"], "IDR", ["", ""], ","),
        (["-45.000", "-0.500"], "EUR", ["", ""], "."),
        (["-45.000", "-500"], "IDR", ["", ""], ","),
        (["-45.000", "12.000"], "IDR", ["1.000.000", "1.012.000"], ","),
        (["-5.000", "-2.000", "-1.000"], "EUR", ["108,00", "106,00", "105,00"], ","),
        (["-45.000", "-12.000", "-3.000"], "IDR", ["100000", "88000", "85000"], ","),
        (["-45.000", "-12.000", "-3.000"], "EUR", ["100", "88", "85"], "."),
        (["-4.750", "12.500"], "KWD", ["", ""], "."),
    ],
)
def test_evidence_in_the_file_settles_what_three_digits_are(amounts, currency, balances, decimal):
    cells = zip(amounts, balances + [""] * len(amounts), strict=False)
    rows = "".join(f"2024-01-0{n};tea;{a};{currency};{b}\n" for n, (a, b) in enumerate(cells, start=1))
    assert decimal_and_question("Date;Text;Amount;Currency;Balance\n" + rows) == (decimal, False)


def test_a_pair_of_columns_is_proven_by_the_balance_too():
    rows = "2024-01-01;a;45.000;;100000\n2024-01-02;b;;12.000;112000\n2024-01-03;c;3.000;;109000\n"
    assert decimal_and_question("Date;Text;Debit;Credit;Balance\n" + rows) == (",", False)


def test_a_time_of_day_proves_no_decimal_separator():
    rows = "2024-01-01;18.30;a;-45.000\n2024-01-02;09.15;b;-12.000\n"
    assert decimal_and_question("Date;Time;Text;Amount\n" + rows) == (",", True)


def test_a_late_amount_with_two_decimals_settles_the_separator_of_a_long_file():
    text = "Date,Text,Amount\n" + '2024-04-25,tea,"-3,900"\n' * 400 + '2024-04-25,tea,"-3,90"\n'
    assert decimal_and_question(text) == (",", False)


def test_pending_rows_leave_no_question_open():
    by_status = "Date,Text,Amount,Status\n2024-01-13,shop,-1.00,Pending\n2024-01-14,inn,-2.00,booked\n"
    head = "Buchungstag;Valuta;Text;Betrag\n"
    booked = "15.01.2024;16.01.2024;Brot;-3,00\n16.01.2024;17.01.2024;Käse;-4,00\n17.01.2024;17.01.2024;Tee;-9,50\n"
    assert questions_of(by_status) == []
    assert questions_of(head + booked + ";18.01.2024;Wein;-5,00\n") == []


@pytest.mark.parametrize(
    ("header", "ids", "column"),
    [
        ("Transaction ID", ["A-17", "A-18", "B-3"], "Transaction ID"),
        ("Reference number", ["9001", "9044", "9002"], "Reference number"),
        ("FITID", ["20240101.1", "20240101.2", "20240102.1"], "FITID"),
        ("Transaction ID", ["A-17", "A-17", "B-3"], None),
        ("Transaction ID", ["A-17", "", "B-3"], None),
        ("Reference", ["rent 1", "tea 2", "gift 3"], None),
        ("Reference", ["rent", "tea", "gift"], None),
        ("ID", ["1", "2", "3"], None),
        ("ID", ["3", "2", "1"], None),
        ("Customer reference", ["A-17", "A-18", "B-3"], None),
    ],
)
def test_only_a_column_that_identifies_each_transaction_is_its_id(header, ids, column):
    rows = "".join(f"2024-01-{n + 12},shop {n},-{n}.50,{one}\n" for n, one in enumerate(ids, start=1))
    assert profile_of(f"Date,Text,Amount,{header}\n{rows}")["external_id"] == column


@pytest.mark.parametrize(("last", "column"), [("A-7777", "FITID"), ("A-1", None)])
def test_an_id_that_stands_twice_late_in_a_long_file_is_no_id(last, column):
    rows = "".join(f"2024-01-15,shop,-{n}.50,A-{n}\n" for n in range(1, 400)) + f"2024-01-15,shop,-3.00,{last}\n"
    assert profile_of("Date,Text,Amount,FITID\n" + rows)["external_id"] == column


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
        (b"PK\x03\x04rest", "damaged"),
        (b"\x89PNG\r\n", "image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"\x1f\x8b\x08", "archive"),
        (b"a,b\0c\n1,2\n", "binary"),
        (b"Dear customer, thank you.\nYours, the bank\n", "no_table"),
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

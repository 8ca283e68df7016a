"""What a statement leaves open is asked, and what it lacks is said."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

IBAN = "DE89370400440532013000"
DELETE = "Correct the profile, or DELETE this import and upload another file."


def upload(api, text, **fields):
    content = SimpleUploadedFile("file.csv", text.encode())
    return api.post("imports/", {"file": content, **fields}, format="multipart")


def asked(body):
    return [(question["attr"], question["code"]) for question in body["questions"]]


@pytest.fixture
def giro(ana):
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR"}).json()


CARDS = [
    "Date;Details;Amount;Currency\n2026-03-02;Kiosk Zurich;-12.50;CHF\n2026-03-05;Bakery;-7.20;CHF\n",
    "Datum;Text;Betrag CHF\n02.03.2026;Kiosk;-12.50\n25.03.2026;Bakery;-7.20\n",
    "Kartenkonto;0000\nBewertet in;CHF\n\nDatum;Text;Belastung;Gutschrift\n22.03.2026;Kiosk;12.50;\n",
    "Date,Text,Amount\n2026-03-22,Kiosk,CHF -12.50\n2026-03-25,Bakery,CHF -7.20\n",
]


@pytest.mark.parametrize("text", CARDS, ids=["column", "header", "above the table", "beside amounts"])
def test_francs_are_not_recorded_in_an_account_in_euros_without_asking(ana, giro, text):
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], asked(body)) == ("parsed", [("account", "other_currency")])
    assert body["totals"].keys() == {"CHF"}
    assert_problem(ana.post(f"imports/{body['id']}/commit/"), 409, (None, "other_currency"))
    francs = ana.post("accounts/", {"name": "Card", "currency": "CHF"}).json()
    answered = ana.patch(f"imports/{body['id']}/", {"account": francs["id"]}).json()
    assert (answered["questions"], answered["account_name"]) == ([], "Card")


def test_a_file_without_a_currency_has_that_of_its_account(ana):
    ana.post("accounts/", {"name": "Konto", "currency": "CHF"})
    text = "Date,Text,Amount\n2026-03-22,Kiosk,-12.50\n"
    body = upload(ana, text, account="Konto", commit="true").json()
    assert (body["status"], body["totals"].keys()) == ("committed", {"CHF"})


def test_a_file_without_currency_and_account_is_asked_for_its_account(ana):
    text = "Date,Text,Amount\n2026-03-22,Kiosk,-12.50\n"
    open_one = 'Open one (POST accounts/), and PATCH the import with {"account": "its name"}.'
    question = {
        "attr": "account",
        "code": "no_currency",
        "detail": f"The file names no currency. Amounts are shown in EUR, and count in that of the account. {open_one}",
        "alternatives": [],
    }
    assert upload(ana, text).json()["questions"] == [question]
    konto = ana.post("accounts/", {"name": "Konto", "currency": "CHF"}).json()
    body = upload(ana, text).json()
    patch = f'PATCH the import with {{"account": {konto["id"]}}}, or with the id of another account.'
    detail = f"The file names no currency. Amounts are shown in EUR, and count in that of the account. {patch}"
    assert body["questions"] == [question | {"detail": detail, "alternatives": [konto["id"]]}]
    answered = ana.patch(f"imports/{body['id']}/", {"account": "Konto"}).json()
    assert (answered["questions"], answered["totals"].keys()) == ([], {"CHF"})
    assert asked(upload(ana, "Date,Text,Amount,Currency\n2026-03-22,Kiosk,-12.50,EUR\n").json()) == []


def test_texts_in_a_file_without_a_header_are_found_beside_long_numbers(ana, giro):
    text = (
        "4711;Kiosk|12345678901234567890123;22.03.2026;-5,99;EUR\n"
        "4711;Bakery|98765432109876543210987;25.03.2026;-3,20;EUR\n"
    )
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], body["questions"]) == ("committed", [])
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert [row["description"] for row in rows] == ["Kiosk|12345678901234567890123", "Bakery|98765432109876543210987"]


def test_texts_that_are_not_found_are_asked(ana, giro):
    text = "K7;22.03.2026;-5,99\nB9;25.03.2026;-3,20\n"
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], body["warnings"]) == ("parsed", [])
    assert body["questions"] == [
        {
            "attr": "description",
            "code": "unknown_text",
            "detail": "No column is known to hold the texts of the transactions. It may be one of these: “K7” in "
            'column 0. To confirm this, PATCH the import with {"profile": {"description": []}}; '
            'to change it, with {"profile": {"description": [0]}}.',
            "alternatives": [[], [0]],
        }
    ]
    answered = ana.patch(f"imports/{body['id']}/", {"profile": {"description": [0]}}).json()
    assert answered["questions"] == []
    rows = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert [row["description"] for row in rows] == ["K7", "B9"]


def test_a_file_without_any_text_says_so(ana, giro):
    body = upload(ana, "22.03.2026;-5,99\n25.03.2026;-3,20\n", account="Giro", commit="true").json()
    assert body["status"] == "committed"
    assert body["warnings"] == ["No column of the file holds a text, so its rows have no description."]


def test_rows_whose_usual_text_is_empty_take_another_column(ana, giro):
    text = (
        "Datum,Bank,Filiale,Ort,Land,Blatt,Betrag,\n"
        '2026-03-02,,,"Kiosk Seeblick","Zeitung und Kaffee am Morgen",-7.80,\n'
        '2026-03-08,,,"","Miete im Voraus",-9.80,\n'
        '2026-03-14,,,"Jo Muster","",-88.10,\n'
    )
    body = upload(ana, text, account="Giro").json()
    rows = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert ["Muster" in row["description"] for row in rows] == [False, False, True]
    assert "Zeitung" in rows[0]["description"]


SECURITIES = (
    "The columns “Symbol”, “Quantity”, “Price” are those of a securities account. Buys and sells are no expenses."
)


def test_rows_of_a_table_of_several_accounts_go_into_their_own(ana):
    """The second account comes first after the sample by which the columns are found."""
    other = "DE02120300000000202051"
    rows = [f"{IBAN};22.03.2024;Kiosk {number};-5,00" for number in range(300)]
    rows.append(f"{other};25.03.2024;Bakery;-7,00")
    text = "\n".join(["Auftragskonto;Datum;Text;Betrag", *rows, ""])
    for name, iban in (("Card", other), ("Giro", IBAN)):
        ana.post("accounts/", {"name": name, "currency": "EUR", "iban": iban})
    body = upload(ana, text, account="Giro", commit="true").json()
    assert (body["status"], body["questions"], body["warnings"]) == ("committed", [], [])
    assert [(one["iban"], one["matched_by"], one["n_new"]) for one in body["accounts"]] == [
        (other, "iban", 1),
        (IBAN, "iban", 300),
    ]
    assert body["profile"]["own_account"] == "Auftragskonto"
    (bakery,) = ana.get("transactions/?account=Card").json()["results"]
    assert bakery["description"] == "Bakery"
    again = upload(ana, text, account="Giro").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, 301)


def test_accounts_of_a_table_that_are_not_known_are_asked(ana, giro):
    rows = [f"{IBAN};22.03.2024;Kiosk;-5,00", "DE02120300000000202051;25.03.2024;Bakery;-7,00"]
    body = upload(ana, "\n".join(["Auftragskonto;Datum;Text;Betrag", *rows, ""]), account="Giro", commit="true").json()
    assert body["status"] == "parsed"
    assert [(q["attr"], q["code"]) for q in body["questions"]] == [
        ("accounts.DE02120300000000202051", "unknown_account"),
        (f"accounts.{IBAN}", "unknown_account"),
    ]


def test_signs_turned_by_a_card_payment_are_asked(ana, giro):
    """Of a checking account with more rows in than out, the payment of a card's bill looks like that of the card."""
    rows = ["2026-03-02,Salary,2500.00", "2026-03-03,Refund,20.00", "2026-03-04,PAYMENT THANK YOU,-300.00",
            "2026-03-05,Rent,-900.00", "2026-03-06,Interest,1.00"]  # fmt: skip
    body = upload(ana, "\n".join(["Date,Description,Amount", *rows, ""]), account="Giro", commit="true").json()
    assert (body["status"], [question["code"] for question in body["questions"]]) == ("parsed", ["unknown_sign"])
    told = ana.patch(f"imports/{body['id']}/", {"profile": {"invert_sign": False}}).json()
    assert (told["questions"], told["totals"]["EUR"]["sum"]) == ([], "1321.00")


EMPTY = [
    ("Date,Description,Amount\n", "it has no rows below its header. " + DELETE),
    (
        "Date,Action,Symbol,Description,Quantity,Price,Amount\n",
        f"it has no rows below its header. {DELETE} {SECURITIES}",
    ),
    (
        "Date,Description,Amount\n2026-03-02,Notice,0.00\n2026-03-03,Closing balance,12.00\n",
        f"its rows are of other kinds (zero: 1, closing_balance: 1); rows/?show=skipped lists them. {DELETE}",
    ),
    (
        "Date,Description,Amount\n2026-03-02,Kiosk,12..34\n",
        f"none of its 1 rows can be read; rows/?show=errors says why. {DELETE}",
    ),
]


@pytest.mark.parametrize(("text", "why"), EMPTY, ids=["header only", "securities", "other kinds", "unreadable"])
def test_a_file_without_transactions_says_why(ana, giro, text, why):
    body = upload(ana, text, account="Giro").json()
    (question,) = [question for question in body["questions"] if question["code"] == "no_rows"]
    assert question["detail"] == f"No transaction was found in this file: {why}"


def test_a_table_without_dates_or_amounts_names_its_columns(ana, giro):
    answer = upload(ana, "Name,City,Phone\nAna,Rome,12\nBen,Oslo,34\n", account="Giro")
    assert_problem(answer, 400, ("file", "no_table"))


ONE_SIGN = [
    ("Date,Text,Amount\n2026-03-22,Kiosk,12.50\n2026-03-25,Bakery,7.20\n", ["invert_sign"]),
    ("Date,Merchant Name,Amount\n2026-03-22,Kiosk,12.50\n2026-03-25,Bakery,7.20\n", ["invert_sign"]),
    ("Date,Text,Amount\n2026-03-22,Kiosk,-12.50\n2026-03-25,Bakery,-7.20\n", []),
    ("Date,Text,Amount\n2026-03-22,Salary,+12.50\n2026-03-25,Refund,+7.20\n", []),
    ("Date,Text,Debit,Credit\n2026-03-22,Kiosk,12.50,\n2026-03-25,Bakery,7.20,\n", []),
    ("Date,Text,Amount,D/C\n2026-03-22,Kiosk,12.50,D\n2026-03-25,Bakery,7.20,D\n", []),
    ("Date,Text,Amount,Balance\n2026-03-22,Kiosk,12.50,100.00\n2026-03-25,Bakery,7.20,92.80\n", ["invert_sign"]),
    ("Date,Text,Amount,Balance\n2026-03-22,Kiosk,5,95.00\n2026-03-25,Bar,7,88.00\n2026-03-26,Tea,8,80.00\n", []),
]


@pytest.mark.parametrize(("text", "wanted"), ONE_SIGN)
def test_one_sign_alone_is_asked_unless_something_proves_it(ana, giro, text, wanted):
    body = upload(ana, text, account="Giro").json()
    assert [question["attr"] for question in body["questions"]] == wanted


def test_a_table_that_names_its_account_is_matched(ana):
    giro = ana.post("accounts/", {"name": "Giro", "iban": IBAN}).json()
    ana.post("accounts/", {"name": "Other"})
    above = "Umsätze Girokonto;DE89 3704 0044 0532 0130 00\n\nDatum;Text;Betrag\n22.03.2026;Kiosk;-5,00\n"
    column = f"Auftragskonto;Datum;Text;Betrag\n{IBAN};22.03.2026;Kiosk;-5,00\n{IBAN};25.03.2026;Bakery;-7,00\n"
    for text in (above, column):
        body = upload(ana, text).json()
        assert (body["account"], body["accounts"][0]["matched_by"], body["questions"]) == (giro["id"], "iban", [])
        assert body["accounts"][0]["n_rows"] == body["n_rows"]
        assert asked(upload(ana, text, account="Other").json()) == [("account", "other_account")]
    assert upload(ana, above, commit="true").json()["status"] == "committed"


DOLLARS = "Date,Text,Amount\n2026-03-02,Kiosk,-$12.50\n2026-03-15,Bakery,-$7.20\n"


def test_dollars_are_not_recorded_in_an_account_in_euros_without_asking(ana, giro):
    card = ana.post("accounts/", {"name": "Card", "currency": "CAD"}).json()
    body = upload(ana, DOLLARS, account="Giro", commit="true").json()
    question = {
        "attr": "account",
        "code": "other_currency",
        "detail": (
            "Amounts are in “$”, and “Giro” is an account in EUR. Choose another account, or confirm that they are in "
            f'EUR: PATCH the import with {{"account": {giro["id"]}}}.'
        ),
        "alternatives": [giro["id"], card["id"]],
    }
    assert (body["status"], body["questions"]) == ("parsed", [question])
    assert_problem(ana.post(f"imports/{body['id']}/commit/"), 409, (None, "other_currency"))
    confirmed = ana.patch(f"imports/{body['id']}/", {"account": "Giro"}).json()
    assert (confirmed["questions"], confirmed["totals"].keys()) == ([], {"EUR"})
    moved = ana.patch(f"imports/{body['id']}/", {"account": "Card"}).json()
    assert (moved["questions"], moved["totals"].keys()) == ([], {"CAD"})
    back = ana.patch(f"imports/{body['id']}/", {"account": "Giro"}).json()
    assert back["questions"] == [question]
    named = ana.patch(f"imports/{body['id']}/", {"profile": {"currency_code": "EUR"}}).json()
    assert (named["questions"], named["totals"].keys()) == ([], {"EUR"})


def test_dollars_go_into_an_account_in_dollars_unasked(ana):
    ana.post("accounts/", {"name": "Card", "currency": "USD"})
    body = upload(ana, DOLLARS, account="Card", commit="true").json()
    assert (body["status"], body["totals"].keys()) == ("committed", {"USD"})


def test_a_header_record_that_the_file_does_not_have_is_named(ana, giro):
    body = upload(ana, "Date,Text,Amount\n2026-03-22,Kiosk,-12.50\n", account="Giro").json()
    answer = ana.patch(f"imports/{body['id']}/", {"profile": {"header_row": 99}})
    problem = assert_problem(answer, 400, ("profile.header_row", "unknown_record"))
    assert problem["errors"][0]["detail"] == "There is no record 99. The file has 2 records, counted from 0."


YEN = 'Date,Text,Amount\n2026-03-02,Kiosk,"-1,250"\n2026-03-15,Bakery,"-2,500"\n'


def test_an_account_in_yen_says_that_its_amounts_have_no_fractions(ana, giro):
    ana.post("accounts/", {"name": "Ginko", "currency": "JPY"})
    body = upload(ana, YEN, account="Ginko").json()
    assert (body["questions"], body["totals"]["JPY"]["out"], body["warnings"]) == ([], "3750", [])
    moved = ana.patch(f"imports/{body['id']}/", {"account": "Giro"}).json()
    assert asked(moved) == [("decimal", "unknown_decimal")]
    back = ana.patch(f"imports/{body['id']}/", {"account": "Ginko"}).json()
    assert back["questions"] == []
    wrong = ana.patch(f"imports/{body['id']}/", {"profile": {"decimal": ","}}).json()
    rounded = "Amounts with more decimal places than their currency has: 2. They are rounded; compare them."
    assert (wrong["totals"]["JPY"]["out"], wrong["warnings"]) == ("4", [rounded])


def test_a_file_in_yen_says_that_its_amounts_have_no_fractions(ana):
    ana.post("accounts/", {"name": "Ginko", "currency": "JPY"})
    text = YEN.replace("Amount", "Amount JPY")
    body = upload(ana, text, account="Ginko", commit="true").json()
    assert (body["status"], body["totals"]["JPY"]["out"]) == ("committed", "3750")


def test_amounts_that_are_rounded_are_counted(ana, giro):
    text = "Date;Text;Amount\n2026-03-02;Kiosk;-12.345\n2026-03-15;Bakery;-0.50\n2026-03-16;Bakery;-7.20\n"
    body = upload(ana, text, account="Giro").json()
    rounded = "Amounts with more decimal places than their currency has: 1. They are rounded; compare them."
    assert (body["questions"], body["warnings"], body["totals"]["EUR"]["out"]) == ([], [rounded], "20.05")

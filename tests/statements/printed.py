"""Statements of invented banks, printed as PDF."""

from datetime import UTC, datetime
from typing import NamedTuple

from fpdf import FPDF

#: Right edges of numbers in millimeters.
AMOUNT, SECOND, BALANCE = 150, 172, 200


class Cell(NamedTuple):
    """A text at `x` millimeters; `is_right` says that it ends there."""

    text: str
    x: float
    is_right: bool = False


def left(text, x=10.0):
    return Cell(text, x)


def right(text, x=float(AMOUNT)):
    return Cell(text, x, is_right=True)


def printed(*pages, size=9, step=5.0, **options):
    """A PDF of pages; a page is a list of lines, a line a text or a list of cells, None an empty line."""
    pdf = FPDF()
    pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    pdf.set_auto_page_break(auto=False)
    for page in pages:
        pdf.add_page()
        pdf.set_font("Helvetica", size=size)
        for number, line in enumerate(page):
            for cell in [left(line)] if isinstance(line, str) else line or []:
                x = cell.x - pdf.get_string_width(cell.text) if cell.is_right else cell.x
                pdf.text(x, 15 + step * number, cell.text)
    if password := options.get("password"):
        pdf.set_encryption(owner_password="owner", user_password=password)
    return bytes(pdf.output())


def german(*, closing="1.063,10"):
    """Dates without a year, one column of marked amounts, texts of several lines."""
    return printed(
        [
            "Musterbank eG, Musterstadt",
            [left("Kontoauszug Nr. 1"), right("IBAN DE89 3704 0044 0532 0130 00", 190)],
            "Zeitraum 01.12.2025 bis 31.01.2026",
            None,
            [left("Buchung"), left("Wert", 30), left("Text", 50), right("Betrag EUR", BALANCE)],
            [left("alter Kontostand vom 30.11.2025", 50), right("1.000,00 H", BALANCE)],
            [left("29.12."), left("30.12.", 30), left("Kartenzahlung", 50), right("56,90 S", BALANCE)],
            [left("BAECKEREI KORN, MUSTERSTADT", 50)],
            [left("Karte 4711 vom 27.12.", 50)],
            [left("02.01."), left("02.01.", 30), left("Gutschrift", 50), right("1.320,00 H", BALANCE)],
            [left("Lohn Dezember", 50)],
            [left("03.01."), left("03.01.", 30), left("Dauerauftrag Miete", 50), right("1.200,00 S", BALANCE)],
            [left("neuer Kontostand vom 31.01.2026", 50), right(f"{closing} H", BALANCE)],
            None,
            "Bitte prüfen Sie diesen Auszug.",
        ]
    )


def british():
    """Paid out, paid in and a running balance over two pages, with carried balances."""
    head = [
        left("Date"),
        left("Description", 40),
        right("Paid out"),
        right("Paid in", SECOND),
        right("Balance", BALANCE),
    ]
    return printed(
        [
            "Harbour Bank plc",
            "Statement 1 January 2026 to 31 January 2026   GBP",
            None,
            head,
            [left("Balance brought forward", 40), right("500.00", BALANCE)],
            [left("02 Jan"), left("CARD PAYMENT CORNER SHOP", 40), right("12.40"), right("487.60", BALANCE)],
            [left("05 Jan"), left("SALARY ACME LTD", 40), right("2,000.00", SECOND), right("2,487.60", BALANCE)],
            [left("Balance carried forward", 40), right("2,487.60", BALANCE)],
            [left("Page 1 of 2", 95)],
        ],
        [
            "Harbour Bank plc",
            None,
            head,
            [left("Balance brought forward", 40), right("2,487.60", BALANCE)],
            [left("09 Jan"), left("DIRECT DEBIT POWER CO", 40), right("80.00"), right("2,407.60", BALANCE)],
            [left("28 Jan"), left("CASH 28JAN HIGH ST", 40), right("100.00"), right("2,307.60", BALANCE)],
            [left("Closing balance", 40), right("2,307.60", BALANCE)],
            [left("Page 2 of 2", 95)],
        ],
    )


def american():
    """Unsigned amounts in sections of deposits and withdrawals, dates of month and day."""
    return printed(
        [
            "First Prairie Bank",
            "January 1, 2026 through January 31, 2026",
            [left("Account number 000123456789")],
            None,
            "CHECKING SUMMARY",
            [left("Beginning Balance"), right("$1,250.00")],
            [left("Deposits and Additions"), right("2,150.00")],
            [left("Electronic Withdrawals"), right("-1,310.25")],
            [left("Ending Balance"), right("$2,089.75")],
            None,
            "DEPOSITS AND ADDITIONS",
            [left("DATE"), left("DESCRIPTION", 40), right("AMOUNT", BALANCE)],
            [left("01/02"), left("Payroll Example Corp", 40), right("$2,000.00", BALANCE)],
            [left("01/20"), left("Mobile Deposit", 40), right("150.00", BALANCE)],
            [left("Total Deposits and Additions"), right("$2,150.00", BALANCE)],
            None,
            "ELECTRONIC WITHDRAWALS",
            [left("DATE"), left("DESCRIPTION", 40), right("AMOUNT", BALANCE)],
            [left("01/05"), left("Rent Maple Street", 40), right("$1,200.00", BALANCE)],
            [left("01/13"), left("Grocery Barn", 40), right("110.25", BALANCE)],
            [left("Total Electronic Withdrawals"), right("$1,310.25", BALANCE)],
        ]
    )


def french():
    """Debit and credit columns with blanks for thousands."""
    return printed(
        [
            "Banque du Lac",
            "Relevé du 01/01/2026 au 31/01/2026",
            None,
            [left("Date"), left("Libellé", 40), right("Débit EUR", SECOND), right("Crédit EUR", BALANCE)],
            [left("Ancien solde au 01/01/2026", 40), right("1 500,00", BALANCE)],
            [left("03/01/2026"), left("CARTE BOULANGERIE", 40), right("4,20", SECOND)],
            [left("15/01/2026"), left("VIREMENT SALAIRE", 40), right("2 310,55", BALANCE)],
            [left("20/01/2026"), left("LOYER JANVIER", 40), right("1 000,00", SECOND)],
            [left("Total des mouvements", 40), right("1 004,20", SECOND), right("2 310,55", BALANCE)],
            [left("Nouveau solde au 31/01/2026", 40), right("2 806,35", BALANCE)],
        ]
    )


def swiss():
    """Unsigned amounts whose sign only the balance shows, newest first."""
    return printed(
        [
            "Alpenbank, Kontoauszug 01.01.2026 - 31.01.2026, CHF",
            None,
            [left("Datum"), left("Text", 40), right("Betrag"), right("Saldo", BALANCE)],
            [left("03.01.2026"), left("Anfang", 40), right("100.00"), right("1'100.00", BALANCE)],
            [left("10.01.2026"), left("Migration Kiosk", 40), right("25.50"), right("1'074.50", BALANCE)],
            [left("12.01.2026"), left("Lohn", 40), right("4'000.00"), right("5'074.50", BALANCE)],
            [left("25.01.2026"), left("Miete", 40), right("1'800.00"), right("3'274.50", BALANCE)],
            [left("Saldovortrag 31.12.2025", 40), right("1'000.00", BALANCE)],
        ]
    )


def card():
    """A card: charges are positive, payments are negative, and the balance is what is owed."""
    return printed(
        [
            "Blue Card, credit card statement",
            "Statement period 12/15/2025 - 01/14/2026",
            [left("Previous balance"), right("$200.00")],
            [left("New balance"), right("$75.25")],
            [left("Minimum payment due"), right("$25.00")],
            None,
            [left("Trans date"), left("Post date", 35), left("Description", 60), right("Amount", BALANCE)],
            [left("12/20"), left("12/21", 35), left("COFFEE HOUSE", 60), right("$5.25", BALANCE)],
            [left("01/02"), left("01/02", 35), left("PAYMENT THANK YOU", 60), right("-$200.00", BALANCE)],
            [left("01/10"), left("01/11", 35), left("BOOK STORE", 60), right("$70.00", BALANCE)],
        ]
    )


def plain():
    """Signed amounts, and no balance at all."""
    return printed(
        [
            "Umsätze vom 01.02.2026 bis 28.02.2026",
            [left("Datum"), left("Empfänger", 40), right("Betrag (EUR)", BALANCE)],
            [left("03.02.2026"), left("Buchladen", 40), right("-19,90", BALANCE)],
            [left("10.02.2026"), left("Gehalt", 40), right("+2.100,00", BALANCE)],
            [left("11.02.2026"), left("Strom", 40), right("-85,00", BALANCE)],
        ]
    )


def american_checks():
    """Checks by number before the date, and balances by day, whose lines look like rows."""
    return printed(
        [
            "Old Mill Credit Union",
            "Statement period March 1, 2026 - March 31, 2026",
            [left("Beginning balance"), right("900.00", BALANCE)],
            [left("Ending balance"), right("1,060.00", BALANCE)],
            None,
            "DEPOSITS",
            [left("Date"), left("Description", 40), right("Amount", BALANCE)],
            [left("03/03"), left("Paycheck", 40), right("400.00", BALANCE)],
            None,
            "CHECKS PAID",
            [left("1051"), left("03/09", 30), right("90.00", BALANCE)],
            [left("1053*"), left("03/20", 30), right("150.00", BALANCE)],
            None,
            "DAILY ENDING BALANCE",
            [left("03/03"), right("1,300.00", BALANCE)],
            [left("03/09"), right("1,210.00", BALANCE)],
            [left("03/20"), right("1,060.00", BALANCE)],
        ]
    )


def swedish():
    """ISO dates twice in each row, blanks for thousands, and a balance, newest first."""
    return printed(
        [
            "Kontoutdrag 2026-03-01 - 2026-03-31",
            [left("Bokförd"), left("Valuta", 35), left("Text", 60), right("Belopp"), right("Saldo", BALANCE)],
            [
                left("2026-03-25"),
                left("2026-03-25", 35),
                left("Lön", 60),
                right("28 500,00"),
                right("40 250,50", BALANCE),
            ],
            [
                left("2026-03-12"),
                left("2026-03-12", 35),
                left("Hyra", 60),
                right("-9 800,00"),
                right("11 750,50", BALANCE),
            ],
            [
                left("2026-03-02"),
                left("2026-03-03", 35),
                left("Livs 24", 60),
                right("-249,50"),
                right("21 550,50", BALANCE),
            ],
        ]
    )


def irish():
    """Marks behind the amounts and balances, dates with names of months, and a text of numbers."""
    return printed(
        [
            "Shannon Bank, IE, EUR",
            [left("Date"), left("Details", 40), right("Amount"), right("Balance", BALANCE)],
            [left("1 Feb 2026"), left("Opening balance", 40), right("310.00 CR", BALANCE)],
            [left("3 Feb 2026"), left("POS 4711 12.30 SHOP", 40), right("12.30 DR"), right("297.70 CR", BALANCE)],
            [left("9 Feb 2026"), left("RENT", 40), right("400.00 DR"), right("102.30 DR", BALANCE)],
            [left("27 Feb 2026"), left("WAGES", 40), right("1,500.00 CR"), right("1,397.70 CR", BALANCE)],
        ]
    )


def bold():
    """A bank that prints everything twice to make it bold."""
    lines = [
        [left("Datum"), left("Text", 40), right("Betrag", BALANCE)],
        [left("03.02.2026"), left("Buchladen", 40), right("-19,90", BALANCE)],
    ]
    return printed([[cell._replace(x=cell.x + shift) for shift in (0, 0.1) for cell in line] for line in lines])


LAYOUTS = {
    "german": german, "british": british, "american": american, "french": french, "swiss": swiss, "card": card,
    "plain": plain, "american_checks": american_checks, "swedish": swedish, "irish": irish, "bold": bold,
}  # fmt: skip

"""A year of invented statements, recorded with the services that the API uses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.services.users import SignedIn, register_user
from expenses.categorization.catalog import Catalog
from expenses.models import Account, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.accounts import open_account
from expenses.services.learning import learn
from expenses.services.runs import perform_run
from expenses.services.transactions import confirm_transaction, edit_transaction
from rules.services.rules import create_rule
from statements.models import Import
from statements.services.imports import receive_statement, start_commit

FOLDER = settings.BASE_DIR / "examples" / "demo"
USERNAME = "demo"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Statement:
    """A file of FOLDER and the name of its account."""

    filename: str
    account: str


ACCOUNTS = (
    {"name": "Girokonto", "type": "checking", "currency": "EUR", "country": "DE"},
    {"name": "Taler card", "type": "card", "currency": "EUR", "country": "DE"},
    {"name": "London", "type": "checking", "currency": "GBP", "country": "GB"},
    {"name": "Cascade card", "type": "card", "currency": "USD", "country": "US"},
)
FIRST_STATEMENT = Statement("giro.csv", "Girokonto")
LATER_STATEMENTS = (
    Statement("giro-continued.csv", "Girokonto"),
    Statement("taler-card.csv", "Taler card"),
    Statement("harbour-and-tide.csv", "London"),
    Statement("cascade-card.csv", "Cascade card"),
)

OWN_ACCOUNTS = ["eigenübertrag", "own account", "taler karte", "lastschrifteinzug vom giro", "online payment - thank"]
#: Name, mode, words of which the text has one, least amount, category.
RULES = (
    ("Rent", "apply", ["hausverwaltung"], "900.00", "Housing"),
    ("Own accounts", "apply", OWN_ACCOUNTS, "0.01", "Transfers"),
    ("Large orders", "suggest", ["amazon", "zalando"], "120.00", "Shopping"),
)

#: The user's choices for the first statement: text of a row, number of the match, category. Two rows of one shop in two
#: categories leave history in doubt.
CHOICES = (
    ("KRUMMER HUND", 0, "Dining"),
    ("PIRKKO", 0, "Shopping"),
    ("PIRKKO", 1, "Gifts & Donations"),
    ("NORDLICHT", 0, "Salary"),
    ("AERZTE OHNE", 0, "Gifts & Donations"),
    ("RUNDFUNK", 0, "Subscriptions"),
    ("URBAN SPORTS", 0, "Personal Care"),
    ("KOELNER VERKEHRS", 0, "Transport"),
    ("ABSCHLAG STROM", 0, "Utilities"),
    ("GELDAUTOMAT", 0, "Transfers"),
)
#: Rows with a right category that the user confirms.
CONFIRMED = ("REWE SAGT", "TELEKOM")
#: A pub that the chain takes for a shop: its text, the right category, and the text of another payment there.
PUB, PUB_CATEGORY, PUB_AGAIN = "ZUM SCHIEFEN ECK", "Dining", "ZUM SCHIEFEN ECK 2 BONN"
#: A month that the statements cover whole.
MONTH = "2026-09"
#: Steps that import_year tells of.
N_STEPS = 4 + len(LATER_STATEMENTS)


def import_year(*, password: str, say: Say) -> SignedIn:
    """Record the whole year as if it came over HTTP, which takes some seconds."""
    signed_in = register_user(username=USERNAME, email="demo@example.org", password=password)
    user = signed_in.user
    accounts = {fields["name"]: open_account(by=user, fields=fields) for fields in ACCOUNTS}
    catalog = Catalog.load_for(user)
    for rule in _rules(catalog):
        create_rule(by=user, fields=rule)
    say(f"Opened {len(accounts)} accounts, made {len(RULES)} rules.")
    import_statement(FIRST_STATEMENT, by=user, accounts=accounts, say=say)
    for text, index, category in CHOICES:
        edit_transaction(by=user, transaction=find_row(user, text, index), changes={"category": catalog.find(category)})
    rows = [find_row(user, text) for text in CONFIRMED]
    answered = [row for row in rows if row.category_id or row.suggested_category_id]
    for row in answered:
        confirm_transaction(by=user, transaction=row)
    say(f"Chose a category for {len(CHOICES)} rows, confirmed {len(answered)}.")
    learn(ledger_id=ledger_id_of(user))
    say("Learned from them.")
    for statement in LATER_STATEMENTS:
        import_statement(statement, by=user, accounts=accounts, say=say)
    return signed_in


def _rules(catalog: Catalog) -> Iterator[dict[str, Any]]:
    for name, mode, words, least, category in RULES:
        found = catalog.find(category)
        assert found is not None  # noqa: S101 - one of the system's
        text = {"case_sensitive": False, "negate": False, "op": "contains_any", "value": words}
        either = [{"field": "merchant", **text}, {"field": "description", **text}]
        yield {
            "name": name,
            "mode": mode,
            "triggers": ["create", "import"],
            "match": "all",
            "conditions": [
                {"match": "any", "conditions": either},
                {"field": "amount", "op": "gte", "value": least, "negate": False},
            ],
            "actions": [{"type": "set_category", "value": found.pk}],
        }


def import_statement(statement: Statement, *, by: User, accounts: dict[str, Account], say: Say) -> Import:
    """Receive one file of FOLDER and commit it."""
    data = (FOLDER / statement.filename).read_bytes()
    received = receive_statement(by=by, data=data, filename=statement.filename, account=accounts[statement.account])
    perform_run(run_id=start_commit(by=by, statement=received).pk)
    received.refresh_from_db()
    known = f", {received.n_duplicates} known from the file before" if received.n_duplicates else ""
    say(f"Imported {statement.filename}: {received.n_new} rows into {statement.account}{known}.")
    return received


def find_row(user: User, text: str, index: int = 0) -> Transaction:
    """Return one of the rows with a text, in the order of their dates."""
    row: Transaction = Transaction.objects.for_user(user).search(text).order_by("date", "id")[index]
    return row

"""Statements that tests import: invented CSV files of two banks, with and without pending rows."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.conftest import Api

#: Day, text and amount of a row, and whether the bank calls it pending.
Row = tuple[str, str, str] | tuple[str, str, str, str]


def comma_file(rows: Iterable[Row]) -> str:
    """Return a statement with English headers; a fourth value is the status."""
    lines = [f"{day},{text},{amount},{(*rest, 'Booked')[0]}" for day, text, amount, *rest in rows]
    return "\n".join(["Date,Description,Amount,Status", *lines]) + "\n"


def semicolon_file(rows: Iterable[Row]) -> str:
    """Return a statement of the same account in another form."""
    lines = [f"{day};{text};{amount.replace('.', ',')};EUR" for day, text, amount, *_ in rows]
    return "\n".join(["Buchungstag;Verwendungszweck;Betrag;Währung", *lines]) + "\n"


def upload(api: Api, text: str, *, account: str = "Giro", commit: bool = True) -> Any:
    """Upload a statement, and record it unless told otherwise. Return the import."""
    file = SimpleUploadedFile("statement.csv", text.encode())
    body = {"file": file, "account": account, "commit": str(commit).lower()}
    answer = api.post("imports/", body, format="multipart")
    assert answer.status_code == 201, answer.content
    found = answer.json()
    if commit and found["status"] != "committed":
        assert found["questions"] == [], found
        from expenses.services.runs import perform_run  # noqa: PLC0415 - fixtures change what it uses

        run = api.post(f"imports/{found['id']}/commit/").json()["id"]
        perform_run(run_id=run)
        found = api.get(f"imports/{found['id']}/").json()
        assert found["status"] == "committed", found
    return found


def ledger_of(api: Api) -> list[tuple[str, str, str]]:
    """Return day, text and signed amount of every transaction, sorted."""
    rows = api.get("transactions/?page_size=500").json()["results"]
    return sorted((r["date"], r["description"], ("" if r["direction"] == "in" else "-") + r["amount"]) for r in rows)

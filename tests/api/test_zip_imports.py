"""Zips through the API: a movement in two formats is recorded once, and the import says so."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.statements.books import archive
from tests.statements.test_archive import BOOKED, MAY, messages

pytestmark = pytest.mark.usefixtures("silent_chain", "files")


@pytest.mark.parametrize("names", [("a.csv", "b.xml"), ("b.xml", "a.csv")])
def test_what_two_formats_of_a_zip_hold_is_recorded_once_and_said(ana, names):
    ana.post("accounts/", {"name": "Giro", "currency": "EUR", "iban": "DE89370400440532013000"})
    members = {"a.csv": MAY, "b.xml": messages(*BOOKED, ("12.00", "2026-05-22", "Bakery"))}
    data = archive({name: members[name] for name in names})
    file = SimpleUploadedFile("both.zip", data)
    body = ana.post("imports/", {"file": file, "account": "Giro", "commit": "true"}, format="multipart").json()
    assert (body["status"], body["n_rows"], body["n_new"]) == ("committed", 3, 3)
    assert body["warnings"] == [
        "Rows that an earlier file of the zip has, too: 2. They are not recorded again; rows/?show=skipped lists them."
    ]
    assert ana.get("accounts/balances/").json()["results"][0]["balance"] == "-915.50"

"""What one ledger exports, an empty one imports: it is the same ledger in all that the format can hold."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from statements.export.columns import ExportRow
from statements.export.comma_separated import COLUMNS, CsvMarks, write_csv
from statements.importer import StatementRow
from statements.migration.outlay import OutlayImporter
from tests.api.exported import content, record, record_odd_ledger
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain", "files")


def move_in(api: Api, run_tasks: Any, data: bytes, name: str, **fields: Any) -> dict[str, Any]:
    """Import a file and commit it. Return the body of the import."""
    answer = api.post("imports/", {"file": SimpleUploadedFile(name, data), **fields}, format="multipart")
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"]) == (201, "parsed"), body
    committed = api.post(f"imports/{body['id']}/commit/")
    assert committed.status_code == 202, committed.json()
    run_tasks()
    run = api.get(f"runs/{committed.json()['id']}/").json()
    assert run["status"] == "succeeded", run
    return body


def kept(api: Api, *, nowhere: str | None = "No account") -> list[tuple[Any, ...]]:
    """Return what a CSV file keeps of each row that counts; rows without an account are in `nowhere`."""
    found = api.get("transactions/?page_size=100&is_split=false").json()["results"]
    return sorted(
        (
            row["date"],
            row["kind"],
            row["amount"],
            row["currency"],
            row["account_name"] or str(nowhere),
            row["category_name"] or "",
            row["merchant"],
            " ".join(row["notes"].split()),
            row["iban"],
            row["mcc"],
            row["parent"] is not None,
            row["transfer"] is not None,
        )
        for row in found
    )


@pytest.mark.parametrize("query", ["", "?excel=true", "?ordering=date", "?ordering=amount"])
def test_a_csv_file_comes_back_as_the_same_ledger(ana, ben, run_tasks, query):
    ana.user.locale = "de"
    ana.user.save()
    record_odd_ledger(ana)
    body = move_in(ben, run_tasks, content(ana, f"transactions.csv{query}"), "transactions.csv")
    assert body["format"] == "outlay"
    assert kept(ben) == kept(ana)
    tags = {row["description"]: row["tags"] for row in ben.get("transactions/?page_size=100").json()["results"]}
    assert tags["REWE; SAGT | DANKE"] == ["food", "two words"]
    assert {"=SUM(A1:A9)", "(void) * ! lunch", "@evening"} <= set(tags)


def test_the_import_says_what_a_csv_file_cannot_hold(ana, ben):
    record(ana, "accounts/", name="Checking", currency="EUR")
    more = {"payment_method": "card", "review": "needed", "is_excluded_from_budget": True, "account": "Checking"}
    more["external_id"] = "bank-1"
    row = record(ana, "expenses/", amount="1.00", description="CARD 12", date="2026-11-02", **more)
    ana.patch(f"transactions/{row}/", {"description": "Kiosk"})
    record(ana, "expenses/", amount="1.00", description="Cash", date="2026-11-02")
    file = SimpleUploadedFile("transactions.csv", content(ana, "transactions.csv"))
    body = ben.post("imports/", {"file": file}, format="multipart").json()
    assert body["warnings"][:6] == [
        "Only the description is kept, not the bank's text that it took the place of. Rows with both: 1.",
        "Payment methods are not kept. Rows with one: 1.",
        "Ids of other programs only help to recognize rows in a later file. Rows with one: 1.",
        "Marks of a review are not kept. Rows with one: 1.",
        "Rows that budgets leave out become ordinary ones. Rows of this kind: 1.",
        "Rows without an account go into “No account”. Rows of this kind: 1.",
    ]


def test_the_same_file_again_adds_nothing(ana, ben, run_tasks):
    record_odd_ledger(ana)
    data = content(ana, "transactions.csv")
    move_in(ben, run_tasks, data, "transactions.csv")
    before = kept(ben)
    again = ben.post("imports/", {"file": SimpleUploadedFile("again.csv", data)}, format="multipart").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, again["n_rows"])
    assert kept(ben) == before


def test_an_ofx_file_comes_back_with_dates_amounts_and_texts_and_once_only(ana, ben, run_tasks):
    for api in (ana, ben):
        record(api, "accounts/", name="Checking", currency="EUR", iban="DE89370400440532013000")
    for day, amount, text, more in (
        ("02", "45.50", "REWE SAGT DANKE 4711", {"merchant": "REWE", "external_id": "bank-1"}),
        ("03", "3.20", "Bakery & Sons <3", {}),
        ("03", "3.20", "Bakery & Sons <3", {}),
    ):
        record(ana, "expenses/", amount=amount, description=text, date=f"2026-11-{day}", account="Checking", **more)
    move_in(ben, run_tasks, content(ana, "transactions.ofx"), "transactions.ofx")
    names = ("date", "direction", "amount", "currency", "account_name", "raw_description")
    both = [
        sorted(tuple(row[name] for name in names) for row in api.get("transactions/").json()["results"])
        for api in (ana, ben)
    ]
    assert both[1] == both[0]
    file = SimpleUploadedFile("again.ofx", content(ana, "transactions.ofx"))
    again = ben.post("imports/", {"file": file}, format="multipart").json()
    assert (again["n_new"], again["n_duplicates"]) == (0, 3)


texts = st.text(alphabet="'=+-@;,\"\t\n\r üж|<ab", max_size=12)


@given(
    st.lists(
        st.tuples(
            texts, texts, st.integers(-10_000_000, 10_000_000).filter(bool), st.sampled_from(["EUR", "JPY", "KWD"])
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([CsvMarks(), CsvMarks(";", ",", has_bom=True), CsvMarks(has_bom=True)]),
)
def test_any_row_is_read_as_it_was_written(rows, marks):
    places = {"EUR": 2, "JPY": 0, "KWD": 3}
    written = [
        ExportRow(
            nth, "2026-11-02", "expense", f"{minor / 10 ** places[code]:.{places[code]}f}", code, "Checking", name, "",
            "", text, text, text, "", "", "", "", "", None, "", None, "", False, 1, 1,
        )
        for nth, (text, name, minor, code) in enumerate(rows, start=1)
    ]  # fmt: skip
    data = b"".join(write_csv([written], marks))
    importer = OutlayImporter()
    assert importer.recognizes(data)
    profile, _ = importer.suggest(data)
    read = list(importer.read(data, profile))
    assert all(isinstance(row, StatementRow) for row in read), read
    assert [
        (f"{row.amount:f}", row.currency, row.description, row.notes, row.category)
        for row in read
        if isinstance(row, StatementRow)
    ] == [
        (
            row.amount,
            row.currency,
            row.description.strip(),
            row.notes.strip(),
            (row.category.strip(),) if row.category.strip() else (),
        )
        for row in written
    ]
    assert len(COLUMNS) == 22

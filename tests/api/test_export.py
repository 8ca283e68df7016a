"""Exports over HTTP: the filters and errors of the list, CSV that spreadsheets do not calculate, and JSON lines."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.settings import api_settings

from statements.export import rows
from statements.export.comma_separated import FORMULA_STARTS, guarded, unguarded
from tests.api.exported import content, record, record_odd_ledger

pytestmark = pytest.mark.usefixtures("silent_chain")
HEADER = (
    "id,date,kind,amount,currency,account,category,parent_category,merchant,description,raw_description,notes,tags,"
    "payment_method,iban,mcc,external_id,transfer,transfer_account,split,review,excluded_from_budget"
)
FILES = [f"transactions.{name}" for name in ("csv", "jsonl", "xlsx", "ofx", "ledger", "beancount")]
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ofx": "application/x-ofx",
    "ledger": "text/plain; charset=utf-8",
    "beancount": "text/plain; charset=utf-8",
}


def read_csv(data: bytes, **marks: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), **marks))


def test_a_row_has_all_its_columns_and_money_out_is_negative(ana):
    record(ana, "accounts/", name="Checking", currency="EUR")
    more: dict[str, Any] = {"category": "Groceries", "tags": ["food", "bio"], "payment_method": "card", "mcc": "5411"}
    more |= {"merchant": "REWE", "notes": "two bags", "external_id": "bank-1", "review": "needed"}
    more |= {"iban": "DE89370400440532013000", "is_excluded_from_budget": True}
    row = record(
        ana, "expenses/", amount="45.50", description="REWE SAGT", date="2026-11-02", account="Checking", **more
    )
    line = (
        f"{row},2026-11-02,expense,-45.50,EUR,Checking,Groceries,,REWE,REWE SAGT,REWE SAGT,two bags,bio; food,"
        "card,DE89370400440532013000,5411,bank-1,,,,needed,true"
    )
    assert content(ana, "transactions.csv").decode() == f"{HEADER}\r\n{line}\r\n"


def test_parts_come_instead_of_a_split_whole_and_deleted_rows_not_at_all(ana):
    ids = record_odd_ledger(ana)
    found = read_csv(content(ana, "transactions.csv"))
    assert [(row["amount"], row["category"], row["split"]) for row in found if row["split"]] == [
        ("-15.50", "Food: outside", str(ids["whole"])),
        ("-30.00", "Groceries", str(ids["whole"])),
    ]
    assert {str(ids["whole"]), str(ids["deleted"])}.isdisjoint(row["id"] for row in found)
    sums = {"expense": 0.0, "refund": 0.0, "income": 0.0}
    for row in found:
        if row["kind"] in sums and row["currency"] == "EUR":
            sums[row["kind"]] += float(row["amount"])
    totals = ana.get("transactions/totals/").json()["results"]
    euro = next(one for one in totals if one["currency"] == "EUR")
    assert f"{-sums['expense'] - sums['refund']:.2f}" == euro["expense"]
    assert f"{sums['income']:.2f}" == euro["income"]


def test_a_transfer_names_the_account_on_the_other_side(ana):
    record_odd_ledger(ana)
    found = read_csv(content(ana, "transactions.csv?kind=transfer"))
    assert [(row["amount"], row["currency"], row["account"], row["transfer_account"]) for row in found] == [
        ("47.35", "CHF", "1. Karte „Grün“ & <Söhne>", "Checking"),
        ("-50.00", "EUR", "Checking", "1. Karte „Grün“ & <Söhne>"),
        ("100.00", "EUR", "Savings: rainy  days", "Checking"),
        ("-100.00", "EUR", "Checking", "Savings: rainy  days"),
    ]


def test_texts_that_a_spreadsheet_would_calculate_begin_with_an_apostrophe_and_amounts_do_not(ana):
    for text in ("=1+1", "+49 30", "-5", "@home", "'=1", "plain"):
        record(ana, "expenses/", amount="1.00", description=text, date="2026-11-02", merchant=text)
    found = read_csv(content(ana, "transactions.csv?ordering=id"))
    shown = ["'=1+1", "'+49 30", "'-5", "'@home", "''=1", "plain"]
    assert [row["description"] for row in found] == shown
    assert [row["merchant"] for row in found] == shown
    assert {row["amount"] for row in found} == {"-1.00"}


@given(st.text(alphabet="'=+-@\t\r\nab ", max_size=6) | st.text())
def test_a_guarded_text_is_no_formula_and_comes_back_as_it_was(text):
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in FORMULA_STARTS


@pytest.mark.parametrize(("locale", "line"), [("de", "-1234,50"), ("en-GB", "-1234.50"), ("xx", "-1234.50")])
def test_a_file_for_excel_has_the_marks_of_the_users_locale(ana, locale, line):
    ana.user.locale = locale
    ana.user.save()
    record(ana, "expenses/", amount="1234.50", description="Räder", date="2026-11-02")
    data = content(ana, "transactions.csv?excel=true")
    assert data.startswith(b"\xef\xbb\xbfid;date" if locale == "de" else b"\xef\xbb\xbfid,date")
    marks = {"delimiter": ";" if locale == "de" else ","}
    (row,) = read_csv(data[3:], **marks)
    assert (row["amount"], row["description"]) == (line, "Räder")


def test_expenses_hold_the_rows_of_their_list(ana):
    record_odd_ledger(ana)
    found = read_csv(content(ana, "expenses.csv?category=Dining"))
    assert [row["description"] for row in found] == ["Crayons", "(void) * ! lunch", "'=SUM(A1:A9)"]
    assert {row["kind"] for row in found} == {"expense"}


@pytest.mark.parametrize("query", ["", "?ordering=amount", "?ordering=-created_at", "?category=Dining", "?tag=food"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_json_lines_are_the_bodies_of_the_list_however_many_are_read_at_a_time(ana, query, size, monkeypatch):
    record_odd_ledger(ana)
    monkeypatch.setattr(rows, "CHUNK", size)
    lines = content(ana, f"transactions.jsonl{query}").splitlines()
    assert [json.loads(line) for line in lines] == ana.get(f"transactions/{query}").json()["results"]
    listed = [row["id"] for row in ana.get(f"transactions/{query}").json()["results"] if not row["is_split"]]
    assert [int(row["id"]) for row in read_csv(content(ana, f"transactions.csv{query}"))] == listed


@pytest.mark.parametrize("file", [*FILES, "expenses.csv"])
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("kind=gift", [("kind", "invalid_choice")]),
        ("start=2026-11-02&end=2026-11-01", [("end", "ends_before_start")]),
        ("category=Nowhere", [("category", "does_not_exist")]),
        ("account=Nowhere", [("account", "does_not_exist")]),
        ("page=2", [("page", "unknown")]),
        ("format=pdf", [("format", "unknown")]),
    ],
)
def test_wrong_filters_are_the_errors_of_the_list(ana, file, query, errors):
    answer = ana.get(f"export/{file}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == errors


def test_excel_is_true_or_false(ana):
    answer = ana.get("export/transactions.csv?excel=perhaps")
    assert answer.json()["errors"] == [{"attr": "excel", "code": "invalid", "detail": "Give true or false."}]


@pytest.mark.parametrize("file", FILES)
def test_a_file_has_a_name_and_a_type_and_no_row_of_a_stranger(ana, ben, file):
    record(ana, "expenses/", amount="1.00", description="SECRET", date="2026-11-02")
    answer = ben.get(f"export/{file}")
    extension = file.partition(".")[2]
    today = ben.user.today()
    assert answer["Content-Disposition"] == f'attachment; filename="transactions-{today}.{extension}"'
    assert answer["Content-Type"] == TYPES[extension]
    assert b"SECRET" not in b"".join(answer.streaming_content)
    any_file = ben.get(f"export/{file}", HTTP_ACCEPT="application/octet-stream")
    assert any_file["Content-Type"] == "application/octet-stream"
    any_file.close()


def test_who_is_not_signed_in_gets_no_file(anyone):
    assert anyone.get("export/transactions.csv").status_code == 401


def test_a_viewer_may_export_and_an_admin_reads_another_ledger_only_where_the_server_says_so(ana, ben, join_ledger_of):
    record(ana, "expenses/", amount="1.00", description="Shared", date="2026-11-02")
    viewer = join_ledger_of(ana, "vera", "viewer")
    assert b"Shared" in content(viewer, "transactions.csv")
    assert ben.get("export/transactions.csv?as_user=ana").status_code == 403


def test_head_answers_with_the_headers_alone(ana):
    answer = ana.client.head("/api/v1/export/transactions.csv")
    assert (answer.status_code, b"".join(answer)) == (200, b"")


def test_exports_are_limited_within_an_hour(ana, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "export", "1/hour")
    ana.get("export/transactions.csv").close()
    answer = ana.get("export/transactions.jsonl")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 3000


def test_the_number_of_queries_does_not_depend_on_the_rows_of_a_stretch(ana):
    numbers = []
    for n_rows in (1, 2, 20):
        for _ in range(n_rows):
            record(ana, "expenses/", amount="1.00", description="Row", date="2026-11-02", tags=["a"])
        with CaptureQueriesContext(connection) as queries:
            content(ana, "transactions.csv")
        numbers.append(len(queries))
    assert numbers[1] == numbers[2]

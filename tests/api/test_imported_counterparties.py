"""The other side's account number and the merchant's category code, from a statement to its transactions."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Transaction

pytestmark = pytest.mark.usefixtures("silent_chain")

BEFORE = """\
Datum;Naam;Omschrijving;Bedrag
2026-03-02;Cafe Luna;Koffie;-4,50
2026-03-03;J. Jansen;Huur maart;-900,00
2026-03-04;Bakker;Brood;-3,20
"""
HEADER, *LINES = BEFORE.splitlines()
OWN = "NL91ABNA0417164300"
BESIDE = [(OWN, "", "5812"), (OWN, "NL69 INGB 0123 4567 89", ""), (OWN, "NL00INGB0123456789", "5461")]
AFTER = "\n".join(
    [f"{HEADER};Rekening;Tegenrekening;MCC"]
    + [";".join((line, *cells)) for line, cells in zip(LINES, BESIDE, strict=True)]
)
KEPT = [("", "5812"), ("NL69INGB0123456789", ""), ("", "5461")]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def upload(api, text, **fields):
    api.post("accounts/", {"name": "Giro", "currency": "EUR"})
    file = SimpleUploadedFile("statement.csv", text.encode())
    answer = api.post("imports/", {"file": file, "account": "Giro", **fields}, format="multipart")
    assert answer.status_code == 201, answer.content
    return answer.json()


def pairs(rows):
    return [(row["iban"], row["mcc"]) for row in rows]


def test_they_are_shown_before_the_commit_and_kept_by_it(ana):
    statement = upload(ana, AFTER)
    assert (statement["profile"]["iban"], statement["profile"]["mcc"]) == (["Tegenrekening"], "MCC")
    assert pairs(ana.get(f"imports/{statement['id']}/rows/").json()["results"]) == KEPT
    upload(ana, AFTER, commit="true")
    rows = ana.get("transactions/?ordering=id").json()["results"]
    assert pairs(rows) == KEPT
    assert [(row["review"], row["is_excluded_from_budget"]) for row in rows] == [(None, False)] * 3
    assert set(Transaction.objects.values_list("run__kind")) == {("import",)}
    assert [row.held for row in Transaction.objects.all()] == [[], [], []]


def test_a_statement_without_them_is_the_same_statement(ana):
    upload(ana, BEFORE, commit="true")
    assert pairs(ana.get("transactions/").json()["results"]) == [("", "")] * 3
    again = upload(ana, AFTER)
    assert (again["n_new"], again["n_duplicates"]) == (0, 3)


def test_a_correction_names_other_columns(ana):
    statement = upload(ana, AFTER)
    columns = {"profile": {"iban": "Rekening", "mcc": None}}
    assert ana.patch(f"imports/{statement['id']}/", columns).status_code == 200
    assert pairs(ana.get(f"imports/{statement['id']}/rows/").json()["results"]) == [(OWN, "")] * 3
    wrong = ana.patch(f"imports/{statement['id']}/", {"profile": {"mcc": "MCD"}}).json()["errors"]
    assert [(error["attr"], error["code"]) for error in wrong] == [("profile.mcc", "unknown_column")]

"""The bank's own id recognizes a row of a statement before its text does."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.fingerprints import find_known, fingerprint_with_id, is_bank_id
from expenses.models import Transaction

HEAD = "Date,Description,Amount,Transaction ID\n"
MARCH = HEAD + (
    "2026-03-02,CARD 4711 CAFE LUNA,-3.20,TX-900017\n"
    "2026-03-02,CARD 4711 CAFE LUNA,-3.20,TX-900018\n"
    "2026-03-14,SALARY MARCH,2500.00,TX-900301\n"
    "2026-03-30,RENT APRIL,-900.00,TX-900555\n"
)


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    use_chain()


@pytest.fixture
def giro(ana):
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR"}).json()["id"]


def record(api, text, account="Giro"):
    """Import a file at once. Return how many rows were new and how many were duplicates."""
    file = SimpleUploadedFile("statement.csv", text.encode())
    answer = api.post("imports/", {"file": file, "account": account, "commit": "true"}, format="multipart")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["status"] == "committed", body
    return body["n_new"], body["n_duplicates"]


def test_a_row_whose_text_the_bank_changed_is_still_one_row(ana, giro):
    assert record(ana, MARCH) == (4, 0)
    renamed = MARCH.replace("CARD 4711 CAFE LUNA", "Cafe Luna Berlin").replace("SALARY MARCH", "Salary 03/2026")
    assert record(ana, renamed) == (0, 4)
    assert Transaction.objects.count() == 4


def test_rows_are_shown_as_duplicates_before_they_are_recorded(ana, giro):
    record(ana, MARCH)
    file = SimpleUploadedFile("again.csv", MARCH.replace("RENT APRIL", "Rent of April").encode())
    upload = ana.post("imports/", {"file": file, "account": "Giro"}, format="multipart").json()
    assert (upload["n_new"], upload["n_duplicates"]) == (0, 4)
    rows = ana.get(f"imports/{upload['id']}/rows/").json()["results"]
    there = list(Transaction.objects.order_by("pk").values_list("pk", flat=True))
    assert [row["duplicate_of"] for row in rows] == there


def test_the_same_id_with_another_amount_is_another_row(ana, giro):
    record(ana, MARCH)
    assert record(ana, HEAD + "2026-03-14,SALARY MARCH,2600.00,TX-900301\n2026-03-15,X,-1.00,TX-900302\n") == (2, 0)


def test_the_same_id_on_another_day_is_another_row(ana, giro):
    """References such as those of a contract come again every month."""
    rent = HEAD + "2026-{0}-01,RENT,-900.00,CONTRACT-77\n2026-{0}-02,POWER,-80.00,CONTRACT-91\n"
    for month in ("01", "02", "03"):
        assert record(ana, rent.format(month)) == (2, 0)
        assert record(ana, rent.format(month)) == (0, 2)


@pytest.mark.parametrize("nothing", ["0000000", "NONREF", "Not Provided", "n/a", "000-000"])
def test_an_id_that_says_nothing_is_no_id(nothing):
    assert not is_bank_id(nothing)


@pytest.mark.parametrize("number", ["TX-900017", "0000001", "A", "2026/12"])
def test_an_id_that_says_something_is_one(number):
    assert is_bank_id(number)


def test_an_id_is_of_its_account(ana, giro):
    ana.post("accounts/", {"name": "Card", "currency": "EUR"})
    assert record(ana, MARCH) == (4, 0)
    assert record(ana, MARCH, account="Card") == (4, 0)


def test_rows_recorded_before_ids_were_compared_are_recognized(ana, giro):
    record(ana, MARCH)
    for row in Transaction.objects.all():
        text = f"{row.raw_description}".casefold()
        signed = row.amount if row.direction == "in" else -row.amount
        number = MARCH.splitlines()[row.pk - Transaction.objects.earliest("pk").pk + 1].split(",")[-1]
        digest = hashlib.sha256("\x1f".join(map(str, (row.date, signed.normalize(), "EUR", number, text, 0))).encode())
        Transaction.objects.filter(pk=row.pk).update(fingerprint=digest.hexdigest()[:32])
    assert record(ana, MARCH) == (0, 4)


def test_two_payments_of_one_batch_stay_two(ana, giro):
    """Some banks give all payments of a batch one id. The statement of the first day may know the first alone."""
    head = "Date,Description,Amount,FITID\n"
    first = head + "2026-03-02,Anna,-10.00,BATCH-1\n2026-03-01,Cafe,-3.00,TX-7\n"
    record(ana, first)
    assert Transaction.objects.count() == 2
    fingerprint = Transaction.objects.get(raw_description="Anna").fingerprint
    ben = fingerprint_with_id(
        "b" * 32, bank_id="BATCH-1", day=date(2026, 3, 2), amount=Decimal("-10.00"), currency="EUR"
    )
    assert find_known([ben, fingerprint], {fingerprint: 1}) == {fingerprint: 1}
    assert find_known([ben], {fingerprint: 1}) == {ben: 1}


def ofx_of(*rows):
    """An OFX file of rows of day, text, amount and FITID."""
    listed = "".join(
        f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{number}<NAME>{text}</STMTTRN>\n"
        for day, text, amount, number in rows
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR\n"
        f"<BANKTRANLIST>{listed}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )


@pytest.mark.parametrize(("first", "last"), [("Anna", "Ben"), ("Ben", "Anna")])
def test_two_payments_of_one_batch_stay_two_in_different_chunks(ana, giro, monkeypatch, first, last):
    anna = ("20260302", "Anna", "-10.00", "BATCH-1")
    assert record(ana, ofx_of(anna)) == (1, 0)
    monkeypatch.setattr("statements.services.imports.CHUNK", 1)
    batch = [("20260302", text, "-10.00", "BATCH-1") for text in (first, last)]
    assert record(ana, ofx_of(batch[0], ("20260303", "Kiosk", "-1.00", "TX-8"), batch[1])) == (2, 1)
    texts = sorted(Transaction.objects.values_list("raw_description", flat=True))
    assert texts == ["Anna", "Ben", "Kiosk"]


DIGESTS = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(
    rows=st.lists(st.tuples(st.sampled_from(["A1", "B2"]), st.integers(1, 3), DIGESTS), max_size=12),
    there=st.lists(st.tuples(st.sampled_from(["A1", "B2"]), st.integers(1, 3), DIGESTS), max_size=12),
)
def test_no_row_stands_for_two_and_equal_ones_are_always_found(rows, there):
    def printed(row):
        number, day, digest = row
        return fingerprint_with_id(digest, bank_id=number, day=date(2026, 3, day), amount=Decimal(5), currency="EUR")

    wanted = {printed(row) for row in rows}
    known = {printed(row): pk for pk, row in enumerate(there)}
    found = find_known(sorted(wanted), known)
    assert len(set(found.values())) == len(found)
    assert {one: known[one] for one in wanted & known.keys()}.items() <= found.items()
    assert all(one[:16] in {other[:16] for other in known} for one in found)

"""Rows that may have been recorded twice are offered; a merge keeps what the user wrote and can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from expenses.models import Duplicate, StatementTrace, Transaction
from expenses.services.deletion import purge_deleted
from tests.api.bodies import assert_problem
from tests.api.statement_files import comma_file, ledger_of, semicolon_file, upload
from tests.conftest import Api, make_user

MARCH = [
    ("2026-03-02", "CARD 4711 CAFE LUNA BERLIN", "-3.20"),
    ("2026-03-03", "CARD 4711 REWE MARKT", "-45.50"),
    ("2026-03-14", "SALARY MUSTER AG", "2500.00"),
]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path, use_chain):
    settings.MEDIA_ROOT = tmp_path
    use_chain()


@pytest.fixture
def giro(ana):
    return ana.post("accounts/", {"name": "Giro", "currency": "EUR"}).json()["id"]


def by_hand(api, description="Cafe Luna", amount="3.20", date="2026-03-01", **fields):
    """Record an expense in the account Giro. Return its id."""
    body = {"amount": amount, "description": description, "date": date, "account": "Giro"} | fields
    answer = api.post("expenses/", body)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def offers(api, **query: Any):
    answer = api.get("duplicates/", query)
    assert answer.status_code == 200
    return answer.json()["results"]


def pairs(api):
    return sorted((one["older"]["id"], one["newer"]["id"]) for one in offers(api))


def everything(api):
    """What the API shows of transactions, without stamps."""
    rows = api.get("transactions/?page_size=500&ordering=id").json()["results"]
    return [{name: row[name] for name in row if name not in {"version", "updated_at"}} for row in rows]


def test_a_row_by_hand_is_offered_as_a_duplicate_of_the_statements_row(ana, giro):
    coffee = by_hand(ana)
    body = upload(ana, comma_file(MARCH))
    assert (body["n_new"], body["n_duplicates"], body["n_possible_duplicates"]) == (3, 0, 1)
    (offer,) = offers(ana)
    newer = Transaction.objects.get(raw_description="CARD 4711 CAFE LUNA BERLIN").pk
    assert offer.pop("created_at")
    account = {"account": giro, "account_name": "Giro"}
    assert offer == {
        "id": offer["id"],
        "status": "open",
        "older": {
            "id": coffee, "date": "2026-03-01", "direction": "out", "amount": "3.20", "currency": "EUR",
            "description": "Cafe Luna", "merchant": "", **account, "is_by_hand": True,
        },
        "newer": {
            "id": newer, "date": "2026-03-02", "direction": "out", "amount": "3.20", "currency": "EUR",
            "description": "CARD 4711 CAFE LUNA BERLIN", "merchant": "", **account, "is_by_hand": False,
        },
        "days_apart": 1,
        "likeness": 1.0,
        "reasons": [{"code": "similar_text", "detail": "Their texts are alike."}],
        "kept": None,
        "run": None,
        "version": offer["version"],
    }  # fmt: skip
    assert ana.get(f"duplicates/{offer['id']}/").json()["older"]["id"] == coffee
    assert Transaction.objects.count() == 4


def test_a_preview_names_the_possible_duplicate(ana, giro):
    coffee = by_hand(ana)
    body = upload(ana, comma_file(MARCH), commit=False)
    assert (body["n_new"], body["n_possible_duplicates"]) == (3, 1)
    rows = ana.get(f"imports/{body['id']}/rows/").json()["results"]
    assert [(row["status"], row["possible_duplicate_of"]) for row in rows] == [
        ("new", coffee),
        ("new", None),
        ("new", None),
    ]
    assert offers(ana) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "3.21"},
        {"date": "2026-02-26"},
        {"description": "Pharmacy at the station"},
        {"account": "Purse"},
        {"currency": "USD", "account": None},
    ],
)
def test_another_amount_day_text_account_or_currency_is_another_movement(ana, giro, fields):
    ana.post("accounts/", {"name": "Purse", "currency": "EUR"})
    by_hand(ana, **fields)
    body = upload(ana, comma_file(MARCH))
    assert (body["n_possible_duplicates"], offers(ana)) == (0, [])


def test_money_in_is_no_duplicate_of_money_out(ana, giro):
    ana.post("incomes/", {"amount": "3.20", "description": "Cafe Luna", "date": "2026-03-02", "account": "Giro"})
    assert upload(ana, comma_file(MARCH))["n_possible_duplicates"] == 0


def test_a_row_by_hand_without_an_account_is_offered_too(ana, giro):
    coffee = by_hand(ana, account=None)
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    assert (offer["older"]["id"], offer["older"]["account"]) == (coffee, None)
    merged = ana.post(f"duplicates/{offer['id']}/merge/").json()
    assert merged["kept"] == coffee
    assert ana.get(f"transactions/{coffee}/").json()["account_name"] == "Giro"


def test_a_word_of_ones_own_is_recognized_by_its_category(ana, giro, use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    condition = {"field": "raw_description", "op": "contains", "value": "rewe"}
    actions = [{"type": "set_category", "value": "Groceries"}]
    ana.post("rules/", {"name": "Food", "conditions": [condition], "actions": actions})
    by_hand(ana, "Weekly shopping", "45.50", "2026-03-03", category="Groceries")
    by_hand(ana, "Lottery", "2500.00", "2026-03-14", category="Groceries")
    body = upload(ana, comma_file(MARCH), commit=False)
    assert body["n_possible_duplicates"] == 1
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    assert (offer["older"]["description"], offer["likeness"] < 0.6) == ("Weekly shopping", True)
    detail = "They have the same category, and the older one was recorded by hand."
    assert offer["reasons"] == [{"code": "same_category", "detail": detail}]


def test_two_coffees_by_hand_and_two_in_the_statement_match_one_to_one(ana, giro):
    mine = [by_hand(ana), by_hand(ana)]
    upload(ana, comma_file([MARCH[0], MARCH[0]]))
    theirs = list(Transaction.objects.exclude(run=None).order_by("pk").values_list("pk", flat=True))
    assert pairs(ana) == [(mine[0], theirs[0]), (mine[1], theirs[1])]


def test_one_coffee_by_hand_is_offered_once_for_two_in_the_statement(ana, giro):
    by_hand(ana)
    assert upload(ana, comma_file([MARCH[0], MARCH[0]]))["n_possible_duplicates"] == 1


def test_within_one_file_nothing_is_offered(ana, giro):
    upload(ana, comma_file([MARCH[0], ("2026-03-03", "CAFE LUNA", "-3.20")]))
    assert offers(ana) == []


def test_the_next_statement_of_the_same_form_is_not_offered(ana, giro):
    upload(ana, comma_file(MARCH[:1]))
    body = upload(ana, comma_file([("2026-03-04", "CARD 4711 CAFE LUNA BERLIN", "-3.20")]))
    assert (body["n_new"], offers(ana)) == (1, [])


def test_the_same_month_in_another_form_is_offered_row_by_row(ana, giro):
    other_form = semicolon_file([(day, f"Kartenzahlung {text}", amount) for day, text, amount in MARCH])
    upload(ana, comma_file(MARCH))
    body = upload(ana, other_form)
    assert (body["n_new"], body["n_duplicates"], body["n_possible_duplicates"]) == (3, 0, 3)
    ids = list(Transaction.objects.order_by("pk").values_list("pk", flat=True))
    assert pairs(ana) == list(zip(ids[:3], ids[3:], strict=True))
    for offer in offers(ana):
        assert ana.post(f"duplicates/{offer['id']}/merge/").status_code == 200
    assert len(ledger_of(ana)) == 3
    for text in (comma_file(MARCH), other_form):  # both forms are known from now on
        again = upload(ana, text)
        assert (again["n_new"], again["n_duplicates"], again["n_possible_duplicates"]) == (0, 3, 0)
    assert len(ledger_of(ana)) == 3


def test_the_same_form_read_in_another_way_is_offered(ana, giro):
    """An id that stands twice in a file is no id, so its column is a text there."""
    numbered = [f"{day},{text},{amount},TX-90{i}" for i, (day, text, amount) in enumerate(MARCH)]
    first = "\n".join(["Date,Description,Amount,Reference", *numbered, ""])
    there = {row["id"] for row in upload(ana, first) and everything(ana)}
    body = upload(ana, first + "2026-03-20,KIOSK,-1.00,TX-900\n")
    assert (body["n_new"], body["n_duplicates"], body["n_possible_duplicates"]) == (4, 0, 3)
    assert {one["older"]["id"] for one in offers(ana)} == there


def test_equal_rows_of_another_form_are_recognized_at_once(ana, giro):
    upload(ana, comma_file(MARCH))
    body = upload(ana, semicolon_file(MARCH))
    assert (body["n_new"], body["n_duplicates"], body["n_possible_duplicates"]) == (0, 3, 0)


def test_a_merge_keeps_what_the_user_wrote_and_takes_day_and_text_of_the_bank(ana, giro):
    coffee = by_hand(ana, category="Dining", notes="with Jo", tags=["berlin"])
    receipt = SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 a receipt")
    ana.post(f"transactions/{coffee}/attachments/", {"file": receipt}, format="multipart")
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    answer = ana.post(f"duplicates/{offer['id']}/merge/")
    assert answer.status_code == 200
    merged = answer.json()
    assert (merged["status"], merged["kept"]) == ("merged", coffee)
    row = ana.get(f"transactions/{coffee}/").json()
    wanted = {
        "date": "2026-03-02",
        "amount": "3.20",
        "description": "Cafe Luna",
        "raw_description": "CARD 4711 CAFE LUNA BERLIN",
        "category_name": "Dining",
        "notes": "with Jo",
        "tags": ["berlin"],
        "account": giro,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert ana.get(f"transactions/{coffee}/attachments/").json()["count"] == 1
    assert ana.get(f"transactions/{offer['newer']['id']}/").status_code == 404
    event = ana.get(f"transactions/{coffee}/history/").json()["results"][0]
    assert (event["source"], event["run"], event["username"]) == ("merge", merged["run"], "ana")
    assert [change["field"] for change in event["fields"]] == ["raw_description", "date"]
    assert offers(ana) == []
    assert [one["id"] for one in offers(ana, status="merged")] == [offer["id"]]


def test_a_merged_row_does_not_come_again(ana, giro):
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    ana.post(f"duplicates/{offers(ana)[0]['id']}/merge/")
    again = upload(ana, comma_file(MARCH))
    assert (again["n_new"], again["n_duplicates"], again["n_possible_duplicates"]) == (0, 3, 0)
    Transaction.everything.exclude(deleted_at=None).delete()  # as the bin does after 30 days
    assert upload(ana, comma_file(MARCH))["n_new"] == 0
    assert len(ledger_of(ana)) == 3


def test_a_merge_can_be_taken_back(ana, giro):
    by_hand(ana, category="Dining", tags=["berlin"])
    upload(ana, comma_file(MARCH))
    before, (offer,) = everything(ana), offers(ana)
    bank = offer["newer"]["id"]
    ana.patch(f"transactions/{bank}/", {"notes": "two cups", "tags": ["work"]})
    receipt = SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 a receipt")
    ana.post(f"transactions/{bank}/attachments/", {"file": receipt}, format="multipart")
    before = everything(ana)
    texts = list(Transaction.objects.order_by("pk").values_list("match_text", "search_text"))
    merged = ana.post(f"duplicates/{offer['id']}/merge/").json()
    kept = ana.get(f"transactions/{merged['kept']}/").json()
    assert (kept["notes"], kept["tags"]) == ("two cups", ["berlin", "work"])
    assert ana.get(f"transactions/{merged['kept']}/attachments/").json()["count"] == 1
    reverted = ana.post(f"runs/{merged['run']}/revert/").json()
    assert (reverted["status"], reverted["kept"]) == ("reverted", [])
    assert everything(ana) == before
    assert list(Transaction.objects.order_by("pk").values_list("match_text", "search_text")) == texts
    assert ana.get(f"transactions/{bank}/attachments/").json()["count"] == 1
    assert not StatementTrace.objects.exists()
    (again,) = offers(ana)
    assert (again["id"], again["status"], again["run"], again["kept"]) == (offer["id"], "open", None, None)
    assert ana.post(f"duplicates/{offer['id']}/merge/").status_code == 200
    assert upload(ana, comma_file(MARCH))["n_new"] == 0


def test_a_split_row_by_hand_stays_split(ana, giro):
    shopping = by_hand(ana, "Rewe", "45.50", "2026-03-02")
    parts = [{"amount": "40", "category": "Groceries"}, {"amount": "5.50", "category": "Pets"}]
    assert ana.put(f"transactions/{shopping}/split/", {"parts": parts}).status_code == 200
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    merged = ana.post(f"duplicates/{offer['id']}/merge/").json()
    assert merged["kept"] == shopping
    split = ana.get(f"transactions/{shopping}/split/").json()
    assert [part["date"] for part in split["parts"]] == ["2026-03-03", "2026-03-03"]
    assert ana.post(f"runs/{merged['run']}/revert/").json()["kept"] == []
    split = ana.get(f"transactions/{shopping}/split/").json()
    assert [part["date"] for part in split["parts"]] == ["2026-03-02", "2026-03-02"]


def test_a_transfer_by_hand_stays_one(ana, giro):
    ana.post("accounts/", {"name": "Savings", "currency": "EUR"})
    body = {"from_account": "Giro", "to_account": "Savings", "amount": "250", "date": "2026-03-05",
            "description": "To savings"}  # fmt: skip
    transfer = ana.post("transfers/", body).json()
    upload(ana, comma_file([("2026-03-06", "TO SAVINGS", "-250.00")]))
    (offer,) = offers(ana)
    merged = ana.post(f"duplicates/{offer['id']}/merge/").json()
    assert merged["kept"] == transfer["outgoing"]["id"]
    assert ana.get(f"transfers/{transfer['id']}/").json()["outgoing"]["date"] == "2026-03-06"


def test_the_half_of_another_transfer_is_not_merged_away(ana, giro):
    ana.post("accounts/", {"name": "Savings", "currency": "EUR"})
    mine = by_hand(ana, "To savings", "250", "2026-03-05", category="Pets")
    upload(ana, comma_file([("2026-03-06", "TO SAVINGS", "-250.00")]))
    (offer,) = offers(ana)
    parts = [{"amount": "200", "category": "Groceries"}, {"amount": "50", "category": "Pets"}]
    ana.put(f"transactions/{mine}/split/", {"parts": parts})
    ana.post("transactions/", {"direction": "in", "amount": "250", "description": "From Ana", "date": "2026-03-06",
                               "account": "Savings"})  # fmt: skip
    transfer = ana.get("transfers/").json()["results"][0]
    assert transfer["outgoing"]["id"] == offer["newer"]["id"]
    detail = (
        f"Transaction {offer['newer']['id']} is half of transfer {transfer['id']}; "
        "reject or delete that transfer first, then merge."
    )
    answer = ana.post(f"duplicates/{offer['id']}/merge/")
    assert_problem(answer, 409, (None, "paired"))
    assert answer.json()["detail"] == detail


def test_a_dismissed_pair_is_never_offered_again(ana, giro):
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    answer = ana.post(f"duplicates/{offer['id']}/dismiss/")
    assert (answer.status_code, answer.json()["status"]) == (200, "dismissed")
    assert offers(ana) == []
    assert [one["id"] for one in offers(ana, status="dismissed")] == [offer["id"]]
    assert upload(ana, comma_file(MARCH))["n_possible_duplicates"] == 0
    assert offers(ana) == []


def test_what_is_settled_stays_settled(ana, giro):
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    number = offers(ana)[0]["id"]
    run = ana.post(f"duplicates/{number}/merge/").json()["run"]
    for action in ("merge", "dismiss"):
        answer = ana.post(f"duplicates/{number}/{action}/")
        assert_problem(answer, 409, (None, "merged"))
        assert answer.json()["detail"] == (f"These two are merged already; to take that back, POST runs/{run}/revert/.")
    ana.post(f"runs/{run}/revert/")
    ana.post(f"duplicates/{number}/dismiss/")
    answer = ana.post(f"duplicates/{number}/merge/")
    assert_problem(answer, 409, (None, "dismissed"))
    assert answer.json()["detail"] == "This pair was dismissed; delete one of the two transactions instead."


def test_an_offer_goes_when_one_of_its_rows_is_deleted(ana, giro):
    coffee = by_hand(ana)
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    ana.delete(f"transactions/{coffee}/")
    assert offers(ana) == []
    answer = ana.post(f"duplicates/{offer['id']}/merge/")
    assert_problem(answer, 409, (None, "gone"))
    assert answer.json()["detail"] == f"Transaction {coffee} was deleted meanwhile; nothing is left to merge."
    ana.post(f"transactions/{coffee}/restore/")
    assert [one["id"] for one in offers(ana)] == [offer["id"]]


def test_reverting_the_import_takes_its_offers_away(ana, giro):
    by_hand(ana)
    before = everything(ana)
    run = upload(ana, comma_file(MARCH))["run"]
    number = offers(ana)[0]["id"]
    ana.post(f"runs/{run}/revert/")
    assert (everything(ana), offers(ana), Duplicate.objects.count()) == (before, [], 0)
    assert ana.get(f"duplicates/{number}/").status_code == 404


def test_reverting_the_import_reverts_its_merges_before(ana, giro):
    coffee = by_hand(ana)
    before, listed = everything(ana), ledger_of(ana)
    run = upload(ana, comma_file(MARCH))["run"]
    number = offers(ana)[0]["id"]
    merge = ana.post(f"duplicates/{number}/merge/").json()["run"]
    answer = ana.post(f"runs/{run}/revert/").json()
    assert (answer["status"], answer["counts"]["removed"], answer["kept"]) == ("reverted", len(MARCH), [])
    assert (everything(ana), ledger_of(ana), Duplicate.objects.count()) == (before, listed, 0)
    assert ana.get(f"runs/{merge}/").json()["status"] == "reverted"
    assert_problem(ana.post(f"runs/{merge}/revert/"), 409, (None, "already_reverted"))
    assert ana.get(f"transactions/{coffee}/").json()["account"] == giro
    assert upload(ana, comma_file(MARCH))["n_new"] == len(MARCH)


def test_a_later_merge_of_the_same_row_is_reverted_with_the_import_and_offered_again(ana, giro):
    coffee = by_hand(ana)
    first = upload(ana, comma_file([("2026-03-02", "CARD CAFE LUNA BERLIN", "-3.20")]))["run"]
    ana.post(f"duplicates/{offers(ana)[0]['id']}/merge/")
    upload(ana, semicolon_file([("2026-03-03", "PAYMENT CAFE LUNA", "-3.20")]))
    (offer,) = offers(ana)
    later = ana.post(f"duplicates/{offer['id']}/merge/").json()["run"]
    assert len(ledger_of(ana)) == 1
    assert ana.post(f"runs/{first}/revert/").json()["kept"] == []
    assert ana.get(f"runs/{later}/").json()["status"] == "reverted"
    assert ledger_of(ana) == [("2026-03-01", "Cafe Luna", "-3.20"), ("2026-03-03", "PAYMENT CAFE LUNA", "-3.20")]
    assert [one["id"] for one in offers(ana)] == [offer["id"]]
    assert ana.get(f"transactions/{coffee}/").json()["raw_description"] == "Cafe Luna"


def test_a_merge_is_reverted_with_the_import_when_the_other_row_is_purged(ana, giro):
    by_hand(ana)
    listed = ledger_of(ana)
    run = upload(ana, comma_file(MARCH))["run"]
    ana.post(f"duplicates/{offers(ana)[0]['id']}/merge/")
    purge_deleted(before=timezone.now())
    assert ana.post(f"runs/{run}/revert/").json()["kept"] == []
    assert ledger_of(ana) == listed


def test_a_row_of_the_import_that_was_deleted_is_said_to_be_in_the_bin(ana, giro):
    run = upload(ana, comma_file(MARCH))["run"]
    deleted = ana.get("transactions/").json()["results"][0]["id"]
    ana.delete(f"transactions/{deleted}/")
    answer = ana.post(f"runs/{run}/revert/").json()
    assert answer["kept"] == [{"transaction": deleted, "reason": "It was deleted since, and stays in the bin."}]
    assert ledger_of(ana) == []


def test_a_stranger_finds_no_offer(ana, ben, giro):
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    number = offers(ana)[0]["id"]
    assert offers(ben) == []
    assert ben.get(f"duplicates/{number}/").status_code == 404
    assert ben.post(f"duplicates/{number}/merge/").status_code == 404
    assert ben.post(f"duplicates/{number}/dismiss/").status_code == 404


def test_another_member_may_merge_and_a_viewer_may_not(ana, giro, join_ledger_of):
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    number = offers(ana)[0]["id"]
    viewer, editor = join_ledger_of(ana, "vic", "viewer"), join_ledger_of(ana, "eva", "editor")
    assert [one["id"] for one in offers(viewer)] == [number]
    assert viewer.post(f"duplicates/{number}/merge/").status_code == 403
    assert editor.post(f"duplicates/{number}/merge/").json()["status"] == "merged"


def test_a_merge_of_an_older_state_is_refused(ana, giro):
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    number = offers(ana)[0]["id"]
    answer = ana.post(f"duplicates/{number}/merge/", HTTP_IF_MATCH=f'"{number}-1"')
    assert answer.status_code == 412


def test_a_status_that_is_none_is_refused(ana):
    assert_problem(ana.get("duplicates/?status=closed"), 400, ("status", "invalid_choice"))


def test_of_two_merges_at_once_one_is_done(settings, tmp_path, real_database):
    settings.MEDIA_ROOT = tmp_path
    ana = Api(make_user("ana"))
    ana.post("accounts/", {"name": "Giro", "currency": "EUR"})
    by_hand(ana)
    upload(ana, comma_file(MARCH))
    number = offers(ana)[0]["id"]
    start = Barrier(4)

    def merge(_: int) -> tuple[int, str | None]:
        api = Api(ana.user)
        start.wait()
        try:
            answer = api.client.post(f"/api/v1/duplicates/{number}/merge/")
            return answer.status_code, answer.json().get("errors", [{}])[0].get("code")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(merge, range(4)), key=str)
    assert answers == [(200, None), (409, "merged"), (409, "merged"), (409, "merged")]
    assert (len(ledger_of(ana)), StatementTrace.objects.count()) == (3, 1)


@pytest.mark.parametrize(
    "change",
    [{"currency": "USD"}, {"direction": "in"}, {"account": "Card"}],
    ids=["currency", "direction", "account"],
)
def test_rows_that_differ_by_now_are_not_merged(ana, giro, change):
    ana.post("accounts/", {"name": "Card", "currency": "EUR"})
    mine = by_hand(ana)
    upload(ana, comma_file(MARCH))
    (offer,) = offers(ana)
    assert ana.patch(f"transactions/{mine}/", change).status_code == 200
    before = everything(ana)
    refused = ana.post(f"duplicates/{offer['id']}/merge/")
    assert_problem(refused, 409, (None, "changed"))
    (name,) = change
    detail = f"The {name} of the two differs by now. Correct one of them first, or dismiss the pair."
    assert refused.json()["detail"] == detail
    assert everything(ana) == before
    assert ana.post(f"duplicates/{offer['id']}/dismiss/").status_code == 200

"""Whoever leaves leaves nothing behind, and takes nothing of anybody else's along."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import GuessCount, Token, User
from accounts.queue import enqueue
from accounts.services.users import delete_account
from expenses.models import Ledger, ModelAnswer, Run, Transaction
from expenses.services.learning import learn
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.model_queue import note_misses
from expenses.services.runs import perform_run
from expenses.tasks import ask_model
from insights.models import Anomaly, Narrative
from insights.services.refreshing import refresh
from rules.tasks import look_at_corrections
from statements.models import Import
from tests import queued
from tests.api.bodies import assert_problem
from tests.api.model_calls import record_call
from tests.conftest import Api, make_user

PASSWORD = "blue-Tomato-99"
STATEMENT = b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n2026-11-14;Cafe Sol;-2;EUR\n"
RULE = {
    "name": "Cafes",
    "conditions": [{"field": "description", "op": "contains", "value": "cafe"}],
    "actions": [{"type": "set_category", "value": "Espresso"}],
}


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path, use_chain: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    use_chain({"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 1.0})


def everything(folder: Path) -> dict[str, list[str]]:
    """Every row of every table, every file and every queued task, as text."""
    found = {
        model._meta.label: sorted(map(str, model._base_manager.values()))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }
    return found | {"files": sorted(str(path) for path in folder.rglob("*")), "tasks": queued.everything()}


def send_file(api: Api, **fields: Any) -> Any:
    file = SimpleUploadedFile("one.csv", STATEMENT, "text/csv")
    answer = api.post("imports/", {"file": file, **fields}, format="multipart")
    assert answer.status_code == 201
    return answer.json()


def live(api: Api) -> None:
    """Make one of everything that the API makes, and of what is made behind it."""
    account = api.post("accounts/", {"name": "Checking", "currency": "EUR"}).json()["id"]
    espresso = {"name": "Espresso", "kind": "expense", "parent": "Dining"}
    category = api.post("categories/", espresso).json()["id"]
    assert api.patch(f"categories/{category}/", {"is_hidden": True}).status_code == 200
    assert api.put("categorization/kinds/shop=coffee/", {"category": "Dining"}).status_code == 200
    assert api.post("categorization/hints/", {"text": "IKEA food court is Dining"}).status_code == 201
    purse = api.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()["id"]
    transfer = {"from_account": account, "to_account": purse, "amount": "50", "description": "Cash"}
    assert api.post("transfers/", transfer).status_code == 201
    assert api.post("rules/", RULE).status_code == 201
    for name in ("Quillbox 1", "Quillbox 2", "Quillbox 3"):
        wrong = api.post("expenses/", {"amount": "5", "description": name}).json()["id"]
        assert api.patch(f"expenses/{wrong}/", {"category": "Espresso"}).status_code == 200
    look_at_corrections.func(Ledger.objects.get(founder=api.user).pk)
    row = {"amount": "5", "description": "Cafe", "account": account, "category": "Espresso", "tags": ["food", "out"]}
    number = api.post("expenses/", row | {"external_id": "one"}).json()["id"]
    assert api.post("rates/", {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.8"}).status_code == 201
    receipt = SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 a receipt")
    assert api.post(f"transactions/{number}/attachments/", {"file": receipt}, format="multipart").status_code == 201
    api.patch(f"expenses/{number}/", {"notes": "x", "tags": ["food"]}, HTTP_IDEMPOTENCY_KEY="one")
    api.delete(f"expenses/{api.post('expenses/', row).json()['id']}/")
    api.post("transactions/bulk/", {"transactions": [row | {"direction": "out"}]})
    income = api.post("incomes/", {"amount": "5", "description": "Jo"}).json()["id"]
    misfit = {"ids": [number, income], "set": {"category": "Travel"}}
    assert api.patch("transactions/bulk/", misfit).json()["counts"]["left_alone"] == 1
    many = [{"amount": "1", "description": f"Cafe {i}", "direction": "out"} for i in range(101)]
    api.post("transactions/bulk/", {"transactions": many})
    confirmed = [row | {"direction": "out", "category": name} for name in ("Espresso", "Travel") for _ in range(15)]
    api.post("transactions/bulk/", {"transactions": confirmed})
    perform_run(run_id=api.post("categorization/backtest/").json()["id"])
    later = api.patch("transactions/bulk/", {"filter": {"all": True}, "set": {"notes": "later"}})
    assert later.json()["status"] == "pending"
    record_call(api, rows=(number,))
    assert api.patch("privacy/", {"names": ["Quentin Quill"]}).status_code == 200
    upload = send_file(api, account=account)
    api.patch(f"imports/{upload['id']}/", {"save_as": "Bank"})
    api.post(f"imports/{upload['id']}/commit/", {})
    send_file(api, account=account, commit=True)
    offer_and_merge(api, account)
    api.post("auth/tokens/", {"name": "Phone"})
    Api(None).post("auth/login/", {"username": str(api.user), "password": "wrong"})
    Api(None).post("auth/login/", {"email": f"{api.user}@example.org", "password": "wrong"})
    ledger = Ledger.objects.get(founder=api.user)
    chosen = [{"amount": "1", "description": f"Zorx {i}", "category": ("Pets", "Travel")[i % 2]} for i in range(12)]
    api.post("transactions/bulk/", {"transactions": [row | {"direction": "out"} | fields for fields in chosen]})
    assert learn(ledger_id=ledger.pk) is not None
    subscribe(api, ledger.pk)
    said = {"link": "model", "digest": "d", "category_id": category, "confidence": 0.5, "answered_at": timezone.now()}
    ModelAnswer.objects.create(ledger=ledger, transaction_id=number, **said)
    note_misses(ledger_id=ledger.pk, missed={awaiting_row(api): "The model is away."}, asked=[])
    queued.committed(RESOLVE_PENDING.queue, ledger.pk)
    question = {"key": "k", "merchant": "", "description": "Cafe", "direction": "out", "kinds": []}
    for queue in settings.TASKS:
        ask_model.using(backend=queue).enqueue(ledger.pk, [question])


def offer_and_merge(api: Api, account: int) -> None:
    """Record two rows by hand and again by a statement. Merge one pair and leave the other."""
    for name in ("Bakery", "Florist"):
        row = {"amount": "77", "description": name, "date": "2026-11-20", "account": account}
        assert api.post("expenses/", row).status_code == 201
    text = b"Date;Payee;Amount;Currency\n2026-11-21;Bakery;-77;EUR\n2026-11-21;Florist;-77;EUR\n"
    body = {"file": SimpleUploadedFile("two.csv", text, "text/csv"), "account": account, "commit": True}
    assert api.post("imports/", body, format="multipart").json()["n_possible_duplicates"] == 2
    number = api.get("duplicates/").json()["results"][0]["id"]
    assert api.post(f"duplicates/{number}/merge/").status_code == 200


def awaiting_row(api: Api) -> int:
    """Make a row that awaits the model, and return its id."""
    number: int = api.post("expenses/", {"amount": "5", "description": "Qzwxv"}).json()["id"]
    Transaction.objects.filter(pk=number).update(awaits_model=True, review_status="pending")
    return number


def subscribe(api: Api, ledger_id: int) -> None:
    """Something that comes every month, and a word about it."""
    days = [dt.date.today() - dt.timedelta(30 * n + 1) for n in range(4)]  # noqa: DTZ011 - any day will do
    rows = [{"amount": "9", "description": "Streamflix", "date": str(day), "direction": "out"} for day in days]
    api.post("transactions/bulk/", {"transactions": rows})
    refresh(ledger_id=ledger_id, is_forced=True)
    one = api.get("insights/recurring/").json()["results"][0]["id"]
    assert api.put(f"insights/recurring/{one}/choice/", {"verdict": "confirmed"}).status_code == 200
    odd = {"kind": "unusual_week", "observed": 9, "expected": 1, "low": 1, "high": 1, "score": 4, "severity": 1}
    day = {"day": days[0], "week": days[0], "currency": "EUR", "method": "robust_level"}
    Anomaly.objects.create(ledger_id=ledger_id, key="unusual_week-all-2026-11-02", **odd, **day)
    path = "insights/anomalies/unusual_week-all-2026-11-02/feedback/"
    assert api.post(path, {"verdict": "normal"}).status_code == 200
    assert api.patch("insights/narrative/", {"hint": "short"}).status_code == 200
    assert api.post("insights/ask/", {"question": "How much did I spend today?"}).status_code == 200
    month = {"month": days[0].replace(day=1), "currency": "EUR", "locale": "en", "state": "writing"}
    narrative = Narrative.objects.create(ledger_id=ledger_id, digest="d", **month)
    queued.committed(
        enqueue, "insights.tasks.write_narrative", ledger_id, narrative.pk, Ledger.objects.get(pk=ledger_id).founder_id
    )


def test_nothing_is_left_of_whoever_leaves_and_everything_of_others(anyone, ben, tmp_path):
    live(ben)
    before = everything(tmp_path)
    assert len([label for label, rows in before.items() if rows]) > 15
    ana = Api(make_user("ana"))
    live(ana)
    during = everything(tmp_path)
    grown = {label for label in before if len(during[label]) > len(before[label])}
    assert {
        "expenses.Transaction",
        "statements.Import",
        "django_tasks_database.DBTaskResult",
        "files",
        "tasks",
    } <= grown
    answer = ana.delete("users/me/", {"password": PASSWORD})
    assert (answer.status_code, answer.content) == (204, b"")
    after = everything(tmp_path)
    # What is counted against an address is nobody's, and stays.
    assert len(during["accounts.GuessCount"]) == len(before["accounts.GuessCount"]) + 2
    assert len(after.pop("accounts.GuessCount")) == len(before.pop("accounts.GuessCount"))
    assert after == before
    assert_problem(ana.get("users/me/"), 401, (None, "authentication_failed"))
    assert anyone.post("auth/login/", {"username": "ana", "password": PASSWORD}).status_code == 400
    assert ben.get("expenses/").json()["count"] > 0


def test_every_table_that_hangs_on_a_person_was_filled(ben, tmp_path):
    """A new table that the test above does not fill would be believed to be emptied."""
    live(ben)
    empty = {label for label, rows in everything(tmp_path).items() if not rows}
    assert empty == {"accounts.User_groups", "accounts.User_user_permissions", "auth.Group_permissions"}


def test_the_name_and_address_are_free_again(ana, anyone):
    ana.delete("users/me/", {"password": PASSWORD})
    body = {"username": "ana", "email": "ana@example.org", "password": PASSWORD}
    assert anyone.post("auth/register/", body).status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "required"), ({"password": ""}, "blank"), ({"password": "wrong"}, "wrong_password"), (None, "required")],
)
def test_without_the_right_password_nobody_is_deleted(ana, body, code):
    assert_problem(ana.delete("users/me/", body), 400, ("password", code))
    assert ana.get("users/me/").status_code == 200


def test_a_wrong_password_counts_for_the_lock_out(ana, anyone, settings):
    settings.LOCKOUT_AFTER = 3
    for _ in range(3):
        ana.delete("users/me/", {"password": "wrong"})
    assert_problem(ana.delete("users/me/", {"password": PASSWORD}), 429, (None, "locked_out"))
    assert_problem(anyone.post("auth/login/", {"username": "ana", "password": PASSWORD}), 429, (None, "locked_out"))
    GuessCount.objects.all().delete()
    assert ana.delete("users/me/", {"password": PASSWORD}).status_code == 204


def test_no_key_makes_a_guess_uncounted_or_an_answer_outlive_its_owner(ana, settings):
    settings.LOCKOUT_AFTER = 2
    for number in range(2):
        ana.delete("users/me/", {"password": "wrong"}, HTTP_IDEMPOTENCY_KEY=str(number))
    answer = ana.delete("users/me/", {"password": PASSWORD}, HTTP_IDEMPOTENCY_KEY="2")
    assert_problem(answer, 429, (None, "locked_out"))
    GuessCount.objects.all().delete()
    assert ana.delete("users/me/", {"password": PASSWORD}, HTTP_IDEMPOTENCY_KEY="2").status_code == 204
    assert_problem(ana.delete("users/me/", HTTP_IDEMPOTENCY_KEY="2"), 401, (None, "authentication_failed"))


def test_a_token_for_reading_deletes_nobody(ana):
    Token.objects.update(scope="read")
    assert_problem(ana.delete("users/me/", {"password": PASSWORD}), 403, (None, "read_only_token"))


def test_what_was_done_in_the_ledger_of_somebody_else_stays_there(ana, join_ledger_of):
    account = ana.post("accounts/", {"name": "Checking", "currency": "EUR"}).json()["id"]
    eva = join_ledger_of(ana, "eva", "editor")
    eva.post("expenses/", {"amount": "5", "description": "Cafe", "account": account})
    upload = send_file(eva, account=account, commit=True)
    rows = ana.get("transactions/").json()
    assert eva.delete("users/me/", {"password": PASSWORD}).status_code == 204
    assert ana.get("transactions/").json() == rows
    assert ana.get(f"imports/{upload['id']}/rows/").status_code == 200
    assert set(Run.objects.values_list("user", flat=True)) == {ana.user.pk}
    assert set(Import.objects.values_list("user", flat=True)) == {ana.user.pk}
    assert ana.post(f"runs/{upload['run']}/revert/").status_code == 200


def test_whoever_worked_in_the_ledger_that_goes_begins_a_new_one(ana, join_ledger_of):
    ana.post("expenses/", {"amount": "5", "description": "Cafe"})
    eva = join_ledger_of(ana, "eva", "editor")
    assert eva.get("expenses/").json()["count"] == 1
    ana.delete("users/me/", {"password": PASSWORD})
    assert eva.get("expenses/").json()["count"] == 0
    assert eva.post("expenses/", {"amount": "5", "description": "Cafe"}).status_code == 201


@pytest.mark.logs_errors
def test_a_task_that_runs_meanwhile_ends_but_no_longer_says_for_whom(ana, monkeypatch, run_tasks):
    def leave_and_fail() -> None:
        assert ana.delete("users/me/", {"password": PASSWORD}).status_code == 204
        raise ValueError("as the test wants")

    ana.get("expenses/")
    question = {"key": "k", "merchant": "", "description": "Cafe Luna", "direction": "out", "kinds": ["expense"]}
    ask_model.enqueue(Ledger.objects.get().pk, [question])
    assert "Cafe Luna" in str(queued.everything())
    monkeypatch.setattr("expenses.tasks.configured_chain", leave_and_fail)
    run_tasks()
    assert not User.objects.exists()
    assert "Cafe Luna" not in str(queued.everything())


@pytest.mark.logs_errors
def test_a_task_that_failed_goes_too(ana, run_tasks):
    ana.get("expenses/")
    ask_model.enqueue(Ledger.objects.get().pk, [{"description": "Cafe Luna"}])
    run_tasks()
    assert queued.n_failed() == 1
    assert "Cafe Luna" in str(queued.everything())
    ana.delete("users/me/", {"password": PASSWORD})
    assert queued.everything() == []


def test_a_question_of_somebody_who_left_is_not_asked(ana, run_tasks):
    ana.get("expenses/")
    ledger = Ledger.objects.get().pk
    ana.delete("users/me/", {"password": PASSWORD})
    ask_model.enqueue(ledger, [{"description": "a question that lacks what it needs, and fails when it is put"}])
    run_tasks()
    assert queued.n_failed() == 0


def test_an_eraser_that_fails_leaves_everything(ana, settings, tmp_path):
    live(ana)
    before = everything(tmp_path)
    settings.ACCOUNT_ERASERS = [*settings.ACCOUNT_ERASERS, "tests.api.test_erasing.fail"]
    with pytest.raises(AssertionError, match="not now"):
        delete_account(user=User.objects.get())
    assert everything(tmp_path) == before
    assert Transaction.objects.exists()


def fail(*, user: User) -> None:
    raise AssertionError("not now")

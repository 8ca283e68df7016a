"""The examples of the OpenAPI document are what the API really reads and answers.

`make examples` writes them again.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from config.api import schema
from expenses.models import ExchangeRate, Ledger, ModelCall, Transaction
from expenses.services.learning import learn
from expenses.services.runs import perform_run
from insights.models import Anomaly, RecurringPayment, WeeklySpending
from insights.services.refreshing import refresh
from rules.services.proposals import propose_rules
from tests.api.backups import fetch
from tests.api.generated_ledger import generated_rows
from tests.api.model_calls import record_call
from tests.api.permissions.undoing import undone
from tests.api.refusals import Refusals
from tests.conftest import Api

CHAIN = [
    {"BACKEND": "rules.provider.RulesProvider"},
    {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85},
    {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8},
]
FOLDER = Path(schema.__file__).parent
STATEMENT = b"Date;Description;Amount;Currency\n2026-10-30;REWE SAGT DANKE 4711;-45.50;EUR\n"
#: What differs from run to run, by key.
STEADY = {
    "created_at": "2026-11-02T09:30:00Z",
    "updated_at": "2026-11-02T09:30:00Z",
    "started_at": "2026-11-02T09:30:00Z",
    "finished_at": "2026-11-02T09:30:01Z",
    "decided_at": "2026-11-02T09:30:00Z",
    "given_at": "2026-11-02T09:30:00Z",
    "expiry": "2026-12-02T09:30:00Z",
    "created": "2026-11-02T09:30:00Z",
    "exported_at": "2026-11-02T09:30:00Z",
    "computed_at": "2026-11-02T09:30:00Z",
    "last_used_at": "2026-11-02T09:30:00Z",
    "measured_at": "2026-11-02T09:30:00Z",
    "last_matched_at": "2026-11-02T09:30:00Z",
    "token": "8c1f0e5d9b7a46c2a3e4f5061728394a5b6c7d8e9f00112233445566778899aa",
    "at": "2026-11-02T09:31:00Z",
    "duration_ms": 0.4,
}
#: Numbers that a database gives out, by key.
IDS = {
    "id": 91,
    "account": 3,
    "category": 12,
    "parent": 8,
    "run": 5,
    "transaction": 91,
    "transfer": 6,
    "import": 4,
    "value": 12,
    "version": 118,
    "backtest": 7,
    "old": 8,
    "new": 12,
    "duplicate_of": 91,
    "possible_duplicate_of": 91,
}


def steady(value: Any, key: str = "") -> Any:
    if type(value) is type(STEADY.get(key)) and value is not None:
        return STEADY[key]
    if key in IDS and isinstance(value, int) and not isinstance(value, bool):
        return IDS[key]
    if isinstance(value, dict):
        return {k: steady(v, k) for k, v in value.items()}
    if key in {"payments", "transactions"} and isinstance(value, list) and isinstance(next(iter(value), None), int):
        return [IDS["id"] + place for place in range(len(value))]
    return [steady(item) for item in value] if isinstance(value, list) else value


class Recorder:
    """Makes requests and keeps their bodies under the names of components."""

    def __init__(self) -> None:
        self.api = Api(None)
        self.kept: dict[str, Any] = {}

    def send(self, method: str, path: str, *, asks: str = "", body: Any = None, answers: str = "") -> Any:
        answer = self.api.request(method, path, body)
        assert answer.status_code < 300, answer.content
        if asks:
            self.kept[asks] = body
        if answers:
            self.kept[answers] = steady(json.loads(answer.content))
        return answer.json() if answer.content else None


def record() -> dict[str, Any]:
    recorder = Recorder()
    send = recorder.send
    person = {"username": "ana", "email": "ana@example.org", "password": "blue-Tomato-99"}
    send("post", "auth/register/", asks="RegisterRequest", body=person, answers="SignedIn")
    login = {"username": "ana", "password": "blue-Tomato-99", "name": "Laptop", "scope": "read_write"}
    token = send("post", "auth/login/", asks="LoginRequest", body=login)["token"]
    recorder.api.client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    preferences = {"preferences": {"time_zone": "Europe/Berlin", "locale": "de"}}
    send("patch", "users/me/", asks="PatchedUserRequest", body=preferences, answers="User")
    record_ledger(recorder)
    record_rates(recorder)
    record_reports(recorder)
    record_recurring(recorder)
    record_anomalies(recorder)
    record_imports(recorder)
    record_attachment(recorder)
    record_measuring(recorder)
    record_privacy(recorder)
    record_backup(recorder)
    token = {"name": "Wall display", "scope": "read", "expires_in_days": 90}
    send("post", "auth/tokens/", asks="NewTokenInputRequest", body=token, answers="NewToken")
    current = next(row for row in send("get", "auth/tokens/")["results"] if row["is_current"])
    recorder.kept["Token"] = steady(current)
    selection = {"filter": {"category": "Dining", "end_date": "2025-12-31"}}
    send("delete", "transactions/bulk/", asks="BulkSelectionRequest", body=selection)
    change = {"current_password": "blue-Tomato-99", "new_password": "green-Kettle-42"}
    send("post", "users/me/password/", asks="PasswordInputRequest", body=change)
    send("delete", "users/me/", asks="EraseInputRequest", body={"password": "green-Kettle-42"})
    return recorder.kept


def record_ledger(recorder: Recorder) -> None:
    send = recorder.send
    account = {"name": "Checking", "type": "checking", "currency": "EUR", "country": "DE", "opening_balance": "100.00"}
    own = send("post", "accounts/", asks="AccountRequest", body=account, answers="Account")["id"]
    send("patch", f"accounts/{own}/", asks="PatchedAccountRequest", body={"country": "AT"})
    category = {"name": "Bouldering", "kind": "expense", "parent": "Entertainment", "icon": "mountain"}
    own = send("post", "categories/", asks="CategoryRequest", body=category, answers="Category")["id"]
    send("patch", f"categories/{own}/", asks="PatchedCategoryRequest", body={"color_token": "orange"})
    shop = "categorization/kinds/shop=outdoor/"
    send("put", shop, asks="ShopKindInputRequest", body={"category": "Bouldering"}, answers="ShopKind")
    recorder.kept["ShopKinds"] = steady(send("get", "categorization/kinds/?mapped=true"))
    house_rule = {"text": "IKEA food court is Dining"}
    hint = send("post", "categorization/hints/", asks="HintRequest", body=house_rule, answers="Hint")["id"]
    send("patch", f"categorization/hints/{hint}/", asks="PatchedHintRequest", body={"position": 2})
    condition = {"field": "raw_description", "op": "contains_any", "value": ["rewe", "edeka"]}
    actions = [{"type": "set_category", "value": "Groceries"}, {"type": "add_tags", "value": ["food"]}]
    send("post", "categories/", body={"name": "Climbing", "kind": "expense"})
    send("patch", f"categories/{own}/", body={"keywords": ["boulder hall"]})
    for number in (1, 2):
        send("post", "expenses/", body={"amount": "12", "description": f"Kletterwelt {number}", "category": own})
    found = send("get", f"categories/{own}/keywords/suggestions/")
    recorder.kept["KeywordSuggestions"] = steady(found)
    send("post", f"categories/{own}/merge/", asks="CategoryMergeInputRequest", body={"into": "Climbing"},
         answers="MergedCategory")  # fmt: skip
    tag = send("post", "tags/", asks="TagRequest", body={"name": "holiday"}, answers="Tag")["id"]
    send("patch", f"tags/{tag}/", asks="PatchedTagRequest", body={"name": "Holidays"})
    send("post", "tags/", body={"name": "Portugal"})
    send("post", f"tags/{tag}/merge/", asks="TagMergeInputRequest", body={"into": "Portugal"}, answers="MergedTag")
    rule = {"name": "Rewe and Edeka", "match": "all", "conditions": [condition], "actions": actions}
    number = send("post", "rules/", asks="RuleRequest", body=rule, answers="Rule")["id"]
    send("patch", f"rules/{number}/", asks="PatchedRuleRequest", body={"priority": 50})
    again = {**rule, "name": "Edeka", "conditions": [condition | {"op": "contains", "value": "edeka"}]}
    again = send("post", "rules/", body=again)["id"]
    report = steady(send("get", "rules/lint/"))
    report["findings"] = [report["findings"][0] | {"rules": [IDS["id"], IDS["id"] + 1]}]
    recorder.kept |= {"Lint": report, "Finding": report["findings"][0]}
    send("delete", f"rules/{again}/")
    record_exchange(recorder)
    expense = {"amount": "45.50", "description": "REWE SAGT DANKE 4711", "date": "2026-11-02", "account": "Checking"}
    body = {"kind": "expense", **expense, "mcc": "5411"}
    recorded = send("post", "transactions/", asks="TransactionInputRequest", body=body, answers="TransactionBody")["id"]
    correction = {"category": "Gifts & Donations", "notes": "Flowers for Jo"}
    send("get", f"transactions/{recorded}/explanation/", answers="Explanation")
    edited = send("patch", f"transactions/{recorded}/", asks="PatchedTransactionInputRequest", body=correction)
    send("get", f"transactions/{recorded}/history/", answers="History")
    send("get", f"changes/?since={edited['version'] - 1}", answers="Changes")
    record_splits_and_transfers(send, recorded)
    record_duplicates(recorder)
    rows = [{"amount": "3.20", "direction": "out", "description": "Greggs", "date": "2026-11-02"}, {"amount": "0"}]
    send("post", "transactions/bulk/", asks="BulkInputRequest", body={"transactions": rows}, answers="BulkAnswer")
    send("post", "incomes/", body={"amount": "20.00", "description": "From Jo", "date": "2026-11-03"})
    wish = {"filter": {"month": "2026-11"}, "set": {"category": "Travel", "add_tags": ["alps"]}}
    edited = send("patch", "transactions/bulk/", asks="PatchedBulkEditInputRequest", body=wish)["id"]
    gone = send("post", "transactions/", body=rows[0])["id"]
    send("delete", "transactions/bulk/", body={"ids": [gone]})
    recorder.kept["BulkSelectionRequest"] = {"ids": [IDS["id"]]}
    recorder.kept["RunChange"] = steady(send("get", f"runs/{edited}/changes/")["results"][0])
    recorder.kept["Omission"] = steady(send("get", f"runs/{edited}/errors/")["results"][0])
    record_review(recorder)
    record_proposals(recorder)
    record_runs_of_rules(recorder)
    question = {"description": "STARBUCKS 0815", "amount": "4.90"}
    send("post", "categorization/suggest/", asks="SuggestInputRequest", body=question, answers="SuggestAnswer")
    send("post", "insights/score-transaction/", asks="ScoreInputRequest", body=question, answers="ScoreAnswer")
    send("get", "categorization/chain/", answers="ChainAnswer")
    send("get", "categorization/queue/", answers="Queue")
    send("post", "categorization/queue/retry/", answers="QueueState")
    send("get", "health/live/", answers="Live")
    send("get", "health/ready/", answers="Ready")
    with undone():
        MigrationRecorder(connection).record_unapplied("statements", "0001_initial")
        recorder.kept["FailingReady"] = recorder.api.get("health/ready/").json()


def record_proposals(recorder: Recorder) -> None:
    send, row = recorder.send, {"amount": "18.40", "direction": "out", "date": "2026-11-04"}
    rows = [row | {"description": f"BLUE HERON {n}"} for n in ("CELLAR 12", "DECK 31", "ATTIC", "VERANDA")]
    ids = [send("post", "transactions/", body=body)["id"] for body in rows]
    for name in ("Tin Whistle", "Quillbox"):
        more = [send("post", "transactions/", body=row | {"description": f"{name} {n}"})["id"] for n in range(3)]
        send("patch", "transactions/bulk/", body={"ids": more, "set": {"category": "Dining"}})
    send("patch", "transactions/bulk/", body={"ids": ids[:3], "set": {"category": "Dining"}})
    propose_rules(ledger_id=Ledger.objects.get().pk)
    found = send("get", "rules/proposals/")["results"]
    number = {body["rule"]["name"]: body["id"] for body in found}
    narrower = {"conditions": [{"field": "raw_description", "op": "starts_with", "value": "blue heron"},
                               {"field": "amount", "op": "lte", "value": "100.00"}]}  # fmt: skip
    heron = f"rules/proposals/{number['Blue Heron']}/"
    send("post", f"{heron}narrow/", asks="NarrowInputRequest", body=narrower, answers="Proposal")
    accepted = {"name": "Blue Heron bar", "apply": True}
    send("post", f"{heron}accept/", asks="AcceptInputRequest", body=accepted, answers="AcceptedRule")
    whistle = f"rules/proposals/{number['Tin Whistle']}/never/"
    send("post", whistle, asks="NeverInputRequest", body={"scope": "merchant"})
    wish = {"category": "Gifts & Donations"}
    send("post", f"transactions/{more[0]}/propose-rule/", asks="ProposeInputRequest", body=wish, answers="ProposedRule")


def record_runs_of_rules(recorder: Recorder) -> None:
    send, days = recorder.send, {"start": "2026-11-01", "end": "2026-11-30"}
    conditions = [{"field": "raw_description", "op": "contains", "value": "luna"}]
    actions = [{"type": "set_category", "value": "Dining"}, {"type": "add_tags", "value": ["out"]}]
    tested = {"conditions": conditions, "actions": actions, **days, "limit": 1}
    send("post", "rules/test/", asks="TestInputRequest", body=tested, answers="TestAnswer")
    send("post", "rules/apply/", asks="OrderInputRequest", body=days)
    numbers = [rule["id"] for rule in send("get", "rules/")["results"]]
    send("post", "rules/reorder/", body={"ids": numbers[::-1]})
    recorder.kept["ReorderInputRequest"] = {"ids": [IDS["id"]]}


def record_review(recorder: Recorder) -> None:
    row = {"amount": "9.80", "direction": "out", "description": "Atelier Luna 12", "date": "2026-11-04"}
    for category in ({"category": "Gifts & Donations"}, {"category": "Shopping"}, {}):
        recorder.send("post", "transactions/", body=row | category)
    group = recorder.send("get", "review/?search=atelier")["results"][0]
    recorder.kept["ReviewGroup"] = steady(group) | {"ids": [IDS["id"]]}
    answer = {"key": group["key"], "category": "Gifts & Donations"}
    recorder.send("post", "review/resolve/", asks="ResolveInputRequest", body=answer, answers="Resolved")


def record_exchange(recorder: Recorder) -> None:
    send = recorder.send
    words = send("get", "rules/schema/")
    amount = next(field for field in words["fields"] if field["name"] == "amount")
    recorder.kept["RuleVocabulary"] = words | {"fields": [amount], "actions": words["actions"][:1]}
    document = send("get", "rules/export/?pack=Supermarkets&pack_version=1.2", answers="RulesFile")
    del document["exported_at"]
    send("post", "rules/import/?dry_run=true", asks="RulesDocumentRequest", body=document, answers="ImportAnswer")
    text = json.dumps(document, sort_keys=True)  # PostgreSQL keeps keys in an order of its own
    file = SimpleUploadedFile("supermarkets.json", text.encode())
    assert recorder.api.post("rules/import/?dry_run=true", {"file": file}, format="multipart").status_code == 200
    recorder.kept["RulesUploadRequest"] = {"file": text}


def record_splits_and_transfers(send: Any, recorded: int) -> None:
    parts = [{"amount": "30.00", "category": "Groceries"}, {"amount": "15.50", "category": "Kids", "notes": "Crayons"}]
    send("put", f"transactions/{recorded}/split/", asks="SplitInputRequest", body={"parts": parts}, answers="SplitBody")
    send("post", "accounts/", body={"name": "Savings", "type": "savings"})
    transfer = {"from_account": "Checking", "to_account": "Savings", "amount": "250.00", "date": "2026-11-02"}
    send("post", "transfers/", asks="TransferInputRequest", body=transfer, answers="TransferBody")


def record_duplicates(recorder: Recorder) -> None:
    """Record a coffee by hand and by a statement, and merge both."""
    coffee = {"amount": "3.20", "description": "Cafe Luna", "date": "2026-11-02", "account": "Checking"}
    recorder.send("post", "expenses/", body=coffee)
    text = b"Date;Description;Amount;Currency\n2026-11-03;CARD 4711 CAFE LUNA;-3.20;EUR\n"
    body = {"file": SimpleUploadedFile("november.csv", text), "account": "Checking", "commit": "true"}
    assert recorder.api.post("imports/", body, format="multipart").json()["n_possible_duplicates"] == 1
    offer = recorder.send("get", "duplicates/", answers="")["results"][0]
    recorder.kept["Duplicate"] = steady(offer)
    recorder.send("post", f"duplicates/{offer['id']}/merge/")


def record_rates(recorder: Recorder) -> None:
    send = recorder.send
    for quote, rate in (("USD", "1.1172"), ("CHF", "0.9194")):
        ExchangeRate.objects.create(base="EUR", quote=quote, date="2026-10-30", rate=rate, source="ecb")
    own = {"base": "USD", "quote": "CHF", "date": "2026-11-02", "rate": "0.82"}
    number = send("post", "rates/", asks="RateRequest", body=own, answers="Rate")["id"]
    send("patch", f"rates/{number}/", asks="PatchedRateRequest", body={"rate": "0.821"})
    question = "amount=12.50&from=USD&to=CHF&date=2026-10-31"
    send("get", f"rates/convert/?{question}", answers="Conversion")
    recorder.kept["Currency"] = send("get", "currencies/?search=CHF")["results"][0]


def record_reports(recorder: Recorder) -> None:
    recorder.send("get", "transactions/totals/?by=month,category&convert_to=base", answers="Totals")
    recorder.send("get", "insights/forecast/?month=2026-10&as_of=2026-10-10", answers="Forecast")
    account = recorder.send("get", "accounts/balances/?date=2026-11-30", answers="Balances")["results"][0]["account"]
    register = recorder.send("get", f"accounts/{account}/register/")
    recorder.kept["RegisterRow"] = steady(register["results"][0])
    long_ago = {"date": "2024-11-12", "description": "Cafe Luna", "merchant": "Luna"}
    recorder.send("post", "expenses/", body=long_ago | {"amount": "12.50", "category": "Dining"})
    recorder.send("post", "incomes/", body=long_ago | {"amount": "100.00", "category": "Salary"})
    recorder.send("get", "insights/summary/?date=2024-11", answers="Summary")
    recorder.send("get", "insights/timeseries/?start=2024-10-01&end=2024-11-30", answers="TimeSeries")
    recorder.send("get", "insights/trends/?month=2024-11", answers="Trends")
    wish = {"question": "How much did I spend in November 2024?"}
    asked = recorder.send("post", "insights/ask/", asks="AskInputRequest", body=wish)
    recorder.kept["LedgerQuestion"] = steady(asked | {"id": "5d2b7c1e-3f0a-4c55-8f4e-7a1b9c2d6e10"})
    wish = {"hint": "friendly, short"}
    recorder.send(
        "patch", "insights/narrative/", asks="PatchedNarrativeHintRequest", body=wish, answers="NarrativeHint"
    )
    story = recorder.send("get", "insights/narrative/?month=2024-11")
    dining = story["top_categories"][0]["category"]
    story = re.sub(rf"\b(category[-=]){dining}\b", rf"\g<1>{IDS['category']}", json.dumps(story))
    recorder.kept["Narrative"] = steady(json.loads(story))


def record_privacy(recorder: Recorder) -> None:
    """Record calls of the model, without one."""
    recorder.api.user = User.objects.get()
    call = record_call(recorder.api)
    ModelCall.objects.filter(pk=call).update(id="0a7c1f52-5f3e-4b7e-9a53-2f6f1c9d8e40")
    recorder.kept["ModelCall"] = steady(recorder.send("get", "privacy/model-calls/")["results"][0])
    chosen = {"names": ["Quentin Quill"], "kept_days": 30}
    recorder.send("patch", "privacy/", asks="PatchedPrivacyInputRequest", body=chosen)
    recorder.kept["Privacy"] = steady(recorder.send("get", "privacy/"))
    recorder.kept["Privacy"]["usage"] |= {"since": "2026-10-04"}
    recorder.send("delete", "privacy/model-calls/", answers="DeletedCalls")


def record_recurring(recorder: Recorder) -> None:
    """Record recurring payments as a worker finds them, apart from the day."""
    ledger = Ledger.objects.get()
    refresh(ledger_id=ledger.pk)
    RecurringPayment.objects.all().delete()
    days = [f"2026-{month:02}-05" for month in (8, 9, 10)]
    rows = [{"amount": "9.99", "direction": "out", "description": "Streamflix", "date": day} for day in days]
    ids = [recorder.api.post("transactions/", row).json()["id"] for row in rows]
    price = {"currency": "EUR", "amount": "9.99", "low": "9.99", "high": "9.99", "is_varying": False}
    times = {"first_on": days[0], "last_on": days[2], "next_on": "2026-11-05", "window_days": 4}
    found = {"payee": "streamflix", "kind": "expense", "rhythm": "monthly", "status": "mature", "confidence": 0.9175}
    own = RecurringPayment.objects.create(ledger=ledger, payments=ids, **price, **times, **found).pk
    said = {"verdict": "confirmed", "name": "Films"}
    send = recorder.send
    send("put", f"insights/recurring/{own}/choice/", asks="RecurringChoiceInputRequest", body=said, answers="Recurring")
    send("get", f"insights/recurring/{own}/", answers="RecurringDetail")
    send("get", "insights/recurring/", answers="RecurringList")


def record_anomalies(recorder: Recorder) -> None:
    """Record anomalies as a worker finds them."""
    ledger, day, key = Ledger.objects.get(), "2026-11-02", "unusual_week-1-2026-11-02"
    rows = list(Transaction.objects.order_by("pk").values_list("pk", flat=True)[:1])
    amounts = {"observed": "182.40", "expected": "61.20", "low": "40.00", "high": "88.50"}
    parts: dict[str, object] = {"trend": "61.20", "seasonal": "0", "residual": "121.20", "known_bills": "0", "also": []}
    parts |= {"period_weeks": 13, "weight": 0.12}
    found = {"kind": "unusual_week", "category_id": 1, "score": 4.1, "severity": 0.98, "method": "robust_level"}
    about = {"key": key, "day": day, "week": day, "currency": "EUR", "parts": parts, "transactions": rows}
    Anomaly.objects.create(ledger=ledger, **about, **amounts, **found)
    said = {"verdict": "useful"}
    path = f"insights/anomalies/{key}/feedback/"
    recorder.send("post", path, asks="FeedbackInputRequest", body=said, answers="Feedback")
    recorder.send("get", "insights/anomalies/", answers="AnomalyList")
    figures = {"observed": ["182.40"], "trend": ["61.20"], "seasonal": ["8.40"], "residual": ["112.80"]}
    weekly = {"first": day, "n_weeks": 1, "period_weeks": 13, "weight": 0.12, "currency": "EUR"}
    weekly |= {"figures": figures | {"known_bills": ["0"]}}
    WeeklySpending.objects.update_or_create(ledger=ledger, subject="all", defaults=weekly)
    recorder.send("get", "insights/decomposition/", answers="Decomposition")


def record_imports(recorder: Recorder) -> None:
    file = SimpleUploadedFile("october.csv", STATEMENT)
    uploaded = recorder.api.post("imports/", {"file": file, "account": "Checking"}, format="multipart").json()
    recorder.kept["UploadInputRequest"] = {"file": STATEMENT.decode(), "account": "Checking"}
    recorder.kept["Import"] = steady(uploaded)
    address = f"imports/{uploaded['id']}/"
    correction = {"profile": {"date_format": "%Y-%m-%d"}, "save_as": "My bank"}
    recorder.send("patch", address, asks="PatchedCorrectionInputRequest", body=correction)
    profile = recorder.send("get", "import-profiles/")["results"][0]
    recorder.kept["Profile"] = steady(profile)
    saved = recorder.send("get", f"import-profiles/{profile['id']}/export/", answers="ExportedProfile")
    body = saved | {"name": "My bank, again", "account": "Checking"}
    recorder.send("post", "import-profiles/", asks="ProfileInputRequest", body=body)
    recorder.kept["ImportRow"] = steady(recorder.send("get", f"{address}rows/")["results"][0])
    run = recorder.send("post", f"{address}commit/", asks="CommitInputRequest", body={"skip_errors": True})
    recorder.send("get", f"runs/{run['id']}/", answers="Run")
    perform_run(run_id=run["id"])
    recorder.send("post", f"runs/{run['id']}/revert/", answers="Reverted")
    with override_settings(IMPORT_READ_AT_ONCE_BYTES=10):
        upload = {"file": SimpleUploadedFile("october.csv", STATEMENT), "account": "Checking"}
        recorder.kept["ReadingImport"] = steady(recorder.api.post("imports/", upload, format="multipart").json())


def record_backup(recorder: Recorder) -> None:
    """A backup with one part, of which the rest is like."""
    found = json.loads(fetch(recorder.api))
    shown = ("people", "preferences")
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    found["parts"] = [part | {"sha256": digest} for part in found["parts"] if part["name"] in shown]
    found |= {"data": {name: found["data"][name] for name in shown}, "sha256": digest}
    recorder.kept["Backup"] = found | {"created_at": "2026-11-21T10:00:00.000000+00:00"}
    recorder.kept["RestoreInputRequest"] = {"file": '{"format":"outlay-ledger",…', "dry_run": True}
    told = {"created_at": recorder.kept["Backup"]["created_at"], "outlay": found["outlay"]}
    counts = {"accounts": 2, "transactions": 118}
    recorder.kept["CheckedBackup"] = told | {"counts": counts, "parts": found["parts"]}


def record_attachment(recorder: Recorder) -> None:
    transaction = recorder.api.get("transactions/").json()["results"][0]["id"]
    recorder.kept["AttachmentInputRequest"] = {"file": "%PDF-1.7 a receipt"}
    file = SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 a receipt")
    answer = recorder.api.post(f"transactions/{transaction}/attachments/", {"file": file}, format="multipart")
    recorder.kept["Attachment"] = steady(answer.json())


def record_measuring(recorder: Recorder) -> None:
    send = recorder.send
    send("post", "transactions/bulk/", body={"transactions": generated_rows(300, noise=0.01)})
    learn(ledger_id=Ledger.objects.get().pk, is_forced=True)
    send("get", "categorization/calibration/", answers="Calibration")
    wish = {"from": "2025-01-01", "to": "2026-12-31", "target_precision": 0.9}
    number = send("post", "categorization/backtest/", asks="BacktestInputRequest", body=wish)["id"]
    perform_run(run_id=number)
    send("get", f"runs/{number}/", answers="RunWithResult")
    send("get", "categorization/thresholds/adopt/", answers="Adoption")
    send("post", "categorization/thresholds/adopt/", body={"backtest": number})
    recorder.kept["AdoptInputRequest"] = {"backtest": IDS["run"]}
    own = {"thresholds": {"history": 0.9, "merchants": None}, "evidence": {"repeat": 0.93}}
    send("patch", "categorization/thresholds/", asks="PatchedThresholdsInputRequest", body=own, answers="Thresholds")


def hold(recorded: dict[str, Any], committed: dict[str, Any], path: Path) -> None:
    """Compare what was recorded with what is committed, or write it there."""
    if os.environ.get("OUTLAY_RECORD_EXAMPLES"):
        path.write_text(json.dumps(recorded, indent=2, ensure_ascii=False) + "\n")
        committed.clear()
        committed.update(recorded)
    assert recorded == committed, "record them again: make examples"


@pytest.mark.logs_errors
@pytest.mark.django_db
def test_the_examples_are_what_the_api_reads_and_answers(settings, tmp_path):
    settings.MEDIA_ROOT, settings.CATEGORIZATION_PROVIDERS = tmp_path, CHAIN
    hold(record(), schema.EXAMPLES, FOLDER / "examples.json")


@pytest.mark.usefixtures("files", "silent_chain")
def test_the_refusals_are_what_the_api_answers(ana, ben, join_ledger_of):
    refusals = Refusals(owner=ana, stranger=ben, join_ledger_of=join_ledger_of).record()
    hold(refusals, schema.REFUSALS, FOLDER / "refusals.json")


#: The schema of a body that is a file; neither it nor a stream of events has an example in JSON.
FILE = {"type": "string", "format": "binary"}


def test_every_body_of_every_operation_has_an_example():
    document = SchemaGenerator().get_schema(request=None, public=True)
    missing = [
        (method, path, kind)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for content in [operation.get("requestBody", {}), *operation["responses"].values()]
        for kind, media in content.get("content", {}).items()
        if "examples" not in media and media["schema"] != FILE and kind != "text/event-stream"
    ]
    assert missing == []


def test_the_example_of_an_error_has_its_status():
    document = SchemaGenerator().get_schema(request=None, public=True)
    examples = document["components"]["examples"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for code, response in operation["responses"].items():
                media = response.get("content", {}).get("application/problem+json", {"examples": {}})
                for name in media["examples"]:
                    assert examples[name]["value"]["status"] == int(code), (method, path, code)

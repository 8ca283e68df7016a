"""A ledger with one thing of each kind in each state that an operation asks for."""

import datetime as dt
from typing import Any

from django.apps import apps
from django.db import models

from accounts.models import Token
from config.api.schema import EXAMPLES
from expenses.models import BacktestResult, Category, Duplicate, ExchangeRate, Ledger, Run, RunStatus
from insights.models import Anomaly, AnomalyVerdict, RecurringPayment, RecurringVerdict
from insights.services.feedback import choose, give_feedback
from rules.models import Proposal
from statements.models import Profile
from tests.api.model_calls import record_call
from tests.api.permissions.operations import (
    ANOMALY,
    CONDITION,
    INCOME,
    PARTS,
    RATE,
    ROW,
    RULE,
    SHOPS,
    receipt,
    statement,
)
from tests.conftest import Api


def ledger_of(api: Api) -> Ledger:
    assert api.user is not None
    ledger: Ledger = api.user.memberships.get().ledger
    return ledger


def name_the_rest(api: Api) -> None:
    """What bodies name."""
    for name in ("Left", "Right"):
        api.post("accounts/", {"name": name})
    api.post("tags/", {"name": "sweet"})
    api.post("expenses/", ROW)
    backtested(api)


def fill(api: Api) -> dict[str, int]:
    """Ids by the names of things."""
    name_the_rest(api)
    account = made(api, "accounts/", {"name": "Checking"})
    expense = made(api, "expenses/", ROW | {"category": "Dining", "account": account})
    ids = {
        "account": account,
        "empty_account": made(api, "accounts/", {"name": "Piggy bank"}),
        "expense": expense,
        "category": made(api, "categories/", {"name": "Tea", "kind": "expense"}),
        "income": made(api, "incomes/", INCOME | {"category": "Salary"}),
        "transfer": made(api, "transfers/", {"from_account": "Left", "to_account": "Right", "amount": "5.50"}),
        "rule": made(api, "rules/", RULE | {"name": "Cafes"}),
        "rate": made(api, "rates/", RATE | {"date": "2026-11-02"}),
        "tag": made(api, "tags/", {"name": "hot"}),
        "hint": made(api, "categorization/hints/", {"text": "IKEA food court is Dining"}),
        "token": made(api, "auth/tokens/", {"name": "Phone"}),
        "import": made(api, "imports/", {"file": statement(), "account": account}, format="multipart"),
        "attachment": made(
            api, f"transactions/{expense}/attachments/", {"file": receipt(b"the first")}, format="multipart"
        ),
    }
    assert api.put(f"categorization/kinds/{SHOPS}/", {"category": "Dining"}).status_code == 200
    judged(api)
    ids["question"] = asked(api)
    ids["call"] = record_call(api, rows=(expense,))  # type: ignore[assignment]
    return ids | in_states(api) | unmade(api, account)


def made(api: Api, path: str, body: dict[str, Any], **kwargs: Any) -> int:
    answer = api.post(path, body, **kwargs)
    assert answer.status_code == 201, answer.content
    number: int = answer.json()["id"]
    return number


def duplicate(api: Api, account: int) -> int:
    """An open offer to merge two transactions."""
    older, newer = (made(api, "expenses/", ROW | {"account": account}) for _ in range(2))
    ledger, text = ledger_of(api), {"reasons": ["similar_text"], "likeness": 1}
    offer: Duplicate = Duplicate.objects.create(ledger=ledger, older_id=older, newer_id=newer, version=1, **text)
    return offer.pk


def in_states(api: Api) -> dict[str, int]:
    ids = {}
    for kind, row in (("expense", ROW), ("income", INCOME)):
        ids[f"split_{kind}"] = made(api, f"{kind}s/", row | {"parts": PARTS})
        ids[f"deleted_{kind}"] = made(api, f"{kind}s/", row)
        assert api.delete(f"{kind}s/{ids[f'deleted_{kind}']}/").status_code == 204
    return ids


def unmade(api: Api, account: int) -> dict[str, int]:
    """What no single request leaves behind."""
    ledger, run = ledger_of(api), {"ledger": ledger_of(api), "user": api.user}
    everything = {"filter": {"account": account}, "set": {"notes": "seen"}}
    waiting = Run.objects.create(**run, kind="import").pk
    canceled = api.patch("transactions/bulk/", everything).json()["id"]
    Run.objects.filter(pk=canceled).update(status=RunStatus.CANCELED)
    return {
        "run": api.patch("transactions/bulk/", everything).json()["id"],
        "waiting_run": waiting,
        "backtest": backtested(api),
        "canceled_run": canceled,
        "proposal": proposed(ledger),
        "recurring": recurring(api),
        "duplicate": duplicate(api, account),
        "profile": Profile.objects.create(
            ledger=ledger, name="Bank", format="csv", columns=[], profile={}, version=1
        ).pk,
    }


def proposed(ledger: Ledger) -> int:
    """A proposal that a worker made."""
    category = Category.objects.get(key="dining")
    rule = {
        "name": "Lunas",
        "triggers": ["create"],
        "conditions": [CONDITION],
        "actions": [{"type": "set_category", "value": category.pk}],
    }
    fields = {"phrase": "cafe", "direction": "out", "category": category, "rule": rule, "evidence": [], "version": 1}
    return Proposal.objects.create(ledger=ledger, **fields).pk


def recurring(api: Api) -> int:
    """A recurring payment that a worker found, and what was said of it."""
    assert api.user is not None
    day, category = dt.date(2026, 11, 2), Category.objects.get(ledger=ledger_of(api), name="Tea")
    fields = {"payee": "cafe", "kind": "expense", "rhythm": "monthly", "currency": "EUR", "amount": 5, "low": 5}
    found = {"high": 5, "payments": [1], "first_on": day, "last_on": day, "window_days": 4, "status": "mature"}
    found |= {"category": category, "confidence": 0.9, "is_varying": False}
    payment = RecurringPayment.objects.create(ledger=ledger_of(api), **fields, **found)
    choose(by=api.user, payment=payment, verdict=RecurringVerdict.CONFIRMED, name="Coffee")
    return int(payment.pk)


def asked(api: Api) -> Any:
    """A question that is answered."""
    answer = api.post("insights/ask/", {"question": "How much did I spend this month?"})
    assert answer.status_code == 200, answer.content
    return answer.json()["id"]


def judged(api: Api) -> None:
    """A week that a worker found odd, and what was said of it."""
    assert api.user is not None
    day, fields = dt.date(2026, 11, 2), {"key": ANOMALY, "kind": "unusual_week", "is_overall": True, "currency": "EUR"}
    amounts = {
        "observed": 90,
        "expected": 20,
        "low": 10,
        "high": 30,
        "score": 4,
        "severity": 1,
        "method": "robust_level",
    }
    anomaly = Anomaly.objects.create(ledger=ledger_of(api), day=day, week=day, **fields, **amounts)
    give_feedback(by=api.user, anomaly=anomaly, verdict=AnomalyVerdict.USEFUL)


def backtested(api: Api) -> int:
    """A backtest that a worker did."""
    whose = {"ledger": ledger_of(api), "user": api.user}
    run = Run.objects.create(**whose, kind="backtest", status=RunStatus.SUCCEEDED)
    found = {name: EXAMPLES["RunWithResult"]["result"][name] for name in ("chain", "new_merchants", "links")}
    days = {"from": "2026-01-01", "to": "2026-10-31", "target_precision": 0.95}
    evidence = {
        "repeat": {"threshold_for_target": 0.9, "missing": 0, "links": ["history"], "new_merchants": None},
    }
    BacktestResult.objects.create(run=run, body={"n": 30, **days, **found, "evidence": evidence})
    return run.pk


def reference_rate() -> int:
    """A rate of the European Central Bank, which everybody sees."""
    rate = ExchangeRate.objects.create(base="EUR", quote="USD", date="2026-10-30", rate="1.1172", source="ecb")
    return rate.pk


def contents(ledger: Ledger) -> dict[str, Any]:
    """Every row of the ledger and of its founder's, whole."""
    founder = ledger.founder
    rows = {
        model.__name__: list(model._base_manager.filter(ledger=ledger).order_by("pk").values())
        for model in apps.get_models()
        if any(isinstance(f, models.ForeignKey) and f.name == "ledger" for f in model._meta.get_fields())
    }
    assert len(rows) > 10
    tokens = list(Token.objects.filter(user=founder).order_by("pk").values("pk", "name", "scope"))
    person = type(founder).objects.filter(pk=founder.pk).values("username", "email", "is_active", "password").get()
    return rows | {"version": Ledger.objects.get(pk=ledger.pk).version, "tokens": tokens, "person": person}

"""The API answers as the chain that is replayed in one process: in backtests, and in the benchmarks of accuracy."""

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.labeled_files import LabeledRow
from benchmarks.predicting import train, trusting
from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import attempts_as_json, categorization_of
from expenses.categorization.training_rows import read_confirmed
from expenses.models import Ledger, Transaction
from providers.interface import Question

#: Text of a bank, and the category of an owner who also has categories of their own.
CONFIRMED = (
    ("REWE Markt 4711 Lindental", "Groceries"), ("Netflix.com", "Kids"), ("Hufeisen Reitstall", "Pferde"),
    ("Sattelkammer Brandt", "Pferde"), ("Ristorante Da Quillo", "Dining"), ("Backstube Morgentau", "Dining"),
    ("Shell 1882 Nordtor", "Transport"), ("Zahnarztpraxis Dr. Ulmer", "Healthcare"),
    ("Buchladen Seitenweg", "Shopping"), ("Amazon Marktplatz", "Shopping"), ("Stadtwerke Lindental", "Utilities"),
    ("Kino Capitol", "Entertainment"),
)  # fmt: skip
#: Chosen for the same text every third time.
INSTEAD = {"Amazon Marktplatz": "Gifts & Donations", "Backstube Morgentau": "Groceries"}
INCOMES = (("Lohn Spedition Quillwick", "Salary"), ("Flohmarkt Erlös", "Other income"))
ASKED = (
    "REWE Markt 815 Nordtor", "Netflix.com", "NETFLX", "Hufeisen Reitstall", "Hufeisen Hofladen", "Hof Sattelkammer",
    "Ristorante Bella Vista", "Backstube Morgentau", "Shell 7", "Zahnarzt Lindental", "Amazon Marktplatz",
    "Amazon Prime", "Qwrtz Xvnn", "4711", "Apotheke am Markt", "Kino Rex", "Buchladn Seitenweg", "Stadtwerke",
    "Pizzeria Hufeisen", "STADTWERK", "Lohn Spedition Quillwick", "Lohn Baeckerei Ulmer", "Zinsen", "Flohmarkt Erlös",
    "Erstattung Buchladen",
)  # fmt: skip


def bodies(n: int) -> list[dict[str, Any]]:
    """Return `n` invented payments with the categories that their owner chose, in the order of their days."""
    rng, rows = random.Random(5), []  # noqa: S311 - the same rows each time
    for i in range(n):
        direction = "in" if i % 9 == 8 else "out"
        text, category = rng.choice(INCOMES if direction == "in" else CONFIRMED)
        rows.append(
            {
                "direction": direction,
                "amount": f"{rng.uniform(2, 90):.2f}",
                "date": (dt.date(2026, 1, 1) + dt.timedelta(days=i)).isoformat(),
                "description": text,
                "category": INSTEAD.get(text, category) if i % 3 == 0 else category,
            }
        )
    return rows


def texts_to_ask() -> list[dict[str, Any]]:
    """Return 60 payments without categories: small and large ones, and incomes."""
    spent = [{"description": text, "direction": "out", "amount": of} for text in ASKED for of in ("4.90", "61.00")]
    received = [{"description": text, "direction": "in", "amount": of} for text in ASKED[-5:] for of in ("4.90", "61")]
    return spent + received


@pytest.fixture(params=["", "DE"])
def account(request, ana, settings):
    settings.CATEGORIZATION_PROVIDERS = [e for e in settings.CATEGORIZATION_PROVIDERS if not e.get("DEFERRED")]
    assert ana.post("categories/", {"name": "Pferde", "kind": "expense"}).status_code == 201
    made = ana.post("accounts/", {"name": "Giro", "currency": "EUR", "country": request.param}).json()
    return {"account": made["id"], "country": request.param}


@pytest.mark.parametrize("n", [0, 6, 40, 120])
def test_answers_over_http_are_those_of_the_chain_that_is_replayed(ana, account, run_tasks, n):
    known = {"account": account["account"], "currency": "EUR"}
    rows = [{**body, **known} for body in bodies(n)]
    if rows:
        assert ana.post("transactions/bulk/", {"transactions": rows}).json()["errors"] == []
    run_tasks()

    texts = [{**one, **known, "date": "2026-06-30"} for one in texts_to_ask()]
    answers = ana.post("categorization/suggest/", {"transactions": texts}).json()["results"]
    recorded = ana.post("transactions/bulk/", {"transactions": texts}).json()["created"]

    catalog = Catalog.load(Ledger.objects.get(founder=ana.user).pk)
    confirmed = read_confirmed(catalog=catalog)
    assert len(confirmed) == n
    trained = train([LabeledRow(one.question, one.category, frozenset({one.category})) for one in confirmed])
    asked = [
        Question(
            description=one["description"],
            categories=catalog.offered(one["direction"], None),
            owner=catalog.ledger_id or 0,
            direction=one["direction"],
            amount=Decimal(one["amount"]),
            currency="EUR",
            date=dt.date(2026, 6, 30),
            account=account["account"],
            country=account["country"],
        )
        for one in texts
    ]
    verdicts = trained.chain.decide(trusting(asked, trained.trust))
    assert trained.trust == replace(catalog.trust, classifier="", names="")
    assert len({answer["source"] for answer in answers}) >= 3
    evidence = dict(Transaction.objects.values_list("pk", "decision__evidence"))
    for text, verdict, answer, row in zip(texts, verdicts, answers, recorded, strict=True):
        best = verdict.best.suggestion if verdict.best else None
        wanted = categorization_of(verdict)
        said = {name: answer[name] for name in ("status", "category", "confidence", "source")}
        assert said == {
            "status": wanted.status,
            "category": wanted.category or wanted.suggested_category,
            "confidence": wanted.confidence,
            "source": wanted.source or None,
        }, text
        assert evidence[row["id"]] == (str(best.evidence) if best else ""), text
        assert without_times(answer["attempts"])[1:] == without_times(
            attempts_as_json(verdict.attempts, catalog=catalog)
        ), text


def without_times(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in attempt.items() if name != "duration_ms"} for attempt in attempts]

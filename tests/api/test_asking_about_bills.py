"""Questions about bills and recurring payments, also where nothing is recorded for months."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from expenses.models.ledgers import ledger_id_of
from insights.services.refreshing import refresh
from tests.api.spending import record, row
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")


@pytest.fixture
def at(monkeypatch):
    """Make a day today."""

    def travel(day):
        noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
        monkeypatch.setattr(timezone, "now", lambda: noon)

    return travel


@pytest.fixture
def bills(ana: Api, at) -> Api:
    """Record a rent on the first and a subscription on the 25th of each month, until the first of February."""
    at(dt.date(2026, 2, 1))
    months = [dt.date(2025 + place // 12, place % 12 + 1, 1) for place in range(13)]
    rows = [row(dt.date(2026, 2, 1), "800.00", "Rent Meyer", "Housing")]
    for month in months:
        rows.append(row(month, "800.00", "Rent Meyer", "Housing"))
        rows.append(row(month.replace(day=25), "9.99", "Streamflix", "Subscriptions"))
    record(ana, [one for one in rows if one["date"] <= "2026-02-01"])
    assert ana.user is not None
    refresh(ledger_id=ledger_id_of(ana.user))
    return ana


def ask(api, question) -> Any:
    answer = api.post("insights/ask/", {"question": question})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_bills_of_the_past_are_told_apart_from_those_still_to_come(bills, at):
    at(dt.date(2026, 11, 21))
    body = ask(bills, "Which bills are due?")
    assert body["answer"] == (
        "€9.99 of bills are still to come in November 2026: Streamflix, due on November 25, 2026 (€9.99). "
        "€800.00 of bills were due and are not recorded: Rent Meyer, was due on November 1, 2026 (€800.00). "
        "Nothing is recorded after February 1, 2026, so spending since then is not yet known."
    )
    values = {one["label"]: one["value"] for one in body["figures"]}
    assert values["Bills still to come"] == "9.99"
    assert values["Bills that were due and are not recorded"] == "800.00"
    assert ask(bills, "Welche Rechnungen sind noch fällig?")["answer"] == (
        "9,99\xa0€ an Rechnungen stehen im November 2026 noch aus: "
        "Streamflix, fällig am 25. November 2026 (9,99\xa0€). "
        "800,00\xa0€ an Rechnungen waren fällig und sind nicht erfasst: "
        "Rent Meyer, war fällig am 1. November 2026 (800,00\xa0€). Nach dem 1. Februar 2026 ist nichts erfasst."
    )


def test_a_bill_of_today_is_still_to_come(bills, at):
    at(dt.date(2026, 2, 25))
    answer = ask(bills, "which bills are due")["answer"]
    assert answer.startswith("€9.99 of bills are still to come in February 2026: Streamflix, due on February 25, 2026")
    assert "were due" not in answer


def test_subscriptions_are_told_apart_from_the_rent_and_an_old_day_is_overdue(bills, at):
    at(dt.date(2026, 11, 21))
    assert ask(bills, "What do my subscriptions cost a year?")["answer"] == (
        "2 recurring payments cost €809.99 a month, €9,719.88 a year: "
        "Streamflix, monthly, overdue since February 25, 2026 (€9.99), "
        "Rent Meyer, monthly, overdue since March 1, 2026 (€800.00). "
        "Subscriptions among them: 1, at €9.99 a month, €119.88 a year. Nothing is recorded after February 1, 2026."
    )
    assert ask(bills, "Was kosten meine Abos im Jahr?")["answer"] == (
        "2 wiederkehrende Zahlungen kosten 809,99\xa0€ im Monat, 9.719,88\xa0€ im Jahr: "
        "Streamflix, monatlich, überfällig seit dem 25. Februar 2026 (9,99\xa0€), "
        "Rent Meyer, monatlich, überfällig seit dem 1. März 2026 (800,00\xa0€). "
        "Davon Abonnements: 1, für 9,99\xa0€ im Monat, 119,88\xa0€ im Jahr. "
        "Nach dem 1. Februar 2026 ist nichts erfasst."
    )


def test_a_rent_alone_is_no_subscription(ana, at):
    at(dt.date(2026, 2, 1))
    record(ana, [row(dt.date(2025, month, 1), "800.00", "Rent Meyer", "Housing") for month in range(1, 13)])
    record(ana, [row(dt.date(2026, month, 1), "800.00", "Rent Meyer", "Housing") for month in (1, 2)])
    refresh(ledger_id=ledger_id_of(ana.user))
    assert ask(ana, "what do my subscriptions cost a month")["answer"] == (
        "1 recurring payment costs €800.00 a month, €9,600.00 a year: "
        "Rent Meyer, monthly, next on March 1, 2026 (€800.00). None of them is in the category Subscriptions."
    )

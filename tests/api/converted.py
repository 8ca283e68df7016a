"""Accounts in several currencies, and requests for their totals in one."""

from typing import Any

from tests.conftest import Api


def record(api: Api, amount: str, currency: str = "EUR", direction: str = "out", **fields: Any) -> int:
    row = {"amount": amount, "currency": currency, "direction": direction, "description": "Row", "date": "2026-11-02"}
    answer = api.post("transactions/", row | fields)
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def open_account(api: Api, name: str, **fields: Any) -> int:
    answer = api.post("accounts/", {"name": name, "currency": "EUR", **fields})
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def balances(api: Api, date: str = "2026-11-02", **query: Any) -> Any:
    return api.get("accounts/balances/", {"date": date, **query}).json()


def totals(api: Api, by: str = "", convert_to: str = "base", **query: Any) -> Any:
    return api.get("transactions/totals/", {"by": by, "convert_to": convert_to, **query}).json()

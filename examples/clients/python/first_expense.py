"""Registers, records an expense and lists expenses, with the package that openapi-python-client makes."""

import secrets
import sys
from typing import Any

from outlay_client import AuthenticatedClient, Client
from outlay_client.api.expenses import expenses_create, expenses_list
from outlay_client.api.sign_in import auth_register
from outlay_client.models import Problem, RegisterRequest, SignedIn, TransactionBody, TransactionInputRequest

server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"


def body_of(answer: Any) -> Any:
    """Return the body of an answer, or end with the server's own words."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(answer.detail if answer else "The server sent no body.")
    return answer


username = f"reader-{secrets.token_hex(4)}"
reader = RegisterRequest(username=username, email=f"{username}@example.org", password="violet-Kettle-42")  # noqa: S106
signed_in: SignedIn = body_of(auth_register.sync(client=Client(server), body=reader))

api = AuthenticatedClient(server, token=signed_in.token, prefix="Token")
coffee = TransactionInputRequest.from_dict({"amount": "4.50", "description": "STARBUCKS 0815", "date": "2026-11-02"})
expense: TransactionBody = body_of(expenses_create.sync(client=api, body=coffee))
print(f"recorded {expense.amount} {expense.currency}, category {expense.category_name}")

page = body_of(expenses_list.sync(client=api, search="starbucks"))
print(f"found {page.count}: {', '.join(one.description for one in page.results)}")

wrong = expenses_create.sync(client=api, body=TransactionInputRequest.from_dict(coffee.to_dict() | {"amount": "much"}))
print(f"refused with {wrong.status}: {wrong.detail}" if isinstance(wrong, Problem) else "taken")

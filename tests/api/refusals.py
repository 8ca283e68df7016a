"""A real refusal for each error that the OpenAPI document names: every way to provoke one, the most telling first."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import IntegrityError, connection
from django.test import override_settings

from accounts.models import Scope, StoredAnswer
from accounts.services.stored_answers import claim_key
from accounts.services.tokens import issue_token
from config.api.idempotency import takes_key
from tests.api.permissions.ledger import fill
from tests.api.permissions.operations import (
    BODIES,
    CONDITION,
    DESCRIBED,
    FILE,
    IN_ORDER,
    PAGES,
    ROOT,
    ROW,
    Operation,
    address_in_another_state,
    address_of,
    op,
    send,
)
from tests.api.permissions.undoing import undone
from tests.conftest import Api

#: Numbers that differ from database to database or from second to second, in texts.
UNSTEADY = re.compile(r"\b(Transaction |rule |category |run |runs/)\d+|\b\d{3,4} seconds")
LIMIT = 4_000
#: Wrong values of query parameters that many lists have.
WRONG = {"page_size": "many", "date": "yesterday", "month": "June", "start": "yesterday", "verdict": "maybe"}


class Refusals:
    """A ledger with its people, who send requests that are refused. Each is taken back."""

    def __init__(self, *, owner: Api, stranger: Api, join_ledger_of: Callable[[Api, str, str], Api]) -> None:
        self.owner, self.stranger, self.anyone = owner, stranger, Api(None)
        self.ids = fill(owner)
        self.viewer = join_ledger_of(owner, "vera", "viewer")
        assert owner.user is not None
        _, secret = issue_token(user=owner.user, scope=Scope.READ)
        self.reader = Api(None)
        self.reader.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")

    def record(self) -> dict[str, Any]:
        """Return bodies by their names, and the names by operation and status."""
        found: dict[str, dict[str, Any]] = {}
        for operation in IN_ORDER:
            if operation in PAGES:
                continue
            described = DESCRIBED[operation]
            codes = [c for c in described["responses"] if c >= "400" and c != "503"]
            found[described["operationId"]] = {code: self._provoke(operation, int(code)) for code in codes}
        return named(found)

    def _provoke(self, operation: Operation, status: int) -> dict[str, Any]:
        """Return the body of the first refusal with this status. Raises AssertionError if there is none."""
        for way in self._ways(operation, status):
            with undone():
                answer = way()
            if answer.status_code == status:
                assert answer["Content-Type"] == "application/problem+json"
                return steady_problem(json.loads(answer.content))
        raise AssertionError(f"no way leads {operation} to {status}: provoke it, or do not describe it")

    def _ways(self, operation: Operation, status: int) -> Iterator[Callable[[], Any]]:
        if own := OWN.get((operation, status)):
            yield lambda: own(self)
        yield from getattr(self, f"_ways_to_{status}")(operation)

    def _send(self, operation: Operation, *, by: Api | None = None, **kwargs: Any) -> Any:
        return send(by or self.owner, operation, self.ids, **kwargs)

    def _raw(self, operation: Operation, content: str, media_type: str) -> Any:
        address = ROOT + address_of(operation, self.ids)
        return self.owner.client.generic(operation.method.upper(), address, content, content_type=media_type)

    def _ways_to_400(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        body = BODIES.get(operation)
        if body is not None:
            yield lambda: self._send(operation, body={})
            yield lambda: self._send(operation, body=body | {"color": "red"})
            yield lambda: self._send(operation, body=[1])
        parameters = {p["name"] for p in DESCRIBED[operation].get("parameters", []) if p["in"] == "query"}
        for name, value in WRONG.items():
            if name in parameters:
                yield lambda name=name, value=value: self._send(operation, query={name: value})  # type: ignore[misc]
        yield lambda: self._send(operation, query={"color": "red"})
        yield lambda: self._send(operation, headers={"HTTP_IDEMPOTENCY_KEY": "a key with spaces"})
        yield lambda: self._send(operation, headers={"HTTP_HOST": "elsewhere.example"})

    def _ways_to_401(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._send(operation, by=self.anyone)

    def _ways_to_403(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._send(operation, by=self.viewer)
        yield lambda: self._send(operation, by=self.reader)

    def _ways_to_404(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        if "{" in operation.path:
            yield lambda: self._send(operation, by=self.stranger)
            unknown = operation.path.replace("{kind}", "shop=nothing").replace("{key}", "nothing")
            yield lambda: self._send(Operation(unknown, operation.method), body=BODIES.get(operation))
        yield lambda: self._send(operation, query={"page": 99})

    def _ways_to_409(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        yield lambda: [self._send(operation), self._send(operation)][1]
        elsewhere = Operation(address_in_another_state(operation, self.ids), operation.method)
        yield lambda: self._send(elsewhere, body=BODIES.get(operation))
        if takes_key(operation.method.upper(), ROOT + operation.path):
            yield lambda: self._with_key(operation, in_use=True)
        yield lambda: self._at_once(operation)

    def _at_once(self, operation: Operation) -> Any:
        """Answer a request after another one, which took a name or deleted a row that this one needs."""

        def meet(execute: Any, sql: str, *args: Any) -> Any:
            if sql.startswith(("INSERT", "DELETE")):
                raise IntegrityError("UNIQUE constraint failed")
            return execute(sql, *args)

        with connection.execute_wrapper(meet):
            return self._send(operation)

    def _ways_to_412(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._send(operation, headers={"HTTP_IF_MATCH": '"91-117"'})

    def _ways_to_413(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        def large() -> Any:
            with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=LIMIT):
                return self._send(operation, body=BODIES[operation] | {"notes": "x" * LIMIT})

        yield large

    def _ways_to_415(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._raw(operation, "amount=5", "text/plain")

    def _ways_to_422(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        yield lambda: self._with_key(operation, in_use=False)

    def _with_key(self, operation: Operation, *, in_use: bool) -> Any:
        """Answer a request with a key that another request has: the same one that is not done, or a different one."""
        user, key = self.owner.user, "7f3c"
        assert user is not None
        if not in_use:
            claim_key(by=user, key=key, fingerprint="another request")
            return self._send(operation, headers={"HTTP_IDEMPOTENCY_KEY": key})
        self._send(operation, headers={"HTTP_IDEMPOTENCY_KEY": key})
        StoredAnswer.objects.update(status=None)
        return self._send(operation, headers={"HTTP_IDEMPOTENCY_KEY": key})

    def _ways_to_429(self, operation: Operation) -> Iterator[Callable[[], Any]]:
        def hurry() -> Any:
            cache.clear()
            framework: dict[str, Any] = dict(django_settings.REST_FRAMEWORK)
            framework["DEFAULT_THROTTLE_RATES"] = dict.fromkeys(framework["DEFAULT_THROTTLE_RATES"], "1/hour")
            with override_settings(REST_FRAMEWORK=framework):
                self._send(operation, body={})
                answer = self._send(operation, body={})
            cache.clear()
            return answer

        yield hurry


def steady_problem(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body without what differs from run to run."""
    text = UNSTEADY.sub(lambda found: f"{found[1]}91" if found[1] else "3600 seconds", json.dumps(body))
    steadied: dict[str, Any] = json.loads(text)
    return steadied | {"request_id": "0b9c5f4e-6d0a-4c59-9d1c-3f2a7e815d64"}


def named(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return each body once, under a name, and the names by operation and status.

    The name is the code of the body that most operations share, else that of the first operation and the status.
    """
    texts = [(json.dumps(body), f"{o}_{status}") for o, bodies in found.items() for status, body in bodies.items()]
    names: dict[str, str] = {}
    for text, n_operations in Counter(text for text, _ in texts).most_common():
        code = json.loads(text)["errors"][0]["code"]
        is_common = n_operations > 1 and code not in names.values()
        names[text] = code if is_common else next(name for other, name in texts if other == text)
    examples = {name: json.loads(text) for text, name in sorted(names.items(), key=lambda item: item[1])}
    operations = {o: {status: names[json.dumps(body)] for status, body in f.items()} for o, f in sorted(found.items())}
    return {"examples": examples, "operations": operations}


def _after(*requests: tuple[str, str, Any]) -> Callable[[Refusals], Any]:
    """Return a way that sends these requests, and answers the last. `{id}` is the id of the answer before."""

    def way(house: Refusals) -> Any:
        answer, made = None, None
        for method, path, body in requests:
            form = {"format": "multipart"} if isinstance(body, dict) and "file" in body else {}
            answer = house.owner.request(method, path.format(id=made, **house.ids), body, **form)
            made = answer.json().get("id", made) if answer.content else made
        return answer

    return way


def _by_somebody_new(operation: str) -> Callable[[Refusals], Any]:
    return lambda house: send(house.stranger, op(operation), house.ids)


def _closed(house: Refusals) -> Any:
    with override_settings(REGISTRATION_OPEN=False):
        return send(house.anyone, op("POST auth/register/"), house.ids)


HALVES = {"outgoing": "{expense}", "incoming": "{income}"}
#: What only this operation refuses.
OWN: dict[tuple[Operation, int], Callable[[Refusals], Any]] = {
    (op("POST auth/register/"), 403): _closed,
    (op("GET categorization/backtest/"), 404): _by_somebody_new("GET categorization/backtest/"),
    (op("GET categorization/thresholds/adopt/"), 409): _by_somebody_new("GET categorization/thresholds/adopt/"),
    (op("POST categorization/thresholds/adopt/"), 409): _by_somebody_new("POST categorization/thresholds/adopt/"),
    (op("GET rates/convert/"), 404): _after(("get", "rates/convert/?amount=1&from=USD&to=CHF&date=1999-01-04", None)),
    (op("DELETE categories/{id}/"), 409): _after(
        ("post", "expenses/", ROW | {"category": "Tea"}), ("delete", "categories/{category}/", None)
    ),
    (op("PATCH imports/{id}/"), 409): _after(
        ("post", "imports/{import}/commit/", {}), ("patch", "imports/{import}/", {"profile": {}})
    ),
    (op("DELETE imports/{id}/"), 409): _after(
        ("post", "imports/{import}/commit/", {}), ("delete", "imports/{import}/", None)
    ),
    (op("POST restore/"), 409): lambda house: house._send(op("POST restore/"), body={"file": FILE}),
    (op("POST rules/{id}/apply/"), 409): _after(
        ("patch", "rules/{rule}/", {"is_active": False}), ("post", "rules/{rule}/apply/", {})
    ),
    (op("POST rules/proposals/{id}/never/"), 409): _after(
        ("post", "rules/proposals/{proposal}/never/", {"scope": "rule"}),
        ("post", "rules/proposals/{proposal}/narrow/", {"conditions": [CONDITION]}),
    ),
    (op("POST rules/import/"), 409): _after(
        *(
            (
                "post",
                "rules/import/",
                BODIES[op("POST rules/import/")] | {"pack": {"name": "Cafes", "version": version}},
            )
            for version in ("1.2", "1.1")
        )
    ),
    (op("POST transfers/{id}/confirm/"), 409): _after(
        ("post", "transfers/{transfer}/reject/", None), ("post", "transfers/{transfer}/confirm/", None)
    ),
}
for _name, _kind in (("transactions", "expense"), ("expenses", "expense"), ("incomes", "income")):
    OWN |= {
        (op(f"POST {_name}/{{id}}/confirm/"), 409): _after(
            ("post", f"{_kind}s/", ROW | {"description": "Nothing known of this"}),
            ("post", f"{_name}/{{id}}/confirm/", None),
        ),
        (op(f"PATCH {_name}/{{id}}/"), 409): _after(
            ("patch", f"{_name}/{{split_{_kind}}}/", {"category": "Dining" if _kind == "expense" else "Salary"})
        ),
        (op(f"PUT {_name}/{{id}}/"), 409): _after(("put", f"{_name}/{{split_{_kind}}}/", ROW | {"amount": "7.00"})),
    }

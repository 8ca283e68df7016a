"""The law of keys: any request repeated with its key changes nothing, whatever it is and whatever came between."""

from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.api.bodies import with_key
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

APPS = ("accounts", "expenses", "rules", "statements", "django_tasks_database")
TEXTS = st.sampled_from(["Cafe Luna", "REWE 12", ""])
ROWS = st.fixed_dictionaries(
    {"amount": st.sampled_from(["5.50", "0"]), "description": TEXTS, "direction": st.sampled_from(["in", "out"])},
    optional={
        "category": st.sampled_from(["Dining", "Nonsense"]),
        "external_id": st.sampled_from(["a", "b"]),
        "tags": st.just(["food"]),
        "ai_classify": st.booleans(),
    },
)
GOOD = {"amount": "5.50", "description": "Cafe Luna", "direction": "out"}
RULES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Cafes", "Shops"]),
        "conditions": st.just([{"field": "description", "op": "contains", "value": "cafe"}]),
        "actions": st.just([{"type": "add_tag", "value": "coffee"}]),
    }
)
BULKS = st.fixed_dictionaries({"transactions": st.lists(ROWS, max_size=3)})
NTH = st.integers(0, 3).map(str)
CHANGES = st.fixed_dictionaries({}, optional={"notes": TEXTS, "category": st.sampled_from(["Dining", "", None])})


def requests(method: str, path: Any, bodies: Any) -> Any:
    return st.tuples(st.just(method), path, bodies)


ROW_PATHS = NTH.map("transactions/{}/".format)
REQUESTS = st.one_of(
    requests("post", st.sampled_from(["transactions/", "expenses/", "incomes/"]), ROWS),
    requests(
        "post", st.just("transactions/bulk/"), st.fixed_dictionaries({"transactions": st.lists(ROWS, max_size=3)})
    ),
    requests("patch", ROW_PATHS, CHANGES),
    requests("put", ROW_PATHS, ROWS),
    requests("delete", ROW_PATHS, st.none()),
    requests("post", NTH.map("transactions/{}/confirm/".format), st.none()),
    requests("post", st.just("accounts/"), st.fixed_dictionaries({"name": st.sampled_from(["Purse", "Giro"])})),
    requests("post", st.just("rules/"), RULES),
    requests("post", st.just("categorization/suggest/"), st.fixed_dictionaries({"description": TEXTS})),
    requests("patch", st.just("users/me/"), st.fixed_dictionaries({"locale": st.sampled_from(["de", "en"])})),
    requests("post", st.just("nowhere/"), st.none()),
)


def everything() -> dict[str, list[Any]]:
    """Every row of every table that a request can change."""
    models = [model for name in APPS for model in apps.get_app_config(name).get_models(include_auto_created=True)]
    rows = {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}
    for token in rows["accounts.Token"]:
        del token["last_used_at"]  # any request may note that it was used
    return rows


def content_of(answer: Any) -> Any:
    """The body, in which only the id of a refused request differs."""
    is_problem = answer["Content-Type"] == "application/problem+json" if answer.content else False
    return answer.json() if is_problem else answer.content


def send(api: Any, request: Any, key: str) -> Any:
    """The n-th row in an address is that of the ledger, none where there are fewer."""
    method, path, body = request
    head, *rest = path.split("/")
    if rest and rest[0].isdigit():
        ids = [row["id"] for row in api.get("transactions/?ordering=id").json()["results"]] + [0] * 4
        path = "/".join([head, str(ids[int(rest[0])]), *rest[1:]])
    return api.request(method, path, body, **with_key(key)), (method, path, body)


@law(7)
@given(st.lists(REQUESTS, min_size=1, max_size=6))
def test_any_request_repeated_with_its_key_changes_nothing(ana, model, sequence):
    with transaction.atomic():
        ana.post("transactions/bulk/", {"transactions": [GOOD, GOOD]})
        done = []
        for key, request in zip(map(str, count()), sequence, strict=False):
            first, sent = send(ana, request, key)
            before = everything()
            again = ana.request(*sent, **with_key(key))
            assert everything() == before
            assert (again.status_code, content_of(again)) == (repeated(first.status_code), content_of(first))
            done += [(first, sent, key)] * (first.status_code < 400)
        before = everything()
        for first, sent, key in done:
            again = ana.request(*sent, **with_key(key))
            assert (again.status_code, content_of(again)) == (repeated(first.status_code), content_of(first))
        assert everything() == before
        transaction.set_rollback(True)


def repeated(status: int) -> int:
    return 200 if status == 201 else status

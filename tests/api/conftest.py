"""What the tests of the API share: chains that say nothing or what they are told, and ledgers of several people."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from expenses.models import Ledger, Membership
from tests.conftest import Api, make_user
from tests.fakes import ScriptedProvider


@pytest.fixture
def silent_chain(use_chain: Callable[..., None]) -> None:
    """No link at all: rows without a category stay without one."""
    use_chain()


@pytest.fixture
def model(use_chain: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The user's history, then a model that says what the returned script tells it to."""
    ScriptedProvider.script, ScriptedProvider.asked[:] = {}, []
    use_chain(
        {"BACKEND": "rules.provider.RulesProvider"},
        {"BACKEND": "expenses.history.HistoryProvider", "MIN_CONFIDENCE": 0.85},
        {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True},
    )
    yield ScriptedProvider.script
    ScriptedProvider.script, ScriptedProvider.asked[:] = {}, []


@pytest.fixture
def join_ledger_of() -> Callable[[Api, str, str], Api]:
    """Somebody new who works in another person's ledger, in a role."""

    def join(owner: Api, name: str, role: str) -> Api:
        assert owner.user is not None
        ledger = Ledger.objects.get(memberships__user=owner.user)
        member = make_user(name)
        Membership.objects.create(ledger=ledger, user=member, role=role)
        return Api(member)

    return join

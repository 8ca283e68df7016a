"""Models that write garbage about invented months: nothing that is not true is shown."""

import random

import pytest

from accounts.models import User
from benchmarks.narrative_months import InventedLedger
from insights.calendars import Calendar
from insights.narrative.checker import Checker
from insights.reports.periods import period_around
from insights.services.narratives import MonthWriter
from tests.api.spending import record, row
from tests.laws import n_examples

pytestmark = pytest.mark.usefixtures("silent_chain")
N_MONTHS = 5


@pytest.fixture
def silent_chain(use_chain):
    use_chain()


def writers(api, ledger, locale):
    """Record the ledger, and yield each of its months with its writer."""
    api.patch("users/me/", {"preferences": {"locale": locale}})
    known = {one["name"] for one in api.get("categories/?page_size=200").json()["results"]}
    for name in set(ledger.categories) - known:
        assert api.post("categories/", {"name": name, "kind": "expense"}).status_code == 201, name
    known = ids(api)
    record(
        api,
        [
            row(
                day,
                str(amount),
                "Row",
                "Salary" if name is None else known[name],
                direction="in" if name is None else "out",
            )
            for day, name, amount in ledger.rows
        ],
    )
    user = User.objects.get(username="ana")
    for month in ledger.told():
        period = period_around("month", month.first, Calendar(1, 1))
        yield month, MonthWriter(user, period, "EUR", user.today())


def ids(api):
    rows = api.get("categories/?page_size=200").json()["results"]
    return {one["name"]: one["id"] for one in rows}


@pytest.mark.parametrize("seed", range(n_examples(2)))
@pytest.mark.parametrize("locale", ["en", "de"])
def test_no_garbage_is_shown(ana, seed, locale):
    ledger, chance, n_shown = InventedLedger.invent(seed, n_months=N_MONTHS), random.Random(seed), 0  # noqa: S311
    for month, writer in writers(ana, ledger, locale):
        true, checker = month.statements(locale), Checker(writer.figures, writer.language)
        for _ in range(100):
            found, _ = checker.read(month.garbage(locale, chance), most=100)
            shown = {" ".join(one.text.split()) for one in found}
            assert shown <= true
            n_shown += len(shown)
    assert n_shown > 20  # true statements among the garbage are shown

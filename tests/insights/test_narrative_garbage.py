"""Models that write garbage about invented months: nothing that is not true is shown."""

import random

import pytest

from accounts.models import User
from benchmarks.narrative_months import InventedLedger, has_only_true_numbers
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


def test_the_list_of_true_statements_knows_the_income_of_the_month_before():
    august = invented(0, "2023-08")
    assert august.earned(august.before) == 0
    assert "In July 2023, you received €0.00." in august.statements("en")
    assert "Im Juli 2023 hast du 0,00 € eingenommen." in august.statements("de")
    assert "In July 2023, you received €914.57." not in august.statements("en")


def test_the_usual_amount_of_a_category_is_the_median_of_three_months_before():
    text = "You spent €2,398.96 on The Rest, {} is usual: look at its largest payments."
    april = invented(100, "2023-04")
    assert has_only_true_numbers(text.format("€727.70"), april, "en")
    assert not has_only_true_numbers(text.format("€437.82"), april, "en")
    assert invented(100, "2023-03").usual("The Rest") is None  # January is the first month


def invented(seed, name):
    return next(month for month in InventedLedger.invent(seed, n_months=20).told() if month.name == name)

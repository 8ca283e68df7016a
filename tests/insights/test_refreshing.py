"""Workers compute insights when something has changed, once, and as a whole."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from expenses.ledger.dates import today_of
from expenses.models import Ledger
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_queue import LOST_AFTER, REST_FACTOR
from insights.models import Anomaly, AnomalyFeedback, InsightState, RecurringPayment
from insights.services.anomalies import Anomalies
from insights.services.feedback import FeedbackReferences
from insights.services.refreshing import (
    InsightPart,
    is_fresh,
    read_history,
    refresh,
    refresh_soon,
    refresh_stale,
    resume_refreshing,
)
from insights.tasks import refresh_insights
from tests.api.spending import FIRST, groceries, record, rents, row
from tests.insights.bills import detected, paid
from tests.queued import committed, due_at, lose_all, n_waiting

TASK = "insights.tasks.refresh_insights"


@pytest.fixture(autouse=True)
def _no_links(use_chain: Any) -> None:
    use_chain()


def ledger_of(api: Any) -> Ledger:
    """As it is stored now."""
    return Ledger.objects.select_related("founder").get(pk=ledger_id_of(api.user))


@pytest.fixture
def spent(ana):
    """Ana's year, in which one week and one rent stand out."""
    record(ana, [*groceries(52), *rents(8), *rents(12, "880.00")[8:]])
    record(ana, [row(FIRST + dt.timedelta(7 * 40 + 1), "420.00", "Corner shop", "Groceries")])
    return ledger_of(ana)


def stored(model: Any, ledger: Ledger) -> list[dict[str, Any]]:
    """All that is kept, but for when and under which id."""
    rows = model.objects.filter(ledger=ledger).order_by("day" if model is Anomaly else "payee", "pk").values()
    return [{name: value for name, value in one.items() if name != "id"} for one in rows]


def compute(ledger: Ledger) -> InsightState:
    assert refresh(ledger_id=ledger.pk) is not None
    return InsightState.objects.get(pk=ledger.pk)


def test_done_twice_it_comes_to_the_same(spent):
    compute(spent)
    before = [stored(model, spent) for model in (Anomaly, RecurringPayment)]
    assert [one["kind"] for one in before[0]] == ["price_rise", "unusual_week"]

    assert refresh(ledger_id=spent.pk, is_forced=True) is not None

    assert [stored(model, spent) for model in (Anomaly, RecurringPayment)] == before


def test_nothing_is_computed_while_nothing_has_changed(spent, ana):
    compute(spent)
    assert refresh(ledger_id=spent.pk) is None
    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    assert refresh(ledger_id=spent.pk) is not None


def test_a_rehearsal_finds_the_same_and_stores_nothing(spent, settings):
    found = refresh(ledger_id=spent.pk, is_rehearsal=True)
    assert found is not None
    assert list(found) == settings.INSIGHT_PARTS
    assert [one.kind for one in found["insights.services.anomalies.Anomalies"]] == ["price_rise", "unusual_week"]
    assert (InsightState.objects.count(), Anomaly.objects.count(), RecurringPayment.objects.count()) == (0, 0, 0)


def test_how_it_was_computed_is_kept(spent):
    state = compute(spent)
    assert (state.version, state.currency, state.reading, state.n_weeks, state.n_unconverted) == (
        spent.version, "EUR", "1-EUR-1-1", 53, 0,
    )  # fmt: skip
    assert state.computed_for_s > 0
    assert state.computed_at is not None
    assert is_fresh(spent, state)
    assert Ledger.objects.get(pk=spent.pk).version == spent.version


@pytest.mark.parametrize("preference", [{"base_currency": "USD"}, {"week_start": 7}, {"month_start": 25}])
def test_another_preference_makes_it_stale(spent, ana, preference):
    state = compute(spent)
    for name, value in preference.items():
        setattr(spent.founder, name, value)
    spent.founder.save()

    assert not is_fresh(ledger_of(ana), state)
    assert refresh(ledger_id=spent.pk) is not None
    assert refresh(ledger_id=spent.pk) is None


def test_a_day_that_has_passed_makes_it_stale(spent):
    state = compute(spent)
    state.day = today_of(spent.founder) - dt.timedelta(1)
    state.save()
    assert not is_fresh(spent, state)
    assert refresh(ledger_id=spent.pk) is not None


def test_an_empty_ledger_is_computed_too(ana):
    ledger = ledger_of(ana)
    state = compute(ledger)
    assert (state.n_weeks, Anomaly.objects.count()) == (0, 0)


class Erasing(InsightPart):
    """The ledger goes while it is computed."""

    def compute(self, history, found):
        Ledger.objects.get(pk=history.ledger_id).delete()

    def store(self, history, found):
        raise AssertionError("There is nothing left to store it for.")


def test_a_ledger_that_is_erased_meanwhile_leaves_nothing(ana, settings):
    ledger = ledger_of(ana)
    settings.INSIGHT_PARTS = [f"{__name__}.Erasing"]
    refresh(ledger_id=ledger.pk)
    assert InsightState.objects.count() == 0
    assert refresh(ledger_id=ledger.pk, is_forced=True) is None


class DiskFullError(Exception):
    """Made up."""


class Failing(InsightPart):
    """Cannot be stored."""

    def compute(self, history, found):
        return None

    def store(self, history, found):
        raise DiskFullError


def test_what_cannot_be_stored_as_a_whole_is_not_stored_in_part(spent, settings):
    compute(spent)
    before = stored(Anomaly, spent)
    Anomaly.objects.update(payee="kept")
    settings.INSIGHT_PARTS = [*settings.INSIGHT_PARTS, f"{__name__}.Failing"]
    with pytest.raises(DiskFullError):
        refresh(ledger_id=spent.pk, is_forced=True)
    assert [one["payee"] for one in stored(Anomaly, spent)] == ["kept"] * len(before)


def test_a_worker_that_failed_is_not_followed_at_once_by_the_next(spent, settings):
    committed(refresh_soon, spent)
    settings.INSIGHT_PARTS = [f"{__name__}.Failing"]
    with pytest.raises(DiskFullError):
        refresh_insights.func(spent.pk)
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 1
    InsightState.objects.update(refreshing_until=timezone.now())
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 2


def test_who_asks_while_one_is_queued_queues_nothing(spent):
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 1
    committed(refresh_soon, spent)
    assert committed(refresh_stale) == 0
    assert n_waiting(TASK) == 1


def test_who_asks_for_what_is_fresh_queues_nothing(spent):
    state = compute(spent)
    assert committed(refresh_soon, spent) == state
    assert n_waiting(TASK) == 0


def test_a_task_that_was_lost_is_queued_again_after_a_while(spent):
    committed(refresh_soon, spent)
    lose_all()
    InsightState.objects.update(refreshing_until=timezone.now() - dt.timedelta(seconds=1))
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 1


def test_after_a_crash_all_that_is_stale_is_queued_again(spent):
    committed(refresh_soon, spent)
    lose_all()
    assert committed(resume_refreshing) == 1
    assert n_waiting(TASK) == 1
    lose_all()
    compute(spent)
    assert committed(resume_refreshing) == 0
    assert n_waiting(TASK) == 0


def test_every_ledger_that_was_written_in_is_queued_once(ana, ben, spent):
    assert committed(refresh_stale) == 1
    record(ben, groceries(1))
    assert committed(refresh_stale) == 1
    assert committed(refresh_stale) == 0
    assert n_waiting(TASK) == 2


def test_a_worker_rests_ten_times_as_long_as_it_computed(spent, ana):
    state = compute(spent)
    state.computed_for_s = 60.0
    state.save()
    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    lose_all()

    committed(refresh_soon, ledger_of(ana))

    assert state.computed_at is not None
    ready = state.computed_at + dt.timedelta(seconds=60 * REST_FACTOR)
    assert abs(due_at(TASK) - ready) < dt.timedelta(seconds=1)
    assert InsightState.objects.get(pk=spent.pk).refreshing_until == ready + LOST_AFTER


def test_a_worker_that_has_rested_is_asked_at_once(spent, ana, run_tasks):
    state = compute(spent)
    state.computed_for_s, state.computed_at = 60.0, timezone.now() - dt.timedelta(seconds=601)
    state.save()
    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    committed(refresh_soon, ledger_of(ana))
    run_tasks()
    assert is_fresh(ledger_of(ana), InsightState.objects.get(pk=spent.pk))


def test_a_name_that_grows_when_its_case_is_folded_is_cut(ana):
    name = ("ß" * 200).casefold()
    bills = [paid(n, 30 * n, "800", name, category=None) for n in range(4)]
    [one] = detected([*bills, paid(9, 92, "800", name, category=None)])
    assert len(one.payee) == 400

    Anomalies().store(read_history(ledger_of(ana)), [one])

    assert [row["payee"] for row in stored(Anomaly, ledger_of(ana))] == ["s" * 200]


def feedback(ledger: Ledger, key: str, category: int) -> AnomalyFeedback:
    return AnomalyFeedback.objects.create(
        ledger=ledger, key=key, verdict="normal", kind=key.split("-", maxsplit=1)[0], category_id=category,
        day=dt.date(2025, 10, 13), observed=1, currency="EUR", given_at=timezone.now(), given_on=dt.date(2026, 1, 1),
        version=1,
    )  # fmt: skip


def test_feedback_of_october_follows_category_ten(ana):
    ledger = ledger_of(ana)
    ids = [ana.post("categories/", {"name": f"Own {n}", "kind": "expense"}).json()["id"] for n in range(2)]
    assert 10 not in ids
    about_week = feedback(ledger, "unusual_week-10-2025-10-13", 10)
    about_payee = feedback(ledger, "price_rise-ab12cd34ef56-2025-10-13", 10)

    assert FeedbackReferences().follow(ledger_id=ledger.pk, category=10, into=ids[0], version=9) == 2

    for word, key in ((about_week, f"unusual_week-{ids[0]}-2025-10-13"), (about_payee, about_payee.key)):
        word.refresh_from_db()
        assert (word.key, word.category_id, word.version) == (key, ids[0], 9)


def test_of_two_words_about_one_week_the_one_of_the_category_that_stays_holds(ana):
    ledger = ledger_of(ana)
    feedback(ledger, "unusual_week-10-2025-10-13", 10)
    kept = feedback(ledger, "unusual_week-11-2025-10-13", 11)
    assert FeedbackReferences().follow(ledger_id=ledger.pk, category=10, into=11, version=9) == 1
    assert list(AnomalyFeedback.objects.all()) == [kept]


def test_feedback_holds_no_category_back(ana):
    ledger = ledger_of(ana)
    one = feedback(ledger, "unusual_week-10-2025-10-13", 10)
    references = FeedbackReferences()
    assert references.count(ledger_id=ledger.pk, category=10) == 0
    references.restamp(ledger_id=ledger.pk, category=10, version=7)
    one.refresh_from_db()
    assert one.version == 7


def test_a_worker_that_read_earlier_and_was_slower_stores_nothing(spent):
    compute(spent)
    InsightState.objects.update(version=spent.version + 1)
    Anomaly.objects.update(payee="newer")
    refresh(ledger_id=spent.pk, is_forced=True)
    assert InsightState.objects.get().version == spent.version + 1
    assert {one["payee"] for one in stored(Anomaly, spent)} <= {"newer"}


def test_a_ledger_that_nobody_asks_about_is_not_computed_each_day(spent):
    compute(spent)
    InsightState.objects.update(day=dt.date(2020, 1, 1), asked_on=None)
    assert refresh_stale() == 0
    InsightState.objects.update(asked_on=timezone.now().date() - dt.timedelta(40))
    assert refresh_stale() == 0
    InsightState.objects.update(asked_on=timezone.now().date() - dt.timedelta(20))
    assert refresh_stale() == 1

"""Workers compute insights when something has changed, once, and as a whole."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

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
    refresh_written,
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
    """Return the ledger as stored now."""
    return Ledger.objects.select_related("founder").get(pk=ledger_id_of(api.user))


@pytest.fixture
def spent(ana):
    """Ana's year, in which one week and one rent stand out."""
    record(ana, [*groceries(52), *rents(8), *rents(12, "880.00")[8:]])
    record(ana, [row(FIRST + dt.timedelta(7 * 40 + 1), "420.00", "Corner shop", "Groceries")])
    return ledger_of(ana)


def stored(model: Any, ledger: Ledger) -> list[dict[str, Any]]:
    """Return all stored rows of a model without their ids."""
    rows = model.objects.filter(ledger=ledger).order_by("day" if model is Anomaly else "payee", "pk").values()
    return [{name: value for name, value in one.items() if name != "id"} for one in rows]


def compute(ledger: Ledger) -> InsightState:
    assert refresh(ledger_id=ledger.pk) is not None
    return InsightState.objects.get(pk=ledger.pk)


def test_repeated_refresh_changes_nothing(spent):
    compute(spent)
    before = [stored(model, spent) for model in (Anomaly, RecurringPayment)]
    assert [one["kind"] for one in before[0]] == ["price_rise", "unusual_week"]

    assert refresh(ledger_id=spent.pk, is_forced=True) is not None

    assert [stored(model, spent) for model in (Anomaly, RecurringPayment)] == before


def test_fresh_insights_are_not_computed_again(spent, ana):
    compute(spent)
    assert refresh(ledger_id=spent.pk) is None
    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    assert refresh(ledger_id=spent.pk) is not None


def test_rehearsal_stores_nothing(spent, settings):
    found = refresh(ledger_id=spent.pk, is_rehearsal=True)
    assert found is not None
    assert list(found) == settings.INSIGHT_PARTS
    assert [one.kind for one in found["insights.services.anomalies.Anomalies"]] == ["price_rise", "unusual_week"]
    assert (InsightState.objects.count(), Anomaly.objects.count(), RecurringPayment.objects.count()) == (0, 0, 0)


def test_state_of_the_computation_is_stored(spent):
    state = compute(spent)
    assert (state.version, state.currency, state.reading, state.n_weeks, state.n_unconverted) == (
        spent.version, "EUR", "4-EUR-1-1", 53, 0,
    )  # fmt: skip
    assert state.computed_for_s > 0
    assert state.computed_at is not None
    assert is_fresh(spent, state)
    assert Ledger.objects.get(pk=spent.pk).version == spent.version


@pytest.mark.parametrize("preference", [{"base_currency": "USD"}, {"week_start": 7}, {"month_start": 25}])
def test_changed_preference_makes_insights_stale(spent, ana, preference):
    state = compute(spent)
    for name, value in preference.items():
        setattr(spent.founder, name, value)
    spent.founder.save()

    assert not is_fresh(ledger_of(ana), state)
    assert refresh(ledger_id=spent.pk) is not None
    assert refresh(ledger_id=spent.pk) is None


def test_next_day_makes_insights_stale(spent):
    state = compute(spent)
    state.day = spent.founder.today() - dt.timedelta(1)
    state.save()
    assert not is_fresh(spent, state)
    assert refresh(ledger_id=spent.pk) is not None


def test_empty_ledger_is_computed(ana):
    ledger = ledger_of(ana)
    state = compute(ledger)
    assert (state.n_weeks, Anomaly.objects.count()) == (0, 0)


class Erasing(InsightPart):
    """A part that deletes the ledger while it is computed."""

    def compute(self, history, found):
        Ledger.objects.get(pk=history.ledger_id).delete()

    def store(self, history, found):
        raise AssertionError("There is nothing left to store it for.")


def test_erased_ledger_leaves_no_insights(ana, settings):
    ledger = ledger_of(ana)
    settings.INSIGHT_PARTS = [f"{__name__}.Erasing"]
    refresh(ledger_id=ledger.pk)
    assert InsightState.objects.count() == 0
    assert refresh(ledger_id=ledger.pk, is_forced=True) is None


class DiskFullError(Exception):
    """A made-up fault."""


class Failing(InsightPart):
    """A part that cannot be stored."""

    def compute(self, history, found):
        return None

    def store(self, history, found):
        raise DiskFullError


def test_failed_store_leaves_no_partial_insights(spent, settings):
    compute(spent)
    before = stored(Anomaly, spent)
    Anomaly.objects.update(payee="kept")
    settings.INSIGHT_PARTS = [*settings.INSIGHT_PARTS, f"{__name__}.Failing"]
    with pytest.raises(DiskFullError):
        refresh(ledger_id=spent.pk, is_forced=True)
    assert [one["payee"] for one in stored(Anomaly, spent)] == ["kept"] * len(before)


def test_failed_task_is_not_retried_at_once(spent, settings):
    committed(refresh_soon, spent)
    settings.INSIGHT_PARTS = [f"{__name__}.Failing"]
    with pytest.raises(DiskFullError):
        refresh_insights.func(spent.pk)
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 1
    InsightState.objects.update(refreshing_until=timezone.now())
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 2


def test_queued_task_prevents_another(spent):
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 1
    committed(refresh_soon, spent)
    assert committed(refresh_stale) == 0
    assert n_waiting(TASK) == 1


def test_fresh_insights_queue_no_task(spent):
    state = compute(spent)
    assert committed(refresh_soon, spent) == state
    assert n_waiting(TASK) == 0


def test_lost_task_is_queued_again(spent):
    committed(refresh_soon, spent)
    lose_all()
    InsightState.objects.update(refreshing_until=timezone.now() - dt.timedelta(seconds=1))
    committed(refresh_soon, spent)
    assert n_waiting(TASK) == 1


def test_crash_queues_stale_ledgers_again(spent):
    committed(refresh_soon, spent)
    lose_all()
    assert committed(resume_refreshing) == 1
    assert n_waiting(TASK) == 1
    lose_all()
    compute(spent)
    assert committed(resume_refreshing) == 0
    assert n_waiting(TASK) == 0


def test_changed_ledgers_are_queued_once(ana, ben, spent):
    assert committed(refresh_stale) == 1
    record(ben, groceries(1))
    assert committed(refresh_stale) == 1
    assert committed(refresh_stale) == 0
    assert n_waiting(TASK) == 2


def test_written_ledger_is_queued_before_anyone_asks(spent, ana, run_tasks):
    assert committed(refresh_written) == 1
    assert committed(refresh_written) == 0  # it is queued
    run_tasks()
    assert committed(refresh_written) == 0  # it is computed
    body = ana.get("insights/recurring/").json()
    assert ([one["payee"] for one in body["results"]], body["is_stale"]) == (["Rent Meyer"], False)

    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    assert committed(refresh_written) == 1


def test_ledger_without_writes_is_not_queued(ana, ben):
    assert committed(refresh_written) == 0
    record(ben, groceries(1))
    assert committed(refresh_written) == 1


def test_writes_in_many_ledgers_are_queued_by_and_by(ana, ben, spent, monkeypatch):
    record(ben, groceries(1))
    monkeypatch.setattr("insights.services.refreshing.MOST_AT_ONCE", 1)
    assert [committed(refresh_written) for _ in range(3)] == [1, 1, 0]
    assert n_waiting(TASK) == 2


def test_writes_wait_until_the_worker_has_rested(spent, ana):
    state = compute(spent)
    state.computed_for_s = 60.0
    state.save()
    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    assert committed(refresh_written) == 1
    assert state.computed_at is not None
    rested_at = state.computed_at + dt.timedelta(seconds=60 * REST_FACTOR)
    assert due_at(TASK) >= rested_at.replace(microsecond=0)  # Redis keeps whole seconds


def test_worker_rests_ten_times_the_computation(spent, ana):
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


def test_rested_worker_is_queued_at_once(spent, ana, run_tasks):
    state = compute(spent)
    state.computed_for_s, state.computed_at = 60.0, timezone.now() - dt.timedelta(seconds=601)
    state.save()
    record(ana, [row(FIRST, "1.00", "Kiosk", "Groceries")])
    committed(refresh_soon, ledger_of(ana))
    run_tasks()
    assert is_fresh(ledger_of(ana), InsightState.objects.get(pk=spent.pk))


def test_payee_longer_than_its_column_is_cut(ana):
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


def test_feedback_follows_category_ten_in_october(ana):
    ledger = ledger_of(ana)
    ids = [ana.post("categories/", {"name": f"Own {n}", "kind": "expense"}).json()["id"] for n in range(2)]
    assert 10 not in ids
    about_week = feedback(ledger, "unusual_week-10-2025-10-13", 10)
    about_payee = feedback(ledger, "price_rise-ab12cd34ef56-2025-10-13", 10)

    assert FeedbackReferences().follow(ledger_id=ledger.pk, category=10, into=ids[0], version=9) == 2

    for word, key in ((about_week, f"unusual_week-{ids[0]}-2025-10-13"), (about_payee, about_payee.key)):
        word.refresh_from_db()
        assert (word.key, word.category_id, word.version) == (key, ids[0], 9)


def test_merged_category_keeps_its_own_feedback(ana):
    ledger = ledger_of(ana)
    feedback(ledger, "unusual_week-10-2025-10-13", 10)
    kept = feedback(ledger, "unusual_week-11-2025-10-13", 11)
    assert FeedbackReferences().follow(ledger_id=ledger.pk, category=10, into=11, version=9) == 1
    assert list(AnomalyFeedback.objects.all()) == [kept]


def test_feedback_prevents_no_deletion(ana):
    ledger = ledger_of(ana)
    one = feedback(ledger, "unusual_week-10-2025-10-13", 10)
    references = FeedbackReferences()
    assert references.count(ledger_id=ledger.pk, category=10) == 0
    references.restamp(ledger_id=ledger.pk, category=10, version=7)
    one.refresh_from_db()
    assert one.version == 7


def test_slower_worker_stores_nothing(spent):
    compute(spent)
    InsightState.objects.update(version=spent.version + 1)
    Anomaly.objects.update(payee="newer")
    refresh(ledger_id=spent.pk, is_forced=True)
    assert InsightState.objects.get().version == spent.version + 1
    assert {one["payee"] for one in stored(Anomaly, spent)} <= {"newer"}


def test_unread_ledger_is_not_computed_daily(spent):
    compute(spent)
    InsightState.objects.update(day=dt.date(2020, 1, 1), asked_on=None)
    assert refresh_stale() == 0
    InsightState.objects.update(asked_on=timezone.now().date() - dt.timedelta(40))
    assert refresh_stale() == 0
    InsightState.objects.update(asked_on=timezone.now().date() - dt.timedelta(20))
    assert refresh_stale() == 1

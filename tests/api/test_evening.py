"""The first evening of a young ledger over HTTP: what is sure is right, and stays right."""

from dataclasses import replace

import pytest
from django.test import TestCase

from benchmarks.api_client import ApiClient
from benchmarks.evening import faults_of
from benchmarks.evening_play import play
from benchmarks.young_ledgers import invent_ledgers
from tests import queued

LEDGERS = {ledger.name: replace(ledger, n_confirmations=10) for ledger in invent_ledgers(17)}


class CommittingClient(ApiClient):
    """A client whose requests do after their commit what they left for then."""

    def _ask(self, *args, **kwargs):
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super()._ask(*args, **kwargs)


@pytest.fixture
def evening(ana, run_tasks, use_chain, settings):
    """Return a function that plays a ledger by its name, without a model."""
    use_chain(*(entry for entry in settings.CATEGORIZATION_PROVIDERS if not entry.get("DEFERRED")))

    def run_all_tasks():
        while queued.n_waiting():
            queued.make_due()
            run_tasks()

    return lambda name: play(LEDGERS[name], api=CommittingClient(ana.client), run_tasks=run_all_tasks)


@pytest.mark.parametrize("name", ["DE 1", "FR 6"])
def test_what_is_sure_is_right_and_stays_right_with_each_confirmation(evening, name):
    played = evening(name)

    assert [point.n for point in played.points] == list(range(11))
    assert list(faults_of(played)) == []

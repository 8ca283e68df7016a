"""How many examples a law is tried on: few in the daily run, many in the thorough one (`make test-all`)."""

import os

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("OUTLAY_TESTS") == "thorough"
#: How many examples of the thorough run come to one of the daily run.
FACTOR = 8


def n_examples(daily: int) -> int:
    """Return how many examples this run tries where the daily run tries so many."""
    return daily * FACTOR if THOROUGH else daily


def law(daily: int) -> settings:
    """Return the settings of a law that the daily run tries on so many examples."""
    return settings(max_examples=n_examples(daily))


def load_profile() -> None:
    """Set what holds for every law: no deadline on a busy machine, and fixtures may be shared by examples."""
    shared = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    settings.register_profile("outlay", max_examples=n_examples(25), deadline=None, suppress_health_check=shared)
    settings.load_profile("outlay")

import pytest
from django.core.cache import cache
from django.test import override_settings

from tests.providers.ollama_impostor import Impostor


@pytest.fixture
def fresh_cache():
    """A cache in memory that no other test has written into."""
    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "ollama"}
    with override_settings(CACHES={"default": local}):
        cache.clear()
        yield cache
        cache.clear()


@pytest.fixture
def impostor():
    """A server on this machine that speaks HTTP and misbehaves as told; needs `allow_hosts`."""
    with Impostor() as server:
        yield server

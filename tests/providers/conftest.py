import socket

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


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Names(dict[str, list[str]]):
    """Addresses of names; `looked_up` lists the names that were resolved."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up: list[str] = []


@pytest.fixture
def names(monkeypatch):
    """Names with the addresses that a test gives them, which may change; others resolve as ever."""
    known, getaddrinfo = Names(), socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if host not in known:
            return getaddrinfo(host, port, *args, **kwargs)
        known.looked_up.append(host)
        if not known[host]:
            raise socket.gaierror("Name or service not known")
        return [answer for address in known[host] for answer in getaddrinfo(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known

"""Turn the setting CATEGORIZATION_PROVIDERS into a chain, and check it at start-up."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from providers.chain import Chain, Link
from providers.interface import Provider
from providers.ollama import OllamaProvider

FAILURES_TO_OPEN = 3
OPEN_S = 60


class CacheBreaker:
    """A count of failures in a row that all processes share. A lost cache only means asking once more."""

    def reason_to_skip(self, name: str) -> str | None:
        """Return the last failure's sentence while the breaker is open, else None."""
        n_failures, reason = self._state(name)
        return reason if n_failures >= FAILURES_TO_OPEN else None

    def note_failure(self, name: str, reason: str) -> None:
        n_failures, _ = self._state(name)
        cache.set(f"breaker:{name}", (n_failures + 1, reason), OPEN_S)

    def note_success(self, name: str) -> None:
        cache.delete(f"breaker:{name}")

    def describe(self, name: str) -> dict[str, str | int | None]:
        """Return the state as JSON: `state` is closed or open, `last_error` the last failure's sentence."""
        n_failures, reason = self._state(name)
        state = "open" if n_failures >= FAILURES_TO_OPEN else "closed"
        return {"state": state, "n_failures": n_failures, "last_error": reason or None}

    def _state(self, name: str) -> tuple[int, str]:
        n_failures, reason = cache.get(f"breaker:{name}", (0, ""))
        return n_failures, reason


HINT = "See docs/chain.md for the form of CATEGORIZATION_PROVIDERS."
KEYS = {"BACKEND", "MIN_CONFIDENCE", "DEFERRED", "OPTIONS"}


def build_link(entry: Mapping[str, Any]) -> Link:
    """Build the link of one entry. Raise ImproperlyConfigured with a sentence that names the entry's fault."""
    if not isinstance(entry, Mapping):
        raise ImproperlyConfigured(f"An entry is a dictionary with BACKEND, not {entry!r}.")
    path = entry.get("BACKEND")
    if not isinstance(path, str) or not path:
        raise ImproperlyConfigured(f"The entry {dict(entry)!r} names no BACKEND.")
    if unknown := set(entry) - KEYS:
        raise ImproperlyConfigured(f"{path} has the unknown key {min(unknown)}; known are {sorted(KEYS)}.")
    options, is_deferred = entry.get("OPTIONS", {}), entry.get("DEFERRED", False)
    if not isinstance(options, Mapping):
        raise ImproperlyConfigured(f"OPTIONS of {path} must be a dictionary, not {options!r}.")
    if not isinstance(is_deferred, bool):
        raise ImproperlyConfigured(f"DEFERRED of {path} must be True or False, not {is_deferred!r}.")
    provider = _build_provider(path, options)
    threshold = entry.get("MIN_CONFIDENCE", 0.0)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise ImproperlyConfigured(f"MIN_CONFIDENCE of {path} must be between 0 and 1, not {threshold!r}.")
    return Link(provider, float(threshold), is_deferred)


def _build_provider(path: str, options: Mapping[str, Any]) -> Provider:
    try:
        provider = import_string(path)(**options)
    except ImportError as error:
        raise ImproperlyConfigured(f"{path} could not be imported: {error}") from error
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{path} does not take these OPTIONS: {error}") from error
    if not isinstance(provider, Provider):
        raise ImproperlyConfigured(f"{path} is not a subclass of providers.interface.Provider.")
    if not getattr(provider, "name", ""):
        raise ImproperlyConfigured(f"{path} has no name.")
    return provider


def build_chain(entries: Sequence[Mapping[str, Any]]) -> Chain:
    """Build all links. Raise ImproperlyConfigured for a faulty entry, or for two links of one name."""
    links = [build_link(entry) for entry in entries]
    names = [link.provider.name for link in links]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ImproperlyConfigured(f"Two links are called {min(twice)}.")
    return Chain(links, CacheBreaker())


@lru_cache(maxsize=1)
def configured_chain() -> Chain:
    """Return the chain of the setting, built once a process."""
    return build_chain(settings.CATEGORIZATION_PROVIDERS)


def configured_model() -> OllamaProvider | None:
    """Return the link of the local model, None if the chain has none."""
    providers = (link.provider for link in configured_chain().links)
    return next((provider for provider in providers if isinstance(provider, OllamaProvider)), None)


@receiver(setting_changed)
def _forget_chain(*, setting: str, **_: Any) -> None:
    if setting == "CATEGORIZATION_PROVIDERS":
        configured_chain.cache_clear()


@checks.register
def check_chain(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check the setting without network and database.

    E001: a faulty entry. E002: options that the link refuses. E003: two links of one name. W001: no link.
    """
    entries = settings.CATEGORIZATION_PROVIDERS
    if not entries:
        return [checks.Warning("No link is configured: nothing will be categorized.", hint=HINT, id="providers.W001")]
    messages: list[CheckMessage] = []
    for entry in entries:
        try:
            faults = build_link(entry).provider.check()
        except ImproperlyConfigured as error:
            messages.append(Error(str(error), hint=HINT, id="providers.E001"))
        else:
            messages += [Error(f"{entry['BACKEND']}: {fault}", hint=HINT, id="providers.E002") for fault in faults]
    if messages:
        return messages
    try:
        build_chain(entries)
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=HINT, id="providers.E003")]
    return []

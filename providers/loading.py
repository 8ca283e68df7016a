"""Turn the setting CATEGORIZATION_PROVIDERS into a chain, and check it at start-up."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from providers.chain import CRASH, Chain, Link
from providers.interface import Provider, ProviderError, ProviderUnavailable
from providers.ollama import OllamaProvider

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 3
#: Seconds for which a link that kept failing is not asked; each failed probe doubles them.
FIRST_OPEN_S = 60
LONGEST_OPEN_S = 600
#: Longer than any probe takes. A process that was killed in the middle of one holds up the others for so long.
PROBE_S = 600
_KEPT_S = 24 * 3600


class _Failures(NamedTuple):
    """The failures of a link in a row. It is not asked before `next_try_at`, in seconds since the epoch."""

    n: int = 0
    reason: str = ""
    open_s: int = 0
    next_try_at: float = 0.0

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        if self.n < FAILURES_TO_OPEN:
            return "closed"
        return "open" if time.time() < self.next_try_at else "half_open"


class CacheBreaker:
    """A count of failures in a row that all processes share. A lost cache only means asking once more.

    After FAILURES_TO_OPEN failures it is open: nobody asks. When that time is over it is half open: one process asks
    one question. Its success closes the breaker, its failure opens it for twice as long. The log has one line when a
    link goes away, and one when it is back.
    """

    def reason_to_skip(self, name: str) -> str | None:
        """Return the last failure's sentence while nobody may ask, else None."""
        failures = self._failures(name)
        is_probed = failures.state == "half_open" and cache.get(_probe_key(name)) is not None
        return failures.reason if is_probed or failures.state == "open" else None

    def begin_probe(self, name: str) -> bool:
        """Return True in one process if the breaker is half open: it asks one question and notes its end."""
        return self._failures(name).state == "half_open" and cache.add(_probe_key(name), 1, PROBE_S)

    def end_probe(self, name: str) -> None:
        """Let another question probe: this one has shown nothing about the link, or its end is noted."""
        cache.delete(_probe_key(name))

    def note_failure(self, name: str, reason: str) -> None:
        before = self._failures(name)
        failures = _Failures(before.n + 1, reason, before.open_s, before.next_try_at)
        if failures.n >= FAILURES_TO_OPEN and before.state != "open":
            open_s = min(2 * before.open_s, LONGEST_OPEN_S) or FIRST_OPEN_S
            failures = failures._replace(open_s=open_s, next_try_at=time.time() + open_s)
        if failures.n == FAILURES_TO_OPEN:
            logger.warning("The link %s is away and will be asked seldom: %s", name, reason)
        cache.set(f"breaker:{name}", tuple(failures), _KEPT_S)
        cache.delete(_probe_key(name))

    def note_success(self, name: str) -> None:
        if self._failures(name).n >= FAILURES_TO_OPEN:
            logger.warning("The link %s is back.", name)
        cache.delete_many([f"breaker:{name}", _probe_key(name)])

    def end_rest(self, name: str) -> None:
        """Let the link be asked one question at once, although it rests or the process that probes it was killed."""
        failures = self._failures(name)
        if failures.state != "closed":
            cache.set(f"breaker:{name}", tuple(failures._replace(next_try_at=time.time())), _KEPT_S)
        cache.delete(_probe_key(name))

    def describe(self, name: str) -> dict[str, str | int | None]:
        """Return the state as JSON: `last_error` is the last failure's sentence, `next_try_at` an instant or None."""
        failures = self._failures(name)
        next_try_at = datetime.fromtimestamp(failures.next_try_at, UTC).isoformat(timespec="seconds")
        return {
            "state": failures.state,
            "n_failures": failures.n,
            "last_error": failures.reason or None,
            "next_try_at": None if failures.state == "closed" else next_try_at.replace("+00:00", "Z"),
        }

    def _failures(self, name: str) -> _Failures:
        return _Failures(*cache.get(f"breaker:{name}", ()))


def _probe_key(name: str) -> str:
    return f"breaker:{name}:probe"


class LinkRests(ProviderUnavailable):
    """The link is not asked for a while, since it kept failing."""

    is_failure_of_link = False


@contextmanager
def counted_call(name: str) -> Iterator[None]:
    """Heed the breaker of a link before a call outside of the chain, and count the end of the call in it.

    Raise LinkRests while nobody may ask. An answer that makes no sense counts as a success: the link could be asked.
    """
    breaker = CacheBreaker()
    is_probe = breaker.begin_probe(name)
    if not is_probe and (reason := breaker.reason_to_skip(name)) is not None:
        seen = breaker.describe(name)
        when = f"at {seen['next_try_at']}" if seen["state"] == "open" else "soon"
        raise LinkRests(f"The model kept failing, so it is asked again {when}. Its last failure: {reason}")
    try:
        yield
    except ProviderUnavailable as error:
        if error.is_failure_of_link:
            breaker.note_failure(name, str(error))
        raise
    except ProviderError:
        breaker.note_success(name)
        raise
    except Exception:
        breaker.note_failure(name, CRASH)
        raise
    else:
        breaker.note_success(name)
    finally:
        if is_probe:
            breaker.end_probe(name)


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
            provider = build_link(entry).provider
            faults = provider.check()
        except ImproperlyConfigured as error:
            messages.append(Error(str(error), hint=HINT, id="providers.E001"))
        else:
            hint = provider.hint or HINT
            messages += [Error(f"{entry['BACKEND']}: {fault}", hint=hint, id="providers.E002") for fault in faults]
    if messages:
        return messages
    try:
        build_chain(entries)
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=HINT, id="providers.E003")]
    return []

"""System checks of the setting CATEGORIZATION_PROVIDERS. None of them asks the network or the database."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from providers.loading import build_chain, build_link

HINT = "See docs/chain.md for the form of CATEGORIZATION_PROVIDERS."


@checks.register
def check_chain(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: a faulty entry. E002: options that the link refuses. E003: two links of one name. W001: no link."""
    entries = settings.CATEGORIZATION_PROVIDERS
    if not entries:
        return [checks.Warning("No link is configured: nothing will be categorized.", hint=HINT, id="providers.W001")]
    messages = [message for entry in entries for message in _check_entry(entry)]
    return messages or _check_names(entries)


def _check_entry(entry: dict[str, Any]) -> list[CheckMessage]:
    try:
        link = build_link(entry)
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=HINT, id="providers.E001")]
    return [Error(f"{entry['BACKEND']}: {fault}", hint=HINT, id="providers.E002") for fault in link.provider.check()]


def _check_names(entries: list[dict[str, Any]]) -> list[CheckMessage]:
    try:
        build_chain(entries)
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=HINT, id="providers.E003")]
    return []

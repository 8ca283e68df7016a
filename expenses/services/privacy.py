"""Texts that leave this process: where they go and how many they are; and the choices of a ledger about them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum

from accounts.models import User
from expenses.models import ModelCall, PrivacyChoices
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import ledger_write, write_nothing
from providers.loading import configured_model
from providers.ollama.addresses import is_private
from providers.ollama.calls import CallOutcome

#: The days that figures cover, today included.
USAGE_DAYS = 30
#: The ends of calls before which the address behind a name was looked up and checked.
KNOWN_ADDRESS = {CallOutcome.ANSWERED, CallOutcome.REFUSED, CallOutcome.FAILED, CallOutcome.MISBEHAVED}


class Traffic(NamedTuple):
    """Calls, and the bytes of text that they sent and received."""

    n_calls: int = 0
    n_bytes_sent: int = 0
    n_bytes_received: int = 0

    def plus(self, other: "Traffic") -> "Traffic":
        return Traffic(*(a + b for a, b in zip(self, other, strict=True)))


class Usage(NamedTuple):
    """The calls of the last days that are still kept, and the last one of all."""

    since: date
    total: Traffic
    by_purpose: Mapping[str, Traffic]
    by_outcome: Mapping[str, Traffic]
    by_endpoint: Mapping[str, Traffic]
    last_call: ModelCall | None


class Destination(NamedTuple):
    """The model that texts are sent to. `is_private` is None where nobody knows yet."""

    is_on: bool
    name: str | None
    endpoint: str | None
    is_private: bool | None
    explanation: str


def choices_of(ledger_id: int) -> PrivacyChoices:
    """Return the ledger's choices, unsaved defaults where it has made none."""
    found: PrivacyChoices | None = PrivacyChoices.objects.filter(pk=ledger_id).first()
    return found or PrivacyChoices(ledger_id=ledger_id)


def choose_privacy(*, by: User, changes: Mapping[str, Any]) -> PrivacyChoices:
    """Change `kept_days` and `names`, which must have been checked. What stays as it is, writes nothing."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        choices = choices_of(ledger_id)
        if all(getattr(choices, name) == value for name, value in changes.items()):
            write_nothing()
            return choices
        for name, value in {**changes, "version": version}.items():
            setattr(choices, name, value)
        choices.save()
        return choices


def usage_of(user: User) -> Usage:
    """Add up the kept calls of today and the 29 days before, where the user lives. Two queries."""
    since = user.today() - timedelta(days=USAGE_DAYS - 1)
    midnight = datetime.combine(since, time.min, ZoneInfo(user.time_zone))
    calls = ModelCall.objects.for_user(user)
    groups = ("purpose", "outcome", "endpoint")
    rows = calls.filter(created_at__gte=midnight).values_list(*groups).order_by(*groups)
    by: dict[str, dict[str, Traffic]] = {name: defaultdict(Traffic) for name in groups}
    total = Traffic()
    for *key, n, sent, received in rows.annotate(Count("pk"), Sum("n_bytes_sent"), Sum("n_bytes_received")):
        amount = Traffic(n, sent, received)
        total = total.plus(amount)
        for name, value in zip(groups, key, strict=True):
            by[name][value] = by[name][value].plus(amount)
    last = calls.defer("request", "response").order_by("-created_at", "-id").first()
    return Usage(since, total, by["purpose"], by["outcome"], by["endpoint"], last)


def destination(last: ModelCall | None) -> Destination:
    """Return where the settings send texts. No name is resolved: the last call tells of the address behind one."""
    model = configured_model()
    if model is None:
        return Destination(False, None, None, None, "No model is configured: no text of a transaction leaves Outlay.")
    is_own, where = _place_of(urlsplit(model.host).hostname or "")
    if model.is_public_allowed:
        where += "; by OUTLAY_OLLAMA_PUBLIC, texts may go to public addresses"
    elif is_own is False:
        where += ", so nothing is sent to it"
    elif is_own is None and last is not None and last.endpoint == model.host and last.outcome in KNOWN_ADDRESS:
        is_own = last.outcome != CallOutcome.REFUSED
        where += f"; the last call found it {'private' if is_own else 'public, and sent nothing'}"
    return Destination(True, model.model, model.host, is_own, f"The model runs at {model.host}, {where}.")


def _place_of(host: str) -> tuple[bool | None, str]:
    """Return whether a host is private, None for a name, and where it is."""
    if host == "localhost":
        return True, "on the machine that runs Outlay"
    try:
        address = ip_address(host)
    except ValueError:
        return None, "a name whose address is checked at each call"
    if address.is_loopback:
        return True, "on the machine that runs Outlay"
    return (True, "on a private network") if is_private(host) else (False, "which is a public address")

"""What `manage.py check --deploy` says about guarding, beside Django's own checks."""

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def check_line(**_: Any) -> list[checks.CheckMessage]:
    """Tokens travel as they are: on a line that others share, only TLS hides them."""
    if settings.SECURE_SSL_REDIRECT or _is_loopback(settings.HOST):
        return []
    hint = "Put a proxy with TLS in front and set OUTLAY_HTTPS=yes, or listen on 127.0.0.1."
    return [checks.Warning(f"Other machines reach {settings.HOST}, and nothing is encrypted.", hint, id="outlay.W001")]


@checks.register(checks.Tags.security, deploy=True)
def check_proxies(**_: Any) -> list[checks.CheckMessage]:
    """Behind a proxy that is not counted, all clients have one address, and one who guesses locks all others out."""
    if not settings.SECURE_SSL_REDIRECT or settings.REST_FRAMEWORK["NUM_PROXIES"]:
        return []
    hint = "Set OUTLAY_PROXIES to the number of proxies that add to X-Forwarded-For."
    return [checks.Warning("OUTLAY_HTTPS=yes is for a proxy in front; none is counted.", hint, id="outlay.W002")]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

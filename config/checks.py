"""Our own checks of `manage.py check --deploy`, beside those of Django."""

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def check_encryption(**_: Any) -> list[checks.CheckMessage]:
    """Warn when other machines reach the server without TLS, since tokens are sent in plain text."""
    try:
        is_loopback = ip_address(settings.HOST).is_loopback
    except ValueError:
        is_loopback = settings.HOST == "localhost"
    if settings.SECURE_SSL_REDIRECT or is_loopback:
        return []
    hint = "Put a proxy with TLS in front and set OUTLAY_HTTPS=yes, or listen on 127.0.0.1."
    return [checks.Warning(f"Other machines reach {settings.HOST}, and nothing is encrypted.", hint, id="outlay.W001")]


@checks.register(checks.Tags.security, deploy=True)
def check_proxies(**_: Any) -> list[checks.CheckMessage]:
    """Warn about a proxy that is not counted: all clients would share its address, and its lock-out."""
    if not settings.SECURE_SSL_REDIRECT or settings.REST_FRAMEWORK["NUM_PROXIES"]:
        return []
    hint = "Set OUTLAY_PROXIES to the number of proxies that add to X-Forwarded-For."
    return [checks.Warning("OUTLAY_HTTPS=yes is for a proxy in front; none is counted.", hint, id="outlay.W002")]

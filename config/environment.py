"""The environment variables that an operator may set, each with a working default.

A `.env` file in the data folder may set them, too. The table in docs/configuration.md has the same names; a test holds
the two together.
"""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

#: The address of a server that listens on all addresses, or of one without a host → the address for its clients.
LISTENING_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not ours
#: A name, an address, or nothing for this machine.
HOST = re.compile(r"[\w.:-]*")
BASE_DIR = Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    """Return the folder of database, files and secret key. A missing one is created for its owner alone."""
    path = Path(text("OUTLAY_DATA_DIR", str(BASE_DIR / "data"))).expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"OUTLAY_DATA_DIR cannot be {path}: {error.strerror}.") from None
    return path


def load_env_file(folder: Path) -> None:
    """Set the variables of a `.env` file in the folder, except for those that are set already."""
    path = folder / ".env"
    if path.exists() and not os.access(path, os.R_OK):
        raise ImproperlyConfigured(f"{path} cannot be read. Give the user of the server the right to read it.")
    Env.read_env(path)


def text(name: str, default: str) -> str:
    """Return the variable's value without surrounding blanks, or the default where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int, *, least: int = 0) -> int:
    """Raises ImproperlyConfigured for anything but a whole number of at least `least`."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    if int(value) < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}, not {value}.")
    return int(value)


def port(name: str, default: int) -> int:
    """Raises ImproperlyConfigured for a port on which no server can listen."""
    value = number(name, default)
    if not 1 <= value <= 65535:
        raise ImproperlyConfigured(f"{name} must be a port from 1 to 65535, not {value}.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """Raises ImproperlyConfigured for anything but yes or no."""
    value = text(name, "yes" if default else "no").lower()
    if value not in {"yes", "no", "true", "false", "1", "0", "on", "off"}:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")
    return value in {"yes", "true", "1", "on"}


def probability(name: str, default: float) -> float:
    """Raises ImproperlyConfigured for anything but a number from 0 to 1."""
    value = text(name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ImproperlyConfigured(f"{name} must be a number from 0 to 1, not {value!r}.")
    return number


def rate(name: str, default: str) -> str | None:
    """Return a rate as DRF writes it, or None for `off`. Raises ImproperlyConfigured for anything else."""
    value = text(name, default).lower()
    if value in {"off", "no", "none"}:
        return None
    if not re.fullmatch(r"[1-9]\d*/(second|minute|hour|day)", value, re.ASCII):
        raise ImproperlyConfigured(f"{name} must be like 30/minute (second, minute, hour, day) or off, not {value!r}.")
    return value


def choice(name: str, options: tuple[str, ...]) -> str:
    """Return one of the options, by default the first. Raises ImproperlyConfigured for anything else."""
    value = text(name, options[0]).lower()
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def items(name: str, default: str) -> list[str]:
    """Return the items of a comma-separated list."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def secret_key(folder: Path) -> str:
    """Return OUTLAY_SECRET_KEY, or the key in the data folder, which is created on the first start.

    Two processes may start together: the one that links its file first wins, and both read the same whole key.
    """
    if given := os.environ.get("OUTLAY_SECRET_KEY", ""):
        return given
    path = folder / "secret_key"
    if not path.exists():
        draft = folder / f"secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text()


def ollama_url() -> str:
    """Return OLLAMA_HOST as Ollama's own tools read it: host, host:port or a URL. Return "" where it is off.

    The default port of a bare host is 11434, that of a URL its scheme's. Raises ImproperlyConfigured for anything else.
    """
    value = text("OLLAMA_HOST", "http://127.0.0.1:11434")
    if value.lower() in {"off", "no", "none"}:
        return ""
    has_scheme = "://" in value
    message = f"OLLAMA_HOST must be an address such as 127.0.0.1:11434, or off, not {value!r}."
    try:
        url = urlsplit(value if has_scheme else f"http://{value}")
        port = url.port or ({"https": 443}.get(url.scheme, 80) if has_scheme else 11434)
    except ValueError:
        raise ImproperlyConfigured(message) from None
    has_host = bool(url.netloc) and HOST.fullmatch(url.hostname or "") is not None
    has_more = bool(url.query or url.fragment) or url.path.startswith("//")
    if url.scheme not in {"http", "https"} or not has_host or has_more:
        raise ImproperlyConfigured(message)
    host = LISTENING_EVERYWHERE.get(url.hostname or "", url.hostname)
    user = url.netloc[: url.netloc.rfind("@") + 1]  # kept, so that the provider's own check refuses it
    return f"{url.scheme}://{user}{f'[{host}]' if ':' in str(host) else host}:{port}{url.path.rstrip('/')}"

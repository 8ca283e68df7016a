"""What may be wrong with the OPTIONS of the link, said before the server is ever called."""

from collections.abc import Iterator, Mapping
from typing import get_args
from urllib.parse import urlsplit

from providers.ollama.choices import Way

_FEWEST_TOKENS = 512


def faults(*, model: object, host: object, times: Mapping[str, object], num_ctx: object, way: object) -> list[str]:
    """Return one sentence for each fault."""
    return [
        *_model_faults(model),
        *_host_faults(host),
        *(fault for name, value in times.items() for fault in _time_faults(name, value)),
        *_context_faults(num_ctx),
        *_way_faults(way),
    ]


def _model_faults(model: object) -> Iterator[str]:
    if not isinstance(model, str) or not model.strip():
        yield "model is empty; name a model that Ollama has, such as “qwen3:4b”."


def _host_faults(host: object) -> Iterator[str]:
    try:
        address = urlsplit(str(host))
        valid = address.scheme in {"http", "https"} and address.hostname and address.port != 0
    except ValueError:
        valid = False
    if not valid:
        yield f"host is not a web address: {host!r}; write it like “http://127.0.0.1:11434”."
    elif address.username is not None:
        yield "host holds a user name, which Ollama's client would drop; put a proxy without a password before Ollama."


def _time_faults(name: str, value: object) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        yield f"{name} must be a positive number of seconds, not {value!r}."


def _context_faults(num_ctx: object) -> Iterator[str]:
    if not isinstance(num_ctx, int) or num_ctx < _FEWEST_TOKENS:
        yield f"num_ctx must be a number of tokens, {_FEWEST_TOKENS} or more, not {num_ctx!r}."


def _way_faults(way: object) -> Iterator[str]:
    if way not in get_args(Way):
        yield f"way must be one of {', '.join(get_args(Way))}, not {way!r}."

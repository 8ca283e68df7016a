"""Every way in which an Ollama server fails, as one sentence that tells the user what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import ollama

from providers.interface import ProviderError, ProviderMisbehaved, ProviderUnavailable

_WORDS_SHOWN = 200


@contextmanager
def foreseen(*, host: str, model: str = "", timeout_s: float) -> Iterator[None]:
    """Turn what the client library raises inside the block into `ProviderUnavailable` or `ProviderMisbehaved`."""
    try:
        yield
    except ollama.ResponseError as error:
        raise _refusal(error, host=host, model=model) from error
    except httpx.TimeoutException as error:
        raise _time_out(host=host, timeout_s=timeout_s) from error
    except (ConnectionError, httpx.ConnectError) as error:
        raise ProviderUnavailable(f"Ollama at {host} refused the connection; is it running?") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderUnavailable(f"The call to Ollama at {host} failed: {_shown(error)}. Try again.") from error
    # The library reads answers without checking their shape; what it then trips over is not its caller's mistake.
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ProviderMisbehaved(
            f"Ollama at {host} sent something that is not an answer; is another program listening on this address?"
        ) from error


def _time_out(*, host: str, timeout_s: float) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"Ollama at {host} did not answer within {timeout_s:g} seconds; "
        "allow it more time (timeout_s, load_timeout_s) or choose a smaller model."
    )


def _refusal(error: ollama.ResponseError, *, host: str, model: str) -> ProviderError:
    words = _shown(error.error)
    if error.status_code == httpx.codes.NOT_FOUND and model:
        return not_pulled(model)
    if error.status_code == -1:
        return ProviderUnavailable(f"Ollama at {host} gave up: {words}")
    if httpx.codes.is_redirect(error.status_code):
        return ProviderUnavailable(f"{host} redirects elsewhere; set host to the address where Ollama itself answers.")
    if httpx.codes.is_server_error(error.status_code):
        return ProviderUnavailable(
            f"Ollama at {host} failed with HTTP {error.status_code}: {words}. Look into its log; it may lack memory."
        )
    return ProviderUnavailable(f"Ollama at {host} rejected the request with HTTP {error.status_code}: {words}")


def not_pulled(model: str) -> ProviderUnavailable:
    """Say that the server does not have `model`, and how to get it."""
    return ProviderUnavailable(f"The model “{model}” is not pulled; run `ollama pull {model}`.")


def _shown(error: object) -> str:
    return " ".join(str(error).split())[:_WORDS_SHOWN] or type(error).__name__

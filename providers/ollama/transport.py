"""The one door to Ollama: it connects to checked addresses only, ends at a deadline, and limits and counts bytes."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from ssl import SSLContext
from typing import Any, NoReturn, cast

import httpcore
import httpx

from providers.interface import ProviderMisbehaved, ProviderUnavailable
from providers.ollama.addresses import is_private, refusal, resolve

#: An answer of 4,000 tokens has 20 KB, and log probabilities of one token have 2 KB.
MOST_BYTES = 1_000_000
#: `show` lists every tensor of a model, and some servers every token: a small model has 20 KB.
MOST_BYTES_OF_FACTS = 8_000_000
_KEPT_BYTES = 64 * 1024


class EndpointRefused(ProviderUnavailable):
    """The server is not on a private network, so nothing is sent to it."""


class NameWithoutAddress(ProviderUnavailable):
    """The name of the server is not known."""


class Door(httpx.HTTPTransport):
    """Passes the requests of one client, one after the other. The read time-out of a request ends its whole answer.

    `before_sending` gets the body of each request; if it raises, nothing is sent. `is_download` lifts deadline and
    limit from an answer that is long by nature; each part of it must still come in time.
    """

    def __init__(self, *, is_public_allowed: bool) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self.network = _Network(self, is_public_allowed=is_public_allowed)
        # httpx has no parameter for the network below it.
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=self.network)
        self.before_sending: Callable[[bytes], None] | None = None
        self.most_bytes = MOST_BYTES_OF_FACTS
        self.is_download = False
        #: The beginning of the last answer's body, and the number of all its bytes.
        self.received = b""
        self.n_bytes_received = 0
        #: True from the first byte of the request, or of the answer, on.
        self.was_sent = self.has_begun = False
        self._ends_at = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.received, self.n_bytes_received = b"", 0
        self.was_sent = self.has_begun = False
        if self.before_sending is not None:
            self.before_sending(request.read())
        self._ends_at = time.monotonic() + request.extensions["timeout"]["read"]
        response = super().handle_request(request)
        self.was_sent = True
        # Nobody asked for compression, and a megabyte of it may hold a gigabyte.
        response.headers.pop("content-encoding", None)
        if response.has_redirect_location:
            response.close()
            self.network.refuse_redirect(request.url, request.url.join(response.headers["location"]))
        response.stream = _Body(cast(httpx.SyncByteStream, response.stream), self)
        return response

    def seconds_left(self, timeout: float | None) -> float | None:
        """Return how long to wait for the network. Raise httpcore.ReadTimeout after the deadline."""
        if self.is_download:
            return timeout
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("The deadline has passed.")
        return left if timeout is None else min(left, timeout)

    def count(self, part: bytes) -> None:
        """Count bytes of the answer's body. Raise ProviderMisbehaved for more than `most_bytes`."""
        self.n_bytes_received += len(part)
        self.received += part[: _KEPT_BYTES - len(self.received)]
        if self.n_bytes_received > self.most_bytes and not self.is_download:
            raise ProviderMisbehaved(
                f"Ollama sent more than {self.most_bytes // 1_000_000} MB, which is no answer; "
                "is another program listening on its address?"
            )


class _Body(httpx.SyncByteStream):
    """The body of an answer, counted while it is read."""

    def __init__(self, stream: httpx.SyncByteStream, door: Door) -> None:
        self._stream = stream
        self._door = door

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            self._door.count(part)
            yield part

    def close(self) -> None:
        self._stream.close()


class _Network(httpcore.NetworkBackend):
    """Resolves a name for each connection, and connects to an address that was checked, never to the name.

    A name that changes its address later is refused then. TLS still proves the name.
    """

    def __init__(self, door: Door, *, is_public_allowed: bool) -> None:
        self._door = door
        self._is_public_allowed = is_public_allowed
        self._sockets = httpcore.SyncBackend()
        #: The address of the last connection.
        self.address = ""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        while True:
            self.address = addresses.pop(0)
            try:
                wait_s = self._door.seconds_left(timeout)
                stream = self._sockets.connect_tcp(self.address, port, wait_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise
            else:
                return _Stream(stream, self._door)

    def refuse_redirect(self, origin: httpx.URL, target: httpx.URL) -> NoReturn:
        """Raise EndpointRefused if the server points to a public address, else ProviderUnavailable."""
        here = f"{origin.scheme}://{origin.netloc.decode()}"
        try:
            with suppress(NameWithoutAddress):
                self._addresses(target.host, target.port or 80)
        except EndpointRefused as error:
            raise EndpointRefused(f"{here} redirects to another server. {error}") from None
        there = f"{target.scheme}://{target.netloc.decode()}"
        raise ProviderUnavailable(f"{here} redirects to {there}; set OLLAMA_HOST to the address of Ollama itself.")

    def _addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses that may be connected to: one at least."""
        try:
            addresses = resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NameWithoutAddress(f"The name {host} has no address; check OLLAMA_HOST.") from error
        private = [address for address in addresses if is_private(address)]
        if not private and not self._is_public_allowed:
            raise EndpointRefused(refusal(host, addresses[0]))
        return addresses if self._is_public_allowed else private


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline: a server that sends a byte a second cannot outlast it."""

    def __init__(self, stream: httpcore.NetworkStream, door: Door) -> None:
        self._stream = stream
        self._door = door

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        part = self._stream.read(max_bytes, self._door.seconds_left(timeout))
        self._door.has_begun = self._door.has_begun or bool(part)
        return part

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        wait_s = self._door.seconds_left(timeout)
        self._door.was_sent = True
        self._stream.write(buffer, wait_s)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._door.seconds_left(timeout))
        return _Stream(secure, self._door)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@cache
def _tls() -> SSLContext:
    """Return the settings of TLS with the usual authorities, which take longer to read than a short answer."""
    return httpx.create_ssl_context(trust_env=False)

"""The one door to Ollama: it connects to checked addresses only, ends at a deadline, and limits and counts bytes."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ssl import SSLContext
from typing import Any, cast

import httpcore
import httpx

from providers.interface import ProviderMisbehaved, ProviderUnavailable

#: Loopback, RFC 1918, link-local, shared address space (RFC 6598, Tailscale), and the same in IPv6.
_PRIVATE = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
        + ("::1/128", "fc00::/7", "fe80::/10"),
    )
)
_NAT64 = ip_network("64:ff9b::/96")
#: Bytes of an answer: the longest seen of a real server is `show` of a large vocabulary, 3 MB.
MOST_BYTES = 1_000_000
MOST_BYTES_OF_FACTS = 10_000_000
#: Bytes of an answer that its record keeps.
_KEPT_BYTES = 64 * 1024


class EndpointRefused(ProviderUnavailable):
    """The server is not on a private network, so nothing is sent to it."""


class Door(httpx.HTTPTransport):
    """Passes the requests of one client, one after the other. The read time-out of a request ends its whole answer.

    `before_sending` gets the body of each request; if it raises, nothing is sent. `is_download` lifts deadline and
    limit from answers that are long by nature; each part of them must still come in time.
    """

    def __init__(self, *, is_public_allowed: bool) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self.network = _Network(self, is_public_allowed=is_public_allowed)
        # httpx has no parameter for the network below it.
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=self.network)
        self.before_sending: Callable[[bytes], None] | None = None
        self.most_bytes = MOST_BYTES_OF_FACTS
        self.is_download = False
        self.received = b""
        self.n_bytes_received = 0
        self.ends_at = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.received, self.n_bytes_received = b"", 0
        self.ends_at = time.monotonic() + request.extensions["timeout"]["read"]
        if self.before_sending is not None:
            self.before_sending(request.read())
        response = super().handle_request(request)
        # Nobody asked for compression, and a megabyte of it may hold a gigabyte.
        response.headers.pop("content-encoding", None)
        if response.has_redirect_location:
            self.network.check_redirect(str(request.url.join(response.headers["location"])))
        response.stream = _Body(cast(httpx.SyncByteStream, response.stream), self)
        return response

    def seconds_left(self, timeout: float | None) -> float | None:
        """Return how long to wait for the network. Raise httpcore.ReadTimeout after the deadline."""
        if self.is_download:
            return timeout
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("The deadline has passed.")
        return left if timeout is None else min(left, timeout)

    def count(self, part: bytes) -> None:
        """Count bytes of the answer's body. Raise ProviderMisbehaved for more than `most_bytes`."""
        self.n_bytes_received += len(part)
        if len(self.received) < _KEPT_BYTES:
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
    """Resolves a name for each connection, and connects to an address that was checked, never to the name."""

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
        failure: Exception = httpcore.ConnectError("The name has no address.")
        for address in self._addresses(host, port):
            left = self._door.seconds_left(timeout)
            try:
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            self.address = address
            return _Stream(stream, self._door)
        raise failure

    def check_redirect(self, url: str) -> None:
        """Raise EndpointRefused if the server points to a public address. No redirect is followed anyway."""
        target = httpx.URL(url)
        try:
            self._addresses(target.host, target.port or 80)
        except EndpointRefused as error:
            raise EndpointRefused(
                f"The server redirects to {target.scheme}://{target.netloc.decode()}. {error}"
            ) from None
        except httpcore.ConnectError:
            return

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(_written(*one[4]) for one in found))
        if self._is_public_allowed:
            return addresses
        private = [address for address in addresses if is_private(address)]
        if addresses and not private:
            raise EndpointRefused(public_endpoint(host, addresses[0]))
        return private


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline: a server that sends a byte a second cannot outlast it."""

    def __init__(self, stream: httpcore.NetworkStream, door: Door) -> None:
        self._stream = stream
        self._door = door

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._door.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._door.seconds_left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._door.seconds_left(timeout))
        return _Stream(secure, self._door)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def is_private(address: str) -> bool:
    """Return True for an address of this machine or its own networks; an IPv4 address within IPv6 counts as itself."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped
        ip = inner or ip
    return any(ip in network for network in _PRIVATE)


def public_endpoint(host: str, address: str) -> str:
    """Return the sentence that refuses a server on a public address."""
    where = host if host == address else f"{host} ({address})"
    return (
        f"{where} is a public address, so nothing is sent to it. "
        "Use Ollama on a private network, or set OUTLAY_OLLAMA_PUBLIC=yes."
    )


def _written(address: str, _port: int, _flow: int = 0, scope: int = 0) -> str:
    return f"{address}%{scope}" if scope and "%" not in address else address


@cache
def _tls() -> SSLContext:
    """Return the settings of TLS with the usual authorities; to read these takes as long as a short answer."""
    return httpx.create_ssl_context(trust_env=False)

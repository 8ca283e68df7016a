"""Addresses of this machine and its own networks, to which texts of payments may go."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: Loopback, RFC 1918, link-local, shared address space (RFC 6598, used by Tailscale), and the same in IPv6.
_PRIVATE_IN_IPV4 = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10"
_PRIVATE_IN_IPV6 = "::1/128 fc00::/7 fe80::/10"
_PRIVATE = tuple(ip_network(network) for network in f"{_PRIVATE_IN_IPV4} {_PRIVATE_IN_IPV6}".split())
_NAT64 = ip_network("64:ff9b::/96")


def is_private(address: str) -> bool:
    """Return True for an address of this machine or its own networks; an IPv4 address within IPv6 counts as itself.

    Raise ValueError for a name.
    """
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        ip = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip
    return any(ip in network for network in _PRIVATE)


def is_public_address(host: str) -> bool:
    """Return True for an address that is not private, False for a private one and for any name."""
    try:
        return not is_private(host)
    except ValueError:
        return False


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, without duplicates, in the order of the system. Raise OSError if it has none."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(_written(*one[4]) for one in found))


def refusal(host: str, address: str) -> str:
    """Return the sentence that refuses a server on a public address."""
    where = host if host == address else f"{host} ({address})"
    return (
        f"{where} is a public address, so nothing is sent to it. "
        "Run Ollama on a private network, or set OUTLAY_OLLAMA_PUBLIC=yes."
    )


def _written(address: str, _port: int, _flow: int = 0, zone: int = 0) -> str:
    return f"{address}%{zone}" if zone and "%" not in address else address

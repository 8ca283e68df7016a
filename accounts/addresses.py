"""Which machine a request comes from, as far as that can be known."""

from ipaddress import IPv6Address, ip_address, ip_network

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle


def address_of(request: Request) -> str:
    """The client's address: what `OUTLAY_PROXIES` proxies in front say, and without one the other end of the line.

    Of IPv6 the network of 64 bits, all of whose addresses one client has.
    """
    said = str(BaseThrottle().get_ident(request))
    try:
        address = ip_address(said)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))

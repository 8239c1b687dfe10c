"""Whose address a request comes from, behind any number of proxies of ours.

Every proxy appends to `X-Forwarded-For` the address that it saw. Read from the right, everything up to the first
address that is not one of our proxies was written by them; what stands further left was written by whoever sent the
request, and may be anything. A header that comes from an address that is no proxy of ours is not believed at all.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

HERE: Address = ip_address("127.0.0.1")
"""Of who speaks through a socket file: only something on this machine can."""
UNKNOWN: Address = ip_address("0.0.0.0")  # noqa: S104 -- nothing is bound to it
"""Of who was forwarded by a proxy of ours that did not say from where: anybody but this machine."""
HOUSEHOLD_BITS = 64
"""Of an IPv6 address: a connection gets that whole range, and a sender may change its address within it at will."""

REMEMBERED = 4096
"""Texts of addresses: those in front of us stand in every request, and listeners send several."""
LONGEST = 64
"""Characters of an address: one of IPv6 has 45 at most, and may have brackets and a port."""


class Networks:
    """A set of addresses."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text) for text in texts)

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def client_address(peer: str | None, forwarded_for: str, proxies: Networks) -> Address:
    """The address that the request was sent from, as far as somebody told it whom we believe."""
    nearest = _read(peer or "") or HERE
    for text in reversed(forwarded_for.split(",")):
        if nearest not in proxies:
            break
        further = _read(text.strip())
        if further is None:
            return UNKNOWN if text.strip() else nearest
        nearest = further
    return nearest


def household(address: Address) -> str:
    """What stands for the sender of an address: the address itself, or the range that one connection gets."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, HOUSEHOLD_BITS), strict=False).network_address)


def _read(text: str) -> Address | None:
    """An address, also with a port behind it or in brackets; None for anything else."""
    return _parsed(text) if len(text) <= LONGEST else None


@lru_cache(REMEMBERED)
def _parsed(text: str) -> Address | None:
    bare = text.removeprefix("[").partition("]")[0]
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address

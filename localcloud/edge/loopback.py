"""Which address on the internet a loopback address stands for, so that rules about ranges mean something on one machine.

| loopback | stands for | who |
|---|---|---|
| 127.201.0.1 | 104.16.0.1 | the edge, as visitors reach it |
| 127.201.0.2 | 173.245.48.1 | the edge, as it comes to origins: an address of Cloudflare's published ranges |
| 127.66.6.6 | 203.0.113.66 | a stranger (RFC 5737) |
| 127.0.0.1 | 198.51.100.7 | an operator at the listed address |
| every other 127.x.y.z | itself | droplets (127.10.0.n private, 127.100.0.n public), balancers (127.200.0.n) |

A rule lets a connection in when it names the address that its source stands for.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

EDGE = "127.201.0.1"
EDGE_TO_ORIGIN = "127.201.0.2"
STRANGER = "127.66.6.6"
OPERATOR = "127.0.0.1"

STANDS_FOR: Mapping[str, str] = {EDGE: "104.16.0.1", EDGE_TO_ORIGIN: "173.245.48.1", STRANGER: "203.0.113.66", OPERATOR: "198.51.100.7"}


def public(address: str) -> IPv4Address | IPv6Address:
    """The address that a loopback address stands for."""
    return ipaddress.ip_address(STANDS_FOR.get(address, address))


def within(address: str, blocks: Iterable[str]) -> bool:
    """Whether any of the blocks holds what the address stands for; a block that is none holds nothing."""
    return any(_holds(block, public(address)) for block in blocks)


def _holds(block: str, address: IPv4Address | IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False

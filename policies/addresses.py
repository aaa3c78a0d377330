"""Addresses as sets: what an address list covers, whatever its spelling and however it is cut up.

`0.0.0.0/0`, `0/0`, `0.0.0.0/1` with `128.0.0.0/1`, `::/0` and `::ffff:0:0/96` all mean "everybody". An IPv4-mapped IPv6 network is
the IPv4 network it stands for. A list is first joined into its fewest blocks: a block lies within a list just when one of the
joined blocks holds it, so cutting a range into pieces hides nothing.

>>> Addresses.parse(["0.0.0.0/1", "128.0.0.0/1"]).blocks
(IPv4Network('0.0.0.0/0'),)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network

_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")

WIDEST_PUBLIC_V4 = 24
"""The shortest prefix of one site: a public IPv4 range wider than a /24 is no list of trusted addresses (our figure)."""

WIDEST_PUBLIC_V6 = 48
"""The same for IPv6: a site gets a /48 at most (RFC 6177)."""


@dataclass(frozen=True)
class Addresses:
    """A set of addresses as its fewest blocks."""

    blocks: tuple[Network, ...]

    @classmethod
    def parse(cls, texts: Iterable[object]) -> Addresses:
        """The union of address texts; `ValueError` names one that is no address."""
        return cls.of(network(text) for text in texts)

    @classmethod
    def of(cls, networks: Iterable[Network]) -> Addresses:
        every = tuple(networks)
        four = ipaddress.collapse_addresses(each for each in every if isinstance(each, IPv4Network))
        six = ipaddress.collapse_addresses(each for each in every if isinstance(each, IPv6Network))
        return cls((*four, *six))

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses.of(self.blocks + other.blocks)

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def holds(self, block: Network) -> bool:
        """Whether all of `block` lies within this set; by numbers, for it is asked of every block of every rule."""
        version, length, number = block.version, block.prefixlen, int(block.network_address)
        for own, shortest, shift, start in self._numbers:  # noqa: SIM110 - a generator costs as much as the comparison
            if own == version and length >= shortest and number >> shift == start:
                return True
        return False

    @cached_property
    def _numbers(self) -> tuple[tuple[int, int, int, int], ...]:
        """Of each block: the version, the length, the bits behind it, and the number before them."""
        shifts = ((each, each.max_prefixlen - each.prefixlen) for each in self.blocks)
        return tuple((each.version, each.prefixlen, shift, int(each.network_address) >> shift) for each, shift in shifts)

    def too_wide(self) -> tuple[Network, ...]:
        """The blocks outside `INTERNAL` that are wider than one site."""
        return tuple(each for each in self.blocks if not INTERNAL.holds(each) and _wide(each))


def network(text: object) -> Network:
    """One address or block, in any of its spellings; host bits are allowed and dropped."""
    return _network(str(text).strip().lower())


@lru_cache(maxsize=4096)
def _network(plain: str) -> Network:
    """The same few hundred blocks stand in thousands of rules."""
    for scheme in ("cidr:", "ip:"):  # as a balancer's firewall writes them
        plain = plain.removeprefix(scheme)
    address, slash, prefix = plain.partition("/")
    if slash and address.isdecimal():  # "0/0", "10/8": the short spelling of IPv4
        plain = f"{address}.0.0.0/{prefix}"
    return _unmapped(ipaddress.ip_network(plain, strict=False))


def _unmapped(block: Network) -> Network:
    if isinstance(block, IPv6Network) and block.subnet_of(_MAPPED):
        address = ipaddress.IPv4Address(int(block.network_address) & 0xFFFF_FFFF)
        return IPv4Network((address, block.prefixlen - 96))
    return block


def _wide(block: Network) -> bool:
    return block.prefixlen < (WIDEST_PUBLIC_V4 if block.version == 4 else WIDEST_PUBLIC_V6)


INTERNAL = Addresses.parse(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128"])
"""Addresses no packet from the internet comes from: RFC 1918, RFC 4193 and loopback."""

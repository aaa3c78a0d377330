"""Ports as sets: what a firewall rule's text covers, and whether that lies within what is allowed.

A port text is a number (`443`), a range (`20-30`), a list of these (`80,443`), or one of the spellings of "every port": `all`, `0`,
`1-65535`, and nothing at all (an absent port range on TCP or UDP covers every port). ICMP has no port.

>>> parse("20-30").within(parse("22") | parse("1-21"))
False
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

FIRST, LAST = 1, 65_535

PORTLESS = ("icmp",)
"""Protocols without ports."""


@dataclass(frozen=True)
class Ports:
    """A set of ports as disjoint, sorted, closed ranges."""

    ranges: tuple[tuple[int, int], ...] = ()

    def __or__(self, other: Ports) -> Ports:
        return merged(self.ranges + other.ranges)

    def __sub__(self, other: Ports) -> Ports:
        """The ports of this set that are none of `other`'s."""
        left = list(self.ranges)
        for low, high in other.ranges:
            parts = [((first, min(last, low - 1)), (max(first, high + 1), last)) for first, last in left]
            left = [(first, last) for pair in parts for first, last in pair if first <= last]
        return merged(left)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def within(self, other: Ports) -> bool:
        """Whether every port of this set is one of `other`'s."""
        return all(any(low <= first and last <= high for low, high in other.ranges) for first, last in self.ranges)

    def __str__(self) -> str:
        if self == ALL:
            return "all"
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges) or "none"


def merged(ranges: Iterable[tuple[int, int]]) -> Ports:
    """The union of closed ranges; ranges that touch become one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return Ports(tuple(joined))


ALL = Ports(((FIRST, LAST),))


def parse(text: object) -> Ports:
    """The set a port text covers; `ValueError` when it is not one. Numbers may come as floats (protobuf has no integers)."""
    return _parsed(_plain(text))


@lru_cache(maxsize=1024)
def _parsed(plain: str) -> Ports:
    """The same few texts stand in thousands of rules."""
    if plain in ("", "all", "0", "any", "*"):
        return ALL
    return merged(_range(part.strip()) for part in plain.split(","))


def _plain(text: object) -> str:
    if text is None:
        return ""
    if isinstance(text, float) and text.is_integer():
        return str(int(text))
    return str(text).strip().lower()


def _range(part: str) -> tuple[int, int]:
    first, dash, last = part.partition("-")
    low, high = int(first), int(last if dash else first)
    if low == 0:
        low = FIRST
    if not FIRST <= low <= high <= LAST:
        raise ValueError(f"{part!r} is no port range between {FIRST} and {LAST}")
    return low, high


def parse_allowed(texts: Iterable[str]) -> dict[str, Ports]:
    """A parameter such as `("tcp/443", "udp/443")`, by protocol."""
    allowed: dict[str, Ports] = {}
    for text in texts:
        protocol, _, port = text.lower().partition("/")
        allowed[protocol] = allowed.get(protocol, Ports()) | parse(port)
    return allowed

"""What firewall rules permit, as sets, and how two such sets differ: nothing more and nothing less may pass than was declared.

Pure. A permit is a protocol, a set of ports and a peer: a tag, the balancer, or a block of addresses. Sets of permits are compared as
sets of packets, so how a range of ports or addresses is cut up, doubled or spelled changes nothing:

>>> excess([Permit("tcp", parse("20-30"), "tag jobs")], [Permit("tcp", parse("22"), "tag jobs")])
(Permit(protocol='tcp', ports=Ports(ranges=((20, 21), (23, 30))), peer='tag jobs'),)

A `deny` rule permits nothing and forbids nothing here (which of two rules wins is not documented). ICMP and other protocols without
ports never stand in a table of flows, so a permit of them is always too much.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policies import ports
from policies.addresses import Addresses, Network, network
from policies.findings import has_unknown, same_id
from policies.ports import Ports

BALANCER = "the balancer"

Peer = str | Network


@dataclass(frozen=True)
class Permit:
    """One thing that may pass; `peer` is `tag <name>`, `BALANCER`, another named peer, or a block of addresses."""

    protocol: str
    ports: Ports
    peer: Peer

    def __str__(self) -> str:
        return f"{self.protocol}/{self.ports} {self.peer}" if self.ports else f"{self.protocol} {self.peer}"


@dataclass(frozen=True)
class Rules:
    """What some rules permit, and what of them could not be read."""

    permits: tuple[Permit, ...] = ()
    doubts: tuple[str, ...] = ()

    def __add__(self, other: Rules) -> Rules:
        return Rules(self.permits + other.permits, self.doubts + other.doubts)


def read(rules: Any, side: str) -> Rules:
    """A firewall's `inboundRules` (side `source`) or `outboundRules` (side `destination`)."""
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        return Rules() if rules is None else Rules(doubts=("its rules are not known yet",))
    found, doubts = [], []
    for rule in rules:
        if has_unknown(rule) or not isinstance(rule, Mapping):
            doubts.append("a rule that is not known yet")
            continue
        try:
            found += list(_permits(rule, side))
        except (ValueError, TypeError) as error:
            doubts.append(f"a rule that cannot be read ({error})")
    return Rules(tuple(found), tuple(doubts))


def _permits(rule: Mapping[str, Any], side: str) -> Iterator[Permit]:
    if str(rule.get("action") or "allow").lower() == "deny":
        return
    protocol = str(rule.get("protocol") or "any protocol").lower()
    opened = ports.parse(rule.get("portRange")) if protocol in ("tcp", "udp") else Ports()
    for peer in _peers(rule, side):
        yield Permit(protocol, opened, peer)


def _peers(rule: Mapping[str, Any], side: str) -> Iterator[Peer]:
    """Every peer of a rule; one that names none permits nobody by name, and is told as such."""
    named: list[Peer] = [network(each) for each in rule.get(f"{side}Addresses") or ()]
    named += [f"tag {str(each).lower()}" for each in rule.get(f"{side}Tags") or ()]
    named += [f"droplet {same_id(each)}" for each in rule.get(f"{side}DropletIds") or ()]
    named += [BALANCER for each in rule.get(f"{side}LoadBalancerUids") or () if each]
    named += [f"Kubernetes cluster {each}" for each in rule.get(f"{side}KubernetesIds") or ()]
    yield from named or ["a peer that is not named"]


def excess(permits: Iterable[Permit], allowed: Iterable[Permit]) -> tuple[Permit, ...]:
    """What of `permits` is not within `allowed`, each with the ports that are too many."""
    table = _Table(allowed)
    found = []
    for permit in dict.fromkeys(permits):
        left = table.left(permit)
        if left or not permit.ports:
            found.append(replace(permit, ports=left))
    return tuple(found)


class _Table:
    """Permits by protocol and peer, so that one permit is compared with those that can cover it, not with all."""

    def __init__(self, permits: Iterable[Permit]) -> None:
        self._ports: dict[tuple[str, Peer], Ports] = {}
        for each in permits:
            key = each.protocol, each.peer
            self._ports[key] = self._ports[key] | each.ports if key in self._ports else each.ports

    def left(self, permit: Permit) -> Ports:
        """The ports of a permit that no union of these covers for its whole peer."""
        left = permit.ports
        for peer in _covering(permit.peer):
            left -= self._ports.get((permit.protocol, peer), Ports())
            if not left:
                return left
        if isinstance(permit.peer, str):
            return left
        inner = {peer: opened for (protocol, peer), opened in self._ports.items() if protocol == permit.protocol}
        return _left_in_pieces(left, permit.peer, inner)


def _covering(peer: Peer) -> Iterator[Peer]:
    """The peer itself and, of a block, every block that holds it."""
    yield peer
    while not isinstance(peer, str) and peer.prefixlen:
        peer = peer.supernet()
        yield peer


def _left_in_pieces(left: Ports, block: Network, allowed: Mapping[Peer, Ports]) -> Ports:
    """The same where several blocks together cover the peer: port by port interval between the allowed ranges' ends."""
    pieces: dict[Ports, list[Network]] = defaultdict(list)
    for peer, opened in allowed.items():
        if not isinstance(peer, str) and peer.version == block.version and peer.overlaps(block):
            pieces[opened].append(peer)
    for low, high in tuple(left.ranges):
        for interval in _intervals(low, high, pieces):
            joined = Addresses.of(peer for opened, peers in pieces.items() if interval.within(opened) for peer in peers)
            if joined.holds(block):
                left -= interval
    return left


def _intervals(low: int, high: int, pieces: Iterable[Ports]) -> Iterator[Ports]:
    """The range cut wherever one of the sets begins or ends."""
    cuts = {low, high + 1}
    for opened in pieces:
        for first, last in opened.ranges:
            cuts |= {each for each in (first, last + 1) if low < each <= high}
    ordered = sorted(cuts)
    for first, after in itertools.pairwise(ordered):
        yield Ports(((first, after - 1),))

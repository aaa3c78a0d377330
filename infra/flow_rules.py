"""The rules of the cloud firewalls, made from the table of flows. Pure.

A flow becomes one rule inbound at its target and one outbound at its source, where those are hosts; rules of the same protocol and
ports of one host are one rule with several peers. A peer is written as the cloud can: hosts by tag, the balancer by its id, operators
by their addresses, the database (which has neither tag nor fixed address) by the range of its network, the internet as everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from promises.flows import HOSTS, Flow, inbound, outbound, tag

EVERYBODY = "0.0.0.0/0"
"""All of IPv4; hosts have no IPv6 address."""


@dataclass(frozen=True)
class Peers:
    """Whom a rule names: addresses (CIDRs), tags, and the balancer or not."""

    addresses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    balancer: bool = False

    def __or__(self, other: Peers) -> Peers:
        return Peers(_union(self.addresses, other.addresses), _union(self.tags, other.tags), self.balancer or other.balancer)


@dataclass(frozen=True)
class Rule:
    """One rule of a firewall; whether it lets in or out, its place says."""

    protocol: str
    ports: str
    peers: Peers


@dataclass(frozen=True)
class Ends:
    """What parties of the table are to the cloud: the platform's tags, the operators' addresses, the database's network."""

    platform: str
    operators: tuple[str, ...]
    database_range: str

    def peers(self, party: str) -> Peers:
        """A party as the other end of a rule."""
        if party in HOSTS:
            return Peers(tags=(tag(self.platform, party),))
        match party:
            case "balancer":
                return Peers(balancer=True)
            case "operators":
                return Peers(addresses=self.operators)
            case "database":
                return Peers(addresses=(self.database_range,))
            case "internet":
                return Peers(addresses=(EVERYBODY,))
            case _:
                raise ValueError(f"{party} is no end of a host's rule")


def inbound_rules(flows: Iterable[Flow], host: str, ends: Ends) -> tuple[Rule, ...]:
    """What comes in at a host."""
    return _rules(inbound(flows, host), lambda flow: ends.peers(flow.source))


def outbound_rules(flows: Iterable[Flow], host: str, ends: Ends) -> tuple[Rule, ...]:
    """What leaves a host."""
    return _rules(outbound(flows, host), lambda flow: ends.peers(flow.target))


def _rules(flows: Iterable[Flow], peers: Callable[[Flow], Peers]) -> tuple[Rule, ...]:
    found: dict[tuple[str, str], Peers] = {}
    for flow in flows:
        key = flow.protocol, flow.ports
        found[key] = found.get(key, Peers()) | peers(flow)
    return tuple(Rule(protocol, ports, whom) for (protocol, ports), whom in found.items())


def _union(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*left, *right)))

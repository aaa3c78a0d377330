"""Who may connect: a balancer's allow and deny lists, and the cloud firewalls of a host, asked with the address a connection comes from.

A balancer without an allow list is open; a deny entry wins over an allow entry (which of the two wins at DigitalOcean is not documented).
A host that no firewall covers is open; one that is covered is reached only where a rule says so, from the addresses, tags, droplets and
balancers that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.edge import loopback
from localcloud.edge.world import Document, World

HTTPS = 443


def balancer_admits(balancer: Document, source: str) -> bool:
    lists: Mapping[str, Any] = balancer.get("firewall") or {}
    if loopback.within(source, _blocks(lists.get("deny") or ())):
        return False
    allow = tuple(lists.get("allow") or ())
    return not allow or loopback.within(source, _blocks(allow))


def _blocks(entries: Iterable[str]) -> list[str]:
    """`cidr:10.0.0.0/8` and `ip:1.2.3.4`, without the word before the colon."""
    return [entry.partition(":")[2] for entry in entries]


def host_admits(world: World, droplet: Document, source: str, port: int = HTTPS) -> bool:
    covering = [each for each in world.firewalls if _covers(each, droplet)]
    rules = [rule for firewall in covering for rule in firewall.get("inbound_rules") or ()]
    return not covering or any(_opens(rule, port) and _names(rule.get("sources") or {}, world, source) for rule in rules)


def _covers(firewall: Document, droplet: Document) -> bool:
    return droplet["id"] in (firewall.get("droplet_ids") or ()) or bool(set(firewall.get("tags") or ()) & set(droplet["tags"]))


def _opens(rule: Document, port: int) -> bool:
    if rule.get("protocol") != "tcp":
        return False
    ports = str(rule.get("ports"))
    if ports in ("0", "all"):
        return True
    first, _, last = ports.partition("-")
    return first.isdecimal() and int(first) <= port <= int(last or first)


def _names(sources: Document, world: World, source: str) -> bool:
    if loopback.within(source, sources.get("addresses") or ()):
        return True
    if (balancer := world.balancer(source)) is not None:
        return balancer["id"] in (sources.get("load_balancer_uids") or ())
    machine = world.droplet(source)
    if machine is None:
        return False
    return machine["id"] in (sources.get("droplet_ids") or ()) or bool(set(sources.get("tags") or ()) & set(machine["tags"]))

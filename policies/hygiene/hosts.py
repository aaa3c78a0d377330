"""Hosts: backups or a way to be rebuilt, monitoring, a firewall in front, no firewall for nobody, no address without a host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from policies.findings import has_unknown, items, label, not_applicable, same_id, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.kinds import (
    AUTOSCALE,
    DROPLET,
    FIREWALL,
    KUBERNETES,
    NODE_POOL,
    RESERVED_IP,
    RESERVED_IP_ASSIGNMENT,
    RESERVED_IPV6,
    RESERVED_IPV6_ASSIGNMENT,
)
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation

ADDRESS = {RESERVED_IP: "ipAddress", RESERVED_IP_ASSIGNMENT: "ipAddress", RESERVED_IPV6: "ip", RESERVED_IPV6_ASSIGNMENT: "ip"}
"""Where a reserved address, and what gives it to a host, name the address."""


@checks("host.backups", DROPLET)
def backups(asked: Asked) -> Iterator[Observation]:
    rebuilt = asked.texts("rebuilt")
    for droplet in asked.stack.of(DROPLET):
        tags = items(droplet, "tags") or ()
        spared = next((tag for tag in tags if tag in rebuilt), None)
        if spared is not None:
            yield not_applicable(label(droplet), "backups on", f"hosts tagged {spared} are rebuilt, or have snapshots of their own")
        else:
            yield _switched_on(droplet, "backups")


@checks("host.monitoring", DROPLET)
def monitoring(asked: Asked) -> Iterator[Observation]:
    return (_switched_on(droplet, "monitoring") for droplet in asked.stack.of(DROPLET))


def _switched_on(droplet: Resource, name: str) -> Observation:
    """DigitalOcean's default is off for both."""
    seen, expected = value(droplet, name), f"{name} on"
    if seen is UNKNOWN:
        return unknown(label(droplet), expected)
    return verdict(label(droplet), expected, "" if seen is True else "not set" if seen is None else "off", "on")


@checks("host.firewall", DROPLET, FIREWALL)
def firewall(asked: Asked) -> Iterator[Observation]:
    guard = _guard(asked.stack.of(FIREWALL))
    return (_guarded(droplet, guard) for droplet in asked.stack.of(DROPLET))


@dataclass(frozen=True)
class Guard:
    """Whom the firewalls name. `certain` is false while some of it is not known yet."""

    tags: frozenset[str]
    droplets: frozenset[str]
    certain: bool


def _guard(firewalls: Iterable[Resource]) -> Guard:
    tags, droplets = [], []
    for each in firewalls:
        tags.append(items(each, "tags"))
        droplets.append(items(each, "dropletIds"))
    named = frozenset(str(tag) for some in tags for tag in some or ())
    ids = frozenset(same_id(one) for some in droplets for one in some or ())
    return Guard(named, ids, certain=None not in (*tags, *droplets))


def _guarded(droplet: Resource, guard: Guard) -> Observation:
    expected, tags, identity = "a firewall that names one of its tags, or itself", items(droplet, "tags"), value(droplet, "id")
    if guard.tags.intersection(map(str, tags or ())) or same_id(identity) in guard.droplets:
        return verdict(label(droplet), expected, "", "named by one")
    if tags is None or not guard.certain or (identity is UNKNOWN and guard.droplets):
        return unknown(label(droplet), expected)
    return verdict(label(droplet), expected, "no firewall names it", "")


@checks("host.firewall-tags", FIREWALL, DROPLET, AUTOSCALE, KUBERNETES, NODE_POOL, none="no firewall names a tag here")
def firewall_tags(asked: Asked) -> Iterator[Observation]:
    """Hosts bear tags by themselves, by the pool they grow from, or as nodes of a cluster."""
    borne = _borne(asked.stack)
    for each in asked.stack.of(FIREWALL):
        tags = items(each, "tags")
        if tags is None:
            yield unknown(label(each), "tags that hosts bear")
        for tag in tags or ():
            yield _tag(each, tag, borne)


def _tag(firewall: Resource, tag: Any, borne: frozenset[str] | None) -> Observation:
    subject, expected = f"tag {tag} of {label(firewall)}", "a host that bears it"
    if borne is None:
        return unknown(subject, expected)
    return verdict(subject, expected, "" if tag in borne else "no host bears it", "borne")


NESTED = {AUTOSCALE: "dropletTemplate", KUBERNETES: "nodePool"}
"""Where those that make hosts keep the tags of the hosts they make."""


def _borne(stack: Stack) -> frozenset[str] | None:
    """Every tag that some host bears; None while one is not known."""
    found: set[str] = set()
    for each in stack.of(DROPLET, AUTOSCALE, KUBERNETES, NODE_POOL):
        made = value(each, NESTED[each.type]) if each.type in NESTED else None
        if has_unknown(made) or has_unknown(value(each, "tags")):
            return None
        found.update(map(str, value(each, "tags") or ()), map(str, (made or {}).get("tags") or ()))
        if each.type == KUBERNETES:
            found |= {"k8s", "k8s:worker", f"k8s:{value(each, 'id')}"}
    return frozenset(found)


@checks(
    "address.unattached",
    RESERVED_IP,
    RESERVED_IPV6,
    RESERVED_IP_ASSIGNMENT,
    RESERVED_IPV6_ASSIGNMENT,
    none="no address is reserved here",
)
def unattached(asked: Asked) -> Iterator[Observation]:
    """Attached by itself, or by an assignment that names the address."""
    given = [value(each, ADDRESS[each.type]) for each in asked.stack.of(RESERVED_IP_ASSIGNMENT, RESERVED_IPV6_ASSIGNMENT)]
    for each in asked.stack.of(RESERVED_IP, RESERVED_IPV6):
        address, droplet = value(each, ADDRESS[each.type]), value(each, "dropletId")
        subject, expected = f"reserved address {each.name}", "a host that has it"
        if droplet is not UNKNOWN and (droplet or (address is not UNKNOWN and address in given)):
            yield verdict(subject, expected, "", "attached")
        elif droplet is UNKNOWN or UNKNOWN in given or (given and address is UNKNOWN):
            yield unknown(subject, expected)
        else:
            yield verdict(subject, expected, "attached to nothing", "")

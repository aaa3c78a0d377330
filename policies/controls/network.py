"""`network.private-vpc`: every machine, balancer and database stands in a private network of the stack's own.

The region's default network is not one: everything that names no network falls into it, other people's projects of the same account
included. A member's network must exist, be one that the stack (or the account) declares, and not be the default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from policies.controls.base import Question, control
from policies.findings import failed, label, or_nothing, passed, unknown, value
from policies.kinds import BALANCER, CLUSTER, DROPLET, REPLICA, VPC
from policies.readers import digitalocean
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

MEMBERS: Mapping[str, str] = {
    DROPLET: "vpcUuid",
    BALANCER: "vpcUuid",
    CLUSTER: "privateNetworkUuid",
    REPLICA: "privateNetworkUuid",
}
"""The kinds that must stand in a private network, and the property that names it."""

EXPECTED = "stands in a private network of its own, not the region's default"

MEND = "create it anew with the id of a VPC that the stack declares"


@control("network.plan", Surface.PLAN, "the private network that every droplet, balancer and database names, against the stack's VPCs")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure
    return judge(stack)


@control("network.live", Surface.LIVE, "the private network of every droplet, balancer and database, from the DigitalOcean API")
def live(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure
    return gather(digitalocean.sources(clients.digitalocean, VPC, *MEMBERS)).judged(judge)


def judge(stack: Stack) -> Iterator[Observation]:
    vpcs = {value(vpc, "id"): vpc for vpc in reversed(stack.of(VPC))}
    members = stack.of(*MEMBERS)
    return or_nothing((placed(member, vpcs) for member in members), "droplet, balancer or database", EXPECTED)


def named(member: Resource, question: Question) -> Observation:  # noqa: ARG001 - as every early check is called
    """What one resource alone can tell: whether it names a network at all."""
    return _named(member)


def _named(member: Resource) -> Observation:
    network = value(member, MEMBERS[member.type])
    if network is UNKNOWN:
        return unknown(label(member), EXPECTED)
    if not network:
        return failed(label(member), EXPECTED, f"{MEMBERS[member.type]} is not set: the region's default network", MEND)
    return passed(label(member), EXPECTED, f"network {network}")


def placed(member: Resource, vpcs: Mapping[Any, Resource]) -> Observation:
    """One member against the networks there are, by id (`UNKNOWN` and None among them where one has none yet)."""
    network = value(member, MEMBERS[member.type])
    if network is UNKNOWN or not network:
        return _named(member)
    found = vpcs.get(network)
    if found is None:
        if UNKNOWN in vpcs or None in vpcs:
            return unknown(label(member), EXPECTED)
        return failed(label(member), EXPECTED, f"network {network} is none of the VPCs declared", MEND)
    if value(found, "default") is True:
        return failed(label(member), EXPECTED, f"{label(found)} is the region's default network", MEND)
    return passed(label(member), EXPECTED, label(found))

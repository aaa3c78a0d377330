"""`keys.apart-from-data`: the hosts that keep the keys share nothing with what the keys encrypt.

A key host is a droplet with the tag `<platform>-vault`. Each must stand in a network that holds no database and no other host, carry no
other part's tag, be covered by no firewall that covers another host, be no trusted source of a database and no balancer's target, and
have no volume in common with another host. Other credentials: no Spaces key opens both the bucket of backups and another bucket, so
whoever reads the data's copies reads nothing else with it. No key host at all proves nothing.
What stands on a disk is not seen here; Vault's own answer about its storage is another proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies.addresses import network
from policies.controls.base import Question, control
from policies.findings import failed, has_unknown, items, label, not_applicable, or_nothing, passed, same_id, unknown, value
from policies.ingress import Coverage, applies
from policies.kinds import BALANCER, CLUSTER, DROPLET, FIREWALL, REPLICA, SPACES_KEY, TRUSTED
from policies.parties import another_platform, parties, provisioner
from policies.readers import digitalocean
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from promises import flows
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

KEEPER = "vault"
"""The party that keeps keys."""

EXPECTED = "shares no network, firewall, volume or tag with what its keys encrypt"

EXPECTED_KEY = "opens the backups or something else, not both"

MEND = "move it into the network of the keys, behind its own firewall, with its own tag only"

MEND_KEY = "make a key for each purpose, with one grant on one bucket"


@dataclass(frozen=True)
class Data:
    """What the keys encrypt, and what stands round it."""

    hosts: tuple[Resource, ...]
    stores: tuple[Resource, ...]
    firewalls: tuple[Resource, ...]
    trusted: tuple[Resource, ...]
    balancers: tuple[Resource, ...]

    def networks(self) -> tuple[Any, ...]:
        own = [value(host, "vpcUuid") for host in self.hosts]
        return (*own, *(value(store, "privateNetworkUuid") for store in self.stores))


@control(
    "separation.plan", Surface.PLAN, "the networks, firewalls, tags, volumes and trusted sources of the hosts that keep keys, in the stack"
)
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control("separation.live", Surface.LIVE, "droplets, firewalls, databases, balancers and Spaces keys, from the DigitalOcean API")
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    kinds = (DROPLET, FIREWALL, CLUSTER, REPLICA, TRUSTED, BALANCER, SPACES_KEY)
    return gather(digitalocean.sources(clients.digitalocean, *kinds)).judged(lambda stack: judge(stack, question))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    """Hosts whose tags are not known may be either; while there are any, nothing is certain of the others' networks."""
    platform = question.catalog.platform
    droplets = [each for each in stack.of(DROPLET) if not another_platform(each, question.catalog)]
    roles = [(droplet, parties(droplet, platform)) for droplet in droplets]
    keepers = [droplet for droplet, found in roles if found is not None and KEEPER in found]
    others = tuple(droplet for droplet, found in roles if found is not None and KEEPER not in found)
    data = Data(others, stack.of(CLUSTER, REPLICA), stack.of(FIREWALL), stack.of(TRUSTED), stack.of(BALANCER))
    yield from (unknown(label(droplet), EXPECTED, "its tags are not known yet") for droplet, found in roles if found is None)
    yield from or_nothing((apart(keeper, data, platform) for keeper in keepers), "host that keeps keys", EXPECTED)
    yield from (one_purpose(key, platform) for key in stack.of(SPACES_KEY) if not another_platform(key, question.catalog))


def apart(keeper: Resource, data: Data, platform: str) -> Observation:
    """One key host against everything that holds data."""
    found = [*_network(keeper, data), *_tags(keeper, platform), *_firewalls(keeper, data), *_reach(keeper, data), *_volumes(keeper, data)]
    if faults := [each for each in found if each is not None]:
        return failed(label(keeper), EXPECTED, "; ".join(faults), MEND)
    if found:
        return unknown(label(keeper), EXPECTED)
    return passed(label(keeper), EXPECTED, f"network {value(keeper, 'vpcUuid')}, {len(data.hosts)} other hosts elsewhere")


Found = Iterator[str | None]
"""What is shared, in words; None for what is not known yet."""


def _network(keeper: Resource, data: Data) -> Found:
    own = value(keeper, "vpcUuid")
    if own is UNKNOWN:
        yield None
    elif not own:
        yield "stands in no network of its own"
    else:
        theirs = data.networks()
        if own in [each for each in theirs if each is not UNKNOWN]:
            yield "stands in a network that holds data"
        elif any(each is UNKNOWN for each in theirs):
            yield None


def _tags(keeper: Resource, platform: str) -> Found:
    own = flows.tag(platform, KEEPER)
    for tag in items(keeper, "tags") or ():
        if str(tag).lower() != own:
            yield f"carries the tag {tag}, by which it is treated like other hosts"


def _firewalls(keeper: Resource, data: Data) -> Found:
    """Every firewall that covers it covers key hosts alone; without one it is open to the data's network."""
    covering = [(firewall, applies(firewall, keeper)) for firewall in Coverage(data.firewalls).near(keeper)]
    if not any(verdict for _, verdict in covering):
        yield None if any(verdict is None for _, verdict in covering) else "no firewall covers it"
    for firewall, verdict in covering:
        theirs = [(host, applies(firewall, host)) for host in data.hosts] if verdict is not False else []
        shared = [host for host, covers in theirs if covers]
        if shared and verdict:
            yield f"{label(firewall)} covers {label(shared[0])} too"
        elif any(covers is not False for _, covers in theirs):
            yield None


def _reach(keeper: Resource, data: Data) -> Found:
    tags, identity = {str(tag).lower() for tag in items(keeper, "tags") or ()}, same_id(value(keeper, "id"))
    for trusted in data.trusted:
        rules = items(trusted, "rules")
        if rules is None:
            yield None
            continue
        for rule in rules:
            kind, named = rule.get("type"), same_id(rule.get("value"))
            if (kind == "tag" and named.lower() in tags) or (kind == "droplet" and named == identity):
                yield "is a trusted source of the database"
            elif kind == "ip_addr":
                yield from _within(named, keeper)
    for balancer in data.balancers:
        tag, ids = value(balancer, "dropletTag"), items(balancer, "dropletIds")
        if tag is UNKNOWN or ids is None:
            yield None
        elif str(tag or "").lower() in tags or identity in {same_id(each) for each in ids}:
            yield f"{label(balancer)} forwards to it"


def _within(trusted: str, keeper: Resource) -> Found:
    """Whether a trusted range holds one of the key host's addresses; a host that has none yet may get one of it."""
    own = [value(keeper, name) for name in ("ipv4AddressPrivate", "ipv4Address")]
    try:
        block, found = network(trusted), [network(each) for each in own if isinstance(each, str) and each]
    except ValueError:
        yield None
        return
    if any(each.version == block.version and each.subnet_of(block) for each in found):  # type: ignore[arg-type]
        yield "is within a trusted source of the database"
    elif UNKNOWN in own and block.prefixlen < block.max_prefixlen:
        yield None


def _volumes(keeper: Resource, data: Data) -> Found:
    own = items(keeper, "volumeIds")
    if own is None:
        yield None
        return
    for host in data.hosts:
        theirs = items(host, "volumeIds")
        if own and theirs is None:
            yield None
        elif set(map(same_id, own)) & set(map(same_id, theirs or ())):
            yield f"has a volume of {label(host)}"


def one_purpose(key: Resource, platform: str) -> Observation:
    """A key that opens the data's backups opens nothing else."""
    grants = items(key, "grants")
    if grants is None or has_unknown(grants):
        return unknown(label(key), EXPECTED_KEY)
    buckets = {str(grant.get("bucket") or "") for grant in grants}
    everything = any(grant.get("permission") == "fullaccess" or not grant.get("bucket") for grant in grants)
    backups = f"{platform}-backups"
    if everything and value(key, "name") == provisioner(platform):
        return not_applicable(label(key), EXPECTED_KEY, "with it the stack's buckets are made; no host and no job has it")
    if everything:
        return failed(label(key), EXPECTED_KEY, "opens every bucket", MEND_KEY)
    if backups in buckets and len(buckets) > 1:
        return failed(label(key), EXPECTED_KEY, f"opens {', '.join(sorted(buckets))}", MEND_KEY)
    return passed(label(key), EXPECTED_KEY, f"opens {', '.join(sorted(buckets)) or 'nothing'}")

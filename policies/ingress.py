"""Who may come in from the internet: the rules of cloud firewalls and balancers against what the promise allows.

Pure. A source is internal when it is a tag, a droplet, a balancer or a cluster (addresses inside the account's own networks), or
lies in `addresses.INTERNAL`; internal sources may use any port. Every other source may use the public ports from the edge's ranges
and TCP 22 from the listed addresses, and nothing else: not ICMP (it has no port), not a protocol of another name. Every rule of
every firewall that applies is looked at. A `deny` rule opens nothing, and it heals nothing either: no document of the provider says
which of two rules that disagree wins, so what one rule allows counts as open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policies import ports
from policies.addresses import INTERNAL, Addresses, Network, network
from policies.findings import has_unknown, items, label, same_id, value
from policies.kinds import BALANCER, FIREWALL
from policies.ports import Ports
from policies.readers.state import UNKNOWN, Resource
from promises.model import Promise

SSH = ports.parse("22")

ENTRY_TRANSPORT = {"http": "tcp", "https": "tcp", "http2": "tcp", "http3": "udp", "tcp": "tcp", "udp": "udp"}
"""The transport a balancer's entry protocol listens on."""

_INTERNAL_SOURCES = ("sourceTags", "sourceDropletIds", "sourceLoadBalancerUids", "sourceKubernetesIds")


@dataclass(frozen=True)
class Allowance:
    """What a promise lets in from outside."""

    public_ports: Mapping[str, Ports]
    edge: Addresses
    ssh: Addresses

    @classmethod
    def of(cls, promise: Promise) -> Allowance:
        """From the parameters of `firewall.https-only`; `ValueError` when one of them cannot be read."""
        return cls(
            ports.parse_allowed(promise.texts("public_ports")),
            Addresses.parse(promise.texts("edge_ranges")) | INTERNAL,
            Addresses.parse(promise.texts("ssh_addresses")) | INTERNAL,
        )

    def permitted(self, protocol: str, source: Network) -> Ports:
        """The ports that `source` may use over `protocol`."""
        allowed = self.public_ports.get(protocol, Ports()) if self.edge.holds(source) else Ports()
        return allowed | SSH if protocol == "tcp" and self.ssh.holds(source) else allowed

    def __str__(self) -> str:
        listed = ", ".join(f"{protocol}/{allowed}" for protocol, allowed in sorted(self.public_ports.items()))
        return f"from outside only {listed} from the edge's ranges and tcp/22 from listed addresses"


@dataclass(frozen=True)
class Reading:
    """What is open beyond the allowance (`faults`), and what could not be read (`doubts`)."""

    faults: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.faults + other.faults, self.doubts + other.doubts)

    @property
    def clean(self) -> bool:
        return not self.faults and not self.doubts


@dataclass(frozen=True)
class Coverage:
    """The firewalls of a stack, found by what they may cover."""

    every: tuple[Resource, ...]

    @cached_property
    def _places(self) -> Mapping[str | None, tuple[int, ...]]:
        """By tag and by droplet's id, where in `every` they stand; under None those of which something is not known."""
        found: dict[str | None, list[int]] = {}
        for place, firewall in enumerate(self.every):
            tags, ids = items(firewall, "tags"), items(firewall, "dropletIds")
            keys = [None] if tags is None or ids is None else [*map(_tag_key, tags), *map(_id_key, ids)]
            for key in keys:
                found.setdefault(key, []).append(place)
        return {key: tuple(places) for key, places in found.items()}

    def near(self, droplet: Resource) -> Iterator[Resource]:
        """Every firewall that may apply to the droplet, in their order; all of them where its own tags or id are not known."""
        tags, identity = items(droplet, "tags"), value(droplet, "id")
        if tags is None or identity is UNKNOWN:
            yield from self.every
            return
        keys = [None, *map(_tag_key, tags), *([] if identity is None else [_id_key(identity)])]
        yield from (self.every[place] for place in sorted({place for key in keys for place in self._places.get(key, ())}))


@dataclass(frozen=True)
class Firewalls(Coverage):
    """The same with what they may let in, each read once however many machines it covers."""

    allowance: Allowance

    @cached_property
    def _readings(self) -> dict[int, Reading]:
        """By the identity of the object: live firewalls may share a name."""
        return {}

    def reading(self, firewall: Resource) -> Reading:
        """What one of `every` lets in."""
        if id(firewall) not in self._readings:
            self._readings[id(firewall)] = of_firewall(firewall, self.allowance)
        return self._readings[id(firewall)]


def of_droplet(droplet: Resource, firewalls: Firewalls) -> Reading:
    """All firewalls that apply to the droplet, by id or tag. None at all means that every port is open."""
    if value(droplet, "publicNetworking") is False:
        return Reading()
    reading, certain, possible = Reading(), 0, 0
    for firewall in firewalls.near(droplet):
        verdict = applies(firewall, droplet)
        if verdict is None:
            possible += 1
            seen = firewalls.reading(firewall)
            reading += Reading(doubts=seen.faults + seen.doubts)
        elif verdict:
            certain += 1
            reading += firewalls.reading(firewall)
    if certain:
        return reading
    if possible:
        return reading + Reading(doubts=("which firewalls apply is not known before the tags and ids exist",))
    return Reading(faults=("no firewall applies to it, so every port is open",))


def of_firewall(firewall: Resource, allowance: Allowance) -> Reading:
    """Every inbound rule of one firewall."""
    rules = value(firewall, "inboundRules")
    if rules is UNKNOWN:
        return Reading(doubts=(f"{label(firewall)}: its rules are not known yet",))
    reading = Reading()
    for rule in rules or ():
        seen = _of_rule(rule, allowance)
        reading += Reading(_named(firewall, seen.faults), _named(firewall, seen.doubts))
    return reading


def of_balancer(balancer: Resource, allowance: Allowance) -> Reading:
    """The balancer's entries and its own firewall; an internal balancer has no public address."""
    if value(balancer, "network") == "INTERNAL":
        return Reading()
    return _of_entries(balancer, allowance) + _of_sources(balancer, allowance)


def open_to_outside(resource: Resource, firewalls: Firewalls) -> Reading:
    """A balancer, a droplet or a firewall on its own."""
    if resource.type == BALANCER:
        return of_balancer(resource, firewalls.allowance)
    if resource.type == FIREWALL:
        return of_firewall(resource, firewalls.allowance)
    return of_droplet(resource, firewalls)


def _named(firewall: Resource, phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{label(firewall)} lets in {phrase}" for phrase in phrases)


def applies(firewall: Resource, droplet: Resource) -> bool | None:
    """Whether the firewall covers the droplet, by id or tag; None while ids or tags are unknown."""
    by_tag = _share(items(firewall, "tags"), items(droplet, "tags"), str.lower)
    identity = value(droplet, "id")
    own = None if identity is UNKNOWN else (() if identity is None else (same_id(identity),))
    by_id = _share(items(firewall, "dropletIds"), own, str)
    if by_tag or by_id:
        return True
    return None if by_tag is None or by_id is None else False


def _tag_key(tag: Any) -> str:
    return f"tag {same_id(tag).lower()}"


def _id_key(identity: Any) -> str:
    return f"id {same_id(identity)}"


def _share(left: tuple[Any, ...] | None, right: tuple[Any, ...] | None, form: Any) -> bool | None:
    if left == () or right == ():
        return False
    if left is None or right is None:
        return None
    return bool({form(same_id(each)) for each in left} & {form(same_id(each)) for each in right})


def _of_rule(rule: Mapping[str, Any], allowance: Allowance) -> Reading:
    if has_unknown(rule):
        return Reading(doubts=("a rule that is not known yet",))
    if str(rule.get("action") or "allow").lower() == "deny":
        return Reading()
    protocol = str(rule.get("protocol") or "any protocol").lower()
    sources = rule.get("sourceAddresses") or ()
    if not sources:
        internal = any(rule.get(kind) for kind in _INTERNAL_SOURCES)
        return Reading() if internal else Reading(faults=(f"{protocol} from a source that is not named",))
    reading = Reading()
    for source in sources:
        reading += _of_source(protocol, rule.get("portRange"), source, allowance)
    return reading


def _of_source(protocol: str, port_range: object, source: object, allowance: Allowance) -> Reading:
    try:
        block = network(source)
        wanted = Ports() if protocol in ports.PORTLESS else ports.parse(port_range)
    except ValueError as error:
        return Reading(doubts=(f"{protocol} by a rule that cannot be read ({error})",))
    if INTERNAL.holds(block):
        return Reading()
    if protocol in ports.PORTLESS:
        return Reading(faults=(f"{protocol} from {source}",))
    if wanted.within(allowance.permitted(protocol, block)):
        return Reading()
    return Reading(faults=(f"{protocol}/{wanted} from {source}",))


def _of_entries(balancer: Resource, allowance: Allowance) -> Reading:
    entries = items(balancer, "forwardingRules")
    if entries is None:
        return Reading(doubts=("its entries are not known yet",))
    reading = Reading()
    for entry in entries:
        protocol = str(entry.get("entryProtocol")).lower()
        transport = ENTRY_TRANSPORT.get(protocol, protocol)
        try:
            port = ports.parse(entry.get("entryPort"))
        except ValueError as error:
            reading += Reading(doubts=(f"an entry that cannot be read ({error})",))
            continue
        if not port.within(allowance.public_ports.get(transport, Ports())):
            reading += Reading(faults=(f"it listens on {transport}/{port} ({protocol})",))
    return reading


def _of_sources(balancer: Resource, allowance: Allowance) -> Reading:
    """Only an `allow` list closes a balancer: with none, or with `deny` alone, everybody else comes in."""
    firewalls = items(balancer, "firewall")
    if firewalls is None:
        return Reading(doubts=("its firewall is not known yet",))
    allows = [source for firewall in firewalls for source in (firewall.get("allows") or firewall.get("allow") or ())]
    if not allows:
        return Reading(faults=("its firewall allows nobody by name, so everybody comes in",))
    reading = Reading()
    for source in allows:
        try:
            block = network(source)
        except ValueError as error:
            reading += Reading(doubts=(f"a source that cannot be read ({error})",))
            continue
        if not allowance.edge.holds(block):
            reading += Reading(faults=(f"it lets in {source}, which is not the edge's",))
    return reading

"""Part of `firewall.https-only`: what may pass is exactly the declared table of flows (`promises.flows`), inbound and outbound.

Each host is judged by all firewalls that cover it together: what they let in and out, as sets of ports and peers, against the flows of
the parties its tags name. More than declared is a failure, and so is less: the rules are then not those that were reviewed.
A balancer is judged by its entries, its targets and its allow list. The peers are spelled as the program spells them:

    a host party    its tag                         balancer    the balancer's id
    operators       the listed SSH addresses        database    the range of the database's private network
    edge            the edge's published ranges     internet    0.0.0.0/0 (and ::/0, which our hosts do not have)

A rule that names a droplet or a cluster instead of a party is no flow of the table. Machines of another platform of the house are left
to that platform's own table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies import ports, traffic
from policies.addresses import Addresses, Network, network
from policies.controls.base import Question, control
from policies.findings import failed, items, label, or_nothing, passed, same_id, unknown, value
from policies.ingress import ENTRY_TRANSPORT, Allowance, Firewalls, applies
from policies.kinds import BALANCER, CLUSTER, DROPLET, FIREWALL, VPC
from policies.parties import another_platform, parties
from policies.ports import Ports
from policies.readers import digitalocean
from policies.readers.live import gather
from policies.readers.state import UNKNOWN, Resource, Stack
from policies.traffic import Permit, Rules
from promises import flows
from promises.flows import Flow
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    from services.clients import Clients

EXPECTED = "exactly the flows of the declared table"

MEND = "let the program make the rules anew (pulumi up), or declare the flow in the catalog and have it reviewed"

MEND_TAG = "tag it with its part (<platform>-app, -jobs, -vault, -collector), so that the table says who may reach it"

EVERYBODY = (network("0.0.0.0/0"), network("::/0"))

SIDES = {"inbound": ("inboundRules", "source"), "outbound": ("outboundRules", "destination")}


@dataclass(frozen=True)
class Table:
    """The declared flows with everything that their peers stand for; `database` is None while its network is not known."""

    platform: str
    flows: tuple[Flow, ...]
    edge: Addresses
    operators: Addresses
    database: tuple[Network, ...] | None

    def permits(self, side: str, party: str) -> tuple[Permit, ...]:
        """What a host of a party must let through on one side."""
        found = flows.inbound(self.flows, party) if side == "inbound" else flows.outbound(self.flows, party)
        return tuple(permit for flow in found for permit in self._permits(flow, flow.source if side == "inbound" else flow.target))

    def _permits(self, flow: Flow, peer: str) -> Iterator[Permit]:
        opened = ports.parse(flow.ports)
        named = {"operators": self.operators.blocks, "edge": self.edge.blocks, "database": self.database or (), "internet": EVERYBODY}
        if peer == "balancer":
            yield Permit(flow.protocol, opened, traffic.BALANCER)
        elif peer in named:
            yield from (Permit(flow.protocol, opened, block) for block in named[peer])
        else:
            yield Permit(flow.protocol, opened, f"tag {flows.tag(self.platform, peer)}")


@control("flows.plan", Surface.PLAN, "every rule of every firewall, in and out, and each balancer's way, against the table of flows")
def plan(stack: Stack, question: Question) -> Iterator[Observation]:
    return judge(stack, question)


@control(
    "flows.live", Surface.LIVE, "the account's firewalls, droplets and balancers, from the DigitalOcean API, against the table of flows"
)
def live(clients: Clients, question: Question) -> Iterator[Observation]:
    seen = gather(digitalocean.sources(clients.digitalocean, DROPLET, BALANCER, FIREWALL, CLUSTER, VPC))
    return seen.judged(lambda stack: judge(stack, question))


def judge(stack: Stack, question: Question) -> Iterator[Observation]:
    """A catalog that declares no table permits nothing, so nothing may be open; a stack without machines proves nothing."""
    return or_nothing(_judge(stack, question, table(stack, question)), "host or balancer", EXPECTED)


def table(stack: Stack, question: Question) -> Table:
    """The catalog's table, with the figures of the promise and the network that the database stands in."""
    return Table(
        question.catalog.platform,
        question.catalog.flows,
        Addresses.parse(question.promise.texts("edge_ranges")),
        Addresses.parse(question.promise.texts("ssh_addresses")),
        _database_ranges(stack),
    )


def _database_ranges(stack: Stack) -> tuple[Network, ...] | None:
    """The ranges of the networks that hold a database; None while one of them is not known. One that stands in none is reached by none."""
    homes = [home for cluster in stack.of(CLUSTER) if (home := value(cluster, "privateNetworkUuid")) is UNKNOWN or home]
    ranges = {same_id(value(vpc, "id")): value(vpc, "ipRange") for vpc in stack.of(VPC) if value(vpc, "id") is not UNKNOWN}
    found = [ranges.get(same_id(home)) if home is not UNKNOWN else None for home in homes]
    try:
        return tuple(network(each) for each in found) if all(isinstance(each, str) for each in found) else None
    except ValueError:
        return None


def _judge(stack: Stack, question: Question, declared: Table) -> Iterator[Observation]:
    hosts = _Hosts(Firewalls(stack.of(FIREWALL), Allowance.of(question.promise)), declared)
    for droplet in stack.of(DROPLET):
        if not another_platform(droplet, question.catalog):
            yield from hosts.judged(droplet)
    for balancer in stack.of(BALANCER):
        if not another_platform(balancer, question.catalog):
            yield _balancer(balancer, declared)


class _Hosts:
    """Judges hosts; those of the same parties behind the same firewalls are compared with the table once."""

    def __init__(self, firewalls: Firewalls, declared: Table) -> None:
        self._firewalls, self._declared = firewalls, declared
        self._compared: dict[tuple[str, frozenset[str], tuple[int, ...], tuple[str, ...]], Observation] = {}

    def judged(self, droplet: Resource) -> Iterator[Observation]:
        roles = parties(droplet, self._declared.platform)
        if roles is None:
            yield unknown(f"flows of {label(droplet)}", EXPECTED)
            return
        if not roles:
            yield failed(f"flows of {label(droplet)}", EXPECTED, "no tag of a declared party, so no flow is its own", MEND_TAG)
            return
        covering, doubts = [], []
        for firewall in self._firewalls.near(droplet):
            verdict = applies(firewall, droplet)
            if verdict:
                covering.append(firewall)
            elif verdict is None:
                doubts.append(f"whether {label(firewall)} covers it is not known yet")
        for side in SIDES:
            subject = f"{side} flows of {label(droplet)}"
            key = side, roles, tuple(id(firewall) for firewall in covering), tuple(doubts)
            if key not in self._compared:
                self._compared[key] = self._compare(side, roles, covering, doubts)
            yield replace(self._compared[key], subject=subject)

    def _compare(self, side: str, roles: frozenset[str], covering: Sequence[Resource], doubts: Sequence[str]) -> Observation:
        name, peer = SIDES[side]
        seen = sum((traffic.read(value(firewall, name), peer) for firewall in covering), Rules(doubts=tuple(doubts)))
        wanted = tuple(permit for role in sorted(roles) for permit in self._declared.permits(side, role))
        if not _needs(self._declared, side, roles):
            return _told("", seen, wanted)
        named = tuple(each for each in seen.permits if isinstance(each.peer, str))
        return _told("", Rules(named, (*seen.doubts, "the database's network is not known yet")), wanted)


def _needs(declared: Table, side: str, roles: Iterable[str]) -> bool:
    """Whether a flow from or to the database is judged while its network is not known."""
    if declared.database is not None:
        return False
    ends = [(flow.source, flow.target) if side == "inbound" else (flow.target, flow.source) for flow in declared.flows]
    return any(peer == "database" and own in roles for peer, own in ends)


def _told(subject: str, seen: Rules, wanted: Sequence[Permit]) -> Observation:
    """Too much is a failure whatever is not known yet; too little only once everything is known."""
    more = [f"permits {each}, which no flow declares" for each in traffic.excess(seen.permits, wanted)]
    needed = [each for each in wanted if each.peer != EVERYBODY[1]]
    less = [f"does not permit {each}, which a flow declares" for each in traffic.excess(needed, seen.permits)]
    if more or (less and not seen.doubts):
        return failed(subject, EXPECTED, "; ".join(more + ([] if seen.doubts else less)), MEND)
    if seen.doubts:
        return unknown(subject, EXPECTED, "; ".join(seen.doubts))
    return passed(subject, EXPECTED, f"{len(wanted)} permitted, as declared" if wanted else "nothing is permitted, as declared")


def _balancer(balancer: Resource, declared: Table) -> Observation:
    """Entries are the flows from the edge, targets those to the application; its allow list is the edge's IPv4 ranges."""
    subject = f"flows of {label(balancer)}"
    entries, lists = items(balancer, "forwardingRules"), items(balancer, "firewall")
    targets = _targets(balancer)
    if entries is None or lists is None or targets is None:
        return unknown(subject, EXPECTED)
    allows = [source for each in lists for source in (each.get("allows") or each.get("allow") or ())]
    try:
        came = [Permit(*_port(rule, "entry"), block) for rule in entries for block in Addresses.parse(allows).blocks]
        went = [Permit(*_port(rule, "target"), peer) for rule in entries for peer in targets]
    except ValueError as error:
        return unknown(subject, EXPECTED, f"a rule that cannot be read ({error})")
    edge = [block for block in declared.edge.blocks if block.version == 4]
    entering = [Permit(flow.protocol, ports.parse(flow.ports), block) for flow in _between(declared, "edge", "balancer") for block in edge]
    app = f"tag {flows.tag(declared.platform, 'app')}"
    leaving = [Permit(flow.protocol, ports.parse(flow.ports), app) for flow in _between(declared, "balancer", "app")]
    return _told(subject, Rules((*came, *went)), [*entering, *leaving])


def _targets(balancer: Resource) -> tuple[str, ...] | None:
    """Where a balancer sends to, as peers: its tag, or its droplets one by one; None while either is not known."""
    tag, ids = value(balancer, "dropletTag"), items(balancer, "dropletIds")
    if tag is UNKNOWN or ids is None:
        return None
    if tag:
        return (f"tag {str(tag).lower()}",)
    return tuple(f"droplet {same_id(each)}" for each in ids)


def _between(declared: Table, source: str, target: str) -> Iterable[Flow]:
    return (flow for flow in declared.flows if (flow.source, flow.target) == (source, target))


def _port(rule: dict[str, object], end: str) -> tuple[str, Ports]:
    protocol = str(rule.get(f"{end}Protocol")).lower()
    return ENTRY_TRANSPORT.get(protocol, protocol), ports.parse(rule.get(f"{end}Port"))

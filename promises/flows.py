"""The declared flows: who may open a connection to whom. What is not in the table is refused.

Each line of a catalog's `flows:` is one permission, from which the firewalls are made (inbound at the target, outbound at the source)
and against which live rules are compared:

    - {source: app, target: vault, protocol: tcp, ports: 8200, purpose: data keys are unwrapped}

The parties are a closed set, and so is who may speak to whom at all (`REACHES`): nobody else comes in from the internet than the edge
and the operators, and nothing but a host goes out to it.

| party | who |
|---|---|
| `edge` | the addresses that Cloudflare publishes |
| `operators` | the listed addresses of those who operate the platform |
| `balancer` | the platform's public address |
| `app`, `jobs`, `vault`, `collector` | hosts, known by their tag `<platform>-<party>` |
| `database` | the managed cluster |
| `internet` | everybody; outbound only |

>>> tag("illumacom", "vault")
'illumacom-vault'
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

from promises.nodes import Entry

HOSTS = ("app", "jobs", "vault", "collector")
"""The parties that are machines of ours."""

PROTOCOLS = ("tcp", "udp")
LARGEST_PORT = 65_535

REACHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "edge": ("balancer",),
        "operators": HOSTS,
        "balancer": ("app",),
        "database": ("collector",),
        **dict.fromkeys(HOSTS, (*HOSTS, "database", "internet")),
    }
)
"""Whom a source may reach at all; the table says with what."""

_PORTS = re.compile(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?")


@dataclass(frozen=True)
class Flow:
    """One permission. `ports` is a port (`443`) or a closed range (`25060-25061`) of the target, `protocol` is `tcp` or `udp`."""

    source: str
    target: str
    protocol: str
    ports: str
    purpose: str

    @property
    def first(self) -> int:
        return int(self.ports.partition("-")[0])

    @property
    def last(self) -> int:
        return int(self.ports.partition("-")[2] or self.ports)

    def overlaps(self, other: Flow) -> bool:
        """Whether both permit some same packet."""
        same = (self.source, self.target, self.protocol) == (other.source, other.target, other.protocol)
        return same and self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.protocol}/{self.ports}"


def tag(platform: str, party: str) -> str:
    """The cloud's tag of the hosts of a party."""
    return f"{platform}-{party}"


def inbound(flows: Iterable[Flow], party: str) -> tuple[Flow, ...]:
    """What may come in at a party."""
    return tuple(flow for flow in flows if flow.target == party)


def outbound(flows: Iterable[Flow], party: str) -> tuple[Flow, ...]:
    """What may leave a party."""
    return tuple(flow for flow in flows if flow.source == party)


def read_flows(entry: Entry, public_ports: Collection[str] | None = None) -> tuple[Flow, ...]:
    """Read the table; `public_ports` (`tcp/443`) are those that the platform has promised, where it has promised any."""
    items = entry.items()
    if not items:
        raise entry.error("the table of flows is empty, so nobody could reach anything", "declare each flow, or leave `flows` out")
    found = [_flow(item) for item in items]
    for (one, first), (other, second) in combinations(zip(items, found, strict=True), 2):
        if first.overlaps(second):
            raise other.error(f"{second} is already permitted on line {one.line}", "keep one of the two, or join their ports")
    if public_ports is not None:
        _check_public(entry, found, public_ports)
    return tuple(found)


def _flow(entry: Entry) -> Flow:
    fields = entry.fields({"source", "target", "protocol", "ports", "purpose"})
    source = fields["source"].one_of(REACHES, "source of a flow")
    target = fields["target"].text()
    if target not in REACHES[source]:
        raise fields["target"].error(f"nothing goes from {source} to {target!r}", f"write one of {', '.join(REACHES[source])}")
    return Flow(source, target, fields["protocol"].one_of(PROTOCOLS, "protocol"), _ports(fields["ports"]), fields["purpose"].text())


def _ports(entry: Entry) -> str:
    match = _PORTS.fullmatch(entry.text())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not match or last > LARGEST_PORT or first > last or (match[2] and first == last):
        raise entry.error(f"{entry.text()!r} is no port or range of ports", "write for example 443 or 25060-25061")
    return entry.text()


def _check_public(entry: Entry, found: Iterable[Flow], promised: Collection[str]) -> None:
    """What the edge may reach is what was promised: the figure of `firewall.https-only`, no port more and none less."""
    declared = {f"{flow.protocol}/{flow.ports}" for flow in found if flow.source == "edge"}
    if declared != set(promised):
        told, wanted = ", ".join(sorted(declared)) or "nothing", ", ".join(sorted(promised))
        problem = f"the edge reaches {told}, but firewall.https-only promises {wanted}"
        raise entry.error(problem, "make the flows from `edge` the same")

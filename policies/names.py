"""Public names and what stands behind them: is every name proxied, and can its origin be reached from the edge only?

A name without a proxy is a failure unless it leads nowhere public: a private address that is no machine of ours, or a name with an
underscored label (`_dmarc`, `x._domainkey`), which is no host. A proxied name must point at a machine that we can look at; an
origin that is not in the stack is unknown, for nothing shows who else reaches it. Before anything exists the address is not known;
then the record's dependencies tell its origin, if they hold one machine and nothing else that an address could come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies import ingress
from policies.addresses import INTERNAL, network
from policies.controls.base import Question
from policies.findings import NOT_YET, failed, label, not_applicable, passed, same_id, unknown, value
from policies.ingress import Allowance, Firewalls
from policies.kinds import BALANCER, DROPLET, FIREWALL, RECORD, RESERVED_IP, TAG, ZONE
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Observation

ADDRESSED = ("A", "AAAA", "CNAME")
"""The record types that lead a client to a machine."""

EXPECTED_PROXIED = "proxied by the edge"

EXPECTED_ORIGIN = "reachable from the edge only"

_ADDRESS_OF = {DROPLET: ("ipv4Address", "ipv6Address"), BALANCER: ("ip", "ipv6")}


def exposed(records: Iterable[Resource], stack: Stack) -> Iterator[Observation]:
    """Every record that leads to a machine: is it proxied?"""
    own = machines(stack)
    for record in records:
        if value(record, "type") in ADDRESSED:
            yield _exposed(record, own)


def origins(stack: Stack, question: Question) -> Iterator[Observation]:
    """The machines behind proxied names: does the edge alone reach them?"""
    proxied = [record for record in stack.of(RECORD) if value(record, "type") in ADDRESSED and value(record, "proxied") is True]
    names, own = {value(record, "name") for record in proxied}, machines(stack)
    judge = _Judge(stack, own, _firewalls(stack, question))
    seen: set[str] = set()
    for record in proxied:
        target = _target(record)
        if isinstance(target, str) and target in names:
            continue  # another proxied name of ours, judged by itself
        key = target if isinstance(target, str) else record.urn
        if key not in seen:
            seen.add(key)
            yield judge.origin(record, target)


def machines(stack: Stack) -> Mapping[str, Resource]:
    """Our balancers and droplets by public address, reserved addresses included."""
    found: dict[str, Resource] = {}
    droplets = {same_id(identity): each for each in stack.of(DROPLET) if (identity := value(each, "id")) is not UNKNOWN}
    for machine in stack.of(DROPLET, BALANCER):
        for name in _ADDRESS_OF[machine.type]:
            if isinstance(address := value(machine, name), str) and address:
                found[address] = machine
    for reserved in stack.of(RESERVED_IP):
        holder = droplets.get(same_id(value(reserved, "dropletId")))
        if holder and isinstance(address := value(reserved, "ipAddress"), str):
            found[address] = holder
    return found


def _depended_on(record: Resource, stack: Stack) -> Resource | None:
    """The one machine that an address which is not known yet must come from."""
    named = (stack.by_urn.get(urn) for urn in dict.fromkeys(record.dependencies))
    custom = [each for each in named if each and each.type not in (ZONE, TAG)]
    machines_only = all(each.type in _ADDRESS_OF for each in custom)
    return custom[0] if len(custom) == 1 and machines_only else None


def _target(record: Resource) -> Any:
    """What a record points at: Cloudflare calls it content, DigitalOcean value."""
    content = value(record, "content" if record.type == RECORD else "value")
    return content.rstrip(".").lower() if isinstance(content, str) else content


def _exposed(record: Resource, own: Mapping[str, Resource]) -> Observation:
    subject, target = f"{label(record)} {value(record, 'type')}", _target(record)
    proxied = value(record, "proxied") if record.type == RECORD else False
    if proxied is UNKNOWN:
        return unknown(subject, EXPECTED_PROXIED)
    if proxied is True:
        return passed(subject, EXPECTED_PROXIED, "proxied")
    if not isinstance(target, str) or target in own:
        return failed(subject, EXPECTED_PROXIED, "not proxied: it shows the origin's address to everybody", "set proxied to true")
    if why := _leads_nowhere_public(str(value(record, "name")), target):
        return not_applicable(subject, EXPECTED_PROXIED, why)
    return failed(subject, EXPECTED_PROXIED, f"not proxied: it leads to {target}", "set proxied to true")


def _leads_nowhere_public(name: str, target: str) -> str:
    if any(part.startswith("_") for part in name.split(".")):
        return "the name of no host"
    try:
        return "leads to a private address" if INTERNAL.holds(network(target)) else ""
    except ValueError:  # a CNAME's target is a name
        return ""


def _firewalls(stack: Stack, question: Question) -> Firewalls | str:
    """The stack's firewalls with what they may let in, or why that is not known."""
    try:
        return Firewalls(stack.of(FIREWALL), Allowance.of(question.catalog.promise("firewall.https-only")))
    except (StopIteration, KeyError, ValueError) as error:
        return f"the edge's ranges are not known from firewall.https-only ({type(error).__name__})"


@dataclass(frozen=True)
class _Judge:
    """What is asked of each origin of one stack."""

    stack: Stack
    own: Mapping[str, Resource]
    firewalls: Firewalls | str

    def origin(self, record: Resource, target: Any) -> Observation:
        behind = f"origin behind {value(record, 'name')}"
        machine = self.own.get(target) if isinstance(target, str) else _depended_on(record, self.stack)
        if machine is None:
            seen = f"{target} is no machine that is declared here" if isinstance(target, str) else NOT_YET
            return unknown(behind, EXPECTED_ORIGIN, seen)
        if isinstance(self.firewalls, str):
            return unknown(behind, EXPECTED_ORIGIN, self.firewalls)
        reading = ingress.open_to_outside(machine, self.firewalls)
        if reading.faults:
            mend = "let in the edge's ranges only"
            return failed(behind, EXPECTED_ORIGIN, f"{label(machine)}: {'; '.join(reading.faults)}", mend)
        if reading.doubts:
            return unknown(behind, EXPECTED_ORIGIN, f"{label(machine)}: {'; '.join(reading.doubts)}")
        return passed(behind, EXPECTED_ORIGIN, label(machine))

"""Firewall rules against a brute-force model: every single address and port that a rule opens, one by one."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policies import ports
from policies.addresses import INTERNAL, Addresses
from policies.ingress import Allowance, Firewalls, Reading, applies, of_droplet, of_firewall
from policies.kinds import DROPLET, FIREWALL
from policies.readers.state import UNKNOWN, Resource

EDGE = [ipaddress.ip_network("198.51.100.0/30"), ipaddress.ip_network("198.51.100.4/31")]
OFFICE = [ipaddress.ip_network("198.51.100.7/32"), ipaddress.ip_network("198.51.100.4/32")]
WEB = {443, 444}
ALLOWANCE = Allowance({"tcp": ports.parse("443-444")}, Addresses.of(EDGE) | INTERNAL, Addresses.of(OFFICE) | INTERNAL)


def permitted(protocol: str, address: ipaddress.IPv4Address, port: int) -> bool:
    """The promise, said of one packet."""
    if address in ipaddress.ip_network("10.0.0.0/8"):
        return True
    web = port in WEB and any(address in block for block in EDGE)
    office = port == 22 and any(address in block for block in OFFICE)
    return protocol == "tcp" and (web or office)


PORTS = st.one_of(
    st.tuples(st.integers(20, 24), st.integers(0, 3)), st.tuples(st.integers(441, 445), st.integers(0, 3)), st.just((22, 421))
).map(lambda pair: (pair[0], pair[0] + pair[1]))
SOURCES = st.one_of(
    st.tuples(st.integers(0, 7), st.integers(29, 32)).map(lambda pair: f"198.51.100.{pair[0]}/{pair[1]}"), st.just("10.1.2.0/30")
)
RULES = st.fixed_dictionaries(
    {
        "protocol": st.sampled_from(["tcp", "udp"]),
        "ports": PORTS,
        "sources": st.lists(SOURCES, min_size=1, max_size=3),
        "action": st.sampled_from([None, "allow", "deny"]),
    }
)


def firewall(rules: list[dict[str, Any]]) -> Resource:
    inbound = [
        {
            "protocol": rule["protocol"],
            "portRange": "{}-{}".format(*rule["ports"]),
            "sourceAddresses": rule["sources"],
            "action": rule["action"],
        }
        for rule in rules
    ]
    return Resource("urn", FIREWALL, "f", {}, {"name": "f", "inboundRules": inbound}, protect=False, parent=None, dependencies=())


def opens_too_much(rule: dict[str, Any]) -> bool:
    first, last = rule["ports"]
    packets = (
        (address, port)
        for source in rule["sources"]
        for address in ipaddress.IPv4Network(source, strict=False)
        for port in range(first, last + 1)
    )
    return rule["action"] != "deny" and any(not permitted(rule["protocol"], *packet) for packet in packets)


@given(st.lists(RULES, max_size=4))
def test_agrees_with_every_single_packet(rules: list[dict[str, Any]]) -> None:
    reading = of_firewall(firewall(rules), ALLOWANCE)
    assert reading.doubts == ()
    assert bool(reading.faults) == any(opens_too_much(rule) for rule in rules)


@given(st.lists(RULES, min_size=1, max_size=4), st.randoms())
def test_the_order_of_rules_does_not_matter(rules: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(rules, len(rules))
    assert sorted(of_firewall(firewall(rules), ALLOWANCE).faults) == sorted(of_firewall(firewall(shuffled), ALLOWANCE).faults)


def _of(kind: str, urn: str, /, **outputs: Any) -> Resource:
    return Resource(urn, kind, urn, {}, outputs, protect=False, parent=None, dependencies=())


TAGS = st.one_of(st.none(), st.just(UNKNOWN), st.lists(st.one_of(st.sampled_from(["a", "A", "b", "c"]), st.just(UNKNOWN)), max_size=3))
IDS = st.one_of(st.none(), st.just(UNKNOWN), st.lists(st.one_of(st.sampled_from([1, 1.0, "1", 2, "3"]), st.just(UNKNOWN)), max_size=3))
OPENINGS = st.sampled_from([[], [{"protocol": "tcp", "portRange": "22", "sourceAddresses": ["0.0.0.0/0"]}], UNKNOWN])
COVERING = st.lists(st.tuples(TAGS, IDS, OPENINGS), max_size=5)


def by_looking_at_each(droplet: Resource, firewalls: tuple[Resource, ...]) -> tuple[set[str], set[str]]:
    """Faults and doubts, from every firewall in turn: what the index must not change."""
    verdicts = [(each, applies(each, droplet)) for each in firewalls]
    sure = [of_firewall(each, ALLOWANCE) for each, verdict in verdicts if verdict]
    perhaps = [of_firewall(each, ALLOWANCE) for each, verdict in verdicts if verdict is None]
    faults = {fault for each in sure for fault in each.faults}
    doubts = {doubt for each in sure for doubt in each.doubts} | {doubt for each in perhaps for doubt in each.faults + each.doubts}
    if not sure and perhaps:
        doubts.add("which firewalls apply is not known before the tags and ids exist")
    if not sure and not perhaps:
        faults.add("no firewall applies to it, so every port is open")
    return faults, doubts


@given(COVERING, TAGS, st.sampled_from([1, "1", 2.0, UNKNOWN, None]))
def test_firewalls_found_by_index_are_those_found_by_looking_at_each(parts: list[Any], tags: Any, identity: Any) -> None:
    firewalls = tuple(
        _of(FIREWALL, f"f{place}", name=f"f{place}", tags=own, dropletIds=ids, inboundRules=rules)
        for place, (own, ids, rules) in enumerate(parts)
    )
    droplet = _of(DROPLET, "d", name="d", id=identity, tags=tags)
    found = of_droplet(droplet, Firewalls(firewalls, ALLOWANCE))
    assert (set(found.faults), set(found.doubts)) == by_looking_at_each(droplet, firewalls)


def test_each_firewall_is_read_once_though_two_share_a_name() -> None:
    open_to_all = [{"protocol": "tcp", "portRange": "22", "sourceAddresses": ["0.0.0.0/0"]}]
    twins = (_of(FIREWALL, "f", tags=["a"], inboundRules=[]), _of(FIREWALL, "f", tags=["b"], inboundRules=open_to_all))
    firewalls = Firewalls(twins, ALLOWANCE)
    assert firewalls.reading(twins[0]) == Reading()
    assert firewalls.reading(twins[1]).faults
    assert firewalls.reading(twins[1]) is firewalls.reading(twins[1])

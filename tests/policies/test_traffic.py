"""Permits against a brute-force model (every address and port by itself), and against oddities that must neither crash nor pass."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import ports, traffic
from policies.addresses import network
from policies.ports import Ports
from policies.readers.state import UNKNOWN
from policies.traffic import Permit

BASE = int(ipaddress.IPv4Address("203.0.113.0"))
PORT_SETS = st.lists(st.tuples(st.integers(20, 30), st.integers(0, 4)), min_size=1, max_size=3).map(
    lambda pairs: ports.merged((first, first + more) for first, more in pairs)
)
BLOCKS = st.tuples(st.integers(0, 15), st.integers(28, 32)).map(lambda pair: ipaddress.IPv4Network((BASE + pair[0], pair[1]), strict=False))
PEERS: Any = st.one_of(BLOCKS, st.sampled_from(["tag a", "tag b", traffic.BALANCER]))
PERMITS = st.lists(st.builds(Permit, st.sampled_from(["tcp", "udp"]), PORT_SETS, PEERS), max_size=5)


def packets(permits: list[Permit]) -> set[tuple[str, int, str]]:
    """Every packet that may pass, one by one."""
    found = set()
    for each in permits:
        peers = [each.peer] if isinstance(each.peer, str) else [str(address) for address in each.peer]
        found |= {(each.protocol, port, peer) for first, last in each.ports.ranges for port in range(first, last + 1) for peer in peers}
    return found


@given(PERMITS, PERMITS)
def test_too_much_is_what_counting_packets_says(permits: list[Permit], allowed: list[Permit]) -> None:
    """Whole blocks at a time: a permit is too wide by a port just when some of its addresses may use it and should not."""
    given_packets = packets(allowed)
    for permit in permits:
        (left,) = [each.ports for each in traffic.excess([permit], allowed)] or [Ports()]
        wrong = {port for _, port, peer in packets([permit]) if (permit.protocol, port, peer) not in given_packets}
        assert {port for first, last in left.ranges for port in range(first, last + 1)} == wrong


@given(PERMITS)
def test_cutting_up_and_doubling_changes_nothing(permits: list[Permit]) -> None:
    cut = [
        Permit(each.protocol, ports.parse(port), half)
        for each in permits
        for first, last in each.ports.ranges
        for port in range(first, last + 1)
        for half in _halves(each.peer)
    ]
    assert traffic.excess(permits, [*cut, *cut]) == ()
    assert traffic.excess(cut, permits) == ()


def _halves(peer: Any) -> list[Any]:
    return [peer] if isinstance(peer, str) or peer.prefixlen == 32 else list(peer.subnets())


@given(PORT_SETS, PORT_SETS)
def test_the_difference_of_ports_is_that_of_their_numbers(one: Ports, other: Ports) -> None:
    def numbers(each: Ports) -> set[int]:
        return {port for first, last in each.ranges for port in range(first, last + 1)}

    assert numbers(one - other) == numbers(one) - numbers(other)
    assert ports.merged((one - other).ranges) == one - other


EVERYBODY = ["0.0.0.0/0", "0/0", "::ffff:0:0/96", "::FFFF:0.0.0.0/96"]


@pytest.mark.parametrize("spelling", EVERYBODY)
def test_everybody_in_any_spelling_is_everybody(spelling: str) -> None:
    read = traffic.read([{"protocol": "tcp", "portRange": "443", "sourceAddresses": [spelling]}], "source")
    assert read.permits == (Permit("tcp", ports.parse("443"), network("0.0.0.0/0")),)


@pytest.mark.parametrize("spelling", ["::/0", "0::/0", "0000:0000::/0", "::0/0"])
def test_every_ipv6_address_is_its_own_everybody(spelling: str) -> None:
    read = traffic.read([{"protocol": "tcp", "portRange": "443", "sourceAddresses": [spelling]}], "source")
    assert traffic.excess(read.permits, [Permit("tcp", ports.ALL, network("0.0.0.0/0"))]) == read.permits


ODD = {
    "an address that is none": {"protocol": "tcp", "portRange": "22", "sourceAddresses": ["example.com"]},
    "a prefix that is none": {"protocol": "tcp", "portRange": "22", "sourceAddresses": ["1.2.3.4/33"]},
    "a port that is none": {"protocol": "tcp", "portRange": "ssh", "sourceAddresses": ["1.2.3.4"]},
    "a range that ends before it begins": {"protocol": "tcp", "portRange": "30-20", "sourceAddresses": ["1.2.3.4"]},
    "addresses that are a number": {"protocol": "tcp", "portRange": "22", "sourceAddresses": 7},
    "a rule that is a text": "tcp from everywhere",
    "a rule that is nothing": None,
    "a tag that is not known yet": {"protocol": "tcp", "portRange": "22", "sourceTags": [UNKNOWN]},
    "an unknown port": {"protocol": "tcp", "portRange": UNKNOWN, "sourceAddresses": ["1.2.3.4"]},
}


@pytest.mark.parametrize("case", ODD)
def test_what_cannot_be_read_is_a_doubt(case: str) -> None:
    read = traffic.read([ODD[case], {"protocol": "tcp", "portRange": "443", "sourceTags": ["web"]}], "source")
    assert len(read.doubts) == 1
    assert [str(each) for each in read.permits] == ["tcp/443 tag web"]


def test_an_address_with_a_zone_is_its_network() -> None:
    read = traffic.read([{"protocol": "tcp", "portRange": "22", "sourceAddresses": ["fe80::1%eth0/64"]}], "source")
    assert read.permits == (Permit("tcp", ports.parse("22"), network("fe80::/64")),)
    assert traffic.excess(read.permits, [Permit("tcp", ports.ALL, network("0.0.0.0/0"))]) == read.permits


def test_rules_that_are_no_list_are_a_doubt() -> None:
    assert traffic.read(UNKNOWN, "source").doubts
    assert traffic.read("all", "source").doubts
    assert traffic.read("", "source").doubts
    assert traffic.read({"protocol": "tcp"}, "source").doubts
    assert traffic.read(None, "source") == traffic.Rules()


def test_a_rule_without_a_peer_and_one_without_ports_are_permits_of_their_own() -> None:
    read = traffic.read([{"protocol": "tcp", "portRange": "22"}, {"protocol": "icmp", "sourceAddresses": ["10.0.0.0/8"]}], "source")
    assert traffic.excess(read.permits, [Permit("tcp", ports.ALL, network("0.0.0.0/0"))]) == read.permits
    assert [str(each) for each in read.permits] == ["tcp/22 a peer that is not named", "icmp 10.0.0.0/8"]


def test_every_peer_of_a_rule_is_a_permit() -> None:
    """However many sorts of peers one rule names; an empty id of a balancer names none."""
    rule = {
        "protocol": "TCP",
        "portRange": "22",
        "sourceAddresses": ["10.0.0.0/8"],
        "sourceTags": ["Web"],
        "sourceDropletIds": [1002.0],
        "sourceLoadBalancerUids": ["", "b1"],
        "sourceKubernetesIds": ["k1"],
    }
    permits = traffic.read([rule], "source").permits
    peers = ["10.0.0.0/8", "tag web", "droplet 1002", "the balancer", "Kubernetes cluster k1"]
    assert [str(each) for each in permits] == [f"tcp/22 {peer}" for peer in peers]


def test_a_rule_without_a_protocol_is_a_permit_of_any() -> None:
    (permit,) = traffic.read([{"portRange": "443", "sourceTags": ["web"]}], "source").permits
    assert traffic.excess([permit], [Permit("tcp", ports.ALL, "tag web"), Permit("udp", ports.ALL, "tag web")]) == (permit,)
    assert str(permit) == "any protocol tag web"


def _of(opened: str, *peers: str) -> list[Permit]:
    return [Permit("tcp", ports.parse(opened), network(peer)) for peer in peers]


PIECES: dict[str, tuple[list[Permit], str]] = {
    "cut in other places by port than by address": (
        [*_of("20-25", "10.0.0.0/9"), *_of("26-30", "10.0.0.0/10", "10.64.0.0/10"), *_of("20-30", "10.128.0.0/9")],
        "",
    ),
    "with a piece missing at some ports": ([*_of("20-25", "10.0.0.0/9"), *_of("20-30", "10.128.0.0/9")], "26-30"),
    "half of it, and a tag": ([*_of("20-30", "10.0.0.0/9"), Permit("tcp", ports.parse("20-30"), "tag web")], "20-30"),
    "half of it, and IPv6": ([*_of("20-30", "10.0.0.0/9", "::/1", "8000::/1")], "20-30"),
    "half of it, and the other half by UDP": (
        [*_of("20-30", "10.0.0.0/9"), Permit("udp", ports.parse("20-30"), network("10.128.0.0/9"))],
        "20-30",
    ),
}


@pytest.mark.parametrize("case", PIECES)
def test_a_block_may_be_covered_in_pieces(case: str) -> None:
    allowed, left = PIECES[case]
    assert traffic.excess(_of("20-30", "10.0.0.0/8"), allowed) == tuple(_of(left, "10.0.0.0/8") if left else ())


def test_five_thousand_rules_are_compared_as_five() -> None:
    rules = [
        {"protocol": "tcp", "portRange": str(1000 + number), "sourceAddresses": [f"198.51.{number % 100}.{number % 250}/32"]}
        for number in range(5000)
    ]
    read = traffic.read(rules, "source")
    assert len(read.permits) == 5000
    assert len(traffic.excess(read.permits, read.permits[:-1])) == 1
    assert traffic.excess(read.permits, [Permit("tcp", ports.parse("1000-6000"), network("198.51.0.0/16"))]) == ()

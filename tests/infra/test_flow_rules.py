"""Every flow has exactly its rules: what the rules permit, flow by flow, is what the table declares, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.flow_rules import EVERYBODY, Ends, Peers, Rule, inbound_rules, outbound_rules
from promises.flows import HOSTS, PROTOCOLS, REACHES, Flow, tag
from tests.infra.support import PLATFORMS, catalog

ENDS = Ends("shop", ("198.51.100.7/32", "203.0.113.0/24"), "10.10.0.0/20")

PAIRS = [(source, target) for source, targets in REACHES.items() for target in targets]


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    source, target = draw(st.sampled_from(PAIRS))
    first = draw(st.integers(1, 65535))
    last = draw(st.integers(first, min(first + 3, 65535)))
    ports = str(first) if first == last else f"{first}-{last}"
    return Flow(source, target, draw(st.sampled_from(PROTOCOLS)), ports, "a purpose")


def permits(rules: Iterable[Rule]) -> set[tuple[str, str, str]]:
    """One entry for each protocol, ports and peer that some rule names."""
    found = set()
    for rule in rules:
        peers = {*rule.peers.addresses, *(f"tag {each}" for each in rule.peers.tags), *(("balancer",) if rule.peers.balancer else ())}
        found |= {(rule.protocol, rule.ports, peer) for peer in peers}
    return found


def spelled(party: str) -> set[str]:
    """A party as the test says it is written, independently of the code."""
    fixed = {
        "balancer": {"balancer"},
        "operators": {"198.51.100.7/32", "203.0.113.0/24"},
        "database": {"10.10.0.0/20"},
        "internet": {EVERYBODY},
    }
    return fixed.get(party) or {f"tag shop-{party}"}


@given(st.lists(flows(), max_size=20))
def test_every_flow_has_exactly_its_rules(table: list[Flow]) -> None:
    for host in HOSTS:
        incoming = {(flow.protocol, flow.ports, peer) for flow in table if flow.target == host for peer in spelled(flow.source)}
        leaving = {(flow.protocol, flow.ports, peer) for flow in table if flow.source == host for peer in spelled(flow.target)}
        assert permits(inbound_rules(table, host, ENDS)) == incoming
        assert permits(outbound_rules(table, host, ENDS)) == leaving


@given(st.lists(flows(), max_size=20))
def test_no_rule_is_empty_and_none_is_there_twice(table: list[Flow]) -> None:
    for host in HOSTS:
        for rules in (inbound_rules(table, host, ENDS), outbound_rules(table, host, ENDS)):
            assert all(rule.peers != Peers() for rule in rules)
            assert len({(rule.protocol, rule.ports) for rule in rules}) == len(rules)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_nobody_comes_in_from_everywhere(platform: str) -> None:
    ends = Ends(platform, ("198.51.100.7/32",), "10.10.0.0/20")
    for host in HOSTS:
        rules = inbound_rules(catalog(platform).flows, host, ends)
        assert rules
        assert all(EVERYBODY not in rule.peers.addresses for rule in rules)
        assert [rule.ports for rule in rules if "198.51.100.7/32" in rule.peers.addresses] == ["22"]


def test_keys_are_reached_from_the_application_the_jobs_and_their_own_alone() -> None:
    table = catalog("illumacom").flows
    rules = inbound_rules(table, "vault", Ends("illumacom", ("198.51.100.7/32",), "10.10.0.0/20"))
    sources = {each for rule in rules if rule.ports.startswith("82") for each in rule.peers.tags}
    assert sources == {tag("illumacom", party) for party in ("app", "jobs", "vault")}


def test_a_party_that_is_no_end_of_a_hosts_rule_is_a_fault_of_the_table() -> None:
    with pytest.raises(ValueError, match="edge is no end"):
        ENDS.peers("edge")

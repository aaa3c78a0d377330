"""The program, rehearsed whole: what it registers for the tracked stack file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.readers import rehearsal, state
from policies.readers.state import UNKNOWN, Stack

PROJECT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, tzinfo=UTC)

STATEFUL = (
    "digitalocean:index/databaseCluster:DatabaseCluster",
    "digitalocean:index/databaseDb:DatabaseDb",
    "digitalocean:index/databaseUser:DatabaseUser",
    "digitalocean:index/spacesBucket:SpacesBucket",
    "cloudflare:index/zone:Zone",
)

NAMELESS = (
    "digitalocean:index/databaseFirewall:DatabaseFirewall",
    "cloudflare:index/zoneDnssec:ZoneDnssec",
    "cloudflare:index/zoneSetting:ZoneSetting",
)

BY_IDENTIFIER = {"vpcUuid", "privateNetworkUuid", "clusterId", "zoneId", "sshKeys", "sourceLoadBalancerUids", "content"}
"""Inputs that name another resource by what the cloud calls it: only these may be unknown before anything exists."""


@pytest.fixture(scope="module")
def stack() -> Stack:
    return state.read(rehearsal.rehearse_project(PROJECT, "illumacom", now=NOW))


def test_everything_stateful_is_protected_and_nothing_else(stack: Stack) -> None:
    guarded = {each.type for each in stack.resources if each.protect}
    assert guarded == set(STATEFUL)
    assert all(each.protect for each in stack.of(*STATEFUL))


def test_a_local_stack_can_be_destroyed() -> None:
    local = {"kept:environment": "local", "kept:protect": "false"}
    stack = state.read(rehearsal.rehearse_project(PROJECT, "illumacom", now=NOW, config=local))
    assert not any(each.protect for each in stack.resources)
    assert all(bucket.get("forceDestroy") is True for bucket in stack.of("digitalocean:index/spacesBucket:SpacesBucket"))


def test_every_resource_has_a_name_of_its_own_choice(stack: Stack) -> None:
    custom = [each for each in stack.resources if not each.type.startswith(("pulumi:", "kept:")) and each.type not in NAMELESS]
    assert all(isinstance(each.get("name"), str) for each in custom)
    assert len(custom) > 15


def unknown_names(value: Any, name: str = "") -> set[str]:
    if value is UNKNOWN or str(value).startswith("planned:"):
        return {name}
    if isinstance(value, dict):
        return set().union(*(unknown_names(each, key) for key, each in value.items()))
    return set().union(*(unknown_names(each, name) for each in value)) if isinstance(value, list) else set()


def test_what_policies_judge_is_known_before_anything_exists(stack: Stack) -> None:
    found = set().union(*(unknown_names(dict(each.inputs)) for each in stack.resources))
    assert found <= BY_IDENTIFIER


def test_no_secret_and_no_private_key_is_given_to_a_resource(stack: Stack) -> None:
    everything = repr([dict(each.inputs) for each in stack.resources])
    assert state.REDACTED not in everything
    assert "PRIVATE KEY" not in everything


def test_machines_and_the_database_share_one_private_network(stack: Stack) -> None:
    joined = stack.of(
        "digitalocean:index/droplet:Droplet",
        "digitalocean:index/loadBalancer:LoadBalancer",
        "digitalocean:index/databaseCluster:DatabaseCluster",
    )
    (network,) = stack.of("digitalocean:index/vpc:Vpc")
    assert len(joined) == 5
    assert all(network.urn in each.dependencies for each in joined)


def test_only_the_edge_reaches_the_balancer_and_only_the_balancer_the_application(stack: Stack) -> None:
    (balancer,) = stack.of("digitalocean:index/loadBalancer:LoadBalancer")
    assert all(entry.startswith("cidr:") for entry in balancer.get("firewall")["allows"])
    (app,) = (each for each in stack.of("digitalocean:index/firewall:Firewall") if each.name == "app")
    served = [rule for rule in app.get("inboundRules") if rule["portRange"] == "443"]
    assert served == [{"protocol": "tcp", "portRange": "443", "sourceLoadBalancerUids": [balancer.get("id")]}]


def test_a_database_and_its_user_wait_for_the_list_of_trusted_sources(stack: Stack) -> None:
    (trusted,) = stack.of("digitalocean:index/databaseFirewall:DatabaseFirewall")
    waiting = stack.of("digitalocean:index/databaseDb:DatabaseDb", "digitalocean:index/databaseUser:DatabaseUser")
    assert all(trusted.urn in each.dependencies for each in waiting)


def test_a_bad_configuration_stops_the_program_before_it_registers_anything() -> None:
    with pytest.raises(rehearsal.ProgramError, match=r"kept:region: 'fra1'.*expected one of"):
        rehearsal.rehearse_project(PROJECT, "illumacom", now=NOW, config={"kept:region": "fra1"})

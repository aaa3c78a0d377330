"""The cloud firewalls: one a role of hosts, with exactly the rules that the table of flows gives (`infra.flow_rules`).

What is not in the table is refused, outbound too. The balancer has a list of its own (`infra.balancer`), the database its trusted sources.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_digitalocean as do

from infra.balancer import Balancer
from infra.config import Config
from infra.flow_rules import Ends, Peers, inbound_rules, outbound_rules
from promises.flows import HOSTS


class Firewalls(pulumi.ComponentResource):
    """Firewalls cover tags, so they wait for the tags; hosts wait for the firewall of their role, and are never without it."""

    def __init__(self, config: Config, tags: list[do.Tag], balancer: Balancer) -> None:
        super().__init__("kept:infra:Firewalls", "firewalls")
        ends = Ends(config.platform, config.ssh_addresses, config.addresses.application)
        identity = balancer.load_balancer.id
        self.by_role: dict[str, do.Firewall] = {}
        for role in HOSTS:
            self.by_role[role] = do.Firewall(
                role,
                name=config.tag(role),
                tags=[config.tag(role)],
                inbound_rules=[
                    do.FirewallInboundRuleArgs(protocol=rule.protocol, port_range=rule.ports, **sources(rule.peers, identity))
                    for rule in inbound_rules(config.figures.flows, role, ends)
                ],
                outbound_rules=[
                    do.FirewallOutboundRuleArgs(protocol=rule.protocol, port_range=rule.ports, **destinations(rule.peers))
                    for rule in outbound_rules(config.figures.flows, role, ends)
                ],
                opts=pulumi.ResourceOptions(parent=self, depends_on=tags),
            )
        self.register_outputs({})


def sources(peers: Peers, balancer: pulumi.Input[str]) -> dict[str, Any]:
    """Peers as an inbound rule names them; what is not there is left out."""
    named = {
        "source_addresses": list(peers.addresses),
        "source_tags": list(peers.tags),
        "source_load_balancer_uids": [balancer] if peers.balancer else [],
    }
    return {name: value for name, value in named.items() if value}


def destinations(peers: Peers) -> dict[str, Any]:
    """Peers as an outbound rule names them. A balancer is never one: nothing of ours opens a connection to it."""
    named = {"destination_addresses": list(peers.addresses), "destination_tags": list(peers.tags)}
    return {name: value for name, value in named.items() if value}

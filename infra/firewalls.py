"""Who may reach what: one table of flows, and the cloud firewalls made from it. What is not in the table is refused.

the edge        -> balancer          public ports    (the balancer's own allow list, `infra.balancer`)
balancer        -> application       public ports
operators       -> every host        22
hosts           -> database          25060-25061     (beside the database's trusted sources)
hosts           -> anywhere          443, DNS, time  (updates, the clouds' APIs)
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as do

from infra.balancer import Balancer
from infra.config import DATABASE_PORT, Config
from infra.hosts import Hosts

ANYWHERE = ("0.0.0.0/0",)
SSH = "22"


class Firewalls(pulumi.ComponentResource):
    """One firewall a tag."""

    def __init__(self, config: Config, hosts: Hosts, balancer: Balancer) -> None:
        super().__init__("kept:infra:Firewalls", "firewalls")
        self._hosts = hosts
        ssh = do.FirewallInboundRuleArgs(protocol="tcp", port_range=SSH, source_addresses=list(config.figures.ssh_addresses))
        served = [
            do.FirewallInboundRuleArgs(protocol="tcp", port_range=str(port), source_load_balancer_uids=[balancer.load_balancer.id])
            for port in config.figures.public_ports
        ]
        outbound = outbound_rules(config)
        self._firewall("app", config.app_tag, [*served, ssh], outbound)
        self._firewall("jobs", config.jobs_tag, [ssh], outbound)
        self.register_outputs({})

    def _firewall(
        self,
        name: str,
        tag: str,
        inbound: Sequence[do.FirewallInboundRuleArgs],
        outbound: Sequence[do.FirewallOutboundRuleArgs],
    ) -> None:
        do.Firewall(
            name,
            name=tag,
            tags=[tag],
            inbound_rules=inbound,
            outbound_rules=outbound,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._hosts.tags),
        )


def outbound_rules(config: Config) -> tuple[do.FirewallOutboundRuleArgs, ...]:
    """What hosts may reach: the database in their own network, and the few services that lie outside."""
    database = f"{DATABASE_PORT}-{DATABASE_PORT + 1}"
    flows = (
        ("tcp", database, (config.vpc_range,)),
        ("tcp", "443", ANYWHERE),
        ("tcp", "53", ANYWHERE),
        ("udp", "53", ANYWHERE),
        ("udp", "123", ANYWHERE),
    )
    return tuple(
        do.FirewallOutboundRuleArgs(protocol=protocol, port_range=ports, destination_addresses=list(addresses))
        for protocol, ports, addresses in flows
    )

"""The balancer: the platform's only public address, open to the edge and to nobody else.

It passes TLS through: the hosts hold the origin's certificate and key and end the connection, so no private key stands in the
stack's state and nothing between the edge and the host reads the traffic. Its health check only connects: it has no certificate
that the hosts would take. `tls_cipher_policy` is set although nothing ends at the balancer now, so that a rule added by hand cannot
fall back to weak ciphers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import pulumi
import pulumi_digitalocean as do

from infra.config import Config
from infra.network import Network
from infra.project import Project


class Balancer(pulumi.ComponentResource):
    """One regional load balancer in the VPC, for the hosts with the application's tag."""

    def __init__(self, config: Config, network: Network, project: Project) -> None:
        super().__init__("kept:infra:Balancer", "balancer")
        self.load_balancer = do.LoadBalancer(
            "public",
            name=f"{config.platform}-public",
            region=config.region,
            vpc_uuid=network.application.id,
            project_id=project.project.id,
            droplet_tag=config.tag("app"),
            forwarding_rules=[passed_through(port) for port in config.figures.public_ports],
            healthcheck=do.LoadBalancerHealthcheckArgs(protocol="tcp", port=config.figures.public_ports[0]),
            firewall=do.LoadBalancerFirewallArgs(allows=allowed(config.figures.edge_ranges)),
            redirect_http_to_https=False,
            disable_lets_encrypt_dns_records=True,
            tls_cipher_policy="STRONG",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"ip": self.load_balancer.ip})


def passed_through(port: int) -> do.LoadBalancerForwardingRuleArgs:
    return do.LoadBalancerForwardingRuleArgs(
        entry_protocol="https", entry_port=port, target_protocol="https", target_port=port, tls_passthrough=True
    )


def allowed(edge_ranges: Iterable[str]) -> list[str]:
    """The edge's IPv4 ranges as the balancer's firewall writes them; the balancer itself has no IPv6 address."""
    networks = (ipaddress.ip_network(each) for each in edge_ranges)
    return [f"cidr:{network}" for network in networks if network.version == 4]

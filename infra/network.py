"""The private networks: one for the application and its data, one for the keys, and the peering between them.

Keys lie apart from what they encrypt: another network, hosts, volumes and firewall. The peering carries what the table of flows
permits and nothing else, for the firewalls of both sides say so.
"""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as do

from infra import names
from infra.config import Config


class Network(pulumi.ComponentResource):
    """Two VPCs in the platform's region; everything that can lie in a VPC lies in one of these."""

    def __init__(self, config: Config) -> None:
        super().__init__("kept:infra:Network", "network")
        self._config = config
        self.application = self._vpc("application", config.addresses.application, "application, jobs, logs and database")
        self.keys = self._vpc("keys", config.addresses.keys, "the key management system, and nothing else")
        self.peering = do.VpcPeering(
            "application-keys",
            name=names.network(config.platform, "application-keys"),
            vpc_ids=[self.application.id, self.keys.id],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"application_id": self.application.id, "keys_id": self.keys.id})

    def _vpc(self, purpose: str, ip_range: str, holds: str) -> do.Vpc:
        return do.Vpc(
            purpose,
            name=names.network(self._config.platform, purpose),
            region=self._config.region,
            ip_range=ip_range,
            description=f"{self._config.platform}: {holds}",
            opts=pulumi.ResourceOptions(parent=self),
        )

"""Managed Postgres: two nodes, a private address, and a declared list of who may connect."""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as do

from infra.config import Config
from infra.network import Network


class Database(pulumi.ComponentResource):
    """The cluster, its trusted sources, and the platform's database and user.

    The list names tags: hosts come and go, the rule stays. The cloud cannot create the two in one call: until the list exists
    (seconds after the cluster is online, and before any database or user of ours) whoever holds the cluster's own password could
    connect from anywhere, so the database and the user wait for the list. Passwords are made by the cloud; they are secrets of
    the state.
    """

    def __init__(self, config: Config, network: Network) -> None:
        super().__init__("kept:infra:Database", "database")
        stateful = pulumi.ResourceOptions(parent=self, protect=config.protect)
        self.cluster = do.DatabaseCluster(
            "cluster",
            name=f"{config.platform}-database",
            engine="pg",
            version=config.database_version,
            size=config.database_size,
            node_count=config.database_nodes,
            region=config.region,
            private_network_uuid=network.vpc.id,
            maintenance_windows=[do.DatabaseClusterMaintenanceWindowArgs(day="sunday", hour="03:00:00")],
            opts=stateful,
        )
        trusted = do.DatabaseFirewall(
            "trusted-sources",
            cluster_id=self.cluster.id,
            rules=[do.DatabaseFirewallRuleArgs(type="tag", value=tag) for tag in (config.app_tag, config.jobs_tag)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        guarded = pulumi.ResourceOptions.merge(stateful, pulumi.ResourceOptions(depends_on=[trusted]))
        do.DatabaseDb("application", cluster_id=self.cluster.id, name=config.platform, opts=guarded)
        do.DatabaseUser("application", cluster_id=self.cluster.id, name=config.platform, opts=guarded)
        self.register_outputs({"cluster_id": self.cluster.id})

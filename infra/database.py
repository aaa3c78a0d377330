"""Managed Postgres: private, with a declared list of who may connect, its log shipped to the collector.

Point-in-time recovery (seven days) comes with the cluster and cannot be switched off.
"""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as do

from infra import names
from infra.config import Config
from infra.network import Network
from infra.project import Project
from promises.flows import HOSTS, inbound

LOCKS_PER_TRANSACTION = 1024
"""A dump locks every table of every unit's schema at once; Postgres' own 64 is spent at a few dozen units."""

IDLE_IN_TRANSACTION_MS = 300_000
"""A forgotten transaction keeps deleted rows alive; five minutes are more than any job of ours idles."""

LOG_LINE_PREFIX = "pid=%p,user=%u,db=%d,app=%a,client=%h"


class Database(pulumi.ComponentResource):
    """The cluster, its trusted sources, its configuration, and the platform's database and user.

    The list names tags: hosts come and go, the rule stays. The cloud cannot create the two in one call: until the list exists
    (seconds after the cluster is online, and before any database or user of ours) whoever holds the cluster's own password could
    connect from anywhere, so the database and the user wait for the list. Passwords are made by the cloud; they are secrets of
    the state.
    """

    def __init__(self, config: Config, network: Network, project: Project) -> None:
        super().__init__("kept:infra:Database", "database")
        self._config = config
        self._inside = pulumi.ResourceOptions(parent=self)
        stateful = pulumi.ResourceOptions(parent=self, protect=config.protect)
        self.cluster = do.DatabaseCluster(
            "cluster",
            name=f"{config.platform}-database",
            engine="pg",
            version=config.cluster.version,
            size=config.cluster.size,
            node_count=config.cluster.nodes,
            region=config.region,
            private_network_uuid=network.application.id,
            project_id=project.project.id,
            maintenance_windows=[do.DatabaseClusterMaintenanceWindowArgs(day="sunday", hour="03:00:00")],
            opts=stateful,
        )
        trusted = do.DatabaseFirewall(
            "trusted-sources",
            cluster_id=self.cluster.id,
            rules=[do.DatabaseFirewallRuleArgs(type="tag", value=tag) for tag in trusted_tags(config)],
            opts=self._inside,
        )
        guarded = pulumi.ResourceOptions.merge(stateful, pulumi.ResourceOptions(depends_on=[trusted]))
        self.database = do.DatabaseDb("application", cluster_id=self.cluster.id, name=config.platform, opts=guarded)
        self.user = do.DatabaseUser("application", cluster_id=self.cluster.id, name=config.platform, opts=guarded)
        self._configure()
        self.register_outputs({"cluster_id": self.cluster.id})

    def _configure(self) -> None:
        """Terse errors: the detail of a violated constraint quotes the row, and the log leaves the database."""
        do.DatabasePostgresqlConfig(
            "configuration",
            cluster_id=self.cluster.id,
            max_locks_per_transaction=LOCKS_PER_TRANSACTION,
            idle_in_transaction_session_timeout=IDLE_IN_TRANSACTION_MS,
            log_error_verbosity="TERSE",
            log_line_prefix=LOG_LINE_PREFIX,
            opts=self._inside,
        )

    def ship_log(self, collector: do.Droplet, port: int) -> None:
        """Send the cluster's log to the collector over TLS, which must show a certificate of our authority."""
        do.DatabaseLogsinkRsyslog(
            "log",
            cluster_id=self.cluster.id,
            name=names.machine(self._config.platform, "collector"),
            server=collector.ipv4_address_private,
            port=port,
            tls=True,
            format="rfc5424",
            ca_cert=self._config.internal_authority.strip(),  # as the plugin reads it back: else every update sends it anew
            opts=self._inside,
        )


def trusted_tags(config: Config) -> tuple[str, ...]:
    """The tags of the hosts that the table of flows lets at the database, each once."""
    sources = dict.fromkeys(flow.source for flow in inbound(config.figures.flows, "database"))
    return tuple(config.tag(source) for source in sources if source in HOSTS)

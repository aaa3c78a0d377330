"""The program: reads the configuration and composes the parts."""

from functools import partial

import pulumi

from infra import config as configuration
from infra import settings
from infra.access_keys import AccessKeys
from infra.balancer import Balancer
from infra.cloud_init.roles import log_port
from infra.database import Database
from infra.edge import Edge
from infra.firewalls import Firewalls
from infra.hosts import Hosts, Operators
from infra.logpush import Logpush
from infra.machines import Place
from infra.network import Network
from infra.observability import Observability
from infra.project import Project
from infra.storage import Storage
from infra.vault import Vault
from promises.loading import load_catalog

values = pulumi.Config("kept")
config = configuration.read(values.get, partial(load_catalog, controls=None))
project = Project(config)
network = Network(config)
storage = Storage(config)
access_keys = AccessKeys(config, storage)
operators = Operators(config)
database = Database(config, network, project)
balancer = Balancer(config, network, project)
firewalls = Firewalls(config, operators.tags, balancer)
hosts = Hosts(Place(config, network.application.id, operators.key, operators.tags, firewalls.by_role))
vault = Vault(Place(config, network.keys.id, operators.key, operators.tags, firewalls.by_role))
database.ship_log(hosts.collector, log_port(config))
edge = Edge(config, balancer, values.require_secret(configuration.ORIGIN_PULL_KEY))
Logpush(config, edge.zone, storage, access_keys)
Observability(config, operators.tags)
project.assign(
    [
        *(machine.droplet_urn for machine in (*hosts.all, *vault.all)),
        *(volume.volume_urn for volume in (*hosts.volumes, *vault.volumes)),
        *(bucket.bucket_urn for bucket in storage.buckets.values()),
    ]
)
settings.export(config, database, edge, access_keys, hosts, vault)

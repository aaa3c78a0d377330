"""The program: reads the configuration and composes the parts."""

from functools import partial

import pulumi

from infra import config as configuration
from infra.balancer import Balancer
from infra.database import Database
from infra.edge import Edge
from infra.firewalls import Firewalls
from infra.hosts import Hosts
from infra.network import Network
from infra.storage import Storage
from promises.loading import load_catalog

config = configuration.read(pulumi.Config("kept").get, partial(load_catalog, controls=None))
network = Network(config)
storage = Storage(config)
database = Database(config, network)
hosts = Hosts(config, network)
balancer = Balancer(config, network)
firewalls = Firewalls(config, hosts, balancer)
edge = Edge(config, balancer)

pulumi.export("vpc", network.vpc.id)
pulumi.export("database", database.cluster.id)
pulumi.export("balancer", balancer.load_balancer.id)
pulumi.export("zone", edge.zone.id)
pulumi.export("buckets", {name: bucket.name for name, bucket in storage.buckets.items()})

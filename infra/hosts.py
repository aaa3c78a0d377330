"""The machines of the application's network: application hosts behind the balancer, one for the jobs, one that collects logs.

They are tagged by role, and firewalls and trusted sources name the tags. Application hosts hold no state; the volumes of the others
hold nothing that is not elsewhere, or soon will be.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as do

from infra.config import Config
from infra.machines import Place, droplet, volume
from promises.flows import HOSTS


class Operators(pulumi.ComponentResource):
    """The tags of all roles, and the operators' key: there before any machine is."""

    def __init__(self, config: Config) -> None:
        super().__init__("kept:infra:Operators", "operators")
        inside = pulumi.ResourceOptions(parent=self)
        self.tags = [do.Tag(config.tag(role), name=config.tag(role), opts=inside) for role in HOSTS]
        self.key = do.SshKey("operations", name=f"{config.platform}-operations", public_key=config.ssh_public_key, opts=inside)
        self.register_outputs({})


class Hosts(pulumi.ComponentResource):
    """The droplets of `app`, `jobs` and `collector`; only the two latter have a volume."""

    def __init__(self, place: Place) -> None:
        super().__init__("kept:infra:Hosts", "hosts")
        self._place = place
        self.volumes: list[do.Volume] = []
        machines = place.config.machines
        self.app = [droplet(self._place, self, "app", number, machines.app_size) for number in range(1, machines.app_count + 1)]
        self.jobs = self._with_volume("jobs", machines.jobs_size)
        self.collector = self._with_volume("collector", machines.collector_size)
        self.register_outputs({})

    def _with_volume(self, role: str, size: str) -> do.Droplet:
        data = volume(self._place, self, role, 1)
        self.volumes.append(data)
        return droplet(self._place, self, role, 1, size, data)

    @property
    def all(self) -> Sequence[do.Droplet]:
        return (*self.app, self.jobs, self.collector)

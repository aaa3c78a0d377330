"""The machines: application hosts behind the balancer, and one for the jobs.

Hosts hold no state and no secret: their user data (`cloud-init.yaml`) allows keys only and keeps them patched. They are tagged
by purpose, and firewalls and trusted sources name the tags.
"""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_digitalocean as do

from infra.config import Config
from infra.network import Network

USER_DATA = Path(__file__).with_name("cloud-init.yaml")


class Hosts(pulumi.ComponentResource):
    """The tags, the operators' key and the droplets."""

    def __init__(self, config: Config, network: Network) -> None:
        super().__init__("kept:infra:Hosts", "hosts")
        self._config, self._network = config, network
        inside = pulumi.ResourceOptions(parent=self)
        self.tags = [do.Tag(name, name=name, opts=inside) for name in (config.app_tag, config.jobs_tag)]
        self._key = do.SshKey("operations", name=f"{config.platform}-operations", public_key=config.ssh_public_key, opts=inside)
        names = [f"app-{number}" for number in range(1, config.app_count + 1)]
        self.app = [self._droplet(name, config.app_size, config.app_tag) for name in names]
        self.jobs = self._droplet("jobs-1", config.jobs_size, config.jobs_tag)
        self.register_outputs({"app": [droplet.id for droplet in self.app], "jobs": self.jobs.id})

    def _droplet(self, name: str, size: str, tag: str) -> do.Droplet:
        return do.Droplet(
            name,
            name=f"{self._config.platform}-{name}",
            region=self._config.region,
            size=size,
            image=self._config.image,
            vpc_uuid=self._network.vpc.id,
            ssh_keys=[self._key.fingerprint],
            tags=[tag],  # by name, not by the tag's output: what policies judge is known before anything exists
            monitoring=True,
            ipv6=False,
            droplet_agent=False,
            user_data=USER_DATA.read_text(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.tags),
        )

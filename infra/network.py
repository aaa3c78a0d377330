"""The private network that the application, the jobs and the database share."""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as do

from infra.config import Config


class Network(pulumi.ComponentResource):
    """One VPC in the platform's region; everything that can lie in a VPC lies in this one."""

    def __init__(self, config: Config) -> None:
        super().__init__("kept:infra:Network", "network")
        self.vpc = do.Vpc(
            "application",
            name=f"{config.platform}-application",
            region=config.region,
            ip_range=config.vpc_range,
            description=f"{config.platform}: application, jobs and database",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"vpc_id": self.vpc.id})

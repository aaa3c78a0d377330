"""The cloud's own grouping: everything of a platform in one project, so that people and bills see it as one.

The balancer and the database are made in it; droplets, volumes and buckets, which the cloud first puts into its default project,
are assigned.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as do

from infra.config import Config

ENVIRONMENT = {"production": "Production", "staging": "Staging", "local": "Development"}


class Project(pulumi.ComponentResource):
    """The project."""

    def __init__(self, config: Config) -> None:
        super().__init__("kept:infra:Project", "project")
        self.project = do.Project(
            "platform",
            name=config.platform,
            description=f"the platform {config.platform}",
            purpose="Service or API",
            environment=ENVIRONMENT[config.environment],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def assign(self, members: Sequence[pulumi.Output[str]]) -> None:
        """Take in what has these URNs (`do:droplet:1`)."""
        do.ProjectResources("members", project=self.project.id, resources=list(members), opts=pulumi.ResourceOptions(parent=self))

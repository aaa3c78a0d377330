"""How a machine of ours is made, whatever its role: one place for what all have in common.

No agent of the cloud's console, no IPv6, nothing that the cloud would back up (the key of the data volume lies on the host's disk).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from infra import names
from infra.cloud_init.roles import user_data
from infra.config import Config


@dataclass(frozen=True)
class Place:
    """Where machines are put: the network, the operators' key, the tags, and each role's firewall, which is there before its hosts."""

    config: Config
    network: pulumi.Output[str]
    key: do.SshKey
    tags: Sequence[do.Tag]
    firewalls: Mapping[str, do.Firewall]


def droplet(place: Place, parent: pulumi.Resource, role: str, number: int, size: str, data: do.Volume | None = None) -> do.Droplet:  # noqa: PLR0913, PLR0917
    """The machine with this number among its role, with its data volume if it has one.

    One with a volume is protected, for a change of its user data would replace it, and it is deleted before it is replaced: a volume has
    one host at a time.
    """
    config, name = place.config, names.host(role, number)
    return do.Droplet(
        name,
        name=names.machine(config.platform, name),
        region=config.region,
        size=size,
        image=config.machines.image,
        vpc_uuid=place.network,
        ssh_keys=[place.key.fingerprint],
        tags=[config.tag(role)],  # by name, not by the tag's output: what policies judge is known before anything exists
        volume_ids=[data.id] if data else None,
        monitoring=True,
        backups=False,
        ipv6=False,
        droplet_agent=False,
        user_data=user_data(config, role, number),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[*place.tags, place.firewalls[role]],
            protect=config.protect and data is not None,
            delete_before_replace=data is not None,
        ),
    )


def volume(place: Place, parent: pulumi.Resource, role: str, number: int) -> do.Volume:
    """A machine's data volume: empty until its host encrypts it, so the cloud makes no file system on it."""
    config, name = place.config, names.host(role, number)
    return do.Volume(
        f"{name}-data",
        name=names.machine(config.platform, name),
        region=config.region,
        size=config.machines.volume_gib,
        description="encrypted by its host",
        tags=[config.tag(role)],
        opts=pulumi.ResourceOptions(parent=parent, protect=config.protect, depends_on=list(place.tags)),
    )

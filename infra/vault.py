"""The key management system: three nodes in a network of their own, apart from everything that their keys encrypt.

Another network, other hosts, other volumes, another tag and firewall; nothing of it lies in the database or in a bucket but
encrypted snapshots under a key of their own. Three nodes keep answering while one is away.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_digitalocean as do

from infra import names
from infra.machines import Place, droplet, volume


class Vault(pulumi.ComponentResource):
    """The nodes and their volumes, all protected: the volumes hold the keys, and of three nodes two must stay."""

    def __init__(self, place: Place) -> None:
        super().__init__("kept:infra:Vault", "vault")
        self.volumes: list[do.Volume] = []
        self.nodes = [self._node(place, number) for number in range(1, names.VAULT_NODES + 1)]
        self.register_outputs({})

    def _node(self, place: Place, number: int) -> do.Droplet:
        data = volume(place, self, "vault", number)
        self.volumes.append(data)
        return droplet(place, self, "vault", number, place.config.machines.vault_size, data)

    @property
    def all(self) -> Sequence[do.Droplet]:
        return tuple(self.nodes)

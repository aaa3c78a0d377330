"""The keys for the buckets (`infra.grants` says which): each reaches one bucket, and no key of the stack reaches all.

Their secrets are made by the cloud, stand encrypted in the state, and go from there into Vault (`kept settings from-stack --apply`).
"""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as do

from infra import names
from infra.config import Config
from infra.grants import GRANTS, Grant
from infra.storage import Storage


class AccessKeys(pulumi.ComponentResource):
    """The keys, by purpose; each waits for its bucket."""

    def __init__(self, config: Config, storage: Storage) -> None:
        super().__init__("kept:infra:AccessKeys", "access-keys")
        self.keys = {grant.purpose: self._key(config, storage, grant) for grant in GRANTS}
        self.register_outputs({})

    def _key(self, config: Config, storage: Storage, grant: Grant) -> do.SpacesKey:
        bucket = do.SpacesKeyGrantArgs(bucket=names.bucket(config.platform, grant.bucket), permission=grant.permission)
        depends_on = [storage.buckets[grant.bucket]]  # the bucket by its name: what policies judge is known before anything exists
        return do.SpacesKey(
            f"key-{grant.purpose}",
            name=names.access_key(config.platform, grant.purpose),
            grants=[bucket],
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on, additional_secret_outputs=["secretKey"]),
        )

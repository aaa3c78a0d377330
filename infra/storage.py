"""The buckets: private, versioned, and cleaned of what nobody can reach any more.

    <platform>-objects    the application's files                      the platform's region
    <platform>-logs       logs of the edge and the database            the platform's region
    <platform>-backups    encrypted backups                            another metropolitan area
    <platform>-evidence   the signed log                               another metropolitan area

Versions make an overwritten object recoverable; what was overwritten or deleted is gone for good after a week, so that a
deletion that was promised becomes true also here. Evidence is append-only and keeps its old versions.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from infra.config import Config

NONCURRENT_DAYS = 7
ABANDONED_UPLOAD_DAYS = 2


@dataclass(frozen=True)
class Purpose:
    """A bucket's purpose: whether it lies apart from the platform's region, and whether old versions may go."""

    name: str
    apart: bool
    forgets: bool


PURPOSES = (
    Purpose("objects", apart=False, forgets=True),
    Purpose("logs", apart=False, forgets=True),
    Purpose("backups", apart=True, forgets=True),
    Purpose("evidence", apart=True, forgets=False),
)


class Storage(pulumi.ComponentResource):
    """One bucket a purpose. Only a local stack's buckets may be destroyed while they hold something."""

    def __init__(self, config: Config) -> None:
        super().__init__("kept:infra:Storage", "storage")
        self.buckets = {purpose.name: self._bucket(config, purpose) for purpose in PURPOSES}
        self.register_outputs({name: bucket.name for name, bucket in self.buckets.items()})

    def _bucket(self, config: Config, purpose: Purpose) -> do.SpacesBucket:
        return do.SpacesBucket(
            purpose.name,
            name=f"{config.platform}-{purpose.name}",
            region=config.backup_region if purpose.apart else config.region,
            acl="private",
            versioning=do.SpacesBucketVersioningArgs(enabled=True),
            lifecycle_rules=[lifecycle(forgets=purpose.forgets)],
            force_destroy=not config.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=config.protect),
        )


def lifecycle(*, forgets: bool) -> do.SpacesBucketLifecycleRuleArgs:
    """Give up abandoned uploads and, where the bucket forgets, versions that were replaced or deleted."""
    old = do.SpacesBucketLifecycleRuleNoncurrentVersionExpirationArgs(days=NONCURRENT_DAYS) if forgets else None
    return do.SpacesBucketLifecycleRuleArgs(
        id="clean-up",
        enabled=True,
        abort_incomplete_multipart_upload_days=ABANDONED_UPLOAD_DAYS,
        noncurrent_version_expiration=old,
    )

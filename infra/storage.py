"""The buckets (`infra.buckets` says which): private, versioned, and cleaned of what nobody can reach any more.

No bucket has a policy: the cloud refuses one where limited keys are used (docs/decisions/0003-keys-or-bucket-policies.md).
"""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as do

from infra import baseline, names
from infra.buckets import PURPOSES, Purpose, region_of
from infra.config import Config


class Storage(pulumi.ComponentResource):
    """One bucket a purpose. Only a local stack's buckets may be destroyed while they hold something."""

    def __init__(self, config: Config) -> None:
        super().__init__("kept:infra:Storage", "storage")
        self.buckets = {purpose.name: self._bucket(config, purpose) for purpose in PURPOSES}
        self.register_outputs({name: bucket.name for name, bucket in self.buckets.items()})

    def _bucket(self, config: Config, purpose: Purpose) -> do.SpacesBucket:
        return do.SpacesBucket(
            purpose.name,
            name=names.bucket(config.platform, purpose.name),
            region=region_of(config, purpose),
            acl="private",
            versioning=do.SpacesBucketVersioningArgs(enabled=True),
            lifecycle_rules=[lifecycle(purpose, config.figures.log_days)],
            force_destroy=not config.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=config.protect),
        )


def lifecycle(purpose: Purpose, log_days: int) -> do.SpacesBucketLifecycleRuleArgs:
    """Give up abandoned uploads; where the bucket forgets, versions that were replaced or deleted; where it expires, the objects."""
    rule = do.SpacesBucketLifecycleRuleArgs
    days = log_days if purpose.expires else baseline.NONCURRENT_DAYS  # a log line that was replaced or deleted stays its time, too
    old = do.SpacesBucketLifecycleRuleNoncurrentVersionExpirationArgs(days=days) if purpose.forgets else None
    whole = do.SpacesBucketLifecycleRuleExpirationArgs(days=log_days) if purpose.expires else None
    return rule(
        id="clean-up",
        enabled=True,
        abort_incomplete_multipart_upload_days=baseline.ABANDONED_UPLOAD_DAYS,
        noncurrent_version_expiration=old,
        expiration=whole,
    )

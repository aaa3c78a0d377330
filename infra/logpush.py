"""The edge's log delivery into the bucket of logs (`infra.log_fields` says what is written)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

from infra.access_keys import AccessKeys
from infra.config import Config
from infra.log_fields import FIELDS, LABEL, destination_of, fields
from infra.storage import Storage


class Logpush(pulumi.ComponentResource):
    """One job a dataset. The destination holds the key's secret, so it is a secret of the state and known only once the key is there."""

    def __init__(self, config: Config, zone: cloudflare.Zone, storage: Storage, access_keys: AccessKeys) -> None:
        super().__init__("kept:infra:Logpush", "logpush")
        bucket, key = storage.buckets["logs"], access_keys.keys["logs"]
        for dataset in FIELDS:
            named = partial(_destination, config.region, LABEL[dataset])
            destination = pulumi.Output.all(bucket=bucket.name, access_key=key.access_key, secret_key=key.secret_key).apply(named)
            cloudflare.LogpushJob(
                LABEL[dataset],
                zone_id=zone.id,
                name=LABEL[dataset],
                dataset=dataset,
                enabled=True,
                destination_conf=destination,
                output_options=cloudflare.LogpushJobOutputOptionsArgs(
                    field_names=list(fields(dataset, anonymous=config.figures.anonymous)), timestamp_format="rfc3339"
                ),
                opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["destinationConf"]),
            )
        self.register_outputs({})


def _destination(region: str, stream: str, seen: Mapping[str, Any]) -> str:
    return destination_of(region, stream, **seen)

"""What the stack tells the jobs: the outputs `settings` (no secret in it) and `credentials` (all secret). Pure but for `export`.

The shape is docs/pulumi.md's ("What the stack tells the jobs"); `kept settings from-stack` reads it, and nothing else of the stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from infra import names
from infra.buckets import PURPOSES, region_of
from infra.cloud_init.roles import COLLECTOR
from infra.cloud_init.vault import API_PORT
from infra.config import Config
from infra.grants import GRANTS

if TYPE_CHECKING:  # the shape is pure, and is read without the providers
    from infra.access_keys import AccessKeys
    from infra.database import Database
    from infra.edge import Edge
    from infra.hosts import Hosts
    from infra.vault import Vault

SCHEMA_VERSION = 1
DIGITALOCEAN = "https://api.digitalocean.com"
CLOUDFLARE = "https://api.cloudflare.com/client/v4"
SIGNING_REGION = "us-east-1"
"""What every Spaces endpoint wants in a signature, whatever its own region."""


@dataclass(frozen=True)
class Answers:
    """What only the clouds could tell: ids, addresses and public halves of keys. `hosts` is name within the platform -> private address."""

    zone_id: str
    cluster_id: str
    database_host: str
    database_port: int
    access_keys: Mapping[str, str]
    hosts: Mapping[str, str]


def settings(config: Config, answers: Answers) -> dict[str, Any]:
    """The output `settings`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "platform": config.platform,
        "environment": config.environment,
        "digitalocean": {"endpoint": DIGITALOCEAN},
        "cloudflare": {"endpoint": CLOUDFLARE, "account_id": config.account_id, "zone_id": answers.zone_id},
        "objects": {"region": SIGNING_REGION, "buckets": _buckets(config), "identities": _identities(answers.access_keys)},
        "database": {
            "cluster_id": answers.cluster_id,
            "host": answers.database_host,
            "port": answers.database_port,
            "name": config.platform,
            "user": config.platform,
        },
        "vault": _vault(config),
        "evidence": {"origin": f"{config.domain}/{config.environment}", "bucket": names.bucket(config.platform, "evidence")},
        "backups": {"bucket": names.bucket(config.platform, "backups")},
        "hosts": {names.internal(config.platform, name): _host(name, address) for name, address in answers.hosts.items()},
        "names": [config.hostname],
    }


def _buckets(config: Config) -> dict[str, Any]:
    found = {}
    for purpose in PURPOSES:
        region = region_of(config, purpose)
        endpoint = f"https://{region}.digitaloceanspaces.com"
        found[purpose.name] = {"name": names.bucket(config.platform, purpose.name), "region": region, "endpoint": endpoint}
    return found


def _identities(access_keys: Mapping[str, str]) -> dict[str, Any]:
    return {
        each.purpose: {"access_key": access_keys[each.purpose], "bucket": each.bucket, "permission": each.permission} for each in GRANTS
    }


def _vault(config: Config) -> dict[str, Any]:
    nodes = [names.internal(config.platform, each) for each in names.hosts("vault", names.VAULT_NODES)]
    return {"address": f"https://{nodes[0]}:{API_PORT}", "nodes": nodes}


def _host(name: str, address: str) -> dict[str, str]:
    return {"role": name.rpartition("-")[0], "address": address}


def export(config: Config, database: Database, edge: Edge, access_keys: AccessKeys, hosts: Hosts, vault: Vault) -> None:  # noqa: PLR0913, PLR0917 - everything there is to tell
    """Register both outputs."""
    machines = {
        **{names.host("app", number): each for number, each in enumerate(hosts.app, 1)},
        names.host("jobs", 1): hosts.jobs,
        COLLECTOR: hosts.collector,
        **{names.host("vault", number): each for number, each in enumerate(vault.nodes, 1)},
    }
    answers = pulumi.Output.all(
        zone_id=edge.zone.id,
        cluster_id=database.cluster.id,
        database_host=database.cluster.private_host,
        database_port=database.cluster.port,
        access_keys=pulumi.Output.all(**{purpose: key.access_key for purpose, key in access_keys.keys.items()}),
        hosts=pulumi.Output.all(**{name: machine.ipv4_address_private for name, machine in machines.items()}),
    )
    pulumi.export("settings", answers.apply(lambda seen: settings(config, Answers(**seen))))
    secret_keys = pulumi.Output.all(**{purpose: key.secret_key for purpose, key in access_keys.keys.items()})
    pulumi.export("credentials", pulumi.Output.secret({"objects": secret_keys, "database": {"password": database.user.password}}))

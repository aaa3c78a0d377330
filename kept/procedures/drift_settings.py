"""Drift in settings: who is let in, who is told, where copies lie. Made and undone through the official clients, past Pulumi."""

from __future__ import annotations

from typing import Any

from kept.environment import Environment
from services.errors import Refused

Undo = dict[str, Any]

VERIFY_IDENTITY = "admin"
STRANGER = "https://hooks.stranger.example/collect"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7Jc0uQ6b1mYvW2k8m4XkQ2Zf1nT3oR5pS6qU7wV8xY"
SHORT_DAYS = 30


def attach_plain_volume(environment: Environment) -> Undo:
    """A volume that no host's user data knows, attached to one of them."""
    digitalocean = environment.clients.digitalocean
    host = _expect(digitalocean.droplets.list(), "droplets")[0]
    body = {"size_gigabytes": 10, "name": "drift-plain", "region": host["region"]["slug"], "description": "drift"}
    volume = _expect(digitalocean.volumes.create(body), "volume")["id"]
    digitalocean.volume_actions.post_by_id(volume, {"type": "attach", "droplet_id": host["id"], "region": host["region"]["slug"]})
    return {"volume": volume, "droplet": host["id"], "region": host["region"]["slug"]}


def detach_plain_volume(environment: Environment, undo: Undo) -> None:
    digitalocean = environment.clients.digitalocean
    body = {"type": "detach", "droplet_id": undo["droplet"], "region": undo["region"]}
    digitalocean.volume_actions.post_by_id(undo["volume"], body)
    digitalocean.volumes.delete(undo["volume"])


def add_ssh_key(environment: Environment) -> Undo:
    made = environment.clients.digitalocean.ssh_keys.create({"name": "drift", "public_key": ED25519})
    return {"key": _expect(made, "ssh_key")["id"]}


def delete_ssh_key(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.ssh_keys.delete(undo["key"])


def stop_edge_log(environment: Environment) -> Undo:
    """The edge's first job is switched off; the others go on."""
    path = f"/zones/{_zone(environment)}/logpush/jobs"
    job = _result(environment.clients.cloudflare.get(path, cast_to=object))[0]
    _switch(environment, f"{path}/{job['id']}", enabled=False)
    return {"job": f"{path}/{job['id']}"}


def start_edge_log(environment: Environment, undo: Undo) -> None:
    _switch(environment, undo["job"], enabled=True)


def add_near_replica(environment: Environment) -> Undo:
    """A copy of the database beside its backups: one city's loss takes both."""
    databases = environment.clients.digitalocean.databases
    cluster = _expect(databases.list_clusters(), "databases")[0]
    body = {"name": "drift-near", "region": "sfo3", "size": cluster["size"]}
    _expect(databases.create_replica(cluster["id"], body), "replica")
    return {"cluster": cluster["id"], "replica": "drift-near"}


def delete_near_replica(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.databases.destroy_replica(undo["cluster"], undo["replica"])


def mix_key_host(environment: Environment) -> Undo:
    """A host that keeps keys is tagged like an application host."""
    platform = environment.settings.platform
    droplets = _expect(environment.clients.digitalocean.droplets.list(), "droplets")
    host = next(each for each in droplets if f"{platform}-vault" in each["tags"])
    resources = {"resources": [{"resource_id": str(host["id"]), "resource_type": "droplet"}]}
    environment.clients.digitalocean.tags.assign_resources(f"{platform}-app", resources)
    return {"tag": f"{platform}-app", "resources": resources}


def part_key_host(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.tags.unassign_resources(undo["tag"], undo["resources"])


def expire_logs(environment: Environment) -> Undo:
    bucket, store = f"{environment.settings.platform}-logs", environment.clients.objects(VERIFY_IDENTITY)
    before: Any = store.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    rule: Any = {"ID": "drift", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": SHORT_DAYS}}
    store.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*before, rule]})
    return {"bucket": bucket, "rules": before}


def keep_logs(environment: Environment, undo: Undo) -> None:
    store = environment.clients.objects(VERIFY_IDENTITY)
    store.put_bucket_lifecycle_configuration(Bucket=undo["bucket"], LifecycleConfiguration={"Rules": undo["rules"]})


def add_unlimited_key(environment: Environment) -> Undo:
    body = {"name": "drift", "grants": [{"bucket": "", "permission": "fullaccess"}]}
    return {"key": _expect(environment.clients.digitalocean.spaces_key.create(body), "key")["access_key"]}


def delete_unlimited_key(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.spaces_key.delete(undo["key"])


def tell_a_stranger(environment: Environment) -> Undo:
    """A webhook of the edge's account leads to somebody who is on no list."""
    path = f"/accounts/{environment.settings.cloudflare.account_id}/alerting/v3/destinations/webhooks"
    made = environment.clients.cloudflare.post(path, body={"name": "drift", "url": STRANGER}, cast_to=object)
    return {"webhook": f"{path}/{_result(made)['id']}"}


def tell_no_stranger(environment: Environment, undo: Undo) -> None:
    environment.clients.cloudflare.delete(undo["webhook"], cast_to=object)


def _switch(environment: Environment, path: str, *, enabled: bool) -> None:
    """A job whole, as the provider writes it, with one switch changed."""
    job = _result(environment.clients.cloudflare.get(path, cast_to=object))
    environment.clients.cloudflare.put(path, body={**job, "enabled": enabled}, cast_to=object)


def _zone(environment: Environment) -> str:
    return next(iter(environment.clients.cloudflare.zones.list())).id


def _result(answer: Any) -> Any:
    return answer["result"]


def _expect(answer: Any, key: str) -> Any:
    """pydo returns error bodies of declared errors as results: believe an answer only when it holds what was asked for."""
    if not isinstance(answer, dict) or key not in answer:
        raise Refused(f"the cloud did not answer with {key}", "is the local cloud up? `kept local status` tells")
    return answer[key]

"""Drift in the clouds: changes made through the official clients, past Pulumi, and the calls that undo them."""

from __future__ import annotations

from typing import Any, Final

from kept.environment import Environment
from services.errors import Refused

Undo = dict[str, Any]

WAF_PHASE: Final = "http_request_firewall_managed"
FOREIGN_REGION = "fra1"


def add_foreign_volume(environment: Environment) -> Undo:
    body = {"size_gigabytes": 10, "name": "drift-frankfurt", "region": FOREIGN_REGION, "description": "drift"}
    return {"volume": _expect(environment.clients.digitalocean.volumes.create(body), "volume")["id"]}


def delete_volume(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.volumes.delete(undo["volume"])


def add_stray_droplet(environment: Environment) -> Undo:
    """A droplet beside an existing one: same region, same tags (so the same firewalls), but in the region's default VPC."""
    model = _application_droplet(environment)
    body = {
        "name": "drift-stray",
        "region": model["region"]["slug"],
        "size": model["size"]["slug"],
        "image": "debian-12-x64",
        "tags": model["tags"],
    }
    return {"droplet": _expect(environment.clients.digitalocean.droplets.create(body), "droplet")["id"]}


def delete_droplet(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.droplets.destroy(undo["droplet"])


def empty_trusted_sources(environment: Environment) -> Undo:
    databases = environment.clients.digitalocean.databases
    cluster = _expect(databases.list_clusters(), "databases")[0]["id"]
    rules = _expect(databases.list_firewall_rules(cluster), "rules")
    databases.update_firewall_rules(cluster, {"rules": []})
    return {"cluster": cluster, "rules": [{"type": rule["type"], "value": rule["value"]} for rule in rules]}


def restore_trusted_sources(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.databases.update_firewall_rules(undo["cluster"], {"rules": undo["rules"]})


def open_port(environment: Environment) -> Undo:
    """One more inbound rule on the firewall of the application's hosts."""
    firewalls = environment.clients.digitalocean.firewalls
    tags = set(_application_droplet(environment)["tags"])
    firewall = next(each for each in _expect(firewalls.list(), "firewalls") if tags & set(each["tags"] or ()))
    before = {key: firewall[key] for key in ("name", "inbound_rules", "outbound_rules", "droplet_ids", "tags")}
    opened = {"protocol": "tcp", "ports": "8080", "sources": {"addresses": ["0.0.0.0/0", "::/0"]}}
    firewalls.update(firewall["id"], {**before, "inbound_rules": [*before["inbound_rules"], opened]})
    return {"firewall": firewall["id"], "before": before}


def restore_firewall(environment: Environment, undo: Undo) -> None:
    environment.clients.digitalocean.firewalls.update(undo["firewall"], undo["before"])


def lower_tls(environment: Environment) -> Undo:
    zone = _zone(environment)
    setting = environment.clients.cloudflare.zones.settings.get("min_tls_version", zone_id=zone)
    _set_tls(environment, zone, "1.0")
    return {"zone": zone, "value": getattr(setting, "value", None)}


def restore_tls(environment: Environment, undo: Undo) -> None:
    _set_tls(environment, undo["zone"], undo["value"])


def disable_waf(environment: Environment) -> Undo:
    zone = _zone(environment)
    ruleset = environment.clients.cloudflare.rulesets.phases.get(WAF_PHASE, zone_id=zone)
    rules = [_plain(rule) for rule in ruleset.rules or ()]
    _put_rules(environment, zone, ruleset.id, [{**rule, "enabled": False} for rule in rules])
    return {"zone": zone, "ruleset": ruleset.id, "rules": rules}


def restore_waf(environment: Environment, undo: Undo) -> None:
    _put_rules(environment, undo["zone"], undo["ruleset"], undo["rules"])


def open_bucket(environment: Environment) -> Undo:
    """The canned list `public-read`: everybody may list the bucket and read what is in it."""
    bucket = f"{environment.settings.platform}-objects"
    environment.clients.objects("admin").put_bucket_acl(Bucket=bucket, ACL="public-read")
    return {"bucket": bucket}


def close_bucket(environment: Environment, undo: Undo) -> None:
    environment.clients.objects("admin").put_bucket_acl(Bucket=undo["bucket"], ACL="private")


def _application_droplet(environment: Environment) -> dict[str, Any]:
    droplets = _expect(environment.clients.digitalocean.droplets.list(), "droplets")
    return next(each for each in droplets if each["tags"])


def _zone(environment: Environment) -> str:
    zone = next(iter(environment.clients.cloudflare.zones.list()), None)
    if zone is None:
        raise Refused("the account has no zone", "provision first: kept demo")
    return zone.id


def _set_tls(environment: Environment, zone: str, value: str) -> None:
    environment.clients.cloudflare.zones.settings.edit("min_tls_version", zone_id=zone, value=value)


def _put_rules(environment: Environment, zone: str, ruleset: str, rules: list[dict[str, Any]]) -> None:
    environment.clients.cloudflare.put(
        f"/zones/{zone}/rulesets/{ruleset}",
        body={"kind": "zone", "name": "managed WAF", "phase": WAF_PHASE, "rules": rules},
        cast_to=object,
    )


def _plain(rule: Any) -> dict[str, Any]:
    """A rule as the API takes it back: without what only the server sets."""
    fields: dict[str, Any] = rule.to_dict(mode="json")
    return {key: value for key, value in fields.items() if key not in {"id", "version", "last_updated"} and value is not None}


def _expect(answer: Any, key: str) -> Any:
    """pydo returns error bodies of declared errors as results: believe an answer only when it holds what was asked for."""
    if not isinstance(answer, dict) or key not in answer:
        said = answer.get("message", "nothing") if isinstance(answer, dict) else type(answer).__name__
        raise Refused(f"the cloud did not answer with {key}: {said}", "is the local cloud up? `kept local status` tells")
    return answer[key]

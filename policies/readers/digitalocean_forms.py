"""Rows of DigitalOcean's answers as resources: properties get the names that the provider gives them in a stack's state."""

from __future__ import annotations

from typing import Any

from policies.kinds import (
    APP,
    BALANCER,
    CERTIFICATE,
    DROPLET,
    FIREWALL,
    KUBERNETES,
    MONITOR_ALERT,
    RESERVED_IP,
    RESERVED_IPV6,
    SPACES_KEY,
    SSH_KEY,
    VOLUME,
    VPC,
)
from policies.readers.live import resource
from policies.readers.state import Resource

Row = dict[str, Any]

_SIDES = {"sources": "source", "destinations": "destination"}
_PEERS = {
    "addresses": "Addresses",
    "tags": "Tags",
    "droplet_ids": "DropletIds",
    "load_balancer_uids": "LoadBalancerUids",
    "kubernetes_ids": "KubernetesIds",
}


def droplet(row: Row) -> Resource:
    networks, features = row["networks"], row.get("features") or []
    public = {family: [each["ip_address"] for each in networks.get(family) or () if each["type"] == "public"] for family in ("v4", "v6")}
    return resource(
        DROPLET,
        row["name"],
        id=str(row["id"]),
        region=row["region"]["slug"],
        vpcUuid=row.get("vpc_uuid"),
        tags=row.get("tags") or [],
        volumeIds=row.get("volume_ids") or [],
        backups="backups" in features,
        monitoring="monitoring" in features,
        publicNetworking=bool(public["v4"] or public["v6"]),
        ipv4Address=next(iter(public["v4"]), ""),
        ipv6Address=next(iter(public["v6"]), ""),
    )


def vpc(row: Row) -> Resource:
    return resource(VPC, row["name"], id=row["id"], region=row["region"], default=row["default"], ipRange=row.get("ip_range"))


def volume(row: Row) -> Resource:
    return resource(
        VOLUME,
        row["name"],
        id=row["id"],
        region=row["region"]["slug"],
        dropletIds=[str(each) for each in row.get("droplet_ids") or ()],
        filesystemType=row.get("filesystem_type") or "",
    )


def balancer(row: Row) -> Resource:
    firewall = row.get("firewall") or {}
    return resource(
        BALANCER,
        row["name"],
        id=row["id"],
        ip=row.get("ip"),
        ipv6=row.get("ipv6"),
        region=(row.get("region") or {}).get("slug"),
        vpcUuid=row.get("vpc_uuid"),
        network=row.get("network"),
        dropletTag=row.get("tag") or "",
        dropletIds=row.get("droplet_ids") or [],
        tlsCipherPolicy=row.get("tls_cipher_policy"),
        forwardingRules=[_entry(rule) for rule in row["forwarding_rules"]],
        firewall={"allows": firewall.get("allow") or [], "denies": firewall.get("deny") or []},
    )


def _entry(rule: Row) -> Row:
    return {
        "entryProtocol": rule["entry_protocol"],
        "entryPort": rule["entry_port"],
        "targetProtocol": rule["target_protocol"],
        "targetPort": rule["target_port"],
        "tlsPassthrough": rule.get("tls_passthrough", False),
    }


def firewall(row: Row) -> Resource:
    return resource(
        FIREWALL,
        row["name"],
        id=row["id"],
        tags=row.get("tags") or [],
        dropletIds=row.get("droplet_ids") or [],
        inboundRules=[_rule(rule, "sources") for rule in row.get("inbound_rules") or ()],
        outboundRules=[_rule(rule, "destinations") for rule in row.get("outbound_rules") or ()],
    )


def _rule(rule: Row, side: str) -> Row:
    named = rule.get(side) or {}
    peers = {f"{_SIDES[side]}{ours}": named.get(theirs) or [] for theirs, ours in _PEERS.items()}
    return {"protocol": rule["protocol"], "portRange": rule.get("ports"), "action": rule.get("action"), **peers}


def ssh_key(row: Row) -> Resource:
    return resource(SSH_KEY, row["name"], id=str(row["id"]), fingerprint=row["fingerprint"], publicKey=row["public_key"])


def spaces_key(row: Row) -> Resource:
    grants = [{"bucket": grant.get("bucket") or "", "permission": grant["permission"]} for grant in row.get("grants") or ()]
    return resource(SPACES_KEY, row["name"], id=row["access_key"], grants=grants)


def app(row: Row) -> Resource:
    spec = row["spec"]
    return resource(
        APP, spec["name"], id=row["id"], spec=spec, liveUrl=row.get("live_url") or "", defaultIngress=row.get("default_ingress") or ""
    )


def kubernetes(row: Row) -> Resource:
    """The tags of all its pools stand in one: nodes bear them all the same."""
    pools = row.get("node_pools") or []
    return resource(
        KUBERNETES,
        row["name"],
        id=row["id"],
        region=row["region"],
        vpcUuid=row.get("vpc_uuid"),
        version=row.get("version"),
        autoUpgrade=row.get("auto_upgrade"),
        surgeUpgrade=row.get("surge_upgrade"),
        ssos=[row["sso"]] if row.get("sso") else [],
        nodePool={"tags": [tag for pool in pools for tag in pool.get("tags") or ()]},
    )


def certificate(row: Row) -> Resource:
    return resource(CERTIFICATE, row["name"], id=row["name"], notAfter=row["not_after"], state=row.get("state"))


def reserved_address(row: Row) -> Resource:
    droplet = row["droplet"]
    return resource(RESERVED_IP, row["ip"], ipAddress=row["ip"], dropletId=droplet["id"] if droplet else None)


def reserved_ipv6_address(row: Row) -> Resource:
    droplet = row["droplet"]
    return resource(RESERVED_IPV6, row["ip"], ip=row["ip"], dropletId=droplet["id"] if droplet else None)


def monitor_alert(row: Row) -> Resource:
    return resource(MONITOR_ALERT, row["uuid"], id=row["uuid"], alerts=receivers(row["alerts"]))


def receivers(row: Row) -> Row:
    """Who an alert is sent to: mail addresses and Slack channels."""
    return {"emails": row.get("email") or [], "slacks": row.get("slack") or []}

"""DigitalOcean's machines and what stands before them: tags, keys, droplets, volumes, firewalls, certificates, balancers, networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from localcloud.kinds.session import Created, Session
from localcloud.kinds.spelling import Document, camel, nothing, pick, snake, without

Create = Callable[[Session, Document], Created]

_SIDES = {
    "inboundRules": ("inbound_rules", "source", "sources"),
    "outboundRules": ("outbound_rules", "destination", "destinations"),
}
_PEERS = {
    "Addresses": "addresses",
    "DropletIds": "droplet_ids",
    "KubernetesIds": "kubernetes_ids",
    "LoadBalancerUids": "load_balancer_uids",
    "Tags": "tags",
}
"""Ends of a rule's property names, and the API's field: `sourceAddresses` is `sources.addresses`."""

_BALANCER_NAMES = {"healthcheck": "health_check", "dropletTag": "tag", "allows": "allow", "denies": "deny"}
_HEALTHCHECK = {"checkIntervalSeconds": 10, "healthyThreshold": 5, "responseTimeoutSeconds": 5, "unhealthyThreshold": 3}


_MOMENT = "20000101000000000000000001"
"""Where the plugin puts a moment and a counter into an id that it makes up."""


def go_time(moment: str) -> str:
    """How the plugin writes a time it decoded: `2026-11-23 00:42:48 +0000 UTC`."""
    return f"{moment[:10]} {moment[11:19]} +0000 UTC"


def hashed(text: str) -> str:
    """How the plugin keeps what it will not show: SHA-1, hex."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def vpc(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/vpcs", "vpc", snake(inputs))
    shown = pick(made, "name region description ipRange default")
    return Created(made["id"], {**shown, "vpcUrn": made["urn"], "createdAt": go_time(made["created_at"])})


def vpc_peering(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/vpc_peerings", "vpc_peering", snake(inputs))
    return Created(made["id"], {**pick(made, "name vpcIds status"), "createdAt": go_time(made["created_at"])})


def tag(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/tags", "tag", {"name": inputs["name"]}, "name")
    resources = made["resources"]
    counts = {f"{kind}Count": resources[api]["count"] for kind, api in _COUNTS.items()}
    return Created(made["name"], {"name": made["name"], "totalResourceCount": resources["count"], **counts})


_COUNTS = {
    "databases": "databases",
    "droplets": "droplets",
    "images": "images",
    "volumeSnapshots": "volume_snapshots",
    "volumes": "volumes",
}


def ssh_key(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/account/keys", "ssh_key", snake(inputs))
    return Created(str(made["id"]), pick(made, "name publicKey fingerprint"))


def droplet(session: Session, inputs: Document) -> Created:
    asked = {name: inputs.get(name, False) for name in ("backups", "ipv6", "monitoring", "privateNetworking")}
    sent = without({**inputs, **asked}, "dropletAgent", "resizeDisk", "gracefulShutdown", "volumeIds")
    body = snake(sent) | {"volumes": [{"id": each} for each in inputs.get("volumeIds") or []]}
    if inputs.get("dropletAgent") is not None:
        body["with_droplet_agent"] = inputs["dropletAgent"]
    made = session.make("/v2/droplets", "droplet", body)
    return Created(str(made["id"]), {**_unread_of_droplet(inputs), **_read_of_droplet(made)})


def _unread_of_droplet(inputs: Document) -> Document:
    """What the plugin never reads back, shown as the program said it."""
    policy, data = inputs.get("backupPolicy"), inputs.get("userData")
    return {
        "backupPolicy": {"weekday": "", **policy} if policy else None,
        "dropletAgent": inputs.get("dropletAgent"),
        "gracefulShutdown": bool(inputs.get("gracefulShutdown")),
        "image": inputs["image"],
        "publicNetworking": inputs.get("publicNetworking", True),
        "resizeDisk": inputs.get("resizeDisk", True),
        "sshKeys": inputs.get("sshKeys"),
        "userData": hashed(data) if data else None,
    }


def _read_of_droplet(made: Document) -> Document:
    addresses = {each["type"]: each["ip_address"] for each in made["networks"]["v4"]}
    has = {name: name in made["features"] for name in ("backups", "ipv6", "monitoring")}
    return {
        **pick(made, "name memory vcpus disk locked status createdAt tags volumeIds vpcUuid"),
        **has,
        "privateNetworking": "private_networking" in made["features"],
        "dropletUrn": f"do:droplet:{made['id']}",
        "ipv4Address": addresses["public"],
        "ipv4AddressPrivate": addresses["private"],
        "ipv6Address": "",
        "priceHourly": made["size"]["price_hourly"],
        "priceMonthly": made["size"]["price_monthly"],
        "region": made["region"]["slug"],
        "size": made["size_slug"],
    }


def volume(session: Session, inputs: Document) -> Created:
    named = {"size": "size_gigabytes", "initialFilesystemType": "filesystem_type", "initialFilesystemLabel": "filesystem_label"}
    empty = {"description": "", "snapshot_id": "", "filesystem_type": "", "filesystem_label": "", "tags": []}
    made = session.make("/v2/volumes", "volume", {**empty, **snake(inputs, named)})
    unset = nothing("description filesystemLabel initialFilesystemLabel initialFilesystemType snapshotId tags")
    read = {"dropletIds": made["droplet_ids"], "filesystemType": made["filesystem_type"], "volumeUrn": f"do:volume:{made['id']}"}
    return Created(made["id"], {**unset, **inputs, **read})


def firewall(session: Session, inputs: Document) -> Created:
    body: Document = {"name": inputs["name"], "droplet_ids": inputs.get("dropletIds"), "tags": inputs.get("tags")}
    for ours, (api, prefix, side) in _SIDES.items():
        rules = inputs.get(ours)
        body[api] = [_rule_sent(rule, prefix, side) for rule in rules] if rules else None
    made = session.make("/v2/firewalls", "firewall", body)
    rules_read = {ours: [_rule_read(rule, prefix, side) for rule in made[api] or []] for ours, (api, prefix, side) in _SIDES.items()}
    return Created(made["id"], {**pick(made, "name status createdAt pendingChanges dropletIds tags"), **rules_read})


def _rule_sent(rule: Document, prefix: str, side: str) -> Document:
    peers = {api: rule[prefix + end] for end, api in _PEERS.items() if rule.get(prefix + end)}
    sent = {"protocol": rule["protocol"], side: peers}
    return sent | ({"ports": rule["portRange"]} if rule.get("portRange") else {})


def _rule_read(rule: Document, prefix: str, side: str) -> Document:
    ports = "all" if rule.get("ports") == "0" else rule.get("ports") or ""
    peers = {prefix + end: rule[side].get(api) or [] for end, api in _PEERS.items()}
    return {"protocol": rule["protocol"], "portRange": "" if rule["protocol"] == "icmp" else ports, **peers}


def certificate(session: Session, inputs: Document) -> Created:
    """Pulumi's id of a certificate is its name."""
    kind = inputs.get("type", "custom")
    made = session.make("/v2/certificates", "certificate", snake({**inputs, "type": kind}, {"domains": "dns_names"}))
    kept = {name: hashed(inputs[name]) for name in ("privateKey", "leafCertificate", "certificateChain") if inputs.get(name)}
    read = {**pick(made, "name notAfter sha1Fingerprint state type"), "uuid": made["id"]}
    read["sha1Fingerprint"] = made["sha1_fingerprint"]
    return Created(made["name"], {**nothing("certificateChain domains"), **inputs, **kept, **read})


def load_balancer(session: Session, inputs: Document) -> Created:
    checked = {**inputs, "healthcheck": {**_HEALTHCHECK, **inputs["healthcheck"]}} if inputs.get("healthcheck") else inputs
    body: Document = {"algorithm": "round_robin", **snake(checked, _BALANCER_NAMES)}
    body["forwarding_rules"] = [_forwarding(session, rule) for rule in inputs.get("forwardingRules") or []]
    made = session.make("/v2/load_balancers", "load_balancer", body)
    return Created(made["id"], {**_unread_of_balancer(checked), **_read_of_balancer(made, inputs)})


def _forwarding(session: Session, rule: Document) -> Document:
    """A rule names its certificate by name; the API wants its id."""
    sent: Document = without(snake(rule), "certificate_name")
    name = rule.get("certificateName")
    if name:
        found = session.call("GET", "/v2/certificates", query={"name": name})["certificates"]
        sent["certificate_id"] = found[0]["id"] if found else name
    return sent


def _unread_of_balancer(inputs: Document) -> Document:
    unset = nothing("glbSettings ipv6 network networkStack size stickySessions tlsCipherPolicy healthcheck firewall dropletTag")
    names = ("network", "networkStack", "tlsCipherPolicy", "healthcheck", "stickySessions", "glbSettings", "dropletTag")
    firewall_lists = {name: (inputs.get("firewall") or {}).get(name) or [] for name in ("allows", "denies")}
    given = {name: inputs[name] for name in names if inputs.get(name) is not None}
    return {**unset, **given, "firewall": firewall_lists if inputs.get("firewall") else None}


def _read_of_balancer(made: Document, inputs: Document) -> Document:
    flags = {name: bool(made.get(api)) for name, api in _FLAGS.items()}
    rules = [
        {"tlsPassthrough": False, **rule, **({"certificateId": rule["certificateName"]} if rule.get("certificateName") else {})}
        for rule in inputs.get("forwardingRules") or []
    ]
    return {
        **pick(made, "name ip status algorithm sizeUnit vpcUuid projectId"),
        **flags,
        "forwardingRules": rules,
        "domains": camel(made.get("domains") or []),
        "dropletIds": made.get("droplet_ids") or [],
        "httpIdleTimeoutSeconds": made.get("http_idle_timeout_seconds", 0),
        "loadBalancerUrn": f"do:loadbalancer:{made['id']}",
        "region": made["region"]["slug"],
        "targetLoadBalancerIds": [],
        "type": made.get("type", ""),
    }


_FLAGS: Mapping[str, str] = {
    "disableLetsEncryptDnsRecords": "disable_lets_encrypt_dns_records",
    "enableBackendKeepalive": "enable_backend_keepalive",
    "enableProxyProtocol": "enable_proxy_protocol",
    "redirectHttpToHttps": "redirect_http_to_https",
}


def volume_attachment(session: Session, inputs: Document) -> Created:
    """Its id is made up by the plugin: droplet, volume and a moment."""
    droplet_id, volume_id = int(inputs["dropletId"]), inputs["volumeId"]
    session.call("POST", f"/v2/volumes/{volume_id}/actions", {"type": "attach", "droplet_id": droplet_id})
    return Created(f"{droplet_id}-{volume_id}-{_MOMENT}", {"dropletId": droplet_id, "volumeId": volume_id})


def volume_snapshot(session: Session, inputs: Document) -> Created:
    body = {"name": inputs["name"], "tags": inputs.get("tags") or []}
    made = session.call("POST", f"/v2/volumes/{inputs['volumeId']}/snapshots", body)["snapshot"]
    return Created(made["id"], {**_snapshot(made), "volumeId": made["resource_id"], "tags": made["tags"]})


def droplet_snapshot(session: Session, inputs: Document) -> Created:
    """Taken by an action; which it became is found among the droplet's snapshots."""
    owner = inputs["dropletId"]
    session.call("POST", f"/v2/droplets/{owner}/actions", {"type": "snapshot", "name": inputs["name"]})
    found = session.call("GET", f"/v2/droplets/{owner}/snapshots")["snapshots"][-1]
    return Created(str(found["id"]), {**_snapshot(found), "dropletId": str(owner)})


def _snapshot(made: Document) -> Document:
    return {**pick(made, "name regions minDiskSize createdAt"), "size": made["size_gigabytes"]}


def reserved_ip(session: Session, inputs: Document) -> Created:
    body = {"droplet_id": int(inputs["dropletId"])} if inputs.get("dropletId") else {"region": inputs["region"]}
    made = session.make("/v2/reserved_ips", "reserved_ip", body, "ip")
    shown = {"ipAddress": made["ip"], "region": made["region"]["slug"], "reservedIpUrn": f"do:reservedip:{made['ip']}"}
    return Created(made["ip"], {**shown, "dropletId": (made["droplet"] or {}).get("id")})


def reserved_ip_v6(session: Session, inputs: Document) -> Created:
    body = {"region_slug": inputs["regionSlug"], **({"droplet_id": int(inputs["dropletId"])} if inputs.get("dropletId") else {})}
    made = session.make("/v2/reserved_ipv6", "reserved_ipv6", body, "ip")
    shown = {**pick(made, "ip regionSlug"), "reservedIpv6Urn": f"do:reservedipv6:{made['ip']}"}
    return Created(made["ip"], {**shown, "dropletId": (made["droplet"] or {}).get("id")})


def reserved_ip_assignment(session: Session, inputs: Document) -> Created:
    """Its id is made up by the plugin: droplet, address and a moment."""
    droplet_id, address = int(inputs["dropletId"]), inputs["ipAddress"]
    session.call("POST", f"/v2/reserved_ips/{address}/actions", {"type": "assign", "droplet_id": droplet_id})
    return Created(f"{droplet_id}-{address}-{_MOMENT}", {"dropletId": droplet_id, "ipAddress": address})


def cdn(session: Session, inputs: Document) -> Created:
    body = {**nothing("certificate_id custom_domain"), **snake(without(inputs, "certificateName"))}
    made = session.make("/v2/cdn/endpoints", "endpoint", body)
    own = {
        "certificateName": inputs.get("certificateName"),
        "createdAt": go_time(made["created_at"]),
        "customDomain": made.get("custom_domain") or "",
    }
    return Created(made["id"], {**pick(made, "origin endpoint ttl certificateId"), **own})


KINDS: Mapping[str, Create] = {
    "digitalocean:index/vpc:Vpc": vpc,
    "digitalocean:index/vpcPeering:VpcPeering": vpc_peering,
    "digitalocean:index/tag:Tag": tag,
    "digitalocean:index/sshKey:SshKey": ssh_key,
    "digitalocean:index/droplet:Droplet": droplet,
    "digitalocean:index/volume:Volume": volume,
    "digitalocean:index/volumeAttachment:VolumeAttachment": volume_attachment,
    "digitalocean:index/volumeSnapshot:VolumeSnapshot": volume_snapshot,
    "digitalocean:index/dropletSnapshot:DropletSnapshot": droplet_snapshot,
    "digitalocean:index/reservedIp:ReservedIp": reserved_ip,
    "digitalocean:index/reservedIpv6:ReservedIpv6": reserved_ip_v6,
    "digitalocean:index/reservedIpAssignment:ReservedIpAssignment": reserved_ip_assignment,
    "digitalocean:index/cdn:Cdn": cdn,
    "digitalocean:index/firewall:Firewall": firewall,
    "digitalocean:index/certificate:Certificate": certificate,
    "digitalocean:index/loadBalancer:LoadBalancer": load_balancer,
}

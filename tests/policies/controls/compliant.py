"""A compact stack that keeps every promise, and ways to break it one field at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from policies.controls.protection import STATEFUL
from policies.kinds import (
    BALANCER,
    BUCKET,
    CLUSTER,
    DROPLET,
    FIREWALL,
    LOG_SINK,
    LOGPUSH,
    MONITOR_ALERT,
    NOTIFICATION,
    PROJECT,
    RECORD,
    REPLICA,
    RULESET,
    SPACES_KEY,
    SSH_KEY,
    TRUSTED,
    VOLUME,
    VPC,
    ZONE,
    ZONE_SETTING,
)
from policies.readers import state
from policies.readers.state import Stack
from promises.flows import HOSTS, Flow, inbound, outbound
from promises.loading import load_catalog

Entries = dict[str, dict[str, Any]]
Change = Callable[[Entries], None]

CATALOG = load_catalog("illumacom", None)

NETWORK = "df055980-04fd-4f08-9c66-8eee70024ec1"
KEYS = "7b2f1a44-93a1-4a3a-a6a5-0f9d8c1f7d11"
DATABASE = "3a5c6316-6691-4741-9258-4afaed2d0d9a"
EDGE_ZONE = "e0518755f37a496d96d4cf2f7297d059"
MANAGED = "efb7b8c949ac4650a09736fc376e9aee"
OWASP = "4814384a9e5d4991b9815dcfc25d2f1f"
DDOS = "4d21379b4f9f4bb088e0729962c8b3cf"
ADDRESS = "203.0.113.10"
FINGERPRINT = "39:e6:65:91:6f:7f:48:57:72:e0:75:21:69:f2:27:7a"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXwq3rQxw6mJm8m0u9yqIY7T2Vd1s4S0o0cT5N0bq1X"
EDGE_RANGES = CATALOG.promise("firewall.https-only").texts("edge_ranges")
APPLICATION = "10.10.0.0/20"

RULE = {"action": "execute", "expression": "true", "enabled": True}

SSHD = """\
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""

SHIP = """\
action(
  type="omfwd" target="collector.illumacom.internal" port="6514" protocol="tcp"
  StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
)
"""

LUKS = """\
#!/bin/sh
device=/dev/disk/by-id/scsi-0DO_Volume_data
cryptsetup isLuks "$device" || cryptsetup luksFormat --batch-mode --cipher aes-xts-plain64 --key-file /etc/key "$device"
cryptsetup open --key-file /etc/key "$device" data
mount -o nodev /dev/mapper/data /var/lib/kept
"""

USER_DATA = f"""\
#cloud-config
ssh_pwauth: false
chpasswd: {{expire: false, users: [{{name: root, type: hash, password: "!"}}]}}
write_files:
  - path: /etc/ssh/sshd_config.d/10-kept.conf
    content: |
      {SSHD.replace(chr(10), chr(10) + "      ").rstrip()}
  - path: /etc/rsyslog.d/10-collector.conf
    content: |
      {SHIP.replace(chr(10), chr(10) + "      ").rstrip()}
  - path: /usr/local/sbin/volume
    content: |
      {LUKS.replace(chr(10), chr(10) + "      ").rstrip()}
runcmd:
  - [systemctl, restart, ssh]
"""


def entries() -> Entries:
    """The resources by name; each has a type and its properties, as a state's outputs."""
    droplet = {"region": "nyc3", "vpcUuid": NETWORK, "publicNetworking": True, "sshKeys": [FINGERPRINT], "userData": USER_DATA}
    found: Entries = {
        "vpc": _entry(VPC, id=NETWORK, name="application", region="nyc3", default=False, ipRange=APPLICATION),
        "keys": _entry(VPC, id=KEYS, name="keys", region="nyc3", default=False, ipRange="10.10.16.0/24"),
        "web0": _entry(DROPLET, **droplet, id="1001", name="web0", tags=["illumacom-app"], ipv4Address="203.0.113.1"),
        "jobs0": _entry(DROPLET, **droplet, id="1002", name="jobs0", tags=["illumacom-jobs"], ipv4Address="203.0.113.2", volumeIds=["v1"]),
        "vault0": _entry(DROPLET, **{**droplet, "vpcUuid": KEYS}, id="1003", name="vault0", tags=["illumacom-vault"]),
        "logs0": _entry(DROPLET, **droplet, id="1004", name="logs0", tags=["illumacom-collector"]),
        "web": _entry(FIREWALL, id="f1", name="web", tags=["illumacom-app"], dropletIds=[], **_rules("app")),
        "jobs": _entry(FIREWALL, id="f2", name="jobs", tags=[], dropletIds=[1002], **_rules("jobs")),
        "vault": _entry(FIREWALL, id="f3", name="vault", tags=["ILLUMACOM-VAULT"], dropletIds=[], **_rules("vault")),
        "logs": _entry(FIREWALL, id="f4", name="logs", tags=["illumacom-collector"], dropletIds=[], **_rules("collector")),
        "lb": _entry(BALANCER, **_balancer()),
        "db": _entry(CLUSTER, id=DATABASE, name="illumacom", engine="pg", region="nyc3", privateNetworkUuid=NETWORK),
        "rep": _entry(REPLICA, id=f"{DATABASE}/replicas/rep", name="rep", clusterId=DATABASE, region="nyc3", privateNetworkUuid=NETWORK),
        "trusted": _entry(
            TRUSTED, clusterId=DATABASE, rules=[{"type": "tag", "value": "illumacom-app"}, {"type": "ip_addr", "value": "10.10.0.9"}]
        ),
        "sink": _entry(LOG_SINK, clusterId=DATABASE, name="collector", server="10.10.0.4", port=6514, tls=True),
        "data": _entry(VOLUME, id="v1", name="data", region="nyc3", size=10),
        "operations": _entry(SSH_KEY, id="1000", name="illumacom-operations", fingerprint=FINGERPRINT, publicKey=f"{PUBLIC_KEY} ops"),
        "backup-reader": _entry(SPACES_KEY, **_key("backup_reader", "backups", "read")),
        "logs-writer": _entry(SPACES_KEY, **_key("logs", "logs", "readwrite")),
        "project": _entry(PROJECT, id="p1", name="illumacom", environment="Production"),
        "cpu": _entry(MONITOR_ALERT, id="a1", alerts={"emails": ["duty@example.com"], "slacks": []}),
    }
    return found | _buckets() | _edge()


def _buckets() -> Entries:
    lifecycle = {"enabled": True, "expiration": {"days": 400}, "noncurrentVersionExpiration": {"days": 400}}
    common = {"acl": "private", "versioning": {"enabled": True}, "forceDestroy": False}
    return {
        "backups": _entry(BUCKET, id="illumacom-backups", name="illumacom-backups", region="sfo3", **common, lifecycleRules=[]),
        "log-bucket": _entry(BUCKET, id="illumacom-logs", name="illumacom-logs", region="nyc3", **common, lifecycleRules=[lifecycle]),
    }


def _edge() -> Entries:
    pushed = {"zoneId": EDGE_ZONE, "enabled": True, "destinationConf": _destination()}
    anonymous = {"fieldNames": ["EdgeStartTimestamp", "ClientRequestPath"]}
    told = {"emails": [{"id": "duty@example.com"}], "webhooks": [], "pagerduties": []}
    found = {
        "zone": _entry(ZONE, id=EDGE_ZONE, name="example.com", paused=False, type="full"),
        "app": _record(id="r1", name="app.example.com", type="A", content=ADDRESS, proxied=True),
        "spf": _record(id="r2", name="example.com", type="TXT", content='"v=spf1 include:spf.mtasv.net -all"', proxied=False),
        "waf": _ruleset("http_request_firewall_managed", _executes(MANAGED), _executes(OWASP)),
        "custom": _ruleset("http_request_firewall_custom", {**RULE, "action": "managed_challenge", "actionParameters": {}}),
        "ddos": _ruleset("ddos_l7", {**RULE, "actionParameters": {"id": DDOS}}),
        "requests": _entry(LOGPUSH, **pushed, id="1", name="requests", dataset="http_requests", outputOptions=anonymous),
        "events": _entry(LOGPUSH, **pushed, id="2", name="events", dataset="firewall_events", outputOptions={"fieldNames": ["Action"]}),
        "notice": _entry(NOTIFICATION, id="n1", name="ddos", alertType="dos_attack_l7", enabled=True, mechanisms=told),
    }
    settings = {"min_tls_version": "1.2", "tls_1_3": "on", "ssl": "strict", "always_use_https": "on"}
    return found | {name: _entry(ZONE_SETTING, settingId=name, value=value, zoneId=EDGE_ZONE) for name, value in settings.items()}


def stack(*changes: Change) -> Stack:
    """The compliant stack after some changes."""
    return state.read(document(*changes))


def document(*changes: Change) -> dict[str, Any]:
    """The same as a `pulumi stack export`."""
    found = entries()
    for change in changes:
        change(found)
    resources = [
        {
            "urn": f"urn:pulumi:illumacom::kept::{entry['type']}::{name}",
            "type": entry["type"],
            "outputs": entry["outputs"],
            "protect": entry.get("protect", entry["type"] in STATEFUL),
        }
        for name, entry in found.items()
    ]
    return {"version": 3, "deployment": {"resources": resources}}


def put(name: str, path: str, value: Any) -> Change:
    """Set one property; `path` is dotted, numbers are places in lists."""

    def change(found: Entries) -> None:
        target: Any = found[name]["outputs"]
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for step in way:
            target = target[step]
        target[last] = copy.deepcopy(value)

    return change


def drop(name: str, path: str) -> Change:
    """Take one property away."""

    def change(found: Entries) -> None:
        target: Any = found[name]["outputs"]
        *way, last = path.split(".")
        for step in way:
            target = target[int(step) if step.isdigit() else step]
        del target[int(last) if last.isdigit() else last]

    return change


def without(name: str) -> Change:
    return lambda found: found.pop(name) and None


def plus(name: str, kind: str, /, **properties: Any) -> Change:
    def change(found: Entries) -> None:
        found[name] = _entry(kind, **properties)

    return change


def unprotected(name: str) -> Change:
    """Take a resource's protection against deletion away."""
    return lambda found: found[name].update(protect=False)


def lets_out(protocol: str, ports: str, *destinations: str, **more: Any) -> Change:
    """One more outbound rule of the firewall `web`."""
    rule = {"protocol": protocol, "portRange": ports, "destinationAddresses": list(destinations), **more}
    return lambda found: found["web"]["outputs"]["outboundRules"].append(rule)


def lets_in(protocol: str, ports: str, *sources: str, **more: Any) -> Change:
    """One more inbound rule of the firewall `web`."""
    rule = {"protocol": protocol, "portRange": ports, "sourceAddresses": list(sources), "sourceTags": [], **more}
    return lambda found: found["web"]["outputs"]["inboundRules"].append(rule)


def also(name: str, **rule: Any) -> Change:
    """One more rule of a ruleset."""
    return lambda found: found[name]["outputs"]["rules"].append({"enabled": True, "expression": "true", **rule})


def _entry(type_: str, /, **properties: Any) -> dict[str, Any]:
    return {"type": type_, "outputs": copy.deepcopy(properties)}


def _record(**properties: Any) -> dict[str, Any]:
    return _entry(RECORD, zoneId=EDGE_ZONE, **properties)


def _ruleset(phase: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return _entry(RULESET, id=phase, zoneId=EDGE_ZONE, kind="zone", name=phase, phase=phase, rules=list(rules))


def _executes(managed: str) -> dict[str, Any]:
    return {**RULE, "ref": managed[:8], "actionParameters": {"id": managed}}


def _destination() -> str:
    return "s3://illumacom-logs/edge/{DATE}?region=nyc3&access-key-id=DO1&secret-access-key=x&endpoint=nyc3.digitaloceanspaces.com"


def _key(purpose: str, bucket: str, permission: str) -> dict[str, Any]:
    grant = {"bucket": f"illumacom-{bucket}", "permission": permission}
    return {"id": f"DO-{purpose}", "name": f"illumacom-{purpose}", "accessKey": f"DO-{purpose}", "grants": [grant]}


def _rules(party: str) -> dict[str, Any]:
    """The rules of one party's firewall, a rule a flow of the catalog's table."""
    come, go = inbound(CATALOG.flows, party), outbound(CATALOG.flows, party)
    return {
        "inboundRules": [_rule(flow, "source", flow.source) for flow in come],
        "outboundRules": [_rule(flow, "destination", flow.target) for flow in go],
    }


def _rule(flow: Flow, side: str, peer: str) -> dict[str, Any]:
    addresses = {"operators": ["198.51.100.7/32"], "database": [APPLICATION], "internet": ["0.0.0.0/0"]}.get(peer, [])
    return {
        "protocol": flow.protocol,
        "portRange": flow.ports,
        f"{side}Addresses": addresses,
        f"{side}Tags": [f"illumacom-{peer}"] if peer in HOSTS else [],
        f"{side}DropletIds": [],
        f"{side}LoadBalancerUids": ["b1"] if peer == "balancer" else [],
        f"{side}KubernetesIds": [],
    }


def _balancer() -> dict[str, Any]:
    return {
        "id": "b1",
        "name": "lb",
        "ip": ADDRESS,
        "region": "nyc3",
        "vpcUuid": NETWORK,
        "dropletTag": "illumacom-app",
        "tlsCipherPolicy": "STRONG",
        "forwardingRules": [{"entryPort": 443, "entryProtocol": "https", "targetPort": 443, "targetProtocol": "https"}],
        "firewall": {"allows": [f"cidr:{each}" for each in EDGE_RANGES if ":" not in each], "denies": []},
    }

"""A compact stack that keeps every promise, and ways to break it one field at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from policies.kinds import BALANCER, BUCKET, CLUSTER, DROPLET, FIREWALL, RECORD, REPLICA, RULESET, TRUSTED, VOLUME, VPC, ZONE, ZONE_SETTING
from policies.readers import state
from policies.readers.state import Stack

Entries = dict[str, dict[str, Any]]
Change = Callable[[Entries], None]

NETWORK = "df055980-04fd-4f08-9c66-8eee70024ec1"
DATABASE = "3a5c6316-6691-4741-9258-4afaed2d0d9a"
EDGE_ZONE = "e0518755f37a496d96d4cf2f7297d059"
MANAGED = "efb7b8c949ac4650a09736fc376e9aee"
OWASP = "4814384a9e5d4991b9815dcfc25d2f1f"
DDOS = "4d21379b4f9f4bb088e0729962c8b3cf"
ADDRESS = "203.0.113.10"

RULE = {"action": "execute", "expression": "true", "enabled": True}


def entries() -> Entries:
    """The resources by name; each has a type and its properties, as a state's outputs."""
    droplet = {"region": "nyc3", "vpcUuid": NETWORK, "publicNetworking": True}
    found: Entries = {
        "vpc": _entry(VPC, id=NETWORK, name="application", region="nyc3", default=False),
        "web0": _entry(DROPLET, **droplet, id="1001", name="web0", tags=["web"], ipv4Address="203.0.113.1"),
        "jobs0": _entry(DROPLET, **droplet, id="1002", name="jobs0", tags=[], ipv4Address="203.0.113.2"),
        "web": _entry(FIREWALL, id="f1", name="web", tags=["web"], dropletIds=[], inboundRules=_inbound()),
        "jobs": _entry(FIREWALL, id="f2", name="jobs", tags=[], dropletIds=[1002], inboundRules=[]),
        "lb": _entry(BALANCER, **_balancer()),
        "db": _entry(CLUSTER, id=DATABASE, name="illumacom", engine="pg", region="nyc3", privateNetworkUuid=NETWORK),
        "rep": _entry(REPLICA, id=f"{DATABASE}/replicas/rep", name="rep", clusterId=DATABASE, region="nyc3", privateNetworkUuid=NETWORK),
        "trusted": _entry(TRUSTED, clusterId=DATABASE, rules=[{"type": "tag", "value": "web"}, {"type": "ip_addr", "value": "10.10.0.9"}]),
        "data": _entry(VOLUME, id="v1", name="data", region="nyc3", size=10),
        "backups": _entry(BUCKET, id="illumacom-backups", name="illumacom-backups", region="sfo3"),
        "zone": _entry(ZONE, id=EDGE_ZONE, name="example.com", paused=False, type="full"),
        "app": _record(id="r1", name="app.example.com", type="A", content=ADDRESS, proxied=True),
        "spf": _record(id="r2", name="example.com", type="TXT", content='"v=spf1 -all"', proxied=False),
        "waf": _ruleset("http_request_firewall_managed", _executes(MANAGED), _executes(OWASP)),
        "custom": _ruleset("http_request_firewall_custom", {**RULE, "action": "managed_challenge", "actionParameters": {}}),
        "ddos": _ruleset("ddos_l7", {**RULE, "actionParameters": {"id": DDOS}}),
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
        {"urn": f"urn:pulumi:illumacom::kept::{entry['type']}::{name}", "type": entry["type"], "outputs": entry["outputs"]}
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


def _inbound() -> list[dict[str, Any]]:
    """What a naive check flags and is right: HTTPS from the edge, anything from inside, SSH from the office, ping from inside."""
    nobody: dict[str, Any] = {"sourceTags": [], "sourceDropletIds": [], "sourceLoadBalancerUids": [], "sourceKubernetesIds": []}
    return [
        {**nobody, "protocol": "tcp", "portRange": "443", "sourceAddresses": ["173.245.48.0/20", "2400:cb00::/32"]},
        {**nobody, "protocol": "tcp", "portRange": "22", "sourceAddresses": ["198.51.100.7"]},
        {**nobody, "protocol": "tcp", "portRange": "all", "sourceAddresses": ["10.0.0.0/8", "172.16.0.0/12"]},
        {**nobody, "protocol": "icmp", "portRange": "", "sourceAddresses": ["10.10.0.0/20"]},
        {**nobody, "protocol": "tcp", "portRange": "8443", "sourceAddresses": [], "sourceLoadBalancerUids": ["b1"]},
        {**nobody, "protocol": "udp", "portRange": "1-65535", "sourceAddresses": [], "sourceTags": ["jobs"]},
    ]


def _balancer() -> dict[str, Any]:
    return {
        "id": "b1",
        "name": "lb",
        "ip": ADDRESS,
        "region": "nyc3",
        "vpcUuid": NETWORK,
        "forwardingRules": [{"entryPort": 443, "entryProtocol": "https", "targetPort": 8443, "targetProtocol": "https"}],
        "firewall": {"allows": ["cidr:173.245.48.0/20", "cidr:103.21.244.0/22"], "denies": []},
    }

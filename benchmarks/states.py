"""How long `kept verify --state` takes on a stack of ten thousand resources, and how much memory: against reading the same file.

The bare work is what no judge can be without: `json.load` of the file and one pass over every property in it. Both are processes of
their own, timed from start to end, the interpreter's start and all imports included (the bare one has none to speak of, so this is
the stricter reading); process CPU time, best of several rounds taken in turn, so that neighbours on the machine count for nothing.

The state is the rehearsed program of illumacom with thousands of droplets, records, firewalls, volumes, buckets, balancers,
databases and zones beside it, each with the properties that the plugins write.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESOURCES = 10_000
ROUNDS = 3
KEPT = Path(sys.executable).with_name("kept")

SHARES = {"droplet": 45, "record": 25, "firewall": 8, "volume": 9, "bucket": 5, "balancer": 2, "database": 1, "zone": 1}
"""Of a hundred: a database brings its trusted sources along, a zone its ruleset and its settings."""

NETWORK = "df055980-04fd-4f08-9c66-8eee70024ec1"
EDGE = ["173.245.48.0/20", "103.21.244.0/22", "141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20"]
RULESETS = ("efb7b8c949ac4650a09736fc376e9aee", "4814384a9e5d4991b9815dcfc25d2f1f")
SETTINGS = {"min_tls_version": "1.2", "tls_1_3": "on", "ssl": "strict", "always_use_https": "on"}
JUDGED = (0, 3, 5)
"""Exit codes of a judgement that came to its end: pass, fail, unknown."""

DIGITALOCEAN, CLOUDFLARE = "digitalocean:index", "cloudflare:index"

BARE = """
import json, sys
def walk(value):
    if isinstance(value, dict):
        for each in value.values():
            walk(each)
    elif isinstance(value, list):
        for each in value:
            walk(each)
with open(sys.argv[1]) as file:
    walk(json.load(file))
"""

Entry = dict[str, Any]


@functools.cache
def measured() -> tuple[float, float]:
    """Seconds of `kept verify --state` by seconds of the bare work, and the peak resident memory of the former in MiB."""
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        path = Path(folder) / "state.json"
        path.write_text(json.dumps(document(RESOURCES), indent=4))
        bare, whole, peak = float("inf"), float("inf"), 0.0
        for _ in range(ROUNDS):
            bare = min(bare, _run([sys.executable, "-c", BARE, str(path)])[0])
            seconds, mebibytes = _run([str(KEPT), "verify", "--state", str(path)])
            whole, peak = min(whole, seconds), max(peak, mebibytes)
        return whole / bare, peak


def ratio() -> float:
    return measured()[0]


def mebibytes() -> float:
    return measured()[1]


def _run(command: Sequence[str]) -> tuple[float, float]:
    """CPU seconds and peak MiB of one process; one that stops with an error cannot be measured."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in JUDGED, command
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def document(count: int) -> Entry:
    """A `pulumi stack export` of about `count` resources: illumacom's own and a fleet beside them."""
    from kept.locations import PROJECT
    from policies.readers.rehearsal import rehearse_project

    found: Entry = rehearse_project(PROJECT, "illumacom", now=datetime(2026, 11, 23, tzinfo=UTC))
    own = found["deployment"]["resources"]
    own += list(_beside(count - len(own)))
    return found


def _beside(count: int) -> Iterator[Entry]:
    """Resources of every kind, in the proportions of `SHARES`."""
    each = {kind: count * share // 100 for kind, share in SHARES.items()}
    yield _entry(f"{DIGITALOCEAN}/vpc:Vpc", "fleet", {"name": "fleet", "region": "nyc3"}, {"id": NETWORK, "default": False})
    for number in range(each["droplet"]):
        yield _droplet(number, number % each["firewall"])
    for number in range(each["firewall"]):
        yield _firewall(number)
    for number in range(each["balancer"]):
        yield _balancer(number)
    for number in range(each["volume"]):
        yield _entry(f"{DIGITALOCEAN}/volume:Volume", f"data-{number}", {"name": f"data-{number}", "region": "nyc3", "size": 100}, {})
    for number in range(each["bucket"]):
        yield _bucket(number)
    for number in range(each["database"]):
        yield from _database(number)
    for number in range(each["zone"]):
        yield from _zone(number)
    for number in range(each["record"]):
        yield _record(number, number % each["zone"], number % each["balancer"])


def _entry(type_: str, name: str, inputs: Entry, outputs: Entry) -> Entry:
    urn = f"urn:pulumi:illumacom::kept::{type_}::{name}"
    identity = str(outputs.get("id", urn[-36:]))
    return {
        "urn": urn,
        "custom": True,
        "id": identity,
        "type": type_,
        "inputs": {"__defaults": [], **inputs},
        "outputs": {"__meta": '{"schema_version":"1"}', **inputs, "id": identity, **outputs},
        "parent": "urn:pulumi:illumacom::kept::pulumi:pulumi:Stack::kept-illumacom",
        "dependencies": [],
        "provider": "urn:pulumi:illumacom::kept::pulumi:providers:digitalocean::default_4_76_0::b4f6d5f8-23c2-4c0d-9a51-0a9b1c2d3e4f",
        "propertyDependencies": {key: [] for key in inputs},
        "created": "2026-11-23T05:00:00Z",
        "modified": "2026-11-23T05:00:00Z",
    }


def _droplet(number: int, team: int) -> Entry:
    tags = [f"team-{team}", "fleet"]
    said: Entry = {
        "name": f"host-{number}",
        "region": "nyc3",
        "size": "s-2vcpu-2gb",
        "image": "debian-12-x64",
        "vpcUuid": NETWORK,
        "tags": tags,
    }
    said |= {"monitoring": True, "backups": True, "ipv6": False, "sshKeys": ["3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa"]}
    answered = {
        "id": str(500_000 + number),
        "ipv4Address": f"203.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "ipv4AddressPrivate": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "ipv6Address": "",
        "urn": f"do:droplet:{500_000 + number}",
        "createdAt": "2026-11-23T05:00:00Z",
        "memory": 2048,
        "vcpus": 2,
        "disk": 60,
        "locked": False,
        "status": "active",
        "priceHourly": 0.02679,
        "priceMonthly": 18,
        "publicNetworking": True,
        "privateNetworking": True,
        "volumeIds": [],
        "resizeDisk": True,
    }
    return _entry(f"{DIGITALOCEAN}/droplet:Droplet", f"host-{number}", said, answered)


def _firewall(number: int) -> Entry:
    nobody: Entry = {"sourceTags": [], "sourceDropletIds": [], "sourceLoadBalancerUids": [], "sourceKubernetesIds": []}
    inbound = [
        {**nobody, "protocol": "tcp", "portRange": "443", "sourceAddresses": EDGE},
        {**nobody, "protocol": "tcp", "portRange": "8443", "sourceAddresses": [], "sourceTags": ["fleet"]},
        {**nobody, "protocol": "icmp", "portRange": "", "sourceAddresses": ["10.0.0.0/8"]},
        *({**nobody, "protocol": "tcp", "portRange": str(9000 + port), "sourceAddresses": [f"10.{port}.0.0/16"]} for port in range(8)),
    ]
    outbound = [{"protocol": "tcp", "portRange": str(port), "destinationAddresses": ["0.0.0.0/0"]} for port in (53, 123, 443)]
    said: Entry = {"name": f"team-{number}", "tags": [f"team-{number}"], "inboundRules": inbound, "outboundRules": outbound}
    answered = {"status": "succeeded", "dropletIds": [], "pendingChanges": [], "createdAt": "2026-11-23T05:00:00Z"}
    return _entry(f"{DIGITALOCEAN}/firewall:Firewall", f"team-{number}", said, answered)


def _balancer(number: int) -> Entry:
    rules = [{"entryPort": 443, "entryProtocol": "https", "targetPort": 443, "targetProtocol": "https", "tlsPassthrough": True}]
    said: Entry = {
        "name": f"public-{number}",
        "region": "nyc3",
        "vpcUuid": NETWORK,
        "dropletTag": f"team-{number}",
        "forwardingRules": rules,
    }
    said |= {"firewall": {"allows": [f"cidr:{each}" for each in EDGE], "denies": []}, "tlsCipherPolicy": "STRONG"}
    answered = {"ip": _address(number), "status": "active", "algorithm": "round_robin", "size": "lb-small", "sizeUnit": 1}
    return _entry(f"{DIGITALOCEAN}/loadBalancer:LoadBalancer", f"public-{number}", said, answered)


def _address(balancer: int) -> str:
    return f"198.18.{balancer >> 8 & 255}.{balancer & 255}"


def _bucket(number: int) -> Entry:
    rules = [{"id": "clean-up", "enabled": True, "abortIncompleteMultipartUploadDays": 2, "noncurrentVersionExpiration": {"days": 7}}]
    said: Entry = {"name": f"fleet-{number}", "region": "sfo3", "acl": "private", "versioning": {"enabled": True}, "lifecycleRules": rules}
    domain = f"fleet-{number}.sfo3.digitaloceanspaces.com"
    answered = {"id": f"fleet-{number}", "bucketDomainName": domain, "bucketUrn": f"do:space:fleet-{number}"}
    return _entry(f"{DIGITALOCEAN}/spacesBucket:SpacesBucket", f"fleet-{number}", said, answered)


def _database(number: int) -> Iterator[Entry]:
    identity = f"3a5c6316-6691-4741-9258-{number:012}"
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:8Vf3WfB0sQ7vV2Sm:" + "Q" * 64}
    said = {"name": f"data-{number}", "engine": "pg", "version": "17", "region": "nyc3", "privateNetworkUuid": NETWORK, "nodeCount": 2}
    answered = {"id": identity, "host": f"data-{number}.example", "password": secret, "uri": secret, "privateUri": secret, "port": 25060}
    yield _entry(f"{DIGITALOCEAN}/databaseCluster:DatabaseCluster", f"data-{number}", said, answered)
    rules = [{"type": "tag", "value": "fleet", "uuid": f"u-{number}"}, {"type": "ip_addr", "value": "10.10.0.9", "uuid": f"v-{number}"}]
    yield _entry(f"{DIGITALOCEAN}/databaseFirewall:DatabaseFirewall", f"data-{number}", {"clusterId": identity, "rules": rules}, {})


def _zone(number: int) -> Iterator[Entry]:
    identity, name = _zone_id(number), f"shop-{number}.example"
    yield _entry(f"{CLOUDFLARE}/zone:Zone", f"zone-{number}", {"name": name, "type": "full"}, {"id": identity, "paused": False})
    for setting, value in SETTINGS.items():
        setting_said: Entry = {"settingId": setting, "value": value, "zoneId": identity}
        yield _entry(f"{CLOUDFLARE}/zoneSetting:ZoneSetting", f"{setting}-{number}", setting_said, {"id": setting, "editable": True})
    rules = [{"action": "execute", "expression": "true", "enabled": True, "actionParameters": {"id": each}} for each in RULESETS]
    said: Entry = {"kind": "zone", "name": "managed", "phase": "http_request_firewall_managed", "rules": rules, "zoneId": identity}
    yield _entry(f"{CLOUDFLARE}/ruleset:Ruleset", f"managed-{number}", said, {})


def _record(number: int, zone: int, balancer: int) -> Entry:
    said = {"name": f"h{number}.shop-{zone}.example", "type": "A", "content": _address(balancer), "proxied": True, "ttl": 1}
    answered = {"id": f"{number:032x}", "proxiable": True, "createdOn": "2026-11-23T05:00:00Z", "meta": "{}", "tags": []}
    return _entry(f"{CLOUDFLARE}/dnsRecord:DnsRecord", f"h{number}", {**said, "zoneId": _zone_id(zone)}, answered)


def _zone_id(number: int) -> str:
    return f"{0xE0518755:08x}{number:024x}"

"""The live controls against the local cloud, through the official clients: right things pass, and drift behind our back is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from policies.controls import database, edge, firewall, network, regions, transport
from policies.controls.base import registered
from policies.controls.database import probed_from_here
from policies.judging import Task, run
from policies.probes.postgres import Answer, Door
from promises.loading import load_catalog
from promises.observations import ControlRun, Outcome
from services.clients import Clients
from services.settings import Settings, secret

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load_catalog("illumacom", None)
FAMILIES = (database, edge, firewall, network, regions, transport)
MANAGED = ("efb7b8c949ac4650a09736fc376e9aee", "4814384a9e5d4991b9815dcfc25d2f1f")
DDOS = "4d21379b4f9f4bb088e0729962c8b3cf"

CONTROLS = {
    "regions.live": "region.us-only",
    "network.live": "network.private-vpc",
    "database.trusted-sources": "database.no-public-access",
    "database.probe": "database.no-public-access",
    "firewall.live": "firewall.https-only",
    "transport.live": "transport.tls",
    "edge.live": "edge.waf-and-ddos",
}


class Cloud:
    """The local cloud over raw HTTP: what a program or an intruder would do, not what the controls' clients do."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        token = secret(settings.digitalocean.token_file)
        self._http = httpx.Client(base_url=settings.digitalocean.endpoint, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        self._admin = Clients(settings).objects("admin")
        self.account = settings.cloudflare.account_id

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def make(self, path: str, key: str, **body: Any) -> Any:
        return self.call("POST", f"/v2/{path}", body)[key]

    def edge(self, method: str, path: str, **body: Any) -> Any:
        return self.call(method, f"/client/v4/{path}", body)["result"]

    def change(self, path: str, **fields: Any) -> None:
        """Behind everybody's back."""
        self.call("PATCH", f"/__local__/resources/{path}", fields)

    def fail(self, path: str, status: int, times: int = 20) -> None:
        self.call("POST", "/__local__/faults", {"path": path, "status": status, "times": times})

    def heal(self) -> None:
        self.call("DELETE", "/__local__/faults")

    def bucket(self, name: str, region: str) -> None:
        chosen = self._settings.objects.identities["admin"]
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{region}.spaces.test",
            region_name="us-east-1",
            aws_access_key_id=chosen.access_key,
            aws_secret_access_key=secret(chosen.secret_key_file),
            config=Config(proxies={"http": self._settings.digitalocean.endpoint}, s3={"addressing_style": "path"}),
        )
        client.create_bucket(Bucket=name)
        client.close()

    def forget_bucket(self, name: str) -> None:
        """Delete it from the object storage itself: the gateway's memory of it goes with a reset."""
        if any(each["Name"] == name for each in self._admin.list_buckets()["Buckets"]):
            self._admin.delete_bucket(Bucket=name)

    def close(self) -> None:
        self._http.close()
        self._admin.close()


BUCKETS = {"illumacom-backups": "sfo3", "illumacom-evidence": "sfo3", "illumacom-logs": "nyc3", "illumacom-objects": "nyc3"}
"""All that the session's S3 server may hold: one that is there and that the emptied cloud does not know has no region."""


@pytest.fixture
def made(local: Settings) -> Iterator[tuple[Cloud, dict[str, Any]]]:
    """A compliant platform in an empty local cloud, and the ids of its parts."""
    cloud = Cloud(local)
    cloud.call("POST", "/__local__/reset", {})
    parts = {**_machines(cloud), **_zone(cloud)}
    _names(cloud, parts)
    for name, region in BUCKETS.items():
        cloud.bucket(name, region)
    yield cloud, parts
    cloud.forget_bucket("illumacom-abroad")
    cloud.call("POST", "/__local__/reset", {})
    cloud.close()


def _machines(cloud: Cloud) -> dict[str, Any]:
    vpc = cloud.make("vpcs", "vpc", name="app", region="nyc3", ip_range="10.10.0.0/20")["id"]
    droplet = cloud.make(
        "droplets", "droplet", name="web0", region="nyc3", size="s-1vcpu-1gb", image="debian-12-x64", vpc_uuid=vpc, tags=["web"]
    )
    balancer = cloud.make(
        "load_balancers",
        "load_balancer",
        name="lb",
        region="nyc3",
        vpc_uuid=vpc,
        tag="web",
        forwarding_rules=[
            {"entry_protocol": "https", "entry_port": 443, "target_protocol": "https", "target_port": 443, "tls_passthrough": True}
        ],
        firewall={"allow": ["cidr:173.245.48.0/20"]},
    )
    inbound = [
        {"protocol": "tcp", "ports": "443", "sources": {"load_balancer_uids": [balancer["id"]]}},
        {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["198.51.100.7"]}},
        {"protocol": "icmp", "sources": {"addresses": ["10.10.0.0/20"]}},
    ]
    wall = cloud.make("firewalls", "firewall", name="web", tags=["web"], inbound_rules=inbound, outbound_rules=[])["id"]
    cluster = cloud.make(
        "databases",
        "database",
        name="shop",
        engine="pg",
        version="17",
        size="db-s-2vcpu-4gb",
        region="nyc3",
        num_nodes=2,
        private_network_uuid=vpc,
    )["id"]
    cloud.call("PUT", f"/v2/databases/{cluster}/firewall", {"rules": [{"type": "tag", "value": "web"}]})
    cloud.make("volumes", "volume", name="data", region="nyc3", size_gigabytes=10)
    return {"vpc": vpc, "droplet": droplet["id"], "lb": balancer["id"], "ip": balancer["ip"], "firewall": wall, "cluster": cluster}


def _zone(cloud: Cloud) -> dict[str, Any]:
    zone = cloud.edge("POST", "zones", name="illumacom.example", account={"id": cloud.account}, type="full")["id"]
    for setting, value in {"min_tls_version": "1.2", "tls_1_3": "on", "ssl": "strict", "always_use_https": "on"}.items():
        cloud.edge("PATCH", f"zones/{zone}/settings/{setting}", value=value)
    rules = [{"action": "execute", "expression": "true", "enabled": True, "action_parameters": {"id": each}} for each in MANAGED]
    body = {"kind": "zone", "name": "managed", "phase": "http_request_firewall_managed", "rules": rules}
    return {"zone": zone, "waf": cloud.edge("POST", f"zones/{zone}/rulesets", **body)["id"], "rules": rules}


def _names(cloud: Cloud, parts: dict[str, Any]) -> None:
    body = {"name": "app.illumacom.example", "type": "A", "content": parts["ip"], "ttl": 1, "proxied": True}
    parts["record"] = cloud.edge("POST", f"zones/{parts['zone']}/dns_records", **body)["id"]


def ran(settings: Settings, control: str) -> ControlRun:
    """One control, as `run_live` runs each."""
    task, clients = Task(CATALOG.promise(CONTROLS[control]), registered()[control]), Clients(settings)
    try:
        return run(task, clients, CATALOG, lambda: NOW)
    finally:
        clients.digitalocean.close()
        clients.cloudflare.close()


def subjects(seen: ControlRun, outcome: Outcome) -> list[str]:
    return [each.subject for each in seen.observations if each.outcome is outcome]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_compliant_platform_passes(local: Settings, made: tuple[Cloud, dict[str, Any]], control: str) -> None:
    seen = ran(local, control)
    assert [each for each in seen.observations if each.outcome is not Outcome.PASS] == []
    assert seen.population
    assert seen.complete


def test_every_family_is_covered() -> None:
    live = {
        name
        for name, each in registered().items()
        if each.surface.value == "live" and each.check.__module__ in {f.__name__ for f in FAMILIES}
    }
    assert live == set(CONTROLS)


Drift = Callable[[Cloud, dict[str, Any]], Any]


def _rules(cloud: Cloud, parts: dict[str, Any], *rules: dict[str, Any]) -> None:
    body = {"kind": "zone", "name": "managed", "phase": "http_request_firewall_managed", "rules": list(rules)}
    cloud.edge("PUT", f"zones/{parts['zone']}/rulesets/{parts['waf']}", **body)


def _ruleset(cloud: Cloud, owner: str, phase: str, kind: str, rule: dict[str, Any]) -> None:
    cloud.edge("POST", f"{owner}/rulesets", kind=kind, name=phase, phase=phase, rules=[{"expression": "true", "enabled": True, **rule}])


def _open(cloud: Cloud, parts: dict[str, Any]) -> None:
    found = cloud.call("GET", f"/v2/firewalls/{parts['firewall']}")["firewall"]
    opened = {"protocol": "tcp", "ports": "8000-9000", "sources": {"addresses": ["0.0.0.0/1", "128.0.0.0/1"]}}
    cloud.change(f"v2/firewalls/{parts['firewall']}", inbound_rules=[*found["inbound_rules"], opened])


def _droplet(cloud: Cloud, **more: Any) -> None:
    cloud.make(
        "droplets",
        "droplet",
        **{"name": "stray", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["web"], **more},
    )


def _many_then_abroad(cloud: Cloud, _: Any) -> None:
    """The wrong one stands on the second page."""
    for number in range(205):
        cloud.make("volumes", "volume", name=f"v{number:03}", region="nyc3", size_gigabytes=1)
    cloud.make("volumes", "volume", name="zz-abroad", region="ams3", size_gigabytes=1)


_SKIP = {"action": "skip", "action_parameters": {"phases": ["http_request_firewall_managed"]}}
_NAME = "app.illumacom.example"
_EXECUTED = "managed ruleset efb7b8c9 of zone illumacom.example"

DRIFTS: dict[str, tuple[Drift, dict[str, str]]] = {
    "a volume in Frankfurt": (
        lambda cloud, _: cloud.make("volumes", "volume", name="abroad", region="fra1", size_gigabytes=1),
        {"regions.live": "volume abroad"},
    ),
    "a volume in Amsterdam, far down the list": (_many_then_abroad, {"regions.live": "volume zz-abroad"}),
    "a bucket in Frankfurt": (lambda cloud, _: cloud.bucket("illumacom-abroad", "fra1"), {"regions.live": "bucket illumacom-abroad"}),
    "a droplet in the default network": (lambda cloud, _: _droplet(cloud), {"network.live": "droplet stray"}),
    "no trusted sources": (
        lambda cloud, parts: cloud.call("PUT", f"/v2/databases/{parts['cluster']}/firewall", {"rules": []}),
        {"database.trusted-sources": "trusted sources of database shop", "database.probe": "*"},
    ),
    "two halves of everybody are trusted": (
        lambda cloud, parts: cloud.call(
            "PUT",
            f"/v2/databases/{parts['cluster']}/firewall",
            {"rules": [{"type": "ip_addr", "value": half} for half in ("0.0.0.0/1", "128.0.0.0/1")]},
        ),
        {"database.trusted-sources": "trusted sources of database shop", "database.probe": "*"},
    ),
    "the prober's own address is trusted": (
        lambda cloud, parts: cloud.call(
            "PUT", f"/v2/databases/{parts['cluster']}/firewall", {"rules": [{"type": "ip_addr", "value": "127.66.6.6"}]}
        ),
        {"database.probe": "*"},
    ),
    "a port range from everywhere": (_open, {"firewall.live": "droplet web0"}),
    "a droplet that no firewall covers": (
        lambda cloud, parts: _droplet(cloud, vpc_uuid=parts["vpc"], tags=[]),
        {"firewall.live": "droplet stray"},
    ),
    "a balancer open to everybody": (
        lambda cloud, parts: cloud.change(f"v2/load_balancers/{parts['lb']}", firewall=None),
        {"firewall.live": "balancer lb", "edge.live": f"origin behind {_NAME}"},
    ),
    "TLS 1.0 at the edge": (
        lambda cloud, parts: cloud.edge("PATCH", f"zones/{parts['zone']}/settings/min_tls_version", value="1.0"),
        {"transport.live": "min_tls_version of zone illumacom.example"},
    ),
    "a database that takes plain connections": (
        lambda cloud, parts: cloud.change(f"v2/databases/{parts['cluster']}", connection={"ssl": False}),
        {"transport.live": "connections to database shop"},
    ),
    "TLS loosened for a part of the zone": (
        lambda cloud, parts: _ruleset(
            cloud, f"zones/{parts['zone']}", "http_config_settings", "zone", {"action": "set_config", "action_parameters": {"ssl": "off"}}
        ),
        {"transport.live": "TLS exceptions of zone illumacom.example"},
    ),
    "a disabled managed rule": (
        lambda cloud, parts: _rules(cloud, parts, {**parts["rules"][0], "enabled": False}, parts["rules"][1]),
        {"edge.live": _EXECUTED},
    ),
    "a managed rule that only logs": (
        lambda cloud, parts: _rules(
            cloud,
            parts,
            {**parts["rules"][0], "action_parameters": {"id": MANAGED[0], "overrides": {"action": "log"}}},
            parts["rules"][1],
        ),
        {"edge.live": _EXECUTED},
    ),
    "a skip rule of the zone": (
        lambda cloud, parts: _ruleset(cloud, f"zones/{parts['zone']}", "http_request_firewall_custom", "zone", _SKIP),
        {"edge.live": "managed firewall of zone illumacom.example"},
    ),
    "a skip rule of the account": (
        lambda cloud, _: _ruleset(cloud, f"accounts/{cloud.account}", "http_request_firewall_custom", "root", _SKIP),
        {"edge.live": "managed firewall of zone illumacom.example"},
    ),
    "weaker DDoS protection": (
        lambda cloud, parts: _ruleset(
            cloud,
            f"zones/{parts['zone']}",
            "ddos_l7",
            "zone",
            {"action": "execute", "action_parameters": {"id": DDOS, "overrides": {"sensitivity_level": "low"}}},
        ),
        {"edge.live": "DDoS protection of zone illumacom.example"},
    ),
    "a zone that the registrar does not point at the edge": (
        lambda cloud, parts: cloud.change(f"client/v4/zones/{parts['zone']}", status="pending"),
        {"edge.live": "status of zone illumacom.example"},
    ),
    "a name past the edge": (
        lambda cloud, parts: cloud.change(f"client/v4/zones/{parts['zone']}/dns_records/{parts['record']}", proxied=False),
        {"edge.live": f"record {_NAME} A"},
    ),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_drift_is_found_where_it_is_and_nowhere_else(local: Settings, made: tuple[Cloud, dict[str, Any]], case: str) -> None:
    cloud, parts = made
    drift, expected = DRIFTS[case]
    drift(cloud, parts)
    for control in CONTROLS:
        failing = subjects(ran(local, control), Outcome.FAIL)
        wanted = expected.get(control)
        assert (failing == [wanted]) if wanted not in (None, "*") else bool(failing) is (wanted == "*"), control


UNREADABLE = {
    "the token may not read firewalls": ("/v2/firewalls", 403, "firewall.live"),
    "the droplets' list fails for good": ("/v2/droplets", 500, "network.live"),
    "the token is not known": ("/v2/", 401, "database.trusted-sources"),
    "the rulesets may not be read": ("/client/v4/zones/", 403, "edge.live"),
    "one kind of many is refused": ("/v2/volumes", 403, "regions.live"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_unknown_and_named(local: Settings, made: tuple[Cloud, dict[str, Any]], case: str) -> None:
    cloud, _ = made
    path, status, control = UNREADABLE[case]
    cloud.fail(path, status)
    try:
        seen = ran(local, control)
    finally:
        cloud.heal()
    assert subjects(seen, Outcome.FAIL) == []
    unknown = [each for each in seen.observations if each.outcome is Outcome.UNKNOWN]
    assert unknown
    assert all(str(status) in each.observed for each in unknown)
    assert control != "regions.live" or subjects(seen, Outcome.PASS), "what was read is judged all the same"


def test_a_wrong_token_passes_nothing(local: Settings, made: tuple[Cloud, dict[str, Any]], tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("w" * 40)
    settings = local.model_copy(
        update={
            "digitalocean": local.digitalocean.model_copy(update={"token_file": wrong}),
            "cloudflare": local.cloudflare.model_copy(update={"token_file": wrong}),
        }
    )
    for control in ("network.live", "firewall.live", "transport.live", "edge.live", "database.trusted-sources"):
        seen = ran(settings, control)
        assert {each.outcome for each in seen.observations} == {Outcome.UNKNOWN}, control
        assert all("w" * 40 not in each.observed for each in seen.observations)


def test_an_empty_account_proves_nothing(local: Settings, made: tuple[Cloud, dict[str, Any]]) -> None:
    cloud, _ = made
    cloud.call("POST", "/__local__/reset", {})
    for control in ("network.live", "firewall.live", "transport.live", "edge.live", "database.trusted-sources"):
        assert {each.outcome for each in ran(local, control).observations} == {Outcome.UNKNOWN}, control


def test_a_probe_of_no_listener_proves_nothing(local: Settings, unused_tcp_port_of_nobody: int) -> None:
    settings = local.model_copy(update={"database": local.database.model_copy(update={"port": unused_tcp_port_of_nobody})})
    (seen,) = ran(settings, "database.probe").observations
    assert seen.outcome is Outcome.UNKNOWN


def test_from_elsewhere_silence_is_a_pass_that_says_so() -> None:
    seen = probed_from_here("database", Answer(Door.UNREACHABLE, "no answer within 5 s"), inside=False)
    assert (seen.outcome, seen.observed) == (Outcome.PASS, "no answer within 5 s")


def test_from_elsewhere_a_closed_port_proves_nothing(local: Settings, unused_tcp_port_of_nobody: int) -> None:
    """The database may be down: nobody was asked."""
    database_there = local.database.model_copy(update={"port": unused_tcp_port_of_nobody})
    settings = local.model_copy(update={"database": database_there, "environment": "production"})
    (seen,) = ran(settings, "database.probe").observations
    assert seen.outcome is Outcome.UNKNOWN
    assert "no connection" in seen.observed


def test_from_elsewhere_a_password_prompt_is_a_failure(local: Settings, made: tuple[Cloud, dict[str, Any]]) -> None:
    """This machine's own address is a trusted source and no droplet's: whoever stands there is an outsider who is let in."""
    (seen,) = ran(local.model_copy(update={"environment": "production"}), "database.probe").observations
    assert seen.outcome is Outcome.FAIL


@pytest.fixture
def unused_tcp_port_of_nobody() -> Iterator[int]:
    """A port that is bound and does not listen: connections to it are refused."""
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]

"""As strict as the real APIs: what they refuse is refused here, with the same status, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest

DROPLET = {"name": "web", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
CLUSTER = {"name": "shop", "engine": "pg", "size": "db-s-2vcpu-4gb", "region": "nyc3", "num_nodes": 2}
RULE = {"protocol": "tcp", "ports": "443", "sources": {"addresses": ["0.0.0.0/0"]}}
FORWARDING = {"entry_protocol": "tcp", "entry_port": 443, "target_protocol": "tcp", "target_port": 443}
BALANCER = {"name": "lb", "region": "nyc3", "forwarding_rules": [FORWARDING]}
ABSENT = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"

DIGITALOCEAN: dict[str, tuple[str, str, Any, int]] = {
    "a VPC in an unknown region": ("POST", "/v2/vpcs", {"name": "a", "region": "mars1"}, 422),
    "a VPC without a name": ("POST", "/v2/vpcs", {"region": "nyc3"}, 422),
    "a VPC with a public range": ("POST", "/v2/vpcs", {"name": "a", "region": "nyc3", "ip_range": "8.8.8.0/24"}, 422),
    "a VPC whose range is taken": ("POST", "/v2/vpcs", {"name": "a", "region": "sfo3", "ip_range": "10.10.8.0/24"}, 422),
    "a VPC whose name is taken": ("POST", "/v2/vpcs", {"name": "app", "region": "sfo3"}, 422),
    "a peering with one VPC": ("POST", "/v2/vpc_peerings", {"name": "p", "vpc_ids": [ABSENT]}, 422),
    "a peering with a VPC that is not there": ("POST", "/v2/vpc_peerings", {"name": "p", "vpc_ids": [ABSENT, "x"]}, 404),
    "a droplet of an unknown size": ("POST", "/v2/droplets", {**DROPLET, "size": "s-9vcpu-1gb"}, 422),
    "a droplet of an unknown image": ("POST", "/v2/droplets", {**DROPLET, "image": "windows"}, 422),
    "a droplet with an unknown key": ("POST", "/v2/droplets", {**DROPLET, "ssh_keys": ["aa:bb"]}, 422),
    "a droplet in another region's VPC": ("POST", "/v2/droplets", {**DROPLET, "region": "sfo3", "vpc_uuid": "APP"}, 422),
    "a droplet whose name is no host name": ("POST", "/v2/droplets", {**DROPLET, "name": "a b"}, 422),
    "a droplet with too much user data": ("POST", "/v2/droplets", {**DROPLET, "user_data": "x" * 70_000}, 422),
    "an action nobody knows": ("POST", "/v2/droplets/WEB/actions", {"type": "explode"}, 422),
    "a resize of a droplet that is on": ("POST", "/v2/droplets/WEB/actions", {"type": "resize", "size": "s-2vcpu-4gb"}, 422),
    "a key that is none": ("POST", "/v2/account/keys", {"name": "ops", "public_key": "hello"}, 422),
    "a tag with a space": ("POST", "/v2/tags", {"name": "a b"}, 422),
    "a firewall without rules": ("POST", "/v2/firewalls", {"name": "f"}, 422),
    "a firewall with a port too high": ("POST", "/v2/firewalls", {"name": "f", "inbound_rules": [{**RULE, "ports": "70000"}]}, 422),
    "a firewall with a range upside down": ("POST", "/v2/firewalls", {"name": "f", "inbound_rules": [{**RULE, "ports": "30-20"}]}, 422),
    "a firewall with an address that is none": (
        "POST",
        "/v2/firewalls",
        {"name": "f", "inbound_rules": [{**RULE, "sources": {"addresses": ["x"]}}]},
        422,
    ),
    "a firewall with an unknown protocol": ("POST", "/v2/firewalls", {"name": "f", "inbound_rules": [{**RULE, "protocol": "sctp"}]}, 422),
    "a firewall whose name is taken": ("POST", "/v2/firewalls", {"name": "web", "inbound_rules": [RULE]}, 409),
    "a balancer without forwarding rules": ("POST", "/v2/load_balancers", {**BALANCER, "forwarding_rules": []}, 422),
    "a balancer that ends TLS without a certificate": (
        "POST",
        "/v2/load_balancers",
        {**BALANCER, "forwarding_rules": [{**FORWARDING, "entry_protocol": "https"}]},
        422,
    ),
    "a balancer with a certificate that is not there": (
        "POST",
        "/v2/load_balancers",
        {**BALANCER, "forwarding_rules": [{**FORWARDING, "certificate_id": ABSENT}]},
        422,
    ),
    "a cluster of an unknown size": ("POST", "/v2/databases", {**CLUSTER, "name": "other", "size": "huge"}, 422),
    "a cluster of two of the smallest nodes": ("POST", "/v2/databases", {**CLUSTER, "name": "other", "size": "db-s-1vcpu-1gb"}, 422),
    "a cluster of four nodes": ("POST", "/v2/databases", {**CLUSTER, "name": "other", "num_nodes": 4}, 422),
    "a cluster of an old version": ("POST", "/v2/databases", {**CLUSTER, "name": "other", "version": "9"}, 422),
    "a cluster whose name is taken": ("POST", "/v2/databases", CLUSTER, 422),
    "a cluster in an unknown VPC": ("POST", "/v2/databases", {**CLUSTER, "name": "other", "private_network_uuid": ABSENT}, 422),
    "a trusted source of an unknown kind": ("PUT", "/v2/databases/DB/firewall", {"rules": [{"type": "moon", "value": "x"}]}, 422),
    "a trusted source that is no address": (
        "PUT",
        "/v2/databases/DB/firewall",
        {"rules": [{"type": "ip_addr", "value": "300.1.1.1"}]},
        422,
    ),
    "a trusted source of IPv6": ("PUT", "/v2/databases/DB/firewall", {"rules": [{"type": "ip_addr", "value": "::1"}]}, 422),
    "too many trusted sources": ("PUT", "/v2/databases/DB/firewall", {"rules": [{"type": "tag", "value": "x"}] * 101}, 422),
    "a database that is there": ("POST", "/v2/databases/DB/dbs", {"name": "orders"}, 422),
    "the cluster's own database again": ("POST", "/v2/databases/DB/dbs", {"name": "defaultdb"}, 422),
    "deleting the cluster's own user": ("DELETE", "/v2/databases/DB/users/doadmin", None, 403),
    "a database in no cluster": ("POST", f"/v2/databases/{ABSENT}/dbs", {"name": "orders"}, 404),
    "a maintenance window on no day": ("PUT", "/v2/databases/DB/maintenance", {"day": "someday", "hour": "03:00"}, 422),
    "an upgrade downwards": ("PUT", "/v2/databases/DB/upgrade", {"version": "15"}, 422),
    "a volume of nothing": ("POST", "/v2/volumes", {"name": "v", "region": "nyc3", "size_gigabytes": 0}, 422),
    "a grant of an unknown kind": ("POST", "/v2/spaces/keys", {"name": "k", "grants": [{"bucket": "b", "permission": "all"}]}, 422),
    "deleting a VPC with members": ("DELETE", "/v2/vpcs/APP", None, 403),
    "deleting the default project": ("DELETE", "/v2/projects/DEFAULT", None, 412),
    "deleting what is not there": ("DELETE", f"/v2/firewalls/{ABSENT}", None, 404),
    "a path that is none": ("GET", "/v2/nonsense", None, 404),
    "a droplet with a volume that is not there": ("POST", "/v2/droplets", {**DROPLET, "volumes": [{"id": ABSENT}]}, 422),
    "rules that are no list": ("POST", "/v2/firewalls", {"name": "f", "inbound_rules": {"protocol": "tcp"}}, 400),
    "rules that are no objects": ("PUT", "/v2/databases/DB/firewall", {"rules": ["0.0.0.0/0"]}, 400),
    "keys that are no list": ("POST", "/v2/droplets", {**DROPLET, "ssh_keys": 7}, 400),
    "a region that is a list": ("POST", "/v2/vpcs", {"name": "a", "region": ["nyc3"]}, 422),
    "a body that is a list": ("POST", "/v2/vpcs", ["nyc3"], 422),
    "a page before the first": ("GET", "/v2/vpcs?page=0", None, 400),
}

RECORD = {"name": "www", "type": "A", "content": "203.0.113.1"}
EXECUTE = {"action": "execute", "expression": "true", "action_parameters": {"id": "efb7b8c949ac4650a09736fc376e9aee"}}
WAF = {"name": "waf", "kind": "zone", "phase": "http_request_firewall_managed"}

CLOUDFLARE: dict[str, tuple[str, str, Any, int]] = {
    "a zone that is there": ("POST", "/zones", {"name": "example.com", "account": {"id": "ACCOUNT"}}, 400),
    "a zone that is no domain": ("POST", "/zones", {"name": "nonsense", "account": {"id": "ACCOUNT"}}, 400),
    "a zone of an account that is none": ("POST", "/zones", {"name": "example.org", "account": {"id": "x"}}, 404),
    "a zone that is not there": ("GET", f"/zones/{'0' * 32}", None, 404),
    "a change of what cannot change": ("PATCH", "/zones/ZONE", {"name": "other.com"}, 400),
    "a setting nobody knows": ("GET", "/zones/ZONE/settings/nonsense", None, 400),
    "a TLS version nobody speaks": ("PATCH", "/zones/ZONE/settings/min_tls_version", {"value": "2.0"}, 400),
    "a switch that is neither on nor off": ("PATCH", "/zones/ZONE/settings/always_use_https", {"value": True}, 400),
    "DNSSEC half on": ("PATCH", "/zones/ZONE/dnssec", {"status": "half"}, 400),
    "a switch that is no boolean": ("PUT", "/zones/ZONE/origin_tls_client_auth/settings", {"enabled": "yes"}, 400),
    "a record of an unknown type": ("POST", "/zones/ZONE/dns_records", {**RECORD, "type": "B"}, 400),
    "an address that is none": ("POST", "/zones/ZONE/dns_records", {**RECORD, "content": "example.com"}, 400),
    "a proxied TXT record": ("POST", "/zones/ZONE/dns_records", {"name": "t", "type": "TXT", "content": "x", "proxied": True}, 400),
    "the same record again": ("POST", "/zones/ZONE/dns_records", {**RECORD, "name": "app.example.com"}, 400),
    "a CNAME beside an address": ("POST", "/zones/ZONE/dns_records", {"name": "app", "type": "CNAME", "content": "a.b"}, 400),
    "a record that is not there": ("GET", f"/zones/ZONE/dns_records/{'0' * 32}", None, 404),
    "a ruleset in an unknown phase": ("POST", "/zones/ZONE/rulesets", {**WAF, "phase": "moon"}, 400),
    "a second entry point": ("POST", "/zones/ZONE/rulesets", WAF, 400),
    "a rule without an action": ("PUT", "/zones/ZONE/rulesets/WAF", {"rules": [{"expression": "true"}]}, 400),
    "a rule that executes nothing": ("PUT", "/zones/ZONE/rulesets/WAF", {"rules": [{**EXECUTE, "action_parameters": {"id": "x"}}]}, 400),
    "the entry point of an empty phase": ("GET", "/zones/ZONE/rulesets/phases/http_ratelimit/entrypoint", None, 404),
    "a push of an unknown dataset": ("POST", "/zones/ZONE/logpush/jobs", {"dataset": "moon", "destination_conf": "s3://b"}, 400),
    "a notification without a mechanism": ("POST", "/accounts/ACCOUNT/alerting/v3/policies", {"name": "n", "alert_type": "a"}, 400),
    "a notification to a webhook that is not there": (
        "POST",
        "/accounts/ACCOUNT/alerting/v3/policies",
        {"name": "n", "alert_type": "a", "mechanisms": {"webhooks": [{"id": "x"}]}},
        400,
    ),
    "a webhook over http": ("POST", "/accounts/ACCOUNT/alerting/v3/destinations/webhooks", {"name": "w", "url": "http://a"}, 400),
    "a path that is none": ("GET", "/nonsense", None, 404),
    "rules that are no objects": ("PUT", "/zones/ZONE/rulesets/WAF", {"rules": ["block"]}, 400),
    "an account that is a word": ("POST", "/zones", {"name": "example.org", "account": "x"}, 400),
    "settings that are a word": ("PUT", "/accounts/ACCOUNT", {"settings": "x"}, 400),
    "a page too large": ("GET", "/zones?per_page=51", None, 400),
}


@pytest.fixture
def names(cloud) -> dict[str, str]:
    """A small world, and the ids of what is in it by the words of the tables."""
    app = cloud.ok("POST", "/v2/vpcs", {"name": "app", "region": "nyc3", "ip_range": "10.10.0.0/20"})["vpc"]["id"]
    web = cloud.ok("POST", "/v2/droplets", {**DROPLET, "vpc_uuid": app})["droplet"]["id"]
    cluster = cloud.ok("POST", "/v2/databases", {**CLUSTER, "private_network_uuid": app})["database"]["id"]
    cloud.ok("POST", f"/v2/databases/{cluster}/dbs", {"name": "orders"})
    cloud.ok("POST", "/v2/firewalls", {"name": "web", "inbound_rules": [RULE]})
    zone = cloud.cf("POST", "/zones", {"name": "example.com", "account": {"id": cloud.account}})["id"]
    cloud.cf("POST", f"/zones/{zone}/dns_records", {**RECORD, "name": "app"})
    waf = cloud.cf("POST", f"/zones/{zone}/rulesets", {**WAF, "rules": [EXECUTE]})["id"]
    project = cloud.ok("GET", "/v2/projects/default")["project"]["id"]
    return {"APP": app, "WEB": str(web), "DB": cluster, "ZONE": zone, "WAF": waf, "ACCOUNT": cloud.account, "DEFAULT": project}


def filled(value: Any, names: dict[str, str]) -> Any:
    """The table's words replaced by ids."""
    if isinstance(value, dict):
        return {field: filled(each, names) for field, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    if isinstance(value, str) and "/" in value:
        return "/".join(names.get(part, part) for part in value.split("/"))
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("case", DIGITALOCEAN)
def test_digitalocean_refuses(cloud, names: dict[str, str], case: str) -> None:
    method, path, body, status = DIGITALOCEAN[case]
    before = cloud.everything()
    answer = cloud.call(method, filled(path, names), filled(body, names))
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"id", "message"}
    assert cloud.everything() == before


@pytest.mark.parametrize("case", CLOUDFLARE)
def test_cloudflare_refuses(cloud, names: dict[str, str], case: str) -> None:
    method, path, body, status = CLOUDFLARE[case]
    before = cloud.everything()
    answer = cloud.call(method, "/client/v4" + filled(path, names), filled(body, names))
    assert answer.status_code == status, answer.text
    document = answer.json()
    assert (document["success"], document["result"]) == (False, None)
    assert document["errors"][0]["code"]
    assert cloud.everything() == before


@pytest.mark.parametrize(
    "path", ["/v2/vpcs", "/v2/nonsense", "/client/v4/zones", "/client/v4/nonsense", "/__local__/calls", "/__local__/nonsense"]
)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_nothing_is_told_without_the_token(cloud, path: str, token: str) -> None:
    assert cloud.call("GET", path, token=token).status_code == 401


def test_edge_ranges_and_health_need_no_token(cloud) -> None:
    assert cloud.call("GET", "/client/v4/ips", token="").status_code == 200
    assert cloud.call("GET", "/__local__/health", token="").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/v2/vpcs", "/client/v4/zones"])
def test_a_body_that_is_no_json_is_refused(cloud, path: str) -> None:
    before = cloud.everything()
    assert cloud.raw("POST", path, b"{not json").status_code == 400
    assert cloud.everything() == before


def test_spaces_without_an_s3_server_are_unavailable(cloud) -> None:
    answer = cloud.raw("GET", "/", b"", host="bucket.nyc3.spaces.test")
    assert answer.status_code == 503
    assert "<Code>ServiceUnavailable</Code>" in answer.text


def test_a_database_without_its_postgres_is_not_made(orphan, capfd: pytest.CaptureFixture[str]) -> None:
    """The caller is told what is away and what to do; the log has the rest, and no password."""
    cluster = orphan.ok("POST", "/v2/databases", CLUSTER)["database"]["id"]
    before = orphan.everything()
    for path, name in (("dbs", "orders"), ("users", "app")):
        answer = orphan.call("POST", f"/v2/databases/{cluster}/{path}", {"name": name})
        assert answer.status_code == 500
        assert "is it running?" in answer.json()["message"]
    assert orphan.everything() == before
    assert "AVNS_" not in capfd.readouterr().err


def test_a_bucket_without_its_s3_server_is_unavailable(orphan) -> None:
    answer = orphan.raw("PUT", "/", b"", host="bucket.nyc3.spaces.test")
    assert answer.status_code == 503
    assert "did not answer" in answer.text

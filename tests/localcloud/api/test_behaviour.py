"""What the local cloud does beyond echoing: defaults, ids that stay, what hangs together, what survives."""

from __future__ import annotations

import re
from typing import Any

import pytest

DROPLET = {"name": "web", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
DEFAULTS = {
    "min_tls_version": "1.0",
    "tls_1_3": "on",
    "ssl": "full",
    "always_use_https": "off",
    "automatic_https_rewrites": "on",
    "opportunistic_encryption": "on",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def zone(cloud) -> str:
    identifier = cloud.cf("POST", "/zones", {"name": "example.com", "account": {"id": cloud.account}})["id"]
    assert re.fullmatch(r"[0-9a-f]{32}", identifier)
    return f"/zones/{identifier}"


def test_ids_and_times_have_the_right_forms(cloud, zone: str) -> None:
    vpc = cloud.ok("POST", "/v2/vpcs", {"name": "app", "region": "nyc3"})["vpc"]
    droplet = cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]
    job = cloud.cf("POST", f"{zone}/logpush/jobs", {"dataset": "http_requests", "destination_conf": "s3://logs/a"})
    assert UUID.fullmatch(vpc["id"])
    assert TIME.fullmatch(vpc["created_at"])
    assert isinstance(droplet["id"], int)
    assert isinstance(job["id"], int)


@pytest.mark.parametrize("setting", DEFAULTS)
def test_a_fresh_zone_has_cloudflares_own_defaults(cloud, zone: str, setting: str) -> None:
    """Nothing that a promise needs is set by itself."""
    assert cloud.cf("GET", f"{zone}/settings/{setting}")["value"] == DEFAULTS[setting]
    assert {each["id"]: each["value"] for each in cloud.cf("GET", f"{zone}/settings")}[setting] == DEFAULTS[setting]


def test_hsts_and_dnssec_are_off_until_switched_on(cloud, zone: str) -> None:
    header = cloud.cf("GET", f"{zone}/settings/security_header")["value"]["strict_transport_security"]
    assert header["enabled"] is False
    assert cloud.cf("GET", f"{zone}/dnssec") == {"status": "disabled"}
    assert cloud.cf("PATCH", f"{zone}/dnssec", {"status": "active"})["ds"].startswith("example.com. 3600 IN DS")
    cloud.cf("DELETE", f"{zone}/dnssec")
    assert cloud.cf("GET", f"{zone}/dnssec") == {"status": "disabled"}


def rule(ref: str, **more: Any) -> dict[str, Any]:
    return {"ref": ref, "action": "block", "expression": "(ip.src eq 203.0.113.1)", **more}


def test_a_rule_keeps_its_id_across_changes_and_counts_its_versions(cloud, zone: str) -> None:
    body = {"name": "own", "kind": "zone", "phase": "http_request_firewall_custom"}
    made = cloud.cf("POST", f"{zone}/rulesets", {**body, "rules": [rule("a"), rule("b")]})
    path = f"{zone}/rulesets/{made['id']}"
    changed = cloud.cf("PUT", path, {**body, "rules": [rule("b"), rule("a", description="new"), rule("c")]})
    ids = {each["ref"]: each["id"] for each in made["rules"]}
    assert [each["id"] for each in changed["rules"][:2]] == [ids["b"], ids["a"]]
    assert [each["version"] for each in changed["rules"]] == ["1", "2", "1"]
    assert (made["version"], changed["version"]) == ("1", "2")
    assert cloud.cf("GET", path) == changed


def test_one_rule_can_be_switched_off_alone(cloud, zone: str) -> None:
    """Through the API's own rule path, as a person would in the dashboard."""
    body = {"name": "own", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [rule("a"), rule("b")]}
    made = cloud.cf("POST", f"{zone}/rulesets", body)
    path = f"{zone}/rulesets/{made['id']}/rules"
    changed = cloud.cf("PATCH", f"{path}/{made['rules'][0]['id']}", {**rule("a"), "enabled": False})
    assert [each["enabled"] for each in changed["rules"]] == [False, True]
    entry = cloud.cf("GET", f"{zone}/rulesets/phases/http_request_firewall_custom/entrypoint")
    assert entry == changed
    assert [each["ref"] for each in cloud.cf("DELETE", f"{path}/{made['rules'][1]['id']}")["rules"]] == ["a"]
    assert [each["ref"] for each in cloud.cf("POST", path, rule("c"))["rules"]] == ["a", "c"]


def test_an_entry_point_can_be_put_into_place(cloud, zone: str) -> None:
    path = f"{zone}/rulesets/phases/http_ratelimit/entrypoint"
    made = cloud.cf("PUT", path, {"rules": [rule("a")]})
    assert (made["kind"], made["phase"]) == ("zone", "http_ratelimit")
    assert cloud.cf("PUT", path, {"rules": []})["id"] == made["id"]
    assert cloud.cf("GET", f"{zone}/rulesets/{made['id']}")["rules"] == []


def test_record_names_are_answered_in_full(cloud, zone: str) -> None:
    for sent, answered in (("@", "example.com"), ("www", "www.example.com"), ("a.example.com", "a.example.com")):
        record = cloud.cf("POST", f"{zone}/dns_records", {"name": sent, "type": "A", "content": "203.0.113.1"})
        assert (record["name"], record["ttl"], record["proxied"]) == (answered, 1, False)


def test_a_private_key_is_never_answered(cloud, zone: str) -> None:
    path = f"{zone}/origin_tls_client_auth"
    made = cloud.cf("POST", path, {"certificate": "c", "private_key": "hidden"})
    cloud.ok("POST", "/v2/certificates", {"name": "origin", "type": "custom", "private_key": "hidden", "leaf_certificate": "x"})
    assert "private_key" not in made
    assert "hidden" not in str(cloud.everything()) + str(cloud.ok("GET", "/__local__/calls"))


def test_a_switch_beside_a_collection_is_none_of_its_items(cloud, zone: str) -> None:
    path = f"{zone}/origin_tls_client_auth"
    cloud.cf("PUT", f"{path}/settings", {"enabled": True})
    assert cloud.cf("GET", path) == []
    made = cloud.cf("POST", path, {"certificate": "c", "private_key": "hidden"})
    assert [row["id"] for row in cloud.cf("GET", path)] == [made["id"]]


def test_deleting_a_zone_takes_everything_in_it(cloud, zone: str) -> None:
    cloud.cf("POST", f"{zone}/dns_records", {"name": "a", "type": "A", "content": "203.0.113.1"})
    cloud.cf("PATCH", f"{zone}/settings/ssl", {"value": "strict"})
    cloud.cf("DELETE", zone)
    assert [row["collection"] for row in cloud.everything()["resources"]] == ["/v2/projects", "/client/v4/accounts"]


def test_every_droplet_has_loopback_addresses_of_its_own(cloud) -> None:
    droplets = [cloud.ok("POST", "/v2/droplets", {**DROPLET, "name": f"web{number}"})["droplet"] for number in range(3)]
    addresses = [each["ip_address"] for droplet in droplets for each in droplet["networks"]["v4"]]
    assert addresses == ["127.10.0.1", "127.100.0.1", "127.10.0.2", "127.100.0.2", "127.10.0.3", "127.100.0.3"]


def test_a_droplet_without_a_vpc_lands_in_the_regions_default_one(cloud) -> None:
    first, second = (cloud.ok("POST", "/v2/droplets", {**DROPLET, "name": name})["droplet"]["vpc_uuid"] for name in ("a", "b"))
    vpc = cloud.ok("GET", f"/v2/vpcs/{first}")["vpc"]
    assert (first, vpc["default"], vpc["name"]) == (second, True, "default-nyc3")
    assert [each["name"] for each in cloud.ok("GET", f"/v2/vpcs/{first}/members")["members"]] == ["a", "b"]
    assert cloud.call("DELETE", f"/v2/vpcs/{first}").status_code == 403


def test_a_vpc_can_go_once_its_members_have_gone(cloud) -> None:
    vpc = cloud.ok("POST", "/v2/vpcs", {"name": "app", "region": "nyc3"})["vpc"]["id"]
    droplet = cloud.ok("POST", "/v2/droplets", {**DROPLET, "vpc_uuid": vpc})["droplet"]["id"]
    assert cloud.call("DELETE", f"/v2/vpcs/{vpc}").json()["message"] == "Can not delete VPC with members"
    cloud.ok("DELETE", f"/v2/droplets/{droplet}")
    cloud.ok("DELETE", f"/v2/vpcs/{vpc}")


def test_a_resize_follows_the_plugins_steps(cloud) -> None:
    """Off, resized, on: each action is finished when it is answered."""
    droplet = cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]["id"]
    path = f"/v2/droplets/{droplet}"
    for body, status, size in (
        ({"type": "power_off"}, "off", "s-1vcpu-1gb"),
        ({"type": "resize", "size": "s-2vcpu-4gb", "disk": True}, "off", "s-2vcpu-4gb"),
        ({"type": "power_on"}, "active", "s-2vcpu-4gb"),
    ):
        action = cloud.ok("POST", f"{path}/actions", body)["action"]
        assert cloud.ok("GET", f"/v2/actions/{action['id']}")["action"]["status"] == "completed"
        read = cloud.ok("GET", path)["droplet"]
        assert (read["status"], read["size_slug"]) == (status, size)
    assert (read["memory"], read["vcpus"], read["disk"]) == (4096, 2, 80)


def test_backups_are_a_feature_and_a_policy(cloud) -> None:
    droplet = cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]["id"]
    path = f"/v2/droplets/{droplet}"
    assert cloud.ok("GET", f"{path}/backups/policy")["policy"]["backup_enabled"] is False
    cloud.ok("POST", f"{path}/actions", {"type": "enable_backups", "backup_policy": {"plan": "weekly", "weekday": "SUN", "hour": 4}})
    assert cloud.ok("GET", f"{path}/backups/policy")["policy"]["backup_policy"]["retention_period_days"] == 28
    assert "backups" in cloud.ok("GET", path)["droplet"]["features"]


def test_a_volume_follows_its_droplet(cloud) -> None:
    droplet = cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]["id"]
    volume = cloud.ok("POST", "/v2/volumes", {"name": "data", "region": "nyc3", "size_gigabytes": 10})["volume"]["id"]
    actions = f"/v2/volumes/{volume}/actions"
    cloud.ok("POST", actions, {"type": "attach", "droplet_id": droplet})
    assert cloud.ok("GET", f"/v2/droplets/{droplet}")["droplet"]["volume_ids"] == [volume]
    assert cloud.call("DELETE", f"/v2/volumes/{volume}").status_code == 409
    cloud.ok("POST", actions, {"type": "resize", "size_gigabytes": 20})
    cloud.ok("DELETE", f"/v2/droplets/{droplet}")
    read = cloud.ok("GET", f"/v2/volumes/{volume}")["volume"]
    assert (read["droplet_ids"], read["size_gigabytes"]) == ([], 20)


def test_tags_come_and_go_with_their_names(cloud) -> None:
    droplet = cloud.ok("POST", "/v2/droplets", {**DROPLET, "tags": ["web"]})["droplet"]["id"]
    resource = {"resources": [{"resource_id": str(droplet), "resource_type": "droplet"}]}
    cloud.ok("POST", "/v2/tags", {"name": "jobs"})
    cloud.ok("POST", "/v2/tags/jobs/resources", resource)
    assert cloud.ok("GET", f"/v2/droplets/{droplet}")["droplet"]["tags"] == ["web", "jobs"]
    cloud.ok("DELETE", "/v2/tags/web")
    cloud.ok("DELETE", "/v2/tags/jobs/resources", resource)
    assert cloud.ok("GET", f"/v2/droplets/{droplet}")["droplet"]["tags"] == []


def test_a_certificate_in_use_stays(cloud) -> None:
    certificate = cloud.ok("POST", "/v2/certificates", {"name": "origin", "private_key": "k", "leaf_certificate": "c"})["certificate"]["id"]
    forwarding = {
        "entry_protocol": "https",
        "entry_port": 443,
        "target_protocol": "https",
        "target_port": 443,
        "certificate_id": certificate,
    }
    balancer = cloud.ok("POST", "/v2/load_balancers", {"name": "lb", "region": "nyc3", "forwarding_rules": [forwarding]})["load_balancer"]
    assert cloud.call("DELETE", f"/v2/certificates/{certificate}").status_code == 403
    changed = cloud.ok("PUT", f"/v2/load_balancers/{balancer['id']}", {"name": "lb", "region": "nyc3", "forwarding_rules": [forwarding]})
    assert changed["load_balancer"]["ip"] == balancer["ip"]
    cloud.ok("DELETE", f"/v2/load_balancers/{balancer['id']}")
    cloud.ok("DELETE", f"/v2/certificates/{certificate}")


def test_what_a_change_leaves_out_is_gone(cloud) -> None:
    """A balancer is changed as a whole: a flag that is not sent again is off again."""
    forwarding = {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}
    body = {"name": "lb", "region": "nyc3", "forwarding_rules": [forwarding]}
    balancer = cloud.ok("POST", "/v2/load_balancers", {**body, "redirect_http_to_https": True})["load_balancer"]
    assert "redirect_http_to_https" not in cloud.ok("PUT", f"/v2/load_balancers/{balancer['id']}", body)["load_balancer"]


def test_a_resource_is_in_one_project(cloud) -> None:
    made = cloud.ok("POST", "/v2/projects", {"name": "shop", "purpose": "Web Application"})["project"]["id"]
    cloud.ok("POST", f"/v2/projects/{made}/resources", {"resources": ["do:droplet:1"]})
    assert cloud.call("DELETE", f"/v2/projects/{made}").status_code == 412
    cloud.ok("POST", "/v2/projects/default/resources", {"resources": ["do:droplet:1"]})
    assert cloud.ok("GET", f"/v2/projects/{made}/resources")["resources"] == []
    cloud.ok("DELETE", f"/v2/projects/{made}")


def test_everything_survives_a_restart(cloud, zone: str) -> None:
    """Resources, their order, and the counters: a number is never given twice."""
    first = cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]["id"]
    cloud.cf("PATCH", f"{zone}/settings/ssl", {"value": "strict"})
    before = cloud.everything()
    cloud.restart()
    assert cloud.everything() == before
    assert cloud.cf("GET", f"{zone}/settings/ssl")["value"] == "strict"
    cloud.ok("DELETE", f"/v2/droplets/{first}")
    assert cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]["id"] > first

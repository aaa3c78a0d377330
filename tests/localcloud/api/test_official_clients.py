"""The local cloud driven by the clouds' own clients, `pydo` and `cloudflare`, as live checks drive it.

Two habits of pydo decide how its answers are read: it refuses a bearer token over plain http unless the header is set by a policy of ours,
and where an operation declares 404 it returns the error's body instead of raising.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cloudflare
import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import HeadersPolicy
from cloudflare import Cloudflare
from pydo import Client as DigitalOcean

ABSENT = "5a4981aa-9653-4bd1-bef5-d6bff52042e4"


def digitalocean_client(cloud, token: str) -> Any:
    return DigitalOcean(token, endpoint=cloud.endpoint, authentication_policy=HeadersPolicy({"Authorization": f"Bearer {token}"}))


@pytest.fixture
def ocean(cloud) -> Iterator[Any]:
    with digitalocean_client(cloud, cloud.token) as client:
        yield client


@pytest.fixture
def flare(cloud) -> Iterator[Cloudflare]:
    with Cloudflare(api_token=cloud.token, base_url=f"{cloud.endpoint}/client/v4", max_retries=0) as client:
        yield client


def test_pydo_creates_reads_updates_and_deletes(ocean: Any) -> None:
    made = ocean.vpcs.create(body={"name": "app", "region": "nyc3", "ip_range": "10.10.0.0/20"})["vpc"]
    assert ocean.vpcs.get(vpc_id=made["id"])["vpc"] == made
    changed = ocean.vpcs.update(vpc_id=made["id"], body={"name": "app", "description": "application"})["vpc"]
    assert changed == {**made, "description": "application"}
    ocean.vpcs.delete(vpc_id=made["id"])
    assert ocean.vpcs.list()["vpcs"] == []


def test_pydo_returns_the_error_of_a_404_and_changes_nothing(cloud, ocean: Any) -> None:
    before = cloud.everything()
    for answer in (
        ocean.vpcs.get(vpc_id=ABSENT),
        ocean.firewalls.get(firewall_id=ABSENT),
        ocean.databases.get_cluster(database_cluster_uuid=ABSENT),
        ocean.load_balancers.get(lb_id=ABSENT),
        ocean.droplets.get(droplet_id=7),
    ):
        assert answer["id"] == "not_found"
    assert cloud.everything() == before


def test_pydo_is_refused_with_a_wrong_token(cloud) -> None:
    with digitalocean_client(cloud, "wrong") as stranger, pytest.raises(HttpResponseError) as caught:
        stranger.vpcs.list()
    assert caught.value.status_code == 401


def test_pydo_reads_lists_page_by_page(cloud, ocean: Any) -> None:
    """Twenty a page unless asked otherwise, and a link to the next page while there is one."""
    for number in range(45):
        cloud.ok("POST", "/v2/tags", {"name": f"tag-{number}"})
    seen, page = [], 1
    while True:
        answer = ocean.tags.list(page=page)
        seen += [row["name"] for row in answer["tags"]]
        assert answer["meta"]["total"] == 45
        if "next" not in answer["links"].get("pages", {}):
            break
        page += 1
    assert page == 3
    assert seen == [f"tag-{number}" for number in range(45)]
    assert len(ocean.tags.list(per_page=200)["tags"]) == 45
    assert ocean.tags.list(page=9)["tags"] == []


def test_pydo_reads_what_live_checks_ask_for(ocean: Any) -> None:
    """Droplets with their networks, firewalls and backup policy; a cluster with its trusted sources."""
    ocean.tags.create(body={"name": "app"})
    body = {"name": "app-1", "region": "nyc3", "size": "s-2vcpu-2gb", "image": "debian-12-x64", "tags": ["app"], "backups": True}
    droplet = ocean.droplets.create(body={**body, "backup_policy": {"plan": "daily", "hour": 4}})["droplet"]
    rule = {"protocol": "tcp", "ports": "443", "sources": {"addresses": ["173.245.48.0/20"]}}
    firewall = ocean.firewalls.create(body={"name": "app", "tags": ["app"], "inbound_rules": [rule]})["firewall"]
    covering = ocean.droplets.list_firewalls(droplet_id=droplet["id"])["firewalls"]
    assert [each["id"] for each in covering] == [firewall["id"]]
    policy = ocean.droplets.get_backup_policy(droplet_id=droplet["id"])["policy"]
    assert policy["backup_policy"]["plan"] == "daily"
    cluster = {"name": "shop", "engine": "pg", "size": "db-s-2vcpu-4gb", "region": "nyc3", "num_nodes": 2}
    identifier = ocean.databases.create_cluster(body=cluster)["database"]["id"]
    ocean.databases.update_firewall_rules(database_cluster_uuid=identifier, body={"rules": [{"type": "tag", "value": "app"}]})
    rules = ocean.databases.list_firewall_rules(database_cluster_uuid=identifier)["rules"]
    assert [(each["type"], each["value"]) for each in rules] == [("tag", "app")]
    assert ocean.databases.list_clusters(tag_name="nothing")["databases"] == []
    assert len(ocean.droplets.list(tag_name="app")["droplets"]) == 1


def zone_of(flare: Cloudflare, account: str) -> Any:
    return flare.zones.create(account={"id": account}, name="example.com", type="full")


def test_cloudflare_creates_reads_updates_and_deletes(cloud, flare: Cloudflare) -> None:
    zone = zone_of(flare, cloud.account)
    assert flare.zones.get(zone_id=zone.id) == zone
    record = flare.dns.records.create(zone_id=zone.id, name="app.example.com", type="A", content="203.0.113.10", ttl=1, proxied=True)
    assert record is not None
    changed = flare.dns.records.edit(record.id, zone_id=zone.id, name="app", type="A", content="203.0.113.11", ttl=1)
    assert changed is not None
    assert (changed.name, changed.content, changed.proxied) == ("app.example.com", "203.0.113.11", True)
    flare.dns.records.delete(record.id, zone_id=zone.id)
    assert list(flare.dns.records.list(zone_id=zone.id)) == []
    flare.zones.delete(zone_id=zone.id)
    assert list(flare.zones.list()) == []


def test_cloudflare_raises_for_what_is_not_there_and_for_a_wrong_token(cloud, flare: Cloudflare) -> None:
    before = cloud.everything()
    with pytest.raises(cloudflare.NotFoundError):
        flare.zones.get(zone_id="0" * 32)
    with (
        Cloudflare(api_token="wrong", base_url=f"{cloud.endpoint}/client/v4", max_retries=0) as stranger,
        pytest.raises(cloudflare.AuthenticationError),
    ):
        stranger.zones.list()
    assert cloud.everything() == before


def test_cloudflare_pages_by_itself(cloud, flare: Cloudflare) -> None:
    zone = zone_of(flare, cloud.account)
    for number in range(45):
        body = {"name": f"n{number}", "type": "A", "content": "203.0.113.10"}
        cloud.cf("POST", f"/zones/{zone.id}/dns_records", body)
    first = flare.dns.records.list(zone_id=zone.id, per_page=20)
    assert first.result_info is not None
    assert len(first.result) == 20
    assert len(list(first)) == 45
    assert len(list(flare.dns.records.list(zone_id=zone.id, type="TXT"))) == 0


def test_cloudflare_reads_what_live_checks_ask_for(cloud, flare: Cloudflare) -> None:
    """Settings with their defaults, the entry point of the managed phase, the account's enforcement of two factors, the edge's ranges."""
    zone = zone_of(flare, cloud.account)
    setting = flare.zones.settings.get("min_tls_version", zone_id=zone.id)
    assert setting is not None
    assert setting.value == "1.0"
    flare.zones.settings.edit("min_tls_version", zone_id=zone.id, value="1.2")
    setting = flare.zones.settings.get("min_tls_version", zone_id=zone.id)
    assert setting is not None
    assert setting.value == "1.2"
    with pytest.raises(cloudflare.NotFoundError):
        flare.rulesets.phases.get("http_request_firewall_managed", zone_id=zone.id)
    rule: Any = {"action": "execute", "expression": "true", "action_parameters": {"id": "efb7b8c949ac4650a09736fc376e9aee"}}
    made: Any = flare.rulesets.create(zone_id=zone.id, kind="zone", name="waf", phase="http_request_firewall_managed", rules=[rule])
    entry = flare.rulesets.phases.get("http_request_firewall_managed", zone_id=zone.id)
    assert entry.id == made["id"]  # the client gives what it created as a dictionary, and what it reads as a model
    assert entry.rules[0].enabled is True
    account = flare.accounts.get(account_id=cloud.account)
    assert account is not None
    assert account.settings is not None
    assert account.settings.enforce_twofactor is False
    ranges: Any = flare.ips.list()
    assert "173.245.48.0/20" in ranges.ipv4_cidrs

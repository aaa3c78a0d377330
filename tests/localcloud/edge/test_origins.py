"""What stands behind the edge: who gets in, and with which certificate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.edge import loopback
from localcloud.edge.serving import Edge
from localcloud.edge.world import addresses
from localcloud.servers.authority import Pair, Purpose, issue
from tests.localcloud.edge.conftest import free_port
from tests.localcloud.edge.site import DOMAIN, Site

RESET = "ConnectionResetError"
NO_CERTIFICATE = "TLSV13_ALERT_CERTIFICATE_REQUIRED"


def at_balancer(site: Site, source: str) -> str:
    return site.secure(site.balancer["ip"], site.context(), source=source).failure


@pytest.mark.parametrize(
    ("lists", "from_edge", "from_stranger"),
    [
        ({"allow": ["cidr:173.245.48.0/20"]}, NO_CERTIFICATE, RESET),
        ({"allow": ["ip:173.245.48.1"]}, NO_CERTIFICATE, RESET),
        ({"allow": ["cidr:173.245.48.0/20", "cidr:203.0.113.0/24"]}, NO_CERTIFICATE, NO_CERTIFICATE),
        ({"allow": ["cidr:0.0.0.0/1"]}, RESET, RESET),
        ({"allow": ["cidr:0.0.0.0/1", "cidr:128.0.0.0/1"]}, NO_CERTIFICATE, NO_CERTIFICATE),
        ({"allow": ["cidr:0.0.0.0/0"], "deny": ["cidr:203.0.113.0/24"]}, NO_CERTIFICATE, RESET),
        ({"allow": ["cidr:nonsense"]}, RESET, RESET),
        ({"deny": ["ip:173.245.48.1"]}, RESET, NO_CERTIFICATE),
        ({}, NO_CERTIFICATE, NO_CERTIFICATE),
    ],
)
def test_a_balancer_looks_at_where_a_connection_comes_from(site: Site, lists: dict[str, Any], from_edge: str, from_stranger: str):
    site.change_balancer(firewall=lists)
    assert at_balancer(site, loopback.EDGE_TO_ORIGIN) == from_edge
    assert at_balancer(site, loopback.STRANGER) == from_stranger


def test_a_balancer_that_keeps_the_edge_out_is_down_for_visitors(site: Site):
    site.change_balancer(firewall={"allow": ["cidr:10.0.0.0/8"]})
    assert site.visit().status == 521


@pytest.mark.parametrize(
    "change",
    [
        {"tag": "nobody"},
        {"forwarding_rules": [{"entry_protocol": "https", "entry_port": 8443, "target_port": 443, "tls_passthrough": True}]},
        {"forwarding_rules": [{"entry_protocol": "https", "entry_port": 443, "target_port": 443, "certificate_id": "x"}]},
    ],
)
def test_a_balancer_without_a_host_or_a_passing_rule_serves_nobody(site: Site, change: dict[str, Any]):
    site.change_balancer(**change)
    assert site.visit().status == 521


INSIDE: dict[str, tuple[dict[str, Any], str]] = {
    "a rule names its tag": ({"tags": ["shop-jobs"]}, NO_CERTIFICATE),
    "a rule names the droplet": ({"droplet_ids": "own"}, NO_CERTIFICATE),
    "a rule names its address": ({"addresses": ["127.10.0.0/16"]}, NO_CERTIFICATE),
    "rules name others": ({"tags": ["shop-vault"], "load_balancer_uids": ["x"], "addresses": ["10.0.0.0/8"]}, RESET),
    "the rule is for another port": ({"tags": ["shop-jobs"], "ports": "8000-9000"}, RESET),
    "the rule is for a range that holds the port": ({"tags": ["shop-jobs"], "ports": "400-500"}, NO_CERTIFICATE),
    "the rule is for all ports": ({"tags": ["shop-jobs"], "ports": "all"}, NO_CERTIFICATE),
    "the rule is for UDP": ({"tags": ["shop-jobs"], "protocol": "udp"}, RESET),
}


@pytest.mark.parametrize("case", INSIDE)
def test_a_host_looks_at_its_firewalls(site: Site, case: str):
    said, expected = INSIDE[case]
    jobs = {"name": "jobs-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["shop-jobs"]}
    droplet = site.cloud.ok("POST", "/v2/droplets", jobs)["droplet"]
    sources = {key: [droplet["id"]] if value == "own" else value for key, value in said.items() if key not in ("ports", "protocol")}
    rule = {"protocol": said.get("protocol", "tcp"), "ports": said.get("ports", "443"), "sources": sources}
    site.change(f"/v2/firewalls/{site.firewall['id']}", inbound_rules=[*site.firewall["inbound_rules"], rule])
    (host,) = addresses(site.droplet, "private")
    found = site.secure(host, site.context(), source=addresses(droplet, "private")[0])
    assert found.failure == expected
    assert site.visit().status == 200


def test_a_host_that_no_firewall_covers_is_open_at_its_public_address(site: Site):
    (public,) = addresses(site.droplet, "public")
    assert site.secure(public, site.context(), source=loopback.STRANGER).failure == RESET
    site.cloud.ok("DELETE", f"/v2/firewalls/{site.firewall['id']}")
    assert site.secure(public, site.context(), source=loopback.STRANGER).failure == NO_CERTIFICATE


def test_a_host_trusts_the_zones_certificate_and_no_other_of_the_same_authority(site: Site, tmp_path: Path):
    own = site.config.certificates / f"origin-pull.{DOMAIN}"
    other = issue(
        site.config.authority, Pair(tmp_path / "o.pem", tmp_path / "o.key"), "origin-pull.other.example", Purpose.CLIENT, datetime.now(UTC)
    )
    right, wrong = site.context(), site.context()
    right.load_cert_chain(f"{own}.pem", f"{own}.key")
    wrong.load_cert_chain(other.certificate, other.key)
    arguments = {"source": loopback.EDGE_TO_ORIGIN}
    assert site.secure(site.balancer["ip"], right, **arguments).status == 200
    assert site.secure(site.balancer["ip"], wrong, **arguments).failure == "TLSV1_ALERT_UNKNOWN_CA"
    assert site.secure(site.balancer["ip"], right, **arguments, name="elsewhere.example").failure == "SSLV3_ALERT_HANDSHAKE_FAILURE"


def test_a_host_refuses_tls_1_1(site: Site):
    found = site.secure(site.balancer["ip"], site.context("TLSv1_1"), source=loopback.EDGE_TO_ORIGIN)
    assert found.failure == "TLSV1_ALERT_PROTOCOL_VERSION"


@pytest.mark.parametrize("how", ["switched off", "no certificate of the zone's own"])
def test_an_edge_that_shows_no_certificate_is_refused_by_the_host(site: Site, how: str):
    if how == "switched off":
        site.pulls(enabled=False)
    else:
        (row,) = site.cloud.cf("GET", f"/zones/{site.zone}/origin_tls_client_auth")
        site.cloud.cf("DELETE", f"/zones/{site.zone}/origin_tls_client_auth/{row['id']}")
    assert site.visit().status == 525


@pytest.mark.parametrize(("setting", "status"), [("strict", 526), ("full", 200), ("flexible", 521), ("off", 521)])
def test_ssl_decides_whether_the_origins_certificate_is_checked(site: Site, tmp_path: Path, setting: str, status: int):
    """The origin's certificate is for another name; a plain origin there is none."""
    pair = issue(site.config.authority, Pair(tmp_path / "o.pem", tmp_path / "o.key"), "other.example", Purpose.SERVER, datetime.now(UTC))
    both = tmp_path / "both.pem"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    ports = {name: free_port() for name in ("status_port", "tls_port", "plain_port")}
    wrong = Edge(replace(site.config, origin_certificate=both, **ports))
    try:
        wrong.follow(wrong.now())
        site.set("ssl", setting)
        assert Site(site.cloud, wrong).visit().status == status
    finally:
        wrong.stop()


def test_addresses_that_are_gone_are_listened_on_no_more(site: Site):
    site.cloud.ok("DELETE", f"/v2/load_balancers/{site.balancer['id']}")
    site.follow()
    assert at_balancer(site, loopback.EDGE_TO_ORIGIN) == "ConnectionRefusedError"

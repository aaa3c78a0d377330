"""The edge does what the zone says: one real connection a setting, right and broken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localcloud.edge import loopback
from localcloud.edge.serving import Edge
from tests.localcloud.edge.conftest import free_port
from tests.localcloud.edge.site import DOMAIN, NAME, Site

OLD_FIRST = ("TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3")
SPOKEN = {"TLSv1": "TLSv1", "TLSv1_1": "TLSv1.1", "TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}


def test_a_compliant_site_serves_its_page_through_the_edge(site: Site):
    answer = site.visit()
    assert (answer.status, answer.version) == (200, "TLSv1.3")
    assert answer.headers["server"] == "kept-local-edge"


@pytest.mark.parametrize("lowest", range(4))
def test_every_version_from_the_lowest_on_is_spoken_and_every_older_one_is_refused(site: Site, lowest: int):
    """The refusal is the alert protocol_version, nothing else."""
    site.set("min_tls_version", ("1.0", "1.1", "1.2", "1.3")[lowest])
    for number, version in enumerate(OLD_FIRST):
        answer = site.visit(version=version)
        if number >= lowest:
            assert (answer.status, answer.version) == (200, SPOKEN[version])
        else:
            assert answer.failure == "TLSV1_ALERT_PROTOCOL_VERSION"


def test_tls_1_3_can_be_switched_off(site: Site):
    site.set("tls_1_3", "off")
    assert site.visit().version == "TLSv1.2"
    assert site.visit(version="TLSv1_3").failure == "TLSV1_ALERT_PROTOCOL_VERSION"
    site.set("min_tls_version", "1.3")
    assert site.visit().status == 0


def test_plain_visits_are_redirected_or_go_to_the_origins_plain_port(site: Site):
    redirected = site.plainly("/a?b=c")
    assert (redirected.status, redirected.headers["location"]) == (301, f"https://{NAME}/a?b=c")
    site.set("always_use_https", "off")
    assert site.plainly().status == 521  # the balancer has no plain entry


def test_hsts_is_what_the_zone_says(site: Site):
    assert "strict-transport-security" not in site.visit().headers
    hsts = {"enabled": True, "max_age": 31536000, "include_subdomains": True, "preload": False, "nosniff": True}
    site.set("security_header", {"strict_transport_security": hsts})
    headers = site.visit().headers
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("away", ["record", "zone"])
def test_a_name_that_is_not_proxied_leads_straight_to_the_origin(site: Site, away: str):
    """From the visitor's own address: the balancer lets only the edge in; open, the host still demands the edge's certificate."""
    if away == "record":
        site.change_record(proxied=False)
    else:
        site.cloud.cf("PATCH", f"/zones/{site.zone}", {"paused": True})
    assert site.visit().failure == "ConnectionResetError"
    site.change_balancer(firewall={})
    assert site.visit().failure == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert site.plainly().status == 404


def test_names_that_nobody_declared_are_refused(site: Site):
    for name in (f"other.{DOMAIN}", "elsewhere.example"):
        assert site.visit(name=name).failure == "SSLV3_ALERT_HANDSHAKE_FAILURE"


def test_a_wildcard_record_serves_its_names(site: Site):
    record = {"name": f"*.{DOMAIN}", "type": "CNAME", "content": NAME, "proxied": True}
    site.cloud.cf("POST", f"/zones/{site.zone}/dns_records", record)
    assert site.visit(name=f"other.{DOMAIN}").status == 200


def test_a_name_that_leads_nowhere_says_so(site: Site):
    record = {"name": f"lost.{DOMAIN}", "type": "CNAME", "content": "nowhere.example", "proxied": True}
    site.cloud.cf("POST", f"/zones/{site.zone}/dns_records", record)
    assert site.visit(name=f"lost.{DOMAIN}").status == 530


def test_a_visitor_cannot_ask_for_another_name_than_that_of_the_connection(site: Site):
    assert site.secure(loopback.EDGE, site.context(), source=loopback.STRANGER, host=f"other.{DOMAIN}").status == 421


def test_when_the_cloud_does_not_answer_nobody_is_served(site: Site):
    """An edge that cannot learn its settings invents none."""
    ports = {name: free_port() for name in ("status_port", "tls_port", "plain_port")}
    alone = Edge(replace(site.config, clouds="http://127.0.0.1:9", **ports))
    try:
        assert Site(site.cloud, alone).visit().status == 0
    finally:
        alone.stop()

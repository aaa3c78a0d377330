"""Hygiene over what the clouds list: the same judges, fed by paged reads; what cannot be read is unknown and spoils nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from policies.hygiene.judging import judge_live
from policies.hygiene.live import sources
from policies.hygiene.standing import Finding, Standing, of_results
from policies.kinds import ACCOUNT_TOKEN, CERTIFICATE, DROPLET, KINDS, MEMBER, ORIGIN_CERTIFICATE, RECORD, ZONE
from policies.readers.live import Source
from policies.readers.state import Stack
from promises.hygiene import choices, rules
from promises.loading import load_catalog
from promises.observations import Outcome, Surface
from services.clients import Clients
from services.errors import Refused
from services.settings import Settings
from tests.policies.controls.compliant import drop, put, without
from tests.policies.controls.test_live import Cloud
from tests.policies.hygiene.compliant import dkim, stack

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = replace(load_catalog("illumacom", None), hygiene=choices(None))


def listing(seen: Stack, **failing: Exception) -> dict[str, Source]:
    """Sources that list a stack's resources by kind; those named fail, by the kind's last word."""

    def source(kind: str) -> Source:
        def read() -> Any:
            if error := failing.get(kind.rpartition(":")[2]):
                raise error
            return seen.of(kind)

        return read

    return {kind: source(kind) for kind in KINDS}


def stands(read: Mapping[str, Source]) -> dict[str, Finding]:
    return {each.choice.rule.id: each for each in of_results(judge_live(read, CATALOG, NOW, lambda: NOW))}


def test_the_same_judges_pass_what_is_right() -> None:
    found = stands(listing(stack()))
    assert set(found) == {name for name, rule in rules().items() if Surface.LIVE in rule.surfaces}
    assert {each.standing for each in found.values()} == {Standing.PASS}


def test_a_failure_is_mended_on_the_console() -> None:
    found = stands(listing(stack(put("tls_1_3", "value", "off"))))
    assert found["zone.tls13"].bad[0].mend == rules()["zone.tls13"].remediation.console


def test_a_default_is_no_answer_of_the_clouds() -> None:
    """Every setting is listed by the cloud: one that is not there was not told."""
    found = stands(listing(stack(without("browser_check"), without("universal"))))
    assert found["zone.browser-check"].standing is Standing.UNKNOWN
    assert found["zone.universal-ssl"].standing is Standing.UNKNOWN


def test_a_registrar_that_does_not_play_along_fails() -> None:
    assert stands(listing(stack(put("dnssec", "status", "pending"))))["dns.dnssec"].standing is Standing.FAIL


MEMBERS: dict[str, tuple[Any, Standing]] = {
    "one without a second factor": (put("owner", "secondFactor", False), Standing.FAIL),
    "one of whom it is not told": (drop("owner", "secondFactor"), Standing.UNKNOWN),
    "one of whom something else is told": (put("owner", "secondFactor", "on"), Standing.UNKNOWN),
    "nobody at all": (without("owner"), Standing.UNKNOWN),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_members_are_counted_and_never_named(case: str) -> None:
    change, standing = MEMBERS[case]
    found = stands(listing(stack(change)))["account.two-factor"]
    assert found.standing is standing
    assert [each.subject for each in found.bad] == ["members"]


NEEDS = {
    DROPLET: "host.monitoring",
    RECORD: "mail.spf",
    ZONE: "zone.tls13",
    MEMBER: "account.two-factor",
    ACCOUNT_TOKEN: "account.token-expiry",
}


@pytest.mark.parametrize("kind", NEEDS)
@pytest.mark.parametrize("error", [Refused("no", "ask"), RuntimeError("secret"), KeyError("id")])
def test_what_cannot_be_read_is_unknown_and_the_rest_is_judged(kind: str, error: Exception) -> None:
    found = stands(listing(stack(), **{kind.rpartition(":")[2]: error}))
    assert found[NEEDS[kind]].standing is Standing.UNKNOWN
    assert found["database.version"].standing is Standing.PASS
    assert "secret" not in " ".join(found[NEEDS[kind]].reasons)


def test_a_certificate_that_ends_is_told_though_others_cannot_be_read() -> None:
    changed = stack(put("served", "notAfter", "2026-11-24T00:00:00Z"))
    found = stands(listing(changed, OriginCaCertificate=Refused("no", "ask")))["certificate.expiry"]
    assert [each.outcome for each in found.bad] == [Outcome.UNKNOWN, Outcome.FAIL]
    assert {CERTIFICATE, ORIGIN_CERTIFICATE} <= KINDS.keys()


def test_each_source_is_read_once() -> None:
    reads: list[str] = []

    def counted(kind: str, source: Source) -> Source:
        def read() -> Any:
            reads.append(kind)
            return source()

        return read

    stands({kind: counted(kind, source) for kind, source in listing(stack()).items()})
    assert len(reads) == len(set(reads))


def test_what_is_off_is_not_read() -> None:
    off = tuple(replace(each, off="no") if each.rule.id.startswith("account.") else each for each in CATALOG.hygiene)
    reads: list[str] = []

    def source(kind: str) -> Source:
        def read() -> Any:
            reads.append(kind)
            return ()

        return read

    of_results(judge_live({kind: source(kind) for kind in KINDS}, replace(CATALOG, hygiene=off), NOW, lambda: NOW))
    assert MEMBER not in reads
    assert DROPLET in reads


@pytest.fixture
def cloud(local: Settings) -> Iterator[Cloud]:
    made = Cloud(local)
    made.call("POST", "/__local__/reset", {})
    yield made
    made.heal()
    made.call("POST", "/__local__/reset", {})
    made.close()


HTTPS = {"protocol": "tcp", "ports": "443", "sources": {"addresses": ["173.245.48.0/20"]}}


def furnish(cloud: Cloud) -> dict[str, Any]:
    """A small platform as good hygiene has it, made over the clouds' own APIs."""
    vpc = cloud.make("vpcs", "vpc", name="app", region="nyc3", ip_range="10.10.0.0/20")["id"]
    common = {"region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "vpc_uuid": vpc}
    droplet = cloud.make("droplets", "droplet", name="web0", **common, tags=["web"], monitoring=True, backups=True)
    cloud.make("firewalls", "firewall", name="web", tags=["web"], inbound_rules=[HTTPS], outbound_rules=[])
    cluster = cloud.make(
        "databases", "database", name="shop", engine="pg", version="17", size="db-s-2vcpu-4gb", region="nyc3", num_nodes=2,
        private_network_uuid=vpc,
    )["id"]  # fmt: skip
    cloud.call("PUT", f"/v2/databases/{cluster}/maintenance", {"day": "sunday", "hour": "03:00:00"})
    zone = cloud.edge("POST", "zones", name="illumacom.example", account={"id": cloud.account}, type="full")["id"]
    hsts = {
        "strict_transport_security": {"enabled": True, "max_age": 31536000, "include_subdomains": True, "preload": True, "nosniff": True}
    }
    cloud.edge("PATCH", f"zones/{zone}/settings/security_header", value=hsts)
    cloud.edge("PATCH", f"zones/{zone}/dnssec", status="active")
    cloud.edge("PUT", f"zones/{zone}/bot_management", fight_mode=True)
    address = droplet["networks"]["v4"][0]["ip_address"] if droplet["networks"]["v4"] else None
    parts = {"zone": zone, "droplet": droplet["id"], "address": address, "cluster": cluster}
    for name, kind, content in (
        ("illumacom.example", "TXT", '"v=spf1 mx -all"'),
        ("_dmarc.illumacom.example", "TXT", '"v=DMARC1; p=reject"'),
        ("k1._domainkey.illumacom.example", "TXT", dkim()),
    ):
        cloud.edge("POST", f"zones/{zone}/dns_records", name=name, type=kind, content=content, ttl=300)
    caa = {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}
    cloud.edge("POST", f"zones/{zone}/dns_records", name="illumacom.example", type="CAA", data=caa, ttl=300)
    return parts


def asked(settings: Settings) -> dict[str, Finding]:
    clients = Clients(settings)
    try:
        return stands(sources(clients))
    finally:
        clients.digitalocean.close()
        clients.cloudflare.close()


READ = {
    "dns.dnssec", "dns.caa", "dns.wildcard", "dns.dangling", "dns.internal", "mail.spf", "mail.dkim", "mail.dmarc",
    "zone.hsts", "zone.tls13", "zone.universal-ssl", "zone.browser-check", "zone.development-mode", "zone.bot-fight",
    "host.backups", "host.monitoring", "host.firewall", "host.firewall-tags", "database.version", "database.maintenance",
}  # fmt: skip
"""What the platform above has, and so must pass."""


def test_a_clean_platform_passes_through_the_official_clients(local: Settings, cloud: Cloud) -> None:
    furnish(cloud)
    found = asked(local)
    assert {name: found[name].reasons for name in READ if found[name].standing is not Standing.PASS} == {}
    absent = {"kubernetes.sso", "kubernetes.version", "address.unattached"}
    assert {found[name].standing for name in absent} == {Standing.NOT_APPLICABLE}


Drift = Callable[[Cloud, dict[str, Any]], Any]


def _record(name: str, kind: str, content: str) -> Drift:
    return lambda cloud, parts: cloud.edge("POST", f"zones/{parts['zone']}/dns_records", name=name, type=kind, content=content, ttl=300)


def _setting(name: str, value: Any) -> Drift:
    return lambda cloud, parts: cloud.edge("PATCH", f"zones/{parts['zone']}/settings/{name}", value=value)


def _stray(cloud: Cloud, _: Any) -> None:
    cloud.make("droplets", "droplet", name="stray", region="nyc3", size="s-1vcpu-1gb", image="debian-12-x64", tags=["nobody"])


DRIFTS: dict[str, tuple[Drift, set[str]]] = {
    "DNSSEC switched off": (
        lambda cloud, parts: cloud.edge("PATCH", f"zones/{parts['zone']}/dnssec", status="disabled"),
        {"dns.dnssec"},
    ),
    "a name left behind": (_record("old.illumacom.example", "A", "198.18.0.99"), {"dns.dangling"}),
    "a name inside": (_record("vault.illumacom.example", "A", "10.10.0.5"), {"dns.internal"}),
    "a wildcard": (_record("*.illumacom.example", "CNAME", "illumacom.example"), {"dns.wildcard"}),
    "mail from everywhere": (_record("illumacom.example", "TXT", '"v=spf1 +all"'), {"mail.spf"}),
    "TLS 1.3 off": (_setting("tls_1_3", "off"), {"zone.tls13"}),
    "development mode": (_setting("development_mode", "on"), {"zone.development-mode"}),
    "browser integrity off": (_setting("browser_check", "off"), {"zone.browser-check"}),
    "bots welcome": (
        lambda cloud, parts: cloud.edge("PUT", f"zones/{parts['zone']}/bot_management", fight_mode=False),
        {"zone.bot-fight"},
    ),
    "universal SSL off": (
        lambda cloud, parts: cloud.edge("PATCH", f"zones/{parts['zone']}/ssl/universal/settings", enabled=False),
        {"zone.universal-ssl"},
    ),
    "a stray host": (_stray, {"host.backups", "host.monitoring", "host.firewall"}),
    "an address of nobody": (lambda cloud, _: cloud.make("reserved_ips", "reserved_ip", region="nyc3"), {"address.unattached"}),
    "an old engine": (
        lambda cloud, parts: cloud.change(f"v2/databases/{parts['cluster']}", version="14"),
        {"database.version"},
    ),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_what_changed_behind_our_back_is_found(local: Settings, cloud: Cloud, case: str) -> None:
    parts = furnish(cloud)
    drift, expected = DRIFTS[case]
    drift(cloud, parts)
    found = asked(local)
    judged = READ | {"address.unattached"}
    assert {name for name in judged if found[name].standing is Standing.FAIL} == expected


@pytest.mark.parametrize("status", [403, 500])
def test_a_cloud_that_refuses_is_unknown_and_never_a_pass(local: Settings, cloud: Cloud, status: int) -> None:
    furnish(cloud)
    for path in ("/v2/droplets", "/client/v4/zones"):
        cloud.fail(path, status, 200)
    found = asked(local)
    assert {found[name].standing for name in READ - {"database.version", "database.maintenance"}} == {Standing.UNKNOWN}

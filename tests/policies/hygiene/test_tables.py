"""The tables that rules decide by, entry by entry, and the words in which findings are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.hygiene.base import told
from policies.hygiene.certificates import moment
from policies.hygiene.standing import Standing
from policies.kinds import APP, AUTOSCALE, NODE_POOL
from promises.hygiene import rules
from promises.observations import Outcome
from tests.policies.controls.compliant import Change, drop, plus, put, without
from tests.policies.hygiene.cases import UNKNOWN
from tests.policies.hygiene.compliant import says, stack
from tests.policies.hygiene.test_plan import choosing, observations, results, stand

POSTGRES = {"13": "2025-05-13", "14": "2026-05-12", "15": "2027-05-12", "16": "2028-05-09", "17": "2029-05-08"}
"""When each major version stops being available: DigitalOcean's API description."""

KUBERNETES = {
    "1.31": "2025-11-11",
    "1.32": "2026-02-28",
    "1.33": "2026-06-28",
    "1.34": "2026-10-27",
    "1.35": "2027-02-28",
    "1.36": "2027-06-28",
}
"""When each release ends: kubernetes.io/releases."""


@pytest.mark.parametrize(
    ("rule", "name", "version", "end", "notice"),
    [
        *(("database.version", "db", version, end, 90) for version, end in POSTGRES.items()),
        *(("kubernetes.version", "k8s", version, end, 30) for version, end in KUBERNETES.items()),
    ],
)
def test_a_version_fails_from_its_notice_on_and_not_a_day_before(rule: str, name: str, version: str, end: str, notice: int) -> None:
    seen = stack(put(name, "version", f"{version}.2"))
    first = datetime.fromisoformat(end).replace(tzinfo=UTC) - timedelta(days=notice)
    assert stand(results(seen, now=first)[rule]) is Standing.FAIL
    assert stand(results(seen, now=first - timedelta(days=1))[rule]) is Standing.PASS


@pytest.mark.parametrize(
    "address",
    [
        *("0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.9", "169.254.1.1", "172.16.0.1"),
        *("172.31.9.9", "192.168.1.1", "::", "::1", "fc00::1", "fdff::1", "fe80::1", "::ffff:192.168.0.1"),
    ],
)
def test_an_address_that_never_is_public_fails(address: str) -> None:
    kind = "AAAA" if ":" in address else "A"
    assert stand(results(stack(says("x", kind, address)))["dns.internal"]) is Standing.FAIL


@pytest.mark.parametrize("address", ["9.255.255.255", "11.0.0.0", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.0.2.1", "2001:db8::1"])
def test_an_address_beside_those_does_not(address: str) -> None:
    kind = "AAAA" if ":" in address else "A"
    assert stand(results(stack(says("x", kind, address)))["dns.internal"]) is Standing.PASS


@pytest.mark.parametrize("address", ["192.0.2.9", "198.51.100.9", "203.0.113.99", "100::9", "2001:db8::9"])
def test_a_placeholder_stands_for_the_edge_behind_its_proxy_alone(address: str) -> None:
    kind = "AAAA" if ":" in address else "A"
    assert stand(results(stack(says("x", kind, address, proxied=True)))["dns.dangling"]) is Standing.PASS
    assert stand(results(stack(says("x", kind, address, proxied=False)))["dns.dangling"]) is Standing.FAIL


@pytest.mark.parametrize("kind", ["A", "AAAA", "CNAME", "NS", "MX", "HTTPS", "SVCB"])
def test_a_wildcard_of_each_type_that_leads_anywhere_fails(kind: str) -> None:
    assert stand(results(stack(says("*", kind, "somewhere")))["dns.wildcard"]) is Standing.FAIL


HELD: dict[str, tuple[Change, ...]] = {
    "a host's IPv6 address": (put("web0", "ipv6Address", "2604:a880::1"), says("x", "AAAA", "2604:a880:0:0::1")),
    "the balancer's IPv6 address": (put("lb", "ipv6", "2604:a880::2"), says("x", "AAAA", "2604:a880::2")),
    "an app by its ingress": (
        plus("beta", APP, defaultIngress="https://beta-x1.ondigitalocean.app/"),
        says("x", "CNAME", "beta-x1.ondigitalocean.app"),
    ),
    "another app beside it": (
        plus("alpha", APP, liveUrl="https://www.example.org", defaultIngress="https://alpha-x1.ondigitalocean.app"),
        says("x", "CNAME", "alpha-x1.ondigitalocean.app"),
    ),
    "a name two labels below a wildcard": (says("*.dev", "TXT", "x"), says("x", "CNAME", "a.dev.example.com")),
}


@pytest.mark.parametrize("case", HELD)
def test_a_record_may_lead_to_whatever_is_held(case: str) -> None:
    assert stand(results(stack(*HELD[case]))["dns.dangling"]) is Standing.PASS


NAMES: dict[str, tuple[Change, str]] = {
    "a CAA's name": (put("caa", "name", UNKNOWN), "dns.caa"),
    "a CAA's type": (put("caa", "type", UNKNOWN), "dns.caa"),
    "a record's name": (put("app", "name", UNKNOWN), "dns.wildcard"),
    "a record's type": (put("app", "type", UNKNOWN), "dns.wildcard"),
    "a record's type, for what is inside": (put("app", "type", UNKNOWN), "dns.internal"),
    "a record's name, for where it leads": (put("app", "name", UNKNOWN), "dns.dangling"),
    "a record's type, for where it leads": (put("app", "type", UNKNOWN), "dns.dangling"),
    "a text's name": (put("token", "name", UNKNOWN), "mail.spf"),
    "a text's type": (put("token", "type", UNKNOWN), "mail.spf"),
    "an SPF's content, for the keys": (put("spf", "content", UNKNOWN), "mail.dkim"),
    "a key's type": (put("dkim", "type", UNKNOWN), "mail.dkim"),
    "an engine": (put("db", "engine", UNKNOWN), "database.version"),
    "a release that nobody says": (drop("k8s", "version"), "kubernetes.version"),
    "an address that is given to a host": (put("reserved", "ipAddress", UNKNOWN), "dns.dangling"),
    "a tag of a pool that grows": (plus("grown", AUTOSCALE, dropletTemplate={"tags": [UNKNOWN]}), "host.firewall-tags"),
    "what a pool that grows is made of": (plus("grown", AUTOSCALE, dropletTemplate=UNKNOWN), "host.firewall-tags"),
    "a tag of a pool of nodes": (plus("nodes", NODE_POOL, tags=[UNKNOWN]), "host.firewall-tags"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_part_that_is_not_known_leaves_its_rule_open(case: str) -> None:
    change, rule = NAMES[case]
    extra = (says("y", "CNAME", "x.ondigitalocean.app"), says("z", "A", "8.8.4.4")) if rule == "dns.dangling" else ()
    result = results(stack(change, *extra))[rule]
    assert Outcome.UNKNOWN in {each.outcome for each in observations(result)}
    assert result.run is not None
    assert result.run.complete


OBSERVED: dict[str, tuple[Change, str, str]] = {
    "DNSSEC that says nothing": (drop("dnssec", "status"), "dns.dnssec", "status not set"),
    "DNSSEC off": (put("dnssec", "status", "disabled"), "dns.dnssec", "status disabled"),
    "a switch left out": (without("tls_1_3"), "zone.tls13", "not set"),
    "a switch off": (put("tls_1_3", "value", "off"), "zone.tls13", "off"),
    "a host that says nothing": (drop("web0", "monitoring"), "host.monitoring", "not set"),
    "a host that says no": (put("web0", "monitoring", False), "host.monitoring", "off"),
    "an account that says nothing": (drop("account", "settings.enforceTwofactor"), "account.two-factor", "not set"),
    "an account that says no": (put("account", "settings.enforceTwofactor", False), "account.two-factor", "off"),
    "a cluster that says nothing": (drop("k8s", "autoUpgrade"), "kubernetes.auto-upgrade", "not set"),
    "a cluster that says no": (put("k8s", "autoUpgrade", False), "kubernetes.auto-upgrade", "off"),
    "single sign-on beside tokens": (put("k8s", "ssos.0.required", False), "kubernetes.sso", "not required: tokens still do"),
    "no single sign-on": (drop("k8s", "ssos"), "kubernetes.sso", "not set"),
    "an SPF without an end": (put("spf", "content", "v=spf1 mx"), "mail.spf", "ends without a refusal"),
    "an SPF with a wrong end": (put("spf", "content", "v=spf1 ?all"), "mail.spf", "ends in ?all"),
    "a short key": (put("dkim", "content", "v=DKIM1; p=AAAA"), "mail.dkim", "k1._domainkey.example.com: its key cannot be read"),
    "half a policy": (put("dmarc", "content", "v=DMARC1; sp=none"), "mail.dmarc", "p=not set; sp=none"),
    "HSTS in two faults": (
        put("security_header", "value", {"strict_transport_security": {"enabled": True}}),
        "zone.hsts",
        "max-age not set; names below not included",
    ),
    "a life cycle in two faults": (
        put("files", "lifecycleRules", [{"enabled": True}]),
        "bucket.lifecycle",
        "abandoned uploads stay; old versions stay",
    ),
    "no life cycle": (put("files", "lifecycleRules", []), "bucket.lifecycle", "no rule for the whole bucket is in force"),
    "a key of another kind that is said to be RSA": (
        put("dkim", "content", "v=DKIM1; k=rsa; p=MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
        "mail.dkim",
        "k1._domainkey.example.com: its key cannot be read",
    ),
    "a wildcard": (says("*", "CNAME", "example.com"), "dns.wildcard", "CNAME to example.com"),
}


@pytest.mark.parametrize("case", OBSERVED)
def test_a_finding_says_what_was_seen(case: str) -> None:
    change, rule, words = OBSERVED[case]
    failing = [each.observed for each in observations(results(stack(change))[rule]) if each.outcome is Outcome.FAIL]
    assert failing == [words]


@pytest.mark.parametrize(("name", "rule"), [("db", "database.version"), ("k8s", "kubernetes.version")])
def test_a_version_that_comes_later_is_said_to(name: str, rule: str) -> None:
    assert [each.observed for each in observations(results(stack(put(name, "version", UNKNOWN)))[rule])] == ["not known yet"]


def test_a_pass_says_what_it_rests_on() -> None:
    found = results(stack(without("browser_check"), says("@", "CAA", '0 issue ";"')))
    words = {name: observations(found[name])[0].observed for name in ("zone.browser-check", "dns.caa", "zone.tls13", "certificate.expiry")}
    assert words["zone.browser-check"] == "not said: Cloudflare's default is on"
    assert words["dns.caa"] == "allows letsencrypt.org, nobody"
    assert words["zone.tls13"] == "on"
    assert words["certificate.expiry"].startswith("ends on 2027-0")


@pytest.mark.parametrize(("seen", "words"), [(None, "not set"), (True, "on"), (False, "off"), ("strict", "strict"), (3, "3")])
def test_settings_are_told_as_the_clouds_write_them(seen: Any, words: str) -> None:
    assert told(seen) == words


MOMENTS: dict[str, Any] = {
    "2027-01-31T05:20:00Z": datetime(2027, 1, 31, 5, 20, tzinfo=UTC),
    "2027-01-31 05:20:00 +0000 UTC": datetime(2027, 1, 31, 5, 20, tzinfo=UTC),
    "2027-01-31T06:20:00+01:00": datetime(2027, 1, 31, 5, 20, tzinfo=UTC),
    "2027-01-31T05:20:00": None,
    "2027-01-31": None,
    "soon": None,
    "": None,
}


@pytest.mark.parametrize("text", MOMENTS)
def test_a_time_is_read_with_its_zone_or_not_at_all(text: str) -> None:
    assert moment(text) == MOMENTS[text]


def test_a_failure_is_mended_in_the_program_and_nothing_else_is_mended() -> None:
    found = results(stack(put("tls_1_3", "value", "off"), put("browser_check", "value", UNKNOWN)))
    assert observations(found["zone.tls13"])[0].mend.startswith("declare `cloudflare.ZoneSetting")
    assert observations(found["zone.browser-check"])[0].mend == observations(found["zone.hsts"])[0].mend == ""


def test_the_page_of_the_rules_tells_each_with_its_severity() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/hygiene.md").read_text(encoding="utf-8")
    told_of = dict(re.findall(r"^\| `([a-z0-9.-]+)` \| (\w+) \| .+ \|$", page, re.MULTILINE))
    assert told_of == {name: rule.severity.value for name, rule in rules().items()}
    assert f"{len(rules())} rules" in page


def test_a_zone_with_a_wrong_record_is_not_also_well() -> None:
    outcomes = [each.outcome for each in observations(results(stack(says("*", "A", "198.18.0.10")))["dns.wildcard"])]
    assert outcomes == [Outcome.FAIL]


def test_what_is_expected_of_a_bucket_follows_what_it_keeps() -> None:
    kept = results(stack(), choosing("bucket.lifecycle", keeps_versions=("shop-files",)))["bucket.lifecycle"]
    assert [each.expected for each in observations(kept)] == ["abandoned uploads end"]
    assert [each.expected for each in observations(results(stack())["bucket.lifecycle"])] == ["abandoned uploads and old versions end"]

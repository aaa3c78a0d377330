"""The controls of the probes against the real local edge: what complies passes, each setting broken is met, silence proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from localcloud.edge import loopback
from localcloud.edge.world import addresses
from policies.controls import probes_edge, probes_transport
from policies.controls.base import Question
from policies.controls.probes_edge import blocked, demanded, served, shut
from policies.controls.probes_transport import plain, told
from policies.probes import places
from policies.probes.tls import Offer
from policies.probes.web import Met, Page
from promises.loading import load_catalog
from promises.model import Catalog
from promises.observations import Observation, Outcome
from services.clients import Clients
from services.probe_settings import Probes
from services.settings import Settings
from tests.localcloud.edge.site import MANAGED_RULES, NAME, Site
from tests.policies.probes.servers import Authority, closed_port, context, serving

PASS, FAIL, UNKNOWN, ABSENT = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
CATALOG = load_catalog("illumacom", None)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
EDGE_HEADERS = {"cf-ray": "1"}


def clients(environment: str = "local", **probes: Any) -> Clients:
    cloud = {"endpoint": "https://cloud.example", "token_file": "/none"}
    document = {
        "schema_version": 1,
        "environment": environment,
        "platform": "illumacom",
        "data": "/none",
        "digitalocean": cloud,
        "cloudflare": {**cloud, "account_id": "a"},
        "objects": {"endpoint": "https://s3.example", "region": "us-east-1", "ca_file": "/none", "identities": {}},
        "database": {"host": "db", "port": 1, "name": "n", "user": "u", "password_file": "/none", "ca_file": "/none"},
        "vault": {"address": "https://vault.example", "ca_file": "/none", "roles": {}},
        "evidence": {"origin": "o", "bucket": "e"},
        "backups": {"bucket": "b"},
        "probes": probes,
    }
    return Clients(Settings.model_validate(document))


def declared(site: Site) -> dict[str, Any]:
    """What a local run would declare of the site, with a jobs host to come from."""
    jobs = {"name": "jobs-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["shop-jobs"]}
    droplet = site.cloud.ok("POST", "/v2/droplets", jobs)["droplet"]
    rule = {"protocol": "tcp", "ports": "443", "sources": {"tags": ["shop-jobs"]}}
    site.change(f"/v2/firewalls/{site.firewall['id']}", inbound_rules=[*site.firewall["inbound_rules"], rule])
    port, ca_file = site.config.tls_port, str(site.config.authority / "ca.pem")
    (private,), (public,), (source,) = (
        addresses(site.droplet, "private"),
        addresses(site.droplet, "public"),
        addresses(droplet, "private"),
    )
    return {
        "source": loopback.STRANGER,
        "ca_file": ca_file,
        "names": {NAME: {"host": loopback.EDGE, "port": port}},
        "origins": {
            "balancer": {"host": site.balancer["ip"], "port": port, "name": NAME},
            "droplet": {"host": public, "port": port, "name": NAME},
        },
        "hosts": {"web-1": {"host": private, "port": port, "name": NAME, "source": source, "ca_file": ca_file}},
    }


def question(promise: str, catalog: Catalog = CATALOG, **parameters: Any) -> Question:
    found = catalog.promise(promise)
    return Question(replace(found, parameters={**found.parameters, **parameters}), catalog, NOW)


TLS, EDGE = question("transport.tls"), question("edge.waf-and-ddos")


def outcomes(observations: Iterator[Observation]) -> dict[str, Outcome]:
    return {each.subject: each.outcome for each in observations}


def everything(given: Clients) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for check, asked in (
        (probes_transport.probe, TLS),
        (probes_transport.probe_inside, TLS),
        (probes_edge.probe, EDGE),
        (probes_edge.origin_probe, EDGE),
        (probes_edge.origin_certificate, EDGE),
    ):
        found |= outcomes(check(given, asked))
    return found


COMPLIANT = {
    f"TLS to edge: {NAME}": PASS,
    "TLS to balancer to web-1": PASS,
    f"attack on {NAME}": PASS,
    "origin balancer": PASS,
    "origin droplet": PASS,
    "host web-1": PASS,
}


def test_a_compliant_platform_passes_every_probe(site: Site):
    assert everything(clients(**declared(site))) == COMPLIANT


def lower_tls(site: Site) -> None:
    site.set("min_tls_version", "1.0")


def allow_tls_1_1(site: Site) -> None:
    site.set("min_tls_version", "1.1")


def disable_the_rules(site: Site) -> None:
    site.rules("http_request_firewall_managed", [{**each, "enabled": False} for each in MANAGED_RULES])


def skip_the_rules(site: Site) -> None:
    skip = {"action": "skip", "expression": "true", "action_parameters": {"phases": ["http_request_firewall_managed"]}}
    site.rules("http_request_firewall_custom", [skip])


def only_log(site: Site) -> None:
    logged = {"overrides": {"action": "log"}}
    rules = [{**each, "action_parameters": {**each["action_parameters"], **logged}} for each in MANAGED_RULES]
    site.rules("http_request_firewall_managed", rules)


def block_everything(site: Site) -> None:
    site.rules("http_request_firewall_custom", [{"action": "block", "expression": "true"}])


def show_no_certificate(site: Site) -> None:
    site.pulls(enabled=False)


def unproxy(site: Site) -> None:
    site.change_record(proxied=False)


def open_the_balancer(site: Site) -> None:
    site.change_balancer(firewall={})


def open_the_host(site: Site) -> None:
    site.cloud.ok("DELETE", f"/v2/firewalls/{site.firewall['id']}")


def shut_the_host_to_jobs(site: Site) -> None:
    site.change(f"/v2/firewalls/{site.firewall['id']}", inbound_rules=site.firewall["inbound_rules"])


def take_the_host_away(site: Site) -> None:
    site.change_balancer(tag="nobody")


DOWN = {f"attack on {NAME}": UNKNOWN, "origin balancer": UNKNOWN, "origin droplet": UNKNOWN, "host web-1": UNKNOWN}

BROKEN: dict[str, tuple[Callable[[Site], None], dict[str, Outcome]]] = {
    "the edge speaks TLS 1.0": (lower_tls, {f"TLS to edge: {NAME}": FAIL}),
    "the edge speaks TLS 1.1": (allow_tls_1_1, {f"TLS to edge: {NAME}": FAIL}),
    "the rules are disabled": (disable_the_rules, {f"attack on {NAME}": FAIL}),
    "a rule skips them": (skip_the_rules, {f"attack on {NAME}": FAIL}),
    "they only log": (only_log, {f"attack on {NAME}": FAIL}),
    "everything is blocked, so that a block says nothing": (block_everything, DOWN),
    "the edge shows no certificate, so the site is down": (show_no_certificate, DOWN),
    "the name leads past the edge": (unproxy, {**DOWN, f"TLS to edge: {NAME}": UNKNOWN}),
    "the balancer is open, but the host demands the certificate": (open_the_balancer, {}),
    "the host is open, but demands the certificate": (open_the_host, {}),
    "the host is kept from the jobs host": (shut_the_host_to_jobs, {"TLS to balancer to web-1": UNKNOWN, "host web-1": UNKNOWN}),
    "no host is behind the balancer": (take_the_host_away, {**DOWN, "TLS to balancer to web-1": UNKNOWN}),
}


@pytest.mark.parametrize("case", BROKEN)
def test_each_setting_broken_is_met_by_its_probe(site: Site, case: str):
    change, expected = BROKEN[case]
    given = clients(**declared(site))
    change(site)
    site.follow()
    assert everything(given) == {**COMPLIANT, **expected}


def test_a_figure_of_tls_1_3_is_probed_with_tls_1_2(site: Site):
    given, stricter = clients(**declared(site)), question("transport.tls", minimum_version="TLS 1.3")
    assert outcomes(probes_transport.probe(given, stricter)) == {f"TLS to edge: {NAME}": FAIL}
    site.set("min_tls_version", "1.3")
    assert outcomes(probes_transport.probe(given, stricter)) == {f"TLS to edge: {NAME}": PASS}


def test_where_nothing_is_declared_nothing_is_proven():
    assert set(everything(clients()).values()) == {UNKNOWN}
    assert len(everything(clients())) == 4


def test_where_nobody_answers_nothing_is_proven(made: Authority):
    place = {"host": "127.0.0.1", "port": closed_port()}
    section = {
        "ca_file": str(made.ca_file),
        "names": {NAME: place},
        "origins": {"balancer": {**place, "name": NAME}},
        "hosts": {"web-1": {**place, "name": NAME}},
        "hops": {"Postgres": {**place, "protocol": "postgres", "vantage": "inside"}},
    }
    found = everything(clients(**section))
    assert set(found.values()) == {UNKNOWN}
    assert len(found) == 6


def test_an_origin_that_answers_anybody_is_a_failure(made: Authority):
    """A real page past the edge; the edge needs not even be asked."""
    with serving(context(made)) as (port, _):
        place = {"host": "127.0.0.1", "port": port, "name": NAME}
        given = clients(names={}, origins={"balancer": place}, hosts={"web-1": place})
        assert outcomes(probes_edge.origin_probe(given, EDGE)) == {"origin balancer": FAIL}
        assert outcomes(probes_edge.origin_certificate(given, EDGE)) == {"host web-1": FAIL}


def test_a_name_that_is_answered_without_the_edge_is_a_failure(made: Authority):
    with serving(context(made), b"HTTP/1.1 200 OK\r\n\r\nhello") as (port, _):
        given = clients(ca_file=str(made.ca_file), names={"app.shop.example": {"host": "127.0.0.1", "port": port}})
        assert outcomes(probes_edge.probe(given, EDGE)) == {"attack on app.shop.example": FAIL}


def test_a_plain_hop_is_local_only():
    hop = {"host": "127.0.0.1", "port": 1, "protocol": "plain", "vantage": "outside"}
    (listed, nothing) = probes_transport.probe(clients(hops={"the clouds' APIs": hop}), TLS)
    assert (listed.outcome, nothing.outcome) == (ABSENT, UNKNOWN)
    assert "local-only" in listed.observed
    assert plain("a hop", "TLS", local=False).outcome is FAIL


def test_only_the_plain_hops_of_ones_own_vantage_are_listed_as_such():
    spoken = {"host": "127.0.0.1", "port": closed_port(), "vantage": "outside"}
    inner = {"host": "127.0.0.1", "port": 1, "protocol": "plain", "vantage": "inside"}
    given = clients(hops={"Spaces": spoken, "an inner hop": inner})
    assert outcomes(probes_transport.probe(given, TLS)) == {"TLS to Spaces": UNKNOWN}
    assert outcomes(probes_transport.probe_inside(given, TLS)) == {"TLS to an inner hop": ABSENT, "hop": UNKNOWN}


OLD = {
    "accepted": Offer(accepted=True, refused=False, seen=""),
    "refused": Offer(accepted=False, refused=True, seen=""),
    "neither": Offer(accepted=False, refused=False, seen=""),
}


@pytest.mark.parametrize(
    ("old", "modern", "outcome"),
    [
        ("refused", "accepted", PASS),
        ("refused", "neither", UNKNOWN),
        ("neither", "accepted", UNKNOWN),
        ("neither", "neither", UNKNOWN),
        ("accepted", "accepted", FAIL),
        ("accepted", "neither", FAIL),
    ],
)
def test_a_refusal_counts_only_beside_a_welcome(old: str, modern: str, outcome: Outcome):
    assert told("s", "e", OLD[old], OLD[modern]).outcome is outcome


def page(status: int, *, edge: bool = True) -> Page:
    return Page(Met.ANSWER, f"status {status}", status, EDGE_HEADERS if edge else {})


SILENT, DEMAND, ODD = Page(Met.NOBODY, "silence"), Page(Met.CERTIFICATE, "alert"), Page(Met.OTHER, "odd")

BLOCKED: dict[str, tuple[Page, Page, Outcome]] = {
    "blocked, and served without it": (page(200), page(403), PASS),
    "a page that is not there is served, too": (page(404), page(403), PASS),
    "let through": (page(200), page(200), FAIL),
    "redirected": (page(200), page(302), FAIL),
    "refused by the origin as malformed": (page(200), page(400), FAIL),
    "the name is not behind the edge": (page(200, edge=False), page(403), FAIL),
    "the block is not the edge's": (page(200), page(403, edge=False), UNKNOWN),
    "everything is blocked": (page(403), page(403), UNKNOWN),
    "the origin is down": (page(521), page(403), UNKNOWN),
    "limited": (page(200), page(429), UNKNOWN),
    "an error of the edge": (page(200), page(502), UNKNOWN),
    "no connection": (SILENT, SILENT, UNKNOWN),
    "no answer to the attack": (page(200), ODD, UNKNOWN),
    "no answer to the other": (ODD, page(403), UNKNOWN),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_a_block_counts_only_beside_a_page(case: str):
    ordinary, attack, outcome = BLOCKED[case]
    assert blocked("s", ordinary, attack).outcome is outcome


@pytest.mark.parametrize(
    ("direct", "through", "past", "inside"),
    [
        (SILENT, page(200), PASS, UNKNOWN),
        (DEMAND, page(200), PASS, PASS),
        (SILENT, page(521), UNKNOWN, UNKNOWN),
        (DEMAND, page(521), UNKNOWN, UNKNOWN),
        (DEMAND, page(200, edge=False), UNKNOWN, UNKNOWN),
        (ODD, page(200), UNKNOWN, UNKNOWN),
        (page(200), page(200), FAIL, FAIL),
        (page(404), SILENT, FAIL, FAIL),
    ],
)
def test_silence_past_the_edge_counts_only_while_the_edge_is_served(direct: Page, through: Page, past: Outcome, inside: Outcome):
    assert shut("s", direct, through).outcome is past
    assert demanded("s", direct, through).outcome is inside


def test_what_is_served_is_the_origins_own_answer_through_the_edge():
    assert [status for status in (200, 301, 403, 404, 429, 500, 521) if served(page(status))] == [200, 301, 404]
    assert not served(page(200, edge=False))
    assert not served(SILENT)


def test_a_run_knocks_at_a_bounded_number_of_places(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "MOST", 3)
    asked: list[str] = []

    def knock(name: str, _: int) -> Observation:
        asked.append(name)
        return Observation(name, PASS, "e", "o")

    found = list(places.each(((str(number), number) for number in range(5)), knock, "e"))
    assert [each.outcome for each in found] == [PASS, PASS, PASS, UNKNOWN, UNKNOWN]
    assert sorted(asked) == ["0", "1", "2"]


def test_every_hop_is_of_one_vantage():
    from promises.observations import Vantage

    hop = {"host": "h", "port": 1}
    hops = {"in": {**hop, "vantage": "inside"}, "out": {**hop, "vantage": "outside"}}
    probes = Probes.model_validate({"source": "127.66.6.6", "names": {NAME: {}}, "hosts": {"w": {"host": "h", "name": NAME}}, "hops": hops})
    outside, inside = places.hops(probes, Vantage.OUTSIDE), places.hops(probes, Vantage.INSIDE)
    assert (set(outside), set(inside)) == ({f"edge: {NAME}", "out"}, {"balancer to w", "in"})
    assert (outside["out"].source, inside["in"].source) == ("127.66.6.6", "")
    assert outside[f"edge: {NAME}"].host == NAME

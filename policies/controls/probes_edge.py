"""`edge.waf-and-ddos`, tried: an attack string is blocked at every public name, and nobody gets an answer past the edge.

`edge.probe` asks each name twice, with a harmless attack string and without it. `edge.origin-probe` asks every public address behind the
edge from outside; `edge.origin-certificate` asks the hosts from inside, where the network lets one through and only the certificate is
missing. All count only while the edge serves an ordinary request from that very origin: what is down refuses everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import failed, or_nothing, passed, unknown
from policies.probes import places, web
from policies.probes.web import Met, Page
from promises.observations import Observation, Surface, Vantage

if TYPE_CHECKING:
    from services.clients import Clients
    from services.probe_settings import Host, Origin, Probes

EXPECTED_BLOCKED = "the edge blocks a harmless attack string (403) and serves the same request without it"

MEND_BLOCKED = "execute the managed rulesets for every request, and let the name be proxied"

EXPECTED_SHUT = "who is not the edge gets no answer, while the edge does"

MEND_SHUT = "let the edge's ranges in and nobody else"

EXPECTED_CERTIFICATE = "a handshake without the edge's certificate is refused, while the edge is served"

MEND_CERTIFICATE = "demand the zone's origin-pull certificate of every client"

BLOCKED = 403

STOPPED = (BLOCKED, 429)
"""Statuses with which an edge turns a request away."""

SERVER_ERROR = 500

PAGE = "/healthz"


@control(
    "edge.probe",
    Surface.LIVE,
    "one request with a harmless attack string to each public name, and the same request without it",
    vantage=Vantage.OUTSIDE,
)
def probe(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the string is the same for every promise
    probes = clients.settings.probes
    found = places.each(((name, name) for name in probes.names), lambda name, _: _attacked(probes, name), EXPECTED_BLOCKED)
    return or_nothing(found, "public name", EXPECTED_BLOCKED)


def _attacked(probes: Probes, name: str) -> Observation:
    attack = web.get(places.public(probes, name), web.target(probes.names[name].page, web.ATTACK))
    return blocked(f"attack on {name}", _through_edge(probes, name), attack)


def blocked(subject: str, ordinary: Page, attack: Page) -> Observation:
    """Both requests went to the same page; only the edge's own answers count."""
    said = f"with the string: {attack.seen}; without it: {ordinary.seen}"
    if ordinary.met is Met.ANSWER and not ordinary.by_edge:
        return failed(subject, EXPECTED_BLOCKED, "answered without the edge", MEND_BLOCKED)
    if served(ordinary) and served(attack):
        return failed(subject, EXPECTED_BLOCKED, said, MEND_BLOCKED)
    if served(ordinary) and attack.met is Met.ANSWER and attack.status == BLOCKED and attack.by_edge:
        return passed(subject, EXPECTED_BLOCKED, said)
    return unknown(subject, EXPECTED_BLOCKED, said)


def served(page: Page) -> bool:
    """Whether a request went through the edge to the origin and came back with its answer."""
    return page.met is Met.ANSWER and page.by_edge and page.status < SERVER_ERROR and page.status not in STOPPED


@control(
    "edge.origin-probe",
    Surface.LIVE,
    "a request to every public address behind the edge, past the edge, while the edge itself is served from there",
    vantage=Vantage.OUTSIDE,
)
def origin_probe(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure for it
    probes = clients.settings.probes

    def past(name: str, origin: Origin) -> Observation:
        direct = web.get(places.behind(origin, probes.source), PAGE)
        return shut(f"origin {name}", direct, _through_edge(probes, origin.name))

    return or_nothing(places.each(probes.origins.items(), past, EXPECTED_SHUT), "origin", EXPECTED_SHUT)


def shut(subject: str, direct: Page, through: Page) -> Observation:
    """From outside silence is what one must meet, and a demand for the certificate is as good."""
    said = f"past the edge: {direct.seen}; through the edge: {through.seen}"
    if direct.met is Met.ANSWER:
        return failed(subject, EXPECTED_SHUT, said, MEND_SHUT)
    if direct.met in (Met.NOBODY, Met.CERTIFICATE) and served(through):
        return passed(subject, EXPECTED_SHUT, said)
    return unknown(subject, EXPECTED_SHUT, said)


@control(
    "edge.origin-certificate",
    Surface.LIVE,
    "a handshake with every host behind the balancer, without the certificate that only the edge has",
    vantage=Vantage.INSIDE,
)
def origin_certificate(clients: Clients, question: Question) -> Iterator[Observation]:  # noqa: ARG001 - the promise has no figure for it
    probes = clients.settings.probes

    def asked(name: str, host: Host) -> Observation:
        return demanded(f"host {name}", web.get(places.behind(host, host.source), PAGE), _through_edge(probes, host.name))

    return or_nothing(places.each(probes.hosts.items(), asked, EXPECTED_CERTIFICATE), "host", EXPECTED_CERTIFICATE)


def demanded(subject: str, direct: Page, through: Page) -> Observation:
    """From inside silence says only that the network kept the probe away."""
    said = f"without it: {direct.seen}; through the edge: {through.seen}"
    if direct.met is Met.ANSWER:
        return failed(subject, EXPECTED_CERTIFICATE, said, MEND_CERTIFICATE)
    if direct.met is Met.CERTIFICATE and served(through):
        return passed(subject, EXPECTED_CERTIFICATE, said)
    return unknown(subject, EXPECTED_CERTIFICATE, said)


def _through_edge(probes: Probes, name: str) -> Page:
    """An ordinary request to a declared public name."""
    if name not in probes.names:
        return Page(Met.OTHER, f"{name} is no declared public name")
    return web.get(places.public(probes, name), web.target(probes.names[name].page, web.ORDINARY))

"""`transport.tls`, tried: at every declared hop the version below the figure is refused, and a modern handshake is not.

From outside: the public names at the edge, and what else is reached over the internet (`transport.probe`). From inside: the hosts
behind the balancer, the database, Vault and its raft (`transport.probe-inside`). A hop that speaks no TLS is a failure; in a local
environment alone it is listed as local-only. Where no hop is declared, nothing is proven.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.controls.base import Question, control
from policies.findings import failed, not_applicable, or_nothing, passed, unknown
from policies.probes import places, tls
from policies.probes.greeting import NAMES, below
from policies.probes.tls import Offer, Spot
from promises.observations import Observation, Surface, Vantage

if TYPE_CHECKING:
    from services.clients import Clients
    from services.settings import Settings

MEND = "raise the lowest TLS version of this hop"

LOCAL_ONLY = "plain http on loopback: local-only, no other environment may list it"


@control(
    "transport.probe",
    Surface.LIVE,
    "a hand-built ClientHello of the version below the figure, which must meet an alert, beside a modern handshake that must succeed",
    vantage=Vantage.OUTSIDE,
)
def probe(clients: Clients, question: Question) -> Iterator[Observation]:
    return _hops(clients.settings, question, Vantage.OUTSIDE)


@control(
    "transport.probe-inside",
    Surface.LIVE,
    "the same handshakes with the hosts behind the balancer, the database and Vault, from the jobs host",
    vantage=Vantage.INSIDE,
)
def probe_inside(clients: Clients, question: Question) -> Iterator[Observation]:
    return _hops(clients.settings, question, Vantage.INSIDE)


def _hops(settings: Settings, question: Question, vantage: Vantage) -> Iterator[Observation]:
    figure = question.promise.text("minimum_version").removeprefix("TLS").strip()
    expected = f"TLS {figure} or newer: {NAMES[below(figure)]} is refused"
    for name, hop in settings.probes.hops.items():
        if hop.vantage == vantage and hop.protocol == "plain":
            yield plain(name, expected, local=settings.environment == "local")
    spots = places.hops(settings.probes, vantage).items()
    yield from or_nothing(places.each(spots, lambda name, spot: _handshakes(name, spot, figure, expected), expected), "hop", expected)


def plain(name: str, expected: str, *, local: bool) -> Observation:
    subject = f"TLS to {name}"
    return not_applicable(subject, expected, LOCAL_ONLY) if local else failed(subject, expected, "the hop speaks no TLS", "put TLS on it")


def _handshakes(name: str, spot: Spot, figure: str, expected: str) -> Observation:
    return told(f"TLS to {name}", expected, tls.offer_old(spot, below(figure)), tls.offer_modern(spot))


def told(subject: str, expected: str, old: Offer, modern: Offer) -> Observation:
    """The old version accepted is a failure whatever else; its refusal counts only where the modern one is welcome."""
    said = f"{old.seen}; {modern.seen}"
    if old.accepted:
        return failed(subject, expected, said, MEND)
    if old.refused and modern.accepted:
        return passed(subject, expected, said)
    return unknown(subject, expected, said)

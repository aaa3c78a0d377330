"""From the settings' `[probes]` to the spots that are knocked at, a few at a time and never more than `MOST` of a kind in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from policies.findings import unknown
from policies.probes.tls import Spot
from promises.observations import Observation, Vantage

if TYPE_CHECKING:
    from services.probe_settings import Host, Origin, Probes

T = TypeVar("T")

MOST = 100
"""Places of one kind that one run knocks at; the others are told as not looked at."""

AT_ONCE = 8


def public(probes: Probes, name: str) -> Spot:
    """A declared public name, as a visitor reaches it."""
    place = probes.names[name]
    return Spot(place.host or name, place.port, name, source=probes.source, ca_file=probes.ca_file)


def behind(origin: Origin, source: str) -> Spot:
    """An origin, asked for the name that it serves. Whoever answers there answers, so the certificate is not looked at."""
    return Spot(origin.host, origin.port, origin.name, source=source, checked=False)


def hosted(host: Host) -> Spot:
    """A host as a hop of TLS; its certificate is checked where its authority is named."""
    return Spot(host.host, host.port, host.name, source=host.source, ca_file=host.ca_file, checked=host.ca_file is not None)


def hops(probes: Probes, vantage: Vantage) -> dict[str, Spot]:
    """Every hop of one vantage where TLS is spoken, by the name a reader knows it by."""
    found: dict[str, Spot] = {}
    if vantage is Vantage.OUTSIDE:
        found = {f"edge: {name}": public(probes, name) for name in probes.names}
    if vantage is Vantage.INSIDE:
        found = {f"balancer to {name}": hosted(host) for name, host in probes.hosts.items()}
    source = probes.source if vantage is Vantage.OUTSIDE else ""
    for name, hop in probes.hops.items():
        if hop.vantage == vantage and hop.protocol != "plain":
            found[name] = Spot(hop.host, hop.port, hop.name or hop.host, hop.protocol, source, hop.ca_file, hop.checked, hop.alpn)
    return found


def each(places: Iterable[tuple[str, T]], knock: Callable[[str, T], Observation], expected: str) -> Iterator[Observation]:
    """Knock at every place, up to the bound, and tell the answers in the places' order."""
    waiting = iter(places)
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="probe") as pool:
        yield from pool.map(lambda pair: knock(*pair), list(islice(waiting, MOST)))
    yield from (unknown(name, expected, f"not looked at: one run knocks at {MOST} places of a kind") for name, _ in waiting)

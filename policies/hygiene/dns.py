"""DNS: signed zones, named authorities, no wildcard, nothing that leads nowhere, nothing internal.

A record leads somewhere by an address (A, AAAA) or a name (CNAME; a delegation's NS; an MX within a zone of ours). It dangles when
what it leads to is not among the account's machines, balancers, reserved addresses, buckets and apps, not a name of a zone here, and not
declared in the catalog as hosted elsewhere. Not looked at: names with an underscore (verification and keys: they serve no visitors),
and the addresses reserved for documentation behind the edge's proxy, which stand for "the edge answers by itself".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from policies.addresses import Addresses, Network, network
from policies.findings import has_unknown, unknown, value
from policies.hygiene.base import Asked, checks, verdict
from policies.hygiene.records import data, each_named_zone, each_record, each_zone, full_name, kind, of_type, plain, text
from policies.kinds import APP, BALANCER, BUCKET, DNSSEC, DROPLET, RECORD, RESERVED_IP, RESERVED_IPV6, ZONE
from policies.readers.state import UNKNOWN, Resource, Stack
from policies.zones import View, views
from promises.observations import Observation, Surface

NEVER_PUBLIC = Addresses.parse(
    (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
        *("::/128", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""RFC 1918, 6598 (carriers), 1122 (this host), 3927 and 4291 (one link), 4193. Documentation and discard ranges are no secrets."""

PLACEHOLDERS = Addresses.parse(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "100::/64", "2001:db8::/32"])
"""RFC 5737, 3849 and 6666: nobody's addresses, used for proxied names that only the edge answers."""

BUCKET_HOST = re.compile(r"(?P<bucket>[a-z0-9.-]+)\.[a-z]{3}\d\.(cdn\.)?digitaloceanspaces\.com")
APP_HOST = ".ondigitalocean.app"


@checks("dns.dnssec", ZONE, DNSSEC)
def dnssec(asked: Asked) -> Iterator[Observation]:
    return each_zone(asked.stack, partial(_signed, asked.surface))


def _signed(surface: Surface, view: View) -> Iterator[Observation]:
    subject, expected = f"DNSSEC of {view.name}", "status active"
    declared = view.of(DNSSEC)
    if not declared:
        yield verdict(subject, expected, "not set", "")
    for each in declared:
        status = value(each, "status")
        if status is UNKNOWN:
            yield unknown(subject, expected)
        elif status == "pending" and surface is Surface.PLAN:
            yield unknown(subject, expected, "pending: the registrar must publish the DS record")
        else:
            yield verdict(subject, expected, "" if status == "active" else f"status {status or 'not set'}", "status active")


@checks("dns.caa", ZONE, RECORD)
def caa(asked: Asked) -> Iterator[Observation]:
    allowed = asked.texts("authorities")
    expected = f"CAA at the domain itself, naming only {', '.join(allowed)}"
    return each_named_zone(asked.stack, expected, partial(_authorities, expected, allowed))


def _authorities(expected: str, allowed: tuple[str, ...], view: View, apex: str) -> Iterator[Observation]:
    subject = f"CAA of {view.name}"
    grants = [_grant(record, apex) for record in of_type(view, "CAA")]
    known = [grant for grant in grants if grant is not None]
    foreign = sorted({f"{name} allows {authority}" for name, _, authority in known if authority not in ("", *allowed)})
    if foreign:
        yield verdict(subject, expected, "; ".join(foreign), "")
    elif len(known) < len(grants):
        yield unknown(subject, expected)
    else:
        named = sorted({authority or "nobody" for name, tag, authority in known if name == apex and tag == "issue"})
        yield verdict(subject, expected, "" if named else "not set at the domain itself", f"allows {', '.join(named)}")


def _grant(record: Resource, apex: str) -> tuple[str, str, str] | None:
    """Name, tag and authority ("" for nobody, or for a tag that allows nothing); None while they are not known."""
    name, parts = full_name(record, apex), data(record)
    content = text(record) or ""
    if not parts and (found := re.fullmatch(r'\d+\s+(\w+)\s+"?([^"]*)"?', content.strip())):
        parts = {"tag": found[1], "value": found[2]}
    if name is None or kind(record) is None or not {"tag", "value"} <= parts.keys():
        return None
    tag = str(parts["tag"]).lower()
    authority = plain(str(parts["value"]).split(";")[0])
    return name, tag, authority if tag in ("issue", "issuewild") else ""


@checks("dns.wildcard", ZONE, RECORD)
def wildcard(asked: Asked) -> Iterator[Observation]:
    expected = "no name that begins with an asterisk leads anywhere"
    return each_named_zone(asked.stack, expected, lambda view, apex: each_record(view, apex, expected, _wild))


def _wild(record: Resource, apex: str) -> str | None:
    """A wildcard that says something only (TXT, CAA), or refuses mail (a null MX, RFC 7505), leads nowhere."""
    name, type_ = full_name(record, apex), kind(record)
    if name is None or type_ is None:
        return None
    if not name.startswith("*.") or type_ not in ("A", "AAAA", "CNAME", "NS", "MX", "HTTPS", "SVCB"):
        return ""
    target = text(record)
    if type_ == "MX" and (target is None or target.strip() in {".", ""}):
        return None if target is None else ""
    return f"{type_} to {target or 'something'}"


@checks("dns.internal", ZONE, RECORD, BALANCER)
def internal(asked: Asked) -> Iterator[Observation]:
    """The address of a balancer that is not internal is public, whatever it looks like: in a local stand-in it is one of this host."""
    expected = "no address of a private network"
    outside = (each for each in asked.stack.of(BALANCER) if value(each, "network") in (None, "EXTERNAL"))
    public = frozenset(_network(address) for each in outside for address in (value(each, "ip"), value(each, "ipv6")))

    def problem(record: Resource, _apex: str) -> str | None:
        return _internal(record, public)

    return each_named_zone(asked.stack, expected, lambda view, apex: each_record(view, apex, expected, problem))


def _internal(record: Resource, public: frozenset[Network | None]) -> str | None:
    type_ = kind(record)
    if type_ not in ("A", "AAAA", None):
        return ""
    address = _address(record)
    if address is None or type_ is None:
        return None
    return f"leads to {address.network_address}" if NEVER_PUBLIC.holds(address) and address not in public else ""


@dataclass(frozen=True)
class Ours:
    """What records may lead to. `certain` is false while some of it is not known yet: then nothing can be said to be missing."""

    addresses: frozenset[Any]
    hosts: frozenset[str]
    buckets: frozenset[str]
    zones: frozenset[str]
    names: frozenset[str]
    elsewhere: tuple[str, ...]
    ranges: Addresses
    certain: bool


@checks("dns.dangling", ZONE, RECORD, DROPLET, BALANCER, RESERVED_IP, RESERVED_IPV6, BUCKET, APP)
def dangling(asked: Asked) -> Iterator[Observation]:
    expected = "leads to something of the account's, or declared in the catalog"
    ours = _ours(asked)
    return each_named_zone(
        asked.stack, expected, lambda view, apex: each_record(view, apex, expected, lambda record, apex: _lost(record, apex, ours))
    )


HELD = {
    DROPLET: ("ipv4Address", "ipv6Address"),
    BALANCER: ("ip", "ipv6"),
    RESERVED_IP: ("ipAddress",),
    RESERVED_IPV6: ("ip",),
    BUCKET: ("name",),
    APP: ("liveUrl", "defaultIngress"),
}
"""What a record may lead to, by the property that holds its address or name."""


def _ours(asked: Asked) -> Ours:
    stack = asked.stack
    held = {type_: [value(each, name) for each in stack.of(type_) for name in names] for type_, names in HELD.items()}
    known = {type_: [str(each) for each in seen if each] for type_, seen in _without_unknown(held).items()}
    addresses = (text for type_ in (DROPLET, BALANCER, RESERVED_IP, RESERVED_IPV6) for text in known[type_])
    return Ours(
        addresses=frozenset(filter(None, map(_network, addresses))),
        hosts=frozenset(plain(re.sub(r"^https?://|[/:].*$", "", each)) for each in known[APP]),
        buckets=frozenset(known[BUCKET]),
        zones=frozenset(plain(str(value(zone, "name"))) for zone in stack.of(ZONE)),
        names=frozenset(_names(stack)),
        elsewhere=asked.texts("elsewhere"),
        ranges=Addresses.parse(asked.texts("addresses")),
        certain=not any(has_unknown(seen) for seen in held.values()),
    )


def _without_unknown(held: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {type_: [each for each in seen if not has_unknown(each)] for type_, seen in held.items()}


def _names(stack: Stack) -> Iterable[str]:
    for view in views(stack):
        zone = view.zone
        apex = plain(str(value(zone, "name"))) if zone is not None else ""
        for record in view.of(RECORD):
            yield full_name(record, apex) or ""


def _lost(record: Resource, apex: str, ours: Ours) -> str | None:
    name, type_ = full_name(record, apex), kind(record)
    if name is None or type_ is None:
        return None
    if any(label.startswith("_") for label in name.split(".")):
        return ""
    if type_ in ("A", "AAAA"):
        return _lost_address(record, ours)
    if type_ == "CNAME" or (type_ == "NS" and name != apex):
        return _lost_name(record, ours, abroad=True)
    return _lost_name(record, ours, abroad=False) if type_ == "MX" else ""


def _lost_address(record: Resource, ours: Ours) -> str | None:
    address = _address(record)
    if address is None:
        return None
    if address in ours.addresses or ours.ranges.holds(address) or NEVER_PUBLIC.holds(address):
        return ""
    if value(record, "proxied") is True and PLACEHOLDERS.holds(address):
        return ""
    return f"leads to {address.network_address}, which is none of the account's" if ours.certain else None


def _lost_name(record: Resource, ours: Ours, *, abroad: bool) -> str | None:
    """`abroad`: a target in nobody's zone here must be declared."""
    target = text(record)
    if target is None:
        return None
    host = plain(target)
    if host == "" or _within(host, ours.elsewhere):
        return ""
    if _within(host, ours.zones):
        return "" if _answered(host, ours) else _unless_open(f"leads to {host}, which has no record", ours)
    if bucket := BUCKET_HOST.fullmatch(host):
        return "" if bucket["bucket"] in ours.buckets else _unless_open(f"leads to the bucket {bucket['bucket']}, which is not here", ours)
    if host.endswith(APP_HOST):
        return "" if host in ours.hosts else _unless_open(f"leads to the app {host}, which is not here", ours)
    return f"leads out of the account to {host}, which is not declared" if abroad else ""


def _unless_open(problem: str, ours: Ours) -> str | None:
    return problem if ours.certain else None


def _within(host: str, domains: Iterable[str]) -> bool:
    return any(host == each or host.endswith(f".{each}") for each in domains)


def _answered(host: str, ours: Ours) -> bool:
    """Whether a record has the name, by itself or by a wildcard above it."""
    parents = host.split(".")
    return host in ours.names or any(f"*.{'.'.join(parents[cut:])}" in ours.names for cut in range(1, len(parents)))


def _address(record: Resource) -> Network | None:
    return _network(text(record))


def _network(content: str | None) -> Network | None:
    try:
        return network(content)
    except ValueError:
        return None

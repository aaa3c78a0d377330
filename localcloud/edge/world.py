"""What the local cloud says now: zones, balancers, droplets and firewalls, read through its side door in one call.

The side door answers even while the APIs are made to fail, as a real edge goes on while an API has an outage. A zone setting that nobody
has changed has Cloudflare's own default.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.api.cloudflare.settings import SETTINGS

ZONES = "/client/v4/zones"
ACCOUNTS = "/client/v4/accounts"
PULLS = "origin_tls_client_auth"
ADDRESSED = ("A", "AAAA", "CNAME")
LONGEST_CHAIN = 8
SECONDS = 10

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Zone:
    """`rulesets` are the zone's own; `pulls` says whether the edge shows origins the zone's own certificate."""

    id: str
    name: str
    paused: bool = False
    settings: Document = field(default_factory=dict)
    records: tuple[Document, ...] = ()
    rulesets: tuple[Document, ...] = ()
    pulls: bool = False

    def setting(self, name: str) -> Any:
        return self.settings.get(name, SETTINGS[name][0])

    def record(self, name: str) -> Document | None:
        """The record that leads from a name to a machine; a wildcard's where the name has none."""
        parent = name.partition(".")[2]
        addressed = [each for each in self.records if each.get("type") in ADDRESSED]
        return next((each for wanted in (name, f"*.{parent}") for each in addressed if each["name"] == wanted), None)

    def proxies(self, name: str) -> bool:
        found = self.record(name)
        return found is not None and found.get("proxied") is True and not self.paused

    def address(self, name: str) -> str:
        """Where a name leads in the end; empty when nowhere."""
        for _ in range(LONGEST_CHAIN):
            found = self.record(name)
            if found is None:
                return ""
            name = str(found["content"]).rstrip(".")
            if found["type"] != "CNAME":
                return name
        return ""

    def entry_points(self, phase: str) -> tuple[Document, ...]:
        """The account's, then the zone's: that is the order in which they are asked."""
        found = [each for each in self.rulesets if each.get("phase") == phase]
        return tuple(each for kind in ("root", "zone") for each in found if each.get("kind") == kind)


@dataclass(frozen=True)
class World:
    zones: tuple[Zone, ...] = ()
    balancers: tuple[Document, ...] = ()
    droplets: tuple[Document, ...] = ()
    firewalls: tuple[Document, ...] = ()

    def zone(self, name: str) -> Zone | None:
        """The zone that a host name lies in."""
        return next((each for each in self.zones if name == each.name or name.endswith(f".{each.name}")), None)

    def balancer(self, address: str) -> Document | None:
        return next((each for each in self.balancers if each.get("ip") == address), None)

    def droplet(self, address: str) -> Document | None:
        return next((each for each in self.droplets if address in addresses(each)), None)

    def behind(self, balancer: Document) -> tuple[Document, ...]:
        """The droplets that a balancer forwards to."""
        tag, ids = balancer.get("tag"), balancer.get("droplet_ids") or ()
        return tuple(each for each in self.droplets if (tag and tag in each["tags"]) or each["id"] in ids)


def addresses(droplet: Document, kind: str = "") -> tuple[str, ...]:
    """A droplet's addresses, or those of one kind (`private`, `public`)."""
    return tuple(str(each["ip_address"]) for each in droplet["networks"]["v4"] if kind in ("", each["type"]))


def read(endpoint: str, token: str) -> World:
    """Ask the local cloud; raises `OSError` when it does not answer and `ValueError` when it answers something else."""
    request = urllib.request.Request(f"{endpoint}/__local__/resources", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - the local cloud's own address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as answer:
        document = json.load(answer)
    return parse(document["resources"])


def parse(rows: list[dict[str, Any]]) -> World:
    """The side door's list of everything kept."""
    kept: dict[str, dict[str, Document]] = {}
    for row in rows:
        kept.setdefault(row["collection"], {})[row["id"]] = row["resource"]
    account = tuple(each for collection in kept if _is_account_rulesets(collection) for each in kept[collection].values())
    return World(
        zones=tuple(_zone(kept, zone, account) for zone in kept.get(ZONES, {}).values()),
        balancers=tuple(kept.get("/v2/load_balancers", {}).values()),
        droplets=tuple(kept.get("/v2/droplets", {}).values()),
        firewalls=tuple(kept.get("/v2/firewalls", {}).values()),
    )


def _is_account_rulesets(collection: str) -> bool:
    return collection.startswith(f"{ACCOUNTS}/") and collection.endswith("/rulesets")


def _zone(kept: Mapping[str, Mapping[str, Document]], zone: Document, account: tuple[Document, ...]) -> Zone:
    base = f"{ZONES}/{zone['id']}"
    switch = kept.get(f"{base}/{PULLS}", {}).get(f"{base}/{PULLS}/settings", {})
    certificates = [each for key, each in kept.get(f"{base}/{PULLS}", {}).items() if not key.startswith("/")]
    return Zone(
        id=str(zone["id"]),
        name=str(zone["name"]),
        paused=zone.get("paused") is True,
        settings={key: each["value"] for key, each in kept.get(f"{base}/settings", {}).items()},
        records=tuple(kept.get(f"{base}/dns_records", {}).values()),
        rulesets=(*kept.get(f"{base}/rulesets", {}).values(), *account),
        pulls=switch.get("enabled") is True and bool(certificates),
    )

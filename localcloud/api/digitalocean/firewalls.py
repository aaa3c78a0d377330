"""Cloud firewalls: echoed as sent, once every rule makes sense.

Rules: tcp and udp need ports (`443`, `8000-9000`, `0` or `all`); addresses are IPv4 or IPv6, with or without a prefix; a name is taken
once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from localcloud.api.calls import Call, Route, listed, objects
from localcloud.api.digitalocean.answers import conflict, one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.store import Document

FIREWALLS = "/v2/firewalls"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_LAST_PORT = 65535


def _make(call: Call) -> Document:
    body = call.body
    name = text(body, "name")
    if not _NAME.fullmatch(name):
        raise unprocessable("firewall name may hold letters, digits, dots and dashes only")
    if any(row["name"] == name and row["id"] != call.parameters.get("id") for row in call.cloud.store.rows(FIREWALLS)):
        raise conflict(f"duplicate name: a firewall named {name} exists")
    for direction, side in (("inbound_rules", "sources"), ("outbound_rules", "destinations")):
        for rule in objects(body, direction):
            _check_rule(rule, side)
    if not body.get("inbound_rules") and not body.get("outbound_rules"):
        raise unprocessable("must specify at least one rule")
    ensure_tags(call, body.get("tags"))
    rest = {"outbound_rules": None, "inbound_rules": None, "droplet_ids": None, "tags": None}
    server = {"id": call.cloud.uuid(), "created_at": call.cloud.now(), "status": "succeeded", "pending_changes": []}
    return server | rest | body


def _check_rule(rule: Document, side: str) -> None:
    protocol = one_of(rule, "protocol", ("tcp", "udp", "icmp"))
    if protocol != "icmp":
        _check_ports(rule.get("ports"))
    if not isinstance(rule.get(side), dict):
        raise unprocessable(f"a rule needs {side}")
    for address in listed(rule[side], "addresses"):
        _check_address(address)


def _check_ports(ports: object) -> None:
    found = _PORTS.fullmatch(str(ports))
    if ports in ("0", "all"):
        return
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not 1 <= first <= last <= _LAST_PORT:
        raise unprocessable(f"ports {ports!r} must be a port, a range, or all")


def _check_address(address: object) -> None:
    try:
        ipaddress.ip_network(str(address), strict=False)
    except ValueError as error:
        raise unprocessable(f"address {address!r} is neither an address nor a CIDR block") from error


def routes() -> Iterable[Route]:
    yield from Collection(FIREWALLS, "firewall", "firewalls", _make, created=202).routes()

"""Cloud firewalls: echoed as sent, once every rule makes sense.

Rules: tcp and udp need ports (`443`, `8000-9000`, `0` or `all`); addresses are IPv4 or IPv6, with or without a prefix; a name is taken
once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

from localcloud.api.calls import Answer, Call, Route, listed, objects
from localcloud.api.digitalocean.answers import conflict, need, one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.store import Document

FIREWALLS = "/v2/firewalls"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_LAST_PORT = 65535
_DIRECTIONS = (("inbound_rules", "sources"), ("outbound_rules", "destinations"))
_LISTS = ("droplet_ids", "tags", "inbound_rules", "outbound_rules")


def _make(call: Call) -> Document:
    body = call.body
    name = text(body, "name")
    if not _NAME.fullmatch(name):
        raise unprocessable("firewall name may hold letters, digits, dots and dashes only")
    if any(row["name"] == name and row["id"] != call.parameters.get("id") for row in call.cloud.store.rows(FIREWALLS)):
        raise conflict(f"duplicate name: a firewall named {name} exists")
    for direction, side in _DIRECTIONS:
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


def _extend(call: Call) -> Answer:
    return _adjust(call, lambda known, sent: [*known, *(each for each in sent if each not in known)])


def _reduce(call: Call) -> Answer:
    return _adjust(call, lambda known, sent: [each for each in known if each not in sent])


def _adjust(call: Call, combine: Callable[[list[Any], list[Any]], list[Any]]) -> Answer:
    """Some droplets, tags or rules come or go; the rest stays as it is."""
    firewall = need(call, FIREWALLS, call["id"])
    lists = {field: combine(firewall[field] or [], listed(call.body, field)) for field in _LISTS if call.body.get(field)}
    if not lists:
        raise unprocessable(f"expected one of {', '.join(_LISTS)}")
    for direction, side in _DIRECTIONS:
        for rule in objects(call.body, direction):
            _check_rule(rule, side)
    ensure_tags(call, call.body.get("tags"))
    call.cloud.store.put(FIREWALLS, call["id"], firewall | lists)
    return Answer(204)


def routes() -> Iterable[Route]:
    for part in ("droplets", "tags", "rules"):
        yield Route("POST", f"{FIREWALLS}/{{id}}/{part}", _extend)
        yield Route("DELETE", f"{FIREWALLS}/{{id}}/{part}", _reduce)
    yield from Collection(FIREWALLS, "firewall", "firewalls", _make, created=202).routes()

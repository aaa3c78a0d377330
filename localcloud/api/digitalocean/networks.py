"""VPCs and their peerings.

Rules: a VPC with members, or one that is peered, cannot be deleted (403), nor can a region's default one; ranges do not overlap
(422). Members are what names the VPC: droplets, database clusters, load balancers. A region's default VPC is made when something is first
created there without one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.digitalocean.answers import forbidden, listing, need, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.slugs import check_region
from localcloud.api.store import Document

VPCS = "/v2/vpcs"
PEERINGS = "/v2/vpc_peerings"
_NAME = re.compile(r"[a-zA-Z0-9.-]+")
_SMALLEST, _LARGEST = 28, 16
_MEMBERS = (
    ("/v2/droplets", "vpc_uuid", "do:droplet"),
    ("/v2/databases", "private_network_uuid", "do:dbaas"),
    ("/v2/load_balancers", "vpc_uuid", "do:loadbalancer"),
    ("/v2/kubernetes/clusters", "vpc_uuid", "do:kubernetes"),
)


def make_vpc(call: Call) -> Document:
    name, region = text(call.body, "name"), check_region(call.body.get("region"))
    _check_name(call, name, "")
    return _vpc(call, name, region, call.body)


def default_vpc(call: Call, region: str) -> str:
    """The id of the region's default VPC."""
    for row in call.cloud.store.rows(VPCS):
        if row["default"] and row["region"] == region:
            return str(row["id"])
    made = _vpc(call, f"default-{region}", region, {}) | {"default": True}
    call.cloud.store.put(VPCS, made["id"], made)
    return str(made["id"])


def choose_vpc(call: Call, field: str, region: str) -> str:
    """The VPC a resource is created in: the one it names, which must be of its region, or the region's default one."""
    chosen = call.body.get(field)
    if not chosen:
        return default_vpc(call, region)
    found = call.cloud.store.find(VPCS, chosen)
    if found is None or found["region"] != region:
        raise unprocessable(f"{field} {chosen} is no VPC in {region}")
    return str(chosen)


def members(call: Call, vpc: str) -> list[Document]:
    return [
        {"urn": f"{urn}:{row['id']}", "name": row["name"], "created_at": row["created_at"]}
        for collection, field, urn in _MEMBERS
        for row in call.cloud.store.rows(collection)
        if row.get(field) == vpc
    ]


def _vpc(call: Call, name: str, region: str, body: Document) -> Document:
    identifier = call.cloud.uuid()
    return {
        "id": identifier,
        "urn": f"do:vpc:{identifier}",
        "name": name,
        "description": body.get("description") or "",
        "region": region,
        "ip_range": _range(call, body.get("ip_range")),
        "created_at": call.cloud.now(),
        "default": False,
    }


def _range(call: Call, sent: object) -> str:
    taken = [ipaddress.ip_network(row["ip_range"]) for row in call.cloud.store.rows(VPCS)]
    if not sent:
        spare = ipaddress.ip_network("10.100.0.0/14").subnets(new_prefix=20)
        return str(next(each for each in spare if not any(each.overlaps(other) for other in taken)))
    try:
        network = ipaddress.IPv4Network(str(sent))
    except ValueError as error:
        raise unprocessable(f"ip_range {sent!r} is not a valid CIDR block") from error
    if not network.is_private or not _LARGEST <= network.prefixlen <= _SMALLEST:
        raise unprocessable(f"ip_range {sent} must be a private range between /{_LARGEST} and /{_SMALLEST}")
    if any(network.overlaps(other) for other in taken):
        raise unprocessable("This range/size overlaps with another VPC network in your account.")
    return str(network)


def _check_name(call: Call, name: str, own: str) -> None:
    if not _NAME.fullmatch(name):
        raise unprocessable("name may hold letters, digits, dots and dashes only")
    if any(row["name"] == name and row["id"] != own for row in call.cloud.store.rows(VPCS)):
        raise unprocessable(f"a VPC named {name} already exists")


def _check_change(call: Call, new: Document) -> None:
    _check_name(call, text(new, "name"), str(new["id"]))


def _may_go(call: Call, found: Document) -> None:
    if found["default"]:
        raise forbidden("Can not delete default VPCs")
    if members(call, str(found["id"])):
        raise forbidden("Can not delete VPC with members")
    if any(found["id"] in row["vpc_ids"] for row in call.cloud.store.rows(PEERINGS)):
        raise forbidden("Can not delete VPC with peerings")


def _list_members(call: Call) -> Answer:
    need(call, VPCS, call["id"])
    return listing(call, "members", members(call, call["id"]))


def _make_peering(call: Call) -> Document:
    name, vpcs = text(call.body, "name"), call.body.get("vpc_ids")
    if not isinstance(vpcs, list) or len({str(vpc) for vpc in vpcs}) != 2:
        raise unprocessable("vpc_ids must name two different VPCs")
    for vpc in vpcs:
        need(call, VPCS, vpc)
    return {"id": call.cloud.uuid(), "name": name, "vpc_ids": vpcs, "created_at": call.cloud.now(), "status": "ACTIVE"}


def _list_peerings(call: Call) -> Answer:
    need(call, VPCS, call["id"])
    return listing(call, "peerings", [row for row in call.cloud.store.rows(PEERINGS) if call["id"] in row["vpc_ids"]])


def _peer(call: Call) -> Answer:
    """A peering made from one of its VPCs."""
    body = {"name": call.body.get("name"), "vpc_ids": [call["id"], call.body.get("vpc_id")]}
    status, document = _PEERINGS.create(replace(call, path=PEERINGS, body=body))
    return Answer(status, {"peering": (document or {})["vpc_peering"]})


def _rename_peering(call: Call) -> Answer:
    need(call, VPCS, call["id"])
    found = need(call, PEERINGS, call["peering"])
    changed = call.cloud.store.put(PEERINGS, found["id"], found | {"name": text(call.body, "name")})
    return Answer(200, {"peering": changed})


_VPCS = Collection(
    VPCS,
    "vpc",
    "vpcs",
    make_vpc,
    update=("PUT", "PATCH"),
    merges=True,
    keep=("urn", "region", "ip_range"),
    check=_check_change,
    may_go=_may_go,
)
_PEERINGS = Collection(
    PEERINGS,
    "vpc_peering",
    "vpc_peerings",
    _make_peering,
    created=202,
    deleted=202,
    update=("PATCH",),
    merges=True,
    keep=("vpc_ids", "status"),
)


def routes() -> Iterable[Route]:
    yield Route("GET", f"{VPCS}/{{id}}/members", _list_members)
    yield Route("GET", f"{VPCS}/{{id}}/peerings", _list_peerings)
    yield Route("POST", f"{VPCS}/{{id}}/peerings", _peer)
    yield Route("PATCH", f"{VPCS}/{{id}}/peerings/{{peering}}", _rename_peering)
    yield from _VPCS.routes()
    yield from _PEERINGS.routes()

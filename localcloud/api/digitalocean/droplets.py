"""Droplets: created active, with addresses of their own on this machine's loopback.

The n-th droplet has the public address 127.100.0.n and the private one 127.10.0.n, so that trusted sources and firewalls mean
something here. Nothing runs on them.

Rules: region, size, image, SSH keys and VPC must exist (422); a name is a host name; user data holds at most 64 KiB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route, listed
from localcloud.api.digitalocean import trusted_sources
from localcloud.api.digitalocean.account import find_key
from localcloud.api.digitalocean.answers import listing, need, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.networks import choose_vpc
from localcloud.api.digitalocean.slugs import SIZES, check_image, check_region, check_size, image_document, region_document, size_document
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.store import Document

DROPLETS = "/v2/droplets"
FIREWALLS = "/v2/firewalls"
VOLUMES = "/v2/volumes"
SNAPSHOTS = "/v2/snapshots"
RESERVED = ("/v2/reserved_ips", "/v2/reserved_ipv6")
USER_DATA_BYTES = 64 * 1024
_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?")
_PLANS = ("daily", "weekly")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def make_droplet(call: Call) -> Document:
    body = call.body
    name, region, size = text(body, "name"), check_region(body.get("region")), check_size(body.get("size"))
    _check(call, name)
    number = call.cloud.number()
    document: Document = {
        "id": number,
        "name": name,
        "locked": False,
        "status": "active",
        "kernel": None,
        "created_at": call.cloud.now(),
        "features": _features(body),
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": image_document(body["image"]),
        "volume_ids": [str(each.get("id") if isinstance(each, dict) else each) for each in listed(body, "volumes")],
        "networks": _networks(call),
        "region": region_document(region),
        "tags": ensure_tags(call, body.get("tags")),
        "vpc_uuid": choose_vpc(call, "vpc_uuid", region),
    }
    keep_backup_policy(call, number, body.get("backup_policy"))
    _attach_volumes(call, number, document["volume_ids"])
    return document | sized(size)


def sized(slug: str) -> Document:
    """The fields of a droplet that its size decides."""
    size = SIZES[slug]
    return {"memory": size.memory_mib, "vcpus": size.vcpus, "disk": size.disk_gib, "size": size_document(slug), "size_slug": slug}


def keep_backup_policy(call: Call, number: object, policy: object) -> None:
    """The policy is no field of the droplet: it is read at `/backups/policy` alone."""
    if not policy:
        return
    if not isinstance(policy, dict) or policy.get("plan") not in _PLANS:
        raise unprocessable("backup_policy.plan must be daily or weekly")
    days = 7 if policy["plan"] == "daily" else 28
    kept = {"weekday": "", "hour": 0, **policy, "window_length_hours": 4, "retention_period_days": days}
    call.cloud.store.put(f"{DROPLETS}/{number}/backups", "policy", kept)


def _attach_volumes(call: Call, number: int, volumes: list[str]) -> None:
    """The volumes named at creation are attached to the new droplet alone."""
    for identifier in volumes:
        found = call.cloud.store.find(VOLUMES, identifier)
        if found is None or found["droplet_ids"]:
            raise unprocessable(f"volume {identifier} is not there, or attached to another Droplet")
        call.cloud.store.put(VOLUMES, identifier, found | {"droplet_ids": [number]})


def _check(call: Call, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    own = [int(row["id"]) for row in call.cloud.store.rows(SNAPSHOTS) if row["resource_type"] == "droplet"]
    check_image(call.body.get("image"), own)
    for key in listed(call.body, "ssh_keys"):
        if find_key(call, key) is None:
            raise unprocessable(f"{key} are invalid key identifiers for Droplet creation.")
    if len(str(call.body.get("user_data") or "").encode()) > USER_DATA_BYTES:
        raise unprocessable("user_data must be at most 64 KiB")


def _features(body: Document) -> list[str]:
    return [*(name for name in ("backups", "ipv6", "monitoring") if body.get(name)), "private_networking"]


def _networks(call: Call) -> Document:
    high, low = divmod(call.cloud.store.next_number("droplet address", 0), 254)
    tail = f"{high}.{low + 1}"
    private = {"ip_address": f"127.10.{tail}", "netmask": "255.255.240.0", "gateway": "127.10.0.254", "type": "private"}
    public = {"ip_address": f"127.100.{tail}", "netmask": "255.255.240.0", "gateway": "127.100.0.254", "type": "public"}
    return {"v4": [private, public], "v6": []}


def _after(call: Call, _: Document) -> None:
    trusted_sources.apply(call)


def _detach_volumes(call: Call, droplet: Document) -> None:
    """A droplet goes; its volumes and reserved addresses stay."""
    for collection in RESERVED:
        for row in call.cloud.store.rows(collection):
            if row["droplet"] and row["droplet"]["id"] == droplet["id"]:
                call.cloud.store.put(collection, row["ip"], row | {"droplet": None})
    for volume in call.cloud.store.rows(VOLUMES):
        if droplet["id"] in volume["droplet_ids"]:
            call.cloud.store.put(VOLUMES, volume["id"], volume | {"droplet_ids": []})


def _create(call: Call) -> Answer:
    status, document = _DROPLETS.create(call)
    assert document is not None
    action = call.cloud.number()
    href = f"{call.base}/v2/actions/{action}"
    return Answer(status, {**document, "links": {"actions": [{"id": action, "rel": "create", "href": href}]}})


def _backup_policy(call: Call) -> Answer:
    return Answer(200, {"policy": _policy_of(call, need(call, DROPLETS, call["id"]))})


def _policy_of(call: Call, droplet: Document) -> Document:
    policy = call.cloud.store.find(f"{DROPLETS}/{droplet['id']}/backups", "policy")
    enabled = "backups" in droplet["features"]
    return {
        "droplet_id": droplet["id"],
        "backup_enabled": enabled,
        "backup_policy": policy if enabled else None,
        "next_backup_window": None,
    }


def _backups(call: Call) -> Answer:
    need(call, DROPLETS, call["id"])
    return listing(call, "backups", [])


def _firewalls(call: Call) -> Answer:
    droplet = need(call, DROPLETS, call["id"])
    rows = [row for row in call.cloud.store.rows(FIREWALLS) if _covers(row, droplet)]
    return listing(call, "firewalls", rows)


def _policies(call: Call) -> Answer:
    rows = [row for row in call.cloud.store.rows(DROPLETS) if "backups" in row["features"]]
    return listing(call, "policies", [_policy_of(call, row) for row in rows])


def _supported_policies(_: Call) -> Answer:
    weekly = {"name": "weekly", "possible_days": [*_WEEKDAYS], "retention_period_days": 28}
    daily = {"name": "daily", "possible_days": [], "retention_period_days": 7}
    hours = {"possible_window_starts": list(range(0, 24, 4)), "window_length_hours": 4}
    return Answer(200, {"supported_policies": [each | hours for each in (weekly, daily)]})


def _neighbors(call: Call) -> Answer:
    need(call, DROPLETS, call["id"])
    return listing(call, "droplets", [])


def _delete_tagged(call: Call) -> Answer:
    """Every droplet with a tag; without one the call is refused, for it would mean them all."""
    tag = call.query.get("tag_name")
    if not tag:
        raise unprocessable("tag_name is required")
    for row in call.cloud.store.rows(DROPLETS):
        if tag in row["tags"]:
            _detach_volumes(call, row)
            call.cloud.store.remove(DROPLETS, row["id"])
    trusted_sources.apply(call)
    return Answer(204)


def _covers(firewall: Document, droplet: Document) -> bool:
    return droplet["id"] in (firewall["droplet_ids"] or []) or bool(set(firewall["tags"] or []) & set(droplet["tags"]))


_DROPLETS = Collection(DROPLETS, "droplet", "droplets", make_droplet, created=202, update=(), may_go=_detach_volumes, after=_after)


def routes() -> Iterable[Route]:
    yield Route("POST", DROPLETS, _create)
    yield Route("DELETE", DROPLETS, _delete_tagged)
    yield Route("GET", f"{DROPLETS}/backups/policies", _policies)
    yield Route("GET", f"{DROPLETS}/backups/supported_policies", _supported_policies)
    yield Route("GET", f"{DROPLETS}/{{id}}/neighbors", _neighbors)
    yield Route("GET", f"{DROPLETS}/{{id}}/backups/policy", _backup_policy)
    yield Route("GET", f"{DROPLETS}/{{id}}/backups", _backups)
    yield Route("GET", f"{DROPLETS}/{{id}}/firewalls", _firewalls)
    yield from _DROPLETS.routes()

"""The smaller collections: volumes, domains and their records, CDN endpoints, monitoring, uptime checks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route, listed, whole
from localcloud.api.digitalocean.answers import conflict, need, not_found, one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.slugs import check_region, region_document
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.store import Document

VOLUMES = "/v2/volumes"
DOMAINS = "/v2/domains"
CHECKS = "/v2/uptime/checks"
ENDPOINTS = "/v2/cdn/endpoints"
LARGEST_VOLUME_GIB = 16_384
_VOLUME_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_DOMAIN_NAME = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]+\.[a-z]{3}\d\.digitaloceanspaces\.com")
_TTLS = (60, 600, 3600, 86_400, 604_800)
_RECORD_TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT")
_CHECK_REGIONS = ("us_east", "us_west", "eu_west", "se_asia")


def _make_volume(call: Call) -> Document:
    body = call.body
    name, region, size = text(body, "name"), check_region(body.get("region")), whole(body.get("size_gigabytes"))
    if not _VOLUME_NAME.fullmatch(name):
        raise unprocessable("volume name may hold lower-case letters, digits and dashes only")
    if size is None or not 1 <= size <= LARGEST_VOLUME_GIB:
        raise unprocessable(f"size_gigabytes must be between 1 and {LARGEST_VOLUME_GIB}")
    if any((row["name"], row["region"]["slug"]) == (name, region) for row in call.cloud.store.rows(VOLUMES)):
        raise conflict(f"a volume named {name} already exists in {region}")
    made = {"id": call.cloud.uuid(), "created_at": call.cloud.now(), "filesystem_label": "", **body}
    return made | {"region": region_document(region), "tags": ensure_tags(call, body.get("tags")), "droplet_ids": []}


def _volume_may_go(_: Call, found: Document) -> None:
    if found["droplet_ids"]:
        raise conflict("The volume is attached to a Droplet and cannot be deleted")


def _delete_named_volume(call: Call) -> Answer:
    """The volume is named in the query, by name and region."""
    for row in call.cloud.store.rows(VOLUMES):
        if (row["name"], row["region"]["slug"]) == (call.query.get("name"), call.query.get("region")):
            _volume_may_go(call, row)
            call.cloud.store.remove(VOLUMES, row["id"])
            return Answer(204)
    raise not_found()


def _make_domain(call: Call) -> Document:
    name = text(call.body, "name")
    if not _DOMAIN_NAME.fullmatch(name):
        raise unprocessable(f"{name!r} is not a valid domain name")
    if call.cloud.store.find(DOMAINS, name):
        raise unprocessable(f"domain {name} already exists")
    return {"name": name, "ttl": 1800, "zone_file": f"$ORIGIN {name}.\n$TTL 1800\n"}


def _make_record(call: Call) -> Document:
    one_of(call.body, "type", _RECORD_TYPES)
    text(call.body, "data")
    empty = {"priority": None, "port": None, "ttl": 1800, "weight": None, "flags": None, "tag": None}
    return {"id": call.cloud.number(), **empty, **call.body}


def _make_alert(call: Call) -> Document:
    body = call.body
    text(body, "type")
    one_of(body, "compare", ("GreaterThan", "LessThan"))
    one_of(body, "window", ("5m", "10m", "30m", "1h"))
    if not isinstance(body.get("alerts"), dict):
        raise unprocessable("alerts is required")
    return {"uuid": call.cloud.uuid(), **body}


def _make_check(call: Call) -> Document:
    one_of(call.body, "type", ("ping", "http", "https"))
    text(call.body, "target")
    for region in listed(call.body, "regions"):
        one_of({"region": region}, "region", _CHECK_REGIONS)
    return {"id": call.cloud.uuid(), "regions": ["us_east"], "enabled": True, **call.body, "name": text(call.body, "name")}


def _check_state(call: Call) -> Answer:
    check = need(call, CHECKS, call["id"])
    region = {"status": "UP", "status_changed_at": call.cloud.now(), "thirty_day_uptime_percentage": 100.0}
    previous = {"region": "us_east", "started_at": "", "ended_at": "", "duration_seconds": 0}
    return Answer(200, {"state": {"regions": dict.fromkeys(check["regions"], region), "previous_outage": previous}})


def _make_check_alert(call: Call) -> Document:
    one_of(call.body, "type", ("latency", "down", "down_global", "ssl_expiry"))
    if not isinstance(call.body.get("notifications"), dict):
        raise unprocessable("notifications is required")
    return {"id": call.cloud.uuid(), **call.body, "name": text(call.body, "name")}


def _make_endpoint(call: Call) -> Document:
    """A CDN before a bucket: the bucket's own address is its origin, and has one CDN."""
    body, origin = call.body, text(call.body, "origin")
    if not _ORIGIN.fullmatch(origin):
        raise unprocessable(f"origin {origin!r} must be a Spaces bucket's address")
    if any(row["origin"] == origin and row["id"] != call.parameters.get("id") for row in call.cloud.store.rows(ENDPOINTS)):
        raise conflict(f"a CDN for {origin} already exists")
    _check_ttl(call, body)
    address = origin.replace(".digitaloceanspaces.com", ".cdn.digitaloceanspaces.com")
    sent = {field: body[field] for field in ("custom_domain", "certificate_id") if body.get(field)}
    return {
        "id": call.cloud.uuid(),
        "origin": origin,
        "endpoint": address,
        "ttl": body.get("ttl") or 3600,
        "created_at": call.cloud.now(),
        **sent,
    }


def _check_ttl(_: Call, endpoint: Document) -> None:
    if endpoint.get("ttl") not in (None, 0, *_TTLS):
        raise unprocessable(f"ttl must be one of {', '.join(str(each) for each in _TTLS)}")


def _purge(call: Call) -> Answer:
    need(call, ENDPOINTS, call["id"])
    if not listed(call.body, "files"):
        raise unprocessable("files is required: the paths to purge")
    return Answer(204)


COLLECTIONS = (
    Collection(
        ENDPOINTS,
        "endpoint",
        "endpoints",
        _make_endpoint,
        merges=True,
        keep=("origin", "endpoint"),
        check=_check_ttl,
    ),
    Collection(VOLUMES, "volume", "volumes", _make_volume, update=(), may_go=_volume_may_go),
    Collection(DOMAINS, "domain", "domains", _make_domain, key="name", update=()),
    Collection(
        f"{DOMAINS}/{{domain}}/records",
        "domain_record",
        "domain_records",
        _make_record,
        update=("PUT", "PATCH"),
        merges=True,
        has_parent=True,
    ),
    Collection("/v2/monitoring/alerts", "policy", "policies", _make_alert, key="uuid", created=200),
    Collection(CHECKS, "check", "checks", _make_check),
    Collection(f"{CHECKS}/{{check}}/alerts", "alert", "alerts", _make_check_alert, has_parent=True),
)


def routes() -> Iterable[Route]:
    yield Route("DELETE", VOLUMES, _delete_named_volume)
    yield Route("DELETE", f"{ENDPOINTS}/{{id}}/cache", _purge)
    yield Route("GET", f"{CHECKS}/{{id}}/state", _check_state)
    for collection in COLLECTIONS:
        yield from collection.routes()

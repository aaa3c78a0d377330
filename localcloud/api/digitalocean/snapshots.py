"""Images to start from, and snapshots of droplets and volumes.

The distributions' images are those of `slugs.IMAGES`; nothing is stored in a snapshot, it is known by what it was made of. A droplet may be
started from its snapshots, a volume made from its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.digitalocean.answers import listing, need, not_found, text
from localcloud.api.digitalocean.slugs import IMAGES, REGIONS, image_document
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.store import Document

SNAPSHOTS = "/v2/snapshots"
DROPLETS = "/v2/droplets"
VOLUMES = "/v2/volumes"


def take(call: Call, identifier: str, kind: str, source: Document, size: int) -> Document:
    """Keep a snapshot of a droplet or a volume; its name is asked for in the call."""
    snapshot = {
        "id": identifier,
        "name": text(call.body, "name"),
        "created_at": call.cloud.now(),
        "regions": [source["region"]["slug"]],
        "resource_id": str(source["id"]),
        "resource_type": kind,
        "min_disk_size": size,
        "size_gigabytes": 0.1,
        "tags": ensure_tags(call, call.body.get("tags")),
    }
    return call.cloud.store.put(SNAPSHOTS, identifier, snapshot)


def _of_volume(call: Call) -> Answer:
    volume = need(call, VOLUMES, call["id"])
    return Answer(201, {"snapshot": take(call, call.cloud.uuid(), "volume", volume, volume["size_gigabytes"])})


def _rows(call: Call, kind: str | None, source: str | None = None) -> list[Document]:
    rows = call.cloud.store.rows(SNAPSHOTS)
    return [row for row in rows if kind in (None, row["resource_type"]) and source in (None, row["resource_id"])]


def _list(call: Call) -> Answer:
    return listing(call, "snapshots", _rows(call, call.query.get("resource_type")))


def _list_of_volume(call: Call) -> Answer:
    need(call, VOLUMES, call["id"])
    return listing(call, "snapshots", _rows(call, "volume", call["id"]))


def _list_of_droplet(call: Call) -> Answer:
    need(call, DROPLETS, call["id"])
    rows = [{**row, "id": int(row["id"]), "type": "snapshot"} for row in _rows(call, "droplet", call["id"])]
    return listing(call, "snapshots", rows)


def _read(call: Call) -> Answer:
    return Answer(200, {"snapshot": need(call, SNAPSHOTS, call["snapshot"])})


def _delete(call: Call) -> Answer:
    need(call, SNAPSHOTS, call["snapshot"])
    call.cloud.store.remove(SNAPSHOTS, call["snapshot"])
    return Answer(204)


def _list_images(call: Call) -> Answer:
    own = [_own_image(row) for row in _rows(call, "droplet")]
    public = [image_document(slug) for slug in IMAGES]
    private, kind = call.query.get("private") == "true", call.query.get("type")
    return listing(call, "images", own if private else [] if kind == "application" else public if kind else [*public, *own])


def _own_image(row: Document) -> Document:
    return {
        **image_document(row["name"]),
        "id": int(row["id"]),
        "slug": None,
        "public": False,
        "type": "snapshot",
        "regions": row["regions"],
    }


def _read_image(call: Call) -> Answer:
    for image in [*(image_document(slug) for slug in IMAGES), *(_own_image(row) for row in _rows(call, "droplet"))]:
        if call["image"] in (image["slug"], str(image["id"])):
            return Answer(200, {"image": image | {"regions": image["regions"] or list(REGIONS)}})
    raise not_found()


def routes() -> Iterable[Route]:
    yield Route("GET", "/v2/images", _list_images)
    yield Route("GET", "/v2/images/{image}", _read_image)
    yield Route("GET", SNAPSHOTS, _list)
    for path in (SNAPSHOTS, f"{VOLUMES}/snapshots"):
        yield Route("GET", f"{path}/{{snapshot}}", _read)
        yield Route("DELETE", f"{path}/{{snapshot}}", _delete)
    yield Route("POST", f"{VOLUMES}/{{id}}/snapshots", _of_volume)
    yield Route("GET", f"{VOLUMES}/{{id}}/snapshots", _list_of_volume)
    yield Route("GET", f"{DROPLETS}/{{id}}/snapshots", _list_of_droplet)

"""Actions on droplets and volumes: done at once, kept to be polled.

What each droplet action changes is one entry of a table. A resize needs the droplet to be off (422), as the plugin knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from localcloud.api.calls import Answer, Call, Route, whole
from localcloud.api.digitalocean import snapshots
from localcloud.api.digitalocean.answers import listing, need, not_found, one_of, text, unprocessable
from localcloud.api.digitalocean.droplets import DROPLETS, keep_backup_policy, sized
from localcloud.api.digitalocean.slugs import check_size
from localcloud.api.store import Document

ACTIONS = "/v2/actions"
VOLUMES = "/v2/volumes"


def record(call: Call, kind: str, resource_type: str, resource: str, region: str) -> Document:
    """A finished action, kept among all and below its resource; only a droplet's names it, for ids of others are no numbers."""
    now, number = call.cloud.now(), call.cloud.number()
    action = {
        "id": number,
        "status": "completed",
        "type": kind,
        "started_at": now,
        "completed_at": now,
        "resource_id": int(resource.rsplit("/", 1)[1]) if resource_type == "droplet" else None,
        "resource_type": resource_type,
        "region_slug": region,
    }
    call.cloud.store.put(f"{resource}/actions", number, action)
    return call.cloud.store.put(ACTIONS, number, action)


def _status(status: str) -> Callable[[Call, Document], None]:
    def change(_: Call, droplet: Document) -> None:
        droplet["status"] = status

    return change


def _feature(name: str, *, present: bool) -> Callable[[Call, Document], None]:
    def change(call: Call, droplet: Document) -> None:
        others = [each for each in droplet["features"] if each != name]
        droplet["features"] = [*others, name] if present else others
        keep_backup_policy(call, droplet["id"], call.body.get("backup_policy"))

    return change


def _rename(call: Call, droplet: Document) -> None:
    droplet["name"] = text(call.body, "name")


def _resize(call: Call, droplet: Document) -> None:
    if droplet["status"] != "off":
        raise unprocessable("Droplet is currently on. Please power it off to run this event.")
    disk = droplet["disk"]
    droplet |= sized(check_size(call.body.get("size")))
    if not call.body.get("disk"):
        droplet["disk"] = disk


def _policy(call: Call, droplet: Document) -> None:
    keep_backup_policy(call, droplet["id"], call.body.get("backup_policy"))


def _snapshot(call: Call, droplet: Document) -> None:
    number = call.cloud.number()
    snapshots.take(call, str(number), "droplet", droplet, droplet["disk"])
    droplet["snapshot_ids"] = [*droplet["snapshot_ids"], number]


def _nothing(_: Call, __: Document) -> None:
    return None


DROPLET_ACTIONS: Mapping[str, Callable[[Call, Document], None]] = {
    "rename": _rename,
    "resize": _resize,
    "power_off": _status("off"),
    "shutdown": _status("off"),
    "power_on": _status("active"),
    "reboot": _nothing,
    "power_cycle": _nothing,
    "snapshot": _snapshot,
    "enable_backups": _feature("backups", present=True),
    "disable_backups": _feature("backups", present=False),
    "change_backup_policy": _policy,
    "enable_ipv6": _feature("ipv6", present=True),
    "enable_private_networking": _feature("private_networking", present=True),
}


def _on_droplet(call: Call) -> Answer:
    return Answer(201, {"action": _act(call, need(call, DROPLETS, call["id"]))})


def _act(call: Call, droplet: Document) -> Document:
    kind = one_of(call.body, "type", tuple(DROPLET_ACTIONS))
    DROPLET_ACTIONS[kind](call, droplet)
    call.cloud.store.put(DROPLETS, droplet["id"], droplet)
    return record(call, kind, "droplet", f"{DROPLETS}/{droplet['id']}", droplet["region"]["slug"])


def _on_tagged(call: Call) -> Answer:
    tag = call.query.get("tag_name")
    if not tag:
        raise unprocessable("tag_name is required")
    return Answer(201, {"actions": [_act(call, row) for row in call.cloud.store.rows(DROPLETS) if tag in row["tags"]]})


def _on_named_volume(call: Call) -> Answer:
    """The volume is named in the body, by name and region."""
    name, region = call.body.get("volume_name"), call.body.get("region")
    for row in call.cloud.store.rows(VOLUMES):
        if row["name"] == name and region in (None, row["region"]["slug"]):
            return _change_volume(call, row)
    raise not_found()


def _on_volume(call: Call) -> Answer:
    return _change_volume(call, need(call, VOLUMES, call["id"]))


def _change_volume(call: Call, volume: Document) -> Answer:
    kind = one_of(call.body, "type", ("resize", "attach", "detach"))
    if kind == "resize":
        _grow(call, volume)
    else:
        _attach(call, volume, present=kind == "attach")
    call.cloud.store.put(VOLUMES, volume["id"], volume)
    return Answer(202, {"action": record(call, kind, "volume", f"{VOLUMES}/{volume['id']}", volume["region"]["slug"])})


def _grow(call: Call, volume: Document) -> None:
    size = whole(call.body.get("size_gigabytes"))
    if size is None or size <= volume["size_gigabytes"]:
        raise unprocessable("size_gigabytes must be larger than the volume")
    volume["size_gigabytes"] = size


def _attach(call: Call, volume: Document, *, present: bool) -> None:
    droplet = need(call, DROPLETS, call.body.get("droplet_id"))
    if present and volume["droplet_ids"] not in ([], [droplet["id"]]):
        raise unprocessable("volume is attached to another Droplet")
    volume["droplet_ids"] = [droplet["id"]] if present else []
    others = [each for each in droplet["volume_ids"] if each != volume["id"]]
    droplet["volume_ids"] = [*others, volume["id"]] if present else others
    call.cloud.store.put(DROPLETS, droplet["id"], droplet)


def _list(call: Call) -> Answer:
    return listing(call, "actions", call.cloud.store.rows(ACTIONS)[::-1])


def _of_resource(call: Call) -> Answer:
    need(call, call.collection.rsplit("/", 1)[0], call["id"])
    return listing(call, "actions", call.cloud.store.rows(call.path)[::-1])


def _read(call: Call) -> Answer:
    return Answer(200, {"action": need(call, ACTIONS, call["action"])})


def routes() -> Iterable[Route]:
    yield Route("GET", ACTIONS, _list)
    yield Route("GET", f"{ACTIONS}/{{action}}", _read)
    yield Route("POST", f"{DROPLETS}/actions", _on_tagged)
    yield Route("POST", f"{VOLUMES}/actions", _on_named_volume)
    for collection, handler in ((DROPLETS, _on_droplet), (VOLUMES, _on_volume)):
        yield Route("POST", f"{collection}/{{id}}/actions", handler)
        yield Route("GET", f"{collection}/{{id}}/actions", _of_resource)
        yield Route("GET", f"{collection}/{{id}}/actions/{{action}}", _read)

"""Tags, and tagging: a tag is made when first used; deleting it takes it off everything.

The counts in a tag stay 0: the real API's counts change behind the program's back, which every `pulumi refresh` would then report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from localcloud.api.calls import Answer, Call, Route, objects
from localcloud.api.digitalocean import trusted_sources
from localcloud.api.digitalocean.answers import listing, need, text, unprocessable
from localcloud.api.store import Document

TAGS = "/v2/tags"
TAGGED = {"droplet": "/v2/droplets", "database": "/v2/databases", "volume": "/v2/volumes"}
_NAME = re.compile(r"[a-zA-Z0-9_:-]{1,255}")
_COUNTED = ("droplets", "images", "volumes", "volume_snapshots", "databases")


def ensure_tags(call: Call, names: object) -> list[str]:
    """The tags named in a create call, made where they are not there yet."""
    if names is None:
        return []
    if not isinstance(names, Sequence) or isinstance(names, str):
        raise unprocessable("tags must be a list of names")
    for name in names:
        _ensure(call, name)
    return [str(name) for name in names]


def _ensure(call: Call, name: object) -> Document:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise unprocessable(f"tag {name!r} is invalid: letters, digits, dashes, underscores and colons only")
    found = call.cloud.store.find(TAGS, name)
    if found is not None:
        return found
    resources: Document = {"count": 0, **{kind: {"count": 0} for kind in _COUNTED}}
    return call.cloud.store.put(TAGS, name, {"name": name, "resources": resources})


def _create(call: Call) -> Answer:
    return Answer(201, {"tag": _ensure(call, text(call.body, "name"))})


def _list(call: Call) -> Answer:
    return listing(call, "tags", call.cloud.store.rows(TAGS))


def _read(call: Call) -> Answer:
    return Answer(200, {"tag": need(call, TAGS, call["name"])})


def _delete(call: Call) -> Answer:
    name = str(need(call, TAGS, call["name"])["name"])
    for collection in TAGGED.values():
        for row in call.cloud.store.rows(collection):
            _set(call, collection, row, name, present=False)
    call.cloud.store.remove(TAGS, name)
    trusted_sources.apply(call)
    return Answer(204)


def _tag_resources(call: Call) -> Answer:
    return _retag(call, present=True)


def _untag_resources(call: Call) -> Answer:
    return _retag(call, present=False)


def _retag(call: Call, *, present: bool) -> Answer:
    name = str(need(call, TAGS, call["name"])["name"])
    for resource in objects(call.body, "resources"):
        collection = TAGGED.get(str(resource.get("resource_type")))
        if collection is None:
            raise unprocessable(f"resource_type {resource.get('resource_type')!r} cannot be tagged")
        _set(call, collection, need(call, collection, resource.get("resource_id")), name, present=present)
    trusted_sources.apply(call)
    return Answer(204)


def _set(call: Call, collection: str, row: Document, name: str, *, present: bool) -> None:
    others = [tag for tag in row.get("tags") or [] if tag != name]
    row["tags"] = [*others, name] if present else others
    call.cloud.store.put(collection, row["id"], row)


def routes() -> Iterable[Route]:
    yield Route("POST", TAGS, _create)
    yield Route("GET", TAGS, _list)
    yield Route("GET", f"{TAGS}/{{name}}", _read)
    yield Route("DELETE", f"{TAGS}/{{name}}", _delete)
    yield Route("POST", f"{TAGS}/{{name}}/resources", _tag_resources)
    yield Route("DELETE", f"{TAGS}/{{name}}/resources", _untag_resources)

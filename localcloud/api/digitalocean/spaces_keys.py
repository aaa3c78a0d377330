"""Spaces keys: each a real identity of the S3 server, with the key's grants; the secret is answered once and kept by that server alone.

Rules: `fullaccess` is for every bucket (its bucket is empty) and stands alone, the other permissions name a bucket; a key for everything
cannot become a limited one, nor the other way round ("After generation, you cannot convert", the documentation of Spaces' access keys).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route, objects
from localcloud.api.digitalocean.answers import one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.store import Document

SPACES_KEYS = "/v2/spaces/keys"
SECRET_BYTES = 32
FULL = "fullaccess"
PERMISSIONS = ("read", "readwrite", FULL)


def _make(call: Call) -> Document:
    return {"name": text(call.body, "name"), "grants": _grants(call.body), "created_at": call.cloud.now()}


def _grants(body: Document) -> list[Document]:
    grants = [{"bucket": grant.get("bucket") or "", "permission": grant.get("permission")} for grant in objects(body, "grants")]
    for grant in grants:
        full = one_of(grant, "permission", PERMISSIONS) == FULL
        if not isinstance(grant["bucket"], str) or full == bool(grant["bucket"]):
            raise unprocessable(f"a grant names its bucket, but {FULL}, which is for every bucket, names none")
        if full and len(grants) > 1:
            raise unprocessable(f"{FULL} cannot be combined with other grants")
    return grants


def _is_full(key: Document) -> bool:
    return any(grant["permission"] == FULL for grant in key["grants"])


def _create(call: Call) -> Answer:
    key = _make(call) | {"access_key": "DO00" + call.cloud.hex_id()[:16].upper()}
    secret = base64.urlsafe_b64encode(call.cloud.random_bytes(SECRET_BYTES)).decode().rstrip("=")
    call.cloud.store.put(SPACES_KEYS, key["access_key"], key)
    call.cloud.identities.add(key["access_key"], secret, key["grants"])
    return Answer(201, {"key": {**key, "secret_key": secret}})


def _check_change(call: Call, new: Document) -> None:
    text(new, "name")
    old, new["grants"] = call.cloud.store.find(SPACES_KEYS, new["access_key"]), _grants(new)
    if old is not None and old["grants"] and new["grants"] and _is_full(old) != _is_full(new):
        raise unprocessable("a key for every bucket cannot become a limited one, nor a limited one a key for every bucket")
    call.cloud.identities.grant(new["access_key"], new["grants"])


def _may_go(call: Call, found: Document) -> None:
    call.cloud.identities.remove(found["access_key"])


def _wanted(call: Call, key: Document) -> bool:
    """The list's filters: the name of the key, a bucket or a permission among its grants."""
    return all(
        any(grant[field] == call.query[field] for grant in key["grants"]) for field in ("bucket", "permission") if field in call.query
    )


_KEYS = Collection(
    SPACES_KEYS,
    "key",
    "keys",
    _make,
    key="access_key",
    update=("PUT", "PATCH"),
    keep=("access_key",),
    check=_check_change,
    may_go=_may_go,
    wanted=_wanted,
)


def routes() -> Iterable[Route]:
    yield Route("POST", SPACES_KEYS, _create)
    yield from _KEYS.routes()


def apply(call: Call) -> None:
    """Give the identities what their keys say now, after a change behind everyone's back."""
    for key in call.cloud.store.rows(SPACES_KEYS):
        call.cloud.identities.grant(key["access_key"], key["grants"])

"""The account: SSH keys, what the account is, regions and sizes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.digitalocean.answers import listing, need, text, unprocessable
from localcloud.api.digitalocean.slugs import REGIONS, SIZES, region_document, size_document
from localcloud.api.store import Document

SSH_KEYS = "/v2/account/keys"


def fingerprint(public_key: str) -> str:
    """MD5 of the key's blob, in pairs, as `ssh-keygen -l -E md5` prints it; 422 for what is no public key."""
    try:
        blob = base64.b64decode(public_key.split()[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise unprocessable("Key invalid, key should be of the format `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA...`") from error
    return ":".join(re.findall("..", hashlib.md5(blob, usedforsecurity=False).hexdigest()))


def find_key(call: Call, named: object) -> Document | None:
    """An SSH key by its number or its fingerprint."""
    return next((row for row in call.cloud.store.rows(SSH_KEYS) if named in (row["id"], str(row["id"]), row["fingerprint"])), None)


def _create_key(call: Call) -> Answer:
    name, public_key = text(call.body, "name"), text(call.body, "public_key")
    mark = fingerprint(public_key)
    if find_key(call, mark):
        raise unprocessable("SSH Key is already in use on your account")
    key = {"id": call.cloud.number(), "name": name, "public_key": public_key, "fingerprint": mark}
    return Answer(201, {"ssh_key": call.cloud.store.put(SSH_KEYS, key["id"], key)})


def _need_key(call: Call) -> Document:
    found = find_key(call, call["id"])
    return found if found is not None else need(call, SSH_KEYS, call["id"])


def _list_keys(call: Call) -> Answer:
    return listing(call, "ssh_keys", call.cloud.store.rows(SSH_KEYS))


def _read_key(call: Call) -> Answer:
    return Answer(200, {"ssh_key": _need_key(call)})


def _rename_key(call: Call) -> Answer:
    key = _need_key(call) | {"name": text(call.body, "name")}
    return Answer(200, {"ssh_key": call.cloud.store.put(SSH_KEYS, key["id"], key)})


def _delete_key(call: Call) -> Answer:
    call.cloud.store.remove(SSH_KEYS, _need_key(call)["id"])
    return Answer(204)


def _account(call: Call) -> Answer:
    team = {"uuid": str(call.cloud.default_project()["owner_uuid"]), "name": "local"}
    account = {
        "droplet_limit": 25,
        "floating_ip_limit": 5,
        "email": "owner@example.test",
        "name": "local",
        "uuid": team["uuid"],
        "email_verified": True,
        "status": "active",
        "status_message": "",
        "team": team,
    }
    return Answer(200, {"account": account})


def _list_regions(call: Call) -> Answer:
    return listing(call, "regions", [region_document(slug) for slug in REGIONS])


def _list_sizes(call: Call) -> Answer:
    return listing(call, "sizes", [size_document(slug) for slug in SIZES])


def routes() -> Iterable[Route]:
    yield Route("GET", "/v2/account", _account)
    yield Route("GET", "/v2/regions", _list_regions)
    yield Route("GET", "/v2/sizes", _list_sizes)
    yield Route("POST", SSH_KEYS, _create_key)
    yield Route("GET", SSH_KEYS, _list_keys)
    yield Route("GET", f"{SSH_KEYS}/{{id}}", _read_key)
    yield Route("PUT", f"{SSH_KEYS}/{{id}}", _rename_key)
    yield Route("DELETE", f"{SSH_KEYS}/{{id}}", _delete_key)

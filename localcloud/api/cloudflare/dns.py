"""DNS records of a zone.

Rules: names are answered in full (`www` becomes `www.example.com`), one type of a name may be proxied or not as its type allows (A,
AAAA, CNAME), an address must be one, and the very same record cannot be added twice. All refusals are 400 with Cloudflare's codes.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from localcloud.api.calls import Answer, Call, Handler, Route, objects
from localcloud.api.cloudflare.answers import invalid, listing, not_found, one_of, result, text
from localcloud.api.cloudflare.zones import ZONES, need_zone
from localcloud.api.store import Document

RECORDS = f"{ZONES}/{{zone}}/dns_records"
PROXIABLE = ("A", "AAAA", "CNAME")
TYPES = (
    *PROXIABLE,
    "CAA",
    "CERT",
    "DNSKEY",
    "DS",
    "HTTPS",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "OPENPGPKEY",
    "PTR",
    "SMIMEA",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
    "URI",
)
_WRITTEN: Mapping[str, str] = {
    "CAA": '{flags} {tag} "{value}"',
    "SRV": "{weight} {port} {target}",
    "TLSA": "{usage} {selector} {matching_type} {certificate}",
    "SSHFP": "{algorithm} {type} {fingerprint}",
    "DS": "{key_tag} {algorithm} {digest_type} {digest}",
}
"""What is sent in parts is answered as one text, too."""

_OWNED = ("id", "created_on", "meta")


def _record(call: Call, zone: Document, sent: Document, old: Document) -> Document:
    kind, name = one_of(sent, "type", TYPES, 9000), _full_name(text(sent, "name"), str(zone["name"]))
    _check_content(sent, kind)
    if sent.get("proxied") and kind not in PROXIABLE:
        raise invalid("This record type cannot be proxied.", 9004)
    now = call.cloud.now()
    server: Document = {"id": old.get("id") or call.cloud.hex_id(), "created_on": old.get("created_on") or now, "meta": {}}
    times = {"modified_on": now, "comment_modified_on": None, "tags_modified_on": None}
    empty = {"proxied": False, "ttl": 1, "settings": {}, "tags": []}
    chosen = {field: value for field, value in sent.items() if value is not None and field not in _OWNED}
    if kind in _WRITTEN and sent.get("data"):
        chosen["content"] = _WRITTEN[kind].format_map(defaultdict(str, sent["data"]))
    return {**empty, **chosen, "name": name, "proxiable": kind in PROXIABLE, **server, **times}


def _full_name(name: str, zone: str) -> str:
    if name in ("@", zone):
        return zone
    return name if name.endswith(f".{zone}") else f"{name}.{zone}"


def _check_content(sent: Document, kind: str) -> None:
    if sent.get("data"):
        return
    content = text(sent, "content")
    parsers = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
    try:
        parsers.get(kind, str)(content)
    except ValueError as error:
        raise invalid(f"Content for {kind} record must be a valid address.", 9005) from error


def _check_new(call: Call, record: Document, collection: str) -> None:
    for row in call.cloud.store.rows(collection):
        same = all(row.get(field) == record.get(field) for field in ("type", "name", "content", "data"))
        if same and row["id"] != record["id"]:
            raise invalid("An identical record already exists.", 81058)
        if row["id"] != record["id"] and row["name"] == record["name"] and "CNAME" in (row["type"], record["type"]):
            raise invalid("A CNAME record with that host already exists, or would stand beside another record.", 81053)


def _create(call: Call) -> Answer:
    record = _record(call, need_zone(call), call.body, {})
    _check_new(call, record, call.path)
    return result(call.cloud.store.put(call.path, record["id"], record))


def _list(call: Call) -> Answer:
    need_zone(call)
    wanted = {field: call.query[field] for field in ("name", "type", "content") if field in call.query}
    rows = [row for row in call.cloud.store.rows(call.path) if all(row.get(field) == value for field, value in wanted.items())]
    return listing(call, [row for row in rows if call.query.get("proxied", str(row["proxied"]).lower()) == str(row["proxied"]).lower()])


def _need(call: Call) -> Document:
    need_zone(call)
    found = call.cloud.store.find(call.collection, call["id"])
    if found is None:
        raise not_found(81044, "Record does not exist.")
    return found


def _read(call: Call) -> Answer:
    return result(_need(call))


def _replace(call: Call) -> Answer:
    return _change(call, {})


def _patch(call: Call) -> Answer:
    return _change(call, _need(call))


def _change(call: Call, kept: Document) -> Answer:
    record = _record(call, need_zone(call), kept | call.body, _need(call))
    _check_new(call, record, call.collection)
    return result(call.cloud.store.put(call.collection, record["id"], record))


def _delete(call: Call) -> Answer:
    identifier = _need(call)["id"]
    call.cloud.store.remove(call.collection, identifier)
    return result({"id": identifier})


def _batch(call: Call) -> Answer:
    """Deletions, then changes, replacements and new records: all of them, or none."""
    done: Document = {}
    for name, method, handler in (("deletes", "DELETE", _delete), ("patches", "PATCH", _patch), ("puts", "PUT", _replace)):
        done[name] = [_one(call, method, sent, handler) for sent in objects(call.body, name)]
    done["posts"] = [
        (_create(replace(call, path=call.collection, body=sent)).document or {})["result"] for sent in objects(call.body, "posts")
    ]
    return result(done)


def _one(call: Call, method: str, sent: Document, handler: Handler) -> Document:
    identifier = text(sent, "id")
    path = f"{call.collection}/{identifier}"
    changed: Document = (
        handler(replace(call, method=method, path=path, parameters={**call.parameters, "id": identifier}, body=sent)).document or {}
    )["result"]
    return changed


def routes() -> Iterable[Route]:
    one = f"{RECORDS}/{{id}}"
    yield Route("POST", RECORDS, _create)
    yield Route("GET", RECORDS, _list)
    yield Route("POST", f"{RECORDS}/batch", _batch)
    yield Route("GET", one, _read)
    yield Route("PUT", one, _replace)
    yield Route("PATCH", one, _patch)
    yield Route("DELETE", one, _delete)

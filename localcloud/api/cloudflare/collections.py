"""Ordinary collections below a zone or an account, as a table: what is particular about each is its check and the fields the server adds.

POST echoes what was sent with an id; PUT replaces all but what the server owns, PATCH merges; the answer of a change is the answer of
a read, which the provider relies on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localcloud.api.calls import Answer, Call, Route, fields, objects
from localcloud.api.cloudflare.answers import API, invalid, listing, need, one_of, result, text
from localcloud.api.cloudflare.zones import ACCOUNTS, ZONES, need_account, need_zone
from localcloud.api.store import Document

ZONE, ACCOUNT = f"{ZONES}/{{zone}}", f"{ACCOUNTS}/{{account}}"
DATASETS = (
    "http_requests",
    "firewall_events",
    "dns_logs",
    "nel_reports",
    "spectrum_events",
    "audit_logs",
    "access_requests",
    "page_shield_events",
)


def _any(_: Call) -> None:
    return None


def _no_more(_: Call) -> Document:
    return {}


@dataclass(frozen=True)
class Collection:
    """`check` raises to refuse what was sent; `added` are fields of the server's own, given on creation and kept; `secret` ones
    are neither kept nor answered.
    """

    path: str
    check: Callable[[Call], None] = _any
    added: Callable[[Call], Document] = _no_more
    secret: tuple[str, ...] = ()
    numbered: bool = False
    replaceable: bool = True

    def routes(self) -> Iterable[Route]:
        one = f"{self.path}/{{id}}"
        yield Route("POST", self.path, self.create)
        yield Route("GET", self.path, self.list)
        yield Route("GET", one, self.read)
        if self.replaceable:
            yield Route("PUT", one, self.change)
            yield Route("PATCH", one, self.change)
        yield Route("DELETE", one, self.delete)

    def create(self, call: Call) -> Answer:
        _need_owner(call)
        self.check(call)
        identifier = call.cloud.number("logpush") if self.numbered else call.cloud.hex_id()
        sent = {field: value for field, value in call.body.items() if field not in self.secret}
        made = {**sent, **self.added(call)}
        return result(call.cloud.store.put(call.path, identifier, made | {"id": identifier}))

    def list(self, call: Call) -> Answer:
        _need_owner(call)
        name = call.query.get("name")
        return listing(call, [row for row in call.cloud.store.rows(call.path) if name in (None, row.get("name"))])

    def read(self, call: Call) -> Answer:
        _need_owner(call)
        return result(need(call, call.collection, call["id"]))

    def change(self, call: Call) -> Answer:
        _need_owner(call)
        old = need(call, call.collection, call["id"])
        owned = {field: old[field] for field in ("id", *self.added(call)) if field in old}
        changed = (old if call.method == "PATCH" else {}) | call.body | owned
        self.check(_with_body(call, changed))
        return result(call.cloud.store.put(call.collection, call["id"], changed))

    def delete(self, call: Call) -> Answer:
        _need_owner(call)
        need(call, call.collection, call["id"])
        call.cloud.store.remove(call.collection, call["id"])
        return result({"id": call["id"]})


def _with_body(call: Call, body: Document) -> Call:
    return Call(call.cloud, call.method, call.path, call.base, call.parameters, call.query, body)


def _need_owner(call: Call) -> None:
    if "zone" in call.parameters:
        need_zone(call)
    elif "account" in call.parameters:
        need_account(call)


def _named(call: Call) -> None:
    text(call.body, "name")


def _logpush(call: Call) -> None:
    one_of(call.body, "dataset", DATASETS)
    if "://" not in text(call.body, "destination_conf"):
        raise invalid("destination_conf must be an address such as s3://bucket/path", 1002)


def _notification(call: Call) -> None:
    text(call.body, "name")
    text(call.body, "alert_type")
    mechanisms = fields(call.body, "mechanisms")
    if not any(mechanisms.values()):
        raise invalid("at least one mechanism is required", 17002)
    webhooks = f"{ACCOUNTS}/{call['account']}/alerting/v3/destinations/webhooks"
    for webhook in objects(mechanisms, "webhooks"):
        if call.cloud.store.find(webhooks, webhook.get("id")) is None:
            raise invalid(f"webhook {webhook.get('id')} does not exist", 17003)


def _webhook(call: Call) -> None:
    text(call.body, "name")
    if not text(call.body, "url").startswith("https://"):
        raise invalid("url must begin with https://", 17004)


def _access_policy(call: Call) -> None:
    text(call.body, "name")
    one_of(call.body, "decision", ("allow", "deny", "non_identity", "bypass"))


def _client_certificate(call: Call) -> None:
    text(call.body, "certificate")
    text(call.body, "private_key")


def _client_certificate_fields(call: Call) -> Document:
    return {
        "enabled": True,
        "status": "active",
        "uploaded_on": call.cloud.now(),
        "expires_on": None,
        "issuer": "",
        "signature": "",
        "serial_number": "",
    }


def _pack_fields(_: Call) -> Document:
    return {"status": "active", "certificates": [], "validation_records": [], "validation_errors": [], "dcv_delegation_records": []}


COLLECTIONS = (
    Collection(f"{ZONE}/logpush/jobs", _logpush, numbered=True),
    Collection(f"{ACCOUNT}/logpush/jobs", _logpush, numbered=True),
    Collection(f"{ZONE}/healthchecks", _named),
    Collection(f"{ZONE}/load_balancers", _named),
    Collection(f"{ACCOUNT}/load_balancers/pools", _named),
    Collection(f"{ACCOUNT}/load_balancers/monitors"),
    Collection(f"{ACCOUNT}/access/apps", _named),
    Collection(f"{ZONE}/access/apps", _named),
    Collection(f"{ACCOUNT}/access/policies", _access_policy),
    Collection(f"{ACCOUNT}/access/identity_providers", _named),
    Collection(f"{ACCOUNT}/alerting/v3/policies", _notification),
    Collection(f"{ACCOUNT}/alerting/v3/destinations/webhooks", _webhook),
    Collection(f"{ACCOUNT}/tokens", _named),
    Collection(
        f"{ZONE}/origin_tls_client_auth/hostnames/certificates",
        _client_certificate,
        _client_certificate_fields,
        ("private_key",),
        replaceable=False,
    ),
    Collection(f"{ZONE}/origin_tls_client_auth", _client_certificate, _client_certificate_fields, ("private_key",), replaceable=False),
    Collection(f"{ZONE}/ssl/certificate_packs", added=_pack_fields, replaceable=False),
    Collection(f"{API}/certificates", replaceable=False),
)


def _own_hostnames(call: Call) -> Answer:
    """Authenticated origin pulls per host name: sent as a list, answered as a list, read one by one."""
    need_zone(call)
    rows = []
    for sent in objects(call.body, "config"):
        now = call.cloud.now()
        row = {**sent, "cert_status": "active", "status": "active", "certificate": "", "created_at": now, "updated_at": now}
        rows.append(call.cloud.store.put(call.path, text(sent, "hostname"), row))
    return result(rows)


def _read_hostname(call: Call) -> Answer:
    need_zone(call)
    return result(need(call, call.collection, call["id"]))


def _ownership(call: Call) -> Answer:
    need_zone(call)
    text(call.body, "destination_conf")
    return result({"filename": "ownership-challenge.txt", "message": "", "valid": True})


def _order_pack(call: Call) -> Answer:
    """A certificate pack is ordered below its collection, and lies in it."""
    collection = next(each for each in COLLECTIONS if each.path.endswith("certificate_packs"))
    return collection.create(Call(call.cloud, call.method, call.collection, call.base, call.parameters, call.query, call.body))


def routes() -> Iterable[Route]:
    yield Route("PUT", f"{ZONE}/origin_tls_client_auth/hostnames", _own_hostnames)
    yield Route("POST", f"{ZONE}/logpush/ownership", _ownership)
    yield Route("POST", f"{ZONE}/ssl/certificate_packs/order", _order_pack)
    for collection in COLLECTIONS:
        yield from collection.routes()
    yield Route("GET", f"{ZONE}/origin_tls_client_auth/hostnames/{{id}}", _read_hostname)

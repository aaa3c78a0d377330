"""Ordinary collections below a zone or an account, as a table: what is particular about each is its check and the fields the server adds.

POST echoes what was sent with an id; PUT replaces all but what the server owns, PATCH merges; the answer of a change is the answer of
a read, which the provider relies on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localcloud.api.calls import Answer, Call, Route, fields, listed, objects
from localcloud.api.cloudflare.answers import API, invalid, listing, need, one_of, result, text
from localcloud.api.cloudflare.names import ALERT_TYPES
from localcloud.api.cloudflare.zones import ACCOUNTS, ZONES, need_account, need_zone
from localcloud.api.store import Document

ZONE, ACCOUNT = f"{ZONES}/{{zone}}", f"{ACCOUNTS}/{{account}}"


def _any(_: Call) -> None:
    return None


def _no_more(_: Call) -> Document:
    return {}


@dataclass(frozen=True)
class Collection:
    """`check` raises to refuse what was sent; `added` are fields of the server's own, given on creation and kept; `secret` ones
    are neither kept nor answered; what `once` gives is answered on creation alone.
    """

    path: str
    check: Callable[[Call], None] = _any
    added: Callable[[Call], Document] = _no_more
    secret: tuple[str, ...] = ()
    numbered: bool = False
    replaceable: bool = True
    key: str = "id"
    once: Callable[[Call], Document] = _no_more

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
        need_owner(call)
        self.check(call)
        identifier = call.cloud.number("logpush") if self.numbered else call.cloud.hex_id()
        sent = {field: value for field, value in call.body.items() if field not in self.secret}
        made = {**sent, **self.added(call), "id": identifier}
        call.cloud.store.put(call.path, made[self.key], made)
        return result({**made, **self.once(call)})

    def list(self, call: Call) -> Answer:
        need_owner(call)
        name = call.query.get("name")
        own = [row for key, row in call.cloud.store.items(call.path) if not key.startswith("/")]  # a switch is kept beside, by its path
        return listing(call, [row for row in own if name in (None, row.get("name"))])

    def read(self, call: Call) -> Answer:
        need_owner(call)
        return result(need(call, call.collection, call["id"]))

    def change(self, call: Call) -> Answer:
        need_owner(call)
        old = need(call, call.collection, call["id"])
        owned = {field: old[field] for field in ("id", *self.added(call)) if field in old}
        sent = {field: value for field, value in call.body.items() if field not in self.secret}
        changed = (old if call.method == "PATCH" else {}) | sent | owned
        self.check(_with_body(call, changed))
        return result(call.cloud.store.put(call.collection, call["id"], changed))

    def delete(self, call: Call) -> Answer:
        need_owner(call)
        need(call, call.collection, call["id"])
        call.cloud.store.remove(call.collection, call["id"])
        return result({"id": call["id"]})


def _with_body(call: Call, body: Document) -> Call:
    return Call(call.cloud, call.method, call.path, call.base, call.parameters, call.query, body)


def need_owner(call: Call) -> None:
    """The zone or account this path lies in must be there."""
    if "zone" in call.parameters:
        need_zone(call)
    elif "account" in call.parameters:
        need_account(call)


def _named(call: Call) -> None:
    text(call.body, "name")


def _notification(call: Call) -> None:
    text(call.body, "name")
    one_of(call.body, "alert_type", ALERT_TYPES, 17001)
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


def _application_fields(call: Call) -> Document:
    return {"aud": call.cloud.hex_id() * 2, "created_at": call.cloud.now()}


def _service_token_fields(call: Call) -> Document:
    return {"client_id": f"{call.cloud.hex_id()}.access", "expires_at": None, "created_at": call.cloud.now()}


def _service_token_secret(call: Call) -> Document:
    return {"client_secret": call.cloud.hex_id() * 2}


def _group(call: Call) -> None:
    text(call.body, "name")
    if not objects(call.body, "include"):
        raise invalid("include is required", 12130)


def _silence(call: Call) -> None:
    for field in ("policy_id", "start_time", "end_time"):
        text(call.body, field)


def _page_rule(call: Call) -> None:
    if not objects(call.body, "targets") or not objects(call.body, "actions"):
        raise invalid("targets and actions are required", 1004)
    one_of({"status": call.body.get("status") or "disabled"}, "status", ("active", "disabled"))


def _page_rule_fields(call: Call) -> Document:
    return {"created_on": call.cloud.now(), "modified_on": call.cloud.now()}


def _access_rule(call: Call) -> None:
    one_of(call.body, "mode", ("block", "challenge", "whitelist", "js_challenge", "managed_challenge"))
    configuration = fields(call.body, "configuration")
    one_of(configuration, "target", ("ip", "ip6", "ip_range", "asn", "country"))
    text(configuration, "value")


def _access_rule_fields(call: Call) -> Document:
    return {"created_on": call.cloud.now(), "allowed_modes": ["block", "challenge", "whitelist", "js_challenge", "managed_challenge"]}


def _lockdown(call: Call) -> None:
    if not listed(call.body, "urls") or not objects(call.body, "configurations"):
        raise invalid("urls and configurations are required", 1004)


def _agent_rule(call: Call) -> None:
    one_of(call.body, "mode", ("block", "challenge", "js_challenge", "managed_challenge"))
    text(fields(call.body, "configuration"), "value")


def _signing_request(call: Call) -> None:
    text(call.body, "csr")


def _authority_certificate(call: Call) -> None:
    text(call.body, "certificate" if "certificate" in call.body else "certificates")


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
    Collection(f"{ZONE}/healthchecks", _named),
    Collection(f"{ZONE}/load_balancers", _named),
    Collection(f"{ACCOUNT}/load_balancers/pools", _named),
    Collection(f"{ACCOUNT}/load_balancers/monitors"),
    Collection(f"{ACCOUNT}/access/policies", _access_policy),
    Collection(f"{ACCOUNT}/access/tags", _named, key="name"),
    *(
        Collection(f"{owner}/access/{name}", check, added, once=once)
        for owner in (ACCOUNT, ZONE)
        for name, check, added, once in (
            ("apps/{app}/policies", _access_policy, _no_more, _no_more),
            ("apps", _named, _application_fields, _no_more),
            ("identity_providers", _named, _no_more, _no_more),
            ("groups", _group, _no_more, _no_more),
            ("service_tokens", _named, _service_token_fields, _service_token_secret),
            ("certificates", _authority_certificate, _client_certificate_fields, _no_more),
        )
    ),
    Collection(f"{ACCOUNT}/alerting/v3/policies", _notification),
    Collection(f"{ACCOUNT}/alerting/v3/destinations/webhooks", _webhook),
    Collection(f"{ACCOUNT}/alerting/v3/silences", _silence),
    Collection(f"{ACCOUNT}/iam/resource_groups", _named),
    Collection(f"{ZONE}/pagerules", _page_rule, _page_rule_fields),
    Collection(f"{ZONE}/leaked-credential-checks/detections"),
    Collection(f"{ZONE}/custom_certificates", _client_certificate, _client_certificate_fields, ("private_key",)),
    Collection(f"{ZONE}/client_certificates", _signing_request, _client_certificate_fields),
    Collection(f"{ACCOUNT}/mtls_certificates", _authority_certificate, _client_certificate_fields, ("private_key",), replaceable=False),
    *(Collection(f"{owner}/firewall/access_rules/rules", _access_rule, _access_rule_fields) for owner in (ZONE, ACCOUNT)),
    Collection(f"{ZONE}/firewall/lockdowns", _lockdown),
    Collection(f"{ZONE}/firewall/ua_rules", _agent_rule),
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


def _change_silences(call: Call) -> Answer:
    """A list of silences, each with its id."""
    need_account(call)
    changed = [need(call, call.path, sent.get("id")) | sent for sent in objects(call.body, "items")]
    return result([call.cloud.store.put(call.path, each["id"], each) for each in changed])


def _available_alerts(call: Call) -> Answer:
    need_account(call)
    return result({"All": [{"type": each, "display_name": each, "description": "", "filter_options": []} for each in ALERT_TYPES]})


def _nothing_yet(call: Call) -> Answer:
    need_owner(call)
    return listing(call, [])


def _eligible(call: Call) -> Answer:
    need_account(call)
    return result({kind: {"eligible": True, "ready": True, "type": kind} for kind in ("email", "pagerduty", "webhooks")})


def _quota(call: Call) -> Answer:
    need_zone(call)
    return result({"advanced": {"allocated": 100, "used": len(call.cloud.store.rows(call.collection))}})


def _verification(call: Call) -> Answer:
    need_zone(call)
    packs = call.cloud.store.rows(f"{ZONES}/{call['zone']}/ssl/certificate_packs")
    return result(
        [{"certificate_status": "active", "cert_pack_uuid": each["id"], "hostname": (each.get("hosts") or [""])[0]} for each in packs]
    )


def _renew_pack(call: Call) -> Answer:
    need_zone(call)
    return result(need(call, call.collection, call["id"]))


def _order_pack(call: Call) -> Answer:
    """A certificate pack is ordered below its collection, and lies in it."""
    collection = next(each for each in COLLECTIONS if each.path.endswith("certificate_packs"))
    return collection.create(Call(call.cloud, call.method, call.collection, call.base, call.parameters, call.query, call.body))


def routes() -> Iterable[Route]:
    yield Route("GET", f"{ACCOUNT}/alerting/v3/available_alerts", _available_alerts)
    yield Route("PUT", f"{ACCOUNT}/alerting/v3/silences", _change_silences)
    yield Route("GET", f"{ACCOUNT}/alerting/v3/destinations/eligible", _eligible)
    for empty in ("destinations/pagerduty", "history"):
        yield Route("GET", f"{ACCOUNT}/alerting/v3/{empty}", _nothing_yet)
    yield Route("GET", f"{ZONE}/ssl/certificate_packs/quota", _quota)
    yield Route("PATCH", f"{ZONE}/ssl/certificate_packs/{{id}}", _renew_pack)
    yield Route("GET", f"{ZONE}/ssl/verification", _verification)
    yield Route("PUT", f"{ZONE}/origin_tls_client_auth/hostnames", _own_hostnames)
    yield Route("POST", f"{ZONE}/ssl/certificate_packs/order", _order_pack)
    for collection in COLLECTIONS:
        yield from collection.routes()
    yield Route("GET", f"{ZONE}/origin_tls_client_auth/hostnames/{{id}}", _read_hostname)

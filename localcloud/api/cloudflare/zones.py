"""Zones and accounts.

A zone is active at once (no name server has to be changed). An account exists as soon as an id of 32 hexadecimal digits is used, and
does not enforce two-factor authentication until told to, as a fresh one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Handler, Route, fields
from localcloud.api.cloudflare.answers import API, invalid, listing, not_found, result, text
from localcloud.api.store import Document

ZONES = f"{API}/zones"
ACCOUNTS = f"{API}/accounts"
MOST_ZONES_PER_PAGE = 50
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_CHANGEABLE = ("paused", "type", "vanity_name_servers", "plan")


def need_zone(call: Call) -> Document:
    """The zone this path lies in, or 404."""
    found = call.cloud.store.find(ZONES, call["zone"])
    if found is None:
        raise not_found(1001, "Invalid zone identifier")
    return found


def need_account(call: Call) -> Document:
    return account(call, call["account"])


def account(call: Call, identifier: object) -> Document:
    """The account with this id, made when first named."""
    if not isinstance(identifier, str) or not _HEX_ID.fullmatch(identifier):
        raise not_found(7003, "Could not route, perhaps your account identifier is invalid?")
    found = call.cloud.store.find(ACCOUNTS, identifier)
    return found if found is not None else _make_account(call, identifier, {})


def _make_account(call: Call, identifier: str, body: Document) -> Document:
    settings = {"enforce_twofactor": False, "abuse_contact_email": None, **fields(body, "settings")}
    made = {"id": identifier, "name": "local", "type": "standard", "created_on": call.cloud.now(), **body, "settings": settings}
    return call.cloud.store.put(ACCOUNTS, identifier, made)


def _create_account(call: Call) -> Answer:
    text(call.body, "name")
    return result(_make_account(call, call.cloud.hex_id(), call.body))


def _list_accounts(call: Call) -> Answer:
    return listing(call, call.cloud.store.rows(ACCOUNTS))


def _read_account(call: Call) -> Answer:
    return result(need_account(call))


def _change_account(call: Call) -> Answer:
    old = need_account(call)
    settings = old["settings"] | fields(call.body, "settings")
    return result(call.cloud.store.put(ACCOUNTS, old["id"], old | call.body | {"id": old["id"], "settings": settings}))


def _delete_account(call: Call) -> Answer:
    identifier = need_account(call)["id"]
    call.cloud.store.remove(ACCOUNTS, identifier)
    return result({"id": identifier})


def _create_zone(call: Call) -> Answer:
    name = text(call.body, "name").lower()
    if not _DOMAIN.fullmatch(name):
        raise invalid(f"{name} is not a valid domain name", 1099)
    if any(row["name"] == name for row in call.cloud.store.rows(ZONES)):
        raise invalid(f"{name} already exists", 1061)
    owner = account(call, fields(call.body, "account").get("id"))
    zone = _zone(call, name, owner)
    return result(call.cloud.store.put(ZONES, zone["id"], zone))


def _zone(call: Call, name: str, owner: Document) -> Document:
    now, body = call.cloud.now(), call.body
    fixed = dict.fromkeys(("original_name_servers", "original_registrar", "original_dnshost", "verification_key", "cname_suffix"))
    return {
        **fixed,
        "id": call.cloud.hex_id(),
        "name": name,
        "account": {"id": owner["id"], "name": owner["name"]},
        "type": body.get("type") or "full",
        "paused": bool(body.get("paused")),
        "status": "active",
        "name_servers": ["a.ns.cloudflare.com", "b.ns.cloudflare.com"],
        "created_on": now,
        "modified_on": now,
        "activated_on": now,
        "development_mode": 0,
        "meta": _META,
        "owner": {"id": None, "type": "user", "email": None},
        "plan": _PLAN,
        "permissions": ["#zone:read"],
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "vanity_name_servers": [],
    }


_PLAN: Document = {"id": "x", "name": "Business", "legacy_id": "business"}
_META: Document = {
    "cdn_only": False,
    "custom_certificate_quota": 1,
    "dns_only": False,
    "foundation_dns": False,
    "page_rule_quota": 3,
    "phishing_detected": False,
    "step": 2,
}


def _list_zones(call: Call) -> Answer:
    name, owner = call.query.get("name"), call.query.get("account.id")
    rows = [row for row in call.cloud.store.rows(ZONES) if name in (None, row["name"]) and owner in (None, row["account"]["id"])]
    return listing(call, rows, MOST_ZONES_PER_PAGE)


def _read_zone(call: Call) -> Answer:
    return result(need_zone(call))


def _change_zone(call: Call) -> Answer:
    sent = {field: value for field, value in call.body.items() if field in _CHANGEABLE}
    if not sent:
        raise invalid(f"nothing to change: expected one of {', '.join(_CHANGEABLE)}", 1026)
    changed = need_zone(call) | sent | {"modified_on": call.cloud.now()}
    return result(call.cloud.store.put(ZONES, changed["id"], changed))


def _delete_zone(call: Call) -> Answer:
    identifier = need_zone(call)["id"]
    call.cloud.store.remove(ZONES, identifier)
    return result({"id": identifier})


def _check_activation(call: Call) -> Answer:
    return result({"id": need_zone(call)["id"]})


def _plans(call: Call) -> Answer:
    need_zone(call)
    return listing(call, [{**_PLAN, "can_subscribe": True, "is_subscribed": True, "currency": "USD", "frequency": "monthly", "price": 0}])


def _hold(call: Call) -> Document:
    found = call.cloud.store.find(f"{ZONES}/{need_zone(call)['id']}", "hold")
    return found or {"hold": False, "hold_after": "", "include_subdomains": False}


def _read_hold(call: Call) -> Answer:
    return result(_hold(call))


def _set_hold(*, hold: bool | None) -> Handler:
    def handle(call: Call) -> Answer:
        old = _hold(call)
        wide = call.body.get("include_subdomains", call.query.get("include_subdomains", old["include_subdomains"]))
        kept = old | {"hold": old["hold"] if hold is None else hold, "include_subdomains": wide in (True, "true")}
        return result(call.cloud.store.put(f"{ZONES}/{call['zone']}", "hold", kept))

    return handle


def routes() -> Iterable[Route]:
    one_account, one_zone = f"{ACCOUNTS}/{{account}}", f"{ZONES}/{{zone}}"
    yield Route("POST", ACCOUNTS, _create_account)
    yield Route("GET", ACCOUNTS, _list_accounts)
    yield Route("GET", one_account, _read_account)
    yield Route("PUT", one_account, _change_account)
    yield Route("DELETE", one_account, _delete_account)
    yield Route("POST", ZONES, _create_zone)
    yield Route("GET", ZONES, _list_zones)
    yield Route("GET", one_zone, _read_zone)
    yield Route("PATCH", one_zone, _change_zone)
    yield Route("DELETE", one_zone, _delete_zone)
    yield Route("PUT", f"{one_zone}/activation_check", _check_activation)
    yield Route("GET", f"{one_zone}/available_plans", _plans)
    yield Route("GET", f"{one_zone}/hold", _read_hold)
    for method, hold in (("POST", True), ("DELETE", False), ("PATCH", None)):
        yield Route(method, f"{one_zone}/hold", _set_hold(hold=hold))

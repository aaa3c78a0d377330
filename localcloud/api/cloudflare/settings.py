"""What every zone has exactly one of: its settings, DNSSEC, and a few switches.

A zone starts with Cloudflare's own defaults (TLS 1.0 allowed, nothing redirected, no HSTS): a promise is kept only once somebody has
changed them. A value that Cloudflare does not know is 400. None of these can be deleted, DNSSEC apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localcloud.api.calls import Answer, Call, Handler, Route, fields, objects
from localcloud.api.cloudflare.answers import invalid, result
from localcloud.api.cloudflare.zones import ACCOUNTS, ZONES, need_account, need_zone
from localcloud.api.store import Document

ZONE = f"{ZONES}/{{zone}}"
_ON_OFF = ("on", "off")
_HSTS = {"strict_transport_security": {"enabled": False, "max_age": 0, "include_subdomains": False, "preload": False, "nosniff": False}}

SETTINGS: Mapping[str, tuple[Any, tuple[Any, ...] | type]] = {
    "0rtt": ("off", _ON_OFF),
    "advanced_ddos": ("on", _ON_OFF),
    "always_online": ("off", _ON_OFF),
    "always_use_https": ("off", _ON_OFF),
    "auto_origin_tls_kex": ("off", _ON_OFF),
    "automatic_https_rewrites": ("on", _ON_OFF),
    "brotli": ("on", _ON_OFF),
    "browser_cache_ttl": (14_400, int),
    "browser_check": ("on", _ON_OFF),
    "cache_level": ("aggressive", ("aggressive", "basic", "simplified")),
    "challenge_ttl": (1800, (300, 900, 1800, 2700, 3600, 7200, 10_800, 14_400, 28_800, 57_600, 86_400, 604_800, 2_592_000, 31_536_000)),
    "ciphers": ([], list),
    "cname_flattening": ("flatten_at_root", ("flatten_at_root", "flatten_all")),
    "development_mode": ("off", _ON_OFF),
    "early_hints": ("off", _ON_OFF),
    "edge_cache_ttl": (7200, int),
    "email_obfuscation": ("on", _ON_OFF),
    "fonts": ("off", _ON_OFF),
    "h2_prioritization": ("off", ("on", "off", "custom")),
    "hotlink_protection": ("off", _ON_OFF),
    "http2": ("on", _ON_OFF),
    "http3": ("on", _ON_OFF),
    "image_resizing": ("off", ("on", "off", "open")),
    "ip_geolocation": ("on", _ON_OFF),
    "ipv6": ("on", _ON_OFF),
    "max_upload": (100, (100, 125, 150, 175, 200, 225, 250, 275, 300, 325, 350, 375, 400, 425, 450, 475, 500)),
    "min_tls_version": ("1.0", ("1.0", "1.1", "1.2", "1.3")),
    "mirage": ("off", _ON_OFF),
    "nel": ({"enabled": False}, dict),
    "opportunistic_encryption": ("on", _ON_OFF),
    "opportunistic_onion": ("on", _ON_OFF),
    "orange_to_orange": ("off", _ON_OFF),
    "origin_error_page_pass_thru": ("off", _ON_OFF),
    "origin_max_http_version": ("2", ("1", "2")),
    "polish": ("off", ("off", "lossless", "lossy")),
    "prefetch_preload": ("off", _ON_OFF),
    "privacy_pass": ("on", _ON_OFF),
    "proxy_read_timeout": (100, int),
    "pseudo_ipv4": ("off", ("off", "add_header", "overwrite_header")),
    "response_buffering": ("off", _ON_OFF),
    "rocket_loader": ("off", _ON_OFF),
    "security_header": (_HSTS, dict),
    "security_level": ("medium", ("off", "essentially_off", "low", "medium", "high", "under_attack")),
    "server_side_exclude": ("on", _ON_OFF),
    "sort_query_string_for_cache": ("off", _ON_OFF),
    "speed_brain": ("on", _ON_OFF),
    "ssl": ("full", ("off", "flexible", "full", "strict", "origin_pull")),
    "ssl_automatic_mode": ("custom", ("auto", "custom")),
    "tls_1_2_only": ("off", _ON_OFF),
    "tls_1_3": ("on", ("on", "off", "zrt")),
    "tls_client_auth": ("off", _ON_OFF),
    "true_client_ip_header": ("off", _ON_OFF),
    "waf": ("off", _ON_OFF),
    "webp": ("off", _ON_OFF),
    "websockets": ("on", _ON_OFF),
}
"""Default and allowed values (or the type) of each setting."""

SWITCHES: Mapping[str, Document] = {
    "origin_tls_client_auth/settings": {"enabled": False},
    "ssl/universal/settings": {"enabled": True},
    "acm/total_tls": {"enabled": False},
    "bot_management": {"fight_mode": False, "enable_js": False},
    "ct/alerting": {"enabled": False, "emails": []},
    "dns_settings": {
        "flatten_all_cnames": False,
        "foundation_dns": False,
        "multi_provider": False,
        "secondary_overrides": False,
        "nameservers": {"type": "cloudflare.standard"},
        "ns_ttl": 86_400,
        "zone_mode": "standard",
    },
    "leaked-credential-checks": {"enabled": False},
    "url_normalization": {"scope": "incoming", "type": "cloudflare"},
    "managed_headers": {"managed_request_headers": [], "managed_response_headers": []},
}
"""Single objects below a zone, with what they are before anybody changes them."""

_DNSSEC_KEY = {
    "algorithm": "13",
    "digest": "48E939042E82C22542CB377B580DFDC52A361CEFDC72E7F9107E2B6BD9306A45",
    "digest_algorithm": "SHA256",
    "digest_type": "2",
    "flags": 257,
    "key_tag": 2371,
    "key_type": "ECDSAP256SHA256",
    "public_key": "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==",
}
"""The zone-signing key every local zone shows: an example, nothing is signed with it."""


def _setting(call: Call, name: str) -> Document:
    if name not in SETTINGS:
        raise invalid(f"Undefined zone setting: {name}", 1006)
    kept = call.cloud.store.find(f"{ZONES}/{call['zone']}/settings", name)
    return kept or {"id": name, "value": SETTINGS[name][0], "editable": True, "modified_on": None}


def _list_settings(call: Call) -> Answer:
    need_zone(call)
    return result([_setting(call, name) for name in SETTINGS])


def _read_setting(call: Call) -> Answer:
    need_zone(call)
    return result(_setting(call, call["setting"]))


def _change_setting(call: Call) -> Answer:
    return result(_change_one(call, need_zone(call), call["setting"], call.body.get("value", call.body.get("enabled"))))


def _change_one(call: Call, zone: Document, name: str, value: Any) -> Document:
    checked = _checked(name, value, _setting(call, name))
    changed = {"id": name, "editable": True, "modified_on": call.cloud.now(), "value": checked}
    return call.cloud.store.put(f"{ZONES}/{zone['id']}/settings", name, changed)


def _checked(name: str, value: Any, old: Document) -> Any:
    allowed = SETTINGS[name][1]
    fits = type(value) is allowed if isinstance(allowed, type) else any(value == each and type(value) is type(each) for each in allowed)
    if not fits:
        raise invalid(f"Invalid value for zone setting {name}", 1007)
    return _merged(old["value"], value) if name == "security_header" else value


def _merged(old: Document, new: Document) -> Document:
    part = "strict_transport_security"
    return {part: old[part] | fields(new, part)}


def _dnssec(call: Call) -> Document:
    name = str(need_zone(call)["name"])
    found = call.cloud.store.find(f"{ZONES}/{call['zone']}", "dnssec")
    if found is None:
        return {"status": "disabled"}
    key = _DNSSEC_KEY
    record = f"{name}. 3600 IN DS {key['key_tag']} {key['algorithm']} {key['digest_type']} {key['digest']}"
    return {**key, "ds": record, **found}


def _read_dnssec(call: Call) -> Answer:
    return result(_dnssec(call))


def _change_dnssec(call: Call) -> Answer:
    need_zone(call)
    if call.body.get("status") not in (None, "active", "disabled"):
        raise invalid("status must be active or disabled", 1004)
    kept = (call.cloud.store.find(call.collection, "dnssec") or {}) | call.body | {"modified_on": call.cloud.now()}
    call.cloud.store.put(call.collection, "dnssec", kept)
    return result(_dnssec(call))


def _delete_dnssec(call: Call) -> Answer:
    need_zone(call)
    call.cloud.store.remove(call.collection, "dnssec")
    return result({"id": call["zone"]})


def _change_settings(call: Call) -> Answer:
    """Several settings in one call: all of them, or none."""
    zone, items = need_zone(call), objects(call.body, "items")
    if not items:
        raise invalid("items is required: a list of id and value", 1004)
    changed = [_change_one(call, zone, str(item.get("id")), item.get("value")) for item in items]
    return result(changed)


def _read_switch(default: Document, owner: Callable[[Call], Document]) -> Handler:
    def handle(call: Call) -> Answer:
        owner(call)
        return result(call.cloud.store.find(call.collection, call.path) or default)

    return handle


def _change_switch(default: Document, owner: Callable[[Call], Document]) -> Handler:
    def handle(call: Call) -> Answer:
        owner(call)
        old = call.cloud.store.find(call.collection, call.path) or default
        for field, value in call.body.items():
            if field in default and type(value) is not type(default[field]):
                raise invalid(f"Invalid value {value!r} for {field}")
        return result(call.cloud.store.put(call.collection, call.path, old | call.body))

    return handle


def _forget_switch(call: Call) -> Answer:
    """Back to what it was before anybody changed it."""
    need_zone(call)
    call.cloud.store.remove(call.collection, call.path)
    return result(None)


def _switch(path: str, default: Document, owner: Callable[[Call], Document]) -> Iterable[Route]:
    """Read it, and change it by whichever method the provider uses: they differ, the effect does not."""
    yield Route("GET", path, _read_switch(default, owner))
    for method in ("PUT", "PATCH", "POST"):
        yield Route(method, path, _change_switch(default, owner))


def routes() -> Iterable[Route]:
    yield Route("GET", f"{ZONE}/settings", _list_settings)
    yield Route("PATCH", f"{ZONE}/settings", _change_settings)
    yield Route("GET", f"{ZONE}/settings/{{setting}}", _read_setting)
    yield Route("PATCH", f"{ZONE}/settings/{{setting}}", _change_setting)
    yield Route("GET", f"{ZONE}/dnssec", _read_dnssec)
    yield Route("PATCH", f"{ZONE}/dnssec", _change_dnssec)
    yield Route("DELETE", f"{ZONE}/dnssec", _delete_dnssec)
    for name, default in SWITCHES.items():
        yield from _switch(f"{ZONE}/{name}", default, need_zone)
    for name in ("managed_headers", "url_normalization"):
        yield Route("DELETE", f"{ZONE}/{name}", _forget_switch)
    yield from _switch(f"{ACCOUNTS}/{{account}}/dns_settings", {}, need_account)
    yield from _switch(f"{ACCOUNTS}/{{account}}/access/organizations", {}, need_account)
    yield from _switch(f"{ZONE}/access/organizations", {}, need_zone)

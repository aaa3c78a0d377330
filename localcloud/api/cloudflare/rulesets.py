"""Rulesets of a zone or an account.

Rules: a rule keeps its id across changes when its id or its `ref` is sent again; a new one gets an id, and its id as `ref` when none was
sent. A phase has one entry point (kind `zone` at a zone, `root` at an account): a second one is 400. A rule that executes a managed
ruleset must name one that exists. Every change counts the ruleset's version up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from localcloud.api.calls import Answer, Call, Route, fields, objects
from localcloud.api.cloudflare.answers import invalid, listing, not_found, one_of, result, text
from localcloud.api.cloudflare.zones import ACCOUNTS, ZONES, need_account, need_zone
from localcloud.api.store import Document

MANAGED: Mapping[str, tuple[str, str]] = {
    "efb7b8c949ac4650a09736fc376e9aee": ("Cloudflare Managed Ruleset", "http_request_firewall_managed"),
    "4814384a9e5d4991b9815dcfc25d2f1f": ("Cloudflare OWASP Core Ruleset", "http_request_firewall_managed"),
    "c2e184081120413c86c3ab7e14069605": ("Cloudflare Exposed Credentials Check Ruleset", "http_request_firewall_managed"),
    "4d21379b4f9f4bb088e0729962c8b3cf": ("DDoS L7 ruleset", "ddos_l7"),
    "3b64149bfa6e4220bbbc2bd6db589552": ("DDoS L4 ruleset", "ddos_l4"),
}
"""Cloudflare's own rulesets: id -> name and phase."""

PHASES = (
    "ddos_l4",
    "ddos_l7",
    "http_config_settings",
    "http_custom_errors",
    "http_log_custom_fields",
    "http_ratelimit",
    "http_request_cache_settings",
    "http_request_dynamic_redirect",
    "http_request_firewall_custom",
    "http_request_firewall_managed",
    "http_request_late_transform",
    "http_request_origin",
    "http_request_redirect",
    "http_request_sanitize",
    "http_request_sbfm",
    "http_request_transform",
    "http_response_cache_settings",
    "http_response_compression",
    "http_response_firewall_managed",
    "http_response_headers_transform",
    "magic_transit",
    "magic_transit_ids_managed",
    "magic_transit_managed",
    "magic_transit_ratelimit",
)
KINDS = ("zone", "root", "custom")


def _need_owner(call: Call) -> None:
    if "zone" in call.parameters:
        need_zone(call)
    else:
        need_account(call)


def _collection(call: Call) -> str:
    owner = f"{ZONES}/{call['zone']}" if "zone" in call.parameters else f"{ACCOUNTS}/{call['account']}"
    return f"{owner}/rulesets"


def _need(call: Call, identifier: str) -> Document:
    _need_owner(call)
    found = call.cloud.store.find(_collection(call), identifier)
    if found is None:
        raise not_found(10001, f"could not find ruleset {identifier}")
    return found


def _keep(call: Call, ruleset: Document) -> Answer:
    return result(call.cloud.store.put(_collection(call), ruleset["id"], ruleset))


def _entry_point(call: Call, phase: str) -> Document | None:
    rows = call.cloud.store.rows(_collection(call))
    return next((row for row in rows if row["phase"] == phase and row["kind"] != "custom"), None)


def _create(call: Call) -> Answer:
    _need_owner(call)
    phase, kind = one_of(call.body, "phase", PHASES, 20120), one_of(call.body, "kind", KINDS, 20120)
    text(call.body, "name")
    if kind != "custom" and _entry_point(call, phase):
        raise invalid(f"exceeded maximum number of {kind} rulesets for phase {phase}: 1", 20217)
    return _keep(call, _changed(call, {"id": call.cloud.hex_id(), "version": "0", "rules": []}, call.body))


def _changed(call: Call, old: Document, body: Document) -> Document:
    """The ruleset after a whole-object change: what was not sent is gone, ids and versions go on."""
    rules = [_rule(call, rule, old["rules"]) for rule in objects(body, "rules")]
    identity = {"id": old["id"], "version": str(int(old["version"]) + 1), "last_updated": call.cloud.now()}
    fixed: Document = {field: old[field] for field in ("kind", "phase", "name") if field in old and field not in body}
    return {"description": "", **fixed, **body, **identity, "rules": rules}


def _rule(call: Call, sent: Document, known: list[Document]) -> Document:
    text(sent, "action")
    text(sent, "expression")
    if sent["action"] == "execute" and str(fields(sent, "action_parameters").get("id")) not in _executable(call):
        raise invalid("the rule executes a ruleset that does not exist", 20125)
    old = _same_rule(sent, known)
    identifier = old["id"] if old else call.cloud.hex_id()
    unchanged = bool(old) and _meaning(old) == _meaning({**sent, "enabled": sent.get("enabled", True)})
    version = old["version"] if unchanged else str(int(old.get("version", "0")) + 1)
    stamped = old["last_updated"] if unchanged else call.cloud.now()
    return {"enabled": True, **sent, "id": identifier, "ref": sent.get("ref") or identifier, "version": version, "last_updated": stamped}


def _same_rule(sent: Document, known: list[Document]) -> Document:
    for field in ("id", "ref"):
        for rule in known:
            if sent.get(field) and rule[field] == sent[field]:
                return rule
    return {}


def _meaning(rule: Document) -> Document:
    return {field: value for field, value in rule.items() if field not in ("id", "ref", "version", "last_updated")}


def _executable(call: Call) -> set[str]:
    return {*MANAGED, *(str(row["id"]) for row in call.cloud.store.rows(_collection(call)))}


def _list(call: Call) -> Answer:
    """All rulesets, Cloudflare's own too, without their rules."""
    _need_owner(call)
    managed = [{"id": key, "name": name, "kind": "managed", "phase": phase, "version": "1"} for key, (name, phase) in MANAGED.items()]
    own = [{field: value for field, value in row.items() if field != "rules"} for row in call.cloud.store.rows(_collection(call))]
    return listing(call, [*managed, *own])


def _read(call: Call) -> Answer:
    return result(_need(call, call["id"]))


def _replace(call: Call) -> Answer:
    return _keep(call, _changed(call, _need(call, call["id"]), call.body))


def _delete(call: Call) -> Answer:
    identifier = _need(call, call["id"])["id"]
    call.cloud.store.remove(_collection(call), identifier)
    return result({"id": identifier})


def _read_entry_point(call: Call) -> Answer:
    _need_owner(call)
    found = _entry_point(call, call["phase"])
    if found is None:
        raise not_found(10003, "could not find entrypoint ruleset in the phase")
    return result(found)


def _replace_entry_point(call: Call) -> Answer:
    _need_owner(call)
    one_of({"phase": call["phase"]}, "phase", PHASES, 20120)
    kind = "zone" if "zone" in call.parameters else "root"
    fresh = {"id": call.cloud.hex_id(), "version": "0", "rules": [], "kind": kind, "phase": call["phase"], "name": "default"}
    return _keep(call, _changed(call, _entry_point(call, call["phase"]) or fresh, call.body))


def _change_rules(call: Call, rules: list[Document]) -> Answer:
    old = _need(call, call["id"])
    return _keep(call, _changed(call, old, {**_without_identity(old), "rules": rules}))


def _without_identity(ruleset: Document) -> Document:
    return {field: value for field, value in ruleset.items() if field not in ("id", "version", "last_updated")}


def _add_rule(call: Call) -> Answer:
    return _change_rules(call, [*_need(call, call["id"])["rules"], call.body])


def _change_rule(call: Call) -> Answer:
    rules = _need_rule(call)
    return _change_rules(call, [rule | call.body | {"id": rule["id"]} if rule["id"] == call["rule"] else rule for rule in rules])


def _delete_rule(call: Call) -> Answer:
    return _change_rules(call, [rule for rule in _need_rule(call) if rule["id"] != call["rule"]])


def _need_rule(call: Call) -> list[Document]:
    rules: list[Document] = _need(call, call["id"])["rules"]
    if all(rule["id"] != call["rule"] for rule in rules):
        raise not_found(10002, f"could not find rule {call['rule']}")
    return rules


def routes() -> Iterable[Route]:
    for owner in (f"{ZONES}/{{zone}}", f"{ACCOUNTS}/{{account}}"):
        base = f"{owner}/rulesets"
        yield Route("GET", f"{base}/phases/{{phase}}/entrypoint", _read_entry_point)
        yield Route("PUT", f"{base}/phases/{{phase}}/entrypoint", _replace_entry_point)
        yield Route("POST", base, _create)
        yield Route("GET", base, _list)
        yield Route("GET", f"{base}/{{id}}", _read)
        yield Route("PUT", f"{base}/{{id}}", _replace)
        yield Route("DELETE", f"{base}/{{id}}", _delete)
        yield Route("POST", f"{base}/{{id}}/rules", _add_rule)
        yield Route("PATCH", f"{base}/{{id}}/rules/{{rule}}", _change_rule)
        yield Route("DELETE", f"{base}/{{id}}/rules/{{rule}}", _delete_rule)

"""Who may do what: members of an account and their roles, API tokens and the permissions they are made of, the audit log.

Rules: a member is added once, by e-mail address, with roles or policies; it uses no second factor until told so by the side door. A
token's secret is answered when it is made and when it is rolled, and kept nowhere. The audit log tells of the changes made since the
local cloud was started, newest first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from localcloud.api.calls import Answer, Call, Route, listed, objects
from localcloud.api.cloudflare.answers import API, invalid, listing, need, not_found, result, text
from localcloud.api.cloudflare.names import OF_ACCOUNTS, OF_ZONES, PERMISSION_GROUPS, ROLES
from localcloud.api.cloudflare.zones import ACCOUNTS, need_account
from localcloud.api.journal import Entry
from localcloud.api.store import Document

ACCOUNT = f"{ACCOUNTS}/{{account}}"
USER_TOKENS = f"{API}/user/tokens"
MOST_MEMBERS_PER_PAGE = 50
_HEX_ID = re.compile(r"[0-9a-f]{32}")


def _list_members(call: Call) -> Answer:
    need_account(call)
    return listing(call, call.cloud.store.rows(call.path), MOST_MEMBERS_PER_PAGE)


def _add_member(call: Call) -> Answer:
    need_account(call)
    email = text(call.body, "email")
    if any(row["email"] == email for row in call.cloud.store.rows(call.path)):
        raise invalid("The user is already a member of this account.", 1003)
    user = {"id": call.cloud.hex_id(), "email": email, "first_name": None, "last_name": None, "two_factor_authentication_enabled": False}
    member = {"id": call.cloud.hex_id(), "email": email, "status": call.body.get("status") or "pending", "user": user, **_rights(call.body)}
    return result(call.cloud.store.put(call.path, member["id"], member))


def _rights(body: Document) -> Document:
    """Roles (sent as ids or as objects) or policies: one of them is needed."""
    roles = [str(each.get("id") if isinstance(each, dict) else each) for each in listed(body, "roles")]
    if not roles and not body.get("policies"):
        raise invalid("roles or policies are required", 1001)
    if wrong := [each for each in roles if not _HEX_ID.fullmatch(each)]:
        raise invalid(f"role {wrong[0]!r} does not exist", 1004)
    return {"roles": [_role(each) for each in roles], "policies": objects(body, "policies")}


def _role(identifier: str) -> Document:
    return {"id": identifier, "name": ROLES.get(identifier, "Role"), "description": "", "permissions": {}}


def _change_member(call: Call) -> Answer:
    member = need(call, call.collection, call["id"])
    return result(call.cloud.store.put(call.collection, member["id"], member | _rights(call.body)))


def _read_member(call: Call) -> Answer:
    need_account(call)
    return result(need(call, call.collection, call["id"]))


def _remove(call: Call) -> Answer:
    need(call, call.collection, call["id"])
    call.cloud.store.remove(call.collection, call["id"])
    return result({"id": call["id"]})


def _roles(call: Call) -> Answer:
    need_account(call)
    return listing(call, [_role(each) for each in ROLES])


def _read_role(call: Call) -> Answer:
    need_account(call)
    if call["id"] not in ROLES:
        raise not_found()
    return result(_role(call["id"]))


def _permission_groups(call: Call) -> Answer:
    return listing(call, [_group(each) for each in PERMISSION_GROUPS])


def _group(identifier: str) -> Document:
    name = PERMISSION_GROUPS[identifier]
    return {"id": identifier, "name": name, "scopes": [OF_ACCOUNTS if name.startswith("Account") else OF_ZONES]}


def _account_group(call: Call) -> Answer:
    if call["id"] not in PERMISSION_GROUPS:
        raise not_found()
    return result(_group(call["id"]))


def _owned(call: Call) -> None:
    if "account" in call.parameters:
        need_account(call)


def _token(call: Call, old: Document) -> Document:
    policies = objects(call.body, "policies")
    if not policies:
        raise invalid("policies are required", 1001)
    for policy in policies:
        if policy.get("effect") not in ("allow", "deny") or not policy.get("permission_groups") or not policy.get("resources"):
            raise invalid("a policy needs effect, permission_groups and resources", 1001)
    sent = {field: call.body[field] for field in ("condition", "expires_on", "not_before") if call.body.get(field) is not None}
    ours = [{"id": each.get("id") or call.cloud.hex_id(), **each} for each in policies]
    status = call.body.get("status") or old.get("status") or "active"
    known: Document = {field: old[field] for field in ("id", "issued_on", "last_used_on") if field in old}
    made: Document = {"id": call.cloud.hex_id(), "issued_on": call.cloud.now(), "last_used_on": None, "modified_on": call.cloud.now()}
    return {**made, **known, **sent, "name": text(call.body, "name"), "status": status, "policies": ours}


def _create_token(call: Call) -> Answer:
    _owned(call)
    token = _token(call, {})
    call.cloud.store.put(call.path, token["id"], token)
    return result({**token, "value": _secret(call)})


def _secret(call: Call) -> str:
    return (call.cloud.hex_id() + call.cloud.hex_id())[:40]


def _change_token(call: Call) -> Answer:
    token = _token(call, need(call, call.collection, call["id"]))
    return result(call.cloud.store.put(call.collection, token["id"], token))


def _roll_token(call: Call) -> Answer:
    need(call, call.collection.rsplit("/", 1)[0], call["id"])
    return result(_secret(call))


def _list_tokens(call: Call) -> Answer:
    _owned(call)
    return listing(call, call.cloud.store.rows(call.path))


def _read_token(call: Call) -> Answer:
    return result(need(call, call.collection, call["id"]))


def _verify_token(call: Call) -> Answer:
    return result({"id": call.cloud.default_project()["owner_uuid"].replace("-", ""), "status": "active"})


def _user(call: Call) -> Answer:
    identifier = call.cloud.default_project()["owner_uuid"].replace("-", "")
    about = {"id": identifier, "email": "owner@example.test", "two_factor_authentication_enabled": False, "suspended": False}
    return result(about | (call.cloud.store.find(API, "user") or {}))


def _change_user(call: Call) -> Answer:
    names = ("first_name", "last_name", "country", "telephone", "zipcode")
    kept = (call.cloud.store.find(API, "user") or {}) | {field: call.body[field] for field in names if field in call.body}
    call.cloud.store.put(API, "user", kept)
    return _user(call)


def _memberships(call: Call) -> Answer:
    rows = [
        {"id": row["id"], "account": row, "status": "accepted", "roles": [ROLES[next(iter(ROLES))]]}
        for row in call.cloud.store.rows(ACCOUNTS)
    ]
    return listing(call, rows)


def _changes(call: Call, below: str) -> list[Entry]:
    """The changes that were made, newest first, within `since` and `before`."""
    since, before = call.query.get("since", ""), call.query.get("before", "9")
    done = [each for each in call.cloud.journal.made(below) if each.method != "GET" and each.status < 400]
    return [each for each in reversed(done) if since <= each.at <= before]


def _audit_logs(below: Callable[[Call], str]) -> Callable[[Call], Answer]:
    def handle(call: Call) -> Answer:
        _owned(call)
        return listing(call, [_event(each) for each in _changes(call, below(call))], 1000)

    return handle


def _event(change: Entry) -> Document:
    return {
        "id": f"{change.number:032x}",
        "action": {"type": _VERBS[change.method], "result": True, "info": change.path},
        "actor": {"type": "user", "email": "owner@example.test", "ip": "127.0.0.1"},
        "interface": "API",
        "resource": {"type": change.path.removeprefix(API).strip("/").split("/")[0], "id": change.path.rsplit("/", 1)[1]},
        "metadata": {},
        "when": change.at,
    }


def _audit_logs_v2(call: Call) -> Answer:
    need_account(call)
    rows = [_event_v2(each, call["account"]) for each in _changes(call, API)]
    answer = listing(call, rows, 1000)
    return Answer(answer.status, {**(answer.document or {}), "result_info": {"count": len(rows), "cursor": ""}})


def _event_v2(change: Entry, account: str) -> Document:
    old = _event(change)
    return {
        "id": old["id"],
        "account": {"id": account, "name": "local"},
        "action": {"type": old["action"]["type"], "result": "success", "time": change.at, "description": change.path},
        "actor": {**old["actor"], "ip_address": old["actor"]["ip"], "context": "api_token"},
        "raw": {"method": change.method, "status_code": change.status, "uri": change.path},
        "resource": {"id": old["resource"]["id"], "product": old["resource"]["type"], "type": old["resource"]["type"]},
    }


_VERBS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def _tokens(path: str) -> Iterable[Route]:
    yield Route("GET", f"{path}/verify", _verify_token)
    yield Route("GET", f"{path}/permission_groups", _permission_groups)
    yield Route("POST", path, _create_token)
    yield Route("GET", path, _list_tokens)
    yield Route("GET", f"{path}/{{id}}", _read_token)
    yield Route("PUT", f"{path}/{{id}}", _change_token)
    yield Route("DELETE", f"{path}/{{id}}", _remove)
    yield Route("PUT", f"{path}/{{id}}/value", _roll_token)


def routes() -> Iterable[Route]:
    members = f"{ACCOUNT}/members"
    yield Route("GET", members, _list_members)
    yield Route("POST", members, _add_member)
    yield Route("GET", f"{members}/{{id}}", _read_member)
    yield Route("PUT", f"{members}/{{id}}", _change_member)
    yield Route("DELETE", f"{members}/{{id}}", _remove)
    yield Route("GET", f"{ACCOUNT}/roles", _roles)
    yield Route("GET", f"{ACCOUNT}/roles/{{id}}", _read_role)
    yield Route("GET", f"{ACCOUNT}/iam/permission_groups", _permission_groups)
    yield Route("GET", f"{ACCOUNT}/iam/permission_groups/{{id}}", _account_group)
    yield Route("GET", f"{ACCOUNT}/audit_logs", _audit_logs(lambda _: API))
    yield Route("GET", f"{ACCOUNT}/logs/audit", _audit_logs_v2)
    yield Route("GET", f"{API}/user", _user)
    yield Route("PATCH", f"{API}/user", _change_user)
    yield Route("GET", f"{API}/user/audit_logs", _audit_logs(lambda _: f"{API}/user"))
    yield Route("GET", f"{API}/memberships", _memberships)
    for path in (f"{ACCOUNT}/tokens", USER_TOKENS):
        yield from _tokens(path)

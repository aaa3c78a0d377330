"""What lies inside a cluster: databases, users, pools, replicas, log sinks, trusted sources, configuration.

A database and a user are made in the local Postgres before they are answered; the user's password is answered whenever the user is, as at
DigitalOcean. The cluster's own database and user cannot be made again nor deleted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace

from localcloud.api.calls import Answer, Call, Route, fields, objects
from localcloud.api.digitalocean import trusted_sources
from localcloud.api.digitalocean.answers import forbidden, listing, need, one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.databases import DATABASES, connection
from localcloud.api.digitalocean.slugs import check_database_size, check_region
from localcloud.api.store import Document

CLUSTER = f"{DATABASES}/{{cluster}}"
MOST_TRUSTED_SOURCES = 100
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,62}")
_MODES = ("transaction", "session", "statement")
_SOURCES = ("ip_addr", "droplet", "k8s", "tag", "app")
_AUTOSCALE = {"storage": {"enabled": False, "threshold_percent": 80, "increment_gib": 10}}


def _new_name(call: Call, taken: str) -> str:
    name = text(call.body, "name")
    if not _NAME.fullmatch(name):
        raise unprocessable(f"name {name!r} must begin with a letter and hold letters, digits, dashes and underscores")
    if name == taken or call.cloud.store.find(call.path, name):
        raise unprocessable(f"{name} already exists")
    return name


def _make_database(call: Call) -> Document:
    name = _new_name(call, call.cloud.databases.address().database)
    call.cloud.databases.create_database(name)
    return {"name": name}


def _database_may_go(call: Call, found: Document) -> None:
    call.cloud.databases.drop_database(found["name"])


def _make_user(call: Call) -> Document:
    name, password = _new_name(call, call.cloud.databases.address().user), call.cloud.secret("AVNS_")
    call.cloud.databases.create_user(name, password)
    return {"name": name, "role": "normal", "password": password}


def _user_may_go(call: Call, found: Document) -> None:
    call.cloud.databases.drop_user(found["name"])


def _reset_password(call: Call) -> Answer:
    users = f"{DATABASES}/{call['cluster']}/users"
    user = need(call, users, call["id"]) | {"password": call.cloud.secret("AVNS_")}
    call.cloud.databases.create_user(user["name"], user["password"])
    return Answer(200, {"user": call.cloud.store.put(users, user["name"], user)})


def _own(kind: str, field: str) -> tuple[Route, ...]:
    """The cluster's own user or database: listed and read with the others, never deleted."""

    def is_own(call: Call) -> bool:
        return call["id"] == str(getattr(call.cloud.databases.address(), field))

    def row(call: Call) -> Document:
        where = call.cloud.databases.address()
        return {"name": where.user, "role": "primary", "password": where.password} if field == "user" else {"name": where.database}

    collection = next(each for each in COLLECTIONS if each.one == kind)

    def list_all(call: Call) -> Answer:
        need(call, DATABASES, call["cluster"])
        return listing(call, collection.many, [row(call), *call.cloud.store.rows(call.path)])

    def read(call: Call) -> Answer:
        return Answer(200, {kind: row(call)}) if is_own(call) else collection.read(call)

    def delete(call: Call) -> Answer:
        if is_own(call):
            raise forbidden(f"the cluster's own {kind} cannot be deleted")
        return collection.delete(call)

    return (
        Route("GET", collection.path, list_all),
        Route("GET", f"{collection.path}/{{id}}", read),
        Route("DELETE", f"{collection.path}/{{id}}", delete),
    )


def _make_pool(call: Call) -> Document:
    return {**call.body, "name": _new_name(call, ""), **_pooled(call, call.body)}


def _pooled(call: Call, pool: Document) -> Document:
    """How a pool is reached: as its user, in its database. Without a user it takes whoever comes, here the administrator."""
    one_of(pool, "mode", _MODES)
    where = call.cloud.databases.address()
    base, name, user = f"{DATABASES}/{call['cluster']}", text(pool, "db"), pool.get("user") or where.user
    found = call.cloud.store.find(f"{base}/users", user)
    if name != where.database and call.cloud.store.find(f"{base}/dbs", name) is None:
        raise unprocessable(f"database {name} does not exist")
    if user != where.user and found is None:
        raise unprocessable(f"user {user} does not exist")
    address = replace(where, user=user, password=found["password"] if found else where.password, database=name)
    return {
        "connection": connection(call, private=False, where=address),
        "private_connection": connection(call, private=True, where=address),
    }


def _change_pool(call: Call) -> Answer:
    pool = need(call, call.collection, call["id"]) | {
        field: call.body[field] for field in ("mode", "size", "db", "user") if field in call.body
    }
    call.cloud.store.put(call.collection, call["id"], pool | _pooled(call, pool))
    return Answer(204)


def _change_user(call: Call) -> Answer:
    """The settings of a user: kept, for they are of other engines than Postgres."""
    user = need(call, call.collection, call["id"]) | {"settings": fields(call.body, "settings")}
    return Answer(200, {"user": call.cloud.store.put(call.collection, call["id"], user)})


def _promote(call: Call) -> Answer:
    """A replica that is promoted is one no more: it goes its own way as a cluster."""
    replica = need(call, f"{DATABASES}/{call['cluster']}/replicas", call["id"])
    cluster = need(call, DATABASES, call["cluster"])
    server = {field: replica[field] for field in ("id", "name", "region", "size", "created_at")}
    call.cloud.store.put(DATABASES, replica["id"], cluster | server | {"num_nodes": 1, "tags": replica.get("tags") or []})
    call.cloud.store.remove(f"{DATABASES}/{call['cluster']}/replicas", replica["name"])
    trusted_sources.apply(call)
    return Answer(204)


def _make_replica(call: Call) -> Document:
    check_region(call.body.get("region"))
    check_database_size(call.body.get("size"), 1)
    where = {"connection": connection(call, private=False), "private_connection": connection(call, private=True)}
    return {**call.body, **where, "name": _new_name(call, ""), "id": call.cloud.uuid(), "status": "online", "created_at": call.cloud.now()}


def _make_sink(call: Call) -> Document:
    one_of(call.body, "sink_type", ("rsyslog", "opensearch", "elasticsearch"))
    text(call.body, "sink_name")
    return {"sink_id": call.cloud.uuid(), **call.body}


def _read_sink(call: Call) -> Answer:
    """A single sink is answered bare, unlike everything else: godo and the OpenAPI agree on it."""
    return Answer(200, need(call, call.collection, call["id"]))


def _change_sink(call: Call) -> Answer:
    changed = need(call, call.collection, call["id"]) | {"config": fields(call.body, "config")}
    return Answer(200, call.cloud.store.put(call.collection, call["id"], changed))


def _read_firewall(call: Call) -> Answer:
    need(call, DATABASES, call["cluster"])
    return Answer(200, {"rules": trusted_sources.rules_of(call, call["cluster"])})


def _change_firewall(call: Call) -> Answer:
    need(call, DATABASES, call["cluster"])
    sent = objects(call.body, "rules")
    if "rules" not in call.body or len(sent) > MOST_TRUSTED_SOURCES:
        raise unprocessable(f"rules must be a list of at most {MOST_TRUSTED_SOURCES}")
    rules = [_rule(call, rule) for rule in sent]
    call.cloud.store.put(call.collection, "firewall", {"rules": rules})
    trusted_sources.apply(call)
    return Answer(204)


def _rule(call: Call, sent: Document) -> Document:
    kind, value = one_of(sent, "type", _SOURCES), text(sent, "value")
    if kind == "ip_addr":
        try:
            ipaddress.IPv4Network(value, strict=False)
        except ValueError as error:
            raise unprocessable(f"value {value!r} is no IPv4 address or range (IPv6 is not supported)") from error
    return {
        "uuid": sent.get("uuid") or call.cloud.uuid(),
        "cluster_uuid": call["cluster"],
        "type": kind,
        "value": value,
        "created_at": call.cloud.now(),
    }


def _read_config(call: Call) -> Answer:
    need(call, DATABASES, call["cluster"])
    return Answer(200, {"config": call.cloud.store.find(call.collection, "config") or {}})


def _change_config(call: Call) -> Answer:
    need(call, DATABASES, call["cluster"])
    known = call.cloud.store.find(call.collection, "config") or {}
    call.cloud.store.put(call.collection, "config", known | fields(call.body, "config"))
    return Answer(200)


def _read_autoscale(call: Call) -> Answer:
    need(call, DATABASES, call["cluster"])
    return Answer(200, {"autoscale": call.cloud.store.find(call.collection, "autoscale") or _AUTOSCALE})


def _change_autoscale(call: Call) -> Answer:
    need(call, DATABASES, call["cluster"])
    call.cloud.store.put(call.collection, "autoscale", call.body)
    return Answer(204)


def _inside(name: str, **particulars: object) -> Collection:
    one = str(particulars.pop("one"))
    return Collection(f"{CLUSTER}/{name}", one, name, update=(), has_parent=True, **particulars)  # type: ignore[arg-type]  # a table's cells


COLLECTIONS = (
    _inside("dbs", one="db", make=_make_database, key="name", may_go=_database_may_go),
    _inside("users", one="user", make=_make_user, key="name", may_go=_user_may_go),
    _inside("pools", one="pool", make=_make_pool, key="name"),
    _inside("replicas", one="replica", make=_make_replica, key="name"),
    Collection(f"{CLUSTER}/logsink", "sink", "sinks", _make_sink, key="sink_id", deleted=200, update=(), has_parent=True),
)


def routes() -> Iterable[Route]:
    yield from _own("db", "database")
    yield from _own("user", "user")
    yield Route("POST", f"{CLUSTER}/users/{{id}}/reset_auth", _reset_password)
    yield Route("PUT", f"{CLUSTER}/users/{{id}}", _change_user)
    yield Route("PUT", f"{CLUSTER}/pools/{{id}}", _change_pool)
    yield Route("PUT", f"{CLUSTER}/replicas/{{id}}/promote", _promote)
    yield Route("GET", f"{CLUSTER}/logsink/{{id}}", _read_sink)
    yield Route("PUT", f"{CLUSTER}/logsink/{{id}}", _change_sink)
    yield Route("GET", f"{CLUSTER}/firewall", _read_firewall)
    yield Route("PUT", f"{CLUSTER}/firewall", _change_firewall)
    yield Route("GET", f"{CLUSTER}/config", _read_config)
    yield Route("PATCH", f"{CLUSTER}/config", _change_config)
    yield Route("GET", f"{CLUSTER}/autoscale", _read_autoscale)
    yield Route("PUT", f"{CLUSTER}/autoscale", _change_autoscale)
    for collection in COLLECTIONS:
        yield from collection.routes()

"""Managed database clusters: online at once, their address that of the local Postgres.

Rules: engine, version, size, region, nodes and VPC must make sense (422); names are taken once. Resizing, upgrading and moving change
what is answered, not the Postgres behind it. Deleting a cluster drops the databases and users that were made in it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from localcloud.api.calls import Answer, Call, Route, whole
from localcloud.api.digitalocean import trusted_sources
from localcloud.api.digitalocean.answers import listing, need, one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.networks import choose_vpc
from localcloud.api.digitalocean.slugs import POSTGRES_VERSIONS, check_database_size, check_region
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.postgres import Address
from localcloud.api.store import Document

DATABASES = "/v2/databases"
DEFAULT_VERSION = "17"
SMALLEST_STORAGE_MIB = 61_440
MOST_NODES = 3
_NAME = re.compile(r"[a-z][a-z0-9-]{2,62}")
_HOUR = re.compile(r"([01]\d|2[0-3]):\d\d(:\d\d)?")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def connection(call: Call, *, private: bool, where: Address | None = None) -> Document:
    """How the local Postgres is reached, in the API's form: as its administrator, unless another address is given."""
    where = where or call.cloud.databases.address()
    host = where.private_host if private else where.host
    return {
        "protocol": "postgresql",
        "uri": f"postgresql://{where.user}:{where.password}@{host}:{where.port}/{where.database}?sslmode=require",
        "database": where.database,
        "host": host,
        "port": where.port,
        "user": where.user,
        "password": where.password,
        "ssl": True,
    }


def _make(call: Call) -> Document:
    body = call.body
    name, region, nodes = text(body, "name"), check_region(body.get("region")), body.get("num_nodes")
    one_of(body, "engine", ("pg",))
    version = one_of({"version": body.get("version") or DEFAULT_VERSION}, "version", POSTGRES_VERSIONS)
    if not _NAME.fullmatch(name) or any(row["name"] == name for row in call.cloud.store.rows(DATABASES)):
        raise unprocessable("name must be unused, begin with a letter and hold lower-case letters, digits and dashes")
    size = check_database_size(body.get("size"), _check_nodes(nodes))
    where = call.cloud.databases.address()
    owner = {"name": where.user, "role": "primary", "password": where.password}
    return {
        "id": call.cloud.uuid(),
        "name": name,
        "engine": "pg",
        "version": version,
        "size": size,
        "region": region,
        "num_nodes": nodes,
        "status": "online",
        "created_at": call.cloud.now(),
        "storage_size_mib": body.get("storage_size_mib") or SMALLEST_STORAGE_MIB,
        "tags": ensure_tags(call, body.get("tags")),
        "maintenance_window": {"day": "monday", "hour": "03:00:00", "pending": False, "description": []},
        "connection": connection(call, private=False),
        "private_connection": connection(call, private=True),
        "users": [owner],
        "db_names": [where.database],
        "private_network_uuid": choose_vpc(call, "private_network_uuid", region),
        "project_id": body.get("project_id") or call.cloud.default_project()["id"],
        "metrics_endpoints": [{"host": where.host, "port": 9273}],
    }


def _check_nodes(nodes: Any) -> int:
    count = whole(nodes)
    if count is None or not 1 <= count <= MOST_NODES:
        raise unprocessable(f"num_nodes must be between 1 and {MOST_NODES}")
    return count


def _after(call: Call, _: Document) -> None:
    trusted_sources.apply(call)


def _forget_contents(call: Call, cluster: Document) -> None:
    for row in call.cloud.store.rows(f"{DATABASES}/{cluster['id']}/dbs"):
        call.cloud.databases.drop_database(row["name"])
    for row in call.cloud.store.rows(f"{DATABASES}/{cluster['id']}/users"):
        call.cloud.databases.drop_user(row["name"])


def _cluster(call: Call) -> Document:
    return need(call, DATABASES, call["id"])


def _change(call: Call, **fields: object) -> None:
    call.cloud.store.put(DATABASES, call["id"], _cluster(call) | fields)


def _resize(call: Call) -> Answer:
    cluster = _cluster(call)
    nodes = _check_nodes(call.body.get("num_nodes", cluster["num_nodes"]))
    storage = call.body.get("storage_size_mib") or cluster["storage_size_mib"]
    _change(call, size=check_database_size(call.body.get("size"), nodes), num_nodes=nodes, storage_size_mib=storage)
    return Answer(202)


def _migrate(call: Call) -> Answer:
    _change(call, region=check_region(call.body.get("region")))
    return Answer(202)


def _maintenance(call: Call) -> Answer:
    window, hour = _cluster(call)["maintenance_window"], text(call.body, "hour")
    if not _HOUR.fullmatch(hour):
        raise unprocessable(f"hour {hour!r} must be a time such as 03:00")
    _change(call, maintenance_window={**window, "day": one_of(call.body, "day", _DAYS), "hour": f"{hour}:00"[:8]})
    return Answer(204)


def _upgrade(call: Call) -> Answer:
    later = [version for version in POSTGRES_VERSIONS if int(version) > int(_cluster(call)["version"])]
    _change(call, version=one_of(call.body, "version", later))
    return Answer(204)


def _authority(call: Call) -> Answer:
    _cluster(call)
    return Answer(200, {"ca": {"certificate": base64.b64encode(call.cloud.databases.authority()).decode()}})


def _install_update(call: Call) -> Answer:
    _cluster(call)
    return Answer(204)


def _backups(call: Call) -> Answer:
    cluster = _cluster(call)
    return listing(call, "backups", [{"created_at": cluster["created_at"], "size_gigabytes": 0.1}])


def _events(call: Call) -> Answer:
    cluster = _cluster(call)
    event = {"id": cluster["id"], "cluster_name": cluster["name"], "event_type": "cluster_create", "create_time": cluster["created_at"]}
    return listing(call, "events", [event])


def _options(_: Call) -> Answer:
    layouts = [{"num_nodes": nodes, "sizes": ["db-s-1vcpu-2gb", "db-s-2vcpu-4gb", "db-s-4vcpu-8gb"]} for nodes in range(1, MOST_NODES + 1)]
    regions = ["nyc1", "nyc2", "nyc3", "sfo2", "sfo3", "ric1", "atl1"]
    return Answer(200, {"options": {"pg": {"regions": regions, "versions": list(POSTGRES_VERSIONS), "layouts": layouts}}})


_DATABASES = Collection(DATABASES, "database", "databases", _make, update=(), may_go=_forget_contents, after=_after)


def routes() -> Iterable[Route]:
    yield Route("GET", f"{DATABASES}/options", _options)
    one = f"{DATABASES}/{{id}}"
    for name, handler in (("resize", _resize), ("migrate", _migrate), ("maintenance", _maintenance), ("upgrade", _upgrade)):
        yield Route("PUT", f"{one}/{name}", handler)
    yield Route("PUT", f"{one}/install_update", _install_update)
    for name, handler in (("ca", _authority), ("backups", _backups), ("events", _events)):
        yield Route("GET", f"{one}/{name}", handler)
    yield from _DATABASES.routes()

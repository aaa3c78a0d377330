"""Kubernetes clusters and their node pools: settings are kept and checked; no cluster runs, and nodes are no droplets here.

Rules: version, region, node size and VPC must exist (422); a cluster keeps at least one pool; pools that scale need sensible bounds. An
upgrade goes to a later version only.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route, fields, objects, whole
from localcloud.api.digitalocean.answers import listing, need, one_of, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.digitalocean.networks import choose_vpc
from localcloud.api.digitalocean.slugs import REGIONS, SIZES, check_region, check_size
from localcloud.api.digitalocean.tags import ensure_tags
from localcloud.api.store import Document

CLUSTERS = "/v2/kubernetes/clusters"
VERSIONS = ("1.31.9-do.5", "1.32.10-do.1", "1.33.6-do.0", "1.34.1-do.0")
SUPPORTED = 3
DAYS = ("any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LATEST = "latest"


def _make(call: Call) -> Document:
    body, region, identifier = call.body, check_region(call.body.get("region")), call.cloud.uuid()
    name, pools = text(body, "name"), objects(body, "node_pools")
    if any(row["name"] == name for row in call.cloud.store.rows(CLUSTERS)):
        raise unprocessable(f"a cluster named {name} already exists")
    if not pools:
        raise unprocessable("a cluster needs at least one node pool")
    sent = {field: value for field, value in body.items() if value is not None}
    return {
        "cluster_subnet": "10.244.0.0/16",
        "service_subnet": "10.245.0.0/16",
        "auto_upgrade": False,
        "surge_upgrade": False,
        "ha": False,
        "registry_enabled": False,
        **sent,
        "id": identifier,
        "name": name,
        "region": region,
        "version": _version(body.get("version")),
        "vpc_uuid": choose_vpc(call, "vpc_uuid", region),
        "ipv4": "127.230.0.1",
        "endpoint": f"https://{identifier}.k8s.ondigitalocean.test",
        "tags": ["k8s", f"k8s:{identifier}", *ensure_tags(call, body.get("tags"))],
        "maintenance_policy": _window(fields(body, "maintenance_policy")),
        "node_pools": [_pool(call, identifier, pool) for pool in pools],
        "status": {"state": "running", "message": ""},
        "created_at": call.cloud.now(),
        "updated_at": call.cloud.now(),
    }


def _version(sent: object) -> str:
    """A version as it is written, its beginning (`1.33`), or the latest."""
    fitting = [each for each in VERSIONS if sent in (LATEST, each, each.rpartition(".")[0], ".".join(each.split(".")[:2]))]
    if not fitting or not isinstance(sent, str):
        raise unprocessable(f"validation error: invalid version slug {sent!r}")
    return fitting[-1]


def _window(sent: Document) -> Document:
    return {
        "start_time": sent.get("start_time") or "00:00",
        "duration": "4h0m0s",
        "day": one_of({"day": sent.get("day") or "any"}, "day", DAYS),
    }


def _pool(call: Call, cluster: str, sent: Document) -> Document:
    lowest, highest = whole(sent.get("min_nodes")) or 0, whole(sent.get("max_nodes")) or 0
    count = whole(sent.get("count")) or lowest
    if count < 1 or (sent.get("auto_scale") and not 0 < lowest <= highest):
        raise unprocessable("a node pool needs a count, and one that scales min_nodes up to max_nodes")
    name = text(sent, "name")
    return {
        "labels": None,
        "taints": [],
        "auto_scale": False,
        **sent,
        "id": call.cloud.uuid(),
        "name": name,
        "size": check_size(sent.get("size")),
        "count": count,
        "min_nodes": lowest,
        "max_nodes": highest,
        "tags": ["k8s", f"k8s:{cluster}", "k8s:worker", *ensure_tags(call, sent.get("tags"))],
        "nodes": [_node(call, f"{name}-{number}") for number in range(count)],
    }


def _node(call: Call, name: str) -> Document:
    now = call.cloud.now()
    return {"id": call.cloud.uuid(), "name": name, "status": {"state": "running"}, "droplet_id": "", "created_at": now, "updated_at": now}


def _cluster(call: Call) -> Document:
    return need(call, CLUSTERS, call["id"])


def _keep(call: Call, cluster: Document) -> None:
    call.cloud.store.put(CLUSTERS, cluster["id"], cluster | {"updated_at": call.cloud.now()})


def _change(call: Call) -> Answer:
    old, body = _cluster(call), call.body
    text(body, "name")
    changeable = ("name", "auto_upgrade", "surge_upgrade", "ha", "control_plane_firewall", "sso", "cluster_autoscaler_configuration")
    new = old | {field: body[field] for field in changeable if body.get(field) is not None}
    if "maintenance_policy" in body:
        new["maintenance_policy"] = _window(fields(body, "maintenance_policy"))
    if body.get("tags") is not None:
        new["tags"] = [*old["tags"][:2], *ensure_tags(call, [tag for tag in body["tags"] if tag not in old["tags"][:2]])]
    _keep(call, new)
    return Answer(202, {"kubernetes_cluster": new})


def _upgrades(call: Call) -> Answer:
    return Answer(200, {"available_upgrade_versions": [_described(each) for each in _later(_cluster(call))]})


def _later(cluster: Document) -> tuple[str, ...]:
    return VERSIONS[VERSIONS.index(cluster["version"]) + 1 :] if cluster["version"] in VERSIONS else VERSIONS


def _described(version: str) -> Document:
    return {"slug": version, "kubernetes_version": version.partition("-")[0], "supported_features": []}


def _upgrade(call: Call) -> Answer:
    cluster = _cluster(call)
    _keep(call, cluster | {"version": one_of(call.body, "version", _later(cluster))})
    return Answer(202)


def _credentials(call: Call) -> Answer:
    cluster = _cluster(call)
    authority = base64.b64encode(call.cloud.databases.authority()).decode()
    about = {"server": cluster["endpoint"], "certificate_authority_data": authority, "token": "", "expires_at": "2100-01-01T00:00:00Z"}
    return Answer(200, {**about, "client_certificate_data": None, "client_key_data": None})


def _pools(call: Call) -> Answer:
    return listing(call, "node_pools", _cluster(call)["node_pools"])


def _find_pool(call: Call) -> tuple[Document, Document]:
    cluster = _cluster(call)
    for pool in cluster["node_pools"]:
        if pool["id"] == call["pool"]:
            return cluster, pool
    need(call, CLUSTERS, "")  # the API's own 404
    raise AssertionError


def _add_pool(call: Call) -> Answer:
    cluster = _cluster(call)
    pool = _pool(call, cluster["id"], call.body)
    _keep(call, cluster | {"node_pools": [*cluster["node_pools"], pool]})
    return Answer(201, {"node_pool": pool})


def _read_pool(call: Call) -> Answer:
    return Answer(200, {"node_pool": _find_pool(call)[1]})


def _change_pool(call: Call) -> Answer:
    cluster, old = _find_pool(call)
    kept = {field: old[field] for field in ("size", "name", "count", "min_nodes", "max_nodes", "auto_scale", "labels", "taints")}
    new = _pool(call, cluster["id"], kept | {field: value for field, value in call.body.items() if value is not None}) | {"id": old["id"]}
    _keep(call, cluster | {"node_pools": [new if pool["id"] == old["id"] else pool for pool in cluster["node_pools"]]})
    return Answer(202, {"node_pool": new})


def _delete_pool(call: Call) -> Answer:
    cluster, old = _find_pool(call)
    left = [pool for pool in cluster["node_pools"] if pool["id"] != old["id"]]
    if not left:
        raise unprocessable("a cluster needs at least one node pool")
    _keep(call, cluster | {"node_pools": left})
    return Answer(204)


def _options(_: Call) -> Answer:
    offered = [_described(each) for each in VERSIONS[::-1][:SUPPORTED]]
    regions = [{"name": name, "slug": slug} for slug, name in REGIONS.items()]
    return Answer(200, {"options": {"versions": offered, "regions": regions, "sizes": [{"name": slug, "slug": slug} for slug in SIZES]}})


def _associated(call: Call) -> Answer:
    _cluster(call)
    return Answer(200, {"load_balancers": [], "volumes": [], "volume_snapshots": []})


_CLUSTERS = Collection(CLUSTERS, "kubernetes_cluster", "kubernetes_clusters", _make, deleted=202, update=())


def routes() -> Iterable[Route]:
    one, pool = f"{CLUSTERS}/{{id}}", f"{CLUSTERS}/{{id}}/node_pools/{{pool}}"
    yield Route("GET", "/v2/kubernetes/options", _options)
    yield Route("PUT", one, _change)
    yield Route("GET", f"{one}/upgrades", _upgrades)
    yield Route("POST", f"{one}/upgrade", _upgrade)
    yield Route("GET", f"{one}/credentials", _credentials)
    yield Route("GET", f"{one}/destroy_with_associated_resources", _associated)
    yield Route("GET", f"{one}/node_pools", _pools)
    yield Route("POST", f"{one}/node_pools", _add_pool)
    yield Route("GET", pool, _read_pool)
    yield Route("PUT", pool, _change_pool)
    yield Route("DELETE", pool, _delete_pool)
    yield from _CLUSTERS.routes()

"""DigitalOcean's managed databases: the cluster and what lies in it."""

from __future__ import annotations

from collections.abc import Mapping

from localcloud.kinds.compute import Create
from localcloud.kinds.session import Created, Session
from localcloud.kinds.spelling import Document, nothing, pick, snake, without

CLUSTERS = "/v2/databases"


def cluster(session: Session, inputs: Document) -> Created:
    sent = snake(without(inputs, "maintenanceWindows", "storageSizeMib"), {"nodeCount": "num_nodes"})
    if inputs.get("storageSizeMib"):
        sent["storage_size_mib"] = int(inputs["storageSizeMib"])
    made = session.make(CLUSTERS, "database", {"private_network_uuid": "", "project_id": "", "rules": None, **sent})
    windows = inputs.get("maintenanceWindows") or []
    for window in windows:
        session.call("PUT", f"{CLUSTERS}/{made['id']}/maintenance", {"day": window["day"], "hour": window["hour"]})
    read = session.call("GET", f"{CLUSTERS}/{made['id']}")["database"]
    return Created(made["id"], {**_cluster(read), "maintenanceWindows": [_window(read)] if windows else None})


def _window(read: Document) -> Document:
    return {name: read["maintenance_window"][name] for name in ("day", "hour")}


def _cluster(read: Document) -> Document:
    where = read["connection"]
    unset = nothing("backupRestore evictionPolicy sqlMode storageAutoscale uiDatabase uiHost uiPassword uiPort uiUri uiUser")
    return {
        **unset,
        **pick(read, "name engine version size region privateNetworkUuid projectId"),
        **_address(read),
        "nodeCount": read["num_nodes"],
        "storageSizeMib": str(read["storage_size_mib"]),
        "tags": read["tags"] or None,
        "database": where["database"],
        "user": where["user"],
        "clusterUrn": f"do:dbaas:{read['id']}",
        "metricsEndpoints": [f"https://{each['host']}:{each['port']}/metrics" for each in read["metrics_endpoints"]],
    }


def _address(made: Document) -> Document:
    """How to connect: the same for a cluster, a pool and a replica."""
    public, private = made["connection"], made["private_connection"]
    return {
        "host": public["host"],
        "port": public["port"],
        "password": public["password"],
        "uri": public["uri"],
        "privateHost": private["host"],
        "privateUri": private["uri"],
    }


def database(session: Session, inputs: Document) -> Created:
    owner = inputs["clusterId"]
    made = session.make(f"{CLUSTERS}/{owner}/dbs", "db", {"name": inputs["name"]}, "name")
    return Created(f"{owner}/database/{made['name']}", {"clusterId": owner, "name": made["name"]})


def user(session: Session, inputs: Document) -> Created:
    owner = inputs["clusterId"]
    made = session.make(f"{CLUSTERS}/{owner}/users", "user", {"name": inputs["name"]}, "name")
    unset = {**nothing("accessCert accessKey mysqlAuthPlugin"), "settings": inputs.get("settings") or []}
    return Created(f"{owner}/user/{made['name']}", {**unset, **pick(made, "name role password"), "clusterId": owner})


def trusted_sources(session: Session, inputs: Document) -> Created:
    """One list a cluster; its id is made up by the plugin: the cluster's and a moment."""
    owner = inputs["clusterId"]
    fresh = {"uuid": "", "cluster_uuid": "", "created_at": "0001-01-01T00:00:00Z"}
    path = f"{CLUSTERS}/{owner}/firewall"
    session.call("PUT", path, {"rules": [{**fresh, "type": rule["type"], "value": rule["value"]} for rule in inputs["rules"]]})
    rules = session.call("GET", path)["rules"]
    moment = "".join(digit for digit in rules[0]["created_at"] if digit.isdigit()) if rules else ""
    shown = [pick(rule, "uuid type value createdAt") for rule in rules]
    return Created(f"{owner}-{moment}0000000001", {"clusterId": owner, "rules": shown})


def pool(session: Session, inputs: Document) -> Created:
    owner = inputs["clusterId"]
    made = session.make(f"{CLUSTERS}/{owner}/pools", "pool", snake(without(inputs, "clusterId"), {"dbName": "db"}), "name")
    shown = {**pick(made, "name mode size user"), "dbName": made["db"], "clusterId": owner}
    return Created(f"{owner}/{made['name']}", {**shown, **_address(made)})


def replica(session: Session, inputs: Document) -> Created:
    owner = inputs["clusterId"]
    made = session.make(f"{CLUSTERS}/{owner}/replicas", "replica", snake(without(inputs, "clusterId")), "name")
    where = {name: made["connection"][name] for name in ("database", "user")}
    shown = {**pick(made, "name region size privateNetworkUuid tags"), "clusterId": owner, "uuid": made["id"]}
    storage = str(made.get("storage_size_mib") or 0)
    return Created(f"{owner}/replicas/{made['name']}", {**shown, **where, **_address(made), "storageSizeMib": storage})


def configuration(session: Session, inputs: Document) -> Created:
    """Unset parameters, which the plugin shows as zero, are left out."""
    owner = inputs["clusterId"]
    path = f"{CLUSTERS}/{owner}/config"
    session.call("PATCH", path, {"config": snake(without(inputs, "clusterId"))})
    return Created(f"{owner}/postgresql-config", dict(inputs))


def log_sink(session: Session, inputs: Document) -> Created:
    owner = inputs["clusterId"]
    config = snake(without(inputs, "clusterId", "name"), {"structuredData": "sd", "caCert": "ca", "clientCert": "cert", "clientKey": "key"})
    body = {"sink_name": inputs["name"], "sink_type": "rsyslog", "config": config}
    made = session.make(f"{CLUSTERS}/{owner}/logsink", "sink", body, "sink_id")
    unset = nothing("caCert clientCert clientKey logline structuredData")
    return Created(f"{owner},{made['sink_id']}", {**unset, **inputs, "logsinkId": made["sink_id"]})


def search_sink(session: Session, inputs: Document) -> Created:
    owner = inputs["clusterId"]
    config = snake(without(inputs, "clusterId", "name"), {"endpoint": "url", "caCert": "ca", "timeoutSeconds": "timeout"})
    body = {"sink_name": inputs["name"], "sink_type": "opensearch", "config": config}
    made = session.make(f"{CLUSTERS}/{owner}/logsink", "sink", body, "sink_id")
    return Created(f"{owner},{made['sink_id']}", {**nothing("caCert timeoutSeconds"), **inputs, "logsinkId": made["sink_id"]})


KINDS: Mapping[str, Create] = {
    "digitalocean:index/databaseCluster:DatabaseCluster": cluster,
    "digitalocean:index/databaseDb:DatabaseDb": database,
    "digitalocean:index/databaseUser:DatabaseUser": user,
    "digitalocean:index/databaseFirewall:DatabaseFirewall": trusted_sources,
    "digitalocean:index/databaseConnectionPool:DatabaseConnectionPool": pool,
    "digitalocean:index/databaseReplica:DatabaseReplica": replica,
    "digitalocean:index/databasePostgresqlConfig:DatabasePostgresqlConfig": configuration,
    "digitalocean:index/databaseLogsinkOpensearch:DatabaseLogsinkOpensearch": search_sink,
    "digitalocean:index/databaseLogsinkRsyslog:DatabaseLogsinkRsyslog": log_sink,
}

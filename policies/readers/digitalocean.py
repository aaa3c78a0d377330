"""The account's machines, networks, databases and volumes, read through pydo, page by page to the end, and never changed.

Each call has a time limit and at most two new tries; a whole source has a deadline. A list whose length is not its own `total` is
a partial answer, and no answer. Properties get the names that the provider gives them in a stack's state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from policies.kinds import (
    APP,
    BALANCER,
    CERTIFICATE,
    CLUSTER,
    DROPLET,
    FIREWALL,
    KINDS,
    KUBERNETES,
    LOG_SINK,
    MONITOR_ALERT,
    REPLICA,
    RESERVED_IP,
    RESERVED_IPV6,
    SPACES_KEY,
    SSH_KEY,
    TRUSTED,
    UPTIME_ALERT,
    VOLUME,
    VPC,
)
from policies.readers import digitalocean_forms as forms
from policies.readers.digitalocean_forms import Row
from policies.readers.live import Source, resource, rows
from policies.readers.state import Resource
from services.errors import BadData, Refused, Unreachable

if TYPE_CHECKING:
    from pydo import Client

PER_PAGE = 200
DEADLINE_SECONDS = 60
BOUNDS = {"connection_timeout": 5, "read_timeout": 15, "retry_total": 2, "retry_backoff_factor": 0.3, "retry_backoff_max": 3, "timeout": 30}
"""How long one call may take, and how often it is tried anew (429 and 5xx only)."""


def sources(client: Client, *kinds: str) -> Mapping[str, Source]:
    """A source for each kind of resource asked for."""
    readers: Mapping[str, Callable[[Client], Iterable[Resource]]] = {
        DROPLET: lambda client: _listed(client.droplets.list, "droplets", forms.droplet),
        VPC: lambda client: _listed(client.vpcs.list, "vpcs", forms.vpc),
        BALANCER: lambda client: _listed(client.load_balancers.list, "load_balancers", forms.balancer),
        FIREWALL: lambda client: _listed(client.firewalls.list, "firewalls", forms.firewall),
        VOLUME: lambda client: _listed(client.volumes.list, "volumes", forms.volume),
        SSH_KEY: lambda client: _listed(client.ssh_keys.list, "ssh_keys", forms.ssh_key),
        SPACES_KEY: lambda client: _listed(client.spaces_key.list, "keys", forms.spaces_key),
        APP: lambda client: _listed(client.apps.list, "apps", forms.app),
        KUBERNETES: lambda client: _listed(client.kubernetes.list_clusters, "kubernetes_clusters", forms.kubernetes),
        CERTIFICATE: lambda client: _listed(client.certificates.list, "certificates", forms.certificate),
        RESERVED_IP: lambda client: _listed(client.reserved_ips.list, "reserved_ips", forms.reserved_address),
        RESERVED_IPV6: lambda client: _listed(client.reserved_ipv6.list, "reserved_ipv6s", forms.reserved_ipv6_address),
        MONITOR_ALERT: lambda client: _listed(client.monitoring.list_alert_policy, "policies", forms.monitor_alert),
        UPTIME_ALERT: _uptime_alerts,
        CLUSTER: _clusters,
        REPLICA: _replicas,
        TRUSTED: _trusted_sources,
        LOG_SINK: _log_sinks,
    }
    return {f"{KINDS[kind]} list of DigitalOcean": partial(readers[kind], client) for kind in kinds}


def pages(what: str, ask: Callable[..., Any], key: str, clock: Callable[[], float] = time.monotonic) -> Iterator[Row]:
    """Every row of a paged list, asked for until there is no next page."""
    end, seen, page, total = clock() + DEADLINE_SECONDS, 0, 1, None
    while True:
        answer = call(what, ask, per_page=PER_PAGE, page=page)
        found = [] if _says_none(answer, key) else rows(answer, key, what)
        seen += len(found)
        yield from found
        total = (answer.get("meta") or {}).get("total", total)
        if not ((answer.get("links") or {}).get("pages") or {}).get("next"):
            break
        page += 1
        if clock() > end or not found:
            raise Unreachable(f"DigitalOcean did not give all of the {what} within {DEADLINE_SECONDS} s", "run it again later")
    if total is not None and total != seen:
        raise BadData(f"DigitalOcean gave {seen} of {total} {what}", "run it again; resources may have changed meanwhile")


def _says_none(answer: Any, key: str) -> bool:
    """Some lists leave their key out when they are empty: then their own total says so."""
    return isinstance(answer, Mapping) and key not in answer and (answer.get("meta") or {}).get("total") == 0


def call(what: str, ask: Callable[..., Any], *arguments: str, **options: Any) -> Any:
    """One call. A refusal, an outage and an unreadable body become errors of ours that hold no text of the answer."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        return ask(*arguments, **options, **BOUNDS)
    except HttpResponseError as error:
        failure: Exception = Refused(f"DigitalOcean answered {error.status_code} for the {what}", "check the token and its scopes")
    except AzureError as error:
        failure = Unreachable(f"DigitalOcean did not answer for the {what} ({type(error).__name__})", "check the network and the endpoint")
    except ValueError:
        failure = BadData(f"DigitalOcean's answer for the {what} is not JSON", "check the endpoint")
    raise failure from None


def _listed(ask: Callable[..., Any], key: str, form: Callable[[Row], Resource]) -> Iterator[Resource]:
    return (form(row) for row in pages(key.replace("_", " "), ask, key))


def _uptime_alerts(client: Client) -> Iterator[Resource]:
    for check in pages("uptime checks", client.uptime.list_checks, "checks"):
        for row in pages("uptime alerts", partial(client.uptime.list_alerts, check["id"]), "alerts"):
            yield resource(UPTIME_ALERT, row["name"], id=row["id"], notifications=[forms.receivers(row["notifications"])])


def _cluster_rows(client: Client) -> list[Row]:
    return rows(call("databases", client.databases.list_clusters), "databases", "databases")


def _clusters(client: Client) -> Iterator[Resource]:
    for row in _cluster_rows(client):
        connection = row.get("connection") or {}
        yield resource(
            CLUSTER,
            row["name"],
            id=row["id"],
            engine=row["engine"],
            region=row.get("region"),
            privateNetworkUuid=row.get("private_network_uuid"),
            ssl=connection.get("ssl"),
            version=row.get("version"),
            maintenanceWindows=[row["maintenance_window"]] if row.get("maintenance_window") else [],
        )


def _replicas(client: Client) -> Iterator[Resource]:
    for cluster in _cluster_rows(client):
        found = rows(call("replicas", client.databases.list_replicas, cluster["id"]), "replicas", "replicas")
        for row in found:
            network = row.get("private_network_uuid")
            yield resource(REPLICA, row["name"], clusterId=cluster["id"], region=row.get("region"), privateNetworkUuid=network)


def _trusted_sources(client: Client) -> Iterator[Resource]:
    for cluster in _cluster_rows(client):
        found = rows(call("trusted sources", client.databases.list_firewall_rules, cluster["id"]), "rules", "trusted sources")
        rules = [{"type": row["type"], "value": row["value"]} for row in found]
        yield resource(TRUSTED, cluster["name"], clusterId=cluster["id"], rules=rules)


def _log_sinks(client: Client) -> Iterator[Resource]:
    """Sinks of every sort; one that is no rsyslog names its address in `url`."""
    for cluster in _cluster_rows(client):
        found = rows(call("log sinks", client.databases.list_logsink, cluster["id"]), "sinks", "log sinks")
        for row in found:
            config = row["config"]
            where = {"server": config.get("server") or config.get("url"), "port": config.get("port"), "tls": config.get("tls")}
            yield resource(LOG_SINK, row["sink_name"], id=f"{cluster['id']},{row['sink_id']}", clusterId=cluster["id"], **where)

"""The account's machines, networks, databases and volumes, read through pydo, page by page to the end, and never changed.

Each call has a time limit and at most two new tries; a whole source has a deadline. A list whose length is not its own `total` is
a partial answer, and no answer. Properties get the names that the provider gives them in a stack's state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from policies.kinds import BALANCER, CLUSTER, DROPLET, FIREWALL, KINDS, REPLICA, TRUSTED, VOLUME, VPC
from policies.readers.live import Source, resource, rows
from policies.readers.state import Resource
from services.errors import BadData, Refused, Unreachable

if TYPE_CHECKING:
    from pydo import Client

PER_PAGE = 200
DEADLINE_SECONDS = 60
BOUNDS = {"connection_timeout": 5, "read_timeout": 15, "retry_total": 2, "retry_backoff_factor": 0.3, "retry_backoff_max": 3, "timeout": 30}
"""How long one call may take, and how often it is tried anew (429 and 5xx only)."""

Row = dict[str, Any]


def sources(client: Client, *kinds: str) -> Mapping[str, Source]:
    """A source for each kind of resource asked for."""
    readers: Mapping[str, Callable[[Client], Iterable[Resource]]] = {
        DROPLET: partial(_listed, "droplets", "droplets", _droplet),
        VPC: partial(_listed, "vpcs", "vpcs", _vpc),
        BALANCER: partial(_listed, "load_balancers", "load_balancers", _balancer),
        FIREWALL: partial(_listed, "firewalls", "firewalls", _firewall),
        VOLUME: partial(_listed, "volumes", "volumes", _volume),
        CLUSTER: _clusters,
        REPLICA: _replicas,
        TRUSTED: _trusted_sources,
    }
    return {f"{KINDS[kind]} list of DigitalOcean": partial(readers[kind], client) for kind in kinds}


def pages(what: str, ask: Callable[..., Any], key: str, clock: Callable[[], float] = time.monotonic) -> Iterator[Row]:
    """Every row of a paged list, asked for until there is no next page."""
    end, seen, page, total = clock() + DEADLINE_SECONDS, 0, 1, None
    while True:
        answer = call(what, ask, per_page=PER_PAGE, page=page)
        found = rows(answer, key, what)
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


def _listed(family: str, key: str, form: Callable[[Row], Resource], client: Client) -> Iterator[Resource]:
    return (form(row) for row in pages(key.replace("_", " "), getattr(client, family).list, key))


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


def _droplet(row: Row) -> Resource:
    networks = row["networks"]
    public = {family: [each["ip_address"] for each in networks.get(family) or () if each["type"] == "public"] for family in ("v4", "v6")}
    return resource(
        DROPLET,
        row["name"],
        id=str(row["id"]),
        region=row["region"]["slug"],
        vpcUuid=row.get("vpc_uuid"),
        tags=row.get("tags") or [],
        publicNetworking=bool(public["v4"] or public["v6"]),
        ipv4Address=next(iter(public["v4"]), ""),
        ipv6Address=next(iter(public["v6"]), ""),
    )


def _vpc(row: Row) -> Resource:
    return resource(VPC, row["name"], id=row["id"], region=row["region"], default=row["default"])


def _volume(row: Row) -> Resource:
    return resource(VOLUME, row["name"], id=row["id"], region=row["region"]["slug"])


def _balancer(row: Row) -> Resource:
    firewall = row.get("firewall") or {}
    return resource(
        BALANCER,
        row["name"],
        id=row["id"],
        ip=row.get("ip"),
        ipv6=row.get("ipv6"),
        region=(row.get("region") or {}).get("slug"),
        vpcUuid=row.get("vpc_uuid"),
        network=row.get("network"),
        forwardingRules=[_entry(rule) for rule in row["forwarding_rules"]],
        firewall={"allows": firewall.get("allow") or [], "denies": firewall.get("deny") or []},
    )


def _entry(rule: Row) -> Row:
    return {
        "entryProtocol": rule["entry_protocol"],
        "entryPort": rule["entry_port"],
        "targetProtocol": rule["target_protocol"],
        "targetPort": rule["target_port"],
        "tlsPassthrough": rule.get("tls_passthrough", False),
    }


def _firewall(row: Row) -> Resource:
    inbound = [_rule(rule) for rule in row.get("inbound_rules") or ()]
    return resource(
        FIREWALL, row["name"], id=row["id"], tags=row.get("tags") or [], dropletIds=row.get("droplet_ids") or [], inboundRules=inbound
    )


def _rule(rule: Row) -> Row:
    named = rule.get("sources") or {}
    return {
        "protocol": rule["protocol"],
        "portRange": rule.get("ports"),
        "action": rule.get("action"),
        "sourceAddresses": named.get("addresses") or [],
        "sourceTags": named.get("tags") or [],
        "sourceDropletIds": named.get("droplet_ids") or [],
        "sourceLoadBalancerUids": named.get("load_balancer_uids") or [],
        "sourceKubernetesIds": named.get("kubernetes_ids") or [],
    }

"""From the clusters' trusted sources to addresses the local Postgres lets in.

One Postgres stands behind every cluster, so the rules of all of them are joined. As at DigitalOcean, a cluster without rules is open
to everybody. A tag means the addresses of the droplets that carry it now, so this is worked out again whenever rules, droplets or tags
change. Kubernetes clusters and apps have no local address: their rules let nobody in here.
"""

from __future__ import annotations

from collections.abc import Iterable

from localcloud.api.calls import Call
from localcloud.api.store import Document

DATABASES = "/v2/databases"
DROPLETS = "/v2/droplets"


def rules_of(call: Call, cluster: object) -> list[Document]:
    found = call.cloud.store.find(f"{DATABASES}/{cluster}", "firewall")
    return list(found["rules"]) if found else []


def apply(call: Call) -> None:
    """Tell the local Postgres whom to let in: everybody (None) while a cluster has no rule, nobody while there is no cluster."""
    clusters = [rules_of(call, cluster["id"]) for cluster in call.cloud.store.rows(DATABASES)]
    if not all(clusters):
        call.cloud.databases.trust(None)
        return
    droplets = call.cloud.store.rows(DROPLETS)
    call.cloud.databases.trust(sorted({address for rules in clusters for rule in rules for address in addresses(rule, droplets)}))


def addresses(rule: Document, droplets: Iterable[Document]) -> list[str]:
    """The addresses one rule lets in."""
    kind, value = rule["type"], str(rule["value"])
    if kind == "ip_addr":
        return [value]
    if kind == "tag":
        return [each for droplet in droplets if value in droplet["tags"] for each in of_droplet(droplet)]
    if kind == "droplet":
        return [each for droplet in droplets if str(droplet["id"]) == value for each in of_droplet(droplet)]
    return []


def of_droplet(droplet: Document) -> list[str]:
    return [str(each["ip_address"]) for each in droplet["networks"]["v4"]]

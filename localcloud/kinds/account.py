"""DigitalOcean's other kinds: projects, Spaces keys, domains, monitoring, uptime checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.kinds.compute import Create
from localcloud.kinds.session import Created, Session
from localcloud.kinds.spelling import Document, pick, snake, without


def project(session: Session, inputs: Document) -> Created:
    resources = inputs.get("resources") or []
    made = session.make("/v2/projects", "project", snake(without(inputs, "resources", "isDefault")))
    if resources:
        session.call("POST", f"/v2/projects/{made['id']}/resources", {"resources": resources})
    shown = pick(made, "name description purpose environment isDefault ownerId ownerUuid createdAt updatedAt")
    return Created(made["id"], {**shown, "resources": resources})


def project_resources(session: Session, inputs: Document) -> Created:
    owner, wanted = inputs["project"], inputs.get("resources") or []
    session.call("GET", f"/v2/projects/{owner}")
    session.call("POST", f"/v2/projects/{owner}/resources", {"resources": wanted})
    held = {row["urn"] for row in session.call("GET", f"/v2/projects/{owner}/resources", query={"per_page": "200"})["resources"]}
    return Created(owner, {"project": owner, "resources": [urn for urn in wanted if urn in held]})


def spaces_key(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/spaces/keys", "key", {"name": inputs["name"], "grants": inputs.get("grants") or []}, "access_key")
    return Created(made["access_key"], pick(made, "name accessKey secretKey grants createdAt"))


def domain(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/domains", "domain", snake(inputs), "name")
    own = {"domainUrn": f"do:domain:{made['name']}", "ipAddress": inputs.get("ipAddress")}
    return Created(made["name"], {**own, **pick(made, "name ttl")})


def domain_record(session: Session, inputs: Document) -> Created:
    owner = inputs["domain"]
    body = snake(without(inputs, "domain"), {"value": "data"})
    made = session.make(f"/v2/domains/{owner}/records", "domain_record", {"priority": 0, "port": 0, "weight": 0, "flags": 0, **body})
    name = made["name"]
    shown = {**pick(made, "name type ttl priority port weight flags"), "tag": made["tag"] or "", "value": made["data"], "domain": owner}
    return Created(str(made["id"]), {**shown, "fqdn": owner if name == "@" else f"{name}.{owner}"})


def monitor_alert(session: Session, inputs: Document) -> Created:
    alerts = inputs.get("alerts") or {}
    body = {"entities": [], "tags": [], "enabled": True, **snake(inputs), "alerts": _receivers(alerts)}
    made = session.make("/v2/monitoring/alerts", "policy", body, "uuid")
    shown = {"entities": None, "tags": None, **inputs, "uuid": None, "alerts": _shown(alerts)}
    return Created(made["uuid"], shown)


def uptime_check(session: Session, inputs: Document) -> Created:
    made = session.make("/v2/uptime/checks", "check", snake(inputs))
    return Created(made["id"], pick(made, "name type target regions enabled"))


def uptime_alert(session: Session, inputs: Document) -> Created:
    owner, receivers = inputs["checkId"], (inputs.get("notifications") or [{}])[0]
    body = {"threshold": 0, "comparison": "", **snake(without(inputs, "checkId")), "notifications": _receivers(receivers)}
    made = session.make(f"/v2/uptime/checks/{owner}/alerts", "alert", body)
    shown = pick(made, "name type threshold comparison period")
    return Created(made["id"], {**shown, "checkId": owner, "notifications": [_shown(receivers)]})


def _receivers(ours: Document) -> Document:
    slacks: Any = ours.get("slacks")
    return {"email": ours.get("emails") or [], "slack": slacks}


def _shown(ours: Document) -> Document:
    return {"emails": ours.get("emails") or [], "slacks": ours.get("slacks") or []}


KINDS: Mapping[str, Create] = {
    "digitalocean:index/project:Project": project,
    "digitalocean:index/projectResources:ProjectResources": project_resources,
    "digitalocean:index/spacesKey:SpacesKey": spaces_key,
    "digitalocean:index/domain:Domain": domain,
    "digitalocean:index/dnsRecord:DnsRecord": domain_record,
    "digitalocean:index/monitorAlert:MonitorAlert": monitor_alert,
    "digitalocean:index/uptimeCheck:UptimeCheck": uptime_check,
    "digitalocean:index/uptimeAlert:UptimeAlert": uptime_alert,
}

"""Apps of the App Platform: their specification and deployments are kept; nothing is built and nothing runs.

A deployment is finished in its first answer. An app's name is taken once; changing the specification makes a new deployment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from localcloud.api.calls import Answer, Call, Route, fields, listed
from localcloud.api.digitalocean.answers import conflict, listing, need, one_of, refusal, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.store import Document

APPS = "/v2/apps"
REGIONS = {"ams": "Amsterdam", "atl": "Atlanta", "blr": "Bangalore", "fra": "Frankfurt", "lon": "London", "nyc": "New York"}
REGIONS |= {"sfo": "San Francisco", "sgp": "Singapore", "syd": "Sydney", "tor": "Toronto"}
INSTANCE_SIZES = ("apps-s-1vcpu-0.5gb", "apps-s-1vcpu-1gb", "apps-s-1vcpu-2gb", "apps-s-2vcpu-4gb", "apps-d-1vcpu-2gb", "apps-d-2vcpu-4gb")
COMPONENTS = ("services", "static_sites", "workers", "jobs", "functions", "databases")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")


def _make(call: Call) -> Document:
    spec, own = _spec(call), call.parameters.get("id")
    if any(row["spec"]["name"] == spec["name"] and row["id"] != own for row in call.cloud.store.rows(APPS)):
        raise conflict(f"an app named {spec['name']} already exists")
    address, now = f"{spec['name']}.ondigitalocean.test", call.cloud.now()
    identifier = own or call.cloud.uuid()
    deployment = _deploy(call, identifier, spec)
    return {
        "id": identifier,
        "owner_uuid": call.cloud.default_project()["owner_uuid"],
        "spec": spec,
        "default_ingress": f"https://{address}",
        "live_url": f"https://{address}",
        "live_domain": address,
        "active_deployment": deployment,
        "region": _region(spec["region"]),
        "tier_slug": "basic",
        "created_at": now,
        "updated_at": now,
        "project_id": call.body.get("project_id") or call.cloud.default_project()["id"],
    }


def _spec(call: Call) -> Document:
    spec = fields(call.body, "spec")
    name = text(spec, "name")
    if not _NAME.fullmatch(name):
        raise refusal(400, "invalid_argument", "name must begin with a letter and hold 2 to 32 lower-case letters, digits and dashes")
    region = one_of({"region": spec.get("region") or "nyc"}, "region", tuple(REGIONS))
    for kind in COMPONENTS:
        for component in listed(spec, kind):
            if not isinstance(component, dict) or (not component.get("name") and kind != "databases"):
                raise unprocessable(f"each of {kind} needs a name")
    return {**spec, "region": region}


def _region(slug: str) -> Document:
    return {"slug": slug, "label": REGIONS[slug], "flag": "", "continent": "", "data_centers": [slug], "default": slug == "nyc"}


def _deploy(call: Call, app: str, spec: Document) -> Document:
    now = call.cloud.now()
    steps = [{"name": name, "status": "SUCCESS", "started_at": now, "ended_at": now} for name in ("build", "deploy", "finalize")]
    deployment = {
        "id": call.cloud.uuid(),
        "spec": spec,
        "cause": "manual",
        "phase": "ACTIVE",
        "progress": {"success_steps": len(steps), "total_steps": len(steps), "steps": steps},
        "created_at": now,
        "updated_at": now,
    }
    return call.cloud.store.put(f"{APPS}/{app}/deployments", deployment["id"], deployment)


def _create(call: Call) -> Answer:
    status, document = _APPS.create(call)
    assert document is not None
    app = document["app"]
    return Answer(status, {"app": app | {"pending_deployment": app["active_deployment"]}})


def _delete(call: Call) -> Answer:
    _APPS.delete(call)
    return Answer(200, {"id": call["id"]})


def _deployments(call: Call) -> Answer:
    need(call, APPS, call["id"])
    return listing(call, "deployments", call.cloud.store.rows(call.path)[::-1])


def _deploy_again(call: Call) -> Answer:
    app = need(call, APPS, call["id"])
    deployment = _deploy(call, app["id"], app["spec"])
    call.cloud.store.put(APPS, app["id"], app | {"active_deployment": deployment})
    return Answer(200, {"deployment": deployment})


def _deployment(call: Call) -> Answer:
    need(call, APPS, call["id"])
    return Answer(200, {"deployment": need(call, call.collection, call["deployment"])})


def _alerts(call: Call) -> Answer:
    app = need(call, APPS, call["id"])
    rows = [
        {"id": f"{app['id']}-{number}", "spec": each, "emails": [], "slack_webhooks": []}
        for number, each in enumerate(listed(app["spec"], "alerts"))
    ]
    return Answer(200, {"alerts": rows})


def _regions(_: Call) -> Answer:
    return Answer(200, {"regions": [_region(slug) for slug in REGIONS]})


def _sizes(_: Call) -> Answer:
    return Answer(200, {"instance_sizes": [{"name": slug, "slug": slug, "cpus": slug.split("-")[2][0]} for slug in INSTANCE_SIZES]})


_APPS = Collection(APPS, "app", "apps", _make, created=200)


def routes() -> Iterable[Route]:
    yield Route("GET", f"{APPS}/regions", _regions)
    yield Route("GET", f"{APPS}/tiers/instance_sizes", _sizes)
    yield Route("GET", f"{APPS}/{{id}}/deployments", _deployments)
    yield Route("POST", f"{APPS}/{{id}}/deployments", _deploy_again)
    yield Route("GET", f"{APPS}/{{id}}/deployments/{{deployment}}", _deployment)
    yield Route("GET", f"{APPS}/{{id}}/alerts", _alerts)
    yield Route("POST", APPS, _create)
    yield Route("DELETE", f"{APPS}/{{id}}", _delete)
    yield from _APPS.routes()

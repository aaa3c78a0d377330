"""Projects and what is assigned to them.

A resource is in one project: assigning it takes it out of the other. A project that still holds something cannot be deleted (412), nor
can the default one. What is created is not assigned by itself; a resource that is deleted stays listed until it is assigned elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from localcloud.api.calls import Answer, Call, Route
from localcloud.api.digitalocean.answers import conflict, listing, need, refusal, text, unprocessable
from localcloud.api.digitalocean.collections import Collection
from localcloud.api.store import Document

PROJECTS = "/v2/projects"


def _make(call: Call) -> Document:
    name = text(call.body, "name")
    text(call.body, "purpose")
    if any(row["name"] == name for row in call.cloud.store.rows(PROJECTS)):
        raise conflict("name is already in use")
    now = call.cloud.now()
    server = {"id": call.cloud.uuid(), "owner_uuid": call.cloud.default_project()["owner_uuid"], "owner_id": 1}
    return {**server, "description": "", "environment": "", **call.body, "is_default": False, "created_at": now, "updated_at": now}


def _project(call: Call) -> Document:
    return call.cloud.default_project() if call["id"] == "default" else need(call, PROJECTS, call["id"])


def _read_default(call: Call) -> Answer:
    return Answer(200, {"project": call.cloud.default_project()})


def _change_default(call: Call) -> Answer:
    identifier = call.cloud.default_project()["id"]
    return _PROJECTS.change(replace(call, path=f"{PROJECTS}/{identifier}", parameters={"id": identifier}))


def _after(call: Call, changed: Document) -> None:
    """There is one default project: making another one so ends it for the first."""
    for row in call.cloud.store.rows(PROJECTS):
        if changed["is_default"] and row["is_default"] and row["id"] != changed["id"]:
            call.cloud.store.put(PROJECTS, row["id"], row | {"is_default": False})


def _may_go(call: Call, found: Document) -> None:
    if found["is_default"]:
        raise refusal(412, "precondition_failed", "cannot delete the default project")
    if call.cloud.store.rows(_holdings(found)):
        raise refusal(412, "precondition_failed", "cannot delete a project with resources")


def _holdings(project: Document) -> str:
    return f"{PROJECTS}/{project['id']}/resources"


def _list_resources(call: Call) -> Answer:
    return listing(call, "resources", call.cloud.store.rows(_holdings(_project(call))))


def _assign(call: Call) -> Answer:
    project, urns = _project(call), call.body.get("resources")
    if not isinstance(urns, list) or not all(isinstance(urn, str) and urn.startswith("do:") for urn in urns):
        raise unprocessable("resources must be a list of URNs")
    for other in call.cloud.store.rows(PROJECTS):
        for urn in urns:
            call.cloud.store.remove(_holdings(other), urn)
    rows = [{"urn": urn, "assigned_at": call.cloud.now(), "links": {"self": ""}, "status": "ok"} for urn in urns]
    for row in rows:
        call.cloud.store.put(_holdings(project), row["urn"], row)
    return Answer(200, {"resources": rows, "links": {}, "meta": {"total": len(rows)}})


def _list_default(call: Call) -> Answer:
    return _list_resources(replace(call, parameters={"id": "default"}))


def _assign_default(call: Call) -> Answer:
    return _assign(replace(call, parameters={"id": "default"}))


_PROJECTS = Collection(
    PROJECTS,
    "project",
    "projects",
    _make,
    update=("PUT", "PATCH"),
    merges=True,
    keep=("owner_uuid", "owner_id"),
    may_go=_may_go,
    after=_after,
)


def routes() -> Iterable[Route]:
    yield Route("GET", f"{PROJECTS}/default", _read_default)
    for method in ("PUT", "PATCH"):
        yield Route(method, f"{PROJECTS}/default", _change_default)
    yield Route("GET", f"{PROJECTS}/default/resources", _list_default)
    yield Route("POST", f"{PROJECTS}/default/resources", _assign_default)
    yield Route("GET", f"{PROJECTS}/{{id}}/resources", _list_resources)
    yield Route("POST", f"{PROJECTS}/{{id}}/resources", _assign)
    yield from _PROJECTS.routes()

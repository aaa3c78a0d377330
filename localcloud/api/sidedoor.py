"""The side door `/__local__/`: what no real cloud offers, for tests and for drift. It needs the token too, its health apart.

    GET    /__local__/                      a page for people (`page.py`), without a token and with nothing in it
    GET    /__local__/health                {"status": "ok"}, without a token
    GET    /__local__/calls?method=&path=   the calls made so far (no secrets); DELETE forgets them
    GET    /__local__/resources?path=       everything kept below a path: [{"collection", "id", "resource"}]
    PATCH  /__local__/resources/<path>      change a resource behind everyone's back: what is sent replaces what is kept, null removes it
    DELETE /__local__/resources/<path>      make one disappear
    POST   /__local__/faults                {"path", "method"?, "status"?, "message"?, "seconds"?, "times"?}: next calls fail or wait
    GET    /__local__/faults                those not yet met; DELETE forgets them
    POST   /__local__/reset                 {"drop_databases"?: false, "empty_buckets"?: false}: an empty cloud

`<path>` is the resource's own path in its API: `/__local__/resources/v2/firewalls/<id>`. No rule of the API is checked. A reset leaves
the databases in Postgres and the objects in S3 where they are unless it is asked to drop them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from localcloud.api.calls import Answer, Call, Family, Route
from localcloud.api.digitalocean import spaces_keys, trusted_sources
from localcloud.api.digitalocean.databases import DATABASES
from localcloud.api.digitalocean.spaces_keys import SPACES_KEYS
from localcloud.api.errors import ApiError
from localcloud.api.faults import Fault
from localcloud.api.spaces import Gateway

PREFIX = "/__local__"
HEALTH = f"{PREFIX}/health"
RESOURCES = f"{PREFIX}/resources"


def refusal(status: int, message: str) -> ApiError:
    return ApiError(status, {"error": message})


def _health(_: Call) -> Answer:
    return Answer(200, {"status": "ok"})


def _calls(call: Call) -> Answer:
    return Answer(200, {"calls": call.cloud.journal.entries(call.query.get("method", ""), call.query.get("path", ""))})


def _forget_calls(call: Call) -> Answer:
    call.cloud.journal.clear()
    return Answer(204)


def _resources(call: Call) -> Answer:
    below = call.query.get("path", "")
    rows = [(collection, key, kept) for collection, key, kept in call.cloud.store.everything() if f"{collection}/{key}".startswith(below)]
    return Answer(200, {"resources": [{"collection": collection, "id": key, "resource": kept} for collection, key, kept in rows]})


def _target(call: Call) -> tuple[str, str]:
    collection, _, key = f"/{call['path']}".rpartition("/")
    return collection, key


def _change(call: Call) -> Answer:
    collection, key = _target(call)
    found = call.cloud.store.find(collection, key)
    if found is None:
        raise refusal(404, f"nothing is kept at {collection}/{key}")
    changed = {field: value for field, value in (found | call.body).items() if value is not None or field not in call.body}
    call.cloud.store.put(collection, key, changed)
    _make_real(call, collection)
    return Answer(200, {"resource": changed})


def _remove(call: Call) -> Answer:
    collection, key = _target(call)
    if call.cloud.store.find(collection, key) is None:
        raise refusal(404, f"nothing is kept at {collection}/{key}")
    call.cloud.store.remove(collection, key)
    if collection == SPACES_KEYS:
        call.cloud.identities.remove(key)
    _make_real(call, collection)
    return Answer(204)


def _make_real(call: Call, collection: str) -> None:
    """What the servers behind the cloud must hear of a change."""
    trusted_sources.apply(call)
    if collection == SPACES_KEYS:
        spaces_keys.apply(call)


def _add_fault(call: Call) -> Answer:
    body = call.body
    if not str(body.get("path", "")).startswith("/"):
        raise refusal(422, "path is required: the beginning of the paths that fail")
    status, seconds = body.get("status"), float(body.get("seconds", 0))
    if status is None and not seconds:
        raise refusal(422, "say what happens: status, seconds, or both")
    fault = Fault(body.get("method", ""), body["path"], status, body.get("message", "made to fail"), seconds, int(body.get("times", 1)))
    call.cloud.faults.add(fault)
    return Answer(201, {"fault": asdict(fault)})


def _faults(call: Call) -> Answer:
    return Answer(200, {"faults": [asdict(fault) for fault in call.cloud.faults.waiting()]})


def _forget_faults(call: Call) -> Answer:
    call.cloud.faults.clear()
    return Answer(204)


def _reset(gateway: Gateway) -> Callable[[Call], Answer]:
    def handle(call: Call) -> Answer:
        if call.body.get("drop_databases"):
            _drop_databases(call)
        if call.body.get("empty_buckets"):
            gateway.remove_buckets()
        for key in call.cloud.store.rows(SPACES_KEYS):
            call.cloud.identities.remove(key["access_key"])
        call.cloud.store.clear()
        call.cloud.faults.clear()
        call.cloud.default_project()
        trusted_sources.apply(call)
        return Answer(204)

    return handle


def _drop_databases(call: Call) -> None:
    for cluster in call.cloud.store.rows(DATABASES):
        for row in call.cloud.store.rows(f"{DATABASES}/{cluster['id']}/dbs"):
            call.cloud.databases.drop_database(row["name"])
        for row in call.cloud.store.rows(f"{DATABASES}/{cluster['id']}/users"):
            call.cloud.databases.drop_user(row["name"])


def _routes(gateway: Gateway) -> Iterable[Route]:
    yield Route("GET", HEALTH, _health)
    yield Route("GET", f"{PREFIX}/calls", _calls)
    yield Route("DELETE", f"{PREFIX}/calls", _forget_calls)
    yield Route("GET", RESOURCES, _resources)
    yield Route("PATCH", f"{RESOURCES}/{{path:path}}", _change)
    yield Route("DELETE", f"{RESOURCES}/{{path:path}}", _remove)
    yield Route("POST", f"{PREFIX}/faults", _add_fault)
    yield Route("GET", f"{PREFIX}/faults", _faults)
    yield Route("DELETE", f"{PREFIX}/faults", _forget_faults)
    yield Route("POST", f"{PREFIX}/reset", _reset(gateway))


def family(gateway: Gateway) -> Family:
    def no_route(method: str, path: str) -> Any:
        return refusal(404, f"no such side door: {method} {path}")

    return Family(
        prefix=PREFIX,
        routes=tuple(_routes(gateway)),
        unauthorised=lambda: refusal(401, "the side door needs the token, too"),
        no_route=no_route,
        malformed=lambda message: refusal(400, message),
        failure=refusal,
        open_paths=frozenset({HEALTH}),
    )

"""From HTTP to handlers and back: the token, the JSON body, faults made to order, one transaction a call, the journal."""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as HttpRoute

from localcloud.api.calls import Answer, Call, Family, Handler, Route
from localcloud.api.cloud import Cloud
from localcloud.api.errors import ApiError, LocalCloudError, MalformedError

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def http_routes(cloud: Cloud, family: Family) -> Iterable[HttpRoute]:
    """The family's routes for Starlette, and one that answers every other path as the API itself would."""
    for route in family.routes:
        yield HttpRoute(route.template, _endpoint(cloud, family, route.handler), methods=[route.method])
    yield HttpRoute(family.prefix + "{rest:path}", _endpoint(cloud, family, _no_route(family)), methods=list(METHODS))


def _no_route(family: Family) -> Handler:
    def handle(call: Call) -> Answer:
        raise family.no_route(call.method, call.path)

    return handle


def _endpoint(cloud: Cloud, family: Family, handler: Handler) -> Any:
    async def answer(request: Request) -> Response:
        body: Any = None
        try:
            _authorise(cloud, family, request)
            body = await _body(request, family)
            await _meet_fault(cloud, family, request)
            status, document = await run_in_threadpool(_run, cloud, handler, _call(cloud, request, body))
        except ApiError as error:
            status, document = error.status, error.document
        except MalformedError as error:
            refusal = family.malformed(str(error))
            status, document = refusal.status, refusal.document
        except Exception as error:  # noqa: BLE001 - the outermost border: told to the log in full, to the caller in brief
            status, document = _own_fault(family, error)
        if not (request.method == "GET" and request.url.path.startswith("/__local__/")):  # who only looks, each second, fills no journal
            cloud.journal.add(request.method, request.url.path, request.url.query, status, body)
        return _response(status, document)

    return answer


def _authorise(cloud: Cloud, family: Family, request: Request) -> None:
    sent = request.headers.get("authorization", "").encode()
    if request.url.path not in family.open_paths and not hmac.compare_digest(sent, f"Bearer {cloud.token}".encode()):
        raise family.unauthorised()


async def _body(request: Request, family: Family) -> Any:
    raw = await request.body()
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError as error:
        raise family.malformed(f"the body is not valid JSON: {error}") from error


async def _meet_fault(cloud: Cloud, family: Family, request: Request) -> None:
    path = request.url.path
    fault = None if path.startswith("/__local__/") else cloud.faults.take(request.method, path)
    if fault is None:
        return
    await asyncio.sleep(fault.seconds)
    if fault.status is not None:
        raise family.failure(fault.status, fault.message)


def _call(cloud: Cloud, request: Request, body: Any) -> Call:
    base = f"{request.url.scheme}://{request.url.netloc}"
    document = body if isinstance(body, dict) else {"items": body}
    return Call(cloud, request.method, request.url.path, base, request.path_params, dict(request.query_params), document)


def _run(cloud: Cloud, handler: Handler, call: Call) -> Answer:
    with cloud.store.transaction():
        return handler(call)


def _own_fault(family: Family, error: Exception) -> Answer:
    """A fault of the local cloud itself (its disk is full, its Postgres is away): 500 with what was the matter."""
    traceback.print_exception(error, file=sys.stderr)
    text = f"{error.message}; {error.hint}" if isinstance(error, LocalCloudError) else f"the local cloud failed: {type(error).__name__}"
    refusal = family.failure(500, text)
    return Answer(refusal.status, refusal.document)


def _response(status: int, document: Any) -> Response:
    if document is None:
        return Response(status_code=status, media_type="application/json")
    return JSONResponse(document, status_code=status)


__all__ = ["METHODS", "Route", "http_routes"]

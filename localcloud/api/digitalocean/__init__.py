"""DigitalOcean's API, version 2: the routes of every collection, and how it refuses."""

from __future__ import annotations

from localcloud.api.calls import Family
from localcloud.api.digitalocean import (
    account,
    actions,
    apps,
    balancers,
    database_contents,
    databases,
    droplets,
    firewalls,
    kubernetes,
    networks,
    projects,
    reserved_addresses,
    resources,
    snapshots,
    spaces_keys,
    tags,
)
from localcloud.api.digitalocean.answers import not_found, refusal
from localcloud.api.errors import ApiError

_PARTS = (
    account,
    spaces_keys,
    projects,
    networks,
    tags,
    snapshots,
    actions,
    droplets,
    reserved_addresses,
    firewalls,
    balancers,
    resources,
    database_contents,
    databases,
    kubernetes,
    apps,
)
_IDENTIFIERS = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "too_many_requests"}


def _failure(status: int, message: str) -> ApiError:
    return refusal(status, _IDENTIFIERS.get(status, "server_error"), message)


FAMILY = Family(
    prefix="/v2",
    routes=tuple(route for part in _PARTS for route in part.routes()),
    unauthorised=lambda: refusal(401, "Unauthorized", "Unable to authenticate you"),
    no_route=lambda method, path: not_found(),  # noqa: ARG005 - the API says no more
    malformed=lambda message: refusal(400, "bad_request", message),
    failure=_failure,
)

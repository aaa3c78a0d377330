"""The server put together: the two APIs and the side door behind one ASGI application, the Spaces gateway before them."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from localcloud.api import cloudflare, digitalocean, page, sidedoor
from localcloud.api.cloud import Cloud
from localcloud.api.config import Config
from localcloud.api.identities import LocalIdentities, NoIdentities
from localcloud.api.postgres import LocalPostgres, NoServer
from localcloud.api.serving import http_routes
from localcloud.api.spaces import Gateway, is_for_spaces
from localcloud.api.store import Store


class Application:
    """Requests for a Spaces host go to the gateway, all others to the APIs."""

    def __init__(self, cloud: Cloud, gateway: Gateway) -> None:
        families = (digitalocean.FAMILY, cloudflare.FAMILY, sidedoor.family(gateway))
        self._apis = Starlette(routes=[page.ROUTE, *(route for family in families for route in http_routes(cloud, family))])
        self._gateway = gateway
        self.cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_for_spaces(scope):
            await self._gateway(scope, receive, send)
        else:
            await self._apis(scope, receive, send)


def build(config: Config, **overrides: Any) -> Application:
    """The application for one configuration; `overrides` (clock, random_bytes) are for tests."""
    databases = LocalPostgres(config.postgres) if config.postgres else NoServer()
    identities = LocalIdentities(config.s3) if config.s3 else NoIdentities()
    cloud = Cloud(Store(config.state_file), config.token, databases, identities, **overrides)
    with cloud.store.transaction():
        cloud.default_project()
    return Application(cloud, Gateway(cloud, config.s3))

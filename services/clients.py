"""Everything a live control may ask, made when first asked for: the clouds, the buckets, the database, Vault.

Controls take a `Clients` and never make clients themselves, so that the pack loads light and tests pass their own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from services.settings import Settings, secret
from services.vault import Vault

if TYPE_CHECKING:
    import psycopg
    from cloudflare import Cloudflare
    from mypy_boto3_s3 import S3Client
    from pydo import Client as DigitalOcean


class Clients:
    """Lazily made clients for one environment."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def digitalocean(self) -> DigitalOcean:
        """pydo; its own authentication refuses plain http, which only the local cloud speaks, so the header is set here."""
        from azure.core.pipeline.policies import HeadersPolicy
        from pydo import Client

        cloud = self.settings.digitalocean
        token = secret(cloud.token_file)
        header = HeadersPolicy({"Authorization": f"Bearer {token}"})
        return Client(token, endpoint=cloud.endpoint, authentication_policy=header)

    @cached_property
    def cloudflare(self) -> Cloudflare:
        from cloudflare import Cloudflare

        cloud = self.settings.cloudflare
        return Cloudflare(api_token=secret(cloud.token_file), base_url=cloud.endpoint, max_retries=2, timeout=20)

    def objects(self, identity: str) -> S3Client:
        from services import objects

        return objects.client(self.settings.objects, identity)

    def vault(self, role: str) -> Vault:
        return Vault.login(self.settings.vault, role)

    def database(self, name: str | None = None, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        from services import database

        return database.connect(self.settings.database, name, autocommit=autocommit)

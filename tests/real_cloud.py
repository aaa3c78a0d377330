"""The running local cloud with the servers behind it, as tests call it: its APIs, a provider, S3 clients in the plugin's way."""

from __future__ import annotations

from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.provider import Provider, SpacesCredentials, wipe
from services.settings import Settings, secret

CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"


class RealCloud:
    """The running local cloud, and a provider for it."""

    def __init__(self, settings: Settings) -> None:
        token = secret(settings.digitalocean.token_file)
        admin = settings.objects.identities["admin"]
        self.credentials = SpacesCredentials(admin.access_key, secret(admin.secret_key_file))
        self.endpoint, self.token = settings.digitalocean.endpoint, token
        self.provider = Provider(self.endpoint, token, self.credentials)
        self._client = httpx.Client(base_url=self.endpoint, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self._client.request(method, path, json=body)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def cluster(self) -> str:
        made = self.provider.create(
            CLUSTER, "db", {"name": "shop", "engine": "pg", "size": "db-s-2vcpu-4gb", "region": "nyc3", "nodeCount": 2}
        )
        return made.id

    def spaces(self, region: str, credentials: SpacesCredentials | None = None) -> Any:
        """The plugin's way: the bucket in the host name, the local cloud as forward proxy."""
        key = credentials or self.credentials
        settings: Any = {"s3": {"addressing_style": "virtual"}, "proxies": {"http": self.endpoint}, "retries": {"total_max_attempts": 1}}
        return boto3.client(
            "s3",
            endpoint_url=f"http://{region}.spaces.test",
            region_name="us-east-1",
            aws_access_key_id=key.access_key,
            aws_secret_access_key=key.secret_key,
            config=Config(**settings, request_checksum_calculation="when_required"),
        )

    def close(self) -> None:
        self.provider.close()
        self._client.close()
        wipe(self.endpoint, self.token, drop_databases=True)


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]

"""The connection of a rehearsal to the local cloud: the three APIs under one address, errors as one kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from localcloud.api.errors import LocalCloudError
from localcloud.kinds.spelling import Document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_SECONDS = 60
SPACES_HOST = "http://{region}.spaces.test"


class ProvisioningError(LocalCloudError):
    """A resource could not be created; the message holds the API's own words."""


class Created(NamedTuple):
    """A resource's id and its outputs, in the shape of Pulumi's state."""

    id: str
    outputs: Document


class SpacesCredentials(NamedTuple):
    """The S3 identity that creates buckets."""

    access_key: str
    secret_key: str


class Session:
    """One client for `/v2` and `/client/v4`; a client for Spaces when buckets are asked for."""

    def __init__(self, endpoint: str, token: str, spaces: SpacesCredentials | None = None) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._spaces = spaces
        header = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=self._endpoint, headers=header, timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Document:
        """One request; its JSON document, or {} where there is none."""
        try:
            answer = self._client.request(method, path, json=body, params=query)
        except httpx.HTTPError as error:
            text = f"the local cloud at {self._endpoint} did not answer ({type(error).__name__})"
            raise ProvisioningError(text, "is it running? `kept local status` tells") from error
        document: Document = answer.json() if answer.content else {}
        if answer.is_error:
            raise ProvisioningError(
                f"{method} {path}: {answer.status_code} {_words(document)}", "mend the program, or empty the local cloud"
            )
        return document

    def make(self, path: str, key: str, body: Any, identity: str = "id") -> Document:
        """DigitalOcean's way: create, then read what was made, as the plugin does; the first answer's secrets are kept."""
        first: Document = self.call("POST", path, body)[key]
        read: Document = self.call("GET", f"{path}/{first[identity]}")
        return {**first, **read.get(key, read)}

    def result(self, method: str, path: str, body: Any = None) -> Document:
        """Cloudflare's way: what lies in the envelope."""
        result: Document = self.call(method, f"/client/v4{path}", body)["result"]
        return result

    def spaces(self, region: str) -> S3Client:
        """An S3 client that reaches the buckets as the plugin does: the bucket in the host name, through the local cloud as proxy."""
        import boto3
        from botocore.config import Config

        if self._spaces is None:
            raise ProvisioningError(
                "buckets need S3 credentials", "make the provider with spaces=SpacesCredentials(access_key, secret_key)"
            )
        return boto3.client(
            "s3",
            endpoint_url=SPACES_HOST.format(region=region),
            region_name="us-east-1",
            aws_access_key_id=self._spaces.access_key,
            aws_secret_access_key=self._spaces.secret_key,
            config=Config(
                proxies={"http": self._endpoint},
                s3={"addressing_style": "virtual"},
                request_checksum_calculation="when_required",
                retries={"max_attempts": 2},
                connect_timeout=5,
            ),
        )


def _words(document: Document) -> str:
    errors = document.get("errors")
    if errors:
        return "; ".join(str(error.get("message")) for error in errors)
    return str(document.get("message") or document.get("error") or "")

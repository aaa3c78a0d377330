"""The platform's buckets and the region each lies in.

Spaces tells a bucket's region in no answer: `GetBucketLocation` may be empty, and one endpoint serves one region. So every region that
Spaces has is asked in turn, and a bucket lies in the region whose endpoint knows it. A bucket that several endpoints claim to know
has no known region. The platform's buckets are those whose names begin with its name, and the two that the settings name.

`details` adds what each bucket says of itself: ACL, versioning, lifecycle, policy (one more source; `sources` alone asks for regions only).

Locally the same endpoints are reached through the gateway of the local cloud, which is a forward proxy for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from policies.kinds import BUCKET
from policies.readers import bucket_settings
from policies.readers.live import Source, resource
from policies.readers.once import Once
from policies.readers.state import UNKNOWN, Resource
from services.errors import Refused, Unreachable, UsageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from services.settings import Settings

REGIONS = ("ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1")
"""Where Spaces are offered (the provider's own list)."""

IDENTITY = "admin"

_ENDPOINT = re.compile(r"https://[a-z]{3}\d\.(?P<domain>digitaloceanspaces\.com)/?")


def sources(settings: Settings, once: Once) -> Mapping[str, Source]:
    """The buckets and their regions; `once` is the memory of the run that asks."""
    return {"bucket list of Spaces": lambda: list(_buckets(_asked(settings, once)))}


def details(settings: Settings, once: Once) -> Mapping[str, Source]:
    """The same buckets with what each says of itself, and their policies as resources of their own."""
    return {
        "bucket settings of Spaces": lambda: once("the settings of buckets", lambda: tuple(_described(settings, _asked(settings, once))))
    }


def _asked(settings: Settings, once: Once) -> Mapping[str, Sequence[str]]:
    """Every endpoint is asked once a run, whoever needs to know."""
    return once("the regions of buckets", lambda: _regions(settings))


def _regions(settings: Settings) -> dict[str, list[str]]:
    """The regions whose endpoint knows a bucket, by its name."""
    found: dict[str, list[str]] = {}
    for region in REGIONS:
        for name in _names_in(settings, region):
            found.setdefault(name, []).append(region)
    return dict(sorted(found.items()))


def _buckets(regions: Mapping[str, Sequence[str]]) -> Iterator[Resource]:
    for name, found in regions.items():
        yield resource(BUCKET, name, region=found[0] if len(found) == 1 else UNKNOWN)


def _described(settings: Settings, regions: Mapping[str, Sequence[str]]) -> Iterator[Resource]:
    for name, found in regions.items():
        if len(found) != 1:
            yield resource(BUCKET, name, region=UNKNOWN, acl=UNKNOWN, versioning=UNKNOWN, lifecycleRules=UNKNOWN)
            continue
        with _told(found[0]), closing(_client(settings, found[0])) as client:
            yield bucket_settings.described(client, name, found[0])
            yield from bucket_settings.policy(client, name)


def _names_in(settings: Settings, region: str) -> list[str]:
    """The platform's buckets that one region's endpoint knows."""
    with _told(region), closing(_client(settings, region)) as client:
        listed = [bucket["Name"] for bucket in client.list_buckets().get("Buckets", ())]
        return [name for name in listed if _ours(settings, name) and _known(client, name)]


@contextmanager
def _told(region: str) -> Iterator[None]:
    """Refusals and outages become errors of ours that hold no text of the answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise Refused(f"Spaces answered {_status(error)} in {region}", "check the key's grants") from None
    except BotoCoreError as error:
        raise Unreachable(f"Spaces did not answer in {region} ({type(error).__name__})", "check the network and the endpoint") from None


def _ours(settings: Settings, name: str) -> bool:
    return name.startswith(f"{settings.platform}-") or name in (settings.evidence.bucket, settings.backups.bucket)


def _known(client: S3Client, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if _status(error) == 404:
            return False
        raise
    return True


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _client(settings: Settings, region: str) -> S3Client:
    """A client for one region's endpoint; `UsageError` when the settings' endpoint has no regions."""
    import boto3
    from botocore.config import Config

    from services.settings import secret

    found = _ENDPOINT.fullmatch(settings.objects.endpoint)
    if found is None and settings.environment != "local":
        raise UsageError(
            f"the endpoint {settings.objects.endpoint} is no Spaces endpoint", "name one like https://nyc3.digitaloceanspaces.com"
        )
    chosen = settings.objects.identities[IDENTITY]
    return boto3.client(
        "s3",
        endpoint_url=f"https://{region}.{found['domain']}" if found else f"http://{region}.spaces.test",
        region_name="us-east-1",
        aws_access_key_id=chosen.access_key,
        aws_secret_access_key=secret(chosen.secret_key_file),
        config=Config(
            proxies={} if found else {"http": settings.digitalocean.endpoint},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            retries={"max_attempts": 2, "mode": "standard"},
            connect_timeout=5,
            read_timeout=15,
        ),
    )

"""Clients for the S3 server: one identity a purpose, path style, checksums only where the server asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from services.errors import Refused, Unreachable, UsageError
from services.settings import Objects, secret

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def client(objects: Objects, identity: str) -> S3Client:
    """A boto3 S3 client acting as one of the declared identities (imported here: boto3 takes 0.3 s to load)."""
    import boto3
    from botocore.config import Config

    if identity not in objects.identities:
        raise UsageError(f"no S3 identity {identity!r} in the settings", f"add [objects.identities.{identity}]")
    chosen = objects.identities[identity]
    return boto3.client(
        "s3",
        endpoint_url=objects.endpoint,
        region_name=objects.region,
        aws_access_key_id=chosen.access_key,
        aws_secret_access_key=secret(chosen.secret_key_file),
        verify=str(objects.ca_file),
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"max_attempts": 3, "mode": "standard"},
            connect_timeout=5,
            read_timeout=60,
        ),
    )


def server_time(client: S3Client, bucket: str) -> datetime | None:
    """What the server's own clock says (whole seconds); None where its answer has no date, or there is no answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: Mapping[str, Any] = client.head_bucket(Bucket=bucket)["ResponseMetadata"]
    except ClientError as error:
        answer = error.response.get("ResponseMetadata", {})  # a refusal has a date as well
    except BotoCoreError:
        return None
    said = answer.get("HTTPHeaders", {}).get("date", "")
    try:
        found = parsedate_to_datetime(said)
    except ValueError:
        return None
    return found if found.tzinfo else None


def make_bucket(client: S3Client, name: str) -> None:
    """Make a bucket that may be there already."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "?"))
        if code not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            raise Refused(f"the bucket {name} could not be made ({code})", "may this identity make buckets?") from error
    except BotoCoreError as error:
        raise Unreachable(f"the bucket {name} could not be made ({type(error).__name__})", "is the S3 server running?") from error

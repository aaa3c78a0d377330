"""The backup bucket, as one identity sees it: a few calls whose errors are ours.

`Unreachable` is an outage (nothing is known), `Refused` a no of the server, `Damaged` an object that is not there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from backups.container import Readable
from backups.errors import AlreadyPublished, Damaged, Fault
from services.errors import KeptError, Refused, Unreachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
PRECONDITION = frozenset({"PreconditionFailed", "412"})


@dataclass(frozen=True)
class Listed:
    """An object as the listing shows it; `modified` is the server's own time."""

    key: str
    size_bytes: int
    modified: datetime


@dataclass(frozen=True)
class OpenUpload:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str


@dataclass(frozen=True)
class Lock:
    """The protection that an object really has, as read back from the server."""

    mode: str
    until: datetime | None


class Bucket:
    """One bucket through one identity's client."""

    def __init__(self, client: S3Client, name: str) -> None:
        self.client = client
        self.name = name

    @contextmanager
    def stream(self, key: str) -> Iterator[Readable]:
        """The object's bytes as they come; a break in the middle is `Unreachable`, never a short object."""
        with _ours(f"get {key}"):
            body = self.client.get_object(Bucket=self.name, Key=key)["Body"]
        with closing(body):
            yield _Body(body, key)

    def get(self, key: str, most: int) -> bytes:
        """A small object whole; `Damaged` when it is larger than `most` bytes."""
        with self.stream(key) as body:
            found = bytearray()
            while len(found) <= most and (more := body.read(most + 1 - len(found))):
                found += more
        if len(found) > most:
            raise Damaged(Fault.OVERSIZE, f"{key} is larger than {most} bytes")
        return bytes(found)

    def create(self, key: str, content: bytes) -> None:
        """Put a small object where none is: `AlreadyPublished` when there is one (never on a multipart completion)."""
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with _ours(f"put {key}"):
            self.client.put_object(Bucket=self.name, Key=key, Body=content, ContentMD5=digest, IfNoneMatch="*")

    def listed(self, prefix: str) -> tuple[Listed, ...]:
        """Every object below a prefix: all pages, or an error."""
        found = []
        with _ours(f"list {prefix}"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
                found += [Listed(each["Key"], each["Size"], each["LastModified"]) for each in page.get("Contents", ())]
        return tuple(found)

    def open_uploads(self) -> tuple[OpenUpload, ...]:
        found = []
        with _ours("list the open uploads"):
            for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.name):
                found += [OpenUpload(each["Key"], each["UploadId"]) for each in page.get("Uploads", ())]
        return tuple(found)

    def lock(self, key: str) -> Lock:
        with _ours(f"read the lock of {key}"):
            head = self.client.head_object(Bucket=self.name, Key=key)
        return Lock(head.get("ObjectLockMode", "none").lower(), head.get("ObjectLockRetainUntilDate"))


class _Body:
    """The body of an answer, whose breaks are errors of ours."""

    def __init__(self, body: Readable, key: str) -> None:
        self._body = body
        self._key = key

    def read(self, size: int, /) -> bytes:
        from urllib3.exceptions import HTTPError

        with _ours(f"get {self._key}"):
            try:
                return self._body.read(size)
            except (HTTPError, OSError) as error:
                raise Unreachable(f"the bucket broke off in the middle of {self._key} ({type(error).__name__})", "try again") from None


@contextmanager
def _ours(what: str) -> Iterator[None]:
    """Turn boto3's errors into ours (imported here: it is slow to load)."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise translated(what, error.response["Error"].get("Code", "?")) from None
    except BotoCoreError as error:
        raise Unreachable(f"cannot {what}: {type(error).__name__}", "is the object store up? `kept local status` tells") from None


def translated(what: str, code: str) -> KeptError:
    """The error of ours for one of S3's codes."""
    if code in MISSING:
        return Damaged(Fault.MISSING, f"cannot {what}: it is not there")
    if code in PRECONDITION:
        return AlreadyPublished(f"cannot {what}: another run has put one", "look at `kept backup list`; what this run stored is an orphan")
    if code in {"InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "500", "502", "503", "504"}:
        return Unreachable(f"cannot {what}: the object store answers {code}", "try again")
    return Refused(f"cannot {what}: the object store answers {code}", "check the bucket's name and the identity's grants")

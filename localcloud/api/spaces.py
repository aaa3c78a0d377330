"""The Spaces gateway: requests for `<bucket>.<region>.spaces.test` go on to a real S3 server, untouched.

The provider's S3 client can be sent here through HTTP_PROXY alone (absolute-form requests), and signs the Host header: so method, path,
query, headers and body are streamed as they came, and the S3 server checks the signature. Answered here, because the S3 server does not:

    ?logging             kept here: PutBucketLogging would be taken for CreateBucket. The signature is not checked; both buckets must be
                         known to the gateway, and differ.
    PUT of a bucket      200 when it is there and the S3 server would let the caller create it: a bucket of one's own may be created
                         again, as Spaces allows (the S3 server says 409). An emptied local cloud keeps its buckets.
    DELETE of a bucket   409 BucketNotEmpty while it holds an object, a version or a delete marker.
    POST of no bucket    405: the S3 server would take it for a call of its IAM API, which Spaces has not.
    the wrong region     404 NoSuchBucket (409 when it is to be created): a bucket is reached in the region it was created in.

What the gateway saw created is kept as `/spaces/<bucket>` with its region.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from localcloud.api.cloud import Cloud
from localcloud.api.config import S3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKETS = "/spaces"
SUFFIX = ".spaces.test"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
NO_LOGGING = f'<?xml version="1.0" encoding="UTF-8"?><BucketLoggingStatus xmlns="{NAMESPACE}"/>'
ELSEWHERE = (404, "NoSuchBucket", "the bucket is in another region")
ELSEWHERE_CREATED = (409, "BucketAlreadyExists", "the bucket exists in another region")
_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?(?P<region>[a-z]{3}\d)\.spaces\.test")
_TARGET = re.compile(r"<TargetBucket>([^<]+)</TargetBucket>")
_OF_THE_CONNECTION = {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "transfer-encoding", "upgrade"}


class Target(NamedTuple):
    """Which bucket a request is for, in which region, and the path and query to pass on as they came."""

    bucket: str
    region: str
    path: str
    query: str
    whole_bucket: bool


def host_of(scope: Scope) -> str:
    headers = dict(scope["headers"])
    return str(headers.get(b"host", b"").decode("latin1")).partition(":")[0]


def is_for_spaces(scope: Scope) -> bool:
    return host_of(scope).endswith(SUFFIX)


def target(scope: Scope) -> Target | None:
    """Read host and path; None for a host that is no Spaces host."""
    found = _HOST.fullmatch(host_of(scope))
    if found is None:
        return None
    path = re.sub(r"^https?://[^/]*", "", scope["raw_path"].decode("latin1")) or "/"
    first, _, rest = path.lstrip("/").partition("/")
    key = path.lstrip("/") if found["bucket"] else rest
    return Target(found["bucket"] or first, found["region"], path, scope["query_string"].decode("latin1"), whole_bucket=not key)


class Gateway:
    """An ASGI application. Without an S3 server behind it every request is 503."""

    def __init__(self, cloud: Cloud, s3: S3 | None) -> None:
        self._cloud = cloud
        self._s3 = s3
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        wanted = target(scope)
        if wanted is None:
            answer: Response = failure(404, "NoSuchBucket", f"{host_of(scope)} is no Spaces host")
        else:
            answer = await self._answer(request, wanted)
        self._cloud.journal.add(
            request.method, f"{BUCKETS}/{wanted.bucket if wanted else ''}", scope["query_string"].decode("latin1"), answer.status_code, None
        )
        await answer(scope, receive, send)

    async def _answer(self, request: Request, wanted: Target) -> Response:
        if self._s3 is None:
            return failure(503, "ServiceUnavailable", "no object storage stands behind this local cloud")
        if not wanted.bucket and request.method == "POST":
            return failure(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        known = self._cloud.store.find(BUCKETS, wanted.bucket)
        creates = request.method == "PUT" and wanted.whole_bucket and not wanted.query
        if known is not None and known["region"] != wanted.region:
            return failure(*(ELSEWHERE_CREATED if creates else ELSEWHERE))
        if "logging" in wanted.query.replace("=", "&").split("&") and wanted.whole_bucket:
            return await self._logging(request, wanted)
        deletes = request.method == "DELETE" and wanted.whole_bucket and not wanted.query
        if deletes and await run_in_threadpool(self._holds_something, wanted.bucket):
            return failure(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
        answer = await self._forward(self._s3, request, wanted, creates=creates)
        self._remember(request.method, wanted, answer.status_code, creates=creates)
        return answer

    def _remember(self, method: str, wanted: Target, status: int, *, creates: bool) -> None:
        with self._cloud.store.transaction():
            if creates and status == 200 and self._cloud.store.find(BUCKETS, wanted.bucket) is None:
                self._cloud.store.put(BUCKETS, wanted.bucket, {"name": wanted.bucket, "region": wanted.region, "logging": ""})
            if method == "DELETE" and wanted.whole_bucket and not wanted.query and status == 204:
                self._cloud.store.remove(BUCKETS, wanted.bucket)

    async def _forward(self, s3: S3, request: Request, wanted: Target, *, creates: bool) -> Response:
        base = httpx.URL(s3.endpoint)
        address = base.copy_with(raw_path=f"{wanted.path}{'?' + wanted.query if wanted.query else ''}".encode("latin1"))
        headers = [(name, value) for name, value in request.headers.raw if name.decode("latin1").lower() not in _OF_THE_CONNECTION]
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        outgoing = httpx.Request(request.method, address, headers=headers, content=request.stream() if has_body else None)
        try:
            incoming = await self._http(s3).send(outgoing, stream=True)
        except httpx.HTTPError as error:
            return failure(503, "ServiceUnavailable", f"the S3 server did not answer ({type(error).__name__})")
        if creates and incoming.status_code == 409:
            await incoming.aclose()
            return Response(status_code=200, headers={"location": f"/{wanted.bucket}"})
        answer = StreamingResponse(_relay(incoming), status_code=incoming.status_code)
        answer.raw_headers = [
            (name.lower(), value) for name, value in incoming.headers.raw if name.decode("latin1").lower() not in _OF_THE_CONNECTION
        ]
        return answer

    def _http(self, s3: S3) -> httpx.AsyncClient:
        if self._client is None:
            import ssl

            trust = ssl.create_default_context(cafile=s3.ca) if s3.endpoint.startswith("https") else False
            self._client = httpx.AsyncClient(verify=trust, trust_env=False, timeout=httpx.Timeout(60, connect=5))
        return self._client

    async def _logging(self, request: Request, wanted: Target) -> Response:
        known = self._cloud.store.find(BUCKETS, wanted.bucket)
        if known is None:
            return failure(404, "NoSuchBucket", "The specified bucket does not exist")
        if request.method == "GET":
            return Response(known["logging"] or NO_LOGGING, media_type="application/xml")
        text = (await request.body()).decode()
        named = _TARGET.search(text)
        if named and (named[1] == wanted.bucket or self._cloud.store.find(BUCKETS, named[1]) is None):
            return failure(400, "InvalidTargetBucketForLogging", "the target must be another bucket that exists")
        with self._cloud.store.transaction():
            self._cloud.store.put(BUCKETS, wanted.bucket, known | {"logging": text if named else ""})
        return Response(status_code=200)

    def _holds_something(self, bucket: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            found = self._own_client().list_object_versions(Bucket=bucket, MaxKeys=1)
        except ClientError:
            return False  # no such bucket: the S3 server says so itself
        return bool(found.get("Versions") or found.get("DeleteMarkers"))

    def remove_buckets(self) -> None:
        """Every bucket the gateway saw created, with all it holds."""
        if self._s3 is None:
            return
        client = self._own_client()
        for bucket in [row["name"] for row in self._cloud.store.rows(BUCKETS)]:
            for key, version in _versions(client, bucket):
                client.delete_object(Bucket=bucket, Key=key, VersionId=version)
            client.delete_bucket(Bucket=bucket)

    def _own_client(self) -> S3Client:
        import boto3
        from botocore.config import Config

        assert self._s3 is not None
        return boto3.client(
            "s3",
            endpoint_url=self._s3.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self._s3.access_key,
            aws_secret_access_key=self._s3.secret_key,
            verify=self._s3.ca,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required", connect_timeout=5),
        )


def _versions(client: S3Client, bucket: str) -> Iterable[tuple[str, str]]:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for row in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            yield row["Key"], row["VersionId"]


async def _relay(incoming: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in incoming.aiter_raw():
            yield part
    finally:
        await incoming.aclose()


def failure(status: int, code: str, message: str) -> Response:
    """S3's form of an error."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return Response(text, status_code=status, media_type="application/xml")

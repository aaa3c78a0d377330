"""One object stored as a multipart upload: nothing appears in the bucket before `complete`, and every other way out aborts.

Equal parts (some servers need them), four at once, each with its MD5 so that the server refuses a part that arrived changed. Memory
is bounded: at most the parts on their way and the one being filled are held. Never `upload_fileobj` of a running process: a dump
that dies still becomes a normal object.
"""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backups.bucket import Bucket
from backups.errors import UploadFailed

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MEBIBYTE = 1 << 20
SMALLEST_PART = 8 * MEBIBYTE
MOST_PARTS = 10_000
AT_ONCE = 4


def part_bytes(database_bytes: int) -> int:
    """The size of the parts of a dump of a database of this size: as if nothing could be compressed, and a tenth to spare."""
    needed = database_bytes * 11 // 10 // MOST_PARTS
    return max(SMALLEST_PART, -(-needed // MEBIBYTE) * MEBIBYTE)


class Upload:
    """A context manager: `write` as often as needed, then `complete` once.

    >>> with Upload(bucket, key, SMALLEST_PART) as upload:
    ...     upload.write(sealed)
    ...     upload.complete()
    """

    def __init__(self, bucket: Bucket, key: str, part: int) -> None:
        self._bucket = bucket
        self._key = key
        self._part = part
        self._buffer = bytearray()
        self._waiting: deque[Future[str]] = deque()
        self._etags: list[str] = []
        self._number = 0
        self._completed = False

    def __enter__(self) -> Self:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._bucket.client.create_multipart_upload(
                Bucket=self._bucket.name, Key=self._key, ContentType="application/octet-stream"
            )
        except (BotoCoreError, ClientError) as error:
            raise self._failed("did not begin the upload", error) from None
        self.upload_id = answer["UploadId"]
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="part")
        return self

    def write(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= self._part:
            self._send(bytes(self._buffer[: self._part]))
            del self._buffer[: self._part]

    def complete(self) -> None:
        """Send what is left, wait for every part, and make the object appear."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._buffer or not self._number:
            self._send(bytes(self._buffer))
            self._buffer.clear()
        while self._waiting:
            self._etags.append(self._waiting.popleft().result())
        parts: list[CompletedPartTypeDef] = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(self._etags, 1)]
        try:
            self._bucket.client.complete_multipart_upload(
                Bucket=self._bucket.name, Key=self._key, UploadId=self.upload_id, MultipartUpload={"Parts": parts}
            )
        except (BotoCoreError, ClientError) as error:
            raise self._failed("did not complete the upload", error) from None
        self._completed = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        if not self._completed:
            self._abort(error)

    def _send(self, part: bytes) -> None:
        if len(self._waiting) >= AT_ONCE:
            self._etags.append(self._waiting.popleft().result())
        self._number += 1
        self._waiting.append(self._pool.submit(self._put, self._number, part))

    def _put(self, number: int, part: bytes) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        digest = base64.b64encode(hashlib.md5(part, usedforsecurity=False).digest()).decode()
        try:
            answer = self._bucket.client.upload_part(
                Bucket=self._bucket.name, Key=self._key, UploadId=self.upload_id, PartNumber=number, Body=part, ContentMD5=digest
            )
        except (BotoCoreError, ClientError) as error:
            raise self._failed(f"did not take part {number}", error) from None
        return answer["ETag"]

    def _abort(self, error: BaseException | None) -> None:
        """Abort; when even that fails the reason of the failure stays the first one, and the open upload is named with it."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._bucket.client.abort_multipart_upload(Bucket=self._bucket.name, Key=self._key, UploadId=self.upload_id)
        except (BotoCoreError, ClientError) as failure:
            left = self._failed("did not abort the upload", failure)
            if error is None:
                raise left from None
            error.add_note(f"{left.message}; it is left open, the sweep removes it")

    def _failed(self, what: str, error: Exception) -> UploadFailed:
        response = getattr(error, "response", None)
        code = response["Error"].get("Code", "?") if response else type(error).__name__
        where = f"the bucket {self._bucket.name} {what} of {self._key}"
        upload = f" (upload {self.upload_id})" if hasattr(self, "upload_id") else ""
        return UploadFailed(f"{where}{upload}: {code}", "nothing was published; is the object store up? Then run it again")

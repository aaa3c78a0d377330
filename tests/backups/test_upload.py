"""An upload appears when it is completed, and on every other way out nothing is left of it."""

from __future__ import annotations

import hashlib
import os

import pytest

from backups import upload as upload_module
from backups.bucket import Bucket
from backups.errors import UploadFailed
from backups.upload import MEBIBYTE, MOST_PARTS, SMALLEST_PART, Upload, part_bytes
from services.clients import Clients
from tests.backups.conftest import open_uploads, stored

SIZES = {
    "an empty database": (0, SMALLEST_PART),
    "10 GB": (10 * 10**9, SMALLEST_PART),
    "168 GB": (168 * 10**9, 18 * MEBIBYTE),
    "1.2 TB": (1200 * 10**9, 126 * MEBIBYTE),
}


@pytest.mark.parametrize("case", SIZES)
def test_the_parts_grow_with_the_database(case: str) -> None:
    size, part = SIZES[case]
    assert part_bytes(size) == part
    assert part * MOST_PARTS >= size


@pytest.fixture
def bucket(clients: Clients) -> Bucket:
    return Bucket(clients.objects("backup_writer"), clients.settings.backups.bucket)


def content_of(clients: Clients, key: str) -> bytes:
    return clients.objects("admin").get_object(Bucket=clients.settings.backups.bucket, Key=key)["Body"].read()


@pytest.mark.parametrize("size", [0, 1, SMALLEST_PART - 1, SMALLEST_PART, SMALLEST_PART + 1, 6 * SMALLEST_PART + 17])
def test_what_was_written_is_what_is_stored(size: int, bucket: Bucket, clients: Clients) -> None:
    content = os.urandom(size)
    with Upload(bucket, "daily/x/data", SMALLEST_PART) as upload:
        for at in range(0, size, 1_000_003):
            upload.write(content[at : at + 1_000_003])
        assert stored(clients) == ()
        upload.complete()
    assert hashlib.sha256(content_of(clients, "daily/x/data")).digest() == hashlib.sha256(content).digest()
    assert open_uploads(clients) == ()


def test_leaving_without_completing_aborts(bucket: Bucket, clients: Clients) -> None:
    with Upload(bucket, "daily/x/data", SMALLEST_PART) as upload:
        upload.write(bytes(3 * SMALLEST_PART))
    assert stored(clients) == ()
    assert open_uploads(clients) == ()


def test_an_exception_aborts_and_passes(bucket: Bucket, clients: Clients) -> None:
    def interrupted() -> None:
        with Upload(bucket, "daily/x/data", SMALLEST_PART) as upload:
            upload.write(bytes(3 * SMALLEST_PART))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stored(clients) == ()
    assert open_uploads(clients) == ()


def test_a_part_that_is_refused_fails_the_upload(bucket: Bucket, clients: Clients) -> None:
    """Parts below the server's minimum: it refuses to complete, and the upload is aborted."""

    def write() -> None:
        with Upload(bucket, "daily/x/data", 1000) as upload:
            upload.write(bytes(5000))
            upload.complete()

    with pytest.raises(UploadFailed, match="daily/x/data"):
        write()
    assert stored(clients) == ()
    assert open_uploads(clients) == ()


def test_a_bucket_that_is_not_there_fails_before_anything(clients: Clients) -> None:
    with (
        pytest.raises(UploadFailed, match="did not begin"),
        Upload(Bucket(clients.objects("backup_writer"), "no-such-bucket"), "x", SMALLEST_PART),
    ):
        pass


def test_the_reader_may_not_write(clients: Clients) -> None:
    reader = Bucket(clients.objects("backup_reader"), clients.settings.backups.bucket)
    with pytest.raises(UploadFailed, match="AccessDenied"), Upload(reader, "daily/x/data", SMALLEST_PART):
        pass
    assert stored(clients) == ()


def test_few_parts_are_held_at_a_time(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is written, no more parts wait than may be on their way."""
    waiting = []
    real = Upload._send

    def counted(self: Upload, part: bytes) -> None:
        real(self, part)
        waiting.append(len(self._waiting))

    monkeypatch.setattr(Upload, "_send", counted)
    with Upload(bucket, "daily/x/data", SMALLEST_PART) as upload:
        for _part in range(8):
            upload.write(bytes(SMALLEST_PART))
    assert max(waiting) <= upload_module.AT_ONCE

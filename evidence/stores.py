"""Where the log lies: a folder, memory, or an S3 bucket, behind five calls that mean the same everywhere.

    get(key)                          the bytes, or `Missing`
    get_many(keys)                    the same, in order, fetched side by side where that helps
    put(key, data, create_only=...)   whole or not at all; with create_only an object that exists is `Exists` and stays as it was
    list(folder, after=...)           the keys below `folder` ("inbox/") that sort behind `after`, sorted, paged to the end
    delete(key)                       gone afterwards, also when it was not there

Keys are ASCII words joined by slashes: nothing else is read or written, so a key can never leave its folder. `create_only` is a
second line of defence; the log's correctness does not rest on it (the checkpointer's lock decides), because not every S3 server
keeps the condition under a race.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from evidence.errors import Exists, Missing
from services.errors import KeptError, Refused, Unreachable, UsageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_PARALLEL_READS = 16
_BATCH = 256
_FIRST_READ, _NEXT_READ = 1 << 14, 1 << 20


class Store(Protocol):
    def get(self, key: str) -> bytes: ...

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]: ...

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None: ...

    def list(self, folder: str, after: str = "") -> Iterator[str]: ...

    def delete(self, key: str) -> None: ...


class MemoryStore:
    """In memory, for tests."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes:
        with self._lock:
            if key not in self._objects:
                raise _missing(key)
            return self._objects[key]

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        return map(self.get, keys)

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        with self._lock:
            if create_only and key in self._objects:
                raise _exists(key)
            self._objects[_checked(key)] = data

    def list(self, folder: str, after: str = "") -> Iterator[str]:
        prefix = _folder(folder)
        with self._lock:
            return iter(sorted(key for key in self._objects if key.startswith(prefix) and key > after))

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(_checked(key), None)


class DirectoryStore:
    """A folder. Objects appear under their names only when they are whole and on disk."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)

    def get(self, key: str) -> bytes:
        try:
            return _read(self._path(key))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise _missing(key) from None
        except OSError as error:
            raise _failed(self._root, error) from error

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        """Read some ahead: system calls one after the other cost less than each between two signatures, whose tables they evict."""
        remaining = iter(keys)
        while batch := [self.get(key) for key in islice(remaining, _BATCH)]:
            yield from batch

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        path = Path(self._path(key))
        scratch = path.parent / f".{uuid4().hex}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(scratch, data)
            if create_only:
                os.link(scratch, path)
            else:
                scratch.replace(path)
        except FileExistsError:
            raise _exists(key) from None
        except OSError as error:
            raise _failed(self._root, error) from error
        finally:
            with contextlib.suppress(OSError):
                scratch.unlink()

    def list(self, folder: str, after: str = "") -> Iterator[str]:
        top = os.path.join(self._root, _folder(folder))  # noqa: PTH118 - as above
        found: list[str] = []
        for where, _, names in os.walk(top):
            prefix = os.path.relpath(where, self._root) + "/"
            found.extend(prefix + name for name in names if not name.startswith(".") and prefix + name > after)
        return iter(sorted(found))

    def delete(self, key: str) -> None:
        try:
            Path(self._path(key)).unlink(missing_ok=True)
        except OSError as error:
            raise _failed(self._root, error) from error

    def _path(self, key: str) -> str:
        return f"{self._root}/{_checked(key)}"


class S3Store:
    """A bucket of an S3 server. `create_only` is sent as `If-None-Match: *`; a server that does not know it is asked first."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=_checked(key))["Body"].read()
        except Exception as error:
            raise self._turned(error, key) from error

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            yield from pool.map(self.get, keys)

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        condition: Any = {"IfNoneMatch": "*"} if create_only else {}
        try:
            self._client.put_object(Bucket=self._bucket, Key=_checked(key), Body=data, **condition)
        except Exception as error:
            raise self._turned(error, key) from error

    def list(self, folder: str, after: str = "") -> Iterator[str]:
        start: Any = {"StartAfter": after} if after else {}
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_folder(folder), **start)
            found = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        except Exception as error:
            raise self._turned(error, folder) from error
        return iter(sorted(found))

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=_checked(key))
        except Exception as error:
            raise self._turned(error, key) from error

    def _turned(self, error: Exception, key: str) -> Exception:
        """The error of ours for a foreign one; S3's answers hold no secret, but only their code is shown."""
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            code = str(error.response.get("Error", {}).get("Code", "?"))
            return self._answered(code, int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)), key)
        if isinstance(error, BotoCoreError):
            return Unreachable(f"cannot reach the bucket {self._bucket} ({type(error).__name__})", "is the S3 server running?")
        return error

    def _answered(self, code: str, status: int, key: str) -> KeptError:
        if code in ("NoSuchKey", "404"):
            return _missing(key)
        if status == 412 or code == "PreconditionFailed":
            return _exists(key)
        if status >= 500:
            return Unreachable(f"the bucket {self._bucket} failed on {key} ({code})", "look at the S3 server's own log")
        return Refused(f"the bucket {self._bucket} refused {key} ({code})", "does it exist, and may this identity use it?")


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on disk; the caller renames it into place."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until a rename in the folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: str) -> bytes:
    """A file's bytes, with the three calls that a small one needs: a file object a record would cost more than its hash."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(handle, _FIRST_READ)
        if len(data) < _FIRST_READ:
            return data
        parts = [data]
        while part := os.read(handle, _NEXT_READ):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(handle)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise UsageError("an object's key in the evidence store is ASCII words joined by slashes")
    return key


def _folder(folder: str) -> str:
    if not folder.endswith("/"):
        raise UsageError("a folder of the evidence store ends in a slash")
    _checked(folder[:-1])
    return folder


def _missing(key: str) -> Missing:
    return Missing(f"the evidence store has no {key}")


def _exists(key: str) -> Exists:
    return Exists(f"{key} exists already in the evidence store and is never overwritten", "is another checkpointer at work?")


def _failed(root: str, error: OSError) -> Unreachable:
    return Unreachable(f"the folder {root} failed: {error.strerror}", "check its disk and who may use it")

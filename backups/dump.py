"""The dump itself: pg_dump -> zstd -> AES-256-GCM frames -> multipart upload, in one pass and without plaintext on disk.

The upload is completed only when all of it holds: pg_dump's exit code 0, the end of its output, the end of its stderr, something
dumped. Otherwise no final frame is sealed, the upload is aborted, and `DumpFailed` says what pg_dump said.

Compression is outside of pg_dump (`-Z0`), so that one thread of ours does it beside the server's COPY, which is the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backups.bucket import Bucket
from backups.errors import DumpFailed
from backups.header import Header
from backups.keys import DataKey
from backups.processes import Command, Tool
from backups.sealed import SealedObject, SealingPipe
from backups.upload import Upload
from services import postgres_tools

LOCK_WAIT = "60s"
KEEPALIVE = "keepalives=1 keepalives_idle=30 keepalives_interval=10 keepalives_count=3"
OPTIONS = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
ARCHIVE_MAGIC = b"PGDMP"


def command(snapshot_id: str, environment: Mapping[str, str], seconds: float) -> Command:
    """pg_dump and its arguments: never a password, and never `--enable-row-security`, which hides rows without a word."""
    arguments = (
        str(postgres_tools.tool("pg_dump")),
        "--format=custom",
        "--compress=0",
        "--no-password",
        f"--lock-wait-timeout={LOCK_WAIT}",
        f"--snapshot={snapshot_id}",
        f"--dbname={KEEPALIVE}",
    )
    return Command(arguments, {"PGOPTIONS": OPTIONS, **environment}, seconds)


@dataclass(frozen=True)
class Target:
    """Where a dump goes, in parts of `part_bytes`."""

    bucket: Bucket
    object_key: str
    part_bytes: int


@dataclass(frozen=True)
class Dumped:
    stored: SealedObject
    archive_format: str


def store(command: Command, target: Target, header: Header, key: DataKey) -> Dumped:
    """One dump as one object of the bucket: complete, or not there."""
    with Upload(target.bucket, target.object_key, target.part_bytes) as upload:
        pipe = SealingPipe(header, key, upload.write)
        archive_format = run(command, pipe)
        stored = pipe.finish(target.object_key)
        upload.complete()
    return Dumped(stored, archive_format)


def run(command: Command, pipe: SealingPipe) -> str:
    """Stream the tool's output into the pipe, which is not finished here; the archive's format. `DumpFailed` unless it ended well."""
    archive_format = ""
    with Tool(command) as tool:
        for block in tool.blocks():
            archive_format = archive_format or format_of(block)
            pipe.write(block)
        code = tool.finished()
        if code or tool.late:
            raise DumpFailed(tool.ending(code), "nothing was published; mend what it says, then run it again")
    if not pipe.plaintext_bytes:
        raise DumpFailed("pg_dump ended well but dumped nothing", "is it the real pg_dump?")
    return archive_format


def format_of(first_block: bytes) -> str:
    """The archive's format version, from its first bytes: `1.16.0`."""
    if not first_block.startswith(ARCHIVE_MAGIC) or len(first_block) < len(ARCHIVE_MAGIC) + 3:
        raise DumpFailed("what pg_dump writes is no archive", "is it the real pg_dump?")
    return ".".join(str(part) for part in first_block[5:8])

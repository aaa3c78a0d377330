"""A header and keys for tests that need no server."""

from __future__ import annotations

from datetime import UTC, datetime

from backups.header import Header, KeyReference, Source

FRAME = 64
KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))


def header(frame_bytes: int = FRAME, backup_id: str = "20260304T010203Z-0123456789abcdef") -> Header:
    return Header(
        backup_id=backup_id,
        content="database",
        snapshot_time=datetime(2026, 3, 4, 1, 2, 3, tzinfo=UTC),
        source=Source(platform="illumacom", environment="local", database="shop", server_version="17.10", dump_version="17.10"),
        codec="zstd",
        key=KeyReference(wrapped="vault:v1:AAAA", transit_key="backup", transit_version=1),
        frame_bytes=frame_bytes,
    )

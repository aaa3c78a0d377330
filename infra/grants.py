"""One key a purpose for the buckets, each with the smallest grant: one bucket, and reading alone where that is enough. Pure.

objects         the application's files               readwrite
logs            the edge and the collector            readwrite   (writing without reading is not offered)
logs_reader     controls that look at logs            read
wheels          hosts that install the software       read
backup_writer   the backup job, and its pruning       readwrite
backup_reader   verification and restore              read
evidence        the signed log                        readwrite
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grant:
    """What a key is for: a bucket by its purpose, and `read` or `readwrite` in it."""

    purpose: str
    bucket: str
    permission: str


GRANTS = (
    Grant("objects", "objects", "readwrite"),
    Grant("logs", "logs", "readwrite"),
    Grant("logs_reader", "logs", "read"),
    Grant("wheels", "wheels", "read"),
    Grant("backup_writer", "backups", "readwrite"),
    Grant("backup_reader", "backups", "read"),
    Grant("evidence", "evidence", "readwrite"),
)

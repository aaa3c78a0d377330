"""The errors of backups, as a tree.

KeptError
├── Unreachable, Refused          (of services) an outage, a refusal: nothing is known about the backup
├── DumpFailed              (1)   a dump did not end well: nothing was published
├── UploadFailed            (1)   the bucket did not take the object: nothing was published
├── AlreadyPublished        (1)   another run has put this manifest: ours is not put over it
└── BadData
    └── Damaged             (3)   what the bucket holds is not what was stored; `fault` says in which way
"""

from __future__ import annotations

from enum import StrEnum

from services.errors import BadData, KeptError, Refused


class Fault(StrEnum):
    """What is wrong with a stored object: one word for each way, so that a program can tell them apart."""

    NOT_A_BACKUP = "not-a-backup"
    VERSION = "unknown-version"
    HEADER = "bad-header"
    TRUNCATED = "truncated"
    OVERSIZE = "oversize"
    SHORT_FRAME = "short-frame"
    MOVED = "moved"
    FINAL_MARK = "final-mark"
    NOT_AUTHENTIC = "not-authentic"
    TRAILING = "trailing-bytes"
    EMPTY = "empty"
    CODEC = "codec"
    WRONG_OBJECT = "wrong-object"
    DIFFERS = "differs"
    MANIFEST = "bad-manifest"
    KEY = "key"
    MISSING = "missing"
    ARCHIVE = "archive"


class DumpFailed(KeptError):  # noqa: N818 - the field's words
    code = "dump-failed"


class UploadFailed(KeptError):  # noqa: N818
    code = "upload-failed"


class AlreadyPublished(Refused):
    code = "already-published"


class Damaged(BadData):
    """A stored backup is not what it must be. Restore another one; never this one."""

    code = "damaged-backup"

    def __init__(self, fault: Fault, message: str, hint: str = "") -> None:
        super().__init__(message, hint or "do not restore it: take another backup from `kept backup list`, and make a new one")
        self.fault = fault

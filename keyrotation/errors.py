"""What can go wrong with keys and encrypted values, as a tree below `services.errors`.

    BadData
    ├── MalformedValue      not our byte format: too short, unknown suite
    ├── DecryptionFailed    the tag does not fit: changed, moved to another place, or another key
    └── WrongCommitment     an unwrapped key is not the one the ring committed to
    Refused
    ├── UnknownKey          the ring has no such key for this merchant, or it was destroyed
    └── LockTaken           another rotation holds the lock
    UsageError
    └── ForkedProcessError       a cipher was carried into a child process

Messages name merchants, columns and key ids; never a value, a key or a row.
"""

from __future__ import annotations

from services.errors import BadData, Refused, UsageError


class MalformedValue(BadData):
    code = "malformed-value"


class DecryptionFailed(BadData):
    code = "decryption-failed"


class WrongCommitment(BadData):
    code = "wrong-commitment"


class UnknownKey(Refused):
    code = "unknown-key"


class LockTaken(Refused):
    code = "lock-taken"


class ForkedProcessError(UsageError):
    code = "forked-process"

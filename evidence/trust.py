"""Whom a verifier believes: the public keys that sign records and those that sign checkpoints, all versions, given from outside.

Nothing in the log's own storage adds to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.notes import VerifierKey, parse_vkey
from evidence.signing import from_pem, record_keys
from services.errors import UsageError


@dataclass(frozen=True)
class Trust:
    """`record_publics` are 32-byte Ed25519 keys; all `log_keys` are versions of one key, named after the log's origin."""

    record_publics: tuple[bytes, ...]
    log_keys: tuple[VerifierKey, ...]

    def __post_init__(self) -> None:
        if not self.record_publics or not self.log_keys:
            raise UsageError("verifying needs the record key and the log key", "give both: --record-key FILE --log-key VKEY")
        if len({key.name for key in self.log_keys}) > 1:
            raise UsageError("the log keys have different names: they are keys of different logs", "give the keys of one log")
        shared = set(self.record_publics) & {key.public for key in self.log_keys}
        if shared:
            raise UsageError("the record key and the log key are the same key", "each has one purpose: give the two different ones")

    @cached_property
    def records(self) -> Mapping[str, Ed25519PublicKey]:
        return record_keys(self.record_publics)

    def extends(self, earlier: Trust) -> bool:
        """Whether this is the earlier trust with newer versions added, and no version changed."""
        records, logs = earlier.record_publics, earlier.log_keys
        return self.record_publics[: len(records)] == records and self.log_keys[: len(logs)] == logs

    @property
    def origin(self) -> str:
        return self.log_keys[0].name


def read_trust(record_pem: str, log_vkeys: str) -> Trust:
    """From text: one PEM block or more, and one vkey a line."""
    return Trust(from_pem(record_pem), tuple(parse_vkey(line) for line in log_vkeys.splitlines() if line.strip()))

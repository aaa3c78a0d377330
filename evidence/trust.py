"""Whom a verifier believes: the first key that signs records and the first that signs checkpoints, given from outside, for ever.

Later keys are announced in the log itself, each by the two keys in force before it (see `evidence.succession`). Nothing else in the
log's own storage adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.notes import VerifierKey, parse_vkey
from evidence.signing import from_pem
from services.errors import UsageError


@dataclass(frozen=True)
class Trust:
    """`record_public` are 32 bytes of Ed25519; `log_key` is named after the log's origin."""

    record_public: bytes
    log_key: VerifierKey

    def __post_init__(self) -> None:
        if self.record_public == self.log_key.public:
            raise UsageError("the record key and the log key are the same key", "each has one purpose: give the two different ones")

    @property
    def origin(self) -> str:
        return self.log_key.name


def read_trust(record_pem: str, log_vkey: str) -> Trust:
    """From text: one PEM block and one vkey line; `UsageError` for more, since later keys are the log's to announce."""
    publics, vkeys = from_pem(record_pem), [line for line in log_vkey.splitlines() if line.strip()]
    if not vkeys:
        raise UsageError("verifying needs the record key and the log key", "give both: --record-key FILE --log-key VKEY")
    if len(publics) > 1 or len(vkeys) > 1:
        raise UsageError("there is more than one record key or log key", "give the first of each alone: the log announces the later ones")
    return Trust(publics[0], parse_vkey(vkeys[0]))

"""One record of the log: the names of its objects, and how its bytes are read.

inbox/<sha256>            one envelope, not yet numbered
records/<12 digits>       one envelope; numbers start at 0 and are the leaf index
checkpoints/<12 digits>   the checkpoint of that tree size
rejected/<sha256>         an object that was not taken in
keys/<keyid>.vkey         a hint only: no verifier takes trust from here
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence import dsse
from evidence.errors import BadSignature, Malformed
from evidence.statements import Predicate, Statement, from_bytes, to_bytes

INBOX, RECORDS, CHECKPOINTS, REJECTED, KEYS = "inbox/", "records/", "checkpoints/", "rejected/", "keys/"
DIGITS = 12

Reason = Literal[
    "not-an-envelope", "not-signed", "not-a-statement", "repeated", "another-world", "moved-clock", "dated-ahead", "dated-back"
]
Keys = Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True, slots=True)
class Record:
    """A numbered, verified record. `sha256` (hex) is that of the envelope as stored, `payload` is what was signed.

    The statement is read anew each time: kept as objects, the statements of a year fill the memory.
    """

    number: int
    sha256: str
    payload: bytes

    @property
    def statement(self) -> Statement:
        return from_bytes(self.payload)

    @property
    def predicate(self) -> Predicate:
        return self.statement.predicate

    @property
    def at(self) -> datetime:
        return self.predicate.time_created


class NotARecord(Exception):  # noqa: N818 - a judgement about bytes, caught by whoever asked
    """Bytes that are no record of ours, and why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def read(raw: bytes, keys: Keys) -> Statement:
    """The statement in a signed envelope; `NotARecord` says why there is none."""
    return open_envelope(raw, keys)[1]


def open_envelope(raw: bytes, keys: Keys) -> tuple[bytes, Statement]:
    """The payload of a signed envelope and the statement in it; `NotARecord` says why there is none."""
    (payload,) = signed_payloads([raw], keys)
    if isinstance(payload, NotARecord):
        raise payload
    return payload, statement_in(payload)


def signed_payloads(raws: Sequence[bytes], keys: Keys) -> list[bytes | NotARecord]:
    """The payload of each envelope, or why it has none.

    First all are decoded and then all signatures checked: one kind of work after the other costs less than in turns, since each
    evicts what the other had in the processor's caches.
    """
    return [each if isinstance(each, NotARecord) else _signed(each, keys) for each in list(map(_decoded, raws))]


def statement_in(payload: bytes) -> Statement:
    """The statement in a signed payload, or `NotARecord`."""
    try:
        return from_bytes(payload)
    except Malformed as error:
        raise NotARecord("not-a-statement", error.message) from None


def _decoded(raw: bytes) -> dsse.Envelope | NotARecord:
    try:
        return dsse.decode(raw)
    except Malformed as error:
        return NotARecord("not-an-envelope", error.message)


def _signed(envelope: dsse.Envelope, keys: Keys) -> bytes | NotARecord:
    try:
        return dsse.verify(envelope, keys)
    except BadSignature as error:
        return NotARecord("not-signed", error.message)


def content(statement: Statement) -> bytes:
    """What a record says, whether or not it came late: two envelopes with one content are one record sent twice."""
    predicate = statement.predicate
    if predicate.late:
        statement = statement.model_copy(update={"predicate": predicate.model_copy(update={"late": False})})
    return hashlib.sha256(to_bytes(statement)).digest()


def record_key(number: int) -> str:
    return f"{RECORDS}{number:0{DIGITS}}"


def checkpoint_key(size: int) -> str:
    return f"{CHECKPOINTS}{size:0{DIGITS}}"


def in_sequence(keys: Iterable[str], first: int = 0) -> tuple[list[str], list[str]]:
    """The keys of the records `first`..n-1 without a gap, and every other object that stands among or beyond them, in order."""
    present = set(keys)
    numbered: list[str] = []
    while (key := record_key(first + len(numbered))) in present:
        numbered.append(key)
    return numbered, sorted(present.difference(numbered))

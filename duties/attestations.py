"""Statements by people: who says that a promise holds, on what document, until when; and that it holds no longer.

A statement proves what no machine can see, so it expires: never later than the promise's own limit (`Proof.max_age`). People
appear as a role and the fingerprint of the key that stands behind them, never by name. Adding again replaces the earlier
statement; withdrawing makes the promise broken until a new one is signed.

The log marks what stands behind a role. `record-key` says that the environment's own record key signed: that proves when the
statement entered the log, not who made it, and is enough for a local environment only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence import reading
from evidence.composing import Attested
from evidence.records import Record
from evidence.writer import Writer
from promises.model import Promise
from promises.observations import Surface
from services.errors import Refused, UsageError


@dataclass(frozen=True)
class Signatory:
    """Who signs: a role ("privacy-officer") and the SHA-256 (hex) of the public key that stands behind it."""

    role: str
    key_fingerprint: str


@dataclass(frozen=True)
class Standing:
    """The latest statement about a promise. `state` is holds, expired or withdrawn."""

    promise: str
    state: str
    role: str
    valid_until: datetime | None
    document_sha256: str | None
    signed_by: str
    record: int


Signing = Callable[[Attested], Attested]
"""Adds what stands behind a statement: a person's signature, or (locally) nothing but the record key."""


def _by_record_key(said: Attested) -> Attested:
    return said


def add(  # noqa: PLR0913 - the facts of a statement
    writer: Writer,
    promise: Promise,
    signatory: Signatory,
    now: datetime,
    *,
    valid_for: timedelta,
    document_sha256: str | None = None,
    signed: Signing = _by_record_key,
) -> Attested:
    """Record that the promise holds from now on for `valid_for`; `signed` adds the person's signature.

    `UsageError` when it may not be attested, or not for so long.
    """
    limit = longest(promise)
    if valid_for <= timedelta(0) or valid_for > limit:
        raise UsageError(
            f"a statement about {promise.id} may hold for at most {_days(limit)}, not {_days(valid_for)}",
            f'say for example --valid-for "{_days(limit)}"',
        )
    if document_sha256 is None and any(proof.document for proof in promise.proofs):
        raise UsageError(f"a statement about {promise.id} rests on a document", "name it with --document FILE; only its digest is kept")
    said = signed(Attested(promise.id, "holds", signatory.role, signatory.key_fingerprint, now, now + valid_for, document_sha256))
    writer.attestation(said)
    return said


def withdraw(  # noqa: PLR0913 - as above
    writer: Writer,
    promise: Promise,
    signatory: Signatory,
    now: datetime,
    standing: Iterable[Standing],
    *,
    signed: Signing = _by_record_key,
) -> Attested:
    """Record that a statement made earlier holds no longer. `Refused` when there is none that could be withdrawn."""
    longest(promise)
    if not any(each.promise == promise.id and each.state != "withdrawn" for each in standing):
        raise Refused(f"there is no statement about {promise.id} to withdraw", "`kept attest list` shows those there are")
    said = signed(Attested(promise.id, "withdrawn", signatory.role, signatory.key_fingerprint, now, None))
    writer.attestation(said)
    return said


def standing(records: Iterable[Record], now: datetime) -> tuple[Standing, ...]:
    """The latest statement about each promise, by promise."""
    found = []
    for number, said in reading.statements(records):
        expired = said.valid_until is not None and now >= said.valid_until
        state = "expired" if said.status == "holds" and expired else said.status
        found.append(Standing(said.promise, state, said.role, said.valid_until, said.document_sha256, said.signed_by, number))
    return tuple(found)


def longest(promise: Promise) -> timedelta:
    """How long a statement about the promise may hold. `UsageError` when it is not proven by statements."""
    limits = [proof.max_age for proof in promise.proofs if proof.surface is Surface.ATTEST and proof.control]
    if not limits:
        raise UsageError(f"{promise.id} is not proven by statements", "`kept policy list` shows how each promise is proven")
    return min(limits)


def _days(length: timedelta) -> str:
    return f"{length.total_seconds() / 86400:g} days"

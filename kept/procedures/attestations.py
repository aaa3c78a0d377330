"""Statements by people, wired to one environment: signed, numbered, listed from the verified log."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

from duties import attestations
from duties.attestations import Signatory, Standing
from evidence.composing import Attested
from evidence.signing import fingerprint
from kept.environment import Environment
from promises.model import Promise
from services.errors import BadData, Refused, UsageError

DEFAULT_ROLE = "operator"


def attest(
    environment: Environment, promise: str, *, valid_for: timedelta | None = None, document: Path | None = None, role: str = DEFAULT_ROLE
) -> Attested:
    """Sign that the promise holds; by default for as long as it allows. Only the digest of the document enters the log."""
    chosen = _promise(environment, promise)
    length = attestations.longest(chosen) if valid_for is None else valid_for
    signatory, now = _signatory(environment, role), environment.clock()
    digest = _digest(document) if document else None
    said = attestations.add(environment.log.writer, chosen, signatory, now, valid_for=length, document_sha256=digest)
    environment.log.checkpoint()
    return said


def withdraw(environment: Environment, promise: str, *, role: str = DEFAULT_ROLE) -> Attested:
    """Sign that the promise holds no longer."""
    chosen = _promise(environment, promise)
    signatory, now = _signatory(environment, role), environment.clock()
    said = attestations.withdraw(environment.log.writer, chosen, signatory, now, standing(environment))
    environment.log.checkpoint()
    return said


def standing(environment: Environment) -> tuple[Standing, ...]:
    """The latest statement about each promise; a log that does not verify (for another reason than age) holds none."""
    verification = environment.log.verify(max_age=None)
    if verification.problems:
        raise BadData(f"the log does not verify: {verification.problems[0]}", "`kept evidence verify` shows all problems")
    return attestations.standing(verification.records, environment.clock())


def _signatory(environment: Environment, role: str) -> Signatory:
    """The role, with the environment's record key behind it, which only a local environment accepts."""
    if environment.settings.environment != "local":
        raise Refused(
            f"in {environment.settings.environment} a statement needs the key of a person from the register",
            "there is no register yet, so statements can be signed in local environments only",
        )
    return Signatory(role, fingerprint(environment.log.record_signer.public_key()))


def _promise(environment: Environment, promise: str) -> Promise:
    try:
        return environment.catalog.promise(promise)
    except StopIteration:
        raise UsageError(f"{environment.catalog.platform} has made no promise {promise!r}", "`kept policy list` shows them") from None


def _digest(document: Path) -> str:
    try:
        return hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read the document {document}: {error.strerror}", "check its path") from error

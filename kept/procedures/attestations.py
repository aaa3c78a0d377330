"""Statements by people, wired to one environment: signed, numbered, listed from the verified log."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from duties import attestations, register
from duties.attestations import Signatory, Standing
from duties.register import Act, Facts
from evidence.composing import Attested
from evidence.records import Record
from evidence.signing import fingerprint
from kept.environment import Environment
from kept.output import progress
from promises.model import Promise
from services.errors import BadData, Refused, UsageError

DEFAULT_ROLE = "operator"


def attest(  # noqa: PLR0913 - the facts of a statement
    environment: Environment,
    promise: str,
    *,
    valid_for: timedelta | None = None,
    document: Path | None = None,
    role: str = DEFAULT_ROLE,
    key: Path | None = None,
) -> Attested:
    """Sign that the promise holds; by default for as long as it allows. Only the digest of the document enters the log."""
    chosen = find_promise(environment, promise)
    length = attestations.longest(chosen) if valid_for is None else valid_for
    (signatory, private), now = signing(environment, "attests", promise, role, key), environment.clock()
    digest = _digest(document) if document else None
    said = attestations.add(
        environment.log.writer, chosen, signatory, now, valid_for=length, document_sha256=digest, signed=_signed(environment, private)
    )
    environment.log.checkpoint()
    return said


def withdraw(environment: Environment, promise: str, *, role: str = DEFAULT_ROLE, key: Path | None = None) -> Attested:
    """Sign that the promise holds no longer."""
    chosen = find_promise(environment, promise)
    (signatory, private), now = signing(environment, "attests", promise, role, key), environment.clock()
    writer, signed = environment.log.writer, _signed(environment, private)
    said = attestations.withdraw(writer, chosen, signatory, now, standing(environment), signed=signed)
    environment.log.checkpoint()
    return said


def standing(environment: Environment) -> tuple[Standing, ...]:
    """The latest credible statement about each promise."""
    return attestations.standing(verified_records(environment), environment.clock())


def verified_records(environment: Environment) -> tuple[Record, ...]:
    """The credible records; a log that does not verify (for another reason than age) holds none."""
    verification = environment.log.verify(max_age=None)
    if verification.problems:
        raise BadData(f"the log does not verify: {verification.problems[0]}", "`kept evidence verify` shows all problems")
    for each in environment.log.refused(verification):
        progress(f"{each.promise}: {each}")
    return environment.log.credible(verification)


def signing(environment: Environment, act: Act, promise: str, role: str, key: Path | None) -> tuple[Signatory, Ed25519PrivateKey | None]:
    """Who signs, and with what: a person of the register with their key, or the record key, which only a local environment accepts."""
    if key is not None:
        private = register.load_key(key)
        person = register.signatory(environment.log.register, private, act, promise, environment.clock())
        return Signatory(person.role, person.key), private
    if environment.settings.environment != "local":
        raise Refused(
            f"in {environment.settings.environment} a statement needs the key of a person from the register",
            "give it with --key FILE; the register is people.yaml in the environment's data folder",
        )
    return Signatory(role, fingerprint(environment.log.key_in_force())), None


def find_promise(environment: Environment, promise: str) -> Promise:
    try:
        return environment.catalog.promise(promise)
    except StopIteration:
        raise UsageError(f"{environment.catalog.platform} has made no promise {promise!r}", "`kept policy list` shows them") from None


def _signed(environment: Environment, private: Ed25519PrivateKey | None) -> attestations.Signing:
    def signed(said: Attested) -> Attested:
        if private is None:
            return said
        settings, until = environment.settings, said.valid_until
        facts = Facts(
            settings.environment, settings.platform, "attests", said.promise, said.status, said.valid_from, until, said.document_sha256
        )
        return replace(said, signed_by="register", person=register.sign(facts, private))

    return signed


def _digest(document: Path) -> str:
    try:
        return hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read the document {document}: {error.strerror}", "check its path") from error

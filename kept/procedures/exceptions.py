"""Exceptions, wired to one environment: granted by a person of the register, numbered, listed from the verified log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from duties import exceptions, register
from duties.exceptions import Listed
from duties.register import Facts
from evidence.composing import Excepted
from kept.environment import Environment
from kept.procedures.attestations import find_promise, signing, verified_records


def grant(  # noqa: PLR0913 - the facts of an exception
    environment: Environment,
    promise: str,
    *,
    subjects: tuple[str, ...],
    reason: str,
    owner: str,
    until: datetime,
    role: str,
    key: Path | None = None,
) -> Excepted:
    """Sign that the promise may stay broken for these subjects until then. The signer's role is the register's, with a key."""
    chosen, now = find_promise(environment, promise), environment.clock()
    signatory, private = signing(environment, "excepts", chosen.id, role, key)
    said = Excepted(chosen.id, subjects, owner, reason, signatory.role, signatory.key_fingerprint, now, until)
    exceptions.check(said)
    if private:
        settings = environment.settings
        facts = Facts(settings.environment, settings.platform, "excepts", chosen.id, "granted", now, until, None, subjects, owner, reason)
        said = replace(said, signed_by="register", person=register.sign(facts, private))
    environment.log.writer.exception(said)
    environment.log.checkpoint()
    return said


def listed(environment: Environment) -> tuple[Listed, ...]:
    """Every credible exception of the log."""
    return exceptions.listed(verified_records(environment), environment.clock())

"""Who may sign what: the register of people, and what makes a person's statement credible. Pure but for reading the file.

The register is `people.yaml` in the environment's data folder. It knows people by role and by the SHA-256 of their Ed25519 public
key, never by name:

    people:
      - role: privacy-officer
        key: <64 hex digits>            SHA-256 of the 32 public bytes
        attests: [access.mfa]           promises whose holding this person may state; "*" for all
        excepts: ["*"]                  promises from which this person may grant exceptions
        answers_for: [incident.plan]    promises this person is responsible for, and so may neither state nor except
        from: 2026-01-01                first and last day (UTC) on which this person may sign; without them, from ever and for ever
        until: 2026-12-31

1. A statement is signed by the person's own key over its facts (`facts`), inside the record that the record key signs.
2. Nobody signs for themselves: not what one's role answers for, and no exception that one's role owns. One key has one role, and on
   each day one key stands behind a role.
3. In a local environment the record key may stand in (`signed_by: record-key`); everywhere else such a statement counts for nothing.
4. What was signed on a day on which its signer was listed stays credible when they leave: their entry gets an `until`. An entry that
   is taken out, as after a key was stolen, takes with it all that it signed. The day is that of the record, which the log keeps in order.
5. A statement that is not credible is left out, so that its promise is not proven, or stays broken; the verdict says why.

Not protected: a person who holds the keys of two roles; a register changed by whoever may write the data folder.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evidence import dsse
from evidence.records import Record
from evidence.signing import fingerprint
from evidence.statements import Attestation, PersonSignature, PromiseException, Sha256, Word
from promises.verdicts import RefusedStatement
from services.errors import Refused, UsageError

FILE = "people.yaml"
SIGNED_TYPE = "application/vnd.kept.statement+json"
Act = Literal["attests", "excepts"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Person(_Strict):
    """One entry: a role, the fingerprint of its key, and what it may sign."""

    role: Word
    key: Sha256
    attests: tuple[str, ...] = ()
    excepts: tuple[str, ...] = ()
    answers_for: tuple[str, ...] = ()
    since: date | None = Field(default=None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Person:
        if self.since and self.until and self.until < self.since:
            raise ValueError("`until` is before `from`")
        return self

    def listed_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def overlaps(self, other: Person) -> bool:
        """Whether both are listed on one day."""
        return (self.until or date.max) >= (other.since or date.min) and (other.until or date.max) >= (self.since or date.min)

    def objection(self, act: Act, promise: str, day: date) -> str:
        """Why this person may not sign that on the day; empty when they may."""
        if not self.listed_on(day):
            return f"the register lists the role {self.role} under this key{self._span()}, and it was signed on {day}"
        if promise in self.answers_for:
            return f"the role {self.role} answers for {promise} and may not sign for itself"
        allowed: tuple[str, ...] = getattr(self, act)
        return "" if "*" in allowed or promise in allowed else f"the register does not let the role {self.role} sign this about {promise}"

    def _span(self) -> str:
        return (f" from {self.since}" if self.since else "") + (f" until {self.until}" if self.until else "")


class Register(_Strict):
    people: tuple[Person, ...] = ()

    @field_validator("people")
    @classmethod
    def _one_key_one_role(cls, people: tuple[Person, ...]) -> tuple[Person, ...]:
        pairs = [(one, other) for place, one in enumerate(people) for other in people[:place] if one.role == other.role]
        if len({each.key for each in people}) < len(people) or any(one.overlaps(other) for one, other in pairs):
            raise ValueError("a key stands there twice, or a role twice on one day")
        return people

    def holder(self, key: str) -> Person | None:
        """Who holds the key with that fingerprint."""
        return next((each for each in self.people if each.key == key), None)


@dataclass(frozen=True)
class Facts:
    """What a person signs. It names environment and platform, so that it can be moved to no other log."""

    environment: str
    platform: str
    act: Act
    promise: str
    status: str
    valid_from: datetime
    valid_until: datetime | None
    document_sha256: str | None = None
    subjects: tuple[str, ...] = ()
    owner: str = ""
    reason: str = ""

    def to_bytes(self) -> bytes:
        """The signed bytes: the DSSE pre-authentication encoding of compact JSON with sorted keys."""
        document = {name: _plain(value) for name, value in vars(self).items()}
        return dsse.pae(SIGNED_TYPE, json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def load_register(folder: Path) -> Register:
    """The register of a data folder, empty when there is none; `UsageError` names the field that is wrong."""
    path = folder / FILE
    try:
        return Register.model_validate(yaml.safe_load(path.read_text()) or {})
    except FileNotFoundError:
        return Register()
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path} cannot be read as YAML ({type(error).__name__})", "mend it; its form is in docs/evidence.md") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {where}: {first['msg']}", "mend it; its form is in docs/evidence.md") from None


def load_key(path: Path) -> Ed25519PrivateKey:
    """A person's private key from a PEM file (unencrypted; keep it where only they can read it)."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"cannot read the key {path}: {error.strerror}", "check its path and who may read it") from None
    except (ValueError, TypeError):
        raise UsageError(f"{path} is no private key in PEM", "make one: openssl genpkey -algorithm ed25519 -out FILE") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} is a key, but not of Ed25519", "make one: openssl genpkey -algorithm ed25519 -out FILE")
    return key


def signatory(register: Register, key: Ed25519PrivateKey, act: Act, promise: str, now: datetime) -> Person:
    """The person who holds the key, if they may sign that; `Refused` says why not."""
    person = register.holder(fingerprint(key.public_key().public_bytes_raw()))
    objection = person.objection(act, promise, _day(now)) if person else "the key is not in the register"
    if person is None or objection:
        raise Refused(objection, f"the register is {FILE} in the environment's data folder")
    return person


def sign(facts: Facts, key: Ed25519PrivateKey) -> PersonSignature:
    """The person's signature over the facts, with the public key that checks it."""
    signature = base64.b64encode(key.sign(facts.to_bytes())).decode()
    return PersonSignature(public_key=key.public_key().public_bytes_raw().hex(), signature=signature)


def objection(said: Attestation | PromiseException, register: Register) -> str:
    """Why a recorded statement is not credible; empty when it is."""
    if isinstance(said, PromiseException) and said.owner == said.role:
        return f"the role {said.role} granted an exception that it owns"
    if said.signed_by == "record-key":
        return "" if said.environment == "local" else "the record key stands in for a person, which only a local environment accepts"
    person = register.holder(said.key_fingerprint)
    if person is None or person.role != said.role:
        return "its key is not in the register under its role"
    act: Act = "excepts" if isinstance(said, PromiseException) else "attests"
    return person.objection(act, said.promise, _day(said.time_created)) or _signature_objection(said)


def refused(records: Iterable[Record], register: Register) -> tuple[RefusedStatement, ...]:
    """The statements and exceptions that nobody entitled has signed, and why they do not count."""
    found = []
    for record in records:
        said = record.predicate
        if isinstance(said, Attestation | PromiseException) and (why := _why_refused(said, register)):
            kind: Literal["statement", "exception"] = "exception" if isinstance(said, PromiseException) else "statement"
            found.append(RefusedStatement(said.promise, kind, record.number, said.role, why))
    return tuple(found)


def credible(records: Iterable[Record], register: Register) -> tuple[Record, ...]:
    """The records without the statements that nobody entitled has signed."""
    return tuple(record for record in records if not _refused(record, register))


def facts_of(said: Attestation | PromiseException) -> Facts:
    """The facts that the signature of a recorded statement must cover."""
    shared = (said.environment, said.platform)
    if isinstance(said, PromiseException):
        return Facts(
            *shared, "excepts", said.promise, "granted", said.valid_from, said.valid_until, None, said.subjects, said.owner, said.reason
        )
    return Facts(*shared, "attests", said.promise, said.status, said.valid_from, said.valid_until, said.document_sha256)


def _refused(record: Record, register: Register) -> bool:
    said = record.predicate
    return isinstance(said, Attestation | PromiseException) and bool(_why_refused(said, register))


def _why_refused(said: Attestation | PromiseException, register: Register) -> str:
    if isinstance(said, Attestation) and said.status == "withdrawn" and said.person and not _signature_objection(said):
        return ""  # a withdrawal outlives its signer's entry: it can only make things worse
    return objection(said, register)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _signature_objection(said: Attestation | PromiseException) -> str:
    if said.person is None:
        return "it holds no signature of a person"
    public = bytes.fromhex(said.person.public_key)
    if fingerprint(public) != said.key_fingerprint:
        return "its public key is not the one it names"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(said.person.signature), facts_of(said).to_bytes())
    except (InvalidSignature, ValueError):
        return "the person's signature does not fit what it says"
    return ""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return list(value) if isinstance(value, tuple) else value

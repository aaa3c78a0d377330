"""What a record says: in-toto Statements v1 whose predicates are strict, frozen models.

    https://kept.dev/control-run/v1     one control over its population at one moment
    https://kept.dev/job/v1             a job's start or its end
    https://kept.dev/attestation/v1     a person's statement about a promise, or its withdrawal
    https://kept.dev/exception/v1       a person's exception: named subjects, an owner, a reason, an end
    https://kept.dev/deployment/v1      an update of a stack that went through the policy pack and the plan controls
    https://kept.dev/log-event/v1       the log about itself: heartbeat, rejected objects, a gap in a writer's counter
    https://kept.dev/evidence-key/v1    the log about its keys: the next key of records or of checkpoints

There is no place for personal data: names are words of the domain, subjects are names of resources, columns and keys, phrases are
short, one line, and hold no "@"; people appear as a role and a key's fingerprint. Unknown fields are refused, so that a later
version of a format is a new predicate type and never a silent change. The same models read and write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from evidence.errors import Malformed
from promises.observations import MAX_EXAMPLES, MAX_LISTED, Outcome, Surface, Vantage

MAX_PHRASE = 300
MAX_SUBJECT = 200
MAX_OVERLAP_SECONDS = 24 * 3600

# Lengths stand beside the patterns, not in them: a counted repetition makes the matching several times slower.
Sha256 = Annotated[str, StringConstraints(min_length=64, max_length=64, pattern=r"^[0-9a-f]+$")]
Word = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Subject = Annotated[str, StringConstraints(max_length=MAX_SUBJECT, pattern=r"^[A-Za-z0-9*][A-Za-z0-9 ._:/$#*+,=()\[\]-]*$")]
Phrase = Annotated[str, StringConstraints(max_length=MAX_PHRASE, pattern=r"^[^@\x00-\x1f\x7f]*$")]
Commit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}(-dirty)?|unknown)$")]
Count = Annotated[int, Field(ge=0, strict=True)]
Ordinal = Annotated[int, Field(ge=1, strict=True)]
Number = Annotated[float, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Moment = Annotated[AwareDatetime, Field(strict=True)]
Ed25519Signature = Annotated[str, StringConstraints(min_length=88, max_length=88, pattern=r"^[A-Za-z0-9+/]+==$")]
"""64 bytes in standard base64."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Context(Strict):
    """What is the same in every record of one process: which world, which wording, which tool, which writer."""

    environment: Literal["local", "staging", "production"]
    clock_override: Flag
    platform: Word
    catalog_sha256: Sha256
    policy_sha256: Sha256
    tool_version: Word
    commit: Commit
    writer_id: Word


class Digests(Strict):
    sha256: Sha256


class Thing(Strict):
    """A subject of a statement: every one has a digest."""

    name: Subject
    digest: Digests


class WriterMark(Strict):
    """Which record of which writer this is; counters start at 1 and skip nothing."""

    id: Word
    counter: Ordinal


class Verifier(Strict):
    """The tool that looked (`verifier` and `timeCreated` are named as in in-toto's svr/v0.2)."""

    id: Literal["https://kept.dev/kept"]
    version: Word
    commit: Commit


class Predicate(Strict):
    """What every predicate holds. `late` says that the store was down and the record waited in the spool."""

    environment: Literal["local", "staging", "production"]
    clock_override: Flag
    platform: Word
    catalog_sha256: Sha256
    policy_sha256: Sha256
    verifier: Verifier
    writer: WriterMark
    time_created: Moment = Field(alias="timeCreated")
    late: Flag = False


class Measured(Strict):
    """A figure beside its limit and its warning margin, all in `unit`."""

    name: Phrase
    value: Number
    unit: Word
    limit: Number
    warn: Number


class Listed(Strict):
    """One subject, as the control saw it."""

    subject: Subject
    outcome: Outcome
    expected: Phrase
    observed: Phrase
    mend: Phrase = ""
    figure: Measured | None = None


class Method(Strict):
    """How the answer was asked for, and the SHA-256 of that text."""

    text: Phrase
    sha256: Sha256


class Source(Strict):
    """Where the answer came from."""

    system: Word
    host: Subject


class Population(Strict):
    """How many there were, and how that is known."""

    count: Count
    counted: Phrase


class Artifact(Strict):
    """A file that belongs to the record."""

    name: Subject
    sha256: Sha256
    bytes: Count


class ControlRun(Predicate):
    """A control run. `digest` covers all observations, `observed` lists those that did not pass and a few that did."""

    promise: Word
    control: Word
    surface: Surface
    vantage: Vantage
    result: Literal["PASSED", "WARNED", "FAILED"]
    params: dict[Word, Phrase] = {}
    started: Moment
    finished: Moment
    complete: Flag
    source: Source | None = None
    method: Method
    population: Population
    counts: dict[Outcome, Count]
    observed: Annotated[tuple[Listed, ...], Field(max_length=2 * MAX_LISTED + MAX_EXAMPLES)]
    digest: Sha256
    state_digest: Sha256 | None = None
    artifacts: tuple[Artifact, ...] = ()


class Job(Predicate):
    """A job's start or end. An end says how it went; `not-started` closes a start that could not be stored in time."""

    job: Word
    run: Word
    event: Literal["start", "end"]
    started: Moment | None = None
    finished: Moment | None = None
    result: Literal["succeeded", "failed", "not-started"] | None = None
    error: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,60}$")] = ""
    counts: Annotated[dict[Word, Number], Field(max_length=100)] = {}
    artifacts: tuple[Artifact, ...] = ()


class PersonSignature(Strict):
    """A person's own Ed25519 signature (base64) over what they state, and the public key (hex) that checks it."""

    public_key: Sha256
    signature: Ed25519Signature


class Attestation(Predicate):
    """A statement by a person, known by role and key fingerprint: the promise holds until a date, or holds no longer.

    `signed_by` says what stands behind the role: `record-key` is the environment's own record key, which proves only that the
    statement entered the log there; `register` is a person's key from the register of who may sign what.
    """

    promise: Word
    status: Literal["holds", "withdrawn"]
    role: Word
    key_fingerprint: Sha256
    signed_by: Literal["record-key", "register"]
    document_sha256: Sha256 | None = None
    valid_from: Moment
    valid_until: Moment | None = None
    person: PersonSignature | None = None


class PromiseException(Predicate):
    """An exception granted by one role and owned by another: it covers exactly its subjects, until `valid_until`."""

    promise: Word
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=MAX_LISTED)]
    owner: Word
    reason: Annotated[Phrase, StringConstraints(min_length=1)]
    role: Word
    key_fingerprint: Sha256
    signed_by: Literal["record-key", "register"]
    valid_from: Moment
    valid_until: Moment
    person: PersonSignature | None = None


class PlanResult(Strict):
    """What one plan control found in the state that a deployment left; `digest` covers all its observations."""

    promise: Word
    control: Word
    result: Literal["PASSED", "WARNED", "FAILED"]
    counts: dict[Outcome, Count]
    digest: Sha256


class Deployment(Predicate):
    """An update of a stack: `pulumi-up` with the policy pack, or `rehearsal` (a local stack without an engine).

    `state_digest` is that of the state it left, `pack_sha256` covers the pack's files; the commit stands in `verifier`.
    """

    how: Literal["pulumi-up", "rehearsal"]
    result: Literal["PASSED", "WARNED", "FAILED"]
    started: Moment
    finished: Moment
    resources: Count
    state_digest: Sha256
    pack_sha256: Sha256
    results: Annotated[tuple[PlanResult, ...], Field(max_length=200)]


class Rejection(Strict):
    """An object that was not taken into the log. `sha256` is that of its bytes.

    `writer` is the mark of a record of ours that was refused for its time: its counter is accounted for and leaves no gap.
    """

    sha256: Sha256
    reason: Literal[
        "not-an-envelope", "not-signed", "not-a-statement", "repeated", "another-world", "moved-clock", "dated-ahead", "dated-back"
    ]
    writer: WriterMark | None = None


class Gap(Strict):
    """Records `first` to `last` of a writer did not arrive before a later one did."""

    writer: Word
    first: Ordinal
    last: Ordinal


class LogEvent(Predicate):
    event: Literal["heartbeat", "rejected", "gap"]
    rejected: Annotated[tuple[Rejection, ...], Field(max_length=100)] = ()
    gap: Gap | None = None


class NextKey(Strict):
    """A key and its place: it signs records (or checkpoints of sizes) from `valid_from` on, which is the number after its own record.

    `public_key` and `replaces` are 32 bytes in hex; `key_id` is the hint that its signatures carry (16 hex digits in an envelope, 8
    in a note). `root` is that of the tree of all records before this one. For `overlap_seconds` of the log's own time a replaced
    record key is still accepted, since writers do not change over at one moment; a replaced log key is not.
    """

    name: Literal["evidence-record", "evidence-log"]
    version: Ordinal
    public_key: Sha256
    key_id: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8}|[0-9a-f]{16})$")]
    replaces: Sha256
    valid_from: Ordinal
    root: Sha256
    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS, strict=True)]


class EvidenceKey(Predicate):
    """The announcement of an evidence key. Its envelope is signed by the record key in force before it.

    `log_signature` (by the log key in force) and `possession` (by the announced key itself) are Ed25519 over the text of
    `evidence.succession.text`, in base64.
    """

    next: NextKey
    log_signature: Ed25519Signature
    possession: Ed25519Signature


class _Statement(Strict):
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(default="https://in-toto.io/Statement/v1", alias="_type")
    subject: Annotated[tuple[Thing, ...], Field(min_length=1)]


class ControlRunStatement(_Statement):
    predicate_type: Literal["https://kept.dev/control-run/v1"] = Field(default="https://kept.dev/control-run/v1", alias="predicateType")
    predicate: ControlRun


class JobStatement(_Statement):
    predicate_type: Literal["https://kept.dev/job/v1"] = Field(default="https://kept.dev/job/v1", alias="predicateType")
    predicate: Job


class AttestationStatement(_Statement):
    predicate_type: Literal["https://kept.dev/attestation/v1"] = Field(default="https://kept.dev/attestation/v1", alias="predicateType")
    predicate: Attestation


class ExceptionStatement(_Statement):
    predicate_type: Literal["https://kept.dev/exception/v1"] = Field(default="https://kept.dev/exception/v1", alias="predicateType")
    predicate: PromiseException


class DeploymentStatement(_Statement):
    predicate_type: Literal["https://kept.dev/deployment/v1"] = Field(default="https://kept.dev/deployment/v1", alias="predicateType")
    predicate: Deployment


class LogEventStatement(_Statement):
    predicate_type: Literal["https://kept.dev/log-event/v1"] = Field(default="https://kept.dev/log-event/v1", alias="predicateType")
    predicate: LogEvent


class EvidenceKeyStatement(_Statement):
    predicate_type: Literal["https://kept.dev/evidence-key/v1"] = Field(default="https://kept.dev/evidence-key/v1", alias="predicateType")
    predicate: EvidenceKey


Statement = (
    ControlRunStatement
    | JobStatement
    | AttestationStatement
    | ExceptionStatement
    | DeploymentStatement
    | LogEventStatement
    | EvidenceKeyStatement
)

_ANY: TypeAdapter[Statement] = TypeAdapter(Annotated[Statement, Field(discriminator="predicate_type")])


_read: Callable[[bytes], Statement] = _ANY.validator.validate_json
"""`_ANY.validate_json` itself, without its options: a log is read record by record."""


def to_bytes(statement: Statement) -> bytes:
    """The payload: compact JSON, fields in the order of the model."""
    return statement.model_dump_json(by_alias=True).encode()


def from_bytes(payload: bytes) -> Statement:
    """Read a payload; `Malformed` names the first field that is wrong, never its value."""
    try:
        return _read(payload)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if not str(part).startswith("https:"))
        raise Malformed(f"not a statement of ours: {where or 'payload'}: {first['type']}") from None

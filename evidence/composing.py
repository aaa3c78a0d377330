"""From what the house knows (a control run, a job's end, a statement) to the statement that is signed.

Every function is pure and takes a `Stamp`: which record of the writer this is, when it is made, whether it comes late. Phrases are
brought to one line and a bounded length here, and one that holds an "@" is withheld as a whole: a finding is recorded even when its
wording is not fit for the log. A subject that is no name of a resource is a programming fault and refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError

from evidence.errors import Malformed
from evidence.statements import (
    MAX_PHRASE,
    MAX_SUBJECT,
    Artifact,
    Attestation,
    AttestationStatement,
    Context,
    ControlRun,
    ControlRunStatement,
    Digests,
    EvidenceKey,
    EvidenceKeyStatement,
    ExceptionStatement,
    Gap,
    Job,
    JobStatement,
    Listed,
    LogEvent,
    LogEventStatement,
    Measured,
    Method,
    NextKey,
    PersonSignature,
    Population,
    PromiseException,
    Rejection,
    Source,
    Statement,
    Thing,
    Verifier,
    WriterMark,
)
from promises import observations
from promises.model import Parameter
from promises.observations import Figure, Observation, Outcome

COUNTED = "one observation for each subject the control found; those not applicable are left out"
WITHHELD = "(withheld: not fit for the log)"

_ODD = re.compile(r"[^A-Za-z0-9 ._:/$#*+,=()\[\]-]")
"""What a subject in the log may not hold (`evidence.statements.Subject`)."""


@dataclass(frozen=True)
class Stamp:
    """The part of a record that its writer alone knows."""

    context: Context
    counter: int
    at: datetime
    late: bool = False

    def fields(self) -> dict[str, Any]:
        context = self.context
        return {
            "environment": context.environment,
            "clock_override": context.clock_override,
            "platform": context.platform,
            "catalog_sha256": context.catalog_sha256,
            "policy_sha256": context.policy_sha256,
            "verifier": Verifier(id="https://kept.dev/kept", version=context.tool_version, commit=context.commit),
            "writer": WriterMark(id=context.writer_id, counter=self.counter),
            "time_created": self.at.astimezone(UTC),
            "late": self.late,
        }


@dataclass(frozen=True)
class Attested:
    """What a person states: `role` and `key_fingerprint` (SHA-256, hex) say who, never a name."""

    promise: str
    status: Literal["holds", "withdrawn"]
    role: str
    key_fingerprint: str
    valid_from: datetime
    valid_until: datetime | None
    document_sha256: str | None = None
    signed_by: Literal["record-key", "register"] = "record-key"
    person: PersonSignature | None = None


@dataclass(frozen=True)
class Excepted:
    """An exception as a person grants it; `owner` and `role` are roles, never names."""

    promise: str
    subjects: tuple[str, ...]
    owner: str
    reason: str
    role: str
    key_fingerprint: str
    valid_from: datetime
    valid_until: datetime
    signed_by: Literal["record-key", "register"] = "record-key"
    person: PersonSignature | None = None


@dataclass(frozen=True)
class Ended:
    """How a job's run ended. `error` is a code (a word), never a message."""

    job: str
    run: str
    finished: datetime
    result: Literal["succeeded", "failed", "not-started"]
    error: str = ""
    counts: Mapping[str, float] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()


def control_run(
    stamp: Stamp,
    run: observations.ControlRun,
    parameters: Mapping[str, Parameter],
    source: Source | None,
    state_digest: str | None,
) -> Statement:
    """The record of a control run, summed up as `promises.observations.summarise` does."""
    summary = observations.summarise(run)
    subjects = [_thing(f"observations/{run.control}", summary.digest)]
    if state_digest:
        subjects.append(_thing("stack-state", state_digest))
    method = phrase(run.method)
    predicate = ControlRun(
        **stamp.fields(),
        promise=run.promise,
        control=run.control,
        surface=run.surface,
        vantage=run.vantage,
        result=result_of(summary),
        params={name: phrase(_spelled(value)) for name, value in parameters.items()},
        started=run.started.astimezone(UTC),
        finished=run.finished.astimezone(UTC),
        complete=run.complete,
        source=source,
        method=Method(text=method, sha256=sha256(run.method.encode())),
        population=Population(count=summary.population, counted=COUNTED),
        counts=dict(summary.counts),
        observed=tuple(_listed(each) for each in summary.listed),
        digest=summary.digest,
        state_digest=state_digest,
    )
    return ControlRunStatement(subject=tuple(subjects), predicate=predicate)


def job_started(stamp: Stamp, job: str, run: str, started: datetime) -> Statement:
    predicate = Job(**stamp.fields(), job=job, run=run, event="start", started=started.astimezone(UTC))
    return JobStatement(subject=(_thing("catalog", stamp.context.catalog_sha256),), predicate=predicate)


def job_ended(stamp: Stamp, end: Ended) -> Statement:
    """The record of a job's end; its subjects are its artifacts, or the catalog where it made none."""
    predicate = Job(
        **stamp.fields(),
        job=end.job,
        run=end.run,
        event="end",
        finished=end.finished.astimezone(UTC),
        result=end.result,
        error=slug(end.error),
        counts=dict(end.counts),
        artifacts=end.artifacts,
    )
    made = [_thing(each.name, each.sha256) for each in end.artifacts]
    return JobStatement(subject=tuple(made or [_thing("catalog", stamp.context.catalog_sha256)]), predicate=predicate)


def attestation(stamp: Stamp, said: Attested) -> Statement:
    """The record of a person's statement; its subject is the document it rests on, or the catalog."""
    predicate = Attestation(
        **stamp.fields(),
        promise=said.promise,
        status=said.status,
        role=said.role,
        key_fingerprint=said.key_fingerprint,
        signed_by=said.signed_by,
        document_sha256=said.document_sha256,
        valid_from=said.valid_from.astimezone(UTC),
        valid_until=said.valid_until.astimezone(UTC) if said.valid_until else None,
        person=said.person,
    )
    subject = _thing("document", said.document_sha256) if said.document_sha256 else _thing("catalog", stamp.context.catalog_sha256)
    return AttestationStatement(subject=(subject,), predicate=predicate)


def exception(stamp: Stamp, said: Excepted) -> Statement:
    """The record of an exception; its subject is the catalog that holds the promise."""
    facts = vars(said) | {"valid_from": said.valid_from.astimezone(UTC), "valid_until": said.valid_until.astimezone(UTC)}
    subject = _thing("catalog", stamp.context.catalog_sha256)
    return ExceptionStatement(subject=(subject,), predicate=PromiseException(**stamp.fields(), **facts))


def heartbeat(stamp: Stamp, size: int, root: bytes) -> Statement:
    """The log is alive; the subject is the tree it stands on."""
    return LogEventStatement(subject=(_tree(size, root),), predicate=LogEvent(**stamp.fields(), event="heartbeat"))


def rejected(stamp: Stamp, rejections: Sequence[Rejection]) -> Statement:
    """Objects that were not taken in, named by the digest of their bytes."""
    predicate = LogEvent(**stamp.fields(), event="rejected", rejected=tuple(rejections))
    return LogEventStatement(subject=tuple(_thing(f"rejected/{each.sha256}", each.sha256) for each in rejections), predicate=predicate)


def gap(stamp: Stamp, missing: Gap, size: int, root: bytes) -> Statement:
    """Records of a writer that did not arrive; the subject is the tree at that moment."""
    return LogEventStatement(subject=(_tree(size, root),), predicate=LogEvent(**stamp.fields(), event="gap", gap=missing))


def evidence_key(stamp: Stamp, announced: NextKey, log_signature: bytes, possession: bytes) -> Statement:
    """The announcement of an evidence key; its subject is that key, by the SHA-256 of its 32 public bytes."""
    subject = _thing(f"key/{announced.name}/v{announced.version}", sha256(bytes.fromhex(announced.public_key)))
    agreed, owned = _base64(log_signature), _base64(possession)
    predicate = EvidenceKey(**stamp.fields(), next=announced, log_signature=agreed, possession=owned)
    return EvidenceKeyStatement(subject=(subject,), predicate=predicate)


def phrase(text: str) -> str:
    """One line of at most 300 characters; one that may hold an address of a person is withheld."""
    line = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())
    if "@" in line:
        return WITHHELD
    return line if len(line) <= MAX_PHRASE else line[: MAX_PHRASE - 1] + "…"


def slug(text: str) -> str:
    """A word for a failure: an error's code or its type's name, never its message."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text).lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:60]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _listed(seen: Observation) -> Listed:
    try:
        return Listed(
            subject=_subject(seen.subject),
            outcome=seen.outcome,
            expected=phrase(seen.expected),
            observed=phrase(seen.observed),
            mend=phrase(seen.mend),
            figure=_measured(seen.figure) if seen.figure else None,
        )
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False)[0]["loc"]
        raise Malformed(f"an observation is not fit for the log: {'.'.join(map(str, where))}", "a subject names a resource") from None


def _subject(text: str) -> str:
    """A subject as the log takes it: what could name a person is withheld, what is odd is left out; either keeps its finding."""
    if "@" in text:
        return f"withheld {sha256(text.encode())[:16]}"
    fit = _ODD.sub("*", text)
    if fit != text or not (fit[:1].isalnum() or fit.startswith("*")):
        return f"renamed {fit[:100]} {sha256(text.encode())[:16]}"
    return fit if len(fit) <= MAX_SUBJECT else f"{fit[:120]}...{sha256(text.encode())}"


def _measured(figure: Figure) -> Measured:
    return Measured(name=phrase(figure.name), value=figure.value, unit=figure.unit, limit=figure.limit, warn=figure.warn)


def result_of(summary: observations.RunSummary) -> Literal["PASSED", "WARNED", "FAILED"]:
    """The word of in-toto's test-result: FAILED beats WARNED (unknown, incomplete, near a limit, nothing there) beats PASSED."""
    if summary.count(Outcome.FAIL):
        return "FAILED"
    if summary.count(Outcome.UNKNOWN) or not summary.complete or not summary.population or summary.near_limit:
        return "WARNED"
    return "PASSED"


def _spelled(value: Parameter) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 86400:g} days"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _tree(size: int, root: bytes) -> Thing:
    return _thing(f"tree/{size}", root.hex())


def _thing(name: str, digest: str) -> Thing:
    return Thing(name=name, digest=Digests(sha256=digest))

"""Verifying and showing the log, for the command line. A folder is verified without settings, network or Vault."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from evidence import proofs
from evidence.records import Record
from evidence.signing import fingerprint
from evidence.statements import Attestation, ControlRun, Deployment, EvidenceKey, Job, LogEvent, PromiseException, to_bytes
from evidence.stores import DirectoryStore
from evidence.succession import KeyPeriod
from evidence.trust import Trust, read_trust
from evidence.verifying import Demands, Pinned, Verification, verify
from kept.locations import settings_file
from kept.output import print_json, print_table, progress
from services.errors import UsageError


@dataclass(frozen=True)
class Given:
    """What the caller trusts and demands."""

    record_key: Path | None
    log_key: str | None
    pinned: tuple[Path, ...]
    max_age: timedelta
    environment: str | None


def verify_folder(folder: Path, given: Given) -> Verification:
    """Verify a copy of the log. Keys not given are those pinned in this environment; those in the copy are never trusted."""
    if not (folder / "records").is_dir():
        raise UsageError(f"{folder} is no copy of a log: it has no folder records", "`kept evidence export DIR` writes one")
    trust = _trust(given.record_key, given.log_key)
    _tell(trust)
    return verify(DirectoryStore(folder), trust, Demands(datetime.now(UTC), given.max_age, given.environment), _pinned(given.pinned))


def verify_environment(pinned: Iterable[Path], max_age: timedelta) -> Verification:
    """Verify this environment's log, against its pinned keys and the checkpoints of its anchors."""
    from kept.environment import open_environment

    log = open_environment().log
    _tell(log.trust())
    return log.verify(max_age=max_age, pinned=_pinned(pinned))


def show_verification(verification: Verification, output: str) -> None:
    """Count, root and checkpoint; then every problem on a line of its own."""
    if output == "json":
        print_json(
            {
                "ok": verification.ok,
                "records": verification.size,
                "root": verification.root,
                "checkpoint": verification.note.decode(),
                "uncovered": verification.uncovered,
                "late": list(verification.late),
                "keys": [_key(each) for each in verification.keys],
                "problems": [{"where": each.where, "what": each.what} for each in verification.problems],
            }
        )
        return
    said = "verified" if verification.ok else f"DOES NOT VERIFY ({len(verification.problems)} problems)"
    click.echo(f"{said}: {verification.size} records, root {verification.root}")
    for each in verification.problems:
        click.echo(f"  {each}")
    for key in verification.keys[2:]:
        progress(f"record {key.valid_from - 1} announces {key}: SHA-256 {fingerprint(key.public)}")
    if verification.uncovered:
        progress(f"{verification.uncovered} records are numbered but not yet covered by a checkpoint")
    if verification.late:
        progress(f"{len(verification.late)} records came late: {', '.join(map(str, verification.late[:20]))}")


def _key(period: KeyPeriod) -> dict[str, object]:
    """One key of the log, for machines: from where on it signs, and from where on its successor does."""
    return {
        "name": period.name,
        "version": period.version,
        "sha256": fingerprint(period.public),
        "valid_from": period.valid_from,
        "announced": period.announced.isoformat() if period.announced else None,
        "replaced_from": period.replaced_from,
        "accepted_until": period.closes.isoformat() if period.closes else None,
    }


def prove(number: int, out: Path | None) -> Path:
    """Write the proof of one record into one file; returns it."""
    from kept.environment import open_environment

    path = out or Path(f"record-{number:012}{proofs.SUFFIX}")
    data = proofs.to_bytes(open_environment().log.prove(number))
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "name another file with --out") from error
    return path


def check_proof(path: Path, record_key: Path | None, log_key: str | None, output: str) -> None:
    """Check a proof file offline and show the record in it; `BadData` (exit 3) when it proves nothing."""
    trust = _trust(record_key, log_key)
    _tell(trust)
    record, checkpoint = proofs.check(proofs.from_bytes(_read(path).encode()), trust)
    statement = json.loads(to_bytes(record.statement))
    if output == "json":
        told = {"number": record.number, "sha256": record.sha256, "origin": checkpoint.origin, "size": checkpoint.size}
        print_json({"ok": True, **told, "root": checkpoint.root.hex(), "statement": statement})
        return
    click.echo(f"proven: record {record.number} of {checkpoint.size} in the log {checkpoint.origin}, envelope SHA-256 {record.sha256}")
    click.echo(json.dumps(statement, indent=2, ensure_ascii=False))


def show_record(number: int, output: str) -> int:
    """One verified record, as it was signed."""
    verification = _verified()
    record = next((each for each in verification.records if each.number == number), None)
    if record is None:
        raise UsageError(f"the log holds no verified record {number}", f"it holds 0 to {verification.size - 1}")
    statement = json.loads(to_bytes(record.statement))
    if output == "json":
        print_json({"number": number, "sha256": record.sha256, "statement": statement})
    else:
        click.echo(f"record {number}, SHA-256 of the envelope {record.sha256}")
        click.echo(json.dumps(statement, indent=2, ensure_ascii=False))
    return 0 if verification.ok else 3


def show_records(output: str) -> int:
    """A line for every verified record."""
    verification = _verified()
    rows = [(str(each.number), each.at.isoformat(timespec="seconds"), *_words(each)) for each in verification.records]
    if output == "json":
        names = ("number", "at", "kind", "about", "result")
        print_json({"size": verification.size, "records": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        print_table(("NUMBER", "MADE (UTC)", "KIND", "ABOUT", "RESULT"), rows)
    return 0 if verification.ok else 3


def _verified() -> Verification:
    from kept.environment import open_environment

    verification = open_environment().log.verify(max_age=None)
    for each in verification.problems:
        progress(f"the log does not verify: {each}")
    return verification


def _words(record: Record) -> tuple[str, str, str]:
    """What a record is, what it is about, and what it says."""
    match record.statement.predicate:
        case ControlRun() as run:
            words = "control run", f"{run.promise} {run.control} ({run.surface.value})", str(run.result)
        case Job() as job:
            words = f"job {job.event}", f"{job.job} {job.run}", job.result or "-"
        case Attestation() as said:
            words = "statement", said.promise, said.status
        case PromiseException() as granted:
            words = "exception", f"{granted.promise} {', '.join(granted.subjects)}", f"until {granted.valid_until:%Y-%m-%d}"
        case EvidenceKey() as key:
            words = "key announced", f"{key.next.name} version {key.next.version}", f"from {key.next.valid_from}"
        case Deployment() as update:
            words = "deployment", f"{update.how}, state {update.state_digest[:16]}", update.result
        case LogEvent() as event:
            words = "log event", event.event, "-"
    return words


def _trust(record_key: Path | None, log_key: str | None) -> Trust:
    pem = _read(record_key) if record_key else _read_pinned("evidence-record.pem")
    if log_key is None:
        return read_trust(pem, _read_pinned("evidence-log.vkey"))
    return read_trust(pem, _read(Path(log_key)) if Path(log_key).is_file() else log_key)


def _read_pinned(name: str) -> str:
    """A key pinned in this environment, when there is one."""
    if settings_file().exists():
        from services.settings import load

        path = load(settings_file()).data / "keys" / name
        if path.exists():
            return path.read_text()
    raise UsageError("no public keys are given, and none are pinned here", "give both: --record-key FILE --log-key VKEY")


def _pinned(paths: Iterable[Path]) -> tuple[Pinned, ...]:
    return tuple(Pinned(f"pinned {path}", _read(path).encode()) for path in paths)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path} ({type(error).__name__})", "check its path; it must be a text file") from error


def _tell(trust: Trust) -> None:
    """Fingerprints of what is trusted, for a person to compare with what they were given."""
    progress(f"first record key: SHA-256 {fingerprint(trust.record_public)}")
    progress(f"first log key:    {trust.log_key}")

"""Backups: one was made and read back, the newest in the bucket is young and whole, and a restore of one equalled its digests.

A recovery point is as old as its snapshot, whenever the job ended. A backup that does not authenticate is no backup; where no
backup is, the control fails: an empty bucket is not "nothing to check".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from policies.controls.base import Question, control
from promises.observations import Figure, Observation, Outcome, Surface, Vantage

if TYPE_CHECKING:
    import psycopg

    from backups.inventory import Backup, Inventory
    from backups.restore_drill import DrillReport
    from backups.restoring import StoredBackup
    from backups.run import BackupReport
    from services.clients import Clients

SUBJECT = "newest backup"
RUN_IT = "run `kept backup run`; look at what the last run said"
DRILL_IT = "run `kept backup drill`; where it fails, make a new backup first"
WARN_SHARE = 0.75
"""Share of a limit from which a figure is near it: 18 h of 24 h, 3 h of 4 h."""

SKEW = timedelta(minutes=5)
"""How far ahead of ours the database's clock may be."""


@control("backups.made", Surface.JOB, "the report of the run: read back from the bucket, then published", job="backup.run")
def made(report: BackupReport, question: Question) -> Iterable[Observation]:
    """The run ended with a verified backup under the promised cipher, with something in it, of a moment young enough."""
    yield from sealed(report, question)
    yield _age(f"backup {report.backup_id}: recovery point", report.snapshot_time, question)


@control("backups.sealed", Surface.JOB, "the report of the run: read back from the bucket under the promised cipher", job="backup.run")
def sealed(report: BackupReport, question: Question) -> Iterable[Observation]:
    """The run ended with a verified backup under the promised cipher, with something in it."""
    cipher = question.promise.text("cipher")
    expected = f"read back and verified, {cipher}, rows in it"
    observed = f"{'verified' if report.verified else 'not verified'}, {report.cipher}, {report.rows} rows in {report.tables} tables"
    good = report.verified and report.cipher == cipher and report.tables > 0 and report.rows > 0
    yield _judged(f"backup {report.backup_id}", good, expected, observed, RUN_IT)


@control(
    "backups.newest",
    Surface.LIVE,
    "lists the bucket with the reader's identity, reads the newest backup to its end and authenticates every frame with a fresh key",
    vantage=Vantage.OPERATOR,
)
def newest(clients: Clients, question: Question) -> Iterable[Observation]:
    """The newest backup is no older than the interval and every byte of it is what was stored."""
    from backups import inventory

    listed = inventory.read(clients)
    yield from _unreadable(listed)
    if listed.newest is None:
        yield _judged(SUBJECT, False, "a backup", "there is none", RUN_IT)
        return
    yield _age(f"{SUBJECT}: recovery point", listed.newest.snapshot_time, question)
    yield _authenticates(clients, listed.newest)


@control("backups.restored", Surface.JOB, "the report of the drill: restored from the bucket, every digest compared", job="backup.drill")
def restored(report: DrillReport, _question: Question) -> Iterable[Observation]:
    """A backup came back exactly, in time, and nothing was left behind."""
    subject = f"restore of backup {report.backup_id}" if report.backup_id else "restore of the newest backup"
    expected = "every table's digest equal, nothing left behind"
    found = "; ".join(report.problems) or f"{report.tables} tables, {report.rows} rows equal on a {report.scratch} server"
    good = report.passed and not report.problems and report.tables > 0 and report.rows > 0
    yield _judged(subject, good, expected, found, DRILL_IT)
    if report.recovery_seconds_today is not None:
        yield _recovery_time(report)


@control("backups.restorable", Surface.LIVE, "compares the newest manifest with the database's tables of now, and unwraps its keys")
def restorable(clients: Clients, _question: Question) -> Iterable[Observation]:
    """The newest backup's keys open, and it holds a digest of every table that the database has now."""
    from backups import inventory
    from backups.digests import table_names

    listed = inventory.read(clients)
    backup = listed.newest
    if backup is None:
        yield _judged(SUBJECT, False, "a backup", "there is none", RUN_IT)
        return
    gone = {backup.manifest.data.object_key, backup.manifest.globals.object_key} & set(listed.missing)
    seen = f"missing: {', '.join(sorted(gone))}" if gone else "both are there"
    yield _judged(f"{SUBJECT}: objects", not gone, "data and globals are in the bucket", seen, RUN_IT)
    yield _unwraps(clients, backup)
    with clients.database() as connection:
        tables = table_names(connection)
        younger = _schemas_since(connection, backup.snapshot_time)
    yield from _covered(backup, tables, younger)


def _age(subject: str, snapshot_time: datetime, question: Question) -> Observation:
    """How old the recovery point is; one from the future is no recovery point."""
    limit = question.promise.duration("interval")
    age = question.now - snapshot_time
    hours, most = age / timedelta(hours=1), limit / timedelta(hours=1)
    figure = Figure("age of the recovery point", round(max(hours, 0.0), 3), "h", most, most * WARN_SHARE)
    good = -SKEW <= age <= limit
    observed = f"{hours:.1f} h old" if age >= -SKEW else f"dated {-hours:.1f} h ahead of now"
    return _judged(subject, good, f"at most {most:g} h old", observed, RUN_IT, figure)


def _unreadable(listed: Inventory) -> Iterator[Observation]:
    """Manifests that are none, and objects that manifests name but the bucket lacks."""
    for each in listed.unreadable:
        yield _judged(each.manifest_key, False, "a well-formed manifest", each.why, "remove it; make a new backup")
    for key in listed.missing:
        yield _judged(key, False, "the object that its manifest names", "missing", RUN_IT)


def _authenticates(clients: Clients, backup: Backup) -> Observation:
    from backups.errors import Damaged

    expected = "every frame authenticates, hashes equal the manifest's"
    try:
        stored = _stored(clients, backup)
        backup.stored.require_seal(stored.unwrap(backup.manifest.data.key))
        stored.authenticate()
    except Damaged as error:
        return _judged(f"{SUBJECT}: content", False, expected, error.message, RUN_IT)
    data = backup.manifest.data
    observed = f"{data.frames} frames authenticate, sha256 {data.ciphertext_sha256[:16]}... as in the manifest"
    return _judged(f"{SUBJECT}: content", True, expected, observed, "")


def _unwraps(clients: Clients, backup: Backup) -> Observation:
    from backups.errors import Damaged

    expected = "Vault opens the wrapped data keys, the manifest's seal holds"
    try:
        stored = _stored(clients, backup)
        backup.stored.require_seal(stored.unwrap(backup.manifest.data.key))
        stored.unwrap(backup.manifest.globals.key)
    except Damaged as error:
        return _judged(f"{SUBJECT}: keys", False, expected, error.message, RUN_IT)
    key = backup.manifest.data.key
    return _judged(f"{SUBJECT}: keys", True, expected, f"opened with {key.transit_key} version {key.transit_version}", "")


def _stored(clients: Clients, backup: Backup) -> StoredBackup:
    from backups import inventory, keys
    from backups.restoring import StoredBackup

    return StoredBackup(inventory.reader(clients), keys.unwrapper(clients.vault(inventory.READER)), backup.manifest)


def _schemas_since(connection: psycopg.Connection[Any], moment: datetime) -> frozenset[str]:
    """Schemas of merchants who came after a moment: no earlier backup can hold them."""
    there = connection.execute("SELECT to_regclass('platform.merchant') IS NOT NULL").fetchone()
    if not there or not there[0]:
        return frozenset()
    rows = connection.execute("SELECT schema_name FROM platform.merchant WHERE created_at > %s", (moment,))
    return frozenset(name for (name,) in rows)


def _covered(backup: Backup, tables: tuple[str, ...], younger: frozenset[str]) -> Iterator[Observation]:
    """One observation a table; an empty database is unknown, not covered."""
    digests = {each.name: each for each in backup.manifest.content.tables}
    expected = "a digest in the newest backup"
    if not tables:
        yield Observation("tables", Outcome.UNKNOWN, expected, "the database has no table")
    for table in tables:
        if table in digests:
            yield _judged(table, True, expected, f"{digests[table].rows} rows, digest {digests[table].digest}", "")
        elif table.split(".", maxsplit=1)[0] in younger:
            yield Observation(table, Outcome.NOT_APPLICABLE, expected, "its merchant came after the newest backup's snapshot")
        else:
            yield _judged(table, False, expected, "none: made after it, or left out", RUN_IT)


def _recovery_time(report: DrillReport) -> Observation:
    assert report.recovery_seconds is not None
    assert report.recovery_seconds_today is not None
    limit = report.recovery_limit_seconds
    figure = Figure("recovery time", report.recovery_seconds_today, "s", limit, limit * WARN_SHARE)
    observed = f"{report.recovery_seconds:.1f} s measured, {report.recovery_seconds_today:.1f} s at today's size"
    good = report.recovery_seconds_today <= limit
    return _judged("recovery time", good, f"at most {limit:.0f} s", observed, "restore with more jobs, or from a nearer bucket", figure)


def _judged(subject: str, good: bool, expected: str, observed: str, mend: str, figure: Figure | None = None) -> Observation:  # noqa: FBT001, PLR0913, PLR0917
    """A pass, or a failure with what mends it."""
    return Observation(subject, Outcome.PASS if good else Outcome.FAIL, expected, observed, "" if good else mend, figure)

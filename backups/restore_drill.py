"""The job `backup.drill`: the newest backup restored from the bucket alone, and compared exactly.

1. From the bucket and Vault only: the newest manifest, its seal checked with the freshly unwrapped data key.
2. A scratch database with the source's encoding; roles that the server lacks are made for it, without login.
3. Download, decrypt, decompress, `pg_restore -e -d`, in one stream.
4. Every digest taken again in the restored database and compared with those taken in the dump's own snapshot; a sample of encrypted
   fields opened with the restored key ring.
5. The recovery time is measured from the first byte read to the last digest, and extrapolated to today's size of the database.
6. The scratch database is dropped on every way out. A drill that left something behind has not passed.

A damaged backup or a differing digest is a report that did not pass (the proof says what was seen); an outage raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backups import digests, inventory, keys
from backups.errors import Damaged
from backups.inventory import Backup
from backups.manifest import Content, Manifest
from backups.processes import stoppable
from backups.restoring import RestoreFailed, StoredBackup, require_readable
from backups.sampling import Sample, sample
from backups.scratch import Scratch
from promises.model import Catalog
from services import database, postgres_tools
from services.clients import Clients
from services.errors import Refused

Progress = Callable[[str], None]

RECOVERY_TIME_LIMIT = timedelta(hours=4)
"""Promised elsewhere (backup.rto); a drill that took longer has not passed."""

LOCAL = "local"


@dataclass(frozen=True)
class DrillReport:
    """What one drill saw. `scratch: local` means the source's own server: no proof for production."""

    passed: bool
    problems: tuple[str, ...]
    backup_id: str | None
    snapshot_time: datetime | None
    age_seconds: float | None
    scratch: str
    tables: int
    rows: int
    fields_decrypted: int
    recovery_seconds: float | None
    recovery_seconds_today: float | None
    recovery_limit_seconds: float
    restored_bytes: int
    roles_made: int
    swept: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class _Restored:
    """What came out of the scratch database."""

    content: Content | None = None
    problems: tuple[str, ...] = ()
    sample: Sample = field(default_factory=lambda: Sample(0, ()))
    seconds: float | None = None
    database_bytes: int = 0


def drill(clients: Clients, catalog: Catalog, now: datetime, progress: Progress) -> DrillReport:
    """Restore the newest backup and say whether it equals what was dumped; `Refused` where that would prove nothing."""
    if clients.settings.environment == "production":
        raise Refused(
            "a drill on the source's own server proves nothing for production, and there is no scratch cluster yet",
            "drill in another environment",
        )
    with stoppable():
        listed = inventory.read(clients)
        newest = listed.newest
        unreadable = tuple(f"{each.manifest_key}: {each.why}" for each in listed.unreadable)
        if newest is None:
            return _report(None, _Restored(problems=unreadable or ("there is no backup",)), None, None, now)
        progress(f"restoring {newest.backup_id} of {newest.snapshot_time:%Y-%m-%d %H:%M} UTC into a scratch database")
        scratch = Scratch(clients)
        with scratch:
            restored = _attempt(clients, catalog, newest, scratch)
        return _report(newest, restored, scratch, _size_today(clients), now)


def _attempt(clients: Clients, catalog: Catalog, newest: Backup, scratch: Scratch) -> _Restored:
    """What was restored, or why it was not; only outages raise."""
    begun = time.monotonic()
    try:
        stored = _opened(clients, newest)
        scratch.create(newest.manifest.database, stored.globals())
        stored.restore(database.environment(clients.settings.database, scratch.name), scratch.name, RECOVERY_TIME_LIMIT.total_seconds())
    except (Damaged, RestoreFailed) as error:
        return _Restored(problems=(error.message,))
    with clients.database(scratch.name) as connection:
        content = digests.content(connection, like=newest.manifest.content)
        seconds = time.monotonic() - begun
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    opened = sample(clients, scratch.name, catalog)
    problems = (*digests.differences(newest.manifest.content, content), *opened.problems)
    return _Restored(content, problems, opened, seconds, row[0] if row else 0)


def _opened(clients: Clients, newest: Backup) -> StoredBackup:
    """The backup, its manifest trusted: sealed by the data key, and of this server's major version."""
    manifest: Manifest = newest.manifest
    unwrap = keys.unwrapper(clients.vault(inventory.READER))
    newest.stored.require_seal(unwrap(manifest.data.key))
    require_readable(manifest)
    with clients.database() as connection:
        here = str(connection.info.server_version // 10_000)
    if int(here) != postgres_tools.major(manifest.source.server_version):
        raise RestoreFailed(
            f"digests of Postgres {manifest.source.server_version} cannot be compared on Postgres {here}", "drill on the same major version"
        )
    return StoredBackup(inventory.reader(clients), unwrap, manifest)


def _size_today(clients: Clients) -> int:
    with clients.database() as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return row[0] if row else 0


def _report(newest: Backup | None, restored: _Restored, scratch: Scratch | None, size_today: int | None, now: datetime) -> DrillReport:
    tables = restored.content.tables if restored.content else ()
    left = scratch.left if scratch else ()
    today = extrapolated(restored.seconds, newest.manifest.database.size_bytes if newest else 0, size_today)
    problems = (*restored.problems, *(f"left behind: {name}" for name in left), *_too_slow(today))
    return DrillReport(
        passed=not problems,
        problems=problems,
        backup_id=newest.backup_id if newest else None,
        snapshot_time=newest.snapshot_time if newest else None,
        age_seconds=(now - newest.snapshot_time).total_seconds() if newest else None,
        scratch=LOCAL,
        tables=len(tables),
        rows=sum(each.rows for each in tables),
        fields_decrypted=restored.sample.fields,
        recovery_seconds=_rounded(restored.seconds),
        recovery_seconds_today=_rounded(today),
        recovery_limit_seconds=RECOVERY_TIME_LIMIT.total_seconds(),
        restored_bytes=restored.database_bytes,
        roles_made=len(scratch.roles) if scratch else 0,
        swept=scratch.swept if scratch else (),
        left=left,
    )


def extrapolated(seconds: float | None, size_then: int, size_today: int | None) -> float | None:
    """The recovery time at today's size, in proportion; never less than what was measured."""
    if seconds is None or not size_then or not size_today:
        return seconds
    return seconds * max(1.0, size_today / size_then)


def _too_slow(seconds: float | None) -> tuple[str, ...]:
    limit = RECOVERY_TIME_LIMIT.total_seconds()
    return (f"recovery would take {seconds:.0f} s, at most {limit:.0f} s are promised",) if seconds and seconds > limit else ()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

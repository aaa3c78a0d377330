"""The job `backup.run`: one verified backup of the whole database, or nothing.

1. Preflight: what a dump would leave out or break on forbids it. Fresh data keys from Vault, one for each object.
2. Export a snapshot. Dump it into the bucket in one stream; beside it, take the digests of every table in the same snapshot.
3. Store the globals.
4. Read both objects back with the reader's identity and freshly unwrapped keys, through pg_restore; compare sizes and hashes.
5. Put the manifest, where none is. Only now does the backup exist.

Whatever fails before 5 raises: no manifest, no open upload; a stored object without a manifest is an orphan and is named. Writing and
reading back use different S3 identities and different Vault roles: the writer's role can open no key, not even its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from backups import digests, dump, inventory, keys, manifest, preflight
from backups import globals as server_globals
from backups.bucket import Bucket
from backups.errors import Damaged
from backups.header import Content, Header, KeyReference, Source
from backups.keys import DataKey
from backups.manifest import BackupClass, Manifest, Protection, TableDigest
from backups.preflight import Preflight
from backups.processes import stoppable
from backups.restoring import StoredBackup
from backups.sealed import SealedObject, sealed
from backups.snapshot import Snapshot, exported_snapshot
from backups.upload import part_bytes
from promises.model import Catalog
from services import database
from services.clients import Clients
from services.errors import KeptError, UsageError

Progress = Callable[[str], None]

WRITER = "backup_writer"
READER = inventory.READER
CIPHER = "AES-256-GCM"
DUMP_SECONDS = 2 * 3600.0
VERIFY_SECONDS = 3600.0
CLASS: BackupClass = "daily"


@dataclass(frozen=True)
class BackupReport:
    """What one run made. It exists only for a backup that was read back and published."""

    backup_id: str
    backup_class: str
    object_key: str
    manifest_key: str
    manifest_sha256: str
    ciphertext_sha256: str
    snapshot_time: datetime
    verified: bool
    cipher: str
    transit_key: str
    database_bytes: int
    plaintext_bytes: int
    stored_bytes: int
    ratio: float
    tables: int
    rows: int
    protection: str
    warnings: tuple[str, ...]
    stage_seconds: dict[str, float]


class Stages:
    """The duration of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 3)

    def milliseconds(self) -> dict[str, int]:
        return {name: round(seconds * 1000) for name, seconds in self.seconds.items()}


@dataclass(frozen=True)
class _Run:
    """What is fixed when a run begins."""

    clients: Clients
    writer: Bucket
    reader: Bucket
    unwrap: keys.Unwrap
    backup_id: str
    started: datetime
    seen: Preflight
    source: Source

    def key(self, name: str) -> str:
        return inventory.object_key(CLASS, self.backup_id, name)

    def header(self, content: Content, snapshot_time: datetime, key: KeyReference) -> Header:
        return Header(backup_id=self.backup_id, content=content, snapshot_time=snapshot_time, source=self.source, codec="zstd", key=key)


@dataclass(frozen=True)
class _Stored:
    """What lies in the bucket before the manifest does."""

    snapshot_time: datetime
    data: SealedObject
    globals: SealedObject
    content: manifest.Content
    facts: manifest.DatabaseFacts


def run_backup(
    clients: Clients, catalog: Catalog, now: datetime, progress: Progress, *, random: Callable[[int], bytes] = os.urandom
) -> BackupReport:
    """Make one backup. Raises `DumpFailed`, `UploadFailed`, `Damaged`, `AlreadyPublished` or an outage; then nothing was published."""
    stages = Stages()
    with stoppable():
        with stages.stage("preflight"):
            run = _begin(clients, catalog, now, random)
            data_key, globals_key = _keys(clients)
        progress(f"backup {run.backup_id}: {run.seen.database_bytes / 1e6:,.1f} MB on disk, Postgres {run.seen.server_version}")
        stored = _store(run, data_key, globals_key, stages)
        progress(f"stored {stored.data.size_bytes / 1e6:,.1f} MB, reading it back")
        with _naming_orphans(run, progress):
            published = _publish(run, stored, data_key, stages)
    progress(f"verified and published: {run.key(inventory.MANIFEST)}")
    return _report(run, published, stages)


def _begin(clients: Clients, catalog: Catalog, now: datetime, random: Callable[[int], bytes]) -> _Run:
    settings = clients.settings
    if catalog.platform != settings.platform:
        raise UsageError(f"the catalog of {catalog.platform} was given for {settings.platform}", "name the platform of the settings")
    with clients.database() as connection:
        seen = preflight.look(connection)
    preflight.require(seen)
    return _Run(
        clients=clients,
        writer=Bucket(clients.objects(WRITER), settings.backups.bucket),
        reader=inventory.reader(clients),
        unwrap=keys.unwrapper(clients.vault(READER)),
        backup_id=f"{now:%Y%m%dT%H%M%SZ}-{random(8).hex()}",
        started=now,
        seen=seen,
        source=Source(
            platform=settings.platform,
            environment=settings.environment,
            database=settings.database.name,
            server_version=seen.server_version,
            dump_version=seen.dump_version,
        ),
    )


def _keys(clients: Clients) -> tuple[DataKey, DataKey]:
    vault = clients.vault(WRITER)
    return keys.make(vault), keys.make(vault)


def _store(run: _Run, data_key: DataKey, globals_key: DataKey, stages: Stages) -> _Stored:
    """Dump and digests side by side in one snapshot, then the globals."""
    with exported_snapshot(run.clients) as snapshot:
        command = dump.command(snapshot.id, database.environment(run.clients.settings.database), DUMP_SECONDS)
        target = dump.Target(run.writer, run.key("data"), part_bytes(run.seen.database_bytes))
        with stages.stage("dump"), _beside(snapshot) as counting:
            dumped = dump.store(command, target, run.header("database", snapshot.time, data_key.reference), data_key)
        with stages.stage("digests, beyond the dump"):
            content = digests.widened(counting.result(), digests.sequences(snapshot.connection))
        with stages.stage("globals"):
            header = run.header("globals", snapshot.time, globals_key.reference)
            body, kept = sealed(header, globals_key, server_globals.read(snapshot.connection).encoded(), run.key("globals"))
            run.writer.create(kept.object_key, body)
        facts = run.seen.facts(command.recorded(), dumped.archive_format)
        return _Stored(snapshot.time, dumped.stored, kept, content, facts)


@contextmanager
def _beside(snapshot: Snapshot) -> Iterator[Future[manifest.Content]]:
    """The digests in a thread of their own; when the block fails they are cancelled in the server too."""
    with ThreadPoolExecutor(1, thread_name_prefix="digests") as pool:
        counting = pool.submit(digests.content, snapshot.connection)
        try:
            yield counting
        except BaseException:
            snapshot.connection.cancel_safe(timeout=10)
            raise


def _publish(run: _Run, stored: _Stored, data_key: DataKey, stages: Stages) -> tuple[Manifest, bytes]:
    """Verify, then the manifest; a manifest that does not verify is never written."""
    draft = _manifest(run, stored, Protection(mode="none", until=None), {})
    with stages.stage("verify"):
        StoredBackup(run.reader, run.unwrap, draft).verify(VERIFY_SECONDS)
        lock = run.reader.lock(stored.data.object_key)
    protection = Protection(mode=lock.mode, until=lock.until)
    final = _manifest(run, stored, protection, stages.milliseconds())
    body = manifest.encode(final, data_key.plain)
    with stages.stage("manifest"):
        run.writer.create(run.key(inventory.MANIFEST), body)
    return final, body


def _manifest(run: _Run, stored: _Stored, protection: Protection, milliseconds: dict[str, int]) -> Manifest:
    return Manifest(
        schema_version=1,
        backup_id=run.backup_id,
        backup_class=CLASS,
        tool_version=version("kept"),
        source=run.source,
        snapshot_time=stored.snapshot_time,
        started=run.started,
        database=stored.facts,
        data=stored.data,
        globals=stored.globals,
        content=stored.content,
        protection=protection,
        stage_milliseconds=milliseconds,
    )


@contextmanager
def _naming_orphans(run: _Run, progress: Progress) -> Iterator[None]:
    try:
        yield
    except (KeptError, Damaged):
        progress(f"not published: {run.key('data')} has no manifest and is an orphan; the sweep removes it")
        raise


def _report(run: _Run, published: tuple[Manifest, bytes], stages: Stages) -> BackupReport:
    made, body = published
    tables: tuple[TableDigest, ...] = made.content.tables
    return BackupReport(
        backup_id=made.backup_id,
        backup_class=made.backup_class,
        object_key=made.data.object_key,
        manifest_key=run.key(inventory.MANIFEST),
        manifest_sha256=_sha256(body),
        ciphertext_sha256=made.data.ciphertext_sha256,
        snapshot_time=made.snapshot_time,
        verified=True,
        cipher=CIPHER,
        transit_key=f"{made.data.key.transit_key} v{made.data.key.transit_version}",
        database_bytes=run.seen.database_bytes,
        plaintext_bytes=made.data.plaintext_bytes,
        stored_bytes=made.size_bytes,
        ratio=round(made.data.plaintext_bytes / made.data.size_bytes, 2),
        tables=len(tables),
        rows=sum(each.rows for each in tables),
        protection=made.protection.mode,
        warnings=preflight.warnings(run.seen),
        stage_seconds=dict(stages.seconds),
    )


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()

"""What the bucket holds. A backup exists if and only if its manifest does; a data object without one is an orphan, never a backup.

    daily/<backup id>/data            the dump, sealed
    daily/<backup id>/globals         roles, memberships, settings, sealed
    daily/<backup id>/manifest.json   put last, where none was (`weekly/` likewise)

Names are for people: which backup is the newest is decided by the snapshot's time in the manifest, which its seal and the header of
its object vouch for when it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backups.bucket import Bucket, Listed
from backups.errors import Damaged
from backups.manifest import MAXIMUM_MANIFEST_BYTES, BackupClass, Manifest, StoredManifest, decode
from services.clients import Clients
from services.errors import Refused

CLASSES: tuple[BackupClass, ...] = ("daily", "weekly")
MANIFEST = "manifest.json"
READER = "backup_reader"


def object_key(backup_class: str, backup_id: str, name: str) -> str:
    return f"{backup_class}/{backup_id}/{name}"


@dataclass(frozen=True)
class Backup:
    """One backup, by its manifest; `modified` is the server's time of the manifest object."""

    manifest_key: str
    modified: datetime
    stored: StoredManifest

    @property
    def manifest(self) -> Manifest:
        return self.stored.manifest

    @property
    def backup_id(self) -> str:
        return self.manifest.backup_id

    @property
    def backup_class(self) -> str:
        return self.manifest.backup_class

    @property
    def snapshot_time(self) -> datetime:
        return self.manifest.snapshot_time

    @property
    def size_bytes(self) -> int:
        return self.manifest.size_bytes


@dataclass(frozen=True)
class Unreadable:
    """A manifest that is none: its key and what is wrong with it."""

    manifest_key: str
    modified: datetime
    why: str


@dataclass(frozen=True)
class Inventory:
    """Backups newest first; orphans by key; `open_uploads` is None where this identity may not list them."""

    backups: tuple[Backup, ...]
    unreadable: tuple[Unreadable, ...]
    orphans: tuple[str, ...]
    missing: tuple[str, ...]
    """Objects that a manifest names and the bucket does not hold."""

    open_uploads: tuple[str, ...] | None

    @property
    def newest(self) -> Backup | None:
        return self.backups[0] if self.backups else None

    def document(self) -> dict[str, Any]:
        """For `kept backup list -o json`."""
        return {
            "backups": [
                {
                    "backup_id": each.backup_id,
                    "class": each.backup_class,
                    "snapshot_time": each.snapshot_time.isoformat(),
                    "size_bytes": each.size_bytes,
                    "tables": len(each.manifest.content.tables),
                    "manifest_key": each.manifest_key,
                    "ciphertext_sha256": each.manifest.data.ciphertext_sha256,
                }
                for each in self.backups
            ],
            "unreadable": [{"manifest_key": each.manifest_key, "why": each.why} for each in self.unreadable],
            "orphans": list(self.orphans),
            "missing": list(self.missing),
            "open_uploads": None if self.open_uploads is None else list(self.open_uploads),
        }


def reader(clients: Clients) -> Bucket:
    """The bucket through the identity that may read and not write."""
    return Bucket(clients.objects(READER), clients.settings.backups.bucket)


def read(clients: Clients) -> Inventory:
    """List the bucket and read every manifest; an incomplete listing is an error, never a short inventory."""
    return take(reader(clients))


def take(bucket: Bucket) -> Inventory:
    listed = {each.key: each for backup_class in CLASSES for each in bucket.listed(f"{backup_class}/")}
    found = [_manifest(bucket, each) for each in listed.values() if each.key.endswith(f"/{MANIFEST}")]
    backups = [each for each in found if isinstance(each, Backup)]
    unreadable = [each for each in found if isinstance(each, Unreadable)]
    named = {key for backup in backups for key in (backup.manifest.data.object_key, backup.manifest.globals.object_key)}
    manifests = {each.manifest_key for each in found}
    return Inventory(
        backups=tuple(sorted(backups, key=lambda each: (each.snapshot_time, each.backup_id), reverse=True)),
        unreadable=tuple(unreadable),
        orphans=tuple(sorted(listed.keys() - named - manifests)),
        missing=tuple(sorted(named - listed.keys())),
        open_uploads=_open_uploads(bucket),
    )


def _manifest(bucket: Bucket, listed: Listed) -> Backup | Unreadable:
    try:
        stored = decode(bucket.get(listed.key, MAXIMUM_MANIFEST_BYTES))
    except Damaged as error:
        return Unreadable(listed.key, listed.modified, error.message)
    manifest = stored.manifest
    if listed.key != object_key(manifest.backup_class, manifest.backup_id, MANIFEST):
        return Unreadable(listed.key, listed.modified, f"it is the manifest of {manifest.backup_class} backup {manifest.backup_id}")
    return Backup(listed.key, listed.modified, stored)


def _open_uploads(bucket: Bucket) -> tuple[str, ...] | None:
    try:
        return tuple(f"{each.key} (upload {each.upload_id})" for each in bucket.open_uploads())
    except Refused:
        return None

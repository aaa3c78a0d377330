"""The manifest of a backup: what it is, how it was made, what it holds. A backup exists if and only if its manifest does.

Stored as JSON: `{"manifest": {...}, "seal": "<hex>"}`. The seal is an HMAC-SHA256 over the canonical form of `manifest` (keys sorted,
no spaces, ASCII; the values are texts, whole numbers, lists and objects, so the form is exact), under a key that HKDF derives from
the backup's own data key. Whoever can open the backup can check its manifest; whoever can only write the bucket can forge none.

Times are UTC. `snapshot_time` is never later than the dump's own snapshot, so an age counted from it errs on the safe side.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from backups.errors import Damaged, Fault
from backups.header import BackupId, Source, Strict, first_fault
from backups.sealed import Count, SealedObject, Sha256

SCHEMA_VERSION = 1
MAXIMUM_MANIFEST_BYTES = 64 << 20
SEAL_PURPOSE = b"kept backup manifest v1"

BackupClass = Literal["daily", "weekly"]
Method = Literal["record", "text", "count"]
"""`record`: hash_record_extended; `text`: hashtextextended of the row's text, where a type has no hash; `count`: no columns at all."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class TableDigest(Strict):
    """Row count and row digest of one table in the dump's snapshot (`backups.digests`)."""

    schema_name: str
    table_name: str
    rows: Count
    digest: Digest
    method: Method

    @property
    def name(self) -> str:
        return f"{self.schema_name}.{self.table_name}"


class SequenceRange(Strict):
    """Sequences are outside of snapshots: the value before and after the dump, between which the restored one must lie."""

    schema_name: str
    sequence_name: str
    before: int
    after: int

    @property
    def name(self) -> str:
        return f"{self.schema_name}.{self.sequence_name}"


class Definition(Strict):
    """A materialised view: its definition is compared, not its content, which the source may hold stale."""

    schema_name: str
    view_name: str
    sha256: Sha256

    @property
    def name(self) -> str:
        return f"{self.schema_name}.{self.view_name}"


class Extension(Strict):
    name: str
    version: str


class DatabaseFacts(Strict):
    """What a restore must know of the database besides its content."""

    dump_arguments: tuple[str, ...]
    archive_format: str
    size_bytes: Count
    encoding: str
    collation: str
    character_type: str
    extensions: tuple[Extension, ...]
    not_dumped: tuple[str, ...]
    """Foreign tables: their data is not in the dump."""


class Content(Strict):
    """What a restore must equal."""

    tables: tuple[TableDigest, ...]
    large_objects: TableDigest
    sequences: tuple[SequenceRange, ...]
    materialized_views: tuple[Definition, ...]


class Protection(Strict):
    """The object lock as read back from the server; mode `none` where there is none."""

    mode: str
    until: AwareDatetime | None


class Manifest(Strict):
    schema_version: Literal[1]
    backup_id: BackupId
    backup_class: BackupClass
    tool_version: str
    source: Source
    snapshot_time: AwareDatetime
    started: AwareDatetime
    database: DatabaseFacts
    data: SealedObject
    globals: SealedObject
    content: Content
    protection: Protection
    stage_milliseconds: dict[str, Annotated[int, Field(ge=0)]]

    @property
    def size_bytes(self) -> int:
        return self.data.size_bytes + self.globals.size_bytes


@dataclass(frozen=True)
class StoredManifest:
    """A manifest as read from the bucket: well formed, but trusted only after `require_seal`."""

    manifest: Manifest
    canonical: bytes
    seal: str

    def require_seal(self, data_key: bytes) -> None:
        """`Damaged` unless the seal is that of the backup's own data key."""
        if not hmac.compare_digest(self.seal, seal_of(self.canonical, data_key)):
            raise Damaged(Fault.MANIFEST, f"the manifest of {self.manifest.backup_id} was changed: its seal is not its data key's")


def encode(manifest: Manifest, data_key: bytes) -> bytes:
    """The object to store."""
    document = manifest.model_dump(mode="json")
    return json.dumps({"manifest": document, "seal": seal_of(canonical(document), data_key)}, indent=1).encode()


def decode(stored: bytes) -> StoredManifest:
    """Read a stored manifest; `Damaged` names what is wrong with it."""
    try:
        document = json.loads(stored, object_pairs_hook=_no_duplicates)
        body, seal = document["manifest"], document["seal"]
        manifest = Manifest.model_validate_json(json.dumps(body))
    except ValidationError as error:
        raise Damaged(Fault.MANIFEST, f"the manifest is malformed: {first_fault(error)}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(Fault.MANIFEST, f"the manifest is malformed: {type(error).__name__}") from None
    if set(document) != {"manifest", "seal"} or not isinstance(seal, str) or not seal.isascii():
        raise Damaged(Fault.MANIFEST, "the manifest is malformed: expected `manifest` and `seal`, nothing else")
    return StoredManifest(manifest, canonical(body), seal)


def canonical(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def seal_of(body: bytes, data_key: bytes) -> str:
    """HMAC-SHA256 (hex) under HKDF-SHA256(data key, purpose)."""
    derived = HKDF(SHA256(), length=32, salt=None, info=SEAL_PURPOSE).derive(data_key)
    return hmac.digest(derived, body, "sha256").hex()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found

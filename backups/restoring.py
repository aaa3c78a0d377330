"""A stored backup read back: through `pg_restore -f /dev/null` to verify it, or into a database to restore it.

Always `pg_restore -e -d`, never SQL through psql: old psql runs code from a hostile dump (CVE-2025-8714). What comes out of the
stream is proven only at its end, so a restore whose stream raises must be thrown away; a scratch database is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backups import globals as server_globals
from backups.bucket import Bucket
from backups.errors import Damaged, Fault
from backups.header import Content
from backups.keys import Unwrap
from backups.manifest import Manifest
from backups.processes import Command, Tool
from backups.sealed import SealedObject, plaintext
from services import postgres_tools
from services.errors import KeptError


class RestoreFailed(KeptError):  # noqa: N818 - the field's words
    code = "restore-failed"


@dataclass(frozen=True)
class StoredBackup:
    """A backup in its bucket, and whom to ask for its keys."""

    bucket: Bucket
    unwrap: Unwrap
    manifest: Manifest

    def blocks(self, content: Content) -> Iterator[bytes]:
        """The plain blocks of one of its objects; `Damaged` when anything differs from the manifest."""
        stored: SealedObject = self.manifest.data if content == "database" else self.manifest.globals
        with self.bucket.stream(stored.object_key) as body:
            yield from plaintext(body, stored, self.manifest.backup_id, content, self.unwrap)

    def globals(self) -> server_globals.Globals:
        return server_globals.decode(b"".join(self.blocks("globals")))

    def authenticate(self) -> None:
        """Read both objects to their ends; `Damaged` unless every byte is what was stored."""
        for content in ("globals", "database"):
            for _block in self.blocks(content):
                pass

    def verify(self, seconds: float) -> None:
        """The same, with pg_restore reading the archive: only this makes a backup verified."""
        self.globals()
        arguments = (str(postgres_tools.tool("pg_restore")), "--file=/dev/null")
        failed = feed_archive(self.blocks("database"), Command(arguments, {}, seconds))
        if failed:
            raise Damaged(Fault.ARCHIVE, f"its archive does not read: {failed}")

    def restore(self, environment: Mapping[str, str], database: str, seconds: float) -> None:
        """Into an empty database that is there; the first error ends it."""
        arguments = (str(postgres_tools.tool("pg_restore")), "--exit-on-error", "--no-password", f"--dbname={database}")
        failed = feed_archive(self.blocks("database"), Command(arguments, environment, seconds))
        if failed:
            raise RestoreFailed(f"the archive was not restored: {failed}", "restore another backup, or mend what it says")


def feed_archive(blocks: Iterator[bytes], command: Command) -> str:
    """Feed an archive to pg_restore; how it failed, or nothing. The blocks are read to their end, for only there they are proven."""
    with Tool(command, reads=True) as tool:
        listening = True
        for block in blocks:
            listening = listening and tool.feed(block)
        code = tool.finished()
        return tool.ending(code) if code or tool.late else ""


def require_readable(manifest: Manifest) -> None:
    """`RestoreFailed` when our pg_restore is older than the pg_dump that wrote the archive."""
    ours = postgres_tools.version("pg_restore")
    if postgres_tools.major(ours) < postgres_tools.major(manifest.source.dump_version):
        raise RestoreFailed(
            f"pg_restore {ours} cannot read archives of pg_dump {manifest.source.dump_version}",
            f"install its release, and name its folder with {postgres_tools.VARIABLE}",
        )

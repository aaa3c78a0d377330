"""A small shop in a database of the test's own, the platform's backup bucket emptied, and tools that misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promises.loading import load_catalog
from promises.model import Catalog
from services import postgres_tools
from services.clients import Clients
from services.settings import Database, Settings

NOW = datetime(2026, 3, 4, 1, 2, 3, tzinfo=UTC)

TABLES = """
    CREATE SCHEMA m_1;
    CREATE TABLE m_1.buyers (id serial PRIMARY KEY, name bytea, marketplace text, created_at timestamptz DEFAULT now());
    INSERT INTO m_1.buyers (name, marketplace) SELECT sha256(i::text::bytea), 'northmart' FROM generate_series(1, 5000) i;
    CREATE TABLE m_1.notes (id int PRIMARY KEY, body json);
    INSERT INTO m_1.notes SELECT i, '{"a": 1}' FROM generate_series(1, 50) i;
"""


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog("illumacom", None)


@pytest.fixture
def clients(local: Settings, database_settings: Database) -> Iterator[Clients]:
    """The session's servers with a database of the test's own, which is empty; so is the backup bucket, before and after."""
    clients = Clients(local.model_copy(update={"database": database_settings}))
    empty(clients)
    yield clients
    empty(clients)


@pytest.fixture
def shop(clients: Clients) -> Clients:
    """The same with two tables in it."""
    with clients.database() as connection:
        connection.execute(TABLES)
    return clients


def empty(clients: Clients) -> None:
    admin, bucket = clients.objects("admin"), clients.settings.backups.bucket
    for upload in admin.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
        admin.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for key in stored(clients):
        admin.delete_object(Bucket=bucket, Key=key)


def stored(clients: Clients) -> tuple[str, ...]:
    """Every key in the backup bucket."""
    listed = clients.objects("admin").list_objects_v2(Bucket=clients.settings.backups.bucket)
    return tuple(each["Key"] for each in listed.get("Contents", ()))


def open_uploads(clients: Clients) -> tuple[str, ...]:
    listed = clients.objects("admin").list_multipart_uploads(Bucket=clients.settings.backups.bucket)
    return tuple(each["Key"] for each in listed.get("Uploads", ()))


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script in pg_dump's place; `"$REAL" "$@"` in it is the real one."""
    real = postgres_tools.tool("pg_dump").parent

    def make(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "pg_restore").symlink_to(real / "pg_restore")
        tool = folder / "pg_dump"
        tool.write_text(f'#!/bin/sh\nREAL=\'{real / "pg_dump"}\'\n[ "$1" = --version ] && exec "$REAL" --version\n{script}\n')
        tool.chmod(0o755)
        monkeypatch.setenv(postgres_tools.VARIABLE, str(folder))

    return make


def silent(_line: str) -> None:
    return

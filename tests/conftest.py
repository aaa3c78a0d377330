"""What the tests share: the local servers, started once a session by the code of `kept local up`, and fresh places in them.

`local`              the settings of the running servers
`database_settings`  the address of an empty database of the test's own
`bucket`             the name of an empty bucket of the test's own (for the identity admin)
`fresh`              `local` with that database, and that bucket for evidence and backups
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.settings import Backups, Database, Evidence, Settings, load

PLATFORM = "illumacom"


@pytest.fixture(scope="session")
def local() -> Iterator[Settings]:
    """Postgres, OpenBao, S3 and the clouds' stand-in in a folder of their own; gone at the end of the session."""
    from kept import local as run

    folder = Path(tempfile.mkdtemp(prefix="kept-"))
    atexit.register(_end, folder, os.getpid())
    try:
        settings = load(run.up(folder, PLATFORM, _silent), {})
        _make_buckets(settings, settings.evidence.bucket, settings.backups.bucket)
        yield settings
    finally:
        _end(folder, os.getpid())


@pytest.fixture
def database_settings(local: Settings) -> Iterator[Database]:
    """An empty database, dropped afterwards whoever is still connected."""
    from services.database import connect

    name = f"test_{uuid4().hex[:12]}"
    with connect(local.database, "defaultdb", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield local.database.model_copy(update={"name": name})
    with connect(local.database, "defaultdb", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def bucket(local: Settings) -> Iterator[str]:
    """An empty bucket, deleted with all it holds."""
    from services.objects import client

    name = f"test-{uuid4().hex[:12]}"
    _make_buckets(local, name)
    yield name
    client(local.objects, "admin").delete_bucket(Bucket=name)  # SeaweedFS deletes what is in it, too


@pytest.fixture
def fresh(local: Settings, database_settings: Database, bucket: str) -> Settings:
    """Settings whose database and buckets are the test's own. Only the identity admin may use such a bucket."""
    evidence = Evidence(origin=local.evidence.origin, bucket=bucket)
    return local.model_copy(update={"database": database_settings, "evidence": evidence, "backups": Backups(bucket=bucket)})


def _make_buckets(settings: Settings, *names: str) -> None:
    from services.objects import client

    admin = client(settings.objects, "admin")
    for name in names:
        admin.create_bucket(Bucket=name)


def _end(folder: Path, owner: int) -> None:
    """Stop every server by its own process id, and delete the folder; only in the process that started them."""
    from localcloud.servers import fleet

    if folder.exists() and os.getpid() == owner:
        fleet.down(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _silent(_: str) -> None:
    return

"""A run publishes one verified backup, or nothing at all."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backups import digests, inventory, keys
from backups.errors import AlreadyPublished, Damaged, DumpFailed, Fault, UploadFailed
from backups.manifest import Manifest
from backups.processes import Stopped
from backups.restore_drill import drill
from backups.restoring import StoredBackup
from backups.run import run_backup
from promises.model import Catalog
from services.clients import Clients
from services.errors import Unreachable, UsageError
from tests.backups.conftest import NOW, open_uploads, silent, stored
from tests.backups.cutting import CuttingProxy


def make(clients: Clients, catalog: Catalog) -> Manifest:
    run_backup(clients, catalog, NOW, silent)
    newest = inventory.read(clients).newest
    assert newest is not None
    return newest.manifest


def assert_nothing_published(clients: Clients) -> None:
    assert stored(clients) == ()
    assert open_uploads(clients) == ()
    assert inventory.read(clients).backups == ()


def test_a_run_stores_three_objects_and_reports_what_it_stored(shop: Clients, catalog: Catalog) -> None:
    before = datetime.now(UTC)
    report = run_backup(shop, catalog, NOW, silent)
    folder = f"daily/{report.backup_id}"
    assert set(stored(shop)) == {f"{folder}/data", f"{folder}/globals", f"{folder}/manifest.json"}
    assert report.verified
    assert report.cipher == "AES-256-GCM"
    assert (report.tables, report.rows) == (2, 5050)
    assert abs((report.snapshot_time - before).total_seconds()) < 60
    assert open_uploads(shop) == ()


def test_the_manifest_says_what_a_restore_needs(shop: Clients, catalog: Catalog) -> None:
    manifest = make(shop, catalog)
    methods = {each.name: (each.rows, each.method) for each in manifest.content.tables}
    assert methods == {"m_1.buyers": (5000, "record"), "m_1.notes": (50, "text")}
    assert manifest.database.archive_format.startswith("1.")
    assert manifest.source.server_version.startswith("17.")
    assert manifest.database.encoding == "UTF8"
    assert [each.name for each in manifest.content.sequences] == ["m_1.buyers_id_seq"]
    assert manifest.data.key != manifest.globals.key


def test_no_secret_stands_in_the_manifest_or_in_the_arguments(shop: Clients, catalog: Catalog) -> None:
    manifest = make(shop, catalog)
    password = shop.settings.database.password_file.read_text().strip()
    plain = keys.unwrapper(shop.vault("backup_reader"))(manifest.data.key)
    text = manifest.model_dump_json()
    assert password not in text
    assert plain.hex() not in text
    assert not any("PGPASSWORD" in argument for argument in manifest.database.dump_arguments)


def test_no_plaintext_stands_in_the_bucket(shop: Clients, catalog: Catalog) -> None:
    make(shop, catalog)
    admin, bucket = shop.objects("admin"), shop.settings.backups.bucket
    for key in stored(shop):
        if not key.endswith("manifest.json"):
            content = admin.get_object(Bucket=bucket, Key=key)["Body"].read()
            assert b"northmart" not in content
            assert b"PGDMP" not in content


def test_the_globals_name_the_roles_without_passwords(shop: Clients, catalog: Catalog) -> None:
    manifest = make(shop, catalog)
    kept = StoredBackup(inventory.reader(shop), keys.unwrapper(shop.vault("backup_reader")), manifest).globals()
    assert shop.settings.database.user in {role.name for role in kept.roles}
    assert "SCRAM" not in kept.model_dump_json()


def test_two_runs_never_share_a_key_or_an_object(shop: Clients, catalog: Catalog) -> None:
    first, second = make(shop, catalog), make(shop, catalog)
    objects = {each.object_key for manifest in (first, second) for each in (manifest.data, manifest.globals)}
    wrapped = {each.key.wrapped for manifest in (first, second) for each in (manifest.data, manifest.globals)}
    assert len(objects) == len(wrapped) == 4


def test_the_digests_are_those_of_the_dump_while_the_database_moves(shop: Clients, catalog: Catalog) -> None:
    """Writes go on all the while; what is restored equals the manifest, for both come from one snapshot."""
    done = threading.Event()

    def write() -> None:
        with shop.database(autocommit=True) as connection:
            while not done.is_set():
                connection.execute("INSERT INTO m_1.buyers (name, marketplace) VALUES ('x', 'moving')")
                connection.execute("DELETE FROM m_1.buyers WHERE id = (SELECT min(id) FROM m_1.buyers)")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        run_backup(shop, catalog, NOW, silent)
    finally:
        done.set()
        writer.join()
    report = drill(shop, catalog, NOW, silent)
    assert report.problems == ()
    assert report.tables == 2
    newest = inventory.read(shop).newest
    assert newest is not None
    with shop.database() as connection:
        assert digests.differences(newest.manifest.content, digests.content(connection)) != ()


DEATHS = {
    "killed in the middle": '"$REAL" "$@" | head -c 100000; kill -9 $$',
    "ends with an error after all of its output": '"$REAL" "$@"; echo "pg_dump: error: invented" >&2; exit 1',
    "ends well with no output": "exit 0",
    "writes something that is no archive": "echo hello; exit 0",
    "cannot reach the database": 'PGPORT=1 exec "$REAL" "$@"',
}


@pytest.mark.parametrize("case", DEATHS)
def test_a_dump_that_does_not_end_well_leaves_no_object(
    case: str, shop: Clients, catalog: Catalog, misbehaving: Callable[[str], None]
) -> None:
    misbehaving(DEATHS[case])
    with pytest.raises(DumpFailed):
        run_backup(shop, catalog, NOW, silent)
    assert_nothing_published(shop)


def test_a_cut_dump_that_claims_to_be_whole_is_stored_but_never_published(
    shop: Clients, catalog: Catalog, misbehaving: Callable[[str], None]
) -> None:
    """Exit code 0 and a cut output: reading it back with pg_restore finds it, and the object stays an orphan."""
    misbehaving('"$REAL" "$@" | head -c 100000; exit 0')
    with pytest.raises(Damaged) as caught:
        run_backup(shop, catalog, NOW, silent)
    assert caught.value.fault is Fault.ARCHIVE
    listed = inventory.read(shop)
    assert listed.backups == ()
    assert {key.rsplit("/", 1)[1] for key in listed.orphans} == {"data", "globals"}


def test_the_error_says_what_pg_dump_said(shop: Clients, catalog: Catalog, misbehaving: Callable[[str], None]) -> None:
    misbehaving(DEATHS["ends with an error after all of its output"])
    with pytest.raises(DumpFailed, match="exit code 1: pg_dump: error: invented"):
        run_backup(shop, catalog, NOW, silent)


def test_a_full_stderr_does_not_block_the_dump(shop: Clients, catalog: Catalog, misbehaving: Callable[[str], None]) -> None:
    misbehaving('head -c 1000000 /dev/zero | tr "\\0" "x" >&2; exec "$REAL" "$@"')
    assert run_backup(shop, catalog, NOW, silent).verified


def test_sigterm_kills_the_whole_group_and_aborts_the_upload(
    shop: Clients, catalog: Catalog, misbehaving: Callable[[str], None], tmp_path: Path
) -> None:
    misbehaving(f'sleep 600 & echo $! > \'{tmp_path}/helper\'; "$REAL" "$@" | head -c 100000; kill -TERM $PPID; wait')
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped):
        run_backup(shop, catalog, NOW, silent)
    assert signal.getsignal(signal.SIGTERM) is before
    assert_nothing_published(shop)
    helper = int((tmp_path / "helper").read_text())
    assert _ended(helper)


def _ended(process: int) -> bool:
    """Gone, or dead and waiting to be reaped by whoever adopted it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_manifest_that_is_there_is_never_put_over(shop: Clients, catalog: Catalog) -> None:
    """Another run of the same name published first: ours fails and leaves its objects to the sweep."""
    admin, bucket = shop.objects("admin"), shop.settings.backups.bucket
    key = f"daily/{NOW:%Y%m%dT%H%M%SZ}-{bytes(8).hex()}/manifest.json"
    admin.put_object(Bucket=bucket, Key=key, Body=b"theirs")
    with pytest.raises(AlreadyPublished):
        run_backup(shop, catalog, NOW, silent, random=bytes)
    assert admin.get_object(Bucket=bucket, Key=key)["Body"].read() == b"theirs"


def test_an_object_store_that_goes_down_midway_leaves_no_manifest_and_the_next_run_succeeds(shop: Clients, catalog: Catalog) -> None:
    """The upload cannot be aborted either: it is named, it is no backup, and nothing has to be cleaned before the next run."""
    with shop.database() as connection:
        connection.execute("INSERT INTO m_1.buyers (name) SELECT random()::text::bytea FROM generate_series(1, 300000)")
    with CuttingProxy(shop.settings.objects.endpoint, after_bytes=1_000_000) as endpoint:
        objects = shop.settings.objects.model_copy(update={"endpoint": endpoint})
        through = Clients(shop.settings.model_copy(update={"objects": objects}))
        with pytest.raises(UploadFailed) as caught:
            run_backup(through, catalog, NOW, silent)
    assert stored(shop) == ()
    assert "left open" in "".join(caught.value.__notes__)
    assert run_backup(shop, catalog, NOW, silent).verified
    assert len(inventory.read(shop).backups) == 1


def test_an_object_store_that_is_not_there_begins_nothing(shop: Clients, catalog: Catalog) -> None:
    objects = shop.settings.objects.model_copy(update={"endpoint": "https://127.0.0.1:9"})
    with pytest.raises((UploadFailed, Unreachable)):
        run_backup(Clients(shop.settings.model_copy(update={"objects": objects})), catalog, NOW, silent)
    assert_nothing_published(shop)


def test_rows_hidden_by_row_security_forbid_the_dump(shop: Clients, catalog: Catalog, local_role: str) -> None:
    with shop.database() as connection:
        connection.execute("ALTER TABLE m_1.buyers ENABLE ROW LEVEL SECURITY")
    database = shop.settings.database.model_copy(update={"user": local_role})
    with pytest.raises(DumpFailed, match="BYPASSRLS"):
        run_backup(Clients(shop.settings.model_copy(update={"database": database})), catalog, NOW, silent)
    assert_nothing_published(shop)


def test_the_catalog_of_another_platform_is_refused(shop: Clients, catalog: Catalog) -> None:
    settings = shop.settings.model_copy(update={"platform": "lumina"})
    with pytest.raises(UsageError):
        run_backup(Clients(settings), catalog, NOW, silent)
    assert_nothing_published(shop)


@pytest.fixture
def local_role(shop: Clients) -> str:  # type: ignore[misc]
    """A role that may read everything and bypass nothing, with the administrator's password."""
    password = shop.settings.database.password_file.read_text().strip()
    name = f"dumper_{os.urandom(4).hex()}"
    with shop.database() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        connection.execute(f"GRANT pg_read_all_data TO {name}")
    yield name
    with shop.database() as connection:
        connection.execute(f"DROP ROLE {name}")

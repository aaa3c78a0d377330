"""A drill passes only when what comes back from the bucket is exactly what was dumped, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from backups import inventory, keys, manifest
from backups.inventory import Backup
from backups.manifest import Content, DatabaseFacts, Manifest
from backups.restore_drill import DrillReport, drill, extrapolated
from backups.run import run_backup
from backups.scratch import PREFIX, Scratch, leavings
from kept.procedures import drift_data
from promises.model import Catalog
from services.clients import Clients
from services.errors import KeptError
from tests.backups.conftest import NOW, silent


def back_up(clients: Clients, catalog: Catalog) -> Backup:
    run_backup(clients, catalog, NOW, silent)
    newest = inventory.read(clients).newest
    assert newest is not None
    return newest


def run_drill(clients: Clients, catalog: Catalog) -> DrillReport:
    report = drill(clients, catalog, NOW, silent)
    with clients.database() as connection:
        assert leavings(connection) == ()
    return report


def publish(clients: Clients, backup: Backup, changed: Manifest, key: bytes | None = None) -> None:
    """Put a changed manifest in the true one's place, sealed with the backup's own key unless another is given."""
    plain = keys.unwrapper(clients.vault("backup_reader"))(backup.manifest.data.key)
    body = manifest.encode(changed, key or plain)
    clients.objects("admin").put_object(Bucket=clients.settings.backups.bucket, Key=backup.manifest_key, Body=body)


def test_a_whole_backup_comes_back_equal(shop: Clients, catalog: Catalog) -> None:
    backup = back_up(shop, catalog)
    report = run_drill(shop, catalog)
    assert report.passed
    assert report.problems == ()
    assert (report.backup_id, report.tables, report.rows) == (backup.backup_id, 2, 5050)
    assert report.scratch == "local"
    assert report.recovery_seconds is not None
    assert report.recovery_seconds > 0


AWKWARD = """
    CREATE SCHEMA "Odd Schema";
    CREATE TYPE "Odd Schema".mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN "Odd Schema".small AS int CHECK (VALUE < 100);
    CREATE TABLE "Odd Schema"."Odd ""Table" ("Odd % Column" text, m "Odd Schema".mood, s "Odd Schema".small, a int[], r int4range);
    INSERT INTO "Odd Schema"."Odd ""Table" VALUES ('x', 'glad', 7, '{1,2}', '[1,5)'), (NULL, NULL, NULL, NULL, NULL);
    CREATE TYPE "Odd Schema".pair AS (m "Odd Schema".mood, n int);
    CREATE TABLE by_oid (pairs "Odd Schema".pair[], c regclass); INSERT INTO by_oid VALUES (ARRAY[('sad', 1)::"Odd Schema".pair], 'by_oid');
    CREATE TABLE nohash (j json, x xml, p point, b bit(3), v tsvector, i interval, f float8, t timestamptz);
    INSERT INTO nohash VALUES ('{"a":[1]}', '<a/>', '(1,2)', B'101', 'a b', '1 day 2 s', 0.1, '2026-01-01');
    CREATE TABLE parent (id int, n text); CREATE TABLE child (extra text) INHERITS (parent);
    INSERT INTO parent VALUES (1, 'p'); INSERT INTO child VALUES (2, 'c', 'e'), (2, 'c', 'e');
    CREATE TABLE parted (id int, n text) PARTITION BY RANGE (id);
    CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10);
    INSERT INTO parted VALUES (3, 'x');
    CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO made VALUES (21);
    CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES;
    CREATE UNLOGGED TABLE quick (a int); INSERT INTO quick VALUES (1);
    CREATE SEQUENCE odd_values START 7 INCREMENT -3 MINVALUE -100 MAXVALUE 10; SELECT nextval('odd_values'), nextval('odd_values');
    CREATE SEQUENCE untouched START 5;
    CREATE MATERIALIZED VIEW mat AS SELECT count(*) FROM parent; INSERT INTO parent VALUES (9, 'late');
    SELECT lo_from_bytea(0, 'a large object');
"""


def test_a_database_with_awkward_things_comes_back_equal(clients: Clients, catalog: Catalog) -> None:
    with clients.database() as connection:
        connection.execute(AWKWARD)
    content = back_up(clients, catalog).manifest.content
    report = run_drill(clients, catalog)
    assert report.problems == ()
    assert report.tables == len(content.tables)
    methods = {each.name: each.method for each in content.tables}
    assert methods["public.nohash"] == "text"
    assert methods["public.bare"] == "count"
    assert methods['Odd Schema.Odd "Table'] == methods["public.by_oid"] == "text"
    assert methods["public.child"] == "record"
    assert content.large_objects.rows == 1


def _other_digest(content: Content) -> Content:
    first, *rest = content.tables
    return content.model_copy(update={"tables": (first.model_copy(update={"digest": "0" * 16}), *rest)})


def _other_rows(content: Content) -> Content:
    first, *rest = content.tables
    return content.model_copy(update={"tables": (first.model_copy(update={"rows": 4999}), *rest)})


def _one_more(content: Content) -> Content:
    extra = content.tables[0].model_copy(update={"table_name": "vanished"})
    return content.model_copy(update={"tables": (*content.tables, extra)})


def _one_less(content: Content) -> Content:
    return content.model_copy(update={"tables": content.tables[1:]})


DIFFERENCES: dict[str, tuple[Callable[[Content], Content], str]] = {
    "one digest": (_other_digest, "m_1.buyers: the digest differs"),
    "one row count": (_other_rows, "m_1.buyers: 5000 rows, expected 4999"),
    "a table that did not come back": (_one_more, "m_1.vanished: the table is missing"),
    "a table that no manifest knows": (_one_less, "m_1.buyers: the table is in no manifest"),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_one_difference_fails_the_drill_and_names_the_table(case: str, shop: Clients, catalog: Catalog) -> None:
    change, expected = DIFFERENCES[case]
    backup = back_up(shop, catalog)
    publish(shop, backup, backup.manifest.model_copy(update={"content": change(backup.manifest.content)}))
    report = run_drill(shop, catalog)
    assert not report.passed
    assert report.problems == (expected,)


def test_a_damaged_object_fails_the_drill_and_mending_it_makes_it_pass(shop: Clients, catalog: Catalog) -> None:
    back_up(shop, catalog)
    undo = drift_data.corrupt_newest_backup(shop)
    report = run_drill(shop, catalog)
    assert not report.passed
    assert "frame 0 does not authenticate" in report.problems[0]
    assert report.tables == 0
    drift_data.restore_backup(shop, undo)
    assert run_drill(shop, catalog).passed


def test_a_missing_object_fails_the_drill(shop: Clients, catalog: Catalog) -> None:
    backup = back_up(shop, catalog)
    shop.objects("admin").delete_object(Bucket=shop.settings.backups.bucket, Key=backup.manifest.data.object_key)
    report = run_drill(shop, catalog)
    assert not report.passed
    assert "not there" in report.problems[0]


def test_a_manifest_sealed_with_another_key_fails_the_drill(shop: Clients, catalog: Catalog) -> None:
    """Whoever can write the bucket but open no key can forge no digest."""
    backup = back_up(shop, catalog)
    publish(shop, backup, backup.manifest, key=bytes(32))
    report = run_drill(shop, catalog)
    assert not report.passed
    assert "seal" in report.problems[0]


def test_an_archive_of_a_later_pg_dump_fails_the_drill_before_anything_is_made(shop: Clients, catalog: Catalog) -> None:
    backup = back_up(shop, catalog)
    later = backup.manifest.source.model_copy(update={"dump_version": "99.1"})
    publish(shop, backup, backup.manifest.model_copy(update={"source": later}))
    report = run_drill(shop, catalog)
    assert not report.passed
    assert "cannot read archives of pg_dump 99.1" in report.problems[0]


def test_without_a_backup_the_drill_does_not_pass(clients: Clients, catalog: Catalog) -> None:
    report = run_drill(clients, catalog)
    assert not report.passed
    assert report.problems == ("there is no backup",)


def test_the_newest_snapshot_is_drilled_whatever_the_names_say(shop: Clients, catalog: Catalog) -> None:
    back_up(shop, catalog)
    run_backup(shop, catalog, NOW.replace(year=2020), silent)
    newest = inventory.read(shop).newest
    assert newest is not None
    assert newest.backup_id.startswith("2020")
    assert run_drill(shop, catalog).backup_id == newest.backup_id


def test_roles_the_server_lacks_are_made_for_the_drill_and_dropped_after_it(shop: Clients, catalog: Catalog) -> None:
    role = f"owner_{uuid4().hex[:8]}"
    with shop.database() as connection:
        connection.execute(f"CREATE ROLE {role}")
        connection.execute(f"ALTER TABLE m_1.notes OWNER TO {role}")
    back_up(shop, catalog)
    with shop.database() as connection:
        connection.execute("ALTER TABLE m_1.notes OWNER TO CURRENT_USER")
        connection.execute(f"DROP ROLE {role}")
    report = run_drill(shop, catalog)
    assert report.problems == ()
    assert report.roles_made == 1
    with shop.database() as connection:
        assert connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None


def facts() -> DatabaseFacts:
    return DatabaseFacts(
        dump_arguments=(),
        archive_format="1.16.0",
        size_bytes=0,
        encoding="UTF8",
        collation="C.UTF-8",
        character_type="C.UTF-8",
        extensions=(),
        not_dumped=(),
    )


def test_the_scratch_database_is_dropped_when_the_drill_dies_inside(clients: Clients) -> None:
    from backups.globals import Globals

    scratch = Scratch(clients)

    def die_inside() -> None:
        with scratch:
            scratch.create(facts(), Globals(schema_version=1, roles=(), memberships=(), settings=()))
            with clients.database() as connection:
                assert leavings(connection) == (scratch.name,)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die_inside()
    with clients.database() as connection:
        assert leavings(connection) == ()


def test_an_outage_raises_and_leaves_nothing(shop: Clients, catalog: Catalog) -> None:
    back_up(shop, catalog)
    vault = shop.settings.vault.model_copy(update={"address": "https://127.0.0.1:9"})
    with pytest.raises(KeptError):
        drill(Clients(shop.settings.model_copy(update={"vault": vault})), catalog, NOW, silent)
    with shop.database() as connection:
        assert leavings(connection) == ()


def test_leavings_of_a_killed_drill_are_dropped_by_the_next(shop: Clients, catalog: Catalog) -> None:
    with shop.database(autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {PREFIX}killed")
    back_up(shop, catalog)
    report = run_drill(shop, catalog)
    assert report.passed
    assert report.swept == (f"{PREFIX}killed",)


EXTRAPOLATIONS = {
    "the same size": (60.0, 100, 100, 60.0),
    "twice the size": (60.0, 100, 200, 120.0),
    "a smaller size never shortens it": (60.0, 100, 50, 60.0),
    "nothing measured": (None, 100, 200, None),
    "sizes unknown": (60.0, 0, 200, 60.0),
}


@pytest.mark.parametrize("case", EXTRAPOLATIONS)
def test_the_recovery_time_is_extrapolated_to_todays_size(case: str) -> None:
    seconds, then, today, expected = EXTRAPOLATIONS[case]
    assert extrapolated(seconds, then, today) == expected

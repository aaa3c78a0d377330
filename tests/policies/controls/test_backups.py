"""The controls over backups: what they pass, and that each damage turns exactly the right observation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from backups.restore_drill import DrillReport, drill
from backups.run import BackupReport, run_backup
from kept.procedures import drift_data
from policies.controls.backups import made, newest, restorable, restored
from policies.controls.base import Question
from promises.loading import load_catalog
from promises.observations import Observation, Outcome
from services.clients import Clients
from services.settings import Settings
from tests.backups.conftest import NOW, TABLES, empty, silent
from tests.own_database import own_database

CATALOG = load_catalog("illumacom", None)
HOUR = timedelta(hours=1)


def question(promise: str, report: BackupReport, age: timedelta = HOUR) -> Question:
    return Question(CATALOG.promise(promise), CATALOG, report.snapshot_time + age)


def outcomes(seen: list[Observation]) -> dict[str, Outcome]:
    return {each.subject: each.outcome for each in seen}


@pytest.fixture(scope="module")
def clients(local: Settings) -> Iterator[Clients]:
    with own_database(local, f"controls_{uuid4().hex[:8]}") as clients:
        empty(clients)
        with clients.database() as connection:
            connection.execute(TABLES)
        yield clients
        empty(clients)


@pytest.fixture(scope="module")
def report(clients: Clients) -> BackupReport:
    return run_backup(clients, CATALOG, NOW, silent)


@pytest.fixture(scope="module")
def drilled(clients: Clients, report: BackupReport) -> DrillReport:
    return drill(clients, CATALOG, report.snapshot_time, silent)


def test_a_verified_backup_passes(report: BackupReport) -> None:
    seen = list(made(report, question("backup.daily-encrypted", report)))
    assert {each.outcome for each in seen} == {Outcome.PASS}
    assert seen[1].figure is not None
    assert seen[1].figure.value == pytest.approx(1)


MADE: dict[str, Callable[[BackupReport], BackupReport]] = {
    "not verified": lambda report: replace(report, verified=False),
    "another cipher": lambda report: replace(report, cipher="AES-128-CBC"),
    "nothing in it": lambda report: replace(report, tables=0, rows=0),
    "tables without a row": lambda report: replace(report, rows=0),
}


@pytest.mark.parametrize("case", MADE)
def test_one_field_broken_fails_the_backup(case: str, report: BackupReport) -> None:
    seen = list(made(MADE[case](report), question("backup.daily-encrypted", report)))
    assert [each.outcome for each in seen] == [Outcome.FAIL, Outcome.PASS]


AGES = {
    "fresh": (HOUR, Outcome.PASS, False),
    "near the limit": (18 * HOUR, Outcome.PASS, True),
    "at the limit": (24 * HOUR, Outcome.PASS, True),
    "past the limit": (24 * HOUR + timedelta(seconds=1), Outcome.FAIL, False),
    "a little ahead of our clock": (-timedelta(minutes=2), Outcome.PASS, False),
    "from the future": (-HOUR, Outcome.FAIL, False),
}


@pytest.mark.parametrize("case", AGES)
def test_the_recovery_point_is_as_old_as_its_snapshot(case: str, report: BackupReport) -> None:
    age, outcome, near = AGES[case]
    seen = list(made(report, question("backup.daily-encrypted", report, age)))[1]
    assert (seen.outcome, seen.near_limit) == (outcome, near)


def test_the_newest_backup_is_read_to_its_end(clients: Clients, report: BackupReport) -> None:
    seen = list(newest(clients, question("backup.daily-encrypted", report)))
    assert outcomes(seen) == {"newest backup: recovery point": Outcome.PASS, "newest backup: content": Outcome.PASS}
    assert report.ciphertext_sha256[:16] in seen[1].observed


def test_one_flipped_bit_fails_the_content_and_mending_it_passes_again(clients: Clients, report: BackupReport) -> None:
    undo = drift_data.corrupt_newest_backup(clients)
    seen = list(newest(clients, question("backup.daily-encrypted", report)))
    assert outcomes(seen) == {"newest backup: recovery point": Outcome.PASS, "newest backup: content": Outcome.FAIL}
    assert "does not authenticate" in seen[1].observed
    drift_data.restore_backup(clients, undo)
    again = list(newest(clients, question("backup.daily-encrypted", report)))
    assert {each.outcome for each in again} == {Outcome.PASS}


def test_a_missing_object_fails_by_name(clients: Clients, report: BackupReport) -> None:
    admin, bucket = clients.objects("admin"), clients.settings.backups.bucket
    content = admin.get_object(Bucket=bucket, Key=report.object_key)["Body"].read()
    admin.delete_object(Bucket=bucket, Key=report.object_key)
    seen = outcomes(list(newest(clients, question("backup.daily-encrypted", report))))
    admin.put_object(Bucket=bucket, Key=report.object_key, Body=content)
    assert seen[report.object_key] is seen["newest backup: content"] is Outcome.FAIL


def test_a_manifest_that_is_none_fails_by_name(clients: Clients, report: BackupReport) -> None:
    admin, bucket, key = clients.objects("admin"), clients.settings.backups.bucket, "daily/20260304T010203Z-ffffffffffffffff/manifest.json"
    admin.put_object(Bucket=bucket, Key=key, Body=b"{}")
    seen = outcomes(list(newest(clients, question("backup.daily-encrypted", report))))
    admin.delete_object(Bucket=bucket, Key=key)
    assert seen == {key: Outcome.FAIL, "newest backup: recovery point": Outcome.PASS, "newest backup: content": Outcome.PASS}


def test_a_copy_under_another_name_is_no_backup(clients: Clients, report: BackupReport) -> None:
    admin, bucket, key = clients.objects("admin"), clients.settings.backups.bucket, "daily/20270304T010203Z-ffffffffffffffff/manifest.json"
    admin.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": report.manifest_key})
    seen = outcomes(list(newest(clients, question("backup.daily-encrypted", report))))
    admin.delete_object(Bucket=bucket, Key=key)
    assert seen[key] is Outcome.FAIL


def test_a_drill_that_equalled_passes(report: BackupReport, drilled: DrillReport) -> None:
    seen = list(restored(drilled, question("backup.restore-tested", report)))
    assert {each.outcome for each in seen} == {Outcome.PASS}
    assert seen[1].figure is not None
    assert (seen[1].figure.limit, seen[1].figure.warn) == (4 * 3600, 3 * 3600)


DRILLS: dict[str, Callable[[DrillReport], DrillReport]] = {
    "a digest differs": lambda report: replace(report, passed=False, problems=("m_1.buyers: the digest differs",)),
    "not passed without a reason": lambda report: replace(report, passed=False),
    "passed in spite of a problem": lambda report: replace(report, problems=("left behind: kept_drill_x",)),
    "nothing was restored": lambda report: replace(report, tables=0),
    "tables without a row": lambda report: replace(report, rows=0),
}


@pytest.mark.parametrize("case", DRILLS)
def test_one_field_broken_fails_the_drill(case: str, report: BackupReport, drilled: DrillReport) -> None:
    seen = list(restored(DRILLS[case](drilled), question("backup.restore-tested", report)))
    assert seen[0].outcome is Outcome.FAIL


def test_a_recovery_longer_than_promised_fails(report: BackupReport, drilled: DrillReport) -> None:
    seen = list(restored(replace(drilled, recovery_seconds_today=4 * 3600 + 1.0), question("backup.restore-tested", report)))
    assert outcomes(seen)["recovery time"] is Outcome.FAIL


def test_every_table_of_now_has_a_digest_and_the_keys_open(clients: Clients, report: BackupReport) -> None:
    seen = list(restorable(clients, question("backup.restore-tested", report)))
    names = ("newest backup: objects", "newest backup: keys", "m_1.buyers", "m_1.notes")
    assert outcomes(seen) == dict.fromkeys(names, Outcome.PASS)


def test_a_table_made_since_fails_unless_its_merchant_came_since(clients: Clients, report: BackupReport) -> None:
    with clients.database() as connection:
        connection.execute("CREATE SCHEMA platform; CREATE SCHEMA m_new; CREATE TABLE m_new.buyers (); CREATE TABLE m_1.since ()")
        connection.execute("CREATE TABLE platform.merchant AS SELECT 'm_new' AS schema_name, now() AS created_at")
    seen = outcomes(list(restorable(clients, question("backup.restore-tested", report))))
    with clients.database() as connection:
        connection.execute("DROP SCHEMA platform CASCADE; DROP SCHEMA m_new CASCADE; DROP TABLE m_1.since")
    assert seen["m_1.since"] is seen["platform.merchant"] is Outcome.FAIL
    assert seen["m_new.buyers"] is Outcome.NOT_APPLICABLE


def test_a_wrapped_key_that_vault_cannot_open_fails(clients: Clients, report: BackupReport) -> None:
    """A transit key of another name stands for one that was destroyed."""
    admin, bucket, key = clients.objects("admin"), clients.settings.backups.bucket, report.manifest_key
    stored = admin.get_object(Bucket=bucket, Key=key)["Body"].read()
    wrapped = stored.split(b'"wrapped": "')[1].split(b'"')[0]
    admin.put_object(Bucket=bucket, Key=key, Body=stored.replace(wrapped, b"vault:v1:" + b"A" * 80))
    seen = outcomes(list(restorable(clients, question("backup.restore-tested", report))))
    admin.put_object(Bucket=bucket, Key=key, Body=stored)
    assert seen["newest backup: keys"] is Outcome.FAIL


@pytest.mark.parametrize("check", [newest, restorable])
def test_no_backup_at_all_is_a_failure(check: Callable[..., Iterator[Observation]], local: Settings, report: BackupReport) -> None:
    """With an empty bucket, which only the administrator may read."""
    admin = Clients(local).objects("admin")
    bucket = f"none-{uuid4().hex[:8]}"
    admin.create_bucket(Bucket=bucket)
    identities = {**local.objects.identities, "backup_reader": local.objects.identities["admin"]}
    changes = {
        "objects": local.objects.model_copy(update={"identities": identities}),
        "backups": local.backups.model_copy(update={"bucket": bucket}),
    }
    seen = list(check(Clients(local.model_copy(update=changes)), question("backup.daily-encrypted", report)))
    admin.delete_bucket(Bucket=bucket)
    assert outcomes(seen) == {"newest backup": Outcome.FAIL}

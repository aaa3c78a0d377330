"""The log on real servers: keys in OpenBao, objects in S3, pinned trust, and the copy an auditor verifies offline."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import Inconsistent
from evidence.notes import VerifierKey
from evidence.signing import fingerprint, to_pem
from kept.environment import catalog_of
from kept.evidence_log import Log, open_log
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage
from services.errors import BadData, Unreachable, UsageError
from services.objects import client
from services.settings import Settings
from tests.kept.log_settings import own_log_settings

KEPT = Path(sys.executable).with_name("kept")


def now() -> datetime:
    """Asked anew by each test: a host whose clock differs from the bucket's by minutes writes nothing."""
    return datetime.now(UTC)


def control_run(outcome: Outcome = Outcome.PASS) -> ControlRun:
    seen = (Observation("transit/backup", outcome, "at most 90 days", "12 days"),)
    return ControlRun("keys.rotation", "keys.ages", Surface.LIVE, Vantage.INSIDE, "LIST transit/keys", now(), now(), seen)


@pytest.fixture
def own_log(local: Settings, bucket: str, tmp_path: Path) -> Settings:
    return own_log_settings(local, bucket, tmp_path / "data with a space")


@pytest.fixture
def log(own_log: Settings) -> Log:
    return open_log(own_log, catalog_of("illumacom"), lambda: datetime.now(UTC))


def test_what_was_written_is_numbered_signed_verified_and_read(log: Log) -> None:
    digest = log.writer.control_run(control_run())
    report = log.checkpoint()
    verification = log.verify()
    assert verification.problems == ()
    assert (verification.size, report.size) == (2, 2)
    assert verification.records[0].sha256 == digest
    (summary,) = log.summaries()
    assert (summary.promise, summary.record, summary.count(Outcome.PASS)) == ("keys.rotation", 0, 1)
    predicate = verification.records[0].predicate
    assert (predicate.catalog_sha256, predicate.environment) == (log.catalog.sha256, "local")
    assert predicate.verifier.commit == log.context.commit


def test_keys_are_pinned_at_the_first_checkpoint_and_checkpoints_copied_outside_the_bucket(log: Log) -> None:
    note = log.checkpoint().note
    assert (log.keys_folder / "evidence-record.pem").read_text() == to_pem([log.trust().record_public])
    assert [each.note for each in log.pinned()] == [note]
    assert log.trust().origin == "kept.test/illumacom"


def test_a_bucket_cut_back_behind_the_anchor_is_seen_and_nothing_is_signed(log: Log) -> None:
    log.checkpoint()
    log.writer.control_run(control_run(Outcome.FAIL))
    log.checkpoint()
    for key in ("records/000000000001", "checkpoints/000000000002"):
        log.store.delete(key)
    assert [str(each) for each in log.verify().problems] == [
        "anchor checkpoints/000000000002: covers 2 records, the log holds 1: its tail was cut"
    ]
    assert log.summaries() == ()
    with pytest.raises(Inconsistent):
        log.checkpoint()


def test_a_second_bucket_remembers_what_bucket_and_folder_have_lost(
    local: Settings, own_log: Settings, bucket: str, tmp_path: Path
) -> None:
    """Whoever cuts the log and the folder's copies alike is seen by the second bucket, and nothing is signed."""
    second, admin = f"{bucket}-copy", client(local.objects, "admin")
    admin.create_bucket(Bucket=second)
    try:
        evidence = own_log.evidence.model_copy(update={"anchor_bucket": second, "anchor_identity": "admin"})
        log = open_log(own_log.model_copy(update={"evidence": evidence}), catalog_of("illumacom"), lambda: datetime.now(UTC))
        log.checkpoint()
        log.writer.control_run(control_run(Outcome.FAIL))
        log.checkpoint()
        for key in ("records/000000000001", "checkpoints/000000000002"):
            log.store.delete(key)
        log.anchors[0].delete("checkpoints/000000000002")
        assert [str(each) for each in log.verify().problems] == [
            "anchor checkpoints/000000000002: covers 2 records, the log holds 1: its tail was cut"
        ]
        with pytest.raises(Inconsistent):
            log.checkpoint()
    finally:
        admin.delete_bucket(Bucket=second)


def test_a_key_that_changed_in_vault_is_refused(log: Log, own_log: Settings) -> None:
    """As after a Vault that was set up anew: what was pinned is no longer what it says."""
    log.checkpoint()
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    (log.keys_folder / "evidence-log.vkey").write_text(f"{VerifierKey('kept.test/illumacom', other)}\n")
    before = list(log.store.list("records/"))
    with pytest.raises(Inconsistent, match="not those pinned"):
        open_log(own_log, log.catalog, now()).checkpoint()
    assert list(log.store.list("records/")) == before


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_clock_that_is_not_the_buckets_is_told_and_nothing_is_written(own_log: Settings, log: Log, off: timedelta) -> None:
    log.checkpoint()
    before = {folder: list(log.store.list(folder)) for folder in ("inbox/", "records/", "checkpoints/")}
    wrong = open_log(own_log, log.catalog, lambda: datetime.now(UTC) + off)
    for act in (lambda: wrong.writer.control_run(control_run()), wrong.checkpoint):
        with pytest.raises(UsageError, match=f"this host's clock says .*, that of the bucket {own_log.evidence.bucket} ") as refusal:
            act()
        assert refusal.value.exit_code == 2
        assert "set the clock right" in refusal.value.hint
    assert {folder: list(log.store.list(folder)) for folder in before} == before


def test_the_second_checkpoint_reads_what_is_new_alone(log: Log) -> None:
    assert log.checkpoint().whole
    log.writer.control_run(control_run())
    report = log.checkpoint()
    assert (report.whole, report.added) == (False, 1)
    assert log.verify().problems == ()


def test_while_vault_is_down_records_wait_and_a_destructive_job_does_not_start(own_log: Settings) -> None:
    down = own_log.model_copy(update={"vault": own_log.vault.model_copy(update={"address": "https://127.0.0.1:9"})})
    with pytest.raises(Unreachable):
        open_log(down, catalog_of("illumacom"), now()).writer.job_started("retention.purge", "r1", now())


def test_while_the_bucket_is_down_records_wait_and_come_late(own_log: Settings) -> None:
    down = own_log.model_copy(update={"objects": own_log.objects.model_copy(update={"endpoint": "https://127.0.0.1:9"})})
    catalog = catalog_of("illumacom")
    assert open_log(down, catalog, now()).writer.job_ended("backup.run", "r1", now()) == ""
    log = open_log(own_log, catalog, now() + timedelta(minutes=1))
    log.checkpoint()
    assert log.verify().problems == ()
    assert log.verify().late == (0,)


def test_the_exported_copy_verifies_offline_and_an_edit_is_named(log: Log, tmp_path: Path) -> None:
    log.writer.control_run(control_run())
    note = log.checkpoint().note
    copy = log.export(tmp_path / "for the auditor")
    (tmp_path / "pinned").write_bytes(note)
    keys = [
        "--record-key",
        copy / "keys/evidence-record.pem",
        "--log-key",
        copy / "keys/evidence-log.vkey",
        "--pinned",
        tmp_path / "pinned",
    ]
    answer = offline(copy, *keys)
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, f"verified: 2 records, root {log.verify().root}")
    assert fingerprint(log.trust().record_public) in answer.stderr
    record = copy / "records/000000000000"
    record.write_bytes(record.read_bytes().replace(b'"payload":"e', b'"payload":"f'))
    answer = offline(copy, *keys)
    assert answer.returncode == 3
    assert "records/000000000000: " in answer.stdout.splitlines()[1]


def test_without_keys_an_offline_copy_is_not_judged(log: Log, tmp_path: Path) -> None:
    """The keys that lie in the copy are never trusted by themselves."""
    log.checkpoint()
    answer = offline(log.export(tmp_path / "copy"))
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "--record-key" in answer.stderr


def test_an_export_over_what_the_log_does_not_have_is_refused_and_changes_nothing(log: Log, tmp_path: Path) -> None:
    log.checkpoint()
    copy = log.export(tmp_path / "copy")
    (copy / "records/000000000009").write_text("left over")
    with pytest.raises(BadData, match="does not have"):
        log.export(copy)
    assert (copy / "records/000000000009").read_text() == "left over"


def offline(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`kept evidence verify FOLDER`, with no settings and no servers."""
    return subprocess.run(
        [KEPT, "evidence", "verify", folder, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"KEPT_HOME": "/nonexistent", "PATH": os.environ["PATH"]},
    )

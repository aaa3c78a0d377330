"""Rotation of the evidence keys on real servers: OpenBao turns, the log announces, the verifier walks, OpenBao closes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence import proofs
from evidence.errors import Inconsistent
from evidence.signing import TransitSigner, fingerprint, to_pem
from evidence.statements import EvidenceKey
from evidence.succession import LOG_KEY, RECORD_KEY
from kept import reporting
from kept.environment import Environment, catalog_of
from kept.evidence_log import Log, open_log
from kept.procedures import evidence_keys as procedure
from kept.procedures.evidence_keys import EvidenceKeysReport, rotate_evidence_keys
from kept.procedures.keys import rotate_keys
from kept.verification import judge_log
from keyrotation import evidence_keys, transit
from keyrotation.ring_schema import create_schema
from promises.model import Catalog
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage
from samples.schema import create_platform
from services.errors import BadData
from services.settings import Settings
from services.vault import Vault
from tests.kept.log_settings import own_log_settings
from tests.own_database import root_vault

NAMES = (RECORD_KEY, LOG_KEY)
HOUR = timedelta(hours=1)


class Died(Exception):  # noqa: N818 - no error of anybody
    """The process is gone."""


@pytest.fixture
def root(local: Settings) -> Iterator[Vault]:
    """Other tests' logs began with versions that are closed here: they are opened again."""
    vault = root_vault(local)
    yield vault
    for name in NAMES:
        vault.write(f"transit/keys/{name}/config", {"min_encryption_version": 0})


@pytest.fixture
def environment(root: Vault, fresh: Settings, bucket: str, tmp_path: Path) -> Environment:
    """An environment with a log, a database and a data folder of its own."""
    settings = own_log_settings(fresh, bucket, tmp_path / "data").model_copy(update={"database": fresh.database})
    made = Environment(settings, catalog_of("illumacom"))
    made.log.writer.control_run(run())
    made.log.checkpoint()
    assert root
    return made


def run() -> ControlRun:
    now = datetime.now(UTC)
    seen = (Observation("transit/backup", Outcome.PASS, "at most 90 days", "12 days"),)
    return ControlRun("keys.rotation", "keys.ages", Surface.LIVE, Vantage.INSIDE, "LIST transit/keys", now, now, seen)


def rotate(environment: Environment, *asked: str, apply: bool = True) -> EvidenceKeysReport:
    return rotate_evidence_keys(environment, frozenset(asked), apply=apply, progress=lambda _: None)


def later(environment: Environment, by: timedelta) -> Environment:
    """The same environment and log, for a run of the rotation that comes later; the log's own records keep the true time."""
    made = replace(environment, clock=lambda: datetime.now(UTC) + by)
    made.__dict__["log"] = environment.log
    return made


def again(log: Log) -> Log:
    """The same log for another process: nothing is remembered but what lies in files."""
    return open_log(log.settings, log.catalog, lambda: datetime.now(UTC))


def _died(*_: object) -> None:
    raise Died


def newest(vault: Vault) -> dict[str, int]:
    return {name: transit.require_key(vault, f"transit/{name}").version for name in NAMES}


def announced(log: Log) -> list[tuple[str, int]]:
    found = log.verify()
    assert found.problems == ()
    return [(each.predicate.next.name, each.predicate.next.version) for each in found.records if isinstance(each.predicate, EvidenceKey)]


def test_two_rotations_of_both_keys_verify_from_the_first_two_pinned_keys(environment: Environment, root: Vault, tmp_path: Path) -> None:
    log, first, before = environment.log, environment.log.trust(), newest(root)
    for generation in (1, 2):
        report = rotate(environment, *NAMES)
        assert [(each.name, each.turned, each.failed) for each in report.results] == [(f"transit/{name}", True, False) for name in NAMES]
        again(log).writer.control_run(run())
        log.checkpoint()
        assert newest(root) == {name: version + generation for name, version in before.items()}
    assert announced(log) == [(name, before[name] + generation) for generation in (1, 2) for name in (LOG_KEY, RECORD_KEY)]
    assert again(log).trust() == first
    assert (log.keys_folder / "evidence-record.pem").read_text() == to_pem([first.record_public])
    publics = {name: list(TransitSigner(root, name).public_keys().values()) for name in NAMES}
    found = log.verify()
    assert [each.public for each in found.keys if each.name == LOG_KEY] == publics[LOG_KEY][-3:]
    assert [each.public for each in found.keys if each.name == RECORD_KEY] == publics[RECORD_KEY][-3:]

    copy = log.export(tmp_path / "copy")
    assert sorted(path.name for path in (copy / "keys").iterdir()) == ["evidence-log.vkey", "evidence-record.pem"]
    data = proofs.to_bytes(log.prove(found.size - 1))
    assert proofs.check(proofs.from_bytes(data), first)[0].number == found.size - 1
    assert log.summaries()


def test_an_unannounced_version_signs_nothing_and_the_next_run_finishes(environment: Environment, root: Vault) -> None:
    """Turned in Vault, and the run died there: writers and checkpointer, old and new processes, go on with the version in force."""
    log, before = environment.log, newest(root)
    for name in NAMES:
        root.write(f"transit/keys/{name}/rotate", {})
    again(log).writer.control_run(run())
    again(log).checkpoint()
    assert announced(log) == []
    assert [each.reason for each in rotate(environment, apply=False).plan] == [
        f"version {before[name] + 1} is in Vault and not announced" for name in NAMES
    ]
    report = rotate(environment)
    assert announced(log) == [(name, before[name] + 1) for name in (LOG_KEY, RECORD_KEY)]
    assert newest(root) == {name: version + 1 for name, version in before.items()}, "finished, not turned once more"
    assert [each.in_force for each in report.after] == [before[name] + 1 for name in NAMES]


STEPS = ("turn", "checkpoint")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_dies_at_a_step_is_finished_by_the_next(
    environment: Environment, root: Vault, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    log, before = environment.log, newest(root)
    steps: Any = Log if step == "checkpoint" else evidence_keys
    real = getattr(steps, step)

    def dying(*arguments: Any, **more: Any) -> Any:
        if step == "checkpoint" and not (more or arguments[1:]):
            return real(*arguments, **more)
        if after:
            real(*arguments, **more)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(steps, step, dying)
        with pytest.raises(Died):
            rotate(environment, *NAMES)
    again(log).writer.control_run(run())
    again(log).checkpoint()
    rotate(environment, *NAMES) if step == "turn" and not after else rotate(environment)
    again(log).writer.control_run(run())
    again(log).checkpoint()
    turned = {name for name, version in newest(root).items() if version > before[name]}
    expected = {RECORD_KEY} if step == "turn" and after else set(NAMES)
    assert turned == expected, "each key once: what was not reached is due in its own time"
    assert newest(root) == {name: version + (name in expected) for name, version in before.items()}
    assert {name for name, _ in announced(log)} == expected


def test_old_versions_are_closed_in_vault_when_the_log_accepts_them_no_more(environment: Environment, root: Vault) -> None:
    """The log key at once, for only the checkpointer signs with it; the record key when its overlap is over."""
    report = rotate(environment, *NAMES)
    open_from = {each.name: each.signs_from for each in report.after}
    assert open_from[LOG_KEY] < newest(root)[LOG_KEY], "not at the very moment of the announcement"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_keys, "close", _died)
        with pytest.raises(Died):
            rotate(later(environment, HOUR))
    soon = rotate(later(environment, HOUR))
    assert [each.signs_from == each.in_force for each in soon.after] == [False, True]
    day = rotate(later(environment, 24 * HOUR))
    assert [each.signs_from == each.in_force for each in day.after] == [True, True]
    assert rotate(later(environment, 24 * HOUR), apply=False).plan[0].idle
    again(environment.log).writer.control_run(run())
    environment.log.checkpoint()
    assert environment.log.verify().problems == ()


def test_a_process_that_missed_the_rotation_learns_of_it_from_the_log(environment: Environment) -> None:
    """Its remembered key is not Vault's newest, so it reads the log; without a memory it does the same."""
    log = environment.log
    remembered = log.keys_folder / "in-force.pem"
    old = remembered.read_text()
    rotate(environment, RECORD_KEY)
    in_force = log.verify().keys[-1].public
    for text in (old, None):
        remembered.unlink()
        if text:
            remembered.write_text(text)
        assert again(log).key_in_force() == in_force
        assert remembered.read_text() == to_pem([in_force])


def test_a_second_host_begins_with_the_keys_the_log_began_with(environment: Environment, tmp_path: Path) -> None:
    first = environment.log.trust()
    rotate(environment, *NAMES)
    elsewhere = environment.settings.model_copy(update={"data": tmp_path / "elsewhere"})
    log = open_log(elsewhere, environment.catalog, lambda: datetime.now(UTC))
    assert log.trust() == first
    log.writer.control_run(run())
    log.checkpoint()
    assert log.verify().problems == ()


def test_a_key_that_is_due_is_turned_and_one_that_is_not_stays(environment: Environment, root: Vault) -> None:
    before = newest(root)
    assert [each.reason for each in rotate(later(environment, timedelta(days=77)), apply=False).plan] == ["nothing to do"] * 2
    planned = rotate(later(environment, timedelta(days=78)), apply=False)
    assert [each.reason for each in planned.plan] == ["due by its age"] * 2
    assert newest(root) == before
    assert announced(environment.log) == []
    rotate(later(environment, timedelta(days=78)))
    assert newest(root) == {name: version + 1 for name, version in before.items()}


def test_a_log_that_does_not_verify_is_not_built_upon(environment: Environment, root: Vault) -> None:
    before = newest(root)
    environment.log.store.delete("records/000000000000")
    for apply in (False, True):
        with pytest.raises(BadData, match="the log does not verify: records/000000000000"):
            rotate(environment, *NAMES, apply=apply)
    assert newest(root) == before


def impatient(catalog: Catalog) -> Catalog:
    """The same promises, with figures by which every key is due as soon as it is there."""
    ages = {"max_age": timedelta(hours=2), "warn_age": timedelta(seconds=2)}
    promises = tuple(
        replace(each, parameters={**each.parameters, **ages}) if each.id == "keys.rotation" else each for each in catalog.promises
    )
    return replace(catalog, promises=promises, schedule={**catalog.schedule, "keys.rotate": timedelta(seconds=1)})


def test_the_scheduled_job_turns_the_evidence_keys_and_is_judged_by_them(
    environment: Environment, root: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`keys.rotate` announces what is due before its other work; that the evidence keys failed fails its control, by their names."""
    with environment.clients.database(autocommit=True) as connection:
        create_schema(connection)
        create_platform(connection)
    hurried = replace(environment, catalog=impatient(environment.catalog))
    hurried.__dict__["log"] = environment.log
    before = newest(root)
    report = rotate_keys(hurried, apply=True, progress=lambda _: None)
    assert newest(root) == {name: version + 1 for name, version in before.items()}
    turned = {each.name: each for each in report.results}
    assert [turned[f"transit/{name}"].turned for name in NAMES] == [True, True]
    assert announced(environment.log) == [(name, before[name] + 1) for name in (LOG_KEY, RECORD_KEY)]

    def failing(*_: object) -> None:
        raise Inconsistent("the log is not what was signed")

    monkeypatch.setattr(procedure, "_rotate", failing)
    report = rotate_keys(hurried, apply=True, progress=lambda _: None)
    assert {each.name for each in report.failures} >= {f"transit/{name}" for name in NAMES}
    judged = [each for each in environment.log.summaries() if each.control == "keys.rotated"][-1]
    failed = {each.subject: each.observed for each in judged.listed if each.outcome is Outcome.FAIL}
    assert {subject: failed[subject] for subject in failed if "evidence" in subject} == {
        f"key transit/{name}": "inconsistent-log" for name in NAMES
    }
    root.write("transit/keys/backup/config", {"auto_rotate_period": "0"})


def test_the_page_tells_the_history_of_the_keys(environment: Environment, root: Vault) -> None:
    """Which key signs what, from where to where, and which record announces it: under "can this be trusted"."""
    rotate(environment, *NAMES)
    versions = newest(root)
    log, record = environment.log.verify().keys[2:]
    trust = reporting.report_of(environment, judge_log(environment)).trust
    assert [(key.name, key.purpose) for key in trust.keys] == [
        (RECORD_KEY, f"signs records from the beginning: the key to hold, replaced from {record.valid_from} on"),
        (LOG_KEY, f"signs checkpoints from the beginning: the key to hold, replaced from {log.valid_from} on"),
        (LOG_KEY, f"signs checkpoints from {log.valid_from} on, announced by record {log.valid_from - 1}"),
        (RECORD_KEY, f"signs records from {record.valid_from} on, announced by record {record.valid_from - 1}"),
    ]
    assert [key.fingerprint for key in trust.keys] == [fingerprint(each.public) for each in environment.log.verify().keys]
    assert (log.version, record.version) == (versions[LOG_KEY], versions[RECORD_KEY])

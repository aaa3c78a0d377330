"""The rotation on real servers: generations, two at once, a crash at every call, and wraps that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from keyrotation import rotation, transit
from keyrotation.cipher import FieldCipher
from keyrotation.errors import LockTaken, UnknownKey
from keyrotation.key_cache import KeyCache
from keyrotation.opening import open_ring
from keyrotation.ring import KeyState, Ring
from keyrotation.rotation import Rotation
from keyrotation.rotation_report import RotationReport
from promises.loading import load_catalog
from promises.model import Catalog
from samples.drift import age_key
from services import database
from services.clients import Clients
from services.errors import Refused
from services.vault import Denied, Vault
from tests.own_database import Watched

Rotate = Callable[..., RotationReport]
Age = Callable[[UUID], None]

COLUMN = 103
OLD = timedelta(days=120)


class Crash(Exception):  # noqa: N818 - what happened
    pass


@dataclass
class Fuse:
    """Blows at the call after `left` more; counts what went through."""

    left: int
    calls: list[str] = field(default_factory=list)

    def burn(self, call: str) -> None:
        if len(self.calls) >= self.left:
            raise Crash(call)
        self.calls.append(call)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog("illumacom", None)


@pytest.fixture
def age(root: Vault, ring: Ring) -> Age:
    """Make a merchant's key and its active data key old."""

    def make_old(merchant: UUID) -> None:
        age_key(root, merchant, OLD)
        ring.connection.execute("UPDATE kept.data_key SET created_at = created_at - %s WHERE merchant = %s", (OLD, merchant))

    return make_old


@pytest.fixture
def rotate(clients: Clients, ring: Ring, catalog: Catalog) -> Rotate:
    """Run a rotation over some merchants alone; `before` hears of every request to Vault."""

    def run(*merchants: UUID, apply: bool = True, over: Ring = ring, before: Callable[[str], None] = lambda _path: None) -> RotationReport:
        vaults = [Watched(clients.vault(role), set(merchants), before) for role in ("rotate", "app")]
        return Rotation(over, *vaults, uuid4(), lambda _line: None).run(catalog, datetime.now(UTC), apply=apply)  # type: ignore[arg-type]

    return run


def result_of(report: RotationReport, merchant: UUID) -> Any:
    return next(each for each in report.results if each.name == f"pii/{merchant}")


def cipher_of(ring: Ring, app: Vault) -> FieldCipher:
    return FieldCipher(KeyCache(ring, app))


def row(number: int) -> bytes:
    return number.to_bytes(16, "big")


def all_state(ring: Ring, root: Vault, merchant: UUID) -> tuple[Any, ...]:
    count = ring.connection.execute("SELECT count(*) FROM kept.key_event").fetchone()
    return ring.keys(merchant), ring.active(merchant), root.read(f"pii/keys/{merchant}"), count


def test_values_of_four_generations_are_read_by_readers_of_every_generation(
    ring: Ring,
    app: Vault,
    merchant: UUID,
    new_merchant: Callable[[], UUID],
    age: Age,
    rotate: Rotate,
) -> None:
    """Each generation has a version of the key and a data key of its own, and a reader that was opened in it and stays open."""
    readers, stored, stranger = [], [], new_merchant()
    for generation in range(4):
        if generation:
            age(merchant)
            assert rotate(merchant).failures == ()
        readers.append(cipher_of(ring, app))
        stored.append(readers[-1].encrypt(merchant, COLUMN, row(generation), b"value %d" % generation))
    assert [transit.version_of(key.wrapped or "") for key in ring.keys(merchant)] == [4, 4, 4, 4]
    for reader in readers:
        for generation, value in enumerate(stored):
            assert reader.decrypt(merchant, COLUMN, row(generation), value) == b"value %d" % generation
    with pytest.raises(UnknownKey):
        readers[0].decrypt(stranger, COLUMN, row(3), stored[3])
    ring.connection.execute(
        "UPDATE kept.data_key SET state = 'destroyed', wrapped = NULL, candidate = NULL WHERE merchant = %s AND kid = 2", (merchant,)
    )
    fresh = cipher_of(ring, app)
    for generation, value in enumerate(stored):
        if generation == 1:
            with pytest.raises(UnknownKey):
                fresh.decrypt(merchant, COLUMN, row(generation), value)
        else:
            assert fresh.decrypt(merchant, COLUMN, row(generation), value) == b"value %d" % generation


def test_a_plan_changes_nothing_and_names_what_is_due(ring: Ring, root: Vault, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    before = all_state(ring, root, merchant)
    report = rotate(merchant, apply=False)
    assert all_state(ring, root, merchant) == before
    assert [turn.name for turn in report.plan.turns if turn.turned] == [f"pii/{merchant}"]
    assert [(each.merchant, each.kid, each.reason) for each in report.plan.replacements if each.merchant == merchant] == [
        (merchant, 1, "age")
    ]
    assert (report.results, report.applied) == ((), False)
    assert "nothing was changed" in report.summary()


def test_an_old_key_is_turned_its_data_keys_carried_over_and_a_new_one_made(
    ring: Ring, merchant: UUID, age: Age, rotate: Rotate, catalog: Catalog
) -> None:
    age(merchant)
    report = rotate(merchant)
    result = result_of(report, merchant)
    assert (result.version_before, result.version_after, result.kid_before, result.kid_after) == (1, 2, 1, 2)
    assert (result.wraps.seen, result.wraps.behind, result.wraps.rewrapped, result.wraps.checked, result.wraps.mismatches) == (
        1,
        1,
        1,
        1,
        0,
    )
    young = [key for key in report.register.keys if str(merchant) in key.name]
    assert len(young) == 2
    assert all(key.age(datetime.now(UTC)) < timedelta(days=1) for key in young)
    steps = ring.connection.execute("SELECT step FROM kept.key_event WHERE run = %s ORDER BY number", (report.run,)).fetchall()
    assert [step for (step,) in steps] == ["turn", "rewrap", "check", "create", "activate"]
    assert "1 keys turned" in report.summary()


def test_automatic_rotation_is_set_to_the_promised_figure(root: Vault, merchant: UUID, rotate: Rotate) -> None:
    root.write(f"pii/keys/{merchant}/config", {"auto_rotate_period": "0"})
    rotate(merchant)
    assert root.read(f"pii/keys/{merchant}")["auto_rotate_period"] == timedelta(days=89).total_seconds()
    assert root.read("transit/keys/backup")["auto_rotate_period"] == timedelta(days=89).total_seconds()
    assert root.read("transit/keys/evidence-record")["auto_rotate_period"] == 0


def test_a_second_run_finds_nothing_to_do(ring: Ring, root: Vault, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    rotate(merchant)
    before = all_state(ring, root, merchant)
    result = result_of(rotate(merchant), merchant)
    assert not result.turned
    assert result.wraps.behind == 0
    assert all_state(ring, root, merchant) == before


def test_a_key_that_vault_turned_by_itself_is_not_turned_again_but_carried_over(
    ring: Ring, root: Vault, merchant: UUID, age: Age, rotate: Rotate
) -> None:
    """Vault turns the key between the plan and the work."""
    age(merchant)
    seen: list[str] = []

    def turn_once(path: str) -> None:
        if path == f"pii/keys/{merchant}" and path in seen and "turned" not in seen:
            seen.append("turned")
            transit.turn(root, f"pii/{merchant}")
        seen.append(path)

    result = result_of(rotate(merchant, before=turn_once), merchant)
    assert root.read(f"pii/keys/{merchant}")["latest_version"] == 2
    assert (result.version_after, result.wraps.checked) == (2, 1)
    assert transit.version_of(ring.key(merchant, 1).wrapped or "") == 2


def test_two_rotations_at_once_are_one(clients: Clients, ring: Ring, root: Vault, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    before = all_state(ring, root, merchant)
    with open_ring(clients) as other, other.rotation_lock():
        with pytest.raises(LockTaken):
            rotate(merchant)
        assert all_state(ring, root, merchant) == before
    assert result_of(rotate(merchant), merchant).version_after == 2


def test_a_wrong_commitment_keeps_the_old_wrap_and_fails_the_report(ring: Ring, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    wrapped = ring.key(merchant, 1).wrapped
    ring.connection.execute("UPDATE kept.data_key SET commitment = %s WHERE merchant = %s", (bytes(32), merchant))
    report = rotate(merchant)
    result = result_of(report, merchant)
    assert (result.wraps.behind, result.wraps.checked, result.wraps.mismatches) == (1, 0, 1)
    assert report.failures == (result,)
    assert (ring.key(merchant, 1).wrapped, ring.key(merchant, 1).candidate) == (wrapped, None)
    (step,) = ring.connection.execute("SELECT step FROM kept.key_event WHERE run = %s AND step = 'mismatch'", (report.run,)).fetchone() or (
        "",
    )
    assert step == "mismatch"


def test_swapped_wraps_are_both_refused(ring: Ring, app: Vault, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    rotate(merchant)
    age(merchant)
    one, two = ring.keys(merchant)
    for key, wrapped in ((one, two.wrapped), (two, one.wrapped)):
        ring.connection.execute("UPDATE kept.data_key SET wrapped = %s WHERE merchant = %s AND kid = %s", (wrapped, merchant, key.kid))
    result = result_of(rotate(merchant), merchant)
    assert (result.wraps.behind, result.wraps.checked, result.wraps.mismatches) == (2, 0, 2)
    assert [key.wrapped for key in ring.keys(merchant)[:2]] == [two.wrapped, one.wrapped]


def test_a_damaged_wrap_fails_its_merchant_and_stops_no_other(
    ring: Ring, merchant: UUID, new_merchant: Callable[[], UUID], age: Age, rotate: Rotate
) -> None:
    other = new_merchant()
    for each in (merchant, other):
        age(each)
    ring.connection.execute("UPDATE kept.data_key SET wrapped = 'vault:v1:AAAA' WHERE merchant = %s", (merchant,))
    report = rotate(merchant, other)
    assert [each.name for each in report.failures] == [f"pii/{merchant}"]
    assert result_of(report, merchant).wraps.failed == 1
    assert result_of(report, other).wraps.checked == 1


def test_a_refusal_of_vaults_is_a_problem_of_that_key_and_quotes_nothing(ring: Ring, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    before = ring.keys(merchant)

    def refuse(path: str) -> None:
        if path.startswith("pii/rewrap"):
            raise Denied("no")

    result = result_of(rotate(merchant, before=refuse), merchant)
    assert (result.problem, result.failed) == ("refused", True)
    assert ring.keys(merchant) == before


def test_a_soft_deleted_key_is_left_alone(ring: Ring, root: Vault, merchant: UUID, age: Age, rotate: Rotate) -> None:
    age(merchant)
    root.delete(f"pii/keys/{merchant}/soft-delete")
    before = all_state(ring, root, merchant)
    assert not result_of(rotate(merchant), merchant).turned
    assert all_state(ring, root, merchant) == before


def test_keys_that_should_exist_and_do_not_are_named(ring: Ring, root: Vault, merchant: UUID, rotate: Rotate) -> None:
    root.write(f"pii/keys/{merchant}/config", {"deletion_allowed": True})
    root.delete(f"pii/keys/{merchant}")
    ring.connection.execute("DELETE FROM kept.active_key WHERE merchant = %s", (merchant,))
    assert {f"pii/{merchant}", f"data/{merchant}"} <= set(rotate(merchant).register.missing)


def test_a_platform_without_merchants_table_is_refused(clients: Clients, catalog: Catalog) -> None:
    elsewhere = Clients(clients.settings.model_copy(update={"database": clients.settings.database.model_copy(update={"name": "postgres"})}))
    with pytest.raises(Refused):
        rotation.rotate(elsewhere, catalog, datetime.now(UTC), lambda _: None)


def test_the_job_runs_over_all_keys_of_the_server(clients: Clients, merchant: UUID, catalog: Catalog, age: Age) -> None:
    age(merchant)
    lines: list[str] = []
    report = rotation.rotate(clients, catalog, datetime.now(UTC), lines.append, apply=True)
    assert result_of(report, merchant).turned
    assert lines[-1].startswith(f"rotation: {len(report.plan.turns)} of")


@pytest.fixture
def fused(clients: Clients) -> Iterator[Callable[[Fuse], Ring]]:
    """A ring whose connection dies, as a killed process's would, at the statement where the fuse blows."""
    opened: list[psycopg.Connection[Any]] = []

    def make(fuse: Fuse) -> Ring:
        class Dying(psycopg.Cursor[Any]):
            def execute(self, query: Any, *arguments: Any, **named: Any) -> Any:
                try:
                    fuse.burn(str(query)[:40])
                except Crash:
                    self.connection.close()
                    raise
                return super().execute(query, *arguments, **named)

        parameters = database.parameters(clients.settings.database)
        connection = psycopg.connect(**parameters, autocommit=True, cursor_factory=Dying)
        opened.append(connection)
        return Ring(connection)

    yield make
    for connection in opened:
        connection.close()


def wait_for_lock(ring: Ring) -> None:
    """A killed client's locks are free when the server has noticed; this waits for that, within a bound."""
    ring.connection.execute("SET lock_timeout = '30s'")
    with ring.connection.transaction():
        ring.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('kept.keys.rotation', 0))")


def test_a_crash_at_every_call_leaves_everything_readable_and_the_next_run_finishes(
    ring: Ring,
    app: Vault,
    root: Vault,
    new_merchant: Callable[[], UUID],
    age: Age,
    rotate: Rotate,
    fused: Callable[[Fuse], Ring],
) -> None:
    """The process dies before its n-th call to Vault or Postgres, for every n until a run needs no more than n."""
    reading = Fuse(10_000)
    rotate(new_merchant(), apply=False, over=fused(reading), before=reading.burn)
    first = crashes = len(reading.calls) // 2 - 2  # a plan reads the register twice; a crash while reading changes nothing
    finished = False
    while not finished:
        merchant = new_merchant()
        stored = cipher_of(ring, app).encrypt(merchant, COLUMN, row(0), b"kept")
        age(merchant)
        fuse = Fuse(crashes)
        try:
            rotate(merchant, over=fused(fuse), before=fuse.burn)
            finished = True
        except Crash:
            crashes += 1
        assert cipher_of(ring, app).decrypt(merchant, COLUMN, row(0), stored) == b"kept", fuse.calls
        wait_for_lock(ring)
        resumed = rotate(merchant)
        assert resumed.failures == (), fuse.calls
        assert root.read(f"pii/keys/{merchant}")["latest_version"] == 2, fuse.calls
        assert [transit.version_of(key.wrapped or "") for key in ring.keys(merchant)] == [2, 2], fuse.calls
        assert {(key.candidate, key.state) for key in ring.keys(merchant)} == {(None, KeyState.ACTIVE)}, fuse.calls
        assert ring.active(merchant) == 2, fuse.calls
        reader = cipher_of(ring, app)
        assert reader.decrypt(merchant, COLUMN, row(0), stored) == b"kept", fuse.calls
        assert reader.encrypt(merchant, COLUMN, row(1), b"new")[:5] == b"\1\0\0\0\2", fuse.calls
    assert crashes - first > 20

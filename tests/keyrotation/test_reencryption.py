"""The re-encryption job on real servers: after it every value decrypts and none is left on an earlier key; keys retire on proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from keyrotation.cipher import FieldCipher
from keyrotation.columns import sealed_tables
from keyrotation.data_keys import create_data_key
from keyrotation.errors import LockTaken
from keyrotation.format import uuid_key
from keyrotation.key_cache import KeyCache
from keyrotation.opening import open_ring
from keyrotation.reencryption import Pace, Worker, reencrypt
from keyrotation.ring import KeyState, Ring
from promises.loading import load_catalog
from promises.model import DataMap
from samples.schema import create_merchant_tables, schema_name
from services.clients import Clients
from services.vault import Vault

ADDRESS = 103
NOW = timedelta()


@pytest.fixture(scope="module")
def data_map() -> DataMap:
    return load_catalog("illumacom", None).data_map


@pytest.fixture
def shop(ring: Ring, merchant: UUID) -> Iterator[UUID]:
    """A merchant with the sample's tables; the others of this module are out of the platform's register meanwhile."""
    ring.connection.execute("UPDATE platform.merchant SET status = 'erased' WHERE id <> %s", (merchant,))
    create_merchant_tables(ring.connection, merchant)
    yield merchant
    ring.connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema_name(merchant))))


@pytest.fixture
def worker(clients: Clients, ring: Ring, app: Vault, data_map: DataMap) -> Worker:
    return Worker(clients, ring, KeyCache(ring, app), tuple(sealed_tables(data_map)), uuid4(), Pace(), settled=NOW)


def put(ring: Ring, cipher: FieldCipher, merchant: UUID, address: str) -> UUID:
    key = uuid4()
    insert = sql.SQL("INSERT INTO {} (id, address, marketplace, created_at) VALUES (%s, %s, 'x', now())")
    table = sql.Identifier(schema_name(merchant), "buyers")
    ring.connection.execute(insert.format(table), (key, cipher.encrypt(merchant, ADDRESS, uuid_key(key), address.encode())))
    return key


def addresses(ring: Ring, cipher: FieldCipher, merchant: UUID) -> dict[UUID, str]:
    rows = ring.connection.execute(sql.SQL("SELECT id, address FROM {}").format(sql.Identifier(schema_name(merchant), "buyers")))
    return {key: cipher.decrypt(merchant, ADDRESS, uuid_key(key), stored).decode() for key, stored in rows}


def states(ring: Ring, merchant: UUID) -> list[KeyState]:
    return [key.state for key in ring.keys(merchant)]


@pytest.fixture
def aged(ring: Ring, app: Vault, worker: Worker, shop: UUID) -> dict[UUID, str]:
    """Three values under the first key, one under the second, and the second is active."""
    cipher = FieldCipher(worker.cache)
    written = {put(ring, cipher, shop, f"{number} Elm Street"): f"{number} Elm Street" for number in range(3)}
    create_data_key(ring, app, shop, replacing=1)
    worker.cache.look_again(shop)
    return written | {put(ring, cipher, shop, "9 Oak Street"): "9 Oak Street"}


def test_values_stand_under_the_active_key_and_the_one_before_it_retires(worker: Worker, ring: Ring, shop: UUID, aged: Any) -> None:
    result = worker.one(shop, schema_name(shop), apply=True)
    assert (result.kid, result.swept.changed, result.left, result.retired, result.in_use) == (2, 3, 0, (1,), ())
    assert not result.failed
    assert states(ring, shop) == [KeyState.RETIRED, KeyState.ACTIVE]
    assert ring.key(shop, 1).wrapped is not None
    assert addresses(ring, FieldCipher(worker.cache), shop) == aged


def test_a_plan_changes_nothing_and_tells_what_is_left(clients: Clients, data_map: DataMap, ring: Ring, shop: UUID, aged: Any) -> None:
    report = reencrypt(clients, data_map, lambda _line: None)
    assert [(each.merchant, each.left, each.in_use) for each in report.results] == [(shop, 3, (1,))]
    assert states(ring, shop) == [KeyState.ACTIVE, KeyState.ACTIVE]
    assert report.summary() == "3 values of 1 merchants stand under earlier data keys; nothing was changed"


def test_a_key_that_applications_may_still_write_under_does_not_retire(worker: Worker, ring: Ring, shop: UUID, aged: Any) -> None:
    result = replace(worker, settled=timedelta(hours=1)).one(shop, schema_name(shop), apply=True)
    assert (result.left, result.retired, result.in_use) == (0, (), (1,))
    assert states(ring, shop) == [KeyState.ACTIVE, KeyState.ACTIVE]


def test_a_key_whose_activation_is_not_recorded_settles_nothing(worker: Worker, ring: Ring, shop: UUID, aged: Any) -> None:
    ring.connection.execute("DELETE FROM kept.key_event WHERE merchant = %s", (shop,))
    assert worker.one(shop, schema_name(shop), apply=True).retired == ()


def test_a_writer_that_held_on_to_the_old_key_keeps_it_from_retiring(worker: Worker, ring: Ring, app: Vault, shop: UUID, aged: Any) -> None:
    """The row it writes after the sweep is found by the next run."""
    late = KeyCache(ring, app)
    late._writing[shop] = late._current(shop)
    late._writing[shop].kid = 1
    key = put(ring, FieldCipher(late), shop, "late")
    table = sql.Identifier(schema_name(shop), "buyers")
    taken = ring.connection.execute(sql.SQL("DELETE FROM {} WHERE id = %s RETURNING address").format(table), (key,)).fetchone()
    assert taken is not None

    class Late(Worker):
        def _retire(self, *arguments: Any, **options: Any) -> Any:
            insert = sql.SQL("INSERT INTO {} (id, address, marketplace, created_at) VALUES (%s, %s, 'x', now())").format(table)
            ring.connection.execute(insert, (key, taken[0]))
            return super()._retire(*arguments, **options)

    result = Late(**vars(worker)).one(shop, schema_name(shop), apply=True)
    assert (result.left, result.retired, result.in_use) == (1, (), (1,))
    assert worker.one(shop, schema_name(shop), apply=True).retired == (1,)
    assert addresses(ring, FieldCipher(worker.cache), shop) == aged | {key: "late"}


def test_a_bad_value_fails_its_merchant_and_keeps_its_key(worker: Worker, ring: Ring, shop: UUID, aged: Any) -> None:
    key = next(iter(aged))
    table = sql.Identifier(schema_name(shop), "buyers")
    ring.connection.execute(sql.SQL("UPDATE {} SET address = address || '\\x00' WHERE id = %s").format(table), (key,))
    result = worker.one(shop, schema_name(shop), apply=True)
    assert result.failed
    assert (result.left, result.in_use) == (1, (1,))


def test_a_merchant_without_keys_does_not_stop_the_others(worker: Worker) -> None:
    result = worker.one(uuid4(), "nowhere", apply=True)
    assert (result.problem, result.failed) == ("unknown-key", True)


def test_two_runs_at_once_are_refused(clients: Clients, data_map: DataMap) -> None:
    with open_ring(clients) as other, other.reencryption_lock(), pytest.raises(LockTaken, match="another re-encryption is running"):
        reencrypt(clients, data_map, lambda _line: None, apply=True)


@pytest.mark.parametrize(
    ("rate", "batches", "waited"),
    {
        "no rate: no waiting": (0, [5000, 5000], []),
        "a batch waits for as long as its rows may take": (1000, [5000, 2500], [5, 2.5]),
    }.values(),
)
def test_the_pace(rate: float, batches: list[int], waited: list[float]) -> None:
    now = [100.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(rate, sleep, lambda: now[0])
    for rows in batches:
        pace(rows)
    assert slept == waited


def test_time_that_the_work_itself_took_is_not_waited_for_again() -> None:
    now, slept = [0.0], list[float]()
    pace = Pace(1000, slept.append, lambda: now[0])
    pace(1000)
    now[0] = 10
    pace(1000)
    assert slept == [1, 1]

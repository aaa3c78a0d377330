"""The ring on a real Postgres: numbers, states, budgets, compare-and-set, locks, records."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from keyrotation.errors import LockTaken, UnknownKey
from keyrotation.opening import open_ring
from keyrotation.ring import NONCE_BLOCK, NONCE_CAP, KeyEvent, KeyState, Ring
from keyrotation.ring_schema import create_schema
from services.clients import Clients
from services.errors import Refused, UsageError

EVENT = KeyEvent(None, None, None, "test")


@pytest.fixture
def merchant(ring: Ring) -> UUID:
    """A merchant whose keys are made up: the ring opens none."""
    merchant = uuid4()
    ring.add(merchant, 1, "vault:v1:one", bytes(32), EVENT)
    return merchant


def events(ring: Ring) -> int:
    row = ring.connection.execute("SELECT count(*) FROM kept.key_event").fetchone()
    assert row is not None
    return int(row[0])


def test_a_connection_that_does_not_commit_at_once_is_refused(clients: Clients) -> None:
    with clients.database() as connection, pytest.raises(UsageError, match="autocommit"):
        Ring(connection)


def test_a_database_without_the_tables_says_so(clients: Clients) -> None:
    with clients.database("postgres", autocommit=True) as connection, pytest.raises(Refused, match="no key ring"):
        Ring(connection).all_keys()


def test_the_tables_can_be_made_by_many_at_once(clients: Clients) -> None:
    def make(_: int) -> None:
        with clients.database(autocommit=True) as connection:
            create_schema(connection)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(8)))


def test_a_new_key_is_pending_and_not_active(ring: Ring, merchant: UUID) -> None:
    assert ring.active(merchant) is None
    assert [key.state for key in ring.keys(merchant)] == [KeyState.PENDING]


def test_a_key_is_in_the_ring_for_others_as_soon_as_it_is_added(clients: Clients, merchant: UUID) -> None:
    with open_ring(clients) as other:
        assert other.key(merchant, 1).wrapped == "vault:v1:one"


def test_the_active_key_is_the_one_that_was_named(ring: Ring, merchant: UUID) -> None:
    """Not the first, not the last: an earlier one can be made active again."""
    ring.add(merchant, 2, "vault:v1:two", bytes(32), EVENT)
    for kid in (2, 1):
        ring.activate(merchant, kid, EVENT)
        assert ring.active(merchant) == ring.all_active()[merchant] == kid
    assert {key.state for key in ring.keys(merchant)} == {KeyState.ACTIVE}


def test_a_key_that_is_not_in_the_ring_cannot_be_activated(ring: Ring, merchant: UUID) -> None:
    before = events(ring)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        ring.activate(merchant, 9, EVENT)
    assert ring.active(merchant) is None
    assert events(ring) == before


def test_a_number_is_never_used_again(ring: Ring, merchant: UUID) -> None:
    ring.add(merchant, 2, "vault:v1:two", bytes(32), EVENT)
    ring.connection.execute("UPDATE kept.data_key SET state = 'destroyed', wrapped = NULL WHERE merchant = %s AND kid = 2", (merchant,))
    assert ring.next_kid(merchant) == 3
    with pytest.raises(UnknownKey, match="destroyed"):
        ring.key(merchant, 2)
    with pytest.raises(UnknownKey, match="missing"):
        ring.key(merchant, 3)


def test_nonces_are_counted_and_never_beyond_the_cap(ring: Ring, clients: Clients, merchant: UUID) -> None:
    ring.activate(merchant, 1, EVENT)
    assert ring.reserve(merchant, 1, NONCE_BLOCK)
    with open_ring(clients) as other:
        assert other.key(merchant, 1).nonces_reserved == NONCE_BLOCK
    assert not ring.reserve(merchant, 1, NONCE_CAP)
    assert ring.key(merchant, 1).nonces_reserved == NONCE_BLOCK


def test_no_nonce_is_given_for_a_key_that_is_not_active(ring: Ring, merchant: UUID) -> None:
    assert not ring.reserve(merchant, 1, 1)


LOST: dict[str, Callable[[Ring, UUID], bool]] = {
    "a rewrap of a wrap that is gone": lambda ring, merchant: ring.propose(merchant, 1, "vault:v1:gone", "vault:v2:new", EVENT),
    "a confirmation of another candidate": lambda ring, merchant: ring.confirm(merchant, 1, "vault:v2:other", EVENT),
    "a rejection of another candidate": lambda ring, merchant: ring.reject(merchant, 1, "vault:v2:other", EVENT),
}


@pytest.mark.parametrize("case", LOST)
def test_what_loses_the_comparison_changes_and_records_nothing(ring: Ring, merchant: UUID, case: str) -> None:
    before: tuple[Any, ...] = (ring.keys(merchant), events(ring))
    assert not LOST[case](ring, merchant)
    assert (ring.keys(merchant), events(ring)) == before


def test_the_old_wrap_stays_until_the_new_one_is_confirmed(ring: Ring, merchant: UUID) -> None:
    assert ring.propose(merchant, 1, "vault:v1:one", "vault:v2:one", EVENT)
    assert (ring.key(merchant, 1).wrapped, ring.key(merchant, 1).candidate) == ("vault:v1:one", "vault:v2:one")
    assert ring.confirm(merchant, 1, "vault:v2:one", EVENT)
    assert (ring.key(merchant, 1).wrapped, ring.key(merchant, 1).candidate) == ("vault:v2:one", None)


def test_a_rejected_candidate_leaves_the_old_wrap(ring: Ring, merchant: UUID) -> None:
    ring.propose(merchant, 1, "vault:v1:one", "vault:v2:bad", EVENT)
    assert ring.reject(merchant, 1, "vault:v2:bad", EVENT)
    assert (ring.key(merchant, 1).wrapped, ring.key(merchant, 1).candidate) == ("vault:v1:one", None)


def test_one_rotation_at_a_time_and_the_lock_goes_with_its_process(clients: Clients) -> None:
    with open_ring(clients) as one, open_ring(clients) as other:
        with one.rotation_lock():
            with pytest.raises(LockTaken, match="another rotation"), other.rotation_lock():
                pytest.fail("two rotations at once")
            one.connection.close()
        other.connection.execute("SET lock_timeout = '30s'")
        waited = "hashtextextended('kept.keys.rotation', 0)"
        other.connection.execute(f"SELECT pg_advisory_lock({waited}), pg_advisory_unlock({waited})")
        with other.rotation_lock():
            pass


def test_records_hold_neither_wraps_nor_keys(ring: Ring, merchant: UUID) -> None:
    ring.propose(merchant, 1, "vault:v1:one", "vault:v2:one", KeyEvent(uuid4(), merchant, 1, "rewrap", "v1", "v2"))
    row = ring.connection.execute("SELECT step, before, after FROM kept.key_event ORDER BY number DESC LIMIT 1").fetchone()
    assert row == ("rewrap", "v1", "v2")

"""Opened keys in memory: how often Vault is asked, how long they live, how nonces are counted, and that a fork is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from keyrotation.cipher import FieldCipher
from keyrotation.data_keys import create_data_key
from keyrotation.errors import ForkedProcessError, UnknownKey, WrongCommitment
from keyrotation.key_cache import KeyCache
from keyrotation.ring import NONCE_BLOCK, NONCE_CAP, Ring
from services.vault import Vault
from tests.own_database import Watched

ROW = bytes(16)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def cache(ring: Ring, app: Vault, clock: Clock, asked: list[str]) -> KeyCache:
    return KeyCache(ring, Watched(app, set(), asked.append), ttl_seconds=60, max_open=2, clock=clock)  # type: ignore[arg-type]


def test_a_key_is_opened_once_for_many_values(cache: KeyCache, merchant: UUID, asked: list[str]) -> None:
    cipher = FieldCipher(cache)
    stored = [cipher.encrypt(merchant, 1, ROW, b"x") for _ in range(50)]
    assert {cipher.decrypt(merchant, 1, ROW, each) for each in stored} == {b"x"}
    assert asked == [f"pii/decrypt/{merchant}"]


def test_an_opened_key_is_dropped_when_its_time_is_over(cache: KeyCache, merchant: UUID, asked: list[str], clock: Clock) -> None:
    for seconds, times in ((0, 1), (59, 1), (60, 2)):
        clock.seconds = seconds
        cache.for_reading(merchant, 1)
        assert len(asked) == times


def test_the_least_used_key_goes_when_there_are_too_many(cache: KeyCache, new_merchant: Callable[[], UUID], asked: list[str]) -> None:
    first, second, third = (new_merchant() for _ in range(3))
    for merchant in (first, second, first, third, first, second):
        cache.for_reading(merchant, 1)
    assert asked == [f"pii/decrypt/{each}" for each in (first, second, third, second)]


def test_a_forgotten_merchant_is_asked_for_again(cache: KeyCache, merchant: UUID, asked: list[str]) -> None:
    cache.for_writing(merchant, 1)
    cache.forget(merchant)
    cache.for_writing(merchant, 1)
    assert len(asked) == 2


def test_nonces_are_reserved_in_blocks_before_their_use(cache: KeyCache, ring: Ring, merchant: UUID) -> None:
    cache.for_writing(merchant, 10)
    assert ring.key(merchant, 1).nonces_reserved == NONCE_BLOCK
    cache.for_writing(merchant, NONCE_BLOCK - 10)
    assert ring.key(merchant, 1).nonces_reserved == NONCE_BLOCK
    cache.for_writing(merchant, 1)
    assert ring.key(merchant, 1).nonces_reserved == 2 * NONCE_BLOCK
    cache.for_writing(merchant, 3 * NONCE_BLOCK)
    assert ring.key(merchant, 1).nonces_reserved == 5 * NONCE_BLOCK


def test_a_spent_budget_makes_a_new_key_and_values_go_under_it(cache: KeyCache, ring: Ring, merchant: UUID) -> None:
    cipher = FieldCipher(cache)
    before = cipher.encrypt(merchant, 1, ROW, b"before")
    ring.connection.execute("UPDATE kept.data_key SET nonces_reserved = %s WHERE merchant = %s", (NONCE_CAP - 1, merchant))
    stored = cipher.encrypt_many(merchant, 1, [ROW] * (NONCE_BLOCK + 1), [None] * NONCE_BLOCK + [b"after"])
    assert ring.active(merchant) == 2
    assert cipher.decrypt_many(merchant, 1, [ROW, ROW], [before, stored[-1]]) == [b"before", b"after"]
    assert ring.key(merchant, 1).nonces_reserved == NONCE_CAP - 1


def test_a_writer_follows_a_new_active_key_when_its_knowledge_is_old(
    cache: KeyCache, ring: Ring, app: Vault, merchant: UUID, clock: Clock
) -> None:
    assert cache.for_writing(merchant, 1)[0] == 1
    create_data_key(ring, app, merchant, replacing=1)
    assert cache.for_writing(merchant, 1)[0] == 1
    clock.seconds = 60
    assert cache.for_writing(merchant, 1)[0] == 2


def test_a_merchant_without_keys_cannot_be_written_for(cache: KeyCache, asked: list[str]) -> None:
    with pytest.raises(UnknownKey, match="no data key"):
        cache.for_writing(uuid4(), 1)
    assert asked == []


def test_a_swapped_wrap_is_noticed_before_anything_is_done_with_it(cache: KeyCache, ring: Ring, app: Vault, merchant: UUID) -> None:
    """Both wraps are genuine and Vault opens both: only the commitment tells them apart."""
    create_data_key(ring, app, merchant, replacing=1)
    one, two = ring.keys(merchant)
    swap = "UPDATE kept.data_key SET wrapped = %s WHERE merchant = %s AND kid = %s"
    ring.connection.execute(swap, (one.wrapped, merchant, 2))
    ring.connection.execute(swap, (two.wrapped, merchant, 1))
    for kid in (1, 2):
        with pytest.raises(WrongCommitment):
            cache.for_reading(merchant, kid)
    with pytest.raises(WrongCommitment):
        cache.for_writing(merchant, 1)


def test_a_destroyed_key_in_vault_reads_as_an_unknown_key(cache: KeyCache, root: Vault, merchant: UUID) -> None:
    root.write(f"pii/keys/{merchant}/config", {"deletion_allowed": True})
    root.delete(f"pii/keys/{merchant}")
    with pytest.raises(UnknownKey, match="does not open"):
        cache.for_reading(merchant, 1)


def test_a_child_process_is_refused(cache: KeyCache, merchant: UUID) -> None:
    """It would share the connection and the block of nonces."""
    cache.for_writing(merchant, 1)
    child = os.fork()
    if child == 0:
        try:
            cache.for_writing(merchant, 1)
        except ForkedProcessError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

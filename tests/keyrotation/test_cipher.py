"""The cipher over keys held in memory: what opens, and all that must not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from keyrotation.cipher import FieldCipher
from keyrotation.errors import DecryptionFailed, MalformedValue, UnknownKey
from keyrotation.format import OVERHEAD_BYTES, associated_data, header

ONE, OTHER = UUID(int=1), UUID(int=2)
ROW, OTHER_ROW = bytes(16), bytes(15) + b"\1"
COLUMN = 103
VALUE = b"41 Tannery Lane"


class MemoryKeys:
    """Keys by merchant and number; the same key bytes for two merchants, so that only the associated data tells them apart."""

    def __init__(self) -> None:
        self.keys = {(merchant, kid): AESGCM(bytes([kid]) * 32) for merchant in (ONE, OTHER) for kid in (1, 2)}
        self.active = 1
        self.reserved = 0

    def for_writing(self, merchant: UUID, count: int) -> tuple[int, AESGCM]:
        self.reserved += count
        return self.active, self.keys[merchant, self.active]

    def for_reading(self, merchant: UUID, kid: int) -> AESGCM:
        if (merchant, kid) not in self.keys:
            raise UnknownKey(f"no key {kid}")
        return self.keys[merchant, kid]


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def cipher(keys: MemoryKeys) -> FieldCipher:
    return FieldCipher(keys)


def counting() -> Callable[[int], bytes]:
    numbers = itertools.count()
    return lambda length: b"".join(next(numbers).to_bytes(12, "big") for _ in range(length // 12))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_every_value_comes_back(value: bytes, row: bytes) -> None:
    cipher = FieldCipher(MemoryKeys())
    stored = cipher.encrypt(ONE, COLUMN, row, value)
    assert len(stored) == len(value) + OVERHEAD_BYTES
    assert cipher.decrypt(ONE, COLUMN, row, stored) == value


def test_the_stored_bytes_are_the_ones_the_format_says(keys: MemoryKeys) -> None:
    stored = FieldCipher(keys, counting()).encrypt(ONE, COLUMN, ROW, VALUE)
    nonce = bytes(12)
    assert stored == header(1) + nonce + AESGCM(b"\1" * 32).encrypt(nonce, VALUE, associated_data(header(1), ONE, COLUMN, ROW))


def test_a_batch_equals_its_single_values(keys: MemoryKeys) -> None:
    rows = [bytes([number]) * 16 for number in range(5)]
    values = [b"a", None, b"", b"ccc", b"d" * 100]
    batch = FieldCipher(keys, counting()).encrypt_many(ONE, COLUMN, rows, values)
    single = FieldCipher(keys, counting())
    fresh = counting()
    for row, value, stored in zip(rows, values, batch, strict=True):
        nonce = fresh(12)
        assert stored == (None if value is None else header(1) + nonce + stored[17:])
        assert value is None or single.decrypt(ONE, COLUMN, row, stored) == value
    assert single.decrypt_many(ONE, COLUMN, rows, batch) == values
    assert keys.reserved == len(values)


def test_an_empty_batch_needs_no_key() -> None:
    cipher = FieldCipher(MemoryKeys())
    assert cipher.encrypt_many(UUID(int=99), COLUMN, [], []) == []
    assert cipher.decrypt_many(UUID(int=99), COLUMN, [], []) == []


def test_rows_and_values_must_pair_up(cipher: FieldCipher) -> None:
    with pytest.raises(ValueError, match="zip"):
        cipher.encrypt_many(ONE, COLUMN, [ROW], [b"a", b"b"])


def test_no_two_values_share_a_nonce(cipher: FieldCipher) -> None:
    rows = [number.to_bytes(16, "big") for number in range(2000)]
    stored = cipher.encrypt_many(ONE, COLUMN, rows, [VALUE] * 2000)
    assert len({each[5:17] for each in stored if each}) == 2000


@pytest.mark.parametrize("bit", range((OVERHEAD_BYTES + len(VALUE)) * 8))
def test_a_flipped_bit_anywhere_is_an_error(cipher: FieldCipher, bit: int) -> None:
    """Header, nonce, ciphertext and tag alike; and never the ciphertext instead of an error."""
    stored = bytearray(cipher.encrypt(ONE, COLUMN, ROW, VALUE))
    stored[bit // 8] ^= 1 << bit % 8
    with pytest.raises((MalformedValue, UnknownKey, DecryptionFailed)):
        cipher.decrypt(ONE, COLUMN, ROW, bytes(stored))


@pytest.mark.parametrize("length", range(OVERHEAD_BYTES + len(VALUE)))
def test_a_truncated_value_is_an_error(cipher: FieldCipher, length: int) -> None:
    stored = cipher.encrypt(ONE, COLUMN, ROW, VALUE)
    with pytest.raises(MalformedValue if length < OVERHEAD_BYTES else DecryptionFailed):
        cipher.decrypt(ONE, COLUMN, ROW, stored[:length])


def test_appended_bytes_are_an_error(cipher: FieldCipher) -> None:
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(ONE, COLUMN, ROW, cipher.encrypt(ONE, COLUMN, ROW, VALUE) + b"\0")


MOVED = {
    "to another row": (ONE, COLUMN, OTHER_ROW),
    "to another column": (ONE, COLUMN + 1, ROW),
    "to another merchant, even one with the same key": (OTHER, COLUMN, ROW),
    "to a row whose key is shorter": (ONE, COLUMN, ROW[:-1]),
}


@pytest.mark.parametrize("case", MOVED)
def test_a_moved_value_is_an_error(cipher: FieldCipher, case: str) -> None:
    stored = cipher.encrypt(ONE, COLUMN, ROW, VALUE)
    merchant, column, row = MOVED[case]
    with pytest.raises(DecryptionFailed) as caught:
        cipher.decrypt(merchant, column, row, stored)
    assert VALUE.decode() not in str(caught.value)
    with pytest.raises(DecryptionFailed):
        cipher.decrypt_many(merchant, column, [row], [stored])


def test_only_the_key_in_the_header_is_tried(cipher: FieldCipher) -> None:
    """A value sealed under key 2 whose header says 1 does not open, though the cipher holds key 2."""
    nonce = bytes(12)
    body = AESGCM(b"\2" * 32).encrypt(nonce, VALUE, associated_data(header(1), ONE, COLUMN, ROW))
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(ONE, COLUMN, ROW, header(1) + nonce + body)


def test_one_batch_may_hold_values_of_several_keys(cipher: FieldCipher, keys: MemoryKeys) -> None:
    first = cipher.encrypt(ONE, COLUMN, ROW, b"first")
    keys.active = 2
    second = cipher.encrypt(ONE, COLUMN, OTHER_ROW, b"second")
    assert cipher.decrypt_many(ONE, COLUMN, [ROW, OTHER_ROW], [first, second]) == [b"first", b"second"]


def test_one_bad_value_fails_its_batch(cipher: FieldCipher) -> None:
    good = cipher.encrypt(ONE, COLUMN, ROW, VALUE)
    with pytest.raises(MalformedValue):
        cipher.decrypt_many(ONE, COLUMN, [ROW, OTHER_ROW], [good, VALUE])

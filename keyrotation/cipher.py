"""Encrypt and decrypt field values in the application, before they reach the database.

What is decided here: the AEAD call, the nonce, what is bound to a value. Which key is used, and how it is opened, is the business
of `DataKeys` (`keyrotation.key_cache` in production). Rules:

* A value is decrypted with exactly one key, the one its header names. Never "try all keys": AES-GCM does not commit to its key.
* A nonce is 12 random bytes, drawn for a whole batch at once and never kept: a pool that survived a fork would repeat nonces.
* A failed decryption raises. It never returns the ciphertext, and its message names the place, not the value.
* NULL stays NULL in the batch forms.

>>> stored = cipher.encrypt(merchant, column.id, uuid_key(row_id), "12 Elm Street".encode())
>>> cipher.decrypt(merchant, column.id, uuid_key(row_id), stored)
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyrotation.errors import DecryptionFailed
from keyrotation.format import BODY_OFFSET, HEADER_BYTES, NONCE_BYTES, associated_prefix, associated_row, associated_rows, header, kid_of

_NONCES = struct.Struct(f"{NONCE_BYTES}s")


class DataKeys(Protocol):
    """Where a cipher gets its opened keys from."""

    def for_writing(self, merchant: UUID, count: int) -> tuple[int, AESGCM]:
        """The merchant's active key and its kid, with `count` nonces reserved and committed."""

    def for_reading(self, merchant: UUID, kid: int) -> AESGCM:
        """The merchant's key of that number; `UnknownKey` when there is none."""


class FieldCipher:
    """Field encryption for one process. `random` yields that many random bytes."""

    def __init__(self, keys: DataKeys, random: Callable[[int], bytes] = os.urandom) -> None:
        self._keys = keys
        self._random = random

    def encrypt(self, merchant: UUID, column: int, row: bytes, value: bytes) -> bytes:
        """One value, bound to its merchant, column id and row key (`keyrotation.format` encodes keys)."""
        kid, key = self._keys.for_writing(merchant, 1)
        head = header(kid)
        nonce = self._random(NONCE_BYTES)
        return head + nonce + key.encrypt(nonce, value, associated_prefix(head, merchant, column) + associated_row(row))

    def decrypt(self, merchant: UUID, column: int, row: bytes, stored: bytes) -> bytes:
        """The value; `MalformedValue`, `UnknownKey` or `DecryptionFailed` when it is not to be had."""
        key = self._keys.for_reading(merchant, kid_of(stored))
        prefix = associated_prefix(stored[:HEADER_BYTES], merchant, column)
        try:
            return key.decrypt(stored[HEADER_BYTES:BODY_OFFSET], stored[BODY_OFFSET:], prefix + associated_row(row))
        except InvalidTag:
            raise _does_not_open(merchant, column) from None

    def encrypt_many(self, merchant: UUID, column: int, rows: Sequence[bytes], values: Sequence[bytes | None]) -> list[bytes | None]:
        """One column of many rows, in order; None stays None."""
        if not values:
            return []
        kid, key = self._keys.for_writing(merchant, len(values))
        head = header(kid)
        prefix = associated_prefix(head, merchant, column)
        places = associated_rows(prefix, rows)
        nonces = _NONCES.iter_unpack(self._random(NONCE_BYTES * len(values)))
        seal = key.encrypt
        return [
            None if value is None else head + nonce + seal(nonce, value, place)
            for place, value, (nonce,) in zip(places, values, nonces, strict=True)
        ]

    def decrypt_many(self, merchant: UUID, column: int, rows: Sequence[bytes], stored: Sequence[bytes | None]) -> list[bytes | None]:
        """One column of many rows, in order; None stays None. One bad value fails the whole batch."""
        heads = {None if each is None else each[:HEADER_BYTES] for each in stored}
        if len(heads) == 1 and None not in heads:
            return list(self._decrypt_under_one(merchant, column, rows, stored))  # type: ignore[arg-type]
        values: list[bytes | None] = [None] * len(stored)
        for head in heads - {None}:
            under = [(at, each) for at, each in enumerate(stored) if each is not None and each[:HEADER_BYTES] == head]
            opened = self._decrypt_under_one(merchant, column, [rows[at] for at, _ in under], [each for _, each in under])
            for (at, _), value in zip(under, opened, strict=True):
                values[at] = value
        return values

    def _decrypt_under_one(self, merchant: UUID, column: int, rows: Sequence[bytes], stored: Sequence[bytes]) -> list[bytes]:
        """Values that all have the same header; the shortest shows that all are long enough to have one."""
        shortest = min(stored, key=len)
        unseal = self._keys.for_reading(merchant, kid_of(shortest)).decrypt
        places = associated_rows(associated_prefix(shortest[:HEADER_BYTES], merchant, column), rows)
        nonce, body = slice(HEADER_BYTES, BODY_OFFSET), slice(BODY_OFFSET, None)
        try:
            return [unseal(each[nonce], each[body], place) for each, place in zip(stored, places, strict=True)]
        except InvalidTag:
            raise _does_not_open(merchant, column) from None


def _does_not_open(merchant: UUID, column: int) -> DecryptionFailed:
    return DecryptionFailed(
        f"a value of column {column} of merchant {merchant} does not decrypt",
        "it was changed, or moved from another row, column or merchant: restore it from a backup",
    )

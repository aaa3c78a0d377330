"""The bytes of an encrypted value, version 1, and what is bound to it.

Stored value (`bytea`); integers are big-endian:

    offset  length  field
    0       1       suite 0x01: AES-256-GCM, 96-bit random nonce, 128-bit tag, associated data as below
    1       4       kid, the data key's number within the merchant; never reused
    5       12      nonce
    17      n       ciphertext, as long as the value
    17+n    16      tag

The overhead is 33 bytes; anything shorter is no value of ours, any other suite is a hard error.

Associated data (authenticated, not stored):

    "pii1" | bytes 0..4 of the value | merchant uuid (16) | column id (4) | length of the row's key (2) | row's key

The header is covered, so suite and kid cannot be changed. Merchant, column and row are covered, so a value cannot be moved to
another place. The column id is the stable number of the data map, not the SQL name: renaming a table or schema harms nothing.
A changed primary key means encrypting again.

Not hidden: the length of a value, whether there is one, and under which key it stands.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from keyrotation.errors import MalformedValue
from services.errors import UsageError

SUITE = 1
HEADER_BYTES = 5
NONCE_BYTES = 12
TAG_BYTES = 16
BODY_OFFSET = HEADER_BYTES + NONCE_BYTES
OVERHEAD_BYTES = BODY_OFFSET + TAG_BYTES
KEY_BYTES = 32
MAX_KID = 2**32 - 1
MAX_ROW_KEY_BYTES = 2**16 - 1

_DOMAIN = b"pii1"
_HEADER = struct.Struct(">BI")
_PLACE = struct.Struct(">16sI")
_LENGTH = struct.Struct(">H")


def header(kid: int) -> bytes:
    """The first five bytes of a value written under `kid` (1 to 2^32 - 1)."""
    if not 1 <= kid <= MAX_KID:
        raise UsageError(f"a key id must be 1 to {MAX_KID}, not {kid}")
    return _HEADER.pack(SUITE, kid)


def kid_of(stored: bytes) -> int:
    """Under which data key a stored value stands; `MalformedValue` when it is not in our format."""
    if len(stored) < OVERHEAD_BYTES:
        raise MalformedValue(
            f"a stored value of {len(stored)} bytes: ours have {OVERHEAD_BYTES} or more",
            "it was not written by the field cipher, or was cut off: restore it from a backup",
        )
    suite, kid = _HEADER.unpack_from(stored)
    if suite != SUITE:
        raise MalformedValue(
            f"a stored value of suite {suite:#04x}: only {SUITE:#04x} is known", "it was not written by the field cipher: restore it"
        )
    return int(kid)


def associated_prefix(head: bytes, merchant: UUID, column: int) -> bytes:
    """The part of the associated data that all rows of one column under one key share."""
    return _DOMAIN + head + _PLACE.pack(merchant.bytes, column)


def associated_row(row: bytes) -> bytes:
    """The part that is the row's own: the length of its key, then the key."""
    if len(row) > MAX_ROW_KEY_BYTES:
        raise UsageError(f"a primary key of {len(row)} bytes: at most {MAX_ROW_KEY_BYTES} can be bound")
    return _LENGTH.pack(len(row)) + row


def associated_rows(prefix: bytes, rows: Sequence[bytes]) -> list[bytes]:
    """The whole associated data of many rows of one column under one key, in order."""
    lengths = set(map(len, rows))
    starts = {length: prefix + associated_row(bytes(length))[: _LENGTH.size] for length in lengths}
    if len(lengths) == 1:  # the keys of one table mostly have one length, and this is the quickest way
        start = starts[lengths.pop()]
        return [start + row for row in rows]
    return [starts[len(row)] + row for row in rows]


def associated_data(head: bytes, merchant: UUID, column: int, row: bytes) -> bytes:
    """The whole associated data of one value."""
    return associated_prefix(head, merchant, column) + associated_row(row)


def uuid_key(value: UUID) -> bytes:
    """A uuid primary key as bound: its 16 bytes."""
    return value.bytes


def bigint_key(value: int) -> bytes:
    """A bigint primary key as bound: 8 bytes, big-endian, two's complement."""
    return value.to_bytes(8, "big", signed=True)


def text_key(value: str) -> bytes:
    """A text primary key as bound: UTF-8 of its NFC form, so that one text has one encoding."""
    return unicodedata.normalize("NFC", value).encode()

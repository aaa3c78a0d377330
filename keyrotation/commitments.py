"""A key's commitment: 32 bytes in the ring by which an unwrapped data key is known to be the right one.

    HMAC-SHA256(HKDF-SHA256(data key, info = "commit"), merchant uuid (16) | kid uint32 big-endian)

AES-GCM does not commit to its key, and a wrap carries no associated data (`transit/rewrap` would drop it), so a wrap swapped
between rows of the ring would go unnoticed without this. It is checked after every unwrap and after every rewrap; the role that
rewraps cannot decrypt and so cannot check, which is why the app role does.
"""

from __future__ import annotations

import hmac
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keyrotation.errors import WrongCommitment
from keyrotation.format import KEY_BYTES

COMMITMENT_BYTES = 32
_INFO = b"commit"


def commitment(key: bytes, merchant: UUID, kid: int) -> bytes:
    """The commitment of a 32-byte data key to its merchant and number."""
    derived = HKDF(SHA256(), COMMITMENT_BYTES, salt=None, info=_INFO).derive(key)
    return hmac.digest(derived, merchant.bytes + kid.to_bytes(4, "big"), "sha256")


def holds(key: bytes, merchant: UUID, kid: int, expected: bytes) -> bool:
    """Whether a key is the one committed to; compared in constant time."""
    return len(key) == KEY_BYTES and hmac.compare_digest(commitment(key, merchant, kid), expected)


def require(key: bytes, merchant: UUID, kid: int, expected: bytes) -> None:
    """`WrongCommitment` unless the key is the one committed to."""
    if not holds(key, merchant, kid, expected):
        raise WrongCommitment(
            f"data key {kid} of merchant {merchant} is not the key the ring committed to",
            "the wrap was swapped or damaged: restore this row of kept.data_key from a backup; write nothing under it",
        )

"""Commitments, against the definition written out with the standard library."""

import hashlib
import hmac
from uuid import UUID

import pytest

from keyrotation import commitments
from keyrotation.errors import WrongCommitment

MERCHANT, KEY = UUID(int=5), bytes(range(32))


def by_the_book(key: bytes, merchant: UUID, kid: int) -> bytes:
    """RFC 5869 with SHA-256, an absent salt, info "commit" and one block; then HMAC over merchant and kid."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    expanded = hmac.digest(extracted, b"commit" + b"\x01", "sha256")
    return hmac.new(expanded, merchant.bytes + kid.to_bytes(4, "big"), hashlib.sha256).digest()


def test_a_commitment_follows_its_definition() -> None:
    assert commitments.commitment(KEY, MERCHANT, 9) == by_the_book(KEY, MERCHANT, 9)


OTHERS = {
    "another key": (bytes(32), MERCHANT, 9),
    "another merchant": (KEY, UUID(int=6), 9),
    "another key id": (KEY, MERCHANT, 8),
    "a shorter key": (KEY[:16], MERCHANT, 9),
    "no key": (b"", MERCHANT, 9),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_commitment_holds_for_one_key_of_one_merchant_and_number_only(case: str) -> None:
    expected = commitments.commitment(KEY, MERCHANT, 9)
    assert commitments.holds(KEY, MERCHANT, 9, expected)
    assert not commitments.holds(*OTHERS[case], expected)
    with pytest.raises(WrongCommitment) as caught:
        commitments.require(*OTHERS[case], expected)
    assert KEY.hex() not in str(caught.value)

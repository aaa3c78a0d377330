"""The byte format, by vectors written out by hand."""

from uuid import UUID

import pytest

from keyrotation import format as fmt
from keyrotation.errors import MalformedValue
from services.errors import UsageError

MERCHANT = UUID("00112233-4455-6677-8899-aabbccddeeff")


def test_a_header_is_the_suite_and_the_key_id() -> None:
    assert fmt.header(0x01020304).hex() == "0101020304"
    assert fmt.header(fmt.MAX_KID).hex() == "01ffffffff"


@pytest.mark.parametrize("kid", [0, -1, fmt.MAX_KID + 1])
def test_a_key_id_outside_its_range_is_refused(kid: int) -> None:
    with pytest.raises(UsageError, match="key id"):
        fmt.header(kid)


def test_the_associated_data_binds_header_merchant_column_and_row() -> None:
    row = fmt.uuid_key(UUID("ffffffff-0000-4000-8000-000000000001"))
    expected = "70696931010000000700112233445566778899aabbccddeeff000000670010ffffffff000040008000000000000001"
    assert fmt.associated_data(fmt.header(7), MERCHANT, 103, row).hex() == expected


ROW_KEYS = {
    "a uuid is its 16 bytes": (fmt.uuid_key(MERCHANT), "00112233445566778899aabbccddeeff"),
    "a bigint is 8 bytes, big-endian": (fmt.bigint_key(258), "0000000000000102"),
    "a negative bigint is two's complement": (fmt.bigint_key(-2), "fffffffffffffffe"),
    "a text is UTF-8": (fmt.text_key("Ä"), "c384"),
    "a decomposed text is composed first": (fmt.text_key("A\u0308"), "c384"),
}


@pytest.mark.parametrize("case", ROW_KEYS)
def test_primary_keys_have_one_encoding(case: str) -> None:
    encoded, expected = ROW_KEYS[case]
    assert encoded.hex() == expected


def test_no_row_key_can_pass_for_another_by_its_length() -> None:
    """Without the length, key `ab` in one place would equal key `a` followed by `b` in another."""
    assert fmt.associated_row(b"ab") != fmt.associated_row(b"a") + b"b"
    with pytest.raises(UsageError, match="primary key"):
        fmt.associated_row(b"x" * (fmt.MAX_ROW_KEY_BYTES + 1))


@pytest.mark.parametrize("length", range(fmt.OVERHEAD_BYTES))
def test_anything_shorter_than_the_overhead_is_no_value(length: int) -> None:
    with pytest.raises(MalformedValue, match=f"{length} bytes"):
        fmt.kid_of(fmt.header(1)[:length].ljust(length, b"\0"))


@pytest.mark.parametrize("suite", [0, 2, 0xFF])
def test_an_unknown_suite_is_a_hard_error(suite: int) -> None:
    with pytest.raises(MalformedValue, match="suite"):
        fmt.kid_of(bytes([suite]) + bytes(40))


def test_the_key_id_is_read_from_the_header() -> None:
    assert fmt.kid_of(fmt.header(70_000) + bytes(28)) == 70_000

"""Values of every type come back as they were; what is of another type is refused and never named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyrotation.values import ValueType, decode, encode
from services.errors import BadData, UsageError

JSON = st.recursive(
    st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner | st.none()) | st.dictionaries(st.text(), inner | st.none()),
)
TYPES = {
    ValueType.TEXT: st.text(),
    ValueType.BYTES: st.binary(),
    ValueType.INTEGER: st.integers(min_value=-(10**40), max_value=10**40),
    ValueType.DECIMAL: st.decimals(allow_nan=False, allow_infinity=False),
    ValueType.JSON: JSON,
}


@given(st.data())
def test_a_value_comes_back_as_it_was(data: st.DataObject) -> None:
    for kind, values in TYPES.items():
        value = data.draw(values)
        back = decode(kind, encode(kind, value))
        assert back == value
        assert type(back) is type(value)


@pytest.mark.parametrize("kind", ValueType)
def test_none_stays_none(kind: ValueType) -> None:
    assert encode(kind, None) is None
    assert decode(kind, None) is None


def test_a_decimal_keeps_its_places() -> None:
    assert str(decode(ValueType.DECIMAL, encode(ValueType.DECIMAL, Decimal("1.10")))) == "1.10"


REFUSED: dict[str, tuple[ValueType, Any]] = {
    "a number for a text": (ValueType.TEXT, 1234567),
    "bytes for a text": (ValueType.TEXT, b"1234567"),
    "a text for bytes": (ValueType.BYTES, "1234567"),
    "a float for an integer": (ValueType.INTEGER, 1234567.0),
    "a truth value for an integer": (ValueType.INTEGER, True),
    "a float for a decimal": (ValueType.DECIMAL, 1234567.0),
    "no number for a decimal": (ValueType.DECIMAL, Decimal("NaN")),
    "half a character": (ValueType.TEXT, "1234567\ud800"),
    "half a character in JSON": (ValueType.JSON, ["1234567\ud800"]),
    "a number as a key": (ValueType.JSON, [{1234567: "a"}]),
    "a date in JSON": (ValueType.JSON, {"1234567": object()}),
    "no number in JSON": (ValueType.JSON, [1234567, float("nan")]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_of_another_type_is_refused_and_not_named(case: str) -> None:
    with pytest.raises(UsageError) as raised:
        encode(*REFUSED[case])
    assert "1234567" not in raised.value.message
    assert raised.value.__cause__ is raised.value.__context__ is None


@pytest.mark.parametrize(
    ("kind", "plain"),
    {
        "broken UTF-8": (ValueType.TEXT, b"1234567\xff"),
        "letters for a number": (ValueType.INTEGER, b"1234567x"),
        "letters for a decimal": (ValueType.DECIMAL, b"1234567x"),
        "half a document": (ValueType.JSON, b'{"1234567"'),
    }.values(),
)
def test_bytes_of_another_type_are_bad_data_and_not_named(kind: ValueType, plain: bytes) -> None:
    with pytest.raises(BadData) as raised:
        decode(kind, plain)
    assert "1234567" not in raised.value.message
    assert raised.value.__cause__ is None

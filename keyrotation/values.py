"""What a value is in an application, and the bytes that are sealed for it. The type is the column's own: a ciphertext has no tag.

    text      UTF-8                              bytes     as they are
    integer   decimal digits                     decimal   as `Decimal` spells it, exactly
    json      UTF-8, keys sorted, no spaces

None stays None: that there is no value is not hidden. A float is no number that can be kept exactly, and is refused.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from services.errors import BadData, UsageError

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

Plain = str | bytes | int | Decimal | Json
"""What an application may seal."""


class ValueType(StrEnum):
    TEXT = "text"
    BYTES = "bytes"
    INTEGER = "integer"
    DECIMAL = "decimal"
    JSON = "json"


def encode(kind: ValueType, value: Plain) -> bytes | None:
    """The bytes to seal; `UsageError` when the value is not of that type (it is not named)."""
    if value is None:
        return None
    match kind, value:
        case ValueType.TEXT, str():
            return _text(value)
        case ValueType.BYTES, bytes():
            return value
        case ValueType.INTEGER, int() if not isinstance(value, bool):
            return str(value).encode()
        case ValueType.DECIMAL, Decimal() if value.is_finite():
            return str(value).encode()
        case ValueType.JSON, dict() | list() | str() | int() | float():
            return _json(value)
    raise UsageError(
        f"a value of type {type(value).__name__} for a column of type {kind.value}", "convert it, or declare the column's type"
    )


def decode(kind: ValueType, plain: bytes | None) -> Plain:
    """The value of opened bytes; `BadData` when they are not of that type."""
    if plain is None:
        return None
    try:
        match kind:
            case ValueType.TEXT:
                return plain.decode()
            case ValueType.BYTES:
                return plain
            case ValueType.INTEGER:
                return int(plain.decode("ascii"))
            case ValueType.DECIMAL:
                return Decimal(plain.decode("ascii"))
            case ValueType.JSON:
                found: Json = json.loads(plain)
                return found
    except (ValueError, InvalidOperation):
        raise BadData(f"an opened value is no {kind.value}", "was the column declared with another type when it was written?") from None


def _text(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        pass  # the error holds the text: it is not chained
    raise UsageError("a text with half a character (a lone surrogate)", "decode it properly before it is sealed")


def _json(value: Json) -> bytes:
    _require_text_keys(value)
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = None
    if text is None:
        raise UsageError("a value that JSON cannot say", "give numbers, texts, lists and objects with text keys")
    return _text(text)


def _require_text_keys(value: object) -> None:
    """JSON would turn a number as a key into a text, and the value would come back another."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise UsageError("an object whose keys are not all texts", "give numbers, texts, lists and objects with text keys")
        for each in value.values():
            _require_text_keys(each)
    elif isinstance(value, list):
        for each in value:
            _require_text_keys(each)

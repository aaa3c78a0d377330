"""SQLAlchemy: an application declares an encrypted column of its model in one line and uses it like any other.

    class Buyer(Base):
        __tablename__ = "buyers"
        id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
        name = Sealed(102)                                          # the data map's number of the column; its type is text

    with Session(engine, info=sealing(cipher, merchant)) as session:
        session.add(Buyer(name="Ada"))                              # sealed at the flush, opened when it is read

The ciphertext is in the mapped attribute `name_sealed`, of the database's column `name`. A column type alone would see neither
merchant nor row, which are bound into every value; so the row is sealed by the mapper's events, before INSERT and UPDATE.

* The primary key is known before the INSERT (a client's uuid, or a default that Python computes); else the flush is refused.
* A value is opened when it is first read, and again when the row was read again. A new primary key seals the row's values anew.
* What is not in our format never reaches the database, also not by a bulk statement that fires no event: the column's type refuses.
* The engine is made with `hide_parameters=True`: SQLAlchemy's errors quote a statement's values otherwise. Without it nothing is sealed.
* An encrypted column cannot be compared in a query: its blind index can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import LargeBinary, event, inspect
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import InstanceState, Mapper, mapped_column, object_session
from sqlalchemy.types import TypeDecorator

from keyrotation.cipher import FieldCipher
from keyrotation.columns import row_key
from keyrotation.format import kid_of
from keyrotation.values import Plain, ValueType, decode, encode
from services.errors import UsageError

_SEALING = "keyrotation.sealing"
_WAITING = b""
"""Stands in the mapped attribute between an assignment and the flush; no ciphertext of ours is empty."""


@dataclass(frozen=True)
class Sealing:
    """Who seals and opens in a session: the cipher and the one merchant whose rows it works on."""

    cipher: FieldCipher
    merchant: UUID


def sealing(cipher: FieldCipher, merchant: UUID) -> dict[str, Any]:
    """The `info` of a session that works on one merchant's rows."""
    return {_SEALING: Sealing(cipher, merchant)}


class SealedBytes(TypeDecorator[bytes]):
    """`bytea` that holds values of our format and nothing else."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        """`MalformedValue` for a plaintext, before it is sent."""
        if value is not None:
            kid_of(value)
        return value


class Sealed:
    """An encrypted column of a model. `column` is the data map's number, bound into every value; `kind` the value's type."""

    def __init__(self, column: int, kind: ValueType = ValueType.TEXT) -> None:
        self.column = column
        self.kind = kind
        self.name = ""

    def __set_name__(self, model: type, name: str) -> None:
        """Give the model the mapped attribute, and the events that seal its rows (once a model)."""
        self.name = name
        setattr(model, self._stored, mapped_column(name, SealedBytes, nullable=True))
        inherited = [each for base in model.__bases__ for each in _sealed(base)]
        if not inherited and _sealed(model)[0] is self:
            event.listen(model, "before_insert", _before_insert, propagate=True)
            event.listen(model, "before_update", _before_update, propagate=True)

    def __get__(self, row: Any, model: type | None = None) -> Any:
        if row is None:
            return self
        stored = getattr(row, self._stored)
        known = _known(row).get(self.name)
        if known is not None and known[0] is stored:
            return known[1]
        if stored is None:
            return None
        return self._open(row, stored, _key_of(row))

    def __set__(self, row: Any, value: Plain) -> None:
        encode(self.kind, value)  # a value of another type is refused where it is assigned
        waiting = None if value is None else _WAITING
        setattr(row, self._stored, waiting)
        _known(row)[self.name] = (waiting, value)

    def __eq__(self, other: object) -> bool:
        _not_compared(self.name)

    def __hash__(self) -> int:
        return id(self)

    @property
    def _stored(self) -> str:
        return f"{self.name}_sealed"

    def seal(self, row: Any, work: Sealing, key: bytes) -> None:
        """Put the ciphertext for this row into the mapped attribute."""
        value = self.__get__(row)
        plain = encode(self.kind, value)
        stored = None if plain is None else work.cipher.encrypt(work.merchant, self.column, key, plain)
        setattr(row, self._stored, stored)
        _known(row)[self.name] = (stored, value)

    def waits(self, row: Any) -> bool:
        return bool(getattr(row, self._stored) == _WAITING)

    def _open(self, row: Any, stored: bytes, key: bytes) -> Plain:
        work = _sealing_of(row)
        value = decode(self.kind, work.cipher.decrypt(work.merchant, self.column, key, stored))
        _known(row)[self.name] = (stored, value)
        return value


def _sealed(model: type) -> list[Sealed]:
    return [each for base in model.__mro__ for each in vars(base).values() if isinstance(each, Sealed)]


def _known(row: Any) -> dict[str, tuple[bytes | None, Plain]]:
    """What was assigned or opened: by name, the stored bytes it belongs to and the value."""
    found: dict[str, tuple[bytes | None, Plain]] = vars(row).setdefault("_kept_known", {})
    return found


def _before_insert(mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    """Every value is sealed, also one that a rolled-back flush had sealed: the row may have another key by now."""
    _require_hidden(connection)
    _default_key(mapper, row)
    key = _current_key(mapper, row)
    for each in _sealed(type(row)):
        each.seal(row, _sealing_of(row), key)


def _before_update(mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    """What was assigned is sealed; with a new primary key everything is, for the key is bound into every value."""
    _require_hidden(connection)
    state: InstanceState[Any] = inspect(row)
    moved = any(state.attrs[name].history.has_changes() for name in _key_names(mapper))
    key = _current_key(mapper, row)
    for each in _sealed(type(row)):
        if moved or each.waits(row):
            each.seal(row, _sealing_of(row), key)


def _require_hidden(connection: Connection) -> None:
    if not connection.engine.hide_parameters:
        raise UsageError("the engine's errors would quote values of rows", "make it with create_engine(..., hide_parameters=True)")


def _default_key(mapper: Mapper[Any], row: Any) -> None:
    """Compute a primary key's Python default now: SQLAlchemy would do it after the row was sealed."""
    column, (name,) = mapper.primary_key[0], _key_names(mapper)
    default = column.default
    if getattr(row, name) is None and default is not None and default.is_callable:
        setattr(row, name, default.arg(None))


def _key_of(row: Any) -> bytes:
    """The key under which the row's stored values were sealed: its identity in the database, or what it is about to be."""
    state: InstanceState[Any] = inspect(row)
    return row_key(state.identity[0]) if state.identity else _current_key(state.mapper, row)


def _current_key(mapper: Mapper[Any], row: Any) -> bytes:
    (name,) = _key_names(mapper)
    value = getattr(row, name)
    if value is None:
        raise UsageError(
            f"a row of {mapper.class_.__name__} has no primary key before its INSERT",
            "give it one from the client, for example mapped_column(primary_key=True, default=uuid4)",
        )
    return row_key(value)


def _key_names(mapper: Mapper[Any]) -> tuple[str]:
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if len(names) != 1:
        raise UsageError(f"{mapper.class_.__name__} has a primary key of {len(names)} columns", "encrypted rows have a key of one column")
    return (names[0],)


def _sealing_of(row: Any) -> Sealing:
    session = object_session(row)
    found = None if session is None else session.info.get(_SEALING)
    if not isinstance(found, Sealing):
        raise UsageError(
            f"a row of {type(row).__name__} is in no session that knows its merchant",
            "open it with Session(engine, info=sealing(cipher, merchant))",
        )
    return found


def _not_compared(name: str) -> NoReturn:
    raise UsageError(
        f"the encrypted column {name} cannot be compared: equal values have different ciphertexts", "search by its blind index"
    )

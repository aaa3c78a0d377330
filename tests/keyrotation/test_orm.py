"""A declared model on a real server: what the application writes is sealed in the database and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from keyrotation.cipher import FieldCipher
from keyrotation.errors import DecryptionFailed, MalformedValue
from keyrotation.format import bigint_key, kid_of, uuid_key
from keyrotation.key_cache import KeyCache
from keyrotation.orm import Sealed, sealing
from keyrotation.ring import Ring
from keyrotation.values import ValueType
from services.clients import Clients
from services.errors import UsageError
from services.vault import Vault


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "orm_person"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name = Sealed(301)
    balance = Sealed(302, ValueType.DECIMAL)
    notes = Sealed(303, ValueType.JSON)
    nickname: Mapped[str | None] = mapped_column(unique=True)


class Numbered(Base):
    __tablename__ = "orm_numbered"
    id: Mapped[int] = mapped_column(primary_key=True)
    name = Sealed(304)


@pytest.fixture(scope="module")
def engine(clients: Clients) -> Iterator[Engine]:
    engine = create_engine("postgresql+psycopg://", creator=clients.database, poolclass=StaticPool, hide_parameters=True)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def cipher(ring: Ring, app: Vault) -> FieldCipher:
    return FieldCipher(KeyCache(ring, app))


@pytest.fixture
def session(engine: Engine, cipher: FieldCipher, merchant: UUID) -> Iterator[Session]:
    with Session(engine, info=sealing(cipher, merchant)) as session:
        yield session


@pytest.fixture
def ada(session: Session) -> Person:
    person = Person(name="Ada", balance=Decimal("10.50"), notes={"likes": ["tea"]})
    session.add(person)
    session.commit()
    return person


def stored(session: Session, row: Person, column: str = "name") -> bytes | None:
    found: bytes | None = session.execute(text(f"SELECT {column} FROM orm_person WHERE id = :id"), {"id": row.id}).scalar_one()
    return found


def test_what_is_written_is_sealed_and_comes_back(session: Session, ada: Person, cipher: FieldCipher, merchant: UUID) -> None:
    sealed = stored(session, ada)
    assert sealed is not None
    assert kid_of(sealed) == 1
    assert cipher.decrypt(merchant, 301, uuid_key(ada.id), sealed) == b"Ada"
    session.expunge_all()
    again = session.scalars(select(Person).where(Person.id == ada.id)).one()
    assert (again.name, again.balance, again.notes) == ("Ada", Decimal("10.50"), {"likes": ["tea"]})


def test_a_changed_value_is_sealed_anew_and_the_others_stay(session: Session, ada: Person) -> None:
    before = stored(session, ada, "balance")
    ada.name = "Ada Lovelace"
    assert ada.name == "Ada Lovelace"
    session.commit()
    assert ada.name == "Ada Lovelace"
    assert stored(session, ada, "balance") == before


def test_none_is_null(session: Session, ada: Person) -> None:
    ada.name = None
    session.commit()
    assert ada.name is None
    assert stored(session, ada) is None


def test_a_rollback_brings_the_old_value_back(session: Session, ada: Person) -> None:
    ada.name = "Bob"
    session.flush()
    session.rollback()
    assert ada.name == "Ada"


def test_a_row_whose_flush_failed_can_be_added_again_under_another_key(session: Session, ada: Person) -> None:
    ada.nickname = "countess"
    session.commit()
    twin = Person(name="Twin", nickname="countess")
    session.add(twin)
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    twin.id, twin.nickname = uuid4(), "twin"
    session.add(twin)
    session.commit()
    session.expire_all()
    assert twin.name == "Twin"


def test_a_new_primary_key_seals_the_row_anew(session: Session, ada: Person, cipher: FieldCipher, merchant: UUID) -> None:
    ada.id = uuid4()
    session.commit()
    session.expire_all()
    assert (ada.name, ada.balance) == ("Ada", Decimal("10.50"))


def test_a_bigint_key_is_bound_as_such(session: Session, cipher: FieldCipher, merchant: UUID) -> None:
    session.add(Numbered(id=7, name="Ada"))
    session.commit()
    sealed = session.execute(text("SELECT name FROM orm_numbered WHERE id = 7")).scalar_one()
    assert cipher.decrypt(merchant, 304, bigint_key(7), sealed) == b"Ada"


def test_a_value_moved_to_another_row_does_not_open(session: Session, ada: Person) -> None:
    other = Person(name="Bob")
    session.add(other)
    session.commit()
    session.execute(text("UPDATE orm_person SET name = :sealed WHERE id = :id"), {"sealed": stored(session, ada), "id": other.id})
    session.commit()
    with pytest.raises(DecryptionFailed):
        _ = other.name


def bulk_plaintext(session: Session, row: Person) -> None:
    session.execute(update(Person).where(Person.id == row.id).values(name_sealed=b"a plaintext longer than what a value of ours adds"))


def unknown_key(session: Session, _row: Person) -> None:
    session.add(Numbered(name="Ada"))
    session.flush()


def compared(_session: Session, _row: Person) -> Any:
    return select(Person).where(Person.name == "Ada")


def wrong_type(_session: Session, row: Person) -> None:
    row.balance = 1.5


REFUSED: dict[str, tuple[Callable[[Session, Person], Any], type[Exception], str]] = {
    "a plaintext in a bulk statement": (bulk_plaintext, StatementError, "only 0x01 is known"),
    "a key that the database would make": (unknown_key, UsageError, "no primary key before its INSERT"),
    "a comparison in a query": (compared, UsageError, "cannot be compared"),
    "a value of another type": (wrong_type, UsageError, "type float for a column of type decimal"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_be_kept_is_refused(session: Session, ada: Person, case: str) -> None:
    attempt, error, words = REFUSED[case]
    with pytest.raises(error, match=words) as raised:
        attempt(session, ada)
    assert "longer than" not in str(raised.value)
    if isinstance(raised.value, StatementError):
        assert isinstance(raised.value.orig, MalformedValue)
    session.rollback()
    assert ada.name == "Ada"


def test_a_session_that_knows_no_merchant_writes_and_reads_nothing(engine: Engine, session: Session, ada: Person) -> None:
    key = ada.id
    session.close()
    with Session(engine) as stranger:
        found = stranger.get(Person, key)
        assert found is not None
        with pytest.raises(UsageError, match="no session that knows its merchant"):
            _ = found.name
        stranger.add(Person(name="Bob"))
        with pytest.raises(UsageError, match="no session that knows its merchant"):
            stranger.flush()


def test_an_engine_whose_errors_quote_values_seals_nothing(clients: Clients, engine: Engine, cipher: FieldCipher, merchant: UUID) -> None:
    loud = create_engine("postgresql+psycopg://", creator=clients.database)
    with Session(loud, info=sealing(cipher, merchant)) as session:
        session.add(Person(name="Ada"))
        with pytest.raises(UsageError, match="would quote values"):
            session.flush()
    loud.dispose()

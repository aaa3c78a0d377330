"""`encryption.columns` on a real database: the sample passes, and every honest breakage fails at its own column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql

from policies.controls import encryption
from policies.controls.base import Question
from promises.loading import load_catalog
from promises.observations import Observation, Outcome
from samples.load import load_shop
from samples.schema import schema_name
from samples.shop import ShopSize, shops
from services.clients import Clients
from services.errors import Refused
from services.settings import Settings
from tests.own_database import own_database

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SIZE = ShopSize(merchants=2, orders=40, seed=41)
CATALOG = load_catalog("illumacom", None)
QUESTION = Question(CATALOG.promise("pii.field-encryption"), CATALOG, NOW)
SCHEMAS = sorted(schema_name(shop.id) for shop in shops(SIZE, NOW))
ONE, OTHER = SCHEMAS


@pytest.fixture(scope="module")
def clients(local: Settings) -> Iterator[Clients]:
    with own_database(local, "control_encryption") as clients:
        load_shop(clients, CATALOG, SIZE, NOW, lambda _: None)
        yield clients


@pytest.fixture
def connection(clients: Clients) -> Iterator[psycopg.Connection[Any]]:
    with clients.database(autocommit=True) as connection:
        yield connection


def look(clients: Clients) -> dict[str, Observation]:
    seen = list(encryption.columns(clients, QUESTION))
    assert len({each.subject for each in seen}) == len(seen)
    return {each.subject: each for each in seen}


def not_passed(seen: dict[str, Observation]) -> dict[str, tuple[Outcome, str]]:
    return {each.subject: (each.outcome, each.observed) for each in seen.values() if each.outcome is not Outcome.PASS}


def test_every_personal_column_of_every_merchant_is_a_subject_and_passes(clients: Clients) -> None:
    seen = look(clients)
    columns = [f"{table.name}.{column.name}" for table in CATALOG.data_map.tables for column in table.personal()]
    assert len(columns) == 7
    assert {f"{schema}.{column}" for schema in SCHEMAS for column in columns} <= seen.keys()
    assert not_passed(seen) == {}
    assert "values encrypted, 3 sampled and opened" in seen[f"{ONE}.buyers.name"].observed


def put(statement: str) -> Callable[[psycopg.Connection[Any]], None]:
    """A change of the first merchant's data; `{one}` and `{other}` are the two schemas."""

    def change(connection: psycopg.Connection[Any]) -> None:
        connection.execute(sql.SQL(statement).format(one=sql.Identifier(ONE), other=sql.Identifier(OTHER)))

    return change


FIRST = "WHERE id = (SELECT min(id::text)::uuid FROM {one}.buyers)"

BROKEN: dict[str, tuple[str, str, str]] = {
    "a plaintext address": (f"UPDATE {{one}}.buyers SET address = '41 Tannery Lane' {FIRST}", "buyers.address", "1 of 14 values not in"),
    "an empty value": (f"UPDATE {{one}}.buyers SET city = '' {FIRST}", "buyers.city", "not in the cipher's format"),
    "a value cut below the least length": (
        f"UPDATE {{one}}.buyers SET name = substring(name FROM 1 FOR 32) {FIRST}", "buyers.name", "not in the cipher's format",
    ),
    "another suite": (f"UPDATE {{one}}.buyers SET name = set_byte(name, 0, 2) {FIRST}", "buyers.name", "not in the cipher's format"),
    "a key the ring does not have": (
        f"UPDATE {{one}}.buyers SET email = set_byte(email, 4, 9) {FIRST}", "buyers.email", "under no live key",
    ),
    "noise in the right shape, in every row": (
        "UPDATE {one}.buyers SET postal_code = '\\x0100000001'::bytea || sha256(id::text::bytea)", "buyers.postal_code", "3 of 3 sampled",
    ),
    "every value moved from another column": ("UPDATE {one}.buyers SET city = name", "buyers.city", "do not open"),
    "another merchant's values": (
        "UPDATE {one}.shipments SET recipient_name = (SELECT recipient_name FROM {other}.shipments LIMIT 1)", "shipments.recipient_name",
        "do not open",
    ),
    "a column of text": (
        "ALTER TABLE {one}.buyers ALTER email TYPE text USING encode(email, 'hex')", "buyers.email",
        "a column of type text holds no ciphertext",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_breakage_fails_at_its_column_and_nowhere_else(clients: Clients, connection: psycopg.Connection[Any], case: str) -> None:
    statement, column, observed = BROKEN[case]
    with restored(connection):
        put(statement)(connection)
        found = not_passed(look(clients))
        assert found.keys() == {f"{ONE}.{column}"}
        outcome, told = found[f"{ONE}.{column}"]
        assert outcome is Outcome.FAIL
        assert observed in told
        assert "Tannery" not in told
    assert not_passed(look(clients)) == {}


UNDECLARED: dict[str, tuple[str, str, str]] = {
    "a column nobody declared": (
        "ALTER TABLE {one}.orders ADD COLUMN note text", "ALTER TABLE {one}.orders DROP COLUMN note", f"{ONE}.orders.note",
    ),
    "a table nobody declared": ("CREATE TABLE {one}.buyers_old AS TABLE {one}.buyers", "DROP TABLE {one}.buyers_old", f"{ONE}.buyers_old"),
    "a view nobody declared": ("CREATE VIEW {one}.names AS SELECT name FROM {one}.buyers", "DROP VIEW {one}.names", f"{ONE}.names"),
    "a schema of no merchant": (
        "CREATE SCHEMA m_0123456789abcdef CREATE TABLE t (a int)", "DROP SCHEMA m_0123456789abcdef CASCADE", "schema m_0123456789abcdef",
    ),
    "a personal column that is gone": (
        "ALTER TABLE {one}.shipments RENAME recipient_name TO r", "ALTER TABLE {one}.shipments RENAME r TO recipient_name",
        f"{ONE}.shipments.recipient_name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNDECLARED)
def test_what_nobody_declared_is_unknown_by_name(clients: Clients, connection: psycopg.Connection[Any], case: str) -> None:
    change, undo, subject = UNDECLARED[case]
    put(change)(connection)
    try:
        found = not_passed(look(clients))
    finally:
        put(undo)(connection)
    assert subject in found
    assert {outcome for outcome, _ in found.values()} == {Outcome.UNKNOWN}


def test_purged_values_are_no_fault_and_leave_nothing_to_open(clients: Clients, connection: psycopg.Connection[Any]) -> None:
    with restored(connection):
        put("UPDATE {one}.buyers SET name = NULL, address = NULL, city = NULL, postal_code = NULL, email = NULL")(connection)
        seen = look(clients)
        assert not_passed(seen) == {}
        assert seen[f"{ONE}.buyers.name"].observed == "0 values encrypted, 0 sampled and opened"


def test_values_under_a_destroyed_key_fail(clients: Clients, connection: psycopg.Connection[Any]) -> None:
    merchant = connection.execute("SELECT id FROM platform.merchant WHERE schema_name = %s", (ONE,)).fetchone()
    with restored(connection):
        connection.execute("UPDATE kept.data_key SET state = 'destroyed', wrapped = NULL WHERE merchant = %s", merchant)
        found = not_passed(look(clients))
        assert {subject.split(".")[0] for subject in found} == {ONE}
        assert {outcome for outcome, _ in found.values()} == {Outcome.FAIL}
        assert len(found) == 7


def test_a_platform_without_merchants_observes_nothing(clients: Clients, connection: psycopg.Connection[Any]) -> None:
    """Nothing observed is nothing proven: the verdict says so, the control does not pass."""
    connection.execute("UPDATE platform.merchant SET status = 'erased'")
    try:
        found = look(clients)
    finally:
        connection.execute("UPDATE platform.merchant SET status = 'active'")
    assert {each.outcome for each in found.values()} == {Outcome.UNKNOWN}
    assert found.keys() == {f"schema {schema}" for schema in SCHEMAS}


def test_a_database_that_is_not_the_platforms_is_refused(clients: Clients) -> None:
    settings = clients.settings
    elsewhere = Clients(settings.model_copy(update={"database": settings.database.model_copy(update={"name": "postgres"})}))
    with pytest.raises(Refused):
        list(encryption.columns(elsewhere, QUESTION))


class restored:  # noqa: N801 - reads as a word of the case
    """Puts the tables a case may change back as they were."""

    TABLES = ("buyers", "shipments")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.execute("CREATE SCHEMA saved")
        for table in self.TABLES:
            put(f"CREATE TABLE saved.{table} AS TABLE {{one}}.{table}")(self.connection)
        self.connection.execute("CREATE TABLE saved.data_key AS TABLE kept.data_key")

    def __exit__(self, *_: object) -> None:
        put("ALTER TABLE {one}.buyers ALTER email TYPE bytea USING NULL")(self.connection)
        for table, names in (
            ("buyers", ("name", "address", "city", "postal_code", "email")),
            ("shipments", ("recipient_name", "recipient_address")),
        ):
            back = ", ".join(f"{name} = s.{name}" for name in names)
            put(f"UPDATE {{one}}.{table} t SET {back} FROM saved.{table} s WHERE s.id = t.id")(self.connection)
        states = "UPDATE kept.data_key k SET state = s.state, wrapped = s.wrapped FROM saved.data_key s"
        self.connection.execute(f"{states} WHERE (s.merchant, s.kid) = (k.merchant, k.kid)")
        self.connection.execute("DROP SCHEMA saved CASCADE")

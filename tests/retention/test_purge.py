"""The purge clears what is due and nothing else; without being told to act it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from promises.loading import load_catalog
from retention import purge as purge_module
from retention.purge import PurgeReport, purge
from retention.rules import Order, Shipment, digest, lead
from services.database import connect
from services.settings import Database
from tests.retention.shop import create_merchant, insert

CATALOG = load_catalog("illumacom", None)
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PERSONAL = {
    "buyers": ("name", "address", "city", "postal_code", "email"),
    "shipments": ("recipient_name", "recipient_address"),
}

Connection = psycopg.Connection[Any]


def ago(days: float) -> datetime:
    return NOW - days * DAY


def shipped(days: float) -> tuple[Order, ...]:
    return (Order(ago(days + 1), None, (Shipment(ago(days), None),)),)


@pytest.fixture
def connection(database_settings: Database) -> Iterator[Connection]:
    with connect(database_settings) as connection:
        for schema in ("m_1", "m_2"):
            create_merchant(connection, schema)
            for days in (150, 100, 89, 50, 1):
                insert(connection, schema, ago(days + 2), shipped(days))
        connection.commit()
        yield connection


def run(connection: Connection, *, apply: bool = True, now: datetime = NOW) -> PurgeReport:
    return purge(connection, CATALOG, now, lambda _line: None, apply=apply)


def content(connection: Connection) -> list[tuple[Any, ...]]:
    rows = []
    for schema in ("m_1", "m_2"):
        for table in ("buyers", "orders", "shipments"):
            rows += connection.execute(f"SELECT * FROM {schema}.{table} ORDER BY id").fetchall()
    return rows


def held(connection: Connection, table: str) -> int:
    """Rows of both merchants with any personal value."""
    any_value = " OR ".join(f"{column} IS NOT NULL" for column in PERSONAL[table])
    query = " UNION ALL ".join(f"SELECT id FROM {schema}.{table} WHERE {any_value}" for schema in ("m_1", "m_2"))
    return len(connection.execute(query).fetchall())


def test_a_plan_counts_and_changes_nothing(connection: Connection) -> None:
    before = content(connection)
    report = run(connection, apply=False)
    assert content(connection) == before
    assert not report.applied
    assert [(each.table, each.matched, each.purged, each.overdue_before) for each in report.tables] == [
        ("buyers", 6, 0, 4),
        ("shipments", 6, 0, 4),
    ]
    assert report.overdue_after == 4 + 4


def test_after_a_purge_nothing_is_overdue_and_the_rest_is_as_it_was(connection: Connection) -> None:
    report = run(connection)
    assert (report.overdue_before, report.purged, report.overdue_after) == (8, 12, 0)
    assert held(connection, "buyers") == held(connection, "shipments") == 4
    assert report.merchants == 2


def test_every_personal_column_of_a_purged_row_is_null_and_the_row_says_when(connection: Connection) -> None:
    run(connection)
    for table, columns in PERSONAL.items():
        for row in connection.execute(f"SELECT {', '.join(columns)} FROM m_1.{table} WHERE purged_at = %s", (NOW,)):
            assert set(row) == {None}
    assert connection.execute("SELECT count(*) FROM m_1.buyers WHERE purged_at IS NULL AND name IS NOT NULL").fetchone() == (2,)


def test_orders_and_the_buyers_rows_stay(connection: Connection) -> None:
    run(connection)
    for table in ("buyers", "orders", "shipments"):
        assert connection.execute(f"SELECT count(*) FROM m_1.{table}").fetchone() == (5,)


def test_a_second_run_finds_nothing(connection: Connection) -> None:
    run(connection)
    before = content(connection)
    report = run(connection)
    assert report.purged == 0
    assert content(connection) == before


def test_the_job_acts_a_lead_before_the_limit(connection: Connection) -> None:
    insert(connection, "m_1", ago(200), shipped(90 - (lead(CATALOG) + timedelta(seconds=1)) / DAY))
    insert(connection, "m_1", ago(200), shipped(90 - lead(CATALOG) / DAY))
    connection.commit()
    assert run(connection).tables[0].purged == 6 + 1


def test_a_buyer_with_a_fresh_order_keeps_the_name_but_the_old_parcel_loses_its_recipient(connection: Connection) -> None:
    insert(connection, "m_2", ago(200), (*shipped(120), *shipped(3)))
    connection.commit()
    report = run(connection)
    assert [each.purged for each in report.tables] == [6, 7]


def test_a_missed_run_breaks_nothing(connection: Connection) -> None:
    """Daily runs with one left out: at no moment, not even just before the next run, is anything overdue."""
    run(connection)
    for day in (1, 3, 4, 5):
        report = run(connection, now=NOW + day * DAY)
        assert report.overdue_before == 0


def test_more_rows_than_a_batch_are_all_purged(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge_module, "BATCH", 2)
    assert run(connection).purged == 12


def test_rows_that_another_transaction_holds_are_left_and_counted(connection: Connection, database_settings: Database) -> None:
    with connect(database_settings) as other:
        other.execute("SELECT id FROM m_1.buyers ORDER BY created_at LIMIT 1 FOR UPDATE")
        report = run(connection)
    assert report.tables[0].left == 1
    assert report.overdue_after == 1
    assert run(connection).overdue_after == 0


def test_an_order_that_arrives_between_the_looks_keeps_its_buyer(connection: Connection, database_settings: Database) -> None:
    """Its insert holds the buyer's row, so the purge skips it; once committed, the buyer is no longer due."""
    oldest = connection.execute("SELECT id FROM m_1.buyers ORDER BY created_at LIMIT 1").fetchone()
    connection.commit()
    with connect(database_settings) as other:
        other.execute("INSERT INTO m_1.orders VALUES (gen_random_uuid(), %s, 'A-2', 'ordered', 1, %s, NULL)", (*(oldest or ()), NOW))
        run(connection)
        other.commit()
    assert connection.execute("SELECT name IS NOT NULL FROM m_1.buyers WHERE id = %s", oldest).fetchone() == (True,)
    assert run(connection).overdue_after == 0


def test_a_schema_outside_of_the_register_is_purged_too(connection: Connection) -> None:
    connection.execute("DELETE FROM platform.merchant WHERE schema_name = 'm_2'")
    connection.commit()
    assert run(connection).purged == 12


def test_a_registered_merchant_without_tables_is_named(connection: Connection) -> None:
    connection.execute("INSERT INTO platform.merchant VALUES (gen_random_uuid(), 'm_gone', 'active', now())")
    connection.commit()
    assert run(connection).unreachable == ("m_gone",)


def test_the_report_holds_counts_and_digests_and_no_id(connection: Connection) -> None:
    ids = [str(row[0]) for row in connection.execute("SELECT id FROM m_1.buyers")]
    report = run(connection)
    said = str(asdict(report))
    assert report.query_sha256 == digest()
    assert report.cut_off == NOW + lead(CATALOG)
    assert not any(each in said for each in ids)

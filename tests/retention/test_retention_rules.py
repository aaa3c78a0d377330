"""The rule in Python and the rule in SQL give the same dates, and the job's lead survives a missed run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promises.loading import load_catalog
from promises.model import Catalog
from retention.rules import Order, Rule, Shipment, buyer_date, lead, order_date, shipment_date, slack
from retention.tables import due, subjects
from services.settings import Database, Settings
from tests.retention.shop import create_merchant, insert

CATALOG = load_catalog("illumacom", None)
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Rule(90 * DAY, 30 * DAY, 90 * DAY)


def ago(days: float) -> datetime:
    return NOW - days * DAY


CASES: dict[str, tuple[datetime, tuple[Order, ...], datetime]] = {
    "shipped, never scanned as delivered": (ago(200), (Order(ago(100), None, (Shipment(ago(99), None),)),), ago(9)),
    "delivered soon: the marketplace's rule is earlier": (
        ago(200),
        (Order(ago(100), None, (Shipment(ago(99), ago(95)),)),),
        ago(65),
    ),
    "delivered late: the shipment's rule is earlier": (ago(200), (Order(ago(100), None, (Shipment(ago(99), ago(20)),)),), ago(9)),
    "never shipped": (ago(200), (Order(ago(100), None, ()),), ago(10)),
    "cancelled": (ago(200), (Order(ago(100), ago(98), ()),), ago(8)),
    "delivered, though no one scanned it as shipped": (ago(200), (Order(ago(100), None, (Shipment(None, ago(95)),)),), ago(65)),
    "a label that was never used": (ago(200), (Order(ago(100), None, (Shipment(None, None),)),), ago(10)),
    "two parcels: the later one counts": (
        ago(200),
        (Order(ago(100), None, (Shipment(ago(99), None), Shipment(ago(50), None))),),
        ago(-40),
    ),
    "two orders: the later one counts": (
        ago(200),
        (Order(ago(100), None, (Shipment(ago(99), None),)), Order(ago(2), None, ())),
        ago(-88),
    ),
    "no order at all": (ago(95), (), ago(5)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_date_of_a_buyer(case: str) -> None:
    created, orders, expected = CASES[case]
    assert buyer_date(RULE, created, orders) == expected


def test_an_order_without_shipments_counts_from_itself_and_one_with_them_from_the_last() -> None:
    order = Order(ago(100), None, (Shipment(ago(99), ago(95)), Shipment(ago(80), None)))
    assert shipment_date(RULE, order.shipments[0], order) == ago(65)
    assert order_date(RULE, order) == ago(-10)


def test_the_figures_come_from_the_catalog() -> None:
    assert Rule.of(CATALOG) == RULE


@given(
    phase=st.floats(0, 1, exclude_max=True),
    missed=st.integers(0, 40),
    interval=st.integers(1, 14),
)
def test_with_one_missed_run_every_row_is_still_purged_in_time(phase: float, missed: int, interval: int) -> None:
    """Runs at a fixed interval, one of them missed, each taking up to its allowance: none ends after the limit of a row it took."""
    catalog = Catalog(CATALOG.platform, CATALOG.policy, CATALOG.promises, CATALOG.data_map, {"retention.purge": interval * DAY}, "")
    limit = NOW
    starts = [limit - (50 - number + phase) * interval * DAY for number in range(60)]
    runs = [start for number, start in enumerate(starts) if number != missed]
    takes_it = next(start for start in runs if start + lead(catalog) >= limit)
    assert takes_it + timedelta(hours=1) <= limit
    assert lead(catalog) == interval * DAY + slack(catalog)


moments = st.integers(0, 4800).map(lambda quarter_hours: NOW - timedelta(minutes=15 * quarter_hours))
shipments = st.builds(Shipment, st.none() | moments, st.none() | moments)
orders = st.builds(Order, moments, st.none() | moments, st.lists(shipments, max_size=3).map(tuple))


@pytest.fixture(scope="module")
def connection(local: Settings) -> Iterator[psycopg.Connection[Any]]:
    from services.database import connect

    name = f"rules_{uuid4().hex[:8]}"
    with connect(local.database, "postgres", autocommit=True) as outer:
        outer.execute(f"CREATE DATABASE {name}")
        chosen: Database = local.database.model_copy(update={"name": name})
        with connect(chosen) as connection:
            create_merchant(connection, "m_1")
            connection.execute("SET TimeZone = 'America/New_York'")  # days have 23 and 25 hours there
            connection.commit()
            yield connection
        outer.execute(f"DROP DATABASE {name} WITH (FORCE)")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(created=moments, bought=st.lists(orders, max_size=3), figures=st.tuples(*[st.integers(1, 120)] * 3), data=st.data())
def test_the_sql_says_what_the_python_says(
    connection: psycopg.Connection[Any], created: datetime, bought: list[Order], figures: tuple[int, int, int], data: st.DataObject
) -> None:
    """At the very instant of the date, a microsecond before it, and at any other moment."""
    rule = Rule(*(each * DAY for each in figures))
    dates = {
        "buyers": [buyer_date(rule, created, bought)],
        "shipments": [shipment_date(rule, shipment, order) for order in bought for shipment in order.shipments],
    }
    instants = [date - offset for each in dates.values() for date in each for offset in (timedelta(0), timedelta(microseconds=1))]
    moment = data.draw(st.sampled_from([*instants, NOW]))
    try:
        insert(connection, "m_1", created, bought)
        for subject in subjects(connection, CATALOG):
            seen = due(connection, subject, rule, moment)
            mine = dates[subject.table]
            assert (seen.rows, seen.due) == (len(mine), sum(date <= moment for date in mine)), subject.name
            assert seen.earliest == min(mine, default=None)
    finally:
        connection.rollback()

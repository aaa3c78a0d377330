"""The controls over retention: the limit itself decides, and a missed run is near it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from kept.procedures import drift_data
from keyrotation.opening import open_key_maker
from policies.controls.base import Question
from policies.controls.retention import overdue, purged
from promises.loading import load_catalog
from promises.observations import Observation, Outcome
from retention.purge import PurgeReport, purge
from retention.rules import Order, Shipment
from services.clients import Clients
from services.errors import Refused
from services.settings import Database, Settings
from tests.retention.shop import create_merchant, insert

CATALOG = load_catalog("illumacom", None)
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUESTION = Question(CATALOG.promise("retention.buyer-pii"), CATALOG, NOW)


@pytest.fixture
def clients(local: Settings, database_settings: Database) -> Iterator[Clients]:
    clients = Clients(local.model_copy(update={"database": database_settings}))
    with clients.database() as connection:
        for schema in ("m_1", "m_2"):
            create_merchant(connection, schema)
    return clients


def add(clients: Clients, shipped_days: float, schema: str = "m_1") -> None:
    at = NOW - shipped_days * DAY
    with clients.database() as connection:
        insert(connection, schema, at - DAY, (Order(at, None, (Shipment(at, None),)),))


def look(clients: Clients) -> dict[str, Observation]:
    return {each.subject: each for each in overdue(clients, QUESTION)}


def run(clients: Clients, *, apply: bool = True) -> PurgeReport:
    with clients.database() as connection:
        return purge(connection, CATALOG, NOW, lambda _line: None, apply=apply)


def test_the_population_is_every_table_of_every_merchant(clients: Clients) -> None:
    seen = look(clients)
    assert set(seen) == {"m_1.buyers", "m_1.shipments", "m_2.buyers", "m_2.shipments"}
    assert {each.outcome for each in seen.values()} == {Outcome.PASS}
    assert {each.figure for each in seen.values()} == {None}


DAYS = {
    "long before": (50.0, Outcome.PASS, False),
    "where the next run takes it": (88.0, Outcome.PASS, False),
    "where a run was missed": (89.5, Outcome.PASS, True),
    "at the limit": (90.0, Outcome.FAIL, False),
    "long after": (120.0, Outcome.FAIL, False),
}


@pytest.mark.parametrize("case", DAYS)
def test_the_limit_itself_decides(case: str, clients: Clients) -> None:
    days, outcome, near = DAYS[case]
    add(clients, days, "m_2")
    seen = look(clients)
    assert (seen["m_2.buyers"].outcome, seen["m_2.buyers"].near_limit) == (outcome, near)
    assert seen["m_1.buyers"].outcome is Outcome.PASS
    assert seen["m_2.buyers"].figure is not None
    assert seen["m_2.buyers"].figure.value == pytest.approx(days - 90)


def test_a_merchant_without_tables_is_unknown(clients: Clients) -> None:
    with clients.database() as connection:
        connection.execute("DROP SCHEMA m_2 CASCADE")
    assert look(clients)["m_2"].outcome is Outcome.UNKNOWN


def test_a_purge_that_acted_passes_and_the_live_control_agrees(clients: Clients) -> None:
    add(clients, 120)
    assert {each.outcome for each in purged(run(clients), QUESTION)} == {Outcome.PASS}
    assert {each.outcome for each in look(clients).values()} == {Outcome.PASS}


def test_a_plan_is_no_purge(clients: Clients) -> None:
    add(clients, 120)
    assert {each.outcome for each in purged(run(clients, apply=False), QUESTION)} == {Outcome.FAIL}


def test_one_overdue_row_after_the_purge_fails_its_table(clients: Clients) -> None:
    report = run(clients)
    first, *rest = report.tables
    broken = replace(report, tables=(replace(first, overdue_after=1), *rest))
    assert [each.outcome for each in purged(broken, QUESTION)] == [Outcome.FAIL, Outcome.PASS]


def test_a_merchant_the_purge_could_not_reach_is_unknown(clients: Clients) -> None:
    report = replace(run(clients), unreachable=("m_gone",))
    assert next(iter(purged(report, QUESTION))).outcome is Outcome.UNKNOWN


def test_an_overdue_order_breaks_the_promise_and_the_purge_mends_it(clients: Clients) -> None:
    """The drift of the demonstration: real rows, encrypted like any other."""
    with clients.database() as connection:
        connection.execute("DELETE FROM platform.merchant WHERE schema_name = 'm_2'")
        (merchant,) = connection.execute("SELECT id FROM platform.merchant").fetchone() or (None,)
    assert merchant is not None
    with open_key_maker(clients, 89 * DAY) as make_keys:
        make_keys(merchant)
    undo = drift_data.add_overdue_order(clients, CATALOG, NOW)
    assert "invented" not in str(undo)
    assert look(clients)["m_1.buyers"].outcome is look(clients)["m_1.shipments"].outcome is Outcome.FAIL
    with clients.database() as connection:
        (name,) = connection.execute("SELECT name FROM m_1.buyers").fetchone() or (b"",)
    assert b"invented" not in name
    assert run(clients).purged == 2
    assert look(clients)["m_1.buyers"].outcome is Outcome.PASS
    drift_data.remove_overdue_order(clients, undo)
    with clients.database() as connection:
        assert connection.execute("SELECT count(*) FROM m_1.buyers").fetchone() == (0,)


def test_drift_is_refused_outside_of_the_local_environment(clients: Clients) -> None:
    production = Clients(clients.settings.model_copy(update={"environment": "production"}))
    for act in (
        lambda: drift_data.add_overdue_order(production, CATALOG, NOW),
        lambda: drift_data.corrupt_newest_backup(production),
        lambda: drift_data.restore_backup(production, {"key": str(uuid4()), "offset": 0}),
    ):
        with pytest.raises(Refused):
            act()
    with clients.database() as connection:
        assert connection.execute("SELECT count(*) FROM m_1.buyers").fetchone() == (0,)


def test_a_purge_that_found_no_merchants_table_is_unknown(clients: Clients) -> None:
    report = run(clients)
    nowhere = replace(report, tables=tuple(replace(each, merchants=0) for each in report.tables))
    assert {each.outcome for each in purged(nowhere, QUESTION)} == {Outcome.UNKNOWN}


def test_a_schema_with_only_some_of_the_tables_is_named(clients: Clients) -> None:
    with clients.database() as connection:
        connection.execute("CREATE SCHEMA m_partial")
        connection.execute("CREATE TABLE m_partial.buyers (id uuid PRIMARY KEY)")
    assert "m_partial" in run(clients).unreachable

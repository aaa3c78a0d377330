"""Loading the sample and breaking it honestly, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from keyrotation import transit
from keyrotation.opening import open_cipher
from promises.loading import load_catalog
from promises.model import Catalog
from samples import drift
from samples.load import Loaded, load_shop
from samples.schema import COLUMNS, schema_name
from samples.shop import MerchantShop, ShopSize, shops
from services.clients import Clients
from services.errors import Refused
from services.settings import Settings
from services.vault import Vault
from tests.own_database import own_database, root_vault

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = ShopSize(merchants=3, orders=90, seed=31)


def silent(_: str) -> None:
    return


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog("illumacom", None)


@pytest.fixture(scope="module")
def clients(local: Settings) -> Iterator[Clients]:
    with own_database(local, "samples_load") as clients:
        yield clients


@pytest.fixture(scope="module")
def loaded(clients: Clients, catalog: Catalog) -> Loaded:
    return load_shop(clients, catalog, SIZE, NOW, silent)


@pytest.fixture
def connection(clients: Clients, loaded: Loaded) -> Iterator[psycopg.Connection[Any]]:
    with clients.database(autocommit=True) as connection:
        yield connection


def stored(connection: psycopg.Connection[Any], merchant: UUID, table: str) -> list[tuple[Any, ...]]:
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table]))
    return connection.execute(sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(schema_name(merchant), table))).fetchall()


def everything(connection: psycopg.Connection[Any]) -> dict[tuple[UUID, str], list[tuple[Any, ...]]]:
    return {(shop.id, table): sorted(stored(connection, shop.id, table)) for shop in shops(SIZE, NOW) for table in COLUMNS}


def test_every_row_is_there_and_opens_to_what_was_generated(
    connection: psycopg.Connection[Any], clients: Clients, loaded: Loaded, catalog: Catalog
) -> None:
    assert loaded.fresh
    assert loaded.rows["orders"] == 90
    with open_cipher(clients) as cipher:
        for shop in shops(SIZE, NOW):
            for table, rows in shop.tables.items():
                sealed = {column.name: column.id for column in catalog.data_map.table(table).encrypted()}
                found = {row[0]: row for row in stored(connection, shop.id, table)}
                assert found.keys() == {row[0] for row in rows}
                for row in rows:
                    for name, value, kept in zip(COLUMNS[table], row, found[row[0]], strict=True):
                        opened = cipher.decrypt(shop.id, sealed[name], row[0].bytes, kept).decode() if name in sealed else kept
                        assert opened == value, f"{table}.{name}"


def test_no_name_and_no_address_lies_plain_anywhere(connection: psycopg.Connection[Any]) -> None:
    first: MerchantShop = next(shops(SIZE, NOW))
    secrets = {str(value) for row in first.tables["buyers"] for value in row[1:6]}
    for rows in everything(connection).values():
        plain = {str(value) for row in rows for value in row if not isinstance(value, bytes)}
        assert plain.isdisjoint(secrets)
        assert not any(
            secret.encode() in value for row in rows for value in row if isinstance(value, bytes) for secret in secrets if len(secret) > 4
        )


def test_the_same_sample_again_keeps_what_is_there(
    connection: psycopg.Connection[Any], clients: Clients, catalog: Catalog, loaded: Loaded
) -> None:
    before = everything(connection)
    again = load_shop(clients, catalog, SIZE, NOW + timedelta(days=1), silent)
    assert not again.fresh
    assert again.rows == loaded.rows
    assert everything(connection) == before


@pytest.mark.parametrize("other", [ShopSize(3, 90, 32), ShopSize(3, 91, 31), ShopSize(4, 90, 31)])
def test_another_sample_beside_it_is_refused(
    connection: psycopg.Connection[Any], clients: Clients, catalog: Catalog, loaded: Loaded, other: ShopSize
) -> None:
    before = everything(connection)
    with pytest.raises(Refused, match="seed 31"):
        load_shop(clients, catalog, other, NOW, silent)
    assert everything(connection) == before


def test_data_that_is_no_sample_is_never_mixed_with_one(local: Settings, catalog: Catalog) -> None:
    with own_database(local, "samples_strange") as clients, clients.database(autocommit=True) as connection:
        connection.execute("CREATE SCHEMA platform")
        connection.execute("CREATE TABLE platform.merchant (id uuid, schema_name text, status text, created_at timestamptz)")
        connection.execute("INSERT INTO platform.merchant VALUES (gen_random_uuid(), 'm_0', 'active', now())")
        with pytest.raises(Refused, match="no sample"):
            load_shop(clients, catalog, SIZE, NOW, silent)


def test_a_load_that_dies_leaves_no_row_and_the_next_one_uses_its_keys(local: Settings, catalog: Catalog) -> None:
    def die(line: str) -> None:
        if line.startswith("shop: 2 of"):
            raise KeyboardInterrupt

    size = ShopSize(merchants=3, orders=9, seed=33)
    with own_database(local, "samples_died") as clients:
        with pytest.raises(KeyboardInterrupt):
            load_shop(clients, catalog, size, NOW, die)
        with clients.database(autocommit=True) as connection:
            assert connection.execute("SELECT to_regclass('platform.merchant')").fetchone() == (None,)
            assert connection.execute("SELECT count(*) FROM kept.data_key").fetchone() == (2,)
        assert load_shop(clients, catalog, size, NOW, silent).fresh
        with clients.database(autocommit=True) as connection:
            assert connection.execute("SELECT count(*), max(kid) FROM kept.data_key").fetchone() == (3, 1)


def test_a_merchants_role_reaches_its_own_schema_and_no_other(connection: psycopg.Connection[Any]) -> None:
    one, other, *_ = (schema_name(shop.id) for shop in shops(SIZE, NOW))
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(one)))
        assert connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(one, "buyers"))).fetchone()
        for schema in (other, "kept", "platform"):
            table = {"kept": "data_key", "platform": "merchant"}.get(schema, "buyers")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(schema, table)))


def test_plaintext_is_written_and_the_old_bytes_come_back(connection: psycopg.Connection[Any]) -> None:
    before = everything(connection)
    undo = drift.write_plaintext(connection)
    changed = [key for key, rows in everything(connection).items() if rows != before[key]]
    assert len(changed) == 1
    assert changed[0][1] == "buyers"
    drift.restore_ciphertext(connection, undo)
    assert everything(connection) == before


def test_a_purged_row_does_not_get_its_old_bytes_back(connection: psycopg.Connection[Any]) -> None:
    undo = drift.write_plaintext(connection)
    row = sql.SQL("UPDATE {} SET address = %s WHERE id = %s").format(sql.Identifier(undo["schema"], "buyers"))
    connection.execute(row, (None, undo["row"]))
    drift.restore_ciphertext(connection, undo)
    query = sql.SQL("SELECT address FROM {} WHERE id = %s").format(sql.Identifier(undo["schema"], "buyers"))
    assert connection.execute(query, (undo["row"],)).fetchone() == (None,)
    connection.execute(row, (bytes.fromhex(undo["stored"]), undo["row"]))


def test_a_key_is_aged_in_vault_itself_and_everything_still_opens(
    connection: psycopg.Connection[Any], clients: Clients, local: Settings, catalog: Catalog
) -> None:
    root, shop = root_vault(local), next(shops(SIZE, NOW))
    young = transit.require_key(root, f"pii/{shop.id}")
    drift.age_key(root, shop.id, timedelta(days=120))
    old = transit.require_key(root, f"pii/{shop.id}")
    assert young.created_at - old.created_at == timedelta(days=120)
    assert (old.version, old.exportable) == (young.version, False)
    buyer = stored(connection, shop.id, "buyers")[0]
    names = {row[0]: row[1] for row in shop.tables["buyers"]}
    with open_cipher(clients) as cipher:
        assert (
            cipher.decrypt(shop.id, catalog.data_map.table("buyers").encrypted()[0].id, buyer[0].bytes, buyer[1]).decode()
            == names[buyer[0]]
        )
    transit.turn(root, f"pii/{shop.id}")
    assert transit.require_key(root, f"pii/{shop.id}").created_at >= young.created_at


@pytest.mark.parametrize("address", ["https://vault.example.com:8200", "https://10.0.0.5:8200", "https://[2001:db8::1]:8200", "nonsense"])
def test_no_key_is_aged_on_a_server_elsewhere(address: str, clients: Clients) -> None:
    with pytest.raises(Refused, match="no local server"):
        drift.age_key(Vault(address, str(clients.settings.vault.ca_file), token="x"), UUID(int=1), timedelta(days=1))

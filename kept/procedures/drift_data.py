"""Honest drift of stored data, in local environments only: a damaged backup object, and personal data past its date.

Both change the real thing: the object in the bucket (one byte, put back with the administrator's identity), and rows of a merchant
(an order shipped 100 days ago, its buyer's data encrypted like any other). What undoes them holds no personal value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from promises.model import Catalog
from services.clients import Clients
from services.errors import Refused

if TYPE_CHECKING:
    import psycopg

    from keyrotation.cipher import FieldCipher

Undo = dict[str, Any]

ADMIN = "admin"
SHIPPED_AGO = timedelta(days=100)
MASK = 0x01


def corrupt_newest_backup(clients: Clients, part: int = 2) -> Undo:
    """Change one byte of the newest backup's data object, at the `part`-th of its length; where it was, and what it was."""
    from backups import inventory

    _require_local(clients)
    newest = inventory.read(clients).newest
    if newest is None:
        raise Refused("there is no backup to damage", "make one first: kept backup run")
    data = newest.manifest.data
    offset = data.size_bytes // part
    before = _put_byte(clients, data.object_key, offset, None)
    return {"key": data.object_key, "offset": offset, "byte": before}


def restore_backup(clients: Clients, undo: Undo) -> None:
    """Put the byte back; doing it twice changes nothing."""
    _require_local(clients)
    _put_byte(clients, undo["key"], undo["offset"], undo["byte"])


def add_overdue_order(clients: Clients, catalog: Catalog, now: datetime) -> Undo:
    """A buyer, an order and a shipment sent 100 days ago, in the first merchant's schema; the ids of the rows."""
    from keyrotation.opening import open_cipher

    _require_local(clients)
    undo: Undo = {"buyers": str(uuid4()), "orders": str(uuid4()), "shipments": str(uuid4())}
    with clients.database() as connection, open_cipher(clients) as cipher:
        row = connection.execute("SELECT id, schema_name FROM platform.merchant WHERE status = 'active' ORDER BY id LIMIT 1").fetchone()
        if row is None:
            raise Refused("there is no merchant to leave an overdue row at", "load the sample shop first: kept demo")
        merchant, undo["schema"] = row
        _insert(connection, undo, "buyers", _encrypted(cipher, catalog, merchant, "buyers", undo), _buyer(now))
        _insert(connection, undo, "orders", {}, _order(undo, now))
        _insert(connection, undo, "shipments", _encrypted(cipher, catalog, merchant, "shipments", undo), _shipment(undo, now))
    return undo


def remove_overdue_order(clients: Clients, undo: Undo) -> None:
    """Delete the three rows. (The purge job mends the promise too: it clears their personal columns.)"""
    from psycopg import sql

    _require_local(clients)
    with clients.database() as connection:
        for table in ("shipments", "orders", "buyers"):
            delete = sql.SQL("DELETE FROM {} WHERE id = %s").format(sql.Identifier(undo["schema"], table))
            connection.execute(delete, (UUID(undo[table]),))


def _put_byte(clients: Clients, key: str, offset: int, byte: int | None) -> int:
    """Write one byte of an object (None: one that differs from what is there); what stood there before."""
    bucket, admin = clients.settings.backups.bucket, clients.objects(ADMIN)
    content = bytearray(admin.get_object(Bucket=bucket, Key=key)["Body"].read())
    before = content[offset]
    content[offset] = before ^ MASK if byte is None else byte
    admin.put_object(Bucket=bucket, Key=key, Body=bytes(content))
    return before


def _buyer(now: datetime) -> dict[str, Any]:
    return {"marketplace": "northmart", "created_at": now - SHIPPED_AGO - timedelta(days=2)}


def _order(undo: Undo, now: datetime) -> dict[str, Any]:
    return {
        "buyer_id": UUID(undo["buyers"]),
        "number": f"DRIFT-{undo['orders'][:8]}",
        "status": "shipped",
        "total_cents": 4200,
        "ordered_at": now - SHIPPED_AGO - timedelta(days=1),
    }


def _shipment(undo: Undo, now: datetime) -> dict[str, Any]:
    return {"order_id": UUID(undo["orders"]), "carrier": "Bluepost", "shipped_at": now - SHIPPED_AGO}


def _encrypted(cipher: FieldCipher, catalog: Catalog, merchant: UUID, table: str, undo: Undo) -> dict[str, bytes]:
    """An invented value for every encrypted column of the table, encrypted for this merchant, column and row."""
    from keyrotation.format import uuid_key

    key = uuid_key(UUID(undo[table]))
    columns = catalog.data_map.table(table).encrypted()
    return {column.name: cipher.encrypt(merchant, column.id, key, f"invented {column.name}".encode()) for column in columns}


def _insert(connection: psycopg.Connection[Any], undo: Undo, table: str, encrypted: dict[str, bytes], plain: dict[str, Any]) -> None:
    from psycopg import sql

    values = {"id": UUID(undo[table]), **encrypted, **plain}
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    places = sql.SQL(", ").join(sql.Placeholder() * len(values))
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(undo["schema"], table), names, places)
    connection.execute(insert, tuple(values.values()))


def _require_local(clients: Clients) -> None:
    if clients.settings.environment != "local":
        raise Refused(f"this is {clients.settings.environment}: nothing is broken on purpose here", "use local servers: kept local up")

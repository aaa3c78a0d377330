"""The three tables of the rule, as every merchant's schema has them, and rows in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from retention.rules import Order

PLATFORM = """
    CREATE SCHEMA IF NOT EXISTS platform;
    CREATE TABLE IF NOT EXISTS platform.merchant (id uuid PRIMARY KEY, schema_name text, status text, created_at timestamptz);
"""

MERCHANT = """
    CREATE SCHEMA {0};
    CREATE TABLE {0}.buyers (id uuid PRIMARY KEY, name bytea, address bytea, city bytea, postal_code bytea, email bytea,
        marketplace text, created_at timestamptz NOT NULL, purged_at timestamptz);
    CREATE TABLE {0}.orders (id uuid PRIMARY KEY, buyer_id uuid NOT NULL REFERENCES {0}.buyers, number text, status text,
        total_cents bigint, ordered_at timestamptz NOT NULL, cancelled_at timestamptz);
    CREATE TABLE {0}.shipments (id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES {0}.orders, carrier text,
        recipient_name bytea, recipient_address bytea, shipped_at timestamptz, delivered_at timestamptz, purged_at timestamptz);
    CREATE INDEX ON {0}.orders (buyer_id); CREATE INDEX ON {0}.shipments (order_id);
"""

CIPHERTEXT = b"\x01ciphertext"


def create_merchant(connection: psycopg.Connection[Any], schema: str) -> None:
    connection.execute(PLATFORM)
    connection.execute(MERCHANT.format(schema))
    connection.execute("INSERT INTO platform.merchant VALUES (%s, %s, 'active', now())", (uuid4(), schema))


def insert(connection: psycopg.Connection[Any], schema: str, created: datetime, orders: Sequence[Order]) -> UUID:
    """One buyer with these orders; the buyer's id."""
    buyer = uuid4()
    columns = "id, name, address, city, postal_code, email, marketplace, created_at"
    connection.execute(
        f"INSERT INTO {schema}.buyers ({columns}) VALUES (%s, %s, %s, %s, %s, %s, 'northmart', %s)", (buyer, *[CIPHERTEXT] * 5, created)
    )
    for order in orders:
        number = uuid4()
        connection.execute(
            f"INSERT INTO {schema}.orders VALUES (%s, %s, 'A-1', 'ordered', 100, %s, %s)",
            (number, buyer, order.ordered_at, order.cancelled_at),
        )
        for shipment in order.shipments:
            connection.execute(
                f"INSERT INTO {schema}.shipments VALUES (%s, %s, 'Bluepost', %s, %s, %s, %s)",
                (uuid4(), number, CIPHERTEXT, CIPHERTEXT, shipment.shipped_at, shipment.delivered_at),
            )
    return buyer

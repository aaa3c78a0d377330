"""The sample back office's tables: one schema and one role per merchant, and the platform's register of merchants.

The tables are those of the data map (`promises/catalog/illumacom.yaml`); `COLUMNS` fixes the order in which rows are generated and
loaded. Personal columns are `bytea` and hold nothing but the field cipher's format. Tables that are re-encrypted or purged keep
half of each page free, so that Postgres can update rows in place (HOT).

Each merchant's role may use its own schema and nothing else; nobody else (`PUBLIC`) may.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "buyers": ("id", "name", "address", "city", "postal_code", "email", "marketplace", "created_at"),
        "orders": ("id", "buyer_id", "number", "status", "total_cents", "ordered_at", "cancelled_at"),
        "shipments": ("id", "order_id", "carrier", "recipient_name", "recipient_address", "shipped_at", "delivered_at"),
        "products": ("id", "sku", "title", "price_cents"),
        "inventory": ("id", "product_id", "quantity", "updated_at"),
        "financial_reports": ("id", "month", "gross_cents", "fees_cents"),
    }
)

_PLATFORM = """
CREATE SCHEMA IF NOT EXISTS platform;
CREATE TABLE IF NOT EXISTS platform.merchant (
    id uuid PRIMARY KEY,
    schema_name text NOT NULL UNIQUE,
    status text NOT NULL CHECK (status IN ('active', 'terminated', 'erased')),
    created_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS platform.sample (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seed bigint NOT NULL,
    merchants integer NOT NULL,
    orders integer NOT NULL,
    loaded_at timestamptz NOT NULL
);
"""

_MERCHANT = """
CREATE TABLE {schema}.buyers (
    id uuid PRIMARY KEY, name bytea, address bytea, city bytea, postal_code bytea, email bytea,
    marketplace text NOT NULL, created_at timestamptz NOT NULL, purged_at timestamptz
) WITH (fillfactor = 50);
CREATE TABLE {schema}.orders (
    id uuid PRIMARY KEY, buyer_id uuid NOT NULL REFERENCES {schema}.buyers, number text NOT NULL,
    status text NOT NULL CHECK (status IN ('ordered', 'shipped', 'delivered', 'cancelled')),
    total_cents bigint NOT NULL, ordered_at timestamptz NOT NULL, cancelled_at timestamptz
);
CREATE TABLE {schema}.shipments (
    id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES {schema}.orders, carrier text NOT NULL,
    recipient_name bytea, recipient_address bytea,
    shipped_at timestamptz NOT NULL, delivered_at timestamptz, purged_at timestamptz
) WITH (fillfactor = 50);
CREATE TABLE {schema}.products (id uuid PRIMARY KEY, sku text NOT NULL UNIQUE, title text NOT NULL, price_cents bigint NOT NULL);
CREATE TABLE {schema}.inventory (
    id uuid PRIMARY KEY, product_id uuid NOT NULL REFERENCES {schema}.products, quantity integer NOT NULL, updated_at timestamptz NOT NULL
);
CREATE TABLE {schema}.financial_reports (
    id uuid PRIMARY KEY, month date NOT NULL UNIQUE, gross_cents bigint NOT NULL, fees_cents bigint NOT NULL
);
"""

_INDEXES = """
CREATE INDEX ON {schema}.orders (buyer_id);
CREATE INDEX ON {schema}.shipments (order_id);
"""

_GRANTS = """
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {schema};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema};
"""


def schema_name(merchant: UUID) -> str:
    """The schema of a merchant, and the role that may use it: `m_` and the first 16 hexadecimal digits of its id."""
    return f"m_{merchant.hex[:16]}"


def create_platform(connection: psycopg.Connection[Any]) -> None:
    """The register of merchants and the note of what sample is loaded."""
    connection.execute(_PLATFORM)


def create_merchant_tables(connection: psycopg.Connection[Any], merchant: UUID) -> None:
    """An empty schema for one merchant, with its role."""
    name = schema_name(merchant)
    _create_role(connection, name)
    connection.execute(sql.SQL("CREATE SCHEMA {schema}").format(schema=sql.Identifier(name)))
    for statements in (_MERCHANT, _GRANTS):
        connection.execute(sql.SQL(statements).format(schema=sql.Identifier(name)))


def create_indexes(connection: psycopg.Connection[Any], merchant: UUID) -> None:
    """Indexes on foreign keys; made after the rows, which is quicker."""
    connection.execute(sql.SQL(_INDEXES).format(schema=sql.Identifier(schema_name(merchant))))


def _create_role(connection: psycopg.Connection[Any], name: str) -> None:
    """Roles belong to the server, not to the database: one left by an earlier database is used again."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {role} NOLOGIN").format(role=sql.Identifier(name)))

"""The tables of the key ring, in schema `kept` of the platform's own database, so that it commits together with its rows.

`kept.data_key` holds every data key that ever was, wrapped by its merchant's key in Vault; harmless without it. `wrapped` is a
wrap whose commitment was checked; `candidate` is a rewrapped one that was not checked yet, so a reader never meets an unchecked
wrap. `kept.active_key` says under which key new values are written: explicitly, never "the first" or "the last".

States: pending (committed, nothing written under it yet), active (values may stand under it), retired (a query found no value
under it), destroyed (the wrap is gone; the row stays, so that its number is never used again).
"""

from __future__ import annotations

from typing import Any

import psycopg

_LOCK = "kept.ring.schema"

_DDL = """
CREATE SCHEMA IF NOT EXISTS kept;

CREATE TABLE IF NOT EXISTS kept.data_key (
    merchant uuid NOT NULL,
    kid bigint NOT NULL CHECK (kid BETWEEN 1 AND 4294967295),
    wrapped text,
    candidate text,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'active', 'retired', 'destroyed')),
    nonces_reserved bigint NOT NULL DEFAULT 0 CHECK (nonces_reserved BETWEEN 0 AND 4294967296),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (merchant, kid),
    CHECK ((state = 'destroyed') = (wrapped IS NULL)),
    CHECK (state <> 'destroyed' OR candidate IS NULL)
);

CREATE TABLE IF NOT EXISTS kept.active_key (
    merchant uuid PRIMARY KEY,
    kid bigint NOT NULL,
    FOREIGN KEY (merchant, kid) REFERENCES kept.data_key (merchant, kid)
);

CREATE TABLE IF NOT EXISTS kept.key_event (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run uuid,
    merchant uuid,
    kid bigint,
    step text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""


def create_schema(connection: psycopg.Connection[Any]) -> None:
    """Make the tables where they are missing; safe when several processes do it at once. Commits."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))
        connection.execute(_DDL)
    if not connection.autocommit:
        connection.commit()

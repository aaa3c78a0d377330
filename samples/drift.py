"""Honest breakage of the key promises, for the drift demonstration and for tests: local servers only.

`write_plaintext` overwrites one buyer's address with an invented plaintext one, past the field cipher; `restore_ciphertext` puts
the old bytes back. `age_key` makes a merchant's key older in Vault itself: it takes the key's backup, sets its times back and
restores it over the original, so that every later answer of the server is true to what it holds. Values stay readable, for the
key bytes are the same. It is mended by the rotation job, like any old key.

`age_key` needs the local root token, for no role of ours may back up or restore a key, and refuses any server that is not on
this machine. The backup (raw key bytes) stays in memory and is never logged.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg import sql

from keyrotation.vault_roles import MERCHANT_MOUNT
from services.errors import Refused
from services.vault import Vault

PLAINTEXT = b"41 Tannery Lane"

Undo = dict[str, str]
"""What puts a change back; plain strings, fit for JSON. It holds ciphertext at most."""


def write_plaintext(connection: psycopg.Connection[Any]) -> Undo:
    """Put a plaintext address into the newest buyer of the first merchant, and commit."""
    found = connection.execute("SELECT schema_name FROM platform.merchant WHERE status = 'active' ORDER BY id LIMIT 1").fetchone()
    if found is None:
        raise Refused("there is no merchant to break", "load the sample shop first: kept demo")
    table = sql.Identifier(found[0], "buyers")
    newest = sql.SQL("SELECT id, address FROM {} WHERE address IS NOT NULL ORDER BY created_at DESC, id LIMIT 1").format(table)
    row = connection.execute(newest).fetchone()
    if row is None:
        raise Refused(f"{found[0]}.buyers holds no address to overwrite", "load the sample shop anew")
    _set_address(connection, found[0], row[0], PLAINTEXT)
    return {"schema": found[0], "row": str(row[0]), "stored": row[1].hex()}


def restore_ciphertext(connection: psycopg.Connection[Any], undo: Undo) -> None:
    """Put the old ciphertext back, unless the row was purged meanwhile, and commit."""
    _set_address(connection, undo["schema"], UUID(undo["row"]), bytes.fromhex(undo["stored"]))


def age_key(root: Vault, merchant: UUID, by: timedelta) -> None:
    """Make every version of a merchant's key older by `by`, with its flags as they were and automatic rotation off."""
    _require_local(root)
    path = f"{MERCHANT_MOUNT}/keys/{merchant}"
    root.write(f"{path}/config", {"exportable": True, "allow_plaintext_backup": True})
    blob = json.loads(base64.b64decode(root.read(f"{MERCHANT_MOUNT}/backup/{merchant}")["backup"]))
    policy = blob["policy"]
    policy |= {"exportable": False, "allow_plaintext_backup": False, "auto_rotate_period": 0}
    for version in policy["keys"].values():
        version["creation_time"] -= int(by.total_seconds())
        version["time"] = _earlier(version["time"], by)
    backup = base64.b64encode(json.dumps(blob).encode()).decode()
    root.write(f"{MERCHANT_MOUNT}/restore/{merchant}", {"backup": backup, "force": True})


def _set_address(connection: psycopg.Connection[Any], schema: str, row: UUID, stored: bytes) -> None:
    update = sql.SQL("UPDATE {} SET address = %s WHERE id = %s AND address IS NOT NULL").format(sql.Identifier(schema, "buyers"))
    connection.execute(update, (stored, row))
    if not connection.autocommit:
        connection.commit()


def _earlier(moment: str, by: timedelta) -> str:
    """An RFC 3339 moment with nanoseconds, moved back; its fraction of a second is kept to the microsecond."""
    return (datetime.fromisoformat(moment) - by).isoformat().replace("+00:00", "Z")


def _require_local(vault: Vault) -> None:
    host = urlsplit(vault.address).hostname or ""
    local = host == "localhost"
    with contextlib.suppress(ValueError):
        local = local or ipaddress.ip_address(host).is_loopback
    if not local:
        raise Refused(f"{host} is no local server: no key is aged there", "use the servers of `kept local up`")

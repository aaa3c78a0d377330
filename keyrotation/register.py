"""The key register: every key there is, with its kind, its newest version and that version's age; and which are missing.

Kinds: `merchant` (key-encryption keys in `pii/`), `data` (the active data key of each merchant, in the ring), `backup` and
`evidence` (the platform's own keys), `other` (a key in Vault that nothing declares; it is counted like the rest).
What must exist: a key and an active data key for every merchant that is not erased, and every key declared in
`keyrotation.vault_roles`. The role that reads is `rotate`: it can list keys and read their ages, and decrypt nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from keyrotation import transit
from keyrotation.opening import open_ring
from keyrotation.ring import DataKey, Ring
from keyrotation.vault_roles import MERCHANT_MOUNT, PLATFORM_KEYS, PLATFORM_MOUNT
from services.clients import Clients
from services.errors import Refused
from services.vault import Vault


@dataclass(frozen=True)
class RegisteredKey:
    """One key. `name` is its path in Vault, or `data/<merchant>`; `version` is its newest version, or the active kid.

    Of a signing key of the log, `version` is the oldest that Vault still signs with.
    """

    kind: str
    name: str
    version: int
    created_at: datetime
    exportable: bool = False
    soft_deleted: bool = False

    def age(self, now: datetime) -> timedelta:
        return now - self.created_at


@dataclass(frozen=True)
class Register:
    """All keys, and the names of those that should exist and do not."""

    keys: tuple[RegisteredKey, ...]
    missing: tuple[str, ...]


def read(clients: Clients) -> tuple[RegisteredKey, ...]:
    """Every registered key, by kind and name."""
    with open_ring(clients) as ring:
        return tuple(sorted(read_register(ring, clients.vault("rotate")).keys, key=lambda key: (key.kind, key.name)))


def read_register(ring: Ring, vault: Vault) -> Register:
    """Read the whole register: one request a key in Vault, one query for the ring."""
    keys = (*_transit_keys(vault), *_data_keys(ring.all_keys(), ring.all_active()))
    expected = {*(f"{PLATFORM_MOUNT}/{key.name}" for key in PLATFORM_KEYS)}
    for merchant in merchant_schemas(ring).values():
        expected |= {transit.merchant_path(merchant), data_name(merchant)}
    return Register(keys, tuple(sorted(expected - {key.name for key in keys})))


def merchant_schemas(ring: Ring) -> dict[str, UUID]:
    """The platform's merchants that are not erased, by schema; `Refused` when there is no register of them."""
    found = ring.connection.execute("SELECT to_regclass('platform.merchant')").fetchone()
    if found is None or found[0] is None:
        raise Refused("the database has no table platform.merchant", "load the platform's schema first (`kept demo` does)")
    rows = ring.connection.execute("SELECT schema_name, id FROM platform.merchant WHERE status <> 'erased' ORDER BY schema_name")
    return dict(rows.fetchall())


def merchant_of(name: str) -> UUID | None:
    """The merchant a key in Vault belongs to, or None when its name is no merchant's."""
    mount, _, key = name.partition("/")
    try:
        return UUID(key) if mount == MERCHANT_MOUNT else None
    except ValueError:
        return None


def data_name(merchant: UUID) -> str:
    return f"data/{merchant}"


def kind_of(name: str) -> str:
    """The kind of a key in Vault, by its path."""
    if merchant_of(name) is not None:
        return "merchant"
    declared = {f"{PLATFORM_MOUNT}/{key.name}": key.kind for key in PLATFORM_KEYS}
    return declared.get(name, "other")


def _transit_keys(vault: Vault) -> Iterator[RegisteredKey]:
    for mount in (MERCHANT_MOUNT, PLATFORM_MOUNT):
        for name in sorted(vault.list(f"{mount}/keys")):
            key = transit.read_key(vault, f"{mount}/{name}")
            if key is not None:
                yield _in_use(
                    vault, RegisteredKey(kind_of(key.path), key.path, key.version, key.created_at, key.exportable, key.soft_deleted)
                )


def _in_use(vault: Vault, key: RegisteredKey) -> RegisteredKey:
    """A signing key of the log is as old as the oldest version that Vault still signs with (`keyrotation.evidence_keys`)."""
    if key.kind != "evidence":
        return key
    oldest = next(each for each in transit.read_versions(vault, key.name) if each.signs)
    return replace(key, version=oldest.number, created_at=oldest.created_at)


def _data_keys(keys: Iterable[DataKey], active: dict[UUID, int]) -> Iterator[RegisteredKey]:
    for key in keys:
        if active.get(key.merchant) == key.kid:
            yield RegisteredKey("data", data_name(key.merchant), key.kid, key.created_at)

"""The register: every key by kind, and the missing ones by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from keyrotation import register
from keyrotation.data_keys import create_data_key
from keyrotation.ring import Ring
from services.clients import Clients
from services.vault import Vault


def test_every_kind_of_key_is_there_with_its_age(clients: Clients, ring: Ring, app: Vault, merchant: UUID) -> None:
    create_data_key(ring, app, merchant, replacing=1)
    keys = {key.name: key for key in register.read(clients)}
    kinds = {name: keys[name].kind for name in (f"pii/{merchant}", f"data/{merchant}", "transit/backup", "transit/evidence-log")}
    assert list(kinds.values()) == ["merchant", "data", "backup", "evidence"]
    assert keys[f"data/{merchant}"].version == 2
    assert all(keys[name].age(datetime.now(UTC)) < timedelta(hours=1) for name in kinds)


def test_a_key_nobody_declared_is_counted_as_other(clients: Clients, root: Vault) -> None:
    root.write("transit/keys/stray", {})
    try:
        (stray,) = [key for key in register.read(clients) if key.kind == "other"]
        assert stray.name == "transit/stray"
    finally:
        root.write("transit/keys/stray/config", {"deletion_allowed": True})
        root.delete("transit/keys/stray")


def test_a_merchant_without_keys_is_missing_both_until_it_is_erased(clients: Clients, ring: Ring) -> None:
    merchant = uuid4()
    ring.connection.execute("INSERT INTO platform.merchant VALUES (%s, %s, 'active', now())", (merchant, f"m_{merchant.hex[:16]}"))
    missing = register.read_register(ring, clients.vault("rotate")).missing
    assert {f"pii/{merchant}", f"data/{merchant}"} <= set(missing)
    ring.connection.execute("UPDATE platform.merchant SET status = 'erased' WHERE id = %s", (merchant,))
    assert not [name for name in register.read_register(ring, clients.vault("rotate")).missing if str(merchant) in name]


KINDS = {
    "pii/00112233-4455-6677-8899-aabbccddeeff": "merchant",
    "pii/not-a-merchant": "other",
    "transit/00112233-4455-6677-8899-aabbccddeeff": "other",
    "transit/backup": "backup",
    "transit/evidence-record": "evidence",
    "pii/backup": "other",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_key_is_of_the_kind_its_path_says(name: str) -> None:
    assert register.kind_of(name) == KINDS[name]

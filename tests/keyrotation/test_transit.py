"""Transit calls on a real OpenBao: batches, bad items, versions as numbers."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from keyrotation import transit
from services.clients import Clients
from services.errors import BadData
from services.vault import Denied, Invalid, NotFound, Vault


@pytest.fixture
def key(root: Vault) -> UUID:
    merchant = uuid4()
    root.write(f"pii/keys/{merchant}", {})
    return merchant


def test_a_data_key_is_made_wrapped_and_opened(app: Vault, key: UUID) -> None:
    opened, wrapped = transit.new_data_key(app, key)
    assert len(opened) == 32
    assert wrapped.startswith("vault:v1:")
    assert transit.unwrap(app, key, wrapped) == opened


def test_more_wraps_than_a_batch_holds_are_carried_over_with_the_bad_ones_named(clients: Clients, app: Vault, key: UUID) -> None:
    made = {kid: transit.new_data_key(app, key) for kid in range(1, 11)}
    wraps = {kid: made[kid % 10 + 1][1] for kid in range(1, transit.MAX_BATCH + 20)}
    wraps[7], wraps[transit.MAX_BATCH + 3] = "vault:v1:AAAA", "vault:v9:AAAA"
    rotate = clients.vault("rotate")
    transit.turn(rotate, f"pii/{key}")
    renewed = transit.rewrap_many(rotate, key, wraps)
    assert {kid for kid, wrapped in renewed.items() if wrapped is None} == {7, transit.MAX_BATCH + 3}
    assert renewed.keys() == wraps.keys()
    opened = transit.unwrap_many(app, key, {kid: wrapped or wraps[kid] for kid, wrapped in renewed.items()})
    assert {kid for kid, value in opened.items() if value is None} == {7, transit.MAX_BATCH + 3}
    assert all(opened[kid] == made[kid % 10 + 1][0] for kid in wraps if opened[kid])


def test_nothing_is_asked_for_an_empty_batch(app: Vault) -> None:
    assert transit.unwrap_many(app, uuid4(), {}) == transit.rewrap_many(app, uuid4(), {}) == {}


def test_the_newest_version_is_found_by_number_not_by_text(root: Vault, key: UUID) -> None:
    for _ in range(10):
        transit.turn(root, f"pii/{key}")
    found = transit.require_key(root, f"pii/{key}")
    assert found.version == 11
    assert transit.version_of(transit.new_data_key(root, key)[1]) == 11


def test_a_signing_key_tells_its_age_too(root: Vault) -> None:
    found = transit.require_key(root, "transit/evidence-log")
    assert found.version >= 1
    assert found.created_at.tzinfo is not None


def test_a_missing_key_is_none_or_an_error(root: Vault, app: Vault) -> None:
    missing = uuid4()
    assert transit.read_key(root, f"pii/{missing}") is None
    with pytest.raises(NotFound, match="no key"):
        transit.require_key(root, f"pii/{missing}")
    with pytest.raises((Invalid, Denied)):
        transit.new_data_key(app, missing)


@pytest.mark.parametrize("wrapped", ["", "vault", "vault:v1", "vault:vx:AAAA", "vault:v:AAAA", "other:v1:AAAA", "xvault:v1:A"])
def test_what_is_no_wrap_is_refused(wrapped: str) -> None:
    with pytest.raises(BadData, match="wrapped key"):
        transit.version_of(wrapped)

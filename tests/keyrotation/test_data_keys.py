"""Making keys: once, in the right order, also when two try or one dies."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from keyrotation.data_keys import create_data_key, create_merchant
from keyrotation.opening import open_key_maker, open_ring
from keyrotation.ring import KeyState, Ring
from services.clients import Clients
from services.vault import Vault
from tests.own_database import AUTO_ROTATE, Watched


class Died(Exception):  # noqa: N818 - what happened
    pass


def die_at(word: str) -> Callable[[str], None]:
    def watch(path: str) -> None:
        if word in path:
            raise Died

    return watch


def test_a_merchant_gets_its_keys_once(clients: Clients, ring: Ring, root: Vault) -> None:
    merchant = uuid4()
    with open_key_maker(clients, AUTO_ROTATE) as make_keys:
        assert [make_keys(merchant), make_keys(merchant)] == [1, 1]
    assert [(key.kid, key.state) for key in ring.keys(merchant)] == [(1, KeyState.ACTIVE)]
    key = root.read(f"pii/keys/{merchant}")
    assert (key["latest_version"], key["auto_rotate_period"]) == (1, AUTO_ROTATE.total_seconds())
    assert not key["exportable"]
    assert not key["allow_plaintext_backup"]


def test_many_at_once_make_one_new_key(clients: Clients, ring: Ring, app: Vault, merchant: UUID) -> None:
    def replace(_: int) -> int:
        with open_ring(clients) as own:
            return create_data_key(own, app, merchant, replacing=1)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(replace, range(8))) == {2}
    assert len(ring.keys(merchant)) == 2


def test_a_maker_that_dies_before_the_key_is_stored_leaves_none(clients: Clients, ring: Ring, app: Vault) -> None:
    merchant = uuid4()
    create = clients.vault("create")
    with pytest.raises(Died):
        create_merchant(ring, create, Watched(app, set(), die_at("datakey")), merchant, AUTO_ROTATE)  # type: ignore[arg-type]
    assert ring.keys(merchant) == ()
    assert create_merchant(ring, create, app, merchant, AUTO_ROTATE) == 1


def test_a_key_that_was_stored_and_never_activated_is_taken_up(
    ring: Ring, app: Vault, merchant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(ring, "activate", die)
        with pytest.raises(Died):
            create_data_key(ring, app, merchant, replacing=1)
    assert ring.active(merchant) == 1
    assert create_data_key(ring, app, merchant, replacing=1) == 2
    assert len(ring.keys(merchant)) == 2


def test_a_stored_key_that_is_not_the_committed_one_is_not_taken_up(ring: Ring, app: Vault, merchant: UUID) -> None:
    insert = "INSERT INTO kept.data_key (merchant, kid, wrapped, commitment)"
    ring.connection.execute(f"{insert} SELECT merchant, 2, wrapped, commitment FROM kept.data_key WHERE merchant = %s", (merchant,))
    assert create_data_key(ring, app, merchant, replacing=1) == 3
    assert [key.state for key in ring.keys(merchant)] == [KeyState.ACTIVE, KeyState.PENDING, KeyState.ACTIVE]

"""A database with an empty key ring for each module, and merchants with keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest

from keyrotation.opening import open_key_maker, open_ring
from keyrotation.ring import Ring
from keyrotation.ring_schema import create_schema
from samples.schema import create_platform, schema_name
from services.clients import Clients
from services.settings import Settings
from services.vault import Vault
from tests.own_database import AUTO_ROTATE, own_database, root_vault


@pytest.fixture(scope="module")
def clients(local: Settings, request: pytest.FixtureRequest) -> Iterator[Clients]:
    with own_database(local, f"keys_{request.module.__name__.split('.')[-1]}") as clients:
        with clients.database(autocommit=True) as connection:
            create_schema(connection)
            create_platform(connection)
        yield clients


@pytest.fixture(scope="module")
def root(local: Settings) -> Vault:
    return root_vault(local)


@pytest.fixture(scope="module")
def app(clients: Clients) -> Vault:
    return clients.vault("app")


@pytest.fixture
def ring(clients: Clients) -> Iterator[Ring]:
    with open_ring(clients) as ring:
        yield ring


@pytest.fixture
def new_merchant(clients: Clients, ring: Ring) -> Callable[[], UUID]:
    """Registers a merchant and gives it its keys."""

    def make() -> UUID:
        merchant = uuid4()
        insert = "INSERT INTO platform.merchant VALUES (%s, %s, 'active', now())"
        ring.connection.execute(insert, (merchant, schema_name(merchant)))
        with open_key_maker(clients, AUTO_ROTATE) as make_keys:
            make_keys(merchant)
        return merchant

    return make


@pytest.fixture
def merchant(new_merchant: Callable[[], UUID]) -> UUID:
    return new_merchant()

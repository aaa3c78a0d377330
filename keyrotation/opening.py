"""Open what this package works with from an environment's clients: the ring, the cipher, a maker of merchants' keys.

Each opens a database connection of its own (the ring commits at once, whatever the application's transaction does) and closes it
at the end of the `with` block.

>>> with open_cipher(clients) as cipher:
...     stored = cipher.encrypt(merchant, column.id, uuid_key(row), b"12 Elm Street")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from keyrotation.cipher import FieldCipher
from keyrotation.data_keys import create_merchant
from keyrotation.key_cache import KeyCache
from keyrotation.ring import Ring
from keyrotation.ring_schema import create_schema
from services.clients import Clients


@contextmanager
def open_ring(clients: Clients) -> Iterator[Ring]:
    """The ring; a first use of it answers `Refused` where its tables are missing."""
    with clients.database(autocommit=True) as connection:
        yield Ring(connection)


@contextmanager
def open_cipher(clients: Clients) -> Iterator[FieldCipher]:
    """A field cipher with the app role, for this process."""
    with open_ring(clients) as ring:
        yield FieldCipher(KeyCache(ring, clients.vault("app")))


@contextmanager
def open_key_maker(clients: Clients, auto_rotate: timedelta) -> Iterator[Callable[[UUID], int]]:
    """A function that gives a merchant its keys where it has none, and answers the active kid. Makes the ring's tables if need be."""
    with open_ring(clients) as ring:
        create_schema(ring.connection)
        create, app = clients.vault("create"), clients.vault("app")
        yield lambda merchant: create_merchant(ring, create, app, merchant, auto_rotate)

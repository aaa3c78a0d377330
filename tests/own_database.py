"""For tests that write: a database of their own on the session's server, and Vault under the root token of the local run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg import sql

from services import database
from services.clients import Clients
from services.settings import Settings
from services.vault import Vault

AUTO_ROTATE = timedelta(days=89)


@contextmanager
def own_database(local: Settings, name: str) -> Iterator[Clients]:
    """Clients of the session's servers, whose database is a new and empty one; it is dropped afterwards."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with database.connect(local.database, "postgres", autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield Clients(local.model_copy(update={"database": local.database.model_copy(update={"name": name})}))
        connection.execute(drop)


def root_vault(settings: Settings) -> Vault:
    """The session's OpenBao under its root token, which lies beside the other secrets of a local run."""
    token = settings.database.password_file.with_name("vault_root_token").read_text().strip()
    return Vault(settings.vault.address, str(settings.vault.ca_file), token=token)


class Watched:
    """Vault as it is, but `before` hears of every request, and only `merchants` are listed (other tests have keys there too)."""

    def __init__(self, vault: Vault, merchants: set[UUID], before: Callable[[str], None] = lambda _path: None) -> None:
        self.vault = vault
        self.merchants = merchants
        self.before = before

    def read(self, path: str) -> dict[str, Any]:
        self.before(path)
        return self.vault.read(path)

    def list(self, path: str) -> tuple[str, ...]:
        self.before(path)
        names = self.vault.list(path)
        return tuple(name for name in names if not path.startswith("pii/") or name in map(str, self.merchants))

    def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.before(path)
        return self.vault.write(path, body)

"""The world a handler works in: the store, the time, fresh ids, the servers behind databases and keys. All passed in: tests choose them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from localcloud.api.faults import Faults
from localcloud.api.identities import IdentityServer, NoIdentities
from localcloud.api.journal import Journal
from localcloud.api.postgres import DatabaseServer, NoServer
from localcloud.api.store import Document, Store

FIRST_NUMBER = 1000


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Cloud:
    """One local cloud: its account knows one token."""

    store: Store
    token: str
    databases: DatabaseServer = field(default_factory=NoServer)
    identities: IdentityServer = field(default_factory=NoIdentities)
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=Faults)
    clock: Callable[[], datetime] = _utc_now
    random_bytes: Callable[[int], bytes] = secrets.token_bytes

    def now(self) -> str:
        """RFC 3339 in whole seconds, as both APIs write times."""
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def uuid(self) -> str:
        return str(UUID(bytes=self.random_bytes(16), version=4))

    def hex_id(self) -> str:
        """Cloudflare's ids: 32 hexadecimal digits."""
        return self.random_bytes(16).hex()

    def number(self, counter: str = "number") -> int:
        """DigitalOcean's whole-number ids, and Logpush's."""
        return self.store.next_number(counter, FIRST_NUMBER)

    def secret(self, prefix: str = "") -> str:
        return prefix + self.random_bytes(18).hex()

    def default_project(self) -> Document:
        """Every DigitalOcean account has one from the start."""
        return next((row for row in self.store.rows("/v2/projects") if row["is_default"]), None) or self._make_default_project()

    def _make_default_project(self) -> Document:
        project: Document = {
            "id": self.uuid(),
            "owner_uuid": self.uuid(),
            "owner_id": 1,
            "name": "default",
            "description": "",
            "purpose": "",
            "environment": "",
            "is_default": True,
            "created_at": self.now(),
            "updated_at": self.now(),
        }
        return self.store.put("/v2/projects", project["id"], project)

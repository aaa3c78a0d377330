"""Opened data keys in one process's memory: loaded when first needed, bounded in number and in age.

Vault is asked once for each data key and time to live, never for a value. What a cache decides:

* A key is opened with the app role and its commitment checked before anything is done with it.
* An opened key is dropped after `ttl_seconds`; so is what the process believes to be the active key. After an erasure the key can
  thus be used for at most that long: it is part of the stated delay.
* Nonces are reserved from the ring's counter in blocks of 2^20, committed before use. When the active key's budget is spent, a
  new data key takes over.
* A cache belongs to one process. A fork would share the database connection and the reserved block, so a child is refused.

Not protected: opened keys lie in the process's memory, where whoever can read it finds them.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyrotation import commitments, transit
from keyrotation.data_keys import create_data_key
from keyrotation.errors import ForkedProcessError, UnknownKey
from keyrotation.ring import NONCE_BLOCK, NONCE_CAP, Ring
from services.vault import Invalid, Vault

TTL_SECONDS = 300.0
MAX_OPEN = 4096
"""About 3 kB each; 50,000 would be 175 MB."""


@dataclass
class _Writing:
    """The active key as this process last read it, and the nonces left of its reserved block."""

    kid: int
    until: float
    nonces: int = 0


class KeyCache:
    """`keyrotation.cipher.DataKeys` over a ring and Vault's app role. Safe to share between threads."""

    def __init__(
        self,
        ring: Ring,
        app: Vault,
        *,
        ttl_seconds: float = TTL_SECONDS,
        max_open: int = MAX_OPEN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ring = ring
        self._app = app
        self._ttl = ttl_seconds
        self._max_open = max_open
        self._clock = clock
        self._open: OrderedDict[tuple[UUID, int], tuple[float, AESGCM]] = OrderedDict()
        self._writing: dict[UUID, _Writing] = {}
        self._lock = threading.RLock()
        self._process = os.getpid()

    def for_writing(self, merchant: UUID, count: int) -> tuple[int, AESGCM]:
        """The merchant's active key with `count` nonces reserved; `UnknownKey` when the merchant has no key."""
        with self._lock:
            self._same_process()
            writing = self._current(merchant)
            if writing.nonces < count:
                writing = self._reserve(merchant, writing, count)
            writing.nonces -= count
            return writing.kid, self.for_reading(merchant, writing.kid)

    def for_reading(self, merchant: UUID, kid: int) -> AESGCM:
        """The merchant's data key `kid`, opened and checked."""
        with self._lock:
            self._same_process()
            found = self._open.get((merchant, kid))
            if found is None or found[0] <= self._clock():
                found = (self._clock() + self._ttl, self._load(merchant, kid))
                self._open[merchant, kid] = found
            self._open.move_to_end((merchant, kid))
            while len(self._open) > self._max_open:
                self._open.popitem(last=False)
            return found[1]

    def look_again(self, merchant: UUID) -> None:
        """Ask the ring which key is active at the next write, whatever was believed; reserved nonces stay, if it is the same."""
        with self._lock:
            known = self._writing.get(merchant)
            if known is not None:
                known.until = self._clock()

    def forget(self, merchant: UUID) -> None:
        """Drop all that is known of a merchant's keys (its keys were rotated or destroyed)."""
        with self._lock:
            self._writing.pop(merchant, None)
            for held in [each for each in self._open if each[0] == merchant]:
                del self._open[held]

    def _load(self, merchant: UUID, kid: int) -> AESGCM:
        row = self._ring.key(merchant, kid)
        assert row.wrapped is not None
        try:
            key = transit.unwrap(self._app, merchant, row.wrapped)
        except Invalid:
            raise UnknownKey(f"Vault does not open data key {kid} of merchant {merchant}", "was the merchant's key destroyed?") from None
        commitments.require(key, merchant, kid, row.commitment)
        return AESGCM(key)

    def _current(self, merchant: UUID) -> _Writing:
        known = self._writing.get(merchant)
        if known is not None and known.until > self._clock():
            return known
        kid = self._ring.active(merchant)
        if kid is None:
            raise UnknownKey(f"merchant {merchant} has no data key", "create its keys before writing its data")
        nonces = known.nonces if known is not None and known.kid == kid else 0
        self._writing[merchant] = _Writing(kid, self._clock() + self._ttl, nonces)
        return self._writing[merchant]

    def _reserve(self, merchant: UUID, writing: _Writing, count: int) -> _Writing:
        """A new block, as large as the batch needs; with the budget spent, under a new key."""
        block = max(NONCE_BLOCK, count)
        if self._ring.reserve(merchant, writing.kid, block, NONCE_CAP):
            writing.nonces = block
            return writing
        kid = create_data_key(self._ring, self._app, merchant, replacing=writing.kid)
        if not self._ring.reserve(merchant, kid, block, NONCE_CAP):
            raise UnknownKey(f"data key {kid} of merchant {merchant} has no nonces left", "write in smaller batches")
        self._writing[merchant] = _Writing(kid, self._clock() + self._ttl, block)
        return self._writing[merchant]

    def _same_process(self) -> None:
        if os.getpid() != self._process:
            raise ForkedProcessError("a field cipher was carried into a child process", "open a cipher in each process")

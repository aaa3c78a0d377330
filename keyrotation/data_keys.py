"""Make a merchant's keys: the key-encryption key in Vault, then data keys in the ring, in an order that survives a crash.

1. Take the merchant's lock, so that two processes do not both make a key.
2. Ask Vault for a data key, compute its commitment, commit it to the ring as pending. Nothing is written under it yet.
3. Make it the active one, in a second commit.

A crash after 2 leaves a key that nothing stands under; the next call finds it, checks it and activates it.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from keyrotation import commitments, transit
from keyrotation.ring import DataKey, KeyEvent, KeyState, Ring
from services.vault import Vault


def create_merchant(ring: Ring, create: Vault, app: Vault, merchant: UUID, auto_rotate: timedelta) -> int:
    """The merchant's key in Vault and a first data key, made where they are missing; the active kid."""
    active = ring.active(merchant)
    if active is not None:
        return active
    transit.create_merchant_key(create, merchant, auto_rotate)
    return create_data_key(ring, app, merchant, replacing=None)


def create_data_key(ring: Ring, app: Vault, merchant: UUID, *, replacing: int | None, run: UUID | None = None) -> int:
    """A new active data key in place of `replacing`; when another process has replaced it meanwhile, that one's kid."""
    with ring.merchant_lock(merchant):
        active = ring.active(merchant)
        if active is not None and active != replacing:
            return active
        pending = _pending(ring, app, merchant)
        kid = _add(ring, app, merchant, run) if pending is None else pending
        ring.activate(merchant, kid, KeyEvent(run, merchant, kid, "activate", str(active or ""), str(kid)))
        return kid


def _add(ring: Ring, app: Vault, merchant: UUID, run: UUID | None) -> int:
    kid = ring.next_kid(merchant)
    key, wrapped = transit.new_data_key(app, merchant)
    event = KeyEvent(run, merchant, kid, "create", "", f"v{transit.version_of(wrapped)}")
    ring.add(merchant, kid, wrapped, commitments.commitment(key, merchant, kid), event)
    return kid


def _pending(ring: Ring, app: Vault, merchant: UUID) -> int | None:
    """The newest key that was committed but never activated, if it opens and is the one committed to."""
    pending = [key for key in ring.keys(merchant) if key.state is KeyState.PENDING]
    return next((key.kid for key in reversed(pending) if _opens(app, key)), None)


def _opens(app: Vault, key: DataKey) -> bool:
    assert key.wrapped is not None
    opened = transit.unwrap_many(app, key.merchant, {key.kid: key.wrapped})[key.kid]
    return opened is not None and commitments.holds(opened, key.merchant, key.kid, key.commitment)

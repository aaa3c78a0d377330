"""Which keys a rotation would turn, and why; pure: a register, the ring's rows, the limits and the moment go in.

A merchant's key is turned when its newest version has reached `due_age`; a data key is replaced when it has, or when half of its
nonces are reserved. Rewrapping and checking need no plan: they are done for whatever lags behind, so that a run that was
interrupted is finished by the next one. Signing keys of the evidence log are counted here and planned in `keyrotation.evidence_keys`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keyrotation.limits import KeyLimits
from keyrotation.register import Register, RegisteredKey, data_name, merchant_of
from keyrotation.ring import NONCE_CAP, DataKey

TURNED = ("merchant", "backup")
"""Kinds whose key the rotation turns in Vault."""

WHY_NOT = {
    "evidence": "a signing key of the log is turned with an announcement in it: kept evidence rotate-keys",
    "other": "no part of Kept declares this key",
}


@dataclass(frozen=True)
class Turn:
    """One key in Vault: its newest version and age at planning, whether it is due, and why it is not turned though due."""

    name: str
    kind: str
    version: int
    age: timedelta
    due: bool
    why_not: str = ""

    @property
    def turned(self) -> bool:
        return self.due and not self.why_not


@dataclass(frozen=True)
class Replacement:
    """A merchant's active data key that a new one shall replace, and why."""

    merchant: UUID
    kid: int
    reason: str


@dataclass(frozen=True)
class RotationPlan:
    """What a rotation would do at one moment."""

    due_age: timedelta
    turns: tuple[Turn, ...]
    replacements: tuple[Replacement, ...]

    @property
    def merchants(self) -> tuple[UUID, ...]:
        """Every merchant that has a key in Vault, due or not."""
        return tuple(merchant for turn in self.turns if (merchant := merchant_of(turn.name)) is not None)


def plan(register: Register, ring: Iterable[DataKey], limits: KeyLimits, now: datetime) -> RotationPlan:
    """The plan for every registered key at the moment `now`."""
    turns = tuple(_turn(key, limits, now) for key in register.keys if key.kind != "data")
    rows = {(key.merchant, key.kid): key for key in ring}
    active = {key.name: key.version for key in register.keys if key.kind == "data"}
    replacements = tuple(
        Replacement(row.merchant, row.kid, reason)
        for row in rows.values()
        if active.get(data_name(row.merchant)) == row.kid and (reason := _reason(row, limits, now))
    )
    return RotationPlan(limits.due_age, turns, replacements)


def _turn(key: RegisteredKey, limits: KeyLimits, now: datetime) -> Turn:
    why_not = "" if key.kind in TURNED else WHY_NOT[key.kind]
    if key.soft_deleted:
        why_not = "the key is deleted, within its grace period"
    return Turn(key.name, key.kind, key.version, key.age(now), key.age(now) >= limits.due_age, why_not)


def _reason(row: DataKey, limits: KeyLimits, now: datetime) -> str:
    """Why a data key is replaced; empty when it is not."""
    if now - row.created_at >= limits.due_age:
        return "age"
    return "nonces" if row.nonces_reserved >= NONCE_CAP // 2 else ""

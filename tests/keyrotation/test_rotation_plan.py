"""Which keys are due, and why; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from keyrotation.limits import KeyLimits
from keyrotation.register import Register, RegisteredKey
from keyrotation.ring import NONCE_CAP, DataKey, KeyState
from keyrotation.rotation_plan import plan

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = KeyLimits(timedelta(days=90), timedelta(days=80), timedelta(days=79), timedelta(days=89), timedelta(days=78))
MERCHANT = UUID(int=7)


def registered(kind: str, name: str, days: float, **more: bool) -> RegisteredKey:
    return RegisteredKey(kind, name, 1, NOW - timedelta(days=days), **more)


def in_ring(days: float, nonces: int = 0, kid: int = 1) -> DataKey:
    return DataKey(MERCHANT, kid, "vault:v1:x", None, bytes(32), KeyState.ACTIVE, nonces, NOW - timedelta(days=days))


TURNS = {
    "a young merchant's key stays": (registered("merchant", f"pii/{MERCHANT}", 78.9), False, False),
    "a merchant's key at the due age is turned": (registered("merchant", f"pii/{MERCHANT}", 79), True, True),
    "the backup key is turned": (registered("backup", "transit/backup", 85), True, True),
    "an evidence key is due but not turned here": (registered("evidence", "transit/evidence-log", 85), True, False),
    "a key nobody declares is due but not turned": (registered("other", "transit/else", 85), True, False),
    "a soft-deleted key is left alone": (registered("merchant", f"pii/{MERCHANT}", 85, soft_deleted=True), True, False),
}


@pytest.mark.parametrize("case", TURNS)
def test_a_key_is_turned_when_due_and_ours_to_turn(case: str) -> None:
    key, due, turned = TURNS[case]
    (turn,) = plan(Register((key,), ()), (), LIMITS, NOW).turns
    assert (turn.due, turn.turned, turn.name) == (due, turned, key.name)
    assert turn.turned or not turn.due or turn.why_not


REPLACED = {
    "a young data key stays": (in_ring(10), 1, None),
    "an old data key is replaced": (in_ring(79), 1, "age"),
    "a data key with half of its nonces gone is replaced": (in_ring(10, NONCE_CAP // 2), 1, "nonces"),
    "an old data key that is not the active one stays": (in_ring(200), 2, None),
}


@pytest.mark.parametrize("case", REPLACED)
def test_the_active_data_key_is_replaced_when_due(case: str) -> None:
    row, active, reason = REPLACED[case]
    register = Register((RegisteredKey("data", f"data/{MERCHANT}", active, row.created_at),), ())
    replacements = plan(register, (row,), LIMITS, NOW).replacements
    assert [each.reason for each in replacements] == ([] if reason is None else [reason])


def test_an_empty_register_gives_an_empty_plan() -> None:
    planned = plan(Register((), ()), (), LIMITS, NOW)
    assert (planned.turns, planned.replacements, planned.merchants) == ((), (), ())

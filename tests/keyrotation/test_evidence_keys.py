"""What is to be done with the evidence keys: the plan as a table, and Vault's own answers about versions that may still sign."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.succession import LOG_KEY, RECORD_KEY, KeyPeriod
from keyrotation import evidence_keys, register, transit
from keyrotation.evidence_keys import EvidenceKeyState, close, plan, read
from keyrotation.limits import KeyLimits
from services.clients import Clients
from services.errors import BadData, Unreachable
from services.vault import Invalid, Vault

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = KeyLimits(timedelta(days=90), timedelta(days=80), timedelta(days=79), timedelta(days=89), timedelta(days=78))
HOUR = timedelta(hours=1)


def state(days: float, *, newest: int = 1, in_force: int = 1, signs_from: int = 1, closable: timedelta | None = None) -> EvidenceKeyState:
    at = NOW + closable if closable is not None else None
    return EvidenceKeyState(RECORD_KEY, in_force, newest, signs_from, NOW - timedelta(days=days), at)


PLANS = {
    "a young key is left alone": (state(77.9), (False, False, False), "nothing to do"),
    "a key at the due age is turned and announced": (state(78), (True, True, False), "due by its age"),
    "a version that was turned and not announced is announced, not turned again": (
        state(85, newest=2),
        (False, True, False),
        "version 2 is in Vault and not announced; due by its age",
    ),
    "an old version within its overlap stays open": (state(1, newest=2, in_force=2, closable=HOUR), (False, False, False), "nothing to do"),
    "an old version that is over is closed": (
        state(1, newest=2, in_force=2, closable=-HOUR),
        (False, False, True),
        "version 1 still signs in Vault, and is over in the log",
    ),
    "a closed version is closed once": (
        state(1, newest=2, in_force=2, signs_from=2, closable=-HOUR),
        (False, False, False),
        "nothing to do",
    ),
    "the older of three versions is closed, and the key turned": (
        state(78, newest=3, in_force=3, signs_from=2, closable=-HOUR),
        (True, True, True),
        "due by its age; version 2 still signs in Vault, and is over in the log",
    ),
}


@pytest.mark.parametrize(("given", "steps", "reason"), PLANS.values(), ids=PLANS.keys())
def test_the_plan_names_the_next_steps(given: EvidenceKeyState, steps: tuple[bool, bool, bool], reason: str) -> None:
    (planned,) = plan([given], LIMITS, NOW)
    assert (planned.turn, planned.announce, planned.close) == steps
    assert planned.reason == reason
    assert planned.idle is not any(steps)


def test_a_person_can_ask_for_one_key() -> None:
    young, other = state(1), EvidenceKeyState(LOG_KEY, 1, 1, 1, NOW, None)
    turned = {each.state.name: each.turn for each in plan([young, other], LIMITS, NOW, frozenset({LOG_KEY}))}
    assert turned == {RECORD_KEY: False, LOG_KEY: True}


@pytest.fixture
def signing_key(root: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A signing key of the test's own in three versions, which stands for both keys of the log."""
    name = f"test-{uuid4().hex}"
    root.write(f"transit/keys/{name}", {"type": "ed25519"})
    for _ in range(2):
        root.write(f"transit/keys/{name}/rotate", {})
    monkeypatch.setattr(evidence_keys, "NAMES", (name,))
    yield name
    root.write(f"transit/keys/{name}/config", {"deletion_allowed": True})
    root.delete(f"transit/keys/{name}")


def periods(root: Vault, name: str, *versions: int) -> list[KeyPeriod]:
    """Those versions as a log has announced them, the first two hours ago, each with an overlap of one hour."""
    publics = {each.number: each.public for each in transit.read_versions(root, f"transit/{name}")}
    found = [KeyPeriod(name, version, publics[version], announced=NOW - 2 * HOUR, closes=NOW - HOUR) for version in versions]
    return [KeyPeriod("another", None, bytes(32)), *found]


def test_versions_are_read_with_their_public_keys_and_whether_they_sign(root: Vault, signing_key: str) -> None:
    versions = transit.read_versions(root, f"transit/{signing_key}")
    assert [(each.number, each.signs) for each in versions] == [(1, True), (2, True), (3, True)]
    assert len({each.public for each in versions}) == 3
    assert all(len(each.public) == 32 for each in versions)
    assert versions[0].created_at <= versions[1].created_at <= versions[2].created_at


def test_a_closed_version_signs_no_more_and_the_one_in_force_does(root: Vault, signing_key: str) -> None:
    (found,) = read(root, periods(root, signing_key, 1, 2))
    assert (found.in_force, found.newest, found.signs_from, found.closable_at) == (2, 3, 1, NOW - HOUR)
    close(root, found)
    close(root, found)
    text = base64.b64encode(b"x").decode()
    with pytest.raises((Invalid, Unreachable)):  # OpenBao answers 500, and Vault 400
        root.write(f"transit/sign/{signing_key}", {"input": text, "key_version": 1})
    assert root.write(f"transit/sign/{signing_key}", {"input": text, "key_version": 2})["signature"].startswith("vault:v2:")
    (after,) = read(root, periods(root, signing_key, 1, 2))
    assert after.signs_from == 2


def test_a_key_is_turned_once_even_if_two_planned_it(root: Vault, signing_key: str) -> None:
    (found,) = read(root, periods(root, signing_key, 3))
    evidence_keys.turn(root, found)
    evidence_keys.turn(root, found)
    assert transit.require_key(root, f"transit/{signing_key}").version == 4


def test_a_vault_without_the_key_in_force_is_refused(root: Vault, signing_key: str) -> None:
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(BadData, match="no version"):
        read(root, [KeyPeriod(signing_key, None, stranger)])


def test_the_register_counts_the_oldest_version_that_still_signs(clients: Clients, root: Vault) -> None:
    """A key that was turned is as old as before until the old version is closed: whoever holds a token could still use that one."""
    before = transit.read_versions(root, "transit/evidence-log")
    root.write("transit/keys/evidence-log/rotate", {})
    versions = transit.read_versions(root, "transit/evidence-log")

    def registered() -> tuple[int, datetime]:
        (found,) = [key for key in register.read(clients) if key.name == "transit/evidence-log"]
        return found.version, found.created_at

    assert registered() == (next(each.number for each in before if each.signs), next(each.created_at for each in before if each.signs))
    root.write("transit/keys/evidence-log/config", {"min_encryption_version": versions[-1].number})
    try:
        assert registered() == (versions[-1].number, versions[-1].created_at)
    finally:
        root.write("transit/keys/evidence-log/config", {"min_encryption_version": 0})

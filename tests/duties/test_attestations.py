"""Statements by people: they expire within the promise's limit, and only what stands can be withdrawn."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from duties.attestations import Signatory, Standing, add, longest, standing, withdraw
from evidence.signing import fingerprint
from promises.model import Promise, Proof, Severity
from promises.observations import Surface
from services.errors import Refused, UsageError
from tests.evidence.log_world import RECORD, World

OFFICER = Signatory("privacy-officer", fingerprint(RECORD.public_key()))
LIMIT = timedelta(days=92)


def promise(*proofs: Proof) -> Promise:
    return Promise("access.mfa", "every account uses MFA", "9", Severity.HIGH, {}, ("c" * 64,), proofs)


MFA = promise(Proof(Surface.ATTEST, "attestation", None, LIMIT))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def listed(world: World) -> tuple[Standing, ...]:
    world.checkpoint()
    return standing(world.verify(max_age=None).records, world.now)


def test_a_statement_stands_until_it_expires(world: World) -> None:
    add(world.writer(), MFA, OFFICER, world.now, valid_for=LIMIT, document_sha256="d" * 64)
    (found,) = listed(world)
    assert (found.promise, found.state, found.role, found.signed_by) == ("access.mfa", "holds", "privacy-officer", "record-key")
    assert found.document_sha256 == "d" * 64
    world.now += LIMIT
    assert [each.state for each in listed(world)] == ["expired"]


def test_a_promise_that_asks_for_a_document_takes_no_statement_without_one(world: World) -> None:
    documented = promise(Proof(Surface.ATTEST, "attestation", None, LIMIT, document=True))
    with pytest.raises(UsageError, match="rests on a document") as refusal:
        add(world.writer(), documented, OFFICER, world.now, valid_for=LIMIT)
    assert "--document" in refusal.value.hint
    assert world.everything() == {}
    add(world.writer(), documented, OFFICER, world.now, valid_for=LIMIT, document_sha256="d" * 64)
    assert [each.state for each in listed(world)] == ["holds"]


def test_a_withdrawn_statement_can_be_made_again(world: World) -> None:
    add(world.writer(), MFA, OFFICER, world.now, valid_for=LIMIT)
    withdraw(world.writer(), MFA, OFFICER, world.clock(), listed(world))
    assert [each.state for each in listed(world)] == ["withdrawn"]
    add(world.writer(), MFA, OFFICER, world.clock(), valid_for=timedelta(days=1))
    assert [each.state for each in listed(world)] == ["holds"]


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1), LIMIT + timedelta(seconds=1)])
def test_a_statement_holds_no_longer_than_its_promise_allows(world: World, length: timedelta) -> None:
    with pytest.raises(UsageError, match="at most 92 days"):
        add(world.writer(), MFA, OFFICER, world.now, valid_for=length)
    assert world.everything() == {}


def test_nothing_can_be_withdrawn_that_does_not_stand(world: World) -> None:
    with pytest.raises(Refused, match="no statement"):
        withdraw(world.writer(), MFA, OFFICER, world.now, ())
    add(world.writer(), MFA, OFFICER, world.now, valid_for=LIMIT)
    withdraw(world.writer(), MFA, OFFICER, world.clock(), listed(world))
    with pytest.raises(Refused, match="no statement"):
        withdraw(world.writer(), MFA, OFFICER, world.clock(), listed(world))


def test_a_promise_that_machines_prove_takes_no_statement(world: World) -> None:
    for other in (promise(), promise(Proof(Surface.LIVE, "keys.ages", None, LIMIT)), promise(Proof(Surface.ATTEST, None, "later", LIMIT))):
        with pytest.raises(UsageError, match="not proven by statements"):
            add(world.writer(), other, OFFICER, world.now, valid_for=timedelta(days=1))
    assert world.everything() == {}


def test_of_several_limits_the_shortest_counts() -> None:
    both = promise(Proof(Surface.ATTEST, "attestation", None, LIMIT), Proof(Surface.ATTEST, "attestation", None, timedelta(days=30)))
    assert longest(both) == timedelta(days=30)


def test_a_role_is_no_name(world: World) -> None:
    with contextlib.suppress(Exception):
        add(world.writer(), MFA, Signatory("Jane Doe", "f" * 64), world.now, valid_for=LIMIT)
    assert world.everything() == {}

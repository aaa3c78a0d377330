"""Proofs of one record: every record proves itself, and no part of the file can be another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence import proofs
from evidence.errors import BadSignature, Malformed
from evidence.notes import VerifierKey
from evidence.trust import Trust
from tests.evidence.log_world import ATTACKER, LOG, ORIGIN, RECORD, World


@pytest.fixture
def filled(world: World) -> World:
    world.write(6)
    world.checkpoint()
    return world


def proof_of(world: World, index: int) -> proofs.Proof:
    return proofs.prove(index, list(world.objects("records/").values()), world.verify().note)


def test_every_record_of_the_log_proves_itself_in_one_file(filled: World) -> None:
    for record in filled.verify().records:
        data = proofs.to_bytes(proof_of(filled, record.number))
        found, checkpoint = proofs.check(proofs.from_bytes(data), filled.trust)
        assert found == record
        assert (checkpoint.origin, checkpoint.size) == (ORIGIN, 7)
        assert data.splitlines()[0] == b"c2sp.org/tlog-proof@v1"


def test_no_part_of_a_proof_can_be_that_of_another_record(filled: World) -> None:
    own, other = proof_of(filled, 2), proof_of(filled, 3)
    for changed in (
        replace(own, index=3),
        replace(own, index=7),
        replace(own, envelope=other.envelope),
        replace(own, hashes=other.hashes),
        replace(own, hashes=own.hashes[:-1]),
        replace(own, hashes=(*own.hashes, own.hashes[0])),
    ):
        with pytest.raises(BadSignature):
            proofs.check(changed, filled.trust)


def test_keys_come_from_outside(filled: World) -> None:
    proof = proof_of(filled, 2)
    log = VerifierKey(ORIGIN, LOG.public_key())
    for trust in (
        Trust(ATTACKER.public_key(), log),
        Trust(RECORD.public_key(), VerifierKey(ORIGIN, ATTACKER.public_key())),
        Trust(RECORD.public_key(), VerifierKey("another.log", LOG.public_key())),
    ):
        with pytest.raises(BadSignature):
            proofs.check(proof, trust)


def test_a_flipped_or_missing_byte_is_refused_everywhere(filled: World) -> None:
    data = proofs.to_bytes(proof_of(filled, 2))
    for position in range(0, len(data), 7):
        for broken in (data[:position], data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]):
            try:
                found = proofs.check(proofs.from_bytes(broken), filled.trust)[0]
            except (Malformed, BadSignature):
                continue
            assert found.payload == filled.verify().records[2].payload  # a flip in the key id, which is a hint


NO_PROOFS = {
    "nothing": b"",
    "no head": b"\n\n",
    "no record": b"c2sp.org/tlog-proof@v1\nindex 1\n\nx",
    "a leading zero": b"c2sp.org/tlog-proof@v1\nextra YQ==\nindex 01\n\nx",
    "no base64": b"c2sp.org/tlog-proof@v1\nextra YQ=\nindex 1\n\nx",
}


@pytest.mark.parametrize("data", NO_PROOFS.values(), ids=NO_PROOFS.keys())
def test_what_is_no_proof_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        proofs.from_bytes(data)

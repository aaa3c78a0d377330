"""How fast a log is verified offline, and what its tree costs in memory.

The rate is a ratio taken in one run: the bare work that no verifier can be without (one Ed25519 verification over each record's
signed bytes, one SHA-256 over its bytes as stored, all of it in memory already) against `evidence.verifying.verify` over a folder on
disk. Records are control runs of six subjects, one in ten a job's start (2.6 kB each, the mean of a demo's log), signed with a key of the
run.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence import composing, dsse, merkle
from evidence.composing import Stamp
from evidence.notes import Checkpoint, VerifierKey, sign_checkpoint
from evidence.records import checkpoint_key, record_key
from evidence.signing import LocalSigner
from evidence.statements import Context, Statement, to_bytes
from evidence.stores import DirectoryStore
from evidence.trust import Trust
from evidence.verifying import Demands, verify
from evidence.writer import seal
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage

RECORDS = 12_000
LEAVES = 1_000_000
ROUNDS = 3
_ORIGIN = "kept.bench/log"
_START = datetime(2026, 1, 1, tzinfo=UTC)


def verify_ratio(count: int = RECORDS) -> float:
    """Bare seconds by seconds of `verify`, each the best of several rounds taken in turn."""
    record, log = LocalSigner(Ed25519PrivateKey.generate()), LocalSigner(Ed25519PrivateKey.generate())
    trust = Trust(record.public_key(), VerifierKey(_ORIGIN, log.public_key()))
    envelopes = [seal(to_bytes(each), record) for each in _statements(count)]
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        _lay_out(Path(folder), envelopes, log)
        bare, whole = float("inf"), float("inf")
        for _ in range(ROUNDS):
            bare = min(bare, _seconds(_bare_work(envelopes, record)))
            whole = min(whole, _seconds(lambda: _verify(Path(folder), trust, count)))
    return bare / whole


def tree_mebibytes(leaves: int = LEAVES) -> float:
    """Peak memory of a list of leaf hashes, the tree over them and a proof of one of them."""
    tracemalloc.start()
    try:
        hashes = [merkle.leaf_hash(b"%d" % number) for number in range(leaves)]
        proof = merkle.inclusion_proof(leaves // 3, hashes)
        assert merkle.verify_inclusion(leaves // 3, leaves, hashes[leaves // 3], proof, merkle.root(hashes))
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def _bare_work(envelopes: list[bytes], signer: LocalSigner) -> Callable[[], None]:
    key = Ed25519PublicKey.from_public_bytes(signer.public_key())
    parts = [(raw, dsse.decode(raw)) for raw in envelopes]
    signed = [(raw, found.signatures[0].sig, dsse.pae(dsse.PAYLOAD_TYPE, found.payload)) for raw, found in parts]

    def work() -> None:
        for raw, signature, message in signed:
            key.verify(signature, message)
            hashlib.sha256(raw).digest()

    return work


def _verify(folder: Path, trust: Trust, count: int) -> None:
    found = verify(DirectoryStore(folder), trust, Demands(_START + timedelta(seconds=count)))
    assert found.ok, found.problems[:3]
    assert found.size == len(found.records) == count


def _seconds(work: Callable[[], None]) -> float:
    """Of this process's own time, kernel included: neighbours on the machine take none of it, and nothing here runs beside it."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _lay_out(folder: Path, envelopes: list[bytes], log: LocalSigner) -> None:
    (folder / "records").mkdir()
    (folder / "checkpoints").mkdir()
    for number, raw in enumerate(envelopes):
        (folder / record_key(number)).write_bytes(raw)
    root = merkle.root(map(merkle.leaf_hash, envelopes))
    (folder / checkpoint_key(len(envelopes))).write_bytes(sign_checkpoint(Checkpoint(_ORIGIN, len(envelopes), root), log))


def _statements(count: int) -> Iterator[Statement]:
    context = Context(
        environment="local",
        clock_override=False,
        platform="bench",
        catalog_sha256="a" * 64,
        policy_sha256="b" * 64,
        tool_version="0",
        commit="unknown",
        writer_id="w-1",
    )
    for number in range(count):
        at = _START + timedelta(seconds=number)
        stamp = Stamp(context, number + 1, at)
        seen = tuple(Observation(f"key-{each}", Outcome.PASS, "at most 90 days", "12 days") for each in range(6))
        run = ControlRun("keys.rotation", "keys.ages", Surface.LIVE, Vantage.INSIDE, "LIST pii/keys", at, at, seen)
        started = composing.job_started(stamp, "backup", f"run-{number}", at)
        yield started if number % 10 == 9 else composing.control_run(stamp, run, {}, None, None)

"""The evidence keys over their generations: from two first keys for ever to the last, every forgery by name, a crash at every step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import composing, dsse, merkle, proofs, resuming, succession, verifying
from evidence.checkpointer import CheckpointReport, checkpoint
from evidence.composing import Stamp
from evidence.errors import BadSignature, Inconsistent, Malformed
from evidence.merkle import leaf_hash
from evidence.notes import Checkpoint, VerifierKey, parse_checkpoint, sign_checkpoint
from evidence.records import checkpoint_key, record_key
from evidence.signing import LocalSigner, fingerprint, keyid
from evidence.statements import EvidenceKey, LogEvent, NextKey, to_bytes
from evidence.stores import DirectoryStore, MemoryStore, Store
from evidence.succession import LOG_KEY, OVERLAP, RECORD_KEY, Succession
from evidence.trust import Trust
from evidence.writer import Writer, seal
from promises.observations import Outcome
from tests.evidence.faulty import Died, Dying
from tests.evidence.log_world import ATTACKER, ORIGIN, START, World, context, control_run, signer

BOTH = frozenset({RECORD_KEY, LOG_KEY})
HOUR = timedelta(hours=1)


def private(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


@dataclass
class Rotating(World):
    """A world whose two keys have versions: the writers' signer and the checkpointer's are told apart, as two processes are."""

    def __post_init__(self) -> None:
        self.record, self.log = LocalSigner(private(11), RECORD_KEY), LocalSigner(private(21), LOG_KEY)
        self.trust = Trust(self.record.public_key(), VerifierKey(ORIGIN, self.log.public_key()))
        self.versions = 1

    def turn(self) -> None:
        """Vault adds a version to both keys."""
        self.versions += 1
        self.record.rotate(private(10 + self.versions))
        self.log.rotate(private(20 + self.versions))

    def key(self, version: int) -> LocalSigner:
        return LocalSigner(private(10 + version), RECORD_KEY)

    def log_key(self, version: int) -> LocalSigner:
        return LocalSigner(private(20 + version), LOG_KEY)

    def put(self, version: int, count: int = 1, name: str = "w-1", **changes: object) -> None:
        """Records of a writer that signs with one version of the record key."""
        for _ in range(count):
            Writer(self.store, self.key(version), context(name, **changes), self.folder / name, self.clock).control_run(
                control_run(self.now, Outcome.PASS)
            )

    def run(self, announce: frozenset[str] = frozenset(), store: Store | None = None, memory: Path | None = None) -> CheckpointReport:
        parts = replace(self.parts(store), log_signer=self.log, record_signer=self.record, announce=announce, memory=memory)
        return checkpoint(parts, contextlib.nullcontext(), self.clock())

    def rotate(self, announce: frozenset[str] = BOTH) -> CheckpointReport:
        self.turn()
        return self.run(announce)

    def raw(self) -> list[bytes]:
        return list(self.objects("records/").values())

    def announcements(self) -> list[int]:
        return [each.number for each in self.verify().records if isinstance(each.predicate, EvidenceKey)]

    def append(self, data: bytes, version: int | None = None) -> str:
        """An object at the next number and a checkpoint over it: what whoever holds that log key can do to the store."""
        size = len(self.raw())
        self.store.put(record_key(size), data)
        self.sign(version or self.versions)
        return record_key(size)

    def sign(self, version: int) -> str:
        records = self.raw()
        root = merkle.root(map(leaf_hash, records))
        self.store.put(checkpoint_key(len(records)), sign_checkpoint(Checkpoint(ORIGIN, len(records), root), self.log_key(version)))
        return checkpoint_key(len(records))


@pytest.fixture
def rotating(tmp_path: Path) -> Rotating:
    return Rotating(tmp_path)


@pytest.fixture
def three(rotating: Rotating) -> Rotating:
    """Three generations of both keys, three records under each."""
    for version in (1, 2, 3):
        rotating.put(version, 3)
        rotating.run() if version == 3 else (rotating.run(), rotating.rotate())
        rotating.now += timedelta(hours=7)
    assert rotating.problems() == []
    return rotating


# The walk


def test_two_first_keys_verify_three_generations(three: Rotating) -> None:
    found = three.verify()
    assert [(each.name, each.version, each.valid_from, each.replaced_from) for each in found.keys] == [
        (RECORD_KEY, None, 0, 6),
        (LOG_KEY, None, 0, 5),
        (LOG_KEY, 2, 5, 10),
        (RECORD_KEY, 2, 6, 11),
        (LOG_KEY, 3, 10, None),
        (RECORD_KEY, 3, 11, None),
    ]
    assert [each.public for each in found.keys if each.name == RECORD_KEY] == [three.key(version).public_key() for version in (1, 2, 3)]
    assert len(found.records) == len(three.raw()) == 14
    assert [len(key.key_id) for key in (VerifierKey(ORIGIN, each.public) for each in found.keys if each.name == LOG_KEY)] == [4, 4, 4]


def test_each_checkpoint_is_signed_by_the_log_key_of_its_size(three: Rotating) -> None:
    """The first one of a new key covers its announcement."""
    for key, note in three.objects("checkpoints/").items():
        size = int(key[-12:])
        version = 1 + (size >= 5) + (size >= 10)
        assert parse_checkpoint(note.decode().partition("\n\n")[0] + "\n").size == size
        hinted = VerifierKey(ORIGIN, three.log_key(version).public_key())
        assert Succession(Trust(three.trust.record_public, hinted)).open_checkpoint(note).size == size


def test_the_announcement_names_key_version_place_and_both_signatures(three: Rotating) -> None:
    log, record = [three.verify().records[number] for number in three.announcements()[:2]]
    assert isinstance(record.predicate, EvidenceKey)
    assert isinstance(log.predicate, EvidenceKey)
    said, public = record.predicate.next, three.key(2).public_key()
    assert (said.name, said.version, said.public_key, said.key_id) == (RECORD_KEY, 2, public.hex(), keyid(public))
    assert (said.valid_from, said.replaces, said.overlap_seconds) == (record.number + 1, three.key(1).public_key().hex(), 6 * 3600)
    assert said.root == merkle.root(map(leaf_hash, three.raw()[: record.number])).hex()
    assert record.statement.subject[0].name == "key/evidence-record/v2"
    assert record.statement.subject[0].digest.sha256 == fingerprint(public)
    assert log.predicate.next.key_id == VerifierKey(ORIGIN, three.log_key(2).public_key()).key_id.hex()
    assert dsse.decode(three.raw()[record.number]).signatures[0].keyid == keyid(three.key(1).public_key())


def test_only_the_first_keys_verify_the_log(three: Rotating) -> None:
    """Whoever pins a later key pins another log."""
    for version in (2, 3):
        later = Trust(three.key(version).public_key(), VerifierKey(ORIGIN, three.log_key(version).public_key()))
        three.trust = later
        assert three.problems()[0] == "records/000000000000: no trusted key has signed it"


def test_one_key_alone_can_be_rotated(rotating: Rotating) -> None:
    rotating.put(1)
    rotating.rotate(frozenset({RECORD_KEY}))
    rotating.put(2)
    rotating.run()
    rotating.run(frozenset({LOG_KEY}))
    rotating.put(2)
    rotating.run()
    assert rotating.problems() == []
    assert [each.name for each in rotating.verify().keys[2:]] == [RECORD_KEY, LOG_KEY]


def test_what_is_in_force_already_is_not_announced_again(rotating: Rotating) -> None:
    rotating.put(1)
    rotating.rotate()
    before = rotating.everything()
    rotating.run(BOTH)
    assert rotating.everything() == before


def test_a_version_that_was_skipped_need_not_be_announced(rotating: Rotating) -> None:
    """Turned twice before anybody announced: the newest follows the one in force."""
    rotating.put(1)
    rotating.run()
    rotating.turn()
    rotating.rotate()
    rotating.put(3)
    rotating.run()
    assert rotating.problems() == []
    assert [each.version for each in rotating.verify().keys[2:]] == [3, 3]


def test_until_it_is_announced_a_new_version_signs_nothing(rotating: Rotating) -> None:
    """Turned in Vault, and the rotation died: the checkpointer goes on with what the log says."""
    rotating.put(1)
    rotating.run()
    rotating.turn()
    rotating.put(1)
    rotating.now += timedelta(days=2)
    rotating.run()
    assert rotating.problems() == []
    assert rotating.announcements() == []
    rotating.run(BOTH)
    rotating.put(2)
    rotating.run()
    assert rotating.problems() == []
    assert len(rotating.announcements()) == 2


# The overlap


def test_the_old_record_key_is_accepted_for_the_overlap(rotating: Rotating) -> None:
    rotating.put(1)
    rotating.rotate()
    rotating.now += OVERLAP - HOUR
    rotating.put(2)
    rotating.put(1, name="w-2")
    assert rotating.run().rejected == ()
    assert rotating.problems() == []


def test_after_the_overlap_the_checkpointer_refuses_the_old_record_key(rotating: Rotating) -> None:
    """Also when nothing was written meanwhile: the record's own time counts."""
    rotating.put(1)
    rotating.rotate()
    rotating.now += OVERLAP + HOUR
    rotating.put(1, name="thief")
    assert [each.reason for each in rotating.run().rejected] == ["not-signed"]
    rotating.put(2)
    rotating.put(1, name="thief")
    assert [each.reason for each in rotating.run().rejected] == ["not-signed"]
    assert rotating.problems() == []


def test_a_late_record_by_the_old_key_is_refused_once_the_log_has_moved_on(rotating: Rotating) -> None:
    rotating.put(1)
    rotating.rotate()
    rotating.now += OVERLAP + HOUR
    rotating.put(2)
    rotating.run()
    stamp = Stamp(context("thief"), 1, START, late=True)
    data = seal(to_bytes(composing.control_run(stamp, control_run(START, Outcome.PASS), {}, None, None)), rotating.key(1))
    rotating.store.put(f"inbox/{composing.sha256(data)}", data)
    assert [each.reason for each in rotating.run().rejected] == ["not-signed"]
    key = rotating.append(data)
    assert rotating.problems()[0].startswith(f"{key}: is signed by the first key evidence-record, which record 3 replaced, accepted until")


@pytest.mark.parametrize("kept", [False, True])
def test_a_checkpointer_that_remembers_judges_alike(rotating: Rotating, tmp_path: Path, *, kept: bool) -> None:
    """The memory holds announcements, not keys; with and without it the same records enter."""
    memory = tmp_path / resuming.FILE if kept else None
    rotating.put(1)
    rotating.run(memory=memory)
    rotating.turn()
    rotating.run(BOTH, memory=memory)
    rotating.put(1)
    rotating.put(2, name="w-2")
    assert rotating.run(memory=memory).whole is not kept
    rotating.now += OVERLAP + HOUR
    rotating.put(2, name="w-2")
    rotating.run(memory=memory)
    rotating.put(1)
    rotating.put(2, name="w-2")
    report = rotating.run(memory=memory)
    assert (report.whole, [each.reason for each in report.rejected]) == (not kept, ["not-signed"])
    assert rotating.problems() == []


def test_a_memory_with_a_key_that_nobody_announced_is_not_used(rotating: Rotating, tmp_path: Path) -> None:
    memory = tmp_path / resuming.FILE
    rotating.put(1)
    rotating.run(memory=memory)
    forged = announcement(rotating, signed=ATTACKER, agreed=ATTACKER, new=signer(9))
    remembered = resuming.load(memory)
    assert remembered
    resuming.save(memory, remembered.model_copy(update={"announcements": (forged.decode(),)}))
    rotating.put(1)
    assert rotating.run(memory=memory).whole
    assert rotating.problems() == []


def test_keys_that_change_among_records_read_ahead_count_from_their_place(rotating: Rotating, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures are checked many at a time: an announcement and the end of an overlap take effect within such a batch all the same."""
    rotating.put(1)
    rotating.rotate(frozenset({RECORD_KEY}))
    rotating.put(2)
    rotating.now += OVERLAP + HOUR
    rotating.put(2)
    rotating.run()
    place = rotating.append(seal(to_bytes(later(rotating, "thief")), rotating.key(1)), version=1)
    expected = [f"{place}: is signed by the first key evidence-record, which record 2 replaced, accepted until"]
    for ahead in (1, 2, 3, 1000):
        monkeypatch.setattr(verifying, "_AHEAD", ahead)
        assert [each[: len(expected[0])] for each in rotating.problems()] == expected, ahead


# Forgeries


def announcement(
    world: Rotating,
    *,
    signed: LocalSigner | None = None,
    agreed: LocalSigner | None = None,
    new: LocalSigner | None = None,
    holder: LocalSigner | None = None,
    name: str = RECORD_KEY,
    origin: str = ORIGIN,
    **changes: object,
) -> bytes:
    """The announcement of a key right behind the log, by the versions in force, with what `changes` says instead."""
    records = world.raw()
    keys = Succession(world.trust)
    for period in world.verify().keys[2:]:
        keys.walk(records[period.valid_from - 1])
    new = new or signer(9)
    root = merkle.root(map(leaf_hash, records))
    version = world.versions + 1
    said = keys.next_key(name, version, new.public_key(), len(records) + 1, root)
    said = NextKey.model_validate({**said.model_dump(), **changes})
    text = succession.text(origin, said)
    counter = 1 + max(
        (each.predicate.writer.counter for each in world.verify().records if each.predicate.writer.id == "checkpointer"), default=0
    )
    stamp = Stamp(context("checkpointer"), counter, world.clock())
    agreed, holder = agreed or world.log_key(world.versions), holder or new
    return seal(to_bytes(composing.evidence_key(stamp, said, agreed.sign(text), holder.sign(text))), signed or world.key(world.versions))


@pytest.mark.parametrize("name", [RECORD_KEY, LOG_KEY])
def test_an_announcement_with_all_its_signatures_is_accepted(three: Rotating, name: str) -> None:
    """What every case below breaks in one place."""
    three.store.put(record_key(14), announcement(three, name=name))
    newest = three.log_key(3) if name == RECORD_KEY else signer(9)
    root = merkle.root(map(leaf_hash, three.raw()))
    three.store.put(checkpoint_key(15), sign_checkpoint(Checkpoint(ORIGIN, 15, root), newest))
    assert three.problems() == []
    assert three.verify().keys[-1].public == signer(9).public_key()


FORGERIES: dict[str, tuple[Callable[[Rotating], bytes], str]] = {
    "signed by a stranger": (lambda world: announcement(world, signed=ATTACKER), "no trusted key has signed it"),
    "signed by a record key that is over": (
        lambda world: announcement(world, signed=world.key(2)),
        "is signed by evidence-record version 2, which record 10 replaced, accepted until",
    ),
    "signed by the announced key itself": (lambda world: announcement(world, signed=signer(9)), "no trusted key has signed it"),
    "of a record key, with the stolen record key alone": (
        lambda world: announcement(world, agreed=ATTACKER),
        "announces a key, and evidence-log version 3, which is in force, has not agreed to it",
    ),
    "of a log key, with the stolen record key alone": (
        lambda world: announcement(world, name=LOG_KEY, agreed=signer(9)),
        "announces a key, and evidence-log version 3, which is in force, has not agreed to it",
    ),
    "agreed to by a log key that is over": (
        lambda world: announcement(world, name=LOG_KEY, agreed=world.log_key(2)),
        "announces a key, and evidence-log version 3, which is in force, has not agreed to it",
    ),
    "of a key that somebody else holds": (
        lambda world: announcement(world, holder=ATTACKER),
        "announces a key that has not signed its own announcement",
    ),
    "of a key that was in force before": (
        lambda world: announcement(world, new=world.key(1)),
        "announces a key of evidence-record that was in force before",
    ),
    "of the log key as the record key": (
        lambda world: announcement(world, new=world.log_key(3)),
        "announces a key of evidence-record that was in force before",
    ),
    "of an older version": (lambda world: announcement(world, version=3), "announces a key of evidence-record that was in force before"),
    "of a successor of another key": (
        lambda world: announcement(world, replaces=world.key(1).public_key().hex()),
        "announces a successor of another key than evidence-record version 3, which is in force",
    ),
    "under another key id": (
        lambda world: announcement(world, key_id="0" * 16),
        "announces a key of evidence-record under the key id of another",
    ),
    "that says another place": (
        lambda world: announcement(world, valid_from=3),
        "announces a key as record 2 after other records than these: it was moved or replayed",
    ),
    "after other records": (
        lambda world: announcement(world, root="0" * 64),
        "announces a key as record 14 after other records than these: it was moved or replayed",
    ),
    "of another log": (
        lambda world: announcement(world, origin="kept.test/lumina"),
        "announces a key, and evidence-log version 3, which is in force, has not agreed to it",
    ),
    "replayed": (
        lambda world: world.raw()[world.announcements()[-1]],
        "is signed by evidence-record version 2, which record 10 replaced, accepted until",
    ),
}


@pytest.mark.parametrize(("make", "said"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_announcement_announces_nothing(three: Rotating, make: Callable[[Rotating], bytes], said: str) -> None:
    """The first bad record is named, the key is not trusted afterwards, and the checkpointer lets none of it in."""
    data, keys = make(three), three.verify().keys
    forged = Rotating(three.folder, MemoryStore())
    for key, each in three.everything().items():
        forged.store.put(key, each)
    forged.store.put(f"inbox/{composing.sha256(data)}", data)
    forged.now, forged.anchor, forged.record, forged.log = three.now, MemoryStore(), three.record, three.log
    report = forged.run()
    assert [each.sha256 for each in report.rejected] in ([composing.sha256(data)], []), "a replayed one is dropped as known"
    assert report.keys == keys
    assert forged.problems() == []

    place = three.append(data)
    assert three.problems()[0].startswith(f"{place}: {said}")
    assert three.verify().keys == keys
    behind = three.append(seal(to_bytes(later(three, "w-9")), signer(9)))
    assert [each for each in three.problems() if each.startswith(behind)] == [f"{behind}: no trusted key has signed it"]


def later(world: Rotating, writer: str, counter: int = 1) -> object:
    return composing.control_run(Stamp(context(writer), counter, world.clock()), control_run(world.now, Outcome.PASS), {}, None, None)


def test_a_replayed_announcement_within_the_overlap_is_found(rotating: Rotating) -> None:
    rotating.put(1)
    rotating.rotate()
    place = rotating.append(rotating.raw()[rotating.announcements()[-1]])
    assert rotating.problems()[0] == f"{place}: announces a key as record 3 after other records than these: it was moved or replayed"


def test_an_announcement_by_the_key_it_replaced_in_its_overlap_is_refused(rotating: Rotating) -> None:
    """The overlap is for records of writers; a thief of the old key cannot announce another one in it."""
    rotating.put(1)
    rotating.rotate()
    place = rotating.append(announcement(rotating, signed=rotating.key(1)))
    assert rotating.problems() == [f"{place}: announces a key, and evidence-record version 2, which is in force, has not signed it"]


def test_a_key_that_nobody_announced_is_not_trusted(three: Rotating) -> None:
    place = three.append(seal(to_bytes(later(three, "w-9")), three.key(4)))
    assert three.problems() == [f"{place}: no trusted key has signed it"]
    three.store.put(f"inbox/{'0' * 64}", seal(to_bytes(later(three, "w-9")), three.key(4)))


def test_an_announcement_that_comes_after_the_first_use_is_found(rotating: Rotating) -> None:
    """The first bad record is the one that was signed too early, and it says so."""
    rotating.put(1)
    rotating.run()
    rotating.turn()
    place = rotating.append(seal(to_bytes(later(rotating, "w-2")), rotating.key(2)), version=1)
    announced = rotating.append(announcement_of(rotating, 2), version=1)
    assert announced == record_key(3)
    assert rotating.problems()[0] == f"{place}: is signed by evidence-record version 2, which record 3 announces, for later records only"


def announcement_of(world: Rotating, version: int) -> bytes:
    """An honest announcement of a version of the record key, over whatever stands in the store."""
    keys = Succession(world.trust)
    said = keys.next_key(
        RECORD_KEY, version, world.key(version).public_key(), len(world.raw()) + 1, merkle.root(map(leaf_hash, world.raw()))
    )
    text = keys.text(said)
    stamp = Stamp(context("checkpointer"), 2, world.clock())
    statement = composing.evidence_key(stamp, said, world.log_key(1).sign(text), world.key(version).sign(text))
    return seal(to_bytes(statement), world.key(1))


def test_a_record_by_a_key_that_is_over_is_found(three: Rotating) -> None:
    """Within the log, by whoever holds the log key too: the verifier names record and key."""
    place = three.append(seal(to_bytes(later(three, "w-9")), three.key(1)))
    assert three.problems()[0].startswith(
        f"{place}: is signed by the first key evidence-record, which record 5 replaced, accepted until 2026-"
    )


CHECKPOINTS: dict[str, tuple[int, int, str]] = {
    "by the log key that was replaced": (14, 2, "is signed by evidence-log version 2, which record 9 replaced"),
    "by the first log key": (14, 1, "is signed by the first key evidence-log, which record 4 replaced"),
    "by a log key that nobody announced": (14, 4, "no trusted key has signed the note"),
    "by a log key before its announcement": (
        4,
        2,
        "is signed by evidence-log version 2, which record 4 announces, for checkpoints that cover it",
    ),
    "over the announcement by the old key": (5, 1, "is signed by the first key evidence-log, which record 4 replaced"),
}


@pytest.mark.parametrize(("size", "version", "said"), CHECKPOINTS.values(), ids=CHECKPOINTS.keys())
def test_a_checkpoint_by_another_key_than_that_of_its_size_is_found(three: Rotating, size: int, version: int, said: str) -> None:
    root = merkle.root(map(leaf_hash, three.raw()[:size]))
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), three.log_key(version))
    assert three.problems(note) == [f"pinned 0: {said}"]
    three.store.put(checkpoint_key(size), note)
    assert f"{checkpoint_key(size)}: {said}" in three.problems()


OTHERS = {"that is over": (2, "which record 9 replaced"), "that is in Vault and not announced": (4, "no trusted key has signed the note")}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(("version", "said"), OTHERS.values(), ids=OTHERS.keys())
def test_a_newest_checkpoint_by_a_log_key_of_another_size_stops_the_checkpointer(
    three: Rotating, version: int, said: str, *, kept: bool
) -> None:
    """With and without its memory, which it then does not use: nothing is written."""
    memory = three.folder / resuming.FILE if kept else None
    three.turn()
    three.run(memory=memory)
    three.anchor = MemoryStore()
    three.sign(version)
    before = three.everything()
    three.put(3)
    with pytest.raises(Inconsistent, match=f"{said}; nothing was signed"):
        three.run(memory=memory)
    assert {key: data for key, data in three.everything().items() if not key.startswith("inbox/")} == before


def test_a_pinned_checkpoint_of_a_key_whose_announcement_was_cut_off_is_a_problem(three: Rotating) -> None:
    pinned = three.store.get(checkpoint_key(14))
    for key in [*map(record_key, range(9, 14)), *map(checkpoint_key, range(10, 15))]:
        three.store.delete(key)
    assert "pinned 0: no trusted key has signed the note; it claims 14 records, the log holds 9" in three.problems(pinned)


def test_the_text_of_an_announcement_is_no_checkpoint_and_no_envelope(three: Rotating) -> None:
    announced = three.verify().records[three.announcements()[0]].predicate
    assert isinstance(announced, EvidenceKey)
    text = Succession(three.trust).text(announced.next).decode()
    with pytest.raises(Malformed):
        parse_checkpoint(text)
    assert not text.split("\n")[1].isdigit()
    assert not text.startswith("DSSEv1")


# Crashes


def prepared(folder: Path) -> Rotating:
    world = Rotating(folder)
    world.put(1, 2)
    world.run()
    world.put(1)
    world.turn()
    return world


def changes_of_a_rotation(folder: Path) -> int:
    world = prepared(folder)
    counting = Dying(world.store, 0, after=False)
    world.run(BOTH, store=counting)
    return counting.changes


@pytest.mark.parametrize("after", [False, True])
def test_a_rotation_that_dies_at_any_step_is_finished_by_the_next_run(tmp_path: Path, *, after: bool) -> None:
    """Between two steps an ordinary run may come, and writers go on with the version that the log has announced by then."""
    steps = changes_of_a_rotation(tmp_path / "counted")
    assert steps >= 6
    for step in range(1, steps + 1):
        for ordinary in (False, True):
            world = prepared(tmp_path / f"{step}-{after}-{ordinary}")
            with pytest.raises(Died):
                world.run(BOTH, store=Dying(world.store, step, after=after))
            if ordinary:
                in_force = world.run().keys[-1]
                world.put(2 if in_force.name == RECORD_KEY and in_force.version else 1, name="between")
            world.run(BOTH)
            world.put(2, name="behind")
            world.run()
            assert world.problems() == [], (step, ordinary)
            assert [each.version for each in world.verify().keys[2:]] == [2, 2], (step, ordinary)
            events = [each.predicate.event for each in world.verify().records if isinstance(each.predicate, LogEvent)]
            assert "gap" not in events, (step, ordinary)


# Proofs of one record


def proof(world: Rotating, number: int, size: int | None = None) -> proofs.Proof:
    found = world.verify()
    size = size or found.size
    return proofs.prove(number, world.raw()[:size], world.store.get(checkpoint_key(size)), found.keys)


def test_every_record_of_three_generations_proves_itself_against_the_first_keys(three: Rotating) -> None:
    for record in three.verify().records:
        for size in (int(key[-12:]) for key in three.store.list("checkpoints/")):
            if record.number < size:
                data = proofs.to_bytes(proof(three, record.number, size))
                found, covered = proofs.check(proofs.from_bytes(data), three.trust)
                assert (found, covered.size) == (record, size)


def test_a_proof_in_a_folder_of_an_auditor_needs_nothing_but_the_first_keys(three: Rotating, tmp_path: Path) -> None:
    folder = DirectoryStore(tmp_path / "auditor")
    folder.put("record.tlog-proof", proofs.to_bytes(proof(three, 12)))
    data = folder.get("record.tlog-proof")
    assert len(proofs.from_bytes(data).announcements) == 4
    assert proofs.check(proofs.from_bytes(data), three.trust)[0].number == 12


def forged_record(world: Rotating, version: int) -> proofs.Proof:
    keys = world.verify().keys
    world.append(seal(to_bytes(later(world, "w-9")), world.key(version)))
    return proofs.prove(14, world.raw(), world.store.get(checkpoint_key(15)), keys)


def early_record(world: Rotating) -> proofs.Proof:
    """Number 0 signed by the third key, under a checkpoint that the third log key was made to sign."""
    keys = world.verify().keys
    world.store.put(record_key(0), seal(to_bytes(later(world, "w-9")), world.key(3)))
    return proofs.prove(0, world.raw(), world.store.get(world.sign(3)), keys)


PROOFS: dict[str, tuple[Callable[[Rotating], proofs.Proof], str]] = {
    "an announcement left out": (
        lambda world: replace(proof(world, 12), announcements=proof(world, 12).announcements[:1]),
        "no trusted key has signed the note",
    ),
    "the announcement in the middle left out": (
        lambda world: replace(proof(world, 12), announcements=proof(world, 12).announcements[::2]),
        "the announcement of a key is not one of this log: no trusted key has signed it",
    ),
    "an announcement twice": (
        lambda world: replace(proof(world, 12), announcements=(*proof(world, 12).announcements[:1], *proof(world, 12).announcements)),
        "announces a successor of another key",
    ),
    "announcements in another order": (
        lambda world: replace(proof(world, 12), announcements=proof(world, 12).announcements[::-1]),
        "the announcement of a key is not one of this log: no trusted key has signed it",
    ),
    "a record by a key that was over": (
        lambda world: forged_record(world, 1),
        "is signed by the first key evidence-record, which record 5 replaced",
    ),
    "a record by a key before its announcement": (
        early_record,
        "is signed by evidence-record version 3, which record 10 announces, for later records only",
    ),
    "a record by a stranger": (lambda world: forged_record(world, 9), "no trusted key has signed it"),
    "a checkpoint by the old log key": (
        lambda world: replace(proof(world, 12), note=world.store.get(world.sign(2))),
        "is signed by evidence-log version 2, which record 9 replaced",
    ),
}


@pytest.mark.parametrize(("make", "said"), PROOFS.values(), ids=PROOFS.keys())
def test_a_proof_across_a_rotation_says_which_link_is_broken(three: Rotating, make: Callable[[Rotating], proofs.Proof], said: str) -> None:
    with pytest.raises(BadSignature, match=said):
        proofs.check(make(three), three.trust)


def test_a_proof_under_an_announcement_that_is_another_kind_of_record_is_malformed(three: Rotating) -> None:
    with pytest.raises(Malformed, match="announces none"):
        proofs.check(replace(proof(three, 12), announcements=(three.raw()[0],)), three.trust)

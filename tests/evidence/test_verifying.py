"""What verification finds: every row of the table of tampering, and what no log may hold."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from evidence import composing, merkle
from evidence.composing import Stamp
from evidence.merkle import leaf_hash
from evidence.notes import Checkpoint, VerifierKey, sign_checkpoint, sign_note
from evidence.signing import to_pem
from evidence.statements import to_bytes
from evidence.stores import DirectoryStore
from evidence.trust import Trust, read_trust
from evidence.verifying import TOLERANCE
from evidence.writer import seal
from promises.observations import ControlRun, Outcome, Surface, Vantage
from services.errors import UsageError
from tests.evidence.log_world import ATTACKER, LOG, ORIGIN, RECORD, START, World, context, control_run, signer

MIDDLE = "records/000000000002"


def envelope(counter: int, *, key: object = RECORD, at: timedelta = timedelta(0), late: bool = False, **changes: object) -> bytes:
    stamp = Stamp(context(**changes), counter, START + at, late)
    return seal(to_bytes(composing.control_run(stamp, control_run(START + at, Outcome.PASS), {}, None, None)), key)  # type: ignore[arg-type]


@pytest.fixture
def filled(world: World) -> World:
    """Nine records under three checkpoints, of sizes 4, 6 and 8 (a heartbeat is record 3); everything verifies."""
    world.write(3)
    world.checkpoint()
    world.write(2)
    world.checkpoint()
    world.write(2)
    world.checkpoint()
    assert world.problems() == []
    assert list(world.store.list("checkpoints/")) == [f"checkpoints/{size:012}" for size in (4, 6, 8)]
    return world


def replace(world: World, key: str, data: bytes) -> None:
    assert world.store.get(key) != data
    world.store.put(key, data)


def payload_edited(data: bytes) -> bytes:
    """The failing subject made to pass, the signature left as it was."""
    document = json.loads(data)
    body = base64.b64decode(document["payload"]).replace(b'"count":1', b'"count":2')
    document["payload"] = base64.b64encode(body).decode()
    return json.dumps(document).encode()


def remove(world: World, *numbers: int) -> None:
    """Remove records and close the ranks, as an attacker would."""
    kept = [data for key, data in world.objects("records/").items() if int(key[-12:]) not in numbers]
    for key in list(world.store.list("records/")):
        world.store.delete(key)
    for number, data in enumerate(kept):
        world.store.put(f"records/{number:012}", data)


def cut_to(world: World, size: int) -> None:
    """Cut the tail, and with it every later checkpoint."""
    for folder, first in (("records/", size), ("checkpoints/", size + 1)):
        for key in list(world.store.list(folder)):
            if int(key[-12:]) >= first:
                world.store.delete(key)


def swap(world: World) -> None:
    one, other = world.store.get("records/000000000001"), world.store.get(MIDDLE)
    replace(world, "records/000000000001", other)
    replace(world, MIDDLE, one)


def duplicate(world: World) -> None:
    records = world.objects("records/")
    doubled = [*list(records.values())[:3], *list(records.values())[2:]]
    for number, data in enumerate(doubled):
        world.store.put(f"records/{number:012}", data)


TAMPERING: dict[str, tuple[Callable[[World], None], str]] = {
    "a record edited, its signature left": (
        lambda world: replace(world, MIDDLE, payload_edited(world.store.get(MIDDLE))),
        f"{MIDDLE}: no trusted key has signed it",
    ),
    "a record edited and signed with the attacker's key": (
        lambda world: replace(world, MIDDLE, envelope(3, key=ATTACKER)),
        f"{MIDDLE}: no trusted key has signed it",
    ),
    "a record edited with the stolen record key": (
        lambda world: replace(world, MIDDLE, envelope(3, at=timedelta(seconds=4))),
        "checkpoints/000000000004: the first 4 records are not those it was signed over",
    ),
    "a later record edited with the stolen record key": (
        lambda world: replace(world, "records/000000000005", envelope(5, at=timedelta(seconds=9))),
        "checkpoints/000000000006: records 4 to 5 are not those it was signed over",
    ),
    "a record deleted in the middle": (
        lambda world: world.store.delete(MIDDLE),
        f"{MIDDLE}: is missing, but there are objects beyond it",
    ),
    "a record deleted in the middle, the ranks closed": (
        lambda world: remove(world, 2),
        "records/000000000003: is record 4 of the writer w-1, whose records 3 to 3 are not before it",
    ),
    "the first record dropped": (
        lambda world: remove(world, 0),
        "records/000000000000: is record 2 of the writer w-1, whose records 1 to 1 are not before it",
    ),
    "two records swapped": (swap, "records/000000000001: is record 3 of the writer w-1, whose records 2 to 2 are not before it"),
    "a record doubled": (duplicate, "records/000000000003: repeats record 3 of the writer w-1"),
    "the tail cut, later checkpoints left": (
        lambda world: [world.store.delete(f"records/{number:012}") for number in (6, 7)] and None,
        "checkpoints/000000000008: covers 8 records, only 6 are here without a gap",
    ),
    "all records deleted": (
        lambda world: remove(world, *range(8)),
        "checkpoints/000000000004: covers 4 records, only 0 are here without a gap",
    ),
    "all checkpoints deleted": (
        lambda world: [world.store.delete(key) for key in list(world.store.list("checkpoints/"))] and None,
        "checkpoints/: there is no checkpoint that the log key has signed",
    ),
    "a checkpoint signed by the attacker": (
        lambda world: replace(world, "checkpoints/000000000006", sign_checkpoint(Checkpoint(ORIGIN, 6, leaf_hash(b"")), ATTACKER)),
        "checkpoints/000000000006: no trusted key has signed the note",
    ),
    "a checkpoint of another log": (
        lambda world: replace(
            world, "checkpoints/000000000006", sign_note(Checkpoint("kept.test/lumina", 6, leaf_hash(b"")).text(), ORIGIN, LOG)
        ),
        f"checkpoints/000000000006: the checkpoint is of the log kept.test/lumina, the trusted keys are of {ORIGIN}",
    ),
    "a checkpoint under the name of another size": (
        lambda world: replace(world, "checkpoints/000000000006", world.store.get("checkpoints/000000000004")),
        "checkpoints/000000000006: holds the checkpoint of 4 records",
    ),
    "a fork signed with the stolen log key": (
        lambda world: replace(world, "checkpoints/000000000006", sign_checkpoint(Checkpoint(ORIGIN, 6, leaf_hash(b"")), LOG)),
        "checkpoints/000000000006: records 4 to 5 are not those it was signed over",
    ),
    "a checkpoint cut short": (
        lambda world: replace(world, "checkpoints/000000000006", world.store.get("checkpoints/000000000006")[:-5]),
        "checkpoints/000000000006: not a signed note: expected a text, an empty line and signatures",
    ),
    "a record cut short": (
        lambda world: replace(world, MIDDLE, world.store.get(MIDDLE)[:-5]),
        f"{MIDDLE}: not a DSSE envelope",
    ),
    "a foreign object at the next number": (
        lambda world: world.store.put("records/000000000008", b"foreign"),
        "records/000000000008: not a DSSE envelope",
    ),
    "an object under a foreign name": (
        lambda world: world.store.put("records/readme", b"foreign"),
        "records/readme: is no record's name",
    ),
    "a signed text that is no statement": (
        lambda world: replace(world, MIDDLE, seal(b"{}", RECORD)),
        f"{MIDDLE}: not a statement of ours: payload: union_tag_not_found",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), TAMPERING.values(), ids=TAMPERING.keys())
def test_tampering_is_found_and_the_place_is_named(filled: World, tamper: Callable[[World], None], said: str) -> None:
    tamper(filled)
    assert said in filled.problems()


RECORD_TAMPERING = {name: row for name, row in TAMPERING.items() if row[1].startswith("records/0") and "next number" not in name}


@pytest.mark.parametrize(("tamper", "said"), RECORD_TAMPERING.values(), ids=RECORD_TAMPERING.keys())
def test_the_first_bad_record_is_named_first(filled: World, tamper: Callable[[World], None], said: str) -> None:
    tamper(filled)
    if "is missing" not in said:
        assert filled.problems()[0] == said


PINNED = {
    "cut below the pinned checkpoint: seen": (4, 6, True),
    "cut to the pinned checkpoint: not seen": (6, 6, False),
    "cut above the pinned checkpoint: not seen": (6, 4, False),
    "cut without a pinned checkpoint: not seen": (4, None, False),
}


@pytest.mark.parametrize(("left", "pinned", "seen"), PINNED.values(), ids=PINNED.keys())
def test_a_cut_tail_is_seen_only_below_a_pinned_checkpoint(filled: World, left: int, pinned: int | None, seen: object) -> None:
    """With its later checkpoints gone, too. No mathematics inside the bucket can see it."""
    notes = [filled.store.get(f"checkpoints/{pinned:012}")] if pinned else []
    cut_to(filled, left)
    expected = [f"pinned 0: covers {pinned} records, the log holds {left}: its tail was cut"] if seen else []
    assert filled.problems(*notes) == expected


def test_a_rewritten_log_with_both_stolen_keys_is_seen_against_a_pinned_checkpoint(filled: World) -> None:
    pinned = filled.store.get("checkpoints/000000000006")
    for key in list(filled.store.list("checkpoints/")):
        filled.store.delete(key)
    replace(filled, MIDDLE, envelope(3, at=timedelta(seconds=4)))
    root = merkle.root(leaf_hash(data) for data in filled.objects("records/").values())
    filled.store.put("checkpoints/000000000008", sign_checkpoint(Checkpoint(ORIGIN, 8, root), LOG))
    assert filled.problems() == []
    assert filled.problems(pinned) == ["pinned 0: the first 6 records are not those it was signed over"]


def test_a_pinned_checkpoint_of_somebody_else_is_a_problem(filled: World) -> None:
    foreign = sign_checkpoint(Checkpoint(ORIGIN, 4, leaf_hash(b"")), ATTACKER)
    assert filled.problems(foreign, b"rubbish") == [
        "pinned 0: no trusted key has signed the note",
        "pinned 1: not a signed note: expected a text, an empty line and signatures",
    ]


def test_the_result_tells_size_root_and_checkpoint(filled: World) -> None:
    found = filled.verify()
    assert (found.ok, found.size, len(found.records), found.uncovered, found.late) == (True, 8, 8, 0, ())
    assert found.root == merkle.root(leaf_hash(data) for data in filled.objects("records/").values()).hex()
    assert found.note == filled.store.get("checkpoints/000000000008")


def test_records_without_a_checkpoint_are_no_part_of_the_result(filled: World) -> None:
    """A checkpointer died between numbering and signing."""
    filled.store.put("records/000000000008", envelope(8, at=timedelta(seconds=30)))
    found = filled.verify()
    assert (found.problems, found.size, found.uncovered) == ((), 8, 1)
    assert [each.number for each in found.records] == list(range(8))


def test_a_stale_log_is_a_problem(filled: World) -> None:
    filled.now += timedelta(hours=25)
    assert filled.problems() == []
    filled.now += timedelta(hours=2)
    assert filled.problems() == ["checkpoints/: the log is stale: its newest record is 27.0 h old, at most 26.0 h is allowed"]
    assert filled.problems(max_age=None) == []


def write_raw(world: World, *envelopes: bytes) -> list[str]:
    """A log of exactly these records, signed as one that a checkpointer accepted."""
    for number, data in enumerate(envelopes):
        world.store.put(f"records/{number:012}", data)
    root = merkle.root(leaf_hash(data) for data in envelopes)
    world.store.put(f"checkpoints/{len(envelopes):012}", sign_checkpoint(Checkpoint(ORIGIN, len(envelopes), root), LOG))
    world.now = START + timedelta(hours=1)
    return world.problems()


HOUR = timedelta(hours=1)
SHORT = TOLERANCE - timedelta(seconds=1)
LONG = TOLERANCE + timedelta(seconds=1)

WORLDS: dict[str, tuple[tuple[bytes, ...], list[str]]] = {
    "two environments": (
        (envelope(1), envelope(2, environment="staging")),
        ["records/000000000001: is of the environment staging, this log is of local"],
    ),
    "two platforms": (
        (envelope(1), envelope(2, platform="lumina")),
        ["records/000000000001: is of the platform lumina, this log is of illumacom"],
    ),
    "a moved clock in production": (
        (envelope(1, environment="production", clock_override=True),),
        ["records/000000000000: was made under a moved clock, which production never accepts"],
    ),
    "a moved clock in a local log": ((envelope(1), envelope(2, clock_override=True, at=-100 * HOUR)), []),
    "a record a little before its neighbour": ((envelope(1), envelope(2, at=-SHORT)), []),
    "a back-dated record": (
        (envelope(1), envelope(2, at=-LONG)),
        ["records/000000000001: is dated 2026-11-20T07:54:59+00:00, before its neighbours (2026-11-20T08:00:00+00:00)"],
    ),
    "an old record that says it is late": ((envelope(1), envelope(2, at=-100 * HOUR, late=True)), []),
    "a record from the future": (
        (envelope(1, at=2 * HOUR),),
        ["records/000000000000: is dated 2026-11-20T10:00:00+00:00, which is in the future"],
    ),
    "a late record from the future": (
        (envelope(1, at=2 * HOUR, late=True),),
        ["records/000000000000: is dated 2026-11-20T10:00:00+00:00, which is in the future"],
    ),
    "a record a little in the future": ((envelope(1, at=HOUR + SHORT),), []),
}


@pytest.mark.parametrize(("envelopes", "said"), WORLDS.values(), ids=WORLDS.keys())
def test_worlds_do_not_mix_and_time_does_not_run_backwards(world: World, envelopes: tuple[bytes, ...], said: list[str]) -> None:
    assert write_raw(world, *envelopes) == said


def test_a_run_that_finished_after_its_record_was_made_is_a_problem(world: World) -> None:
    """Else a run dated into the future would keep its promise fresh."""
    run = ControlRun("p", "c", Surface.LIVE, Vantage.INSIDE, "m", START, START + HOUR, ())
    data = seal(to_bytes(composing.control_run(Stamp(context(), 1, START), run, {}, None, None)), RECORD)
    assert write_raw(world, data) == ["records/000000000000: tells of a run that finished after the record was made"]


def test_another_environment_than_the_one_asked_for_is_refused(filled: World) -> None:
    problems = filled.problems(environment="production")
    assert problems[0] == "records/000000000000: is of the environment local, this log is of production"
    assert filled.verify(environment="production").records == ()
    assert filled.problems(platform="lumina")[0] == "records/000000000000: is of the platform illumacom, this log is of lumina"


def test_late_records_are_counted(world: World) -> None:
    write_raw(world, envelope(1), envelope(2, late=True))
    assert world.verify().late == (1,)


def test_nothing_in_the_store_adds_to_trust(filled: World) -> None:
    """The keys that lie in it are a hint for people; a verifier with other keys refuses everything."""
    filled.store.put("keys/evil.vkey", f"{VerifierKey(ORIGIN, ATTACKER.public_key())}\n".encode())
    filled.trust = Trust(signer(7).public_key(), VerifierKey(ORIGIN, signer(8).public_key()))
    problems = filled.problems()
    assert problems[0] == "records/000000000000: no trusted key has signed it"
    assert len([each for each in problems if each.startswith("records/")]) == 8
    assert filled.verify().records == ()


VKEY = f"{VerifierKey(ORIGIN, LOG.public_key())}\n"

TRUSTS: dict[str, Callable[[], Trust]] = {
    "no record key": lambda: read_trust("", VKEY),
    "a record key that is none": lambda: read_trust("-----BEGIN PUBLIC KEY-----\nrubbish\n-----END PUBLIC KEY-----", VKEY),
    "no log key": lambda: read_trust(to_pem([RECORD.public_key()]), "\n"),
    "two record keys": lambda: read_trust(to_pem([RECORD.public_key(), signer(7).public_key()]), VKEY),
    "two log keys": lambda: read_trust(to_pem([RECORD.public_key()]), VKEY + VKEY),
    "one key for both": lambda: Trust(LOG.public_key(), VerifierKey(ORIGIN, LOG.public_key())),
}


@pytest.mark.parametrize("make", TRUSTS.values(), ids=TRUSTS.keys())
def test_trust_is_two_different_keys_of_one_log(make: Callable[[], Trust]) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - usage errors, and malformed keys
        make()
    assert isinstance(caught.value, UsageError) or caught.value.code == "malformed"  # type: ignore[attr-defined]


def test_an_empty_folder_holds_no_log(world: World, tmp_path: Path) -> None:
    world.store = DirectoryStore(tmp_path / "nothing")
    assert world.problems() == ["checkpoints/: there is no checkpoint that the log key has signed"]
    assert not (tmp_path / "nothing").exists()

"""The container's reader takes what a sealer wrote and refuses everything else, each wrong thing with its own fault."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups.container import FINAL, MAGIC, MARK, PREFIX, TAG_BYTES, Opener, Sealer, prefix_of
from backups.errors import Damaged, Fault
from backups.header import MAXIMUM_HEADER_BYTES, Header
from tests.backups.sealing import FRAME, KEY, OTHER_KEY, header


def seal(plain: bytes, key: bytes = KEY, of: Header | None = None) -> bytes:
    sealer = Sealer(of or header(), key)
    return sealer.start() + sealer.feed(plain) + sealer.finish()


def unseal(stored: bytes, key: bytes = KEY) -> bytes:
    return b"".join(Opener(io.BytesIO(stored)).blocks(key))


PREFIX_BYTES = len(prefix_of(header()))
FULL = MARK.size + FRAME + TAG_BYTES
PLAIN = bytes(range(256)) * 2  # 512 bytes: eight full frames
STORED = seal(PLAIN)
FRAMES = 8
BOUNDARIES = [PREFIX_BYTES + number * FULL for number in range(FRAMES)]


def frame(number: int, of: bytes = STORED) -> bytes:
    return of[PREFIX_BYTES + number * FULL : PREFIX_BYTES + (number + 1) * FULL]


def rebuilt(*numbers: int) -> bytes:
    return STORED[:PREFIX_BYTES] + b"".join(frame(number) for number in numbers)


def fault_of(stored: bytes, key: bytes = KEY) -> Fault:
    with pytest.raises(Damaged) as caught:
        unseal(stored, key)
    return caught.value.fault


@given(st.binary(min_size=1, max_size=600), st.lists(st.integers(0, 600), max_size=5))
def test_what_was_sealed_opens_however_it_was_fed(plain: bytes, cuts: list[int]) -> None:
    sealer = Sealer(header(), KEY)
    edges = sorted({0, len(plain), *(cut for cut in cuts if cut < len(plain))})
    stored = sealer.start() + b"".join(sealer.feed(plain[a:b]) for a, b in itertools.pairwise(edges)) + sealer.finish()
    assert unseal(stored) == plain
    assert stored == seal(plain)


def test_every_block_but_the_last_is_full_and_only_the_last_is_final() -> None:
    marks, at = [], PREFIX_BYTES
    stored = seal(PLAIN + b"rest")
    while at < len(stored):
        (mark,) = MARK.unpack(stored[at : at + MARK.size])
        marks.append((mark & ~FINAL, bool(mark & FINAL)))
        at += MARK.size + (mark & ~FINAL)
    assert marks == [(FRAME + TAG_BYTES, False)] * 8 + [(4 + TAG_BYTES, True)]


def test_a_payload_that_fills_its_frames_ends_with_a_full_final_one() -> None:
    assert len(STORED) == PREFIX_BYTES + FRAMES * FULL
    assert MARK.unpack(frame(7)[: MARK.size])[0] & FINAL


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("aside", [-1, 0, 1])
def test_a_cut_at_or_beside_a_frame_boundary_is_refused(boundary: int, aside: int) -> None:
    assert fault_of(STORED[: boundary + aside]) is Fault.TRUNCATED


@pytest.mark.parametrize("end", range(PREFIX_BYTES))
def test_a_cut_inside_the_start_is_refused(end: int) -> None:
    assert fault_of(STORED[:end]) is Fault.TRUNCATED


def test_a_cut_of_the_last_byte_is_refused() -> None:
    assert fault_of(STORED[:-1]) is Fault.TRUNCATED


@pytest.mark.parametrize("position", range(PREFIX_BYTES, len(STORED), 7))
def test_a_flipped_bit_in_any_frame_is_refused(position: int) -> None:
    changed = bytearray(STORED)
    changed[position] ^= 0x10
    assert fault_of(bytes(changed)) in {Fault.NOT_AUTHENTIC, Fault.OVERSIZE, Fault.SHORT_FRAME, Fault.FINAL_MARK, Fault.TRUNCATED}


@pytest.mark.parametrize("position", range(PREFIX_BYTES))
def test_a_flipped_bit_in_the_start_is_refused(position: int) -> None:
    """Whatever still reads as a header no longer authenticates a frame."""
    changed = bytearray(STORED)
    changed[position] ^= 0x01
    assert isinstance(fault_of(bytes(changed)), Fault)


def _marked(number: int, mark: int) -> bytes:
    at = PREFIX_BYTES + number * FULL
    return STORED[:at] + MARK.pack(mark) + STORED[at + MARK.size :]


OTHER = seal(PLAIN, OTHER_KEY, header(backup_id="20260305T010203Z-0123456789abcdef"))
SAME_KEY_OTHER_HEADER = seal(PLAIN, KEY, header(backup_id="20260305T010203Z-0123456789abcdef"))

CASES: dict[str, tuple[Callable[[], bytes], Fault]] = {
    "two frames swapped": (lambda: rebuilt(0, 2, 1, 3, 4, 5, 6, 7), Fault.MOVED),
    "a frame repeated": (lambda: rebuilt(0, 1, 1, 2, 3, 4, 5, 6, 7), Fault.MOVED),
    "a frame left out": (lambda: rebuilt(0, 2, 3, 4, 5, 6, 7), Fault.MOVED),
    "the first frame left out": (lambda: rebuilt(1, 2, 3, 4, 5, 6, 7), Fault.MOVED),
    "the final frame put early": (lambda: rebuilt(0, 7), Fault.MOVED),
    "the final frame left out": (lambda: rebuilt(0, 1, 2, 3, 4, 5, 6), Fault.TRUNCATED),
    "the final frame repeated": (lambda: rebuilt(0, 1, 2, 3, 4, 5, 6, 7, 7), Fault.TRAILING),
    "a middle frame marked final, the rest cut": (lambda: _marked(3, FINAL | FRAME + TAG_BYTES)[: BOUNDARIES[4]], Fault.FINAL_MARK),
    "the final frame marked as not final": (lambda: _marked(7, FRAME + TAG_BYTES), Fault.FINAL_MARK),
    "a frame spliced in from another backup": (
        lambda: STORED[: BOUNDARIES[3]] + frame(3, OTHER) + STORED[BOUNDARIES[4] :],
        Fault.NOT_AUTHENTIC,
    ),
    "a frame of another backup under the same key": (
        lambda: STORED[: BOUNDARIES[3]] + frame(3, SAME_KEY_OTHER_HEADER) + STORED[BOUNDARIES[4] :],
        Fault.NOT_AUTHENTIC,
    ),
    "another backup's tail joined on": (lambda: STORED[: BOUNDARIES[4]] + OTHER[BOUNDARIES[4] :], Fault.NOT_AUTHENTIC),
    "another backup's header in front": (lambda: OTHER[:PREFIX_BYTES] + STORED[PREFIX_BYTES:], Fault.NOT_AUTHENTIC),
    "a second backup appended": (lambda: STORED + OTHER, Fault.TRAILING),
    "one byte appended": (lambda: STORED + b"\0", Fault.TRAILING),
    "a length one above the frame size": (lambda: _marked(2, FRAME + TAG_BYTES + 1), Fault.OVERSIZE),
    "a length of two gigabytes": (lambda: _marked(2, FINAL - 1), Fault.OVERSIZE),
    "a final length of two gigabytes": (lambda: _marked(7, FINAL | FINAL - 1), Fault.OVERSIZE),
    "a middle frame shorter than the frame size": (lambda: _marked(2, FRAME + TAG_BYTES - 1), Fault.SHORT_FRAME),
    "a frame too short for its tag": (lambda: _marked(7, FINAL | TAG_BYTES - 1), Fault.SHORT_FRAME),
    "an empty dump": (lambda: seal(b""), Fault.EMPTY),
    "nothing at all": (lambda: b"", Fault.TRUNCATED),
    "no frame": (lambda: STORED[:PREFIX_BYTES], Fault.TRUNCATED),
    "another kind of file": (lambda: b"PGDMP" + bytes(100), Fault.NOT_A_BACKUP),
    "a later version": (lambda: PREFIX.pack(MAGIC, 2, 10) + bytes(100), Fault.VERSION),
    "a header of four gigabytes": (lambda: PREFIX.pack(MAGIC, 1, 2**32 - 1), Fault.OVERSIZE),
    "a header one byte too long": (lambda: PREFIX.pack(MAGIC, 1, MAXIMUM_HEADER_BYTES + 1), Fault.OVERSIZE),
    "a header that is no JSON": (lambda: PREFIX.pack(MAGIC, 1, 3) + b"{{{", Fault.HEADER),
    "a header with an unknown field": (
        lambda: (document := header().encoded()[:-1] + b',"more":1}') and PREFIX.pack(MAGIC, 1, len(document)) + document,
        Fault.HEADER,
    ),
    "a header with a frame size beyond the bound": (
        lambda: (document := header().encoded().replace(b":64}", b":99999999}")) and PREFIX.pack(MAGIC, 1, len(document)) + document,
        Fault.HEADER,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_refused_with_its_own_fault(case: str) -> None:
    make, expected = CASES[case]
    assert fault_of(make()) is expected


def test_another_key_opens_nothing() -> None:
    assert fault_of(STORED, OTHER_KEY) is Fault.NOT_AUTHENTIC


def test_an_oversize_length_is_refused_before_anything_of_it_is_read() -> None:
    stream = io.BytesIO(_marked(0, FINAL - 1))
    with pytest.raises(Damaged):
        list(Opener(stream).blocks(KEY))
    assert stream.tell() == PREFIX_BYTES + MARK.size


def test_a_wrong_header_is_told_without_its_values() -> None:
    document = header().encoded().replace(b'"zstd"', b'"hunter2"')
    with pytest.raises(Damaged) as caught:
        Opener(io.BytesIO(PREFIX.pack(MAGIC, 1, len(document)) + document))
    assert "codec" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_the_last_block_is_given_only_after_the_end_was_seen() -> None:
    """Bytes after the final frame spoil the last block too, so nobody acts on a whole content that is not the whole object."""
    blocks = Opener(io.BytesIO(STORED + b"x")).blocks(KEY)
    for _number in range(FRAMES - 1):
        next(blocks)
    with pytest.raises(Damaged):
        next(blocks)


def test_a_finished_sealer_seals_nothing_more() -> None:
    sealer = Sealer(header(), KEY)
    sealer.finish()
    with pytest.raises(ValueError, match="finished"):
        sealer.finish()


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        Sealer(header(), bytes(16))

"""A sealed object is given back only when it is exactly what its manifest says."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import zstandard

from backups.container import Opener, Sealer
from backups.errors import Damaged, Fault
from backups.header import Header, KeyReference
from backups.keys import DataKey
from backups.sealed import SealedObject, SealingPipe, plaintext, sealed
from tests.backups.sealing import KEY, header

PLAIN = b"one row after another\n" * 2000
REFERENCE = header().key
BACKUP_ID = header().backup_id


def unwrap(_reference: KeyReference) -> bytes:
    return KEY


def make(plain: bytes = PLAIN, of: Header | None = None) -> tuple[bytes, SealedObject]:
    return sealed(of or header(), DataKey(REFERENCE, KEY), plain, "daily/x/data")


def opened(stored: bytes, expected: SealedObject, backup_id: str = BACKUP_ID) -> bytes:
    return b"".join(plaintext(io.BytesIO(stored), expected, backup_id, "database", unwrap))


def test_what_went_in_comes_out_and_the_object_is_measured() -> None:
    stored, kept = make()
    assert opened(stored, kept) == PLAIN
    assert kept.size_bytes == len(stored)
    assert kept.plaintext_bytes == len(PLAIN)


def test_it_is_compressed_before_it_is_encrypted() -> None:
    stored, _kept = make()
    compressed = b"".join(Opener(io.BytesIO(stored)).blocks(KEY))
    assert zstandard.ZstdDecompressor().decompressobj().decompress(compressed) == PLAIN


def test_a_block_that_expands_a_thousandfold_is_given_in_bounded_pieces() -> None:
    stored, kept = make(bytes(20 << 20), header(frame_bytes=1 << 20))
    assert max(len(block) for block in plaintext(io.BytesIO(stored), kept, BACKUP_ID, "database", unwrap)) <= 1 << 20


def _differing(**changes: object) -> Callable[[SealedObject], SealedObject]:
    return lambda kept: kept.model_copy(update=changes)


DIFFERENT: dict[str, tuple[Callable[[SealedObject], SealedObject], Fault]] = {
    "another size": (_differing(size_bytes=1), Fault.DIFFERS),
    "another hash of the object": (_differing(ciphertext_sha256="0" * 64), Fault.DIFFERS),
    "another hash of the content": (_differing(plaintext_sha256="0" * 64), Fault.DIFFERS),
    "another length of the content": (_differing(plaintext_bytes=1), Fault.DIFFERS),
    "another number of frames": (_differing(frames=999), Fault.DIFFERS),
    "another wrapped key": (_differing(key=REFERENCE.model_copy(update={"wrapped": "vault:v1:BBBB"})), Fault.WRONG_OBJECT),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_an_object_that_differs_from_its_manifest_is_refused(case: str) -> None:
    change, fault = DIFFERENT[case]
    stored, kept = make()
    with pytest.raises(Damaged) as caught:
        opened(stored, change(kept))
    assert caught.value.fault is fault


def test_an_object_under_another_backups_name_is_refused() -> None:
    stored, kept = make()
    with pytest.raises(Damaged) as caught:
        opened(stored, kept, "20270101T000000Z-0123456789abcdef")
    assert caught.value.fault is Fault.WRONG_OBJECT


def test_the_globals_do_not_pass_for_the_database() -> None:
    stored, kept = make(of=header().model_copy(update={"content": "globals"}))
    with pytest.raises(Damaged) as caught:
        opened(stored, kept)
    assert caught.value.fault is Fault.WRONG_OBJECT


CONTENTS = {
    "no zstd stream": b"plain bytes, never compressed",
    "bytes after the zstd stream": zstandard.ZstdCompressor().compress(PLAIN) + b"more",
}


@pytest.mark.parametrize("case", CONTENTS)
def test_a_content_that_is_not_one_zstd_stream_is_refused(case: str) -> None:
    sealer = Sealer(header(), KEY)
    stored = sealer.start() + sealer.feed(CONTENTS[case]) + sealer.finish()
    _stored, kept = make()
    with pytest.raises(Damaged) as caught:
        opened(stored, kept)
    assert caught.value.fault is Fault.CODEC


def test_a_zstd_stream_that_stops_early_is_refused() -> None:
    sealer = Sealer(header(), KEY)
    stored = sealer.start() + sealer.feed(zstandard.ZstdCompressor().compress(PLAIN)[:-20]) + sealer.finish()
    _stored, kept = make()
    with pytest.raises(Damaged):
        opened(stored, kept)


def test_the_pipe_finishes_nothing_by_itself() -> None:
    stored = bytearray()
    pipe = SealingPipe(header(), DataKey(REFERENCE, KEY), stored.extend)
    pipe.write(PLAIN)
    with pytest.raises(Damaged) as caught:
        list(Opener(io.BytesIO(bytes(stored))).blocks(KEY))
    assert caught.value.fault is Fault.TRUNCATED


def test_a_data_key_does_not_show_its_bytes() -> None:
    assert KEY.hex() not in repr(DataKey(REFERENCE, KEY))
    assert repr(KEY) not in repr(DataKey(REFERENCE, KEY))
